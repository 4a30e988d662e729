// SPDX-License-Identifier: Apache-2.0
// The live world: its parsers on made-up input, and its answers about this very program and machine.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/binaries.h"
#include "runtime/elf_file.h"
#include "runtime/ld_cache.h"
#include "runtime/symbol_list.h"
#include "runtime/syscalls.h"
#include "runtime/tracefs.h"
#include "runtime/usdt_note.h"
#include "runtime/world_live.h"

#define SELF "/proc/self/exe"

unsigned short world_test_semaphore __attribute__((section(".probes"))) = 0;

__attribute__((noinline)) int world_test_function(int x);
int world_test_function(int x)
{
	// A note as <sys/sdt.h> makes it.
	__asm__ volatile("990: nop\n"
			 ".pushsection .note.stapsdt,\"\",\"note\"\n"
			 ".balign 4\n"
			 ".4byte 992f-991f, 994f-993f, 3\n"
			 "991: .asciz \"stapsdt\"\n"
			 "992: .balign 4\n"
			 "993: .8byte 990b, 0, world_test_semaphore\n"
			 ".asciz \"spile\"\n"
			 ".asciz \"tick\"\n"
			 ".asciz \"-4@%%edi\"\n"
			 "994: .balign 4\n"
			 ".popsection\n"
			 : "+r"(x));
	return x + world_test_semaphore;
}

struct fixture {
	struct arena *arena;
	struct world *w;
};

static struct fixture open_world(void)
{
	struct arena *a = arena_new();

	return (struct fixture){ a, world_live_new(a, types_new(a), NULL) };
}

static void close_world(struct fixture *f)
{
	world_live_free(f->w);
	arena_free(f->arena);
}

static const struct event_field *field(const struct event_field *f, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(f[i].name, name) == 0)
			return &f[i];
	return NULL;
}

static void check_field(const struct event_field *f, const char *type, uint32_t offset, uint32_t size)
{
	_str_ struct str s = { 0 };

	assert_non_null(f);
	type_print(f->type, &s);
	assert_string_equal(str_z(&s), type);
	assert_int_equal(f->offset, offset);
	assert_int_equal(f->size, size);
}

static void formats_are_parsed(void **state)
{
	static const char text[] = "name: x\nID: 1\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
		"\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;\n"
		"\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;\n"
		"\tfield:char comm[16];\toffset:16;\tsize:16;\tsigned:0;\n"
		"\tfield:unsigned long args[6];\toffset:32;\tsize:48;\tsigned:0;\n"
		"\tfield:struct page * page;\toffset:80;\tsize:8;\tsigned:0;\n"
		"\tfield:const char *const *argv;\toffset:88;\tsize:8;\tsigned:0;\n"
		"\tfield:bool ok;\toffset:96;\tsize:1;\tsigned:0;\n"
		"\tfield:__u8 saddr[4];\toffset:97;\tsize:4;\tsigned:0;\n"
		"\tfield:enum zone z;\toffset:104;\tsize:4;\tsigned:0;\n"
		"\tfield:broken\n\tfield:;\toffset:9;\tsize:9;\n"
		"print fmt: \"%s\", REC->ok\n";
	struct arena *a = arena_new();
	struct types *types = types_new(a);
	const struct event_field *f;
	size_t n;

	tracefs_parse(text, a, types, "sched", &f, &n);
	assert_int_equal(n, 9);
	check_field(field(f, n, "filename"), "string[1024]", 8, 4);
	assert_true(field(f, n, "filename")->data_loc);
	check_field(field(f, n, "pid"), "int32", 12, 4);
	check_field(field(f, n, "comm"), "string[16]", 16, 16);
	check_field(field(f, n, "args"), "uint64[6]", 32, 48);
	check_field(field(f, n, "page"), "struct page *", 80, 8);
	assert_int_equal(field(f, n, "page")->type->space, SPACE_KERNEL);
	check_field(field(f, n, "argv"), "int8 **", 88, 8);
	check_field(field(f, n, "ok"), "bool", 96, 1);
	check_field(field(f, n, "saddr"), "uint8[4]", 97, 4);
	check_field(field(f, n, "z"), "uint32", 104, 4);
	tracefs_parse("\tfield:int fd;\toffset:16;\tsize:8;\tsigned:0;\n\tfield:char * buf;\toffset:24;\tsize:8;\tsigned:0;", a, types, "syscalls", &f, &n);
	assert_int_equal(n, 2);
	check_field(&f[0], "int32", 16, 4);
	assert_int_equal(f[1].type->space, SPACE_USER);
	arena_free(a);
}

static void functions_are_found(void **state)
{
	struct fixture f = open_world();
	const struct binary_symbol *all;
	struct binary_symbol s;
	uint64_t offset;
	uint8_t code[8];
	size_t n, at;

	assert_int_equal(f.w->ops->symbol(f.w, SELF, "world_test_function", &s), 0);
	assert_int_equal(s.address, (uintptr_t)world_test_function); // the tests are not PIE
	assert_true(s.size > 0);
	assert_int_equal(f.w->ops->file_offset(f.w, SELF, s.address, &offset), 0);
	assert_int_equal(offset, s.offset);
	assert_int_equal(f.w->ops->code(f.w, SELF, offset, code, sizeof code), sizeof code);
	assert_memory_equal(code, (const void *)(uintptr_t)world_test_function, sizeof code);
	assert_int_equal(f.w->ops->file_offset(f.w, SELF, 1, &offset), -ERANGE);
	assert_int_equal(f.w->ops->symbol(f.w, SELF, "world_test_functio", &s), -ENOENT);
	assert_int_equal(f.w->ops->symbol(f.w, SELF, "", &s), -ENOENT);
	assert_int_equal(f.w->ops->symbols(f.w, SELF, &all, &n), 0);
	for (at = 0; at < n && strcmp(all[at].name, "world_test_function") != 0; at++)
		;
	assert_true(at < n);
	for (size_t i = 1; i < n; i++)
		assert_true(strcmp(all[i - 1].name, all[i].name) < 0 ||
			    (strcmp(all[i - 1].name, all[i].name) == 0 && all[i - 1].address < all[i].address));
	close_world(&f);
}

static void usdt_notes_are_read(void **state)
{
	struct fixture f = open_world();
	const struct binary_usdt *u, *tick = NULL;
	size_t n;
	uint64_t offset;

	assert_int_equal(world_test_function(1), 1);
	assert_int_equal(f.w->ops->usdts(f.w, SELF, &u, &n), 0);
	for (size_t i = 0; i < n; i++)
		if (strcmp(u[i].provider, "spile") == 0)
			tick = &u[i];
	assert_non_null(tick);
	assert_string_equal(tick->name, "tick");
	assert_string_equal(tick->args, "-4@%edi");
	assert_int_equal(f.w->ops->file_offset(f.w, SELF, tick->address, &offset), 0);
	assert_int_equal(offset, tick->offset);
	assert_true(tick->semaphore_offset != 0);
	close_world(&f);
}

static void files_looked_into_are_recorded(void **state)
{
	struct fixture f = open_world();
	const struct plan_dep *d;
	struct binary_symbol s;
	struct stat st;

	assert_int_equal(f.w->ops->deps(f.w, &d), 0);
	f.w->ops->symbol(f.w, SELF, "main", &s);
	f.w->ops->symbol(f.w, SELF, "main", &s);
	assert_int_equal(f.w->ops->deps(f.w, &d), 1);
	assert_int_equal(stat(SELF, &st), 0);
	assert_string_equal(d->path, SELF);
	assert_int_equal(d->ino, st.st_ino);
	assert_int_equal(d->size, st.st_size);
	assert_ptr_equal(f.w->ops->identity(f.w), f.w->ops->identity(f.w));
	close_world(&f);
}

static void count_path(void *arg, const char *path)
{
	struct str *s = arg;

	str_printf(s, "%s\n", path);
}

static void binaries_are_found(void **state)
{
	struct fixture f = open_world();
	_str_ struct str s = { 0 };
	char self[4096];
	ssize_t n = readlink(SELF, self, sizeof self - 1);

	assert_true(n > 0);
	self[n] = '\0';
	assert_int_equal(f.w->ops->binaries(f.w, "libc", 0, count_path, &s), 0);
	assert_non_null(strstr(str_z(&s), "/libc.so.6\n"));
	str_clear(&s);
	assert_int_equal(f.w->ops->binaries(f.w, "libc.so.6", 0, count_path, &s), 0);
	assert_non_null(strstr(str_z(&s), "/libc.so.6\n"));
	str_clear(&s);
	assert_int_equal(f.w->ops->binaries(f.w, "sh", 0, count_path, &s), 0);
	assert_true(s.n > 0);
	str_clear(&s);
	assert_int_equal(f.w->ops->binaries(f.w, "*", (uint32_t)getpid(), count_path, &s), 0);
	assert_non_null(strstr(str_z(&s), self));
	assert_non_null(strstr(str_z(&s), "libc"));
	str_clear(&s);
	assert_int_equal(f.w->ops->binaries(f.w, "/no/such/file", 0, count_path, &s), -ENOENT);
	assert_int_equal(f.w->ops->binaries(f.w, "no-such-program-anywhere", 0, count_path, &s), -ENOENT);
	assert_int_equal(f.w->ops->binaries(f.w, "", 0, count_path, &s), -ENOENT);
	assert_int_equal(f.w->ops->binaries(f.w, "sh", 0x7fffffff, count_path, &s), -ESRCH);
	assert_int_equal(f.w->ops->binaries(f.w, "/", 0, count_path, &s), -EISDIR);
	assert_int_equal(s.n, 0);
	close_world(&f);
}

// What was asked of one process is kept, and another one that maps the same files answers alike.
static void questions_about_a_process_are_kept(void **state)
{
	struct fixture f = open_world();
	const struct plan_lookup *v;
	_str_ struct str s = { 0 };
	pid_t child = fork();
	uint64_t answer;

	if (!child)
		pause();
	f.w->ops->binaries(f.w, "libc", 0, count_path, &s);
	assert_int_equal(f.w->ops->lookups(f.w, &v), 0);
	f.w->ops->binaries(f.w, "*", (uint32_t)getpid(), count_path, &s);
	assert_int_equal(f.w->ops->lookups(f.w, &v), 1);
	assert_string_equal(v[0].name, "*");
	assert_int_equal(binaries_answer("*", (uint32_t)child, NULL, NULL, &answer), 0);
	assert_true(answer == v[0].answer);
	assert_int_equal(binaries_answer("libc", (uint32_t)child, NULL, NULL, &answer), 0);
	assert_true(answer != v[0].answer);
	assert_int_equal(binaries_answer("*", 0x7fffffff, NULL, NULL, &answer), -ESRCH);
	assert_true(answer != v[0].answer);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close_world(&f);
}

static void sonames_fit_their_short_names(void **state)
{
	assert_true(ld_cache_name_fits("libc.so.6", "libc"));
	assert_true(ld_cache_name_fits("libc.so.6", "c"));
	assert_true(ld_cache_name_fits("libc.so.6", "libc.so"));
	assert_true(ld_cache_name_fits("libc.so.6", "libc.so.6"));
	assert_true(ld_cache_name_fits("libc.so.6", "libc*"));
	assert_false(ld_cache_name_fits("libcap.so.2", "libc"));
	assert_false(ld_cache_name_fits("libcap.so.2", "c"));
	assert_false(ld_cache_name_fits("libc.so.61", "libc.so.6"));
}

static bool no_library(void *arg, const char *soname, const char *library)
{
	return true;
}

// Every byte of an ELF file's headers and tables changed, cut anywhere: nothing read outside, nothing left behind.
static void try_elf(const void *bytes, size_t n)
{
	void *copy = xmalloc(n);
	struct arena *a = arena_new();
	const struct binary_symbol *s;
	const struct binary_usdt *u;
	struct elf_function fn;
	struct elf_file *f;
	const uint8_t *id;
	size_t count;

	memcpy(copy, bytes, n);
	if (elf_file_from_memory(copy, n, &f) == 0) {
		symbol_list(f, a, &s, &count);
		usdt_notes(f, a, &u, &count);
		elf_file_function(f, "f", &fn);
		elf_file_build_id(f, &id);
		elf_file_close(f);
	}
	arena_free(a);
}

static size_t small_elf(uint8_t *p)
{
	Elf64_Ehdr *e = (Elf64_Ehdr *)p;
	Elf64_Phdr *ph = (Elf64_Phdr *)(p + 64);
	Elf64_Shdr *sh = (Elf64_Shdr *)(p + 128);
	Elf64_Sym *sym = (Elf64_Sym *)(p + 512);

	memcpy(e->e_ident, ELFMAG, SELFMAG);
	e->e_ident[EI_CLASS] = ELFCLASS64;
	e->e_ident[EI_DATA] = ELFDATA2LSB;
#if defined(__x86_64__)
	e->e_machine = EM_X86_64;
#else
	e->e_machine = EM_AARCH64;
#endif
	e->e_type = ET_DYN;
	e->e_phoff = 64, e->e_phentsize = sizeof *ph, e->e_phnum = 1;
	e->e_shoff = 128, e->e_shentsize = sizeof *sh, e->e_shnum = 5, e->e_shstrndx = 2;
	*ph = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_X | PF_R, .p_filesz = 1024, .p_memsz = 1024 };
	sh[1] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB, .sh_offset = 512, .sh_size = 48, .sh_link = 2, .sh_entsize = 24 };
	sh[2] = (Elf64_Shdr){ .sh_type = SHT_STRTAB, .sh_offset = 600, .sh_size = 32, .sh_name = 3 };
	sh[3] = (Elf64_Shdr){ .sh_type = SHT_NOTE, .sh_offset = 640, .sh_size = 60, .sh_name = 3 };
	sh[4] = (Elf64_Shdr){ .sh_type = SHT_PROGBITS, .sh_addr = 256, .sh_size = 128 };
	sym[1] = (Elf64_Sym){ .st_name = 1, .st_info = STT_FUNC, .st_shndx = 4, .st_value = 300, .st_size = 4 };
	memcpy(p + 600, "\0f\0.note.stapsdt", 17);
	memcpy(p + 640, "\x08\0\0\0\x1e\0\0\0\x03\0\0\0stapsdt", 20);
	p[660] = 44, p[661] = 1; // address 300
	memcpy(p + 684, "a\0b\0c", 6);
	return 768;
}

static void broken_binaries_do_no_harm(void **state)
{
	uint8_t p[1024] __attribute__((aligned(16))) = { 0 };
	size_t n = small_elf(p);
	struct elf_function fn;
	struct elf_file *f;
	void *copy = xmalloc(n);

	memcpy(copy, p, n);
	assert_int_equal(elf_file_from_memory(copy, n, &f), 0);
	assert_int_equal(elf_file_function(f, "f", &fn), 0);
	assert_int_equal(fn.address, 300);
	elf_file_close(f);
	for (size_t cut = 0; cut < n; cut++)
		try_elf(p, cut);
	for (size_t i = 0; i < n; i++) {
		uint8_t was = p[i];

		for (unsigned v = 0; v < 256; v += 51) {
			p[i] = (uint8_t)v;
			try_elf(p, n);
		}
		p[i] = was;
	}
	struct fixture w = open_world();
	struct binary_symbol s;
	assert_int_equal(w.w->ops->symbol(w.w, "/etc/passwd", "f", &s), -ENOEXEC);
	assert_int_equal(w.w->ops->symbol(w.w, "/dev/null", "f", &s), -ENOEXEC);
	assert_int_equal(w.w->ops->symbol(w.w, "/no/such", "f", &s), -ENOENT);
	assert_int_equal(ld_cache_each("/etc/passwd", "libc", no_library, NULL), -EINVAL);
	close_world(&w);
}

static void system_calls_have_numbers(void **state)
{
	assert_int_equal(syscall_number("no_such_call"), -ENOENT);
	assert_int_equal(syscall_number("futex_wait"), 455);
#if defined(__x86_64__)
	assert_int_equal(syscall_number("read"), 0);
	assert_int_equal(syscall_number("openat"), 257);
	assert_int_equal(syscall_number("newuname"), 63);
#endif
}

static void count_event(void *arg, const char *category, const char *event)
{
	++*(unsigned *)arg;
}

static void tracepoints_are_listed(void **state)
{
	struct fixture f = open_world();
	const struct event_field *e;
	unsigned all = 0, some = 0;
	size_t n;
	int err = f.w->ops->tracepoints(f.w, "*", "*", count_event, &all);

	if (err == -EPERM || err == -EACCES || err == -ENODEV) { // an ordinary user
		close_world(&f);
		skip();
	}
	assert_int_equal(err, 0);
	assert_true(all > 100);
	assert_int_equal(f.w->ops->tracepoints(f.w, "sched", "sched_*", count_event, &some), 0);
	assert_true(some > 1 && some < all);
	assert_int_equal(f.w->ops->tracepoint_fields(f.w, "sched", "sched_switch", &e, &n), 0);
	assert_non_null(field(e, n, "prev_comm"));
	assert_null(field(e, n, "common_pid"));
	assert_int_equal(f.w->ops->tracepoint_fields(f.w, "sched", "no_such", &e, &n), -ENOENT);
	assert_int_equal(f.w->ops->tracepoint_fields(f.w, "..", "..", &e, &n), -ENOENT);
	close_world(&f);
}

static void features_answer(void **state)
{
	struct fixture f = open_world();

	for (int i = 0; i < FEATURES; i++)
		assert_int_equal(f.w->ops->feature(f.w, (enum feature)i), f.w->ops->feature(f.w, (enum feature)i));
	assert_true(f.w->ops->cpus(f.w) >= 1);
	assert_int_equal(f.w->ops->cgroup_id(f.w, "/no/such/cgroup"), 0);
	close_world(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_parsed),
		cmocka_unit_test(functions_are_found),
		cmocka_unit_test(usdt_notes_are_read),
		cmocka_unit_test(files_looked_into_are_recorded),
		cmocka_unit_test(binaries_are_found),
		cmocka_unit_test(questions_about_a_process_are_kept),
		cmocka_unit_test(sonames_fit_their_short_names),
		cmocka_unit_test(broken_binaries_do_no_harm),
		cmocka_unit_test(system_calls_have_numbers),
		cmocka_unit_test(tracepoints_are_listed),
		cmocka_unit_test(features_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

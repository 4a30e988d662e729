// SPDX-License-Identifier: Apache-2.0
// Addresses to names: this process's own, another's that has exited, the kernel's; and demangling.
#include <dlfcn.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/demangle.h"
#include "runtime/symbols/fde.h"
#include "runtime/symbols/jitdump.h"
#include "runtime/symbols/lines.h"
#include "runtime/symbols/modules.h"
#include "runtime/symbols/perf_map.h"
#include "runtime/symbols/proc_maps.h"
#include "runtime/symbols/rust.h"
#include "runtime/symbols/space.h"
#include "runtime/symbols/sym_kernel.h"
#include "runtime/symbols/sym_table.h"
#include "runtime/symbols/symbols.h"

#define NOINLINE __attribute__((noinline, noclone))

NOINLINE int symbols_test_global(int x);
int symbols_test_global(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

static NOINLINE int symbols_test_local(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x + 2;
}

NOINLINE int _Znot_cxx(int x);
int _Znot_cxx(int x)
{
	__asm__ volatile("" : "+r"(x));
	return x;
}

static uint64_t address_of(int (*fn)(int))
{
	return (uintptr_t)fn;
}

static void own_functions_are_named(void **state)
{
	struct symbols *s = symbols_new(&(struct symbol_options){ .demangle = true });
	const uint64_t ip[] = { address_of(symbols_test_global), address_of(symbols_test_local) + 1, 1, address_of(_Znot_cxx) };
	struct symbol r[4];

	symbols_user(s, (uint32_t)getpid(), ip, 4, r);
	assert_string_equal(r[0].name, "symbols_test_global");
	assert_int_equal(r[0].offset, 0);
	assert_string_equal(r[1].name, "symbols_test_local");
	assert_int_equal(r[1].offset, 1);
	assert_non_null(strstr(r[1].module, "test_symbols"));
	assert_null(r[2].name);
	assert_null(r[2].module);
	assert_string_equal(r[3].name, "_Znot_cxx");
	symbols_free(s);
}

static void library_functions_are_named(void **state)
{
	struct symbols *s = symbols_new(&(struct symbol_options){ .demangle = true });
	void *libc = dlopen("libc.so.6", RTLD_LAZY);
	uint64_t ip[2] = { (uintptr_t)dlsym(libc, "strfry") + 2, (uintptr_t)qsort }; // the second is our PLT's, if we are not PIE
	struct symbol r[2];

	symbols_user(s, (uint32_t)getpid(), ip, 2, r);
	assert_string_equal(r[0].name, "strfry");
	assert_int_equal(r[0].offset, 2);
	assert_non_null(strstr(r[0].module, "libc"));
	assert_true(!r[1].name || strcmp(r[1].name, "qsort") == 0 || strcmp(r[1].name, "qsort@plt") == 0);
	if (r[1].name && strchr(r[1].name, '@'))
		assert_int_equal(r[1].source, SYMBOL_PLT);
	assert_non_null(r[1].module);
	dlclose(libc);
	symbols_free(s);
}

static void vdso_is_named(void **state)
{
	uint64_t base = getauxval(AT_SYSINFO_EHDR);
	struct symbols *s = symbols_new(&(struct symbol_options){ .demangle = true });
	struct symbol r;

	if (!base)
		skip();
	uint64_t ip[64];
	struct symbol all[64];
	bool any = false;
	for (size_t i = 0; i < 64; i++)
		ip[i] = base + i * 64;
	symbols_user(s, (uint32_t)getpid(), ip, 64, all);
	for (size_t i = 0; i < 64; i++) {
		r = all[i];
		if (r.module)
			assert_string_equal(r.module, "[vdso]");
		any |= r.name && (strstr(r.name, "vdso") || strstr(r.name, "clock") || strstr(r.name, "time") || strstr(r.name, "cpu"));
	}
	assert_true(any);
	symbols_free(s);
}

static pid_t start_child(int *out)
{
	int p[2];
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		char c;

		close(p[1]);
		_exit(read(p[0], &c, 1) < 0); // until the parent closes its end
	}
	close(p[0]);
	*out = p[1];
	return pid;
}

static void exited_processes_are_remembered(void **state)
{
	struct symbols *s = symbols_new(&(struct symbol_options){ 0 });
	uint64_t ip = address_of(symbols_test_global);
	struct symbol r;
	int out, status;
	pid_t pid = start_child(&out);

	symbols_remember(s, (uint32_t)pid);
	close(out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	symbols_user(s, (uint32_t)pid, &ip, 1, &r);
	assert_string_equal(r.name, "symbols_test_global");
	symbols_free(s);
}

static void unknown_processes_have_no_names(void **state)
{
	struct symbols *s = symbols_new(&(struct symbol_options){ 0 });
	uint64_t ip = address_of(symbols_test_global);
	struct symbol r;

	symbols_user(s, 0x7fffffff, &ip, 1, &r);
	assert_null(r.name);
	assert_null(r.module);
	symbols_free(s);
}

static void copy_file(const char *from, const char *to)
{
	_close_ int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof buf)) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
}

// A copy of this program runs, and its file is removed before it is asked about.
static void deleted_binaries_are_named(void **state)
{
	char path[] = "/tmp/spile-test-XXXXXX", c;
	struct symbols *s = symbols_new(&(struct symbol_options){ 0 });
	uint64_t ip = address_of(symbols_test_global);
	struct symbol r;
	int p[2], started[2], status, fd = mkstemp(path);
	pid_t pid;

	fchmod(fd, 0755);
	close(fd);
	copy_file("/proc/self/exe", path);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(pipe2(started, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[0], 0);
		dup2(started[1], 1);
		execl(path, path, "wait", (char *)NULL);
		_exit(1);
	}
	close(p[0]);
	close(started[1]);
	assert_int_equal(read(started[0], &c, 1), 1);
	close(started[0]);
	unlink(path);
	symbols_user(s, (uint32_t)pid, &ip, 1, &r);
	assert_string_equal(r.name ? r.name : "(unknown)", "symbols_test_global");
	assert_string_equal(r.module, path);
	close(p[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	symbols_free(s);
}

static void count_function(void *arg, const struct elf_function *fn)
{
	*(size_t *)arg += strlen(fn->name) > 0;
}

// Cut short while it is open: what is gone reads as zeros, and nothing ends us.
static void truncated_files_do_no_harm(void **state)
{
	char path[] = "/tmp/spile-test-XXXXXX";
	struct elf_file *f = NULL;
	struct sym_table *t;
	size_t n = 0, before = 0;
	int fd = mkstemp(path);

	close(fd);
	copy_file("/proc/self/exe", path);
	assert_int_equal(elf_file_open(path, &f), 0);
	elf_file_functions(f, count_function, &before);
	assert_true(before > 10);
	elf_file_close(f);
	assert_int_equal(elf_file_open(path, &f), 0);
	assert_int_equal(truncate(path, 4096), 0);
	elf_file_functions(f, count_function, &n);
	assert_true(n <= before);
	t = sym_table_new(f);
	for (uint64_t address = 0; address < 1 << 20; address += 4096)
		sym_table_find(t, address);
	sym_table_free(t);
	unlink(path);
}

static void parked_files_are_opened_again(void **state)
{
	struct elf_file *f = NULL;
	const void *first, *again;
	char kept[256];

	assert_int_equal(elf_file_open("/proc/self/exe", &f), 0);
	first = elf_file_bytes(f, 0, 1 << 17);
	assert_non_null(first);
	memcpy(kept, (const char *)first + 66000, sizeof kept);
	elf_file_drop(f, 0, 1 << 17);
	elf_file_park(f);
	again = elf_file_bytes(f, 0, 1 << 17);
	assert_ptr_equal(first, again);
	assert_memory_equal((const char *)again + 66000, kept, sizeof kept);
	elf_file_settle(f);
	assert_ptr_equal(elf_file_bytes(f, 0, 1 << 17), first);
	assert_memory_equal((const char *)first + 66000, kept, sizeof kept);
	elf_file_close(f);
}

static void functions_have_bounds_in_unwind_information(void **state)
{
	struct elf_file *f = NULL;
	struct elf_function fn;
	uint64_t start, end;

	assert_int_equal(elf_file_open("/proc/self/exe", &f), 0);
	assert_int_equal(elf_file_function(f, "symbols_test_global", &fn), 0);
	assert_true(fde_bounds(f, fn.address + fn.size - 1, &start, &end));
	assert_int_equal(start, fn.address);
	assert_int_equal(end, fn.address + fn.size);
	assert_false(fde_bounds(f, 0, &start, &end));
	assert_false(fde_bounds(f, UINT64_MAX, &start, &end));
	elf_file_close(f);
}

static void jitdumps_name_code(void **state)
{
	char dir[] = "/tmp/spile-test-XXXXXX", *path;
	struct perf_map m = { 0 };
	struct { uint32_t magic, version, size, machine, pad, pid; uint64_t time, flags; } head = { 0x4a695444, 1, 40, 62, 0, 1, 0, 0 };
	struct { uint32_t id, size; uint64_t time; uint32_t pid, tid; uint64_t vma, address, length, index; char name[8], code[16]; } load = {
		0, sizeof load, 1, 1, 1, 0x1000, 0x1000, 16, 7, "first", { 0 } };
	struct { uint32_t id, size; uint64_t time; uint32_t pid, tid; uint64_t vma, from, to, length, index; } move = {
		1, sizeof move, 2, 1, 1, 0x1000, 0x1000, 0x3000, 16, 7 };
	uint64_t offset;

	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/jit-1.dump", dir);
	assert_true(jitdump_is(path));
	assert_false(jitdump_is("/tmp/jit-x.dump"));
	assert_false(jitdump_is("/tmp/jit-1.dumped"));
	FILE *f = fopen(path, "w");
	fwrite(&head, sizeof head, 1, f);
	fwrite(&load, sizeof load, 1, f);
	fwrite(&move, sizeof move, 1, f);
	fwrite(&load, 20, 1, f); // being written
	fclose(f);
	assert_true(jitdump_update(&m, "", path));
	assert_false(jitdump_update(&m, "", path));
	assert_string_equal(perf_map_find(&m, 0x1008, &offset), "first");
	assert_string_equal(perf_map_find(&m, 0x300f, &offset), "first");
	assert_int_equal(offset, 15);
	assert_null(perf_map_find(&m, 0x2000, &offset));
	unlink(path);
	rmdir(dir);
	free(path);
	perf_map_free(&m);
}

static void spaces_are_cut_and_shared(void **state)
{
	struct space *s = space_new(), *other;
	struct module module = { .path = "/tmp/jit-12.dump" };
	struct proc_mapping m = { .start = 0x1000, .end = 0x5000, .offset = 0 };

	space_add(s, &m, NULL);
	other = space_share(s);
	other = space_own(other);
	assert_ptr_not_equal(s, other);
	m = (struct proc_mapping){ .start = 0x2000, .end = 0x3000, .offset = 0x9000 };
	space_add(other, &m, &module);
	assert_int_equal(space_find(other, 0x1fff)->start, 0x1000);
	assert_ptr_equal(space_find(other, 0x2000)->module, &module);
	assert_int_equal(space_find(other, 0x3000)->offset, 0x2000);
	assert_null(space_find(other, 0x5000));
	assert_int_equal(space_find(s, 0x2000)->start, 0x1000);
	assert_string_equal(space_jitdump(other), module.path);
	assert_null(space_jitdump(s));
	m = (struct proc_mapping){ .start = 0x8000, .end = 0x9000 };
	struct space *fresh = space_new();
	space_add(fresh, &m, NULL);
	space_keep(fresh, other);
	assert_int_equal(space_find(fresh, 0x8500)->start, 0x8000);
	assert_ptr_equal(space_find(fresh, 0x2500)->module, &module);
	space_release(fresh);
	space_release(s);
	space_release(other);
}

static void own_lines_are_found(void **state)
{
	struct elf_file *f = NULL;
	struct lines *l = NULL;
	struct elf_function fn;
	struct line_frames found[4];

	assert_int_equal(elf_file_open("/proc/self/exe", &f), 0);
	assert_int_equal(elf_file_function(f, "symbols_test_global", &fn), 0);
	if (lines_open(f, &l) < 0) {
		elf_file_close(f);
		skip(); // built without -g
	}
	const uint64_t ask[] = { fn.address, 0, UINT64_MAX, fn.address };
	lines_find(l, ask, 4, found);
	assert_true(found[0].n >= 1);
	const struct line_frame *last = &found[0].at[found[0].n - 1];
	assert_string_equal(last->function, "symbols_test_global");
	assert_non_null(last->file);
	assert_true(strstr(last->file, "tests/unit/test_symbols.c") != NULL);
	assert_true(last->line > 30 && last->line < 100);
	assert_int_equal(found[1].n, 0);
	assert_int_equal(found[2].n, 0);
	assert_int_equal(found[3].n, found[0].n);
	lines_find(l, ask, 0, found);
	lines_free(l);
	elf_file_close(f);
}

// A child that nobody asked about while it lived.
static void short_lived_processes_are_named(void **state)
{
	struct symbols *s = symbols_new(&(struct symbol_options){ 0 });
	uint64_t ip = address_of(symbols_test_global);
	struct symbol r;
	int status;
	pid_t pid;

	if (symbols_follow(s, 0) < 0) {
		symbols_free(s);
		skip();
	}
	for (int i = 0; i < 100; i++) // those that run already, this one among them
		symbols_poll(s);
	pid = fork();
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	symbols_user(s, (uint32_t)pid, &ip, 1, &r);
	assert_string_equal(r.name ? r.name : symbol_source_word(r.source), "symbols_test_global");
	assert_int_equal(r.source, SYMBOL_SYMTAB);
	assert_true(r.n_build_id == 0 || r.build_id != NULL);
	symbols_free(s);
}

static void kernel_names_come_from_kallsyms(void **state)
{
	struct sym_kernel *k = sym_kernel_new();
	char text[] = "0000000000000000 A fixed_percpu\n"
		      "ffffffff81000000 T _text\n"
		      "ffffffff81000000 T _alias\n"
		      "ffffffff81000100 t second\n"
		      "ffffffff81000200 D data\n"
		      "ffffffffc0001000 t in_module\t[some_module]\n"
		      "ffffffffc0000800 t earlier\t[some_module]\n"
		      "garbage\n"
		      "ffffffffc0002000 t cut";
	struct symbol r;

	sym_kernel_parse(k, text);
	sym_kernel_find(k, 0xffffffff81000010ull, &r);
	assert_string_equal(r.name, "_text");
	assert_int_equal(r.offset, 0x10);
	assert_null(r.module);
	sym_kernel_find(k, 0xffffffff81000100ull, &r);
	assert_string_equal(r.name, "second");
	sym_kernel_find(k, 0xffffffff81000210ull, &r); // data
	assert_null(r.name);
	sym_kernel_find(k, 0xffffffffc0000900ull, &r);
	assert_string_equal(r.name, "earlier");
	assert_string_equal(r.module, "some_module");
	sym_kernel_find(k, 0xffffffffc0001001ull, &r);
	assert_string_equal(r.name, "in_module");
	sym_kernel_find(k, 0x1000, &r);
	assert_null(r.name);
	sym_kernel_free(k);
}

static void this_kernel_is_named(void **state)
{
	struct symbols *s = symbols_new(&(struct symbol_options){ 0 });
	uint64_t ip = symbols_kernel_address(s, "schedule");
	struct symbol r;

	if (!ip) // kptr_restrict
		skip();
	ip += 4;
	symbols_kernel(s, &ip, 1, &r);
	assert_string_equal(r.name, "schedule");
	assert_int_equal(r.offset, 4);
	assert_int_equal(symbols_kernel_address(s, "no_such_symbol_anywhere"), 0);
	symbols_free(s);
}

static void perf_maps_name_jitted_code(void **state)
{
	struct perf_map m = { 0 };
	uint64_t offset;
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
	assert_false(perf_map_update(&m, "", (uint32_t)getpid()));
	f = fopen(path, "w");
	fputs("1000 100 LazyCompile:~f /app/x.js:1\n2000 10 old\nnonsense\n2000 20 new\n3000 10 unfini", f);
	fclose(f);
	assert_true(perf_map_update(&m, "", (uint32_t)getpid()));
	assert_string_equal(perf_map_find(&m, 0x1080, &offset), "LazyCompile:~f /app/x.js:1");
	assert_int_equal(offset, 0x80);
	assert_string_equal(perf_map_find(&m, 0x2018, &offset), "new");
	assert_null(perf_map_find(&m, 0x1100, &offset));
	assert_null(perf_map_find(&m, 0x3000, &offset));
	assert_null(perf_map_find(&m, 0x10, &offset));
	assert_false(perf_map_update(&m, "", (uint32_t)getpid()));
	unlink(path);
	perf_map_free(&m);
}

// A runtime that goes on compiling has its file read again and again, and names that were handed out stay.
static void growing_perf_maps_are_kept_once(void **state)
{
	struct perf_map m = { 0 };
	const char *first = NULL;
	uint64_t offset;
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
	f = fopen(path, "w");
	for (unsigned i = 0; i < 2000; i++)
		fprintf(f, "%x 10 LazyCompile:~function_number_%u /app/some/file.js:%u\n", 0x1000 + i * 16, i, i);
	for (unsigned i = 0; i < 500; i++) {
		fprintf(f, "%x 10 another_%u\n", 0x100000 + i * 16, i);
		fflush(f);
		assert_true(perf_map_update(&m, "", (uint32_t)getpid()));
		const char *name = perf_map_find(&m, 0x1008, &offset);
		first = first ? first : name;
		assert_ptr_equal(name, first);
	}
	fclose(f);
	unlink(path);
	assert_string_equal(first, "LazyCompile:~function_number_0 /app/some/file.js:0");
	assert_true(arena_size(m.arena) < 2 << 20); // 120 KB of names
	perf_map_free(&m);
}

static void check_demangled(const char *mangled, const char *text)
{
	struct demangler d = { 0 };
	_free_ char *s = demangle(&d, mangled);

	if (text)
		assert_string_equal(s ? s : "(null)", text);
	else
		assert_null(s);
	demangler_close(&d);
}

static void names_are_demangled(void **state)
{
	check_demangled("_ZN3foo3barEi", "foo::bar(int)");
	check_demangled("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad");
	check_demangled("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h0123456789abcdefE",
			"<Test + 'static as foo::Bar<Test>>::bar");
	check_demangled("_RNvC6_123foo3bar", "123foo::bar");
	check_demangled("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar");
	check_demangled("_RNCNvC7mycrate4mains_0", "mycrate::main::{closure#1}");
	check_demangled("_RINvC7mycrate3foohReE", "mycrate::foo::<u8, &str>");
	check_demangled("_RNvMC7mycrateNtB2_3Foo3new", "<mycrate::Foo>::new");
	check_demangled("_RNvXC7mycrateNtB2_3FooNtB2_3Bar3run", "<mycrate::Foo as mycrate::Bar>::run");
	check_demangled("_RINvC1a1bAhj8_E", "a::b::<[u8; 8]>");
	check_demangled("main", NULL);
	check_demangled("_Z", NULL);
	check_demangled("_R", NULL);
	check_demangled("_RNvB_1a", NULL);           // refers to itself
	check_demangled("_RNvC99999999999999999999", NULL);
	check_demangled("_ZN5abcE", NULL);
}

// Each parameter is a pair of the one before: the text doubles, the name grows by ten letters.
static void exploding_names_end(void **state)
{
	struct demangler d = { 0 };
	_str_ struct str name = { 0 };
	_free_ char *few = NULL, *many = NULL;

	str_adds(&name, "_Z1f1aIccES_IS0_S0_E");
	few = demangle(&d, str_z(&name));
	assert_string_equal(few, "f(a<char, char>, a<a<char, char>, a<char, char> >)");
	for (char c = '1'; c <= '9'; c++)
		str_printf(&name, "S_IS%c_S%c_E", c, c);
	for (char c = 'A'; c <= 'Z'; c++)
		str_printf(&name, "S_IS%c_S%c_E", c, c);
	for (int i = 0; i < 36; i++)
		str_printf(&name, "S_IS1%c_S1%c_E", i < 10 ? '0' + i : 'A' + i - 10, i < 10 ? '0' + i : 'A' + i - 10);
	many = demangle(&d, str_z(&name));
	assert_true(!many || strlen(many) <= 3 * 8192);
	demangler_close(&d);
}

// Any bytes at all must end, and end in bounds.
static void hostile_rust_names_end(void **state)
{
	static const char letters[] = "CNMXYIBKLRQPOFDTAS0123_sEeuvhpj";
	unsigned seed = 1;

	for (int i = 0; i < 20000; i++) {
		_str_ struct str out = { 0 };
		char name[64] = "_R";

		for (size_t k = 2; k < sizeof name - 1; k++) {
			seed = seed * 1103515245u + 12345;
			name[k] = letters[(seed >> 16) % (sizeof letters - 1)];
		}
		rust_demangle(name, &out);
	}
}

static bool find_heap_or_self(void *arg, const struct proc_mapping *m)
{
	unsigned *n = arg;

	*n += m->executable && strstr(m->path, "test_symbols");
	return true;
}

static void maps_are_read(void **state)
{
	unsigned n = 0;

	assert_int_equal(proc_maps_each((uint32_t)getpid(), find_heap_or_self, &n), 0);
	assert_true(n >= 1);
	assert_true(proc_maps_each(0x7fffffff, find_heap_or_self, &n) < 0);
	assert_true(proc_same_namespace((uint32_t)getpid(), "mnt"));
}

int main(int argc, char **argv)
{
	char c;

	if (argc > 1) // deleted_binaries_are_named
		return write(1, "", 1) != 1 || read(0, &c, 1) < 0;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_functions_are_named),
		cmocka_unit_test(library_functions_are_named),
		cmocka_unit_test(vdso_is_named),
		cmocka_unit_test(exited_processes_are_remembered),
		cmocka_unit_test(unknown_processes_have_no_names),
		cmocka_unit_test(deleted_binaries_are_named),
		cmocka_unit_test(truncated_files_do_no_harm),
		cmocka_unit_test(parked_files_are_opened_again),
		cmocka_unit_test(functions_have_bounds_in_unwind_information),
		cmocka_unit_test(jitdumps_name_code),
		cmocka_unit_test(own_lines_are_found),
		cmocka_unit_test(spaces_are_cut_and_shared),
		cmocka_unit_test(short_lived_processes_are_named),
		cmocka_unit_test(kernel_names_come_from_kallsyms),
		cmocka_unit_test(this_kernel_is_named),
		cmocka_unit_test(perf_maps_name_jitted_code),
		cmocka_unit_test(growing_perf_maps_are_kept_once),
		cmocka_unit_test(names_are_demangled),
		cmocka_unit_test(hostile_rust_names_end),
		cmocka_unit_test(exploding_names_end),
		cmocka_unit_test(maps_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

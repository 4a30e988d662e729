// SPDX-License-Identifier: Apache-2.0
// Unwind tables: against libdw's reading of the same files, row by row; rules that occur seldom, made by hand; damaged files.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "runtime/unwind/image.h"
#include "runtime/unwind/image_file.h"
#include "runtime/unwind/installed.h"
#include "runtime/unwind/table.h"
#include "runtime/unwind/table_cache.h"

struct file {
	int fd;
	uint8_t *bytes;
	size_t n;
};

static struct file file_map(const char *path)
{
	struct file f = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
	struct stat st;

	if (f.fd < 0 || fstat(f.fd, &st) || st.st_size == 0)
		return f;
	f.n = (size_t)st.st_size;
	f.bytes = mmap(NULL, f.n, PROT_READ | PROT_WRITE, MAP_PRIVATE, f.fd, 0);
	assert_true(f.bytes != MAP_FAILED);
	return f;
}

static void file_unmap(struct file *f)
{
	if (f->bytes)
		munmap(f->bytes, f->n);
	if (f->fd >= 0)
		close(f->fd);
}

// libdw's answers -----------------------------------------------------------------------------------------------------

struct registers {
	int sp, fp, ra;
};

static bool is_saved_at(Dwarf_Frame *frame, int reg, int64_t *off)
{
	Dwarf_Op mem[3], *ops = NULL;
	size_t n;

	if (dwarf_frame_register(frame, reg, mem, &ops, &n))
		return false;
	// what libdw makes of "saved at CFA + off": call_frame_cfa; plus_uconst off
	if (!ops || n < 1 || n > 2 || ops[0].atom != DW_OP_call_frame_cfa || (n == 2 && ops[1].atom != DW_OP_plus_uconst))
		return false;
	*off = n == 2 ? (int64_t)ops[1].number : 0;
	return true;
}

struct tally {
	size_t compared, bad; // bad: rules that are not followed
};

static void expect_rule(struct tally *tally, Dwarf_Frame *frame, const struct registers *reg, const struct unwind_rule *r, uint64_t address)
{
	Dwarf_Op *ops = NULL;
	size_t n = 0;
	int64_t off;
	bool signal;

	tally->compared++;
	assert_int_equal(dwarf_frame_info(frame, NULL, NULL, &signal), reg->ra);
	if (signal) {
		assert_int_equal(r->cfa, UNWIND_CFA_SIGNAL);
		return;
	}
	if (r->cfa == UNWIND_CFA_STOP) {
		Dwarf_Op mem[3];

		assert_int_equal(dwarf_frame_register(frame, reg->ra, mem, &ops, &n), 0);
		assert_true(n == 0 && ops == mem); // undefined
		return;
	}
	assert_int_equal(dwarf_frame_cfa(frame, &ops, &n), 0);
	if (r->cfa == UNWIND_CFA_SP || r->cfa == UNWIND_CFA_FP) {
		if (n != 1 || ops[0].atom != DW_OP_bregx || (int)ops[0].number != (r->cfa == UNWIND_CFA_SP ? reg->sp : reg->fp) ||
		    (int32_t)ops[0].number2 != r->cfa_off)
			fail_msg("at %lx: another CFA", address);
	} else if (r->cfa == UNWIND_CFA_REG) {
		assert_int_equal(ops[0].number, r->reg);
	} else {
		if (n == 1 && ops[0].atom == DW_OP_bregx && r->cfa != UNWIND_CFA_BAD)
			fail_msg("at %lx: no CFA (%d) where libdw has one", address, r->cfa);
		tally->bad += r->cfa == UNWIND_CFA_BAD;
	}
	if (r->cfa != UNWIND_CFA_BAD && is_saved_at(frame, reg->ra, &off)) {
		assert_int_equal(r->ra, UNWIND_AT_CFA);
		assert_int_equal(r->ra_off, off);
	}
	if (r->cfa != UNWIND_CFA_BAD && is_saved_at(frame, reg->fp, &off)) {
		assert_int_equal(r->fp, UNWIND_AT_CFA);
		assert_int_equal(r->fp_off, off);
	}
}

// Every row that libdw knows in an FDE's range, and the byte before the next one.
static struct tally compare_with_libdw(const char *path)
{
	struct tally tally = { 0 };
	struct file f = file_map(path);
	struct unwind_table t = { 0 };
	struct image image;

	if (!f.bytes || unwind_table_build(f.bytes, f.n, &t)) {
		file_unmap(&f);
		return tally;
	}
	assert_int_equal(image_open(&(struct image_window){ f.bytes, 0, f.n }, 1, f.n, &image), 0);
	struct registers reg = image.machine == EM_AARCH64 ? (struct registers){ 31, 29, 30 } : (struct registers){ 7, 6, 16 };
	elf_version(EV_CURRENT);
	Elf *elf = elf_begin(f.fd, ELF_C_READ_MMAP, NULL);
	Dwarf_CFI *cfi = dwarf_getcfi_elf(elf);
	for (size_t i = 0; cfi && i < image.nsegments; i++) {
		const struct image_segment *s = &image.segment[i];
		Dwarf_Addr at = s->address, end = s->address + s->size;

		while (s->executable && at < end) {
			Dwarf_Frame *frame = NULL;
			Dwarf_Addr from, to;
			uint64_t offset;

			if (dwarf_cfi_addrframe(cfi, at, &frame)) {
				at++;
				continue;
			}
			assert_return_code(dwarf_frame_info(frame, &from, &to, NULL), 0);
			assert_true(image_offset(&image, at, &offset));
			expect_rule(&tally, frame, &reg, unwind_table_find(&t, offset), at);
			if (to - at > 1)
				expect_rule(&tally, frame, &reg, unwind_table_find(&t, offset + (to - 1 - at)), to - 1);
			free(frame);
			at = to;
		}
	}
	dwarf_cfi_end(cfi);
	elf_end(elf);
	unwind_table_free(&t);
	file_unmap(&f);
	return tally;
}

static void as_libdw_reads_it(void **state)
{
	static const char *const paths[] = { "/proc/self/exe", "/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2",
					     "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6" };
	size_t files = 0;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct tally t = compare_with_libdw(paths[i]);

		files += t.compared > 100;
		assert_true(t.bad * 500 <= t.compared); // __longjmp, and what was written by hand in assembly
	}
	assert_true(files >= 2);
}

// Made by hand ----------------------------------------------------------------------------------------------------------

#define CODE 0x1000 // offset and address of the made file's code
#define FRAME 0x200 // of its .eh_frame: found by walking it, there is no index

struct maker {
	uint8_t bytes[0x2000];
	size_t at;
};

static void put(struct maker *m, const void *p, size_t n)
{
	memcpy(m->bytes + m->at, p, n);
	m->at += n;
}

static void put32(struct maker *m, uint32_t v)
{
	put(m, &v, 4);
}

static void begin(struct maker *m, uint16_t machine)
{
	static const char names[] = "\0.eh_frame\0.shstrtab";
	Elf64_Ehdr e = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_DYN, .e_machine = machine,
			 .e_phoff = sizeof e, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1, .e_shoff = 0x100, .e_shentsize = sizeof(Elf64_Shdr),
			 .e_shnum = 3, .e_shstrndx = 2 };
	Elf64_Phdr p = { .p_type = PT_LOAD, .p_flags = PF_X | PF_R, .p_offset = 0, .p_vaddr = 0, .p_filesz = sizeof m->bytes };
	Elf64_Shdr s[3] = { { 0 }, { .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = FRAME, .sh_addr = FRAME, .sh_size = 0x800 },
			    { .sh_name = 11, .sh_type = SHT_STRTAB, .sh_offset = 0xa0, .sh_size = sizeof names } };

	*m = (struct maker){ 0 };
	memcpy(m->bytes, &e, sizeof e);
	memcpy(m->bytes + sizeof e, &p, sizeof p);
	memcpy(m->bytes + 0xa0, names, sizeof names);
	memcpy(m->bytes + 0x100, s, sizeof s);
	m->at = FRAME;
}

// A CIE (augmentation, code 1, data -8) and one FDE over 256 bytes of code.
static void describe(struct maker *m, const char *augmentation, uint8_t ra, const uint8_t *cie, size_t ncie, const uint8_t *fde, size_t nfde)
{
	size_t start = m->at, letters = strlen(augmentation) + 1;
	bool has_data = *augmentation == 'z';

	put32(m, (uint32_t)(4 + 1 + letters + 3 + (has_data ? 2 : 0) + ncie));
	put32(m, 0);
	put(m, "\1", 1);
	put(m, augmentation, letters);
	put(m, (uint8_t[]){ 1, 0x78, ra }, 3);
	if (has_data)
		put(m, (uint8_t[]){ 1, 0x1b }, 2); // pcrel | sdata4
	put(m, cie, ncie);
	size_t fde_at = m->at;
	put32(m, (uint32_t)(4 + (has_data ? 9 : 16) + nfde));
	put32(m, (uint32_t)(fde_at + 4 - start));
	if (has_data) {
		put32(m, (uint32_t)(CODE - m->at));
		put32(m, 256);
		put(m, "", 1);
	} else {
		put(m, &(uint64_t){ CODE }, 8);
		put(m, &(uint64_t){ 256 }, 8);
	}
	put(m, fde, nfde);
}

static struct unwind_rule rule_at(struct maker *m, uint64_t offset)
{
	struct unwind_table t = { 0 };

	assert_int_equal(unwind_table_build(m->bytes, sizeof m->bytes, &t), 0);
	struct unwind_rule r = *unwind_table_find(&t, offset);
	unwind_table_free(&t);
	return r;
}

static const uint8_t usual[] = { 0x0c, 7, 8, 0x90, 1 }; // CFA = rsp + 8, return address at CFA - 8

static void as_libdw_reads_aarch64(void **state)
{
	struct tally t = compare_with_libdw(FOREIGN_LIBRARY);

	assert_true(t.compared > 5);
	assert_int_equal(t.bad, 0);
}

static void rows_and_ends(void **state)
{
	static const uint8_t code[] = { 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6 }; // +1: rsp + 16, rbp at CFA - 16; +4: rbp + 16
	struct maker m;

	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, code, sizeof code);
	assert_int_equal(rule_at(&m, CODE).cfa_off, 8);
	assert_int_equal(rule_at(&m, CODE).fp, UNWIND_SAME);
	assert_int_equal(rule_at(&m, CODE + 1).cfa_off, 16);
	assert_int_equal(rule_at(&m, CODE + 3).fp_off, -16);
	assert_int_equal(rule_at(&m, CODE + 4).cfa, UNWIND_CFA_FP);
	assert_int_equal(rule_at(&m, CODE + 255).cfa, UNWIND_CFA_FP);
	assert_int_equal(rule_at(&m, CODE + 256).cfa, UNWIND_CFA_NONE);
	assert_int_equal(rule_at(&m, CODE - 1).cfa, UNWIND_CFA_NONE);
	assert_int_equal(rule_at(&m, ~0ull).cfa, UNWIND_CFA_NONE);
}

static void odd_rules(void **state)
{
	static const uint8_t plt[] = { 0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22 };
	static const uint8_t saved[] = { 0x0f, 5, 0x77, 0x20, 0x06, 0x23, 8 };         // *(rsp + 32) + 8
	static const uint8_t realigned[] = { 0x10, 6, 2, 0x76, 0, 0x0f, 3, 0x76, 0x78, 6 }; // rbp at rbp, CFA = *(rbp - 8)
	static const uint8_t none[] = { 0x07, 16 };                                    // return address undefined
	static const uint8_t vfork[] = { 0x09, 16, 5 };                                // it is in rdi
	static const uint8_t other[] = { 0x0f, 2, 0x70, 0 };                           // CFA = rax by expression
	struct maker m;

	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, plt, sizeof plt);
	struct unwind_rule r = rule_at(&m, CODE);
	assert_int_equal(r.cfa, UNWIND_CFA_PLT);
	assert_int_equal(r.post, 11);
	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, saved, sizeof saved);
	r = rule_at(&m, CODE);
	assert_int_equal(r.cfa, UNWIND_CFA_SP_AT);
	assert_int_equal(r.cfa_off, 32);
	assert_int_equal(r.post, 8);
	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, realigned, sizeof realigned);
	r = rule_at(&m, CODE);
	assert_int_equal(r.cfa, UNWIND_CFA_FP_AT);
	assert_int_equal(r.cfa_off, -8);
	assert_int_equal(r.fp, UNWIND_AT_FP);
	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, none, sizeof none);
	assert_int_equal(rule_at(&m, CODE).cfa, UNWIND_CFA_STOP);
	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, vfork, sizeof vfork);
	assert_int_equal(rule_at(&m, CODE).ra, UNWIND_IN_REG);
	assert_int_equal(rule_at(&m, CODE).reg, 5);
	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, other, sizeof other);
	assert_int_equal(rule_at(&m, CODE).cfa, UNWIND_CFA_BAD);
}

static void signal_frames(void **state)
{
	struct maker m;

	begin(&m, EM_X86_64);
	describe(&m, "zRS", 16, usual, sizeof usual, (const uint8_t *)"", 1);
	assert_int_equal(rule_at(&m, CODE).cfa, UNWIND_CFA_SIGNAL);
	assert_int_equal(rule_at(&m, CODE - 1).cfa, UNWIND_CFA_SIGNAL); // what a return to its first byte looks up
	assert_int_equal(rule_at(&m, CODE - 2).cfa, UNWIND_CFA_NONE);
}

// Code that a program begins with and that says nothing of itself has no caller: up to the next function, or for some bytes.
static void entries(void **state)
{
	static const uint8_t loader[] = { 0x48, 0x89, 0xe7, 0xe8 }, musl[] = { 0x48, 0x31, 0xed }, crt[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x31, 0xed };
	static const struct { const uint8_t *code; size_t n; } starts[] = { { loader, sizeof loader }, { musl, sizeof musl }, { crt, sizeof crt } };
	struct maker m;

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		begin(&m, EM_X86_64);
		describe(&m, "zR", 16, usual, sizeof usual, (const uint8_t *)"", 1);
		((Elf64_Ehdr *)m.bytes)->e_entry = CODE - 64;
		memcpy(m.bytes + CODE - 64, starts[i].code, starts[i].n);
		assert_int_equal(rule_at(&m, CODE - 65).cfa, UNWIND_CFA_NONE);
		assert_int_equal(rule_at(&m, CODE - 64).cfa, UNWIND_CFA_STOP);
		assert_int_equal(rule_at(&m, CODE - 1).cfa, UNWIND_CFA_STOP);
		assert_int_equal(rule_at(&m, CODE).cfa, UNWIND_CFA_SP);
		m.bytes[CODE - 64 + starts[i].n - 1 - (i == 0)] ^= 1; // other code
		assert_int_equal(rule_at(&m, CODE - 64).cfa, UNWIND_CFA_NONE);
	}
	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, (const uint8_t *)"", 1);
	((Elf64_Ehdr *)m.bytes)->e_entry = CODE + 300;
	memcpy(m.bytes + CODE + 300, musl, sizeof musl);
	assert_int_equal(rule_at(&m, CODE + 299).cfa, UNWIND_CFA_NONE);
	assert_int_equal(rule_at(&m, CODE + 300 + 255).cfa, UNWIND_CFA_STOP);
	assert_int_equal(rule_at(&m, CODE + 300 + 256).cfa, UNWIND_CFA_NONE);
	((Elf64_Ehdr *)m.bytes)->e_entry = CODE; // said otherwise
	memcpy(m.bytes + CODE, musl, sizeof musl);
	assert_int_equal(rule_at(&m, CODE).cfa, UNWIND_CFA_SP);
	((Elf64_Ehdr *)m.bytes)->e_entry = sizeof m.bytes - 1;
	assert_int_equal(rule_at(&m, sizeof m.bytes - 1).cfa, UNWIND_CFA_NONE);
}

static void aarch64(void **state)
{
	static const uint8_t cie[] = { 0x0c, 31, 0 };
	static const uint8_t code[] = { 0x44, 0x2d, 0x44, 0x0e, 32, 0x9d, 4, 0x9e, 3, 0x44, 0x0d, 29 }; // paciasp; stp x29, x30, [sp, -32]!
	struct maker m;

	begin(&m, EM_AARCH64);
	describe(&m, "zR", 30, cie, sizeof cie, code, sizeof code);
	struct unwind_rule r = rule_at(&m, CODE);
	assert_int_equal(r.cfa, UNWIND_CFA_SP);
	assert_int_equal(r.ra, UNWIND_SAME); // in the link register
	r = rule_at(&m, CODE + 8);
	assert_int_equal(r.cfa_off, 32);
	assert_int_equal(r.ra, UNWIND_AT_CFA);
	assert_int_equal(r.ra_off, -24);
	assert_int_equal(r.fp_off, -32);
	assert_int_equal(rule_at(&m, CODE + 12).cfa, UNWIND_CFA_FP);
}

// remember_state deeper than there is room, restore_state without one, operands that are cut: rows end, nothing else does.
static void damaged_programs(void **state)
{
	uint8_t deep[100];
	struct maker m;

	memset(deep, 0x0a, sizeof deep);
	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, deep, sizeof deep);
	assert_int_equal(rule_at(&m, CODE).cfa_off, 8);
	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, (const uint8_t[]){ 0x41, 0x0b, 0x0e, 99 }, 4);
	assert_int_equal(rule_at(&m, CODE).cfa_off, 8);
	begin(&m, EM_X86_64);
	describe(&m, "zR", 16, usual, sizeof usual, (const uint8_t[]){ 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, 10);
	rule_at(&m, CODE);
	begin(&m, EM_X86_64);
	describe(&m, "", 16, usual, sizeof usual, (const uint8_t[]){ 0x0e, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 }, 10);
	assert_int_equal(rule_at(&m, CODE).cfa, UNWIND_CFA_BAD); // an offset that fits nowhere
}

// Each byte of the headers and of the frame information changed, and the file cut everywhere.
static void damaged_files(void **state)
{
	static const uint8_t code[] = { 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x0a, 0x41, 0x0b };
	static struct maker m, broken;
	struct unwind_table t = { 0 };

	begin(&m, EM_X86_64);
	describe(&m, "zRS", 16, usual, sizeof usual, code, sizeof code);
	for (size_t i = 0; i < m.at; i++)
		for (unsigned k = 0; k < 4; k++) {
			broken = m;
			broken.bytes[i] = (uint8_t[]){ 0, 0xff, 0x7f, 0x80 }[k];
			unwind_table_build(broken.bytes, sizeof broken.bytes, &t);
			unwind_table_free(&t);
		}
	for (size_t n = 0; n < m.at; n++) {
		_free_ uint8_t *cut = xmalloc(n + 1); // of that size, so that a sanitizer sees a read behind it

		memcpy(cut, m.bytes, n);
		unwind_table_build(cut, n, &t);
		unwind_table_free(&t);
	}
}

// A table large enough to be kept, of nothing.
static struct unwind_table large_table(void)
{
	struct unwind_table t = { .first_page = 3, .npages = 100, .nrows = TABLE_CACHE_LEAST, .nrules = 2, .build_id_len = TABLE_BUILD_ID };

	t.rules_at = ALIGN_UP(t.npages + 1 + t.nrows, 4u);
	t.nwords = t.rules_at + t.nrules * (uint32_t)sizeof(struct unwind_rule) / 4;
	unwind_table_reserve(&t, t.nwords);
	memset(t.words, 0, t.nwords * sizeof *t.words);
	for (uint32_t i = 0; i <= t.npages; i++)
		t.words[i] = i;
	for (uint32_t i = 0; i < t.nrows; i++)
		t.words[t.npages + 1 + i] = i % 1024 << 16 | (i & 1);
	memset(t.build_id, 0xab, sizeof t.build_id);
	return t;
}

static bool finds(int folder, const struct unwind_table *t, uint64_t size)
{
	struct unwind_table found = { 0 };
	bool ok = table_cache_find(folder, t->build_id, size, &found);

	if (ok)
		assert_memory_equal(found.words, t->words, (size_t)t->nwords * 4);
	unwind_table_free(&found);
	return ok;
}

static void kept_tables(void **state)
{
	static const char name[] = "abababababababababababababababababababab.uwt";
	char path[] = "/tmp/spile-test-XXXXXX";
	struct unwind_table t = large_table();

	assert_non_null(mkdtemp(path));
	setenv("SPILE_CACHE_DIR", path, 1);
	int folder = table_cache_open();
	assert_true(folder >= 0);
	assert_false(finds(folder, &t, 5000));
	table_cache_keep(folder, 5000, &t);
	assert_true(finds(folder, &t, 5000));
	assert_false(finds(folder, &t, 5001)); // another file with its build ID

	int fd = openat(folder, name, O_RDWR);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at += at < 128 ? 1 : 4999) { // every number that was changed is seen
		uint8_t was, is;

		assert_int_equal(pread(fd, &was, 1, at), 1);
		is = was ^ 0x40;
		assert_int_equal(pwrite(fd, &is, 1, at), 1);
		assert_false(finds(folder, &t, 5000));
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	assert_int_equal(ftruncate(fd, st.st_size - 1), 0);
	assert_false(finds(folder, &t, 5000));
	close(fd);
	unlinkat(folder, name, 0);

	// a full disk: nothing is kept, nothing is left behind
	struct rlimit before, small;
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){ 8192, before.rlim_max };
	void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	table_cache_keep(folder, 5000, &t);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, old);
	assert_false(finds(folder, &t, 5000));
	close(folder);
	unwind_table_free(&t);
	char below[64];
	snprintf(below, sizeof below, "%s/unwind", path);
	assert_int_equal(rmdir(below), 0); // it is empty
	assert_int_equal(rmdir(path), 0);
	unsetenv("SPILE_CACHE_DIR");
}

// Read piece by piece it says what the mapped file says.
// A program by its file's numbers; with other ones it is another file.
static void installed_files(void **state)
{
	struct installed *in = installed_new();
	struct stat shell, found;

	assert_int_equal(stat("/bin/sh", &shell), 0);
	struct unwind_key key = unwind_key_of(&shell);
	const char *path = installed_find(in, &key);
	assert_non_null(path);
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_ino, shell.st_ino);
	assert_int_equal(found.st_dev, shell.st_dev);
	key.mtime++;
	assert_null(installed_find(in, &key));
	key.mtime--;
	key.ino ^= 1ull << 40;
	assert_null(installed_find(in, &key));
	installed_free(in);
}

static void same_table(const struct unwind_table *a, const struct unwind_table *b)
{
	assert_int_equal(a->nrows, b->nrows);
	assert_int_equal(a->nwords, b->nwords);
	if (a->nrows)
		assert_memory_equal(a->words, b->words, (size_t)a->nwords * 4);
	assert_int_equal(a->build_id_len, b->build_id_len);
	assert_memory_equal(a->build_id, b->build_id, sizeof a->build_id);
}

// In parts, and as a whole; each into what the one before, larger and smaller by turns, has left.
static void read_in_parts(void **state)
{
	static const char *const paths[] = { "/proc/self/exe", "/lib/x86_64-linux-gnu/libc.so.6", "/bin/true", "/proc/self/exe" };
	struct image_file *file = image_file_new();
	struct unwind_table t = { 0 };
	struct image image;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct file f = file_map(paths[i]);
		struct unwind_table whole = { 0 };

		if (!f.bytes)
			continue;
		assert_int_equal(unwind_table_build(f.bytes, f.n, &whole), 0);
		assert_true(whole.nrows > 10);
		assert_int_equal(image_file_open(file, f.fd, f.n, &image), 0);
		assert_int_equal(image_file_read_frames(file, &image), 0);
		assert_int_equal(unwind_table_of(&image, &t), 0);
		same_table(&whole, &t);
		unwind_table_free(&whole);
		assert_true(image_file_open(file, f.fd, 10, &image) < 0);
		if (i == 2)
			image_file_forget(file);
		file_unmap(&f);
	}
	unwind_table_free(&t);
	image_file_free(file);
}

// A file that is cut short while it is read says less, or nothing.
static void cut_while_it_is_read(void **state)
{
	struct file self = file_map("/proc/self/exe");
	const size_t cuts[] = { 0, 20, 4096, self.n / 8, self.n / 4, self.n / 2, self.n - 100, self.n };
	struct image_file *file = image_file_new();
	struct unwind_table t = { 0 };
	struct image image;

	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		_close_ int fd = memfd_create("cut", MFD_CLOEXEC);

		assert_int_equal(write_all(fd, self.bytes, self.n), 0);
		assert_int_equal(image_file_open(file, fd, self.n, &image), 0);
		assert_int_equal(ftruncate(fd, (off_t)cuts[i]), 0);
		assert_int_equal(image_file_read_frames(file, &image), 0);
		assert_int_equal(unwind_table_of(&image, &t), 0);
		assert_true(t.nrows == 0 || unwind_table_check(&t));
		assert_true(t.nrows == 0 ? cuts[i] < self.n : cuts[i] > 4096);
	}
	unwind_table_free(&t);
	image_file_free(file);
	file_unmap(&self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_libdw_reads_it), cmocka_unit_test(as_libdw_reads_aarch64), cmocka_unit_test(rows_and_ends), cmocka_unit_test(odd_rules), cmocka_unit_test(signal_frames), cmocka_unit_test(entries),
		cmocka_unit_test(aarch64), cmocka_unit_test(damaged_programs), cmocka_unit_test(damaged_files),
		cmocka_unit_test(kept_tables), cmocka_unit_test(read_in_parts), cmocka_unit_test(cut_while_it_is_read), cmocka_unit_test(installed_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

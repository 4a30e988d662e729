// SPDX-License-Identifier: Apache-2.0
// Rows of Go functions: tables of every format made by hand, and damaged ones.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "runtime/unwind/table.h"

#define CODE 0x1000u   // offset of the code, which lies at TEXT
#define TEXT 0x401000u
#define TABLE 0x400u   // offset of the table
#define RECORDS 0x100u // behind it: then names and deltas
#define NAMES 0x300u
#define DELTAS 0x500u
#define TABLE_BYTES 0x800u
#define NAMED_DATA 39u // sections, by the place of their names
#define NAMED_GO 52u
#define EACH 64u       // bytes of code of a function

enum { F_SUB, F_PUSH, F_LEAF, F_GOEXIT, F_SYSTEMSTACK, F_SIGRETURN, F_FLAGGED, F_SWITCHING, FUNCTIONS };
static const char *const names[] = { "main.sub", "main.push", "main.leaf", "runtime.goexit", "runtime.systemstack", "runtime.sigreturn", "runtime.other", "runtime.third" };

// Value, how long: 0 4, 152 50, 0 10. 0 1, 8 3, 24 50, 0 10. 0 64. Zig-zag from -1.
static const uint8_t sub[] = { 2, 4, 0xb0, 2, 50, 0xaf, 2, 10, 0 }, push[] = { 2, 1, 16, 3, 32, 50, 47, 10, 0 }, leaf[] = { 2, 64, 0 };

struct made {
	uint8_t bytes[0x2000];
};

static void put(struct made *m, size_t at, const void *p, size_t n)
{
	memcpy(m->bytes + at, p, n);
}

static void put32(struct made *m, size_t at, uint32_t v)
{
	put(m, at, &v, sizeof v);
}

static void put64(struct made *m, size_t at, uint64_t v)
{
	put(m, at, &v, sizeof v);
}

static void put_header(struct made *m)
{
	static const char section_names[] = "\0.gopclntab\0.shstrtab\0.rela\0.go.module\0.data.rel.ro\0.go.buildinfo";
	Elf64_Ehdr e = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phoff = sizeof e,
			 .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1, .e_shoff = 0x100, .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 5, .e_shstrndx = 2 };
	Elf64_Phdr p = { .p_type = PT_LOAD, .p_flags = PF_X | PF_R, .p_offset = CODE, .p_vaddr = TEXT, .p_filesz = FUNCTIONS * EACH };
	Elf64_Shdr s[5] = { { 0 }, { .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = TABLE, .sh_addr = 0x500000, .sh_size = TABLE_BYTES },
			    { .sh_name = 12, .sh_type = SHT_STRTAB, .sh_offset = 0xa0, .sh_size = sizeof section_names },
			    { .sh_name = 22, .sh_type = SHT_RELA, .sh_offset = 0x300, .sh_size = 24 },
			    { .sh_name = 28, .sh_type = SHT_PROGBITS, .sh_offset = 0x1800, .sh_addr = 0x600000, .sh_size = 0x100 } };

	put(m, 0, &e, sizeof e);
	put(m, sizeof e, &p, sizeof p);
	put(m, 0xa0, section_names, sizeof section_names);
	put(m, 0x100, s, sizeof s);
}

// version: 2, 16, 18, 20 of Go 1.x
static void put_record(struct made *m, int version, unsigned i)
{
	static const struct { const uint8_t *deltas; uint32_t at; } of[] = { { sub, 0 }, { push, 16 }, { leaf, 32 } };
	bool wide = version < 18;
	uint32_t record = RECORDS + i * 48, name = NAMES + i * 32, base = version == 2 ? 0 : NAMES, deltas = i < 3 ? of[i].at : 32;
	size_t at = TABLE + record, more = wide ? 4 : 0;

	if (wide)
		put64(m, at, TEXT + i * EACH);
	else
		put32(m, at, i * EACH);
	put32(m, at + 4 + more, name - base);
	put32(m, at + 16 + more, (version == 2 ? DELTAS : 0) + deltas);
	if (version >= 18)
		m->bytes[at + (version == 18 ? 37 : 41)] = i == F_FLAGGED ? 1 : i == F_SWITCHING ? 2 : 0;
	put(m, TABLE + name, names[i], strlen(names[i]) + 1);
}

static void make(struct made *m, int version)
{
	static const struct { int version; uint32_t magic; } magics[] = { { 2, 0xfffffffb }, { 16, 0xfffffffa }, { 18, 0xfffffff0 }, { 20, 0xfffffff1 } };
	uint32_t pairs = version == 2 ? 16 : 0x80;

	*m = (struct made){ 0 };
	put_header(m);
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (magics[i].version == version)
			put32(m, TABLE, magics[i].magic);
	put(m, TABLE + 4, "\0\0\1\10", 4);
	put64(m, TABLE + 8, FUNCTIONS);
	uint64_t words[] = { 0, TEXT, NAMES, 0, 0, DELTAS, pairs };
	if (version == 16)
		memcpy(words, (uint64_t[]){ 0, NAMES, 0, 0, DELTAS, pairs }, 6 * sizeof *words);
	if (version != 2)
		put(m, TABLE + 16, words, (version == 16 ? 6 : 7) * sizeof *words);
	for (unsigned i = 0; i <= FUNCTIONS; i++) {
		uint32_t record = RECORDS + i * 48 - (version == 2 ? 0 : pairs);

		if (version < 18) {
			put64(m, TABLE + pairs + i * 16, TEXT + i * EACH);
			if (i < FUNCTIONS)
				put64(m, TABLE + pairs + i * 16 + 8, record);
		} else {
			put32(m, TABLE + pairs + i * 8, i * EACH);
			if (i < FUNCTIONS)
				put32(m, TABLE + pairs + i * 8 + 4, record);
		}
		if (i < FUNCTIONS)
			put_record(m, version, i);
	}
	put(m, TABLE + DELTAS, sub, sizeof sub);
	put(m, TABLE + DELTAS + 16, push, sizeof push);
	put(m, TABLE + DELTAS + 32, leaf, sizeof leaf);
}

static struct unwind_rule rule_at(struct made *m, unsigned function, unsigned offset)
{
	struct unwind_table t = { 0 };

	assert_int_equal(unwind_table_build(m->bytes, sizeof m->bytes, &t), 0);
	struct unwind_rule r = *unwind_table_find(&t, CODE + function * EACH + offset);
	unwind_table_free(&t);
	return r;
}

static void expect(struct made *m, unsigned function, unsigned offset, int cfa_off, enum unwind_reg fp)
{
	struct unwind_rule r = rule_at(m, function, offset);

	assert_int_equal(r.cfa, UNWIND_CFA_SP);
	assert_int_equal(r.cfa_off, cfa_off);
	assert_int_equal(r.fp, fp);
	assert_int_equal(r.ra, UNWIND_AT_CFA);
	assert_int_equal(r.ra_off, -8);
	if (fp == UNWIND_AT_CFA)
		assert_int_equal(r.fp_off, -16);
}

static void every_format(void **state)
{
	static const int versions[] = { 16, 18, 20 };
	struct made m;

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		make(&m, versions[i]);
		expect(&m, F_SUB, 0, 8, UNWIND_SAME);
		expect(&m, F_SUB, 4, 160, UNWIND_SAME); // the instruction that saves the frame pointer
		expect(&m, F_SUB, 11, 160, UNWIND_SAME);
		expect(&m, F_SUB, 12, 160, UNWIND_AT_CFA);
		expect(&m, F_SUB, 53, 160, UNWIND_AT_CFA);
		expect(&m, F_SUB, 54, 8, UNWIND_SAME);
		expect(&m, F_PUSH, 0, 8, UNWIND_SAME);
		expect(&m, F_PUSH, 1, 16, UNWIND_AT_CFA);
		expect(&m, F_PUSH, 4, 32, UNWIND_AT_CFA);
		expect(&m, F_PUSH, 63, 8, UNWIND_SAME);
		expect(&m, F_LEAF, 63, 8, UNWIND_SAME);
		assert_int_equal(rule_at(&m, F_GOEXIT, 1).cfa, UNWIND_CFA_STOP);
		assert_int_equal(rule_at(&m, F_SYSTEMSTACK, 1).cfa, UNWIND_CFA_SWITCH);
		assert_int_equal(rule_at(&m, F_SYSTEMSTACK, 1).cfa_off, 16);
		assert_int_equal(rule_at(&m, F_SIGRETURN, 0).cfa, UNWIND_CFA_SIGNAL);
		assert_int_equal(rule_at(&m, F_SYSTEMSTACK, EACH - 1).cfa, UNWIND_CFA_SIGNAL); // what a return to the next one's first byte looks up
		assert_int_equal(rule_at(&m, F_FLAGGED, 0).cfa, versions[i] < 18 ? UNWIND_CFA_SP : UNWIND_CFA_STOP);
		assert_int_equal(rule_at(&m, F_SWITCHING, 0).cfa, versions[i] < 18 ? UNWIND_CFA_SP : UNWIND_CFA_SWITCH);
		assert_int_equal(rule_at(&m, FUNCTIONS, 0).cfa, UNWIND_CFA_NONE);
	}
}

static void oldest_format(void **state)
{
	struct made m;

	make(&m, 2);
	expect(&m, F_SUB, 12, 160, UNWIND_AT_CFA);
	expect(&m, F_PUSH, 4, 32, UNWIND_AT_CFA);
	assert_int_equal(rule_at(&m, F_GOEXIT, 1).cfa, UNWIND_CFA_STOP);
}

// Where the code begins is known by a relocation, or by the runtime's description of the program.
static void where_code_begins(void **state)
{
	struct made m;

	make(&m, 20);
	put64(&m, TABLE + 24, 0);
	assert_int_equal(rule_at(&m, F_PUSH, 4).cfa, UNWIND_CFA_NONE);
	put64(&m, 0x300, 0x500000 + 24);
	put64(&m, 0x310, TEXT);
	expect(&m, F_PUSH, 4, 32, UNWIND_AT_CFA);
	put64(&m, 0x300, 0x600000 + 22 * 8);
	expect(&m, F_PUSH, 4, 32, UNWIND_AT_CFA);
	put64(&m, 0x300, 0);
	put64(&m, 0x1800 + 22 * 8, TEXT);
	expect(&m, F_PUSH, 4, 32, UNWIND_AT_CFA);
	put32(&m, 0x100 + 64, NAMED_DATA); // no section of its own
	assert_int_equal(rule_at(&m, F_PUSH, 4).cfa, UNWIND_CFA_NONE);
	put32(&m, 0x100 + 4 * 64, NAMED_GO);
	put64(&m, TABLE + 24, TEXT);
	expect(&m, F_PUSH, 4, 32, UNWIND_AT_CFA);
	put64(&m, 0x100 + 64 + 24, TABLE - 0x40); // in the midst of other data
	expect(&m, F_PUSH, 4, 32, UNWIND_AT_CFA);
}

// No byte, whatever it is, leads out of the file; a run of deltas that does not end is cut off.
static void damaged(void **state)
{
	static const uint8_t bytes[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct unwind_table t = { 0 };
	struct made m, other;

	for (int version = 2; version <= 20; version += version == 2 ? 14 : 2) {
		make(&m, version);
		for (size_t at = 0; at < TABLE_BYTES; at++)
			for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
				other = m;
				other.bytes[TABLE + at] = bytes[i];
				if (unwind_table_build(other.bytes, sizeof other.bytes, &t) == 0)
					unwind_table_find(&t, CODE + at);
				unwind_table_free(&t);
			}
		memset(m.bytes + TABLE + DELTAS, 0xff, TABLE_BYTES - DELTAS);
		assert_int_equal(rule_at(&m, F_SUB, 4).cfa, UNWIND_CFA_NONE);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format), cmocka_unit_test(oldest_format), cmocka_unit_test(where_code_begins), cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// The table of functions in Go binaries: each of its formats and places, and damaged ones.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/sym_table.h"

enum {
	CODE = 0x1000, DATA = 0x2000, TABLE = 0x2100, RELA = 0x2800, MODULE = 0x2900, NOTE = 0x2a00, SECTIONS = 0x3000, NAMES = 0x3400, SIZE = 0x4000,
	LOADED = 0x400000, // address of file offset 0
	TEXT = LOADED + CODE,
};

enum place {
	BY_SECTION,
	BY_NOTE,       // no section has the table's name
	RELOCATED,     // what a C linker makes: where the code begins is in a relocation
	IN_MODULE,     // the header does not say it, the runtime's own description does
};

static const struct function {
	const char *name;
	uint32_t start, end;
} functions[] = { { "main.one", 0, 0x40 }, { "main.(*T).two", 0x40, 0x100 }, { "runtime.gopark", 0x100, 0x180 } };

struct image {
	uint8_t *bytes;
	size_t at; // within the table
};

static void put(struct image *m, uint64_t v, size_t n)
{
	memcpy(m->bytes + TABLE + m->at, &v, n);
	m->at += n;
}

static void header(uint8_t *bytes, size_t nsections)
{
	Elf64_Ehdr e = { .e_type = ET_DYN, .e_machine = ELF_MACHINE, .e_phoff = 64, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 3,
			 .e_shoff = nsections ? SECTIONS : 0, .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = (uint16_t)nsections,
			 .e_shstrndx = (uint16_t)(nsections ? nsections - 1 : 0) };
	const Elf64_Phdr p[] = {
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = CODE, .p_vaddr = TEXT, .p_filesz = 0x1000, .p_memsz = 0x1000 },
		{ .p_type = PT_LOAD, .p_flags = PF_R, .p_offset = DATA, .p_vaddr = LOADED + DATA, .p_filesz = 0x1000, .p_memsz = 0x1000 },
		{ .p_type = PT_NOTE, .p_flags = PF_R, .p_offset = NOTE, .p_vaddr = LOADED + NOTE, .p_filesz = 20, .p_memsz = 20 },
	};

	memcpy(e.e_ident, ELFMAG, SELFMAG);
	e.e_ident[EI_CLASS] = ELFCLASS64;
	e.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(bytes, &e, sizeof e);
	memcpy(bytes + 64, p, sizeof p);
	memcpy(bytes + NOTE, "\4\0\0\0\4\0\0\0\4\0\0\0Go\0\0abcd", 20);
}

static void add_section(uint8_t *bytes, size_t i, const char *name, uint32_t type, uint64_t offset, uint64_t size)
{
	Elf64_Shdr s = { .sh_name = (uint32_t)(1 + i * 32), .sh_type = type, .sh_offset = offset, .sh_addr = LOADED + offset, .sh_size = size };

	strcpy((char *)bytes + NAMES + s.sh_name, name);
	memcpy(bytes + SECTIONS + i * sizeof s, &s, sizeof s);
}

static void sections(uint8_t *bytes, enum place place)
{
	Elf64_Rela r = { .r_offset = LOADED + TABLE + 24, .r_info = 8, .r_addend = TEXT };
	uint64_t text = TEXT;

	memcpy(bytes + RELA, &r, sizeof r);
	if (place == IN_MODULE)
		memcpy(bytes + MODULE + 22 * 8, &text, 8);
	add_section(bytes, 1, place == BY_SECTION ? ".gopclntab" : place == IN_MODULE ? ".data.rel.ro.gopclntab" : ".rodata", SHT_PROGBITS, TABLE, 0x400);
	add_section(bytes, 2, place == RELOCATED ? ".rela.dyn" : ".none", place == RELOCATED ? SHT_RELA : SHT_PROGBITS, RELA, sizeof r);
	add_section(bytes, 3, place == IN_MODULE ? ".go.module" : ".other", SHT_PROGBITS, MODULE, 256);
	add_section(bytes, 4, ".shstrtab", SHT_STRTAB, NAMES, 256);
}

// The parts lie at fixed places: names at 0x80, records at 0x200 + 32 * i, both of the table.
static void table(struct image *m, uint32_t magic, bool text_is_known)
{
	bool old = magic == 0xfffffffb, wide = old || magic == 0xfffffffa;
	uint64_t pairs = old ? 16 : 0x180, size = wide ? 8 : 4, behind = 0x80;

	put(m, magic, 4);
	put(m, 0x08010000, 4);
	put(m, 3, 8);
	if (!old) {
		put(m, 1, 8);
		if (!wide)
			put(m, text_is_known ? TEXT : 0, 8);
		for (int i = 0; i < 5; i++)
			put(m, i == 0 ? 0x80 : i == 4 ? pairs : 0x100, 8);
	}
	for (size_t i = 0; i < 3; i++) {
		uint64_t record = (old ? 0x200 : 0x200 - pairs) + 32 * i, start = functions[i].start + (wide ? TEXT : 0u);

		m->at = pairs + i * 2 * size;
		put(m, start, size);
		put(m, record, size);
		put(m, functions[i].end + (wide ? TEXT : 0u), size); // overwritten by the next one
		m->at = 0x200 + 32 * i;
		put(m, start, size);
		put(m, old ? behind : behind - 0x80, 4);
		strcpy((char *)m->bytes + TABLE + behind, functions[i].name);
		behind += strlen(functions[i].name) + 1;
	}
}

static uint8_t *build(uint32_t magic, enum place place)
{
	struct image m = { .bytes = xcalloc(1, SIZE) };

	header(m.bytes, 5);
	sections(m.bytes, place);
	table(&m, magic, place == BY_SECTION || place == BY_NOTE);
	return m.bytes;
}

static void check_function(void *arg, const struct elf_function *fn)
{
	const struct function *want = &functions[(*(size_t *)arg)++];

	assert_string_equal(fn->name, want->name);
	assert_int_equal(fn->address, TEXT + want->start);
	assert_int_equal(fn->offset, CODE + want->start);
	assert_int_equal(fn->size, want->end - want->start);
	assert_int_equal(fn->source, ELF_GO);
}

static void check(uint8_t *bytes)
{
	struct elf_file *f = NULL;
	struct elf_function fn;
	size_t n = 0;

	assert_int_equal(elf_file_from_memory(bytes, SIZE, &f), 0);
	elf_file_functions(f, check_function, &n);
	assert_int_equal(n, 3);
	assert_int_equal(elf_file_function(f, "main.(*T).two", &fn), 0);
	assert_int_equal(fn.address, TEXT + 0x40);
	assert_true(elf_file_function(f, "main.three", &fn) < 0);
	struct sym_table *t = sym_table_new(f); // takes f
	struct sym_found found = sym_table_find(t, TEXT + 0xff);
	assert_string_equal(found.name, "main.(*T).two");
	assert_int_equal(found.start, TEXT + 0x40);
	assert_int_equal(found.source, SYMBOL_PCLNTAB);
	assert_null(sym_table_find(t, TEXT + 0x180).name);
	sym_table_free(t);
}

static void each_format(void **state)
{
	static const uint32_t magics[] = { 0xfffffffb, 0xfffffffa, 0xfffffff0, 0xfffffff1 };

	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		check(build(magics[i], BY_SECTION));
		check(build(magics[i], BY_NOTE));
	}
}

static void where_the_code_begins(void **state)
{
	check(build(0xfffffff0, RELOCATED));
	check(build(0xfffffff1, RELOCATED));
	check(build(0xfffffff1, IN_MODULE));
}

// Only a Go linker's note makes the data worth a search; and what nothing places is left alone.
static void others_have_none(void **state)
{
	uint8_t *no_note = build(0xfffffff1, BY_NOTE), *no_text = build(0xfffffff1, IN_MODULE);
	struct elf_file *f = NULL;
	struct elf_function fn;

	no_note[NOTE + 12] = 'X';
	assert_int_equal(elf_file_from_memory(no_note, SIZE, &f), 0);
	assert_true(elf_file_function(f, "main.one", &fn) < 0);
	elf_file_close(f);
	memset(no_text + MODULE, 0, 256);
	assert_int_equal(elf_file_from_memory(no_text, SIZE, &f), 0);
	assert_true(elf_file_function(f, "main.one", &fn) < 0);
	elf_file_close(f);
}

static void count_function(void *arg, const struct elf_function *fn)
{
	*(size_t *)arg += strlen(fn->name) + (fn->offset < SIZE ? 0 : 1000000);
}

static void ask(uint8_t *bytes, size_t size)
{
	struct elf_file *f = NULL;
	struct elf_function fn;
	size_t sum = 0;

	if (elf_file_from_memory(bytes, size, &f) < 0)
		return;
	elf_file_functions(f, count_function, &sum);
	assert_true(sum < 1000000);
	elf_file_function(f, "main.none", &fn);
	struct sym_table *t = sym_table_new(f); // takes f
	for (uint64_t a = TEXT; a < TEXT + 0x200; a += 0x20)
		sym_table_find(t, a);
	sym_table_free(t);
}

// Each byte of header, pairs, records, relocation and names set to values that count too far, and the file cut at each place.
static void damaged(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	static const enum place places[] = { BY_SECTION, BY_NOTE, RELOCATED, IN_MODULE };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_free_ uint8_t *good = build(i % 2 ? 0xfffffff0 : 0xfffffff1, places[i]), *wide = build(i % 2 ? 0xfffffffa : 0xfffffffb, BY_SECTION);

		for (size_t at = TABLE; at < TABLE + 0x280; at++)
			for (size_t v = 0; v < ARRAY_SIZE(values) * 2; v++) {
				uint8_t *copy = xmalloc(SIZE);

				memcpy(copy, v % 2 ? good : wide, SIZE);
				copy[at] = values[v / 2];
				ask(copy, SIZE);
			}
		for (size_t size = sizeof(Elf64_Ehdr); size < SIZE; size += 61) {
			uint8_t *copy = xmalloc(size);

			memcpy(copy, good, size);
			ask(copy, size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format), cmocka_unit_test(where_the_code_begins), cmocka_unit_test(others_have_none), cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// ELF files made to keep a reader busy, or to fill its memory: tables larger than the file, sections and records that lie over one
// another, names of megabytes, holes of terabytes. What is asked of them ends soon, since the work is bounded by the file's size.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/lines.h"
#include "runtime/symbols/plt.h"
#include "runtime/symbols/sym_table.h"
#include "runtime/unwind/image_file.h"
#include "runtime/unwind/table.h"
#include "runtime/usdt_note.h"

enum {
	SIZE = 1 << 20,
	NAMES = 0x800, // of sections
	CODE = 0x1000, // offset and address
	BODY = 0x2000, // what the case is about
	SECTIONS = SIZE / 2,
	MANY = 2500, // sections of a name
};

struct maker {
	uint8_t *bytes;
	Elf64_Shdr *section; // [0] is none, [1] has the names
	Elf64_Ehdr *header;
};

static const char names[] = "\0.shstrtab\0.plt\0.rela.dyn\0.note.stapsdt\0.symtab\0.strtab\0.eh_frame\0.eh_frame_hdr\0.debug_info\0.debug_abbrev";

static uint32_t name_of(const char *name)
{
	for (size_t i = 1; i < sizeof names; i += strlen(names + i) + 1)
		if (strcmp(names + i, name) == 0)
			return (uint32_t)i;
	abort();
}

static void begin(struct maker *m)
{
	Elf64_Phdr code = { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0, .p_filesz = SIZE };

	m->bytes = xcalloc(1, SIZE);
	m->header = (Elf64_Ehdr *)m->bytes;
	*m->header = (Elf64_Ehdr){ .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_DYN, .e_machine = ELF_MACHINE,
				   .e_phoff = 64, .e_phentsize = sizeof code, .e_phnum = 1, .e_shoff = SECTIONS, .e_shentsize = sizeof(Elf64_Shdr),
				   .e_shnum = 2, .e_shstrndx = 1 };
	memcpy(m->bytes + 64, &code, sizeof code);
	memcpy(m->bytes + NAMES, names, sizeof names);
	m->section = (Elf64_Shdr *)(m->bytes + SECTIONS);
	m->section[1] = (Elf64_Shdr){ .sh_name = 1, .sh_type = SHT_STRTAB, .sh_offset = NAMES, .sh_size = sizeof names };
}

static unsigned add(struct maker *m, const char *name, uint32_t type, uint64_t offset, uint64_t size)
{
	m->section[m->header->e_shnum] = (Elf64_Shdr){ .sh_name = name_of(name), .sh_type = type, .sh_offset = offset, .sh_addr = offset, .sh_size = size };
	return m->header->e_shnum++;
}

static struct elf_file *open_made(struct maker *m) // takes its bytes
{
	struct elf_file *f = NULL;

	assert_int_equal(elf_file_from_memory(m->bytes, SIZE, &f), 0);
	return f;
}

static void count_stub(void *arg, uint64_t address, uint32_t size, uint32_t symbol)
{
	++*(size_t *)arg;
}

static void count_symbol(void *arg, const struct elf_symbol *s)
{
	++*(size_t *)arg;
}

static void add_names(void *arg, const struct elf_function *fn)
{
	*(size_t *)arg += strlen(fn->name);
}

static void put_relocation(struct maker *m, uint64_t at, uint64_t word)
{
	*(Elf64_Rela *)(m->bytes + at) = (Elf64_Rela){ .r_offset = word, .r_info = ELF64_R_INFO(1, 7) };
}

// A stub that jumps by the word at `word`.
static void put_stub(struct maker *m, uint64_t at, uint64_t word)
{
#if defined(__x86_64__)
	int32_t to = (int32_t)(word - at - 6);

	m->bytes[at] = 0xff;
	m->bytes[at + 1] = 0x25;
	memcpy(m->bytes + at + 2, &to, sizeof to);
#else
	uint32_t code[2] = { 0x90000010 | (uint32_t)(((word >> 12) - (at >> 12)) & 3) << 29 | (uint32_t)(((word >> 12) - (at >> 12)) >> 2 & 0x7ffff) << 5,
			     0xf9400211 | (uint32_t)(word & 0xfff) / 8 << 10 };

	memcpy(m->bytes + at, code, sizeof code);
#endif
}

static void tables_end_with_the_file(void **state)
{
	struct maker m;
	size_t n = 0, stubs = 0;

	begin(&m);
	unsigned symbols = add(&m, ".symtab", SHT_SYMTAB, SIZE - 48, UINT64_MAX - 100);
	m.section[symbols].sh_entsize = sizeof(Elf64_Sym);
	m.section[symbols].sh_link = add(&m, ".strtab", SHT_STRTAB, BODY, 100);
	*(Elf64_Sym *)(m.bytes + SIZE - 24) = (Elf64_Sym){ .st_name = 1, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 1, .st_value = CODE };
	add(&m, ".rela.dyn", SHT_RELA, SIZE - 96, UINT64_MAX / 2);
	put_relocation(&m, SIZE - 96, BODY);
	add(&m, ".plt", SHT_PROGBITS, CODE, 16);
	put_stub(&m, CODE, BODY);
	struct elf_file *f = open_made(&m);
	elf_file_code_symbols(f, count_symbol, &n);
	assert_int_equal(n, 1);
	plt_each(f, count_stub, &stubs);
	assert_int_equal(stubs, 1);
	elf_file_close(f);
}

static void sections_over_one_another_count_once(void **state)
{
	struct arena *a = arena_new();
	const struct binary_usdt *notes;
	struct maker m;
	size_t stubs = 0, n;

	begin(&m);
	add(&m, ".rela.dyn", SHT_RELA, BODY, 24);
	put_relocation(&m, BODY, CODE);
	for (size_t at = 0x4000; at < 0x40000; at += 16)
		put_stub(&m, at, CODE);
	const struct __attribute__((packed)) { Elf64_Nhdr h; char owner[8]; uint64_t at[3]; char text[8]; } note = {
		{ 8, 32, 3 }, "stapsdt", { CODE, 0, 0 }, "a\0b\0"
	};
	for (size_t at = 0x40000; at < 0x70000; at += sizeof note)
		memcpy(m.bytes + at, &note, sizeof note);
	for (unsigned i = 0; i < MANY; i++) {
		add(&m, ".plt", SHT_PROGBITS, 0x4000, 0x3c000);
		add(&m, ".rela.dyn", SHT_RELA, 0x4000, 0x3c000);
		add(&m, ".note.stapsdt", SHT_NOTE, 0x40000, 0x30000);
	}
	struct elf_file *f = open_made(&m);
	plt_each(f, count_stub, &stubs);
	assert_true(stubs >= 0x3c00);
	assert_true(stubs <= SIZE / 8);
	usdt_notes(f, a, &notes, &n);
	assert_true(n >= 0x30000 / sizeof note);
	assert_true(n <= SIZE / sizeof note);
	elf_file_build_id(f, &(const uint8_t *){ NULL });
	elf_file_close(f);
	arena_free(a);
}

static void long_names_are_read_once(void **state)
{
	const uint64_t most = 0x40000;
	struct maker m;
	size_t sum = 0, n = 0x40000 / sizeof(Elf64_Sym);

	begin(&m);
	memset(m.bytes + BODY, 'x', most);
	m.bytes[BODY] = m.bytes[BODY + most - 1] = 0;
	unsigned symbols = add(&m, ".symtab", SHT_SYMTAB, SIZE - 0x40000, 0x40000);
	m.section[symbols].sh_entsize = sizeof(Elf64_Sym);
	m.section[symbols].sh_link = add(&m, ".strtab", SHT_STRTAB, BODY, most);
	for (size_t i = 0; i < n; i++)
		((Elf64_Sym *)(m.bytes + SIZE - 0x40000))[i] = (Elf64_Sym){ .st_name = 1, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 1,
									    .st_value = CODE + i % 2, .st_size = 1 };
	struct elf_file *f = open_made(&m);
	elf_file_functions(f, add_names, &sum);
	assert_true(sum >= most - 2);
	assert_true(sum <= most * 16 + n * 256);
	struct sym_table *t = sym_table_new(f);
	assert_null(sym_table_find(t, CODE).name); // longer than any name is
	sym_table_free(t);
}

// Records ------------------------------------------------------------------------------------------------------------------

struct record { // of .eh_frame: an FDE whose program goes on to the section's end
	uint32_t length, cie;
	uint64_t begin, size;
};

static size_t rows_of(const uint8_t *bytes)
{
	struct unwind_table t = { 0 };

	assert_int_equal(unwind_table_build(bytes, SIZE, &t), 0);
	size_t rows = t.nrows;
	assert_true((uint64_t)t.npages << UNWIND_PAGE_SHIFT <= SIZE + (1u << UNWIND_PAGE_SHIFT)); // no code lies behind the file
	unwind_table_free(&t);
	return rows;
}

static void programs_over_one_another_end(void **state)
{
	static const uint8_t cie[] = { 16, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1, 0, 0 };
	const uint32_t n = 0x40000 / sizeof(struct record);
	struct maker m;

	begin(&m);
	memcpy(m.bytes + BODY, cie, sizeof cie);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = (uint32_t)sizeof cie + i * (uint32_t)sizeof(struct record);
		struct record r = { 0x40000 - 4 - i * (uint32_t)sizeof r, at + 4, CODE + i, (uint64_t)SIZE << 8 };

		memcpy(m.bytes + BODY + at, &r, sizeof r);
	}
	add(&m, ".eh_frame", SHT_PROGBITS, BODY, 0x40100);
	unsigned index = add(&m, ".eh_frame_hdr", SHT_PROGBITS, SIZE - 0x20000, 0x20000);
	int32_t *head = (int32_t *)(m.bytes + m.section[index].sh_offset);
	memcpy(head, (uint8_t[]){ 1, 0xff & 0x1b, 3, 0x3b }, 4);
	head[1] = (int32_t)(BODY - m.section[index].sh_addr - 4);
	head[2] = (int32_t)n;
	for (uint32_t i = 0; i < n; i++) {
		head[3 + i * 2] = (int32_t)(CODE + i - m.section[index].sh_addr);
		head[4 + i * 2] = (int32_t)(BODY + sizeof cie + i * sizeof(struct record) - m.section[index].sh_addr);
	}
	assert_true(rows_of(m.bytes) > 1);
	free(m.bytes);
}

// Packed sections ----------------------------------------------------------------------------------------------------------

// 0, or why there are no lines in a file whose .debug_info is so many bytes, packed: zeros, or what cannot be packed much.
static int open_packed(uint64_t size, bool zeros)
{
	_free_ uint8_t *plain = xcalloc(1, size);
	struct lines *l = NULL;
	struct maker m;
	char path[64];
	uLongf n = SIZE / 2 - BODY - sizeof(Elf64_Chdr);

	for (uint64_t i = 0; !zeros && i < size; i++)
		plain[i] = (uint8_t)(i * i >> 5);
	begin(&m);
	*(Elf64_Chdr *)(m.bytes + BODY) = (Elf64_Chdr){ .ch_type = ELFCOMPRESS_ZLIB, .ch_size = size, .ch_addralign = 1 };
	assert_int_equal(compress(m.bytes + BODY + sizeof(Elf64_Chdr), &n, plain, size), Z_OK);
	m.section[add(&m, ".debug_info", SHT_PROGBITS, BODY, sizeof(Elf64_Chdr) + n)].sh_flags = SHF_COMPRESSED;
	add(&m, ".debug_abbrev", SHT_PROGBITS, CODE, 16);
	_close_ int fd = memfd_create("packed", 0);
	assert_int_equal(write_all(fd, m.bytes, SIZE), 0);
	free(m.bytes);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int err = lines_open_file(path, &l);
	lines_free(l);
	return err;
}

static void packed_zeros_are_not_unpacked(void **state)
{
	assert_int_equal(open_packed(100000, false), 0);
	assert_true(open_packed(32 << 20, true) < 0);
}

// A sparse file --------------------------------------------------------------------------------------------------------------

static void holes_are_not_read(void **state)
{
	const uint64_t size = (uint64_t)1 << 39;
	struct elf_file *f = NULL;
	struct unwind_table t = { 0 };
	struct maker m;
	char path[64];
	size_t n = 0;
	struct image_file *file = image_file_new();
	struct image image;

	begin(&m);
	m.header->e_phnum = 0;
	unsigned symbols = add(&m, ".symtab", SHT_SYMTAB, SIZE, size - SIZE);
	m.section[symbols].sh_entsize = sizeof(Elf64_Sym);
	m.section[symbols].sh_link = add(&m, ".strtab", SHT_STRTAB, SIZE, size - SIZE);
	add(&m, ".eh_frame", SHT_PROGBITS, SIZE, size - SIZE);
	m.section[add(&m, ".eh_frame_hdr", SHT_PROGBITS, 0x700, size - SIZE)].sh_addr = 0x700;
	memcpy(m.bytes + 0x700, (uint8_t[]){ 1, 0x1b, 3, 0x3b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff }, 12);
	_close_ int fd = memfd_create("sparse", 0);
	assert_int_equal(write_all(fd, m.bytes, SIZE), 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	free(m.bytes);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (elf_file_open(path, &f) == 0) { // unless so much cannot even be reserved
		elf_file_functions(f, add_names, &n);
		elf_file_code_symbols(f, count_symbol, &n);
		assert_int_equal(n, 0);
		elf_file_close(f);
	}
	assert_int_equal(image_file_open(file, fd, size, &image), 0);
	assert_int_equal(image_file_read_frames(file, &image), 0);
	assert_int_equal(unwind_table_of(&image, &t), 0);
	assert_int_equal(t.nrows, 0);
	unwind_table_free(&t);
	image_file_free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_end_with_the_file), cmocka_unit_test(sections_over_one_another_count_once), cmocka_unit_test(long_names_are_read_once),
		cmocka_unit_test(programs_over_one_another_end), cmocka_unit_test(packed_zeros_are_not_unpacked), cmocka_unit_test(holes_are_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

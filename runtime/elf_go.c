// SPDX-License-Identifier: Apache-2.0
// elf_go.c - the functions that a Go binary knows itself: its runtime finds them by pclntab, which no strip takes away.
//
// Layout, by Go's src/debug/gosym/pclntab.go and runtime/symtab.go: a header of magic, two zeros, the unit of code addresses, the
// size of a pointer, and words: how many functions, files, (1.18) where the code begins, and offsets of the parts; a sorted table of
// pairs (entry, offset of the function's record) that ends with the end of the last one; records that begin with the entry and
// the offset of a name. Addresses are pointers up to 1.17, then 32 bits behind the code's beginning.
#include <string.h>

#include "base/util.h"
#include "runtime/elf_private.h"

#define LONGEST_NAME 65536
#define MOST_TRIES 64 // of places that look like a header

static const struct go_format {
	uint32_t magic;
	uint8_t words;    // of the header
	uint8_t text;     // which word is where the code begins; 0: entries are addresses
	uint8_t names;    // … the offset of the names; 0: they count from the table's first byte
	uint8_t functions; // … the offset of the pairs, from which records count too; 0: they follow the header
} formats[] = {
	{ 0xfffffffb, 1, 0, 0, 0 }, // Go 1.2
	{ 0xfffffffa, 7, 0, 2, 6 }, // 1.16
	{ 0xfffffff0, 8, 2, 3, 7 }, // 1.18
	{ 0xfffffff1, 8, 2, 3, 7 }, // 1.20
};

#define HEAD 8 // bytes in front of the header's words
#define MODULE_TEXT 22 // word of the runtime's moduledata where the code begins

static bool read_at(const struct elf_file *f, uint64_t offset, void *ret, size_t n)
{
	const void *p = elf_file_bytes(f, offset, n);

	if (p)
		memcpy(ret, p, n);
	return p != NULL;
}

static bool address_of(const struct elf_file *f, uint64_t offset, uint64_t *address)
{
	for (size_t i = 0; i < f->nsegments; i++) {
		const Elf64_Phdr *p = &f->segments[i];

		if (p->p_type != PT_LOAD || offset < p->p_offset || offset - p->p_offset >= p->p_filesz)
			continue;
		*address = p->p_vaddr + (offset - p->p_offset);
		return true;
	}
	return false;
}

// A pointer in the file: of a PIE that a C linker made, only the relocation knows it.
static uint64_t pointer_at(const struct elf_file *f, uint64_t offset)
{
	const Elf64_Shdr *s = elf_section_typed(f, SHT_RELA);
	const Elf64_Rela *r = s ? elf_table(f, s->sh_offset, s->sh_size / sizeof *r, sizeof *r) : NULL;
	uint64_t value = 0, address;

	if (!read_at(f, offset, &value, sizeof value) || value || !r || !address_of(f, offset, &address))
		return value;
	for (uint64_t i = 0; i < s->sh_size / sizeof *r; i++)
		if (r[i].r_offset == address)
			return (uint64_t)r[i].r_addend;
	return 0;
}

static uint64_t text_start(const struct elf_file *f, uint64_t header_word)
{
	uint64_t start = pointer_at(f, header_word);
	struct elf_section s;

	if (!start && elf_file_section_named(f, ".go.module", &s) && s.type != SHT_NOBITS) // since 1.26 the header's is always 0
		start = pointer_at(f, s.offset + MODULE_TEXT * 8);
	return start;
}

static const struct go_format *format_of(const uint8_t *head)
{
	uint32_t magic;

	memcpy(&magic, head, sizeof magic);
	if (head[4] || head[5] || (head[6] != 1 && head[6] != 2 && head[6] != 4) || head[7] != 8)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].magic == magic)
			return &formats[i];
	return NULL;
}

// A table at `offset`, in a part of the file that ends `size` bytes behind it.
static bool read_table(const struct elf_file *f, uint64_t offset, uint64_t size, struct go_table *t)
{
	const uint8_t *head = size >= HEAD ? elf_file_bytes(f, offset, HEAD) : NULL;
	const struct go_format *format = head ? format_of(head) : NULL;
	uint64_t word[8] = { 0 };

	if (!format || size < HEAD + format->words * 8u || !read_at(f, offset + HEAD, word, format->words * 8u))
		return false;
	t->offset = offset;
	t->size = size;
	t->is_wide = !format->text;
	t->records = format->functions ? word[format->functions] : 0;
	t->pairs = format->functions ? t->records : HEAD + 8;
	t->names = format->names ? word[format->names] : 0;
	t->n = word[0];
	if (t->pairs > size || t->names >= size || !t->n || t->n >= (size - t->pairs) / (t->is_wide ? 16 : 8))
		return false;
	t->text = format->text ? text_start(f, offset + HEAD + format->text * 8u) : 0;
	return t->is_wide || t->text;
}

// The linker's note, which is there whatever was stripped.
static bool has_go_note(const struct elf_file *f)
{
	static const char name[] = "\4\0\0\0Go\0"; // type 4; the owner's name
	uint64_t left = f->size;

	for (size_t i = 0; i < f->nsegments; i++) {
		const Elf64_Phdr *p = &f->segments[i];
		const void *notes = p->p_type == PT_NOTE ? elf_file_bytes(f, p->p_offset, p->p_filesz) : NULL;

		if (notes && elf_file_spend(&left, p->p_filesz) && memmem(notes, p->p_filesz, name, sizeof name))
			return true;
	}
	return false;
}

// Where no section has its name, the table lies in a segment's data, on a boundary of 8.
static bool scan(const struct elf_file *f, struct go_table *t)
{
	unsigned tries = MOST_TRIES;
	uint64_t left = f->size;

	for (size_t i = 0; i < f->nsegments; i++) {
		const Elf64_Phdr *p = &f->segments[i];
		uint64_t at = ALIGN_UP(p->p_offset, 8), end = p->p_offset + MIN(p->p_filesz, f->size);
		bool data = p->p_type == PT_LOAD && !(p->p_flags & PF_X) && elf_file_spend(&left, p->p_filesz);
		const uint8_t *bytes = data ? elf_file_bytes(f, p->p_offset, p->p_filesz) : NULL;

		for (; bytes && tries && at < end && end - at > HEAD; at += 8)
			if (format_of(bytes + (at - p->p_offset)) && tries-- && read_table(f, at, end - at, t))
				return true;
	}
	return false;
}

static bool find_table(const struct elf_file *f, struct go_table *t)
{
	struct elf_section s;

	if (elf_file_section_named(f, ".gopclntab", &s) || elf_file_section_named(f, ".data.rel.ro.gopclntab", &s))
		return s.type != SHT_NOBITS && read_table(f, s.offset, s.size, t);
	return has_go_note(f) && scan(f, t);
}

const struct go_table *elf_go_table(struct elf_file *f)
{
	if (!f->go_looked_for && !find_table(f, &f->go))
		f->go.n = 0;
	f->go_looked_for = true;
	return f->go.n ? &f->go : NULL;
}

// Entry and record of pair i; i is n for the end of the last function.
static bool read_pair(const struct elf_file *f, const struct go_table *t, uint64_t i, uint64_t *entry, uint64_t *record)
{
	uint64_t at = t->offset + t->pairs, wide[2] = { 0 };
	uint32_t narrow[2];

	if (t->is_wide) // the end has no record
		return read_at(f, at + i * 16, wide, i < t->n ? 16 : 8) && (*entry = wide[0], *record = wide[1], true);
	if (!read_at(f, at + i * 8, narrow, i < t->n ? 8 : 4))
		return false;
	*entry = t->text + narrow[0];
	*record = i < t->n ? narrow[1] : 0;
	return true;
}

void elf_go_each(struct elf_file *f, const struct go_table *t, void (*each)(void *arg, const struct elf_symbol *s), void *arg)
{
	uint64_t entry, record, end, next, offset;

	if (!read_pair(f, t, 0, &entry, &record))
		return;
	for (uint64_t i = 0; i < t->n && read_pair(f, t, i + 1, &end, &next); i++, entry = end, record = next)
		if (entry < end && record < t->size && record <= UINT32_MAX && elf_file_offset(f, entry, true, &offset))
			each(arg, &(struct elf_symbol){ .address = entry, .size = end - entry, .room = end - entry, .name = (uint32_t)record,
							.binding = STB_GLOBAL, .source = ELF_GO });
}

// `record`: where the function's record is.
const char *elf_go_name(const struct elf_file *f, uint32_t record)
{
	const struct go_table *t = &f->go;
	uint64_t at = t->records + record + (t->is_wide ? 8 : 4), most;
	const char *name;
	uint32_t behind;

	if (!t->n || at > t->size || t->size - at < 4 || !read_at(f, t->offset + at, &behind, 4) || behind >= t->size - t->names)
		return NULL;
	most = MIN(t->size - t->names - behind, (uint64_t)LONGEST_NAME);
	name = elf_file_bytes(f, t->offset + t->names + behind, most);
	return name && *name && memchr(name, '\0', most) ? name : NULL;
}

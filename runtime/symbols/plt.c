// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/plt.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/elf_file.h"

#define PART 32768 // relocations that are read at a time

struct slot { // a word of the global offset table
	uint64_t address;
	uint32_t symbol;
};

struct slots {
	VEC(struct slot) list;     // by address
	VEC(uint32_t) by_number; // symbols of .rela.plt in order: what a lazy stub pushes
};

static void add_part(const uint8_t *p, uint64_t n, bool lazy, struct slots *out)
{
	for (uint64_t i = 0; p && i < n; i++) {
		Elf64_Rela r;

		memcpy(&r, p + i * sizeof r, sizeof r);
		if (lazy)
			vec_push(NULL, &out->by_number, (uint32_t)ELF64_R_SYM(r.r_info));
		if (ELF64_R_SYM(r.r_info))
			vec_push(NULL, &out->list, (struct slot){ r.r_offset, (uint32_t)ELF64_R_SYM(r.r_info) });
	}
}

// In parts, each of which is given back: all of a library's may be ten megabytes.
static void add_relocations(struct elf_file *f, const struct elf_section *s, struct slots *out)
{
	bool lazy = strcmp(s->name, ".rela.plt") == 0;
	uint64_t n = s->type == SHT_RELA ? elf_file_within(f, s->offset, s->size) / sizeof(Elf64_Rela) : 0;

	for (uint64_t from = 0; from < n; from += PART) {
		uint64_t at = s->offset + from * sizeof(Elf64_Rela), some = MIN(n - from, (uint64_t)PART);

		add_part(elf_file_bytes(f, at, some * sizeof(Elf64_Rela)), some, lazy, out);
		elf_file_drop(f, at, some * sizeof(Elf64_Rela));
	}
	if (n)
		elf_file_drop(f, s->offset, s->size);
}

static int compare(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static uint32_t symbol_of(const struct slots *s, uint64_t address)
{
	const struct slot key = { .address = address };
	const struct slot *found = s->list.n ? bsearch(&key, s->list.v, s->list.n, sizeof key, compare) : NULL;

	return found ? found->symbol : 0;
}

#define NAME_PART ((uint64_t)256) // bytes of a name that are read at first
#define LONGEST_NAME 65536u
#define STUB 16 // bytes; those of .plt.got may be half as long

#if defined(__x86_64__)
// endbr64 (f3 0f 1e fa), perhaps bnd (f2), jmp *WORD(%rip) (ff 25 and four bytes); or, before the word is set, push NUMBER (68
// and four bytes), jmp.
static uint32_t stub_symbol(const uint8_t *p, size_t n, uint64_t address, const struct slots *s)
{
	size_t i = n >= 4 && memcmp(p, "\xf3\x0f\x1e\xfa", 4) == 0 ? 4 : 0;
	int32_t to;
	uint32_t number;

	if (i + 7 <= n && p[i] == 0xf2)
		i++;
	if (i + 6 <= n && p[i] == 0xff && p[i + 1] == 0x25) {
		memcpy(&to, p + i + 2, 4);
		return symbol_of(s, address + i + 6 + (uint64_t)(int64_t)to);
	}
	if (i + 5 <= n && p[i] == 0x68) {
		memcpy(&number, p + i + 1, 4);
		return number < s->by_number.n ? s->by_number.v[number] : 0;
	}
	return 0;
}
#else
// bti c perhaps, adrp x16, WORD's page; ldr x17, [x16, WORD's offset]
static uint32_t stub_symbol(const uint8_t *p, size_t n, uint64_t address, const struct slots *s)
{
	uint32_t i[3] = { 0 };

	memcpy(i, p, MIN(n, sizeof i));
	size_t at = i[0] == 0xd503245f;
	if ((i[at] & 0x9f00001f) != 0x90000010 || (i[at + 1] & 0xffc003ff) != 0xf9400211)
		return 0;
	int64_t pages = (int64_t)((uint64_t)((i[at] >> 5 & 0x7ffff) << 2 | (i[at] >> 29 & 3)) << 43) >> 43;
	return symbol_of(s, ((address + at * 4) & ~0xfffull) + (uint64_t)(pages * 4096) + (i[at + 1] >> 10 & 0xfff) * 8);
}
#endif

const char *plt_symbol_name(struct elf_file *f, uint32_t symbol)
{
	struct elf_section s, t;
	Elf64_Sym sym;

	if (!elf_file_section_named(f, ".dynsym", &s) || s.type != SHT_DYNSYM || symbol >= s.size / sizeof sym || !elf_file_section(f, s.link, &t) ||
	    t.type != SHT_STRTAB)
		return NULL;
	const void *at = elf_file_bytes(f, s.offset + symbol * sizeof sym, sizeof sym);
	if (!at)
		return NULL;
	memcpy(&sym, at, sizeof sym);
	uint64_t rest = sym.st_name < t.size ? MIN(t.size - sym.st_name, LONGEST_NAME) : 0;
	for (uint64_t have = MIN(rest, NAME_PART); have; have = MIN(rest, have * 16)) {
		const char *p = elf_file_bytes(f, t.offset + sym.st_name, have);

		if (!p || !*p)
			return NULL;
		if (memchr(p, '\0', have))
			return p;
		if (have == rest)
			return NULL;
	}
	return NULL;
}

void plt_each(struct elf_file *f, void (*each)(void *arg, uint64_t address, uint32_t size, uint32_t symbol), void *arg)
{
	struct slots slots = { 0 };
	struct elf_section s;
	uint64_t left = elf_file_size(f);

	for (size_t i = 0; elf_file_section(f, i, &s); i++)
		if ((strcmp(s.name, ".rela.plt") == 0 || strcmp(s.name, ".rela.dyn") == 0) && elf_file_spend(&left, elf_file_within(f, s.offset, s.size)))
			add_relocations(f, &s, &slots);
	if (slots.list.n)
		qsort(slots.list.v, slots.list.n, sizeof *slots.list.v, compare);
	left = elf_file_size(f);
	for (size_t i = 0; slots.list.n && elf_file_section(f, i, &s); i++) {
		bool stubs = strncmp(s.name, ".plt", 4) == 0 && s.type == SHT_PROGBITS && elf_file_spend(&left, s.size);
		const uint8_t *p = stubs ? elf_file_bytes(f, s.offset, s.size) : NULL;
		uint64_t step = s.entsize == 8 || s.entsize == 24 ? s.entsize : STUB;

		for (uint64_t at = 0; p && at < s.size; at += step) {
			uint32_t symbol = stub_symbol(p + at, (size_t)MIN(step, s.size - at), s.address + at, &slots);

			if (symbol)
				each(arg, s.address + at, (uint32_t)step, symbol);
		}
	}
	vec_free(&slots.list);
	vec_free(&slots.by_number);
}

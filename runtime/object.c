// SPDX-License-Identifier: Apache-2.0
#include "runtime/object.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/util.h"

struct relocs {
	struct object_reloc *v;
	size_t n;
};

struct object {
	const uint8_t *bytes;
	size_t len;
	struct object_section *sections;
	struct relocs *relocs; // by the section they are for
	size_t nsections;
	uint32_t *by_name; // sections 1 and on, in the order of their names, then of their indexes
	struct object_symbol *symbols;
	size_t nsymbols;
	const char *why;
};

static int bad(struct object *o, const char *why)
{
	o->why = why;
	return -EINVAL;
}

static int read_header(struct object *o, Elf64_Ehdr *h)
{
	if (o->len < sizeof *h || memcmp(o->bytes, ELFMAG, SELFMAG) != 0)
		return bad(o, "it is no ELF file");
	memcpy(h, o->bytes, sizeof *h);
	if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_machine != EM_BPF || h->e_type != ET_REL)
		return bad(o, "it is no BPF object file");
	if (h->e_shentsize != sizeof(Elf64_Shdr) || h->e_shnum == 0 || h->e_shoff > o->len ||
	    (size_t)h->e_shnum * sizeof(Elf64_Shdr) > o->len - h->e_shoff || h->e_shstrndx >= h->e_shnum)
		return bad(o, "its section table is malformed");
	return 0;
}

static Elf64_Shdr header_at(const struct object *o, const Elf64_Ehdr *h, size_t i)
{
	Elf64_Shdr s;

	memcpy(&s, o->bytes + h->e_shoff + i * sizeof s, sizeof s);
	return s;
}

// A NUL-terminated string inside a section; NULL if it has no end there.
static const char *string_at(const struct object_section *s, uint64_t at)
{
	if (!s->data || at >= s->size || !memchr(s->data + at, '\0', s->size - at))
		return NULL;
	return (const char *)s->data + at;
}

static int read_sections(struct object *o, const Elf64_Ehdr *h)
{
	o->sections = xcalloc(h->e_shnum, sizeof *o->sections);
	o->relocs = xcalloc(h->e_shnum, sizeof *o->relocs);
	o->nsections = h->e_shnum;
	for (size_t i = 0; i < o->nsections; i++) {
		Elf64_Shdr s = header_at(o, h, i);
		bool has_bytes = s.sh_type != SHT_NOBITS && s.sh_type != SHT_NULL;

		if (has_bytes && (s.sh_offset > o->len || s.sh_size > o->len - s.sh_offset))
			return bad(o, "a section lies outside the file");
		if (s.sh_size > UINT32_MAX)
			return bad(o, "a section is too large");
		o->sections[i] = (struct object_section){ .type = s.sh_type, .flags = s.sh_flags, .size = s.sh_size,
							  .data = has_bytes ? o->bytes + s.sh_offset : NULL };
	}
	for (size_t i = 0; i < o->nsections; i++) {
		Elf64_Shdr s = header_at(o, h, i);

		o->sections[i].name = i ? string_at(&o->sections[h->e_shstrndx], s.sh_name) : "";
		if (!o->sections[i].name)
			return bad(o, "a section has no name");
	}
	return 0;
}

static int compare_sections(const void *a, const void *b, void *arg)
{
	const struct object *o = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int c = strcmp(o->sections[x].name, o->sections[y].name);

	return c ? c : x < y ? -1 : x > y;
}

static void sort_sections(struct object *o)
{
	o->by_name = xcalloc(o->nsections, sizeof *o->by_name);
	for (uint32_t i = 1; i < o->nsections; i++)
		o->by_name[i - 1] = i;
	qsort_r(o->by_name, o->nsections - 1, sizeof *o->by_name, compare_sections, o);
}

static int read_symbols(struct object *o, const Elf64_Ehdr *h)
{
	for (size_t i = 0; i < o->nsections; i++) {
		Elf64_Shdr s = header_at(o, h, i);

		if (s.sh_type != SHT_SYMTAB || o->symbols)
			continue;
		if (s.sh_link >= o->nsections)
			return bad(o, "its symbol table has no names");
		o->nsymbols = s.sh_size / sizeof(Elf64_Sym);
		o->symbols = xcalloc(o->nsymbols, sizeof *o->symbols);
		for (size_t k = 0; k < o->nsymbols; k++) {
			Elf64_Sym sym;

			memcpy(&sym, o->sections[i].data + k * sizeof sym, sizeof sym);
			const char *name = string_at(&o->sections[s.sh_link], sym.st_name);
			o->symbols[k] = (struct object_symbol){ name ? name : "", sym.st_value, sym.st_size, sym.st_shndx,
								ELF64_ST_TYPE(sym.st_info) };
		}
	}
	return 0;
}

static int read_relocs(struct object *o, const Elf64_Ehdr *h)
{
	for (size_t i = 0; i < o->nsections; i++) {
		Elf64_Shdr s = header_at(o, h, i);

		if (s.sh_type != SHT_REL)
			continue;
		if (s.sh_info >= o->nsections || o->relocs[s.sh_info].v)
			return bad(o, "relocations are for no section");
		struct relocs *r = &o->relocs[s.sh_info];
		r->n = s.sh_size / sizeof(Elf64_Rel);
		r->v = xcalloc(r->n, sizeof *r->v);
		for (size_t k = 0; k < r->n; k++) {
			Elf64_Rel rel;

			memcpy(&rel, o->sections[i].data + k * sizeof rel, sizeof rel);
			r->v[k] = (struct object_reloc){ rel.r_offset, ELF64_R_TYPE(rel.r_info), ELF64_R_SYM(rel.r_info) };
			if (r->v[k].symbol >= o->nsymbols)
				return bad(o, "a relocation has no symbol");
		}
	}
	return 0;
}

int object_open(const void *bytes, size_t n, struct object **ret, const char **why)
{
	struct object *o = xcalloc(1, sizeof *o);
	Elf64_Ehdr h;
	int err;

	o->bytes = bytes;
	o->len = n;
	err = read_header(o, &h);
	if (!err)
		err = read_sections(o, &h);
	if (!err)
		sort_sections(o);
	if (!err)
		err = read_symbols(o, &h);
	if (!err)
		err = read_relocs(o, &h);
	if (err) {
		*why = o->why;
		object_close(o);
		return err;
	}
	*ret = o;
	return 0;
}

void object_close(struct object *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->nsections; i++)
		free(o->relocs[i].v);
	free(o->relocs);
	free(o->by_name);
	free(o->sections);
	free(o->symbols);
	free(o);
}

size_t object_sections(const struct object *o)
{
	return o->nsections;
}

const struct object_section *object_section_at(const struct object *o, size_t index)
{
	return index < o->nsections ? &o->sections[index] : NULL;
}

int object_find(const struct object *o, const char *name)
{
	size_t low = 0, high = o->nsections - 1; // the first of that name

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(o->sections[o->by_name[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < o->nsections - 1 && strcmp(o->sections[o->by_name[low]].name, name) == 0)
		return (int)o->by_name[low];
	return -ENOENT;
}

const struct object_symbol *object_symbol_at(const struct object *o, uint32_t index)
{
	return index < o->nsymbols ? &o->symbols[index] : NULL;
}

const struct object_symbol *object_symbol_named(const struct object *o, const char *name)
{
	for (size_t i = 0; i < o->nsymbols; i++)
		if (strcmp(o->symbols[i].name, name) == 0)
			return &o->symbols[i];
	return NULL;
}

int object_relocs(const struct object *o, size_t section, const struct object_reloc **ret, size_t *n)
{
	if (section >= o->nsections)
		return -ENOENT;
	*ret = o->relocs[section].v;
	*n = o->relocs[section].n;
	return 0;
}

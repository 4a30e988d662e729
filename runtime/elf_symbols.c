// SPDX-License-Identifier: Apache-2.0
// elf_symbols.c - the symbol tables as stack readers want them: all code, names only of what is asked about.
#include <string.h>

#include "base/util.h"
#include "runtime/elf_private.h"

#define PART 32768 // symbols that are read at a time
#define LONGEST_NAME 65536u

struct walk {
	struct elf_file *binary;
	const struct elf_file *file;
	const Elf64_Shdr *table, *versions;
	enum elf_source source;
};

static bool open_table(struct walk *w, struct elf_file *binary, const struct elf_file *file, enum elf_source source)
{
	const Elf64_Shdr *s = elf_section_typed(file, source == ELF_DYNSYM ? SHT_DYNSYM : SHT_SYMTAB);

	*w = (struct walk){ .binary = binary, .file = file, .table = s, .source = source };
	if (!s || s->sh_entsize != sizeof(Elf64_Sym) || s->sh_link >= file->nsections || file->sections[s->sh_link].sh_type != SHT_STRTAB)
		return false;
	if (source == ELF_DYNSYM)
		w->versions = elf_section_typed(file, SHT_GNU_versym);
	binary->names[source] = (struct elf_names){ file, &file->sections[s->sh_link] };
	return true;
}

// Labels without a type are named too, where they lie in code; "$x" and the like mark places for disassemblers.
static bool is_code(const Elf64_Sym *s)
{
	unsigned type = ELF64_ST_TYPE(s->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE) && s->st_shndx != SHN_UNDEF && s->st_shndx != SHN_ABS &&
	       s->st_value && s->st_name;
}

static uint64_t room_behind(const struct elf_file *f, const Elf64_Sym *s)
{
	const Elf64_Shdr *in = s->st_shndx < f->nsections ? &f->sections[s->st_shndx] : NULL;

	return in && s->st_value >= in->sh_addr && s->st_value - in->sh_addr < in->sh_size ? in->sh_addr + in->sh_size - s->st_value : 0;
}

static void take(const struct walk *w, const Elf64_Sym *s, bool hidden, void (*each)(void *arg, const struct elf_symbol *s), void *arg)
{
	uint64_t offset;

	if (is_code(s) && elf_file_offset(w->binary, s->st_value, true, &offset))
		each(arg, &(struct elf_symbol){ .address = s->st_value, .size = s->st_size, .room = room_behind(w->file, s), .name = s->st_name,
						.binding = ELF64_ST_BIND(s->st_info), .source = w->source, .hidden = hidden });
}

// In parts, each of which is given back: a whole table may be twenty megabytes.
static void walk(const struct walk *w, void (*each)(void *arg, const struct elf_symbol *s), void *arg)
{
	uint64_t n = elf_file_within(w->file, w->table->sh_offset, w->table->sh_size) / sizeof(Elf64_Sym);
	const uint16_t *version = NULL;

	if (w->versions && w->versions->sh_size / 2 >= n && w->versions->sh_offset % 2 == 0)
		version = elf_file_bytes(w->file, w->versions->sh_offset, n * 2);
	for (uint64_t from = 0; from < n; from += PART) {
		uint64_t at = w->table->sh_offset + from * sizeof(Elf64_Sym), some = MIN(n - from, (uint64_t)PART);
		const Elf64_Sym *sym = elf_table(w->file, at, some, sizeof *sym);

		for (uint64_t i = from == 0; sym && i < some; i++) // the first one means none
			take(w, &sym[i], version && version[from + i] & 0x8000, each, arg);
		elf_file_drop(w->file, at, some * sizeof(Elf64_Sym));
	}
	elf_file_drop(w->file, w->table->sh_offset, w->table->sh_size);
}

void elf_file_code_symbols(struct elf_file *f, void (*each)(void *arg, const struct elf_symbol *s), void *arg)
{
	struct elf_file *debug = elf_file_debug(f), *mini;
	const struct go_table *go;
	struct walk w;

	if (debug ? open_table(&w, f, debug, f->debug_source) : open_table(&w, f, f, ELF_SYMTAB))
		walk(&w, each, arg);
	else if ((mini = elf_file_mini(f)) && open_table(&w, f, mini, ELF_MINI))
		walk(&w, each, arg);
	else if ((go = elf_go_table(f)))
		elf_go_each(f, go, each, arg);
	if (open_table(&w, f, f, ELF_DYNSYM))
		walk(&w, each, arg);
}

const char *elf_file_symbol_name(const struct elf_file *f, enum elf_source source, uint32_t name)
{
	const struct elf_names *n = &f->names[source];
	const char *p;

	if (source == ELF_GO)
		return elf_go_name(f, name);
	if (!n->file || name >= n->strings->sh_size)
		return NULL;
	for (uint64_t want = 256, rest = MIN(n->strings->sh_size - name, LONGEST_NAME);; want *= 16) {
		uint64_t have = MIN(want, rest);

		p = elf_file_bytes(n->file, n->strings->sh_offset + name, have);
		if (!p)
			return NULL;
		if (memchr(p, '\0', have))
			return *p ? p : NULL;
		if (have == rest)
			return NULL;
	}
}

// SPDX-License-Identifier: Apache-2.0
// elf_functions.c - the functions in a binary's symbol tables.
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "runtime/elf_private.h"

#define NAMES_RATIO 16u // bytes of names that are read, to those of the string table
#define NAME_USUAL 256u

const Elf64_Shdr *elf_section_typed(const struct elf_file *f, uint32_t type)
{
	for (size_t i = 0; i < f->nsections; i++)
		if (f->sections[i].sh_type == type && f->sections[i].sh_size)
			return &f->sections[i];
	return NULL;
}

static const uint16_t *find_versions(const struct elf_file *f, size_t n)
{
	const Elf64_Shdr *s = elf_section_typed(f, SHT_GNU_versym);

	if (!s || s->sh_size / 2 < n || s->sh_offset % 2)
		return NULL;
	return elf_file_bytes(f, s->sh_offset, n * 2);
}

static bool symtab_open(struct symtab *t, const struct elf_file *f, const struct elf_file *binary, enum elf_source source)
{
	uint32_t type = source == ELF_DYNSYM ? SHT_DYNSYM : SHT_SYMTAB;
	const Elf64_Shdr *s = elf_section_typed(f, type);

	*t = (struct symtab){ .file = f, .binary = binary, .source = source };
	if (!s || s->sh_entsize != sizeof(Elf64_Sym) || s->sh_link >= f->nsections)
		return false;
	t->n = s->sh_size / sizeof(Elf64_Sym);
	t->sym = elf_table(f, s->sh_offset, t->n, sizeof(Elf64_Sym));
	t->names = elf_strings(f, &f->sections[s->sh_link], &t->names_size);
	if (source == ELF_DYNSYM)
		t->versions = find_versions(f, t->n);
	return t->sym && t->names;
}

static bool is_function(const struct symtab *t, const Elf64_Sym *s)
{
	unsigned type = ELF64_ST_TYPE(s->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) && s->st_shndx != SHN_UNDEF && s->st_value && s->st_name &&
	       s->st_name < t->names_size;
}

static uint64_t room_behind(const struct elf_file *f, const Elf64_Sym *s)
{
	const Elf64_Shdr *in = s->st_shndx < f->nsections ? &f->sections[s->st_shndx] : NULL;

	return in && s->st_value >= in->sh_addr && s->st_value - in->sh_addr < in->sh_size ? in->sh_addr + in->sh_size - s->st_value : 0;
}

static bool symtab_function(const struct symtab *t, size_t i, struct elf_function *ret)
{
	const Elf64_Sym *s = &t->sym[i];
	const char *at;
	uint64_t offset;

	if (!is_function(t, s) || !elf_file_offset(t->binary, s->st_value, true, &offset))
		return false;
	*ret = (struct elf_function){ .name = t->names + s->st_name, .address = s->st_value, .offset = offset, .size = s->st_size,
				      .room = room_behind(t->file, s), .binding = ELF64_ST_BIND(s->st_info), .source = t->source };
	if (!*ret->name)
		return false;
	if (t->versions) {
		ret->hidden = t->versions[i] & 0x8000;
	} else if (t->source != ELF_DYNSYM) {
		at = strchr(ret->name, '@');
		ret->hidden = at && at[1] != '@';
	}
	return true;
}

// Names may share their bytes, and many symbols one name; but a table of long names that all share theirs is made to keep us busy.
static void each_of(const struct symtab *t, void (*each)(void *arg, const struct elf_function *fn), void *arg)
{
	uint64_t left = t->names_size * NAMES_RATIO + t->n * NAME_USUAL;
	struct elf_function fn;

	for (size_t i = 1; i < t->n; i++) {
		if (!is_function(t, &t->sym[i]))
			continue;
		if (!elf_file_spend(&left, strlen(t->names + t->sym[i].st_name)))
			return;
		if (symtab_function(t, i, &fn))
			each(arg, &fn);
	}
}

bool elf_symtab_static(struct symtab *t, struct elf_file *f)
{
	struct elf_file *debug = elf_file_debug(f), *mini;

	if (debug ? symtab_open(t, debug, f, f->debug_source) : symtab_open(t, f, f, ELF_SYMTAB))
		return true;
	mini = elf_file_mini(f);
	return mini && symtab_open(t, mini, f, ELF_MINI);
}

bool elf_symtab_dynamic(struct symtab *t, struct elf_file *f)
{
	return symtab_open(t, f, f, ELF_DYNSYM);
}

struct go_search {
	const struct elf_file *file;
	void (*each)(void *arg, const struct elf_function *fn);
	void *arg;
	const char *name; // only this one; NULL: all
	uint64_t left;    // bytes of names to be read
	bool found, spent;
	struct elf_function ret;
};

static void on_go_function(void *arg, const struct elf_symbol *s)
{
	struct go_search *g = arg;
	struct elf_function fn = { .address = s->address, .size = s->size, .room = s->room, .binding = s->binding, .source = s->source };

	if (g->found || g->spent)
		return;
	fn.name = elf_go_name(g->file, s->name);
	g->spent = !elf_file_spend(&g->left, fn.name ? strlen(fn.name) : NAME_USUAL);
	if (g->spent || !fn.name || (g->name && strcmp(fn.name, g->name) != 0) || !elf_file_offset(g->file, fn.address, true, &fn.offset))
		return;
	if (g->each)
		g->each(g->arg, &fn);
	else
		g->found = true;
	g->ret = fn;
}

void elf_file_functions(struct elf_file *f, void (*each)(void *arg, const struct elf_function *fn), void *arg)
{
	struct go_search g = { .file = f, .each = each, .arg = arg, .left = elf_file_size(f) };
	const struct go_table *go;
	struct symtab t;

	if (elf_symtab_static(&t, f))
		each_of(&t, each, arg);
	else if ((go = elf_go_table(f)))
		elf_go_each(f, go, on_go_function, &g);
	if (elf_symtab_dynamic(&t, f))
		each_of(&t, each, arg);
}

// The name's first characters tell most apart; the name proper ends at '@'.
static bool name_is(const char *symbol, const char *name, size_t n)
{
	return strncmp(symbol, name, n) == 0 && (symbol[n] == '\0' || (symbol[n] == '@' && n));
}

// Defined and global before local, new versions before old, with a size before without; the first of equals.
static bool is_better(const struct elf_function *a, const struct elf_function *b)
{
	if (a->hidden != b->hidden)
		return !a->hidden;
	if ((a->binding == STB_LOCAL) != (b->binding == STB_LOCAL))
		return a->binding != STB_LOCAL;
	return a->size && !b->size;
}

static void consider(const struct symtab *t, size_t i, const char *name, size_t n, bool *found, struct elf_function *best)
{
	const Elf64_Sym *s = &t->sym[i];
	struct elf_function fn;

	if (s->st_name >= t->names_size || !name_is(t->names + s->st_name, name, n) || !symtab_function(t, i, &fn))
		return;
	if (!*found || is_better(&fn, best))
		*best = fn;
	*found = true;
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t h = 5381;

	for (const unsigned char *p = (const unsigned char *)name; *p; p++)
		h = h * 33 + *p;
	return h;
}

// The .gnu.hash section: header, bloom filter, buckets (first symbol of each), and hashes whose low bit ends a chain.
struct hash_table {
	uint32_t nbuckets, first;
	const uint32_t *bucket, *chain;
	size_t nchain;
};

static bool hash_open(const struct elf_file *f, struct hash_table *h)
{
	const Elf64_Shdr *s = elf_section_typed(f, SHT_GNU_HASH);
	const uint32_t *p = s ? elf_table(f, s->sh_offset, s->sh_size / 4, 4) : NULL;
	uint64_t words = s ? s->sh_size / 4 : 0, used;

	if (!p || words < 4)
		return false;
	h->nbuckets = p[0];
	h->first = p[1];
	used = 4 + (uint64_t)p[2] * 2;
	if (!h->nbuckets || used + h->nbuckets > words)
		return false;
	h->bucket = p + used;
	h->chain = h->bucket + h->nbuckets;
	h->nchain = words - used - h->nbuckets;
	return true;
}

static bool find_dynamic(const struct symtab *t, const char *name, struct elf_function *ret)
{
	struct hash_table h;
	uint32_t hash = gnu_hash(name);
	size_t n = strlen(name);
	bool found = false;

	if (!hash_open(t->file, &h)) {
		for (size_t i = 1; i < t->n; i++)
			consider(t, i, name, n, &found, ret);
		return found;
	}
	for (uint64_t i = h.bucket[hash % h.nbuckets]; i >= h.first && i - h.first < h.nchain && i < t->n; i++) {
		uint32_t other = h.chain[i - h.first];

		if ((other | 1) == (hash | 1))
			consider(t, i, name, n, &found, ret);
		if (other & 1)
			break;
	}
	return found;
}

static bool find_static(const struct symtab *t, const char *name, struct elf_function *ret)
{
	size_t n = strlen(name);
	bool found = false;

	for (size_t i = 1; i < t->n; i++)
		if (is_function(t, &t->sym[i]))
			consider(t, i, name, n, &found, ret);
	return found;
}

int elf_file_function(struct elf_file *f, const char *name, struct elf_function *ret)
{
	struct go_search g = { .file = f, .name = name, .left = elf_file_size(f) };
	const struct go_table *go;
	struct symtab t;

	if (!*name)
		return -ENOENT;
	if (elf_symtab_dynamic(&t, f) && find_dynamic(&t, name, ret))
		return 0;
	if (elf_symtab_static(&t, f))
		return find_static(&t, name, ret) ? 0 : -ENOENT;
	if ((go = elf_go_table(f)))
		elf_go_each(f, go, on_go_function, &g);
	*ret = g.ret;
	return g.found ? 0 : -ENOENT;
}

static bool find_variable(const struct symtab *t, const char *name, uint64_t *address, uint64_t *size)
{
	size_t n = strlen(name);

	for (size_t i = 1; i < t->n; i++) {
		const Elf64_Sym *s = &t->sym[i];
		unsigned type = ELF64_ST_TYPE(s->st_info);

		if ((type != STT_OBJECT && type != STT_COMMON) || s->st_shndx == SHN_UNDEF || s->st_name >= t->names_size || !name_is(t->names + s->st_name, name, n))
			continue;
		*address = s->st_value;
		*size = s->st_size;
		return true;
	}
	return false;
}

int elf_file_variable(struct elf_file *f, const char *name, uint64_t *address, uint64_t *size)
{
	struct symtab t;

	if (*name && elf_symtab_static(&t, f) && find_variable(&t, name, address, size))
		return 0;
	return *name && elf_symtab_dynamic(&t, f) && find_variable(&t, name, address, size) ? 0 : -ENOENT;
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/sym_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/fde.h"
#include "runtime/symbols/plt.h"

#define LOOK_BACK 16 // how many smaller functions may lie inside one
#define MOST_NAMES 64 // of one address that are compared; a linker that folds equal functions gives one thousands
#define STUBS ELF_SOURCES // for a source: its name is an offset into `stubs`

struct entry {
	uint32_t address, size; // behind `base`
	uint32_t name;
	uint8_t source; // enum elf_source
	uint8_t rank;   // of equals at one address the lowest is named
	bool settled;   // the best of those at its address, in front of them
	bool sized;     // by its symbol; else it may go on to the section's end or the next function
};

struct stub {
	uint32_t symbol;
	const char *name; // "NAME@plt"; NULL: not asked for yet
};

struct sym_table {
	struct elf_file *file;
	bool built;
	uint64_t base;
	VEC(struct entry) list;
	VEC(struct stub) stubs;
	struct arena *arena; // the stubs' names
};

struct sym_table *sym_table_new(struct elf_file *f)
{
	struct sym_table *t = xcalloc(1, sizeof *t);

	t->file = f;
	t->arena = arena_new();
	return t;
}

void sym_table_free(struct sym_table *t)
{
	if (!t)
		return;
	elf_file_close(t->file);
	vec_free(&t->list);
	vec_free(&t->stubs);
	arena_free(t->arena);
	free(t);
}

struct elf_file *sym_table_file(const struct sym_table *t)
{
	return t->file;
}

void sym_table_forget(struct sym_table *t)
{
	t->built = false;
	t->list.n = t->stubs.n = 0;
}

// What a reader of stacks would call a function that has several names: the global one.
static uint8_t rank(const struct elf_symbol *s)
{
	uint8_t r = s->size ? 0 : 16;

	r += s->binding == STB_LOCAL ? 8 : s->binding == STB_WEAK ? 4 : 0;
	return r + (s->hidden ? 2 : 0);
}

static void add(struct sym_table *t, uint64_t address, uint64_t size, struct entry e)
{
	if (address < t->base || address - t->base > UINT32_MAX)
		return;
	e.address = (uint32_t)(address - t->base);
	e.size = (uint32_t)MIN(size, UINT32_MAX);
	vec_push(NULL, &t->list, e);
}

static void add_symbol(void *arg, const struct elf_symbol *s)
{
	add(arg, s->address, s->size ? s->size : s->room ? s->room : UINT32_MAX,
	    (struct entry){ .name = s->name, .source = (uint8_t)s->source, .rank = rank(s), .sized = s->size });
}

static void add_stub(void *arg, uint64_t address, uint32_t size, uint32_t symbol)
{
	struct sym_table *t = arg;

	add(t, address, size, (struct entry){ .name = (uint32_t)t->stubs.n, .source = STUBS, .rank = 12, .sized = true });
	vec_push(NULL, &t->stubs, (struct stub){ .symbol = symbol });
}

// By address, least significant digit first: 40,000 entries in less than a millisecond.
static void radix_sort(struct entry *v, size_t n)
{
	struct entry *other = xmalloc(n * sizeof *other), *from = v, *to = other;
	uint32_t all = 0;

	for (size_t i = 0; i < n; i++)
		all |= v[i].address;
	for (unsigned shift = 0; shift < 32 && all >> shift; shift += 11) {
		size_t at[2048] = { 0 }, sum = 0;

		for (size_t i = 0; i < n; i++)
			at[from[i].address >> shift & 2047]++;
		for (size_t d = 0; d < 2048; d++) {
			size_t count = at[d];

			at[d] = sum;
			sum += count;
		}
		for (size_t i = 0; i < n; i++)
			to[at[from[i].address >> shift & 2047]++] = from[i];
		struct entry *swap = from;
		from = to;
		to = swap;
	}
	if (from != v)
		memcpy(v, from, n * sizeof *v);
	free(other);
}

static const char *stub_name(struct sym_table *t, struct stub *s)
{
	const char *symbol = s->name ? NULL : plt_symbol_name(t->file, s->symbol);

	if (symbol)
		s->name = arena_printf(t->arena, "%s@plt", symbol);
	return s->name;
}

static const char *name_of(struct sym_table *t, const struct entry *e)
{
	return e->source == STUBS ? stub_name(t, &t->stubs.v[e->name]) : elf_file_symbol_name(t->file, (enum elf_source)e->source, e->name);
}

// "__libc_read" is read's other name; but "_ZN…" and "_R…" are what a language made of one.
static bool is_underscored(const char *name)
{
	return name[0] == '_' && name[1] != 'Z' && name[1] != 'R';
}

static bool is_better(struct sym_table *t, const struct entry *a, const struct entry *b)
{
	const char *x, *y;

	if (a->rank != b->rank)
		return a->rank < b->rank;
	if (a->source == b->source && a->name == b->name)
		return false;
	x = name_of(t, a);
	y = name_of(t, b);
	if (!x || !y)
		return x != NULL;
	if (is_underscored(x) != is_underscored(y))
		return !is_underscored(x);
	return a->size != b->size ? a->size > b->size : strcmp(x, y) < 0;
}

static void build(struct sym_table *t)
{
	size_t out = 0, group = 0; // group: the first one at the same address

	t->built = true;
	t->base = elf_file_code_start(t->file);
	elf_file_code_symbols(t->file, add_symbol, t);
	plt_each(t->file, add_stub, t);
	if (!t->list.n)
		return;
	radix_sort(t->list.v, t->list.n);
	for (size_t i = 0; i < t->list.n; i++) {
		const struct entry *e = &t->list.v[i];

		if (!out || e->address != t->list.v[out - 1].address) {
			group = out;
		} else if (e->rank > t->list.v[group].rank || (e->source == t->list.v[out - 1].source && e->name == t->list.v[out - 1].name)) {
			continue;
		} else if (e->rank < t->list.v[group].rank) {
			out = group;
		}
		t->list.v[out++] = *e;
	}
	t->list.n = out;
	t->list.v = xrealloc(t->list.v, out * sizeof *t->list.v);
	t->list.cap = out;
}

// How many functions begin at `address` or in front of it.
static size_t count_to(const struct sym_table *t, uint32_t address)
{
	size_t lo = 0, hi = t->list.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->list.v[mid].address <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

// Of the names that one address has. They are not compared before one is asked for: reading those of all constructors, which have two
// each, takes as much memory as the library's string table.
static const struct entry *best_of(struct sym_table *t, size_t first, size_t end)
{
	struct entry *v = t->list.v, other = v[first];
	size_t best = first;

	if (end - first == 1 || other.settled)
		return &v[first];
	for (size_t i = first + 1; i < MIN(end, first + MOST_NAMES); i++)
		if (is_better(t, &v[i], &v[best]))
			best = i;
	v[first] = v[best];
	v[best] = other;
	v[first].settled = true;
	return &v[first];
}

static size_t first_of(const struct sym_table *t, size_t end)
{
	uint32_t begins = t->list.v[end - 1].address;

	if (end == 1 || t->list.v[end - 2].address != begins)
		return end - 1;
	return begins ? count_to(t, begins - 1) : 0;
}

// `behind`: number of the first function at another address.
static bool holds(const struct sym_table *t, const struct entry *e, size_t behind, uint32_t address)
{
	if (!e->sized && behind < t->list.n && address >= t->list.v[behind].address)
		return false;
	return address - e->address < e->size;
}

static const struct entry *search(struct sym_table *t, uint64_t address)
{
	uint32_t at = (uint32_t)(address - t->base);

	if (address < t->base || address - t->base > UINT32_MAX)
		return NULL;
	size_t end = count_to(t, at);
	for (size_t back = 0; back < LOOK_BACK && end > 0; back++) {
		size_t first = first_of(t, end);
		const struct entry *e = best_of(t, first, end);

		if (holds(t, e, end, at))
			return e;
		end = first;
	}
	return NULL;
}

static enum symbol_source source_of(const struct entry *e)
{
	static const uint8_t names[] = {
		[ELF_SYMTAB] = SYMBOL_SYMTAB, [ELF_DYNSYM] = SYMBOL_DYNSYM, [ELF_BUILD_ID] = SYMBOL_BUILD_ID, [ELF_DEBUGLINK] = SYMBOL_DEBUGLINK,
		[ELF_DEBUGINFOD] = SYMBOL_DEBUGINFOD, [ELF_MINI] = SYMBOL_MINIDEBUGINFO, [ELF_GO] = SYMBOL_PCLNTAB, [STUBS] = SYMBOL_PLT,
	};

	return (enum symbol_source)names[e->source];
}

// A symbol without a size reaches no further than the function it is in, where the unwind information knows that.
struct sym_found sym_table_find(struct sym_table *t, uint64_t address)
{
	struct sym_found none = { .start = address, .source = SYMBOL_NO_SYMBOL };
	const struct entry *e;
	const char *name;
	uint64_t start, end;

	if (!t->built)
		build(t);
	e = search(t, address);
	name = e ? name_of(t, e) : NULL;
	if (name && e->sized)
		return (struct sym_found){ name, t->base + e->address, source_of(e) };
	if (fde_bounds(t->file, address, &start, &end) && (!name || t->base + e->address < start))
		return (struct sym_found){ NULL, start, SYMBOL_FDE };
	return name ? (struct sym_found){ name, t->base + e->address, source_of(e) } : none;
}

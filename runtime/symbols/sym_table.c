// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/sym_table.h"

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/elf_file.h"

#define LOOK_BACK 16 // how many smaller functions may lie inside one

struct entry {
	uint64_t address;
	const char *name;
	uint32_t size;
	bool sized;   // by its symbol; else it may go on to the section's end or the next function
	uint8_t rank; // of equals at one address the lowest is named
};

struct sym_table {
	struct elf_file *file;
	bool built;
	VEC(struct entry) list;
};

struct sym_table *sym_table_new(struct elf_file *f)
{
	struct sym_table *t = xcalloc(1, sizeof *t);

	t->file = f;
	return t;
}

void sym_table_free(struct sym_table *t)
{
	if (!t)
		return;
	elf_file_close(t->file);
	vec_free(&t->list);
	free(t);
}

const struct elf_file *sym_table_file(const struct sym_table *t)
{
	return t->file;
}

// What a reader of stacks would call a function that has several names: the global one without underscores.
static uint8_t rank(const struct elf_function *fn)
{
	uint8_t r = fn->size ? 0 : 16;

	r += fn->binding == STB_LOCAL ? 8 : fn->binding == STB_WEAK ? 4 : 0;
	r += fn->hidden ? 2 : 0;
	return r + (fn->name[0] == '_' && fn->name[1] != 'Z' && fn->name[1] != 'R');
}

static void collect(void *arg, const struct elf_function *fn)
{
	struct sym_table *t = arg;

	uint64_t size = fn->size ? fn->size : fn->room ? fn->room : UINT32_MAX;

	vec_push(NULL, &t->list, (struct entry){ .address = fn->address, .name = fn->name, .rank = rank(fn), .sized = fn->size,
						.size = (uint32_t)MIN(size, UINT32_MAX) });
}

// By address, least significant digit first: 40,000 entries in less than a millisecond.
static void radix_sort(struct entry *v, size_t n)
{
	struct entry *other = xmalloc(n * sizeof *other), *from = v, *to = other;
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		all |= v[i].address;
	for (unsigned shift = 0; shift < 64 && all >> shift; shift += 11) {
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

static bool is_better(const struct entry *a, const struct entry *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	if (a->size != b->size)
		return a->size > b->size;
	return strcmp(a->name, b->name) < 0;
}

static void build(struct sym_table *t)
{
	size_t out = 0;

	t->built = true;
	elf_file_functions(t->file, collect, t);
	if (!t->list.n)
		return;
	radix_sort(t->list.v, t->list.n);
	for (size_t i = 0; i < t->list.n; i++) {
		const struct entry *e = &t->list.v[i];

		if (!out || e->address != t->list.v[out - 1].address)
			t->list.v[out++] = *e;
		else if (is_better(e, &t->list.v[out - 1]))
			t->list.v[out - 1] = *e;
	}
	t->list.n = out;
	t->list.v = xrealloc(t->list.v, out * sizeof *t->list.v);
	t->list.cap = out;
}

static bool holds(const struct sym_table *t, size_t i, uint64_t address)
{
	const struct entry *e = &t->list.v[i];

	if (!e->sized && i + 1 < t->list.n && address >= t->list.v[i + 1].address)
		return false;
	return address - e->address < e->size;
}

const char *sym_table_find(struct sym_table *t, uint64_t address, uint64_t *offset)
{
	size_t lo = 0, hi;

	if (!t->built)
		build(t);
	hi = t->list.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->list.v[mid].address <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t back = 0; back < LOOK_BACK && lo > back; back++) {
		if (!holds(t, lo - 1 - back, address))
			continue;
		*offset = address - t->list.v[lo - 1 - back].address;
		return t->list.v[lo - 1 - back].name;
	}
	return NULL;
}

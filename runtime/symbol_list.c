// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbol_list.h"

#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/elf_file.h"

struct item {
	uint64_t key; // the name's next eight characters, the first one highest
	const char *name;
	uint32_t index;
};

struct collect {
	struct arena *arena;
	VEC(struct binary_symbol) list;
};

static void collect_one(void *arg, const struct elf_function *fn)
{
	struct collect *c = arg;
	const char *at = fn->source == ELF_DYNSYM ? NULL : strchr(fn->name, '@');
	struct binary_symbol s = { .name = fn->name, .address = fn->address, .size = fn->size, .offset = fn->offset };

	if (at == fn->name)
		return;
	if (at)
		s.name = arena_strndup(c->arena, fn->name, (size_t)(at - fn->name));
	vec_push(NULL, &c->list, s);
}

static void load_keys(struct item *v, size_t n, size_t depth)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char *p = (const unsigned char *)v[i].name + depth;
		uint64_t key = 0;
		int shift = 56;

		for (; shift >= 0 && *p; shift -= 8)
			key |= (uint64_t)*p++ << shift;
		v[i].key = key;
	}
}

static void swap(struct item *a, struct item *b)
{
	struct item t = *a;

	*a = *b;
	*b = t;
}

static void sort_short(struct item *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && v[k - 1].key > v[k].key; k--)
			swap(&v[k - 1], &v[k]);
}

static uint64_t median(uint64_t a, uint64_t b, uint64_t c)
{
	return MAX(MIN(a, b), MIN(MAX(a, b), c));
}

static void sort_names(struct item *v, size_t n, size_t depth);

// Equal keys go on with their next characters, unless the key holds the end of the name.
static void sort_equal(struct item *v, size_t n, size_t depth)
{
	if (n > 1 && (v->key & 0xff))
		sort_names(v, n, depth + 8);
}

// The larger part is the loop's, so that the stack stays small.
static void sort_keys(struct item *v, size_t n, size_t depth)
{
	while (n > 16) {
		uint64_t pivot = median(v[0].key, v[n / 2].key, v[n - 1].key);
		size_t lo = 0, i = 0, hi = n;

		while (i < hi) {
			if (v[i].key < pivot)
				swap(&v[lo++], &v[i++]);
			else if (v[i].key > pivot)
				swap(&v[i], &v[--hi]);
			else
				i++;
		}
		sort_equal(v + lo, hi - lo, depth);
		if (lo < n - hi) {
			sort_keys(v, lo, depth);
			v += hi;
			n -= hi;
		} else {
			sort_keys(v + hi, n - hi, depth);
			n = lo;
		}
	}
	sort_short(v, n);
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && v[k].key == v[i].key; k++)
			;
		sort_equal(v + i, k - i, depth);
	}
}

static void sort_names(struct item *v, size_t n, size_t depth)
{
	load_keys(v, n, depth);
	sort_keys(v, n, depth);
}

static int compare_addresses(const void *a, const void *b)
{
	const struct binary_symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->size < y->size) - (x->size > y->size); // the one with a size first
}

// Sorted by name already: orders each run of equal names by address, drops what .symtab and .dynsym both have.
static size_t unique(struct binary_symbol *s, size_t n)
{
	size_t out = 0;

	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && strcmp(s[k].name, s[i].name) == 0; k++)
			;
		if (k - i > 1)
			qsort(s + i, k - i, sizeof *s, compare_addresses);
		for (size_t j = i; j < k; j++)
			if (j == i || s[j].address != s[out - 1].address)
				s[out++] = s[j];
	}
	return out;
}

void symbol_list(struct elf_file *f, struct arena *a, const struct binary_symbol **ret, size_t *n)
{
	struct collect c = { .arena = a };

	elf_file_functions(f, collect_one, &c);
	_free_ struct item *items = xmalloc(c.list.n * sizeof *items);
	for (size_t i = 0; i < c.list.n; i++)
		items[i] = (struct item){ .name = c.list.v[i].name, .index = (uint32_t)i };
	sort_names(items, c.list.n, 0);
	struct binary_symbol *s = arena_array(a, struct binary_symbol, c.list.n);
	for (size_t i = 0; i < c.list.n; i++)
		s[i] = c.list.v[items[i].index];
	*n = unique(s, c.list.n);
	*ret = s;
	vec_free(&c.list);
}

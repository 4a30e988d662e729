// SPDX-License-Identifier: Apache-2.0
// lookup FILE - names of a binary's functions by address: Spile's table beside libdw's dwfl_module_addrinfo(), which walks the
// symbol table each time. Prints: functions asked about, milliseconds to make the table, nanoseconds a lookup of ours, of libdw's.
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/sym_table.h"

struct list {
	VEC(uint64_t) v;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void add(void *arg, const struct elf_symbol *s)
{
	struct list *l = arg;

	if (s->size > 1)
		vec_push(NULL, &l->v, s->address + s->size / 2);
}

static void shuffle(struct list *l)
{
	for (size_t i = l->v.n; i > 1; i--) {
		size_t k = (size_t)rand() % i;
		uint64_t t = l->v.v[i - 1];

		l->v.v[i - 1] = l->v.v[k];
		l->v.v[k] = t;
	}
}

static double libdw(const char *path, const struct list *l, size_t n)
{
	static const Dwfl_Callbacks callbacks = { .find_elf = dwfl_build_id_find_elf, .find_debuginfo = dwfl_standard_find_debuginfo,
						  .section_address = dwfl_offline_section_address };
	Dwfl *d = dwfl_begin(&callbacks);
	Dwfl_Module *m = dwfl_report_offline(d, path, path, -1);
	GElf_Addr bias = 0;
	GElf_Off offset;
	GElf_Sym sym;
	size_t found = 0;

	dwfl_report_end(d, NULL, NULL);
	if (!m || !dwfl_module_getelf(m, &bias))
		return 0;
	dwfl_module_addrinfo(m, l->v.v[0] + bias, &offset, &sym, NULL, NULL, NULL); // reads the tables
	double begun = now();
	for (size_t i = 0; i < n; i++)
		found += dwfl_module_addrinfo(m, l->v.v[i] + bias, &offset, &sym, NULL, NULL, NULL) != NULL;
	double took = now() - begun;
	dwfl_end(d);
	return found ? took / (double)n : 0;
}

int main(int argc, char **argv)
{
	struct elf_file *f = NULL;
	struct list l = { 0 };
	size_t found = 0;

	if (argc != 2 || elf_file_open(argv[1], &f) < 0)
		return fprintf(stderr, "usage: lookup ELF-FILE\n"), 2;
	elf_file_code_symbols(f, add, &l);
	if (!l.v.n)
		return fprintf(stderr, "lookup: %s has no symbols\n", argv[1]), 1;
	shuffle(&l);
	struct sym_table *t = sym_table_new(f);
	double begun = now();
	sym_table_find(t, 0);
	double made = now();
	for (size_t i = 0; i < l.v.n; i++)
		sym_table_find(t, l.v.v[i]); // names' pages
	double warm = now();
	for (size_t i = 0; i < l.v.n; i++)
		found += sym_table_find(t, l.v.v[i]).name != NULL;
	double ended = now();
	printf("%zu %.2f %.0f %.0f\n", found, (made - begun) / 1e6, (ended - warm) / (double)l.v.n, libdw(argv[1], &l, MIN(l.v.n, (size_t)500)));
	sym_table_free(t);
	vec_free(&l.v);
	return 0;
}

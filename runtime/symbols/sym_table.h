// SPDX-License-Identifier: Apache-2.0
// sym_table.h - one binary's functions by address, made on the first search: 16 bytes for each, sorted; names are read when an
// address in them is found. Where no symbol says how far it reaches, the unwind information does.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/symbols/symbols.h"

struct elf_file;
struct sym_table;

struct sym_found {
	const char *name; // as in the symbol table, "NAME@plt" of a stub; lives as long as the table; NULL: source says more
	uint64_t start;   // the function's first address
	enum symbol_source source;
};

struct sym_table *sym_table_new(struct elf_file *f); // takes f
void sym_table_free(struct sym_table *t); // NULL is allowed
struct elf_file *sym_table_file(const struct sym_table *t);
// The function that holds a virtual address of the file. Source FDE: it has no name. NO_SYMBOL: nothing is known of it.
struct sym_found sym_table_find(struct sym_table *t, uint64_t address);
void sym_table_forget(struct sym_table *t); // to be made anew: the file has got a debug file

// SPDX-License-Identifier: Apache-2.0
// sym_table.h - one binary's functions by address, made on the first search. Names stay in the mapped file.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct elf_file;
struct sym_table;

struct sym_table *sym_table_new(struct elf_file *f); // takes f
void sym_table_free(struct sym_table *t); // NULL is allowed
const struct elf_file *sym_table_file(const struct sym_table *t);
// The function that holds a virtual address of the file: its name as in the symbol table, which lives as long as t, and the
// distance from its start. NULL if none does.
const char *sym_table_find(struct sym_table *t, uint64_t address, uint64_t *offset);

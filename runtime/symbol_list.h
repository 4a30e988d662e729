// SPDX-License-Identifier: Apache-2.0
// symbol_list.h - all functions of a binary, sorted by name.
//
// A large library has 50,000 whose names begin alike (_ZN4llvm…), which is where sorts by strcmp lose their time:
// this one compares eight characters at once and never looks at a common prefix twice.
#pragma once

#include <stddef.h>

struct arena;
struct binary_symbol;
struct elf_file;

// Sorted by name, then address; no two the same in both. Names end at their '@'. The array is the arena's, names are the
// file's or the arena's.
void symbol_list(struct elf_file *f, struct arena *a, const struct binary_symbol **ret, size_t *n);

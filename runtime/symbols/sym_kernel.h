// SPDX-License-Identifier: Apache-2.0
// sym_kernel.h - kernel addresses to names, from /proc/kallsyms.
//
// The file is made by the kernel as it is read, at a cost of tens of milliseconds, so it is read once and only when it is
// needed. Of it are kept the functions: addresses, and names in one block of bytes. Where kptr_restrict hides the addresses
// nothing is known.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/symbols/symbols.h"

struct sym_kernel;

struct sym_kernel *sym_kernel_new(void); // reads nothing yet
void sym_kernel_free(struct sym_kernel *k); // NULL is allowed
void sym_kernel_find(struct sym_kernel *k, uint64_t ip, struct symbol *ret);
uint64_t sym_kernel_address(const char *name); // function or variable; reads up to it and keeps nothing. 0 if unknown
// The parser: one call with the whole file's text, which is changed.
void sym_kernel_parse(struct sym_kernel *k, char *text);

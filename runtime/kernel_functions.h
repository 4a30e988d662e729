// SPDX-License-Identifier: Apache-2.0
// kernel_functions.h - which functions of the kernel can be probed.
//
// tracefs has the list (available_filter_functions) where the kernel can trace functions at all; a user's file may stand
// for it. Elsewhere the kernel's symbol table is taken: it also names functions that probes are refused on, and the error
// comes when they are attached. Read once, when a pattern or a name that types do not know is asked for.
#pragma once

#include <stddef.h>

struct kernel_functions;
struct tracefs;

struct kernel_functions *kernel_functions_new(void); // reads nothing yet
void kernel_functions_free(struct kernel_functions *k); // NULL is allowed
// Takes the list from a file in the form of available_filter_functions. 0 or -errno.
int kernel_functions_read(struct kernel_functions *k, const char *path);
// Functions of the modules that match, in the list's order; names with a '.' behind the first letter of kallsyms' list
// (parts that compilers made) are not in it. 0 or -errno when there is no list at all.
int kernel_functions_each(struct kernel_functions *k, struct tracefs *t, const char *module, const char *name,
			  void (*each)(void *arg, const char *module, const char *name), void *arg);
// The parsers behind it; `text` is changed, and must outlive k.
void kernel_functions_parse_filter(struct kernel_functions *k, char *text);   // "vfs_read\nx [mod]\n"
void kernel_functions_parse_symbols(struct kernel_functions *k, char *text);  // /proc/kallsyms

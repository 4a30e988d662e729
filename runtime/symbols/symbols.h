// SPDX-License-Identifier: Apache-2.0
// symbols.h - addresses to names, asked in batches.
//
// A batch is one pass over a process's mappings and one search per binary, so that a print of 10,000 stacks costs
// hardly more than one of ten. Tables are built once per binary (device, inode, mtime, build ID) and per boot.
// Processes are remembered: once a pid was asked about (or symbols_remember() was called) its mappings stay known after
// it has exited.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols;

struct symbol {
	const char *name;   // demangled if asked for; NULL: unknown. Lives until symbols_free
	uint64_t offset;    // from the symbol's start
	const char *module; // binary's path as the process sees it, "[vdso]", a kernel module's name; NULL: unknown
	uint64_t module_offset; // address in the module's file, for frames without a symbol
};

struct symbols *symbols_new(bool demangle);
void symbols_free(struct symbols *s);
void symbols_kernel(struct symbols *s, const uint64_t *ip, size_t n, struct symbol *ret);            // ret[n]
void symbols_user(struct symbols *s, uint32_t pid, const uint64_t *ip, size_t n, struct symbol *ret); // ret[n]
void symbols_remember(struct symbols *s, uint32_t pid); // reads the process's mappings now
uint64_t symbols_kernel_address(struct symbols *s, const char *name); // 0 if unknown

// SPDX-License-Identifier: Apache-2.0
// symbols.h - addresses to names, asked in batches.
//
// A batch is one pass over a process's mappings and one search per binary, so that a print of 10,000 stacks costs
// hardly more than one of ten. Tables are built once per binary (device, inode, mtime, build ID) and per boot.
// Processes are remembered: once a pid was asked about (or symbols_remember() was called) its mappings stay known after
// it has exited. With symbols_follow() those of every process are.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_frame; // runtime/symbols/lines.h
struct symbols;

enum symbol_source { // how it was named, or why it was not
#define SYMBOL_SOURCE(id, word, doc) SYMBOL_##id,
#include "runtime/symbols/source.def"
#undef SYMBOL_SOURCE
	SYMBOL_SOURCES
};

struct symbol {
	const char *name;   // demangled if asked for, "lib.so!sub_1234" of a function without one; NULL: unknown. Lives until symbols_free
	uint64_t offset;    // from the symbol's start
	const char *module; // binary's path as the process sees it, "[vdso]", a kernel module's name; NULL: unknown
	uint64_t module_offset; // address in the module's file, for frames without a symbol
	const uint8_t *build_id; // of the module, n_build_id bytes; NULL: it has none
	uint8_t n_build_id;
	enum symbol_source source;
	// Where that is in the source, when lines are asked for: the calls inlined at the address, innermost first, and last the
	// function itself. Functions' names are as `name` is. n_lines 0: not known, or not known in time.
	const struct line_frame *lines;
	uint32_t n_lines;
};

struct symbol_options {
	bool demangle;
	bool lines;      // file, line and inlined calls, by DWARF
	bool debuginfod; // ask the servers that DEBUGINFOD_URLS names
};

struct symbols *symbols_new(const struct symbol_options *o);
void symbols_free(struct symbols *s);
void symbols_kernel(struct symbols *s, const uint64_t *ip, size_t n, struct symbol *ret);            // ret[n]
void symbols_user(struct symbols *s, uint32_t pid, const uint64_t *ip, size_t n, struct symbol *ret); // ret[n]
void symbols_remember(struct symbols *s, uint32_t pid); // reads the process's mappings now
int symbols_follow(struct symbols *s, uint32_t pid); // from now on, every process, or one and its children; 0 or -errno: only what was asked about is remembered
void symbols_poll(struct symbols *s);  // a few times a second, when followed
struct symbols_loss { // when followed
	uint64_t frames;    // that lie in no mapping that is known; perhaps since there were lost
	uint64_t records;   // of what processes map, or
	uint64_t processes; // that had ended, forgotten for want of room
};
struct symbols_loss symbols_lost(const struct symbols *s);
const char *symbol_source_word(enum symbol_source source);
// How long a question may wait for lines and servers: milliseconds, -1 (at first): as long as it takes.
void symbols_patience(struct symbols *s, int ms);
uint64_t symbols_kernel_address(struct symbols *s, const char *name); // 0 if unknown

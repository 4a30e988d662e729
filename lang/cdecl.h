// SPDX-License-Identifier: Apache-2.0
// cdecl.h - the C section of a script: declarations and preprocessor lines in, types and constants out.
//
// Our own parser, because a script that defines a struct or two must not pay for a C compiler (30 ms and a shared library of
// 100 MB). It reads declarations, not programs: struct, union, enum, typedef, bitfields, attributes, conditionals and macros;
// layouts are those of GCC and Clang on x86-64 and arm64 (the SysV rules). Variables and functions are read over.
// Headers need a real preprocessor and compiler: `include` is a hook, called once per section and only if the section includes
// something; codegen/ implements it with libclang. What it brings is parsed by this parser again, so that a type has one layout.
//
// A type that the text names but does not define is the world's. What the text defines wins over the world for the whole
// script, as the types are shared. Names live as long as the arena. Given up: vector types.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/type.h"

struct arena;
struct diag;
struct str;
struct world;

struct cdecl;

struct cdecl_headers { // one question to the hook
	const char *text;  // the whole C section, not NUL-terminated
	size_t n;
	bool have_btf;     // BPFTRACE_HAVE_BTF is to be defined
	struct str *out;   // declarations and #defines of all that the section includes, and nothing of the section itself
	// To be called for each thing that is wrong; bytes of `text`.
	void (*error)(void *arg, uint32_t start, uint32_t end, const char *message);
	void *arg;
};

struct cdecl_options {
	bool have_btf;
	// 0, or -errno after at least one call of h->error. NULL: an #include is E_LATER.
	int (*include)(void *arg, const struct cdecl_headers *h);
	void *include_arg;
};

// The world may be NULL: then only what the text defines is known. `o` is copied; NULL is all zero.
struct cdecl *cdecl_new(struct arena *a, struct types *types, struct world *w, struct diag *d, const struct cdecl_options *o);

// Reads a C section (or an imported header): `n` bytes at `text`, which must outlive `c` and are bytes `base` and on of `source`.
// May be called again: later text sees what earlier text defined. Errors go to the diag; what has none is usable.
void cdecl_parse(struct cdecl *c, const char *text, size_t n, uint32_t source, uint32_t base);

// A struct, union or enum that the text names. It may be opaque (complete false): then the world is asked, as always.
const struct type *cdecl_type(struct cdecl *c, enum type_kind kind, const char *tag); // NULL: not in the text
// A typedef of the text, or one that C has anyway (size_t, u32 …). NULL: neither; opaque structs and void as NONE are possible.
const struct type *cdecl_typedef(struct cdecl *c, const char *name);
// An enumerator, or a macro that is an integer constant expression. `type` is the enum, or the C type of the expression
// (int32, uint32, int64, uint64). False: no such name, or no integer.
bool cdecl_constant(struct cdecl *c, const char *name, int64_t *value, const struct type **type);
bool cdecl_string_macro(struct cdecl *c, const char *name, const char **text, size_t *n); // NUL-terminated besides
// Why a macro is neither, as a sentence; NULL if there is no macro of that name.
const char *cdecl_why_not(struct cdecl *c, const char *name);
// Every type, typedef and constant name of the text, for "did you mean".
void cdecl_each_name(const struct cdecl *c, void (*each)(void *arg, const char *name), void *arg);

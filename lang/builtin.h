// SPDX-License-Identifier: Apache-2.0
// builtin.h - the one table of builtin variables and functions (builtin.def): name, signature, where legal, doc line, how
// it is lowered. The checker, codegen, `-l`, docs and "did you mean" read it; none of them repeats it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/plan.h"
#include "base/probe_type.h"

struct types;

enum builtin_id {
#define VAR(id, name, type, needs, fn, doc) BUILTIN_##id,
#define FUNC(id, name, args, type, needs, flags, event, fn, doc) BUILTIN_##id,
#include "lang/builtin.def"
#undef VAR
#undef FUNC
	BUILTINS
};

enum { // flags of functions
	BF_UNSAFE = 1 << 0,    // needs --unsafe
	BF_ASYNC = 1 << 1,     // writes a record: `event` says which
	BF_AGG = 1 << 2,       // only as the right-hand side of a map assignment
	BF_CONST = 1 << 3,     // computed by the compiler
	BF_UNSAFE_CALL = 1 << 4, // refused without --unsafe by its own text ("is unsafe. To use you need …")
};

struct builtin {
	enum builtin_id id;
	bool is_function;
	const char *name;
	// Functions: one letter an argument, '?' before the optional ones, '*' repeats the last:
	//   i integer   s string   p pointer or integer (an address)   m map   f literal format string   S literal string
	//   I literal integer   a anything printable   v variable   w bare word (stack mode, clock)   t type or expression
	const char *args;
	const char *type;  // result: "u64" "u32" "i64" "bool" "string16" "ksym" "usym" "none" …; NULL: the checker computes it
	unsigned needs;    // PT_*: what the provider must offer
	unsigned flags;
	enum event_kind event;
	// Kernel half: a function of stdlib/*.bpf.c. NULL: codegen has its own emitter for the id.
	//   variables:  u64 fn(void *ctx, globals)   or, for results in memory,  void fn(void *ctx, globals, void *dest)
	//   functions:  u64 fn(u64 arg…)
	const char *fn;
	const char *doc;
};

const struct builtin *builtin_find(const char *name, bool is_function); // NULL if there is none
const struct builtin *builtin_at(enum builtin_id id);
const struct type *builtin_type(const struct builtin *b, struct types *t); // NULL when computed by the checker

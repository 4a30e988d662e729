// SPDX-License-Identifier: Apache-2.0
// program.h - the door out of lang/: a checked program. What codegen reads, and nothing else of lang but ast, type,
// builtin.
//
// Every probe block became one or more bodies, one per BPF program (attach points of other kinds, or with their
// arguments in other places, need programs of their own); each body has its own typed copy of the block. Maps,
// events, sites, names, config and sources are in `plan` already; codegen adds losses, scratch and ring sizes.
//
// Guarantees to codegen, checked by program_check():
//  - every expression has a type; integer operands of a binary operation have the operation's type (64-bit, signedness
//    decided) or are comparisons of equal types; implicit conversions stand as CAST nodes with `implicit` set
//  - a value stored to a variable or map has its type, but strings may be shorter or longer (stored zero-padded or cut) and
//    tuples of such strings member-wise
//  - a value that lies in a variable which another operand of its operation assigns has `held` set
//  - no POSITIONAL, SIZEOF, OFFSETOF, TYPEOF, TYPESPEC, POINT, LET without sym, or unresolved IDENT is left; constants are folded
//  - IDENT has `builtin` (or is an enumerator folded to INT); argN is IDENT with builtin ARGN and `argn`
//  - FIELD on `args` has `arg` set, on structs `field`; MAP keys: `sym->key` is NULL exactly when keys.n == 0; several keys, and
//    one tuple literal, are spread into `keys`; one key of tuple type stays one
//  - asynchronous CALLs have `event`, an index into plan.events whose args[i] describes call.args.v[call.first + i]; not in pinned iterators
//  - BREAK/CONTINUE are inside loops
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/probe_type.h"
#include "lang/ast.h"

struct arena;
struct diag;
struct str;
struct types;
struct world;

struct member_place {    // of a kernel type, what a function of the language reads
	const struct type *s;
	const struct field *f;
};

struct var {             // a scratch variable of one body
	const char *name;
	const struct type *type;
	struct span declared;
	uint32_t index;      // in body.vars
	bool assigned, used;
	bool addressed;      // C gets its address
	bool in_callback;    // touched inside a FOR body it was declared outside of
};

struct map_sym {
	const char *name;    // "@x"
	const struct type *key;   // NULL: scalar
	const struct type *value;
	struct span first;   // where it was first used, for messages
	uint32_t index;      // in plan.maps
	bool assigned, used;
	const struct node *decl; // MAPDECL or NULL
	bool addressed;      // C gets it
	bool twin;           // printed and cleared in one go: see pass_pair.c
};

struct body {
	const char *name;          // "probe_3_openat": unique, an identifier
	const struct probe_type *type;
	enum prog_kind kind;
	struct site_list sites;    // all of one kind and one variant; sites.v[0] stands for all in questions about arguments
	unsigned uses;             // PT_*
	struct node *predicate;    // NULL if none
	struct node *block;
	struct var **vars;
	size_t nvars;
	uint32_t prog;             // in plan.progs
	bool decides;              // returns another value than its probe's verdict.keep
	bool pid_filter;           // -p: the implicit predicate applies
	uint32_t target;           // an attach point named a target: its place in plan.targets + 1; only its processes are seen
};

// Where an iterator is pinned, or NULL. It outlives the run: its printf() has no event but goes into the file that is read.
static inline const char *body_pin(const struct body *b)
{
	return b && b->sites.n ? b->sites.v[0].plan.pin : NULL;
}

struct program {
	struct arena *arena;
	struct types *types;
	struct world *world;
	struct diag *diag;
	struct plan *plan;
	struct body *bodies;
	size_t nbodies;
	struct map_sym **maps;
	size_t nmaps;
};

void program_dump(const struct program *p, struct str *out); // -d program: the main golden
void program_check(const struct program *p);                 // BUG() when a guarantee does not hold

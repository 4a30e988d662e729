// SPDX-License-Identifier: Apache-2.0
// expand.h - what the files of macro expansion share: pass_macro.c walks the script and replaces calls; macro_def.c knows the
// definitions and which of them a call means; macro_fn.c gives functions the shape of a macro.
//
// Tree in, tree out, before names are resolved: a call becomes a block expression (or the bare value), so that `-d core` shows
// what is compiled and that text runs by itself. Hygiene is by names: a macro's own variable keeps its name where the probe has
// none of that name, and gets a fresh one otherwise. Each node of an expansion says in its span which call it stands for.
#pragma once

#include "lang/ast.h"
#include "lang/lang_int.h"

struct macro {
	const struct node *def; // MACRO or FN
	struct node *block;     // what is copied; of a FN, made of it
	const char *name;
	const struct node_list *params;
	char *kinds;            // per parameter: 'v' variable, 'm' map, 'e' expression
	bool library;           // of stdlib/
	bool broken;            // an error in it was said
	struct macro *next;     // of that name
};

struct macros {
	struct lang *l;
	struct map own, library; // name -> struct macro, all overloads
	struct map in_use;       // variable names of the probe
	struct map counts;       // name -> numbers given to it
	struct frame *frame;
	uint64_t nodes;          // copied so far
	uint32_t level;          // depth of the walk
	bool stop;               // enough was said
	struct map asked;        // names looked for in the library, and its texts that were parsed
};

// macro_def.c
void macros_define(struct macros *m, const struct node *def, bool library);
struct macro *macros_find(struct macros *m, const char *name, bool from_library); // the first overload, NULL if there is none
// The overload that takes these arguments. NULL: none; an error was said if `say`.
struct macro *macro_choose(struct macros *m, const char *name, bool from_library, const struct node_list *args, struct span at, bool say);
void macro_signature(const struct macro *d, struct str *out); // "m($x, @y, z)"

// macro_fn.c
struct node *fn_block(struct lang *l, const struct node *fn); // NULL after an error

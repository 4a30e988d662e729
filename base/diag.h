// SPDX-License-Identifier: Apache-2.0
// diag.h - what went wrong for the user: one list per run, printed by cli/ only.
//
// diag_error() records and counts; the caller goes on and its driver stops between passes when the count rose. Places are
// byte ranges of a registered source, turned into line and column when printed (bpftrace's layout: FILE:LINE:COL-COL).
// Messages are printf-like (d i u x c s p with h/l/ll/z and widths) and know %T (struct type), %N (struct node) and
// %S (struct symbol); the last two are taught by lang/ through `ext`.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct arena;
struct str;

struct span {
	uint32_t source;     // index from diag_source(); 0 is "no place"
	uint32_t start, end; // byte offsets, end exclusive
	uint32_t via;        // from diag_expansion(): the call this text stands for; 0: none
};

enum diag_code {
#define DIAG(code, meaning) code,
#include "base/diag.def"
#undef DIAG
	DIAG_CODES
};

enum severity { SEV_ERROR, SEV_WARNING, SEV_HINT };

struct diag_item {
	enum severity severity;
	enum diag_code code;
	struct span span;
	const char *text;
};

struct diag_source {
	const char *name; // as shown: a path, or "stdin"
	const char *text;
	size_t len;
};

#define DIAG_KEPT 1000 // errors, warnings and hints; nobody reads so many, and finding the places of all takes their number times the text's length

struct diag {
	struct arena *arena;
	struct diag_source *sources; // [0] is empty
	size_t nsources, capsources;
	struct diag_item *items;
	size_t nitems, capitems;
	struct span *expansions; // [via - 1]
	size_t nexpansions, capexpansions;
	unsigned errors, warnings;
	unsigned left_out; // counted above, and not kept
	bool no_warnings;
	bool (*ext)(struct str *out, char conversion, const void *arg); // true if it knew the conversion
};

void diag_init(struct diag *d, struct arena *a);
uint32_t diag_source(struct diag *d, const char *name, const char *text, size_t len); // text must outlive d
// Text of a macro stands in the place of a call: what is wrong in it is shown with "expanded from" and the call's place.
uint32_t diag_expansion(struct diag *d, struct span call);
bool diag_caller(const struct diag *d, struct span at, struct span *call); // the call that `at` was expanded from; false: none
void diag_error(struct diag *d, struct span at, enum diag_code code, const char *fmt, ...);
void diag_warn(struct diag *d, struct span at, enum diag_code code, const char *fmt, ...);
void diag_hint(struct diag *d, const char *fmt, ...); // belongs to the item before it
static inline struct span span_join(struct span a, struct span b) { return (struct span){ a.source, a.start, b.end, a.via }; }

const char *diag_code_name(enum diag_code code);    // "E_SYNTAX"
const char *diag_code_meaning(enum diag_code code); // one line
void diag_place(const struct diag *d, struct span at, unsigned *line, unsigned *col, unsigned *end_line, unsigned *end_col); // 1-based; end_col one past
void diag_line(const struct diag *d, struct span at, const char **text, size_t *len); // the source line at's start is in
void diag_print_item(const struct diag *d, const struct diag_item *it, bool color, struct str *out); // with the source line underlined
void diag_print(const struct diag *d, bool color, struct str *out); // errors before warnings, hints behind their item

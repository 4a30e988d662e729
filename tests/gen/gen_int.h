// SPDX-License-Identifier: Apache-2.0
// gen_int.h - what the parts of the generator share: what a script has so far, and how expressions are written.
#pragma once

#include "base/str.h"
#include "tests/gen/gen.h"

enum kind { INT, BOOL, STR, TUP };
enum agg_kind { NO_AGG, COUNT, SUM, MIN_, MAX_, AVG, STATS, HIST, LHIST };

#define MEMBERS 3

struct shape {
	enum kind kind;
	unsigned n;
	bool named;      // a record: its fields are a, b, c
	const struct shape *m[MEMBERS];
};

struct gvar {
	char name[16];
	const struct shape *shape;
	bool writable, hidden, counter, fixed; // fixed: declared with a type, which literals must fit; hidden: written by an order-insensitive loop, not to be read there
};

struct gmap {
	char name[16];
	const struct shape *key; // NULL: scalar
	bool spread;             // several keys, not one tuple
	const struct shape *value;
	enum agg_kind agg;
	unsigned arg;            // hist: bits; lhist: which bounds
	bool hidden, walked;     // walked: a loop over it is open
};

#define FUNCTIONS 4
#define PARAMS 3

// A macro or function of the script.
struct gfun {
	char name[16];
	const struct shape *result;
	unsigned n;
	const struct shape *param[PARAMS];
	bool by_reference[PARAMS]; // $name of a macro: the caller's variable, which is assigned
	bool is_macro;
};

struct gen {
	uint64_t seed;
	struct str *out;
	struct gvar vars[256];
	unsigned nvars, names;
	struct gmap maps[10];
	unsigned nmaps;
	unsigned left;    // statements still to be written
	unsigned indent, loops, callbacks, rounds; // rounds: how often the innermost body runs, at most
	bool pure;        // no side effects: the body of a loop over a map
	bool plain;       // literals only
	struct gfun funs[FUNCTIONS];
	unsigned nfuns;
	struct shape shapes[64];
	unsigned nshapes;
};

#define add(g, ...) str_printf((g)->out, __VA_ARGS__)

extern const struct shape int_shape, bool_shape, str_shape;

unsigned upto(struct gen *g, unsigned n);
bool one_in(struct gen *g, unsigned n);
const struct shape *any_shape(struct gen *g, unsigned depth);
const struct shape *tuple_of(struct gen *g, const struct shape *a, const struct shape *b);
bool same_shape(const struct shape *a, const struct shape *b);
bool is_castable(enum agg_kind k);
struct gmap *pick_map(struct gen *g, const struct shape *s, bool to_write, bool keyed);
void map_ref(struct gen *g, const struct gmap *m, unsigned depth);
void key_of(struct gen *g, const struct gmap *m, unsigned depth);
bool read_var(struct gen *g, const struct shape *s);
struct gvar *pick_var(struct gen *g, const struct shape *s, bool to_write);
bool call_fun(struct gen *g, const struct shape *s, unsigned depth);
void comptime_condition(struct gen *g, unsigned depth);
void make_funs(struct gen *g);
void int_operand(struct gen *g, unsigned depth);
void int_cast(struct gen *g, unsigned depth);
void compare(struct gen *g, unsigned depth);
void expr(struct gen *g, const struct shape *s, unsigned depth);

// gen_expr.c, for gen_bool.c. False: there is no such thing, nothing was written.
bool read_map(struct gen *g, const struct shape *s, unsigned depth);
bool read_element(struct gen *g, const struct shape *s);
bool choice(struct gen *g, const struct shape *s, unsigned depth);
bool bool_try(struct gen *g, unsigned depth);

// gen.c, for gen_loop.c
void line(struct gen *g);
void block(struct gen *g, unsigned most);
struct gvar *new_var(struct gen *g, const struct shape *s, bool writable);
void agg_call(struct gen *g, const struct gmap *m);

// gen_loop.c
void while_loop(struct gen *g);
void for_range(struct gen *g);
void unroll(struct gen *g);
void for_map(struct gen *g);

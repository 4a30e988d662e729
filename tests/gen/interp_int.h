// SPDX-License-Identifier: Apache-2.0
// interp_int.h - what the files of the interpreter share.
//
//   interp.c   statements and a whole run         interp_map.c   values, maps and aggregates
//   interp_expr.c   expressions                   interp_call.c  functions, and what they ask of user space
#pragma once

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "lang/builtin.h"
#include "lang/program.h"
#include "tests/gen/gen.h"

enum flow { GO_ON, BREAK, CONTINUE, LEAVE };

struct action {
	enum event_kind kind;
	struct imap *map;
	uint64_t a, b;
	const char *text;
	size_t n;
};

struct interp {
	struct arena *a;
	const struct program *p;
	struct imap *maps;
	struct val *vars;
	VEC(struct action) queue;
	struct str *out;
	uint64_t fuel;
	enum flow flow;
	bool exited, ending;
	int status;
	const char *why; // why it gave up
};

// interp.c
bool interp_give_up(struct interp *in, const char *fmt, ...) __attribute__((format(printf, 2, 3))); // false
bool interp_spend(struct interp *in); // false: it is to stop
void interp_stmt(struct interp *in, const struct node *n);

// interp_map.c
struct val val_number(const struct type *t, uint64_t n);
struct val val_zero(struct interp *in, const struct type *t);
struct val val_as(struct interp *in, struct val v, const struct type *t); // integers keep their low bits, strings what fits
bool val_equal(const struct val *a, const struct val *b);
bool val_truth(const struct val *v);
struct imap *interp_map_of(struct interp *in, const struct node *n);
struct val interp_key(struct interp *in, const struct imap *m, const struct node_list *keys); // evaluates them
struct element *imap_find(struct imap *m, const struct val *key); // NULL if there is none
struct element *imap_find_or_create(struct interp *in, struct imap *m, const struct val *key);
void imap_remove(struct imap *m, const struct element *e);
void imap_clear(struct interp *in, struct imap *m);
void imap_zero(struct interp *in, struct imap *m);
struct val interp_read_map(struct interp *in, const struct node *n);
void interp_aggregate(struct interp *in, const struct node *target, const struct node *call);

// interp_expr.c
struct val interp_eval(struct interp *in, const struct node *n); // a value of the node's type; when the program is being left, any
uint64_t interp_arithmetic(struct interp *in, enum op op, uint64_t a, uint64_t b, bool is_signed);

// interp_call.c
struct val interp_call(struct interp *in, const struct node *n);

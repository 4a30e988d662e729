// SPDX-License-Identifier: Apache-2.0
// sugar.h - what the files of the sugar pass share: the declarative probe that is being rewritten, and how core is built.
//
// Each node that is made carries the place of the user's text it stands for, so that whatever a later pass says of it is said there.
#pragma once

#include "lang/lang_int.h"

struct calls;

struct sugar {
	struct lang *l;
	const struct node *d;              // DECLARED
	const struct node *clause[CLAUSES]; // NULL: there is none; all `on` clauses are in `points`
	struct node_list points;           // those that fire by themselves
	struct node_list calls;            // call:…, syscall:…
	struct node_list columns;          // COLUMN, each with its name
	struct node_list out;              // the items made
	const char *prefix;                // "@NAME_" of its maps
	struct calls *call;                // while a call's return is written: sugar_call.c
	struct node *entry_weight;         // what the entry's sampling said, there; NULL: it is no variable
};

// What the body that delivers is given by the kind of point it stands behind.
struct delivery {
	struct node *time;     // an expression: when it happened
	struct node *duration; // NULL: none
	struct node *weight;   // so far; NULL: 1
};

// sugar_build.c
struct node *make_ident(struct sugar *s, const char *name, struct span at);
struct node *make_var(struct sugar *s, const char *name, struct span at);
struct node *make_string(struct sugar *s, const char *text, struct span at);
struct node *make_int(struct sugar *s, uint64_t v, struct span at);
struct node *make_call(struct sugar *s, const char *name, struct span at, struct node *a, struct node *b, struct node *c); // NULL ends
struct node *make_ternary(struct sugar *s, struct node *cond, struct node *yes, struct node *no);
struct node *make_not(struct sugar *s, struct node *n);
struct node *make_bool(struct sugar *s, bool v, struct span at);
struct node *make_cast(struct sugar *s, const char *to, struct node *n, struct span at); // to a type that is a word
struct node *make_binary(struct sugar *s, enum op op, struct node *a, struct node *b, struct span at);
struct node *make_field(struct sugar *s, struct node *base, const char *name, struct span at);
struct node *make_map(struct sugar *s, const char *suffix, const struct node_list *keys, struct span at); // @NAME_suffix
struct node *make_item(struct sugar *s, const char *name, struct node *value, struct span at);           // of a record
struct node *make_block(struct sugar *s, struct span at);
struct node *make_let(struct sugar *s, const char *var, struct node *value, struct span at);
struct node *make_assign(struct sugar *s, struct node *target, struct node *value, struct span at);
struct node *make_if(struct sugar *s, struct node *cond, struct node *yes, struct span at);
struct node *make_probe(struct sugar *s, struct node_list points, struct node *predicate, struct node *block, struct span at);
struct node *make_point(struct sugar *s, const char *text, struct span at);
struct node_list one_of(struct sugar *s, struct node *n);
void add_statement(struct sugar *s, struct node *block, struct node *n); // an expression becomes a statement
struct node *both(struct sugar *s, struct node *a, struct node *b);       // a && b; either may be NULL
bool has_feature(const struct sugar *s, enum feature f); // of the kernel that is compiled for
struct node *copy_of(struct sugar *s, const struct node *n);
const char *free_map(struct sugar *s, const char *base); // a suffix for make_map() that no map of the script has
void forget_at_end(struct sugar *s, const char *suffix, struct span at); // a map of ours: not printed when the run ends
bool mentions(const struct node *n, const char *const *names); // identifiers and calls of these names, NULL-terminated

// pass_sugar.c
struct node *with_columns(struct sugar *s, const struct node *n); // a copy in which the names of columns are what they capture
bool is_self_time(const struct node *n); // duration.self
// Statements that deliver, into `block`.
void deliver(struct sugar *s, struct node *block, struct delivery d);

// sugar_sample.c
void check_sample(struct sugar *s); // what contradicts itself
// Opens `if`s for the limits that are decided here; returns the block that runs when all let the event through. *weight is multiplied.
struct node *sampled(struct sugar *s, struct node *block, struct delivery *d);
// The same at a call's entry, for the limits that can be decided there; sets s->entry_weight.
struct node *sampled_entry(struct sugar *s, struct node *block);
void count_for_gate(struct sugar *s, struct node *block); // the return half's time counts for a gate at the entry

// sugar_expect.c
void expectations_take(struct lang *l, struct node_list *out); // the items that check them; notes what the probes are to count
void tally_events(struct sugar *s, struct node *block, const struct node *weight); // the statements that count it

// sugar_call.c
void rewrite_calls(struct sugar *s);
struct node *value_of(struct sugar *s, const struct node *as_written); // a copy, as it is said where the values are delivered
bool is_call_point(const struct node *point);

// pass_entry.c
void entry_as_args(struct lang *l, struct node **slot); // entry.NAME is args.NAME, entry.argN argN: where the arguments are at hand

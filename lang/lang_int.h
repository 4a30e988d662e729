// SPDX-License-Identifier: Apache-2.0
// lang_int.h - the state of one compilation, shared by the passes of lang/ and seen by nothing else.
//
// Types are inferred over the whole script: each variable, map value and map key has a `slot`, what is known of its type
// so far. All bodies are walked again until no slot changes; then once more with `final` set, and only that walk reports
// errors and rewrites the tree (implicit casts). A literal has no width of its own: a leaf of a slot that only literals
// reached is `soft` and adapts to whatever else comes; what is soft when nothing changes any more becomes int64.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/plan.h"
#include "base/reloc.h"
#include "base/util.h"
#include "base/world.h"
#include "lang/builtin.h"
#include "lang/lang.h"
#include "lang/program.h"

#define NO_EVENT UINT32_MAX

struct slot {
	const struct type *type; // NULL: nothing known yet
	uint64_t soft;           // leaves of `type`, by number, that only literals gave so far
	uint64_t negative;       // of these: a literal was negative
};

struct lang_var {
	struct var var; // first: a struct var * of ours is one of these
	struct slot slot;
	bool fixed;     // declared with a type
	bool visible;   // its block is open
	unsigned callback; // number of the FOR body it was declared in, 0: none
	unsigned repeats;  // loops around its declaration
	const struct type *wide; // an unsigned 64-bit value met a signed one
};

struct lang_map {
	struct map_sym sym; // first
	struct slot key, value;
	bool keyed, key_is_tuple, seen;
	bool written;  // assigned somewhere, or an aggregate is
	bool missed;   // "Undefined map" was said
	enum value_unit unit; // of what is aggregated
};

// A body while it is made; becomes a struct body of the program.
struct scope;
struct tally;

struct lang {
	struct arena *arena;
	struct types *types;
	struct world *world;
	struct diag *diag;
	const struct lang_options *options;
	uint32_t source;
	struct node *script;
	struct map named;     // options that getopt() declares
	VEC(struct tally *) tallies; // sugar_expect.c
	struct cdecl *c;      // NULL: the script has no C section
	struct program *program;
	struct plan *plan;
	VEC(struct body) bodies;
	VEC(struct map_sym *) maps;
	VEC(struct bpf_code *) codes; // imported
	struct map map_names; // name -> struct lang_map
	struct map formats;   // strftime format -> index + 1
	uint64_t max_strlen;
	uint64_t probes;      // sites so far
	bool filtered;        // options->filter left some out
	struct map streams;     // `stream NAME`: see sinks.c
	struct map gates;       // name of a cpu_gate() -> place in plan.gates + 1
	uint64_t budget_cpu;    // millionths of a processor; 0: no limit
	bool seen_budget;
	bool scans_targets;      // nothing tells of processes that come to a target
	unsigned twins, twins_laid; // maps with a second copy so far

	// resolve
	struct scope *scope;
	VEC(struct var *) vars; // of the body being worked on
	struct body *body;
	unsigned loops;         // open loops around the node
	unsigned repeats;       // those of them whose body may run more than once
	unsigned kept; // names made up for values that are used twice
	unsigned callback, callbacks; // FOR body around the node, number given last

	// check
	bool final, guess, changed;
	VEC(const struct node *) untyped; // uses of what has no type, in the last walk
	unsigned in_key; // open keys of maps around the node
	struct map records; // field names, sorted and joined -> const char **: the order of the fields in the type
	bool backward; // every other walk goes from the end: what is used before it is assigned is known sooner
};

#define lang_var_of(v) ((struct lang_var *)(v))
#define lang_map_of(m) ((struct lang_map *)(m))

// Passes, in order; see lang.c.
void pass_import(struct lang *l);
void pass_macro(struct lang *l);
void pass_params(struct lang *l);
void pass_sugar(struct lang *l);
void pass_entry(struct lang *l);
void pass_items(struct lang *l);
void pass_targets(struct lang *l);
void targets_tell(struct lang *l);
void pass_config(struct lang *l);
void pass_probes(struct lang *l);
void pass_resolve(struct lang *l);
void pass_check(struct lang *l);
void pass_fold(struct lang *l);
void pass_prune(struct lang *l);
void pass_hold(struct lang *l);
void pass_pair(struct lang *l);
void pass_layout(struct lang *l);

// config.c
uint64_t config_number(const struct lang *l, const char *key);
const char *config_text(const struct lang *l, const char *key);

// scope.c: the variables a place sees. Scopes nest; a name means one variable at a time.
struct scope *scope_new(struct arena *a);
void scope_open(struct scope *s);
void scope_close(struct scope *s);
struct lang_var *scope_find(const struct scope *s, const char *name);   // NULL if not visible
struct lang_var *scope_closed(const struct scope *s, const char *name); // one of that name whose block was closed
struct lang_var *scope_add(struct scope *s, const char *name);          // in the innermost block
void scope_each_visible(const struct scope *s, void (*each)(void *arg, const char *name), void *arg);

// names.c: what the script's C section and the world know by name; the section wins
void names_init(struct lang *l);
const struct type *named_type(struct lang *l, enum type_kind kind, const char *tag);
const struct type *named_typedef(struct lang *l, const char *name);
bool named_constant(struct lang *l, struct node **slot); // *slot, an IDENT, became what it names

void named_params_list(struct lang *l, struct str *out); // -d params, a line each
void named_params_check(struct lang *l); // named_params.c: what is given on the command line must be declared by a getopt()

// comptime.c: what is evaluated while checking
bool comptime_known(struct lang *l, struct node **slot, int64_t *ret); // a checked expression whose value the compiler knows
bool comptime_branch(struct lang *l, struct node *n, struct node **ret); // checks the condition; the branch taken; false: not known (yet)
bool comptime_resolved(struct lang *l, struct node **slot); // in resolve: *slot became the branch, if the condition is a literal
bool is_predicate(const struct builtin *b);
bool predicate_known(struct lang *l, struct node *call, int64_t *ret);
const struct type *check_predicate(struct lang *l, struct node **slot);
const struct type *check_typeinfo(struct lang *l, struct node **slot);

// exists.c: the branch that is not taken on the kernel that compiles (NULL: none is known), and a pass's walk over it: what fails in
// it empties it
struct node *exists_away(const struct node *cond, struct node *const *yes, struct node *const *no);
void exists_try(struct lang *l, struct node *cond, struct node *arm, void (*walk)(struct lang *l, struct node **slot));

// params.c: positional parameters and the constants of resolve
struct node *param_node(struct lang *l, uint64_t number, struct span at);      // $N as INT or STRING
struct node *param_string(struct lang *l, uint64_t number, struct span at);    // str($N)
struct node *param_integer(struct lang *l, const char *text, struct span at);  // NULL: it is none
const char *param_expand(struct lang *l, const char *text, struct span at);    // $N in attach points; NULL on error
struct node *node_int(struct lang *l, int64_t v, struct span at);
struct node *node_uint(struct lang *l, uint64_t v, struct span at);            // INT above INT64_MAX when it is
struct node *node_string(struct lang *l, const char *s, size_t n, struct span at);
bool fold_literals(struct lang *l, struct node **slot); // operators on literals, one level: true if *slot became a literal

// pass_probes.c
unsigned body_needs(const struct node *n); // PT_* that the tree below mentions
void place_error(struct lang *l, struct span at, const char *name, unsigned needs); // E_PLACE: says which providers have it

// infer.c: slots
unsigned type_leaves(const struct type *t);
bool slot_merge(struct lang *l, struct slot *s, struct slot v, bool *mixed); // widens s by v; false if they do not go together
bool slot_add(struct lang *l, struct slot *s, struct slot v, bool *mixed);   // slot_merge; notes l->changed
struct slot slot_of(struct lang *l, const struct node *n); // what an expression brings, after check_expr
struct node **literal_member(const struct node *n, uint32_t i); // of a TUPLE or RECORD with a type: what gives field i of the type
struct slot slot_pair(struct lang *l, struct slot a, struct slot b); // (a, b)
bool slot_harden(struct lang *l, struct slot *s);          // soft leaves become int64; false if there was none
const struct type *slot_hard(struct lang *l, struct slot s); // its type when it hardens now
const struct type *type_from_spec(struct lang *l, const struct node *spec); // NULL after an error
const struct type *type_decayed(struct lang *l, const struct type *t);      // char[N] is a string
bool type_completed(struct lang *l, const struct type *t);                  // asks the world for a struct's fields
void type_whole(struct lang *l, const struct type *t);                      // and for those of the structs inside it: to print it

// pinned.c: what pinned iterators may do
void pinned_call(struct lang *l, const struct node *n, const struct builtin *b); // in resolve
void pinned_format(struct lang *l, const struct node *call);                     // of printf, its arguments checked already

// convert.c: implicit conversions, in the final walk only
void coerce(struct lang *l, struct node **slot, const struct type *to);
struct node *node_cast(struct lang *l, struct node *n, const struct type *to);
void settle(struct lang *l, struct node **slot);   // a value that goes nowhere special: literals become int64, aggregates integers
bool coerce_int(struct lang *l, struct node **slot); // aggregate or integer to a 64-bit integer; false: not one
bool coerce_condition(struct lang *l, struct node **slot);

// pass_check.c
void untyped(struct lang *l, const struct node *n); // a variable or map without a type is used: mostly because of another error

// pass_check_*.c
const struct type *check_expr(struct lang *l, struct node **slot);  // NULL: unknown yet, or after an error
#define LEAVES_MOST 4096u       // parts of one value
#define VALUE_MOST (1u << 20) // bytes of it
const struct type *check_extent(struct lang *l, struct span at, const struct type *t); // t, or NULL after an error: no value is so large
const struct type *check_value(struct lang *l, struct node **slot); // the same, where a value is wanted: aggregates are read as integers
void check_stmt(struct lang *l, struct node *n);
void check_block(struct lang *l, struct node *n);
void check_walk(struct lang *l, struct span at, const char *what); // an error where the kernel cannot walk a map
const struct type *check_block_value(struct lang *l, struct node *n);
const struct type *check_if_value(struct lang *l, struct node *n);
const struct type *check_call(struct lang *l, struct node **slot);
const struct type *check_imported(struct lang *l, struct node *n);     // imported.c
const struct type *check_function(struct lang *l, struct node **slot); // those of check_functions.c
void check_reached(struct lang *l, const struct node *call);           // fail(), static_assert(): after pruning, so it is reached
const struct type *check_ident(struct lang *l, struct node **slot);
const struct type *check_map_read(struct lang *l, struct node **slot);
const struct type *check_binary(struct lang *l, struct node **slot);
const struct type *check_unary(struct lang *l, struct node **slot);
const struct type *check_cast(struct lang *l, struct node **slot);
bool type_retval(struct lang *l, struct node *n); // after check_value(): the script looks into it, so debugging information is asked
const struct type *check_member(struct lang *l, struct node **slot); // FIELD, ELEMENT, INDEX
void check_map_keys(struct lang *l, struct node *map);
void check_map_element(struct lang *l, struct node *map, struct node **key); // delete, has_key
void check_assign(struct lang *l, struct node *n);
void check_aggregate(struct lang *l, struct node *map, struct node *call);
const struct type *stack_type(struct lang *l, enum type_kind kind, struct node *call, struct span at); // call NULL: bare kstack, ustack
void check_format(struct lang *l, const struct node *call); // printf and kin, their arguments checked already
bool is_pending(const struct node *n); // its type may still change with the literals it came from
enum space node_space(struct lang *l, const struct node *n);
const struct type *operand_type(struct lang *l, struct node **of); // of sizeof and its kin; NULL after an error
void check_spec(struct lang *l, struct node *spec); // the operands of typeof in a type
bool literal_known(struct lang *l, struct node **slot, int64_t *ret); // an integer the compiler knows: INT, sizeof

const struct type *t_int(struct lang *l, unsigned size, bool is_signed);
bool is_int_literal(const struct node *n);
// The compiler uses the value: where the script runs it must be the same. NULL, or a literal of the script's own: nothing to do.
void reloc_fixed(struct lang *l, const struct plan_reloc *r, struct span at);
void reloc_fix(struct lang *l, const struct node *n);
int64_t literal_value(const struct node *n);

#define complain(l, at, code, ...) ((l)->final ? diag_error((l)->diag, (at), (code), __VA_ARGS__) : (void)0)
#define advise(l, ...) ((l)->final ? diag_hint((l)->diag, __VA_ARGS__) : (void)0)
#define warn(l, at, code, ...) ((l)->final ? diag_warn((l)->diag, (at), (code), __VA_ARGS__) : (void)0)

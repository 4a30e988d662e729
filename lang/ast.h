// SPDX-License-Identifier: Apache-2.0
// ast.h - the tree: a tagged union per node, made from ast.def. The grammar only builds it (ast_* constructors); passes
// annotate it (type, symbols, event numbers) and replace nodes in place. Everything lives in the compilation's arena.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/type.h"

struct arena;
struct builtin;
struct event_field;
struct map_sym;
struct node;
struct str;
struct var;

enum op {
#define OP(NAME, spelling, prec) OP_##NAME,
#include "lang/op.def"
#undef OP
	OPS
};

enum node_kind {
#define AST_NODE(KIND, name) NODE_##KIND,
#include "lang/ast.def"
	NODE_KINDS,
	NODE_FIRST_DECLARATIVE = NODE_TARGET, NODE_LAST_DECLARATIVE = NODE_BUDGET // the nodes of the declarative layer stand together
};

enum clause {
#define CLAUSE(WORD, spelling, doc) CLAUSE_##WORD,
#include "lang/clause.def"
#undef CLAUSE
	CLAUSES
};

#define PARSE_MAX_DEPTH 1000 // levels of the tree, after parsing and after expansion

struct node_list {
	struct node **v;
	size_t n, cap;
};

struct node {
	enum node_kind kind;
	struct span span;
	const struct type *type; // expressions, after check; TYPESPEC: what it names
	uint32_t depth;          // levels of the tree from here down, as parsed: the parser keeps them few
	bool held;               // in memory that is written before the value is used: pass_hold.c
	union {
#define AST_NODE(KIND, name) struct {
#define AST_CHILD(f) struct node *f;
#define AST_LIST(f) struct node_list f;
#define AST_STR(f) const char *f;
#define AST_U64(f) uint64_t f;
#define AST_BOOL(f) bool f;
#define AST_OP(f) enum op f;
#define AST_NOTE(T, f) T f;
#define AST_END(KIND, member) } member;
#include "lang/ast.def"
	};
};

struct node *node_new(struct arena *a, enum node_kind kind, struct span span);
struct node *node_clone(struct arena *a, const struct node *n); // deep; annotations are copied shallowly
bool node_equal(const struct node *a, const struct node *b);    // same source meaning: spans and annotations ignored
void node_dump(const struct node *n, bool with_types, struct str *out); // -d ast, -d types
const char *node_name(enum node_kind kind);
const char *op_spelling(enum op op);
const char *clause_word(enum clause c);
int op_precedence(enum op op);
// Calls visit(child slot) for each child, in source order; a visitor may replace *slot.
void node_each_child(struct node *n, void (*visit)(void *arg, struct node **slot), void *arg);

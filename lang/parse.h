// SPDX-License-Identifier: Apache-2.0
// parse.h - what the grammar, the token stream and the complaints of one parse share. Private to lang/.
//
// The grammar only calls build_*(): those make nodes, refuse what the grammar lets through (assignment to a field, `++` on a
// number) and stop the parse when the tree gets too deep for the recursive passes behind it. After a syntax error the stream
// leaves out the rest of the statement (`panic`), whole nested blocks included, so that one mistake is one diagnostic.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "lang/ast.h"
#include "lang/lex.h"

struct arena;
struct diag;

#define PARSE_MAX_ERRORS 20

struct statements {
	struct node_list list;
	bool open; // the last one is an `if` or block without `;`: it may turn out to be the block's value
};

struct loop_range {
	struct node *map, *start, *end;
};

struct parser {
	struct arena *arena;
	struct diag *diag;
	uint32_t source;
	struct lexer lexer;
	struct map names;      // interned strings
	struct node *script;
	unsigned errors;
	bool stop;             // enough: the stream ends here
	bool panic;            // the rest of the statement is left out
	uint32_t panic_depth;
	struct token last, before, head; // the last two tokens given, the first one of the statement
	uint32_t parens;       // open ones of this statement
	uint32_t depth;        // braces open before the last token
	bool seen_config, seen_probe, seen_import;
};

// Counts; stops the parse after PARSE_MAX_ERRORS.
void parser_error(struct parser *p, struct span at, enum diag_code code, const char *fmt, ...);
struct span token_span(const struct parser *p, struct token t);
void parser_panic(struct parser *p); // leave out the rest of the statement

// complain.c: a syntax error at `kind`, where the `n` kinds of `expected` would have been accepted.
void complain(struct parser *p, int kind, struct span at, const int *expected, int n);

// build.c
struct node *build_node(struct parser *p, enum node_kind kind, struct span at);
struct node *build_done(struct parser *p, struct node *n); // all children are set: looks at the depth
struct node *build_int(struct parser *p, struct span at);
struct node *build_string(struct parser *p, struct span at);
struct node *build_positional(struct parser *p, struct span at);
struct node *build_point(struct parser *p, struct span at);
struct node *build_bool(struct parser *p, struct span at, bool value);
struct node *build_ident(struct parser *p, struct span at, const char *name);
struct node *build_var(struct parser *p, struct span at, const char *name);
struct node *build_map(struct parser *p, struct span at, const char *name, const struct node_list *keys);
struct node *build_binary(struct parser *p, struct span at, enum op op, struct node *left, struct node *right);
struct node *build_unary(struct parser *p, struct span at, enum op op, struct node *value);
struct node *build_incdec(struct parser *p, struct span at, enum op op, struct node *target, bool prefix);
struct node *build_ternary(struct parser *p, struct span at, struct node *cond, struct node *yes, struct node *no);
struct node *build_field(struct parser *p, struct span at, struct node *base, const char *name, bool arrow);
struct node *build_element(struct parser *p, struct span at, struct node *base, const struct node *number);
struct node *build_index(struct parser *p, struct span at, struct node *base, struct node_list keys);
struct node *build_call(struct parser *p, struct span at, const char *name, struct node_list args);
struct node *build_list(struct parser *p, enum node_kind kind, struct span at, struct node_list items); // TUPLE, RECORD, SCRIPT
struct node *build_record_item(struct parser *p, struct span at, const char *name, struct node *value);
struct node *build_of(struct parser *p, enum node_kind kind, struct span at, struct node *of); // SIZEOF, TYPEOF, TYPEINFO, OFFSETOF
struct node *build_cast(struct parser *p, struct span at, struct node *to, struct node *value);
struct node *build_type(struct parser *p, struct span at, const char *word, const char *name, struct node *of);
struct node *build_type_pointer(struct parser *p, struct span at, struct node *type);
struct node *build_dim(struct parser *p, struct span at, const struct node *count); // one [N] of a type; NULL: []
struct node *build_type_array(struct parser *p, struct span at, struct node *type, struct node_list dims);
struct node *build_assign(struct parser *p, struct span at, enum op op, struct node *target, struct node *value);
struct node *build_expr(struct parser *p, struct node *value); // a statement
struct node *build_value(struct parser *p, enum node_kind kind, struct span at, struct node *value); // DISCARD, RETURN, COMPTIME, …
struct node *build_let(struct parser *p, struct span at, const char *name, struct node *spec, struct node *value);
struct node *build_if(struct parser *p, struct span at, bool comptime, struct node *cond, struct node *yes, struct node *no);
struct node *build_loop(struct parser *p, enum node_kind kind, struct span at, struct node *head, struct node *body); // WHILE, UNROLL
struct node *build_for(struct parser *p, struct span at, const char *name, struct loop_range range, struct node *body);
struct node *build_block(struct parser *p, struct span at, struct statements *body, struct node *value);
struct node *build_probe(struct parser *p, struct span at, struct node_list points, struct node *predicate, struct node *block);
struct node *build_config(struct parser *p, struct span at, struct node_list entries);
struct node *build_config_entry(struct parser *p, struct span at, const char *name, struct node *value);
struct node *build_mapdecl(struct parser *p, struct span at, const char *name, const char *kind, const struct node *size);
struct loop_range build_range(struct parser *p, struct span at, struct node *start, struct node *end);
struct node *build_import(struct parser *p, struct span at, const struct node *path, bool item);
struct node *build_macro(struct parser *p, struct span at, const char *name, struct node_list params, struct node *block);
struct node *build_fn(struct parser *p, struct span at, const char *name, struct node_list params, struct node *result, struct node *block);
struct node *build_c_text(struct parser *p, struct span at);

// build_declared.c: the declarative layer. A value NULL: an error was said.
struct node *build_target(struct parser *p, struct span at, const char *name, struct node_list settings);
struct node *build_setting(struct parser *p, struct span at, const char *name, struct node_list values);
struct node *build_setting_of(struct parser *p, struct span at, const char *name, struct node *value);
enum declared_kind { DECLARED_PROBE, DECLARED_STREAM, DECLARED_CASE };
struct node *build_declared(struct parser *p, struct span at, enum declared_kind kind, const char *name, struct node_list clauses);
struct node *build_clause(struct parser *p, struct span at, enum clause id, struct node_list parts);
struct node *build_clause_of(struct parser *p, struct span at, enum clause id, struct node *part);
struct node *build_measures(struct parser *p, struct span at, struct node_list parts); // some parts are keys of the one before
void build_unknown_clause(struct parser *p, struct span at); // says so and leaves it out
struct node *build_column(struct parser *p, struct span at, const char *name, struct node *value);
struct node *build_measured(struct parser *p, struct span at, const char *name, struct node *value, struct node *key);
struct node *build_limit(struct parser *p, struct span at, const char *word, struct node *number, struct node *of, const char *unit, struct node *key);
struct node *build_percent(struct parser *p, struct span at);
struct node *build_size(struct parser *p, struct span at);
struct node *build_sink(struct parser *p, struct span at, const char *name, bool called, struct node_list args, struct node_list settings);
struct node *build_param(struct parser *p, struct span at, const char *name, struct node *init, const char *about);
struct node *build_export(struct parser *p, struct span at, const char *name, struct node *sink);
struct node *build_budget(struct parser *p, struct span at, struct node_list settings);
void build_push(struct parser *p, struct node_list *list, struct node *n);
void statements_push(struct parser *p, struct statements *s, struct node *n, bool open);
void statements_close(struct parser *p, struct statements *s);

// SPDX-License-Identifier: Apache-2.0
#include "lang/ast.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"

static const struct {
	const char *spelling;
	int precedence;
} ops[] = {
#define OP(NAME, spelling, prec) [OP_##NAME] = { spelling, prec },
#include "lang/op.def"
#undef OP
};
_Static_assert(ARRAY_SIZE(ops) == OPS, "one row per operator");

const char *op_spelling(enum op op)
{
	return ops[op].spelling;
}

int op_precedence(enum op op)
{
	return ops[op].precedence;
}

static const char *const clause_words[] = {
#define CLAUSE(WORD, spelling, doc) spelling,
#include "lang/clause.def"
#undef CLAUSE
};
_Static_assert(ARRAY_SIZE(clause_words) == CLAUSES, "one word per clause");

const char *clause_word(enum clause c)
{
	return clause_words[c];
}

static const char *const names[] = {
#define AST_NODE(KIND, name) [NODE_##KIND] = name,
#include "lang/ast.def"
};
_Static_assert(ARRAY_SIZE(names) == NODE_KINDS, "one name per kind");

const char *node_name(enum node_kind kind)
{
	return names[kind];
}

// One row per field of every kind. ast.def names a field's struct only behind the field, so offsets are computed on the
// walk, by the rule C lays structs out by; the last row has the struct's size to check that against.
enum field_kind { CHILD, LIST, STR, U64, BOOL, OPERATOR, NOTE, END };

struct ast_field {
	enum field_kind kind;
	const char *name;
	size_t size, align;
};

#define ROW(kind, T, f) { kind, #f, sizeof(T), _Alignof(T) },
#define AST_NODE(KIND, name) static const struct ast_field fields_##KIND[] = {
#define AST_CHILD(f) ROW(CHILD, struct node *, f)
#define AST_LIST(f) ROW(LIST, struct node_list, f)
#define AST_STR(f) ROW(STR, const char *, f)
#define AST_U64(f) ROW(U64, uint64_t, f)
#define AST_BOOL(f) ROW(BOOL, bool, f)
#define AST_OP(f) ROW(OPERATOR, enum op, f)
#define AST_NOTE(T, f) ROW(NOTE, T, f)
#define AST_END(KIND, member) { END, #member, sizeof ((struct node *)NULL)->member, 1 } };
#include "lang/ast.def"

static const struct ast_field *const fields[] = {
#define AST_NODE(KIND, name) [NODE_##KIND] = fields_##KIND,
#include "lang/ast.def"
};

struct walk {
	const struct ast_field *f;
	char *at; // the field
	char *base;
	size_t end; // offset one past it
};

static void walk_settle(struct walk *w)
{
	size_t offset = ALIGN_UP(w->end, w->f->align);

	w->at = w->base + offset;
	w->end = offset + w->f->size;
	if (w->f->kind == END && offset > w->f->size)
		BUG("the fields of '%s' do not lie where they should", w->f->name);
}

static struct walk walk_start(const struct node *n)
{
	struct walk w = { .f = fields[n->kind], .base = (char *)&n->int_ };

	walk_settle(&w);
	return w;
}

static void walk_next(struct walk *w)
{
	w->f++;
	walk_settle(w);
}

#define FIELD(w, T) (*(T *)(w).at)
#define EACH_FIELD(w, n) (struct walk w = walk_start(n); w.f->kind != END; walk_next(&w))

struct node *node_new(struct arena *a, enum node_kind kind, struct span span)
{
	struct node *n = arena_new_(a, struct node);

	n->kind = kind;
	n->span = span;
	return n;
}

void node_each_child(struct node *n, void (*visit)(void *arg, struct node **slot), void *arg)
{
	for EACH_FIELD(w, n) {
		if (w.f->kind == CHILD && FIELD(w, struct node *))
			visit(arg, &FIELD(w, struct node *));
		else if (w.f->kind == LIST)
			for (size_t i = 0; i < FIELD(w, struct node_list).n; i++)
				visit(arg, &FIELD(w, struct node_list).v[i]);
	}
}

struct node *node_clone(struct arena *a, const struct node *n)
{
	struct node *copy;

	if (!n)
		return NULL;
	copy = arena_memdup(a, n, sizeof *n);
	for EACH_FIELD(w, copy) {
		if (w.f->kind == CHILD) {
			FIELD(w, struct node *) = node_clone(a, FIELD(w, struct node *));
		} else if (w.f->kind == LIST) {
			struct node_list *list = &FIELD(w, struct node_list);

			list->v = arena_memdup(a, list->v, list->n * sizeof *list->v);
			list->cap = list->n;
			for (size_t i = 0; i < list->n; i++)
				list->v[i] = node_clone(a, list->v[i]);
		}
	}
	return copy;
}

static bool list_equal(const struct node_list *a, const struct node_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!node_equal(a->v[i], b->v[i]))
			return false;
	return true;
}

static bool field_equal(const struct walk *x, const struct walk *y)
{
	switch (x->f->kind) {
	case CHILD:
		return node_equal(FIELD(*x, struct node *), FIELD(*y, struct node *));
	case LIST:
		return list_equal(&FIELD(*x, struct node_list), &FIELD(*y, struct node_list));
	case STR: {
		const char *s = FIELD(*x, const char *), *t = FIELD(*y, const char *);

		return s == t || (s && t && strcmp(s, t) == 0);
	}
	case U64:
		return FIELD(*x, uint64_t) == FIELD(*y, uint64_t);
	case BOOL:
		return FIELD(*x, bool) == FIELD(*y, bool);
	case OPERATOR:
		return FIELD(*x, enum op) == FIELD(*y, enum op);
	case NOTE: case END:
		return true;
	}
	return true;
}

bool node_equal(const struct node *a, const struct node *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind)
		return false;
	if (a->kind == NODE_STRING) // may hold NULs
		return a->string.len == b->string.len && memcmp(a->string.text, b->string.text, a->string.len) == 0;
	struct walk y = walk_start(b);
	for (struct walk x = walk_start(a); x.f->kind != END; walk_next(&x), walk_next(&y))
		if (!field_equal(&x, &y))
			return false;
	return true;
}

static void dump_scalar(const struct node *n, const struct walk *w, struct str *out)
{
	switch (w->f->kind) {
	case STR: {
		const char *s = FIELD(*w, const char *);

		if (!s)
			return;
		str_printf(out, " %s=", w->f->name);
		str_json(out, s, n->kind == NODE_STRING ? n->string.len : strlen(s));
		return;
	}
	case U64:
		str_printf(out, " %s=", w->f->name);
		str_u64(out, FIELD(*w, uint64_t));
		return;
	case BOOL:
		if (FIELD(*w, bool))
			str_printf(out, " %s", w->f->name);
		return;
	case OPERATOR:
		if (FIELD(*w, enum op) != OP_NONE)
			str_printf(out, " %s", op_spelling(FIELD(*w, enum op)));
		return;
	case CHILD: case LIST: case NOTE: case END:
		return;
	}
}

static void dump(const struct node *n, const char *label, unsigned level, bool with_types, struct str *out)
{
	str_fill(out, ' ', level * 2);
	if (label)
		str_printf(out, "%s: ", label);
	str_adds(out, node_name(n->kind));
	for EACH_FIELD(w, n)
		dump_scalar(n, &w, out);
	if (with_types && n->type) {
		str_adds(out, " : ");
		type_print(n->type, out);
	}
	if (n->held)
		str_adds(out, " held");
	str_addc(out, '\n');
	for EACH_FIELD(w, n) {
		if (w.f->kind == CHILD && FIELD(w, struct node *))
			dump(FIELD(w, struct node *), w.f->name, level + 1, with_types, out);
		else if (w.f->kind == LIST)
			for (size_t i = 0; i < FIELD(w, struct node_list).n; i++)
				dump(FIELD(w, struct node_list).v[i], w.f->name, level + 1, with_types, out);
	}
}

void node_dump(const struct node *n, bool with_types, struct str *out)
{
	dump(n, NULL, 0, with_types, out);
}

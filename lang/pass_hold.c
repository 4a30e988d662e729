// SPDX-License-Identifier: Apache-2.0
// pass_hold.c - operands that must be held while others of the same operation are computed.
//
// A string, tuple or record in a variable is handed on as the address where it lies. In `$v != ({ $v = "b"; $v })` that would
// show the left side what the right side stored. An operand that lies in a variable which another operand of the same
// operation assigns is therefore marked: its bytes are copied when its turn comes. Nothing else needs it: scalars are in
// registers, elements of maps are copied when they are read, and what is computed has memory of its own.
#include "base/util.h"
#include "lang/lang_int.h"

// The variable in whose memory the expression's value lies; NULL: in none.
static const struct var *place_of(const struct node *n)
{
	switch (n->kind) {
	case NODE_VAR: return n->var.sym;
	case NODE_ELEMENT: return place_of(n->element.base);
	case NODE_FIELD: return place_of(n->field.base);
	case NODE_CAST: return place_of(n->cast.value);
	case NODE_BLOCK: return n->block.value ? place_of(n->block.value) : NULL;
	default: return NULL;
	}
}

struct search {
	const struct var *var;
	bool found;
};

static void look_for_assignment(void *arg, struct node **slot)
{
	struct search *s = arg;
	const struct node *n = *slot;

	if (n->kind == NODE_ASSIGN && n->assign.target->kind == NODE_VAR && n->assign.target->var.sym == s->var)
		s->found = true;
	if (!s->found)
		node_each_child(*slot, look_for_assignment, s);
}

struct operands {
	struct lang *l;
	VEC(struct node *) all;
};

static void collect(void *arg, struct node **slot)
{
	struct operands *o = arg;

	vec_push(o->l->arena, &o->all, *slot);
}

static bool is_assigned_beside(const struct operands *o, size_t operand, const struct var *v)
{
	struct search s = { .var = v };

	for (size_t i = 0; i < o->all.n && !s.found; i++)
		if (i != operand)
			look_for_assignment(&s, &o->all.v[i]);
	return s.found;
}

static bool is_statement(const struct node *n)
{
	return n->kind >= NODE_EXPR || n->kind == NODE_BLOCK;
}

static void visit(void *arg, struct node **slot)
{
	struct operands o = { .l = arg };

	if (!is_statement(*slot)) {
		node_each_child(*slot, collect, &o);
		for (size_t i = 0; o.all.n > 1 && i < o.all.n; i++) {
			struct node *n = o.all.v[i];
			const struct var *v = n->type && !type_is_scalar(n->type) ? place_of(n) : NULL;

			n->held = v && is_assigned_beside(&o, i, v);
		}
	}
	node_each_child(*slot, visit, arg);
}

void pass_hold(struct lang *l)
{
	for (size_t i = 0; i < l->bodies.n; i++) {
		if (l->bodies.v[i].predicate)
			visit(l, &l->bodies.v[i].predicate);
		visit(l, &l->bodies.v[i].block);
	}
}

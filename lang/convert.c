// SPDX-License-Identifier: Apache-2.0
// convert.c - implicit conversions: the final walk makes every value what its place wants.
#include <string.h>

#include "lang/lang_int.h"

struct node *node_cast(struct lang *l, struct node *n, const struct type *to)
{
	struct node *c = node_new(l->arena, NODE_CAST, n->span);

	c->cast.value = n;
	c->cast.implicit = true;
	c->type = to;
	return c;
}

// Text of literals stays; only the type, and for bool the kind, changes.
static bool coerce_literal(struct lang *l, struct node **slot, const struct type *to)
{
	struct node *n = *slot, *b;

	if (n->kind != NODE_INT || !(type_is_integer(to) || to->kind == TYPE_POINTER))
		return false;
	if (to->kind != TYPE_BOOL) {
		n->type = to;
		return true;
	}
	reloc_fix(l, n);
	b = node_new(l->arena, NODE_BOOL, n->span);
	b->bool_.value = n->int_.value != 0;
	b->type = to;
	*slot = b;
	return true;
}

static void coerce_items(struct lang *l, struct node *n, const struct type *to)
{
	for (uint32_t i = 0; i < to->nfields; i++)
		coerce(l, literal_member(n, i), to->fields[i].type);
	n->type = to;
}

// Do the two differ in more than the capacity of strings?
static bool needs_members(const struct type *from, const struct type *to)
{
	if (from == to || (from->kind == to->kind && (from->kind == TYPE_STRING || from->kind == TYPE_BUFFER)))
		return false;
	if ((from->kind != TYPE_TUPLE && from->kind != TYPE_RECORD) || from->nfields != to->nfields)
		return true;
	for (uint32_t i = 0; i < from->nfields; i++)
		if (needs_members(from->fields[i].type, to->fields[i].type))
			return true;
	return false;
}

static bool coerce_branches(struct lang *l, struct node *n, const struct type *to)
{
	switch (n->kind) {
	case NODE_TERNARY:
		if (!n->ternary.yes)
			return false;
		coerce(l, &n->ternary.yes, to);
		coerce(l, &n->ternary.no, to);
		break;
	case NODE_IF:
		coerce(l, &n->if_.yes, to);
		coerce(l, &n->if_.no, to);
		break;
	case NODE_BLOCK:
		if (!n->block.value)
			return false;
		coerce(l, &n->block.value, to);
		break;
	default:
		return false;
	}
	n->type = to;
	return true;
}

void coerce(struct lang *l, struct node **slot, const struct type *to)
{
	struct node *n = *slot;

	if (!l->final || !n->type || !to || n->type == to)
		return;
	if (coerce_literal(l, slot, to) || coerce_branches(l, n, to))
		return;
	if ((n->kind == NODE_TUPLE || n->kind == NODE_RECORD) && to->kind == n->type->kind && to->nfields == n->type->nfields)
		coerce_items(l, n, to);
	else if ((to->kind == TYPE_TUPLE || to->kind == TYPE_RECORD) && n->type->kind == to->kind && needs_members(n->type, to))
		*slot = node_cast(l, n, to); // member by member
	else if ((type_is_scalar(n->type) || type_is_castable_aggregate(n->type)) && type_is_scalar(to))
		*slot = node_cast(l, n, to);
}

static const struct type *agg_int(struct lang *l, const struct type *t)
{
	return t_int(l, 8, t->is_signed);
}

void settle(struct lang *l, struct node **slot)
{
	struct node *n = *slot;

	if (!l->final || !n->type)
		return;
	if (type_is_castable_aggregate(n->type))
		*slot = node_cast(l, n, agg_int(l, n->type));
	else
		coerce(l, slot, slot_hard(l, slot_of(l, n)));
}

bool coerce_int(struct lang *l, struct node **slot)
{
	const struct type *t = (*slot)->type;

	if (!t)
		return true;
	if (type_is_castable_aggregate(t)) {
		coerce(l, slot, agg_int(l, t));
		return true;
	}
	if (!type_is_integer(t))
		return false;
	if (is_int_literal(*slot))
		coerce(l, slot, t_int(l, 8, !(*slot)->int_.is_unsigned));
	else
		coerce(l, slot, t_int(l, 8, t->is_signed));
	return true;
}

bool coerce_condition(struct lang *l, struct node **slot)
{
	const struct type *t = (*slot)->type;

	if (!t)
		return true;
	if (type_is_castable_aggregate(t)) {
		coerce(l, slot, agg_int(l, t));
		return true;
	}
	if (type_is_integer(t) || t->kind == TYPE_POINTER || t->kind == TYPE_STRING || t->kind == TYPE_BUFFER)
		return true;
	complain(l, (*slot)->span, E_TYPE, "a condition can be an integer, a boolean, a pointer or a string, not '%T'", t);
	if ((*slot)->kind == NODE_RECORD && (*slot)->record.items.n == 1)
		advise(l, "(%s = …) is a record with one field; == compares", (*slot)->record.items.v[0]->record_item.name);
	return false;
}

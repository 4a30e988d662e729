// SPDX-License-Identifier: Apache-2.0
// pass_check_member.c - what lies inside a value: args.NAME, fields, tuple members, elements of arrays.
#include <string.h>

#include "base/near.h"
#include "lang/lang_int.h"

// The address space a value lies in, or that a pointer points into; what is reached from it lies there too.
enum space node_space(struct lang *l, const struct node *n)
{
	if (n->type && n->type->kind == TYPE_POINTER && n->type->space != SPACE_NONE)
		return n->type->space;
	switch (n->kind) {
	case NODE_FIELD: return n->field.arg ? l->body->type->arg_space : node_space(l, n->field.base);
	case NODE_INDEX: return node_space(l, n->index.base);
	case NODE_UNARY: return node_space(l, n->unary.value);
	case NODE_CAST: return node_space(l, n->cast.value);
	default: return n->type && n->type->kind == TYPE_POINTER ? l->body->type->arg_space : SPACE_NONE;
	}
}

// A pointer inside what `base` reaches points into the same space.
static const struct type *inherit(struct lang *l, const struct type *t, const struct node *base)
{
	enum space space;

	if (t->kind != TYPE_POINTER || t->space != SPACE_NONE)
		return t;
	space = node_space(l, base);
	return space == SPACE_NONE ? t : type_pointer(l->types, t->elem, space);
}

static const struct type *check_arg(struct lang *l, struct node *n)
{
	const struct probe_type *p = l->body->type;
	struct arg_loc loc = { 0 };

	if (p->field && p->field(p, l->world, &l->body->sites.v[0], n->field.arg, &loc) && loc.type)
		return type_decayed(l, loc.type);
	if (p->field) {
		complain(l, n->span, E_PLACE, "args.%s can not be read here", n->field.name);
		if (n->field.arg->offset == UINT32_MAX)
			advise(l, "numbers and addresses can that lie in a general register or on the stack when the function begins, floats can not");
		return NULL;
	}
	return type_decayed(l, n->field.arg->type);
}

static bool is_retval(const struct node *n)
{
	return n->kind == NODE_IDENT && n->ident.builtin && n->ident.builtin->id == BUILTIN_RETVAL;
}

// A uretprobe's retval is a number, as in bpftrace, and nobody waits for debugging information; until it is looked into. Then
// it is the pointer that the function returns, if all functions of the probe return the same.
bool type_retval(struct lang *l, struct node *n)
{
	const struct probe_type *p = l->body->type;
	const struct type *t = NULL;

	if (!is_retval(n) || !p->returns)
		return false;
	for (size_t i = 0; i < l->body->sites.n; i++) {
		const struct type *other = p->returns(p, l->world, &l->body->sites.v[i]);

		if (!other || other->kind != TYPE_POINTER || (t && t != other))
			return false;
		t = other;
	}
	n->type = t;
	return true;
}

static void no_field(struct lang *l, const struct node *n, const struct type *t)
{
	struct near near = near_to(n->field.name);

	for (uint32_t i = 0; i < t->nfields; i++)
		if (t->fields[i].name)
			near_offer(&near, t->fields[i].name);
	complain(l, n->span, E_UNKNOWN_NAME, "'%T' does not contain a field named '%s'", t, n->field.name);
	if (near.best)
		advise(l, "did you mean '%s'?", near.best);
}

// p.x goes through any number of pointers: all but the last are read explicitly.
static const struct type *through_pointers(struct lang *l, struct node *n)
{
	const struct type *t = n->field.base->type;

	while (t->kind == TYPE_POINTER && t->elem->kind == TYPE_POINTER) {
		struct node *d;

		t = inherit(l, t->elem, n->field.base);
		if (!l->final)
			continue;
		d = node_new(l->arena, NODE_UNARY, n->field.base->span);
		d->unary.op = OP_DEREF;
		d->unary.value = n->field.base;
		d->type = t;
		n->field.base = d;
	}
	return t->kind == TYPE_POINTER ? t->elem : t;
}

static const struct type *check_field(struct lang *l, struct node *n)
{
	const struct type *base, *t;
	const struct field *f;
	struct field *own;

	if (n->field.arg)
		return check_arg(l, n);
	if (!check_value(l, &n->field.base))
		return NULL;
	type_retval(l, n->field.base);
	base = through_pointers(l, n);
	if (base->kind != TYPE_STRUCT && base->kind != TYPE_UNION && base->kind != TYPE_RECORD) {
		complain(l, n->span, E_TYPE, "Can not access field '%s' on expression of type '%T'; a struct, a pointer to one or a record has fields",
			 n->field.name, n->field.base->type);
		if (is_retval(n->field.base) && l->body->type->returns)
			advise(l, "no debugging information (DWARF) says that every function of this probe returns the same pointer; cast it: ((struct NAME *)retval).%s",
			       n->field.name);
		return NULL;
	}
	if (!type_completed(l, base)) {
		complain(l, n->span, E_UNKNOWN_NAME, "Unknown struct/union: '%T'; its fields are not in this machine's type information", base);
		return NULL;
	}
	f = type_field(base, n->field.name);
	if (!f) {
		no_field(l, n, base);
		return NULL;
	}
	t = inherit(l, type_decayed(l, f->type), n->field.base);
	type_completed(l, t);
	if (t != f->type) { // with the type it has here: text, a pointer whose space is known
		own = arena_memdup(l->arena, f, sizeof *f);
		own->type = t;
		f = own;
	}
	if (!t->size && t->kind != TYPE_ARRAY) {
		complain(l, n->span, E_TYPE, "the type of '%s' is not supported ('%T')", n->field.name, t);
		return NULL;
	}
	n->field.field = f;
	return t;
}

static const struct type *element_type(struct lang *l, struct node *at, const struct type *t, uint64_t number)
{
	if (at->kind == NODE_ELEMENT && at->element.base->kind == NODE_INT) { // 1.5
		complain(l, at->span, E_TYPE, "numbers have no fraction; durations can be written in a smaller unit (1500ms), others scaled");
		return NULL;
	}
	if (t->kind != TYPE_TUPLE) {
		complain(l, at->span, E_TYPE, "Can not access element %llu of '%T'; only tuples have numbered elements", (unsigned long long)number, t);
		return NULL;
	}
	if (number >= t->nfields) {
		complain(l, at->span, E_LITERAL, "Invalid tuple index: %llu. Found %u elements in the tuple '%T'", (unsigned long long)number, t->nfields, t);
		return NULL;
	}
	return t->fields[number].type;
}

// A literal tuple whose literals have no width yet must have one before its bytes can be addressed.
static const struct type *check_element(struct lang *l, struct node *n)
{
	if (!check_value(l, &n->element.base))
		return NULL;
	if (n->element.base->kind == NODE_TUPLE)
		settle(l, &n->element.base);
	return element_type(l, n, n->element.base->type, n->element.number);
}

static const struct type *check_bounds(struct lang *l, struct node *n, const struct type *elem, uint32_t count)
{
	const struct node *i = n->index.keys.v[0];

	if (is_int_literal(i) && count && (literal_value(i) < 0 || (uint64_t)literal_value(i) >= count)) {
		complain(l, i->span, E_LITERAL, "the index %lld is out of bounds for array of size %u", (long long)literal_value(i), count);
		return NULL;
	}
	return elem;
}

static const struct type *check_index(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *e;
	const struct type *t, *i;

	if (n->index.keys.n != 1) {
		complain(l, n->span, E_ARGS, "an array has one index; only maps have several keys");
		return NULL;
	}
	t = check_value(l, &n->index.base);
	i = check_value(l, &n->index.keys.v[0]);
	if (!t || !i)
		return NULL;
	if (type_retval(l, n->index.base))
		t = n->index.base->type;
	if (!coerce_int(l, &n->index.keys.v[0])) {
		complain(l, n->index.keys.v[0]->span, E_TYPE, "an index is an integer, not '%T'", i);
		return NULL;
	}
	switch (t->kind) {
	case TYPE_TUPLE:
		if (!is_int_literal(n->index.keys.v[0])) {
			complain(l, n->index.keys.v[0]->span, E_LITERAL, "the index into a tuple must be a literal");
			return NULL;
		}
		e = node_new(l->arena, NODE_ELEMENT, n->span);
		e->element.base = n->index.base;
		e->element.number = n->index.keys.v[0]->int_.value;
		*slot = e;
		settle(l, &e->element.base);
		return element_type(l, e, e->element.base->type, e->element.number);
	case TYPE_STRING:
		return check_bounds(l, n, t_int(l, 1, true), t->count);
	case TYPE_ARRAY:
		type_completed(l, t->elem);
		return check_bounds(l, n, inherit(l, t->elem, n->index.base), t->count);
	case TYPE_POINTER:
		if (t->elem->kind == TYPE_NONE || !type_completed(l, t->elem))
			break;
		return inherit(l, type_decayed(l, t->elem), n->index.base);
	default:
		break;
	}
	complain(l, n->span, E_TYPE, "The array index operator [] can not be used on '%T'; it takes an array, a pointer, a string or a tuple", t);
	return NULL;
}

const struct type *check_member(struct lang *l, struct node **slot)
{
	if ((*slot)->kind == NODE_FIELD)
		return check_field(l, *slot);
	if ((*slot)->kind == NODE_ELEMENT)
		return check_element(l, *slot);
	return check_index(l, slot);
}

// SPDX-License-Identifier: Apache-2.0
// pass_check.c - types of the whole script: walks until nothing changes, settles what only literals gave, walks once more
// to report and rewrite. See lang_int.h.
#include "lang/lang_int.h"

static void walk(struct lang *l)
{
	for (size_t i = 0; i < l->bodies.n; i++) {
		struct body *b = &l->bodies.v[l->backward ? l->bodies.n - 1 - i : i];

		l->body = b;
		l->loops = 0;
		l->callback = 0;
		if (b->predicate) {
			check_expr(l, &b->predicate);
			coerce_condition(l, &b->predicate);
		}
		check_block(l, b->block);
	}
}

static bool harden_all(struct lang *l)
{
	bool any = false;

	for (size_t i = 0; i < l->maps.n; i++) {
		struct lang_map *m = lang_map_of(l->maps.v[i]);

		any |= slot_harden(l, &m->key);
		any |= slot_harden(l, &m->value);
	}
	for (size_t i = 0; i < l->bodies.n; i++)
		for (size_t k = 0; k < l->bodies.v[i].nvars; k++)
			any |= slot_harden(l, &lang_var_of(l->bodies.v[i].vars[k])->slot);
	return any;
}

static size_t count_slots(const struct lang *l)
{
	size_t n = 2 * l->maps.n;

	for (size_t i = 0; i < l->bodies.n; i++)
		n += l->bodies.v[i].nvars;
	return n;
}

// Each walk that changes something widens a slot; widths and capacities are bounded, so this ends. The limit is for
// types that grow with their own size: $x = str(p, sizeof($x) + 1).
static bool infer(struct lang *l)
{
	size_t limit = 16 + 8 * count_slots(l);

	for (size_t i = 0; i < limit; i++) {
		l->changed = false;
		walk(l);
		l->backward = !l->backward;
		if (l->changed || harden_all(l))
			continue;
		if (l->guess)
			return true;
		l->guess = true; // @x = @x + 1 and nothing else: an integer
	}
	return false;
}

void untyped(struct lang *l, const struct node *n)
{
	if (l->final)
		vec_push(l->arena, &l->untyped, n);
}

// Where nothing else is wrong: what is assigned to it would have been complained of.
static void complain_untyped(struct lang *l)
{
	for (size_t i = 0; i < l->untyped.n; i++) {
		const struct node *n = l->untyped.v[i];

		diag_error(l->diag, n->span, E_UNDEFINED, "%s has no type: nothing that is known is assigned to it", n->kind == NODE_MAP ? n->map.name : n->var.name);
	}
}

static void publish(struct lang *l)
{
	for (size_t i = 0; i < l->maps.n; i++) {
		struct lang_map *m = lang_map_of(l->maps.v[i]);

		m->sym.key = m->keyed ? m->key.type : NULL;
		m->sym.value = m->value.type;
		m->key_is_tuple = m->sym.key && m->sym.key->kind == TYPE_TUPLE;
	}
	for (size_t i = 0; i < l->bodies.n; i++)
		for (size_t k = 0; k < l->bodies.v[i].nvars; k++)
			l->bodies.v[i].vars[k]->type = lang_var_of(l->bodies.v[i].vars[k])->slot.type;
}

void pass_check(struct lang *l)
{
	if (!infer(l)) {
		diag_error(l->diag, l->script->span, E_TYPE, "the types of this script's variables and maps depend on themselves and do not settle; "
			   "declare one of them: let $x: string[64];");
		return;
	}
	publish(l);
	unsigned before = l->diag->errors;
	l->final = true;
	l->backward = false;
	walk(l);
	if (l->diag->errors == before)
		complain_untyped(l);
}

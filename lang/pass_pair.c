// SPDX-License-Identifier: Apache-2.0
// pass_pair.c - print(@m) and, behind it in the same program, clear(@m) or zero(@m): one action that loses no update.
//
// Done one after the other from user space, what programs add between the two is gone. So a pair in one block becomes one
// record: the print says that it takes the elements with it, and the other statement goes. Where a condition or a loop lies
// between the two, only the run of the program decides whether they meet: both stay, the print says that the other may
// follow, and the reader looks for it among the next records (runtime/event.c). Such a map has a twin, a second copy of itself; a bit in the globals says which of the two programs write to. The reader turns the bit, waits until no program
// runs that still goes by the old one, then prints and empties a copy that nobody touches any more.
//
// A program reads the bit once, when it starts: what it reads and writes back is in one copy.
#include <string.h>

#include "base/wire.h"
#include "lang/lang_int.h"

static const struct node *statement_call(const struct node *n, enum builtin_id id)
{
	const struct node *v = n->kind == NODE_EXPR ? n->expr.value : NULL;

	return v && v->kind == NODE_CALL && v->call.builtin && v->call.builtin->id == id ? v : NULL;
}

// The map that `n` prints, clears or zeroes as a whole.
static struct map_sym *whole_map(const struct node *n, enum builtin_id id)
{
	const struct node *call = statement_call(n, id);
	const struct node *m = call && call->call.args.n ? call->call.args.v[0] : NULL;

	return m && m->kind == NODE_MAP && !m->map.keys.n ? m->map.sym : NULL;
}

// Does control always go on behind this statement?
static bool goes_on(const struct node *n)
{
	return n->kind == NODE_EXPR ? !statement_call(n, BUILTIN_EXIT) && n->expr.value->kind == NODE_CALL
				    : n->kind == NODE_ASSIGN || n->kind == NODE_LET || n->kind == NODE_DISCARD;
}

// Where the statement stands that empties what statement i prints; 0 if none does.
static size_t partner(const struct node_list *body, size_t i, struct map_sym *m, uint32_t *takes)
{
	for (size_t k = i + 1; k < body->n; k++) {
		const struct node *n = body->v[k];

		if (whole_map(n, BUILTIN_CLEAR) == m || whole_map(n, BUILTIN_ZERO) == m) {
			*takes = whole_map(n, BUILTIN_CLEAR) == m ? WIRE_TAKE_CLEAR : WIRE_TAKE_ZERO;
			return k;
		}
		if (whole_map(n, BUILTIN_PRINT) == m || !goes_on(n))
			return 0;
	}
	return 0;
}

static bool make_twin(struct lang *l, struct map_sym *m)
{
	if (m->addressed) // C would see both copies
		return false;
	if (m->value->kind == TYPE_TSERIES || (!m->twin && l->twins == WIRE_TWINS)) // a time series keeps its epochs anyway
		return false;
	l->twins += !m->twin;
	return m->twin = true;
}

static void pair_block(struct lang *l, struct node_list *body)
{
	for (size_t i = 0; i < body->n; i++) {
		struct map_sym *m = whole_map(body->v[i], BUILTIN_PRINT);
		uint32_t takes;
		size_t k = m ? partner(body, i, m, &takes) : 0;

		if (!k || !make_twin(l, m))
			continue;
		body->v[i]->expr.value->call.takes = takes;
		memmove(&body->v[k], &body->v[k + 1], (body->n - k - 1) * sizeof *body->v);
		body->n--;
	}
}

static void visit(void *arg, struct node **slot)
{
	if ((*slot)->kind == NODE_BLOCK)
		pair_block(arg, &(*slot)->block.body);
	node_each_child(*slot, visit, arg);
}

// The prints that are no pair so far, and stand before what empties their map, or in one loop with it.
struct waiting {
	struct lang *l;
	VEC(struct node *) prints; // calls
};

static void empties(struct waiting *w, const struct map_sym *m)
{
	for (size_t i = 0; i < w->prints.n; i++)
		if (w->prints.v[i]->call.args.v[0]->map.sym == m && make_twin(w->l, w->prints.v[i]->call.args.v[0]->map.sym))
			w->prints.v[i]->call.takes = WIRE_TAKE_LATER;
}

static bool is_loop(const struct node *n)
{
	return n->kind == NODE_WHILE || n->kind == NODE_FOR || n->kind == NODE_UNROLL;
}

static void look(void *arg, struct node **slot)
{
	struct waiting *w = arg;
	struct node *n = *slot;
	struct map_sym *m = whole_map(n, BUILTIN_PRINT);

	if (m && !n->expr.value->call.takes)
		vec_push(w->l->arena, &w->prints, n->expr.value);
	m = whole_map(n, BUILTIN_CLEAR) ? whole_map(n, BUILTIN_CLEAR) : whole_map(n, BUILTIN_ZERO);
	if (m)
		empties(w, m);
	node_each_child(n, look, w);
	if (is_loop(n)) // round again: what it prints at its end is emptied at its start
		node_each_child(n, look, w);
}

void pass_pair(struct lang *l)
{
	for (size_t i = 0; i < l->bodies.n; i++) {
		struct waiting w = { .l = l };

		visit(l, &l->bodies.v[i].block);
		look(&w, &l->bodies.v[i].block);
	}
}

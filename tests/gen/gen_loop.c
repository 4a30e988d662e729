// SPDX-License-Identifier: Apache-2.0
// gen_loop.c - loops: few rounds, of which the product is kept small too.
#include "base/util.h"
#include "tests/gen/gen_int.h"

static void loop_body(struct gen *g, unsigned rounds, unsigned most)
{
	unsigned was = g->rounds;

	g->rounds *= rounds;
	g->loops++;
	block(g, most);
	g->loops--;
	g->rounds = was;
	add(g, "\n");
}

// The kernel follows each round of it: few, and short.
void while_loop(struct gen *g)
{
	unsigned rounds = 1 + upto(g, 5), name = g->names++;

	if (g->loops > 1 || g->rounds * rounds > 60)
		return;
	line(g);
	add(g, "let $w%u = 0;\n", name);
	line(g);
	add(g, "while ($w%u < %u) {\n", name, rounds);
	g->indent++;
	line(g);
	add(g, "$w%u++;\n", name);
	line(g);
	loop_body(g, rounds, 3);
	g->indent--;
	line(g);
	add(g, "}\n");
}

static void range_end(struct gen *g, unsigned most)
{
	if (one_in(g, 3)) {
		add(g, "(((int64)");
		int_operand(g, 1);
		add(g, ") & %u)", most);
	} else {
		add(g, "%u", upto(g, most));
	}
}

void for_range(struct gen *g)
{
	struct gvar *v;
	unsigned vars = g->nvars;

	if (g->loops > 2 || g->rounds * 15 > 300)
		return;
	line(g);
	v = new_var(g, &int_shape, false);
	if (!v)
		return;
	add(g, "for %s : ", v->name);
	range_end(g, 3);
	add(g, "..");
	range_end(g, 15);
	str_addc(g->out, ' ');
	g->nvars++;
	g->callbacks++;
	loop_body(g, 15, 5);
	g->callbacks--;
	g->nvars = vars;
}

void unroll(struct gen *g)
{
	unsigned rounds = 1 + upto(g, 4);

	if (g->loops > 1 || g->rounds * rounds > 60)
		return;
	line(g);
	add(g, "unroll (%u) ", rounds);
	loop_body(g, rounds, 3);
}

// Loops over maps: sums and the like, which no order changes --------------------------------------------------------------------

// `op` is the same in all of a loop: sums and exclusive ors of one variable do not commute with each other.
static void accumulate(struct gen *g, const char *acc, const char *op, const struct gmap *agg)
{
	line(g);
	switch (upto(g, agg ? 3 : 2)) {
	case 0:
		add(g, "%s %s ", acc, op);
		expr(g, &int_shape, 2);
		add(g, ";\n");
		return;
	case 1:
		add(g, "if (");
		expr(g, &bool_shape, 2);
		add(g, ") { %s %s 1; %s}\n", acc, op, one_in(g, 2) ? "continue; " : "");
		return;
	default:
		map_ref(g, agg, 1);
		add(g, " = ");
		agg_call(g, agg);
		add(g, ";\n");
	}
}

static struct gmap *pick_agg(struct gen *g, const struct gmap *not)
{
	struct gmap *m = &g->maps[upto(g, g->nmaps)];

	return m->agg && !m->walked && !m->hidden && m != not ? m : NULL;
}

void for_map(struct gen *g)
{
	struct gmap *m = pick_map(g, NULL, false, true), *agg = m ? pick_agg(g, m) : NULL;
	struct gvar *acc, *kv;
	const char *op = one_in(g, 2) ? "+=" : "^=";
	unsigned vars = g->nvars;
	bool was = g->pure;

	if (!m || !is_castable(m->agg) || g->pure || g->loops > 1 || m->walked)
		return;
	acc = new_var(g, &int_shape, true);
	if (!acc)
		return;
	line(g);
	add(g, "let %s = (uint64)0;\n", acc->name);
	vars = ++g->nvars;
	acc->hidden = true;
	kv = new_var(g, tuple_of(g, m->key, m->value), false);
	if (kv) {
		line(g);
		add(g, "for (%s : %s) {\n", kv->name, m->name);
		g->nvars += kv->shape->kind == TUP;
		g->pure = m->walked = true;
		if (agg)
			agg->hidden = true;
		g->indent++;
		for (unsigned i = 1 + upto(g, 3); i; i--)
			accumulate(g, acc->name, op, agg);
		g->indent--;
		if (agg)
			agg->hidden = false;
		m->walked = false;
		g->pure = was;
		line(g);
		add(g, "}\n");
	}
	g->nvars = vars;
	acc->hidden = false;
}

// SPDX-License-Identifier: Apache-2.0
// gen.c - random text of well-typed scripts.
//
// What is written depends on nothing but the script: no time, no other processes. The order in which a map is walked is
// not defined, so the body of such a loop only does what gives the same result in any order.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "tests/gen/gen_int.h"

// Statements ------------------------------------------------------------------------------------------------------------------

static void statements(struct gen *g, unsigned most);

void line(struct gen *g)
{
	str_fill(g->out, ' ', g->indent * 2);
}

void block(struct gen *g, unsigned most)
{
	unsigned vars = g->nvars;

	add(g, "{\n");
	g->indent++;
	statements(g, most);
	g->indent--;
	g->nvars = vars;
	line(g);
	add(g, "}");
}

struct gvar *new_var(struct gen *g, const struct shape *s, bool writable)
{
	struct gvar *v;

	if (g->nvars == ARRAY_SIZE(g->vars))
		return NULL;
	v = &g->vars[g->nvars];
	*v = (struct gvar){ .shape = s, .writable = writable };
	snprintf(v->name, sizeof v->name, "$v%u", g->names++);
	return v;
}

static void declare(struct gen *g)
{
	static const char *const types[] = { "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64" };
	const struct shape *s = any_shape(g, 2);
	struct gvar *v = new_var(g, s, true);

	if (!v)
		return;
	line(g);
	if (s->kind == STR && one_in(g, 4)) {
		add(g, "let %s: string[%u] = ", v->name, 1 + upto(g, one_in(g, 3) ? 150 : 20));
		expr(g, s, 3);
		add(g, ";\n");
	} else if (s->kind == INT && one_in(g, 6) && pick_var(g, s, false)) {
		v->fixed = true;
		add(g, "let %s: typeof(%s) = ", v->name, pick_var(g, s, false)->name);
		int_cast(g, 2);
		add(g, ";\n");
	} else if (s->kind == INT && one_in(g, 3)) {
		v->fixed = true;
		add(g, "let %s: %s = ((int64)", v->name, types[upto(g, ARRAY_SIZE(types))]);
		int_operand(g, 2);
		add(g, ");\n");
	} else {
		add(g, "%s%s = ", one_in(g, 3) ? "" : "let ", v->name);
		expr(g, s, 3);
		add(g, ";\n");
	}
	g->nvars++;
}

static const char *compound_op(struct gen *g)
{
	static const char *const ops[] = { "+=", "-=", "*=", "&=", "|=", "^=", "<<=", ">>=", "/=", "%=" };

	return ops[upto(g, ARRAY_SIZE(ops))];
}

static void assign_value(struct gen *g, const struct shape *s, bool fixed, unsigned depth)
{
	const char *op = s->kind == INT && one_in(g, 3) ? compound_op(g) : "=";

	add(g, " %s ", op);
	if (fixed || strpbrk(op, "/%"))
		int_cast(g, depth);
	else
		expr(g, s, depth);
	add(g, ";\n");
}

static void assign(struct gen *g)
{
	struct gvar *v = g->nvars ? &g->vars[upto(g, g->nvars)] : NULL;

	if (!v || v->hidden || !v->writable || v->counter)
		return;
	line(g);
	add(g, "%s", v->name);
	if (v->shape->kind == INT && one_in(g, 5))
		add(g, "%s;\n", one_in(g, 2) ? "++" : "--");
	else
		assign_value(g, v->shape, v->fixed, 3);
}

void agg_call(struct gen *g, const struct gmap *m)
{
	static const char *const names[] = { [SUM] = "sum", [MIN_] = "min", [MAX_] = "max", [AVG] = "avg", [STATS] = "stats", [HIST] = "hist", [LHIST] = "lhist" };
	static const char *const bounds[] = { "0, 100, 10", "1, 20, 3", "0, 4096, 1024" };

	if (m->agg == COUNT) {
		add(g, "count()");
		return;
	}
	add(g, "%s(", names[m->agg]);
	expr(g, &int_shape, 2);
	if (m->agg == HIST && m->arg)
		add(g, ", %u", m->arg);
	else if (m->agg == LHIST)
		add(g, ", %s", bounds[m->arg % ARRAY_SIZE(bounds)]);
	str_addc(g->out, ')');
}

static void write_map(struct gen *g, const struct gmap *m)
{
	line(g);
	map_ref(g, m, 1);
	if (m->agg) {
		add(g, " = ");
		agg_call(g, m);
		add(g, ";\n");
	} else if (m->value->kind == INT && one_in(g, 5)) {
		add(g, "%s;\n", one_in(g, 2) ? "++" : "--");
	} else {
		assign_value(g, m->value, false, 3);
	}
}

static void some_map(struct gen *g)
{
	const struct gmap *m = &g->maps[upto(g, g->nmaps)];

	if (!m->hidden && !m->walked)
		write_map(g, m);
}

static void if_statement(struct gen *g)
{
	bool comptime = one_in(g, 6);

	line(g);
	add(g, comptime ? "if comptime (" : "if (");
	if (comptime)
		comptime_condition(g, 2);
	else
		expr(g, one_in(g, 4) ? &int_shape : &bool_shape, 3);
	add(g, ") ");
	block(g, 4);
	if (!comptime && one_in(g, 4)) {
		add(g, " else if (");
		expr(g, &bool_shape, 2);
		add(g, ") ");
		block(g, 3);
	}
	if (one_in(g, 2)) {
		add(g, " else ");
		block(g, 4);
	}
	add(g, "\n");
}

// Output ---------------------------------------------------------------------------------------------------------------------

static void print(struct gen *g)
{
	const struct gmap *m = &g->maps[upto(g, g->nmaps)];

	line(g);
	if (one_in(g, 3) && g->rounds < 20) {
		add(g, "print(%s%s);\n", m->name, m->key && one_in(g, 3) ? one_in(g, 2) && m->value->kind == INT && m->agg != STATS ? ", 3, 7" : ", 2" : "");
		return;
	}
	add(g, "print(");
	if (one_in(g, 4) && is_castable(m->agg) && m->key)
		map_ref(g, m, 1);
	else
		expr(g, any_shape(g, 1), 3);
	add(g, ");\n");
}

static const char *conversion(struct gen *g, const struct shape *s)
{
	static const char *const ints[] = { "%d", "%u", "%x", "%ld", "%lld", "%lu", "%llu", "%lx", "%5d", "%-7ldZ", "%08lx", "%hd", "%hhu", "%+ld", "%#lx", "%lo", "%i", "%s",
					    "%3s", "%.3ld", "%p", "%X", "%c", "%3c" };
	static const char *const strings[] = { "%s", "%10s", "%-12s|", "%.3s", "%40s" };

	if (s->kind == INT)
		return ints[upto(g, ARRAY_SIZE(ints))];
	if (s->kind == STR)
		return strings[upto(g, ARRAY_SIZE(strings))];
	return s->kind == BOOL && one_in(g, 2) ? "%d" : "%s";
}

static void printf_call(struct gen *g)
{
	const struct shape *s[6];
	unsigned n = upto(g, one_in(g, 6) ? 7 : 4);

	n = MIN(n, 6u);
	line(g);
	add(g, "printf(\"");
	for (unsigned i = 0; i < n; i++) {
		s[i] = any_shape(g, 1);
		add(g, "%s%s", one_in(g, 4) ? "x%% " : " ", conversion(g, s[i]));
	}
	add(g, "\\n\"");
	for (unsigned i = 0; i < n; i++) {
		add(g, ", ");
		expr(g, s[i], 3);
	}
	add(g, ");\n");
}

// The rest -------------------------------------------------------------------------------------------------------------------

static void remove_some(struct gen *g)
{
	const struct gmap *m = &g->maps[upto(g, g->nmaps)];

	if (m->walked || m->hidden)
		return;
	line(g);
	switch (upto(g, 4)) {
	case 0:
		add(g, "%s(%s);\n", one_in(g, 2) ? "clear" : "zero", m->name);
		return;
	default:
		add(g, "delete(%s", m->name);
		if (m->key) {
			add(g, ", ");
			key_of(g, m, 1);
		}
		add(g, ");\n");
	}
}

static void leave(struct gen *g)
{
	line(g);
	add(g, "if (");
	expr(g, &bool_shape, 2);
	if (g->loops && !one_in(g, 4))
		add(g, ") { %s; }\n", one_in(g, 2) ? "break" : "continue");
	else if (!g->callbacks && one_in(g, 2))
		add(g, ") { exit(%u); }\n", upto(g, 4));
	else
		add(g, ") { return; }\n");
}

static void discard(struct gen *g)
{
	line(g);
	add(g, "_ = ");
	expr(g, any_shape(g, 1), 3);
	add(g, ";\n");
}

static void statement(struct gen *g)
{
	switch (upto(g, 30)) {
	case 0: case 1: case 2: case 3: case 4: declare(g); return;
	case 5: case 6: case 7: case 8: assign(g); return;
	case 9: case 10: case 11: case 12: case 13: some_map(g); return;
	case 14: case 15: if_statement(g); return;
	case 16: while_loop(g); return;
	case 17: case 18: for_range(g); return;
	case 19: unroll(g); return;
	case 20: case 21: for_map(g); return;
	case 22: case 23: case 24: printf_call(g); return;
	case 25: case 26: print(g); return;
	case 27: remove_some(g); return;
	case 28: discard(g); return;
	default:
		if (one_in(g, 3))
			leave(g);
	}
}

static void statements(struct gen *g, unsigned most)
{
	for (unsigned i = 1 + upto(g, most); i && g->left; i--) {
		g->left--;
		statement(g);
	}
}

static void make_maps(struct gen *g)
{
	g->nmaps = 2 + upto(g, ARRAY_SIZE(g->maps) - 2);
	for (unsigned i = 0; i < g->nmaps; i++) {
		struct gmap *m = &g->maps[i];

		*m = (struct gmap){ .agg = one_in(g, 2) ? NO_AGG : COUNT + upto(g, 8), .arg = upto(g, 4) };
		snprintf(m->name, sizeof m->name, "@m%u", i);
		m->value = m->agg ? &int_shape : any_shape(g, 2);
		if (one_in(g, 3))
			continue;
		m->key = any_shape(g, 2);
		m->spread = m->key->kind == TUP && !m->key->named && one_in(g, 2);
	}
}

static void probe(struct gen *g, const char *name, unsigned size)
{
	add(g, "%s", name);
	g->nvars = 0;
	g->pure = false;
	g->rounds = 1;
	if (one_in(g, 6)) {
		add(g, " /");
		expr(g, one_in(g, 4) ? &int_shape : &bool_shape, 3);
		add(g, "/");
	}
	add(g, "\n{\n");
	g->indent = 1;
	g->left = size;
	while (g->left)
		statements(g, 8);
	add(g, "}\n\n");
}

// Every map is written somewhere, so that it has a type.
static void settle_maps(struct gen *g)
{
	g->nvars = 0;
	g->plain = true;
	add(g, "end\n{\n  if (pid == 0) {\n");
	g->indent = 2;
	for (unsigned i = 0; i < g->nmaps; i++) {
		line(g);
		map_ref(g, &g->maps[i], 0);
		add(g, " = ");
		if (g->maps[i].agg)
			agg_call(g, &g->maps[i]);
		else
			expr(g, g->maps[i].value, 0);
		add(g, ";\n");
	}
	add(g, "  }\n}\n");
}

void gen_script(uint64_t seed, unsigned size, struct str *out)
{
	_free_ struct gen *g = xcalloc(1, sizeof *g);

	g->seed = seed;
	g->out = out;
	if (one_in(g, 3))
		add(g, "config = { on_stack_limit = %u; max_strlen = %u }\n\n", upto(g, 2) ? 8 * upto(g, 20) : 32, (unsigned[]){ 350, 512, 1024, 1500 }[upto(g, 4)]);
	make_maps(g);
	make_funs(g);
	probe(g, "begin", size);
	if (one_in(g, 3))
		probe(g, "begin", 1 + size / 4);
	if (one_in(g, 4))
		probe(g, "end", 1 + size / 4);
	settle_maps(g);
}

// SPDX-License-Identifier: Apache-2.0
// gen_fun.c - macros, functions and what is decided at compile time.
//
// What is inlined keeps its own names: the variables of a body are called as the callers' are.
#include "base/str.h"
#include "base/util.h"
#include "tests/gen/gen_int.h"

void comptime_condition(struct gen *g, unsigned depth)
{
	static const char *const tests[] = { "is_str", "is_integer", "is_unsigned_integer", "is_ptr", "is_array" };
	static const struct shape *const shapes[] = { &int_shape, &bool_shape, &str_shape };

	switch (upto(g, 5)) {
	case 0: add(g, one_in(g, 2) ? "true" : "false"); return;
	case 1: add(g, "%u %s %u", upto(g, 3), one_in(g, 2) ? "==" : "<", upto(g, 3)); return;
	case 2:
		if (one_in(g, 2))
			str_addc(g->out, '!');
		add(g, "sizeof(uint%u) == %u", 8u << upto(g, 4), 1u << upto(g, 4));
		return;
	default:
		add(g, "%s%s(", one_in(g, 4) ? "!" : "", tests[upto(g, ARRAY_SIZE(tests))]);
		expr(g, shapes[upto(g, ARRAY_SIZE(shapes))], depth ? 1 : 0);
		str_addc(g->out, ')');
	}
}

static struct gvar *param(struct gen *g, struct gfun *f, unsigned i)
{
	struct gvar *v = &g->vars[g->nvars++];
	const struct shape *s = one_in(g, 3) ? &str_shape : &int_shape;

	f->by_reference[i] = f->is_macro && one_in(g, 3);
	f->param[i] = s;
	*v = (struct gvar){ .shape = s, .writable = !f->is_macro || f->by_reference[i], .fixed = !f->is_macro && s == &int_shape };
	snprintf(v->name, sizeof v->name, "%s%c%u", f->is_macro && !f->by_reference[i] ? "" : "$", f->is_macro && !f->by_reference[i] ? 'p' : 'v', i);
	return v;
}

static void local(struct gen *g)
{
	struct gvar *v = &g->vars[g->nvars];
	const struct shape *s = any_shape(g, 1);

	*v = (struct gvar){ .shape = s, .writable = true };
	snprintf(v->name, sizeof v->name, "$v%u", g->nvars);
	add(g, "  let %s = ", v->name);
	expr(g, s, 2);
	add(g, ";\n");
	g->nvars++;
}

// if (…) { return …; } alone, or in a loop that it leaves.
static void early_return(struct gen *g, const struct gfun *f)
{
	bool loop = one_in(g, 2);
	unsigned vars = g->nvars;

	if (loop) {
		struct gvar *v = &g->vars[g->nvars++];

		*v = (struct gvar){ .shape = &int_shape };
		snprintf(v->name, sizeof v->name, "$i");
		add(g, "  for $i : 0..%u {\n  ", 1 + upto(g, 5));
	}
	add(g, "  if (");
	expr(g, &bool_shape, 2);
	add(g, ") { return ");
	expr(g, f->result, 1);
	add(g, loop ? "; }\n  }\n" : "; }\n");
	g->nvars = vars;
}

static void header(struct gen *g, struct gfun *f)
{
	add(g, "%s %s(", f->is_macro ? "macro" : "fn", f->name);
	for (unsigned i = 0; i < f->n; i++) {
		const struct gvar *v = param(g, f, i);

		add(g, "%s%s", i ? ", " : "", v->name);
		if (!f->is_macro && v->shape == &int_shape)
			add(g, " : int64");
		else if (!f->is_macro)
			add(g, " : string[%u]", 4 + upto(g, 40));
	}
	add(g, f->is_macro ? ")\n{\n" : f->result == &int_shape ? ") : int64\n{\n" : ") : string[32]\n{\n");
}

static void make_fun(struct gen *g, struct gfun *f, unsigned number)
{
	unsigned maps = g->nmaps;

	*f = (struct gfun){ .is_macro = one_in(g, 2), .n = upto(g, PARAMS + 1), .result = one_in(g, 3) ? &str_shape : &int_shape };
	snprintf(f->name, sizeof f->name, "f%u", number);
	g->nvars = 0;
	header(g, f);
	if (f->is_macro)
		g->nmaps = 0; // it may touch those it is given
	for (unsigned i = upto(g, 3); i; i--)
		local(g);
	if (!f->is_macro && one_in(g, 2))
		early_return(g, f);
	add(g, f->is_macro ? "  " : "  return ");
	expr(g, f->result, 2);
	add(g, f->is_macro ? "\n}\n\n" : ";\n}\n\n");
	g->nmaps = maps;
}

void make_funs(struct gen *g)
{
	unsigned n = one_in(g, 2) ? 0 : 1 + upto(g, FUNCTIONS);

	for (unsigned i = 0; i < n; i++) {
		make_fun(g, &g->funs[i], i);
		g->nfuns = i + 1; // calls those before it
	}
}

bool call_fun(struct gen *g, const struct shape *s, unsigned depth)
{
	const struct gfun *f = g->nfuns ? &g->funs[upto(g, g->nfuns)] : NULL;

	if (!f || f->result != s || g->pure || g->rounds > 20)
		return false;
	for (unsigned i = 0; i < f->n; i++)
		if (f->by_reference[i] && !pick_var(g, f->param[i], true))
			return false;
	add(g, "%s(", f->name);
	for (unsigned i = 0; i < f->n; i++) {
		add(g, "%s", i ? ", " : "");
		if (f->by_reference[i])
			add(g, "%s", pick_var(g, f->param[i], true)->name);
		else if (!f->is_macro && f->param[i] == &int_shape)
			int_cast(g, depth ? 1 : 0);
		else
			expr(g, f->param[i], depth ? 1 : 0);
	}
	str_addc(g->out, ')');
	return true;
}

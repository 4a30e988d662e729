// SPDX-License-Identifier: Apache-2.0
// gen_bool.c - comparisons, and other expressions that are true or false.
#include "base/util.h"
#include "tests/gen/gen_int.h"

void compare(struct gen *g, unsigned depth)
{
	static const char *const ops[] = { "==", "!=", "<", "<=", ">", ">=" };

	str_addc(g->out, '(');
	switch (upto(g, 4)) {
	case 0:
		expr(g, &str_shape, depth);
		add(g, " %s ", ops[upto(g, 2)]);
		expr(g, &str_shape, depth);
		break;
	case 1:
		if (read_var(g, &bool_shape)) {
			add(g, " %s ", ops[upto(g, 2)]);
			expr(g, &bool_shape, depth);
			break;
		}
		/* fall through */
	default:
		int_operand(g, depth);
		add(g, " %s ", ops[upto(g, 6)]);
		expr(g, &int_shape, depth);
	}
	str_addc(g->out, ')');
}

static bool compare_tuples(struct gen *g, unsigned depth)
{
	for (unsigned i = 0; i < g->nvars; i++) {
		const struct gvar *v = &g->vars[i];

		if (v->hidden || v->shape->kind != TUP || one_in(g, 2))
			continue;
		add(g, "(%s %s ", v->name, one_in(g, 2) ? "==" : "!=");
		expr(g, v->shape, depth);
		str_addc(g->out, ')');
		return true;
	}
	return false;
}

static bool bool_call(struct gen *g, unsigned depth)
{
	const struct gmap *m = pick_map(g, NULL, false, true);

	switch (upto(g, 4)) {
	case 3:
		add(g, "(memcmp(");
		expr(g, &str_shape, depth);
		add(g, ", ");
		expr(g, &str_shape, depth);
		add(g, ", ");
		if (one_in(g, 3))
			int_cast(g, depth);
		else
			add(g, "%u", upto(g, 40));
		add(g, ") %s 0)", one_in(g, 2) ? "==" : "!=");
		return true;
	case 0:
		add(g, "strcontains("); // each place of the one with each of the other: what the kernel follows is the product
		expr(g, &str_shape, depth);
		add(g, ", ");
		if (one_in(g, 3))
			expr(g, &str_shape, depth);
		else
			add(g, "\"%s\"", (const char *[]){ "", "a", "lo w", "bytes", "bcd" }[upto(g, 5)]);
		str_addc(g->out, ')');
		return true;
	case 1:
		if (!m)
			return false;
		add(g, "has_key(%s, ", m->name);
		key_of(g, m, depth);
		str_addc(g->out, ')');
		return true;
	default:
		if (!m || g->pure || m->walked)
			return false;
		add(g, "delete(%s, ", m->name);
		key_of(g, m, depth);
		str_addc(g->out, ')');
		return true;
	}
}

bool bool_try(struct gen *g, unsigned depth)
{
	switch (upto(g, depth ? 12 : 3)) {
	case 0: add(g, one_in(g, 2) ? "true" : "false"); return true;
	case 1: return read_var(g, &bool_shape);
	case 2: return read_element(g, &bool_shape);
	case 3: return read_map(g, &bool_shape, depth);
	case 4: case 5: compare(g, depth - 1); return true;
	case 6:
		str_addc(g->out, '(');
		expr(g, one_in(g, 4) ? &str_shape : &bool_shape, depth - 1);
		add(g, " %s ", one_in(g, 2) ? "&&" : "||");
		expr(g, one_in(g, 4) ? &int_shape : &bool_shape, depth - 1);
		str_addc(g->out, ')');
		return true;
	case 7:
		add(g, "(!");
		expr(g, &bool_shape, depth - 1);
		str_addc(g->out, ')');
		return true;
	case 8:
		add(g, "((bool)");
		expr(g, one_in(g, 3) ? &str_shape : &int_shape, depth - 1);
		str_addc(g->out, ')');
		return true;
	case 9: return compare_tuples(g, depth - 1);
	case 10: return choice(g, &bool_shape, depth - 1);
	default: return bool_call(g, depth - 1);
	}
}

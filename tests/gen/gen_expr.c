// SPDX-License-Identifier: Apache-2.0
// gen_expr.c - random expressions of a wanted shape.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "tests/gen/gen_int.h"

void expr(struct gen *g, const struct shape *s, unsigned depth);

static void int_literal(struct gen *g)
{
	static const char *const some[] = { "0", "1", "2", "3", "5", "7", "8", "10", "63", "64", "65", "100", "127", "128", "255", "256", "1000", "32767", "32768",
					    "65535", "65536", "0x7fffffff", "0x80000000", "0xffffffff", "0x100000000", "1234567890123", "0x7fffffffffffffff",
					    "0x8000000000000000", "0xffffffffffffffff", "-1", "-2", "-7", "-128", "-129", "-32768", "-65536", "-2147483648",
					    "-2147483649", "-9223372036854775807" };

	if (one_in(g, 3))
		add(g, "%u", upto(g, 12));
	else
		add(g, "%s", some[upto(g, ARRAY_SIZE(some))]);
}

static void str_literal(struct gen *g)
{
	static const char *const some[] = { "", "a", "b", "ab", "abc", "abd", "hello", "hello world", "seven..", "eight...", "nine.....",
					    "a string of thirty-two bytes....", "Xx" };
	unsigned n;

	if (!one_in(g, 10)) {
		add(g, "\"%s\"", some[upto(g, ARRAY_SIZE(some))]);
		return;
	}
	n = 20 + upto(g, one_in(g, 6) ? 300 : 60);
	str_addc(g->out, '"');
	for (unsigned i = 0; i < n; i++)
		str_addc(g->out, (char)('a' + (one_in(g, 4) ? upto(g, 3) : i % 26)));
	str_addc(g->out, '"');
}

void map_ref(struct gen *g, const struct gmap *m, unsigned depth)
{
	add(g, "%s", m->name);
	if (!m->key)
		return;
	str_addc(g->out, '[');
	if (m->spread) {
		for (unsigned i = 0; i < m->key->n; i++) {
			add(g, "%s", i ? ", " : "");
			expr(g, m->key->m[i], depth);
		}
	} else {
		expr(g, m->key, depth);
	}
	str_addc(g->out, ']');
}

// Small keys, so that they meet.
void key_of(struct gen *g, const struct gmap *m, unsigned depth)
{
	expr(g, m->key, depth);
}

bool read_var(struct gen *g, const struct shape *s)
{
	const struct gvar *v = pick_var(g, s, false);

	if (v)
		add(g, "%s", v->name);
	return v != NULL;
}

bool read_map(struct gen *g, const struct shape *s, unsigned depth)
{
	const struct gmap *m = pick_map(g, s, false, false);

	if (m)
		map_ref(g, m, depth ? depth - 1 : 0);
	return m != NULL;
}

// $t.1 or $t.0.2 of the shape wanted
bool read_element(struct gen *g, const struct shape *s)
{
	for (unsigned try = 0; try < 8; try++) {
		const struct gvar *v = g->nvars ? &g->vars[upto(g, g->nvars)] : NULL;
		const struct shape *at;
		_str_ struct str path = { 0 };

		if (!v || v->hidden || v->shape->kind != TUP)
			continue;
		at = v->shape;
		str_adds(&path, v->name);
		while (at->kind == TUP) {
			unsigned i = upto(g, at->n);

			str_printf(&path, at->named ? ".%c" : ".%u", at->named ? 'a' + i : i);
			at = at->m[i];
			if (same_shape(at, s)) {
				add(g, "%s", str_z(&path));
				return true;
			}
		}
	}
	return false;
}

void int_cast(struct gen *g, unsigned depth);

bool choice(struct gen *g, const struct shape *s, unsigned depth)
{
	const struct gvar *v;

	switch (upto(g, g->pure ? 3 : 5)) {
	case 0:
		add(g, "(if comptime (");
		comptime_condition(g, depth);
		add(g, ") { ");
		expr(g, s, depth);
		add(g, " } else { ");
		expr(g, s, depth);
		add(g, " })");
		return true;
	case 1:
		str_addc(g->out, '(');
		expr(g, &bool_shape, depth);
		add(g, " ? ");
		expr(g, s, depth);
		add(g, " : ");
		expr(g, s, depth);
		str_addc(g->out, ')');
		return true;
	case 2:
		add(g, "(if (");
		expr(g, &bool_shape, depth);
		add(g, ") { ");
		expr(g, s, depth);
		add(g, " } else { ");
		expr(g, s, depth);
		add(g, " })");
		return true;
	case 3:
		v = pick_var(g, s, true);
		if (!v)
			return false;
		add(g, "({ %s = ", v->name);
		if (v->fixed)
			int_cast(g, depth);
		else
			expr(g, s, depth);
		add(g, "; %s })", v->name);
		return true;
	default:
		add(g, "({ let $b%u = ", g->names);
		unsigned name = g->names++;
		expr(g, s, depth);
		add(g, "; $b%u })", name);
		return true;
	}
}

static bool incdec(struct gen *g, unsigned depth)
{
	static const char *const ops[] = { "++", "--" };
	const struct gvar *v = pick_var(g, &int_shape, true);
	const struct gmap *m = pick_map(g, &int_shape, true, false);
	const char *op = ops[upto(g, 2)];
	bool prefix = one_in(g, 2);

	if (g->pure || (!v && !m))
		return false;
	add(g, "(%s", prefix ? op : "");
	if (v && (!m || one_in(g, 2)))
		add(g, "%s", v->name);
	else
		map_ref(g, m, depth ? depth - 1 : 0);
	add(g, "%s)", prefix ? "" : op);
	return true;
}

// An integer that is no literal, or something like one.
void int_operand(struct gen *g, unsigned depth)
{
	if (one_in(g, 8)) {
		expr(g, &bool_shape, depth);
		return;
	}
	if (depth == 0 && read_var(g, &int_shape))
		return;
	if (depth == 0) {
		add(g, "strlen(comm)");
		return;
	}
	expr(g, &int_shape, depth);
}

void int_cast(struct gen *g, unsigned depth)
{
	static const char *const types[] = { "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64" };

	add(g, "((%s)", types[upto(g, ARRAY_SIZE(types))]);
	int_operand(g, depth);
	str_addc(g->out, ')');
}

static void int_binary(struct gen *g, unsigned depth)
{
	static const char *const ops[] = { "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>" };
	unsigned op = upto(g, ARRAY_SIZE(ops));
	bool divides = op == 3 || op == 4;

	str_addc(g->out, '(');
	if (!divides && one_in(g, 4)) {
		int_literal(g);
		add(g, " %s ((int64)", ops[op]);
		int_operand(g, depth);
		add(g, "))");
		return;
	}
	add(g, one_in(g, 2) ? "(int64)" : "(uint64)");
	int_operand(g, depth);
	add(g, " %s ", ops[op]);
	if (divides && one_in(g, 2))
		add(g, "%u", 1 + upto(g, 200));
	else if (divides)
		int_cast(g, depth); // no literal 0
	else if (one_in(g, 2))
		int_operand(g, depth);
	else
		int_literal(g);
	str_addc(g->out, ')');
}

static bool int_call(struct gen *g, unsigned depth)
{
	const struct gmap *m;

	switch (upto(g, 8)) {
	case 7:
		add(g, "strstr(");
		expr(g, &str_shape, depth);
		add(g, ", ");
		expr(g, &str_shape, depth);
		str_addc(g->out, ')');
		return true;
	case 0:
		add(g, "strlen(");
		expr(g, &str_shape, depth);
		str_addc(g->out, ')');
		return true;
	case 1:
		add(g, "strncmp(");
		expr(g, &str_shape, depth);
		add(g, ", ");
		expr(g, &str_shape, depth);
		add(g, ", %u)", one_in(g, 2) ? upto(g, 5) : upto(g, 40));
		return true;
	case 2:
		m = pick_map(g, NULL, false, true);
		if (!m)
			return false;
		add(g, "len(%s)", m->name);
		return true;
	case 3:
		add(g, "%s", (const char *[]){ "pid", "tid", "uid", "gid" }[upto(g, 4)]);
		return true;
	case 4:
		add(g, "bswap(");
		int_cast(g, depth);
		str_addc(g->out, ')');
		return true;
	case 5:
		if (!read_var(g, &str_shape))
			return false;
		add(g, "[");
		if (one_in(g, 2))
			add(g, "0");
		else
			int_cast(g, depth);
		str_addc(g->out, ']');
		return true;
	default:
		str_addc(g->out, '(');
		if (one_in(g, 2))
			int_operand(g, depth);
		else if (!read_var(g, &int_shape))
			add(g, "pid");
		add(g, " ?: ");
		expr(g, &int_shape, depth);
		str_addc(g->out, ')');
		return true;
	}
}

static bool int_try(struct gen *g, unsigned depth)
{
	switch (upto(g, depth ? 15 : 4)) {
	case 14: return call_fun(g, &int_shape, depth - 1);
	case 0: int_literal(g); return true;
	case 1: case 2: return read_var(g, &int_shape);
	case 3: return read_element(g, &int_shape);
	case 4: return read_map(g, &int_shape, depth);
	case 5: case 6: case 7: int_binary(g, depth - 1); return true;
	case 8: int_cast(g, depth - 1); return true;
	case 9:
		add(g, "(%s", (const char *[]){ "-", "~" }[upto(g, 2)]);
		int_cast(g, depth - 1);
		str_addc(g->out, ')');
		return true;
	case 10: return choice(g, &int_shape, depth - 1);
	case 11: return incdec(g, depth - 1);
	default: return int_call(g, depth - 1);
	}
}

static bool str_try(struct gen *g, unsigned depth)
{
	switch (upto(g, depth ? 11 : 4)) {
	case 10:
		if (g->rounds > 5)
			return false;
		add(g, "str_concat(");
		expr(g, &str_shape, depth - 1);
		add(g, ", ");
		expr(g, &str_shape, depth - 1);
		str_addc(g->out, ')');
		return true;
	case 0: str_literal(g); return true;
	case 9: return call_fun(g, &str_shape, depth - 1);
	case 1: case 2: return read_var(g, &str_shape);
	case 3: return read_element(g, &str_shape);
	case 4: case 5: return read_map(g, &str_shape, depth);
	case 6: return choice(g, &str_shape, depth - 1);
	case 7:
		add(g, "str(");
		expr(g, &str_shape, depth - 1);
		if (one_in(g, 4)) {
			add(g, ", ");
			int_cast(g, depth - 1);
			str_addc(g->out, ')');
		} else {
			add(g, ", %u)", 1 + upto(g, 40));
		}
		return true;
	default: add(g, "comm"); return true;
	}
}

// The fields of a record stand in any order.
static void tuple_literal(struct gen *g, const struct shape *s, unsigned depth)
{
	unsigned from = s->named && one_in(g, 3) ? upto(g, s->n) : 0;

	str_addc(g->out, '(');
	for (unsigned k = 0; k < s->n; k++) {
		unsigned i = (from + k) % s->n;

		add(g, "%s", k ? ", " : "");
		if (s->named)
			add(g, "%c = ", 'a' + i);
		expr(g, s->m[i], depth);
	}
	str_addc(g->out, ')');
}

static bool tuple_try(struct gen *g, const struct shape *s, unsigned depth)
{
	switch (upto(g, depth ? 8 : 4)) {
	case 0: tuple_literal(g, s, depth ? depth - 1 : 0); return true;
	case 1: case 2: return read_var(g, s);
	case 3: return read_element(g, s);
	case 4: case 5: return read_map(g, s, depth);
	case 6: return choice(g, s, depth - 1);
	default: tuple_literal(g, s, depth - 1); return true;
	}
}

void expr(struct gen *g, const struct shape *s, unsigned depth)
{
	for (unsigned try = 0; try < 6 && !g->plain; try++) {
		bool done = s->kind == INT ? int_try(g, depth) : s->kind == BOOL ? bool_try(g, depth) : s->kind == STR ? str_try(g, depth) : tuple_try(g, s, depth);

		if (done)
			return;
	}
	switch (s->kind) {
	case INT: int_literal(g); return;
	case BOOL: add(g, "false"); return;
	case STR: str_literal(g); return;
	case TUP: tuple_literal(g, s, 0);
	}
}

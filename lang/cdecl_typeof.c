// SPDX-License-Identifier: Apache-2.0
// typeof of an expression: its type by C's rules, without its value. Nothing is evaluated, so a member behind a null pointer is fine.
// What the language does not keep is an error: what a function returns, and members of floating types.
#include "lang/cdecl_int.h"

#include <string.h>

static struct ctype expression(struct cdecl *c);

static struct ctype wrong(struct cdecl *c, struct span at, const char *why)
{
	cdecl_error(c, at, E_TYPE, "typeof: %s", why);
	return cdecl_int(c, 4, true);
}

// Conversions --------------------------------------------------------------------------------------------------------

static bool is_integer(const struct ctype *t)
{
	return (t->kind == CK_INT || t->kind == CK_BOOL || t->kind == CK_ENUM) && t->size <= 8;
}

static struct ctype promoted(struct cdecl *c, struct ctype t)
{
	cdecl_complete(c, &t);
	return t.size < 4 ? cdecl_int(c, 4, true) : cdecl_int(c, (unsigned)t.size, t.is_signed);
}

static struct ctype pointed(struct cdecl *c, const struct ctype *t, struct span at)
{
	const struct type *to = t->type->elem;

	if (t->kind == CK_ARRAY && t->type->kind == TYPE_STRING)
		return cdecl_char(c);
	if ((t->kind != CK_POINTER && t->kind != CK_ARRAY) || !to || to->kind == TYPE_NONE)
		return wrong(c, at, "only a pointer to a type with a size, or an array, leads to something");
	return cdecl_of(c, to);
}

static bool points(const struct ctype *t)
{
	return t->kind == CK_POINTER || t->kind == CK_ARRAY;
}

static struct ctype decayed(struct cdecl *c, struct ctype t, struct span at)
{
	struct ctype to;

	if (t.kind != CK_ARRAY)
		return t;
	to = pointed(c, &t, at);
	return cdecl_pointer(c, &to);
}

// Operands -----------------------------------------------------------------------------------------------------------

static struct ctype member(struct cdecl *c, struct ctype of, struct span at) // behind `.` or `->`
{
	const struct field *f;
	struct ctype t;

	if (c->panic)
		return of;
	if (of.kind != CK_RECORD || !cdecl_complete(c, &of))
		return wrong(c, at, "only a struct or union that is known has members");
	f = c->tok.kind == CT_IDENT ? type_field(of.type, c->tok.name) : NULL;
	if (!f)
		return wrong(c, c->tok.at, "the struct or union has no member of this name");
	if (f->bit_size)
		return wrong(c, c->tok.at, "a bitfield has no type of its own");
	t = f->type->kind == TYPE_NONE ? wrong(c, c->tok.at, "the type of this member is none that the language has") : cdecl_of(c, f->type);
	cdecl_next(c);
	return t;
}

static struct ctype postfix(struct cdecl *c, struct ctype t)
{
	while (!c->panic) {
		struct span at = c->tok.at;

		if (cdecl_accept(c, '.')) {
			t = member(c, t, at);
		} else if (cdecl_accept(c, CT_ARROW)) {
			t = pointed(c, &t, at);
			t = member(c, t, at);
		} else if (cdecl_accept(c, '[')) {
			expression(c);
			cdecl_expect(c, ']', "`]` or an operator");
			if (!c->panic)
				t = pointed(c, &t, at);
		} else if (c->tok.kind == '(') {
			return wrong(c, at, "what a function returns is not kept");
		} else {
			break;
		}
	}
	return t;
}

static struct ctype name(struct cdecl *c)
{
	const struct cconstant *k = map_gets(&c->constants, c->tok.name);
	const struct ctype *variable = map_gets(&c->variables, c->tok.name);
	struct ctype t;

	if (!variable || k) { // an enumerator is an int, as the constant that it is
		struct cvalue v = cdecl_primary(c);

		return cdecl_int(c, v.size, !v.is_unsigned);
	}
	t = *variable;
	cdecl_next(c);
	return t;
}

static struct ctype unary(struct cdecl *c);

static struct ctype parenthesis(struct cdecl *c)
{
	struct ctype t;

	cdecl_next(c);
	if (c->tok.kind == '{')
		return wrong(c, c->tok.at, "statements between parentheses are not read");
	if (!cdecl_at_type(c)) {
		t = expression(c);
		cdecl_expect(c, ')', "`)` or an operator");
		return c->panic ? t : postfix(c, t);
	}
	t = cdecl_type_name(c);
	cdecl_expect(c, ')', "`)` behind the type");
	if (!c->panic && c->tok.kind == '{') {
		cdecl_skip_balanced(c);
		return postfix(c, t);
	}
	if (!c->panic) {
		if (cdecl_enter(c))
			unary(c);
		cdecl_leave(c);
	}
	return t;
}

static struct ctype operand(struct cdecl *c)
{
	struct cvalue v;

	if (c->tok.kind == '(')
		return parenthesis(c);
	if (c->tok.kind == CT_IDENT && c->tok.word == CW_NONE)
		return postfix(c, name(c));
	if (c->tok.kind == CT_STRING)
		return wrong(c, c->tok.at, "a string is no value of C's declarations");
	v = cdecl_primary(c);
	return cdecl_int(c, v.size, !v.is_unsigned);
}

static struct ctype prefixed(struct cdecl *c)
{
	struct span at = c->tok.at;
	int op = c->tok.kind;
	struct ctype t;

	cdecl_next(c);
	t = unary(c);
	if (c->panic)
		return t;
	if (op == '*')
		return pointed(c, &t, at);
	if (op == '&')
		return cdecl_pointer(c, &t);
	if (op == '!')
		return cdecl_int(c, 4, true);
	return is_integer(&t) ? promoted(c, t) : wrong(c, at, "this operator takes a whole number");
}

static struct ctype unary(struct cdecl *c)
{
	struct ctype t = cdecl_int(c, 4, true);

	if (!c->tok.kind || !strchr("*&-+~!", c->tok.kind < 128 ? c->tok.kind : '0'))
		return operand(c);
	if (cdecl_enter(c))
		t = prefixed(c);
	cdecl_leave(c);
	return t;
}

// Operators ----------------------------------------------------------------------------------------------------------

static struct ctype combined(struct cdecl *c, struct ctype a, int op, struct ctype b, struct span at)
{
	bool logical = op == CT_AND || op == CT_OR || op == CT_EQ || op == CT_NE || op == '<' || op == '>' || op == CT_LE || op == CT_GE;

	if (logical)
		return cdecl_int(c, 4, true);
	a = decayed(c, a, at);
	b = decayed(c, b, at);
	if (op == '-' && a.kind == CK_POINTER && b.kind == CK_POINTER)
		return cdecl_int(c, 8, true);
	if ((op == '+' || op == '-') && a.kind == CK_POINTER && is_integer(&b))
		return a;
	if (op == '+' && is_integer(&a) && b.kind == CK_POINTER)
		return b;
	if (!is_integer(&a) || !is_integer(&b))
		return wrong(c, at, "this operator takes whole numbers");
	a = promoted(c, a);
	b = promoted(c, b);
	if (op == CT_SHL || op == CT_SHR || a.size > b.size)
		return a;
	return b.size > a.size || !b.is_signed ? b : a;
}

static struct ctype binary(struct cdecl *c, unsigned level)
{
	struct ctype left = cdecl_int(c, 4, true);

	if (cdecl_enter(c))
		left = unary(c);
	while (!c->panic && cdecl_precedence(c->tok.kind) >= level) {
		struct span at = c->tok.at;
		int op = c->tok.kind;

		cdecl_next(c);
		struct ctype right = binary(c, cdecl_precedence(op) + 1);
		if (!c->panic)
			left = combined(c, left, op, right, at);
	}
	cdecl_leave(c);
	return left;
}

static struct ctype choice(struct cdecl *c, struct ctype test) // behind `?`
{
	struct span at = c->tok.at;
	struct ctype yes = c->tok.kind == ':' ? test : expression(c), no;

	cdecl_expect(c, ':', "`:` of the `?` before it");
	no = c->panic ? yes : expression(c);
	if (c->panic || (yes.kind == no.kind && yes.type == no.type && !is_integer(&yes)))
		return yes;
	if (is_integer(&yes) && is_integer(&no))
		return combined(c, yes, '+', no, at);
	return points(&yes) ? decayed(c, yes, at) : points(&no) ? decayed(c, no, at) : wrong(c, at, "the two values have no type in common");
}

static struct ctype expression(struct cdecl *c)
{
	struct ctype t = cdecl_int(c, 4, true);

	if (cdecl_enter(c)) {
		t = binary(c, 1);
		if (!c->panic && cdecl_accept(c, '?'))
			t = choice(c, t);
	}
	cdecl_leave(c);
	return t;
}

struct ctype cdecl_typeof(struct cdecl *c)
{
	return expression(c);
}

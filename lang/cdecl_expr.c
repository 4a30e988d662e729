// SPDX-License-Identifier: Apache-2.0
// Constant expressions of C, computed while they are read. `dead` counts the operands around the place that do not
// count (behind `0 &&`): there a division by zero is no error.
#include "lang/cdecl_int.h"

#include <ctype.h>
#include <string.h>

struct cvalue cvalue_make(uint64_t v, unsigned size, bool is_unsigned)
{
	if (size < 4) // what is smaller becomes int, which holds all of it
		v = size == 1 ? (is_unsigned ? (uint64_t)(uint8_t)v : (uint64_t)(int64_t)(int8_t)v) :
				(is_unsigned ? (uint64_t)(uint16_t)v : (uint64_t)(int64_t)(int16_t)v);
	else if (size == 4)
		v = is_unsigned ? (uint64_t)(uint32_t)v : (uint64_t)(int64_t)(int32_t)v;
	return (struct cvalue){ .v = v, .size = size < 8 ? 4 : 8, .is_unsigned = size >= 4 && is_unsigned };
}

bool cvalue_negative(struct cvalue v)
{
	return !v.is_unsigned && (int64_t)v.v < 0;
}

static struct cvalue make_int(uint64_t v)
{
	return cvalue_make(v, 4, false);
}

static struct cvalue widened(const struct cdecl *c, struct cvalue v) // in #if all is 64 bits wide
{
	if (c->in->condition)
		v.size = 8;
	return v;
}

// Literals -----------------------------------------------------------------------------------------------------------

static unsigned digit_value(char ch)
{
	return isdigit((unsigned char)ch) ? (unsigned)(ch - '0') : isalpha((unsigned char)ch) ? (unsigned)(tolower((unsigned char)ch) - 'a') + 10 : 99;
}

static bool read_suffix(const char *p, uint32_t n, bool *is_unsigned, bool *is_long)
{
	char s[4] = { 0 };

	if (n > 3)
		return false;
	for (uint32_t i = 0; i < n; i++)
		s[i] = (char)tolower((unsigned char)p[i]);
	if (n == 3 && s[0] == 'l' && s[1] == 'u') // lul is none
		return false;
	*is_unsigned = strchr(s, 'u') != NULL;
	*is_long = strchr(s, 'l') != NULL;
	return strspn(s, "ul") == n && !(n > 1 && s[0] == 'u' && s[1] == 'u');
}

static struct cvalue number(struct cdecl *c)
{
	const char *p = c->tok.p;
	uint32_t n = c->tok.n, i = 0, start;
	unsigned base = 10;
	bool overflow = false, is_unsigned = false, is_long = false;
	uint64_t v = 0;

	if (n > 1 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		base = 16, i = 2;
	else if (n > 1 && p[0] == '0' && (p[1] == 'b' || p[1] == 'B'))
		base = 2, i = 2;
	else if (p[0] == '0')
		base = 8;
	for (start = i; i < n && digit_value(p[i]) < base; i++) {
		overflow |= __builtin_mul_overflow(v, base, &v);
		overflow |= __builtin_add_overflow(v, digit_value(p[i]), &v);
	}
	if (i == start || !read_suffix(p + i, n - i, &is_unsigned, &is_long))
		cdecl_error(c, c->tok.at, E_NUMBER, "`%.*s` is no whole number of C; it has digits and at most a suffix u, l, ul, ll or ull", (int)MIN(n, 100u), p);
	else if (overflow)
		cdecl_error(c, c->tok.at, E_NUMBER, "this number does not fit in 64 bits");
	if (v > INT64_MAX || (base != 10 && !is_long && v > INT32_MAX && v <= UINT32_MAX))
		is_unsigned = true;
	return cvalue_make(v, is_long || v > (is_unsigned ? UINT32_MAX : INT32_MAX) ? 8 : 4, is_unsigned);
}

static struct cvalue character(struct cdecl *c)
{
	_str_ struct str s = { 0 };
	uint64_t v = 0;

	if (!cdecl_unescape(c->tok.p + 1, c->tok.n - 2, &s) || s.n == 0 || s.n > 4)
		cdecl_error(c, c->tok.at, E_STRING, "a character constant holds one to four characters or escapes of C");
	for (size_t i = 0; i < s.n && i < 4; i++)
		v = v << 8 | (uint8_t)s.p[i];
	return s.n == 1 ? cvalue_make(v, 1, false) : make_int(v);
}

// Operands -----------------------------------------------------------------------------------------------------------

static struct cvalue unary(struct cdecl *c);

static struct cvalue ident(struct cdecl *c)
{
	const struct cconstant *k = map_gets(&c->constants, c->tok.name);
	const struct type *t;
	int64_t v;

	if (c->in->condition)
		return make_int(strcmp(c->tok.name, "true") == 0);
	if (k)
		return k->value;
	if (strcmp(c->tok.name, "true") == 0 || strcmp(c->tok.name, "false") == 0)
		return make_int(c->tok.name[0] == 't');
	if (c->world && c->world->ops->constant && c->world->ops->constant(c->world, c->tok.name, &v, &t))
		return v >= INT32_MIN && v <= INT32_MAX ? make_int((uint64_t)v) : cvalue_make((uint64_t)v, 8, !t->is_signed);
	const struct macro *m = map_gets(&c->macros, c->tok.name);
	if (m && m->defined && m->params)
		cdecl_error(c, c->tok.at, E_UNKNOWN_NAME, "the macro `%s` takes arguments", c->tok.name);
	else
		cdecl_error(c, c->tok.at, E_UNKNOWN_NAME, "`%s` is no constant; enumerators and macros that are defined before can be used here", c->tok.name);
	return make_int(0);
}

static struct cvalue cast(struct cdecl *c, struct ctype to, struct cvalue v)
{
	if (!cdecl_complete(c, &to))
		return v;
	switch (to.kind) {
	case CK_BOOL:
		return make_int(v.v != 0);
	case CK_INT: case CK_ENUM:
		if (to.size <= 8)
			return cvalue_make(v.v, (unsigned)to.size, !to.is_signed);
		break;
	case CK_POINTER:
		return cvalue_make(v.v, 8, true);
	case CK_VOID: case CK_FLOAT: case CK_ARRAY: case CK_RECORD: case CK_FUNCTION:
		break;
	}
	cdecl_error(c, c->tok.at, E_TYPE, "a constant can only be cast to an integer of at most 64 bits or to a pointer");
	return v;
}

static struct cvalue parenthesis(struct cdecl *c) // at '('
{
	struct cvalue v;

	cdecl_next(c);
	if (!c->in->condition && cdecl_at_type(c)) {
		struct ctype to = cdecl_type_name(c);

		cdecl_expect(c, ')', "`)` behind the type");
		v = make_int(0);
		if (!c->panic) {
			if (cdecl_enter(c))
				v = unary(c);
			cdecl_leave(c);
		}
		return c->panic ? v : cast(c, to, v);
	}
	v = cdecl_expr(c);
	cdecl_expect(c, ')', "`)` or an operator");
	return v;
}

static struct cvalue size_of(struct cdecl *c, bool align) // at sizeof or _Alignof
{
	struct span at = c->tok.at;
	struct ctype t;

	cdecl_next(c);
	if (c->tok.kind == '(') {
		cdecl_next(c);
		if (cdecl_at_type(c)) {
			t = cdecl_type_name(c);
			cdecl_expect(c, ')', "`)` behind the type");
			if (!c->panic && (!cdecl_complete(c, &t) || t.flexible))
				cdecl_error(c, at, E_TYPE, "the size of this type is not known here");
			return cvalue_make(align ? t.align : t.size, 8, true);
		}
		struct cvalue v = cdecl_expr(c);
		cdecl_expect(c, ')', "`)` or an operator");
		return cvalue_make(v.size, 8, true);
	}
	struct cvalue v = make_int(0);
	if (cdecl_enter(c))
		v = unary(c);
	cdecl_leave(c);
	return cvalue_make(v.size, 8, true);
}

static struct cvalue offset_of(struct cdecl *c) // at offsetof
{
	const struct type *t;
	uint64_t offset = 0;
	struct ctype of;

	cdecl_next(c);
	cdecl_expect(c, '(', "`(`");
	of = cdecl_type_name(c);
	cdecl_expect(c, ',', "`,` and a member");
	t = !c->panic && cdecl_complete(c, &of) ? of.type : NULL;
	while (!c->panic) {
		if (t && !t->complete && (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION) && c->world)
			c->world->ops->complete(c->world, t);
		const struct field *f = t && c->tok.kind == CT_IDENT ? type_field(t, c->tok.name) : NULL;
		if (!f || f->bit_size) {
			cdecl_error(c, c->tok.at, E_UNKNOWN_NAME, "offsetof needs a struct or union and one of its members that is no bitfield");
			break;
		}
		offset += f->offset;
		t = f->type;
		cdecl_next(c);
		if (!cdecl_accept(c, '.'))
			break;
	}
	cdecl_expect(c, ')', "`)` or `.` and a member");
	return cvalue_make(offset, 8, true);
}

struct cvalue cdecl_primary(struct cdecl *c)
{
	struct cvalue v = make_int(0);

	switch (c->tok.kind) {
	case CT_NUMBER: v = widened(c, number(c)); break;
	case CT_CHAR: v = widened(c, character(c)); break;
	case '(': return parenthesis(c);
	case CT_IDENT:
		if (c->tok.word == CW_SIZEOF && !c->in->condition)
			return size_of(c, false);
		if (c->tok.word == CW_ALIGNOF && !c->in->condition)
			return size_of(c, true);
		if (c->tok.word == CW_OFFSETOF && !c->in->condition)
			return offset_of(c);
		if (c->tok.word == CW_NONE || c->in->condition) {
			v = widened(c, ident(c));
			break;
		}
		cdecl_unexpected(c, "a constant expression");
		return v;
	default:
		cdecl_unexpected(c, "a constant expression");
		return v;
	}
	if (!c->panic)
		cdecl_next(c);
	return v;
}

static struct cvalue unary(struct cdecl *c)
{
	struct cvalue v = make_int(0);
	int op = c->tok.kind;

	if (op != '-' && op != '+' && op != '~' && op != '!')
		return cdecl_primary(c);
	if (cdecl_enter(c)) {
		cdecl_next(c);
		v = unary(c);
	}
	cdecl_leave(c);
	switch (op) {
	case '-': return cvalue_make(-v.v, v.size, v.is_unsigned);
	case '~': return cvalue_make(~v.v, v.size, v.is_unsigned);
	case '!': return widened(c, make_int(!v.v));
	default: return v;
	}
}

// Operators ----------------------------------------------------------------------------------------------------------

unsigned cdecl_precedence(int op)
{
	switch (op) {
	case CT_OR: return 1;
	case CT_AND: return 2;
	case '|': return 3;
	case '^': return 4;
	case '&': return 5;
	case CT_EQ: case CT_NE: return 6;
	case '<': case '>': case CT_LE: case CT_GE: return 7;
	case CT_SHL: case CT_SHR: return 8;
	case '+': case '-': return 9;
	case '*': case '/': case '%': return 10;
	default: return 0;
	}
}

// C's usual arithmetic conversions: the type that both operands get.
static struct cvalue common(struct cvalue a, struct cvalue b)
{
	uint8_t size = MAX(a.size, b.size);

	return (struct cvalue){ .size = size, .is_unsigned = (a.is_unsigned && a.size == size) || (b.is_unsigned && b.size == size) };
}

static uint64_t shift(struct cvalue a, int op, uint64_t by)
{
	unsigned width = a.size * 8u;

	if (by >= width)
		return op == CT_SHR && cvalue_negative(a) ? UINT64_MAX : 0;
	if (op == CT_SHL)
		return a.v << by;
	return cvalue_negative(a) ? ~(~a.v >> by) : a.v >> by;
}

static uint64_t divide(struct cdecl *c, struct cvalue type, uint64_t a, int op, uint64_t b, struct span at)
{
	int64_t x = (int64_t)a, y = (int64_t)b;

	if (b == 0) {
		if (!c->dead)
			cdecl_error(c, at, E_LITERAL, "this divides by zero");
		return 0;
	}
	if (type.is_unsigned)
		return op == '/' ? a / b : a % b;
	if (y == -1)
		return op == '/' ? -a : 0;
	return (uint64_t)(op == '/' ? x / y : x % y);
}

static bool compare(struct cvalue type, uint64_t a, int op, uint64_t b)
{
	bool less = type.is_unsigned ? a < b : (int64_t)a < (int64_t)b;

	switch (op) {
	case '<': return less;
	case CT_GE: return !less;
	case '>': return !less && a != b;
	case CT_LE: return less || a == b;
	case CT_EQ: return a == b;
	default: return a != b;
	}
}

static struct cvalue apply(struct cdecl *c, struct cvalue a, int op, struct cvalue b, struct span at)
{
	struct cvalue t = common(a, b);
	uint64_t x = cvalue_make(a.v, t.size, t.is_unsigned).v, y = cvalue_make(b.v, t.size, t.is_unsigned).v;

	switch (op) {
	case CT_OR: return widened(c, make_int(a.v || b.v));
	case CT_AND: return widened(c, make_int(a.v && b.v));
	case CT_SHL: case CT_SHR: return cvalue_make(shift(a, op, b.v), a.size, a.is_unsigned);
	case '|': return cvalue_make(x | y, t.size, t.is_unsigned);
	case '^': return cvalue_make(x ^ y, t.size, t.is_unsigned);
	case '&': return cvalue_make(x & y, t.size, t.is_unsigned);
	case '+': return cvalue_make(x + y, t.size, t.is_unsigned);
	case '-': return cvalue_make(x - y, t.size, t.is_unsigned);
	case '*': return cvalue_make(x * y, t.size, t.is_unsigned);
	case '/': case '%': return cvalue_make(divide(c, t, x, op, y, at), t.size, t.is_unsigned);
	default: return widened(c, make_int(compare(t, x, op, y)));
	}
}

static struct cvalue binary(struct cdecl *c, unsigned level)
{
	struct cvalue left = make_int(0);

	if (!cdecl_enter(c)) {
		cdecl_leave(c);
		return left;
	}
	left = unary(c);
	while (!c->panic && cdecl_precedence(c->tok.kind) >= level) {
		int op = c->tok.kind;
		struct span at = c->tok.at;
		bool dead = (op == CT_AND && !left.v) || (op == CT_OR && left.v);

		cdecl_next(c);
		c->dead += dead;
		struct cvalue right = binary(c, cdecl_precedence(op) + 1);
		c->dead -= dead;
		left = apply(c, left, op, right, at);
	}
	cdecl_leave(c);
	return left;
}

struct cvalue cdecl_expr(struct cdecl *c)
{
	struct cvalue test = { .size = 4 }, yes, no, type;

	if (cdecl_enter(c))
		test = binary(c, 1);
	if (c->panic || !cdecl_accept(c, '?')) {
		cdecl_leave(c);
		return test;
	}
	c->dead += !test.v;
	yes = c->tok.kind == ':' ? test : cdecl_expr(c);
	c->dead -= !test.v;
	cdecl_expect(c, ':', "`:` of the `?` before it");
	c->dead += test.v != 0;
	no = c->panic ? yes : cdecl_expr(c);
	c->dead -= test.v != 0;
	cdecl_leave(c);
	type = common(yes, no);
	return cvalue_make(test.v ? yes.v : no.v, type.size, type.is_unsigned);
}

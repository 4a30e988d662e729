// SPDX-License-Identifier: Apache-2.0
// params.c - positional parameters, and operators on literals: what is known before types are.
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "lang/lang_int.h"

struct node *node_int(struct lang *l, int64_t v, struct span at)
{
	struct node *n = node_new(l->arena, NODE_INT, at);

	n->int_.value = (uint64_t)v;
	return n;
}

void reloc_fixed(struct lang *l, const struct plan_reloc *r, struct span at)
{
	struct plan_reloc fixed;

	if (!r)
		return;
	fixed = *r;
	fixed.fixed = true;
	plan_push(l->arena, &fixed.span, &fixed.n_span, (struct plan_span){ at.source, at.start, at.end });
	plan_push(l->arena, &l->plan->relocs, &l->plan->n_relocs, fixed);
}

void reloc_fix(struct lang *l, const struct node *n)
{
	if (n->kind == NODE_INT && l->final) // what is left out in the final walk is not used
		reloc_fixed(l, n->int_.reloc, n->span);
}

struct node *node_uint(struct lang *l, uint64_t v, struct span at)
{
	struct node *n = node_int(l, (int64_t)v, at);

	n->int_.is_unsigned = v > INT64_MAX;
	return n;
}

struct node *node_string(struct lang *l, const char *s, size_t len, struct span at)
{
	struct node *n = node_new(l->arena, NODE_STRING, at);

	n->string.text = arena_strndup(l->arena, s, len);
	n->string.len = len;
	return n;
}

bool is_int_literal(const struct node *n)
{
	return n->kind == NODE_INT;
}

int64_t literal_value(const struct node *n)
{
	return (int64_t)n->int_.value;
}

static const char *param_text(const struct lang *l, uint64_t number)
{
	const char *s = number >= 1 && number <= l->options->nparams ? l->options->params[number - 1] : NULL;

	return s && *s ? s : NULL;
}

// A whole integer in any base, with a sign; _ separates digits as in source.
static bool parse_integer(const char *s, bool *negative, uint64_t *ret)
{
	const char *p = s + (*s == '-' || *s == '+');
	int base = 0;
	char *end;

	*negative = *s == '-';
	if (p[0] == '0' && (p[1] == 'b' || p[1] == 'B')) {
		base = 2;
		p += 2;
	}
	if (!isxdigit((unsigned char)*p))
		return false;
	errno = 0;
	*ret = strtoull(p, &end, base);
	return end > p && !*end && !errno && !(*negative && *ret > (uint64_t)INT64_MAX + 1);
}

static void missing(struct lang *l, uint64_t number, struct span at, const char *instead)
{
	diag_warn(l->diag, at, W_PARAM, "Positional parameter $%llu is empty or not provided: it is read as %s",
		  (unsigned long long)number, instead);
}

struct node *param_integer(struct lang *l, const char *text, struct span at)
{
	bool negative;
	uint64_t v;

	if (!parse_integer(text, &negative, &v))
		return NULL;
	return negative ? node_int(l, (int64_t)(0 - v), at) : node_uint(l, v, at);
}

struct node *param_node(struct lang *l, uint64_t number, struct span at)
{
	const char *s = param_text(l, number);
	struct node *n;

	if (number == 0)
		return node_int(l, (int64_t)l->options->nparams, at);
	if (!s) {
		missing(l, number, at, "0");
		return node_int(l, 0, at);
	}
	n = param_integer(l, s, at);
	return n ? n : node_string(l, s, strlen(s), at);
}

struct node *param_string(struct lang *l, uint64_t number, struct span at)
{
	const char *s = param_text(l, number);

	if (number == 0)
		s = arena_printf(l->arena, "%zu", l->options->nparams);
	else if (!s)
		missing(l, number, at, "\"\"");
	return node_string(l, s ? s : "", s ? strlen(s) : 0, at);
}

const char *param_expand(struct lang *l, const char *text, struct span at)
{
	_str_ struct str out = { 0 };

	bool quoted = false;

	if (!strchr(text, '$'))
		return text;
	for (const char *p = text; *p; ) {
		char *end;
		uint64_t number;

		if (*p == '"' || (quoted && *p == '\\' && p[1])) {
			quoted ^= *p == '"';
			str_addc(&out, *p++);
			if (p[-1] == '\\')
				str_addc(&out, *p++);
			continue;
		}
		if (quoted || *p != '$' || !(isdigit((unsigned char)p[1]) || p[1] == '#')) {
			str_addc(&out, *p++);
			continue;
		}
		if (p[1] == '#') {
			str_printf(&out, "%zu", l->options->nparams);
			p += 2;
			continue;
		}
		number = strtoull(p + 1, &end, 10);
		if (isalpha((unsigned char)*end) || *end == '_') {
			diag_error(l->diag, at, E_PARAM, "a letter follows the positional parameter '%.*s' directly; set it apart with quotes: %.*s\"%s\"",
				   (int)(end - p), p, (int)(end - p), p, end);
			return NULL;
		}
		if (!param_text(l, number))
			missing(l, number, at, "nothing");
		str_adds(&out, param_text(l, number) ? param_text(l, number) : "");
		p = end;
	}
	return arena_strdup(l->arena, str_z(&out));
}

// Literals -----------------------------------------------------------------------------------------------------------

static bool fold_unary(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *v = n->unary.value;

	if (v->kind != NODE_INT || (v->type && v->type->kind == TYPE_ENUM))
		return false;
	if (n->unary.op == OP_NEG && (v->int_.value <= (uint64_t)INT64_MAX + 1 || !v->int_.is_unsigned))
		*slot = node_int(l, (int64_t)(0 - v->int_.value), n->span);
	else if (n->unary.op == OP_BITNOT)
		*slot = (int64_t)v->int_.value < 0 && !v->int_.is_unsigned ? node_int(l, ~literal_value(v), n->span)
									    : node_uint(l, ~v->int_.value, n->span);
	else
		return false;
	return true;
}

// Both operands fit int64 and so must the result; anything else is left to the typed fold.
static bool fold_integers(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *a = n->binary.left, *b = n->binary.right;
	int64_t x = literal_value(a), y = literal_value(b), r;

	if (a->int_.is_unsigned || b->int_.is_unsigned)
		return false;
	switch (n->binary.op) {
	case OP_ADD:
		if (__builtin_add_overflow(x, y, &r))
			return false;
		break;
	case OP_SUB:
		if (__builtin_sub_overflow(x, y, &r))
			return false;
		break;
	case OP_MUL:
		if (__builtin_mul_overflow(x, y, &r))
			return false;
		break;
	case OP_DIV: case OP_MOD:
		if (x < 0 || y <= 0)
			return false;
		r = n->binary.op == OP_DIV ? x / y : x % y;
		break;
	case OP_AND: r = x & y; break;
	case OP_OR: r = x | y; break;
	case OP_XOR: r = x ^ y; break;
	case OP_SHL:
		if (x < 0 || y < 0 || y > 62 || x > INT64_MAX >> y)
			return false;
		r = x << y;
		break;
	case OP_SHR:
		if (x < 0 || y < 0 || y > 63)
			return false;
		r = x >> y;
		break;
	default:
		return false;
	}
	reloc_fixed(l, a->int_.reloc, a->span);
	reloc_fixed(l, b->int_.reloc, b->span);
	*slot = node_int(l, r, n->span);
	return true;
}

static bool fold_strings(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *a = n->binary.left, *b = n->binary.right;
	bool equal;

	if (n->binary.op == OP_ADD && b->kind == NODE_INT && literal_value(b) >= 0 && b->int_.value <= a->string.len) {
		reloc_fixed(l, b->int_.reloc, b->span);
		*slot = node_string(l, a->string.text + b->int_.value, a->string.len - b->int_.value, n->span);
		return true;
	}
	if (b->kind != NODE_STRING)
		return false;
	equal = a->string.len == b->string.len && memcmp(a->string.text, b->string.text, a->string.len) == 0;
	if (n->binary.op == OP_ADD) {
		_str_ struct str both = { 0 };

		str_add(&both, a->string.text, a->string.len);
		str_add(&both, b->string.text, b->string.len);
		*slot = node_string(l, str_z(&both), both.n, n->span);
		return true;
	}
	if (n->binary.op != OP_EQ && n->binary.op != OP_NE)
		return false;
	*slot = node_new(l->arena, NODE_BOOL, n->span);
	(*slot)->bool_.value = equal == (n->binary.op == OP_EQ);
	return true;
}

bool fold_literals(struct lang *l, struct node **slot)
{
	struct node *n = *slot;

	if (n->kind == NODE_UNARY)
		return fold_unary(l, slot);
	if (n->kind != NODE_BINARY)
		return false;
	if (n->binary.left->kind == NODE_STRING)
		return fold_strings(l, slot);
	if (n->binary.left->kind == NODE_INT && n->binary.right->kind == NODE_INT)
		return fold_integers(l, slot);
	return false;
}

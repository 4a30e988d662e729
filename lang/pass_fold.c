// SPDX-License-Identifier: Apache-2.0
// pass_fold.c - operators on constants, with the types they have. Division and >> are unsigned, as at run time.
#include "lang/lang_int.h"

static void fold(struct lang *l, struct node **slot);

static void visit(void *arg, struct node **slot)
{
	if (*slot)
		fold(arg, slot);
}

// The value a register holds for it: cut to the type's width and extended by its sign.
static uint64_t fit(const struct type *t, uint64_t v)
{
	unsigned bits = t->size * 8;

	if (!bits || bits >= 64)
		return v;
	v &= (1ull << bits) - 1;
	if (t->is_signed && v >> (bits - 1))
		v |= ~0ull << bits;
	return v;
}

static bool constant(const struct node *n, uint64_t *ret)
{
	if (n->kind == NODE_INT && n->int_.reloc)
		return false; // known where it runs
	if (n->kind == NODE_INT)
		*ret = n->int_.value;
	else if (n->kind == NODE_BOOL)
		*ret = n->bool_.value;
	else if (n->kind == NODE_STRING)
		*ret = n->string.len > 0;
	else
		return false;
	return true;
}

static void replace(struct lang *l, struct node **slot, uint64_t v)
{
	const struct type *t = (*slot)->type;
	struct node *n;

	if (t->kind == TYPE_BOOL) {
		n = node_new(l->arena, NODE_BOOL, (*slot)->span);
		n->bool_.value = v != 0;
	} else {
		n = node_int(l, (int64_t)fit(t, v), (*slot)->span);
		n->int_.is_unsigned = !t->is_signed && n->int_.value > INT64_MAX;
	}
	n->type = t;
	*slot = n;
}

static bool compute(enum op op, uint64_t a, uint64_t b, bool is_signed, uint64_t *ret)
{
	bool less = is_signed ? (int64_t)a < (int64_t)b : a < b;

	switch (op) {
	case OP_ADD: *ret = a + b; return true;
	case OP_SUB: *ret = a - b; return true;
	case OP_MUL: *ret = a * b; return true;
	case OP_DIV: *ret = b ? a / b : 1; return b != 0;
	case OP_MOD: *ret = b ? a % b : 1; return b != 0;
	case OP_AND: *ret = a & b; return true;
	case OP_OR: *ret = a | b; return true;
	case OP_XOR: *ret = a ^ b; return true;
	case OP_SHL: *ret = a << (b & 63); return true;
	case OP_SHR: *ret = a >> (b & 63); return true;
	case OP_EQ: *ret = a == b; return true;
	case OP_NE: *ret = a != b; return true;
	case OP_LT: *ret = less; return true;
	case OP_GE: *ret = !less; return true;
	case OP_LE: *ret = less || a == b; return true;
	case OP_GT: *ret = !less && a != b; return true;
	default: return false;
	}
}

static void fold_logic(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	bool is_or = n->binary.op == OP_LOR;
	uint64_t a, b;

	if (!constant(n->binary.left, &a))
		return;
	if ((a != 0) == is_or)
		replace(l, slot, is_or);
	else if (constant(n->binary.right, &b))
		replace(l, slot, b != 0);
}

static void fold_binary(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	const struct node *left = n->binary.left, *right = n->binary.right;
	uint64_t a, b, v;

	if (n->binary.op == OP_LOR || n->binary.op == OP_LAND) {
		fold_logic(l, slot);
		return;
	}
	if (left->kind == NODE_STRING || right->kind == NODE_STRING || !type_is_scalar(left->type) || n->type->kind == TYPE_POINTER)
		return;
	if (constant(left, &a) && constant(right, &b) &&
	    compute(n->binary.op, a, b, left->type->is_signed && right->type->is_signed, &v))
		replace(l, slot, v);
}

static void fold_unary(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	uint64_t v;

	if (!constant(n->unary.value, &v))
		return;
	if (n->unary.op == OP_NOT)
		replace(l, slot, !v);
	else if (n->unary.value->kind == NODE_INT && !n->unary.value->int_.reloc && n->unary.op == OP_NEG)
		replace(l, slot, 0 - v);
	else if (n->unary.value->kind == NODE_INT && !n->unary.value->int_.reloc && n->unary.op == OP_BITNOT)
		replace(l, slot, ~v);
}

static void fold_cast(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	uint64_t v;

	if (type_is_integer(n->type) && n->cast.value->kind != NODE_STRING && constant(n->cast.value, &v))
		replace(l, slot, v);
	else if (n->cast.value->type == n->type)
		*slot = n->cast.value;
}

static void comptime(struct lang *l, struct node **slot)
{
	struct node *value = (*slot)->comptime.value;
	uint64_t v;

	if (!constant(value, &v))
		diag_error(l->diag, value->span, E_LITERAL, "comptime needs an expression that the compiler can evaluate");
	*slot = value;
}

// Is there a way out of a loop's body? A break of an inner loop is none.
static bool leaves(const struct node *n, bool inner);

struct way_out {
	bool found, inner;
};

static void look_for_way_out(void *arg, struct node **slot)
{
	struct way_out *w = arg;

	w->found |= leaves(*slot, w->inner);
}

static bool leaves(const struct node *n, bool inner)
{
	struct way_out w = { .inner = inner || n->kind == NODE_WHILE || n->kind == NODE_FOR || n->kind == NODE_UNROLL };

	if (n->kind == NODE_RETURN || (n->kind == NODE_BREAK && !inner) || (n->kind == NODE_CALL && n->call.builtin && n->call.builtin->id == BUILTIN_EXIT))
		return true;
	node_each_child((struct node *)n, look_for_way_out, &w);
	return w.found;
}

static void endless(struct lang *l, const struct node *n)
{
	uint64_t v;

	if (constant(n->while_.cond, &v) && v && !leaves(n->while_.body, false))
		diag_error(l->diag, n->span, E_LIMIT, "this loop never ends, so the kernel would refuse the program; give it a break, or count with for ($i : 0..100)");
}

static void fold(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	uint64_t v;

	node_each_child(n, visit, l);
	switch (n->kind) {
	case NODE_INT:
		n->int_.value = fit(n->type, n->int_.value);
		return;
	case NODE_BINARY: fold_binary(l, slot); return;
	case NODE_UNARY: fold_unary(l, slot); return;
	case NODE_CAST: fold_cast(l, slot); return;
	case NODE_TERNARY:
		if (constant(n->ternary.cond, &v))
			*slot = v ? n->ternary.yes : n->ternary.no;
		return;
	case NODE_COMPTIME: comptime(l, slot); return;
	case NODE_WHILE: endless(l, n); return;
	default: return;
	}
}

void pass_fold(struct lang *l)
{
	for (size_t i = 0; i < l->bodies.n; i++) {
		if (l->bodies.v[i].predicate)
			fold(l, &l->bodies.v[i].predicate);
		fold(l, &l->bodies.v[i].block);
	}
}

// SPDX-License-Identifier: Apache-2.0
// pass_check_op.c - unary and binary operators. Arithmetic is 64 bits wide; it is signed if an operand is, where a
// literal that is not negative takes the other side's sign.
#include "lang/lang_int.h"

enum sign { SIGN_NEUTRAL, SIGN_UNSIGNED, SIGN_SIGNED };

static const struct type *t_bool(struct lang *l)
{
	return type_basic(l->types, TYPE_BOOL);
}

static enum sign sign_of(const struct node *n, const struct type *t)
{
	if (is_int_literal(n) && t->kind != TYPE_ENUM && !n->int_.is_unsigned)
		return literal_value(n) < 0 ? SIGN_SIGNED : SIGN_NEUTRAL;
	return t->is_signed ? SIGN_SIGNED : SIGN_UNSIGNED;
}

static bool joint_sign(enum sign a, enum sign b)
{
	return a == SIGN_SIGNED || b == SIGN_SIGNED || (a == SIGN_NEUTRAL && b == SIGN_NEUTRAL);
}

static bool is_comparison(enum op op)
{
	return op_precedence(op) == op_precedence(OP_EQ) || op_precedence(op) == op_precedence(OP_LT);
}

static const struct type *refuse(struct lang *l, const struct node *n, const struct type *a, const struct type *b)
{
	complain(l, n->span, E_TYPE, "Type mismatch for '%s': comparing or combining '%T' with '%T'", op_spelling(n->binary.op), a, b);
	if (is_int_literal(n->binary.left) || is_int_literal(n->binary.right)) // no address
		return NULL;
	if ((a->kind == TYPE_STRING) != (b->kind == TYPE_STRING) && (type_is_integer(a) || type_is_integer(b) || a->kind == TYPE_POINTER || b->kind == TYPE_POINTER))
		advise(l, "the text at an address is read with str(…)");
	else if (a->kind == TYPE_USERNAME || b->kind == TYPE_USERNAME)
		advise(l, "user names are looked up when they are printed; compare uid with a number");
	else if (a->kind == TYPE_KSYM || b->kind == TYPE_KSYM || a->kind == TYPE_USYM || b->kind == TYPE_USYM)
		advise(l, "symbols are looked up when they are printed; compare addresses");
	return NULL;
}

// Integers -----------------------------------------------------------------------------------------------------------

static const struct type *natural(const struct node *n)
{
	return n->kind == NODE_CAST && n->cast.implicit ? n->cast.value->type : n->type;
}

// nsecs - @start[tid] is int64, but meant to be positive: dividing it deserves no warning.
static bool is_difference(const struct node *n)
{
	return n->kind == NODE_BINARY && n->binary.op == OP_SUB && !natural(n->binary.left)->is_signed && !natural(n->binary.right)->is_signed;
}

static bool is_doubtful(const struct node *n, enum sign sign)
{
	return sign == SIGN_SIGNED && !is_int_literal(n) && !is_difference(n);
}

static void warn_sign(struct lang *l, const struct node *n, enum sign a, enum sign b)
{
	const struct node *left = n->binary.left, *right = n->binary.right;
	enum op op = n->binary.op;

	if ((op == OP_DIV || op == OP_MOD) && (is_doubtful(left, a) || is_doubtful(right, b)))
		warn(l, n->span, W_SIGN, "signed operands for '%s' can lead to undefined behavior: the division is unsigned (cast to uint64 if that is meant)",
		     op_spelling(op));
	if (is_comparison(op) && ((a == SIGN_UNSIGNED && is_doubtful(right, b)) || (b == SIGN_UNSIGNED && is_doubtful(left, a))) &&
	    !is_int_literal(left) && !is_int_literal(right) && (a == SIGN_UNSIGNED ? left : right)->type->size == 8)
		warn(l, n->span, W_SIGN, "comparison of integers of different signs: '%T' and '%T' (both are taken as int64)", left->type, right->type);
}

static const struct type *check_integers(struct lang *l, struct node *n, const struct type *a, const struct type *b)
{
	enum op op = n->binary.op;
	enum sign left = sign_of(n->binary.left, a), right = sign_of(n->binary.right, b);
	bool is_signed = op == OP_SHL || op == OP_SHR ? left != SIGN_UNSIGNED : joint_sign(left, right) || op == OP_SUB;
	const struct type *t = t_int(l, 8, is_signed);

	if ((op == OP_DIV || op == OP_MOD) && is_int_literal(n->binary.right) && n->binary.right->int_.value == 0)
		complain(l, n->binary.right->span, E_LITERAL, "division by the literal 0");
	if (!is_comparison(op) && !l->final && (is_pending(n->binary.left) || is_pending(n->binary.right)))
		return NULL;
	if (l->final)
		warn_sign(l, n, left, right);
	coerce(l, &n->binary.left, t);
	coerce(l, &n->binary.right, t);
	return is_comparison(op) ? t_bool(l) : t;
}

// Pointers -----------------------------------------------------------------------------------------------------------

static const struct type *check_pointers(struct lang *l, struct node *n, const struct type *a, const struct type *b)
{
	enum op op = n->binary.op;
	bool pa = a->kind == TYPE_POINTER, pb = b->kind == TYPE_POINTER;
	const struct type *t = t_int(l, 8, false);

	if ((!pa && !type_is_integer(a)) || (!pb && !type_is_integer(b)))
		return refuse(l, n, a, b);
	if (is_comparison(op)) {
		if (pa && pb && a->elem != b->elem)
			warn(l, n->span, W_SIGN, "comparison of distinct pointer types: '%T' and '%T'", a, b);
		coerce(l, &n->binary.left, t);
		coerce(l, &n->binary.right, t);
		return t_bool(l);
	}
	if (op == OP_ADD && pa != pb) {
		type_completed(l, (pa ? a : b)->elem);
		coerce_int(l, pa ? &n->binary.right : &n->binary.left);
		return pa ? a : b;
	}
	if (op == OP_SUB && pa && !pb) {
		type_completed(l, a->elem);
		coerce_int(l, &n->binary.right);
		return a;
	}
	if (pa != pb && (op == OP_AND || op == OP_OR || op == OP_SHR || op == OP_SHL || op == OP_MOD || op == OP_DIV)) {
		coerce(l, &n->binary.left, t); // flags and alignment are kept in addresses
		coerce(l, &n->binary.right, t);
		return t;
	}
	complain(l, n->span, E_TYPE, "'%s' can not be used on '%T' and '%T': pointers can be compared, moved by an integer (p + n, p - n), and cast to uint64",
		 op_spelling(op), a, b);
	return NULL;
}

// Memory -------------------------------------------------------------------------------------------------------------

static bool is_text(const struct type *t)
{
	return t->kind == TYPE_STRING || t->kind == TYPE_PROBE;
}

// coerce() leaves the capacity of strings inside of tuples to the place they are stored in; here there is none.
static void coerce_whole(struct lang *l, struct node **slot, const struct type *t)
{
	coerce(l, slot, t);
	if (l->final && (*slot)->type != t && (t->kind == TYPE_TUPLE || t->kind == TYPE_RECORD))
		*slot = node_cast(l, *slot, t);
}

static bool same_shape(struct lang *l, struct node *n, const struct type *a, const struct type *b)
{
	struct slot s = slot_of(l, n->binary.left);

	if (a->kind != b->kind || (a->kind != TYPE_TUPLE && a->kind != TYPE_RECORD && a->kind != TYPE_MAC && a->kind != TYPE_INET && a->kind != TYPE_BUFFER &&
				   a->kind != TYPE_ARRAY && a->kind != TYPE_KSYM && a->kind != TYPE_USYM))
		return false;
	if (!slot_merge(l, &s, slot_of(l, n->binary.right), NULL))
		return false;
	s.type = slot_hard(l, s);
	coerce_whole(l, &n->binary.left, s.type);
	coerce_whole(l, &n->binary.right, s.type);
	return !l->final || (n->binary.left->type == n->binary.right->type);
}

static struct node *call_of(struct lang *l, enum builtin_id id, struct node *arg)
{
	struct node *n = node_new(l->arena, NODE_CALL, arg->span);

	n->call.builtin = builtin_at(id);
	n->call.name = n->call.builtin->name;
	n->call.event = NO_EVENT;
	vec_push(l->arena, &n->call.args, arg);
	return n;
}

// An address beside a literal: args.ip.saddr == "::1" is args.ip.saddr == ntop(pton("::1")).
static const struct type *literal_address(struct lang *l, struct node **slot, const struct type *other)
{
	if (other->kind != TYPE_INET || (*slot)->kind != NODE_STRING)
		return (*slot)->type;
	*slot = call_of(l, BUILTIN_NTOP, call_of(l, BUILTIN_PTON, *slot));
	return check_value(l, slot);
}

static const struct type *check_memory(struct lang *l, struct node *n, const struct type *a, const struct type *b)
{
	enum op op = n->binary.op;
	bool text = is_text(a) && is_text(b);

	if (op != OP_EQ && op != OP_NE) {
		if (text && op == OP_ADD) {
			complain(l, n->span, E_TYPE, "'+' joins literal strings only; print the parts one after the other: printf(\"%%s%%s\", a, b)");
			return NULL;
		}
		if (text) {
			complain(l, n->span, E_TYPE, "strings can be compared with == and != only, not with '%s'", op_spelling(op));
			return NULL;
		}
		return refuse(l, n, a, b);
	}
	if (text) {
		if (a->kind == TYPE_PROBE && b->kind == TYPE_PROBE)
			return t_bool(l);
		if ((a->kind == TYPE_PROBE && n->binary.right->kind != NODE_STRING) || (b->kind == TYPE_PROBE && n->binary.left->kind != NODE_STRING)) {
			complain(l, n->span, E_TYPE, "probe can be compared with a literal string only");
			return NULL;
		}
		return t_bool(l);
	}
	return same_shape(l, n, a, b) ? t_bool(l) : refuse(l, n, a, b);
}

static const struct type *check_logic(struct lang *l, struct node *n)
{
	bool known = check_value(l, &n->binary.left) != NULL;

	known &= check_value(l, &n->binary.right) != NULL;
	known &= coerce_condition(l, &n->binary.left);
	known &= coerce_condition(l, &n->binary.right);
	return known || !l->final ? t_bool(l) : NULL;
}

const struct type *check_binary(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	const struct type *a, *b;

	if (n->binary.op == OP_LAND || n->binary.op == OP_LOR)
		return check_logic(l, n);
	a = check_value(l, &n->binary.left);
	b = check_value(l, &n->binary.right);
	if (!a || !b)
		return is_comparison(n->binary.op) && !l->final ? t_bool(l) : NULL;
	if (a->kind == TYPE_POINTER || b->kind == TYPE_POINTER)
		return check_pointers(l, n, a, b);
	if (type_is_integer(a) && type_is_integer(b))
		return check_integers(l, n, a, b);
	a = literal_address(l, &n->binary.left, b);
	b = a ? literal_address(l, &n->binary.right, a) : NULL;
	return a && b ? check_memory(l, n, a, b) : NULL;
}

// Unary --------------------------------------------------------------------------------------------------------------

static const struct type *check_deref(struct lang *l, struct node *n)
{
	const struct type *t, *u64 = t_int(l, 8, false);

	type_retval(l, n->unary.value);
	t = n->unary.value->type;
	if (type_is_integer(t)) { // an address without a type: eight bytes
		t = type_pointer(l->types, u64, l->body->type->arg_space);
		coerce(l, &n->unary.value, t);
		return u64;
	}
	if (t->kind != TYPE_POINTER) {
		complain(l, n->span, E_TYPE, "Can not dereference a '%T'; it takes a pointer or an address", t);
		return NULL;
	}
	if (t->elem->kind == TYPE_NONE || !type_completed(l, t->elem)) {
		complain(l, n->span, E_TYPE, "Can not dereference a '%T': what it points to is not known; cast it first", t);
		return NULL;
	}
	return type_decayed(l, t->elem);
}

const struct type *check_unary(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	const struct type *t;

	if (n->unary.op == OP_ADDR) {
		complain(l, n->span, E_PLACE, "& (address of) stands before an argument of an imported C function, as in f(&$v) or f(&@m)");
		return NULL;
	}
	t = check_value(l, &n->unary.value);
	if (!t)
		return n->unary.op == OP_NOT && !l->final ? t_bool(l) : NULL;
	if (n->unary.op == OP_NOT)
		return coerce_condition(l, &n->unary.value) ? t_bool(l) : NULL;
	if (n->unary.op == OP_DEREF)
		return check_deref(l, n);
	if (!type_is_integer(t)) {
		complain(l, n->span, E_TYPE, "'%s' needs an integer, not '%T'", op_spelling(n->unary.op), t);
		return NULL;
	}
	if (!l->final && is_pending(n->unary.value))
		return NULL;
	coerce_int(l, &n->unary.value);
	return t_int(l, 8, is_int_literal(n->unary.value) ? !n->unary.value->int_.is_unsigned : t->is_signed);
}

// SPDX-License-Identifier: Apache-2.0
// interp_expr.c - expressions: operands from left to right.
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/gen/interp_int.h"

uint64_t interp_arithmetic(struct interp *in, enum op op, uint64_t a, uint64_t b, bool is_signed)
{
	bool less = is_signed ? (int64_t)a < (int64_t)b : a < b;

	switch (op) {
	case OP_ADD: return a + b;
	case OP_SUB: return a - b;
	case OP_MUL: return a * b;
	case OP_DIV: return b ? a / b : 1;
	case OP_MOD: return b ? a % b : 1;
	case OP_AND: return a & b;
	case OP_OR: return a | b;
	case OP_XOR: return a ^ b;
	case OP_SHL: return a << (b & 63);
	case OP_SHR: return a >> (b & 63);
	case OP_EQ: return a == b;
	case OP_NE: return a != b;
	case OP_LT: return less;
	case OP_LE: return less || a == b;
	case OP_GT: return !less && a != b;
	case OP_GE: return !less;
	default: interp_give_up(in, "operator %s", op_spelling(op)); return 0;
	}
}

static struct val eval_binary(struct interp *in, const struct node *n)
{
	enum op op = n->binary.op;
	struct val a = interp_eval(in, n->binary.left), b;

	if (op == OP_LAND || op == OP_LOR) {
		if (val_truth(&a) == (op == OP_LOR))
			return val_number(n->type, op == OP_LOR);
		b = interp_eval(in, n->binary.right);
		return val_number(n->type, val_truth(&b));
	}
	b = interp_eval(in, n->binary.right);
	if (a.t->kind == TYPE_STRING || a.m)
		return val_number(n->type, val_equal(&a, &b) == (op == OP_EQ));
	return val_number(n->type, interp_arithmetic(in, op, a.n, b.n, n->binary.left->type->is_signed && n->binary.right->type->is_signed));
}

static struct val eval_unary(struct interp *in, const struct node *n)
{
	struct val v = interp_eval(in, n->unary.value);

	switch (n->unary.op) {
	case OP_NEG: return val_number(n->type, 0 - v.n);
	case OP_BITNOT: return val_number(n->type, ~v.n);
	case OP_NOT: return val_number(n->type, !val_truth(&v));
	default:
		interp_give_up(in, "operator %s", op_spelling(n->unary.op));
		return val_zero(in, n->type);
	}
}

static struct val eval_incdec(struct interp *in, const struct node *n)
{
	const struct node *t = n->incdec.target;
	uint64_t delta = n->incdec.op == OP_INC ? 1 : UINT64_MAX;
	struct val *at, was;

	if (t->kind == NODE_MAP) {
		struct imap *m = interp_map_of(in, t);
		struct val key = interp_key(in, m, &t->map.keys);

		at = &imap_find_or_create(in, m, &key)->value;
	} else {
		at = &in->vars[t->var.sym->index];
	}
	was = *at;
	at->n = fit(at->t, at->n + delta);
	return n->incdec.prefix ? *at : was;
}

static struct val eval_cast(struct interp *in, const struct node *n)
{
	struct val v = interp_eval(in, n->cast.value);

	if (n->type->kind == TYPE_BOOL)
		return val_number(n->type, val_truth(&v));
	return val_as(in, v, n->type);
}

static struct val eval_items(struct interp *in, const struct node *n, const struct node_list *items)
{
	struct val v = { .t = n->type, .m = arena_array(in->a, struct val, items->n + 1) };

	for (size_t i = 0; i < items->n; i++) {
		const struct node *item = items->v[i];
		uint32_t at = (uint32_t)i;

		for (uint32_t k = 0; item->kind == NODE_RECORD_ITEM && k < n->type->nfields; k++)
			if (strcmp(n->type->fields[k].name, item->record_item.name) == 0)
				at = k;
		v.m[at] = val_as(in, interp_eval(in, item->kind == NODE_RECORD_ITEM ? item->record_item.value : item), n->type->fields[at].type);
	}
	return v;
}

static struct val eval_index(struct interp *in, const struct node *n) // of a string
{
	struct val base = interp_eval(in, n->index.base), i = interp_eval(in, n->index.keys.v[0]);
	uint64_t at = i.n < base.t->count ? i.n : 0;

	if (base.t->kind != TYPE_STRING)
		interp_give_up(in, "index of something else than a string");
	return val_number(n->type, at < base.len ? (uint64_t)(unsigned char)base.s[at] : 0);
}

static struct val eval_field(struct interp *in, const struct node *n)
{
	struct val base = interp_eval(in, n->field.base);

	for (uint32_t i = 0; base.m && i < base.t->nfields; i++)
		if (strcmp(base.t->fields[i].name, n->field.name) == 0)
			return base.m[i];
	interp_give_up(in, "field %s", n->field.name);
	return val_zero(in, n->type);
}

static struct val eval_ident(struct interp *in, const struct node *n)
{
	char *comm;

	switch (n->ident.builtin->id) {
	case BUILTIN_PID: return val_number(n->type, (uint64_t)getpid());
	case BUILTIN_TID: return val_number(n->type, (uint64_t)gettid());
	case BUILTIN_UID: return val_number(n->type, (uint64_t)getuid());
	case BUILTIN_GID: return val_number(n->type, (uint64_t)getgid());
	case BUILTIN_COMM:
		comm = arena_array(in->a, char, 16);
		prctl(PR_GET_NAME, comm);
		return (struct val){ .t = n->type, .s = comm, .len = (uint32_t)strlen(comm) };
	default:
		interp_give_up(in, "builtin %s", n->ident.name);
		return val_zero(in, n->type);
	}
}

// Blocks and choices ----------------------------------------------------------------------------------------------------

static struct val eval_block(struct interp *in, const struct node *n)
{
	for (size_t i = 0; i < n->block.body.n && in->flow == GO_ON; i++)
		interp_stmt(in, n->block.body.v[i]);
	if (n->block.value && in->flow == GO_ON)
		return interp_eval(in, n->block.value);
	return val_zero(in, n->type);
}

static struct val choose(struct interp *in, const struct node *cond, const struct node *yes, const struct node *no)
{
	struct val c = interp_eval(in, cond);

	if (val_truth(&c))
		return interp_eval(in, yes);
	return no ? interp_eval(in, no) : c;
}

static struct val eval_kind(struct interp *in, const struct node *n)
{
	switch (n->kind) {
	case NODE_INT: return val_number(n->type, n->int_.value);
	case NODE_BOOL: return val_number(n->type, n->bool_.value);
	case NODE_STRING: return (struct val){ .t = n->type, .s = n->string.text, .len = (uint32_t)n->string.len };
	case NODE_IDENT: return eval_ident(in, n);
	case NODE_VAR: return in->vars[n->var.sym->index];
	case NODE_MAP: return interp_read_map(in, n);
	case NODE_INDEX: return eval_index(in, n);
	case NODE_FIELD: return eval_field(in, n);
	case NODE_ELEMENT: return interp_eval(in, n->element.base).m[n->element.number];
	case NODE_CALL: return interp_call(in, n);
	case NODE_UNARY: return eval_unary(in, n);
	case NODE_BINARY: return eval_binary(in, n);
	case NODE_INCDEC: return eval_incdec(in, n);
	case NODE_TERNARY: return choose(in, n->ternary.cond, n->ternary.yes, n->ternary.no);
	case NODE_IF: return choose(in, n->if_.cond, n->if_.yes, n->if_.no);
	case NODE_CAST: return eval_cast(in, n);
	case NODE_TUPLE: return eval_items(in, n, &n->tuple.items);
	case NODE_RECORD: return eval_items(in, n, &n->record.items);
	case NODE_BLOCK: return eval_block(in, n);
	default:
		interp_give_up(in, "expression of kind %s", node_name(n->kind));
		return val_zero(in, n->type);
	}
}

// A value of the node's type; when the program is being left, any.
struct val interp_eval(struct interp *in, const struct node *n)
{
	if (in->flow == LEAVE || !interp_spend(in))
		return val_zero(in, n->type);
	struct val v = eval_kind(in, n);
	if (in->flow == LEAVE || !n->type || n->type->kind == TYPE_NONE)
		return val_zero(in, n->type);
	return v.t == n->type ? v : val_as(in, v, n->type);
}

// SPDX-License-Identifier: Apache-2.0
// stmt.c - statements.
#include "base/util.h"
#include "codegen/cg.h"

LLVMValueRef cg_var_ptr(struct cg *cg, const struct var *v)
{
	if (cg->var_frame[v->index])
		return cg_frame_at(cg, cg->var_frame[v->index] - 1, v->name + 1);
	return cg->var[v->index];
}

static void store_var(struct cg *cg, const struct var *v, const struct node *value)
{
	if (type_is_scalar(v->type)) {
		LLVMValueRef x = cg_int(cg, value);

		l_store(&cg->l, x, cg_var_ptr(cg, v), 8);
		return;
	}
	if (value->kind == NODE_TUPLE || value->kind == NODE_RECORD) { // may read the variable it is assigned to
		LLVMValueRef tmp = cg_temp(cg, v->type->size, "tmp");

		cg_expr_into(cg, value, v->type, tmp);
		cg_copy(cg, cg_var_ptr(cg, v), tmp, v->type->size);
		return;
	}
	cg_expr_into(cg, value, v->type, cg_var_ptr(cg, v));
}

static void zero_var(struct cg *cg, const struct var *v)
{
	if (type_is_scalar(v->type))
		l_store(&cg->l, l_k(&cg->l, 0), cg_var_ptr(cg, v), 8);
	else
		cg_zero(cg, cg_var_ptr(cg, v), v->type->size);
}

static LLVMValueRef narrowed(struct cg *cg, LLVMValueRef v, const struct type *t)
{
	if (t->size >= 8)
		return v;
	v = LLVMBuildTrunc(cg->l.b, v, l_int(&cg->l, t->size), "");
	return t->is_signed ? LLVMBuildSExt(cg->l.b, v, cg->l.i64, "narrow") : LLVMBuildZExt(cg->l.b, v, cg->l.i64, "narrow");
}

static LLVMValueRef scaled(struct cg *cg, const struct type *t, LLVMValueRef v)
{
	if (t->kind != TYPE_POINTER)
		return v;
	return LLVMBuildMul(cg->l.b, v, l_k(&cg->l, t->elem->size ? t->elem->size : 1), "scaled");
}

static void compound_var(struct cg *cg, const struct node *n)
{
	const struct var *v = n->assign.target->var.sym;
	LLVMValueRef x = scaled(cg, v->type, cg_int(cg, n->assign.value)), p = cg_var_ptr(cg, v), old = l_load(&cg->l, p, 8, false, "old");
	LLVMValueRef result = cg_binary(cg, n->assign.op, old, x, v->type->is_signed, n->assign.event);

	l_store(&cg->l, narrowed(cg, result, v->type), cg_var_ptr(cg, v), 8);
}

static void compound_map(struct cg *cg, const struct node *n)
{
	const struct node *t = n->assign.target;
	const struct map_sym *m = t->map.sym;
	struct ll *l = &cg->l;
	LLVMValueRef x = scaled(cg, m->value, cg_int(cg, n->assign.value));

	if ((n->assign.op == OP_ADD || n->assign.op == OP_SUB) && m->value->size == 8) {
		cg_map_add(cg, t, n->assign.op == OP_SUB ? LLVMBuildNeg(l->b, x, "minus") : x, NULL);
		return;
	}
	LLVMValueRef slot = cg_map_slot(cg, t, true);
	LLVMBasicBlockRef hit = l_block(l, "compound"), next = l_block(l, "compound.next");
	if (m->key)
		l_cond(l, LLVMBuildIsNull(l->b, slot, "lost"), next, hit);
	else
		l_br(l, hit);
	l_pos(l, hit);
	LLVMValueRef at = m->key ? slot : l_atk(l, slot, 8, "value");
	LLVMValueRef old = l_load(l, at, m->value->size, m->value->is_signed, "old");
	LLVMValueRef result = cg_binary(cg, n->assign.op, old, x, m->value->is_signed, n->assign.event);
	l_store(l, result, at, m->value->size);
	if (!m->key)
		l_store(l, l_k(l, 1), slot, 8);
	l_br(l, next);
	l_pos(l, next);
}

static bool is_agg_call(const struct node *n)
{
	return n->kind == NODE_CALL && n->call.builtin && (n->call.builtin->flags & BF_AGG);
}

static void emit_assign(struct cg *cg, const struct node *n)
{
	const struct node *t = n->assign.target;

	if (n->assign.op != OP_NONE)
		t->kind == NODE_MAP ? compound_map(cg, n) : compound_var(cg, n);
	else if (is_agg_call(n->assign.value))
		cg_agg(cg, t, n->assign.value);
	else if (t->kind == NODE_MAP)
		cg_map_store(cg, t, n->assign.value);
	else
		store_var(cg, t->var.sym, n->assign.value);
}

static void emit_if(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	LLVMBasicBlockRef yes = l_block(l, "then"), no = n->if_.no ? l_block(l, "else") : NULL, join = l_block(l, "fi");

	l_cond(l, cg_cond(cg, n->if_.cond), yes, no ? no : join);
	l_pos(l, yes);
	cg_stmt(cg, n->if_.yes);
	l_br(l, join);
	if (no) {
		l_pos(l, no);
		cg_stmt(cg, n->if_.no);
		l_br(l, join);
	}
	l_pos(l, join);
}

static void in_loop(struct cg *cg, const struct node *body, LLVMBasicBlockRef on_break, LLVMBasicBlockRef on_continue)
{
	struct loop loop = { .up = cg->fn->loop, .on_break = on_break, .on_continue = on_continue };

	cg->fn->loop = &loop;
	cg_stmt(cg, body);
	cg->fn->loop = loop.up;
}

// A native loop: the verifier follows it until it ends, and refuses one it cannot see the end of. may_goto gives each an end, if a
// round leaves what one before it left: what lies on the stack is compared byte by byte, and each value of a temporary there would
// be a round of its own. In the frame no values are known. What lies there and has no may_goto is counted: cg_while_rounds().
static void emit_while(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	bool frugal = cg->frugal;

	if (cg_while_calls(cg)) {
		cg_while_rounds(cg, n);
		return;
	}
	LLVMBasicBlockRef head = l_block(l, "while"), body = l_block(l, "while.body"), done = l_block(l, "while.done");
	cg->frugal |= cg->may_goto;
	l_br(l, head);
	l_pos(l, head);
	if (cg->may_goto) {
		LLVMBasicBlockRef test = l_block(l, "while.test");

		l_may_goto(l, done, test);
		l_pos(l, test);
	}
	l_cond(l, cg_cond(cg, n->while_.cond), body, done);
	l_pos(l, body);
	in_loop(cg, n->while_.body, done, head);
	l_br(l, head);
	l_pos(l, done);
	cg->frugal = frugal;
}

static void emit_unroll(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	LLVMBasicBlockRef done = l_block(l, "unroll.done");
	bool parts = cg_splits(cg, n);
	LLVMValueRef part = NULL;

	for (uint64_t i = 0; i < n->unroll.count->int_.value; i++) {
		LLVMBasicBlockRef next = l_block(l, "unroll.next");
		struct loop loop = { .up = cg->fn->loop, .on_break = done, .on_continue = next };

		cg->fn->loop = &loop;
		if (!parts)
			cg_stmt(cg, n->unroll.body);
		else
			cg_part_call(cg, part = part ? part : cg_part(cg, &n->unroll.body, 1));
		cg->fn->loop = loop.up;
		l_br(l, next);
		l_pos(l, next);
	}
	l_br(l, done);
	l_pos(l, done);
}

static void leave_loop(struct cg *cg, bool is_break)
{
	if (cg->fn->loop)
		l_br(&cg->l, is_break ? cg->fn->loop->on_break : cg->fn->loop->on_continue);
	l_pos(&cg->l, l_block(&cg->l, "after"));
}

void cg_block(struct cg *cg, const struct node *n)
{
	if (cg_splits(cg, n))
		cg_parts(cg, n->block.body.v, n->block.body.n);
	else
		for (size_t i = 0; i < n->block.body.n; i++)
			cg_stmt(cg, n->block.body.v[i]);
	if (n->block.value)
		cg_stmt(cg, n->block.value);
}

struct value cg_block_value(struct cg *cg, const struct node *n)
{
	for (size_t i = 0; i < n->block.body.n; i++)
		cg_stmt(cg, n->block.body.v[i]);
	const struct node *value = n->block.value;
	if (!value)
		return (struct value){ .v = l_k(&cg->l, 0) };
	if (value->type == n->type || type_is_scalar(value->type) || value->type->kind == TYPE_NONE)
		return cg_expr(cg, value);
	LLVMValueRef tmp = cg_temp(cg, n->type->size, "tmp"); // a shorter string than the place wants
	cg_expr_into(cg, value, n->type, tmp);
	return (struct value){ .v = tmp };
}

static void emit_let(struct cg *cg, const struct node *n)
{
	if (!n->let.sym)
		return;
	if (n->let.value)
		store_var(cg, n->let.sym, n->let.value);
	else
		zero_var(cg, n->let.sym);
}

static void emit_statement(struct cg *cg, const struct node *n)
{
	cg_debug_at(cg, n->span);
	switch (n->kind) {
	case NODE_EXPR:
		if (n->expr.value->kind == NODE_IF)
			emit_if(cg, n->expr.value);
		else if (n->expr.value->kind == NODE_CALL && n->expr.value->call.builtin && n->expr.value->call.builtin->id == BUILTIN_DELETE)
			cg_map_delete_statement(cg, n->expr.value->call.args.v[0], n->expr.value->call.args.n > 1 ? n->expr.value->call.args.v[1] : NULL);
		else
			(void)cg_expr(cg, n->expr.value);
		return;
	case NODE_DISCARD:
		(void)cg_expr(cg, n->discard.value);
		return;
	case NODE_ASSIGN:
		emit_assign(cg, n);
		return;
	case NODE_LET:
		emit_let(cg, n);
		return;
	case NODE_IF:
		emit_if(cg, n);
		return;
	case NODE_WHILE:
		emit_while(cg, n);
		return;
	case NODE_UNROLL:
		emit_unroll(cg, n);
		return;
	case NODE_FOR:
		cg_for(cg, n);
		return;
	case NODE_BREAK:
		leave_loop(cg, true);
		return;
	case NODE_CONTINUE:
		leave_loop(cg, false);
		return;
	case NODE_RETURN:
		cg_return(cg, n->return_.value ? cg_int(cg, n->return_.value) : NULL);
		return;
	case NODE_BLOCK:
		cg_block(cg, n);
		return;
	default:
		(void)cg_expr(cg, n);
	}
}

// Temporaries are for the statement: the next one's lie where they did. Not what later statements find again: the places of a
// repeated step and a copied string.
void cg_stmt(struct cg *cg, const struct node *n)
{
	const struct repeat *repeats = cg->repeats;
	uint32_t frame = cg->frame_used, copied_to = cg->copied_to, copied_size = cg->copied_size;
	struct fn *fn = cg->fn;
	struct temp *temps = fn->temps;

	emit_statement(cg, n);
	if (cg->repeats == repeats && cg->copied_to == copied_to && cg->copied_size == copied_size)
		cg->frame_used = frame;
	while (fn->temps != temps) {
		struct temp *t = fn->temps;

		fn->temps = t->next;
		t->next = fn->free_temps;
		fn->free_temps = t;
	}
}

// SPDX-License-Identifier: Apache-2.0
// macro_fn.c - a function as a block that can stand in the place of its call.
//
// Functions are inlined: a BPF subprogram of its own would save code, but the probe's arguments, maps and strings reach it
// only through memory, and the verifier knows less of them there. Parameters are variables with a type, set from the arguments
// once. A single `return` at the end is the value. Others leave a loop that runs once; from a loop inside, by a flag.
#include <string.h>

#include "lang/expand.h"

#define RESULT "$result"
#define DONE "$returned"

struct fn {
	struct lang *l;
	const struct node *def;
	unsigned returns; // seen
	unsigned loops;   // open around the node
	bool deep;        // a return stands in a loop
	bool broken;
};

static struct node *made(struct fn *f, enum node_kind kind, struct span at)
{
	return node_new(f->l->arena, kind, at);
}

static struct node *variable(struct fn *f, const char *name, struct span at)
{
	struct node *n = made(f, NODE_VAR, at);

	n->var.name = name;
	return n;
}

static struct node *declaration(struct fn *f, const char *name, const struct node *spec, struct node *value, struct span at)
{
	struct node *n = made(f, NODE_LET, at);

	n->let.name = name;
	n->let.spec = node_clone(f->l->arena, spec);
	n->let.value = value;
	return n;
}

static struct node *assignment(struct fn *f, const char *name, struct node *value, struct span at)
{
	struct node *n = made(f, NODE_ASSIGN, at);

	n->assign.op = OP_NONE;
	n->assign.target = variable(f, name, at);
	n->assign.value = value;
	return n;
}

static struct node *truth(struct fn *f, bool value, struct span at)
{
	struct node *n = made(f, NODE_BOOL, at);

	n->bool_.value = value;
	return n;
}

static void push(struct fn *f, struct node *block, struct node *n)
{
	vec_push(f->l->arena, &block->block.body, n);
}

static bool is_loop(const struct node *n)
{
	return n->kind == NODE_WHILE || n->kind == NODE_FOR || n->kind == NODE_UNROLL;
}

// Review -------------------------------------------------------------------------------------------------------------

static void review(void *arg, struct node **slot)
{
	struct fn *f = arg;
	struct node *n = *slot;
	bool loop = is_loop(n);

	if (n->kind == NODE_RETURN) {
		f->returns++;
		f->deep |= f->loops > 0;
		if (!n->return_.value != !f->def->fn.result) {
			diag_error(f->l->diag, n->span, E_TYPE, f->def->fn.result ? "the function %s returns a value; this return has none"
										  : "the function %s is declared without a type, so it returns no value", f->def->fn.name);
			f->broken = true;
		}
	} else if ((n->kind == NODE_BREAK || n->kind == NODE_CONTINUE) && !f->loops) {
		diag_error(f->l->diag, n->span, E_PLACE, "%s stands outside a loop; return leaves the function", n->kind == NODE_BREAK ? "break" : "continue");
		f->broken = true;
	}
	f->loops += loop;
	node_each_child(n, review, f);
	f->loops -= loop;
}

// Return -------------------------------------------------------------------------------------------------------------

static void leave(struct fn *f, struct node *block, const struct node *ret)
{
	if (ret->return_.value)
		push(f, block, assignment(f, RESULT, ret->return_.value, ret->span));
	if (f->deep)
		push(f, block, assignment(f, DONE, truth(f, true, ret->span), ret->span));
	push(f, block, made(f, NODE_BREAK, ret->span));
}

static bool returns(const struct node *n);

static void look(void *arg, struct node **slot)
{
	*(bool *)arg |= returns(*slot);
}

static bool returns(const struct node *n)
{
	bool any = n->kind == NODE_RETURN;

	node_each_child((struct node *)n, look, &any);
	return any;
}

// if ($returned) { break; }
static struct node *leave_too(struct fn *f, struct span at)
{
	struct node *n = made(f, NODE_IF, at);

	n->if_.cond = variable(f, DONE, at);
	n->if_.yes = made(f, NODE_BLOCK, at);
	push(f, n->if_.yes, made(f, NODE_BREAK, at));
	return n;
}

static void replace(void *arg, struct node **slot);

static void replace_in_block(struct fn *f, struct node *block)
{
	struct node_list old = block->block.body;

	block->block.body = (struct node_list){ 0 };
	for (size_t i = 0; i < old.n; i++) {
		bool left = is_loop(old.v[i]) && returns(old.v[i]);

		if (old.v[i]->kind == NODE_RETURN) {
			leave(f, block, old.v[i]);
			continue;
		}
		replace(f, &old.v[i]);
		push(f, block, old.v[i]);
		if (left)
			push(f, block, leave_too(f, old.v[i]->span));
	}
	if (block->block.value)
		replace(f, &block->block.value);
}

static void replace(void *arg, struct node **slot)
{
	struct fn *f = arg;

	if ((*slot)->kind == NODE_BLOCK)
		replace_in_block(f, *slot);
	else
		node_each_child(*slot, replace, f);
}

static struct node *once(struct fn *f, struct node *body)
{
	struct node *n = made(f, NODE_UNROLL, body->span);

	n->unroll.count = made(f, NODE_INT, body->span);
	n->unroll.count->int_.value = 1;
	n->unroll.body = body;
	return n;
}

struct node *fn_block(struct lang *l, const struct node *fn)
{
	struct fn f = { .l = l, .def = fn };
	struct node *body = node_clone(l->arena, fn->fn.block), *block;
	struct node_list *stmts = &body->block.body;
	bool last;

	review(&f, &body);
	if (fn->fn.result && !f.returns) {
		diag_error(l->diag, fn->span, E_TYPE, "the function %s is declared with a type, but never returns a value", fn->fn.name);
		f.broken = true;
	}
	if (f.broken)
		return NULL;
	last = stmts->n && stmts->v[stmts->n - 1]->kind == NODE_RETURN;
	if (f.returns <= last) {
		struct node *ret = last ? stmts->v[--stmts->n] : NULL;

		if (ret && ret->return_.value) {
			push(&f, body, declaration(&f, RESULT, fn->fn.result, ret->return_.value, ret->span));
			body->block.value = variable(&f, RESULT, ret->span);
		}
		return body;
	}
	block = made(&f, NODE_BLOCK, fn->fn.block->span);
	if (fn->fn.result)
		push(&f, block, declaration(&f, RESULT, fn->fn.result, NULL, fn->span));
	if (f.deep)
		push(&f, block, declaration(&f, DONE, NULL, truth(&f, false, fn->span), fn->span));
	replace_in_block(&f, body);
	push(&f, block, once(&f, body));
	if (fn->fn.result)
		block->block.value = variable(&f, RESULT, fn->span);
	return block;
}

// SPDX-License-Identifier: Apache-2.0
// part.c - a long body in parts: a jump reaches 32,767 instructions, and LLVM's time grows faster than the function it works on.
//
//   statement; × 1000    →    leave = part0(ctx, frame, live); if (leave) goto left;
//                             leave = part1(ctx, frame, live); …
//
// A part is a function of its own in the body's section. It says how it was left: 0 at its end, else where the body goes on.
// Variables lie in the frame, which all parts share.
#include "base/arena.h"
#include "base/util.h"
#include "codegen/cg.h"

#define OUTLINE_NODES 60 // what a function for failures costs the kernel at least
#define BODY_MOST 1000 // nodes of a body that is emitted as one function
#define PART_NODES 500 // of a part: some thousand instructions
#define SPLIT_NODES 60 // of a part where the stack is short: what is in registers at one time is little
#define PARTS_MOST 100 // of a body, if its statements are short: a program may have 256 functions

enum { LEFT_RETURN = 1, LEFT_BREAK = 2, LEFT_CONTINUE = 4 }; // with LEFT_RETURN the value stands above it: cg_return()

static void add_weight(void *arg, struct node **slot)
{
	*(uint64_t *)arg += cg_weight(*slot);
}

// Nodes; a body that is unrolled counts each time.
uint64_t cg_weight(const struct node *n)
{
	uint64_t w = 0;

	node_each_child((struct node *)n, add_weight, &w);
	return n->kind == NODE_UNROLL ? 1 + w * MAX(n->unroll.count->int_.value, 1u) : 1 + w;
}

void cg_plan_parts(struct cg *cg, const struct node *block)
{
	uint64_t w = cg_weight(block), most = cg->split ? 2 * SPLIT_NODES : BODY_MOST, nodes = cg->split ? SPLIT_NODES : PART_NODES;

	cg->outlines = w > OUTLINE_NODES;
	cg->part_nodes = w > most ? MAX(w / PARTS_MOST, nodes) : 0;
}

struct part {
	struct fn fn;
	LLVMBasicBlockRef caller, on_break, on_continue;
	struct loop loop;
};

static void part_begin(struct cg *cg, struct part *p, struct span at)
{
	struct ll *l = &cg->l;
	const struct plan_prog *prog = &cg->plan->progs[cg->body->prog];
	LLVMTypeRef params[] = { l->ptr, l->ptr, l->i64 };
	bool has_ctx = cg->fn->ctx != NULL, has_live = cg->fn->live != NULL, in_loop = cg->fn->loop != NULL;

	p->caller = LLVMGetInsertBlock(l->b);
	cg_fn_begin(cg, &p->fn, arena_printf(cg->arena, "%s_part%u", prog->name, cg->callbacks++), LLVMFunctionType(l->i64, params, 3, 0), FN_LOCAL, at);
	p->fn.stack_used = STACK_BUDGET / 2; // its caller's stack counts too
	p->fn.ctx = has_ctx ? LLVMGetParam(p->fn.fn, 0) : NULL;
	p->fn.done = l_block(l, "done");
	p->fn.returned = cg_alloca(cg, l->i64, "left");
	LLVMBasicBlockRef start = l_block(l, "start");
	l_pos(l, start);
	l_store(l, l_k(l, 0), p->fn.returned, 8);
	LLVMBuildStore(l->b, LLVMGetParam(p->fn.fn, 1), p->fn.frame_slot);
	if (has_live) {
		p->fn.live = cg_alloca(cg, l->i64, "live");
		l_store(l, LLVMGetParam(p->fn.fn, 2), p->fn.live, 8);
	}
	p->on_break = l_block(l, "break");
	p->on_continue = l_block(l, "continue");
	p->loop = (struct loop){ .on_break = p->on_break, .on_continue = p->on_continue };
	p->fn.loop = in_loop ? &p->loop : NULL;
}

static void leave_by(struct cg *cg, struct part *p, LLVMBasicBlockRef by, uint64_t how)
{
	struct ll *l = &cg->l;

	l_pos(l, by);
	l_store(l, l_k(l, how), p->fn.returned, 8);
	l_br(l, p->fn.done);
}

static LLVMValueRef part_end(struct cg *cg, struct part *p)
{
	struct ll *l = &cg->l;
	LLVMBasicBlockRef start = LLVMGetNextBasicBlock(LLVMGetNextBasicBlock(p->fn.entry));

	l_br(l, p->fn.done);
	leave_by(cg, p, p->on_break, LEFT_BREAK);
	leave_by(cg, p, p->on_continue, LEFT_CONTINUE);
	l_pos(l, p->fn.done);
	LLVMBuildRet(l->b, l_load(l, p->fn.returned, 8, false, "left"));
	l_pos(l, p->fn.entry);
	l_br(l, start);
	cg_fn_end(cg);
	l_pos(l, p->caller);
	return p->fn.fn;
}

// Goes on where the part was left for.
static void after_part(struct cg *cg, LLVMValueRef left)
{
	struct ll *l = &cg->l;
	LLVMBasicBlockRef out = l_block(l, "left"), returned = l_block(l, "returned"), next = l_block(l, "part.next");

	l_cond(l, l_nz(l, left, "left"), out, next);
	l_pos(l, out);
	if (cg->fn->loop) {
		LLVMValueRef how = LLVMBuildSwitch(l->b, left, returned, 2);

		LLVMAddCase(how, l_k(l, LEFT_BREAK), cg->fn->loop->on_break);
		LLVMAddCase(how, l_k(l, LEFT_CONTINUE), cg->fn->loop->on_continue);
	} else {
		l_br(l, returned);
	}
	l_pos(l, returned);
	if (cg->fn->returned)
		l_store(l, left, cg->fn->returned, 8);
	else if (cg->fn->result)
		l_store(l, LLVMBuildAShr(l->b, left, l_k(l, 1), "value"), cg->fn->result, 8);
	l_br(l, cg->fn->done);
	l_pos(l, next);
}

LLVMValueRef cg_part(struct cg *cg, struct node *const *statements, size_t n)
{
	struct part p;
	struct span at = cg->at;

	cg->needs_frame = true;
	part_begin(cg, &p, statements[0]->span);
	for (size_t i = 0; i < n; i++)
		cg_stmt(cg, statements[i]);
	LLVMValueRef fn = part_end(cg, &p);
	cg_debug_at(cg, at);
	return fn;
}

void cg_part_call(struct cg *cg, LLVMValueRef part)
{
	struct ll *l = &cg->l;
	LLVMValueRef args[] = { cg->fn->ctx ? cg->fn->ctx : LLVMConstNull(l->ptr), l_loadp(l, cg->fn->frame_slot, "frame"),
				cg->fn->live ? l_load(l, cg->fn->live, 8, false, "live") : l_k(l, 0) };

	after_part(cg, LLVMBuildCall2(l->b, LLVMGlobalGetValueType(part), part, args, 3, "left"));
}

struct depth {
	const struct cg *cg;
	unsigned most;
};

static void deepest_loop(void *arg, struct node **slot)
{
	struct depth *d = arg;
	unsigned here = cg_loops(d->cg, *slot);

	d->most = MAX(d->most, here);
}

unsigned cg_loops(const struct cg *cg, const struct node *n)
{
	struct depth inside = { .cg = cg };

	node_each_child((struct node *)n, deepest_loop, &inside);
	return inside.most + (n->kind == NODE_FOR || (n->kind == NODE_WHILE && cg_while_calls(cg)));
}

unsigned cg_calls(const struct cg *cg)
{
	unsigned calls = 0;

	for (const struct fn *f = cg->fn; f; f = f->up)
		calls++;
	return calls;
}

bool cg_splits(const struct cg *cg, const struct node *n)
{
	if (cg->part_nodes == 0 || cg_weight(n) <= cg->part_nodes)
		return false;
	return cg_calls(cg) + 1 + cg_loops(cg, n) + 1 <= CALLS_MOST; // the part, and what its innermost statement calls
}

// Statements go into parts as many as fit; what does not fit into one is taken apart where it is.
void cg_parts(struct cg *cg, struct node *const *statements, size_t n)
{
	for (size_t i = 0, first = 0; i < n; first = i) {
		uint64_t w = 0, next;

		while (i < n && w + (next = cg_weight(statements[i])) <= cg->part_nodes) {
			w += next;
			i++;
		}
		if (i == first || w < cg->part_nodes / 4) {
			for (i = MAX(i, first + 1); first < i; first++)
				cg_stmt(cg, statements[first]);
		} else {
			cg_part_call(cg, cg_part(cg, statements + first, i - first));
		}
	}
}

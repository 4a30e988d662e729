// SPDX-License-Identifier: Apache-2.0
// probe.c - a body as a function: see the picture in cg.h.
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

enum { REGS_R11 = 48, REGS_CX = 88, REGS_ORIG_AX = 120, REGS_IP = 128, REGS_FLAGS = 144 }; // struct pt_regs of x86-64

struct fn *cg_fn_begin(struct cg *cg, struct fn *f, const char *name, LLVMTypeRef type, enum fn_kind kind, struct span at)
{
	struct ll *l = &cg->l;

	*f = (struct fn){ .up = cg->fn, .fn = LLVMGetNamedFunction(l->mod, name) };
	if (!f->fn)
		f->fn = LLVMAddFunction(l->mod, name, type);
	cg->fn = f;
	LLVMSetSection(f->fn, cg->plan->progs[cg->body->prog].section);
	l_attr(l, f->fn, "nounwind");
	if (kind != FN_MAIN)
		l_attr(l, f->fn, "noinline");
	// What nobody calls any more may not stay: the kernel wants a line for each function, and counts those that are called.
	if (kind != FN_MAIN)
		LLVMSetLinkage(f->fn, kind == FN_LOCAL ? LLVMInternalLinkage : LLVMLinkOnceAnyLinkage);
	f->entry = LLVMAppendBasicBlockInContext(l->ctx, f->fn, "entry");
	l_pos(l, f->entry);
	cg_debug_function(cg, f->fn, name, LLVMCountParams(f->fn), kind, at);
	f->frame_slot = LLVMBuildAlloca(l->b, l->ptr, "frame.slot");
	return f;
}

void cg_fn_end(struct cg *cg)
{
	cg->fn = cg->fn->up;
}

static LLVMBasicBlockRef skip_unless(struct cg *cg, LLVMValueRef ok, const char *name, LLVMBasicBlockRef otherwise)
{
	LLVMBasicBlockRef next = l_block(&cg->l, name);

	l_cond(&cg->l, ok, next, otherwise);
	l_pos(&cg->l, next);
	return next;
}

static LLVMValueRef global_field(struct cg *cg, size_t off, unsigned size, const char *name)
{
	LLVMValueRef v = l_load(&cg->l, l_atk(&cg->l, cg_globals(cg), off, name), size, false, name);

	return v;
}

// Programs that are still attached when the run ends do nothing; closing them takes the kernel its time.
static void check_enabled(struct cg *cg, LLVMBasicBlockRef out)
{
	LLVMValueRef on = global_field(cg, offsetof(struct wire_globals, enabled), 8, "enabled");

	skip_unless(cg, l_nz(&cg->l, on, "on"), "enabled", out);
}

static void check_pid(struct cg *cg, LLVMBasicBlockRef out)
{
	LLVMValueRef args[] = { LLVMConstNull(cg->l.ptr), cg_globals(cg) }; // as -p's: by our PID namespace
	LLVMValueRef pid = cg_stdlib(cg, "builtin_pid", cg->l.i64, 2, args, "pid");
	LLVMValueRef want = global_field(cg, offsetof(struct wire_globals, target_pid), 4, "target");

	skip_unless(cg, LLVMBuildICmp(cg->l.b, LLVMIntEQ, pid, want, "ours"), "target", out);
}

// sys_enter(regs, id), sys_exit(regs, ret): the number is id, or orig_ax of regs. The other calls end here: every system call
// of the machine pays for this.
static void check_number(struct cg *cg, const struct plan_site *s, LLVMBasicBlockRef out)
{
	bool enter = strncmp(s->func, "sys_exit", 8) != 0;
	LLVMValueRef nr;

	if (enter) {
		nr = l_load(&cg->l, l_atk(&cg->l, cg->fn->ctx, 8, "id"), 8, true, "nr");
	} else {
		nr = cg_kernel_load(cg, l_load(&cg->l, cg->fn->ctx, 8, false, "regs"), REGS_ORIG_AX, 8, "orig_ax");
	}
	skip_unless(cg, LLVMBuildICmp(cg->l.b, LLVMIntEQ, nr, l_k(&cg->l, s->syscall - 1), "is_call"), "syscall", out);
}

// Where TS_COMPAT is: an offset in task_struct; false when this kernel has no such field.
static bool status_offset(struct cg *cg, LLVMValueRef *off)
{
	const struct world_ops *ops = cg->p->world->ops;
	const struct type *task = ops->type_named(cg->p->world, TYPE_STRUCT, "task_struct");
	const struct field *info = NULL, *status = NULL;

	if (task && ops->complete(cg->p->world, task) == 0)
		info = type_field(task, "thread_info");
	if (info && info->type->kind == TYPE_STRUCT && ops->complete(cg->p->world, info->type) == 0)
		status = type_field(info->type, "status");
	if (status)
		*off = LLVMBuildAdd(cg->l.b, cg_member_offset(cg, task, info), cg_member_offset(cg, info->type, status), "status.at");
	return status != NULL;
}

// The instruction `syscall` leaves its return address in rcx and the flags in r11, and only 64-bit calls come by it with these
// in their registers; what does not (`int 0x80`, sysenter, a kernel with FRED, an execve that returns) is asked the long way.
// i1. It saves the helper call, which costs more than the rest of a count().
static LLVMValueRef by_syscall(struct cg *cg)
{
	struct ll *l = &cg->l;
	LLVMValueRef regs = l_load(l, cg->fn->ctx, 8, false, "regs");
	LLVMValueRef to = LLVMBuildXor(l->b, cg_kernel_load(cg, regs, REGS_CX, 8, "cx"), cg_kernel_load(cg, regs, REGS_IP, 8, "ip"), "to");
	LLVMValueRef with = LLVMBuildXor(l->b, cg_kernel_load(cg, regs, REGS_R11, 8, "r11"), cg_kernel_load(cg, regs, REGS_FLAGS, 8, "flags"), "with");

	return LLVMBuildIsNull(l->b, LLVMBuildOr(l->b, to, with, "differ"), "by_syscall");
}

// A 32-bit caller's numbers mean other calls (the kernel's own syscall tracepoints leave them out too); TS_COMPAT in
// thread_info.status says so.
static void check_native(struct cg *cg, LLVMBasicBlockRef out)
{
	struct ll *l = &cg->l;
	bool typed = cg->body->kind == PROG_TP_BTF;
	LLVMBasicBlockRef native = l_block(l, "native");
	LLVMValueRef off;

	if (status_offset(cg, &off)) {
		if (typed) {
			LLVMBasicBlockRef other = l_block(l, "other_entry");

			l_cond(l, by_syscall(cg), native, other);
			l_pos(l, other);
		}
		// not the typed task, which came with Linux 5.11
		LLVMValueRef status = cg_word(cg, "status"), cur = l_helper(l, H_TASK, l->i64, 0, NULL, "task");
		cg_read(cg, SPACE_KERNEL, status, l_k(l, 4), LLVMBuildAdd(l->b, cur, off, "status.at"));
		LLVMValueRef compat = LLVMBuildAnd(l->b, l_load(l, status, 4, false, "status"), l_k(l, 2), "compat");
		l_cond(l, LLVMBuildIsNull(l->b, compat, "native"), native, out);
	} else {
		l_br(l, native);
	}
	l_pos(l, native);
}

// Fills block `at`: claims a slot of this CPU's scratch and stores its frame, or counts the loss and goes to `out`.
static void claim_frame(struct cg *cg, LLVMBasicBlockRef at, LLVMBasicBlockRef next, LLVMBasicBlockRef out)
{
	struct ll *l = &cg->l;

	l_pos(l, at);
	LLVMValueRef args[] = { cg_map_ptr(cg, cg_map(cg, MAP_SCRATCH)) };
	LLVMValueRef frame = cg_stdlib(cg, "scratch_claim", l->ptr, 1, args, "claimed");
	LLVMBasicBlockRef got = l_block(l, "claimed"), none = l_block(l, "no_slot");

	LLVMBuildStore(l->b, frame, cg->fn->frame_slot);
	l_cond(l, LLVMBuildIsNull(l->b, frame, "none"), none, got);
	l_pos(l, none);
	cg_count_loss(cg, cg_loss(cg, LOSS_SCRATCH, 0, (struct span){ 0 }));
	l_br(l, out);
	l_pos(l, got);
	l_br(l, next);
}

static void release_frame(struct cg *cg)
{
	LLVMValueRef args[] = { l_loadp(&cg->l, cg->fn->frame_slot, "frame") };

	cg_stdlib(cg, "scratch_release", cg->l.none, 1, args, "");
}

struct sharing {
	bool may_goto, inside;
};

// Variables that a FOR body touches must be reachable from its callback: they live in the frame. So do those of a WHILE, where may_goto
// ends it: of what lies there the verifier knows no values, so that it follows one round for all, and not each that there may be.
static void mark_shared(void *arg, struct node **slot)
{
	const struct sharing *up = arg;
	enum node_kind kind = (*slot)->kind;
	struct sharing here = { .may_goto = up->may_goto, .inside = up->inside || kind == NODE_FOR || (kind == NODE_WHILE && up->may_goto) };

	if (here.inside && kind == NODE_VAR)
		(*slot)->var.sym->in_callback = true;
	if (here.inside && kind == NODE_LET && (*slot)->let.sym)
		(*slot)->let.sym->in_callback = true;
	if (kind == NODE_FOR)
		(*slot)->for_.sym->in_callback = true;
	node_each_child(*slot, mark_shared, &here);
}

static void place_vars(struct cg *cg)
{
	struct body *b = cg->body;

	struct sharing none = { .may_goto = cg->may_goto };

	if (b->predicate)
		mark_shared(&none, &b->predicate);
	mark_shared(&none, &b->block);
	cg_plan_parts(cg, b->block);
	cg->var = arena_array(cg->arena, LLVMValueRef, b->nvars);
	cg->var_frame = arena_array(cg->arena, uint32_t, b->nvars);
	for (size_t i = 0; i < b->nvars; i++) {
		const struct var *v = b->vars[i];
		uint32_t size = MAX(v->type->size, 8u), room = ALIGN_UP(size, 8);

		if (cg->frugal || cg->part_nodes || v->in_callback || size > cg->on_stack_limit || cg->fn->stack_used + room > STACK_BUDGET) {
			cg->var_frame[i] = cg_frame_reserve(cg, size) + 1;
		} else if (type_is_scalar(v->type)) {
			cg->var[i] = cg_alloca(cg, cg->l.i64, v->name + 1);
		} else {
			cg->fn->stack_used += room;
			cg->var[i] = cg_alloca(cg, LLVMArrayType2(cg->l.i64, room / 8), v->name + 1);
		}
	}
	cg->needs_frame = false; // whoever uses one needs it
}

// The kernel calls an iterator's program once more behind the last object: struct bpf_iter__X { meta, object, … }.
static void check_object(struct cg *cg, LLVMBasicBlockRef out)
{
	skip_unless(cg, l_nz(&cg->l, l_load(&cg->l, l_atk(&cg->l, cg->fn->ctx, 8, "object.at"), 8, false, "object"), "some"), "object", out);
}

static void body_checks(struct cg *cg, LLVMBasicBlockRef out)
{
	const struct plan_site *site = cg->body->sites.n ? &cg->body->sites.v[0].plan : NULL;

	if (site && site->mechanism == MECH_RAW_SYSCALL)
		check_number(cg, site, out);
	if (cg->body->kind != PROG_RUN && !body_pin(cg->body)) // that one outlives the run
		check_enabled(cg, out);
	if (site && site->mechanism == MECH_RAW_SYSCALL)
		check_native(cg, out);
	if (cg->body->pid_filter)
		check_pid(cg, out);
	if (cg->body->target)
		skip_unless(cg, l_nz(&cg->l, cg_in_target(cg, cg->body->target - 1), "ours"), "ours", out);
	if (cg->body->kind == PROG_ITER)
		check_object(cg, out);
}

static const struct probe_verdict *verdict_of(struct cg *cg)
{
	const struct probe_type *t = cg->body->type;

	return t->verdict ? t->verdict(t, &cg->body->sites.v[0]) : NULL;
}

// What a program returns that has nothing to say.
static LLVMValueRef keep(struct cg *cg)
{
	const struct probe_verdict *v = verdict_of(cg);

	return l_k(&cg->l, v ? (uint64_t)v->keep : 0);
}

// A value out of range is no decision. The verifier, which wants to see that it is in range, does not see through what LLVM makes of
// the two comparisons when it knows of both.
static LLVMValueRef decision(struct cg *cg, LLVMValueRef v)
{
	const struct probe_verdict *in = verdict_of(cg);
	struct ll *l = &cg->l;

	if (!in)
		return v;
	v = l_opaque(l, v);
	v = LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntSLT, v, l_k(l, (uint64_t)in->least), "below"), keep(cg), v, "decision");
	v = l_opaque(l, v);
	return LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntSGT, v, l_k(l, (uint64_t)in->most), "above"), keep(cg), v, "decision");
}

void cg_return(struct cg *cg, LLVMValueRef value)
{
	struct ll *l = &cg->l;

	if (!value)
		value = keep(cg);
	if (cg->fn->returned)
		l_store(l, LLVMBuildOr(l->b, LLVMBuildShl(l->b, value, l_k(l, 1), ""), l_k(l, 1), "returned"), cg->fn->returned, 8);
	else if (cg->fn->result)
		l_store(l, value, cg->fn->result, 8);
	l_br(&cg->l, cg->fn->done);
	l_pos(&cg->l, l_block(&cg->l, "after"));
}

// Which copies of maps with twins this run uses.
static void load_live(struct cg *cg)
{
	bool any = false;

	for (uint32_t i = 0; i < cg->plan->n_maps; i++)
		any |= cg->plan->maps[i].twin != 0;
	if (!any)
		return;
	cg->fn->live = cg_alloca(cg, cg->l.i64, "live");
	l_store(&cg->l, global_field(cg, offsetof(struct wire_globals, live), 8, "live"), cg->fn->live, 8);
}

void cg_body(struct cg *cg, struct body *b)
{
	struct ll *l = &cg->l;
	struct plan_prog *prog = &cg->plan->progs[b->prog];
	LLVMTypeRef type = LLVMFunctionType(l->i32, &l->ptr, 1, 0);
	struct fn f;
	bool early;

	cg->body = b;
	cg->frame_used = 0;
	cg->needs_frame = false;
	cg->repeats = NULL;
	cg->import_fns = NULL;
	cg->complain = NULL;
	cg->copied_to = cg->copied_size = 0;
	if (!cg_session_begin(cg, &f, type))
		cg_fn_begin(cg, &f, prog->name, type, FN_MAIN, b->block->span);
	f.ctx = LLVMGetParam(f.fn, 0);
	if (b->kind == PROG_RUN || b->decides)
		f.result = cg_alloca(cg, l->i64, "result");
	LLVMBasicBlockRef start = l_block(l, "start"), claim_early = l_block(l, "early"), filter = l_block(l, "filter"),
			  claim_late = l_block(l, "late"), body = l_block(l, "body"), out = l_block(l, "out"), skip = l_block(l, "skip");
	l_pos(l, start);
	if (f.result)
		l_store(l, keep(cg), f.result, 8);
	load_live(cg);
	body_checks(cg, out);
	l_br(l, claim_early);
	l_pos(l, filter);
	place_vars(cg);
	cg_packet_read(cg);
	f.done = skip; // a return in the predicate
	if (b->predicate)
		l_cond(l, cg_cond(cg, b->predicate), claim_late, skip);
	else
		l_br(l, claim_late);
	f.done = l_block(l, "done");
	early = cg->needs_frame;
	l_pos(l, body);
	cg_block(cg, b->block);
	l_br(l, f.done);
	l_pos(l, f.done);
	if (cg->needs_frame)
		release_frame(cg);
	l_br(l, out);
	l_pos(l, skip);
	if (early)
		release_frame(cg);
	l_br(l, out);
	if (early)
		claim_frame(cg, claim_early, filter, out);
	l_pos(l, claim_early);
	l_br(l, filter);
	if (!early && cg->needs_frame)
		claim_frame(cg, claim_late, body, out);
	l_pos(l, claim_late);
	l_br(l, body);
	l_pos(l, out);
	LLVMBuildRet(l->b, LLVMBuildTrunc(l->b, f.result ? decision(cg, l_load(l, f.result, 8, false, "result")) : keep(cg), l->i32, ""));
	l_pos(l, f.entry);
	l_br(l, start);
	cg_fn_end(cg);
}

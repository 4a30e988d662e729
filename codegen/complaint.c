// SPDX-License-Identifier: Apache-2.0
// complaint.c - warnings that a program gives at run time, in the script's place: a map that is full, a read that failed. Their
// events are rows of the plan made here, where it is known that the code that gives them is emitted.
#include <linux/bpf.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

static struct plan_span *place(struct cg *cg)
{
	struct plan_span *s = arena_new_(cg->arena, struct plan_span);

	*s = (struct plan_span){ .source = cg->at.source, .start = cg->at.start, .end = cg->at.end };
	return s;
}

static uint32_t new_event(struct cg *cg, struct plan_event e)
{
	e.prog = cg->body->prog;
	e.span = place(cg);
	e.n_span = cg->at.source ? 1 : 0;
	return plan_push(cg->arena, &cg->plan->events, &cg->plan->n_events, e);
}

void cg_complain(struct cg *cg, const char *text)
{
	uint32_t event = new_event(cg, (struct plan_event){ .kind = EVENT_RUNTIME_ERROR, .text = text, .fixed_size = sizeof(struct wire_event) });

	cg_event_values(cg, event, NULL, NULL, 0);
}

// A body where much may fail says it in one function: none of these paths is worth its instructions twice.
//
//   complain(event, rc, loss, lost)    count(loss); rec = begin(ring); fill; end; or, if it is full, count(lost)
//
// The counter NO_LOSS does not exist: counting there does nothing. Where there is no ring buffer it takes the
// context as well.
#define NO_LOSS UINT32_MAX
#define COMPLAINT_BYTES (sizeof(struct wire_event) + 8)

// Two words: they lie on the function's own stack where the ring buffer does not give the room.
static LLVMValueRef begin_complaint(struct cg *cg, LLVMBasicBlockRef full)
{
	if (!cg->perf)
		return cg_channel_begin(cg, MAP_RING, COMPLAINT_BYTES, full);
	cg->fn->ctx = LLVMGetParam(cg->fn->fn, 4);
	return cg_alloca(cg, LLVMArrayType2(cg->l.i64, COMPLAINT_BYTES / 8), "rec");
}

static LLVMValueRef build_complain(struct cg *cg)
{
	struct ll *l = &cg->l;
	LLVMTypeRef params[] = { l->i64, l->i64, l->i64, l->i64, l->ptr };
	LLVMBasicBlockRef caller = LLVMGetInsertBlock(l->b);
	struct span at = cg->at;
	struct fn f;

	cg_fn_begin(cg, &f, arena_printf(cg->arena, "%s_complain", cg->plan->progs[cg->body->prog].name),
		    LLVMFunctionType(l->i64, params, cg->perf ? 5 : 4, 0), cg->perf || !cg->global_funcs ? FN_LOCAL : FN_GLOBAL, at);
	LLVMBasicBlockRef start = l_block(l, "start"), full = l_block(l, "full"), next = l_block(l, "next");
	l_pos(l, start);
	LLVMValueRef map = cg_map_ptr(cg, cg_map(cg, MAP_LOST)), count[] = { map, LLVMGetParam(f.fn, 2) };
	cg_stdlib(cg, "loss_count", l->none, 2, count, "");
	LLVMValueRef rec = begin_complaint(cg, full);
	l_store(l, LLVMBuildOr(l->b, LLVMGetParam(f.fn, 0), l_k(l, 1ull << 32), "head"), rec, 8);
	l_store(l, LLVMGetParam(f.fn, 1), l_atk(l, rec, sizeof(struct wire_event), "rc"), 8);
	cg_channel_end(cg, MAP_RING, rec, COMPLAINT_BYTES, full);
	l_br(l, next);
	l_pos(l, full);
	LLVMValueRef lost[] = { map, LLVMGetParam(f.fn, 3) };
	cg_stdlib(cg, "loss_count", l->none, 2, lost, "");
	l_br(l, next);
	l_pos(l, next);
	LLVMBuildRet(l->b, l_k(l, 0));
	l_pos(l, f.entry);
	l_br(l, start);
	cg_fn_end(cg);
	l_pos(l, caller);
	cg_debug_at(cg, at);
	return f.fn;
}

static void call_complain(struct cg *cg, uint32_t event, LLVMValueRef rc, uint32_t loss)
{
	struct ll *l = &cg->l;
	uint32_t lost = cg_loss(cg, LOSS_EVENT, event, cg->at);

	if (!cg->complain)
		cg->complain = build_complain(cg);
	LLVMValueRef args[] = { l_k(l, event), rc, l_k(l, loss), l_k(l, lost), cg->fn->ctx };
	LLVMBuildCall2(l->b, LLVMGlobalGetValueType(cg->complain), cg->complain, args, cg->perf ? 5 : 4, "");
}

static void complain(struct cg *cg, uint32_t event, LLVMValueRef rc, const struct type *i64, uint32_t loss)
{
	if (cg->outlines && cg_calls(cg) < CALLS_MOST) {
		call_complain(cg, event, rc, loss);
		return;
	}
	if (loss != NO_LOSS)
		cg_count_loss(cg, loss);
	cg_event_values(cg, event, &(struct value){ .v = rc }, &i64, 1);
}

void cg_complain_helper(struct cg *cg, const char *text, const char *helper, LLVMValueRef rc)
{
	cg_complain_loss(cg, text, helper, rc, NO_LOSS);
}

void cg_complain_loss(struct cg *cg, const char *text, const char *helper, LLVMValueRef rc, uint32_t loss)
{
	const struct type *i64 = type_int(cg->p->types, 8, true);
	struct plan_event e = { .kind = EVENT_HELPER_ERROR, .text = text, .helper = helper, .fixed_size = sizeof(struct wire_event) + 8 };

	plan_push(cg->arena, &e.args, &e.n_args, (struct plan_arg){ .type = i64, .offset = sizeof(struct wire_event) });
	complain(cg, new_event(cg, e), rc, i64, loss);
}

void cg_check_read(struct cg *cg, const char *helper, LLVMValueRef rc)
{
	struct ll *l = &cg->l;
	LLVMBasicBlockRef failed, next;

	if (!cg->plan->warnings)
		return;
	failed = l_block(l, "read.failed");
	next = l_block(l, "read.next");
	l_cond(l, LLVMBuildICmp(l->b, LLVMIntSLT, rc, l_k(l, 0), "is_error"), failed, next);
	l_pos(l, failed);
	cg_complain_helper(cg, NULL, helper, rc);
	l_br(l, next);
	l_pos(l, next);
}

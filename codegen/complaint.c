// SPDX-License-Identifier: Apache-2.0
// complaint.c - warnings that a program gives at run time, in the script's place: a map that is full, a read that failed. Their
// events are rows of the plan made here, where it is known that the code that gives them is emitted.
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

void cg_complain_helper(struct cg *cg, const char *text, const char *helper, LLVMValueRef rc)
{
	const struct type *i64 = type_int(cg->p->types, 8, true);
	struct plan_event e = { .kind = EVENT_HELPER_ERROR, .text = text, .helper = helper, .fixed_size = sizeof(struct wire_event) + 8 };

	plan_push(cg->arena, &e.args, &e.n_args, (struct plan_arg){ .type = i64, .offset = sizeof(struct wire_event) });
	cg_event_values(cg, new_event(cg, e), &(struct value){ .v = rc }, &i64, 1);
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

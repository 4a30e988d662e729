// SPDX-License-Identifier: Apache-2.0
// channel.c - how a record leaves its program: through the ring buffer, or, on a kernel that has none, through this CPU's perf event.
//
//   ring buffer    rec = reserve(size) ? fill, submit : full       no copy
//   perf event     rec in the frame; fill; output(ctx, rec, size) ? full : on       the kernel copies
//
// The bytes are the same. What finds no room is told at once either way, so the program counts it where it stands in the script.
#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

#define RB_NO_WAKEUP 1
#define RB_FORCE_WAKEUP 2
#define RB_PROD_POS 3
#define CURRENT_CPU 0xffffffffu // BPF_F_CURRENT_CPU

static LLVMValueRef channel_map(struct cg *cg, enum map_role role)
{
	return cg_map_ptr(cg, cg_map(cg, role));
}

LLVMValueRef cg_channel_after(struct cg *cg)
{
	LLVMValueRef args[] = { channel_map(cg, MAP_RING), l_k(&cg->l, RB_PROD_POS) };

	if (cg->perf) // its reader goes by the clock
		return l_k(&cg->l, 0);
	return l_helper(&cg->l, H_RINGBUF_QUERY, cg->l.i64, 2, args, "after");
}

static void refuse_size(struct cg *cg, uint32_t size)
{
	diag_error(cg->diag, cg->at, E_FEATURE, "a record of %u bytes takes the BPF ring buffer, which Linux has from 5.8 on; without it there are %u at the most",
		   size, WIRE_PERF_MOST);
	cg->failed = true;
}

LLVMValueRef cg_channel_begin(struct cg *cg, enum map_role role, uint32_t size, LLVMBasicBlockRef full)
{
	struct ll *l = &cg->l;

	if (cg->perf && size > WIRE_PERF_MOST)
		refuse_size(cg, size);
	if (cg->perf)
		return cg_frame_temp(cg, size, "rec");
	LLVMBasicBlockRef ok = l_block(l, "event.ok");
	LLVMValueRef args[] = { channel_map(cg, role), l_k(l, size), l_k(l, 0) };
	LLVMValueRef rec = l_helper(l, H_RINGBUF_RESERVE, l->ptr, 3, args, "rec");
	l_cond(l, LLVMBuildIsNull(l->b, rec, "full"), full, ok);
	l_pos(l, ok);
	return rec;
}

static LLVMValueRef perf_output(struct cg *cg, enum map_role role, LLVMValueRef rec, LLVMValueRef size)
{
	struct ll *l = &cg->l;
	LLVMValueRef args[] = { cg->fn->ctx, channel_map(cg, role), l_k(l, CURRENT_CPU), rec, size };

	return l_helper(l, H_PERF_OUTPUT, l->i64, 5, args, "written");
}

static void go_on_unless(struct cg *cg, LLVMValueRef failed, LLVMBasicBlockRef full)
{
	LLVMBasicBlockRef ok = l_block(&cg->l, "event.ok");

	l_cond(&cg->l, failed, full, ok);
	l_pos(&cg->l, ok);
}

void cg_channel_end(struct cg *cg, enum map_role role, LLVMValueRef rec, uint32_t size, LLVMBasicBlockRef full)
{
	struct ll *l = &cg->l;
	LLVMValueRef done[] = { rec, l_k(l, role == MAP_CONTROL ? RB_FORCE_WAKEUP : RB_NO_WAKEUP) };

	if (cg->perf)
		go_on_unless(cg, l_nz(l, perf_output(cg, role, rec, l_k(l, size)), "failed"), full);
	else
		l_helper(l, H_RINGBUF_SUBMIT, l->none, 2, done, "");
}

void cg_channel_write(struct cg *cg, LLVMValueRef rec, LLVMValueRef size, uint32_t most, LLVMBasicBlockRef full)
{
	struct ll *l = &cg->l;
	LLVMValueRef args[] = { channel_map(cg, MAP_RING), rec, size, l_k(l, RB_NO_WAKEUP) };

	if (cg->perf && most > WIRE_PERF_MOST)
		go_on_unless(cg, LLVMBuildICmp(l->b, LLVMIntUGT, size, l_k(l, WIRE_PERF_MOST), "too_long"), full);
	LLVMValueRef rc = cg->perf ? perf_output(cg, MAP_RING, rec, size) : l_helper(l, H_RINGBUF_OUTPUT, l->i64, 4, args, "written");
	go_on_unless(cg, l_nz(l, rc, "failed"), full);
}

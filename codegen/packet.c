// SPDX-License-Identifier: Apache-2.0
// packet.c - args of probes on packets: the headers are read when the program starts, before its predicate, and as deep as the
// body asks for (base/packet.h).
//
//   packet = 0   <stdlib's reader>(ctx, packet, depth)        args.tcp.dport: a load from packet
#include "base/packet.h"
#include "base/util.h"
#include "codegen/cg.h"

struct asked {
	struct cg *cg;
	bool any;
	int64_t depth;
};

static void ask(void *arg, struct node **slot)
{
	struct asked *a = arg;
	const struct node *n = *slot;
	struct arg_loc loc = { 0 };
	const struct body *b = a->cg->body;

	if (n->kind == NODE_FIELD && n->field.arg && b->type->field(b->type, a->cg->p->world, &b->sites.v[0], n->field.arg, &loc)) {
		a->any = true;
		a->depth = MAX(a->depth, loc.value);
	}
	node_each_child(*slot, ask, arg);
}

static bool fits_stack(const struct cg *cg)
{
	return !cg->frugal && !cg->part_nodes && cg->fn->stack_used + sizeof(struct packet_packet) <= STACK_BUDGET;
}

static void place(struct cg *cg)
{
	uint32_t size = sizeof(struct packet_packet), room = ALIGN_UP(size, 8);

	cg->packet = NULL;
	if (fits_stack(cg)) {
		cg->packet = cg_alloca(cg, LLVMArrayType2(cg->l.i64, room / 8), "packet");
		cg->fn->stack_used += room;
	} else {
		cg->packet_frame = cg_frame_reserve(cg, room);
	}
}

void cg_packet_read(struct cg *cg)
{
	struct asked a = { .cg = cg };
	struct body *b = cg->body;

	if (!b->type->packet)
		return;
	if (b->predicate)
		ask(&a, &b->predicate);
	ask(&a, &b->block);
	if (!a.any)
		return;
	place(cg);
	LLVMValueRef at = cg_packet_at(cg, 0);
	cg_zero(cg, at, ALIGN_UP(sizeof(struct packet_packet), 8));
	LLVMValueRef args[] = { cg->fn->ctx, at, l_k(&cg->l, (uint64_t)a.depth) };
	cg_stdlib(cg, b->type->packet, cg->l.none, 3, args, "");
}

LLVMValueRef cg_packet_at(struct cg *cg, uint32_t off)
{
	return cg->packet ? l_atk(&cg->l, cg->packet, off, "packet.at") : cg_frame_at(cg, cg->packet_frame + off, "packet.at");
}

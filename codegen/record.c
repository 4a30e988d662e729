// SPDX-License-Identifier: Apache-2.0
// record.c - records (wire.h: header, fixed part, packed tails), which channel.c brings out.
//
// All arguments of fixed size:          rec = begin(size); fill; end             exactly the bytes needed
// Control records (exit, print of a map …) the same by the control channel, with a wire_control in front.
// With strings, buffers or stacks:      built in the frame, tails packed one behind the other; write(frame, used)
#include <stddef.h>

#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

static bool is_control(enum event_kind kind)
{
	static const bool control[] = {
#define EVENT(NAME, func, ctl) [EVENT_##NAME] = ctl,
#include "base/event.def"
#undef EVENT
	};
	return control[kind];
}

static void store_header(struct cg *cg, LLVMValueRef rec, uint32_t event)
{
	LLVMValueRef word = l_k(&cg->l, event | 1ull << 32); // event, weight 1

	if (cg->weight)
		word = LLVMBuildOr(cg->l.b, LLVMBuildShl(cg->l.b, cg->weight, l_k(&cg->l, 32), ""), l_k(&cg->l, event), "head");
	l_store(&cg->l, word, rec, 8);
}

// Fills `full`, where a record found no room.
static void count_lost(struct cg *cg, uint32_t event, LLVMBasicBlockRef full, LLVMBasicBlockRef next)
{
	const struct plan_event *e = &cg->plan->events[event];
	struct span at = { 0 };

	if (e->n_span)
		at = (struct span){ e->span[0].source, e->span[0].start, e->span[0].end };
	l_pos(&cg->l, full);
	cg_count_loss(cg, cg_loss(cg, LOSS_EVENT, event, at));
	l_br(&cg->l, next);
}

static void store_arg(struct cg *cg, const struct plan_arg *a, struct value v, const struct type *vt, LLVMValueRef rec)
{
	cg_store(cg, a->type, v, vt, l_atk(&cg->l, rec, a->offset, "arg.at"));
}

// An exit() that finds no room: the reader looks at the globals too.
static void exit_by_flag(struct cg *cg, const struct value *status, size_t n, LLVMBasicBlockRef full, LLVMBasicBlockRef next)
{
	struct ll *l = &cg->l;

	l_pos(l, full);
	LLVMValueRef g = cg_globals(cg);
	l_store(l, n ? status->v : l_k(l, 0), l_atk(l, g, offsetof(struct wire_globals, exit_status), "exit_status"), 8);
	l_store(l, l_k(l, 1), l_atk(l, g, offsetof(struct wire_globals, exit_asked), "exit_asked"), 8);
	l_br(l, next);
}

static void store_all(struct cg *cg, uint32_t event, const struct value *v, const struct type *const *types, size_t n, LLVMValueRef body)
{
	store_header(cg, body, event);
	for (size_t i = 0; i < n; i++)
		store_arg(cg, &cg->plan->events[event].args[i], v[i], types[i], body);
}

//   after = where the data is now; rec = begin(control, 8 + size); rec.after = after; fill; end, which wakes the reader
static void emit_control(struct cg *cg, uint32_t event, const struct value *v, const struct type *const *types, size_t n)
{
	const struct plan_event *e = &cg->plan->events[event];
	struct ll *l = &cg->l;
	LLVMBasicBlockRef next = l_block(l, "event.next"), full = l_block(l, "event.full");
	uint32_t size = (uint32_t)sizeof(struct wire_control) + e->fixed_size;
	LLVMValueRef after = cg_channel_after(cg), rec = cg_channel_begin(cg, MAP_CONTROL, size, full);

	l_store(l, after, rec, 8);
	store_all(cg, event, v, types, n, l_atk(l, rec, sizeof(struct wire_control), "body"));
	cg_channel_end(cg, MAP_CONTROL, rec, size, full);
	l_br(l, next);
	if (e->kind == EVENT_EXIT)
		exit_by_flag(cg, v, n, full, next);
	else
		count_lost(cg, event, full, next);
	l_pos(l, next);
}

static void emit_fixed(struct cg *cg, uint32_t event, const struct value *v, const struct type *const *types, size_t n)
{
	const struct plan_event *e = &cg->plan->events[event];
	struct ll *l = &cg->l;

	if (is_control(e->kind)) {
		emit_control(cg, event, v, types, n);
		return;
	}
	LLVMBasicBlockRef next = l_block(l, "event.next"), full = l_block(l, "event.full");
	LLVMValueRef rec = cg_channel_begin(cg, MAP_RING, e->fixed_size, full);
	store_all(cg, event, v, types, n, rec);
	cg_channel_end(cg, MAP_RING, rec, e->fixed_size, full);
	l_br(l, next);
	count_lost(cg, event, full, next);
	l_pos(l, next);
}

// Bytes the tail of a packed argument has at the most.
static uint32_t tail_room(const struct type *t)
{
	return ALIGN_UP(t->size, 8);
}

// Puts one packed argument's bytes at rec + cursor, its length at its place in the fixed part; returns the new cursor.
static LLVMValueRef pack(struct cg *cg, const struct plan_arg *a, struct value v, const struct type *vt, LLVMValueRef rec, LLVMValueRef cursor)
{
	struct ll *l = &cg->l;
	LLVMValueRef dst = l_at(l, rec, cursor, "tail"), src = v.v, len;

	if (v.remote && cg->plan->warnings) { // a read that fails is to be reported: the tail's own function does not tell
		src = cg_frame_temp(cg, a->type->count, "held");
		cg_zero(cg, src, a->type->count);
		cg_read_str(cg, v.space, src, l_k(l, a->type->count), v.v);
		LLVMValueRef args[] = { dst, l_k(l, a->type->count), src };
		len = cg_stdlib(cg, "pack_string", l->i64, 3, args, "tail.len");
	} else if (v.remote) {
		LLVMValueRef args[] = { dst, l_k(l, a->type->count), v.v, l_k(l, v.space == SPACE_USER) };
		len = cg_stdlib(cg, "pack_remote_string", l->i64, 4, args, "tail.len");
	} else if (vt->kind == TYPE_STRING) {
		LLVMValueRef args[] = { dst, l_k(l, MIN(a->type->count, vt->count)), src };
		len = cg_stdlib(cg, "pack_string", l->i64, 3, args, "tail.len");
	} else if (vt->kind == TYPE_BUFFER) {
		LLVMValueRef args[] = { dst, l_k(l, vt->count), src };
		len = cg_stdlib(cg, "pack_buffer", l->i64, 3, args, "tail.len");
	} else {
		LLVMValueRef args[] = { dst, l_k(l, vt->count), src, l_k(l, type_frame_bytes(vt)) };
		len = cg_stdlib(cg, "pack_stack", l->i64, 4, args, "tail.len");
	}
	l_store(l, len, l_atk(l, rec, a->offset, "tail.at"), 4);
	return LLVMBuildAdd(l->b, cursor, len, "cursor");
}

// str() and stacks go straight to the tail: no zeroed temporary, no second copy.
static bool pack_direct(struct cg *cg, const struct plan_arg *a, const struct node *n, LLVMValueRef rec, LLVMValueRef *cursor)
{
	struct ll *l = &cg->l;
	LLVMValueRef dst = l_at(l, rec, *cursor, "tail"), len;

	if (type_is_stack(n->type) && (n->kind == NODE_IDENT || n->kind == NODE_CALL)) {
		cg_stack(cg, n->type, dst, &len);
	} else if (n->kind == NODE_CALL && n->call.builtin && n->call.builtin->id == BUILTIN_STR && !cg->plan->warnings &&
		   (n->call.args.n == 1 || n->call.args.v[1]->kind == NODE_INT) && type_is_scalar(n->call.args.v[0]->type)) {
		const struct node *p = n->call.args.v[0];
		uint64_t most = n->call.args.n > 1 ? MIN(n->call.args.v[1]->int_.value, (uint64_t)n->type->count) : n->type->count;
		LLVMValueRef args[] = { dst, l_k(l, most), cg_int(cg, p), l_k(l, cg_space(cg, p->type) == SPACE_USER) };

		len = cg_stdlib(cg, "pack_remote_string", l->i64, 4, args, "tail.len");
	} else {
		return false;
	}
	l_store(l, len, l_atk(l, rec, a->offset, "tail.at"), 4);
	*cursor = LLVMBuildAdd(l->b, *cursor, len, "cursor");
	return true;
}

static uint32_t most_packed(const struct plan_event *e)
{
	uint32_t room = e->fixed_size;

	for (uint32_t i = 0; i < e->n_args; i++)
		if (e->args[i].packed)
			room += tail_room(e->args[i].type);
	return room;
}

static LLVMValueRef begin_packed(struct cg *cg, const struct plan_event *e, uint32_t event)
{
	LLVMValueRef rec = cg_frame_temp(cg, most_packed(e), "rec");

	store_header(cg, rec, event);
	return rec;
}

static void end_packed(struct cg *cg, const struct plan_event *e, uint32_t event, LLVMValueRef rec, LLVMValueRef cursor)
{
	struct ll *l = &cg->l;
	LLVMBasicBlockRef next = l_block(l, "event.next"), full = l_block(l, "event.full");

	cg_channel_write(cg, rec, cursor, most_packed(e), full);
	l_br(l, next);
	count_lost(cg, event, full, next);
	l_pos(l, next);
}

static bool has_packed(const struct plan_event *e)
{
	for (uint32_t i = 0; i < e->n_args; i++)
		if (e->args[i].packed)
			return true;
	return false;
}

void cg_event_values(struct cg *cg, uint32_t event, struct value *vals, const struct type *const *types, size_t n)
{
	const struct plan_event *e = &cg->plan->events[event];

	if (!has_packed(e)) {
		emit_fixed(cg, event, vals, types, n);
		return;
	}
	LLVMValueRef rec = begin_packed(cg, e, event), cursor = l_k(&cg->l, e->fixed_size);
	for (size_t i = 0; i < n; i++) {
		if (e->args[i].packed)
			cursor = pack(cg, &e->args[i], vals[i], types[i], rec, cursor);
		else
			store_arg(cg, &e->args[i], vals[i], types[i], rec);
	}
	end_packed(cg, e, event, rec, cursor);
}

static struct value evaluate(struct cg *cg, const struct node *n)
{
	if (n->kind == NODE_STRING || n->kind == NODE_TUPLE || n->kind == NODE_RECORD)
		return (struct value){ .v = cg_local(cg, n) };
	return cg_expr(cg, n);
}

void cg_event(struct cg *cg, uint32_t event, const struct node *const *args, size_t n)
{
	const struct plan_event *e = &cg->plan->events[event];
	struct value vals[128];
	const struct type *types[128];

	if (n > ARRAY_SIZE(vals))
		BUG("event with %zu arguments", n);
	if (!has_packed(e)) {
		for (size_t i = 0; i < n; i++) {
			vals[i] = evaluate(cg, args[i]);
			types[i] = args[i]->type;
		}
		emit_fixed(cg, event, vals, types, n);
		return;
	}
	LLVMValueRef rec = begin_packed(cg, e, event), cursor = l_k(&cg->l, e->fixed_size);
	for (size_t i = 0; i < n; i++) {
		const struct plan_arg *a = &e->args[i];

		if (!a->packed)
			cg_expr_into(cg, args[i], a->type, l_atk(&cg->l, rec, a->offset, "arg.at"));
		else if (!pack_direct(cg, a, args[i], rec, &cursor))
			cursor = pack(cg, a, evaluate(cg, args[i]), args[i]->type, rec, cursor);
	}
	end_packed(cg, e, event, rec, cursor);
}

// SPDX-License-Identifier: Apache-2.0
// loop.c - `for`, and a `while` that cannot be native: the body becomes a callback of bpf_loop (ranges) or bpf_for_each_map_elem (maps). Kernels without bpf_loop call
// it in a loop of a bounded number of rounds.
//
//   state on the caller's stack: { frame, returned, start, live, context }     callback(i, &state)  /  callback(map, &key, &value, &state)
//   the callback returns 0 to go on, 1 to stop (break, return); after the helper: if (state.returned) goto done
//
// Variables of the outside live in the body's frame, which the callback finds through the state.
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/world.h"
#include "codegen/cg.h"

#define WHILE_MOST (1u << 23) // BPF_MAX_LOOPS: calls of one bpf_loop()

enum { STATE_FRAME = 0, STATE_RETURNED = 8, STATE_START = 16, STATE_LIVE = 24, STATE_CTX = 32 };

// A record that leaves by a perf event takes it; and the body of a while may look into it.
static bool carries_context(const struct cg *cg)
{
	return cg->perf || cg_while_calls(cg);
}

static LLVMValueRef state_new(struct cg *cg, LLVMValueRef start)
{
	struct ll *l = &cg->l;
	LLVMValueRef state = cg->fn->loop_state;
	bool ctx = carries_context(cg);
	unsigned bytes = ctx ? STATE_CTX + 8 : STATE_CTX;

	if (!state) { // a loop inside of this one runs in another function
		state = cg->fn->loop_state = cg_alloca(cg, LLVMArrayType2(l->i64, bytes / 8), "loop.state");
		cg->fn->stack_used += bytes;
	}
	cg->needs_frame = true;
	LLVMBuildStore(l->b, l_loadp(l, cg->fn->frame_slot, "frame"), state);
	l_store(l, l_k(l, 0), l_atk(l, state, STATE_RETURNED, "returned"), 8);
	l_store(l, start ? start : l_k(l, 0), l_atk(l, state, STATE_START, "start"), 8);
	l_store(l, cg->fn->live ? l_load(l, cg->fn->live, 8, false, "live") : l_k(l, 0), l_atk(l, state, STATE_LIVE, "live"), 8);
	if (ctx)
		LLVMBuildStore(l->b, cg->fn->ctx, l_atk(l, state, STATE_CTX, "ctx"));
	return state;
}

struct callback {
	struct fn fn;
	LLVMBasicBlockRef caller; // where to go on emitting
	LLVMValueRef state, stop; // in the callback; stop: alloca, the value returned
};

static void callback_begin(struct cg *cg, struct callback *cb, unsigned params, const struct node *n)
{
	struct ll *l = &cg->l;
	LLVMTypeRef range[] = { l->i64, l->ptr }, map[] = { l->ptr, l->ptr, l->ptr, l->ptr };
	const char *name = arena_printf(cg->arena, "%s_loop%u", cg->plan->progs[cg->body->prog].name, cg->callbacks++);

	if (cg_calls(cg) == CALLS_MOST) {
		diag_error(cg->diag, n->span, E_TOO_DEEP, "each loop is a function of its own, and so is this: a BPF program calls them %d deep at the most", CALLS_MOST);
		cg->failed = true;
	}
	cb->caller = LLVMGetInsertBlock(l->b);
	cg_fn_begin(cg, &cb->fn, name, LLVMFunctionType(l->i64, params == 2 ? range : map, params, 0), FN_LOCAL, n->span);
	LLVMBasicBlockRef start = l_block(l, "start");
	cb->fn.done = l_block(l, "done");
	l_pos(l, start);
	cb->state = LLVMGetParam(cb->fn.fn, params - 1);
	cb->stop = cg_alloca(cg, l->i64, "stop");
	l_store(l, l_k(l, 0), cb->stop, 8);
	LLVMBuildStore(l->b, l_loadp(l, cb->state, "frame"), cb->fn.frame_slot);
	cb->fn.returned = l_atk(l, cb->state, STATE_RETURNED, "returned");
	if (cb->fn.up->live)
		cb->fn.live = l_atk(l, cb->state, STATE_LIVE, "live");
	if (carries_context(cg))
		cb->fn.ctx = l_loadp(l, l_atk(l, cb->state, STATE_CTX, "ctx"), "ctx");
}

static void callback_finish(struct cg *cg, struct callback *cb, LLVMBasicBlockRef on_break, LLVMBasicBlockRef end, const struct node *at)
{
	struct ll *l = &cg->l;
	LLVMBasicBlockRef start = LLVMGetNextBasicBlock(cb->fn.entry);

	l_br(l, end);
	l_pos(l, cb->fn.done); // return inside the loop
	l_br(l, on_break);
	l_pos(l, on_break);
	l_store(l, l_k(l, 1), cb->stop, 8);
	l_br(l, end);
	l_pos(l, end);
	LLVMBuildRet(l->b, l_load(l, cb->stop, 8, false, "stop"));
	l_pos(l, cb->fn.entry);
	l_br(l, start);
	cg_fn_end(cg);
	l_pos(l, cb->caller);
	cg_debug_at(cg, at->span);
}

static void callback_end(struct cg *cg, struct callback *cb, const struct node *at)
{
	callback_finish(cg, cb, l_block(&cg->l, "break"), l_block(&cg->l, "end"), at);
}

static void callback_body(struct cg *cg, struct callback *cb, const struct node *body)
{
	LLVMBasicBlockRef on_break = l_block(&cg->l, "break"), end = l_block(&cg->l, "end");
	struct loop loop = { .on_break = on_break, .on_continue = end };

	cb->fn.loop = &loop;
	cg_stmt(cg, body);
	callback_finish(cg, cb, on_break, end, body);
}

static void after_loop(struct cg *cg, LLVMValueRef state)
{
	struct ll *l = &cg->l;
	LLVMBasicBlockRef returned = l_block(l, "returned"), next = l_block(l, "for.next");
	LLVMValueRef flag = l_load(l, l_atk(l, state, STATE_RETURNED, "returned"), 8, false, "returned");

	l_cond(l, l_nz(l, flag, "returned"), returned, next);
	l_pos(l, returned);
	if (cg->fn->returned)
		l_store(l, flag, cg->fn->returned, 8);
	else if (cg->fn->result)
		l_store(l, LLVMBuildAShr(l->b, flag, l_k(l, 1), "value"), cg->fn->result, 8);
	l_br(l, cg->fn->done);
	l_pos(l, next);
}

// A count that the verifier can not know: where it sees that there is no round it leaves out the callback, then fails at the
// callback's address, which is still taken ("No program to jit").
static LLVMValueRef unknown_count(struct cg *cg, LLVMValueRef count)
{
	if (LLVMIsAConstantInt(count) && LLVMConstIntGetZExtValue(count) != 0)
		return count;
	LLVMValueRef at = cg_frame_temp(cg, 8, "count.at");
	l_store(&cg->l, count, at, 8);
	LLVMValueRef v = l_load(&cg->l, at, 8, false, "count");
	LLVMSetVolatile(v, 1);
	return v;
}

// Kernels without bpf_loop: the verifier follows each round, so there may not be many whose number it cannot know.
enum { ROUNDS_MOST = 256, ROUNDS_INSIDE = 32, ROUNDS_KNOWN = 4096 };

static uint64_t rounds_followed(const struct cg *cg, LLVMValueRef count)
{
	if (LLVMIsAConstantInt(count) && LLVMConstIntGetZExtValue(count) <= ROUNDS_KNOWN)
		return LLVMConstIntGetZExtValue(count);
	return cg->fn->up ? ROUNDS_INSIDE : ROUNDS_MOST;
}

//   i = 0   head: i < followed && i < count && callback(i, state) == 0 ? i++, head : end   end: i == followed < count ? complain
void cg_bounded_loop(struct cg *cg, LLVMValueRef count, LLVMValueRef callback, LLVMValueRef state)
{
	struct ll *l = &cg->l;
	uint64_t most = rounds_followed(cg, count);
	LLVMBasicBlockRef before = LLVMGetInsertBlock(l->b), head = l_block(l, "round"), call = l_block(l, "round.call");
	LLVMBasicBlockRef next = l_block(l, "round.next"), full = l_block(l, "rounds.full"), end = l_block(l, "rounds.end");

	l_br(l, head);
	l_pos(l, head);
	LLVMValueRef i = LLVMBuildPhi(l->b, l->i64, "i"), zero = l_k(l, 0);
	LLVMAddIncoming(i, &zero, &before, 1);
	l_cond(l, LLVMBuildICmp(l->b, LLVMIntULT, i, count, "more"), call, end);
	l_pos(l, call);
	LLVMValueRef args[] = { i, state };
	LLVMValueRef stop = LLVMBuildCall2(l->b, LLVMGlobalGetValueType(callback), callback, args, 2, "stop");
	LLVMValueRef more = LLVMBuildAdd(l->b, i, l_k(l, 1), "more_i");
	l_cond(l, l_nz(l, stop, "stopped"), end, next);
	l_pos(l, next);
	LLVMAddIncoming(i, &more, &next, 1);
	l_cond(l, LLVMBuildICmp(l->b, LLVMIntULT, more, l_k(l, most), "followed"), head, full);
	l_pos(l, full);
	if (!LLVMIsAConstantInt(count) || LLVMConstIntGetZExtValue(count) > most) {
		LLVMBasicBlockRef cut = l_block(l, "rounds.cut");

		l_cond(l, LLVMBuildICmp(l->b, LLVMIntULT, more, count, "is_cut"), cut, end);
		l_pos(l, cut);
		cg_complain(cg, arena_printf(cg->arena, "the loop ended after %llu rounds, the most that a kernel without bpf_loop (Linux 5.17) allows here",
					     (unsigned long long)most));
	}
	l_br(l, end);
	l_pos(l, end);
}

static void call_rounds(struct cg *cg, LLVMValueRef count, LLVMValueRef callback, LLVMValueRef state)
{
	struct ll *l = &cg->l;
	struct world *w = cg->p->world;

	if (w->ops->feature && !w->ops->feature(w, FEATURE_BPF_LOOP)) { // asking notes it as needed
		cg_bounded_loop(cg, count, callback, state);
		return;
	}
	LLVMValueRef args[] = { LLVMBuildTrunc(l->b, unknown_count(cg, count), l->i32, "n"), l_callback(l, callback), state, l_k(l, 0) };
	l_helper(l, H_LOOP, l->i64, 4, args, "rounds");
}

static void for_range(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	struct callback cb;
	LLVMValueRef start = cg_int(cg, n->for_.start), end = cg_int(cg, n->for_.end);
	LLVMValueRef some = LLVMBuildICmp(l->b, LLVMIntSLT, start, end, "some");
	LLVMValueRef count = LLVMBuildSelect(l->b, some, LLVMBuildSub(l->b, end, start, "span"), l_k(l, 0), "count");
	LLVMValueRef state = state_new(cg, start);

	callback_begin(cg, &cb, 2, n);
	LLVMValueRef first = l_load(l, l_atk(l, cb.state, STATE_START, "start"), 8, false, "start");
	l_store(l, LLVMBuildAdd(l->b, LLVMGetParam(cb.fn.fn, 0), first, "i"), cg_var_ptr(cg, n->for_.sym), 8);
	callback_body(cg, &cb, n->for_.body);
	call_rounds(cg, count, cb.fn.fn, state);
	after_loop(cg, state);
}

// while, as a callback that tests the condition first: of what it goes by the verifier knows nothing, so that it would follow a
// native loop for ever.
//
//   callback: condition ? body, 0 : 1
void cg_while_rounds(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	struct callback cb;
	LLVMValueRef state = state_new(cg, NULL);

	callback_begin(cg, &cb, 2, n);
	LLVMBasicBlockRef on_break = l_block(l, "break"), end = l_block(l, "end"), body = l_block(l, "body");
	struct loop loop = { .on_break = on_break, .on_continue = end };
	cb.fn.loop = &loop;
	l_cond(l, cg_cond(cg, n->while_.cond), body, on_break);
	l_pos(l, body);
	cg_stmt(cg, n->while_.body);
	callback_finish(cg, &cb, on_break, end, n);
	call_rounds(cg, l_k(l, WHILE_MOST), cb.fn.fn, state);
	after_loop(cg, state);
}

// $kv = (key, value); aggregates are summed over CPUs.
static void fill_pair(struct cg *cg, const struct node *n, LLVMValueRef key, LLVMValueRef value)
{
	struct ll *l = &cg->l;
	const struct map_sym *m = n->for_.map->map.sym;
	const struct type *t = n->for_.sym->type;
	LLVMValueRef at = cg_var_ptr(cg, n->for_.sym);

	cg_zero(cg, at, t->size);
	cg_copy(cg, l_atk(l, at, t->fields[0].offset, "kv.key"), key, m->key->size);
	LLVMValueRef to = l_atk(l, at, t->fields[1].offset, "kv.value");
	if (!type_is_aggregate(m->value)) {
		cg_copy(cg, to, value, t->fields[1].type->size);
		return;
	}
	cg_needs_percpu_lookup(cg, m, n->span);
	static const char *const fn[] = { [TYPE_COUNT] = "percpu_sum", [TYPE_SUM] = "percpu_sum", [TYPE_MIN] = "percpu_min", [TYPE_MAX] = "percpu_max", [TYPE_AVG] = "percpu_avg" };
	LLVMValueRef args[] = { cg_map_ptr(cg, m->index), key, l_k(l, 0), l_k(l, m->value->is_signed) };
	l_store(l, cg_stdlib(cg, fn[m->value->kind], l->i64, 4, args, "sum"), to, t->fields[1].type->size);
}

// In a map's callback: an element of the copy that is not in use does not count.
static void skip_other(struct cg *cg, uint32_t map)
{
	struct ll *l = &cg->l;
	LLVMValueRef other = cg_map_is_other(cg, map, LLVMGetParam(cg->fn->fn, 1));
	LLVMBasicBlockRef skip, mine;

	if (!other)
		return;
	skip = l_block(l, "other"), mine = l_block(l, "mine");
	l_cond(l, other, skip, mine);
	l_pos(l, skip);
	LLVMBuildRet(l->b, l_k(l, 0));
	l_pos(l, mine);
}

static void for_map(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	struct callback cb;
	LLVMValueRef state = state_new(cg, NULL);

	callback_begin(cg, &cb, 4, n);
	skip_other(cg, n->for_.map->map.sym->index);
	fill_pair(cg, n, LLVMGetParam(cb.fn.fn, 1), LLVMGetParam(cb.fn.fn, 2));
	callback_body(cg, &cb, n->for_.body);
	LLVMValueRef args[] = { cg_map_ptr(cg, n->for_.map->map.sym->index), l_callback(l, cb.fn.fn), state, l_k(l, 0) };
	l_helper(l, H_FOR_EACH_MAP, l->i64, 4, args, "rounds");
	after_loop(cg, state);
}

// len(@m): a callback that counts, in the frame: on the stack the verifier would know each number and walk them all.
LLVMValueRef cg_map_count(struct cg *cg, const struct map_sym *m, const struct node *at)
{
	struct ll *l = &cg->l;
	struct callback cb;
	uint32_t count = cg_frame_reserve(cg, 8);
	LLVMValueRef state = state_new(cg, NULL);

	l_store(l, l_k(l, 0), cg_frame_at(cg, count, "n"), 8);
	callback_begin(cg, &cb, 4, at);
	skip_other(cg, m->index);
	LLVMValueRef one = cg->plan->maps[m->index].bucketed ? cg_buckets_first(cg, m, LLVMGetParam(cb.fn.fn, 1)) : l_k(l, 1);
	LLVMValueRef n = cg_frame_at(cg, count, "n");
	l_store(l, LLVMBuildAdd(l->b, l_load(l, n, 8, false, "n"), one, "more"), n, 8);
	callback_end(cg, &cb, at);
	LLVMValueRef args[] = { cg_map_ptr(cg, m->index), l_callback(l, cb.fn.fn), state, l_k(l, 0) };
	l_helper(l, H_FOR_EACH_MAP, l->i64, 4, args, "rounds");
	return l_load(l, cg_frame_at(cg, count, "n"), 8, false, "len");
}

static LLVMValueRef round_callback(struct cg *cg, LLVMValueRef (*round)(struct cg *cg, void *arg, LLVMValueRef i), void *arg)
{
	struct node at = { .kind = NODE_EXPR, .span = cg->at };
	struct callback cb;

	callback_begin(cg, &cb, 2, &at);
	l_store(&cg->l, round(cg, arg, LLVMGetParam(cb.fn.fn, 0)), cb.stop, 8);
	callback_end(cg, &cb, &at);
	return cb.fn.fn;
}

// What the rounds keep lies in the frame, where the verifier knows no values: one round is checked for all.
void cg_each(struct cg *cg, LLVMValueRef rounds, LLVMValueRef (*round)(struct cg *cg, void *arg, LLVMValueRef i), void *arg)
{
	LLVMValueRef state = state_new(cg, NULL), callback = round_callback(cg, round, arg);

	call_rounds(cg, rounds, callback, state);
}

// step(places…, constants…).
static LLVMValueRef step_round(struct cg *cg, void *arg, LLVMValueRef i)
{
	const struct repeat *r = arg;
	LLVMValueRef args[8];

	(void)i;
	for (unsigned k = 0; k < r->nplaces; k++)
		args[k] = cg_frame_at(cg, r->places[k], "place");
	for (unsigned k = 0; k < r->nconsts; k++)
		args[r->nplaces + k] = r->consts[k].reloc ? cg_reloc(cg, r->consts[k].reloc) : l_k(&cg->l, r->consts[k].v);
	return cg_stdlib(cg, r->step, cg->l.i64, r->nplaces + r->nconsts, args, "done");
}

static bool is_same(const struct repeat *r, const char *step, const struct cg_const *consts, unsigned nconsts)
{
	bool same = strcmp(r->step, step) == 0 && r->nconsts == nconsts;

	for (unsigned i = 0; i < nconsts && same; i++)
		same = r->consts[i].v == consts[i].v && r->consts[i].reloc == consts[i].reloc;
	return same;
}

struct repeat *cg_repeat_of(struct cg *cg, const char *step, const uint32_t *sizes, unsigned n, const struct cg_const *consts, unsigned nconsts)
{
	struct repeat *r;

	for (r = cg->repeats; r; r = r->next)
		if (is_same(r, step, consts, nconsts))
			return r;
	r = arena_new_(cg->arena, struct repeat);
	*r = (struct repeat){ .next = cg->repeats, .step = step, .nplaces = n, .nconsts = nconsts };
	for (unsigned i = 0; i < n; i++)
		r->places[i] = cg_frame_reserve(cg, sizes[i]);
	for (unsigned i = 0; i < nconsts; i++)
		r->consts[i] = consts[i];
	cg->repeats = r;
	return r;
}

void cg_repeat(struct cg *cg, struct repeat *r, uint32_t rounds)
{
	LLVMValueRef state = state_new(cg, NULL);

	if (!r->callback)
		r->callback = round_callback(cg, step_round, r);
	call_rounds(cg, l_k(&cg->l, rounds), r->callback, state);
}

void cg_for(struct cg *cg, const struct node *n)
{
	if (n->for_.map)
		for_map(cg, n);
	else
		for_range(cg, n);
}

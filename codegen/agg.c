// SPDX-License-Identifier: Apache-2.0
// agg.c - @m = count() and kin: the element is found or made, then changed in place on this CPU.
//
//   slot = this CPU's element      (wire_scalar in a scalar map: set = 1, value behind it)
//   count: v += 1   sum: v += x   min/max: compare, set   avg, stats: total += x, count += 1
//   hist, lhist: keyed: the bucket's number is the end of the key, its count the value; scalar: value[bucket] += 1
#include <stddef.h>

#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

static void add(struct cg *cg, LLVMValueRef at, LLVMValueRef by)
{
	l_store(&cg->l, LLVMBuildAdd(cg->l.b, l_load(&cg->l, at, 8, false, "was"), by, "sum"), at, 8);
}

static void minmax(struct cg *cg, LLVMValueRef at, LLVMValueRef x, bool is_min, bool is_signed)
{
	struct ll *l = &cg->l;
	LLVMValueRef setp = l_atk(l, at, offsetof(struct wire_minmax, set), "set.at");
	LLVMIntPredicate p = is_min ? (is_signed ? LLVMIntSLT : LLVMIntULT) : (is_signed ? LLVMIntSGT : LLVMIntUGT);
	LLVMValueRef was = l_load(l, at, 8, false, "was"), unset = LLVMBuildIsNull(l->b, l_load(l, setp, 8, false, "set"), "unset");
	LLVMValueRef take = LLVMBuildOr(l->b, unset, LLVMBuildICmp(l->b, p, x, was, "better"), "take");
	LLVMBasicBlockRef yes = l_block(l, "take"), next = l_block(l, "taken");

	l_cond(l, take, yes, next);
	l_pos(l, yes);
	l_store(l, x, at, 8);
	l_store(l, l_k(l, 1), setp, 8);
	l_br(l, next);
	l_pos(l, next);
}

static LLVMValueRef bucket(struct cg *cg, const struct type *t, const struct node *call, LLVMValueRef x)
{
	bool is_signed = call->call.args.v[0]->type->is_signed;

	if (t->kind == TYPE_HIST) {
		LLVMValueRef args[] = { x, l_k(&cg->l, (uint64_t)t->a), l_k(&cg->l, is_signed) };

		return cg_stdlib(cg, "hist_bucket", cg->l.i64, 3, args, "bucket");
	}
	LLVMValueRef args[] = { x, l_k(&cg->l, (uint64_t)t->a), l_k(&cg->l, (uint64_t)t->b), l_k(&cg->l, (uint64_t)t->c), l_k(&cg->l, is_signed) };
	return cg_stdlib(cg, "lhist_bucket", cg->l.i64, 5, args, "bucket");
}

// x as often as w says; w NULL: once.
static LLVMValueRef times(struct cg *cg, LLVMValueRef x, LLVMValueRef w)
{
	return w ? LLVMBuildMul(cg->l.b, x, w, "weighted") : x;
}

static LLVMValueRef once(struct cg *cg, LLVMValueRef w)
{
	return w ? w : l_k(&cg->l, 1);
}

static void change(struct cg *cg, const struct type *t, LLVMValueRef at, LLVMValueRef x, LLVMValueRef w)
{
	switch (t->kind) {
	case TYPE_COUNT:
		add(cg, at, once(cg, w));
		return;
	case TYPE_SUM:
		add(cg, at, times(cg, x, w));
		return;
	case TYPE_MIN: case TYPE_MAX:
		minmax(cg, at, x, t->kind == TYPE_MIN, t->is_signed);
		return;
	case TYPE_AVG: case TYPE_STATS:
		add(cg, at, times(cg, x, w));
		add(cg, l_atk(&cg->l, at, offsetof(struct wire_avg, count), "n.at"), once(cg, w));
		return;
	default:
		BUG("aggregate of kind %d", (int)t->kind);
	}
}

static void in_slot(struct cg *cg, LLVMValueRef slot, bool keyed, const struct type *t, LLVMValueRef x, LLVMValueRef b, LLVMValueRef w)
{
	struct ll *l = &cg->l;
	LLVMBasicBlockRef hit = l_block(l, "agg"), next = l_block(l, "agg.next");

	l_cond(l, LLVMBuildIsNull(l->b, slot, "lost"), next, hit);
	l_pos(l, hit);
	if (!keyed)
		l_store(l, l_k(l, 1), slot, 8);
	LLVMValueRef at = keyed ? slot : l_atk(l, slot, 8, "value");
	if (!b) {
		change(cg, t, at, x, w);
	} else if (keyed) {
		add(cg, at, once(cg, w));
	} else {
		LLVMValueRef most = l_k(l, type_hist_buckets(t) - 1);

		b = l_opaque(l, b);
		LLVMValueRef over = LLVMBuildICmp(l->b, LLVMIntUGT, b, most, "over");

		b = LLVMBuildSelect(l->b, over, most, b, "bucket");
		add(cg, l_at(l, at, LLVMBuildMul(l->b, b, l_k(l, 8), "off"), "bucket.at"), once(cg, w));
	}
	l_br(l, next);
	l_pos(l, next);
}

// The interval this moment falls in, counted in the ring's row for it.
static void time_series(struct cg *cg, const struct node *target, const struct type *t, LLVMValueRef x, LLVMValueRef w)
{
	struct ll *l = &cg->l;
	const struct map_sym *m = target->map.sym;
	LLVMValueRef now = cg_stdlib(cg, "clock_tai", l->i64, 0, NULL, "now"), epoch = LLVMBuildUDiv(l->b, now, l_k(l, (uint64_t)t->a), "epoch");
	LLVMValueRef at = LLVMBuildURem(l->b, epoch, l_k(l, (uint64_t)t->b), "row"), slot;

	if (m->key) {
		LLVMValueRef key = cg_map_key(cg, target);

		l_store(l, at, l_atk(l, key, cg->plan->maps[m->index].key_size - 8, "row.key"), 8);
		slot = cg_map_find_or_create(cg, target, key, sizeof(struct wire_epoch));
	} else {
		LLVMValueRef key = cg_alloca(cg, l->i64, "row.key");

		l_store(l, at, key, 4);
		slot = cg_map_lookup(cg, m->index, key);
	}
	LLVMBasicBlockRef hit = l_block(l, "series"), next = l_block(l, "series.next");
	l_cond(l, LLVMBuildIsNull(l->b, slot, "lost"), next, hit);
	l_pos(l, hit);
	LLVMValueRef args[] = { slot, epoch, now, x, l_k(l, (uint64_t)t->c), l_k(l, t->is_signed), once(cg, w) };
	cg_stdlib(cg, "tseries_add", l->none, 7, args, "");
	l_br(l, next);
	l_pos(l, next);
}

void cg_agg(struct cg *cg, const struct node *target, const struct node *call)
{
	const struct map_sym *m = target->map.sym;
	const struct type *t = m->value;
	bool histogram = t->kind == TYPE_HIST || t->kind == TYPE_LHIST;
	LLVMValueRef x = call->call.args.n ? cg_int(cg, call->call.args.v[0]) : NULL, b = histogram ? bucket(cg, t, call, x) : NULL, slot;
	LLVMValueRef w = call->call.weight ? cg_int(cg, call->call.weight) : NULL;

	if (t->kind == TYPE_TSERIES) {
		time_series(cg, target, t, x, w);
		return;
	}
	if (histogram && m->key) {
		LLVMValueRef key = cg_map_key(cg, target);
		uint32_t size = cg->plan->maps[m->index].key_size;

		l_store(&cg->l, b, l_atk(&cg->l, key, size - 8, "bucket.key"), 8);
		slot = cg_map_find_or_create(cg, target, key, 8);
	} else {
		slot = cg_map_slot(cg, target, true);
	}
	in_slot(cg, slot, m->key != NULL, t, x, b, w);
}

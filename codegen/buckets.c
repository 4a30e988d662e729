// SPDX-License-Identifier: Apache-2.0
// buckets.c - keys of histograms and time series. Such a map has an entry for each bucket of a key that was counted in, or for
// each interval of its ring: the number of the bucket is the end of the entry's key. What is asked of a key is asked of them all.
//
// An ordinary histogram has few buckets: stdlib's loop goes through them, and the verifier with it. A ring may have a million:
// bpf_loop, which also serves finer histograms where the kernel has it (time series need newer kernels anyway).
#include "base/util.h"
#include "codegen/cg.h"

#define FEW 80 // 65 are those of hist(x)

struct rows {
	uint32_t map, size; // of the key without the number
	uint32_t key, answer; // offsets in the frame
};

static bool is_ring(const struct map_sym *m)
{
	return m->value->kind == TYPE_TSERIES;
}

static uint64_t rows_of(const struct map_sym *m)
{
	return is_ring(m) ? (uint64_t)m->value->b : type_hist_buckets(m->value);
}

static bool by_callback(struct cg *cg, const struct map_sym *m)
{
	return is_ring(m) || (rows_of(m) > FEW && cg_has_loop(cg));
}

static struct rows rows_begin(struct cg *cg, const struct map_sym *m, LLVMValueRef key)
{
	const struct plan_map *pm = &cg->plan->maps[m->index];
	struct rows r = { .map = m->index, .size = pm->key_size - 8, .answer = cg_frame_reserve(cg, 8), .key = cg_frame_reserve(cg, pm->key_size) };

	l_store(&cg->l, l_k(&cg->l, 0), cg_frame_at(cg, r.answer, "answer"), 8);
	cg_copy(cg, cg_frame_at(cg, r.key, "row.key"), key, pm->key_size);
	return r;
}

// Joins what was found out about one row with the answer so far.
static LLVMValueRef answer(struct cg *cg, const struct rows *r, LLVMValueRef found)
{
	struct ll *l = &cg->l;
	LLVMValueRef at = cg_frame_at(cg, r->answer, "answer");

	l_store(l, LLVMBuildOr(l->b, l_load(l, at, 8, false, "so_far"), found, "found"), at, 8);
	return found;
}

static LLVMValueRef row_key(struct cg *cg, const struct rows *r, LLVMValueRef i)
{
	LLVMValueRef key = cg_frame_at(cg, r->key, "row.key");

	l_store(&cg->l, i, l_atk(&cg->l, key, r->size, "row.number"), 8);
	return key;
}

static LLVMValueRef look_for_row(struct cg *cg, void *arg, LLVMValueRef i)
{
	const struct rows *r = arg;
	struct ll *l = &cg->l;
	LLVMValueRef slot = cg_map_lookup(cg, r->map, row_key(cg, r, i));

	return answer(cg, r, l_opaque(l, l_bool(l, l_nz(l, slot, "is_there"), "is_there")));
}

static LLVMValueRef delete_row(struct cg *cg, void *arg, LLVMValueRef i)
{
	const struct rows *r = arg;
	struct ll *l = &cg->l;
	LLVMValueRef args[] = { cg_map_ptr(cg, r->map), row_key(cg, r, i) };

	answer(cg, r, l_bool(l, LLVMBuildIsNull(l->b, l_helper(l, H_MAP_DELETE, l->i64, 2, args, "rc"), "ok"), "deleted"));
	return l_k(l, 0);
}

static LLVMValueRef reset_row(struct cg *cg, void *arg, LLVMValueRef i)
{
	const struct rows *r = arg;
	struct ll *l = &cg->l;
	LLVMValueRef key = cg_frame_at(cg, r->key, "row.key");

	l_store(l, i, key, 4);
	LLVMValueRef args[] = { cg_map_ptr(cg, r->map), key };
	answer(cg, r, cg_stdlib(cg, "tseries_reset", l->i64, 2, args, "was"));
	return l_k(l, 0);
}

// Is there a row of the key, of those in front of number `end`?
static LLVMValueRef exist(struct cg *cg, const struct map_sym *m, LLVMValueRef key, LLVMValueRef end)
{
	struct ll *l = &cg->l;

	if (by_callback(cg, m)) {
		struct rows r = rows_begin(cg, m, key);

		cg_each(cg, end, look_for_row, &r);
		return l_load(l, cg_frame_at(cg, r.answer, "answer"), 8, false, "exists");
	}
	LLVMValueRef args[] = { cg_map_ptr(cg, m->index), key, l_k(l, cg->plan->maps[m->index].key_size - 8), l_k(l, rows_of(m)), end };
	return cg_stdlib(cg, "buckets_exist", l->i64, 5, args, "exists");
}

LLVMValueRef cg_buckets_exist(struct cg *cg, const struct map_sym *m, LLVMValueRef key)
{
	return exist(cg, m, key, l_k(&cg->l, rows_of(m)));
}

// Each key has one row that no other is in front of.
LLVMValueRef cg_buckets_first(struct cg *cg, const struct map_sym *m, LLVMValueRef entry)
{
	struct ll *l = &cg->l;
	uint32_t size = cg->plan->maps[m->index].key_size;
	LLVMValueRef key = cg_frame_temp(cg, size, "entry");

	cg_copy(cg, key, entry, size);
	LLVMValueRef number = l_load(l, l_atk(l, key, size - 8, "number.at"), 8, false, "number");
	return LLVMBuildXor(l->b, exist(cg, m, key, number), l_k(l, 1), "is_first");
}

LLVMValueRef cg_buckets_delete(struct cg *cg, const struct map_sym *m, LLVMValueRef key)
{
	struct ll *l = &cg->l;

	if (by_callback(cg, m)) {
		struct rows r = rows_begin(cg, m, key);

		cg_each(cg, l_k(l, rows_of(m)), delete_row, &r);
		return l_load(l, cg_frame_at(cg, r.answer, "answer"), 8, false, "deleted");
	}
	LLVMValueRef args[] = { cg_map_ptr(cg, m->index), key, l_k(l, cg->plan->maps[m->index].key_size - 8), l_k(l, rows_of(m)) };
	return cg_stdlib(cg, "buckets_delete", l->i64, 4, args, "deleted");
}

LLVMValueRef cg_ring_reset(struct cg *cg, const struct map_sym *m)
{
	struct ll *l = &cg->l;
	struct rows r = { .map = m->index, .answer = cg_frame_reserve(cg, 8), .key = cg_frame_reserve(cg, 8) };

	l_store(l, l_k(l, 0), cg_frame_at(cg, r.answer, "answer"), 8);
	cg_each(cg, l_k(l, rows_of(m)), reset_row, &r);
	return l_load(l, cg_frame_at(cg, r.answer, "answer"), 8, false, "deleted");
}

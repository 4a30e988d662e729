// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// aggregates.bpf.c - which bucket of a histogram a value belongs to.
#include "stdlib/bpf.h"

// 1 if v is not 0. A comparison would be a branch, which the verifier follows both ways.
static __attribute__((always_inline)) u64 is_set(u64 v)
{
	u64 minus = 0 - v;

	opaque(minus);
	return (v | minus) >> 63;
}

static __attribute__((always_inline)) u64 log2_floor(u64 v)
{
	u64 r = 0, more;

	more = is_set(v >> 32) << 5; v >>= more; r |= more;
	more = is_set(v >> 16) << 4; v >>= more; r |= more;
	more = is_set(v >> 8) << 3; v >>= more; r |= more;
	more = is_set(v >> 4) << 2; v >>= more; r |= more;
	more = is_set(v >> 2) << 1; v >>= more; r |= more;
	return r | v >> 1;
}

// 0: negative. Then one bucket a value below 2^bits, then 2^bits buckets for each power of two.
u64 hist_bucket(u64 v, u64 bits, u64 is_signed)
{
	u64 l;

	if (is_signed && (s64)v < 0)
		return 0;
	if (v < 1ull << bits)
		return v + 1;
	l = log2_floor(v);
	return ((l - bits + 1) << bits) + (v >> (l - bits) & ((1ull << bits) - 1)) + 1;
}

// 0: below min. 1 + (v - min) / step up to max; the last one takes what is not below max.
u64 lhist_bucket(u64 v, u64 min, u64 max, u64 step, u64 is_signed)
{
	if (is_signed ? (s64)v < (s64)min : v < min)
		return 0;
	if (v >= max)
		return 1 + (max - min) / step;
	return 1 + (v - min) / step;
}

// This CPU's row of a time series; one of an older interval begins anew.
void tseries_add(struct wire_epoch *e, u64 epoch, u64 now, u64 v, u64 kind, u64 is_signed, u64 weight)
{
	u64 was = (u64)e->value, less;

	if (e->epoch != epoch || !e->count) {
		e->epoch = epoch;
		e->value = (s64)(kind == WIRE_TSERIES_AVG || kind == WIRE_TSERIES_SUM ? v * weight : v);
		e->count = kind == WIRE_TSERIES_LAST ? now : weight;
		return;
	}
	less = is_signed ? (s64)v < (s64)was : v < was;
	if (kind == WIRE_TSERIES_LAST)
		e->count = now;
	else
		e->count += weight;
	if (kind == WIRE_TSERIES_AVG || kind == WIRE_TSERIES_SUM)
		e->value = (s64)(was + v * weight);
	else if (kind == WIRE_TSERIES_LAST || (kind == WIRE_TSERIES_MIN ? less : v != was && !less))
		e->value = (s64)v;
}

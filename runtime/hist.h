// SPDX-License-Identifier: Apache-2.0
// hist.h - histograms: power-of-two ones (hist) with 2^k steps inside each power, and linear ones (lhist).
//
// Buckets (type_hist_buckets of them) as the kernel half numbers them: hist has 0 for negatives, then from 1 on the
// values 0 … 2^k-1 each by itself, then 2^k steps per power of two. lhist has 0 for what is below min, then the steps,
// last what is at max or above.
#pragma once

#include <stdint.h>

struct str;
struct type;

uint64_t hist_total(const struct type *t, const uint64_t *buckets);
// A line per bucket from the lowest to the highest that is not empty. div divides hist's counts, not lhist's.
void hist_text(const struct type *t, const uint64_t *buckets, uint64_t div, struct str *out);
// The same of an lhist as bpftrace printed it up to 0.23: every bucket has two bounds, and the last one begins at max.
void hist_text_legacy(const struct type *t, const uint64_t *buckets, struct str *out);
void hist_json(const struct type *t, const uint64_t *buckets, uint64_t div, struct str *out); // [{"min": 2, "max": 3, "count": 1}]
// The values of a bucket are in [from, to): ±INFINITY at the open ends.
void hist_bounds(const struct type *t, uint32_t bucket, double *from, double *to);

// SPDX-License-Identifier: Apache-2.0
// agg.h - aggregate values: merged over CPUs, compared, printed.
//
// A merged aggregate has the layout of its per-CPU part: COUNT and SUM an int64, MIN and MAX a wire_minmax, AVG and
// STATS a wire_avg, HIST and LHIST a u64 per bucket. Types that are no aggregates take the first part.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct str;
struct type;

void agg_merge(const struct type *t, void *into, const void *from, bool first);
int agg_compare(const struct type *t, const void *a, const void *b); // by what a print of the map sorts by; 0 for types it does not sort
void agg_text(const struct type *t, const void *v, uint64_t div, struct str *out); // histograms: their lines
void agg_json(const struct type *t, const void *v, uint64_t div, struct str *out);

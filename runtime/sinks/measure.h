// SPDX-License-Identifier: Apache-2.0
// measure.h - a measured value taken apart into numbers, as columns of a table or points of a metric need it.
//
// COUNT, SUM, MIN, MAX and plain integers have one part, named as the measure; AVG and STATS have count, average and total.
// HIST, LHIST and TSERIES have no parts: they are told by their buckets (runtime/hist.h) or as JSON.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/plan.h"

struct str;

#define MEASURE_PARTS 3

unsigned measure_parts(const struct type *t); // 0 to MEASURE_PARTS
// "calls", or "latency_count" for part 0 of stats.
void measure_part_name(const struct plan_measure *m, const struct type *t, unsigned part, struct str *out);
double measure_part(const struct type *t, const void *v, unsigned part);
int64_t measure_part_integer(const struct type *t, const void *v, unsigned part);
enum value_unit measure_part_unit(const struct plan_measure *m, const struct type *t, unsigned part);

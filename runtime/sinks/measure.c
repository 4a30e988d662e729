// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/measure.h"

#include <string.h>

#include "base/str.h"
#include "base/wire.h"
#include "runtime/value.h"

static bool is_average(const struct type *t)
{
	return t->kind == TYPE_AVG || t->kind == TYPE_STATS;
}

unsigned measure_parts(const struct type *t)
{
	if (t->kind == TYPE_HIST || t->kind == TYPE_LHIST || t->kind == TYPE_TSERIES)
		return 0;
	return is_average(t) ? 3 : 1;
}

void measure_part_name(const struct plan_measure *m, const struct type *t, unsigned part, struct str *out)
{
	static const char *const of_average[MEASURE_PARTS] = { "_count", "_average", "_total" };

	str_adds(out, m->name);
	if (is_average(t))
		str_adds(out, of_average[part]);
}

int64_t measure_part_integer(const struct type *t, const void *v, unsigned part)
{
	struct wire_avg a;

	if (!is_average(t))
		return value_integer(t, v);
	memcpy(&a, v, sizeof a);
	if (part == 0)
		return (int64_t)a.count;
	if (part == 2 || a.count == 0)
		return a.total;
	return t->is_signed ? a.total / (int64_t)a.count : (int64_t)((uint64_t)a.total / a.count);
}

double measure_part(const struct type *t, const void *v, unsigned part)
{
	int64_t n = measure_part_integer(t, v, part);

	return t->is_signed || (is_average(t) && part == 0) ? (double)n : (double)(uint64_t)n;
}

enum value_unit measure_part_unit(const struct plan_measure *m, const struct type *t, unsigned part)
{
	return is_average(t) && part == 0 ? UNIT_COUNT : (enum value_unit)m->unit;
}

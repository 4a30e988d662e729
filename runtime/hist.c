// SPDX-License-Identifier: Apache-2.0
#include "runtime/hist.h"

#include <math.h>
#include <stdbool.h>

#include "base/str.h"
#include "base/type.h"
#include "base/util.h"

#define BAR 52

uint64_t hist_total(const struct type *t, const uint64_t *buckets)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < t->count; i++)
		n += buckets[i];
	return n;
}

// hist: value i (bucket i + 1) begins at m * 2^p.
struct bound {
	uint64_t m;
	unsigned p;
};

static struct bound lower(const struct type *t, uint32_t i)
{
	unsigned k = (unsigned)t->a;
	uint32_t steps = 1u << k;

	if (i < steps)
		return (struct bound){ i, 0 };
	return (struct bound){ steps + (i & (steps - 1)), (i >> k) - 1 };
}

static void bound_text(struct bound b, struct str *out)
{
	str_u64(out, b.m << (b.p % 10));
	if (b.p >= 10)
		str_addc(out, " KMGTPE"[b.p / 10]);
}

static void hist_label(const struct type *t, uint32_t bucket, struct str *out)
{
	if (bucket == 0) {
		str_adds(out, "(..., 0)");
		return;
	}
	struct bound from = lower(t, bucket - 1), to = lower(t, bucket);
	str_addc(out, '[');
	bound_text(from, out);
	if (from.p > 0) {
		str_adds(out, ", ");
		bound_text(to, out);
		str_addc(out, ')');
	} else {
		str_addc(out, ']');
	}
}

static int64_t linear_from(const struct type *t, uint32_t bucket)
{
	return t->a + (int64_t)(bucket - 1) * t->c;
}

static void linear_bound(const struct type *t, int64_t v, struct str *out)
{
	bool units = t->c % 1024 == 0 && v != 0;

	if (units && v % (1024 * 1024) == 0)
		str_printf(out, "%ldM", (long)(v / (1024 * 1024)));
	else if (units && v % 1024 == 0)
		str_printf(out, "%ldK", (long)(v / 1024));
	else
		str_i64(out, v);
}

static void linear_label(const struct type *t, uint32_t bucket, bool legacy, struct str *out)
{
	if (bucket == 0) {
		str_adds(out, "(..., ");
		linear_bound(t, t->a, out);
		str_addc(out, ')');
		return;
	}
	str_addc(out, '[');
	linear_bound(t, legacy && bucket == t->count - 1 ? t->b : linear_from(t, bucket), out);
	if (bucket == t->count - 1) {
		str_adds(out, ", ...)");
	} else if (t->c == 1 && !legacy) {
		str_addc(out, ']');
	} else {
		str_adds(out, ", ");
		linear_bound(t, linear_from(t, bucket + 1), out);
		str_addc(out, ')');
	}
}

static uint64_t shown(const struct type *t, uint64_t count, uint64_t div)
{
	return t->kind == TYPE_HIST && div > 1 ? count / div : count;
}

static bool range(const struct type *t, const uint64_t *b, uint32_t *first, uint32_t *last)
{
	bool any = false;

	for (uint32_t i = 0; i < t->count; i++)
		if (b[i]) {
			*first = any ? *first : i;
			*last = i;
			any = true;
		}
	return any;
}

static void bar_line(const char *label, uint64_t count, uint64_t max, struct str *out)
{
	size_t bar = max ? (size_t)((float)count / (float)max * BAR) : 0;

	str_printf(out, "%-16s%8lu |", label, count);
	str_fill(out, '@', MIN(bar, (size_t)BAR));
	str_fill(out, ' ', BAR - MIN(bar, (size_t)BAR));
	str_adds(out, "|\n");
}

static void lines(const struct type *t, const uint64_t *b, uint64_t div, bool legacy, struct str *out)
{
	uint32_t first = 0, last = 0;
	uint64_t max = 0;

	if (!range(t, b, &first, &last))
		return;
	for (uint32_t i = first; i <= last; i++)
		max = MAX(max, shown(t, b[i], div));
	_str_ struct str label = { 0 };
	for (uint32_t i = first; i <= last; i++) {
		str_clear(&label);
		if (t->kind == TYPE_HIST)
			hist_label(t, i, &label);
		else
			linear_label(t, i, legacy, &label);
		bar_line(str_z(&label), shown(t, b[i], div), max, out);
	}
}

void hist_text(const struct type *t, const uint64_t *b, uint64_t div, struct str *out)
{
	lines(t, b, div, false, out);
}

void hist_text_legacy(const struct type *t, const uint64_t *b, struct str *out)
{
	lines(t, b, 1, true, out);
}

static void hist_limits(const struct type *t, uint32_t bucket, struct str *out)
{
	if (bucket == 0) {
		str_adds(out, "\"max\": -1, ");
		return;
	}
	struct bound from = lower(t, bucket - 1);
	uint64_t min = from.m << from.p;
	str_printf(out, "\"min\": %lu, \"max\": %lu, ", min, min + (((uint64_t)1 << from.p) - 1));
}

static void linear_limits(const struct type *t, uint32_t bucket, struct str *out)
{
	if (bucket == 0)
		str_printf(out, "\"max\": %ld, ", (long)(t->a - 1));
	else if (bucket == t->count - 1)
		str_printf(out, "\"min\": %ld, ", (long)linear_from(t, bucket));
	else
		str_printf(out, "\"min\": %ld, \"max\": %ld, ", (long)linear_from(t, bucket), (long)(linear_from(t, bucket + 1) - 1));
}

void hist_json(const struct type *t, const uint64_t *b, uint64_t div, struct str *out)
{
	uint32_t first = 0, last = 0;

	str_addc(out, '[');
	for (uint32_t i = range(t, b, &first, &last) ? first : 1; i <= last; i++) {
		str_adds(out, i > first ? ", {" : "{");
		if (t->kind == TYPE_HIST)
			hist_limits(t, i, out);
		else
			linear_limits(t, i, out);
		str_printf(out, "\"count\": %lu}", shown(t, b[i], div));
	}
	str_addc(out, ']');
}

void hist_bounds(const struct type *t, uint32_t bucket, double *from, double *to)
{
	if (t->kind == TYPE_LHIST) {
		*from = bucket ? (double)linear_from(t, bucket) : -INFINITY;
		*to = bucket + 1 < t->count ? MIN((double)linear_from(t, bucket + 1), (double)t->b) : INFINITY;
		return;
	}
	struct bound low = lower(t, bucket ? bucket - 1 : 0), high = lower(t, bucket);

	*from = bucket ? ldexp((double)low.m, (int)low.p) : -INFINITY;
	*to = bucket ? ldexp((double)high.m, (int)high.p) : 0;
}

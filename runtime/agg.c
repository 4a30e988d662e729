// SPDX-License-Identifier: Apache-2.0
#include "runtime/agg.h"

#include <string.h>

#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/hist.h"
#include "runtime/tseries.h"
#include "runtime/value.h"

static struct wire_minmax load_minmax(const void *v)
{
	struct wire_minmax m;

	memcpy(&m, v, sizeof m);
	return m;
}

static struct wire_avg load_avg(const void *v)
{
	struct wire_avg a;

	memcpy(&a, v, sizeof a);
	return a;
}

static int compare(int64_t a, int64_t b, bool is_signed)
{
	if (is_signed)
		return (a > b) - (a < b);
	return ((uint64_t)a > (uint64_t)b) - ((uint64_t)a < (uint64_t)b);
}

static void merge_minmax(const struct type *t, void *into, const void *from)
{
	struct wire_minmax a = load_minmax(into), b = load_minmax(from);
	int c = compare(b.value, a.value, t->is_signed);

	if (b.set && (!a.set || (t->kind == TYPE_MIN ? c < 0 : c > 0)))
		memcpy(into, &b, sizeof b);
}

static void add_numbers(void *into, const void *from, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t a, b;

		memcpy(&a, (uint8_t *)into + i * 8, 8);
		memcpy(&b, (const uint8_t *)from + i * 8, 8);
		a += b;
		memcpy((uint8_t *)into + i * 8, &a, 8);
	}
}

void agg_merge(const struct type *t, void *into, const void *from, bool first)
{
	if (first)
		memcpy(into, from, t->size);
	else if (t->kind == TYPE_MIN || t->kind == TYPE_MAX)
		merge_minmax(t, into, from);
	else if (type_is_aggregate(t))
		add_numbers(into, from, t->size / 8);
}

static int64_t average(const struct type *t, const void *v)
{
	struct wire_avg a = load_avg(v);

	if (a.count == 0 || a.count > INT64_MAX)
		return 0;
	return t->is_signed ? a.total / (int64_t)a.count : (int64_t)((uint64_t)a.total / a.count);
}

int agg_compare(const struct type *t, const void *a, const void *b)
{
	switch (t->kind) {
	case TYPE_BOOL: case TYPE_INT: case TYPE_ENUM: case TYPE_SUM: case TYPE_COUNT: case TYPE_MIN: case TYPE_MAX:
		return compare(value_integer(t, a), value_integer(t, b), t->is_signed);
	case TYPE_AVG: case TYPE_STATS:
		return compare(average(t, a), average(t, b), t->is_signed);
	case TYPE_HIST: case TYPE_LHIST:
		return compare((int64_t)hist_total(t, a), (int64_t)hist_total(t, b), false);
	default:
		return 0;
	}
}

static int64_t divide(int64_t v, uint64_t div, bool is_signed)
{
	if (div <= 1)
		return v;
	if (div > INT64_MAX)
		return 0;
	return is_signed ? v / (int64_t)div : (int64_t)((uint64_t)v / div);
}

// The number a print shows for kinds that are one number.
static int64_t number(const struct type *t, const void *v, uint64_t div)
{
	return divide(t->kind == TYPE_AVG ? average(t, v) : value_integer(t, v), div, t->is_signed);
}

static void add_integer(int64_t v, bool is_signed, struct str *out)
{
	if (is_signed)
		str_i64(out, v);
	else
		str_u64(out, (uint64_t)v);
}

static void stats(const struct type *t, const void *v, const char *const part[4], struct str *out)
{
	struct wire_avg a = load_avg(v);

	str_adds(out, part[0]);
	str_u64(out, a.count);
	str_adds(out, part[1]);
	add_integer(average(t, v), t->is_signed, out);
	str_adds(out, part[2]);
	add_integer(a.total, t->is_signed, out);
	str_adds(out, part[3]);
}

void agg_text(const struct type *t, const void *v, uint64_t div, struct str *out)
{
	static const char *const parts[] = { "{ .count = ", ", .average = ", ", .total = ", " }" };

	if (t->kind == TYPE_STATS)
		stats(t, v, parts, out);
	else if (t->kind == TYPE_HIST || t->kind == TYPE_LHIST)
		hist_text(t, v, div, out);
	else if (t->kind == TYPE_TSERIES)
		tseries_text(t, v, out);
	else
		add_integer(number(t, v, div), t->is_signed, out);
}

void agg_json(const struct type *t, const void *v, uint64_t div, struct str *out)
{
	static const char *const parts[] = { "{\"count\": ", ", \"average\": ", ", \"total\": ", "}" };

	if (t->kind == TYPE_STATS)
		stats(t, v, parts, out);
	else if (t->kind == TYPE_HIST || t->kind == TYPE_LHIST)
		hist_json(t, v, div, out);
	else if (t->kind == TYPE_TSERIES)
		tseries_json(t, v, out);
	else
		json_integer(number(t, v, div), t->is_signed, out);
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/tseries.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "runtime/value.h"

#define LANE 53 // columns a value's mark can stand in
#define SECOND 1000000000u

static bool is_less(const struct type *t, int64_t a, int64_t b)
{
	return t->is_signed ? a < b : (uint64_t)a < (uint64_t)b;
}

void tseries_merge(const struct type *t, struct wire_epoch *into, const struct wire_epoch *from)
{
	if (!from->count || (into->count && from->epoch < into->epoch))
		return;
	if (!into->count || from->epoch > into->epoch) {
		*into = *from;
		return;
	}
	switch ((enum wire_tseries)t->c) {
	case WIRE_TSERIES_LAST: // count is when it was written
		if (from->count > into->count)
			*into = *from;
		return;
	case WIRE_TSERIES_MAX: into->value = is_less(t, into->value, from->value) ? from->value : into->value; return;
	case WIRE_TSERIES_MIN: into->value = is_less(t, from->value, into->value) ? from->value : into->value; return;
	case WIRE_TSERIES_AVG: case WIRE_TSERIES_SUM:
		into->value = (int64_t)((uint64_t)into->value + (uint64_t)from->value);
		into->count += from->count;
		return;
	}
}

static int64_t number(const struct type *t, const struct wire_epoch *e)
{
	if (t->c != WIRE_TSERIES_AVG)
		return e->value;
	if (t->is_signed && e->count <= INT64_MAX)
		return e->value / (int64_t)e->count;
	return (int64_t)((uint64_t)e->value / e->count);
}

// The newest row and the oldest one that the ring has beside it.
static bool bounds(const struct type *t, const struct wire_epoch *rows, uint64_t *first, uint64_t *last)
{
	uint64_t num = (uint64_t)t->b, oldest;
	bool any = false;

	*last = 0;
	for (uint64_t i = 0; i < num; i++)
		if (rows[i].count) {
			*last = MAX(*last, rows[i].epoch);
			any = true;
		}
	oldest = *last >= num ? *last - num + 1 : 0;
	*first = *last;
	for (uint64_t i = 0; i < num; i++)
		if (rows[i].count && rows[i].epoch >= oldest)
			*first = MIN(*first, rows[i].epoch);
	return any;
}

static const struct wire_epoch *row_of(const struct type *t, const struct wire_epoch *rows, uint64_t epoch)
{
	const struct wire_epoch *e = &rows[epoch % (uint64_t)t->b];

	return e->count && e->epoch == epoch ? e : NULL;
}

// Wall clock minus TAI, in whole seconds.
static int64_t leap_ns(void)
{
	int64_t d = (int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_TAI));

	return (d - (int64_t)(SECOND / 2)) / (int64_t)SECOND * (int64_t)SECOND;
}

static void moment(const struct type *t, uint64_t epoch, int64_t leap, const char *format, unsigned digits, struct str *out)
{
	uint64_t ns = epoch * (uint64_t)t->a + (uint64_t)leap;
	time_t second = (time_t)(ns / SECOND);
	struct tm tm;
	char text[40], fraction[16];

	localtime_r(&second, &tm);
	strftime(text, sizeof text, format, &tm);
	str_adds(out, text);
	if (!digits)
		return;
	snprintf(fraction, sizeof fraction, "%09u", (unsigned)(ns % SECOND));
	fraction[digits] = '\0';
	str_printf(out, ".%s", fraction);
}

// Text ----------------------------------------------------------------------------------------------------------------

struct scale {
	const struct type *t;
	int64_t min, max;
};

static double as_double(const struct scale *s, int64_t v)
{
	return s->t->is_signed ? (double)v : (double)(uint64_t)v;
}

static struct scale scale_of(const struct type *t, const struct wire_epoch *rows, uint64_t first, uint64_t last)
{
	struct scale s = { .t = t };
	bool any = false;

	for (uint64_t e = first; e <= last; e++) {
		const struct wire_epoch *row = row_of(t, rows, e);

		if (!row)
			continue;
		int64_t v = number(t, row);
		s.min = !any || is_less(t, v, s.min) ? v : s.min;
		s.max = !any || is_less(t, s.max, v) ? v : s.max;
		any = true;
	}
	if (s.min == s.max) {
		s.min -= s.min != (t->is_signed ? INT64_MIN : 0);
		s.max += s.max != (t->is_signed ? INT64_MAX : -1);
	}
	return s;
}

static void number_text(const struct type *t, int64_t v, struct str *out)
{
	if (t->is_signed)
		str_i64(out, v);
	else
		str_u64(out, (uint64_t)v);
}

static void edge(const struct scale *s, size_t indent, struct str *out)
{
	_str_ struct str min = { 0 }, max = { 0 };

	number_text(s->t, s->min, &min);
	number_text(s->t, s->max, &max);
	str_fill(out, ' ', indent);
	str_add(out, str_z(&min), min.n);
	str_fill(out, ' ', min.n < 21 ? 21 - min.n : 0);
	str_fill(out, ' ', max.n < 32 ? 32 - max.n : 0);
	str_add(out, str_z(&max), max.n);
	str_addc(out, '\n');
}

static void rule(char end, struct str *out)
{
	str_addc(out, end);
	str_fill(out, '_', LANE - 2);
	str_addc(out, end);
	str_addc(out, '\n');
}

static void data_line(const struct scale *s, const struct wire_epoch *row, struct str *out)
{
	char lane[LANE + 1];
	double range = as_double(s, s->max) - as_double(s, s->min);

	memset(lane, ' ', LANE);
	lane[LANE] = '\0';
	lane[0] = lane[LANE - 1] = '|';
	if (s->t->is_signed && s->min < 0 && s->max > 0)
		lane[MIN((size_t)(LANE * -(double)s->min / range), (size_t)LANE - 1)] = '.';
	if (row)
		lane[MIN((size_t)((LANE - 1) * (as_double(s, number(s->t, row)) - as_double(s, s->min)) / range), (size_t)LANE - 1)] = '*';
	str_adds(out, lane);
	str_addc(out, ' ');
	if (row)
		number_text(s->t, number(s->t, row), out);
	else
		str_addc(out, '-');
	str_addc(out, '\n');
}

static unsigned fraction_digits(const struct type *t)
{
	uint64_t interval = (uint64_t)t->a;

	return interval >= SECOND ? 0 : interval >= 1000000 ? 3 : interval >= 1000 ? 6 : 9;
}

void tseries_text(const struct type *t, const struct wire_epoch *rows, struct str *out)
{
	static const char *const units[] = { "", ".ms", ".μs", ".ns" };
	unsigned digits = fraction_digits(t);
	size_t width = 8 + (digits ? 1 + digits : 0), begin;
	int64_t leap = leap_ns();
	uint64_t first, last;

	if (!bounds(t, rows, &first, &last)) {
		str_adds(out, "<no data>\n");
		return;
	}
	struct scale s = scale_of(t, rows, first, last);
	edge(&s, width + 1, out);
	begin = out->n;
	str_printf(out, "hh:mm:ss%s", units[digits / 3]);
	str_fill(out, ' ', width + 1 > out->n - begin ? width + 1 - (out->n - begin) : 0);
	rule('|', out);
	for (uint64_t e = first; e <= last; e++) {
		moment(t, e, leap, "%H:%M:%S", digits, out);
		str_addc(out, ' ');
		data_line(&s, row_of(t, rows, e), out);
	}
	str_fill(out, ' ', width + 1);
	rule('v', out);
	edge(&s, width + 1, out);
}

void tseries_json(const struct type *t, const struct wire_epoch *rows, struct str *out)
{
	int64_t leap = leap_ns();
	uint64_t first, last;
	bool any = bounds(t, rows, &first, &last), some = false;

	str_addc(out, '[');
	for (uint64_t e = first; any && e <= last; e++) {
		const struct wire_epoch *row = row_of(t, rows, e);

		if (!row)
			continue;
		str_adds(out, some ? ",{\"interval_start\": \"" : "{\"interval_start\": \"");
		moment(t, e, leap, "%Y-%m-%d %H:%M:%S", 9, out);
		str_adds(out, "\", \"value\": ");
		json_integer(number(t, row), t->is_signed, out);
		str_addc(out, '}');
		some = true;
	}
	str_addc(out, ']');
}

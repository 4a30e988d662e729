// SPDX-License-Identifier: Apache-2.0
// show.c - the text of the interpreter's values: print, printf and maps.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "runtime/agg.h"
#include "tests/gen/gen.h"

uint64_t fit(const struct type *t, uint64_t v)
{
	unsigned bits = t->size * 8;

	if (t->kind == TYPE_BOOL)
		return v != 0;
	if (!bits || bits >= 64)
		return v;
	v &= (1ull << bits) - 1;
	return t->is_signed && v >> (bits - 1) ? v | ~0ull << bits : v;
}

static void show_number(uint64_t n, bool is_signed, struct str *out)
{
	if (is_signed)
		str_printf(out, "%" PRId64, (int64_t)n);
	else
		str_printf(out, "%" PRIu64, n);
}

static void show_members(const struct val *v, struct str *out)
{
	bool record = v->t->kind == TYPE_RECORD;

	for (uint32_t i = 0; i < v->t->nfields; i++) {
		str_adds(out, i ? ", " : "");
		if (record)
			str_printf(out, ".%s = ", v->t->fields[i].name);
		show_value(&v->m[i], out);
	}
}

void show_value(const struct val *v, struct str *out)
{
	switch (v->t->kind) {
	case TYPE_BOOL: str_adds(out, v->n ? "true" : "false"); return;
	case TYPE_STRING: str_add(out, v->s, v->len); return;
	case TYPE_TUPLE:
		str_addc(out, '(');
		show_members(v, out);
		str_addc(out, ')');
		return;
	case TYPE_RECORD:
		str_adds(out, "{ ");
		show_members(v, out);
		str_adds(out, " }");
		return;
	case TYPE_POINTER: str_printf(out, "0x%" PRIx64, v->n); return;
	default: show_number(v->n, v->t->is_signed, out);
	}
}

// Maps ------------------------------------------------------------------------------------------------------------------

int64_t agg_number(const struct type *t, const struct agg *a)
{
	if (t->kind != TYPE_AVG && t->kind != TYPE_STATS)
		return (int64_t)a->value;
	if (!a->count)
		return 0;
	if (t->is_signed)
		return (int64_t)a->total / (int64_t)a->count;
	return (int64_t)(a->total / a->count);
}

static bool is_histogram(const struct type *t)
{
	return t->kind == TYPE_HIST || t->kind == TYPE_LHIST;
}

static int compare_numbers(uint64_t a, uint64_t b, bool is_signed)
{
	if (is_signed)
		return ((int64_t)a > (int64_t)b) - ((int64_t)a < (int64_t)b);
	return (a > b) - (a < b);
}

static int compare_keys(const struct val *a, const struct val *b)
{
	if (a->t->kind == TYPE_STRING) {
		int c = memcmp(a->s, b->s, MIN(a->len, b->len));

		return c ? c : (a->len > b->len) - (a->len < b->len);
	}
	for (uint32_t i = 0; i < a->t->nfields; i++) {
		int c = compare_keys(&a->m[i], &b->m[i]);

		if (c)
			return c;
	}
	return compare_numbers(a->n, b->n, a->t->is_signed);
}

static uint64_t total(const struct type *t, const struct agg *a)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < t->count; i++)
		n += a->bucket[i];
	return n;
}

static int compare_elements(const void *x, const void *y)
{
	const struct element *a = x, *b = y;
	const struct type *t = a->value.t;
	int c = 0;

	if (is_histogram(t))
		c = compare_numbers(total(t, &a->agg), total(t, &b->agg), false);
	else if (type_is_aggregate(t))
		c = compare_numbers((uint64_t)agg_number(t, &a->agg), (uint64_t)agg_number(t, &b->agg), t->is_signed);
	else if (type_is_integer(t))
		c = compare_numbers(a->value.n, b->value.n, t->is_signed);
	return c ? c : compare_keys(&a->key, &b->key);
}

static void show_agg(const struct type *t, const struct agg *a, uint64_t div, struct str *out)
{
	int64_t n = agg_number(t, a);

	if (is_histogram(t)) {
		agg_text(t, a->bucket, div, out);
		return;
	}
	if (t->kind == TYPE_STATS) {
		str_printf(out, "{ .count = %" PRIu64 ", .average = ", a->count);
		show_number((uint64_t)n, t->is_signed, out);
		str_adds(out, ", .total = ");
		show_number(a->total, t->is_signed, out);
		str_adds(out, " }");
		return;
	}
	if (div > 1)
		n = t->is_signed ? n / (int64_t)div : (int64_t)((uint64_t)n / div);
	show_number((uint64_t)n, t->is_signed, out);
}

static void show_element(const struct imap *m, const struct element *e, uint64_t div, struct str *out)
{
	const struct type *t = m->value;

	str_adds(out, m->name);
	if (m->key) {
		str_addc(out, '[');
		if (m->key_is_tuple)
			show_members(&e->key, out);
		else
			show_value(&e->key, out);
		str_addc(out, ']');
	}
	str_adds(out, is_histogram(t) ? ":\n" : ": ");
	if (type_is_aggregate(t))
		show_agg(t, &e->agg, div, out);
	else if (t->kind == TYPE_INT && div > 1)
		show_number(t->is_signed ? (uint64_t)((int64_t)e->value.n / (int64_t)div) : e->value.n / div, t->is_signed, out);
	else
		show_value(&e->value, out);
	str_addc(out, '\n');
}

void show_map(struct imap *m, uint64_t top, uint64_t div, struct str *out)
{
	size_t from = top && m->n > top ? m->n - top : 0;

	if (m->key && m->n)
		qsort(m->v, m->n, sizeof *m->v, compare_elements);
	for (size_t i = from; i < m->n; i++)
		show_element(m, &m->v[i], div, out);
}

// printf ----------------------------------------------------------------------------------------------------------------

// One conversion through the C library: `spec` is "%-08ld", the value already cut to the width that its length letters say.
static void convert(const char *spec, size_t n, const struct val *v, struct str *out)
{
	char f[64], conv = spec[n - 1], text[512];
	size_t keep = 0, l = 0, h = 0;
	uint64_t x = v->n;

	for (size_t i = 0; i + 1 < n; i++) {
		l += spec[i] == 'l' || spec[i] == 'z' || spec[i] == 'j';
		h += spec[i] == 'h';
		if (!strchr("lhzj", spec[i]))
			f[keep++] = spec[i];
	}
	if (conv == 's') {
		_str_ struct str s = { 0 };

		show_value(v, &s);
		memcpy(f + keep, "s", 2);
		str_printf(out, f, str_z(&s));
		return;
	}
	if (conv == 'c') {
		memcpy(f + keep, "c", 2);
		str_add(out, text, (size_t)snprintf(text, sizeof text, f, (int)x));
		return;
	}
	bool is_signed = conv == 'd' || conv == 'i';
	unsigned bits = l ? 64 : h == 1 ? 16 : h ? 8 : 32;
	if (conv == 'p') {
		str_printf(out, x ? "0x%" PRIx64 : "0", x);
		return;
	}
	x = is_signed ? (uint64_t)((int64_t)(x << (64 - bits)) >> (64 - bits)) : x << (64 - bits) >> (64 - bits);
	f[keep++] = 'l';
	f[keep++] = conv;
	f[keep] = '\0';
	str_printf(out, f, x);
}

void show_format(const char *format, const struct val *args, size_t n, struct str *out)
{
	size_t arg = 0;

	while (*format) {
		size_t len;

		if (*format != '%') {
			str_addc(out, *format++);
			continue;
		}
		if (format[1] == '%') {
			str_addc(out, '%');
			format += 2;
			continue;
		}
		len = 1 + strcspn(format + 1, "diuxXocps") + 1;
		if (arg < n)
			convert(format, len, &args[arg++], out);
		format += len;
	}
}

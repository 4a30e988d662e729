// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/column.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/decode.h"
#include "runtime/sinks/export.h"
#include "runtime/value.h"

// Quantities ----------------------------------------------------------------------------------------------------------

struct scale {
	double from; // smallest value that is shown so
	const char *word;
};

static const struct scale nanoseconds[] = { { 60e9, " min" }, { 1e9, " s" }, { 1e6, " ms" }, { 1e3, " us" }, { 1, " ns" } };
static const struct scale bytes[] = { { 1e12, " TB" }, { 1e9, " GB" }, { 1e6, " MB" }, { 1e3, " KB" }, { 1, " B" } };

static void scaled(double v, const struct scale *s, size_t n, struct str *out)
{
	double size = fabs(v);
	size_t i = 0;

	while (i < n - 1 && size < s[i].from)
		i++;
	v /= s[i].from;
	size /= s[i].from;
	if (size == floor(size) || size >= 100)
		str_printf(out, "%.0f%s", v, s[i].word);
	else
		str_printf(out, "%.*f%s", size < 10 ? 2 : 1, v, s[i].word);
}

void quantity_text(double v, enum value_unit unit, struct str *out)
{
	if (unit == UNIT_NS)
		scaled(v, nanoseconds, ARRAY_SIZE(nanoseconds), out);
	else if (unit == UNIT_BYTES)
		scaled(v, bytes, ARRAY_SIZE(bytes), out);
	else
		str_printf(out, v == floor(v) ? "%.0f" : "%.3g", v);
}

// Stacks --------------------------------------------------------------------------------------------------------------

void stack_frames(struct printer *p, const struct type *t, const struct arg_view *v, void (*each)(void *arg, const char *name, size_t n), void *arg)
{
	_str_ struct str text = { 0 };

	arg_text(p, v, &text);
	for (const char *line = str_z(&text); *line;) {
		size_t n = strcspn(line, "\n"), blank = strspn(line, " \t");

		if (n > blank)
			each(arg, line + blank, n - blank);
		line += n + (line[n] == '\n');
	}
}

struct frame_list {
	struct str *out;
	bool more;
};

static void json_frame(void *arg, const char *name, size_t n)
{
	struct frame_list *l = arg;

	if (l->more)
		str_addc(l->out, ',');
	l->more = true;
	str_json(l->out, name, n);
}

// Columns -------------------------------------------------------------------------------------------------------------

bool column_is_number(const struct plan_column *c)
{
	return type_is_integer(c->type) && c->type->kind != TYPE_BOOL;
}

static double number(const struct type *t, const struct arg_view *v)
{
	int64_t n = arg_integer(v);

	return t->is_signed ? (double)n : (double)(uint64_t)n;
}

void column_text(struct printer *p, const struct plan_column *c, const struct arg_view *v, struct str *out)
{
	if (column_is_number(c) && (c->unit == UNIT_NS || c->unit == UNIT_BYTES))
		quantity_text(number(c->type, v), c->unit, out);
	else
		arg_text(p, v, out);
}

void column_json(struct printer *p, const struct plan_column *c, const struct arg_view *v, struct str *out)
{
	if (type_is_stack(c->type)) {
		struct frame_list l = { .out = out };

		str_addc(out, '[');
		stack_frames(p, c->type, v, json_frame, &l);
		str_addc(out, ']');
	} else if (v->packed) {
		_str_ struct str text = { 0 };

		arg_text(p, v, &text);
		str_json(out, str_z(&text), text.n);
	} else {
		value_json(p, c->type, v->p, out);
	}
}

int record_column(const struct plan_stream *s, enum column_role role)
{
	for (uint32_t i = 0; i < s->n_columns; i++)
		if (s->columns[i].role == role)
			return (int)i;
	return -1;
}

bool key_member(const struct plan_map *m, const void *key, uint32_t i, struct arg_view *ret)
{
	const struct type *t = m->key;

	if (!t || !key)
		return false;
	if (m->key_is_tuple && t->kind == TYPE_TUPLE) {
		if (i >= t->nfields)
			return false;
		*ret = (struct arg_view){ .type = t->fields[i].type, .p = (const uint8_t *)key + t->fields[i].offset, .len = t->fields[i].type->size };
		return true;
	}
	*ret = (struct arg_view){ .type = t, .p = key, .len = t->size };
	return i == 0;
}

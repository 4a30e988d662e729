// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/grid.h"

#include <string.h>

#include "base/util.h"
#include "runtime/agg.h"
#include "runtime/decode.h"
#include "runtime/sinks/column.h"
#include "runtime/sinks/joined.h"
#include "runtime/sinks/measure.h"
#include "runtime/value.h"

// Columns -------------------------------------------------------------------------------------------------------------

static void add_column(struct grid *g, char *name, enum cell_kind kind, enum value_unit unit)
{
	g->column = xrealloc(g->column, (g->n + 1) * sizeof *g->column);
	g->column[g->n++] = (struct grid_column){ .name = name, .kind = kind, .unit = unit };
}

static void add_parts(struct grid *g, const struct plan_measure *m)
{
	const struct type *t = g->c->plan->maps[m->map].value;
	unsigned parts = measure_parts(t);

	if (!parts)
		add_column(g, xstrdup(m->name), CELL_TEXT, UNIT_NONE);
	for (unsigned i = 0; i < parts; i++) {
		struct str name = { 0 };

		measure_part_name(m, t, i, &name);
		add_column(g, name.p, CELL_INTEGER, measure_part_unit(m, t, i));
	}
}

void grid_init(struct grid *g, const struct export_context *c, const struct plan_stream *s)
{
	*g = (struct grid){ .c = c, .stream = s };
	add_column(g, xstrdup("time"), CELL_INTEGER, UNIT_NS);
	for (uint32_t i = 0; i < s->n_columns; i++)
		if (!s->columns[i].hidden)
			add_column(g, xstrdup(s->columns[i].name), column_is_number(&s->columns[i]) ? CELL_INTEGER : CELL_TEXT,
				   (enum value_unit)s->columns[i].unit);
	for (uint32_t i = 0; i < s->n_measures; i++)
		add_parts(g, &s->measures[i]);
	if (!s->n_measures)
		add_column(g, xstrdup("weight"), CELL_INTEGER, UNIT_NONE);
	g->cell = xcalloc(g->n, sizeof *g->cell);
}

void grid_free(struct grid *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->column[i].name);
	free(g->column);
	free(g->cell);
	str_free(&g->text);
}

// Cells ---------------------------------------------------------------------------------------------------------------

static struct cell integer_cell(int64_t v, bool is_signed)
{
	return (struct cell){ .kind = CELL_INTEGER, .integer = v, .is_signed = is_signed };
}

static struct cell text_cell(struct grid *g, size_t from)
{
	return (struct cell){ .kind = CELL_TEXT, .at = from, .n = g->text.n - from };
}

static struct cell value_cell(struct grid *g, const struct plan_column *c, const struct arg_view *v)
{
	size_t from = g->text.n;

	if (column_is_number(c))
		return integer_cell(arg_integer(v), c->type->is_signed);
	if (type_is_stack(c->type))
		column_json(g->c->printer, c, v, &g->text);
	else
		arg_text(g->c->printer, v, &g->text);
	return text_cell(g, from);
}

const char *grid_text(const struct grid *g, const struct cell *c)
{
	return str_z(&g->text) + c->at;
}

// Records -------------------------------------------------------------------------------------------------------------

void grid_record(struct grid *g, const struct export_record *r)
{
	int time = record_column(r->stream, COLUMN_TIME);
	size_t n = 0;

	str_clear(&g->text);
	g->cell[n++] = time < 0 ? (struct cell){ .kind = CELL_NULL } : integer_cell(arg_integer(&r->column[time]) + g->c->boot_to_epoch_ns, true);
	for (uint32_t i = 0; i < r->stream->n_columns; i++)
		if (!r->stream->columns[i].hidden)
			g->cell[n++] = value_cell(g, &r->stream->columns[i], &r->column[i]);
	g->cell[n] = integer_cell(r->weight ? r->weight : 1, false);
}

// Measures ------------------------------------------------------------------------------------------------------------

static size_t key_cells(struct grid *g, const struct map_view *v, const void *key, size_t at)
{
	struct arg_view member;

	for (uint32_t i = 0, k = 0; i < g->stream->n_columns; i++) {
		if (g->stream->columns[i].hidden)
			continue;
		bool has = key_member(v->map, key, k++, &member);
		g->cell[at++] = has ? value_cell(g, &g->stream->columns[i], &member) : (struct cell){ .kind = CELL_NULL };
	}
	return at;
}

static size_t part_cells(struct grid *g, const struct type *t, const void *value, size_t at)
{
	unsigned parts = measure_parts(t);
	size_t from = g->text.n;

	for (unsigned i = 0; i < parts; i++)
		g->cell[at++] = value ? integer_cell(measure_part_integer(t, value, i), t->is_signed) : (struct cell){ .kind = CELL_NULL };
	if (parts)
		return at;
	if (value)
		agg_json(t, value, 1, &g->text);
	g->cell[at++] = value ? text_cell(g, from) : (struct cell){ .kind = CELL_NULL };
	return at;
}

void grid_measures(struct grid *g, const struct export_measures *ms, void (*row)(void *arg, struct grid *g), void *arg)
{
	struct joined j;

	joined_make(ms, &j);
	for (size_t i = 0; i < j.n; i++) {
		str_clear(&g->text);
		g->cell[0] = integer_cell((int64_t)ms->to_ns + g->c->boot_to_epoch_ns, true);
		size_t at = key_cells(g, &ms->measure[0], j.v[i].key, 1);
		for (uint32_t k = 0; k < ms->stream->n_measures; k++)
			at = part_cells(g, ms->measure[k].map->value, j.v[i].value[k], at);
		row(arg, g);
	}
	joined_free(&j);
}

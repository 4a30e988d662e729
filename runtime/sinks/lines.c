// SPDX-License-Identifier: Apache-2.0
//
// text, json and jsonl: a line per record, and per row of a measure.
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/agg.h"
#include "runtime/sinks/column.h"
#include "runtime/sinks/export.h"
#include "runtime/sinks/export_sinks.h"
#include "runtime/sinks/out.h"
#include "runtime/value.h"

struct lines {
	struct export_context c;
	struct out file; // jsonl; fd -1: standard output
	struct out *out;
	uint64_t delivered, dropped;
	bool is_json, is_envelope; // json: in the object that -f json puts around all it says
	struct str line;
};

// Opening -------------------------------------------------------------------------------------------------------------

static struct lines *lines_new(const struct export_context *c)
{
	struct lines *l = xcalloc(1, sizeof *l);

	l->c = *c;
	l->out = c->out;
	l->file.fd = -1;
	return l;
}

static int open_text(const struct export_context *c, void **state)
{
	*state = lines_new(c);
	return 0;
}

static int open_json(const struct export_context *c, void **state)
{
	struct lines *l = lines_new(c);

	l->is_json = l->is_envelope = true;
	*state = l;
	return 0;
}

static int open_jsonl(const struct export_context *c, void **state)
{
	const char *path = export_text(c->sink, "file");
	int fd = export_create(c, path);

	if (fd < 0)
		return fd;
	struct lines *l = lines_new(c);
	l->is_json = true;
	out_open(&l->file, fd, c->out->err_fd, 'f');
	l->out = &l->file;
	*state = l;
	return 0;
}

// Records -------------------------------------------------------------------------------------------------------------

static void add_time(struct lines *l, int64_t boot_ns, struct str *s)
{
	int64_t ns = boot_ns + l->c.boot_to_epoch_ns;
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	str_printf(s, "\"%s.%09ldZ\"", text, (long)(ns % 1000000000));
}

static void add_json_name(struct str *s, const char *name)
{
	str_adds(s, ", ");
	str_json(s, name, strlen(name));
	str_adds(s, ": ");
}

static void json_columns(struct lines *l, const struct export_record *r, struct str *s)
{
	int time = record_column(r->stream, COLUMN_TIME);

	if (time >= 0) {
		str_adds(s, ", \"time\": ");
		add_time(l, arg_integer(&r->column[time]), s);
	}
	for (uint32_t i = 0; i < r->stream->n_columns; i++) {
		const struct plan_column *c = &r->stream->columns[i];

		if (c->hidden)
			continue;
		add_json_name(s, c->name);
		column_json(l->c.printer, c, &r->column[i], s);
	}
	if (r->weight > 1)
		str_printf(s, ", \"weight\": %u", r->weight);
}

static void text_columns(struct lines *l, const struct export_record *r, struct str *s)
{
	for (uint32_t i = 0; i < r->stream->n_columns; i++) {
		const struct plan_column *c = &r->stream->columns[i];

		if (c->hidden)
			continue;
		str_printf(s, " %s=", c->name);
		column_text(l->c.printer, c, &r->column[i], s);
	}
	if (r->weight > 1)
		str_printf(s, " weight=%u", r->weight);
}

static void begin_json(struct lines *l, const char *type, const struct plan_stream *stream)
{
	if (l->is_envelope)
		str_printf(&l->line, "{\"type\": \"%s\", \"data\": ", type);
	str_adds(&l->line, "{\"probe\": ");
	str_json(&l->line, stream->name, strlen(stream->name));
}

static void end_line(struct lines *l)
{
	if (l->is_json)
		str_adds(&l->line, l->is_envelope ? "}}" : "}");
	str_addc(&l->line, '\n');
	out_str(l->out, &l->line);
	*(l->out->failed ? &l->dropped : &l->delivered) += 1;
}

static void lines_record(void *state, const struct export_record *r)
{
	struct lines *l = state;

	str_clear(&l->line);
	if (l->is_json) {
		begin_json(l, "record", r->stream);
		json_columns(l, r, &l->line);
	} else {
		str_adds(&l->line, r->stream->name);
		text_columns(l, r, &l->line);
	}
	end_line(l);
}

// Measures ------------------------------------------------------------------------------------------------------------

static void measure_value(struct lines *l, const struct plan_measure *m, const struct map_view *v, const void *value)
{
	const struct type *t = v->map->value;

	if (!type_is_aggregate(t))
		(l->is_json ? value_json : value_text)(l->c.printer, t, value, &l->line);
	else if (l->is_json)
		agg_json(t, value, 1, &l->line);
	else if (m->unit != UNIT_NONE && (t->kind == TYPE_SUM || t->kind == TYPE_COUNT))
		quantity_text((double)value_integer(t, value), (enum value_unit)m->unit, &l->line);
	else
		agg_text(t, value, 1, &l->line);
}

static void measure_keys(struct lines *l, const struct plan_stream *s, const struct map_view *v, const void *key)
{
	struct arg_view member;

	for (uint32_t i = 0; i < s->n_columns && key_member(v->map, key, i, &member); i++) {
		if (l->is_json) {
			add_json_name(&l->line, s->columns[i].name);
			column_json(l->c.printer, &s->columns[i], &member, &l->line);
		} else {
			str_printf(&l->line, " %s=", s->columns[i].name);
			column_text(l->c.printer, &s->columns[i], &member, &l->line);
		}
	}
}

static void measure_row(struct lines *l, const struct export_measures *ms, uint32_t i, const struct map_entry_view *e)
{
	const struct plan_measure *m = &ms->stream->measures[i];
	bool block = ms->measure[i].map->value->kind == TYPE_HIST || ms->measure[i].map->value->kind == TYPE_LHIST;

	str_clear(&l->line);
	if (l->is_json) {
		begin_json(l, "measure", ms->stream);
		str_adds(&l->line, ", \"time\": ");
		add_time(l, (int64_t)ms->to_ns, &l->line);
	} else {
		str_adds(&l->line, ms->stream->name);
	}
	measure_keys(l, ms->stream, &ms->measure[i], e->key);
	if (l->is_json)
		add_json_name(&l->line, m->name);
	else
		str_printf(&l->line, " %s%s", m->name, block ? ":\n" : "=");
	measure_value(l, m, &ms->measure[i], e->value);
	end_line(l);
}

static void lines_measures(void *state, const struct export_measures *ms)
{
	for (uint32_t i = 0; i < ms->stream->n_measures; i++)
		for (size_t k = 0; k < ms->measure[i].n; k++)
			measure_row(state, ms, i, &ms->measure[i].entries[k]);
}

// Closing -------------------------------------------------------------------------------------------------------------

static void lines_tick(void *state, uint64_t now_ns)
{
	struct lines *l = state;

	if (l->file.fd >= 0)
		out_flush(&l->file);
}

static void lines_close(void *state, uint64_t deadline_ns, struct export_totals *ret)
{
	struct lines *l = state;

	if (l->file.fd >= 0) {
		out_flush(&l->file);
		if (close(l->file.fd) != 0)
			l->file.failed = true;
	}
	*ret = (struct export_totals){ .delivered = l->delivered, .dropped = l->dropped };
	if (l->out->failed) {
		ret->why = "the output could not be written";
		ret->dropped += ret->dropped == 0;
	}
}

static void lines_free(void *state)
{
	struct lines *l = state;

	if (l->file.fd >= 0)
		free(l->file.buf);
	str_free(&l->line);
	free(l);
}

#define LINES(word, opener)                                                                                                                    \
	{                                                                                                                                      \
		.name = word, .open = opener, .record = lines_record, .measures = lines_measures, .tick = lines_tick, .close = lines_close,    \
		.free = lines_free                                                                                                             \
	}

const struct export_sink export_sink_text = LINES("text", open_text), export_sink_json = LINES("json", open_json),
			 export_sink_jsonl = LINES("jsonl", open_jsonl);

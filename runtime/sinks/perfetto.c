// SPDX-License-Identifier: Apache-2.0
//
// Trace Event JSON ("JSON Object Format" of the Trace Event specification): calls as complete events ("X"), other records as
// instants ("i"), measures as counters ("C"). Times are microseconds since boot.
#include <string.h>
#include <unistd.h>

#include "base/map.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/sinks/column.h"
#include "runtime/sinks/export_sinks.h"
#include "runtime/sinks/joined.h"
#include "runtime/sinks/measure.h"
#include "runtime/sinks/out.h"
#include "runtime/value.h"

struct trace {
	struct export_context c;
	struct out file;
	struct map named; // processes whose name was told
	uint64_t delivered, dropped;
	bool more;
	struct str event;
};

// Events --------------------------------------------------------------------------------------------------------------

static void begin(struct trace *t, const char *name, const char *phase)
{
	str_clear(&t->event);
	str_adds(&t->event, t->more ? ",\n{\"name\": " : "\n{\"name\": ");
	t->more = true;
	str_json(&t->event, name, strlen(name));
	str_printf(&t->event, ", \"ph\": \"%s\"", phase);
}

static void add_us(struct trace *t, const char *key, uint64_t ns)
{
	str_printf(&t->event, ", \"%s\": %lu.%03u", key, ns / 1000, (unsigned)(ns % 1000));
}

static void end(struct trace *t)
{
	str_adds(&t->event, "}}");
	out_str(&t->file, &t->event);
}

static uint64_t role_value(const struct export_record *r, enum column_role role, uint64_t otherwise)
{
	int i = record_column(r->stream, role);

	return i < 0 ? otherwise : (uint64_t)arg_integer(&r->column[i]);
}

static void name_process(struct trace *t, const struct export_record *r, uint64_t pid)
{
	int comm = record_column(r->stream, COLUMN_COMM);

	if (comm < 0 || *map_put(&t->named, &pid, sizeof pid))
		return;
	*map_put(&t->named, &pid, sizeof pid) = t;
	_str_ struct str s = { 0 };
	arg_text(t->c.printer, &r->column[comm], &s);
	begin(t, "process_name", "M");
	str_printf(&t->event, ", \"pid\": %lu, \"args\": {\"name\": ", pid);
	str_json(&t->event, str_z(&s), s.n);
	end(t);
}

static void add_args(struct trace *t, const struct export_record *r)
{
	const char *between = "";

	str_adds(&t->event, ", \"args\": {");
	for (uint32_t i = 0; i < r->stream->n_columns; i++) {
		const struct plan_column *c = &r->stream->columns[i];

		if (c->hidden)
			continue;
		str_adds(&t->event, between);
		str_json(&t->event, c->name, strlen(c->name));
		str_adds(&t->event, ": ");
		column_json(t->c.printer, c, &r->column[i], &t->event);
		between = ", ";
	}
	if (r->weight > 1)
		str_printf(&t->event, "%s\"weight\": %u", between, r->weight);
}

static void perfetto_record(void *state, const struct export_record *r)
{
	struct trace *t = state;
	bool is_call = record_column(r->stream, COLUMN_DURATION) >= 0;
	uint64_t pid = role_value(r, COLUMN_PID, 0);

	name_process(t, r, pid);
	begin(t, r->stream->name, is_call ? "X" : "i");
	add_us(t, "ts", role_value(r, COLUMN_TIME, 0));
	if (is_call)
		add_us(t, "dur", role_value(r, COLUMN_DURATION, 0));
	else
		str_adds(&t->event, ", \"s\": \"t\"");
	str_printf(&t->event, ", \"pid\": %lu, \"tid\": %lu", pid, role_value(r, COLUMN_TID, pid));
	add_args(t, r);
	end(t);
	*(t->file.failed ? &t->dropped : &t->delivered) += 1;
}

// One counter track per key, a series per number.
static void add_counter(struct trace *t, const struct export_measures *ms, const struct joined_row *row)
{
	_str_ struct str name = { 0 };
	const char *between = "";
	struct arg_view member;

	str_adds(&name, ms->stream->name);
	for (uint32_t i = 0; i < ms->stream->n_columns && key_member(ms->measure[0].map, row->key, i, &member); i++) {
		str_addc(&name, ' ');
		arg_text(t->c.printer, &member, &name);
	}
	begin(t, str_z(&name), "C");
	add_us(t, "ts", ms->to_ns);
	str_adds(&t->event, ", \"pid\": 0, \"args\": {");
	for (uint32_t i = 0; i < ms->stream->n_measures; i++) {
		const struct type *type = ms->measure[i].map->value;

		for (unsigned k = 0; row->value[i] && k < measure_parts(type); k++) {
			_str_ struct str part = { 0 };

			measure_part_name(&ms->stream->measures[i], type, k, &part);
			str_adds(&t->event, between);
			str_json(&t->event, str_z(&part), part.n);
			str_printf(&t->event, ": %.17g", measure_part(type, row->value[i], k));
			between = ", ";
		}
	}
	end(t);
}

static void perfetto_measures(void *state, const struct export_measures *ms)
{
	struct trace *t = state;
	struct joined j;

	joined_make(ms, &j);
	for (size_t i = 0; i < j.n; i++) {
		add_counter(t, ms, &j.v[i]);
		*(t->file.failed ? &t->dropped : &t->delivered) += 1;
	}
	joined_free(&j);
}

// Life ----------------------------------------------------------------------------------------------------------------

static int perfetto_open(const struct export_context *c, void **state)
{
	const char *path = export_text(c->sink, "file"), head[] = "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [";
	int fd = export_create(c, path);

	if (fd < 0)
		return fd;
	struct trace *t = xcalloc(1, sizeof *t);
	t->c = *c;
	map_init(&t->named, NULL);
	out_open(&t->file, fd, c->out->err_fd, 'f');
	out_add(&t->file, head, sizeof head - 1);
	*state = t;
	return 0;
}

static void perfetto_close(void *state, uint64_t deadline_ns, struct export_totals *ret)
{
	struct trace *t = state;

	out_add(&t->file, "\n]}\n", 4);
	out_flush(&t->file);
	if (close(TAKE_FD(t->file.fd)) != 0)
		t->file.failed = true;
	*ret = (struct export_totals){ .delivered = t->delivered, .dropped = t->dropped };
	if (t->file.failed) {
		ret->why = "the file could not be written";
		ret->dropped += ret->dropped == 0;
	}
}

static void perfetto_free(void *state)
{
	struct trace *t = state;

	if (t->file.fd >= 0)
		close(t->file.fd);
	free(t->file.buf);
	map_free(&t->named);
	str_free(&t->event);
	free(t);
}

const struct export_sink export_sink_perfetto = {
	.name = "perfetto", .open = perfetto_open, .record = perfetto_record, .measures = perfetto_measures, .close = perfetto_close, .free = perfetto_free,
};

// SPDX-License-Identifier: Apache-2.0
//
// Comma-separated values, RFC 4180: lines end in CRLF, a cell with a comma, quote or line break stands in quotes.
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "runtime/sinks/export_sinks.h"
#include "runtime/sinks/grid.h"
#include "runtime/sinks/out.h"

struct table_file { // of one stream
	const struct plan_stream *stream;
	struct grid grid;
	struct out out;
};

struct csv {
	struct export_context c;
	struct table_file *v;
	size_t n;
	uint64_t delivered, dropped;
	struct str line;
};

// Files ---------------------------------------------------------------------------------------------------------------

// out.csv when one probe writes here, else out.PROBE.csv.
static char *file_name(const char *path, const char *stream, bool several)
{
	const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
	size_t stem = dot && (!slash || dot > slash + 1) && dot != path ? (size_t)(dot - path) : strlen(path);

	return several ? xasprintf("%.*s.%s%s", (int)stem, path, stream, path + stem) : xstrdup(path);
}

static int open_file(struct csv *s, const struct plan_stream *stream, bool several)
{
	_free_ char *path = file_name(export_text(s->c.sink, "file"), stream->name, several);
	int fd = export_create(&s->c, path);

	if (fd < 0)
		return fd;
	struct table_file *f = &s->v[s->n++];
	f->stream = stream;
	grid_init(&f->grid, &s->c, stream);
	out_open(&f->out, fd, s->c.out->err_fd, 'f');
	return 0;
}

static struct table_file *file_of(struct csv *s, const struct plan_stream *stream)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].stream == stream)
			return &s->v[i];
	BUG("a stream that does not go to this sink");
}

// Rows ----------------------------------------------------------------------------------------------------------------

static void add_text(struct str *s, const char *p, size_t n)
{
	bool quoted = false;

	for (size_t i = 0; i < n && !quoted; i++)
		quoted = strchr(",\"\r\n", p[i]) != NULL;
	if (!quoted) {
		str_add(s, p, n);
		return;
	}
	str_addc(s, '"');
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"')
			str_addc(s, '"');
		str_addc(s, p[i]);
	}
	str_addc(s, '"');
}

static void end_row(struct csv *s, struct table_file *f)
{
	str_adds(&s->line, "\r\n");
	out_str(&f->out, &s->line);
}

static void head(struct csv *s, struct table_file *f)
{
	str_clear(&s->line);
	for (size_t i = 0; i < f->grid.n; i++) {
		if (i)
			str_addc(&s->line, ',');
		add_text(&s->line, f->grid.column[i].name, strlen(f->grid.column[i].name));
	}
	end_row(s, f);
}

static void add_row(struct csv *s, struct table_file *f)
{
	const struct grid *g = &f->grid;

	str_clear(&s->line);
	for (size_t i = 0; i < g->n; i++) {
		const struct cell *c = &g->cell[i];

		if (i)
			str_addc(&s->line, ',');
		if (c->kind == CELL_TEXT)
			add_text(&s->line, grid_text(g, c), c->n);
		else if (c->kind == CELL_INTEGER && c->is_signed)
			str_i64(&s->line, c->integer);
		else if (c->kind == CELL_INTEGER)
			str_u64(&s->line, (uint64_t)c->integer);
	}
	end_row(s, f);
	*(f->out.failed ? &s->dropped : &s->delivered) += 1;
}

static void csv_record(void *state, const struct export_record *r)
{
	struct csv *s = state;
	struct table_file *f = file_of(s, r->stream);

	grid_record(&f->grid, r);
	add_row(s, f);
}

struct row_target {
	struct csv *s;
	struct table_file *f;
};

static void measure_row(void *arg, struct grid *g)
{
	struct row_target *t = arg;

	add_row(t->s, t->f);
}

static void csv_measures(void *state, const struct export_measures *ms)
{
	struct row_target t = { state, file_of(state, ms->stream) };

	grid_measures(&t.f->grid, ms, measure_row, &t);
}

// Life ----------------------------------------------------------------------------------------------------------------

static void csv_free(void *state)
{
	struct csv *s = state;

	for (size_t i = 0; i < s->n; i++) {
		grid_free(&s->v[i].grid);
		free(s->v[i].out.buf);
		if (s->v[i].out.fd >= 0)
			close(s->v[i].out.fd);
	}
	free(s->v);
	str_free(&s->line);
	free(s);
}

static int csv_open(const struct export_context *c, void **state)
{
	struct csv *s = xcalloc(1, sizeof *s);
	size_t streams = 0;
	int err = 0;

	s->c = *c;
	s->v = xcalloc(c->plan->n_streams, sizeof *s->v);
	for (uint32_t i = 0; i < c->plan->n_streams; i++)
		streams += export_receives(c, &c->plan->streams[i]);
	for (uint32_t i = 0; i < c->plan->n_streams && !err; i++)
		if (export_receives(c, &c->plan->streams[i]))
			err = open_file(s, &c->plan->streams[i], streams > 1);
	if (err) {
		csv_free(s);
		return err;
	}
	for (size_t i = 0; i < s->n; i++)
		head(s, &s->v[i]);
	*state = s;
	return 0;
}

static void csv_tick(void *state, uint64_t now_ns)
{
	struct csv *s = state;

	for (size_t i = 0; i < s->n; i++)
		out_flush(&s->v[i].out);
}

static void csv_close(void *state, uint64_t deadline_ns, struct export_totals *ret)
{
	struct csv *s = state;
	bool failed = false;

	for (size_t i = 0; i < s->n; i++) {
		out_flush(&s->v[i].out);
		if (close(TAKE_FD(s->v[i].out.fd)) != 0)
			s->v[i].out.failed = true;
		failed |= s->v[i].out.failed;
	}
	*ret = (struct export_totals){ .delivered = s->delivered, .dropped = s->dropped };
	if (failed) {
		ret->why = "the file could not be written";
		ret->dropped += ret->dropped == 0;
	}
}

const struct export_sink export_sink_csv = {
	.name = "csv", .open = csv_open, .record = csv_record, .measures = csv_measures, .tick = csv_tick, .close = csv_close, .free = csv_free,
};

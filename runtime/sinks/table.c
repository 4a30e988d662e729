// SPDX-License-Identifier: Apache-2.0
//
// Aligned columns for people. Records: a line each as they come, under a line of names; the columns are as wide as what the
// first ones needed, and grow when they must. Measures: a table per publication, the largest first, on a terminal in the
// place of the one before. Stacks and histograms stand below their row.
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/util.h"
#include "runtime/agg.h"
#include "runtime/sinks/column.h"
#include "runtime/sinks/export_sinks.h"
#include "runtime/sinks/joined.h"
#include "runtime/sinks/measure.h"
#include "runtime/sinks/out.h"
#include "runtime/value.h"

#define WIDEST 64   // a longer text pushes what is behind it aside
#define HELD 64     // rows that wait for the columns' widths, at most until the next tick

struct row {
	char **text;  // one per column
	char *below;  // stacks, indented; NULL: none
	uint32_t weight;
};

struct page { // of one stream
	const struct plan_stream *stream;
	char **name;
	bool *right;    // numbers
	size_t *width;
	size_t n;
	struct row held[HELD];
	size_t nheld;
	bool headed;
	uint64_t end;    // out.total behind the last publication
	unsigned lines;  // it took
};

struct table {
	struct export_context c;
	struct page *page;
	size_t n;
	uint64_t delivered, dropped;
	struct str text;
};

// Pages ---------------------------------------------------------------------------------------------------------------

static void add_column(struct page *p, char *name, bool right)
{
	p->name = xrealloc(p->name, (p->n + 1) * sizeof *p->name);
	p->right = xrealloc(p->right, (p->n + 1) * sizeof *p->right);
	p->width = xrealloc(p->width, (p->n + 1) * sizeof *p->width);
	for (char *c = name; *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
	p->name[p->n] = name;
	p->right[p->n] = right;
	p->width[p->n++] = strlen(name);
}

static bool is_below(const struct type *t)
{
	return type_is_stack(t);
}

static void add_measure(struct page *p, const struct export_context *c, const struct plan_measure *m)
{
	const struct type *t = c->plan->maps[m->map].value;

	for (unsigned i = 0; i < measure_parts(t); i++) {
		struct str name = { 0 };

		measure_part_name(m, t, i, &name);
		add_column(p, name.p, true);
	}
}

static void page_init(struct page *p, const struct export_context *c, const struct plan_stream *s)
{
	*p = (struct page){ .stream = s };
	if (!s->n_measures)
		add_column(p, xstrdup("time"), false);
	for (uint32_t i = 0; i < s->n_columns; i++)
		if (!s->columns[i].hidden && !is_below(s->columns[i].type))
			add_column(p, xstrdup(s->columns[i].name), column_is_number(&s->columns[i]));
	for (uint32_t i = 0; i < s->n_measures; i++)
		add_measure(p, c, &s->measures[i]);
}

static struct page *page_of(struct table *t, const struct plan_stream *s)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->page[i].stream == s)
			return &t->page[i];
	BUG("a stream that does not go to this sink");
}

// Rows ----------------------------------------------------------------------------------------------------------------

static void row_free(struct row *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(r->text[i]);
	free(r->text);
	free(r->below);
}

static size_t letters(const char *s) // UTF-8
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void widen(struct page *p, const struct row *r)
{
	for (size_t i = 0; i < p->n; i++)
		p->width[i] = MAX(p->width[i], MIN(letters(r->text[i]), (size_t)WIDEST));
}

static void add_line(struct table *t, const struct page *p, char *const *text)
{
	for (size_t i = 0; i < p->n; i++) {
		size_t n = letters(text[i]), pad = n < p->width[i] ? p->width[i] - n : 0;

		if (i)
			str_adds(&t->text, "  ");
		if (p->right[i])
			str_fill(&t->text, ' ', pad);
		str_adds(&t->text, text[i]);
		if (!p->right[i] && i + 1 < p->n)
			str_fill(&t->text, ' ', pad);
	}
}

static void add_row(struct table *t, const struct page *p, const struct row *r)
{
	if (p->n) { // a histogram without keys is all below
		add_line(t, p, r->text);
		if (r->weight > 1)
			str_printf(&t->text, "  (x %u)", r->weight);
		str_addc(&t->text, '\n');
	}
	if (r->below)
		str_adds(&t->text, r->below);
}

static void add_head(struct table *t, struct page *p)
{
	if (t->n > 1)
		str_printf(&t->text, "-- %s\n", p->stream->name);
	if (p->n) {
		add_line(t, p, p->name);
		str_addc(&t->text, '\n');
	}
}

// One line per cell, whatever a traced program put into its strings.
static char *one_line(const struct str *s)
{
	char *text = xstrdup(str_z(s));

	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	return text;
}

static char *moment(const struct table *t, int64_t boot_ns)
{
	int64_t ns = boot_ns + t->c.boot_to_epoch_ns;
	time_t seconds = (time_t)(ns / 1000000000);
	char text[16];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%H:%M:%S", &tm);
	return xasprintf("%s.%03ld", text, (long)(ns % 1000000000 / 1000000));
}

// Records -------------------------------------------------------------------------------------------------------------

static void below_frame(void *arg, const char *name, size_t n)
{
	str_adds(arg, "        ");
	str_add(arg, name, n);
	str_addc(arg, '\n');
}

static struct row make_row(struct table *t, const struct page *p, const struct export_record *r)
{
	struct row row = { .text = xcalloc(p->n, sizeof *row.text), .weight = r->weight };
	int time = record_column(r->stream, COLUMN_TIME);
	_str_ struct str s = { 0 };
	struct str below = { 0 };
	size_t n = 0;

	row.text[n++] = time < 0 ? xstrdup("") : moment(t, arg_integer(&r->column[time]));
	for (uint32_t i = 0; i < r->stream->n_columns; i++) {
		const struct plan_column *c = &r->stream->columns[i];

		if (!c->hidden && is_below(c->type))
			stack_frames(t->c.printer, c->type, &r->column[i], below_frame, &below);
		if (c->hidden || is_below(c->type))
			continue;
		str_clear(&s);
		str_adds(&s, "");
		column_text(t->c.printer, c, &r->column[i], &s);
		row.text[n++] = one_line(&s);
	}
	row.below = below.p;
	return row;
}

static void tell(struct table *t)
{
	out_str(t->c.out, &t->text);
	str_clear(&t->text);
}

static void let_go(struct table *t, struct page *p)
{
	if (!p->nheld)
		return;
	for (size_t i = 0; i < p->nheld; i++)
		widen(p, &p->held[i]);
	if (!p->headed)
		add_head(t, p);
	p->headed = true;
	for (size_t i = 0; i < p->nheld; i++) {
		add_row(t, p, &p->held[i]);
		row_free(&p->held[i], p->n);
	}
	p->nheld = 0;
	tell(t);
}

static void table_record(void *state, const struct export_record *r)
{
	struct table *t = state;
	struct page *p = page_of(t, r->stream);

	p->held[p->nheld++] = make_row(t, p, r);
	if (p->nheld == HELD)
		let_go(t, p);
	*(t->c.out->failed ? &t->dropped : &t->delivered) += 1;
}

// Measures ------------------------------------------------------------------------------------------------------------

static size_t key_texts(struct table *t, const struct page *p, const struct map_view *v, const void *key, struct row *row, struct str *below)
{
	struct arg_view member;
	size_t n = 0;

	for (uint32_t i = 0; i < p->stream->n_columns; i++) {
		const struct plan_column *c = &p->stream->columns[i];
		_str_ struct str s = { 0 };

		if (c->hidden)
			continue;
		bool has = key_member(v->map, key, i, &member);
		if (has && is_below(c->type))
			stack_frames(t->c.printer, c->type, &member, below_frame, below);
		if (is_below(c->type))
			continue;
		if (has)
			column_text(t->c.printer, c, &member, &s);
		row->text[n++] = one_line(&s);
	}
	return n;
}

static size_t part_texts(const struct plan_measure *m, const struct type *type, const void *value, struct row *row, size_t n)
{
	for (unsigned i = 0; i < measure_parts(type); i++) {
		_str_ struct str s = { 0 };

		if (value)
			quantity_text(measure_part(type, value, i), measure_part_unit(m, type, i), &s);
		row->text[n++] = xstrdup(str_z(&s));
	}
	return n;
}

static struct row measure_row(struct table *t, const struct page *p, const struct export_measures *ms, const struct joined_row *j)
{
	struct row row = { .text = xcalloc(MAX(p->n, (size_t)1), sizeof *row.text) };
	struct str below = { 0 };
	size_t n = key_texts(t, p, &ms->measure[0], j->key, &row, &below);

	for (uint32_t i = 0; i < ms->stream->n_measures; i++) {
		const struct type *type = ms->measure[i].map->value;

		n = part_texts(&ms->stream->measures[i], type, j->value[i], &row, n);
		if (measure_parts(type) || !j->value[i])
			continue;
		str_printf(&below, "  %s\n", ms->stream->measures[i].name);
		agg_text(type, j->value[i], 1, &below);
	}
	row.below = below.p;
	return row;
}

static unsigned count_lines(const struct str *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->p[i] == '\n';
	return n;
}

// On a terminal the last publication is overwritten, if nothing was printed since and it is all still to be seen.
static void step_back(const struct table *t, const struct page *p)
{
	struct winsize w;

	if (!t->c.terminal || !p->lines || p->end != t->c.out->total || ioctl(t->c.out->fd, TIOCGWINSZ, &w) != 0 || p->lines >= w.ws_row)
		return;
	_str_ struct str s = { 0 };
	str_printf(&s, "\033[%uA\033[J", p->lines);
	out_str(t->c.out, &s);
}

static void table_measures(void *state, const struct export_measures *ms)
{
	struct table *t = state;
	struct page *p = page_of(t, ms->stream);
	uint64_t top = export_number(t->c.sink, "top");
	struct joined j;

	for (size_t i = 0; i < t->n; i++) // records that came before
		let_go(t, &t->page[i]);
	joined_make(ms, &j);
	size_t n = top ? MIN(j.n, (size_t)top) : j.n;
	_free_ struct row *row = xcalloc(n, sizeof *row);
	for (size_t i = 0; i < n; i++) {
		row[i] = measure_row(t, p, ms, &j.v[j.n - 1 - i]);
		widen(p, &row[i]);
	}
	if (n)
		add_head(t, p);
	for (size_t i = 0; i < n; i++) {
		add_row(t, p, &row[i]);
		row_free(&row[i], p->n);
	}
	if (n < j.n)
		str_printf(&t->text, "(%zu more)\n", j.n - n);
	if (n)
		str_addc(&t->text, '\n');
	step_back(t, p);
	p->lines = count_lines(&t->text);
	tell(t);
	p->end = t->c.out->total;
	*(t->c.out->failed ? &t->dropped : &t->delivered) += n;
	joined_free(&j);
}

// Life ----------------------------------------------------------------------------------------------------------------

static int table_open(const struct export_context *c, void **state)
{
	struct table *t = xcalloc(1, sizeof *t);

	t->c = *c;
	t->page = xcalloc(c->plan->n_streams, sizeof *t->page);
	for (uint32_t i = 0; i < c->plan->n_streams; i++)
		if (export_receives(c, &c->plan->streams[i]))
			page_init(&t->page[t->n++], c, &c->plan->streams[i]);
	*state = t;
	return 0;
}

static void table_tick(void *state, uint64_t now_ns)
{
	struct table *t = state;

	for (size_t i = 0; i < t->n; i++)
		let_go(t, &t->page[i]);
}

static void table_close(void *state, uint64_t deadline_ns, struct export_totals *ret)
{
	struct table *t = state;

	table_tick(t, 0);
	*ret = (struct export_totals){ .delivered = t->delivered, .dropped = t->dropped, .why = t->dropped ? "the output could not be written" : NULL };
}

static void table_free(void *state)
{
	struct table *t = state;

	for (size_t i = 0; i < t->n; i++) {
		struct page *p = &t->page[i];

		for (size_t k = 0; k < p->nheld; k++)
			row_free(&p->held[k], p->n);
		for (size_t k = 0; k < p->n; k++)
			free(p->name[k]);
		free(p->name);
		free(p->right);
		free(p->width);
	}
	free(t->page);
	str_free(&t->text);
	free(t);
}

const struct export_sink export_sink_table = {
	.name = "table", .open = table_open, .record = table_record, .measures = table_measures, .tick = table_tick, .close = table_close, .free = table_free,
};

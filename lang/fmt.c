// SPDX-License-Identifier: Apache-2.0
// A script laid out as its author would have, with patience: `spile fmt`. The tokens, their order and the comments stay;
// only the white space between them is chosen. A block stays on one line where it was written so and fits.
#include "lang/fmt_int.h"

#include <string.h>

#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/ast.h"
#include "lang/lang.h"

enum { TAB = 8, NESTED_MAX = 256 };

struct line {
	uint32_t indent;
	struct str code;
	const struct piece *comment; // behind the code, or alone on the line; NULL: none
	bool blank;                  // an empty line stands in front
};

struct layout {
	struct arena *arena;
	struct pieces pieces;
	VEC(struct line) lines;
	struct {
		bool flat;       // all on one line
		uint32_t indent; // of the lines in it
		uint32_t opened; // of the line it began on
	} open[NESTED_MAX];
	size_t depth, beyond;
	bool full;               // nothing may be added to the last line
	const struct piece *aligned; // the last piece, if what follows stands in a column
	uint32_t key;            // aligned: where its text begins in the line
};

static struct line *last_line(struct layout *l)
{
	return &l->lines.v[l->lines.n - 1];
}

static void new_line(struct layout *l, uint32_t indent, bool blank)
{
	vec_push(l->arena, &l->lines, (struct line){ .indent = indent, .blank = blank && l->lines.n });
	l->full = false;
	l->aligned = NULL;
}

static uint32_t indent_here(const struct layout *l)
{
	return l->depth ? l->open[l->depth - 1].indent : 0;
}

static bool is_flat(const struct layout *l)
{
	return l->depth && l->open[l->depth - 1].flat;
}

static uint32_t width_of(const struct line *line)
{
	const char *nl = line->code.n ? memrchr(line->code.p, '\n', line->code.n) : NULL;
	uint32_t width = nl ? 0 : line->indent * TAB;
	const char *at = nl ? nl + 1 : str_z(&line->code);

	for (; *at; at++)
		width += *at == '\t' ? TAB - width % TAB : ((unsigned char)*at & 0xc0) != 0x80;
	return width;
}

// Whether what `{` opens stays on its line: it was written so, and is short enough.
static bool fits_flat(struct layout *l, uint32_t at)
{
	const struct piece *open = &l->pieces.list.v[at];

	if (is_flat(l))
		return true;
	if (open->never_flat)
		return false;
	for (uint32_t i = at + 1; i <= open->match; i++)
		if (l->pieces.list.v[i].breaks || l->pieces.list.v[i].never_flat)
			return false;
	return width_of(last_line(l)) + pieces_width(&l->pieces, at, open->match) <= FMT_WIDTH;
}

static void open_brace(struct layout *l, uint32_t at)
{
	bool flat;

	if (l->depth == NESTED_MAX) {
		l->beyond++;
		return;
	}
	flat = fits_flat(l, at);
	l->open[l->depth].flat = flat;
	l->open[l->depth].opened = last_line(l)->indent;
	l->open[l->depth++].indent = last_line(l)->indent + 1;
}

static void put(struct layout *l, const struct piece *p, bool space)
{
	struct line *line = last_line(l);

	if (l->aligned && !is_flat(l) && p->kind != ';')
		str_fill(&line->code, ' ', l->aligned->pad > line->code.n - l->key ? l->aligned->pad - (line->code.n - l->key) : 1);
	else if (space && line->code.n)
		str_addc(&line->code, ' ');
	l->aligned = p->aligned ? p : NULL;
	l->key = (uint32_t)line->code.n;
	str_add(&line->code, l->pieces.text + p->start, p->end - p->start);
}

// The next token, behind comments.
static const struct piece *token_behind(const struct layout *l, uint32_t at)
{
	while (++at < l->pieces.list.n)
		if (!piece_is_comment(&l->pieces.list.v[at]))
			return &l->pieces.list.v[at];
	return NULL;
}

static void put_comment(struct layout *l, uint32_t at, bool after_open)
{
	const struct piece *p = &l->pieces.list.v[at], *next = token_behind(l, at);
	bool alone = p->breaks || !l->lines.n || l->full, last = at + 1 == l->pieces.list.n || l->pieces.list.v[at + 1].breaks;
	uint32_t indent = indent_here(l);

	if (alone) {
		bool boundary = !next || next->line != LINE_KEEP || !l->depth;

		new_line(l, boundary ? indent : indent + 1, p->breaks > 1 && !(at && piece_opens(p - 1)));
	}
	if (!alone && p->kind == PIECE_COMMENT && !last) { // amid the code
		put(l, p, !at || (p[-1].kind != '(' && p[-1].kind != '['));
		return;
	}
	last_line(l)->comment = p;
	l->full = true;
}

// Whether a piece begins a line, and at which depth.
static bool begins_line(const struct layout *l, const struct piece *p, uint32_t *indent)
{
	*indent = indent_here(l);
	if (!l->lines.n)
		return true;
	if (p->line == LINE_NEW && !is_flat(l))
		return true;
	if (p->line == LINE_KEEP && p->kind != ')' && p->kind != ']')
		*indent += 1;
	return l->full || (p->line == LINE_KEEP && p->breaks && !is_flat(l));
}

static void close_brace(struct layout *l, const struct piece *p, bool empty)
{
	if (l->beyond) {
		l->beyond--;
		put(l, p, true);
		return;
	}
	if (!l->open[l->depth - 1].flat && (!empty || l->full))
		new_line(l, l->open[l->depth - 1].opened, false);
	l->depth--;
	put(l, p, true);
}

static void put_piece(struct layout *l, uint32_t at)
{
	const struct piece *p = &l->pieces.list.v[at], *before = at ? p - 1 : NULL;
	bool after_open;
	uint32_t indent;

	while (before && piece_is_comment(before))
		before = before > l->pieces.list.v ? before - 1 : NULL;
	after_open = before && (piece_opens(before) || before->kind == '(' || before->kind == '[');
	if (piece_is_comment(p)) {
		put_comment(l, at, after_open);
		return;
	}
	if (p->kind == '}') {
		close_brace(l, p, after_open);
		return;
	}
	if (begins_line(l, p, &indent))
		new_line(l, indent, p->breaks > 1 && !after_open && p->line == LINE_NEW);
	if (piece_opens(p)) {
		put(l, p, p->space);
		open_brace(l, at);
		return;
	}
	put(l, p, p->space);
}

// Comments behind the code of lines that follow one another begin in one column.
static uint32_t comment_column(const struct layout *l, size_t *end)
{
	uint32_t column = 0;
	size_t i = *end;

	for (; i < l->lines.n; i++) {
		const struct line *line = &l->lines.v[i];

		if (!line->comment || line->comment->kind != PIECE_LINE_COMMENT || !line->code.n)
			break;
		if (i > *end && (line->blank || line->indent != l->lines.v[*end].indent))
			break;
		column = MAX(column, width_of(line) + 1);
	}
	*end = i;
	return column;
}

static void print_line(const struct layout *l, const struct line *line, uint32_t column, struct str *out)
{
	if (line->blank)
		str_addc(out, '\n');
	str_fill(out, '\t', line->indent);
	str_add(out, str_z(&line->code), line->code.n);
	if (line->comment) {
		if (line->code.n)
			str_fill(out, ' ', column ? column - width_of(line) : 1);
		str_add(out, l->pieces.text + line->comment->start, line->comment->end - line->comment->start);
	}
	str_addc(out, '\n');
}

static void print_lines(struct layout *l, struct str *out)
{
	for (size_t i = 0; i < l->lines.n;) {
		size_t end = i;
		uint32_t column = comment_column(l, &end);

		do {
			print_line(l, &l->lines.v[i], column, out);
		} while (++i < end);
	}
}

static void lay_out(struct arena *a, const char *text, size_t n, struct str *out)
{
	struct layout l = { .arena = a };
	const char *head;

	pieces_make(&l.pieces, a, text, n);
	head = l.pieces.first >= 2 ? memmem(l.pieces.text, l.pieces.first, "#!", 2) : NULL;
	if (head)
		str_printf(out, "%.*s\n", (int)(l.pieces.text + l.pieces.first - head), head);
	if (head && l.pieces.list.n && l.pieces.list.v[0].breaks > 1)
		str_addc(out, '\n');
	if (!head && l.pieces.list.n && !strncmp(l.pieces.text + l.pieces.list.v[0].start, "#!", 2))
		str_addc(out, '\n'); // at the very beginning it would be a comment
	for (uint32_t i = 0; i < l.pieces.list.n; i++)
		put_piece(&l, i);
	print_lines(&l, out);
	for (size_t i = 0; i < l.lines.n; i++)
		str_free(&l.lines.v[i].code);
}

bool lang_format(struct arena *a, struct diag *d, uint32_t source, struct str *out)
{
	const struct diag_source *s = &d->sources[source];
	struct node *before = lang_parse(a, d, source), *after;
	size_t start = out->n;
	struct diag again; // what is wrong with our own text is not the user's

	if (!before)
		return false;
	lay_out(a, s->text, s->len, out);
	diag_init(&again, a);
	after = lang_parse(a, &again, diag_source(&again, "formatted", arena_text(a, str_z(out) + start, out->n - start), out->n - start));
	if (after && node_equal(before, after))
		return true;
	out->n = start;
	diag_error(d, (struct span){ source, 0, (uint32_t)d->sources[source].len }, E_LIMIT, "the script cannot be laid out without a change of what it means; it stays as it is");
	return false;
}

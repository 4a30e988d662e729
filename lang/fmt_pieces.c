// SPDX-License-Identifier: Apache-2.0
#include "lang/fmt_int.h"

#include <string.h>

#include "base/util.h"
#include "lang/ast.h"
#include "lang/lex.h"

#include "lang/parse.h"

#include "lang/grammar.h"

enum { NESTED_MAX = 256, CLAUSE_PAD = 8 };

enum inside { IN_SCRIPT, IN_PARENS, IN_CAST, IN_CODE, IN_CLAUSES, IN_SETTINGS };

// What the tokens so far say of the next one.
struct walk {
	struct pieces *p;
	struct {
		enum inside inside;
		uint32_t at; // the piece that opens it
	} open[NESTED_MAX];
	size_t depth, beyond; // beyond: what is open above NESTED_MAX, of which nothing is known
	int prev;             // kind of the last token
	bool prefix;          // the last one is an operator in front of its operand
	bool ends_cast;       // the last one is a cast's `)`
	bool type;            // a type's `*` follows
	bool macro;           // the last one is the `!` of `name!(…)`
	bool wants_key;       // IN_SETTINGS
	int item, clause;
	uint32_t point_end;   // of the last attach point's text
};

bool piece_is_comment(const struct piece *p)
{
	return p->kind == PIECE_LINE_COMMENT || p->kind == PIECE_COMMENT;
}

bool piece_opens(const struct piece *p)
{
	return p->kind == '{' || p->kind == T_BLOCK_OPEN;
}

static bool is_operand_end(int kind)
{
	switch (kind) {
	case T_IDENT: case T_INT: case T_STRING: case T_TRUE: case T_FALSE: case T_VAR: case T_MAP: case T_POSITIONAL: case T_SIZE: case T_FRACTION:
	case ')': case ']': case '}':
		return true;
	default:
		return false;
	}
}

static bool is_open_paren(int kind)
{
	return kind == '(' || kind == T_CAST_OPEN || kind == T_TYPE_OPEN || kind == '[';
}

static enum inside inside(const struct walk *w)
{
	return w->depth ? w->open[w->depth - 1].inside : IN_SCRIPT;
}

static bool in_braces(const struct walk *w)
{
	enum inside i = inside(w);

	return i == IN_CODE || i == IN_CLAUSES || i == IN_SETTINGS;
}

// Spaces -------------------------------------------------------------------------------------------------------------

// `1/10 by tid`, `max 200/s`, `cpu 0.5%`
static bool in_amount(const struct walk *w, int kind)
{
	bool sample = inside(w) == IN_CLAUSES && w->clause == T_CLAUSE_SAMPLE;

	if (!sample && w->item != T_BUDGET)
		return false;
	return kind == '/' || kind == '%' || w->prev == '/';
}

static bool is_prefix(const struct walk *w, int kind)
{
	switch (kind) {
	case '-': case '*': case '&': case '!': case '~': case T_INC: case T_DEC:
		return (!is_operand_end(w->prev) && w->prev != T_INC && w->prev != T_DEC) || w->ends_cast;
	default:
		return false;
	}
}

// Two tokens that would be another one, or a comment, if nothing stood between them.
static bool would_join(const char *text, uint32_t left, uint32_t right)
{
	char a = text[left], b = text[right];

	return (a == b && strchr("+-&|<>=/", a)) || (a == '/' && b == '*');
}

static bool wants_space(const struct walk *w, const struct piece *cur)
{
	switch (cur->kind) {
	case ';': case ',': case ')': case ']': case '.': case T_ARROW: case T_DOTDOT: case T_PREDICATE_END:
		return false;
	case '(': case T_TYPE_OPEN:
		if (w->prev == T_IDENT || w->macro || w->prev == T_SIZEOF || w->prev == T_TYPEOF || w->prev == T_OFFSETOF || w->prev == T_TYPEINFO)
			return false;
		break;
	case '[':
		if (is_operand_end(w->prev) || w->type)
			return false;
		break;
	case '!':
		if (is_operand_end(w->prev))
			return false;
		break;
	case T_INC: case T_DEC:
		if (is_operand_end(w->prev) && !w->ends_cast)
			return false;
		break;
	case ':':
		if (w->prev == '?')
			return false;
		break;
	case '*':
		if (w->type && w->prev == '*')
			return false;
		break;
	}
	if (w->prev == T_POINT && memchr(" \t\r\n", w->p->text[w->point_end - 1], 4)) // `name= ` without a probe takes the blanks
		return false;
	if (is_open_paren(w->prev) || w->prev == '.' || w->prev == T_ARROW || w->prev == T_DOTDOT || w->prev == T_PREDICATE)
		return false;
	return !w->prefix && !w->ends_cast && !in_amount(w, cur->kind);
}

// Lines --------------------------------------------------------------------------------------------------------------

// Behind a block: what goes on with the statement it is in.
static bool goes_on(int kind)
{
	switch (kind) {
	case ')': case ']': case ',': case ';': case '+': case '/': case '%': case '|': case '^': case '<': case '>': case '?': case ':': case '.':
	case '=': case '{':
	case T_EQ: case T_NE: case T_LE: case T_GE: case T_SHL: case T_SHR: case T_LAND: case T_LOR: case T_ELSE: case T_PREDICATE_END:
		return true;
	default:
		return false;
	}
}

static enum piece_line line_in_code(const struct walk *w, const struct piece *cur)
{
	if (w->prev == '{' || w->prev == T_BLOCK_OPEN || (w->prev == '}' && !goes_on(cur->kind)))
		return LINE_NEW;
	return w->prev == ';' && cur->kind != ';' ? LINE_NEW : LINE_KEEP;
}

static enum piece_line line_of(const struct walk *w, const struct piece *cur)
{
	bool clause = cur->kind >= T_CLAUSE_ON && cur->kind <= T_CLAUSE_DO;

	if (cur->kind == '}')
		return LINE_NEW;
	if (cur->kind == ',' || cur->kind == ';' || cur->kind == T_ELSE)
		return LINE_JOIN;
	switch (inside(w)) {
	case IN_SCRIPT:
		return w->item ? (cur->kind == '{' ? LINE_JOIN : LINE_KEEP) : LINE_NEW;
	case IN_CLAUSES:
		return clause || w->prev == '{' ? LINE_NEW : cur->kind == '{' ? LINE_JOIN : LINE_KEEP;
	case IN_SETTINGS:
		return w->wants_key && cur->kind == T_IDENT ? LINE_NEW : LINE_KEEP;
	case IN_CODE: {
		enum piece_line line = line_in_code(w, cur);

		return line == LINE_KEEP && piece_opens(cur) && is_operand_end(w->prev) ? LINE_JOIN : line;
	}
	case IN_PARENS: case IN_CAST:
		break;
	}
	return LINE_KEEP;
}

static void follow_settings(struct walk *w, const struct piece *cur)
{
	if (inside(w) != IN_SETTINGS)
		return;
	if (cur->kind == ',')
		w->wants_key = false;
	else if (cur->kind == T_IDENT && w->wants_key && w->prev != ',')
		w->wants_key = false;
	else
		w->wants_key = true;
}

// Nesting ------------------------------------------------------------------------------------------------------------

static enum inside braces_are(const struct walk *w)
{
	if (w->depth == 0 && (w->item == T_TARGET || w->item == T_BUDGET || w->item == T_EXPORT))
		return IN_SETTINGS;
	if (w->depth == 0 && (w->item == T_PROBE || w->item == T_STREAM || w->item == T_CASE))
		return IN_CLAUSES;
	if (inside(w) == IN_CLAUSES && w->clause == T_CLAUSE_EXPORT)
		return IN_SETTINGS;
	return IN_CODE;
}

static void push(struct walk *w, enum inside inside, uint32_t at)
{
	if (w->depth == NESTED_MAX) {
		w->beyond++;
		return;
	}
	w->open[w->depth].inside = inside;
	w->open[w->depth++].at = at;
}

static void pop(struct walk *w, uint32_t at)
{
	if (w->beyond) {
		w->beyond--;
	} else if (w->depth) {
		w->depth--;
		w->p->list.v[w->open[w->depth].at].match = at;
	}
}

static void nest(struct walk *w, struct piece *cur, uint32_t at)
{
	switch (cur->kind) {
	case '{': case T_BLOCK_OPEN:
		cur->match = at;
		cur->never_flat = braces_are(w) == IN_CLAUSES;
		w->wants_key = true;
		push(w, braces_are(w), at);
		break;
	case '(': case '[':
		push(w, IN_PARENS, at);
		break;
	case T_CAST_OPEN: case T_TYPE_OPEN:
		push(w, cur->kind == T_CAST_OPEN ? IN_CAST : IN_PARENS, at);
		break;
	case '}': case ')': case ']':
		pop(w, at);
		break;
	}
}

static void follow_type(struct walk *w, int kind)
{
	switch (kind) {
	case T_CAST_OPEN: case T_TYPE_OPEN: case T_STRUCT: case T_UNION: case T_ENUM:
		w->type = true;
		break;
	case ':':
		w->type = w->prev == T_VAR || w->prev == ')';
		break;
	case T_IDENT: case '*': case '[': case ']': case T_INT:
		break;
	default:
		w->type = false;
	}
}

static void follow(struct walk *w, struct piece *cur, uint32_t at)
{
	bool prefix = !w->type && is_prefix(w, cur->kind);
	bool cast = cur->kind == ')' && inside(w) == IN_CAST && !w->beyond;

	w->macro = cur->kind == '!' && !prefix;
	follow_settings(w, cur);
	follow_type(w, cur->kind);
	if (!w->item)
		w->item = cur->kind;
	if (cur->kind >= T_CLAUSE_ON && cur->kind <= T_CLAUSE_DO)
		w->clause = cur->kind;
	nest(w, cur, at);
	w->prefix = prefix;
	w->ends_cast = cast;
	w->point_end = cur->kind == T_POINT ? cur->end : w->point_end;
	w->prev = cur->kind;
}

// Heads --------------------------------------------------------------------------------------------------------------

uint32_t pieces_width(const struct pieces *p, uint32_t first, uint32_t last)
{
	uint32_t width = 0;

	for (uint32_t i = first; i <= last && width <= FMT_WIDTH; i++) {
		const struct piece *at = &p->list.v[i];

		if (at->kind == PIECE_LINE_COMMENT || memchr(p->text + at->start, '\n', at->end - at->start))
			return FMT_WIDTH + 1;
		width += at->end - at->start + (i > first && at->space);
	}
	return width;
}

// A probe's attach points, predicate and brace on one line if they fit; else each point, the predicate and the brace on
// lines of their own.
static void lay_head(struct pieces *p, uint32_t first, uint32_t brace)
{
	bool fits = pieces_width(p, first, brace) <= FMT_WIDTH;

	for (uint32_t i = first + 1; i <= brace; i++) {
		struct piece *at = &p->list.v[i];
		bool breaks = at->kind == T_POINT || at->kind == T_PREDICATE || i == brace;

		if (!piece_is_comment(at) && (fits || breaks))
			at->line = fits ? LINE_JOIN : LINE_NEW;
	}
}

// `{ key value; … }` and clauses: what stands behind the words begins in one column.
static void align_keys(struct pieces *p, uint32_t brace)
{
	uint32_t pad = CLAUSE_PAD;

	if (!p->list.v[brace].never_flat) {
		pad = 0;
		for (uint32_t i = brace + 1, end = p->list.v[brace].match; i < end; i++)
			if (p->list.v[i].aligned)
				pad = MAX(pad, p->list.v[i].end - p->list.v[i].start + 1);
	}
	for (uint32_t i = brace + 1, end = p->list.v[brace].match; i < end; i++)
		if (p->list.v[i].aligned && !p->list.v[i].pad)
			p->list.v[i].pad = pad;
}

// Tokens -------------------------------------------------------------------------------------------------------------

static uint32_t comment_end(const char *text, uint32_t at, uint32_t end)
{
	uint32_t stop;
	const char *close = text[at + 1] == '*' ? memmem(text + at + 2, end - MIN(at + 2, end), "*/", 2) : NULL;

	if (close)
		return (uint32_t)(close + 2 - text);
	for (stop = at; stop < end && text[stop] != '\n'; stop++)
		;
	return stop;
}

static uint32_t trimmed(const char *text, uint32_t start, uint32_t end)
{
	while (end > start && strchr(" \t\r", text[end - 1]))
		end--;
	return end;
}

// The comments of the white space from `at` to `end`. Returns the line ends behind the last one.
static uint32_t take_layout(struct pieces *p, struct arena *a, uint32_t at, uint32_t end)
{
	uint32_t breaks = 0;

	while (at < end) {
		if (p->text[at] != '/') {
			breaks += p->text[at++] == '\n';
			continue;
		}
		uint32_t stop = comment_end(p->text, at, end);
		bool line = p->text[at + 1] == '/';

		vec_push(a, &p->list, (struct piece){ .kind = line ? PIECE_LINE_COMMENT : PIECE_COMMENT, .start = at,
			 .end = line ? trimmed(p->text, at, stop) : stop, .breaks = breaks, .line = LINE_KEEP, .space = true });
		breaks = 0;
		at = stop;
	}
	return breaks;
}

static void take_token(struct walk *w, struct arena *a, struct token t, uint32_t breaks)
{
	struct pieces *p = w->p;
	struct piece cur = { .kind = t.kind, .start = t.start, .end = t.end, .breaks = breaks };
	bool key = inside(w) == IN_SETTINGS && w->wants_key && t.kind == T_IDENT && w->item != T_BUDGET && w->prev != ',';
	const struct piece *last = p->list.n ? &p->list.v[p->list.n - 1] : NULL;

	cur.space = last && (wants_space(w, &cur) || (!piece_is_comment(last) && would_join(p->text, last->end - 1, t.start)));
	cur.line = line_of(w, &cur);
	cur.aligned = key || (in_braces(w) && t.kind >= T_CLAUSE_ON && t.kind <= T_CLAUSE_DO);
	vec_push(a, &p->list, cur);
	follow(w, &p->list.v[p->list.n - 1], (uint32_t)p->list.n - 1);
}

static void lay_item(struct pieces *p, uint32_t first)
{
	uint32_t predicate = 0;

	while (first < p->list.n && piece_is_comment(&p->list.v[first]))
		first++;
	for (uint32_t i = first; i < p->list.n; i++)
		if (piece_opens(&p->list.v[i]))
			align_keys(p, i);
	if (first == p->list.n || p->list.v[first].kind != T_POINT)
		return;
	for (uint32_t i = first; i < p->list.n; i++) {
		predicate += p->list.v[i].kind == T_PREDICATE;
		predicate -= p->list.v[i].kind == T_PREDICATE_END;
		if (piece_opens(&p->list.v[i]) && !predicate) {
			lay_head(p, first, i);
			return;
		}
	}
}

void pieces_make(struct pieces *p, struct arena *a, const char *text, size_t n)
{
	struct walk w = { .p = p };
	struct lexer l;
	uint32_t at, item = 0;

	lexer_init(&l, a, text, n);
	*p = (struct pieces){ .text = l.text, .first = l.at };
	at = l.at;
	for (struct token t = lexer_next(&l);; t = lexer_next(&l)) {
		uint32_t breaks = take_layout(p, a, at, t.kind ? t.start : l.len);

		if (!t.kind)
			return;
		if (t.end > t.start)
			take_token(&w, a, t, breaks);
		at = t.end;
		if (l.mode != LEX_ITEM)
			continue;
		lay_item(p, item);
		item = (uint32_t)p->list.n;
		w.item = w.clause = 0;
	}
}

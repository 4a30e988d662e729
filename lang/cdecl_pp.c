// SPDX-License-Identifier: Apache-2.0
// Preprocessor lines of the C section.
#include "lang/cdecl_int.h"

#include <string.h>

#define MAX_CONDS 1000

struct line {
	struct cview view;
	struct span at; // from `#` to the line's end
};

// Where a line ends: at a newline outside comments that no backslash joins with the next line.
static uint32_t line_end(const struct cview *v, uint32_t at)
{
	while (at < v->n && v->p[at] != '\n') {
		char ch = v->p[at], next = at + 1 < v->n ? v->p[at + 1] : '\0';

		if (ch == '/' && next == '*') {
			const char *end = memmem(v->p + at + 2, v->n - at - 2, "*/", 2);

			at = end ? (uint32_t)(end - v->p) + 2 : v->n;
		} else if (ch == '/' && next == '/') {
			const char *end = memchr(v->p + at, '\n', v->n - at);

			return end ? (uint32_t)(end - v->p) : v->n;
		} else if (ch == '"') {
			for (at++; at < v->n && v->p[at] != '"' && v->p[at] != '\n'; at++)
				if (v->p[at] == '\\' && at + 1 < v->n)
					at++;
			at += at < v->n && v->p[at] == '"';
		} else if (ch == '\\' && next == '\r' && at + 2 < v->n && v->p[at + 2] == '\n') {
			at += 3;
		} else {
			at += ch == '\\' && next == '\n' ? 2 : 1;
		}
	}
	return at;
}

static struct line take_line(struct cdecl *c, uint32_t hash)
{
	struct cview *v = &c->in->view;
	uint32_t end = line_end(v, v->at);
	struct line l = { .view = { .p = v->p, .n = end, .at = v->at },
			  .at = { c->in->source, c->in->base + hash, c->in->base + end } };

	v->at = end;
	v->fresh = true;
	return l;
}

static void no_more(struct cdecl *c, struct line *l, const char *directive)
{
	struct ctoken t;

	cview_token(c, &l->view, &t, NULL);
	if (t.kind != CT_END)
		cdecl_error(c, t.at, E_SYNTAX, "nothing may follow %s on its line but a comment", directive);
	c->panic = false;
}

// Definitions --------------------------------------------------------------------------------------------------------

static struct macro *macro_slot(struct cdecl *c, const char *name)
{
	void **at = map_puts(&c->macros, name);

	if (!*at)
		*at = arena_new_(c->arena, struct macro);
	return *at;
}

void cdecl_predefine(struct cdecl *c, const char *name, const char *body)
{
	struct macro *m = macro_slot(c, name);

	*m = (struct macro){ .name = arena_strdup(c->arena, name), .body = body, .n = (uint32_t)strlen(body), .defined = true };
}

static bool take_name(struct cdecl *c, struct line *l, struct ctoken *t, const char *directive)
{
	cview_token(c, &l->view, t, NULL);
	if (t->kind == CT_IDENT && t->word != CW_DEFINED)
		return true;
	cdecl_error(c, t->kind == CT_END ? l->at : t->at, E_SYNTAX, "%s needs the name of a macro", directive);
	return false;
}

// One parameter, its name with its NUL: NAME, `...`, which is called __VA_ARGS__, or GNU's NAME... . False: none is here.
static bool read_param(struct cdecl *c, struct line *l, struct macro *m, struct str *names, struct ctoken *t)
{
	if (t->kind != CT_IDENT && t->kind != CT_ELLIPSIS)
		return false;
	str_printf(names, "%s", t->kind == CT_ELLIPSIS ? "__VA_ARGS__" : t->name);
	str_addc(names, '\0');
	m->nparams++;
	m->variadic = t->kind == CT_ELLIPSIS;
	cview_token(c, &l->view, t, NULL);
	if (t->kind == CT_ELLIPSIS && !m->variadic) {
		m->variadic = true;
		cview_token(c, &l->view, t, NULL);
	}
	return true;
}

// What stands between the parentheses. False after an error.
static bool read_params(struct cdecl *c, struct line *l, struct macro *m)
{
	struct str names = { 0 };
	struct ctoken t;
	bool ok;

	cview_token(c, &l->view, &t, NULL);
	ok = t.kind == ')' || read_param(c, l, m, &names, &t);
	while (ok && t.kind == ',' && !m->variadic) {
		cview_token(c, &l->view, &t, NULL);
		ok = m->nparams < CDECL_MAX_PARAMS && read_param(c, l, m, &names, &t);
	}
	ok = ok && t.kind == ')';
	if (ok)
		m->params = arena_memdup(c->arena, str_z(&names), names.n + 1);
	else
		cdecl_error(c, t.kind == CT_END ? l->at : t.at, E_SYNTAX,
			    "the parameters of a macro are names between parentheses, at most %d of them, the last of which may be `...`", CDECL_MAX_PARAMS);
	str_free(&names);
	return ok;
}

static void define(struct cdecl *c, struct line *l)
{
	struct macro m = { .defined = true, .headers = c->headers > 0 }, *slot;
	struct ctoken t;

	if (!take_name(c, l, &t, "#define"))
		return;
	m.name = t.name;
	if (l->view.at < l->view.n && l->view.p[l->view.at] == '(') {
		l->view.at++;
		if (!read_params(c, l, &m))
			return;
	}
	cview_space(c, &l->view);
	m.body = l->view.p + l->view.at;
	m.n = l->view.n - l->view.at;
	cmacro_check(c, &m, l->at);
	slot = macro_slot(c, m.name);
	if (!slot->active && !c->panic) // active: it would change under the reader's feet
		*slot = m;
}

static void undefine(struct cdecl *c, struct line *l)
{
	struct macro *m;
	struct ctoken t;

	if (!take_name(c, l, &t, "#undef"))
		return;
	m = map_gets(&c->macros, t.name);
	if (m)
		m->defined = false;
	no_more(c, l, "#undef NAME");
}

// Conditions ---------------------------------------------------------------------------------------------------------

// The value of a line's expression, read with a stream of its own.
static bool condition(struct cdecl *c, struct line *l)
{
	struct cstream *s = c->spare, *outer = c->in;
	struct ctoken saved = c->tok;
	unsigned depth = c->depth;
	bool ret;

	*s = (struct cstream){ .view = l->view };
	s->source = outer->source;
	s->base = outer->base;
	s->condition = true;
	c->in = s;
	c->panic = false;
	c->depth = 0;
	cdecl_next(c);
	if (c->tok.kind == CT_END)
		cdecl_error(c, l->at, E_SYNTAX, "a condition is missing: #if EXPRESSION");
	ret = cdecl_expr(c).v != 0;
	if (c->tok.kind != CT_END)
		cdecl_unexpected(c, "an operator or the line's end");
	ret = ret && !c->panic;
	while (s->nframes)
		s->frame[--s->nframes].macro->active = false;
	c->in = outer;
	c->tok = saved;
	c->depth = depth;
	return ret;
}

static bool is_word(const struct ctoken *t, const char *word)
{
	return t->kind == CT_IDENT && strcmp(t->name, word) == 0;
}

static bool opens_cond(const struct ctoken *t)
{
	return is_word(t, "if") || is_word(t, "ifdef") || is_word(t, "ifndef");
}

static bool if_named(struct cdecl *c, struct line *l, const char *directive)
{
	const struct macro *m;
	struct ctoken t;

	if (!take_name(c, l, &t, directive))
		return false;
	m = map_gets(&c->macros, t.name);
	no_more(c, l, "its name");
	return m && m->defined;
}

// To the next #elif, #else or #endif of this level; the view is left in front of its `#`.
static void skip_group(struct cdecl *c)
{
	struct cview *v = &c->in->view;
	unsigned nested = 0;

	while (v->at < v->n) {
		struct cview look = { .p = v->p, .n = line_end(v, v->at), .at = v->at };
		struct ctoken t;
		uint32_t hash;
		bool mute = c->mute;

		c->mute = true; // what is skipped need not be C
		cview_space(c, &look);
		hash = look.at;
		cview_token(c, &look, &t, NULL);
		if (t.kind == '#') {
			cview_token(c, &look, &t, NULL);
			if (opens_cond(&t)) {
				nested++;
			} else if (!nested && (is_word(&t, "elif") || is_word(&t, "else") || is_word(&t, "endif"))) {
				c->mute = mute;
				v->at = hash;
				v->fresh = true;
				return;
			} else {
				nested -= is_word(&t, "endif");
			}
		}
		c->mute = mute;
		v->at = look.n < v->n ? look.n + 1 : v->n;
	}
}

static void open_cond(struct cdecl *c, struct line *l, const struct ctoken *word)
{
	struct cstream *s = c->in;
	bool holds;

	if (s->conds.n == MAX_CONDS) {
		cdecl_error(c, l->at, E_TOO_DEEP, "#if is nested more than %d levels deep", MAX_CONDS);
		c->too_many = true;
		return;
	}
	if (is_word(word, "if"))
		holds = condition(c, l);
	else
		holds = if_named(c, l, is_word(word, "ifdef") ? "#ifdef" : "#ifndef") == is_word(word, "ifdef");
	vec_push(c->arena, &s->conds, (struct ccond){ .at = l->at, .taken = holds });
	if (!holds)
		skip_group(c);
}

static void next_cond(struct cdecl *c, struct line *l, bool is_else)
{
	struct cstream *s = c->in;
	struct ccond *top = s->conds.n ? &s->conds.v[s->conds.n - 1] : NULL;

	if (!top || top->seen_else) {
		cdecl_error(c, l->at, E_SYNTAX, "%s %s", is_else ? "#else" : "#elif", top ? "stands behind the #else of its #if" : "without an #if before it");
		return;
	}
	if (is_else)
		no_more(c, l, "#else");
	top->seen_else = is_else;
	if (top->taken || !(is_else || condition(c, l)))
		skip_group(c);
	else
		top->taken = true;
}

static void close_cond(struct cdecl *c, struct line *l)
{
	if (!c->in->conds.n) {
		cdecl_error(c, l->at, E_SYNTAX, "#endif without an #if before it");
		return;
	}
	c->in->conds.n--;
	no_more(c, l, "#endif");
}

void cdecl_stream_end(struct cdecl *c)
{
	c->panic = false;
	if (c->in->conds.n && !c->too_many)
		cdecl_error(c, c->in->conds.v[c->in->conds.n - 1].at, E_SYNTAX, "this condition has no #endif");
}

// The others ---------------------------------------------------------------------------------------------------------

static void complain(struct cdecl *c, struct line *l)
{
	cview_space(c, &l->view);
	cdecl_error(c, l->at, E_SYNTAX, "#error %.*s", (int)MIN(l->view.n - l->view.at, 500u), l->view.p + l->view.at);
}

// pack(N), pack(), pack(push[, N]), pack(pop); other pragmas mean nothing here.
static void pragma(struct cdecl *c, struct line *l)
{
	struct ctoken t;
	uint32_t value = 0;

	cview_token(c, &l->view, &t, NULL);
	if (!is_word(&t, "pack"))
		return;
	for (cview_token(c, &l->view, &t, NULL); t.kind != CT_END; cview_token(c, &l->view, &t, NULL)) {
		if (is_word(&t, "push") && c->npacks < ARRAY_SIZE(c->packs)) {
			c->packs[c->npacks++] = c->pack;
			value = c->pack;
		} else if (is_word(&t, "pop") && c->npacks) {
			value = c->packs[--c->npacks];
		} else if (t.kind == CT_NUMBER && t.n == 1 && strchr("1248", t.p[0])) {
			value = (uint32_t)(t.p[0] - '0');
		} else if (t.kind == CT_NUMBER && t.n == 2 && memcmp(t.p, "16", 2) == 0) {
			value = 16;
		} else if (t.kind != '(' && t.kind != ')' && t.kind != ',') {
			cdecl_error(c, t.at, E_SYNTAX, "#pragma pack takes 1, 2, 4, 8, 16, push or pop between parentheses");
			return;
		}
	}
	c->pack = value;
}

void cdecl_directive(struct cdecl *c, uint32_t hash)
{
	struct line l = take_line(c, hash);
	bool panic = c->panic;
	struct ctoken t;

	c->panic = false; // a directive stands for itself in the middle of what is skipped
	cview_token(c, &l.view, &t, NULL);
	if (opens_cond(&t))
		open_cond(c, &l, &t);
	else if (is_word(&t, "elif") || is_word(&t, "else"))
		next_cond(c, &l, is_word(&t, "else"));
	else if (is_word(&t, "endif"))
		close_cond(c, &l);
	else if (is_word(&t, "define"))
		define(c, &l);
	else if (is_word(&t, "undef"))
		undefine(c, &l);
	else if (is_word(&t, "include") || is_word(&t, "include_next"))
		cdecl_include(c, l.at);
	else if (is_word(&t, "error"))
		complain(c, &l);
	else if (is_word(&t, "pragma"))
		pragma(c, &l);
	else if (!is_word(&t, "warning") && !is_word(&t, "line") && t.kind != CT_END && t.kind != CT_NUMBER)
		cdecl_error(c, t.at, E_SYNTAX, "this is no preprocessor line; there are #include #define #undef #if #ifdef #ifndef #elif #else #endif #error #pragma");
	c->panic = panic;
}

// SPDX-License-Identifier: Apache-2.0
// The token stream of the C section with its macros expanded: C17 6.10.3, and two habits of GNU C, `name...` as a parameter
// and `, ## name`, which drops the comma in front of no arguments.
//
// An expansion is text that is read again. What text alone does not say stands in it as bytes of its own (CVIEW_*): that no
// space was between two tokens, which `#` shows, and that a name is painted. A frame is the text of one macro being read; a
// macro is active, and not expanded, as long as its frame is there. All text that is made counts against a limit.
#include "lang/cdecl_int.h"

#include <string.h>

#define MAX_ARG_DEPTH 30 // macros in the arguments of macros: each has a stream on the stack

// Frames -------------------------------------------------------------------------------------------------------------

static struct cview *top(struct cstream *s)
{
	return s->nframes ? &s->frame[s->nframes - 1].view : &s->view;
}

static void pop(struct cstream *s)
{
	struct cframe *f = &s->frame[--s->nframes];

	f->macro->active = false;
	top(s)->gap |= f->view.fresh && f->view.gap; // nothing came out of it: what follows stands where its name stood
}

static bool too_much(struct cdecl *c, const struct macro *m, struct span at, uint64_t more)
{
	if (c->expanded + more <= CDECL_MAX_EXPANSION && c->expanded_before + c->expanded + more <= CDECL_MAX_EXPANSIONS)
		return false;
	cdecl_error(c, at, E_LIMIT, "the macro `%s` grows too large when it is expanded", m->name);
	c->too_many = true;
	return true;
}

static bool push(struct cdecl *c, struct macro *m, const char *body, uint32_t n, bool made)
{
	struct cstream *s = c->in;

	c->expanded += n + 1;
	if (too_much(c, m, c->tok.at, s->nframes == CDECL_MAX_DEPTH ? CDECL_MAX_EXPANSION : 0))
		return false;
	if (!s->nframes && !s->view.use)
		s->use = c->tok.at;
	m->active = true;
	s->frame[s->nframes++] = (struct cframe){ .macro = m,
		.view = { .p = body, .n = n, .fresh = true, .gap = c->tok.spaced, .made = made, .use = &s->use } };
	return true;
}

// The next token as it stands, from behind the frames that end here.
static void next_raw(struct cdecl *c, struct ctoken *t)
{
	struct cstream *s = c->in;

	for (cview_token(c, top(s), t, NULL); t->kind == CT_END && s->nframes; cview_token(c, top(s), t, NULL))
		pop(s);
}

static bool parenthesis_follows(struct cdecl *c)
{
	const struct cstream *s = c->in;

	for (unsigned i = s->nframes + 1; i--;) {
		struct cview look = i ? s->frame[i - 1].view : s->view;

		cview_space(c, &look);
		if (look.at < look.n)
			return look.p[look.at] == '(';
	}
	return false;
}

// Made text ----------------------------------------------------------------------------------------------------------

// Adds a token. Where it starts in the text.
static size_t emit(struct str *out, const struct ctoken *t, bool spaced, bool painted)
{
	size_t at;

	if (out->n)
		str_addc(out, spaced ? ' ' : CVIEW_BORDER);
	if (painted)
		str_addc(out, CVIEW_PAINT);
	at = out->n;
	if (t->kind == CT_BAD && t->n == 1 && (t->p[0] == CVIEW_PAINT || t->p[0] == CVIEW_BORDER))
		str_addc(out, '\003'); // no token of C either
	else
		str_add(out, t->p, t->n);
	return at;
}

static struct cview made(struct cdecl *c, const char *p, size_t n)
{
	return (struct cview){ .p = p, .n = (uint32_t)n, .made = true, .use = &c->tok.at };
}

// Arguments ----------------------------------------------------------------------------------------------------------

struct argument {
	size_t at, n;     // as it was written, in the call's text
	const char *full; // expanded; NULL: not yet
	size_t nfull;
	bool spaced;      // space stood in front of it
};

struct call {
	struct macro *m; // NULL: the text of an object-like one is pasted
	const char *name;
	struct str text; // of the arguments, one behind the other
	struct argument arg[CDECL_MAX_PARAMS];
	uint32_t n;
};

static bool is_active(const struct cdecl *c, const struct ctoken *t)
{
	const struct macro *m = t->kind == CT_IDENT ? map_gets(&c->macros, t->name) : NULL;

	return m && m->defined && m->active;
}

static bool count_arguments(struct cdecl *c, struct call *call)
{
	const struct macro *m = call->m;
	uint32_t least = m->nparams - m->variadic;

	if (m->nparams == 0 && call->n == 1 && !call->arg[0].n)
		return true; // F() has one argument, of no text, if it has parameters
	if (call->n >= least && call->n <= m->nparams)
		return true;
	cdecl_error(c, c->tok.at, E_SYNTAX, "the macro `%s` takes %s%u argument%s", m->name, m->variadic ? "at least " : "", least, least == 1 ? "" : "s");
	return false;
}

// From the `(`. False after an error.
static bool read_arguments(struct cdecl *c, struct call *call)
{
	const struct macro *m = call->m;
	struct str one = { 0 };
	bool spaced = false;
	unsigned parens = 0;
	struct ctoken t;

	next_raw(c, &t);
	for (next_raw(c, &t); t.kind != CT_END && !c->panic; next_raw(c, &t)) {
		bool ends = !parens && (t.kind == ')' || (t.kind == ',' && !(m->variadic && call->n + 1 >= m->nparams)));

		if (!ends) {
			spaced = one.n ? spaced : t.spaced;
			emit(&one, &t, t.spaced, t.painted || is_active(c, &t));
			parens += t.kind == '(';
			parens -= t.kind == ')';
			continue;
		}
		if (call->n < CDECL_MAX_PARAMS) {
			call->arg[call->n] = (struct argument){ .at = call->text.n, .n = one.n, .spaced = spaced };
			str_add(&call->text, str_z(&one), one.n);
		}
		str_clear(&one);
		call->n++;
		if (t.kind == ')')
			break;
	}
	str_free(&one);
	if (t.kind == CT_END)
		cdecl_error(c, c->tok.at, E_SYNTAX, "the arguments of the macro `%s` are not closed by `)`", m->name);
	return !c->panic && count_arguments(c, call);
}

static bool holds_macro(struct cdecl *c, const char *p, size_t n)
{
	struct cview v = made(c, p, n);
	struct ctoken t;

	for (cview_token(c, &v, &t, NULL); t.kind != CT_END; cview_token(c, &v, &t, NULL)) {
		const struct macro *m = t.kind == CT_IDENT && !t.painted ? map_gets(&c->macros, t.name) : NULL;

		if (m && m->defined)
			return true;
	}
	return false;
}

// All of the text at `p`, read as if nothing stood behind it.
static void expand_text(struct cdecl *c, const char *p, size_t n, struct str *out)
{
	struct cstream s, *outer = c->in;
	struct ctoken use = c->tok;

	s.view = made(c, p, n);
	s.use = use.at;
	s.view.use = &s.use;
	s.nframes = 0;
	s.directives = s.condition = false;
	s.source = use.at.source;
	s.base = use.at.start;
	c->in = &s;
	c->arg_depth++;
	for (cdecl_next(c); c->tok.kind != CT_END && !c->panic; cdecl_next(c))
		emit(out, &c->tok, c->tok.spaced, c->tok.painted);
	c->arg_depth--;
	while (s.nframes)
		pop(&s);
	c->in = outer;
	c->tok = use;
	c->expanded += out->n;
}

// C expands the macros of an argument before it takes the parameter's place: so F(F(1)) works, though F is not expanded in F.
static bool expand_argument(struct cdecl *c, const struct call *call, struct argument *a)
{
	const char *p = str_z(&call->text) + a->at;
	struct str out = { 0 };

	if (a->full || !holds_macro(c, p, a->n)) {
		if (!a->full)
			a->full = p, a->nfull = a->n;
		return !c->panic;
	}
	if (c->arg_depth == MAX_ARG_DEPTH) {
		cdecl_error(c, c->tok.at, E_TOO_DEEP, "macros stand in the arguments of macros at most %d levels deep", MAX_ARG_DEPTH);
		return false;
	}
	expand_text(c, p, a->n, &out);
	a->full = arena_text(c->arena, str_z(&out), out.n);
	a->nfull = out.n;
	str_free(&out);
	return !c->panic && !c->too_many;
}

// Substitution -------------------------------------------------------------------------------------------------------

#define NOWHERE SIZE_MAX

struct body { // a macro's text being written
	struct call *call;
	struct cview view;
	struct ctoken t, next;
	struct span at;
	struct str *out;
	size_t last; // where the last token in `out` starts, if it can be the left side of ##; NOWHERE: no token is there
	bool gap;    // space stood in front of it
};

static struct argument *argument_of(const struct body *b, const struct ctoken *t)
{
	const struct macro *m = b->call->m;
	const char *at = m ? m->params : NULL;

	for (uint32_t i = 0; at && t->kind == CT_IDENT && i < m->nparams; i++, at += strlen(at) + 1)
		if (strcmp(at, t->name) == 0)
			return &b->call->arg[i];
	return NULL;
}

static bool is_rest(const struct body *b, const struct argument *a)
{
	return b->call->m->variadic && a == &b->call->arg[b->call->m->nparams - 1];
}

static void step(struct cdecl *c, struct body *b)
{
	b->t = b->next;
	cview_token(c, &b->view, &b->next, NULL);
}

// The token at `last` and this one become one.
static void glue(struct cdecl *c, struct body *b, const struct ctoken *right)
{
	struct str *out = b->out;
	struct ctoken t;
	struct cview v;
	bool mute = c->mute;

	str_add(out, right->p, right->n);
	if (b->last && out->p[b->last - 1] == CVIEW_PAINT) { // another name now
		memmove(out->p + b->last - 1, out->p + b->last, out->n - b->last);
		out->n--;
		b->last--;
	}
	c->expanded += out->n - b->last; // what is glued to it next is read with it
	v = (struct cview){ .p = out->p + b->last, .n = (uint32_t)(out->n - b->last) };
	c->mute = true;
	cview_token(c, &v, &t, NULL);
	c->mute = mute;
	if (t.kind == CT_END || t.kind == CT_BAD || t.n != v.n)
		cdecl_error(c, b->at, E_SYNTAX, "`##` in the macro `%s` makes `%.*s`, which is no token of C", b->call->name, (int)MIN(v.n, 100u), v.p);
}

// One token, behind ## or not.
static void add_token(struct cdecl *c, struct body *b, const struct ctoken *t, bool pasted)
{
	if (pasted && b->last != NOWHERE)
		glue(c, b, t);
	else
		b->last = emit(b->out, t, b->gap, t->painted);
}

// An argument as it was written: the operand of a ##, or what follows `, ##`.
static void add_raw(struct cdecl *c, struct body *b, const struct argument *a, bool pasted)
{
	struct cview v = made(c, str_z(&b->call->text) + a->at, a->n);
	struct ctoken t;

	if (!pasted)
		b->last = NOWHERE;
	for (cview_token(c, &v, &t, NULL); t.kind != CT_END && !c->panic; cview_token(c, &v, &t, NULL)) {
		if (t.p > v.p + t.painted)
			b->gap = t.spaced;
		add_token(c, b, &t, pasted);
		pasted = false;
	}
}

static void add_expanded(struct cdecl *c, struct body *b, struct argument *a)
{
	b->last = NOWHERE;
	if (!expand_argument(c, b->call, a) || !a->nfull)
		return;
	if (b->out->n)
		str_addc(b->out, b->gap ? ' ' : CVIEW_BORDER);
	str_add(b->out, a->full, a->nfull);
}

// # of an argument: its spelling, with one space where any was.
static void add_string(struct cdecl *c, struct body *b, const struct argument *a, bool pasted)
{
	struct cview v = made(c, str_z(&b->call->text) + a->at, a->n);
	struct str s = { 0 };
	struct ctoken t;

	str_addc(&s, '"');
	for (cview_token(c, &v, &t, NULL); t.kind != CT_END; cview_token(c, &v, &t, NULL)) {
		if (t.spaced)
			str_addc(&s, ' ');
		for (uint32_t i = 0; i < t.n; i++) {
			if ((t.kind == CT_STRING || t.kind == CT_CHAR) && (t.p[i] == '"' || t.p[i] == '\\'))
				str_addc(&s, '\\');
			str_addc(&s, t.p[i]);
		}
	}
	str_addc(&s, '"');
	add_token(c, b, &(struct ctoken){ .kind = CT_STRING, .p = s.p, .n = (uint32_t)s.n }, pasted);
	str_free(&s);
}

// `, ## rest` pastes nothing: the arguments follow the comma, and take it with them if there are none, as they do for GCC:
// F(1,) has one, of no text, and keeps it.
static bool add_rest(struct cdecl *c, struct body *b, const struct argument *a)
{
	struct str *out = b->out;

	if (b->last == NOWHERE || !is_rest(b, a) || out->n != b->last + 1 || out->p[b->last] != ',')
		return false;
	b->gap = a->spaced;
	if (a->n || (b->call->n == b->call->m->nparams && b->call->n > 1)) {
		add_raw(c, b, a, false);
	} else {
		out->n = b->last ? b->last - 1 : 0;
		b->last = NOWHERE;
	}
	return true;
}

static void add_piece(struct cdecl *c, struct body *b, bool pasted)
{
	struct argument *a = argument_of(b, &b->t);

	if (!pasted)
		b->gap = b->t.spaced;
	if (b->call->m && b->t.kind == '#' && argument_of(b, &b->next)) {
		step(c, b);
		add_string(c, b, argument_of(b, &b->t), pasted);
	} else if (!a) {
		add_token(c, b, &b->t, pasted);
	} else if (pasted && add_rest(c, b, a)) {
		return;
	} else if (pasted || b->next.kind == CT_PASTE) {
		add_raw(c, b, a, pasted);
	} else {
		add_expanded(c, b, a);
	}
}

// The macro's text with the arguments in the parameters' places. False after an error.
static bool substitute(struct cdecl *c, struct call *call, const char *body, uint32_t n, struct span at, struct str *out)
{
	struct body b = { .call = call, .view = { .p = body, .n = n, .use = &at }, .at = at, .out = out, .last = NOWHERE };
	bool pasted = false;

	step(c, &b);
	for (step(c, &b); b.t.kind != CT_END && !c->panic && !c->too_many; step(c, &b)) {
		if (b.t.kind == CT_PASTE && !pasted) {
			pasted = true;
			continue;
		}
		add_piece(c, &b, pasted);
		pasted = false;
		if (too_much(c, &(struct macro){ .name = call->name }, at, out->n))
			return false;
	}
	return !c->panic && !c->too_many;
}

// Definitions --------------------------------------------------------------------------------------------------------

// What is wrong with the macro's # and ##, as the end of a sentence; NULL: nothing. `pastes`: it has a ##.
static const char *what_is_wrong(struct cdecl *c, struct body *b, bool *pastes)
{
	int before = CT_PASTE;

	for (step(c, b), step(c, b); b->t.kind != CT_END; before = b->t.kind, step(c, b)) {
		if (b->call->m && b->t.kind == '#' && !argument_of(b, &b->next))
			return "has a `#` in front of what is none of its parameters";
		if (b->t.kind != CT_PASTE)
			continue;
		*pastes = true;
		if (before == CT_PASTE || b->next.kind == CT_END)
			return "has a `##` that does not stand between two tokens";
	}
	return NULL;
}

void cmacro_check(struct cdecl *c, struct macro *m, struct span at)
{
	struct call call = { .m = m->params ? m : NULL, .name = m->name };
	struct body b = { .call = &call, .view = { .p = m->body, .n = m->n, .use = &at }, .at = at };
	bool mute = c->mute, pastes = false;
	struct str out = { 0 };
	const char *wrong;

	if (!memchr(m->body, '#', m->n))
		return;
	c->mute = true; // its text need not be C before it is used
	wrong = what_is_wrong(c, &b, &pastes);
	c->mute = mute;
	if (wrong)
		cdecl_error(c, at, E_SYNTAX, "the macro `%s` %s", m->name, wrong);
	else if (pastes && !m->params && substitute(c, &call, m->body, m->n, at, &out)) {
		c->expanded += out.n;
		m->body = arena_text(c->arena, str_z(&out), out.n);
		m->n = (uint32_t)out.n;
		m->made = true;
	}
	str_free(&out);
}

// The stream ---------------------------------------------------------------------------------------------------------

static bool expand_function(struct cdecl *c, struct macro *m)
{
	struct call call;
	struct str out = { 0 };
	bool ok;

	if (!parenthesis_follows(c)) // its name alone is no use of it
		return false;
	call.m = m;
	call.name = m->name;
	call.text = (struct str){ 0 };
	call.n = 0;
	memset(call.arg, 0, m->nparams * sizeof call.arg[0]);
	ok = read_arguments(c, &call) && substitute(c, &call, m->body, m->n, c->tok.at, &out) &&
	     push(c, m, arena_text(c->arena, str_z(&out), out.n), (uint32_t)out.n, true);
	str_free(&call.text);
	str_free(&out);
	return ok;
}

static bool expand(struct cdecl *c)
{
	struct macro *m = c->tok.kind == CT_IDENT && !c->tok.painted ? map_gets(&c->macros, c->tok.name) : NULL;

	if (!m || !m->defined || c->panic)
		return false;
	if (m->active) {
		c->tok.painted = true;
		return false;
	}
	return m->params ? expand_function(c, m) : push(c, m, m->body, m->n, m->made);
}

// `defined NAME` and `defined(NAME)` as the number they are.
static void is_defined(struct cdecl *c)
{
	struct cview *v = top(c->in);
	struct span at = c->tok.at;
	struct ctoken t, name;
	const struct macro *m;

	cview_token(c, v, &t, NULL);
	name = t;
	if (t.kind == '(') {
		cview_token(c, v, &name, NULL);
		cview_token(c, v, &t, NULL);
	}
	if (name.kind != CT_IDENT || (t.kind != ')' && t.kind != CT_IDENT))
		cdecl_error(c, at, E_SYNTAX, "`defined` takes a name: defined(NAME)");
	m = name.kind == CT_IDENT ? map_gets(&c->macros, name.name) : NULL;
	c->tok = (struct ctoken){ .kind = CT_NUMBER, .p = m && m->defined ? "1" : "0", .n = 1, .at = at };
}

void cdecl_next(struct cdecl *c)
{
	struct cstream *s = c->in;

	for (;;) {
		struct cview *v = top(s);

		if (c->too_many)
			s->view.at = s->view.n;
		if (v != &s->view)
			cview_space(c, v);
		if (v != &s->view && (v->at == v->n || c->too_many)) {
			pop(s);
			continue;
		}
		if (v == &s->view && s->directives) {
			cview_space(c, v);
			if (v->fresh && v->at < v->n && v->p[v->at] == '#') {
				cdecl_directive(c, v->at++);
				continue;
			}
		}
		cview_token(c, v, &c->tok, NULL);
		if (c->tok.word == CW_DEFINED && s->condition)
			is_defined(c);
		else if (expand(c))
			continue;
		return;
	}
}

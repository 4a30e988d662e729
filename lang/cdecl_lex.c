// SPDX-License-Identifier: Apache-2.0
// The token stream of the C section: raw tokens, macros expanded, directives obeyed on the way.
#include "lang/cdecl_int.h"

#include <ctype.h>
#include <string.h>

static const struct {
	const char *name;
	enum cword word;
} words[] = {
	{ "struct", CW_STRUCT }, { "union", CW_UNION }, { "enum", CW_ENUM }, { "typedef", CW_TYPEDEF },
	{ "void", CW_VOID }, { "char", CW_CHAR }, { "short", CW_SHORT }, { "int", CW_INT }, { "long", CW_LONG },
	{ "__int128", CW_INT128 }, { "float", CW_FLOAT }, { "double", CW_DOUBLE }, { "_Float16", CW_FLOAT16 }, { "__bf16", CW_FLOAT16 },
	{ "_Float128", CW_FLOAT128 }, { "__float128", CW_FLOAT128 }, { "_Bool", CW_BOOL },
	{ "signed", CW_SIGNED }, { "__signed__", CW_SIGNED }, { "__signed", CW_SIGNED }, { "unsigned", CW_UNSIGNED },
	{ "typeof", CW_TYPEOF }, { "__typeof__", CW_TYPEOF }, { "__typeof", CW_TYPEOF },
	{ "__attribute__", CW_ATTRIBUTE }, { "__attribute", CW_ATTRIBUTE }, { "__packed", CW_PACKED }, { "__aligned", CW_ALIGNED },
	{ "_Alignas", CW_ALIGNAS }, { "asm", CW_ASM }, { "__asm__", CW_ASM }, { "__asm", CW_ASM },
	{ "_Static_assert", CW_STATIC_ASSERT }, { "static_assert", CW_STATIC_ASSERT },
	{ "sizeof", CW_SIZEOF }, { "_Alignof", CW_ALIGNOF }, { "__alignof__", CW_ALIGNOF }, { "__alignof", CW_ALIGNOF },
	{ "offsetof", CW_OFFSETOF }, { "__builtin_offsetof", CW_OFFSETOF }, { "defined", CW_DEFINED },
	{ "const", CW_IGNORED }, { "__const", CW_IGNORED }, { "__const__", CW_IGNORED }, { "volatile", CW_IGNORED },
	{ "__volatile__", CW_IGNORED }, { "__volatile", CW_IGNORED }, { "restrict", CW_IGNORED }, { "__restrict", CW_IGNORED },
	{ "__restrict__", CW_IGNORED }, { "_Atomic", CW_IGNORED }, { "static", CW_IGNORED }, { "extern", CW_IGNORED },
	{ "inline", CW_IGNORED }, { "__inline", CW_IGNORED }, { "__inline__", CW_IGNORED }, { "register", CW_IGNORED },
	{ "auto", CW_IGNORED }, { "_Noreturn", CW_IGNORED }, { "_Thread_local", CW_IGNORED }, { "__extension__", CW_IGNORED },
	{ "__user", CW_IGNORED }, { "__kernel", CW_IGNORED }, { "__iomem", CW_IGNORED }, { "__rcu", CW_IGNORED },
	{ "__percpu", CW_IGNORED }, { "__force", CW_IGNORED }, { "__bitwise", CW_IGNORED }, { "__bitwise__", CW_IGNORED },
	{ "__randomize_layout", CW_IGNORED }, { "__always_inline", CW_IGNORED }, { "__private", CW_IGNORED },
};

void cdecl_words(struct cdecl *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		*map_puts(&c->words, map_intern(&c->names, words[i].name, strlen(words[i].name))) = (void *)(uintptr_t)words[i].word;
}

// Raw tokens ---------------------------------------------------------------------------------------------------------

static bool is_name(char ch)
{
	return isalnum((unsigned char)ch) || ch == '_' || ch == '$';
}

static char peek(const struct cview *v, uint32_t ahead)
{
	return v->n - v->at > ahead ? v->p[v->at + ahead] : '\0';
}

// A backslash at a line's end joins two lines. How many bytes it takes, 0: there is none.
static uint32_t joint(const struct cview *v)
{
	if (peek(v, 0) != '\\')
		return 0;
	return peek(v, 1) == '\n' ? 2 : peek(v, 1) == '\r' && peek(v, 2) == '\n' ? 3 : 0;
}

static struct span view_span(const struct cdecl *c, const struct cview *v, uint32_t start)
{
	const struct cstream *s = c->in;

	if (s->nframes)
		return s->use;
	return (struct span){ s->source, s->base + start, s->base + v->at };
}

static void block_comment(struct cdecl *c, struct cview *v)
{
	uint32_t start = v->at;
	const char *end = memmem(v->p + v->at + 2, v->n - v->at - 2, "*/", 2);

	if (end) {
		v->at = (uint32_t)(end - v->p) + 2;
		return;
	}
	v->at = start + 2;
	cdecl_error(c, view_span(c, v, start), E_TOKEN, "this comment is not closed; it ends with */");
	v->at = v->n;
}

void cview_space(struct cdecl *c, struct cview *v)
{
	for (;;) {
		char ch = peek(v, 0);

		if (v->at < v->n && ch == '\n') {
			v->fresh = true;
			v->at++;
		} else if (v->at < v->n && (ch == ' ' || ch == '\t' || ch == '\r' || ch == '\f' || ch == '\v')) {
			v->at++;
		} else if (joint(v)) {
			v->at += joint(v);
		} else if (ch == '/' && peek(v, 1) == '*') {
			block_comment(c, v);
		} else if (ch == '/' && peek(v, 1) == '/') {
			while (v->at < v->n && v->p[v->at] != '\n')
				v->at += joint(v) ? joint(v) : 1;
		} else {
			return;
		}
	}
}

static int quoted(struct cdecl *c, struct cview *v, uint32_t start, char quote)
{
	for (v->at = start + 1; v->at < v->n && v->p[v->at] != '\n'; v->at++) {
		if (v->p[v->at] == quote) {
			v->at++;
			return quote == '"' ? CT_STRING : CT_CHAR;
		}
		if (v->p[v->at] == '\\' && v->at + 1 < v->n && v->p[v->at + 1] != '\n')
			v->at++;
	}
	cdecl_error(c, view_span(c, v, start), E_STRING, "this %s is not closed on its line", quote == '"' ? "string" : "character");
	return CT_BAD;
}

static int punctuator(struct cview *v)
{
	static const struct {
		char text[3];
		int kind;
	} two[] = { { "<<", CT_SHL }, { ">>", CT_SHR }, { "<=", CT_LE }, { ">=", CT_GE }, { "==", CT_EQ }, { "!=", CT_NE },
		    { "&&", CT_AND }, { "||", CT_OR }, { "->", CT_ARROW } };
	char ch = peek(v, 0);

	for (size_t i = 0; i < ARRAY_SIZE(two); i++)
		if (ch == two[i].text[0] && peek(v, 1) == two[i].text[1]) {
			v->at += 2;
			return two[i].kind;
		}
	if (ch == '.' && peek(v, 1) == '.' && peek(v, 2) == '.') {
		v->at += 3;
		return CT_ELLIPSIS;
	}
	v->at++;
	return ch && strchr("{}[]();,:?=.*&|^~!+-/%<>#@", ch) ? ch : CT_BAD;
}

static int number(struct cview *v) // of the preprocessor: whatever sticks to a digit
{
	while (v->at < v->n && (is_name(v->p[v->at]) || v->p[v->at] == '.' ||
				((v->p[v->at] == '+' || v->p[v->at] == '-') && strchr("eEpP", v->p[v->at - 1]) && v->p[v->at - 1])))
		v->at++;
	return CT_NUMBER;
}

static int raw_kind(struct cdecl *c, struct cview *v, struct ctoken *t)
{
	char ch = peek(v, 0);

	if (isdigit((unsigned char)ch) || (ch == '.' && isdigit((unsigned char)peek(v, 1)))) {
		v->at++;
		return number(v);
	}
	if (is_name(ch)) {
		uint32_t start = v->at;

		while (v->at < v->n && is_name(v->p[v->at]))
			v->at++;
		t->name = map_intern(&c->names, v->p + start, v->at - start);
		t->word = (enum cword)(uintptr_t)map_gets(&c->words, t->name);
		return CT_IDENT;
	}
	if (ch == '"' || ch == '\'')
		return quoted(c, v, v->at, ch);
	return punctuator(v);
}

void cview_token(struct cdecl *c, struct cview *v, struct ctoken *t, struct span *at)
{
	uint32_t start;

	cview_space(c, v);
	start = v->at;
	*t = (struct ctoken){ .p = v->p + start };
	if (v->at < v->n) {
		t->kind = raw_kind(c, v, t);
		v->fresh = false;
	}
	t->n = v->at - start;
	t->at = view_span(c, v, start);
	if (at)
		*at = t->at;
}

// Escapes ------------------------------------------------------------------------------------------------------------

static int hex_digit(char ch)
{
	return isdigit((unsigned char)ch) ? ch - '0' : isxdigit((unsigned char)ch) ? tolower((unsigned char)ch) - 'a' + 10 : -1;
}

static size_t escape(const char *p, size_t n, struct str *out)
{
	static const char from[] = "abefnrtv\\'\"?", to[] = "\a\b\033\f\n\r\t\v\\'\"?";
	const char *known = memchr(from, p[0], sizeof from - 1);
	unsigned v = 0;
	size_t i = 0;

	if (known) {
		str_addc(out, to[known - from]);
		return 1;
	}
	if (p[0] == 'x') {
		for (i = 1; i < n && hex_digit(p[i]) >= 0; i++)
			v = v * 16 + (unsigned)hex_digit(p[i]);
		str_addc(out, (char)v);
		return i > 1 ? i : 0;
	}
	for (; i < n && i < 3 && p[i] >= '0' && p[i] <= '7'; i++)
		v = v * 8 + (unsigned)(p[i] - '0');
	if (i)
		str_addc(out, (char)v);
	return i;
}

bool cdecl_unescape(const char *p, size_t n, struct str *out)
{
	for (size_t i = 0; i < n;) {
		if (p[i] != '\\') {
			str_addc(out, p[i++]);
			continue;
		}
		size_t used = i + 1 < n ? escape(p + i + 1, n - i - 1, out) : 0;
		if (!used)
			return false;
		i += 1 + used;
	}
	return true;
}

// Macros -------------------------------------------------------------------------------------------------------------

static struct cview *top(struct cstream *s)
{
	return s->nframes ? &s->frame[s->nframes - 1].view : &s->view;
}

static void pop(struct cstream *s)
{
	s->frame[--s->nframes].macro->active = false;
}

static bool is_too_much(const struct cdecl *c, uint64_t more)
{
	return c->expanded + more > CDECL_MAX_EXPANSION || c->expanded_before + c->expanded + more > CDECL_MAX_EXPANSIONS;
}

static bool push(struct cdecl *c, struct macro *m, const char *body, uint32_t n)
{
	struct cstream *s = c->in;

	c->expanded += n + 1;
	if (s->nframes == CDECL_MAX_DEPTH || is_too_much(c, 0)) {
		cdecl_error(c, c->tok.at, E_LIMIT, "the macro `%s` grows too large when it is expanded", m->name);
		c->too_many = true;
		return false;
	}
	if (!s->nframes)
		s->use = c->tok.at;
	m->active = true;
	s->frame[s->nframes++] = (struct cframe){ .view = { .p = body, .n = n }, .macro = m };
	return true;
}

// The arguments of a macro's use, as text; the view stands behind the `(`. False after an error.
static bool read_arguments(struct cdecl *c, const struct macro *m, const char **arg, uint32_t *len, uint32_t *n)
{
	struct cview *v = top(c->in);
	unsigned parens = 0;
	uint32_t from = v->at;
	struct ctoken t;

	*n = 0;
	for (;;) {
		cview_token(c, v, &t, NULL);
		if (t.kind == CT_END) {
			cdecl_error(c, c->tok.at, E_SYNTAX, "the arguments of the macro `%s` are not closed by `)`", m->name);
			return false;
		}
		if ((t.kind == ',' || t.kind == ')') && !parens) {
			if (*n < m->nparams) {
				arg[*n] = v->p + from;
				len[*n] = v->at - 1 - from;
			}
			*n += m->nparams || t.kind == ','; // F() has one argument, of no text, if it has parameters
			from = v->at;
			if (t.kind == ')')
				break;
		}
		parens += t.kind == '(';
		parens -= t.kind == ')' && parens;
	}
	if (*n == m->nparams)
		return true;
	cdecl_error(c, c->tok.at, E_SYNTAX, "the macro `%s` takes %u argument%s", m->name, m->nparams, m->nparams == 1 ? "" : "s");
	return false;
}

static uint32_t param_index(const struct macro *m, const char *p, uint32_t n)
{
	const char *at = m->params;

	for (uint32_t i = 0; i < m->nparams; i++, at += strlen(at) + 1)
		if (strlen(at) == n && memcmp(at, p, n) == 0)
			return i;
	return UINT32_MAX;
}

// The body with the arguments' text in the parameters' places.
static bool substitute(struct cdecl *c, const struct macro *m, const char *const *arg, const uint32_t *len, struct str *out)
{
	struct cview v = { .p = m->body, .n = m->n };
	struct ctoken t;

	for (cview_token(c, &v, &t, NULL); t.kind != CT_END; cview_token(c, &v, &t, NULL)) {
		uint32_t i = t.kind == CT_IDENT ? param_index(m, t.p, t.n) : UINT32_MAX;

		if (t.kind == '#') {
			cdecl_error(c, c->tok.at, E_LATER, "the macro `%s` uses `#` or `##`, which this version does not expand", m->name);
			return false;
		}
		str_addc(out, ' ');
		str_add(out, i < m->nparams ? arg[i] : t.p, i < m->nparams ? len[i] : t.n);
		if (is_too_much(c, out->n)) {
			cdecl_error(c, c->tok.at, E_LIMIT, "the macro `%s` grows too large when it is expanded", m->name);
			return c->too_many = true, false;
		}
	}
	return true;
}

#define MAX_PARAMS 32
#define MAX_ARG_DEPTH 30 // macros in the arguments of macros: each has a stream on the stack

static bool holds_macro(struct cdecl *c, const char *p, uint32_t n)
{
	struct cview v = { .p = p, .n = n };
	struct ctoken t;

	for (cview_token(c, &v, &t, NULL); t.kind != CT_END; cview_token(c, &v, &t, NULL)) {
		const struct macro *m = t.kind == CT_IDENT ? map_gets(&c->macros, t.name) : NULL;

		if (m && m->defined)
			return true;
	}
	return false;
}

// C expands the macros of an argument before it takes the parameter's place: so F(F(1)) works, though F is not expanded in F.
static bool expand_argument(struct cdecl *c, const char **p, uint32_t *n)
{
	struct cstream s, *outer = c->in;
	struct ctoken use = c->tok;
	struct str out = { 0 };

	if (!holds_macro(c, *p, *n))
		return !c->panic;
	if (c->arg_depth == MAX_ARG_DEPTH) {
		cdecl_error(c, use.at, E_TOO_DEEP, "macros stand in the arguments of macros at most %d levels deep", MAX_ARG_DEPTH);
		return false;
	}
	s.view = (struct cview){ .p = *p, .n = *n };
	s.nframes = 0;
	s.directives = s.condition = false;
	s.source = use.at.source;
	s.base = use.at.start;
	c->in = &s;
	c->arg_depth++;
	for (cdecl_next(c); c->tok.kind != CT_END && !c->panic; cdecl_next(c)) {
		str_addc(&out, ' ');
		str_add(&out, c->tok.p, c->tok.n);
	}
	c->arg_depth--;
	while (s.nframes)
		pop(&s);
	c->in = outer;
	c->tok = use;
	c->expanded += out.n;
	*p = arena_text(c->arena, str_z(&out), out.n);
	*n = (uint32_t)out.n;
	str_free(&out);
	return !c->panic && !c->too_many;
}

static bool expand_function(struct cdecl *c, struct macro *m)
{
	struct cview *v = top(c->in), look;
	const char *arg[MAX_PARAMS];
	uint32_t len[MAX_PARAMS], n;
	struct str out = { 0 };
	bool ok;

	look = *v;
	cview_space(c, &look);
	if (look.at == look.n || look.p[look.at] != '(') // its name alone is no use of it
		return false;
	look.at++;
	*v = look;
	if (!read_arguments(c, m, arg, len, &n))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!expand_argument(c, &arg[i], &len[i]))
			return false;
	ok = substitute(c, m, arg, len, &out) && push(c, m, arena_text(c->arena, str_z(&out), out.n), (uint32_t)out.n);
	str_free(&out);
	return ok;
}

static bool expand(struct cdecl *c)
{
	struct macro *m = c->tok.kind == CT_IDENT ? map_gets(&c->macros, c->tok.name) : NULL;

	if (!m || !m->defined || m->active || c->panic)
		return false;
	return m->params ? expand_function(c, m) : push(c, m, m->body, m->n);
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

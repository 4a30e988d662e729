// SPDX-License-Identifier: Apache-2.0
// The door of the C declaration parser: declarations of the top level, errors, and what the language asks afterwards.
#include "lang/cdecl_int.h"

#include <errno.h>
#include <string.h>

struct cdecl *cdecl_new(struct arena *a, struct types *types, struct world *w, struct diag *d, const struct cdecl_options *o)
{
	struct cdecl *c = arena_new_(a, struct cdecl);

	*c = (struct cdecl){ .arena = a, .types = types, .world = w, .diag = d };
	if (o)
		c->options = *o;
	map_init(&c->names, a);
	map_init(&c->words, a);
	map_init(&c->tags, a);
	map_init(&c->typedefs, a);
	map_init(&c->constants, a);
	map_init(&c->macros, a);
	map_init(&c->variables, a);
	map_init(&c->aligns, a);
	c->spare = arena_new_(a, struct cstream);
	cdecl_words(c);
	cdecl_builtin_types(c);
	if (c->options.have_btf)
		cdecl_predefine(c, "BPFTRACE_HAVE_BTF", "1");
	cdecl_predefine(c, "__linux__", "1");
	cdecl_predefine(c, "__LP64__", "1");
#if defined(__x86_64__)
	cdecl_predefine(c, "__x86_64__", "1");
#elif defined(__aarch64__)
	cdecl_predefine(c, "__aarch64__", "1");
#endif
	return c;
}

// Errors -------------------------------------------------------------------------------------------------------------

void cdecl_error(struct cdecl *c, struct span at, enum diag_code code, const char *fmt, ...)
{
	_str_ struct str text = { 0 };
	va_list ap;

	bool silent = c->panic || c->too_many;

	if (c->mute)
		return;
	c->panic = true;
	if (silent)
		return;
	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	if (c->quiet) {
		if (!c->why)
			c->why = arena_strdup(c->arena, str_z(&text));
		return;
	}
	diag_error(c->diag, at, code, "%s", str_z(&text));
	if (++c->errors >= CDECL_MAX_ERRORS)
		c->too_many = true;
}

void cdecl_unexpected(struct cdecl *c, const char *wanted)
{
	const struct ctoken *t = &c->tok;

	if (t->kind == CT_END)
		cdecl_error(c, t->at, E_SYNTAX, "the C definitions end where %s is expected", wanted);
	else if (t->kind == CT_BAD)
		cdecl_error(c, t->at, E_TOKEN, "these bytes are no token of C");
	else
		cdecl_error(c, t->at, E_SYNTAX, "`%.*s` stands where %s is expected", (int)MIN(t->n, 100u), t->p, wanted);
}

bool cdecl_enter(struct cdecl *c)
{
	if (c->depth++ < CDECL_MAX_DEPTH)
		return true;
	cdecl_error(c, c->tok.at, E_TOO_DEEP, "C definitions are nested at most %d levels deep", CDECL_MAX_DEPTH);
	c->panic = true;
	return false;
}

void cdecl_leave(struct cdecl *c)
{
	c->depth--;
}

bool cdecl_accept(struct cdecl *c, int kind)
{
	if (c->tok.kind != kind)
		return false;
	cdecl_next(c);
	return true;
}

bool cdecl_expect(struct cdecl *c, int kind, const char *wanted)
{
	if (c->panic)
		return false;
	if (cdecl_accept(c, kind))
		return true;
	cdecl_unexpected(c, wanted);
	return false;
}

static bool opens(int kind)
{
	return kind == '{' || kind == '(' || kind == '[';
}

static bool closes(int kind)
{
	return kind == '}' || kind == ')' || kind == ']';
}

void cdecl_skip_balanced(struct cdecl *c)
{
	unsigned depth = 0;

	do {
		depth += opens(c->tok.kind);
		depth -= closes(c->tok.kind) && depth;
		cdecl_next(c);
	} while (depth && c->tok.kind != CT_END);
}

// Braces alone are counted: an error may well have been a parenthesis.
static void skip_to(struct cdecl *c, bool brace_only)
{
	unsigned depth = 0;

	for (;; cdecl_next(c)) {
		if (c->tok.kind == CT_END || (c->tok.kind == '}' && !depth))
			break;
		if (c->tok.kind == ';' && !depth && !brace_only)
			break;
		depth += c->tok.kind == '{';
		depth -= c->tok.kind == '}';
	}
	c->panic = false;
}

void cdecl_sync(struct cdecl *c)
{
	skip_to(c, false);
	cdecl_accept(c, ';');
}

void cdecl_to_brace(struct cdecl *c)
{
	skip_to(c, true);
}

// Declarations -------------------------------------------------------------------------------------------------------

void cdecl_static_assert(struct cdecl *c)
{
	struct span at = c->tok.at;
	struct cvalue v;

	cdecl_next(c);
	cdecl_expect(c, '(', "`(`");
	v = cdecl_expr(c);
	if (!c->panic && !v.v)
		cdecl_error(c, at, E_LITERAL, "this assertion does not hold");
	if (!c->panic && cdecl_accept(c, ','))
		while (c->tok.kind == CT_STRING)
			cdecl_next(c);
	cdecl_expect(c, ')', "`)`");
	cdecl_expect(c, ';', "`;`");
}

static void define_type(struct cdecl *c, const struct cdeclarator *d, const struct cattrs *specs)
{
	void **at = map_puts(&c->typedefs, d->name);
	struct ctypedef *known = *at;
	struct ctype t = d->type;
	uint32_t align = MAX(d->attrs.align, specs->align);

	if (align)
		t.user_align = t.align = align;
	if (known && known->own) {
		if (known->type.type != t.type || known->type.kind != t.kind)
			cdecl_error(c, d->at, E_REDEFINED, "the type `%s` is defined already, as another one", d->name);
		return;
	}
	known = *at = arena_new_(c->arena, struct ctypedef);
	*known = (struct ctypedef){ .type = t, .own = true };
}

static void skip_initializer(struct cdecl *c)
{
	while (c->tok.kind != ',' && c->tok.kind != ';' && c->tok.kind != CT_END) {
		if (opens(c->tok.kind))
			cdecl_skip_balanced(c);
		else
			cdecl_next(c);
	}
}

// The names behind the specifiers. Only those of types matter; false: a function's body ended the declaration.
static bool declarators(struct cdecl *c, const struct cspecs *s)
{
	struct cdeclarator d;

	do {
		cdecl_declarator(c, &s->type, &d);
		if (c->panic)
			return true;
		if (!d.name)
			cdecl_unexpected(c, "a name");
		else if (s->is_typedef)
			define_type(c, &d, &s->attrs);
		else
			*map_puts(&c->variables, d.name) = arena_memdup(c->arena, &d.type, sizeof d.type);
		if (d.type.kind == CK_FUNCTION && c->tok.kind == '{') {
			cdecl_skip_balanced(c);
			return false;
		}
		if (!c->panic && cdecl_accept(c, '='))
			skip_initializer(c);
	} while (!c->panic && cdecl_accept(c, ','));
	return true;
}

// Behind a struct's body the `;` may be missing, as it may in bpftrace: then something follows that names no variable.
static bool ends_here(const struct cdecl *c, const struct cspecs *s)
{
	if (!s->defines || s->is_typedef)
		return false;
	if (c->tok.kind == CT_IDENT)
		return c->tok.word != CW_NONE && c->tok.word != CW_IGNORED;
	return c->tok.kind == CT_END;
}

static void declaration(struct cdecl *c)
{
	struct cspecs s;

	if (c->tok.word == CW_STATIC_ASSERT) {
		cdecl_static_assert(c);
		return;
	}
	if (cdecl_accept(c, ';') || !cdecl_specs(c, &s) || cdecl_accept(c, ';') || ends_here(c, &s))
		return;
	if (declarators(c, &s))
		cdecl_expect(c, ';', s.defines ? "`;` or a name behind the definition" : "`;`");
}

static void declarations(struct cdecl *c)
{
	while (c->tok.kind != CT_END) {
		if (c->tok.kind == '}') {
			cdecl_unexpected(c, "a declaration");
			c->panic = false;
			cdecl_next(c);
			continue;
		}
		if (cdecl_enter(c))
			declaration(c);
		cdecl_leave(c);
		if (c->panic)
			cdecl_sync(c);
	}
}

static void read_text(struct cdecl *c, const char *text, size_t n, uint32_t source, uint32_t base)
{
	struct cstream *s = arena_new_(c->arena, struct cstream), *outer = c->in;
	struct ctoken tok = c->tok;
	unsigned depth = c->depth;

	s->view = (struct cview){ .p = text, .n = (uint32_t)n, .fresh = true };
	s->source = source;
	s->base = base;
	s->directives = true;
	c->in = s;
	c->depth = 0;
	c->expanded_before += c->expanded;
	c->expanded = 0;
	c->panic = false;
	cdecl_next(c);
	c->panic = false; // of the very first token
	declarations(c);
	cdecl_stream_end(c);
	c->panic = false;
	c->in = outer;
	c->tok = tok;
	c->depth = depth;
}

void cdecl_parse(struct cdecl *c, const char *text, size_t n, uint32_t source, uint32_t base)
{
	struct span at = { source, base, base };

	c->errors = 0;
	c->too_many = false;
	c->panic = false;
	c->pack = c->npacks = 0;
	if (n > UINT32_MAX - base) {
		cdecl_error(c, at, E_LIMIT, "C definitions of more than 4 GB cannot be read");
		return;
	}
	c->section = (struct cview){ .p = text, .n = (uint32_t)n, .fresh = true };
	c->source = source;
	c->base = base;
	read_text(c, text, n, source, base);
}

// Headers ------------------------------------------------------------------------------------------------------------

static void header_error(void *arg, uint32_t start, uint32_t end, const char *message)
{
	struct cdecl *c = arg;

	start = MIN(start, c->section.n);
	end = MIN(MAX(end, start), c->section.n);
	c->panic = false;
	cdecl_error(c, (struct span){ c->source, c->base + start, c->base + end }, E_IO, "%s", message);
	c->panic = false;
}

void cdecl_include(struct cdecl *c, struct span at)
{
	struct str out = { 0 };
	struct cdecl_headers h = { .text = c->section.p, .n = c->section.n, .have_btf = c->options.have_btf,
				   .out = &out, .error = header_error, .arg = c };

	if (!c->options.include) {
		cdecl_error(c, at, E_LATER, "#include belongs to the language, but this version of the compiler was built without it; "
					    "types of the kernel need no header, others can be written out here");
		return;
	}
	if (c->headers || !c->section.fresh) // the first one brought them all
		return;
	c->section.fresh = false;
	if (c->options.include(c->options.include_arg, &h) == 0 && out.n) {
		bool quiet = c->quiet;

		c->quiet = true; // what this parser cannot read in a header is unknown, and an error where it is used
		c->headers++;
		read_text(c, arena_text(c->arena, str_z(&out), out.n), out.n, at.source, 0);
		c->headers--;
		c->quiet = quiet;
		c->why = NULL;
	}
	str_free(&out);
}

// Questions ----------------------------------------------------------------------------------------------------------

const struct type *cdecl_type(struct cdecl *c, enum type_kind kind, const char *tag)
{
	const struct ctag *t = map_gets(&c->tags, tag);

	return t && t->kind == kind && !t->anonymous ? t->type : NULL;
}

const struct type *cdecl_typedef(struct cdecl *c, const char *name)
{
	const struct ctypedef *d = map_gets(&c->typedefs, name);

	if (!d)
		return NULL;
	return d->type.kind == CK_ENUM && d->type.tag->type ? d->type.tag->type : d->type.type;
}

static struct macro *value_macro(const struct cdecl *c, const char *name)
{
	struct macro *m = map_gets(&c->macros, name);

	return m && m->defined && !m->params ? m : NULL;
}

// The macro's text as a stream of its own; its own name means something else inside it. Ended by close_macro.
static void open_macro(struct cdecl *c, struct macro *m)
{
	*c->spare = (struct cstream){ .view = { .p = m->body, .n = m->n, .made = m->made } };
	m->active = true;
	c->in = c->spare;
	c->quiet = true;
	c->panic = c->too_many = false;
	c->why = NULL;
	c->depth = c->dead = 0;
	c->expanded_before += c->expanded;
	c->expanded = 0;
	cdecl_next(c);
}

static bool close_macro(struct cdecl *c, struct macro *m)
{
	bool ok = !c->panic && c->tok.kind == CT_END;

	if (!ok && !c->why)
		cdecl_unexpected(c, "an operator or the end of the macro");
	while (c->in->nframes)
		c->in->frame[--c->in->nframes].macro->active = false;
	m->active = false;
	c->in = NULL;
	c->quiet = c->panic = c->too_many = false;
	return ok;
}

static bool macro_constant(struct cdecl *c, struct macro *m, int64_t *value, const struct type **type)
{
	const struct cconstant *alias;
	struct cvalue v;

	open_macro(c, m);
	alias = c->tok.kind == CT_IDENT ? map_gets(&c->constants, c->tok.name) : NULL;
	v = cdecl_expr(c);
	if (!close_macro(c, m))
		return false;
	*value = (int64_t)v.v;
	*type = type_int(c->types, v.size, !v.is_unsigned);
	if (alias && alias->tag && alias->tag->type && c->tok.kind == CT_END && v.v == alias->value.v && !memchr(m->body, ' ', m->n))
		*type = alias->tag->type;
	return true;
}

bool cdecl_constant(struct cdecl *c, const char *name, int64_t *value, const struct type **type)
{
	struct macro *m = value_macro(c, name);
	const struct cconstant *k;

	if (m)
		return macro_constant(c, m, value, type);
	k = map_gets(&c->constants, name);
	if (!k)
		return false;
	*value = (int64_t)k->value.v;
	*type = k->tag && k->tag->type ? k->tag->type : type_int(c->types, k->value.size, !k->value.is_unsigned);
	return true;
}

static bool read_strings(struct cdecl *c, struct str *out)
{
	unsigned parens = 0;
	bool any = false;

	while (cdecl_accept(c, '('))
		parens++;
	for (; c->tok.kind == CT_STRING; cdecl_next(c), any = true)
		if (!cdecl_unescape(c->tok.p + 1, c->tok.n - 2, out))
			cdecl_error(c, c->tok.at, E_STRING, "the string has an escape that is none of C's");
	while (parens && cdecl_accept(c, ')'))
		parens--;
	return any && !parens;
}

bool cdecl_string_macro(struct cdecl *c, const char *name, const char **text, size_t *n)
{
	struct macro *m = value_macro(c, name);
	_str_ struct str out = { 0 };
	bool is_string;

	if (!m)
		return false;
	open_macro(c, m);
	is_string = read_strings(c, &out);
	if (!close_macro(c, m) || !is_string)
		return false;
	*text = arena_text(c->arena, str_z(&out), out.n);
	*n = out.n;
	return true;
}

const char *cdecl_why_not(struct cdecl *c, const char *name)
{
	const struct macro *m = map_gets(&c->macros, name);
	const struct type *type;
	int64_t value;

	if (!m || !m->defined)
		return NULL;
	if (m->params)
		return "it is a macro with parameters, and only macros without can be used in a script";
	if (m->n == 0)
		return "it is a macro without a value";
	if (cdecl_constant(c, name, &value, &type))
		return NULL;
	return c->why;
}

void cdecl_each_name(const struct cdecl *c, void (*each)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < c->tags.n; i++)
		if (((const struct ctag *)c->tags.at[i].value)->defined && !((const struct ctag *)c->tags.at[i].value)->anonymous)
			each(arg, c->tags.at[i].key);
	for (size_t i = 0; i < c->typedefs.n; i++)
		if (((const struct ctypedef *)c->typedefs.at[i].value)->own)
			each(arg, c->typedefs.at[i].key);
	for (size_t i = 0; i < c->constants.n; i++)
		each(arg, c->constants.at[i].key);
	for (size_t i = 0; i < c->macros.n; i++)
		if (((const struct macro *)c->macros.at[i].value)->defined && !((const struct macro *)c->macros.at[i].value)->params)
			each(arg, c->macros.at[i].key);
}

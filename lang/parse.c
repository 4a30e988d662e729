// SPDX-License-Identifier: Apache-2.0
// Runs the grammar over the tokens: gives them their values, reports bytes that are none, and leaves out the rest of a
// statement that has an error in it.
#include "lang/parse.h"

#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "lang/lang.h"

#include "lang/grammar.h"

int grammar_lex(GRAMMAR_STYPE *value, struct span *at, struct parser *p);
const char *grammar_token_name(int kind);

struct span token_span(const struct parser *p, struct token t)
{
	return (struct span){ p->source, t.start, t.end };
}

void parser_error(struct parser *p, struct span at, enum diag_code code, const char *fmt, ...)
{
	_str_ struct str text = { 0 };
	va_list ap;

	if (p->stop)
		return;
	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	diag_error(p->diag, at, code, "%s", str_z(&text));
	if (++p->errors < PARSE_MAX_ERRORS)
		return;
	diag_hint(p->diag, "There are too many errors; what comes behind this one was not looked at.");
	p->stop = true;
}

void parser_panic(struct parser *p)
{
	// the token at fault is read already: where it opened a block, that block is left out too
	p->panic = p->depth > 0 && p->last.kind != ';' && p->last.kind != '}' && p->last.kind != 0;
	p->panic_depth = p->depth;
}

static uint32_t depth_of(const struct lexer *l)
{
	return l->closes ? l->closes : l->depth;
}

// Where a token ends what an error spoilt, as what the parser is to see it; -1 while it does not.
static int panic_ends(const struct parser *p, struct token t, uint32_t before)
{
	bool closes = t.kind == '}' && before == p->panic_depth + 1;

	switch (t.kind) {
	case 0: case T_PREDICATE_END: case T_ITEM_END: case T_STRAY_BRACE: case T_BODY_OPEN_END: case T_PREDICATE_OPEN_END:
		return t.kind;
	case ';':
		return before == p->panic_depth ? ';' : -1;
	case T_CLAUSE_ON ... T_CLAUSE_DO:
		return before == p->panic_depth ? t.kind : -1;
	case '}':
		return before <= p->panic_depth ? '}' : closes ? ';' : -1;
	default:
		return -1;
	}
}

static struct token next_token(struct parser *p)
{
	for (;;) {
		uint32_t before = depth_of(&p->lexer);
		struct token t = lexer_next(&p->lexer);
		int kind;

		p->depth = before;
		if (!p->panic)
			return t;
		kind = panic_ends(p, t, before);
		if (kind == -1)
			continue;
		p->panic = false;
		// `if (a { … } else { … }`: the rest of the same mistake
		if (t.kind == '}' && kind == ';') {
			struct lexer ahead = p->lexer;

			p->panic = lexer_next(&ahead).kind == T_ELSE;
			if (p->panic)
				continue;
		}
		t.kind = kind;
		return t;
	}
}

static void bad_bytes(struct parser *p, struct token t)
{
	const unsigned char *b = (const unsigned char *)p->lexer.text + t.start;
	struct span at = token_span(p, t);

	if (t.end - t.start == 3 && b[0] == 0xe2 && b[1] == 0x80 && b[2] >= 0x98 && b[2] <= 0x9f)
		parser_error(p, at, E_TOKEN, "strings are written in plain double quotes (\"), not in typographic ones");
	else if (*b >= 0x80)
		parser_error(p, at, E_ENCODING, "bytes outside ASCII (0x%02x here) may only stand in strings, comments and attach points", *b);
	else if (*b < 0x20 || *b == 0x7f)
		parser_error(p, at, E_ENCODING, "the byte 0x%02x may not stand in a script; in strings it is written \\x%02x", *b, *b);
	else if (*b == '#')
		parser_error(p, at, E_TOKEN, "`#` begins a line of C only outside of probes; comments begin with //");
	else
		parser_error(p, at, E_TOKEN, "`%c` is no part of the language", *b);
}

// Reports what is no token. True if the parser need not see it.
static bool lexical_error(struct parser *p, struct token *t)
{
	struct span at = token_span(p, *t);

	switch (t->kind) {
	case T_BAD_BYTES:
		bad_bytes(p, *t);
		t->kind = T_GRAMMAR_error;
		return false;
	case T_CHAR:
		parser_error(p, at, E_TOKEN, "there are no character literals; write a number, or a string in double quotes");
		t->kind = T_INT;
		return false;
	case T_OPEN_STRING:
		at.start += p->lexer.text[at.start] == '"' ? 0 : (uint32_t)strcspn(p->lexer.text + at.start, "\"");
		at.end = at.start + 1;
		parser_error(p, at, E_STRING, "the string that begins here is not closed; it ends with \" on the same line");
		t->kind = T_GRAMMAR_error;
		return false;
	case T_OPEN_COMMENT:
		at.end = at.start + 2;
		parser_error(p, at, E_STRING, "the comment that begins here is not closed; it ends with */");
		t->kind = 0;
		p->stop = true;
		return false;
	case T_STRAY_BRACE:
		parser_error(p, at, E_SYNTAX, "there is no open `{` that this `}` could close");
		return true;
	case T_PREDICATE_OPEN_END:
		at.start = p->lexer.predicate;
		at.end = at.start + 1;
		parser_error(p, at, E_SYNTAX, "the predicate that begins here is not closed; it ends with `/` before the `{`");
		t->kind = T_PREDICATE_END;
		return false;
	case T_BODY_OPEN_END:
		at.start = p->lexer.body;
		at.end = at.start + 1;
		parser_error(p, at, E_SYNTAX, "this `{` is not closed: a `}` is missing before %s",
			     t->start < p->lexer.len ? "the next probe" : "the end of the script");
		return true;
	default:
		return false;
	}
}

static const char *intern(struct parser *p, struct token t)
{
	return map_intern(&p->names, p->lexer.text + t.start, t.end - t.start);
}

static void give_value(struct parser *p, struct token t, GRAMMAR_STYPE *value)
{
	struct span at = token_span(p, t);

	switch (t.kind) {
	case T_IDENT: case T_VAR: case T_MAP:
		value->text = intern(p, t);
		break;
	case T_INT:
		value->node = build_int(p, at);
		break;
	case T_SIZE:
		value->node = build_size(p, at);
		break;
	case T_STRING:
		value->node = build_string(p, at);
		break;
	case T_POSITIONAL:
		value->node = build_positional(p, at);
		break;
	case T_POINT:
		value->node = build_point(p, at);
		break;
	case T_C_TEXT:
		value->node = build_c_text(p, at);
		break;
	}
}

static void follow_statement(struct parser *p, struct token t)
{
	int prev = p->last.kind;

	if (prev == 0 || prev == ';' || prev == '{' || prev == '}' || prev == T_BLOCK_OPEN) {
		p->head = t;
		p->parens = 0;
	}
	p->parens += t.kind == '(' || t.kind == T_CAST_OPEN || t.kind == T_TYPE_OPEN;
	p->parens -= t.kind == ')' && p->parens > 0;
	p->before = p->last;
	p->last = t;
}

int grammar_lex(GRAMMAR_STYPE *value, struct span *at, struct parser *p)
{
	struct token t;

	do {
		t = next_token(p);
	} while (!p->stop && lexical_error(p, &t));
	if (p->stop)
		t = (struct token){ 0, p->lexer.len, p->lexer.len };
	follow_statement(p, t);
	*at = token_span(p, t);
	if (t.kind == T_GRAMMAR_error)
		parser_panic(p);
	else
		give_value(p, t, value);
	return t.kind;
}

struct node *lang_parse(struct arena *a, struct diag *d, uint32_t source)
{
	struct parser p = { .arena = a, .diag = d, .source = source };
	const struct diag_source *s = &d->sources[source];
	unsigned before = d->errors;

	if (s->len > LEX_MAX_TEXT) {
		diag_error(d, (struct span){ source, 0, 0 }, E_ENCODING, "the script is larger than 1 GB");
		return NULL;
	}
	map_init(&p.names, a);
	lexer_init(&p.lexer, a, s->text, s->len);
	grammar_parse(&p);
	return d->errors > before ? NULL : p.script;
}

struct place {
	uint32_t at, line, start;
};

static void advance(struct place *p, const char *text, uint32_t to)
{
	for (; p->at < to; p->at++)
		if (text[p->at] == '\n') {
			p->line++;
			p->start = p->at + 1;
		}
}

void lang_tokens(struct arena *a, struct diag *d, uint32_t source, struct str *out)
{
	const struct diag_source *s = &d->sources[source];
	struct place place = { 0, 1, 0 };
	struct lexer l;
	struct token t;

	lexer_init(&l, a, s->text, s->len);
	do {
		t = lexer_next(&l);
		advance(&place, l.text, t.start);
		str_printf(out, "%u:%u\t%s", place.line, t.start - place.start + 1, grammar_token_name(t.kind));
		if (t.end > t.start && t.kind > 255) {
			str_addc(out, '\t');
			str_json(out, l.text + t.start, t.end - t.start);
		}
		str_addc(out, '\n');
	} while (t.kind != 0);
}

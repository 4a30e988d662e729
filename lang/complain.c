// SPDX-License-Identifier: Apache-2.0
// What a syntax error says: first the mistakes people make, each with its own advice, then what was found and what would be
// accepted, in words and in few of them.
#include "lang/parse.h"

#include <string.h>

#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"

#include "lang/grammar.h"

struct complaint {
	struct parser *p;
	int kind;
	struct span at;
	const int *expected;
	int n;
};

static bool accepts(const struct complaint *c, int kind)
{
	for (int i = 0; i < c->n; i++)
		if (c->expected[i] == kind)
			return true;
	return false;
}

static bool head_is(const struct parser *p, const char *word)
{
	size_t n = p->head.end - p->head.start;

	return n == strlen(word) && memcmp(p->lexer.text + p->head.start, word, n) == 0;
}

// What other languages have, at the head of the statement.
static bool foreign_word(const struct complaint *c)
{
	static const struct {
		const char *word, *advice;
	} words[] = {
		{ "unless", "there is no `unless`; write if (!(…)) { … }" },
		{ "until", "there is no `until`; write while (!(…)) { … }" },
		{ "do", "there is no `do`; write while (…) { … }" },
		{ "switch", "there is no `switch`; write if (…) { … } else if (…) { … }" },
		{ "case", "there is no `case`; write if (…) { … } else if (…) { … }" },
		{ "loop", "there is no `loop`; write while (true) { … } or for $i : 0..10 { … }" },
		{ "foreach", "there is no `foreach`; write for $kv : @map { … }" },
		{ "repeat", "there is no `repeat`; write for $i : 0..10 { … }" },
		{ "elif", "there is no `elif`; write else if (…) { … }" },
		{ "elsif", "there is no `elsif`; write else if (…) { … }" },
		{ "elseif", "there is no `elseif`; write else if (…) { … }" },
		{ "goto", "there is no `goto`" },
		{ "var", "variables are declared with let $name = …" },
		{ "const", "variables are declared with let $name = …" },
		{ "int", "variables are declared with let $name = …, or let $name : int32 = …" },
		{ "char", "variables are declared with let $name = …, or let $name : int8 = …" },
		{ "long", "variables are declared with let $name = …, or let $name : int64 = …" },
		{ "unsigned", "variables are declared with let $name = …, or let $name : uint32 = …" },
		{ "string", "variables are declared with let $name = …, or let $name : string[64] = …" },
	};
	struct parser *p = c->p;

	if (p->head.kind != T_IDENT || p->depth == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (head_is(p, words[i].word)) {
			parser_error(p, token_span(p, p->head), E_SYNTAX, "%s", words[i].advice);
			return true;
		}
	return false;
}

static bool starts_statement(int kind)
{
	switch (kind) {
	case T_IDENT: case T_VAR: case T_MAP: case T_IF: case T_IF_STATEMENT: case T_WHILE: case T_FOR: case T_UNROLL: case T_LET:
	case T_RETURN: case T_BREAK: case T_CONTINUE: case T_INC: case T_DEC: case T_IMPORT: case T_POSITIONAL:
		return true;
	default:
		return false;
	}
}

static bool head_of_block(const struct parser *p)
{
	int head = p->head.kind;

	return head == T_IF || head == T_IF_STATEMENT || head == T_WHILE || head == T_UNROLL || head == T_ELSE;
}

static bool assignment_in_condition(const struct complaint *c)
{
	struct parser *p = c->p;
	bool head = head_of_block(p);

	if (c->kind != '=' || !(accepts(c, T_EQ) || (head && accepts(c, '{'))))
		return false;
	if (p->parens == 0 && p->lexer.mode != LEX_PREDICATE && !head)
		return false;
	parser_error(p, c->at, E_SYNTAX, "`=` assigns, and only as a statement of its own; `==` compares");
	return true;
}

static struct span behind(const struct parser *p, struct token t)
{
	return (struct span){ p->source, t.end > t.start ? t.end - 1 : t.start, t.end };
}

// The statement goes on where another seems to begin: the mistake lies behind the token before.
static bool missing_semicolon(const struct complaint *c)
{
	struct parser *p = c->p;

	if (!accepts(c, ';') || !starts_statement(c->kind) || p->depth == 0)
		return false;
	parser_error(p, behind(p, p->before), E_SYNTAX, "a `;` is missing behind this");
	return true;
}

static bool missing_close(const struct complaint *c)
{
	struct parser *p = c->p;
	int close = accepts(c, ')') ? ')' : accepts(c, ']') ? ']' : 0;

	if (!close || (c->kind != ';' && c->kind != '{' && c->kind != '}' && c->kind != T_BLOCK_OPEN && c->kind != T_PREDICATE_END && c->kind != 0))
		return false;
	parser_error(p, behind(p, p->before), E_SYNTAX, "a `%c` is missing behind this", close);
	return true;
}

static void read_text(const struct parser *p, struct span at, struct str *out)
{
	uint32_t n = MIN(at.end - at.start, 40u);

	for (uint32_t i = 0; i < n; i++) {
		unsigned char b = (unsigned char)p->lexer.text[at.start + i];

		str_addc(out, b < 0x20 || b == 0x7f ? ' ' : (char)b);
	}
	if (n < at.end - at.start)
		str_adds(out, "…");
}

static bool junk_at_item(const struct complaint *c)
{
	_str_ struct str text = { 0 };
	struct parser *p = c->p;

	read_text(p, c->at, &text);
	if (p->depth > 0)
		return false;
	if (c->kind == T_JUNK && p->before.kind == T_POINT) {
		parser_error(p, c->at, E_SYNTAX, "`%s` does not belong to the attach point before it", str_z(&text));
		if (strchr(str_z(&text), '('))
			diag_hint(p->diag, "Is a `{` missing before it?");
		else
			diag_hint(p->diag, "Attach points are separated by commas; one with a space, comma or colon in its path is quoted: uprobe:\"/opt/my app/bin\":main");
		return true;
	}
	if (c->kind == 0 && (p->before.kind == T_POINT || p->before.kind == ',')) {
		parser_error(p, behind(p, p->before), E_SYNTAX, "an attach point is followed by a block: { … }");
		if (p->lexer.text[p->before.end - 1] == ';')
			diag_hint(p->diag, "Statements stand inside a probe's block; is there a `}` too many above?");
		return true;
	}
	if ((c->kind == '{' || c->kind == T_BLOCK_OPEN || c->kind == T_PREDICATE) && accepts(c, T_POINT) && p->before.kind != ',') {
		parser_error(p, c->at, E_SYNTAX, "an attach point is missing before this, such as begin, interval:s:1 or tracepoint:sched:sched_switch");
		return true;
	}
	return false;
}

static bool is_binary(int kind)
{
	switch (kind) {
	case T_EQ: case T_NE: case T_LE: case T_GE: case T_SHL: case T_SHR: case T_LAND: case T_LOR:
	case '<': case '>': case '+': case '-': case '*': case '/': case '%': case '&': case '|': case '^': case '?':
		return true;
	default:
		return false;
	}
}

// for (i = 0; …): what follows means nothing here, so no more is said of it than this.
static bool c_loop(const struct complaint *c)
{
	struct parser *p = c->p;
	bool name = c->kind == T_IDENT && (p->before.kind == '(' || p->before.kind == T_FOR), set = c->kind == '=' && p->before.kind == T_VAR && accepts(c, ':');

	if (p->head.kind != T_FOR || !(name || set))
		return false;
	parser_error(p, c->at, E_SYNTAX, "a loop counts over a range: for ($i : 0..10) { … }, or goes over a map: for ($kv : @map) { … }");
	p->stop = true;
	return true;
}

static bool special(const struct complaint *c)
{
	struct parser *p = c->p;

	if (c_loop(c))
		return true;
	if (c->kind == T_MAP && p->before.kind == T_LET && p->depth > 0) {
		parser_error(p, c->at, E_SYNTAX, "a map is declared outside of probes: let %.*s = hash(100); without a declaration its first use makes it",
			     (int)MIN(c->at.end - c->at.start, 40u), p->lexer.text + c->at.start);
		return true;
	}

	if (c->kind == T_BY) {
		parser_error(p, c->at, E_SYNTAX, "`by` stands behind a measure or a way to sample: measure n = count() by comm, sample 1/10 by tid");
		return true;
	}
	if (c->kind == ']' && p->before.kind == '[') {
		parser_error(p, c->at, E_SYNTAX, "a key is missing between `[` and `]`; a map without keys is written @name");
		return true;
	}
	if (c->kind == 0 && p->lexer.mode == LEX_PREDICATE) {
		parser_error(p, (struct span){ p->source, p->lexer.predicate, p->lexer.predicate + 1 }, E_SYNTAX,
			     "the predicate that begins here is not closed; it ends with `/` before the `{`");
		return true;
	}
	if (c->kind == '=' && p->depth > 0 && !accepts(c, '=') && p->before.kind == T_IDENT && p->head.kind == T_LET) {
		parser_error(p, token_span(p, p->before), E_SYNTAX, "variables begin with $: let $name = …");
		return true;
	}
	if (p->before.kind == T_LET && c->kind == T_IDENT) {
		parser_error(p, c->at, E_SYNTAX, "variables begin with $: let $name = …");
		return true;
	}
	if (p->before.kind == T_CONFIG && c->kind == '{') {
		parser_error(p, c->at, E_SYNTAX, "an `=` is missing here: config = { … }");
		return true;
	}
	if (accepts(c, '{') && !accepts(c, T_LAND) && is_binary(c->kind) && head_of_block(p)) {
		parser_error(p, c->at, E_SYNTAX, "only a single operand may stand here without parentheses; write (… %.*s …) { … }",
			     (int)MIN(c->at.end - c->at.start, 3u), p->lexer.text + c->at.start);
		return true;
	}
	if (c->kind == T_ELSE) {
		parser_error(p, c->at, E_SYNTAX, "this `else` has no `if` before it");
		return true;
	}
	return false;
}

static void describe_found(const struct complaint *c, struct str *out)
{
	_str_ struct str text = { 0 };

	read_text(c->p, c->at, &text);
	if (c->kind == 0 || c->at.start == c->p->lexer.len)
		str_adds(out, "the script ends here");
	else if (c->kind == T_ITEM_END)
		str_adds(out, "the line ends here");
	else if (c->kind == T_PREDICATE_END)
		str_adds(out, "the predicate ends here");
	else if (c->kind == T_STRING)
		str_adds(out, "unexpected string");
	else
		str_printf(out, "unexpected `%s`", str_z(&text));
}

static const char *word_for(int kind)
{
	static const struct {
		int kind;
		const char *words;
	} table[] = {
		{ T_IDENT, "a name" }, { T_VAR, "a $variable" }, { T_MAP, "an @map" }, { T_INT, "a number" }, { T_STRING, "a string" },
		{ T_POINT, "an attach point" }, { T_PREDICATE, "a /predicate/" }, { T_PREDICATE_END, "`/` and a block" }, { '{', "`{`" },
		{ '}', "`}`" }, { '(', "`(`" }, { ')', "`)`" }, { '[', "`[`" }, { ']', "`]`" }, { ';', "`;`" }, { ',', "`,`" }, { ':', "`:`" },
		{ '=', "`=`" }, { T_DOTDOT, "`..`" }, { T_ELSE, "`else`" }, { T_TRUE, "true" }, { T_FALSE, "false" }, { T_STRUCT, "a type" },
		{ T_TYPE_OPEN, "`(`" }, { T_ITEM_END, "the end of the line" }, { 0, "the end of the script" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].kind == kind)
			return table[i].words;
	return NULL;
}

static void add_word(struct str *out, unsigned *n, const char *word)
{
	if (!word || strstr(str_z(out), word))
		return;
	if (*n)
		str_addc(out, '\1'); // a separator, chosen when all are known
	str_adds(out, word);
	++*n;
}

// "a, b or c". Kinds that belong together are one word: all that begins an expression, all operators, all of a statement.
static void describe_expected(const struct complaint *c, struct str *out)
{
	_str_ struct str words = { 0 };
	bool expression = accepts(c, T_INT) && accepts(c, '-'), statement = accepts(c, T_WHILE);
	unsigned n = 0, seen = 0;

	if (statement)
		add_word(&words, &n, "a statement");
	else if (expression)
		add_word(&words, &n, "an expression");
	if (accepts(c, T_LAND))
		add_word(&words, &n, "an operator");
	for (int i = 0; i < c->n; i++) {
		int kind = c->expected[i];
		bool operator = accepts(c, T_LAND) && (kind == '[' || kind == ':' || kind == '=');
		bool operand = expression && (kind == T_IDENT || kind == T_VAR || kind == T_MAP || kind == T_INT || kind == T_STRING || kind == '(' ||
					      kind == '{' || kind == T_TRUE || kind == T_FALSE);

		if (kind == T_IDENT && accepts(c, T_STRUCT))
			continue;
		if (!operator && !operand && !(statement && (kind == ';' || kind == T_STRUCT)))
			add_word(&words, &n, word_for(kind));
	}
	for (size_t i = 0; i < words.n; i++)
		if (words.p[i] != '\1')
			str_addc(out, words.p[i]);
		else
			str_adds(out, ++seen + 1 == n ? " or " : ", ");
}

void complain(struct parser *p, int kind, struct span at, const int *expected, int n)
{
	struct complaint c = { p, kind, at, expected, n };
	_str_ struct str found = { 0 }, wanted = { 0 };

	if (p->stop)
		return;
	parser_panic(p);
	if (foreign_word(&c) || special(&c) || assignment_in_condition(&c) || missing_semicolon(&c) || missing_close(&c) || junk_at_item(&c))
		return;
	describe_found(&c, &found);
	describe_expected(&c, &wanted);
	if (kind == 0 || kind == T_ITEM_END)
		at.end = at.start;
	parser_error(p, at, E_SYNTAX, "%s%s%s%s", str_z(&found), wanted.n ? "; " : "", str_z(&wanted), wanted.n ? " can stand here" : "");
}

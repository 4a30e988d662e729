// SPDX-License-Identifier: Apache-2.0
#include "lang/lex.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "lang/parse.h"

#include "lang/grammar.h"

/*!re2c
	re2c:define:YYCTYPE = "unsigned char";
	re2c:define:YYCURSOR = cur;
	re2c:define:YYMARKER = mark;
	re2c:define:YYLIMIT = limit;
	re2c:yyfill:enable = 0;
	re2c:eof = 0;

	layout = [ \t\r\n];
	word = [a-zA-Z_][a-zA-Z0-9_]*;
	inside = [^"\\\n] | "\\" [^\n];
*/

static const struct {
	const char *word;
	uint32_t len;
	int kind;
} keywords[] = {
#define KEYWORD(spelling, token) { spelling, sizeof spelling - 1, T_##token },
#include "lang/keywords.def"
#undef KEYWORD
};

static int keyword(const char *p, uint32_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
		if (keywords[i].len == n && memcmp(keywords[i].word, p, n) == 0)
			return keywords[i].kind;
	return T_IDENT;
}

static bool all_digits(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)p[i]))
			return false;
	return n > 0;
}

// Names that are values, so that `(name) - 1` is no cast.
static bool is_builtin(const char *p, uint32_t n)
{
	static const char *const names[] = {
#define VAR(id, name, type, needs, fn, doc) name,
#define FUNC(id, name, args, type, needs, flags, event, fn, doc)
#include "lang/builtin.def"
#undef VAR
#undef FUNC
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == n && memcmp(names[i], p, n) == 0)
			return true;
	if (n > 10 && memcmp(p, "__builtin_", 10) == 0)
		return true;
	if (n > 1 && p[0] == 's')
		p++, n--;
	return n > 3 && memcmp(p, "arg", 3) == 0 && all_digits(p + 3, n - 3);
}

// Skips blanks and comments. False at a comment that is not closed; *at is then its start.
static bool skip_layout(const struct lexer *l, uint32_t *at)
{
	const unsigned char *base = (const unsigned char *)l->text, *cur = base + *at, *limit = base + l->len, *mark, *from;

	for (;;) {
		from = cur;
/*!re2c
		layout+              { continue; }
		"//" [^\n]*          { continue; }
		"/*" ([^*] | "*"+ [^*/])* "*"+ "/" { continue; }
		"/*"                 { *at = (uint32_t)(from - base); return false; }
		*                    { *at = (uint32_t)(from - base); return true; }
		$                    { *at = (uint32_t)(from - base); return true; }
*/
	}
}

static struct token token(int kind, uint32_t start, uint32_t end)
{
	return (struct token){ kind, start, end };
}

// One token of statements and expressions, without a look at its surroundings.
static struct token scan(const struct lexer *l, uint32_t at)
{
	const unsigned char *base = (const unsigned char *)l->text, *cur, *limit = base + l->len, *mark, *from;

	if (!skip_layout(l, &at))
		return token(T_OPEN_COMMENT, at, l->len);
	from = cur = base + at;
#define GIVE(kind) return token((kind), at, (uint32_t)(cur - base))
/*!re2c
	word                 { GIVE(keyword((const char *)from, (uint32_t)(cur - from))); }
	"$" word             { GIVE(T_VAR); }
	"@" word?            { GIVE(T_MAP); }
	"$" [0-9] [a-zA-Z0-9_]* { GIVE(T_POSITIONAL); }
	"$#"                 { GIVE(T_POSITIONAL); }
	[0-9] [a-zA-Z0-9_]*  { GIVE(T_INT); }
	["] inside* ["]      { GIVE(T_STRING); }
	["] inside* "\\"?    { GIVE(T_OPEN_STRING); }
	"'" [^'\n]{1,8} "'"  { GIVE(T_CHAR); }
	"=="                 { GIVE(T_EQ); }
	"!="                 { GIVE(T_NE); }
	"<="                 { GIVE(T_LE); }
	">="                 { GIVE(T_GE); }
	"<<"                 { GIVE(T_SHL); }
	">>"                 { GIVE(T_SHR); }
	"&&"                 { GIVE(T_LAND); }
	"||"                 { GIVE(T_LOR); }
	"++"                 { GIVE(T_INC); }
	"--"                 { GIVE(T_DEC); }
	"->"                 { GIVE(T_ARROW); }
	".."                 { GIVE(T_DOTDOT); }
	"+="                 { GIVE(T_ADD_ASSIGN); }
	"-="                 { GIVE(T_SUB_ASSIGN); }
	"*="                 { GIVE(T_MUL_ASSIGN); }
	"/="                 { GIVE(T_DIV_ASSIGN); }
	"%="                 { GIVE(T_MOD_ASSIGN); }
	"&="                 { GIVE(T_AND_ASSIGN); }
	"|="                 { GIVE(T_OR_ASSIGN); }
	"^="                 { GIVE(T_XOR_ASSIGN); }
	"<<="                { GIVE(T_SHL_ASSIGN); }
	">>="                { GIVE(T_SHR_ASSIGN); }
	[-+*/%&|^~!<>=?:;,.(){}[\]] { GIVE(*from); }
	[\x00-\x1f\x7f]      { GIVE(T_BAD_BYTES); }
	[\x80-\xff]+         { GIVE(T_BAD_BYTES); }
	*                    { GIVE(T_BAD_BYTES); }
	$                    { return token(0, l->len, l->len); }
*/
#undef GIVE
}

static bool starts_expression(int kind)
{
	switch (kind) {
	case T_IDENT: case T_INT: case T_CHAR: case T_STRING: case T_TRUE: case T_FALSE: case T_VAR: case T_MAP: case T_POSITIONAL:
	case T_SIZEOF: case T_OFFSETOF: case T_TYPEOF: case T_TYPEINFO: case T_COMPTIME: case T_INC: case T_DEC:
	case '(': case '-': case '!': case '~': case '*': case '&':
		return true;
	default:
		return false;
	}
}

static bool ends_operand(int kind)
{
	switch (kind) {
	case T_IDENT: case T_INT: case T_CHAR: case T_STRING: case T_TRUE: case T_FALSE: case T_VAR: case T_MAP: case T_POSITIONAL:
	case T_INC: case T_DEC: case ')': case ']': case '}':
		return true;
	default:
		return false;
	}
}

// Whether a type stands behind the `(` at `open`, up to `)` or, for offsetof, a comma.
static bool opens_type(const struct lexer *l, struct token open, bool cast)
{
	struct token name = scan(l, open.end), t;
	bool pointer = false, builtin;

	if (name.kind == T_TYPEOF || name.kind == T_STRUCT || name.kind == T_UNION || name.kind == T_ENUM)
		return true;
	if (name.kind != T_IDENT)
		return false;
	builtin = is_builtin(l->text + name.start, name.end - name.start);
	for (t = scan(l, name.end); t.kind == '*' || t.kind == '['; t = scan(l, t.end)) {
		pointer |= t.kind == '*';
		if (t.kind == '[') {
			t = scan(l, t.end);
			if (t.kind == T_INT)
				t = scan(l, t.end);
			if (t.kind != ']')
				return false;
		}
	}
	if (t.kind != ')' && (cast || t.kind != ','))
		return false;
	if (pointer || builtin)
		return pointer;
	return !cast || starts_expression(scan(l, t.end).kind);
}

// Where the braces that open at or behind `at` are closed, a `;` behind them included; without braces, where the first `;`
// ends.
static uint32_t skip_braces(const struct lexer *l, uint32_t at)
{
	uint32_t depth = 0;

	for (;;) {
		struct token t = scan(l, at);

		if (t.kind == 0)
			return l->len;
		at = t.end;
		depth += t.kind == '{';
		if (t.kind == '}' && (depth == 0 || --depth == 0)) {
			t = scan(l, at);
			return t.kind == ';' ? t.end : at;
		}
		if (t.kind == ';' && depth == 0)
			return at;
	}
}

static bool is_word(const struct lexer *l, struct token t, const char *word)
{
	return t.end - t.start == strlen(word) && memcmp(l->text + t.start, word, t.end - t.start) == 0;
}

// A definition when `{` comes before anything an attach point would have; `struct x;` is a declaration.
static bool is_c_definition(const struct lexer *l, struct token first)
{
	struct token name = scan(l, first.end);

	if (is_word(l, first, "typedef"))
		return name.kind == T_IDENT || name.kind == T_STRUCT || name.kind == T_UNION || name.kind == T_ENUM || name.kind == T_TYPEOF;
	if (first.kind != T_STRUCT && first.kind != T_UNION && first.kind != T_ENUM)
		return false;
	if (name.kind == T_IDENT && scan(l, name.end).kind == ';')
		return true;
	for (struct token t = first; t.kind != 0; t = scan(l, t.end)) {
		if (t.kind == '{')
			return true;
		if (t.kind == ':' || t.kind == '/' || t.kind == ',' || t.kind == ';' || t.kind == '}')
			return false;
	}
	return false;
}

// The end of a balanced `( … )` that opens at `at`, or of the text.
static uint32_t skip_parentheses(const struct lexer *l, uint32_t at)
{
	uint32_t depth = 0;

	for (;;) {
		struct token t = scan(l, at);

		if (t.kind == 0)
			return l->len;
		at = t.end;
		depth += t.kind == '(';
		if (t.kind == ')' && (depth == 0 || --depth == 0))
			return at;
	}
}

// Behind the braces: attributes and a `;`, both as may be. A typedef goes on to its `;`.
static uint32_t c_definition_end(const struct lexer *l, struct token first)
{
	uint32_t at = first.end, depth = 0;

	if (!is_word(l, first, "typedef")) {
		at = skip_braces(l, at);
		for (struct token t = scan(l, at); t.kind == T_IDENT && is_word(l, t, "__attribute__"); t = scan(l, at))
			at = skip_parentheses(l, t.end);
		first = scan(l, at);
		return first.kind == ';' ? first.end : at;
	}
	for (struct token t = scan(l, at); t.kind != 0; t = scan(l, at)) {
		at = t.end;
		depth += t.kind == '{';
		depth -= t.kind == '}' && depth > 0;
		if (t.kind == ';' && depth == 0)
			return at;
	}
	return l->len;
}

// The items of the declarative layer; their words are words nowhere else.
static int declared_item(const struct lexer *l, struct token first)
{
	static const struct {
		const char *word;
		int kind, third;
	} items[] = { { "target", T_TARGET, '{' }, { "probe", T_PROBE, '{' }, { "stream", T_STREAM, '{' }, { "case", T_CASE, '{' }, { "export", T_EXPORT, '=' }, { "param", T_PARAM, 0 } }; // third 0: any
	struct token second = scan(l, first.end);
	int third = scan(l, second.end).kind;

	if (is_word(l, first, "budget") && second.kind == '{')
		return T_BUDGET;
	for (size_t i = 0; i < ARRAY_SIZE(items) && second.kind == T_IDENT; i++)
		if (is_word(l, first, items[i].word) && (!items[i].third || third == items[i].third))
			return items[i].kind;
	return 0;
}

static uint32_t line_end(const struct lexer *l, uint32_t at, bool continued)
{
	while (at < l->len && l->text[at] != '\n') {
		if (continued && l->text[at] == '\\' && at + 1 < l->len)
			at++;
		at++;
	}
	return MIN(at, l->len);
}

// `let @name = kind(size)` with or without `;`: where it ends, or the end of the line if something is wrong with it.
static uint32_t declaration_end(const struct lexer *l, struct token let)
{
	static const int shape[] = { T_MAP, '=', T_IDENT, '(', T_INT, ')' };
	struct token t = let;

	for (size_t i = 0; i < ARRAY_SIZE(shape); i++) {
		t = scan(l, t.end);
		if (t.kind != shape[i])
			return line_end(l, let.end, false);
	}
	let = scan(l, t.end);
	return let.kind == ';' ? let.end : t.end;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// The end of a quoted part at `at`; *open when it is not closed on its line.
static uint32_t quoted_end(const struct lexer *l, uint32_t at, bool *open)
{
	for (at++; at < l->len && l->text[at] != '"' && l->text[at] != '\n'; at++)
		if (l->text[at] == '\\' && at + 1 < l->len && l->text[at + 1] != '\n')
			at++;
	*open = at >= l->len || l->text[at] != '"';
	return *open ? at : at + 1;
}

// `name = provider:…`: where the text goes on behind the `=` and the blanks around it; `at` if this is none.
static uint32_t skip_name(const struct lexer *l, uint32_t start, uint32_t at)
{
	struct token name = scan(l, start);
	uint32_t p = at;

	if (name.kind != T_IDENT || name.start != start)
		return at;
	if (name.end == at) {
		while (is_blank(l->text[p]))
			p++;
		if (l->text[p] != '=' || l->text[p + 1] == '=')
			return at;
		p++;
	} else if (name.end + 1 != at || l->text[name.end] != '=') {
		return at;
	}
	while (is_blank(l->text[p]))
		p++;
	return p;
}

// An attach point's raw text. A `/` belongs to it once a `:` was seen: paths have them.
static struct token scan_point(const struct lexer *l, uint32_t start, bool colon)
{
	uint32_t at = start, next;
	bool open = false;

	while (at < l->len && !open) {
		char c = l->text[at];

		if (is_blank(c)) {
			next = colon ? at : skip_name(l, start, at);
			if (next == at)
				break;
			at = next;
			continue;
		}
		if (c == '{' || c == '}' || c == ',' || (c == '/' && !colon))
			break;
		colon |= c == ':';
		at = c == '"' ? quoted_end(l, at, &open) : at + 1;
	}
	return token(open ? T_OPEN_STRING : T_POINT, start, at);
}

static void open_body(struct lexer *l, struct token t)
{
	l->mode = LEX_CODE;
	l->depth = 1;
	l->body = t.start;
}

// What may follow an attach point, or stand where one is missing.
static struct token points_token(struct lexer *l, uint32_t at)
{
	struct token t = token(l->text[at], at, at + 1);

	switch (t.kind) {
	case '{':
		open_body(l, t);
		return t;
	case '}':
		l->mode = LEX_ITEM;
		t.kind = T_STRAY_BRACE;
		return t;
	case ',':
		l->mode = LEX_POINT;
		return t;
	case '/':
		l->mode = LEX_PREDICATE;
		l->predicate = at;
		l->depth = 0;
		l->heads = l->parens = 0;
		t.kind = T_PREDICATE;
		return t;
	default:
		t = scan_point(l, at, l->mode == LEX_POINTS);
		if (t.kind == T_POINT && l->mode == LEX_POINTS)
			t.kind = T_JUNK;
		l->mode = LEX_POINTS;
		return t;
	}
}

// The C that begins at `at`, all of it up to the next item of another kind; `at` if there is none.
static uint32_t c_text_end(const struct lexer *l, uint32_t at)
{
	uint32_t end = at;

	while (skip_layout(l, &at) && at < l->len) {
		struct token t = scan(l, at);

		if (l->text[at] == '#')
			end = at = line_end(l, at, true);
		else if (is_c_definition(l, t))
			end = at = c_definition_end(l, t);
		else
			break;
	}
	while (end > 0 && is_blank(l->text[end - 1])) // of a line, or of one that is never closed
		end--;
	return end;
}

// `macro name(`, `macro name {` and `fn name(`: the rest of them is code.
static int definition_item(const struct lexer *l, struct token first)
{
	struct token second = scan(l, first.end);
	int third = scan(l, second.end).kind;

	if (second.kind != T_IDENT)
		return 0;
	if (is_word(l, first, "macro") && (third == '(' || third == '{'))
		return T_MACRO;
	return is_word(l, first, "fn") && third == '(' ? T_FN : 0;
}

static uint32_t import_end(const struct lexer *l, struct token import)
{
	struct token path = scan(l, import.end), t = scan(l, path.end);

	if (path.kind != T_STRING)
		return line_end(l, import.end, false);
	return t.kind == ';' ? t.end : path.end;
}

// `export NAME = SINK(…) { … };`: both parts behind the sink's name may be missing.
static uint32_t export_end(const struct lexer *l, struct token export)
{
	struct token t = scan(l, scan(l, scan(l, export.end).end).end), next = scan(l, t.end);
	uint32_t end = t.end;

	if (t.kind != T_IDENT)
		return line_end(l, export.end, false);
	if (next.kind == '(') {
		end = skip_parentheses(l, next.start);
		next = scan(l, end);
	}
	if (next.kind == '{')
		return skip_braces(l, next.start);
	return next.kind == ';' ? next.end : end;
}

// `param NAME = -DEFAULT "description";`: sign, description and `;` may be missing.
static uint32_t param_end(const struct lexer *l, struct token param)
{
	struct token t = scan(l, scan(l, scan(l, param.end).end).end), about;

	if (t.kind == '-')
		t = scan(l, t.end);
	if (t.kind != T_INT && t.kind != T_STRING && t.kind != T_TRUE && t.kind != T_FALSE)
		return line_end(l, param.end, false);
	about = scan(l, t.end);
	if (about.kind == T_STRING)
		t = about;
	return scan(l, t.end).kind == ';' ? scan(l, t.end).end : t.end;
}

static void open_item(struct lexer *l, int kind, struct token first)
{
	l->mode = kind == T_EXPORT || kind == T_PARAM ? LEX_DECL : LEX_CODE;
	l->until = kind == T_EXPORT ? export_end(l, first) : kind == T_PARAM ? param_end(l, first) : 0;
	l->depth = l->nested = 0;
	l->cast = false;
	l->item = kind;
	l->clause = 0;
	l->points = false;
}

static struct token item_token(struct lexer *l, uint32_t at)
{
	struct token t = scan(l, at);
	uint32_t end = c_text_end(l, at);
	int kind;

	l->item = 0;
	if (end > at)
		return token(T_C_TEXT, at, end);
	kind = definition_item(l, t);
	if (kind) {
		l->mode = LEX_CODE;
		l->depth = 0;
		t.kind = kind;
		return t;
	}
	if (t.kind == T_IMPORT) {
		l->mode = LEX_DECL;
		l->until = import_end(l, t);
		return t;
	}
	if (t.kind == T_LET && scan(l, t.end).kind == T_MAP) {
		l->mode = LEX_DECL;
		l->until = declaration_end(l, t);
		t.kind = T_LET_MAP;
		return t;
	}
	if (is_word(l, t, "config")) {
		struct token next = scan(l, t.end);

		if (next.kind == '{' || (next.kind == '=' && scan(l, next.end).kind == '{')) {
			l->mode = LEX_CODE;
			l->depth = 0;
			t.kind = T_CONFIG;
			return t;
		}
	}
	kind = declared_item(l, t);
	if (!kind)
		return points_token(l, at);
	open_item(l, kind, t);
	t.kind = kind;
	return t;
}

// Whether a new probe seems to begin at `at`: at the start of a line, `word:text … {` or `begin {`.
static bool looks_like_probe(const struct lexer *l, uint32_t at)
{
	uint32_t p = at, end;

	if (at == 0 || l->text[at - 1] != '\n')
		return false;
	while (isalnum((unsigned char)l->text[p]) || l->text[p] == '_')
		p++;
	if (p == at)
		return false;
	end = line_end(l, p, false);
	if (l->text[p] == ':')
		return !is_blank(l->text[p + 1]) && (memchr(l->text + p, '{', end - p) || memchr(l->text + p, '/', end - p) || l->text[end - 1] == ',');
	if (!((p - at == 5 && strncasecmp(l->text + at, "begin", 5) == 0) || (p - at == 3 && strncasecmp(l->text + at, "end", 3) == 0)))
		return false;
	return skip_layout(l, &p) && l->text[p] == '{';
}

// Behind a block that is an operand: what only an expression goes on with.
static bool goes_on(int kind)
{
	switch (kind) {
	case ')': case ']': case ',': case '+': case '-': case '*': case '/': case '%': case '&': case '|': case '^': case '<': case '>': case '?':
	case ':': case T_EQ: case T_NE: case T_LE: case T_GE: case T_SHL: case T_SHR: case T_LAND: case T_LOR:
		return true;
	default:
		return false;
	}
}

// The `/` in front of a brace, but in parentheses not that of `(x / { 2 })`.
static bool ends_predicate(const struct lexer *l, struct token slash)
{
	struct token brace = scan(l, slash.end);

	return brace.kind == '{' && !(l->parens && goes_on(scan(l, skip_braces(l, brace.start)).kind));
}

// Inside braces anything may stand. Outside, a brace behind an operand opens the block of an `if`, whose head the operand
// ends; where no `if` waits for one, the predicate was not closed.
static struct token predicate_token(struct lexer *l, struct token t)
{
	if (l->depth == 0 && t.kind == '/' && ends_predicate(l, t)) {
		l->mode = LEX_POINTS;
		t.kind = T_PREDICATE_END;
		return t;
	}
	if (l->depth == 0) {
		l->heads += t.kind == T_IF;
		l->parens += t.kind == '(';
		l->parens -= t.kind == ')' && l->parens;
	}
	if (t.kind == '{') {
		if (l->depth == 0 && ends_operand(l->prev) && l->heads-- == 0) {
			l->mode = LEX_POINTS;
			return token(T_PREDICATE_OPEN_END, t.start, t.start);
		}
		l->depth++;
	} else if (t.kind == '}') {
		if (l->depth == 0) {
			l->mode = LEX_ITEM;
			t.kind = T_STRAY_BRACE;
			return t;
		}
		l->depth--;
	}
	return t;
}

static struct token brace(struct lexer *l, struct token t)
{
	if (t.kind == '{') {
		if (l->depth++ == 0)
			l->body = t.start;
	} else if (l->depth == 0) {
		l->mode = LEX_ITEM;
		t.kind = T_STRAY_BRACE;
	} else if (--l->depth == 0 && l->mode != LEX_DECL) {
		l->mode = LEX_ITEM;
	}
	return t;
}

static const struct {
	const char *word;
	int kind;
} clauses[] = {
#define CLAUSE(WORD, spelling, doc) { spelling, T_CLAUSE_##WORD },
#include "lang/clause.def"
#undef CLAUSE
};

// Two operands never stand side by side: a word behind one, outside of parentheses, begins a clause, or is `by`.
static int clause_kind(const struct lexer *l, struct token t)
{
	bool percent = l->prev == '%' && l->clause == T_CLAUSE_SAMPLE;

	if ((l->item != T_PROBE && l->item != T_STREAM && l->item != T_CASE) || l->depth != 1 || l->nested || l->cast)
		return T_IDENT;
	if (!percent && !ends_operand(l->prev) && l->prev != '{' && l->prev != ';' && l->prev != T_POINT)
		return T_IDENT;
	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		if (is_word(l, t, clauses[i].word))
			return clauses[i].kind;
	if (percent)
		return T_IDENT;
	return is_word(l, t, "by") && ends_operand(l->prev) ? T_BY : T_CLAUSE_UNKNOWN;
}

static bool is_size(const struct lexer *l, struct token t)
{
	return l->item == T_BUDGET && memchr("Bb", l->text[t.end - 1], 2) && strncmp(l->text + t.start, "0x", 2) != 0;
}

// Kinds that depend on the token before.
static int kind_in_context(const struct lexer *l, struct token t)
{
	bool statement = l->prev == ';' || l->prev == '{' || l->prev == '}' || l->prev == T_BLOCK_OPEN;

	if ((l->prev == '.' || l->prev == T_ARROW) && keyword(l->text + t.start, t.end - t.start) != T_IDENT)
		return T_IDENT;
	switch (t.kind) {
	case '(':
		if (l->prev == T_SIZEOF || l->prev == T_TYPEOF || l->prev == T_OFFSETOF || l->prev == T_TYPEINFO)
			return opens_type(l, t, false) ? T_TYPE_OPEN : '(';
		if (l->prev != ')' && l->prev != '}' && ends_operand(l->prev))
			return '(';
		return opens_type(l, t, true) ? T_CAST_OPEN : '(';
	case T_IF:
		return statement ? T_IF_STATEMENT : T_IF;
	case '{':
		return statement ? T_BLOCK_OPEN : '{';
	case T_COMPTIME:
		return l->prev == T_IF || l->prev == T_IF_STATEMENT ? T_IF_COMPTIME : T_COMPTIME;
	case T_IDENT:
		return l->item ? clause_kind(l, t) : T_IDENT;
	case T_INT:
		if (l->prev == '.' && (l->item == T_BUDGET || l->clause == T_CLAUSE_SAMPLE))
			return T_FRACTION;
		return is_size(l, t) ? T_SIZE : T_INT;
	default:
		return t.kind;
	}
}

// What an `on` clause lists. Nothing is consumed where no attach point stands.
static bool listed_point(struct lexer *l, uint32_t at, struct token *ret)
{
	if (l->item != T_PROBE || l->depth != 1)
		return false;
	if (l->prev == T_CLAUSE_ON || (l->points && l->prev == ',')) {
		*ret = skip_layout(l, &at) ? scan_point(l, at, false) : token(T_POINT, at, at);
		l->points = ret->end > ret->start;
		return l->points;
	}
	l->points = l->points && l->prev == T_POINT && scan(l, at).kind == ',';
	return false;
}

static struct token code_token(struct lexer *l)
{
	struct token t = scan(l, l->at), point;
	int kind;

	if (listed_point(l, l->at, &point))
		return point;
	if (l->depth > 0 && l->mode == LEX_CODE && (t.kind == 0 || (l->split_at_probes && looks_like_probe(l, t.start)))) {
		l->closes = l->depth;
		l->depth = 0;
		l->mode = LEX_ITEM;
		return token(T_BODY_OPEN_END, t.start, t.start);
	}
	kind = kind_in_context(l, t);
	if (l->mode == LEX_PREDICATE)
		t = predicate_token(l, t);
	else if (t.kind == '{' || t.kind == '}')
		t = brace(l, t);
	if ((t.kind == '{' || t.kind == '(' || t.kind == T_IF || t.kind == T_COMPTIME || t.kind == T_IDENT || t.kind == T_INT) || kind == T_IDENT)
		t.kind = kind;
	if (l->item) {
		l->cast = t.kind == ')' && l->nested < 64 && l->casts >> l->nested & 1;
		l->nested += t.kind == '(' || t.kind == '[' || t.kind == T_CAST_OPEN || t.kind == T_TYPE_OPEN;
		if ((t.kind == '(' || t.kind == '[' || t.kind == T_CAST_OPEN || t.kind == T_TYPE_OPEN) && l->nested < 64)
			l->casts = (l->casts & ~(1ull << l->nested)) | (uint64_t)(t.kind == T_CAST_OPEN) << l->nested;
		l->nested -= (t.kind == ')' || t.kind == ']') && l->nested > 0;
		if (t.kind >= T_CLAUSE_ON && t.kind <= T_CLAUSE_DO)
			l->clause = t.kind;
	}
	return t;
}

static struct token next(struct lexer *l)
{
	uint32_t at = l->at;

	if (l->closes) {
		l->closes--;
		return token('}', at, at);
	}
	if (l->mode == LEX_DECL && (!skip_layout(l, &at) || at >= l->until)) {
		l->mode = LEX_ITEM;
		return token(T_ITEM_END, l->until, l->until);
	}
	if (l->mode == LEX_CODE || l->mode == LEX_PREDICATE || l->mode == LEX_DECL)
		return code_token(l);
	if (!skip_layout(l, &at))
		return token(T_OPEN_COMMENT, at, l->len);
	if (at >= l->len)
		return token(0, l->len, l->len);
	return l->mode == LEX_ITEM ? item_token(l, at) : points_token(l, at);
}

struct token lexer_next(struct lexer *l)
{
	struct token t = next(l);

	l->at = MAX(t.end, l->at);
	l->prev = t.kind;
	return t;
}

static bool unbalanced(struct lexer l)
{
	for (struct token t = lexer_next(&l); t.kind != 0; t = lexer_next(&l))
		if (t.kind == T_BODY_OPEN_END)
			return true;
	return false;
}

void lexer_init(struct lexer *l, struct arena *a, const char *text, size_t len)
{
	*l = (struct lexer){ .text = arena_memdup(a, "", 1), .mode = LEX_ITEM };
	if (len > 0 && len <= LEX_MAX_TEXT) {
		char *copy = arena_alloc(a, len + 1);

		memcpy(copy, text, len);
		l->text = copy;
		l->len = (uint32_t)len;
	}
	if (len >= 3 && memcmp(l->text, "\xef\xbb\xbf", 3) == 0)
		l->at = 3;
	if (l->len - l->at >= 2 && memcmp(l->text + l->at, "#!", 2) == 0)
		l->at = line_end(l, l->at, false);
	l->split_at_probes = unbalanced(*l);
}

// SPDX-License-Identifier: Apache-2.0
// Raw tokens of the C section, and what the escapes of its strings mean.
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

	return v->use ? *v->use : (struct span){ s->source, s->base + start, s->base + v->at };
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

static void skip_space(struct cdecl *c, struct cview *v)
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

void cview_space(struct cdecl *c, struct cview *v)
{
	uint32_t from;

	if (v->made && peek(v, 0) == CVIEW_BORDER)
		v->at++;
	while (joint(v))
		v->at += joint(v);
	from = v->at;
	skip_space(c, v);
	v->gap |= v->at > from;
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
		    { "&&", CT_AND }, { "||", CT_OR }, { "->", CT_ARROW }, { "##", CT_PASTE }, { "++", CT_ASSIGN }, { "--", CT_ASSIGN },
		    { "+=", CT_ASSIGN }, { "-=", CT_ASSIGN }, { "*=", CT_ASSIGN }, { "/=", CT_ASSIGN }, { "%=", CT_ASSIGN }, { "&=", CT_ASSIGN },
		    { "|=", CT_ASSIGN }, { "^=", CT_ASSIGN } };
	char ch = peek(v, 0);

	for (size_t i = 0; i < ARRAY_SIZE(two); i++)
		if (ch == two[i].text[0] && peek(v, 1) == two[i].text[1]) {
			v->at += 2;
			if ((two[i].kind != CT_SHL && two[i].kind != CT_SHR) || peek(v, 0) != '=')
				return two[i].kind;
			v->at++;
			return CT_ASSIGN;
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
	*t = (struct ctoken){ .spaced = v->gap, .painted = v->made && peek(v, 0) == CVIEW_PAINT };
	v->at += t->painted;
	start = v->at;
	t->p = v->p + start;
	if (v->at < v->n) {
		t->kind = raw_kind(c, v, t);
		v->fresh = v->gap = false;
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

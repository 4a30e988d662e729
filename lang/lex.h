// SPDX-License-Identifier: Apache-2.0
// lex.h - text to tokens. The lexer alone knows where it is: in front of an item, in an attach point's raw text, in a
// predicate, in braces. So the parser feeds nothing back, and looking ahead is lexing with a copy of the struct.
//
// It decides what a grammar of one token of lookahead cannot: which `/` ends a predicate, whether `(` opens a cast, whether
// `{` and `if` begin a statement, whether a word begins an item of the declarative layer. It reports nothing: bytes that are
// no token come out as tokens of their own (T_BAD_BYTES, T_OPEN_STRING, …), which parse.c turns into diagnostics.
// Given up: comments are not kept; who wants them looks between the tokens (fmt_pieces.c).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct token {
	int kind;            // enum grammar_tokentype, or a character; 0 at the end
	uint32_t start, end; // bytes of the text, end exclusive
};

enum lex_mode { LEX_ITEM, LEX_POINT, LEX_POINTS, LEX_PREDICATE, LEX_CODE, LEX_DECL };

struct lexer {
	const char *text;      // NUL at text[len]
	uint32_t len, at;
	enum lex_mode mode;
	uint32_t depth;        // open braces of the block or config
	uint32_t until;        // LEX_DECL: where the declaration ends
	uint32_t body;         // the outermost open brace
	uint32_t predicate;    // where the last predicate began
	uint32_t closes;       // braces still to be closed for a body that was not
	int prev;              // kind of the last token
	uint32_t heads;        // LEX_PREDICATE, outside braces: `if`s that wait for their block
	uint32_t parens;       // the same: parentheses that are open
	int item;              // the declarative item around: T_TARGET, T_PROBE …; 0: none
	uint32_t nested;       // item: open `(` and `[`
	uint64_t casts;        // item: bit n: the nth open one is a cast's
	bool cast;             // item: the `)` before ends a cast, an operand follows
	int clause;            // item: the clause begun last
	bool points;           // item: attach points are being listed
	bool split_at_probes;  // braces do not balance: a line that looks like a probe ends an open body
};

#define LEX_MAX_TEXT (1u << 30)

// Copies the text (any bytes, at most LEX_MAX_TEXT) and looks whether its braces balance.
void lexer_init(struct lexer *l, struct arena *a, const char *text, size_t len);
struct token lexer_next(struct lexer *l);

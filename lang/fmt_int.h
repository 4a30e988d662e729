// SPDX-License-Identifier: Apache-2.0
// fmt_int.h - what the two halves of the formatter share. Private to lang/.
//
// Formatting never touches the tree: it takes the lexer's tokens with the comments between them, and only chooses what
// white space stands in front of each. So nothing can be lost, and the result lexes to the same tokens.
// fmt_pieces.c decides token by token (space or none, a line of its own or not), fmt.c lays the lines out.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { PIECE_LINE_COMMENT = -2, PIECE_COMMENT = -3 }; // kinds besides the lexer's

enum piece_line {
	LINE_KEEP, // on a line of its own, as a continuation, where it was written so
	LINE_JOIN, // on the line of the one before
	LINE_NEW,  // begins a line, unless all of its braces are on one
};

struct piece {
	int kind;
	uint32_t start, end;
	uint32_t breaks;  // line ends between the piece before and this one
	uint32_t match;   // `{`: the piece that closes it
	enum piece_line line;
	bool space;       // one stands in front when it does not begin a line
	bool never_flat;  // `{`: what is in it stands on lines of its own, whatever was written
	bool aligned;     // what follows on the line stands in a column with that of its siblings
	uint32_t pad;     // aligned: how wide the column is
};

struct pieces {
	const char *text;
	uint32_t first; // where the text begins, behind a `#!` line
	VEC(struct piece) list;
};

#define FMT_WIDTH 100 // columns that a line may be joined to; a tab is 8

// The tokens and comments of a text that parses, each with its decisions.
void pieces_make(struct pieces *p, struct arena *a, const char *text, size_t n);
bool piece_is_comment(const struct piece *p);
bool piece_opens(const struct piece *p); // a `{` of any kind
// Columns of pieces first … last on one line; more than FMT_WIDTH when one of them cannot be.
uint32_t pieces_width(const struct pieces *p, uint32_t first, uint32_t last);

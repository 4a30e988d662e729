// SPDX-License-Identifier: Apache-2.0
// library.h - the part of stdlib/ that is written in the language itself, embedded at build time.
//
// Its macros are there without an import: a call of a name that is no builtin is looked for in these texts, and only a text
// that may define it is parsed. They can be imported too ("stdlib/NAME.spile"), which does no more.
#pragma once

#include <stddef.h>

struct library_text {
	const char *name; // "stdlib/pointers.spile"
	const char *text, *end;
};

const struct library_text *library_named(const char *name);    // with or without ".spile"; NULL if there is none
const struct library_text *library_defines(const char *macro); // the text that seems to define it; NULL if none does

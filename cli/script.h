// SPDX-License-Identifier: Apache-2.0
// script.h - the bytes that are to be run: read from a file, standard input or -e, all at once. A word that is no file may be
// the name of a script of the library (shipped.h).
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct options;

struct script {
	const char *name; // as diagnostics show it
	char *found;      // its path, when a name of the library was given; heap, NULL
	struct str text;  // owned
	bool object;      // the bytes are an ELF file: something `spile build` made
};

// False with the reason (a line without its end) in `why`. script_free() is allowed either way.
bool script_read(const struct options *o, struct script *s, struct str *why);
void script_free(struct script *s);
// Sets the name alone, as script_read() does: for whoever is handed the text.
void script_name(const struct options *o, struct script *s);

// SPDX-License-Identifier: Apache-2.0
// shipped.h - the library of scripts that comes with Spile: probes/THEME/NAME.spile or .bt, run by NAME.
//
// It lies beside the executable: in a build tree as ../probes, installed as ../share/spile/probes; SPILE_PROBES names another.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct str;

struct shipped {
	const char *theme, *name; // "files", "opensnoop"
	const char *path;
};

// Calls each(), sorted by theme and name. False if there is no library.
bool shipped_each(void (*each)(void *arg, const struct shipped *s), void *arg);
char *shipped_path(const char *name);                        // of the script of that name; NULL if there is none; heap
bool shipped_near(const char *name, struct str *ret);        // a name that was perhaps meant
void shipped_head(const char *text, size_t n, struct str *out); // the comment that a script begins with, without its slashes
int cmd_scripts(const char *pattern);                        // spile scripts: the exit status

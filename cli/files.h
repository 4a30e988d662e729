// SPDX-License-Identifier: Apache-2.0
// files.h - the files a script imports, read for the front end: its hook read_file (lang/lang.h). And C headers, which Clang reads.
//
// Every path that was looked at is kept, with what lay there, for the plan's deps: a file that changed, or one that appeared
// where it would be found first, makes the cached object stale.
#pragma once

#include <stddef.h>

struct arena;
struct lang_file;
struct plan_dep;

struct files {
	struct arena *arena;
	struct plan_dep *v; // in the arena
	size_t n, cap;
};

// For lang_options.read_file; `files` is a struct files.
int files_read(void *files, struct arena *a, const char *path, struct lang_file *ret);
// Keeps a path that something else reads, with what lies there now. `files` is a struct files.
void files_note(void *files, const char *path);
// The folders of SPILE_PATH, separated by colons; empty ones are left out.
size_t files_search(struct arena *a, const char *const **ret);

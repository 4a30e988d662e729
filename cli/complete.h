// SPDX-License-Identifier: Apache-2.0
// complete.h - what could stand at the end of a line of a script: probes where an attach point is being typed, fields behind
// `args.`, else builtins, functions, macros of the library and keywords.
#pragma once

#include <stddef.h>

#include "base/arena.h"

struct machine;

struct words {
	VEC(char *) list; // sorted, each once; strings in the arena of complete()
};

// The words that begin as `line`'s last `word` bytes do.
void complete(struct machine *m, struct arena *a, const char *line, size_t word, struct words *ret);

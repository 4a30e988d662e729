// SPDX-License-Identifier: Apache-2.0
// binary.h - from what an attach point says of a binary to paths; shared by uprobe and usdt.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/probe_type.h"

struct paths {
	struct arena *arena;
	const char **v;
	size_t n, cap;
};

// The binaries `name` stands for: a path, a name on PATH, a library, a pattern; NULL is every executable mapping of the
// process of -p. False after a diagnostic when there is none; with `quiet`, without one.
bool binary_paths(const struct expand *q, const struct attach_point *ap, const char *name, bool quiet, struct paths *ret);
// Was one binary meant, so that what is wrong with it is an error, or any of several?
bool binary_is_one(const char *name);
// The path under which this process can open what is `path` to process `pid` (0: itself). The caller frees it.
char *binary_open_path(const char *path, uint32_t pid);

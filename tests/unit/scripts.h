// SPDX-License-Identifier: Apache-2.0
// scripts.h - every script of a folder of this tree, and of the folders in it: golden cases up to their first section,
// probe scripts, examples.
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"

static inline bool scripts_is_one(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name && (!strcmp(dot, ".case") || !strcmp(dot, ".spile") || !strcmp(dot, ".bt"));
}

// How many of them `each` said true of.
static inline unsigned scripts_each(const char *dir, bool (*each)(const char *path, const char *text, size_t n))
{
	DIR *d = opendir(dir);
	unsigned count = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		_free_ char *path = xasprintf("%s/%s", dir, e->d_name);
		_str_ struct str text = { 0 };
		const char *end;

		if (e->d_name[0] != '.' && e->d_type == DT_DIR)
			count += scripts_each(path, each);
		if (!scripts_is_one(e->d_name) || str_read_file(&text, path, SIZE_MAX))
			continue;
		end = text.n ? memmem(text.p, text.n, "\n--- ", 5) : NULL;
		count += each(path, str_z(&text), end ? (size_t)(end + 1 - text.p) : text.n);
	}
	if (d)
		closedir(d);
	return count;
}

// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/world.h"

bool glob_is(const char *text)
{
	return strchr(text, '*') != NULL;
}

// Linear in text per star: on a mismatch only the last star is retried.
bool glob_match(const char *glob, const char *text)
{
	const char *star = NULL, *back = NULL;

	while (*text) {
		if (*glob == '*') {
			star = ++glob;
			back = text;
		} else if (*glob == *text) {
			glob++;
			text++;
		} else if (star) {
			glob = star;
			text = ++back;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

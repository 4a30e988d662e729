// SPDX-License-Identifier: Apache-2.0
// format.h - a printf format taken apart, for checking it against its arguments. Printing is the run side's.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct format_item {
	size_t start, end; // of the conversion, from '%' to its last letter, exclusive
	char conv;         // 'd' 'i' 'u' 'x' 'X' 'o' 'c' 'p' 's' 'r', 'g' for gr; '%' takes no argument; 0: unknown or cut off
};

// The next conversion at or behind *at; false at the end. *at moves behind it.
bool format_next(const char *text, size_t len, size_t *at, struct format_item *ret);

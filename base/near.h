// SPDX-License-Identifier: Apache-2.0
// near.h - "did you mean …?": the candidate nearest to a name that was not found.
//
// Candidates are offered one by one, so that a table of ten rows and a symbol table of 100,000 are asked alike. A
// candidate counts when at most a third of the name would have to change (insert, delete, replace, swap neighbours;
// case is free); of equals the first offered wins.
#pragma once

#include <stddef.h>

struct arena;

struct near {
	const char *want;
	const char *best;  // NULL: nothing near enough so far; the caller's pointer, not copied
	unsigned distance; // of best, or the limit + 1
};

struct near near_to(const char *want);
void near_offer(struct near *n, const char *candidate); // candidate must outlive n
void near_offer_copy(struct near *n, struct arena *a, const char *candidate); // … need not: it is copied if it is the best so far

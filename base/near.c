// SPDX-License-Identifier: Apache-2.0
#include "base/near.h"

#include <string.h>

#include "base/arena.h"
#include "base/util.h"

enum { LONGEST = 64 }; // longer names are compared by their first 64 bytes

struct near near_to(const char *want)
{
	size_t len = MIN(strlen(want), (size_t)LONGEST);

	return (struct near){ .want = want, .distance = MAX((unsigned)len / 3, 1) + 1 };
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	return MIN(MIN(a, b), c);
}

// Three rows of the usual table; a row whose smallest entry reaches `limit` decides.
static unsigned distance(const char *a, size_t na, const char *b, size_t nb, unsigned limit)
{
	unsigned rows[3][LONGEST + 1], *before = rows[0], *last = rows[1], *now = rows[2];

	for (unsigned j = 0; j <= nb; j++)
		last[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned smallest = now[0] = i;

		for (unsigned j = 1; j <= nb; j++) {
			unsigned change = fold(a[i - 1]) != fold(b[j - 1]);

			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + change);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]))
				now[j] = MIN(now[j], before[j - 2] + 1);
			smallest = MIN(smallest, now[j]);
		}
		if (smallest >= limit)
			return limit;
		unsigned *spare = before;

		before = last;
		last = now;
		now = spare;
	}
	return last[nb];
}

void near_offer(struct near *n, const char *candidate)
{
	size_t na = MIN(strlen(n->want), (size_t)LONGEST), nb = MIN(strlen(candidate), (size_t)LONGEST);
	size_t gap = na > nb ? na - nb : nb - na;

	if (!nb || gap >= n->distance)
		return;
	unsigned d = distance(n->want, na, candidate, nb, n->distance);

	if (d < n->distance) {
		n->distance = d;
		n->best = candidate;
	}
}

void near_offer_copy(struct near *n, struct arena *a, const char *candidate)
{
	const char *was = n->best;

	near_offer(n, candidate);
	if (n->best != was)
		n->best = arena_strdup(a, n->best);
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/duty.h"

#include "base/util.h"

#define LEAST_BLOCK 250e6 // nanoseconds
#define MOST_BLOCK 10e9
#define LEAST_WINDOW 2e6

// xorshift64*; 0 to 1.
static double by_chance(struct duty *d)
{
	d->seed ^= d->seed >> 12;
	d->seed ^= d->seed << 25;
	d->seed ^= d->seed >> 27;
	return (double)(d->seed * 0x2545f4914f6cdd1dull >> 11) / 9007199254740992.0;
}

// A window of the length of the slop wastes half of what is spent: longer ones waste less, and come too rarely.
void duty_next(struct duty *d, uint64_t ready_ns)
{
	double missed, rate = MAX(d->rate, d->share / 16), block = 2 * rate * d->slop_ns / d->share, window, cost, credit, length;

	block = MIN(MAX(block, LEAST_BLOCK), MOST_BLOCK);
	window = MAX(block * d->share / rate - d->slop_ns, LEAST_WINDOW);
	cost = rate * (window + d->slop_ns);
	d->block_ns += d->length_ns;
	credit = d->share * (double)(d->block_ns - d->begun_ns) - d->spent_ns;
	if (credit > cost / 2) { // quiet times are not saved up for a burst
		d->spent_ns += credit - cost / 2;
		credit = cost / 2;
	}
	missed = ready_ns > d->block_ns ? (double)(ready_ns - d->block_ns) : 0;
	length = MAX(MAX((cost - credit) / d->share, window), 2 * missed);
	d->window_ns = (uint64_t)window;
	d->length_ns = (uint64_t)length;
	d->from_ns = d->block_ns + (uint64_t)(missed + by_chance(d) * (length - missed));
}

double duty_worth(const struct duty *d)
{
	return (double)d->length_ns / (double)d->window_ns;
}

void duty_spent(struct duty *d, double cost_ns, uint64_t attached_ns)
{
	double attached = (double)MAX(attached_ns, 1ull), slop = MAX(attached - (double)d->window_ns, 1e5);

	d->spent_ns += cost_ns;
	d->rate = (d->rate + cost_ns / attached) / 2;
	d->slop_ns = (3 * d->slop_ns + slop) / 4;
}

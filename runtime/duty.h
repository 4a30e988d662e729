// SPDX-License-Identifier: Apache-2.0
// duty.h - when a gate's programs are on their events, where to be entered at all costs more than the gate's share.
//
// Time is cut into blocks, and in each lies one window at a place drawn by chance, so that every moment has the same chance to be
// seen: what is seen in a window stands for its block, block / window times, and sums are right in expectation however the traffic
// goes. How long a block is follows from what was spent so far: it repays what earlier ones took more or less. Given up: moments
// between windows, and programs that are slower while they are looked at are seen at that pace.
#pragma once

#include <stdint.h>

struct duty {
	double share;      // of one processor that may be spent
	uint64_t begun_ns; // what was spent counts from here
	double spent_ns;   // processor time
	double rate;       // of processor time while the programs are on their events
	double slop_ns;    // they are so longer than the window is, for it takes time to attach and detach
	uint64_t block_ns, length_ns, from_ns, window_ns; // of the block: from_ns is when its window begins
	uint64_t seed;     // not 0
};

// Plans the block that follows; the first begins at block_ns + length_ns. ready_ns: before it the programs cannot be attached. A slow
// machine must not fall behind its blocks, since those that would come after the run's end stand for events of the run.
void duty_next(struct duty *d, uint64_t ready_ns);
double duty_worth(const struct duty *d); // how many events one in the window stands for
// What the window cost, and for how long the programs were attached.
void duty_spent(struct duty *d, double cost_ns, uint64_t attached_ns);

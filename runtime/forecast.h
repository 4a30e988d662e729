// SPDX-License-Identifier: Apache-2.0
// forecast.h - what a script would cost: its programs attached for a while with nothing printed, exported or started by
// them, their hits and run time as the kernel counts them, and what it takes this machine to get into a program at all.
//
// A hit costs the way into the program (a trap, a call) and the program. The kernel's statistics know only the second, so
// the first is measured on functions of our own, with and without an empty program; where that cannot be done it is an
// assumption, and said to be one. Maps are filled as in the run itself, and thrown away.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct forecast_prog {
	uint64_t runs;
	double program_ns, entry_ns; // of one hit
	bool assumed;                // entry_ns is
};

struct forecast {
	double seconds;     // to be measured; afterwards, that were
	bool count_only;    // programs that may change the machine: they are entered, and return at once
	struct forecast_prog *progs; // by index into plan.progs; room is the caller's
};

struct run;

void forecast_prepare(struct run *r, struct forecast *f); // what entering costs; nothing of the script is attached yet
int forecast_run(struct run *r, struct forecast *f);      // all is attached. 0, or -errno when the kernel keeps no statistics

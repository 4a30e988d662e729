// SPDX-License-Identifier: Apache-2.0
// entry_cost.h - what it takes this machine to get into a program: the trap, the call, the look-up of who is attached.
//
// The kernel's run-time statistics begin behind it, and of a uprobe it is the larger part. So it is measured on functions of our own,
// with and without an empty program; where that cannot be done it is a figure of another machine, and said to be one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct run;

struct entry_cost {
	double ns;    // a hit
	bool assumed; // not measured here
};

// Of each of the plan's programs; `of` has room for as many. Takes some milliseconds for each kind of entry that the plan has.
void entry_costs(struct run *r, struct entry_cost *of);
// What the kernel has counted of a program since it was loaded, while statistics are on. 0 for both when it cannot be asked.
void program_spent(int fd, uint64_t *runs, uint64_t *ns);
// How much of a program's run time are the looks at the clock for that. Statistics must be on.
double statistics_ns(void);

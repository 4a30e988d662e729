// SPDX-License-Identifier: Apache-2.0
// abilities.h - what can be observed on this machine, found by doing it for an instant: for spile doctor.
//
// A row for each kind of probe and for what traces need besides. Features of the kernel that only make a trace cheaper are
// rows of base/feature.def. Nothing stays attached, no state of the machine is changed.
#pragma once

#include <stdbool.h>

struct str;
struct world;

struct ability {
	const char *name, *doc; // one word; what it is good for
	bool needed;            // without it no script runs
	bool (*is_there)(struct world *w, struct str *why); // false: why not, and what would change that
};

const struct ability *abilities(void); // up to one without a name

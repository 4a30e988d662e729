// SPDX-License-Identifier: Apache-2.0
// wait.h - a script that probes the programs of a target is compiled for those that are there: while there is none, its run waits.
#pragma once

#include <stdbool.h>

struct options;
struct script;

// Returns when the front end misses no program any more, or errs otherwise (which compiling says). False: asked to stop meanwhile.
bool wait_for_programs(const struct options *o, const struct script *s);

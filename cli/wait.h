// SPDX-License-Identifier: Apache-2.0
// wait.h - a script that probes the programs of a target is compiled for those that are there: while there is none, its run waits.
#pragma once

#include <stdbool.h>

struct diag;
struct options;
struct script;

// Is a program all that is missing, and may the run wait for it? (The compiler then says nothing and exits with COMPILER_WAITS.)
bool wait_is_due(const struct options *o, const struct diag *d);
// Returns when the front end misses no program any more, or errs otherwise (which compiling says). False: asked to stop meanwhile.
bool wait_for_programs(const struct options *o, const struct script *s);

// SPDX-License-Identifier: Apache-2.0
// tally.h - what a run's walks over user stacks came to: how many were whole, what ended the others.
#pragma once

#include <stdbool.h>

struct str;
struct unwinder;

// A line, with `tables` one more about the files, nothing when nothing was walked. `counts_fd`: the map of enum unwind_count, per CPU.
void unwind_tally(struct unwinder *u, int counts_fd, unsigned ncpus, bool tables, struct str *out);

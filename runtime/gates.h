// SPDX-License-Identifier: Apache-2.0
// gates.h - CPU budgets: how many events each gate lets through (wire_globals.keep), so that the programs it counts take no more
// than their share of one processor.
//
// The kernel counts the programs' run time (BPF_ENABLE_STATS) while a gate exists. Every PERIOD the share is compared with what was
// taken; programs take time for events that they leave out, too, so the way down and up is by steps, not by one division.
// What the kernel needs to reach a program (a uprobe's trap) is not in that time.
#pragma once

#include <stdint.h>

struct gates;
struct loaded;
struct plan;
struct wire_globals;

// NULL when the plan has no gates. -errno of the statistics that could not be turned on: *ret is NULL then, too.
int gates_new(const struct plan *p, const struct loaded *l, struct wire_globals *g, struct gates **ret);
void gates_free(struct gates *g);
void gates_tick(struct gates *g, uint64_t now_ns); // CLOCK_MONOTONIC; NULL is allowed
// The next number of 2^32 events to let through, when `keep` of them took `used` where `share` (of the same unit) is allowed.
uint64_t gate_next(uint64_t keep, uint64_t used, uint64_t share);

// SPDX-License-Identifier: Apache-2.0
// gates.h - CPU budgets: how many events each gate lets through (wire_gate), so that what it counts takes its share of one processor
// and no more.
//
// What counts is the programs' run time, which the kernel keeps (BPF_ENABLE_STATS) while a gate exists; what it takes to get into
// them, as often as they ran (entry_cost.h); and for the whole run's budget Spile's own processor time. While entering leaves room, the
// share decides how many events pass, at each look by steps, since events that are left out cost too. Where entering alone takes half
// of the share, as a flood of uprobes does, the programs are on their events for short times only (duty.h, hands.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gates;
struct link_set;
struct run;
struct str;

// *ret stays NULL when the plan has no gates. -errno of the statistics that could not be turned on: *ret is NULL then, too. Maps are
// loaded, nothing is attached.
int gates_new(struct run *r, struct gates **ret);
void gates_free(struct gates *g); // its programs are detached
// All of the following take NULL for the gates.
struct link_set *gates_links(struct gates *g, uint32_t prog); // where a program's links belong that a gate may detach; NULL: to the run's
void gates_tick(struct gates *g, uint64_t now_ns);            // CLOCK_MONOTONIC
int gates_patience(const struct gates *g, uint64_t now_ns, int ms); // how long to wait until the next tick: `ms` at most
void gates_end(struct gates *g);                       // nothing is attached or counted any more
void gates_report(struct gates *g, struct str *out);   // a line for each gate that took programs off their events
// The next number of 2^32 events to let through, when `keep` of them took `used` where `share` (of the same unit) is allowed.
uint64_t gate_next(uint64_t keep, uint64_t used, uint64_t share);

// SPDX-License-Identifier: Apache-2.0
// event.h - what the run side does for each asynchronous action: one function per row of base/event.def.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct run;
struct record;
struct plan_map;

void event_act(struct run *r, const struct record *rec);
// Prints a map as it is now; `at_end`: one that was never written is left out.
// `takes`: WIRE_TAKE_*.
void event_print_map(struct run *r, unsigned map, unsigned long top, unsigned long div, int at_end, unsigned takes);
// Reads the stream's measures and hands them to its sinks. `last`: the run ends.
void event_publish(struct run *r, uint32_t stream, bool last);

// SPDX-License-Identifier: Apache-2.0
// hands.h - programs that are taken off their events and put back while the run goes on.
//
// Either waits for the kernel, tens of milliseconds for uprobes, so a thread does it and the run goes on reading. All programs turn at
// once: what still traps costs as much as before.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hands;
struct link_set;
struct run;

struct hands *hands_new(struct run *r); // never NULL
void hands_free(struct hands *h);       // waits for what is under way, and detaches all; NULL is allowed
struct link_set *hands_links(struct hands *h, uint32_t prog); // where the run puts the links of its first attaching
// Attaches, or detaches at at_ns (CLOCK_MONOTONIC, 0: now); nothing when it is so already, or is being turned. A time to detach is told
// as early as hands_lead() before it, for it to be kept.
void hands_turn(struct hands *h, uint32_t prog, bool on, uint64_t at_ns);
uint64_t hands_lead(const struct hands *h, uint32_t prog); // nanoseconds
bool hands_busy(struct hands *h, uint32_t prog);              // is it being turned?
bool hands_failed(const struct hands *h, uint32_t prog);      // could it not be put back?

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
void hands_turn(struct hands *h, uint32_t prog, bool on);     // attaches or detaches; nothing when it is so already, or is being turned
bool hands_busy(struct hands *h, uint32_t prog);              // is it being turned?
bool hands_failed(const struct hands *h, uint32_t prog);      // could it not be put back?

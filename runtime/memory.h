// SPDX-License-Identifier: Apache-2.0
// memory.h - a budget of memory: what Spile's process holds and what the script's maps take in the kernel.
//
// The maps' share is what the kernel says of them (memlock in /proc/self/fdinfo). A script that passes its budget as soon as it is
// loaded is refused; one that passes it later is told of, once, since what it has seen so far is worth more than its end.
#pragma once

#include <stdint.h>

struct diag;
struct loaded;
struct memory;
struct plan;

// 0, or -E2BIG after a diagnostic. *ret stays NULL when the plan bounds no memory. `l` must outlive it.
int memory_new(const struct plan *p, const struct loaded *l, struct diag *d, struct memory **ret);
void memory_free(struct memory *m);
void memory_tick(struct memory *m, uint64_t now_ns); // CLOCK_MONOTONIC; NULL is allowed
// Bytes of a map by what its descriptor's fdinfo says; 0 when it says nothing.
uint64_t memory_of_map(int fd);

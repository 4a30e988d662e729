// SPDX-License-Identifier: Apache-2.0
// maps.h - the script's maps read, emptied and zeroed from user space.
//
// A map is read as it is at the moment; elements that programs add meanwhile may or may not be seen. Values of per-CPU
// maps are merged; the buckets of a keyed histogram, which are elements of their own, come back as one value per key.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/plan.h"
#include "base/sink.h"

struct wire_globals;

// A map and what is needed to reach it.
struct map_ref {
	int fd;
	const struct plan_map *map;
	unsigned ncpus;
	struct wire_globals *globals; // may be NULL when the map has no twin
};

struct rows {
	struct map_entry_view *v;
	size_t n;
	bool set;        // a scalar map was ever written
	uint8_t *keys, *values;
};

// The copy in use. 0 or -errno. `ret` is the caller's, ended by rows_free, and stays untouched on failure.
int rows_read(const struct map_ref *m, struct rows *ret);
// Turns programs to the other copies of these maps (1 << twin - 1), and waits some 10 ms until none runs that uses the ones
// before. 0 or -errno.
int maps_turn(struct wire_globals *g, uint64_t twins);
// Returns when no program runs that was running when it was called: what those had to say is in the rings. 0 or -errno.
int maps_wait_for_programs(void);
// The copy that is not in use (maps_turn), which is then emptied; `zero`: its keys come back in the other one.
int rows_take(const struct map_ref *m, bool zero, struct rows *ret);
void rows_free(struct rows *r);
// In the order in which print shows them: by value, or by key where values have no order.
void rows_sort(const struct plan_map *m, struct rows *r);

int map_clear(const struct map_ref *m); // removes all elements; 0 or -errno
int map_zero(const struct map_ref *m);  // keys stay, values become zero; 0 or -errno

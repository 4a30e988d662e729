// SPDX-License-Identifier: Apache-2.0
// perf_map.h - what a runtime that compiles at run time says of its code, in /tmp/perf-PID.map: lines "start size name".
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct perf_map {
	char *text; // the file; names point into it
	struct perf_map_entry *at;
	size_t n;
	off_t size;          // of the file when it was read
	struct perf_map *older; // what was read before: its names may have been handed out
};

// Reads the process's file if there is one and it has grown since. True if there is something new.
bool perf_map_update(struct perf_map *m, uint32_t pid);
const char *perf_map_find(const struct perf_map *m, uint64_t ip, uint64_t *offset); // NULL if unknown
void perf_map_free(struct perf_map *m);

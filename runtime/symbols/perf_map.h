// SPDX-License-Identifier: Apache-2.0
// perf_map.h - what a runtime that compiles at run time says of its code: ranges of addresses with names. The usual place is
// /tmp/perf-PID.map, lines "start size name"; jitdump.h fills the same table.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/map.h"

struct arena;

// A name is kept once, however often the file is read again, and as long as the map, since it may have been handed out.
struct perf_map {
	struct arena *arena; // the names; NULL before there are any
	struct map names;
	struct perf_map_entry *at;
	size_t n, cap;
	off_t size; // of the file when it was read
};

// Reads a process's file below its root directory if there is one and it has grown since. `pid` is the process's own, in its
// namespace. True if there is something new.
bool perf_map_update(struct perf_map *m, const char *root, uint32_t pid);
const char *perf_map_find(const struct perf_map *m, uint64_t ip, uint64_t *offset); // NULL if unknown
void perf_map_free(struct perf_map *m);

// For a reader of another format: begin, ranges in the order they were made, end. `size` is the file's. False: its names take
// so much memory already that no more are read.
bool perf_map_begin(struct perf_map *m, off_t size);
const char *perf_map_add(struct perf_map *m, uint64_t start, uint64_t size, const char *name); // the name as it is kept, for:
void perf_map_add_again(struct perf_map *m, uint64_t start, uint64_t size, const char *name);
void perf_map_end(struct perf_map *m);

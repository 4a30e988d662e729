// SPDX-License-Identifier: Apache-2.0
// unwinder.h - keeps the kernel half's unwind tables: built before the probes are attached for what is known to run, and in
// a thread of its own for every file the kernel half meets later.
//
// The tables lie in the pool, an array map's one element, of a size that is chosen before the programs are loaded (they hold
// its mask) and never grows: that bounds the memory. A file that finds no room is marked so, and told at the end.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/unwind.h"

struct unwinder;

struct unwinder *unwinder_new(void);
void unwinder_free(struct unwinder *u); // NULL is allowed; ends its thread

// Before the programs are loaded: builds the tables of a file, of a program and the libraries it needs, or of all that a
// process maps. What cannot be read is left to be met in the kernel.
void unwinder_add_file(struct unwinder *u, const char *path);
void unwinder_add_program(struct unwinder *u, const char *path);
void unwinder_add_process(struct unwinder *u, pid_t pid);
// How large the pool should be: a power of two. `system`: more programs than those added are expected.
uint32_t unwinder_pool_bytes(const struct unwinder *u, bool system);

// Fills the maps with what was added, and begins to take misses. The descriptors stay the caller's. 0 or -errno.
int unwinder_start(struct unwinder *u, int pool_fd, int files_fd, uint32_t pool_bytes);
void unwinder_miss(struct unwinder *u, const struct unwind_miss *miss); // does not block

struct unwinder_stats {
	uint64_t files, words, refused, vanished; // tables; no room; the process was gone before its file could be opened
};
struct unwinder_stats unwinder_stats(struct unwinder *u);

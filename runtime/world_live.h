// SPDX-License-Identifier: Apache-2.0
// world_live.h - the world that is this machine.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;
struct types;
struct world;

// Reads nothing until asked. Everything lives in the arena. `disassemble` may be NULL (see world.h).
struct world *world_live_new(struct arena *a, struct types *types,
			     size_t (*disassemble)(struct world *w, const void *code, size_t n, uint64_t address, char *text, size_t room));
void world_live_free(struct world *w); // file descriptors, mmaps
// Answers "no" for the features whose bit (1 << enum feature) is set, and looks for nothing by their means. Before any question.
void world_live_without(struct world *w, unsigned features);
// --traceable-functions: a file in the form of available_filter_functions that stands for the kernel's list. 0 or -errno.
int world_live_traceable(struct world *w, const char *path);
// Asks nothing of this machine's kernel from now on: binaries and their types only. Before any question.
void world_live_no_kernel(struct world *w);

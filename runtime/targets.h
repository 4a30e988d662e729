// SPDX-License-Identifier: Apache-2.0
// targets.h - which processes belong to the plan's targets: the map of role MAP_TARGETS, filled before anything is attached.
#pragma once

#include <stdint.h>

struct plan;
struct plan_target;

// `pid`: of -p; `child`: of -c; 0: none. fd < 0: the plan tests no target. 0 or -errno.
int targets_fill(const struct plan *p, int fd, uint32_t pid, uint32_t child);
// Paths of the executables of the processes that belong to a target now. 0 or -errno.
int targets_programs(const struct plan_target *t, void (*each)(void *arg, const char *path), void *arg);

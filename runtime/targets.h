// SPDX-License-Identifier: Apache-2.0
// targets.h - which processes belong to the plan's targets: the map of role MAP_TARGETS, filled before anything is attached.
#pragma once

#include <stdint.h>

struct plan;

// `pid`: of -p; `child`: of -c; 0: none. fd < 0: the plan tests no target. 0 or -errno.
int targets_fill(const struct plan *p, int fd, uint32_t pid, uint32_t child);

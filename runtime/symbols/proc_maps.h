// SPDX-License-Identifier: Apache-2.0
// proc_maps.h - a process's mappings, from /proc/PID/maps.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct proc_mapping {
	uint64_t start, end, offset;
	bool executable, deleted;
	dev_t dev;
	uint64_t ino;
	const char *path; // as the process sees it, "" if anonymous, "[vdso]" and the like; valid during the call
};

// Calls `each` in order of addresses until it returns false. 0 or -errno; a process that exits meanwhile ends the list.
int proc_maps_each(uint32_t pid, bool (*each)(void *arg, const struct proc_mapping *m), void *arg);
bool proc_same_namespace(uint32_t pid, const char *which); // "mnt", "pid": the process shares ours; false if it cannot be seen
uint32_t proc_inner_pid(uint32_t pid); // a process's pid in its own namespace; `pid` if it cannot be seen

// SPDX-License-Identifier: Apache-2.0
// targets.h - which processes belong to the plan's targets: the map of role MAP_TARGETS (wire.h), filled before anything is
// attached and kept true while the run lasts.
//
// The script's own probes on fork, exec and exit (lang/pass_targets.c) do what must be done at once, and have each process that
// executed a program looked at here. What can change without an exec (user, cgroup …) is looked at once a second.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct diag;
struct plan;
struct plan_target;
struct targets;

// `pid`: of -p; `child`: of -c; 0: none. fd: of the map, which must outlive it. renumbered: the kernel's process numbers are not ours,
// as in a PID namespace. 0 or -errno; *ret stays NULL when the plan tests no target.
int targets_new(const struct plan *p, int fd, uint32_t pid, uint32_t child, bool renumbered, struct targets **ret);
void targets_free(struct targets *t); // NULL is allowed
// All of the following take NULL.
int targets_scan(struct targets *t);                  // looks at every process there is; 0 or -errno
uint64_t targets_members(const struct targets *t, uint32_t target); // processes it has now
void targets_review(struct targets *t, uint32_t pid); // it has executed a program
void targets_tick(struct targets *t, uint64_t now_ns);
// Warns of processes that did not belong to a target yet when they could have been seen, or run a program that has no probes.
void targets_report(const struct targets *t, struct diag *d, uint32_t first_source);
// A process that belongs to a target and runs a program the compilation did not look into, so that there is no probe in it: its path,
// of PATH_MAX bytes. False when there is none.
bool targets_foreign(const struct plan *p, char *path);
// Paths of the executables of the processes that belong to a target now. 0 or -errno.
int targets_programs(const struct plan_target *t, void (*each)(void *arg, const char *path), void *arg);

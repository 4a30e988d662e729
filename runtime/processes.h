// SPDX-License-Identifier: Apache-2.0
// processes.h - what processes do to their address spaces, told by the kernel as it happens: perf's side-band records of a
// software event that never fires. They come for every process of the machine, for short ones too, which are gone before
// anybody could read their /proc/PID/maps; nothing has to be known of a process beforehand.
//
// The kernel's rings are small, and whoever polls may wait long for its turn on a machine that is busy: a thread of ours, which comes before
// others, takes the records over when a ring fills up, and reads at first what processes had mapped before. It sleeps otherwise.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct processes;
struct proc_mapping;

// In order of time. A thread that starts or ends is none of these.
struct process_listener {
	void (*found)(void *arg, uint32_t pid, const struct proc_mapping *m);  // executable; it had that mapped before
	void (*mapped)(void *arg, uint32_t pid, const struct proc_mapping *m); // executable; path as the process sees it
	void (*executed)(void *arg, uint32_t pid);                             // another program: what was mapped is gone
	void (*forked)(void *arg, uint32_t pid, uint32_t parent);              // with its parent's mappings
	void (*exited)(void *arg, uint32_t pid);
	void (*lost)(void *arg, uint64_t records);                             // there was no room for that many
};

// `only`: what this process had mapped before is read, not what all had. -errno: no rights, no perf events
int processes_open(uint32_t only, struct processes **ret);
// Records that had no room up to now, where the kernel counts them (6.0). A listener is told only when a later one has room, and a quiet
// processor has none.
uint64_t processes_lost(struct processes *p);
size_t processes_waiting(struct processes *p); // records taken over that were not polled yet
void processes_close(struct processes *p);  // NULL is allowed
void processes_poll(struct processes *p, const struct process_listener *l, void *arg); // what has happened up to now

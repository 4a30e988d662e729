// SPDX-License-Identifier: Apache-2.0
// processes.h - what processes do to their address spaces, told by the kernel as it happens: perf's side-band records of a
// software event that never fires. They come for every process of the machine, for short ones too, which are gone before
// anybody could read their /proc/PID/maps; nothing has to be known of a process beforehand.
//
// Given up: what processes had mapped before. That is read from /proc where it is wanted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct processes;
struct proc_mapping;

// In order of time. A thread that starts or ends is none of these.
struct process_listener {
	void (*mapped)(void *arg, uint32_t pid, const struct proc_mapping *m); // executable; path as the process sees it
	void (*executed)(void *arg, uint32_t pid);                             // another program: what was mapped is gone
	void (*forked)(void *arg, uint32_t pid, uint32_t parent);              // with its parent's mappings
	void (*exited)(void *arg, uint32_t pid);
	void (*lost)(void *arg, uint64_t records);                             // there was no room for that many
};

int processes_open(struct processes **ret); // -errno: no rights, no perf events
void processes_close(struct processes *p);  // NULL is allowed
void processes_poll(struct processes *p, const struct process_listener *l, void *arg); // what has happened up to now

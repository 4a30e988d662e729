// SPDX-License-Identifier: Apache-2.0
// process_facts.h - what is known of a process that a target can select it by (base/target.def).
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct plan_choice;

// Does one of the choice's values hold for the process? False when it is gone.
bool process_is(uint32_t pid, const struct plan_choice *c);
// Can this change while the process lives without an exec: comm, user, cgroup …?
bool process_fact_changes(const char *key);
// Path of its executable, as its own mount namespace has it; `path` has room for PATH_MAX bytes. False when it is gone.
bool process_exe(uint32_t pid, char *path);
// Who started it, or adopted it since; 0 when it is gone.
uint32_t process_parent(uint32_t pid);
// The container of a cgroup path as docker, containerd, CRI-O, podman and LXC name them: copies the id (64 hex digits, or LXC's
// name) to `id` and, where there is one, the pod's uid to `pod`. Both have room for 72 bytes; "" when there is none.
void cgroup_container(const char *path, char *id, char *pod);

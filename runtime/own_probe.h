// SPDX-License-Identifier: Apache-2.0
// own_probe.h - uprobes with an empty program on functions of this process: to measure what they cost, and to wait where the kernel
// makes the first of several wait.
#pragma once

#include <bpf/bpf.h>
#include <stdbool.h>

struct own_probe;
struct run;

void entry_emulated(void); // does nothing; the kernel emulates its first instruction
void entry_stepped(void);  // the kernel single-steps it

int empty_program(enum bpf_prog_type type, bool multi); // returns 0; multi: for uprobe_multi. A descriptor, or -errno
struct own_probe *own_probe_new(struct run *r, void (*f)(void), bool is_return); // NULL: it cannot be attached; nothing is said
void own_probe_free(struct own_probe *o); // waits until it is off; NULL is allowed

// SPDX-License-Identifier: Apache-2.0
// rights.h - what this process may do, and how much of it is needed: CAP_BPF to load maps and programs, CAP_PERFMON to read what
// they trace, and what a kind of probe takes beyond. Asked before anything is attached, so that the answer is a sentence that
// names the probe and not the kernel's EPERM.
//
// A user who is not root may have the capabilities from the executable's file, which spile-compiler does not get by itself: it
// tries what the kernel can do, so they are lent to it. Once all is attached nothing but these two is kept, and what the script
// starts inherits none. Root stays root.
#pragma once

#include <stdbool.h>

struct plan;
struct str;

bool rights_to_trace(struct str *why); // false: what is missing and how to get it
bool rights_for_plan(const struct plan *p, struct str *why); // the same, by probe
void rights_list(const struct plan *p, struct str *out);     // what a script takes and this process has, a line each
void rights_lend(void);  // to programs started from now on
void rights_take_back(void);
void rights_drop(void);  // all but what a run needs

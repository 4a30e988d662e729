// SPDX-License-Identifier: Apache-2.0
// lsm.h - may programs be attached to the hooks of security modules on this kernel, and would they run?
//
// Three things can be missing: the functions that BPF attaches to (CONFIG_BPF_LSM), trampolines, and "bpf" among the security modules
// that the kernel was booted with (lsm=). Without the last a program is loaded and attached, and silently never runs; so the trial
// attaches one to a hook that it then runs into.
#pragma once

#include <stdbool.h>

struct str;
struct world;

#define LSM_PREFIX "bpf_lsm_" // of the functions that stand for hooks

enum lsm_state { LSM_RUNS, LSM_NO_HOOKS, LSM_REFUSED, LSM_NOT_ACTIVE };

struct lsm_trial {
	enum lsm_state state;
	int error; // of LSM_REFUSED: -errno
};

struct lsm_trial lsm_try(struct world *w);
// Is "bpf" among the active modules? By the kernel's list of them, or by trial where it cannot be read.
bool lsm_is_active(struct world *w);
// Appends what stands in the way, and what would change it.
void lsm_explain(const struct lsm_trial *t, struct str *out);
// Appends what can be used in place of a hook: its kprobe where the kernel has kprobes, else a tracepoint.
void lsm_instead(struct world *w, const char *hook, struct str *out);

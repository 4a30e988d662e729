// SPDX-License-Identifier: Apache-2.0
// trampoline.h - programs that the kernel calls in the place of a function of its own or around it: fentry, fexit, lsm.
//
// The function is named when the program is loaded. The program gets the arguments in slots of 8 bytes, a struct by value in as
// many as it needs, and fexit the return value behind them; names and types are those of BTF.
#pragma once

#include "base/probe_type.h"

struct trampoline { // site.detail
	const struct event_field *field; // the return value is not among them
	size_t n;
	const struct type *ret;
	uint32_t slots;
	const char *event; // for arg_loc.event
	bool is_bpf;       // of a BPF program: the verifier loads no pointers for us that only that program's BTF knows
};

// In q's arena; NULL when the kernel's types do not have the function.
const struct trampoline *trampoline_of(const struct expand *q, const char *module, const char *func);

// The operations of a probe_type whose sites have such a detail.
bool trampoline_args(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field **f, size_t *n);
bool trampoline_field(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field *f, struct arg_loc *ret);
bool trampoline_retval(const struct probe_type *t, struct world *w, const struct site *s, struct arg_loc *ret);
int trampoline_attach(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links);

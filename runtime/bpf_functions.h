// SPDX-License-Identifier: Apache-2.0
// bpf_functions.h - functions of running BPF programs for the compiler: which there are, and their arguments by the programs' own BTF.
//
// A program's BTF describes the context as programs see it (struct xdp_md); who is attached to one gets what the kernel has in its place
// (struct xdp_buff), and is told so here. Given up: two programs that have different structs of one name, which the kernel has not; the
// one that is asked for first has it.
#pragma once

#include "base/world.h"

struct bpf_functions;

struct bpf_functions *bpf_functions_new(struct world *w); // looks at nothing yet; w answers for the kernel's own types
void bpf_functions_free(struct bpf_functions *b); // NULL is allowed; what it answered stays

// world_ops.bpf_functions, and world_ops.function_args of the module WORLD_BPF.
int bpf_functions_each(const char *text, void (*each)(void *arg, uint32_t id, const char *name, bool has_types), void *arg);
int bpf_function_args(struct bpf_functions *b, const char *text, const struct event_field **f, size_t *n, const struct type **ret);
// Of a struct that only programs have. 0, -ENOENT.
int bpf_functions_complete(struct bpf_functions *b, const struct type *s);

// SPDX-License-Identifier: Apache-2.0
// btf_target.h - what a program of type TRACING attaches to, found in the BTF of the running kernel when it is loaded.
#pragma once

#include <stdint.h>

#include "base/plan.h"

struct btf_target {
	uint32_t id;
	int object_fd; // a module's BTF, which the caller closes; -1: the kernel's own
};

// `name`: PROG_TP_BTF: a raw tracepoint; PROG_ITER: a table; else "function" or "module:function".
// -ENOENT when the kernel has none, -EACCES.
int btf_target_find(enum prog_kind kind, const char *name, struct btf_target *ret);

// SPDX-License-Identifier: Apache-2.0
// bpf_code.h - a BPF object file as something a script can import (base/bpf_code.h).
//
// The bytes may be anybody's: every offset, index and name is checked. What a script has no use for (programs with sections of
// their own) is not read; what cannot be linked is said of the function that needs it, when something calls it.
#pragma once

#include <stddef.h>

struct arena;
struct bpf_code;
struct types;
struct world;

// All of the result, and the reason of a failure (a sentence without a subject: "it is no BPF object file"), lives in the arena.
// Members of kernel types are looked up in `w`. 0 or -EINVAL.
int bpf_code_read(const void *bytes, size_t n, const char *path, struct arena *a, struct types *types, struct world *w,
		  struct bpf_code **ret, const char **why);

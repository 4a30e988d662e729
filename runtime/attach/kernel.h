// SPDX-License-Identifier: Apache-2.0
// kernel.h - attach points that name functions of the kernel: shared by kprobe and fentry.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/probe_type.h"

struct kernel_point {
	const char *module;  // as written, "*" when left out
	const char *name;    // function or pattern; NULL: an address
	bool has_module, has_offset;
	uint64_t offset;     // behind the function's start
	uint64_t address;
};

struct kernel_function {
	const char *module, *name;
};

struct kernel_found {
	struct arena *arena;
	struct kernel_function *v;
	size_t n, cap;
};

// Reads "[module:]function[+offset]" or an address. False after a diagnostic.
bool kernel_point_read(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, bool may_offset,
		       struct kernel_point *ret);
// The functions it means. A name that types or the list of traceable functions know is taken as it is; patterns are matched
// with that list, without what must not be probed. False after a diagnostic; none found is one, but for -l.
bool kernel_point_find(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct kernel_point *p,
		       struct kernel_found *ret);

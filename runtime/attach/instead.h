// SPDX-License-Identifier: Apache-2.0
// instead.h - what a script may use where this kernel cannot probe a function: an event of nearly the same meaning.
#pragma once

#include <stdbool.h>

struct str;
struct world;

// Appends a sentence that names a tracepoint this machine has for kernel function `func`, or says that tracepoints remain.
void instead_of_function(struct world *w, const char *func, struct str *out);
bool kernel_has_kprobes(void); // the kprobe PMU is there

// SPDX-License-Identifier: Apache-2.0
// jitdump.h - what a runtime that compiles at run time writes of its code into jit-PID.dump (perf's jitdump-specification.txt:
// Java with perf's agent, V8's --perf-prof, Wasmtime, .NET). It maps the file executable, so that it is found.
#pragma once

#include <stdbool.h>

struct perf_map;

bool jitdump_is(const char *path); // by its name
// Reads the file at a path below `root` into m, if it has grown since. True if there is something new.
bool jitdump_update(struct perf_map *m, const char *root, const char *path);

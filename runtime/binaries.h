// SPDX-License-Identifier: Apache-2.0
// binaries.h - what a probe's binary is: a path, a program on PATH, a library, or a glob of them, to real paths.
//
// In order: a name with a slash is a path (relative ones are ours, not the process's); a plain name is looked for on
// PATH, among what the process `pid` has mapped, in the dynamic linker's cache and in the usual library folders; "*" with
// a pid is everything executable that the process has mapped. Globs give only ELF files, since a folder holds anything.
// For a process in another mount namespace the paths begin with /proc/PID/root, so that they can be opened from here.
#pragma once

#include <stdint.h>

// Calls `each` once for every file. 0; -ENOENT when nothing was found, -EACCES, -ESRCH when there is no such process.
int binaries_each(const char *name, uint32_t pid, void (*each)(void *arg, const char *path), void *arg);
// The same, and in *answer a number that is equal when the same files (in any order) or none were found. `each` may be NULL.
int binaries_answer(const char *name, uint32_t pid, void (*each)(void *arg, const char *path), void *arg, uint64_t *answer);

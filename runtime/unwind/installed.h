// SPDX-License-Identifier: Apache-2.0
// installed.h - the path of a program or library by what the kernel knows of its file: for those whose process has ended before the file
// could be opened through it. What lies where programs and libraries usually do is looked through once, when it is first asked for.
#pragma once

#include "base/unwind.h"

struct installed;

struct installed *installed_new(void); // reads nothing yet
void installed_free(struct installed *in); // NULL is allowed
// NULL: there is none. The path lives as long as `in`; what is there now has to be compared with the key again.
const char *installed_find(struct installed *in, const struct unwind_key *key);
struct stat;
struct unwind_key unwind_key_of(const struct stat *st); // as the kernel half makes it, where stat() tells the numbers that the kernel has

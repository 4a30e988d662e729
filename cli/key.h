// SPDX-License-Identifier: Apache-2.0
// key.h - everything that decides what a script compiles to, as text: the compile cache compares it.
//
// The files a compilation looked into are not in it, since they are known only afterwards; they are plan.deps.
#pragma once

#include <stdbool.h>

struct options;
struct script;
struct str;
struct world;

// False when the result must not be kept: it depends on something that cannot be compared later (a process, by -p).
bool key_make(const struct options *o, const struct script *s, struct world *w, struct str *out);
// Where spile-compiler is: beside this executable, or in ../libexec/spile. False if in neither.
bool key_compiler_path(struct str *out);

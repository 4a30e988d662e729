// SPDX-License-Identifier: Apache-2.0
// key.h - everything that decides what a script compiles to, as text: the compile cache compares it.
//
// The files a compilation looked into are not in it, since they are known only afterwards; they are plan.deps. Nor is the
// process of -p, which is data of a run; what was asked of it is plan.lookups.
#pragma once

#include <stdbool.h>

struct options;
struct script;
struct str;
struct world;

void key_make(const struct options *o, const struct script *s, struct world *w, struct str *out);
// Where spile-compiler is: beside this executable, or in ../libexec/spile. False if in neither.
bool key_compiler_path(struct str *out);

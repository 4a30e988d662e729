// SPDX-License-Identifier: Apache-2.0
// compiler.h - asks the other executable, spile-compiler, to compile. LLVM lives there: its 30 MB and its start-up never
// enter the process that traces.
//
// Conversation: the script's bytes in a memfd, the same command line, a memfd for the object, and the layout of its code. Diagnostics and dumps the
// compiler prints itself.
#pragma once

#include "base/plan.h"

#define COMPILER_WAITS 75 // an exit status: no program of a target is there (wait.h), and nothing was said

struct script;
struct str;

// The compiler's exit status, its object (with its seal) in *object. -errno when it could not be started; a signal that
// ended it is 128 + its number.
int compiler_run(char **argv, const struct script *s, enum plan_layout layout, struct str *object);

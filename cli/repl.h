// SPDX-License-Identifier: Apache-2.0
// repl.h - spile repl: one-liners typed, completed and run one after the other, each until it ends or Ctrl-C.
//
// readline is opened when the first prompt is written, so that no other command loads it; without it, and where standard
// input is no terminal, lines are read as they come. Each script runs in a process of its own: Ctrl-C ends that one.
#pragma once

struct options;

int cmd_repl(const struct options *o); // the exit status

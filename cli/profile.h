// SPDX-License-Identifier: Apache-2.0
// profile.h - spile profile [-p PID|-c COMMAND] [-F HZ] [-o FILE] [SECONDS]: where processor time is spent, as a flame graph.
//
// It is a script like any other, written here: -d core shows it. The file's name says which picture it is to be.
#pragma once

struct options;

int cmd_profile(const struct options *o); // the process's exit status

// SPDX-License-Identifier: Apache-2.0
// run.h - spile FILE, spile -e PROGRAM, spile build: from options to a run.
#pragma once

struct options;

// The process's exit status. argv is the command line, for spile-compiler.
int cmd_run(const struct options *o, char **argv);

// SPDX-License-Identifier: Apache-2.0
// test.h - spile test SCRIPT|DIR…: scripts as checks.
//
// Of each script: its cases (`case NAME { run "…" expect … }`), each in a process of its own as `spile --case NAME -c COMMAND SCRIPT`;
// its test probes, as `spile --test SCRIPT`; and, where there is neither but a probe has an `expect` and -c or -p says what to
// observe, the script itself. A folder stands for the scripts in it that have any. Exit status: 0 when all passed, the worst else.
#pragma once

struct options;

int cmd_test(const struct options *o, char **argv);

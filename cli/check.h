// SPDX-License-Identifier: Apache-2.0
// check.h - `spile check SCRIPT…`: does it compile, here or for kernels one does not have? No rights are needed, nothing is attached.
//
// For each script and kernel: the front end with that kernel's answers, code generation, and whether that kernel has the helpers
// the programs call. With several kernels a table is printed, and below it what is wrong in each. Exit status: 0 when all works.
#pragma once

struct options;

int cmd_check(const struct options *o, char **argv);

// SPDX-License-Identifier: Apache-2.0
// test.h - spile test: --test for several scripts, each in a process of its own.
#pragma once

struct options;

int cmd_test(const struct options *o, char **argv); // the exit status: 0 if every script's was

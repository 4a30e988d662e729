// SPDX-License-Identifier: Apache-2.0
// describe.h - spile SCRIPT --help: what the script is for, in its own words, and its parameters.
#pragma once

struct options;

int cmd_describe(const struct options *o); // the exit status

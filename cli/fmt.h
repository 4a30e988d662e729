// SPDX-License-Identifier: Apache-2.0
// fmt.h - spile fmt: scripts laid out in place, or looked at (--check). Needs no rights and no kernel.
#pragma once

struct options;

int cmd_fmt(const struct options *o); // the exit status

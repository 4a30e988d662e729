// SPDX-License-Identifier: Apache-2.0
// list.h - spile -l: the probes this machine offers, or those a script would use.
#pragma once

struct options;

int cmd_list(const struct options *o); // the process's exit status

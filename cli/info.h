// SPDX-License-Identifier: Apache-2.0
// info.h - spile --info: what this build holds and what this kernel allows, found by trying.
#pragma once

struct options;

int cmd_info(const struct options *o); // the process's exit status

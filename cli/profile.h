// SPDX-License-Identifier: Apache-2.0
// profile.h - spile profile: where time is spent, as a flame graph.
//
// It runs a script like any other (profile_script.h); -d core shows it. The file's name says which picture it is to be.
#pragma once

struct options;

int cmd_profile(const struct options *o); // the process's exit status

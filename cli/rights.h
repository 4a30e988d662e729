// SPDX-License-Identifier: Apache-2.0
// rights.h - may this process load and attach BPF programs? Asked before anything is compiled or attached, so that
// the answer is a sentence and not the kernel's EPERM.
#pragma once

#include <stdbool.h>

struct str;

bool rights_to_trace(struct str *why); // false: what is missing and how to get it

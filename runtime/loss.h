// SPDX-License-Identifier: Apache-2.0
// loss.h - what could not be recorded: counted per CPU in the kernel, one counter per place in the script, told here.
//
// Printed records + losses = records produced; nothing is dropped in silence.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/plan.h"

struct out;
struct sink;
struct losses;

struct losses *losses_new(int fd, const struct plan *p, unsigned ncpus); // fd may be -1: nothing is counted
void losses_free(struct losses *l);
// The events lost since the last report; at most once a second unless `now`.
void losses_report(struct losses *l, const struct sink *s, struct out *o, bool now);
// At the end: the sum, then each counter that is not zero. `least`: how many there are at the least, as the kernel itself says; what
// no program counted is told as well.
void losses_total(struct losses *l, uint64_t least, const struct sink *s, struct out *o);

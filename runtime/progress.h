// SPDX-License-Identifier: Apache-2.0
// progress.h - how far something is that takes long, on standard error: one line that changes on a terminal, elsewhere lines of their
// own, each after twice the time of the one before. What is soon done says nothing.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct out;

struct progress {
	uint64_t begun_ns, next_ns; // 0: nothing is going on
	uint64_t patience_ns;
	bool terminal, shown;
};

// patience_ns: how long nothing is said; the caller's *p lies still until progress_end().
void progress_begin(struct progress *p, bool terminal, uint64_t patience_ns);
void progress_tell(struct progress *p, struct out *o, const char *what, unsigned done, unsigned all); // "WHAT: 3 of 20 probes", if it is time
void progress_end(struct progress *p, struct out *o); // takes the line off a terminal

// SPDX-License-Identifier: Apache-2.0
// go_frames.h - rows of a Go binary's functions, from the table by which Go's runtime walks its own stacks (pclntab): how far the
// stack pointer is below a function's caller's at each instruction. No strip takes it away, and Go code has no .eh_frame.
//
// The table says nothing of the frame pointer: functions with a frame save it right below the return address, which is known of the
// compiler. Functions that go on with another stack say so, or are known by name; they are left along the frame pointer. x86-64.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/unwind/cfi.h"
#include "runtime/unwind/image.h"

struct go_frames {
	const uint8_t *bytes; // the table; NULL: there is none
	uint64_t size;
	uint64_t text;  // what entries count from
	bool wide;      // entries are addresses, up to Go 1.17
	bool has_line;  // records have the line they start at, from Go 1.20 on
	uint64_t pairs, records, names, deltas; // behind `bytes`
	uint64_t n;     // functions
	uint64_t left;  // bytes of deltas that may still be read: in a hostile file all functions share a long run of them
};

// The bytes stay the image's. False when the file has no such table.
bool go_frames_open(const struct image *m, struct go_frames *ret);
bool go_frames_function(const struct go_frames *g, uint64_t i, uint64_t *begin, uint64_t *end); // virtual addresses
// Rows in ascending order from the function's begin on; from the byte before for what a signal handler returns to, which nothing has
// called. A rule may be told twice.
void go_frames_run(struct go_frames *g, uint64_t i, cfi_rows *each, void *arg);

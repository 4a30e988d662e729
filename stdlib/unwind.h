// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// unwind.h - what a walk over a user stack remembers between its frames. It lies in the body's frame.
#pragma once

#include "base/unwind.h"

#define UNWIND_MAPS 16 // mappings remembered

#define UNWIND_IDS (1ull << 32) // beside the limit: frames are build IDs
#define UNWIND_WINDOW 512 // bytes of the stack read at a time
#define UNWIND_NO_WINDOW 1 // no stack lies at an odd address
#define UNWIND_NEAR 256   // bytes of a kernel object read at a time

enum unwind_map_state { UNWIND_MAP_READY, UNWIND_MAP_ASKED, UNWIND_MAP_WITHOUT, UNWIND_MAP_FULL, UNWIND_MAP_ANONYMOUS };

struct unwind_map {
	uint64_t start, end;
	uint64_t delta; // file offset - address
	uint32_t state; // enum unwind_map_state
	uint32_t first_page, npages, pages, rows, rules; // struct unwind_file
	uint64_t id[3]; // the start of a struct wire_build_id
};

struct unwind_record { // the control record of a miss
	struct wire_control control;
	struct wire_event event;
	struct unwind_miss miss;
};

struct unwind {
	uint64_t ip, sp, fp; // of the frame at hand
	uint64_t ra_at;      // where its ip was read; 0: from a register
	uint64_t task, mm, regs; // kernel addresses
	uint64_t space;      // the address space with its mappings, as a number; 0: nothing can be known of it
	uint32_t how;        // enum wire_how: how the frame at hand was found
	uint32_t stop;       // enum wire_stop
	uint32_t doubt;      // the reason to give when a frame pointer led nowhere
	uint32_t n, why;
	uint32_t walks;      // 0: the kernel's own walk is to be used
	uint32_t nmaps, at;  // mappings met, of which the last UNWIND_MAPS are remembered; the one at hand
	uint32_t behind, pad; // 1: the topmost ip is behind the instruction that was executed, as a return address is
	struct unwind_rule rule;
	struct unwind_key key;
	struct unwind_file fresh; // zeros: what is put in for a file just met
	struct unwind_map map[UNWIND_MAPS];
	uint64_t pivot[16];
	uint64_t near[UNWIND_NEAR / 8];
	uint64_t window_at, window[UNWIND_WINDOW / 8 + 1];
	uint64_t frame[WIRE_STACK_MAX]; // as many as are asked for; four words each in mode build_id
};

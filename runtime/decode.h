// SPDX-License-Identifier: Apache-2.0
// decode.h - a ring-buffer record turned into typed arguments, without copying.
//
// The record's bytes come from our own programs, but a plan may be a stranger's: what does not fit its event is refused,
// never read beyond its end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/plan.h"

struct arg_view {
	const struct type *type;
	const void *p;
	uint32_t len; // bytes at p: type->size, or a packed argument's own length
	bool packed;  // strings and buffers: bare bytes, without NUL or length; stacks: a wire_stack cut to its ips
};

#define DECODE_ARGS 128

struct record {
	const struct plan_event *event;
	uint32_t index; // of the event
	uint32_t weight;
	uint32_t nargs;
	struct arg_view arg[DECODE_ARGS];
};

// False when the bytes are no record of this plan. `r` points into them.
bool record_decode(const struct plan *p, const void *bytes, size_t n, struct record *r);
// The argument as a value of its type in whole form: the bytes themselves, or a copy in `room` (type->size bytes).
const void *arg_whole(const struct arg_view *a, void *room);
int64_t arg_integer(const struct arg_view *a); // sign- or zero-extended; 0 for what is no number

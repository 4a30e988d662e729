// SPDX-License-Identifier: Apache-2.0
// dw_calls.h - a unit's functions and the calls inlined into them, as ranges of addresses. Read in one pass over its entries.
#pragma once

#include "runtime/symbols/dw_file.h"

struct dw_call { // a function, or a call that was inlined into what stands before it
	uint64_t die;
	uint32_t first, n;  // ranges
	uint32_t next;      // the first behind all that is inlined into this one
	uint32_t file, line, column; // of the call; file as the unit numbers them
	bool inlined;
};

struct dw_start {
	uint64_t low, high;
	uint32_t call;
};

struct dw_calls {
	VEC(struct dw_call) calls; // in the order of the entries: a call's own calls follow it
	VEC(struct dw_range) ranges;
	VEC(struct dw_start) starts; // of functions, by low
};

#define DW_DEEPEST 64 // calls inlined into one another

void dw_calls_read(struct dw_file *f, struct dw_unit *u, struct dw_calls *c);
void dw_calls_free(struct dw_calls *c);
// The function that holds an address, then what is inlined there, outermost first: how many of them.
size_t dw_calls_find(const struct dw_calls *c, uint64_t address, const struct dw_call *ret[DW_DEEPEST]);

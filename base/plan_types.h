// SPDX-License-Identifier: Apache-2.0
// plan_types.h - the types inside a serialised plan; plan.c's and plan_types.c's own.
//
// A plan carries only the types it mentions. They stand children first; a struct is declared (tag, size) where it is
// first met and gets its fields in a later record, so that structs that point to each other need no second pass. What
// is reached through a pointer only is declared and stays opaque: no printer looks behind a pointer.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/str.h"
#include "base/type.h"

struct arena;

struct plan_writer {
	struct str blob, body;
	struct str types;   // records of the types met so far
	uint32_t *numbers;  // by type index: 1 + number, 0 not met yet
	uint32_t ntypes;    // numbers given
	uint32_t records;   // in `types`: one per type, and one more for each struct's fields
	struct map strings; // text -> 1 + offset in blob
};

struct plan_weight { // of a type
	uint64_t cost;  // values one print of it may show
	uint32_t depth; // types inside each other
};

struct plan_reader {
	const uint8_t *at, *end;
	struct arena *arena;
	struct types *types;
	const char *blob;
	size_t blob_len;
	const struct type **type; // by number
	struct plan_weight *weight; // by number
	uint32_t ntypes;
	const char *why;          // first complaint
};

void plan_put_number(struct plan_writer *w, uint64_t v);
void plan_put_string(struct plan_writer *w, const char *s);
uint32_t plan_type_number(struct plan_writer *w, const struct type *t); // writes it if it is new

bool plan_bad(struct plan_reader *r, const char *why); // notes it; false
uint64_t plan_get_number(struct plan_reader *r);
uint32_t plan_get_u32(struct plan_reader *r);
uint32_t plan_get_count(struct plan_reader *r);
const char *plan_get_string(struct plan_reader *r);
bool plan_read_types(struct plan_reader *r);
const struct type *plan_type_at(struct plan_reader *r, uint32_t number); // never NULL: NONE when out of range

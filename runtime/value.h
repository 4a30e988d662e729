// SPDX-License-Identifier: Apache-2.0
// value.h - a value's text: as print, printf's %s, map keys and JSON show it.
//
// A value is the bytes of its type (base/type.h, base/wire.h). Aggregates are given merged over CPUs (runtime/agg.h).
// Nothing here allocates per value; text is appended to the caller's string.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/plan.h"

struct arg_view;
struct names;
struct str;
struct symbols;

struct printer {
	const struct plan *plan;
	struct names *names;
	const char *trailer; // behind a string that was cut
	bool legacy;         // text as bpftrace printed it up to 0.23
	bool in_key;         // value_key() is at work
};

void printer_init(struct printer *p, const struct plan *plan, struct symbols *s); // s may be NULL; it stays the caller's
void printer_free(struct printer *p);
// A map is about to be printed: every address in it is told with printer_want, then all are named at once.
void printer_want(struct printer *p, const struct type *t, const void *v);
void printer_resolve(struct printer *p);
void printer_forget(struct printer *p);

int64_t value_integer(const struct type *t, const void *v); // sign- or zero-extended; 0 for what is no number
void value_text(struct printer *p, const struct type *t, const void *v, struct str *out);
void value_key(struct printer *p, const struct plan_map *m, const void *key, struct str *out);  // "1, abc"
void value_json(struct printer *p, const struct type *t, const void *v, struct str *out);
void value_json_key(struct printer *p, const struct plan_map *m, const void *key, struct str *out); // "\"1,abc\""
// Each stack in a value, in order, frame by frame: a list of what stack_json() writes.
void value_json_stacks(struct printer *p, const struct type *t, const void *v, struct str *out);
bool value_has_stack(const struct type *t); // t may be NULL
void json_integer(int64_t v, bool is_signed, struct str *out); // a string where a double cannot hold it

// An argument of a record, packed or whole.
void arg_text(struct printer *p, const struct arg_view *a, struct str *out);
void buffer_text(const uint8_t *b, size_t n, struct str *out); // ASCII as it is, the rest as \xNN
void hex_text(uint64_t v, struct str *out);                    // "0x1f"

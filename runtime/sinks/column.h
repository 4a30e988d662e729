// SPDX-License-Identifier: Apache-2.0
// column.h - a captured or measured value as people read it, with its unit, and as programs read it, bare.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/plan.h"

struct arg_view;
struct export_record;
struct map_entry_view;
struct map_view;
struct printer;
struct str;

// "12.3 ms", "4.1 KB", "17": three digits that matter from the first unit that leaves at least one before the point.
void quantity_text(double v, enum value_unit unit, struct str *out);
// Text of a column's value; numbers with their unit.
void column_text(struct printer *p, const struct plan_column *c, const struct arg_view *v, struct str *out);
// The same as a JSON value: numbers bare (nanoseconds, bytes), stacks as an array of frames, leaf first.
void column_json(struct printer *p, const struct plan_column *c, const struct arg_view *v, struct str *out);
bool column_is_number(const struct plan_column *c); // arg_integer() gives its value

// A stack's frames, leaf first, each as its line of text without blanks around it.
void stack_frames(struct printer *p, const struct type *t, const struct arg_view *v, void (*each)(void *arg, const char *name, size_t n), void *arg);

// Column i of the record that has this role; -1 if there is none.
int record_column(const struct plan_stream *s, enum column_role role);
// Member i of a measure's key as a column's value: the members of a tuple are the stream's columns. False: no such member.
bool key_member(const struct plan_map *m, const void *key, uint32_t i, struct arg_view *ret);

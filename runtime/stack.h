// SPDX-License-Identifier: Apache-2.0
// stack.h - a stack's text in each of its modes (struct type's `a`): bpftrace, perf, raw; and what a stack says of itself.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/wire.h"

struct printer;
struct str;
struct type;

// `v` is a wire_stack of `n` bytes, whole or cut to its frames. A newline, then a line per frame, leaf first.
void stack_text(struct printer *p, const struct type *t, const void *v, size_t n, struct str *out);
// {"frames": [{"ip", "name", "offset", "module", "build_id", "named", "how"}, …]}; of mode build_id null: the text has it all.
void stack_json(struct printer *p, const struct type *t, const void *v, struct str *out);
void stack_want(struct printer *p, const struct type *t, const void *v); // a whole one's addresses, for printer_resolve

const char *stack_how(enum wire_how how);      // "cfi"; "" when not told, or unknown
const char *stack_stop(enum wire_stop stop);   // "no mapping"
bool stack_is_complete(enum wire_stop stop);   // nothing is missing, or nobody told

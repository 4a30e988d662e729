// SPDX-License-Identifier: Apache-2.0
// message.h - what both sinks say of run-time messages and losses: where in the script, which kind of record.
#pragma once

#include "base/diag.h"
#include "base/plan.h"
#include "base/str.h"

// A list whose sources are the plan's. `a` owns it.
void message_diag(struct diag *d, const struct plan *plan, struct arena *a);
struct span message_span(struct diag *d, const struct plan_span *s, uint32_t n); // the first, expanded from the others; no place when there is none
// "2 printf records of uprobe:…", "3 updates of @x in …"
void loss_text(const struct plan *plan, const struct plan_loss *l, uint64_t count, struct str *out);

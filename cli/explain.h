// SPDX-License-Identifier: Apache-2.0
// explain.h - spile explain: what a compiled script hooks, needs, copies and keeps; then what it costs on this machine.
#pragma once

#include <stdbool.h>

struct forecast;
struct plan;
struct str;

void explain_plan(const struct plan *p, unsigned ncpus, struct str *out);
void explain_cost(const struct plan *p, const struct forecast *f, struct str *out);
bool explain_seconds(const char *text, double *ret); // of --seconds; NULL is the usual

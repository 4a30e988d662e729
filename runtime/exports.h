// SPDX-License-Identifier: Apache-2.0
// exports.h - the open sinks of a run, and which stream goes to which.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct diag;
struct exports;
struct out;
struct plan;
struct printer;
struct record;
struct map_view;

// Opens every sink that a stream names. 0, or -errno after a diagnostic with the place in the script; *ret stays untouched then.
// A plan without streams gives NULL, which all the others take.
int exports_open(const struct plan *p, struct printer *printer, struct out *out, struct diag *d, struct exports **ret);
// A record of event EMIT, to the sinks of its stream.
void exports_record(struct exports *x, const struct record *r);
// The stream's measures as they were read; `m` has one view per measure.
void exports_measures(struct exports *x, uint32_t stream, const struct map_view *m, uint64_t from_ns, uint64_t to_ns, bool last);
void exports_tick(struct exports *x);
// Delivers what waits and warns of what was dropped, per sink, with the number. Frees x.
void exports_close(struct exports *x);

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
// `first_source`: number in d of the plan's first source.
int exports_open(const struct plan *p, struct printer *printer, struct out *out, struct diag *d, uint32_t first_source, struct exports **ret);
// A record of event EMIT, to the sinks of its stream.
void exports_record(struct exports *x, const struct record *r);
// The stream's measures as they were read; `m` has one view per measure.
void exports_measures(struct exports *x, uint32_t stream, const struct map_view *m, bool last);
void exports_tick(struct exports *x);
// Delivers what waits and warns of what was dropped, per sink, with the number. Frees x. Returns how many records and rows got through,
// each once per sink.
uint64_t exports_close(struct exports *x);
// Is the map a measure's? Those are shown by the sinks, not printed at the end.
bool exports_has_map(const struct plan *p, uint32_t map);

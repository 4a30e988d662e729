// SPDX-License-Identifier: Apache-2.0
// export.h - a sink that a script exports to: one file of runtime/sinks/ per kind, one row of base/sink.def.
//
// (base/sink.h's `struct sink` is the other thing: how the run itself speaks, as text or JSON.)
//
// A sink is opened once per plan_sink and is given the records and measures of every stream that names it, decoded, in
// the reader's thread. It must not block there: files are written through a buffer, what talks to a network copies
// what it needs into a bounded queue that a thread of its own empties, and counts what found no room. Nothing is
// lost without being counted: close() tells what was delivered and what was dropped, and why.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/plan.h"
#include "base/sink.h"
#include "runtime/decode.h"

struct printer;

struct export_context {          // what a sink may use while it is open; owned by the run
	const struct plan *plan;
	const struct plan_sink *sink;
	struct printer *printer; // text of values, names of addresses: reader's thread only
	struct out *out;         // standard output: table, text, json, and files called "-"
	struct diag *diag;
	struct span at;          // of the export in the script, for diagnostics
	int64_t boot_to_epoch_ns; // add to CLOCK_BOOTTIME nanoseconds for Unix time
	bool terminal;           // standard output is one
};

struct export_record {
	const struct plan_stream *stream;
	const struct arg_view *column; // one per stream->columns, hidden ones too; valid during the call only
	uint32_t weight;               // how many events it stands for
};

struct export_measures {               // one publication of a stream's measures
	const struct plan_stream *stream;
	const struct map_view *measure; // one per stream->measures, values merged over CPUs
	uint64_t from_ns, to_ns;       // interval they were taken in, CLOCK_BOOTTIME; from is the run's begin when nothing is cleared
	bool last;                     // the run ends
};

struct export_totals {
	uint64_t delivered, dropped; // records and measures' rows; weights not counted
	const char *why;             // of the dropped ones; NULL when there are none. Static, or owned by the sink until free()
};

struct export_sink {
	const char *name; // of its row in sink.def
	// 0, or -errno after one diagnostic at c->at. *state is the sink's own. Output files are created here, so that
	// a path that cannot be written stops the run before anything is attached.
	int (*open)(const struct export_context *c, void **state);
	void (*record)(void *state, const struct export_record *r);     // NULL: takes no records; the language refuses the pair
	void (*measures)(void *state, const struct export_measures *m); // NULL: takes no measures
	void (*tick)(void *state, uint64_t now_ns);                     // some ten times a second; may be NULL
	// Delivers what waits, for at most `deadline_ns` (CLOCK_MONOTONIC), and tells what came of all. Called once.
	void (*close)(void *state, uint64_t deadline_ns, struct export_totals *ret);
	void (*free)(void *state);
};

const struct export_sink *export_find(const char *name); // NULL: this build has none of that name

// Options as the language checked them; every row of the sink's is there.
const char *export_text(const struct plan_sink *s, const char *key);
uint64_t export_number(const struct plan_sink *s, const char *key);

bool export_receives(const struct export_context *c, const struct plan_stream *s); // does the stream go to this sink?

// Creates the file, or empties it. Its descriptor, or -errno after a diagnostic at c->at.
int export_create(const struct export_context *c, const char *path);

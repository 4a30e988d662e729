// SPDX-License-Identifier: Apache-2.0
// sink.h - where results go. One file of runtime/sinks/ per sink defines one `const struct sink`.
//
// A sink turns what the run produces into bytes of its format. It is given decoded values, never ring-buffer bytes, and
// never blocks the reader: text and json write to a buffer that the reader flushes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/plan.h"

struct str;
struct value;
struct printer; // the run's value formatter: symbols, users, time zone

struct map_entry_view {
	const void *key;         // bytes of the map's key type; NULL in a scalar map
	const struct type *key_type;
	const void *value;       // merged over CPUs: see runtime/agg.h
};

struct map_view {
	const struct plan_map *map;
	const struct map_entry_view *entries; // sorted, cut to `top`
	size_t n;
	uint64_t div; // 1: none
};

struct out {             // what a sink writes to
	int fd;
	int err_fd;          // diagnostics, lost events, "Attached N probes" of the text sink
	char *buf;
	size_t n, cap;
	uint64_t total;  // bytes that were added
	int buffering;   // -B: 'l'ine, 'f'ull, 'n'one
	bool failed;     // the receiver went away (EPIPE …)
	bool legacy;     // text as bpftrace printed it up to 0.23
	struct str *capture; // NULL, or where all of it goes instead: a test's output is shown only when it fails
};

struct trial {           // a test, or a measurement, and what came of it
	const char *name;
	uint64_t ns;         // how long it took; bench: on the average
	uint64_t iterations; // bench
	bool passed;         // test
	const char *output;  // test: what it printed; NULL with output_len 0 when that was nothing
	size_t output_len;
};

struct sink {
	const char *name;
	const char *doc;
	// `text` is what the action printed (printf, time, join, cat, system), already formatted.
	void (*attached)(struct out *o, unsigned probes);
	void (*text)(struct out *o, enum event_kind kind, const char *text, size_t n);
	void (*value)(struct out *o, struct printer *p, const struct type *t, const void *bytes, bool newline);
	void (*map)(struct out *o, struct printer *p, const struct map_view *m);
	void (*message)(struct out *o, const struct plan *plan, const struct plan_event *e, const char *text, int64_t retcode); // errorf, warnf, runtime_error, helper_error
	void (*lost)(struct out *o, const struct plan *plan, const struct plan_loss *l, uint64_t count); // l NULL: all events together
	void (*lost_total)(struct out *o, uint64_t events); // at the end of the run, before what was lost where
	void (*end)(struct out *o); // before the maps at the end of the run
	void (*test_begin)(struct out *o, const struct trial *t, size_t n, size_t i); // before test i of n; may be NULL
	void (*test_end)(struct out *o, const struct trial *t);                       // after each
	void (*tests_end)(struct out *o, const struct trial *t, size_t n);            // after all; may be NULL
	void (*benches)(struct out *o, const struct trial *t, size_t n);              // all of them, done
};

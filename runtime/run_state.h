// SPDX-License-Identifier: Apache-2.0
// run_state.h - what run.c and event.c share of a run. Private to the two.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/wire.h"
#include "runtime/decode.h"
#include "runtime/progress.h"
#include "runtime/run.h"
#include "runtime/value.h"

struct channel;
struct child;
struct exports;
struct format;
struct gates;
struct memory;
struct loaded;
struct losses;
struct targets;
struct unwinder;

// What run.c does for trial.c.
bool run_is_of(const struct plan_prog *p, const char *provider); // run by the runtime itself, and of this provider
void run_drain(struct run *r);                                   // acts on every record there is

struct run {
	const struct plan *plan;
	const void *object;
	size_t object_len;
	struct world *world;
	struct diag *diag;
	struct run_options options;
	uint32_t first_source; // number in diag of the plan's first source

	struct loaded *loaded;
	struct channel *channel;
	struct wire_globals *globals; // mapped, or NULL
	size_t globals_len;
	unsigned ncpus;
	struct format **formats; // by event; NULL where it has none
	struct losses *losses;
	struct unwinder *unwinder; // NULL: no user stack is walked by unwind tables
	struct targets *targets; // NULL: the script has none
	struct gates *gates;
	struct memory *memory;
	struct exports *exports; // NULL: the script exports nothing
	struct symbols *symbols;
	struct printer printer;
	struct out out;
	struct link_set links;
	struct child *child;
	int target_fd; // pidfd of -p, or -1
	int poll_fd;   // epoll on the ring, the child and the target

	struct str text;    // one record's output, kept for its room
	struct record record;
	uint64_t malformed; // records that were none
	uint64_t remembered_ns; // when the child's mappings were last read; 0: not yet
	uint64_t remember_after_ns; // how long they are good for
	bool wants_user_symbols;
	struct progress progress; // of attaching
	bool exiting;       // an exit() was met, or something else ended the run
	bool exited;        // by exit(): what follows it is dropped
	bool attached;      // all probes are
	bool ending;        // the end probes run
	int status;         // the script's
	int signals_seen;   // SIGUSR1
	uint64_t turned;    // twins whose other copy waits to be printed and emptied
	uint64_t emptied;   // twins that a print emptied on behalf of a clear() or zero() whose record is still to come
	uint64_t complaints; // errorf() and run-time errors met: a test with one has failed
};

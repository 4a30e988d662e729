// SPDX-License-Identifier: Apache-2.0
// run_state.h - what run.c and the files that do parts of its work share of a run. Private to them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
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

#define STATUS_USER 1     // what the user can mend: a missing program, a right
#define STATUS_FAILED 255 // the kernel refused to load or attach

bool run_is_of(const struct plan_prog *p, const char *provider); // run by the runtime itself, and of this provider
size_t run_drain_once(struct run *r, bool all);                  // acts on records: those in the order they were made, or `all`
void run_drain(struct run *r);                                   // acts on every record there is
bool run_stopped(const struct run *r);                           // asked to end

// run_prepare.c: all before the first probe runs: checks, sinks, the child (held back), programs and maps, channels. 0 or a status, and
// then it was said why.
int run_prepare(struct run *r);
int run_refuse(struct run *r, enum diag_code code, const char *fmt, const char *what); // says it; a status
void run_watch(struct run *r, int fd); // the loop wakes up by it; -1 is allowed

// run_attach.c
int run_attach(struct run *r); // all programs to their sites; 0 or a status, and then it was said why
unsigned run_sites(const struct run *r);

// run_tell.c: what a run says of itself on standard error.
void run_tell_attached(struct run *r);
void run_tell_end(struct run *r, bool nothing); // nothing: no record was exported

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

// SPDX-License-Identifier: Apache-2.0
// run.h - the state of one run, and the links it owns. Opaque outside runtime/ but for what cli/ must set.
//
// Order of a run: run_new -> run_load (maps, programs) -> run_begin (begin probes) -> run_attach -> run_poll until
// finished -> detach -> end probes -> drain -> maps -> losses -> run_free.
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/plan.h"
#include "base/sink.h"

struct features;
struct forecast;
struct printer;
struct run;
struct symbols;
struct world;

enum run_mode { RUN_TRACE, RUN_TEST, RUN_BENCH, RUN_FORECAST }; // RUN_TEST, RUN_BENCH: see trial.h; RUN_FORECAST: forecast.h

struct run_options {
	enum run_mode mode;
	const struct sink *sink;  // text or json
	int out_fd;               // where results go
	int buffering;            // 'l', 'f', 'n'
	bool quiet, verbose, dry_run, unsafe, warnings, no_warnings, legacy_output;
	bool verifier;            // load the programs, show what the kernel says of each, attach nothing
	pid_t pid;                // -p, 0 if none
	const char *command;      // -c, NULL if none
	unsigned long seconds;    // it ends after so long; 0: when something else ends it
	const volatile sig_atomic_t *stop; // set by cli's SIGINT/SIGTERM handler
	bool watched; // standard error is a terminal
	uint64_t patience_ns; // how long attaching may take until it is said how far it is
	bool tells;   // though quiet: targets without a process, and how many user stacks were whole
	void (*on_attached)(void); // called once all is attached, when less is needed from then on; NULL: nothing
	const volatile sig_atomic_t *usr1; // counts SIGUSR1
	struct forecast *forecast; // of RUN_FORECAST
	bool *too_much; // there is another layout of the code (plan.h): set where the kernel refused this one for what it takes; NULL: there is none
};

// The plan and the ELF object must outlive the run. Never NULL.
struct run *run_new(const struct plan *plan, const void *object, size_t object_len, struct world *w, struct diag *d,
		    const struct run_options *o);
// All of the above in order. Returns the process's exit status (the script's exit(N), else 0; 255 on load or attach failure);
// diagnostics are in the list given to run_new.
int run_script(struct run *r);
void run_free(struct run *r);

// What an attached thing is held by. Closing may wait for a kernel grace period (0.1 s a piece for perf events), so
// link_set_close() hands slow ones to a forked child and returns at once.
struct link_set {
	int *fd;
	bool *slow; // closing it waits: perf tracepoints, uprobes
	size_t n, cap;
	unsigned sites; // for "Attached N probes"
	unsigned slow_sites; // of slow ones that each hold a single site
};
void link_set_add(struct link_set *s, int fd, bool slow, unsigned sites);
void link_set_close(struct link_set *s);
void link_set_drop(struct link_set *s); // the same, here and now: returns when nothing is attached any more

// For attach(): what a probe type may see of the run.
struct diag *run_diag(struct run *r);
struct world *run_world(struct run *r);
// Said by what attaches one place after another: where it takes long, it tells how far all is.
void run_progress(struct run *r);
const struct run_options *run_options(const struct run *r);
pid_t run_child(const struct run *r); // pid of the -c child, 0 if none

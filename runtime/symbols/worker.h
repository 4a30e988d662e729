// SPDX-License-Identifier: Apache-2.0
// worker.h - what takes long, done in a thread of its own: DWARF of binaries, and debug files from debuginfod servers.
//
// The reader of events asks, and waits as long as it can afford; what is not there then comes with a later question. The thread
// touches nothing of the asker's: it opens the binary through a descriptor of its own. It is started by the first question.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/symbols/lines.h"

struct elf_file;
struct module;
struct worker;

struct worker_answer {
	struct module *module;
	bool fetched;         // of worker_fetch
	char *path;           // fetched: the debug file, NULL: the servers have none
	const uint64_t *address;
	size_t n;
	const struct line_frames *found; // n; live as long as the worker
};

struct worker *worker_new(void);
void worker_free(struct worker *w); // NULL is allowed; ends what is under way
void worker_lines(struct worker *w, struct module *m, const uint64_t *address, size_t n);
void worker_fetch(struct worker *w, struct module *m); // by build ID
// Gives answers to `each` as they come, until all are there or `patience_ms` is over (-1: as long as it takes).
void worker_wait(struct worker *w, int patience_ms, void (*each)(void *arg, const struct worker_answer *a), void *arg);

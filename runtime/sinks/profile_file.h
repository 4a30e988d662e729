// SPDX-License-Identifier: Apache-2.0
// profile_file.h - what folded, flamegraph and pprof have in common: a profile gathered while the run lasts, and a file,
// opened at its start, that is written at its end.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/sinks/export.h"

struct profile;
struct str;

struct profile_file {
	struct export_context c;
	struct profile *profile;
	int fd; // -1: standard output
};

// Its vtable's functions, but for open and close.
int profile_file_open(const struct export_context *c, void **state);
void profile_file_record(void *state, const struct export_record *r);
void profile_file_measures(void *state, const struct export_measures *m);
void profile_file_free(void *state);
// Writes the text and tells what came of it.
void profile_file_write(struct profile_file *f, const struct str *text, struct export_totals *ret);

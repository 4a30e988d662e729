// SPDX-License-Identifier: Apache-2.0
// grid.h - records and measures as rows of cells: what csv, sqlite and table have in common.
//
// A stream of records has the columns time, its own (hidden ones left out) and weight; a stream of measures has time, its
// `by` columns, and a column per part of each measure (measure.h); what has no parts is one cell of JSON.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "runtime/sinks/export.h"

struct cell {
	enum cell_kind { CELL_NULL, CELL_INTEGER, CELL_TEXT } kind;
	bool is_signed;
	int64_t integer; // in the column's unit; unsigned when is_signed is false
	size_t at, n;    // text: in grid.text
};

struct grid_column {
	char *name;
	enum cell_kind kind;
	enum value_unit unit;
};

struct grid {
	const struct export_context *c;
	const struct plan_stream *stream;
	struct grid_column *column;
	size_t n;
	struct cell *cell; // of the row that is being told
	struct str text;   // bytes of its texts
};

void grid_init(struct grid *g, const struct export_context *c, const struct plan_stream *s); // c must outlive it
void grid_free(struct grid *g);
void grid_record(struct grid *g, const struct export_record *r); // fills g->cell
void grid_measures(struct grid *g, const struct export_measures *ms, void (*row)(void *arg, struct grid *g), void *arg); // a call per row
const char *grid_text(const struct grid *g, const struct cell *c);

// The first column is when it happened, nanoseconds since 1970.
#define GRID_TIME 0

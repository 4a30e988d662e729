// SPDX-License-Identifier: Apache-2.0
// dw_rows.h - a unit's line table, run once (DWARF 5 §6.2) into rows by address, and its table of files.
#pragma once

#include "runtime/symbols/dw_file.h"

struct dw_row {
	uint64_t address;
	uint32_t line;
	uint16_t file, column; // file: as the unit numbers them; 65535: not one of those
};

struct dw_sequence { // rows in a row: of one function or of many
	uint64_t low, high;
	size_t first, n;
};

struct dw_source {
	const char *name;
	uint64_t folder;
};

struct dw_rows {
	VEC(struct dw_row) rows;
	VEC(struct dw_sequence) sequences; // by low
	VEC(const char *) folders;
	VEC(struct dw_source) files; // number i is files.v[i]
};

void dw_rows_read(struct dw_file *f, const struct dw_unit *u, struct dw_rows *r); // what can be read of it
void dw_rows_free(struct dw_rows *r);
const struct dw_row *dw_rows_find(const struct dw_rows *r, uint64_t address); // NULL: in no sequence
struct str;
void dw_rows_path(const struct dw_unit *u, const struct dw_rows *r, uint64_t file, struct str *out); // nothing if there is no such file

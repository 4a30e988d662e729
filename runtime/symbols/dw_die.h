// SPDX-License-Identifier: Apache-2.0
// dw_die.h - debugging information entries: their abbreviations, and attributes in every form there is.
#pragma once

#include "runtime/symbols/dw_file.h"

struct dw_value {
	uint16_t form;
	uint64_t u;      // constant, offset, index, address
	const char *text; // DW_FORM_string
};

struct dw_abbrevs *dw_abbrevs_of(struct dw_file *f, const struct dw_unit *u); // NULL: damaged. Valid until 16 others were asked for
const struct dw_abbrev *dw_abbrev(const struct dw_abbrevs *t, uint64_t code); // NULL
void dw_abbrevs_free(struct dw_abbrevs *t); // NULL is allowed

void dw_value(struct dw_bytes *b, const struct dw_unit *u, const struct dw_attribute *a, struct dw_value *v); // reads one
const char *dw_value_text(struct dw_file *f, const struct dw_unit *u, const struct dw_value *v);   // "" if it is none
uint64_t dw_value_address(struct dw_file *f, const struct dw_unit *u, const struct dw_value *v);
bool dw_value_is_address(const struct dw_value *v);
// The entry that a reference means, and the file it is in (f, or what dwz moved out).
bool dw_value_die(struct dw_file *f, const struct dw_unit *u, const struct dw_value *v, struct dw_file **in, uint64_t *die);

typedef void dw_range_fn(void *arg, uint64_t low, uint64_t high);
void dw_value_ranges(struct dw_file *f, const struct dw_unit *u, const struct dw_value *v, dw_range_fn *each, void *arg);

void dw_unit_root(struct dw_file *f, struct dw_unit *u, dw_range_fn *each, void *arg); // reads its first entry; its ranges to `each` (NULL: not wanted)
// A function's name: DW_AT_linkage_name if there is one, else DW_AT_name, also of what it is an instance of. NULL.
const char *dw_function_name(struct dw_file *f, uint64_t die);

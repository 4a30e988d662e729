// SPDX-License-Identifier: Apache-2.0
// dw_file.h - a file's DWARF (2 to 5) as far as lines and inlined calls need it: its sections, its units, and which unit an
// address is in. Sections are read where they are looked at, or unpacked whole when they are compressed.
//
// A reader of our own: libdw's walks a unit from its start for each address asked about. Every offset is checked, and work that
// a damaged file could multiply is taken from a budget.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "runtime/dw_bytes.h"

struct elf_file;

enum dw_section_id {
	DW_INFO, DW_ABBREV, DW_LINE, DW_STR, DW_LINE_STR, DW_STR_OFFSETS, DW_ADDR, DW_RANGES, DW_RNGLISTS, DW_ARANGES, DW_SECTIONS
};

struct dw_section {
	uint64_t offset, size; // in the file; of an unpacked one the size alone
	uint8_t *unpacked;     // NULL: read from the file
};

struct dw_attribute {
	uint16_t name, form;
	int64_t implicit; // of DW_FORM_implicit_const
};

struct dw_abbrev {
	uint64_t code;
	uint16_t tag;
	bool children;
	int32_t fixed; // bytes all its attributes take together; -1: they differ
	uint32_t first, n; // attributes
	uint32_t sibling;  // which of them is DW_AT_sibling, + 1; 0: none
};

struct dw_abbrevs {
	uint64_t offset;
	uint8_t address_size, offset_size, version;
	bool dense; // code i is list.v[i - 1]
	VEC(struct dw_abbrev) list;
	VEC(struct dw_attribute) attributes;
};

struct dw_unit {
	uint64_t offset, end; // of the header, of the unit: in .debug_info
	uint64_t die;         // its first entry
	uint64_t abbrevs;
	uint8_t version, address_size, offset_size, type;
	// What its first entry says; once `rooted`.
	bool rooted, has_lines;
	uint64_t base, lines; // lowest address, what ranges count from; offset in .debug_line
	uint64_t str_offsets, addr, rnglists;
	const char *folder;   // DW_AT_comp_dir; "" if it has none
};

struct dw_range {
	uint64_t low, high;
};

struct dw_place {
	uint64_t low, high;
	uint32_t unit;
};

struct dw_file {
	struct elf_file *elf;
	struct dw_section section[DW_SECTIONS];
	struct dw_file *alt; // what dwz moved out; NULL
	bool alt_tried, indexed, all_units;
	VEC(struct dw_unit) units;   // by offset
	VEC(struct dw_place) places; // by low, not overlapping
	struct dw_abbrevs *tables[16]; // used lately
	unsigned next_table;
	int64_t budget;
};

// -ENOENT: no DWARF in it. Takes f, also on failure.
int dw_file_open(struct elf_file *f, struct dw_file **ret);
void dw_file_close(struct dw_file *f); // NULL is allowed
bool dw_spend(struct dw_file *f, uint64_t work); // false: a sound file would have needed less

bool dw_section_bytes(const struct dw_file *f, enum dw_section_id s, uint64_t offset, uint64_t size, struct dw_bytes *b);
bool dw_section_rest(const struct dw_file *f, enum dw_section_id s, uint64_t offset, struct dw_bytes *b); // up to its end
const char *dw_section_text(const struct dw_file *f, enum dw_section_id s, uint64_t offset); // "" if it is none
void dw_section_drop(const struct dw_file *f, enum dw_section_id s, uint64_t offset, uint64_t size); // not needed soon

struct dw_unit *dw_unit_at(struct dw_file *f, uint64_t address); // NULL: none has it. Valid until the next dw_unit_of()
struct dw_unit *dw_unit_of(struct dw_file *f, uint64_t die);     // the unit that an entry's offset lies in; NULL
struct dw_file *dw_alt(struct dw_file *f); // NULL: there is none
uint64_t dw_initial_length(struct dw_bytes *b, uint8_t *offset_size); // and narrows b to that many bytes

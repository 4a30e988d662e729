// SPDX-License-Identifier: Apache-2.0
// dwarf_private.h - what dwarf.c (files, functions) and dwarf_types.c share.
#pragma once

#include <elfutils/libdw.h>

#include "base/arena.h"
#include "base/map.h"
#include "runtime/dwarf.h"

enum { MAX_DEPTH = 24 };

#define LIBDW_FUNCTIONS                                                                                                      \
	LIBDW(dwarf_begin_elf) LIBDW(dwarf_end) LIBDW(dwarf_nextcu) LIBDW(dwarf_offdie) LIBDW(dwarf_child) LIBDW(dwarf_siblingof) \
	LIBDW(dwarf_tag) LIBDW(dwarf_attr_integrate) LIBDW(dwarf_formref_die) LIBDW(dwarf_formudata) LIBDW(dwarf_formsdata)   \
	LIBDW(dwarf_formflag) LIBDW(dwarf_diename) LIBDW(dwarf_lowpc) LIBDW(dwarf_haspc) LIBDW(dwarf_bytesize)               \
	LIBDW(dwarf_dieoffset) LIBDW(dwarf_addrdie) LIBDW(dwarf_aggregate_size) LIBDW(dwarf_getsrclines) LIBDW(dwarf_onesrcline) \
	LIBDW(dwarf_lineaddr) LIBDW(dwarf_lineno) LIBDW(dwarf_linecol) LIBDW(dwarf_linesrc) LIBDW(dwarf_linebeginstatement) \
	LIBDW(dwarf_getlocation_addr)

struct dwarf {
	struct world *world;
	unsigned number;
	struct elf_file *file; // all of it in memory
	Elf *elf;
	const char *path;
	void *library;
	Dwarf *dw;
	uint64_t steps; // siblings seen; a damaged file's may form a ring
	struct map ids; // struct type * -> offset of its DIE + 1
#define LIBDW(fn) __typeof__(&fn) fn;
	LIBDW_FUNCTIONS
#undef LIBDW
};

struct dwarf_fields {
	struct event_field *v;
	size_t n, cap;
};

struct dwarf_class { // how a value of a type is passed
	uint64_t size;
	uint32_t general;  // general registers
	bool is_scalar;    // one register holds it all
	bool in_memory;    // on the stack whatever registers are free
	bool by_reference; // C++: its address is passed in its place
};

// Goes on to the next sibling; false behind the last one, or when the file cannot be a sound one.
bool dwarf_next(struct dwarf *d, Dwarf_Die *die);
bool dwarf_type_of(struct dwarf *d, Dwarf_Die *die, Dwarf_Die *ret); // DW_AT_type without typedefs and qualifiers; false: void
const struct type *dwarf_get(struct dwarf *d, Dwarf_Die *type, int depth); // never NULL
bool dwarf_number(struct dwarf *d, Dwarf_Die *die, unsigned name, uint64_t *ret); // an attribute; false: there is none
bool dwarf_flag(struct dwarf *d, Dwarf_Die *die, unsigned name);
// A Go function's arguments, each word of them a field.
void dwarf_go_arguments(struct dwarf *d, Dwarf_Die *fn, uint64_t address, struct dwarf_fields *out);
struct dwarf_class dwarf_classify(struct dwarf *d, Dwarf_Die *type);

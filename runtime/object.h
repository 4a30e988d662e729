// SPDX-License-Identifier: Apache-2.0
// object.h - a BPF object file in memory: its sections, symbols and relocations.
//
// Only what the loader needs of ELF64, little-endian, EM_BPF. libelf would copy and allocate what is here a few bounds
// checks; and the bytes may come from a stranger, so every offset is checked once, in object_open, and the rest trusts it.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct object;

struct object_section {
	const char *name;
	uint32_t type;      // SHT_*
	uint64_t flags;     // SHF_*
	const uint8_t *data; // NULL for SHT_NOBITS
	size_t size;
};

struct object_symbol {
	const char *name;
	uint64_t value, size;
	uint16_t section; // index; SHN_UNDEF and the reserved ones as they are
	uint8_t type;     // STT_*
};

struct object_reloc {
	uint64_t offset; // in the section it is for
	uint32_t type;   // R_BPF_*
	uint32_t symbol;
};

// The bytes must outlive the object. 0, or -EINVAL for bytes that are no such file (the reason in *why).
int object_open(const void *bytes, size_t n, struct object **ret, const char **why);
void object_close(struct object *o); // NULL is allowed

size_t object_sections(const struct object *o);
const struct object_section *object_section_at(const struct object *o, size_t index); // NULL when out of range
int object_find(const struct object *o, const char *name); // a section's index, or -ENOENT
const struct object_symbol *object_symbol_at(const struct object *o, uint32_t index); // NULL when out of range
const struct object_symbol *object_symbol_named(const struct object *o, const char *name); // NULL if absent
// All relocations for a section (the array is the object's). 0, or -ENOENT when there is no such section.
int object_relocs(const struct object *o, size_t section, const struct object_reloc **ret, size_t *n);

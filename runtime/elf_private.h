// SPDX-License-Identifier: Apache-2.0
// elf_private.h - what elf_file.c and elf_functions.c share.
#pragma once

#include "runtime/elf_file.h"

struct elf_file {
	const uint8_t *data;
	size_t size;
	bool mapped;
	struct elf_id id;
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segments;
	const Elf64_Shdr *sections;
	size_t nsegments, nsections;
	const char *section_names;
	uint64_t section_names_size;
	bool debug_looked_for;
	struct elf_file *debug;
};

const void *elf_table(const struct elf_file *f, uint64_t offset, uint64_t n, size_t item); // aligned and inside, or NULL
const char *elf_strings(const struct elf_file *f, const Elf64_Shdr *s, uint64_t *size);
const Elf64_Shdr *elf_section_typed(const struct elf_file *f, uint32_t type); // the first of that type that is not empty; NULL

// SPDX-License-Identifier: Apache-2.0
// elf_private.h - what the elf_*.c files share.
#pragma once

#include "runtime/elf_file.h"

struct elf_file {
	uint8_t *data; // as large as the file, and of a file a NUL more; there only the blocks that `present` marks are filled
	size_t size;
	int fd;            // -1: all bytes are there
	uint64_t *present; // a bit per block
	char *path;        // as it was opened; NULL: from memory
	char *root;        // of the process that sees it, "" is ours
	char *name;        // its path there
	struct elf_id id;
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segments;
	const Elf64_Shdr *sections;
	size_t nsegments, nsections;
	const char *section_names;
	uint64_t section_names_size;
	bool debug_looked_for, mini_looked_for;
	struct elf_file *debug, *mini;
	enum elf_source debug_source;
	struct elf_names {
		const struct elf_file *file; // NULL: the binary has no such table
		const Elf64_Shdr *strings;
	} names[ELF_SOURCES];
	bool go_looked_for;
	struct go_table {
		uint64_t offset, size;          // in the file
		uint64_t pairs, records, names; // behind `offset`
		uint64_t n;                     // functions, 0: there is no table
		uint64_t text;                  // what entries count from
		bool is_wide;                   // entries are addresses of 64 bits
	} go;
};

const void *elf_table(const struct elf_file *f, uint64_t offset, uint64_t n, size_t item); // aligned and inside, or NULL
const char *elf_strings(const struct elf_file *f, const Elf64_Shdr *s, uint64_t *size);
const Elf64_Shdr *elf_section_typed(const struct elf_file *f, uint32_t type); // the first of that type that is not empty; NULL
const struct go_table *elf_go_table(struct elf_file *f); // NULL: no Go binary. Owned by f
// Its functions, by address; the name is what elf_go_name() takes.
void elf_go_each(struct elf_file *f, const struct go_table *t, void (*each)(void *arg, const struct elf_symbol *s), void *arg);
const char *elf_go_name(const struct elf_file *f, uint32_t record); // NULL: none; lives as long as f
uint32_t elf_file_checksum(const struct elf_file *f); // CRC-32 of all of it

struct symtab {
	const struct elf_file *file;   // whose bytes the table is in
	const struct elf_file *binary; // whose segments the addresses are in
	const Elf64_Sym *sym;
	size_t n;
	const char *names;
	uint64_t names_size;
	const uint16_t *versions; // .gnu.version, beside .dynsym; NULL if there is none
	enum elf_source source;
};

// The tables of a binary, most telling first: .symtab (the binary's, its debug file's or the one packed into it), .dynsym.
bool elf_symtab_static(struct symtab *t, struct elf_file *f);
bool elf_symtab_dynamic(struct symtab *t, struct elf_file *f);

// SPDX-License-Identifier: Apache-2.0
// elf_file.h - an ELF executable or shared object of this machine, read in place.
//
// The file is mapped and nothing is copied: names point into the mapping and live until elf_file_close(). Every header,
// table and name is bounds-checked when it is used, since a traced binary may be anything. Only ET_EXEC and ET_DYN of this
// machine's class, byte order and architecture are taken. Where a binary was stripped, the file that
// /usr/lib/debug/.build-id has for it gives the symbols; its addresses are the binary's.
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct elf_file;

struct elf_section {
	const char *name; // "" when it has none
	uint32_t type, link;
	uint64_t address, offset, size, entsize;
};

struct elf_function {
	const char *name; // NUL-terminated; an "@VERSION" may follow the name proper
	uint64_t address; // virtual, in the file
	uint64_t offset;  // the same place in the file's bytes
	uint64_t size;    // 0: unknown
	uint64_t room;    // bytes from address to the end of its section, 0: unknown
	uint8_t binding;  // STB_*
	bool dynamic;     // from .dynsym
	bool hidden;      // an old version of a symbol: not what a new program is linked to
};

struct elf_id { // what tells that a file is still the same
	dev_t dev;
	ino_t ino;
	off_t size;
	uint64_t mtime_ns;
};

// -ENOEXEC when it is no ELF file of this machine, else what open() or mmap() said.
int elf_file_open(const char *path, struct elf_file **ret);
// The same over bytes that the caller gives away (malloc), such as a vdso's.
int elf_file_from_memory(void *bytes, size_t size, struct elf_file **ret);
void elf_file_close(struct elf_file *f); // NULL is allowed
struct elf_id elf_file_id(const struct elf_file *f);
const void *elf_file_bytes(const struct elf_file *f, uint64_t offset, uint64_t size); // NULL when out of range
uint64_t elf_file_entry(const struct elf_file *f);

// Virtual address <-> file offset, by the program headers. `executable`: only in executable segments. False outside all.
bool elf_file_offset(const struct elf_file *f, uint64_t address, bool executable, uint64_t *offset);
bool elf_file_address(const struct elf_file *f, uint64_t offset, uint64_t *address);
// How many bytes of the executable segment there are from this file offset on; 0 outside all.
uint64_t elf_file_code_size(const struct elf_file *f, uint64_t offset);

size_t elf_file_sections(const struct elf_file *f);
bool elf_file_section(const struct elf_file *f, size_t i, struct elf_section *ret);
bool elf_file_section_named(const struct elf_file *f, const char *name, struct elf_section *ret);
size_t elf_file_build_id(const struct elf_file *f, const uint8_t **id); // its length, 0 if there is none

// The separate file with this one's symbols; NULL when there is none or the binary has its own .symtab. Owned by f.
struct elf_file *elf_file_debug(struct elf_file *f);

// Every defined function of .symtab (or the debug file's) and .dynsym that lies in an executable segment.
void elf_file_functions(struct elf_file *f, void (*each)(void *arg, const struct elf_function *fn), void *arg);
// One function by name, without reading all of .dynsym. -ENOENT if there is none.
int elf_file_function(struct elf_file *f, const char *name, struct elf_function *ret);
// A variable by name: its address and size. -ENOENT if there is none.
int elf_file_variable(struct elf_file *f, const char *name, uint64_t *address, uint64_t *size);

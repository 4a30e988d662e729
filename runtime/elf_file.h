// SPDX-License-Identifier: Apache-2.0
// elf_file.h - an ELF executable or shared object of this machine, read as far as it is asked about.
//
// The file stays open and its bytes are read, by blocks of 16 KB, into memory reserved for all of it: names point
// there and live until elf_file_close(). It is not mapped: a file that somebody cuts short would end us with SIGBUS, one
// that somebody writes to would change between a check and its use. What could not be read reads as zeros. Every header,
// table and name is bounds-checked when it is used, since a traced binary may be anything. Only ET_EXEC and ET_DYN of this
// machine's class, byte order and architecture are taken. Where a binary was stripped, its separate debug file or the
// symbols packed into it (elf_debug.c) serve; their addresses are the binary's.
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if defined(__x86_64__)
#define ELF_MACHINE EM_X86_64 // whose files are taken
#elif defined(__aarch64__)
#define ELF_MACHINE EM_AARCH64
#else
#error "this architecture is not supported"
#endif

struct elf_file;

#define ELF_MOST_BYTES ((uint64_t)1 << 29) // what is read at once: a file may say that its tables have terabytes, and have holes there

struct elf_section {
	const char *name; // "" when it has none
	uint32_t type, link;
	uint64_t flags, address, offset, size, entsize;
};

enum elf_source { // where a symbol was found
	ELF_SYMTAB,
	ELF_DYNSYM,
	ELF_BUILD_ID,   // .symtab of the debug file that the build ID names
	ELF_DEBUGLINK,  // … that .gnu_debuglink names
	ELF_DEBUGINFOD, // … that a server had
	ELF_MINI,       // .gnu_debugdata
	ELF_GO,         // the table of Go's runtime (pclntab)
	ELF_SOURCES,
};

struct elf_symbol { // of code; its name is read when it is asked for
	uint64_t address, size, room; // as of elf_function
	uint32_t name;
	uint8_t binding;
	enum elf_source source;
	bool hidden;
};

struct elf_function {
	const char *name; // NUL-terminated; an "@VERSION" may follow the name proper
	uint64_t address; // virtual, in the file
	uint64_t offset;  // the same place in the file's bytes
	uint64_t size;    // 0: unknown
	uint64_t room;    // bytes from address to the end of its section, 0: unknown
	uint8_t binding;  // STB_*
	enum elf_source source;
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
// A process's file that is reached by `path`: `root` ("/proc/PID/root", "" for ours) and `name` are where the process has
// it, and where its debug file is looked for.
int elf_file_open_at(const char *path, const char *root, const char *name, struct elf_file **ret);
// The same over bytes that the caller gives away (malloc), such as a vdso's.
int elf_file_from_memory(void *bytes, size_t size, struct elf_file **ret);
void elf_file_close(struct elf_file *f); // NULL is allowed
void elf_file_settle(struct elf_file *f); // closes the file; what was not read yet reads as zeros
void elf_file_park(struct elf_file *f);   // closes it until it is read again, if it is the same file then
struct elf_id elf_file_id(const struct elf_file *f);
const void *elf_file_bytes(const struct elf_file *f, uint64_t offset, uint64_t size); // NULL when out of range, or too much
uint64_t elf_file_size(const struct elf_file *f);
uint64_t elf_file_within(const struct elf_file *f, uint64_t offset, uint64_t size); // how many of these bytes can be had
// What goes through all sections of a kind takes the bytes of each from `left`, at first the file's size. False, and nothing taken: there
// are not so many. Then sections lie over one another, as no linker has them, and their number times their size may be any amount of work.
bool elf_file_spend(uint64_t *left, uint64_t n);
void elf_file_drop(const struct elf_file *f, uint64_t offset, uint64_t size); // gives the memory back; read again when asked for
uint64_t elf_file_code_start(const struct elf_file *f); // lowest virtual address of an executable segment
int elf_file_descriptor(const struct elf_file *f); // a new one, the caller's, for opening the file once more; -1
const char *elf_file_path(const struct elf_file *f); // as it was opened; NULL: from memory
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
// The same for equal files anywhere: of the build ID, or of the bytes, as far as they are read at once. Never 0.
uint64_t elf_file_content(const struct elf_file *f);

// The separate file with this one's symbols; NULL when there is none or the binary has its own .symtab. Owned by f.
struct elf_file *elf_file_debug(struct elf_file *f);
// The same, by the path of a file that the caller has found for it; false when it is of another build.
bool elf_file_use_debug(struct elf_file *f, const char *path, enum elf_source source);
// The symbols that the binary carries compressed (.gnu_debugdata); NULL when there are none. Owned by f.
struct elf_file *elf_file_mini(struct elf_file *f);
// A file that has a section of this name: the binary itself, or a debug file of the same build. Malloc'd; NULL: none.
char *elf_file_with_section(struct elf_file *f, const char *section, enum elf_source *source);

// Every defined function of .symtab (or the debug file's, .gnu_debugdata's, or else Go's own table) and .dynsym that lies in an
// executable segment.
void elf_file_functions(struct elf_file *f, void (*each)(void *arg, const struct elf_function *fn), void *arg);
// The same with labels of assembly code, which have no type, and without reading names.
void elf_file_code_symbols(struct elf_file *f, void (*each)(void *arg, const struct elf_symbol *s), void *arg);
const char *elf_file_symbol_name(const struct elf_file *f, enum elf_source source, uint32_t name); // NULL if there is none
// One function by name, without reading all of .dynsym. -ENOENT if there is none.
int elf_file_function(struct elf_file *f, const char *name, struct elf_function *ret);
// A variable by name: its address and size. -ENOENT if there is none.
int elf_file_variable(struct elf_file *f, const char *name, uint64_t *address, uint64_t *size);

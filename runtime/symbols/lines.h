// SPDX-License-Identifier: Apache-2.0
// lines.h - addresses of one binary to source lines and the calls inlined there, by its DWARF.
//
// Asked in batches: addresses are sorted by unit, each unit is read once, and what is kept of it is bounded, so that neither a
// hundred thousand addresses nor a library of a gigabyte take more than their share. Not for two threads at once.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file;
struct lines;

struct line_frame {
	const char *function; // as it is linked (mangled), or as it is written; NULL: not known
	const char *file;     // whole path; NULL: not known
	uint32_t line, column; // 0: not known
	bool inlined;          // into the next frame
};

struct line_frames {
	const struct line_frame *at; // innermost first; lives as long as the lines
	uint32_t n; // 0: nothing is known
};

// The DWARF of the binary itself or of its debug file. -ENOENT: there is none. Takes nothing.
int lines_open(struct elf_file *binary, struct lines **ret);
int lines_open_file(const char *path, struct lines **ret); // of this file and no other
void lines_free(struct lines *l); // NULL is allowed
void lines_find(struct lines *l, const uint64_t *address, size_t n, struct line_frames *ret);

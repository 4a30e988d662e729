// SPDX-License-Identifier: Apache-2.0
// fde.h - where functions begin and end by the unwind information (.eh_frame_hdr, .eh_frame; the Linux Standard Base's
// "Exception Frames", DWARF 5 §6.4.1), which no stripping removes. Nothing is built: the linker's table is searched.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct elf_file;

// The bounds of the function that holds a virtual address of the file; false if the file does not say.
bool fde_bounds(const struct elf_file *f, uint64_t address, uint64_t *start, uint64_t *end);

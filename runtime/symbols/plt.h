// SPDX-License-Identifier: Apache-2.0
// plt.h - names of the stubs through which a binary calls other libraries' functions. They have no symbols: each jumps to
// where a word of the global offset table points, and a relocation says whose address that word will hold.
#pragma once

#include <stdint.h>

struct elf_file;

// Calls `each` for every stub: its address, its size in bytes and the number of its symbol. Names are not read: those of a library may be
// twenty megabytes.
void plt_each(struct elf_file *f, void (*each)(void *arg, uint64_t address, uint32_t size, uint32_t symbol), void *arg);
const char *plt_symbol_name(struct elf_file *f, uint32_t symbol); // without "@plt"; lives as long as the file; NULL: it has none

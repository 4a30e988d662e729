// SPDX-License-Identifier: Apache-2.0
// usdt_note.h - the USDT probes a binary declares in its .note.stapsdt section.
//
// A note holds addresses as they were when it was assembled; prelink may have moved the file since, which shows in
// the address of section .stapsdt.base.
#pragma once

#include <stddef.h>

struct arena;
struct binary_usdt;
struct elf_file;

// All well-formed notes, in the file's order; malformed ones are left out. The array is the arena's, names are the file's.
void usdt_notes(struct elf_file *f, struct arena *a, const struct binary_usdt **ret, size_t *n);

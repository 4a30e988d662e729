// SPDX-License-Identifier: Apache-2.0
// image.h - an ELF file as unwinding needs it: segments, the sections with unwind information, the build ID.
//
// Not elf_file.h, which takes files of this machine only and reads symbols: this one takes aarch64 too, works without section headers
// and with a part of the file, and copies nothing. The bytes may be anything; every offset is checked before it is used.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_SEGMENTS 16
#define IMAGE_PART_MOST ((uint64_t)1 << 27) // of unwind information: a browser has a third; the headers may name terabytes that are holes
#define IMAGE_NOTES_MOST (1u << 20) // bytes of notes that are looked through for the build ID

struct image_segment {
	uint64_t address, offset, size; // of what is in the file
	bool executable;
};

struct image_window { // bytes of the file that are at hand
	const uint8_t *bytes;
	uint64_t offset, size;
};

struct image_part { // a section, or what a program header names
	const uint8_t *bytes; // NULL: it is not at hand
	uint64_t size, address, offset; // size 0: there is none
};

struct image {
	const struct image_window *window;
	size_t nwindows;
	uint64_t size; // of the file
	uint16_t machine; // EM_X86_64 or EM_AARCH64
	uint64_t entry;   // where a program begins; of a library anything
	struct image_segment segment[IMAGE_SEGMENTS];
	size_t nsegments;
	struct image_part eh_frame, eh_frame_hdr, debug_frame;
	bool is_go; // Go's linker made it, or what it gave to the C linker; then
	struct image_part go_table, go_module, rela; // pclntab, the runtime's description of the program; the first relocations
	struct image_part data[2]; // .data.rel.ro and .rodata, one of which has pclntab when no section has its name
	const uint8_t *build_id;
	size_t build_id_len;
	uint64_t notes_left; // of IMAGE_NOTES_MOST
};

// So many bytes of the file; NULL when not all of them are in one window.
const uint8_t *image_window_bytes(const struct image_window *window, size_t nwindows, uint64_t offset, uint64_t size);

// Of so much of a file of `size` bytes as the windows have; they and their bytes stay the caller's and must outlive the image. 0, or
// -ENOEXEC for what is no ELF executable of a known machine.
int image_open(const struct image_window *window, size_t nwindows, uint64_t size, struct image *ret);
const struct image_segment *image_code(const struct image *m, uint64_t address); // NULL: no code lies at the virtual address
bool image_offset(const struct image *m, uint64_t address, uint64_t *ret); // of code: its offset in the file
const uint8_t *image_bytes(const struct image *m, uint64_t address, uint64_t *room); // what is mapped there, and how much of it is at hand

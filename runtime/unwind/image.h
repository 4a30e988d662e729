// SPDX-License-Identifier: Apache-2.0
// image.h - an ELF file's bytes as unwinding needs them: segments, the sections with unwind information, the build ID.
//
// Not elf_file.h, which takes files of this machine only and reads symbols: this one takes aarch64 too, works without
// section headers, and copies nothing. The bytes may be anything; every offset is checked before it is used.
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

struct image_part { // a section, or what a program header names
	const uint8_t *bytes;
	uint64_t size, address;
};

struct image {
	const uint8_t *bytes;
	size_t size;
	uint16_t machine; // EM_X86_64 or EM_AARCH64
	uint64_t entry;   // where a program begins; of a library anything
	struct image_segment segment[IMAGE_SEGMENTS];
	size_t nsegments;
	struct image_part eh_frame, eh_frame_hdr, debug_frame; // bytes NULL: there is none
	bool is_go; // Go's linker made it, or what it gave to the C linker; then
	struct image_part go_table, go_module, rela; // pclntab, the runtime's description of the program; the first relocations
	struct image_part data[2]; // .data.rel.ro and .rodata, one of which has pclntab when no section has its name
	const uint8_t *build_id;
	size_t build_id_len;
	uint64_t notes_left; // of IMAGE_NOTES_MOST
};

// The bytes stay the caller's and must outlive the image. 0, or -ENOEXEC for what is no ELF executable of a known machine.
int image_open(const void *bytes, size_t n, struct image *ret);
bool image_offset(const struct image *m, uint64_t address, uint64_t *ret); // of code: file offset of a virtual address
const uint8_t *image_bytes(const struct image *m, uint64_t address, uint64_t *room); // what is mapped there, and how much of it

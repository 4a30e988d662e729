// SPDX-License-Identifier: Apache-2.0
// image_file.h - the parts of an ELF file that image.h looks at, read into memory of our own: headers, notes, unwind information, and
// the first bytes of a program.
//
// Not mapped: a file that is cut short while it is read would end this process (SIGBUS). The memory is kept from one file to the next: new
// memory is faulted in and cleared page by page, which takes longer than reading.
#pragma once

#include <stdint.h>

#include "runtime/unwind/image.h"

struct image_file;

struct image_file *image_file_new(void);
void image_file_free(struct image_file *f); // NULL is allowed
void image_file_forget(struct image_file *f); // gives the memory back; what was read is gone

// Headers and notes, which is enough to know the file's build ID. The image holds until the next file is opened, and `fd` stays the
// caller's. 0, or -errno; -ENOEXEC for what is no ELF executable of a known machine.
int image_file_open(struct image_file *f, int fd, uint64_t size, struct image *ret);
// The rest, of the file that was opened last. 0, or -errno.
int image_file_read_frames(struct image_file *f, struct image *ret);

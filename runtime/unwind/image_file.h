// SPDX-License-Identifier: Apache-2.0
// image_file.h - the parts of an ELF file that image.h looks at, read into memory of our own.
//
// Not mapped: a file that is cut short while it is read would end this process (SIGBUS). The memory has the file's size, but
// only what is read takes any: headers, notes, unwind information, and the first bytes of a program.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Headers and notes, which is enough to know the file's build ID. 0, or -errno; the bytes are given back with image_file_free.
int image_file_read(int fd, uint64_t size, void **ret);
// The rest, into bytes that image_file_read gave. 0, or -errno.
int image_file_read_frames(int fd, uint64_t size, void *bytes);
void image_file_free(void *bytes, uint64_t size);

// SPDX-License-Identifier: Apache-2.0
// world_record.h - the records inside a .world file (world_file.h), little-endian: kind, bytes of the name, bytes of the data, then
// the name and the data, unpadded. Kinds that a reader does not know are left out.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct str;

#define WORLD_MAGIC "SPWORLD1"
#define WORLD_MAGIC_LEN 8

enum world_record {
	WORLD_RELEASE,  // name: the kernel's release
	WORLD_BTF,      // name: "vmlinux", which comes first, or a module's
	WORLD_EVENT,    // name: "category:event"; data: its format file
	WORLD_FUNCTION, // name: "module:function"
	WORLD_RECORDS
};

void world_record_add(struct str *out, enum world_record kind, const char *name, const void *data, size_t n);
// 0, -EINVAL for bytes that are no such records, or the first error of `take`.
int world_records_read(const void *bytes, size_t n, int (*take)(void *arg, enum world_record kind, const char *name, const void *data, size_t n),
		       void *arg);

// SPDX-License-Identifier: Apache-2.0
// world_file.h - another kernel, from a file: what scripts are checked against without it.
//
// Two kinds of files. Raw BTF (/sys/kernel/btf/vmlinux, or the section .BTF of a vmlinux) has the types, the functions and the
// raw tracepoints; of a tracepoint's fields it has those of events that do not share a class. A .world file, which
// world_save() writes on the kernel itself, has also the tracepoints' formats and the list of functions that can be traced:
// "SPWORLD1", then one zstd frame of records {u32 kind, u32 name bytes, u32 data bytes, name, data}. What a kernel can do is
// read from its enums in either case: a helper that it has is an enumerator of enum bpf_func_id.
//
// Binaries are this machine's. The bytes may be a stranger's: all lengths are checked.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct str;
struct world;

// A world over `live` (whose kernel is not asked any more, and which must outlive it). 0, -errno, -EINVAL when the file is
// neither kind.
int world_file_open(struct world *live, const char *path, struct world **ret);
void world_file_close(struct world *w); // NULL is allowed; answers already given stay
const char *world_file_name(struct world *w); // the kernel's release, or the file's name
// Does that kernel have a helper of this number? True when its types do not say.
bool world_file_helper(struct world *w, uint32_t id);
// Everything of the running kernel that a check asks for, as a .world file. 0 or -errno; *lacks counts what could not be read.
int world_save(struct str *out, unsigned *lacks);

// SPDX-License-Identifier: Apache-2.0
// btf.h - a reader of BTF, the kernel's own description of its types.
//
// libbpf's reader indexes all names when it opens the kernel's BTF (about 10 ms and 13 MB). This one maps the file, and
// the first question walks it once, remembering where each type starts and which types share a name: about a millisecond.
// The bytes may come from a user's file, so every offset, index and length is checked; names are never outside the
// string section, and an id that does not exist reads as "void". Given up: BTF of the other byte order.
//
// Ids of a split file (a module's BTF) start where its base ends, as the kernel has it.
#pragma once

#include <linux/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf_file;

#define BTF_KERNEL_PATH "/sys/kernel/btf/vmlinux"

// Maps (or reads) a raw BTF file. `base` may be NULL and must outlive the result. -ENOENT, -EACCES, -EINVAL when it is
// not well-formed BTF of this byte order.
int btf_file_open(const char *path, const struct btf_file *base, struct btf_file **ret);
// The same of bytes in memory: malloc'ed, taken over, on failure too.
int btf_file_from(void *bytes, size_t n, const struct btf_file *base, struct btf_file **ret);
void btf_file_close(struct btf_file *b); // NULL is allowed
uint32_t btf_file_first(const struct btf_file *b); // first id of this file: 1, or the number behind the base's last
uint32_t btf_file_end(const struct btf_file *b);   // one past the last id

// A type by id, of this file or its base; NULL for 0 and for ids that do not exist. Lives as long as the file.
const struct btf_type *btf_file_type(const struct btf_file *b, uint32_t id);
const char *btf_file_string(const struct btf_file *b, uint32_t offset); // "" when out of range
static inline unsigned btf_file_kind(const struct btf_type *t) { return BTF_INFO_KIND(t->info); }
// What stands behind a type: members, enumerators, parameters … of the kind's own record, BTF_INFO_VLEN of them.
static inline const void *btf_file_rest(const struct btf_type *t) { return t + 1; }

// The first type of that kind and name, 0 if there is none; of the base when the file itself has none.
uint32_t btf_file_find(const struct btf_file *b, unsigned kind, const char *name);
// The first type of this kind that has the same name as `t`.
uint32_t btf_file_first_named(const struct btf_file *b, unsigned kind, uint32_t name_off);
// Strips typedefs, qualifiers and tags; returns the id below (0: void).
uint32_t btf_file_strip(const struct btf_file *b, uint32_t id);
// The enum that has an enumerator of that name and its value; false if there is none.
bool btf_file_enumerator(const struct btf_file *b, const char *name, uint32_t *enum_id, int64_t *value);
int64_t btf_file_enum_value(const struct btf_file *b, const struct btf_type *t, unsigned i, const char **name); // of its i-th enumerator
// The function of that name, of this file itself, that programs may call; 0 if there is none. Kernels from 6.9 on tag such
// functions in their BTF; of others any function is taken, and the verifier has the last word.
uint32_t btf_file_kfunc(const struct btf_file *b, const char *name);
// The typedef "btf_trace_EVENT": what BPF_TRACE_RAW_TP programs attach to; 0 if there is none.
uint32_t btf_file_raw_tracepoint(const struct btf_file *b, const char *event);
uint64_t btf_file_hash(const struct btf_file *b); // of all its bytes
// What tells one kernel's BTF from another's: a hash of its size and its first bytes, without walking it. 0 if unreadable.
uint64_t btf_identity(const char *path);

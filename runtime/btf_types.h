// SPDX-License-Identifier: Apache-2.0
// btf_types.h - BTF's types as the language's (base/type.h), translated when they are asked for.
//
// A struct is opaque, with its size, until btf_types_complete(): a pointer into task_struct must not pull in the kernel.
// Qualifiers, tags and typedefs are gone; members of anonymous structs stand among their parent's fields; char[N] is a
// string, other arrays stay arrays; pointers point into the kernel; floats and what BTF cannot say are the type "none".
// Two structs of one name: the first in the file has it, another is called "name~ID".
#pragma once

#include "base/type.h"
#include "base/world.h"
#include "runtime/btf.h"

struct arena;
struct btf_types;

// Neither the file nor the arena is owned; both must outlive the result, and what it returned.
struct btf_types *btf_types_new(struct arena *a, struct types *types, const struct btf_file *file);
void btf_types_free(struct btf_types *b); // NULL is allowed; the types made stay

const struct type *btf_types_get(struct btf_types *b, uint32_t id); // never NULL
// STRUCT, UNION or ENUM by tag: its number in the file, 0 if there is none; the type, NULL if there is none.
uint32_t btf_types_id(const struct btf_types *b, enum type_kind kind, const char *name);
const struct type *btf_types_named(struct btf_types *b, enum type_kind kind, const char *name);
const struct type *btf_types_typedef(struct btf_types *b, const char *name);
int btf_types_complete(struct btf_types *b, const struct type *s); // 0, -ENOENT
// world_ops.type_root, of the types completed here.
const char *btf_types_root(struct btf_types *b, const struct type *s, const char **path);
// Arguments of a raw tracepoint, in the arena; -ENOENT when the kernel has none of that name.
int btf_types_raw_tracepoint(struct btf_types *b, const char *event, const struct event_field **f, size_t *n);
// A function of this file (not of its base): arguments in order, offset 8 * the argument's first slot of 8 bytes, and the
// type it returns, NONE for void. -ENOENT.
int btf_types_function(struct btf_types *b, const char *name, const struct event_field **f, size_t *n, const struct type **ret);

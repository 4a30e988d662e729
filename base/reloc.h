// SPDX-License-Identifier: Apache-2.0
// reloc.h - what a compiled script took from the kernel it was compiled for, by name, so that it can be asked again of another.
//
// Each is a row of the plan (plan_reloc). In the program stands a mark, `ld_imm64` with a source register no kernel knows and
// the row's number; the loader puts there what the row means on the kernel at hand:
//
//   RELOC_MARK_VALUE   the number itself:  ld_imm64 dst, 13, ROW            -> ld_imm64 dst, value
//   RELOC_MARK_LOAD    a member's load:    ld_imm64 dst, 14, ROW
//                                          dst = *(u64 *)(base + 0)         -> size and, of a record, offset as they are here
//                                          dst <<= 0;  dst s>>= 0           -> the member's sign or bits, or nothing
//   RELOC_MARK_KFUNC   a call:             call ROW, source register 12     -> call of that function of the kernel
//
// A constant in a register costs what one in the instruction does; the verifier knows both. The same code answers when the
// script is compiled (from the compiler's world) and when it is loaded, so a script that stays where it was compiled is not
// asked again at all. Given up: members whose type has no name reachable from one that has ("bound" in the plan).
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct plan_reloc;
struct str;
struct type;
struct world;

enum reloc_kind {
	RELOC_OFFSET,   // of a member, in bytes; of a bitfield's unit
	RELOC_BYTES,    // how many a member's number takes: 1, 2, 4, 8
	RELOC_STRING,   // bytes to read of a char array: what it has here, at most what it had
	RELOC_VALUE,    // load of a member's number from memory it was copied to
	RELOC_RECORD,   // load of a member of the context
	RELOC_SLOT,     // load of the 8 bytes of the context in which an argument lies
	RELOC_SIZE,     // of a type, in bytes
	RELOC_WHOLE,    // of a type whose bytes are taken as they are: its layout must be the same
	RELOC_CONSTANT, // an enumerator's value
	RELOC_EXISTS,   // 1 or 0
	RELOC_SYMBOL,   // address of a kernel symbol
	RELOC_CGROUP,   // id of a cgroup's path
	RELOC_CPUS,     // possible CPUs
	RELOC_KFUNC,    // BTF id of a function of the kernel that programs may call
	RELOC_TYPE_ID,  // BTF id of a type with a tag in the kernel's own BTF
	RELOC_KINDS
};

#define RELOC_MARK_KFUNC 12 // a call instruction's source register; the row is its number
#define RELOC_MARK_VALUE 13 // 15 is PLAN_PSEUDO_NUMBER
#define RELOC_MARK_LOAD 14

// What a row names is in `type`: "struct TAG", "union TAG", "enum TAG", "typedef NAME", "tracepoint CATEGORY:EVENT",
// "rawtracepoint EVENT", "function MODULE:NAME", "constant", "symbol", "cgroup", "cpus", "kfunc"; and `path`: "a.b" is member b of what
// a is or points to. A function's member "return" lies behind its arguments.

// A row with the values it has in `w`, in w's arena; NULL when there is nothing of that name.
struct plan_reloc *reloc_new(struct world *w, enum reloc_kind kind, const char *type, const char *path);
// The same of a kernel type (path NULL: the type itself) by its name; NULL when it is not the kernel's. *bound is set when
// it is the kernel's, but nothing can name it.
struct plan_reloc *reloc_of(struct world *w, enum reloc_kind kind, const struct type *s, const char *member, bool *bound);

// Asks `w` what `r` is there and changes r's values. False: it is not there, or not so that the program can use it; r is as it
// was and the reason is in `why` ("struct task_struct has no member 'state'").
bool reloc_resolve(struct world *w, struct plan_reloc *r, struct str *why);
// Does it hold on the machine it was compiled on, for as long as its kernel and its files are the same?
bool reloc_is_lasting(const struct plan_reloc *r);

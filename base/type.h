// SPDX-License-Identifier: Apache-2.0
// type.h - the types of the language. They stand in base/ because world.h answers with them and the plan carries them
// to the printers; one representation for the three, so nothing is translated.
//
// Types are interned in a `struct types`: equal types are the same pointer (structs: the same tag). Sizes are bytes of
// the value in memory (a map key or value, a field of a record); in registers every integer is 64 bits wide.
// A struct type may be opaque (`complete` false) until world_complete() fills its fields.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct str;

enum type_kind {
#define TYPE(KIND, word) TYPE_##KIND,
#include "base/type.def"
#undef TYPE
	TYPE_KINDS
};

enum space { SPACE_NONE, SPACE_KERNEL, SPACE_USER }; // what a pointer points into: decides the read helper

enum stack_mode { STACK_BPFTRACE, STACK_PERF, STACK_RAW, STACK_BUILD_ID };
enum { // of user stacks
	STACK_WHY = 1, // each frame says how it was found, the stack why it ends (wire.h)
	STACK_FP = 2,  // walked by the kernel along frame pointers, by choice
	STACK_FLAGS = STACK_WHY | STACK_FP
};

struct type;

struct field {
	const char *name; // NULL in tuples
	const struct type *type;
	uint32_t offset;                 // bytes
	// A bitfield inside the integer at offset; bit_size 0: none. One of a packed struct may reach into a ninth byte, and its
	// integer behind the struct's end: field_is_split.
	uint8_t bit_offset, bit_size;
	bool data_loc;                   // tracepoint __data_loc: a u32 (length << 16 | offset from the record's start) stands at offset
};

struct enumerator {
	const char *name;
	int64_t value;
};

struct type {
	enum type_kind kind;
	bool is_signed;   // INT, ENUM, SUM, MIN, MAX, AVG, STATS
	bool complete;    // STRUCT, UNION: fields are known
	enum space space; // POINTER, STRUCT reached through one
	uint32_t size, align;
	uint32_t count;   // STRING/BUFFER: capacity in bytes; ARRAY: elements; stacks: frame limit
	uint32_t index;   // place in its table, stable; the number it has in a plan
	const char *name; // STRUCT, UNION, ENUM tag
	const struct type *elem; // POINTER pointee, ARRAY element
	const struct field *fields; // TUPLE, RECORD, STRUCT, UNION
	uint32_t nfields;
	uint32_t leaves; // TUPLE, RECORD: members that are neither, at any depth; UINT32_MAX: more than can be counted
	const struct enumerator *enums; // ENUM
	uint32_t nenums;
	int64_t a, b, c; // HIST: a = bits. LHIST: min, max, step. TSERIES: interval, epochs, enum wire_tseries. stacks: a = enum stack_mode, b = STACK_WHY and so on. TIMESTAMP: a = index of the format string. CGROUP_PATH: a = index of the filter + 1
};

struct types; // the table; owned by an arena

struct types *types_new(struct arena *a);
size_t types_count(const struct types *t);
const struct type *types_at(const struct types *t, uint32_t index);

const struct type *type_basic(struct types *t, enum type_kind kind); // NONE BOOL KSYM USYM INET MAC USERNAME CGROUP_PATH PROBE COUNT
const struct type *type_int(struct types *t, unsigned size, bool is_signed); // size 1, 2, 4, 8
const struct type *type_string(struct types *t, uint32_t capacity);          // capacity counts the NUL
const struct type *type_buffer(struct types *t, uint32_t capacity);
const struct type *type_pointer(struct types *t, const struct type *to, enum space space);
const struct type *type_array(struct types *t, const struct type *elem, uint32_t count);
const struct type *type_tuple(struct types *t, const struct type *const *members, size_t n); // C layout, natural alignment; size UINT32_MAX: too large
const struct type *type_record(struct types *t, const char *const *names, const struct type *const *members, size_t n);
const struct type *type_stack(struct types *t, enum type_kind kind, enum stack_mode mode, unsigned flags, uint32_t limit); // KSTACK, USTACK
const struct type *type_cgroup_path(struct types *t, uint32_t filter); // filter: index in plan.formats + 1, 0: none
const struct type *type_timestamp(struct types *t, uint32_t format);
const struct type *type_agg(struct types *t, enum type_kind kind, bool is_signed); // COUNT SUM MIN MAX AVG STATS
const struct type *type_hist(struct types *t, unsigned bits);
const struct type *type_tseries(struct types *t, int64_t interval, int64_t num, int64_t agg, bool is_signed); // ns, epochs, enum wire_tseries
const struct type *type_lhist(struct types *t, int64_t min, int64_t max, int64_t step);
// A struct or union by tag: created opaque when new. STRUCTs without a tag get a made-up unique one from the caller.
struct type *type_struct(struct types *t, enum type_kind kind, const char *tag);
void type_set_fields(struct types *t, struct type *s, uint32_t size, const struct field *f, size_t n); // copies f
const struct type *type_enum(struct types *t, const char *tag, unsigned size, bool is_signed, const struct enumerator *e, size_t n); // e is copied

bool type_is_integer(const struct type *t);   // INT, BOOL, ENUM
bool type_is_scalar(const struct type *t);    // held in a register: integers, pointers, KSYM, USERNAME, CGROUP_PATH, TIMESTAMP, PROBE
bool type_is_aggregate(const struct type *t); // per-CPU map values: COUNT … TSERIES
bool type_is_castable_aggregate(const struct type *t); // COUNT SUM MIN MAX AVG: readable as an integer
bool type_is_stack(const struct type *t);
uint32_t type_frame_bytes(const struct type *t); // of a stack: 8, or what a build ID takes
const struct field *type_field(const struct type *t, const char *name); // NULL if absent; looks into anonymous members' flattened names
// Makes `f`, whose type is an integer's, the field of `bits` bits at bit `bit` of its struct: inside an integer of its own type if it
// crosses the border of none and that one ends within `room` bytes of the struct, otherwise inside the narrowest that holds it.
void field_set_bits(struct types *t, struct field *f, uint64_t bit, unsigned bits, uint64_t room);
bool field_is_split(const struct type *s, const struct field *f); // a bitfield of `s` to be read byte by byte: no one integer has it
unsigned field_bytes(const struct field *f); // from f->offset, how many a bitfield's bits lie in: 1 to 9
void type_print(const struct type *t, struct str *out); // "int64", "string[16]", "(int8,string[4])", "struct task_struct *"
uint32_t type_hist_buckets(const struct type *t);       // HIST, LHIST: number of buckets, the two open ends included

// SPDX-License-Identifier: Apache-2.0
// plan.h - what the compile side hands to the run side: everything about a script but its BPF instructions.
//
// It is serialised into section ".spile.plan" of the BPF object, so that plan + object is one file: the compile cache,
// the ahead-of-time artefact (.spo) and the header of a recording are that file. The reader trusts nothing: every
// length and index is checked, since the file may come from a cache or a stranger.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/type.h"

struct arena;
struct str;

#define PLAN_SECTION ".spile.plan"
#define PLAN_MAGIC 0x314c5053u // "SPL1"
#define PLAN_VERSION 3u

// How the compiler arranges the programs' code. Each takes less of what the kernel limits than the one before, and more time.
enum plan_layout {
	LAYOUT_FAST,   // small values on the stack
	LAYOUT_FRUGAL, // what the script holds lies in a map: there is little on the stack, and the verifier knows no values that would tell one way through the program from another
	LAYOUT_SPLIT,  // the same, and bodies are made of short functions
	LAYOUTS
};

enum prog_kind { // BPF program type and how it is entered
#define PROG(NAME, word, flags, what, type, attach) PROG_##NAME,
#include "base/prog_kind.def"
#undef PROG
	PROG_KINDS
};

enum { PROG_TYPED = 1 << 0, PROG_OF_FUNCTION = 1 << 1 }; // prog_kind.def

enum mechanism { // how a site is attached
#define MECH(NAME, word, text, ns) MECH_##NAME,
#include "base/mechanism.def"
#undef MECH
	MECHANISMS
};

// In an instruction: ld_imm64 with this in place of a source register is a number that only the loader knows.
#define PLAN_PSEUDO_NUMBER 15
#define PLAN_CALL_IS_RETURN 0x5e5510 // number of a helper there is not: the kernel's function bpf_session_is_return
enum plan_number { PLAN_NUMBER_POOL_MASK }; // words of the unwind pool - 1

enum map_role { MAP_USER, MAP_RING, MAP_SCRATCH, MAP_LOST, MAP_GLOBALS, MAP_RODATA, MAP_NAMES, MAP_CONTROL, MAP_TARGETS, MAP_IMPORTED,
		MAP_UNWIND_POOL, MAP_UNWIND_FILES, MAP_UNWIND_COUNTS, MAP_UNWIND_KNOWN, // base/unwind.h
		MAP_ROLES };

enum loss_kind {
	LOSS_EVENT,  // ring buffer full: index is the event
	LOSS_UPDATE, // map full or update failed: index is the map
	LOSS_SCRATCH, // no scratch slot free: the probe did nothing
	LOSS_LEFT_OUT, // not lost but left out, as the script asked: text says what
	LOSSES
};

enum value_unit { // of a number: table and text show it, exporters send it as UCUM writes it
#define UNIT(NAME, word, ucum, doc) UNIT_##NAME,
#include "base/unit.def"
#undef UNIT
	UNITS
};

enum column_role { // what a sink that has a place of its own for it must know
	COLUMN_VALUE,
	COLUMN_TIME,     // when it happened: nanoseconds since boot (CLOCK_BOOTTIME); of a call, when it began
	COLUMN_DURATION, // of a call, nanoseconds
	COLUMN_PID, COLUMN_TID, COLUMN_COMM,
	COLUMN_STACK,    // stacks: what profiles are made of
	COLUMN_ROLES
};

enum event_kind {
#define EVENT(NAME, func, control) EVENT_##NAME,
#include "base/event.def"
#undef EVENT
	EVENT_KINDS
};

#define PLAN_STRUCT(s) struct s {
#define PLAN_U32(m) uint32_t m;
#define PLAN_U64(m) uint64_t m;
#define PLAN_I64(m) int64_t m;
#define PLAN_BOOL(m) bool m;
#define PLAN_STR(m) const char *m;
#define PLAN_BYTES(m) const char *m; uint32_t m##_len;
#define PLAN_TYPE(m) const struct type *m;
#define PLAN_LIST(sub, m) struct sub *m; uint32_t n_##m;
#define PLAN_END };
#include "base/plan.def"
#include "base/plan_undef.h"

bool prog_is(enum prog_kind k, unsigned flag);   // PROG_TYPED, PROG_OF_FUNCTION
const char *prog_word(enum prog_kind k);         // "fentry"
const char *prog_attached_to(enum prog_kind k);  // what attach_to names in BTF: "function"; NULL: nothing

// Appends one item to a list of the plan: plan_push(arena, &plan->maps, &plan->n_maps, item). Returns its index.
#define plan_push(a, list, n, ...)                                                                           \
	({                                                                                                    \
		*(list) = plan_grow((a), *(list), *(n), sizeof **(list));                                    \
		(*(list))[*(n)] = (__VA_ARGS__);                                                              \
		(*(n))++;                                                                                     \
	})
void *plan_grow(struct arena *a, void *list, uint32_t n, size_t item);

// Serialises the plan and the types it mentions.
void plan_write(const struct plan *p, const struct types *types, struct str *out);
// Reads it back; types are created in `types`. 0, or -EINVAL for bytes that are no plan (the reason in *why).
int plan_read(const void *bytes, size_t n, struct arena *a, struct types *types, struct plan **ret, const char **why);
// What the bytes cannot say by their layout alone: indexes in range, sizes that fit each other. Before anything is loaded.
int plan_check(const struct plan *p, const char **why); // 0 or -EINVAL
void plan_dump(const struct plan *p, struct str *out); // -d plan

const struct plan_config *plan_config(const struct plan *p, const char *key); // never NULL for a row of config.def

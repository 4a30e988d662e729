// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// unwind.h - unwind tables as the kernel half reads them: what .eh_frame says of a file's code, made ready to be searched.
//
// A table is of a file and not of a process: its addresses are offsets in the file, so that it serves every process that
// maps it, wherever. It is a run of 32-bit words in the pool (an array map of one large element, or of many of UNWIND_PIECE bytes,
// which lie one behind the other as well):
//
//   pages   for each 1 KiB of the file from `first_page` on: the number of the last row before it; one more for the end
//   rows    ascending: offset in its KiB << 16 | number of its rule. Row 0 stands before all and says NONE
//   rules   struct unwind_rule, shared by rows (a large library has a few hundred)
//
// The rows of page p are pages[p] + 1 to pages[p + 1]; for what lies before the first of them, row pages[p] holds.
#pragma once

#include "base/wire.h"

#define UNWIND_PAGE_SHIFT 10
#define UNWIND_PIECE_SHIFT 18 // words
#define UNWIND_PIECE (4u << UNWIND_PIECE_SHIFT)
#define UNWIND_RULES_MOST 65536u
#define UNWIND_FILES_MOST 4096u

enum unwind_cfa {     // where the caller's stack pointer is
	UNWIND_CFA_NONE,  // nothing is known of this place
	UNWIND_CFA_STOP,  // the outermost function: no caller
	UNWIND_CFA_BAD,   // known, but not followed: an expression, an offset too large
	UNWIND_CFA_SIGNAL, // a signal frame: the registers lie on the stack
	UNWIND_CFA_SP,    // sp + cfa_off
	UNWIND_CFA_FP,    // fp + cfa_off
	UNWIND_CFA_REG,   // reg + cfa_off: only where registers are known, in the innermost frame
	UNWIND_CFA_SP_AT, // *(sp + cfa_off) + post
	UNWIND_CFA_FP_AT, // *(fp + cfa_off) + post
	UNWIND_CFA_PLT,   // sp + cfa_off, and a word more from byte `post` of the 16-byte entry on
	UNWIND_CFA_SWITCH, // fp + cfa_off, on another stack
};

enum unwind_reg {       // what became of the frame pointer, or the return address
	UNWIND_SAME,        // not touched; the return address of aarch64: in the link register
	UNWIND_AT_CFA,      // saved at CFA + off
	UNWIND_AT_FP,       // saved at fp + off
	UNWIND_AT_SP,       // saved at sp + off
	UNWIND_IN_REG,      // in register `reg`: as UNWIND_CFA_REG
	UNWIND_LOST,        // not known
};

struct unwind_rule {
	uint8_t cfa; // enum unwind_cfa
	uint8_t fp, ra; // enum unwind_reg
	uint8_t reg; // DWARF's number
	int32_t cfa_off;
	int16_t fp_off, ra_off;
	int32_t post;
};

// What was found for an address once need not be looked up again while the address space has the same mappings: an entry of a table
// without locks, in the place that its key says (UNWIND_KNOWN_SHIFT bits of a hash). Entries that two processors wrote at the same
// time, a word each, do not fit together: their two words give no key that is asked for.
//
//   rule: 0-1 enum unwind_plain, 2 the frame pointer is saved, 16-31 where (CFA + this), 32-63 the CFA (sp or fp + this). The return
//   address lies at CFA - 8. Rules that do not fit are not kept
struct unwind_known {
	uint64_t check; // key ^ rule; key = number of the address space with its mappings + address
	uint64_t rule;
};
#define UNWIND_KNOWN_SHIFT 13
#define UNWIND_KNOWN_BYTES ((uint32_t)sizeof(struct unwind_known) << UNWIND_KNOWN_SHIFT)

enum unwind_plain { UNWIND_PLAIN_NONE, UNWIND_PLAIN_STOP, UNWIND_PLAIN_SP, UNWIND_PLAIN_FP };
#define UNWIND_PLAIN_SAVED 4

// A file as the kernel knows it. Its generation number would not do: the kernel and stat() have only these in common. A file
// that was written anew in its place has another time.
struct unwind_key {
	uint64_t ino, size;
	uint32_t dev;   // the kernel's: major << 20 | minor
	uint32_t mtime; // seconds, low bits
};

enum unwind_state { UNWIND_ASKED, UNWIND_READY, UNWIND_WITHOUT, UNWIND_FULL }; // being made; has a table; has none; no room

// In words of the pool.
struct unwind_file {
	uint32_t state; // enum unwind_state
	uint32_t first_page, npages;
	uint32_t pages, rows, rules;
	uint8_t build_id[20];
	uint32_t build_id_len; // 0: it has none
};

// The control record of a file met for the first time.
struct unwind_miss {
	struct unwind_key key;
	uint64_t start, end; // of the mapping
	uint32_t pid, pad;
};

// The array map of counters, per CPU: how often walks ended for each reason (enum wire_stop), then these.
enum unwind_count { UNWIND_COUNT_FRAMES = WIRE_STOPS, UNWIND_COUNT_MISSES, UNWIND_COUNT_UNSENT, UNWIND_COUNTS };

enum unwind_offset {
#define NEED(NAME, of, path) UNWIND_##NAME,
#include "base/unwind_offsets.def"
	UNWIND_OFFSETS
};
#define UNWIND_NOWHERE 0xffffffffu

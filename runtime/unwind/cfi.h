// SPDX-License-Identifier: Apache-2.0
// cfi.h - call frame information: the records of .eh_frame and .debug_frame, and the little programs in them.
//
// Formats: DWARF 5, section 6.4; Linux Standard Base, "Exception Frames" (what .eh_frame does otherwise); the x86-64 and
// aarch64 psABI for register numbers. A program is run once, for its rows: at which address which rule begins to hold.
// Of the registers only the stack pointer, the frame pointer and the return address are followed: over the whole of a
// distribution no rule in compiled code needs another one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/unwind.h"

struct cfi_section {
	const uint8_t *bytes;
	uint64_t size, address; // address: of its first byte, for pcrel pointers
	bool debug;             // .debug_frame: no pcrel, other ids
	uint16_t machine;
};

struct cfi_state { // the rule that is being made, before its numbers are known to fit
	uint8_t cfa, cfa_reg; // enum unwind_cfa; DWARF register of reg + off
	uint8_t fp, ra;       // enum unwind_reg
	uint8_t ra_reg;
	bool no_caller;       // `ra undefined`
	int64_t cfa_off, post, fp_off, ra_off;
};

// A struct unwind_rule as two words: a processor that is to read at once what was written byte by byte waits for it, and that
// would be a third of the time.
struct cfi_rule {
	uint64_t low, high;
};

struct cfi_cie {
	uint64_t offset; // of its record, what FDEs name it by
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding; // DW_EH_PE_* of an FDE's addresses
	bool augmented;   // FDEs have augmentation data, with a length in front
	bool signal;      // a signal handler's frame
	bool usable;
	struct cfi_state initial;
	struct cfi_rule rule; // of the initial state
};

struct cfi_fde {
	uint64_t begin, size; // virtual addresses
	uint64_t cie;         // offset of its CIE
	const uint8_t *program, *end; // opened, and not read yet: all that it holds
};

struct cfi_row { // from this address on
	uint64_t address;
	uint64_t low, high; // a struct cfi_rule
};

#define CFI_ROWS 32 // told at once: a call for each row would be a fifth of the time
typedef void cfi_rows(void *arg, const struct cfi_row *rows, size_t n);

struct cfi_teller {
	struct cfi_row *rows, *next; // CFI_ROWS; behind those that are not told yet
	cfi_rows *each;
	void *arg;
};

static inline void cfi_tell_rest(struct cfi_teller *t)
{
	if (t->next > t->rows)
		t->each(t->arg, t->rows, (size_t)(t->next - t->rows));
	t->next = t->rows;
}

static inline __attribute__((always_inline)) void cfi_tell(struct cfi_teller *t, uint64_t address, uint64_t low, uint64_t high)
{
	*t->next++ = (struct cfi_row){ address, low, high };
	if (t->next == t->rows + CFI_ROWS)
		cfi_tell_rest(t);
}

// One pointer in one of the encodings, at *at (moved behind it). `section` is where it lies, `data` what datarel counts from.
bool cfi_pointer(const struct cfi_section *s, const uint8_t **at, const uint8_t *end, uint8_t encoding, uint64_t data, uint64_t *ret);

enum cfi_kind { CFI_END, CFI_CIE, CFI_FDE, CFI_OTHER };
// What stands at `offset`, and where the next record begins. CFI_END also for bytes that are no record.
enum cfi_kind cfi_record(const struct cfi_section *s, uint64_t offset, uint64_t *next);
bool cfi_read_cie(const struct cfi_section *s, uint64_t offset, struct cfi_cie *ret);
// An FDE is read in two steps, since its CIE says how: the first finds that, the second the addresses and the program.
bool cfi_open_fde(const struct cfi_section *s, uint64_t offset, struct cfi_fde *ret);
bool cfi_read_fde(const struct cfi_section *s, const struct cfi_cie *cie, struct cfi_fde *fde);
// Rows in ascending order, from fde->begin on, CFI_ROWS at a time; a program that is damaged ends early. A rule may be told twice.
void cfi_run(const struct cfi_section *s, const struct cfi_cie *cie, const struct cfi_fde *fde, cfi_rows *each, void *arg);

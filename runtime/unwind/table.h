// SPDX-License-Identifier: Apache-2.0
// table.h - a file's unwind information made into the table that the kernel half searches (base/unwind.h).
//
// A pure function of the file's bytes: 15 to 30 ns a row, 4 ms for a libjvm. The index .eh_frame_hdr gives the functions in
// order; where there is none, or it is not to be trusted, all records are read and sorted.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/unwind.h"
#include "runtime/unwind/image.h"

#define TABLE_BUILD_ID 20

struct unwind_table {
	uint32_t first_page, npages;
	uint32_t nrows, nrules;
	uint32_t *words; // pages, rows, then rules at `rules_at`; in `memory`
	uint32_t nwords, rules_at;
	uint8_t build_id[TABLE_BUILD_ID];
	uint32_t build_id_len; // 0: none, or one of another length
	uint32_t *memory;      // owned; kept when the same struct is given another table
	size_t cap;            // words
};

// `ret` is all zeros, or has had a table: what new memory costs is seen in the time that it takes. 0, with ret->nrows 0 when the file
// says nothing; -ENOEXEC for what is no ELF file; -E2BIG. Of an image, or of all bytes of a file.
int unwind_table_of(const struct image *m, struct unwind_table *ret);
int unwind_table_build(const void *bytes, size_t n, struct unwind_table *ret);
void unwind_table_reserve(struct unwind_table *t, size_t words); // room in `memory`, where `words` then begins; what was there is gone
void unwind_table_free(struct unwind_table *t);

// The rule that holds at an offset in the file, as the kernel half finds it. Never NULL: what is unknown has UNWIND_CFA_NONE.
const struct unwind_rule *unwind_table_find(const struct unwind_table *t, uint64_t offset);

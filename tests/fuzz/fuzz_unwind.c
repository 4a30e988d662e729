// SPDX-License-Identifier: Apache-2.0
// An ELF file's unwind information from a stranger: the table built, and searched all over.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/util.h"
#include "runtime/unwind/table.h"

static void check(const struct unwind_table *t)
{
	const struct unwind_rule *first = t->nrows ? (const void *)(t->words + t->rules_at) : NULL;

	for (uint64_t page = 0; page < MIN(t->npages, 4096u); page++)
		for (uint64_t at = 0; at < 1u << UNWIND_PAGE_SHIFT; at += 61) {
			const struct unwind_rule *r = unwind_table_find(t, ((t->first_page + page) << UNWIND_PAGE_SHIFT) + at);

			if (first && r->cfa != UNWIND_CFA_NONE && (r < first || r >= first + t->nrules))
				abort();
		}
	unwind_table_find(t, 0);
	unwind_table_find(t, ~0ull);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unwind_table t = { 0 };

	if (unwind_table_build(data, size, &t) == 0)
		check(&t);
	unwind_table_free(&t);
	return 0;
}

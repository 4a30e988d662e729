// SPDX-License-Identifier: Apache-2.0
// A compiled script from a stranger: the plan read, checked, dumped and written again; the object's tables walked.
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void try_plan(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a), *t2 = types_new(a);
	_str_ struct str dump = { 0 }, again = { 0 };
	const char *why;
	struct plan *p, *q;

	if (plan_read(data, n, a, t, &p, &why) == 0 && plan_check(p, &why) == 0) {
		plan_dump(p, &dump);
		plan_write(p, t, &again);
		if (plan_read(again.p, again.n, a, t2, &q, &why) != 0)
			BUG("what was written is not read: %s", why);
	}
	arena_free(a);
}

static void try_object(const uint8_t *data, size_t n)
{
	struct object *o = NULL;
	const struct object_reloc *r;
	const char *why;
	size_t count;

	if (object_open(data, n, &o, &why) != 0)
		return;
	for (size_t i = 0; i < object_sections(o); i++)
		for (size_t k = 0; object_relocs(o, i, &r, &count) == 0 && k < count; k++)
			object_symbol_at(o, r[k].symbol);
	object_symbol_named(o, "main");
	object_close(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	try_plan(data, n);
	try_object(data, n);
	return 0;
}

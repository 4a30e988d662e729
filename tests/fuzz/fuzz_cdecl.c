// SPDX-License-Identifier: Apache-2.0
// Any bytes as a script's C section: nothing may crash, hang or leak; types without errors have members that lie inside
// them; and every name can be asked for. The first byte chooses whether there is a world.
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "base/world.h"
#include "lang/cdecl.h"
#include "tests/golden/fake_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct type *t)
{
	if (!t || !t->complete || (t->kind != TYPE_STRUCT && t->kind != TYPE_UNION))
		return;
	if (!t->align || t->size % t->align)
		BUG("%s has %u bytes, aligned to %u", t->name, t->size, t->align);
	for (uint32_t i = 0; i < t->nfields; i++) {
		const struct field *f = &t->fields[i];

		if (!f->bit_size && (uint64_t)f->offset + f->type->size > t->size)
			BUG("%s.%s lies behind the end", t->name, f->name);
		if (f->bit_size && ((unsigned)f->bit_offset + f->bit_size > f->type->size * 8 + (f->type->size == 8 && f->bit_offset < 8 ? 7 : 0) || (f->offset * 8ull + f->bit_offset + f->bit_size + 7) / 8 > t->size))
			BUG("%s.%s lies outside its integer", t->name, f->name);
	}
}

static void ask(void *arg, const char *name)
{
	struct cdecl *c = arg;
	const struct type *t;
	const char *text;
	int64_t value;
	size_t n;

	check(cdecl_type(c, TYPE_STRUCT, name));
	check(cdecl_type(c, TYPE_UNION, name));
	check(cdecl_typedef(c, name));
	if (cdecl_constant(c, name, &value, &t) && !type_is_integer(t))
		BUG("%s is a constant of no integer type", name);
	cdecl_string_macro(c, name, &text, &n);
	cdecl_why_not(c, name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_str_ struct str out = { 0 };
	struct arena *a = arena_new();
	struct types *types = types_new(a);
	const char *text = (const char *)data;
	bool alone = size && data[0] == 1;
	struct cdecl *c;
	struct diag d;

	if (alone)
		text++, size--;
	diag_init(&d, a);
	c = cdecl_new(a, types, alone ? NULL : fake_world(a, types), &d, &(struct cdecl_options){ .have_btf = true });
	cdecl_parse(c, text, size, diag_source(&d, "fuzz", text, size), 0);
	cdecl_each_name(c, ask, c);
	diag_print(&d, false, &out);
	arena_free(a);
	return 0;
}

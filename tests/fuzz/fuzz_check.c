// SPDX-License-Identifier: Apache-2.0
// Any bytes through the whole front end, on the fake world: nothing may crash, hang or leak, and a program without errors
// keeps the guarantees that program_check() asserts. The first byte chooses options.
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "lang/lang.h"
#include "lang/program.h"
#include "tests/golden/fake_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const params[] = { "7", "text", "-3" };
	_str_ struct str out = { 0 };
	struct arena *a = arena_new();
	struct types *types = types_new(a);
	struct lang_options o = { .params = params, .nparams = ARRAY_SIZE(params) };
	struct program *p;
	struct diag d;

	diag_init(&d, a);
	if (size && data[0] < 0x20) { // no script starts with a control character
		o.unsafe = data[0] & 1;
		o.pid = data[0] & 2 ? 77 : 0;
		o.warnings = data[0] & 4;
		data++, size--;
	}
	p = lang_compile(a, types, fake_world(a, types), &d, diag_source(&d, "fuzz", (const char *)data, size), &o);
	if (!p == !d.errors)
		BUG("%s and %u errors", p ? "a program" : "no program", d.errors);
	if (p)
		program_dump(p, &out);
	diag_print(&d, false, &out);
	arena_free(a);
	return 0;
}

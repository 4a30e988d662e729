// SPDX-License-Identifier: Apache-2.0
// Any bytes through the lexer, the parser and the printer: nothing may crash, hang or leak, and what parses must print to
// text that parses to an equal tree.
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/ast.h"
#include "lang/lang.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_and_parse(struct arena *a, struct diag *d, const struct node *script)
{
	_str_ struct str text = { 0 };
	struct node *again;

	core_print(script, &text);
	again = lang_parse(a, d, diag_source(d, "printed", str_z(&text), text.n));
	if (!again || !node_equal(script, again)) {
		_str_ struct str why = { 0 };

		diag_print(d, false, &why);
		BUG("printed text parses to another tree:\n%s\n%s", str_z(&text), str_z(&why));
	}
	if (!node_equal(script, node_clone(a, again)))
		BUG("a clone differs");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_str_ struct str out = { 0 };
	struct arena *a = arena_new();
	struct node *script;
	struct diag d;
	uint32_t source;

	diag_init(&d, a);
	source = diag_source(&d, "fuzz", (const char *)data, size);
	lang_tokens(a, &d, source, &out);
	script = lang_parse(a, &d, source);
	if (!script == !d.errors)
		BUG("%s and %u errors", script ? "a tree" : "no tree", d.errors);
	if (script) {
		node_dump(script, false, &out);
		print_and_parse(a, &d, script);
		str_clear(&out);
		lang_format(a, &d, source, &out); // where it would mean something else, it says so
	}
	diag_print(&d, false, &out);
	arena_free(a);
	return 0;
}

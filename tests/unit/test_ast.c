// SPDX-License-Identifier: Apache-2.0
// The tree: what prints parses to an equal tree, for every script among the goldens and examples; clones are equal and apart.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/ast.h"
#include "lang/lang.h"
#include "tests/unit/scripts.h"

static struct node *parse(struct arena *a, struct diag *d, const char *text, size_t n)
{
	return lang_parse(a, d, diag_source(d, "test", text, n));
}

// True if it parsed; then it must survive being printed, and once printed, be printed the same.
static bool survives(const char *name, const char *text, size_t n)
{
	_str_ struct str once = { 0 }, twice = { 0 };
	struct arena *a = arena_new();
	struct node *first, *second;
	struct diag d;

	diag_init(&d, a);
	first = parse(a, &d, text, n);
	if (first) {
		core_print(first, &once);
		second = parse(a, &d, str_z(&once), once.n);
		if (!second || !node_equal(first, second))
			fail_msg("%s: printed as another tree:\n%s", name, str_z(&once));
		core_print(second, &twice);
		assert_string_equal(str_z(&once), str_z(&twice));
	}
	arena_free(a);
	return first != NULL;
}

static void goldens_survive_printing(void **state)
{
	assert_true(scripts_each("tests/golden/ast", survives) > 30);
	scripts_each("tests/golden/types", survives);
	scripts_each("tests/golden/program", survives);
	scripts_each("tests/golden/errors", survives);
	scripts_each("examples", survives);
}

static void clones_are_equal_and_apart(void **state)
{
	static const char text[] = "k:f /a/ { @x[1, \"b\\0c\"] = if a { 1 } else { (x = 2) }; for $i : 0..5 { print($i) } }";
	struct arena *a = arena_new();
	struct node *script, *copy;
	struct diag d;

	diag_init(&d, a);
	script = parse(a, &d, text, sizeof text - 1);
	assert_non_null(script);
	copy = node_clone(a, script);
	assert_true(node_equal(script, copy));
	assert_ptr_not_equal(script->script.items.v[0], copy->script.items.v[0]);
	copy->script.items.v[0]->probe.predicate->ident.name = "b";
	assert_false(node_equal(script, copy));
	copy->script.items.v[0]->probe.predicate = NULL;
	assert_false(node_equal(script, copy));
	assert_null(node_clone(a, NULL));
	arena_free(a);
}

static void replace_ints(void *arg, struct node **slot)
{
	if ((*slot)->kind == NODE_INT)
		*slot = arg;
	else
		node_each_child(*slot, replace_ints, arg);
}

static void visitors_may_replace(void **state)
{
	static const char text[] = "BEGIN { f(1, 2 + 3, @x[4]) }";
	_str_ struct str out = { 0 };
	struct arena *a = arena_new();
	struct node *script, *seven = node_new(a, NODE_INT, (struct span){ 0 });
	struct diag d;

	diag_init(&d, a);
	script = parse(a, &d, text, sizeof text - 1);
	seven->int_.value = 7;
	node_each_child(script, replace_ints, seven);
	core_print(script, &out);
	assert_string_equal(str_z(&out), "BEGIN {\n\tf(7, 7 + 7, @x[7]);\n}\n");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goldens_survive_printing),
		cmocka_unit_test(clones_are_equal_and_apart),
		cmocka_unit_test(visitors_may_replace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// Containers, strings, diagnostics and types: what every other room stands on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "base/world.h"

static void arena_zeroed_and_aligned(void **state)
{
	struct arena *a = arena_new();

	for (size_t size = 0; size < 300000; size = size * 3 + 1) {
		char *p = arena_alloc(a, size);

		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size); // a later block must not overlap this one
	}
	assert_true(arena_size(a) > 0);
	arena_free(a);
	arena_free(NULL);
}

static void arena_strings(void **state)
{
	struct arena *a = arena_new();

	assert_string_equal(arena_strdup(a, ""), "");
	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	assert_memory_equal(arena_memdup(a, "a\0b", 3), "a\0b", 3);
	arena_free(a);
}

static void vec_grows(void **state)
{
	struct arena *a = arena_new();
	VEC(int) in_arena = { 0 }, on_heap = { 0 };

	for (int i = 0; i < 10000; i++) {
		vec_push(a, &in_arena, i);
		vec_push(NULL, &on_heap, i);
	}
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(in_arena.v[i], i);
		assert_int_equal(on_heap.v[i], i);
	}
	vec_free(&on_heap);
	assert_null(on_heap.v);
	arena_free(a);
}

static void check_map(struct arena *a)
{
	struct map m;
	char key[16];

	map_init(&m, a);
	assert_null(map_gets(&m, "absent"));
	for (size_t i = 1; i <= 5000; i++) {
		snprintf(key, sizeof key, "k%zu", i);
		*map_puts(&m, key) = (void *)i;
	}
	assert_int_equal(m.n, 5000);
	for (size_t i = 1; i <= 5000; i++) {
		snprintf(key, sizeof key, "k%zu", i);
		assert_ptr_equal(map_gets(&m, key), (void *)i);
	}
	assert_string_equal(m.at[0].key, "k1"); // in order of insertion
	assert_string_equal(m.at[4999].key, "k5000");
	*map_put(&m, "a\0b", 3) = &m;
	assert_null(map_get(&m, "a\0c", 3));
	assert_ptr_equal(map_get(&m, "a\0b", 3), &m);
	assert_null(map_get(&m, "a", 1)); // a prefix is another key
	*map_put(&m, "", 0) = key;
	assert_ptr_equal(map_get(&m, "", 0), key);
	map_free(&m);
}

static void map_keys(void **state)
{
	struct arena *a = arena_new();

	check_map(a);
	check_map(NULL);
	arena_free(a);
}

static void map_interns(void **state)
{
	struct arena *a = arena_new();
	struct map m;

	map_init(&m, a);
	const char *x = map_intern(&m, "name", 4);
	assert_ptr_equal(map_intern(&m, "name and more", 4), x);
	assert_ptr_not_equal(map_intern(&m, "nam", 3), x);
	arena_free(a);
}

static void str_numbers(void **state)
{
	_str_ struct str s = { 0 };

	assert_string_equal(str_z(&s), "");
	str_u64(&s, UINT64_MAX);
	str_addc(&s, ' ');
	str_i64(&s, INT64_MIN);
	str_addc(&s, ' ');
	str_u64(&s, 0);
	assert_string_equal(s.p, "18446744073709551615 -9223372036854775808 0");
	str_clear(&s);
	str_printf(&s, "%1000d", 1);
	assert_int_equal(s.n, 1000);
}

static void str_json_escapes(void **state)
{
	_str_ struct str s = { 0 };

	str_json(&s, "a\"\\\n\r\t\x01", 7);
	assert_string_equal(s.p, "\"a\\\"\\\\\\n\\r\\t\\u0001\"");
	str_clear(&s);
	str_json(&s, "gr\xc3\xbc\xc3\x9f", 6);
	assert_string_equal(s.p, "\"gr\xc3\xbc\xc3\x9f\"");
	str_clear(&s);
	str_json(&s, "x\xffy\xc3", 4); // no UTF-8, and one that breaks off
	assert_string_equal(s.p, "\"x\xef\xbf\xbdy\xef\xbf\xbd\"");
}

static void glob_stars(void **state)
{
	assert_true(glob_match("*", ""));
	assert_true(glob_match("a*c", "abcbc"));
	assert_false(glob_match("a*c", "abcb"));
	assert_true(glob_match("**x", "x"));
	assert_true(glob_match("vfs_*read*", "vfs_iter_read_x"));
	assert_false(glob_match("", "x"));
	assert_true(glob_is("a*"));
	assert_false(glob_is("a?[b]"));
}

static void diag_shows_place(void **state)
{
	struct arena *a = arena_new();
	struct diag d;
	_str_ struct str out = { 0 };
	const char *text = "begin {\n\tprint(x);\n}\n";

	diag_init(&d, a);
	uint32_t source = diag_source(&d, "a.spile", text, strlen(text));
	diag_warn(&d, (struct span){ source, 0, 5 }, W_UNUSED, "first %s", "warning");
	diag_error(&d, (struct span){ source, 15, 16 }, E_UNKNOWN_NAME, "unknown name '%.*s'", 1, "x");
	diag_hint(&d, "say %d", 3);
	diag_error(&d, (struct span){ source, 15, 16 }, E_UNKNOWN_NAME, "unknown name 'x'"); // said already
	assert_int_equal(d.errors, 1);
	assert_int_equal(d.warnings, 1);
	diag_print(&d, false, &out);
	assert_string_equal(out.p, "a.spile:2:8-9: ERROR: unknown name 'x'\n    print(x);\n          ~\nHINT: say 3\n"
				   "a.spile:1:1-6: WARNING: first warning\nbegin {\n~~~~~\n");
	arena_free(a);
}

static void diag_at_the_edges(void **state)
{
	struct arena *a = arena_new();
	struct diag d;
	_str_ struct str out = { 0 };
	char *line = arena_alloc(a, 100000);

	memset(line, 'x', 100000);
	diag_init(&d, a);
	uint32_t empty = diag_source(&d, "empty", "", 0), wide = diag_source(&d, "wide", line, 100000);
	diag_error(&d, (struct span){ empty, 0, 0 }, E_SYNTAX, "nothing here");
	diag_error(&d, (struct span){ wide, 50000, 50003 }, E_SYNTAX, "far out");
	diag_error(&d, (struct span){ 0 }, E_IO, "no place");
	diag_print(&d, false, &out);
	assert_non_null(strstr(out.p, "empty:1:1-2: ERROR: nothing here\n"));
	assert_non_null(strstr(out.p, "wide:1:50001-50004: ERROR: far out\n"));
	assert_non_null(strstr(out.p, "ERROR: no place\n"));
	assert_true(out.n < 3000); // the line is not shown whole
	arena_free(a);
}

static void diag_keeps_so_many(void **state)
{
	_str_ struct str out = { 0 };
	struct arena *a = arena_new();
	const char *text = "x\ny\n";
	struct diag d;

	diag_init(&d, a);
	uint32_t source = diag_source(&d, "f", text, strlen(text));
	for (unsigned i = 0; i < 1000000; i++)
		diag_error(&d, (struct span){ source, 2, 3, 0 }, E_TYPE, "wrong, %u", i);
	assert_int_equal(d.errors, 1000000);
	assert_true(d.nitems <= DIAG_KEPT);
	diag_print(&d, false, &out);
	assert_non_null(strstr(str_z(&out), "f:2:1-2: ERROR: wrong, 999\n"));
	assert_non_null(strstr(str_z(&out), "there are 999000 more\n"));
	arena_free(a);
}

static void diag_every_code_has_a_row(void **state)
{
	for (int code = 0; code < DIAG_CODES; code++) {
		assert_non_null(diag_code_name((enum diag_code)code));
		assert_true(strlen(diag_code_meaning((enum diag_code)code)) > 0);
	}
}

static void expect_type(const struct type *t, const char *text, uint32_t size)
{
	_str_ struct str s = { 0 };

	type_print(t, &s);
	assert_string_equal(s.p, text);
	assert_int_equal(t->size, size);
}

static void types_are_interned(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	const struct type *u8 = type_int(t, 1, false), *i64 = type_int(t, 8, true);
	const struct type *pair[] = { u8, i64 };

	assert_ptr_equal(u8, type_int(t, 1, false));
	assert_ptr_not_equal(u8, type_int(t, 1, true));
	assert_ptr_equal(type_string(t, 64), type_string(t, 64));
	assert_ptr_equal(type_tuple(t, pair, 2), type_tuple(t, pair, 2));
	assert_ptr_equal(type_struct(t, TYPE_STRUCT, "file"), type_struct(t, TYPE_STRUCT, "file"));
	assert_ptr_not_equal(type_struct(t, TYPE_STRUCT, "file"), type_struct(t, TYPE_UNION, "file"));
	for (uint32_t i = 0; i < types_count(t); i++)
		assert_int_equal(types_at(t, i)->index, i);
	assert_null(types_at(t, (uint32_t)types_count(t)));
	arena_free(a);
}

static void types_print_and_measure(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	const struct type *pair[] = { type_int(t, 1, true), type_int(t, 8, false) };
	const struct type *tuple = type_tuple(t, pair, 2);

	expect_type(type_int(t, 4, true), "int32", 4);
	expect_type(type_string(t, 16), "string[16]", 16);
	expect_type(tuple, "(int8,uint64)", 16);
	assert_int_equal(tuple->fields[1].offset, 8);
	expect_type(type_array(t, pair[1], 3), "uint64[3]", 24);
	expect_type(type_pointer(t, type_struct(t, TYPE_STRUCT, "task_struct"), SPACE_KERNEL), "struct task_struct *", 8);
	expect_type(type_pointer(t, type_basic(t, TYPE_NONE), SPACE_USER), "void *", 8);
	arena_free(a);
}

static void types_structs_fill_later(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	struct type *list = type_struct(t, TYPE_STRUCT, "list");
	struct field f[] = { { .name = "next", .type = type_pointer(t, list, SPACE_KERNEL) }, { .name = "n", .type = type_int(t, 4, false), .offset = 8 } };

	assert_false(list->complete);
	type_set_fields(t, list, 16, f, 2);
	assert_true(list->complete);
	assert_int_equal(type_field(list, "n")->offset, 8);
	assert_null(type_field(list, "absent"));
	arena_free(a);
}

static void types_histograms(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);

	assert_int_equal(type_hist_buckets(type_hist(t, 0)), 66);
	assert_int_equal(type_hist_buckets(type_lhist(t, 0, 100, 10)), 12);
	assert_int_equal(type_hist_buckets(type_lhist(t, -5, 100, 10)), 12);
	assert_true(type_is_aggregate(type_hist(t, 0)));
	assert_false(type_is_castable_aggregate(type_hist(t, 0)));
	assert_true(type_is_castable_aggregate(type_agg(t, TYPE_AVG, true)));
	arena_free(a);
}

static void hash_differs_by_seed(void **state)
{
	assert_int_equal(hash_bytes("abc", 3, 1), hash_bytes("abc", 3, 1));
	assert_int_not_equal(hash_bytes("abc", 3, 1), hash_bytes("abc", 3, 2));
	assert_int_not_equal(hash_bytes("abc", 3, 1), hash_bytes("abd", 3, 1));
}

static int falling(int *n) // another number each time
{
	return --*n;
}

static void operands_are_evaluated_once(void **state)
{
	int a = 2, b = 2, c = 2;

	assert_int_equal(MAX(falling(&a), 0), 1);
	assert_int_equal(MIN(5, falling(&b)), 1);
	assert_int_equal(MAX(MIN(falling(&c), 7), -3), 1);
	assert_int_equal(a + b + c, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_zeroed_and_aligned), cmocka_unit_test(arena_strings), cmocka_unit_test(vec_grows),
		cmocka_unit_test(map_keys), cmocka_unit_test(map_interns), cmocka_unit_test(str_numbers),
		cmocka_unit_test(str_json_escapes), cmocka_unit_test(glob_stars), cmocka_unit_test(diag_shows_place),
		cmocka_unit_test(diag_at_the_edges), cmocka_unit_test(diag_keeps_so_many), cmocka_unit_test(diag_every_code_has_a_row), cmocka_unit_test(types_are_interned),
		cmocka_unit_test(types_print_and_measure), cmocka_unit_test(types_structs_fill_later),
		cmocka_unit_test(types_histograms), cmocka_unit_test(hash_differs_by_seed), cmocka_unit_test(operands_are_evaluated_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

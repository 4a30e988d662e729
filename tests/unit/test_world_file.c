// SPDX-License-Identifier: Apache-2.0
// The records of a .world file, and what is no such file.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/world_record.h"

static int note(void *arg, enum world_record kind, const char *name, const void *data, size_t n)
{
	str_printf(arg, "%d %s %.*s;", (int)kind, name, (int)n, (const char *)data);
	return 0;
}

static int stop(void *arg, enum world_record kind, const char *name, const void *data, size_t n)
{
	(*(int *)arg)++;
	return -7;
}

static void read_back(void **state)
{
	_str_ struct str all = { 0 }, seen = { 0 };
	int calls = 0;

	world_record_add(&all, WORLD_RELEASE, "6.1.0", "", 0);
	world_record_add(&all, WORLD_EVENT, "sched:sched_switch", "field:int x;", 12);
	world_record_add(&all, (enum world_record)99, "of a newer version", "?", 1);
	world_record_add(&all, WORLD_FUNCTION, "vmlinux:f", "", 0);
	assert_int_equal(world_records_read(all.p, all.n, note, &seen), 0);
	assert_string_equal(str_z(&seen), "0 6.1.0 ;2 sched:sched_switch field:int x;;3 vmlinux:f ;");
	assert_int_equal(world_records_read(all.p, all.n, stop, &calls), -7);
	assert_int_equal(calls, 1);
}

// Cut anywhere, and with lengths that lead outside.
static void hostile(void **state)
{
	_str_ struct str all = { 0 }, seen = { 0 };
	uint32_t huge = UINT32_MAX;

	world_record_add(&all, WORLD_EVENT, "a:b", "data", 4);
	for (size_t n = 1; n < all.n; n++) {
		_free_ char *part = xmalloc(n);

		memcpy(part, all.p, n);
		assert_true(world_records_read(part, n, note, &seen) < 0);
	}
	memcpy(all.p + 4, &huge, sizeof huge);
	assert_true(world_records_read(all.p, all.n, note, &seen) < 0);
	memcpy(all.p + 8, &huge, sizeof huge);
	assert_true(world_records_read(all.p, all.n, note, &seen) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(read_back), cmocka_unit_test(hostile) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

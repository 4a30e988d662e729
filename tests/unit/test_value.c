// SPDX-License-Identifier: Apache-2.0
// Values as text and JSON, histograms and aggregates: bpftrace's formats to the byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/agg.h"
#include "runtime/decode.h"
#include "runtime/hist.h"
#include "runtime/sinks/out.h"
#include "runtime/sinks/sinks.h"
#include "runtime/value.h"
#include "tests/unit/printing.h"

static int setup(void **state)
{
	struct fixture *f = fixture_new();

	plan_push(f->arena, &f->plan.names, &f->plan.n_names, (struct plan_name){ "uprobe:/bin/a:f" });
	plan_push(f->arena, &f->plan.formats, &f->plan.n_formats, (struct plan_name){ "<%f|%k|%l>" });
	*state = f;
	return 0;
}

static const char *text(struct fixture *f, const struct type *t, const void *v)
{
	str_clear(&f->text);
	str_adds(&f->text, "");
	value_text(&f->printer, t, v, &f->text);
	return str_z(&f->text);
}

static const char *json(struct fixture *f, const struct type *t, const void *v)
{
	str_clear(&f->text);
	value_json(&f->printer, t, v, &f->text);
	return str_z(&f->text);
}

static void scalars(void **state)
{
	struct fixture *f = *state;
	struct types *t = f->types;
	struct enumerator e[] = { { "RED", 1 } };
	const struct type *colour = type_enum(t, "colour", 4, true, e, 1);

	assert_string_equal(text(f, type_int(t, 1, true), &(int8_t){ -5 }), "-5");
	assert_string_equal(text(f, type_int(t, 1, false), &(int8_t){ -5 }), "251");
	assert_string_equal(text(f, type_int(t, 8, false), &(int64_t){ -1 }), "18446744073709551615");
	assert_string_equal(text(f, type_int(t, 8, true), &(int64_t){ INT64_MIN }), "-9223372036854775808");
	assert_string_equal(text(f, type_basic(t, TYPE_BOOL), &(uint8_t){ 1 }), "true");
	assert_string_equal(text(f, colour, &(int32_t){ 1 }), "RED");
	assert_string_equal(text(f, colour, &(int32_t){ 2 }), "2");
	assert_string_equal(text(f, type_pointer(t, colour, SPACE_USER), &(uint64_t){ 0x7f12 }), "0x7f12");
	assert_string_equal(text(f, type_basic(t, TYPE_KSYM), &(uint64_t){ 0x1234 }), "0x1234");
	assert_string_equal(text(f, type_basic(t, TYPE_PROBE), &(uint64_t){ 0 }), "uprobe:/bin/a:f");
	assert_string_equal(text(f, type_basic(t, TYPE_PROBE), &(uint64_t){ 9 }), "");
	assert_string_equal(text(f, type_basic(t, TYPE_USERNAME), &(uint64_t){ 0 }), "root");
	assert_string_equal(text(f, type_basic(t, TYPE_MAC), "\x00\x1b\xff\x00\x01\x02"), "00:1B:FF:00:01:02");
	assert_string_equal(text(f, type_basic(t, TYPE_INET), &(struct wire_inet){ 2, { 127, 0, 0, 1 } }), "127.0.0.1");
	assert_string_equal(text(f, type_basic(t, TYPE_INET), &(struct wire_inet){ 10, { [15] = 1 } }), "::1");
	assert_string_equal(text(f, type_timestamp(t, 0), &(uint64_t){ 0 }), "(?)");
	assert_int_equal(strlen(text(f, type_timestamp(t, 0), &(uint64_t){ 1 })), strlen("<123456|123456789|123>"));
}

static void strings(void **state)
{
	struct fixture *f = *state;
	struct types *t = f->types;
	uint8_t buffer[12] = { 4, 0, 0, 0, 'a', 0, 0xff, '~' };

	assert_string_equal(text(f, type_string(t, 8), "abc\0xyz"), "abc");
	assert_string_equal(text(f, type_string(t, 4), "abcd"), "abcd..");
	assert_string_equal(text(f, type_buffer(t, 8), buffer), "a\\x00\\xff~");
	assert_string_equal(json(f, type_buffer(t, 8), buffer), "[97,0,255,126]");
	assert_string_equal(json(f, type_string(t, 8), "a\"\n\x01"), "\"a\\\"\\n\\u0001\"");
	buffer[0] = 200; // longer than there is room
	assert_int_equal(strncmp(text(f, type_buffer(t, 8), buffer), "a\\x00\\xff~", 10), 0);
}

static void compounds(void **state)
{
	struct fixture *f = *state;
	struct types *t = f->types;
	const struct type *i8 = type_int(t, 8, true), *s4 = type_string(t, 4);
	const struct type *inner = type_tuple(t, (const struct type *[]){ i8, i8 }, 2);
	const struct type *tuple = type_tuple(t, (const struct type *[]){ i8, s4, inner }, 3);
	const struct type *record = type_record(t, (const char *[]){ "a", "b" }, (const struct type *[]){ i8, s4 }, 2);
	struct { int64_t a; char b[8]; int64_t c, d; } v = { 1, "abc", 2, 3 };
	const struct type *array = type_array(t, type_int(t, 2, false), 3);
	struct plan_map m = { .key = tuple, .key_is_tuple = true };

	assert_string_equal(text(f, tuple, &v), "(1, abc, (2, 3))");
	assert_string_equal(json(f, tuple, &v), "[1,\"abc\",[2,3]]");
	assert_string_equal(text(f, record, &v), "{ .a = 1, .b = abc }");
	assert_string_equal(json(f, record, &v), "{\"a\": 1, \"b\": \"abc\"}");
	assert_string_equal(text(f, array, &(uint16_t[]){ 1, 2, 3 }), "[1,2,3]");
	str_clear(&f->text);
	value_key(&f->printer, &m, &v, &f->text);
	assert_string_equal(f->text.p, "1, abc, (2, 3)");
	str_clear(&f->text);
	value_json_key(&f->printer, &m, &v, &f->text);
	assert_string_equal(f->text.p, "\"1,abc,(2,3)\"");
	m.key_is_tuple = false;
	str_clear(&f->text);
	value_key(&f->printer, &m, &v, &f->text);
	assert_string_equal(f->text.p, "(1, abc, (2, 3))");
}

static void bit_fields(void **state)
{
	struct fixture *f = *state;
	struct types *t = f->types;
	struct type *s = type_struct(t, TYPE_STRUCT, "bits");
	struct field fields[] = { { .name = "a", .type = type_int(t, 4, false), .bit_size = 3 },
				  { .name = "b", .type = type_int(t, 4, true), .bit_offset = 3, .bit_size = 4 } };

	type_set_fields(t, s, 4, fields, 2);
	assert_string_equal(text(f, s, &(uint32_t){ 5 | 15 << 3 }), "{ .a = 5, .b = -1 }");
	assert_string_equal(text(f, type_struct(t, TYPE_STRUCT, "opaque"), ""), "{}");
}

static void stacks(void **state)
{
	struct fixture *f = *state;
	const struct type *k = type_stack(f->types, TYPE_KSTACK, STACK_BPFTRACE, 0, 4), *r = type_stack(f->types, TYPE_KSTACK, STACK_RAW, 0, 4);
	struct { struct wire_stack w; uint64_t ip[4]; } s = { { .nr = 2 }, { 0xabc, 0x10 } };

	assert_string_equal(text(f, k, &s), "\n        0xabc\n        0x10\n");
	assert_string_equal(text(f, r, &s), "\nabc\n10\n");
	s.w.nr = 60000;
	assert_string_equal(text(f, r, &s), "\nabc\n10\n0\n0\n");
}

static void stacks_that_tell(void **state)
{
	struct fixture *f = *state;
	const struct type *why = type_stack(f->types, TYPE_USTACK, STACK_RAW, STACK_WHY, 4);
	struct { struct wire_stack w; uint64_t ip[4]; } s = { { .nr = 2, .stop = WIRE_STOP_NO_MAPPING },
		{ 0xabcull | (uint64_t)WIRE_HOW_TOP << WIRE_FRAME_SHIFT, 0x10ull | (uint64_t)WIRE_HOW_CFI << WIRE_FRAME_SHIFT } };

	assert_string_equal(text(f, why, &s), "\nabc [top]\n10 [cfi]\n[stopped: no mapping]\n");
	s.w.stop = WIRE_STOP_ROOT;
	s.w.nr = 1;
	assert_string_equal(text(f, why, &s), "\nabc [top]\n");
	s.w.stop = 255; // of a kernel half gone mad
	s.ip[0] |= 0xffull << WIRE_FRAME_SHIFT;
	assert_string_equal(text(f, why, &s), "\nabc []\n[stopped: ]\n");
	s.w.stop = WIRE_STOP_NONE;
	assert_string_equal(text(f, why, &s), "\nabc [kernel]\n[stopped: end of frame pointers]\n");
}

static void big_json_numbers(void **state)
{
	struct fixture *f = *state;
	const struct type *u = type_int(f->types, 8, false);

	assert_string_equal(json(f, u, &(uint64_t){ 1ull << 53 }), "9007199254740992");
	assert_string_equal(json(f, u, &(uint64_t){ (1ull << 53) + 1 }), "\"9007199254740993\"");
	assert_string_equal(json(f, u, &(uint64_t){ 1ull << 63 }), "9223372036854775808");
}

static void aggregates(void **state)
{
	struct fixture *f = *state;
	struct types *t = f->types;
	const struct type *min = type_agg(t, TYPE_MIN, true), *avg = type_agg(t, TYPE_AVG, true), *stats = type_agg(t, TYPE_STATS, false);
	struct wire_minmax a = { 0, 0 }, b = { -3, 1 }, c = { 5, 1 };
	struct wire_avg x = { -7, 2 }, y = { 6, 3 };

	agg_merge(min, &a, &b, false);
	agg_merge(min, &a, &c, false);
	assert_string_equal(text(f, min, &a), "-3");
	assert_string_equal(text(f, avg, &x), "-3");
	assert_string_equal(text(f, stats, &y), "{ .count = 3, .average = 2, .total = 6 }");
	assert_string_equal(json(f, stats, &y), "{\"count\": 3, \"average\": 2, \"total\": 6}");
	agg_merge(avg, &x, &y, false);
	assert_int_equal(x.total, -1);
	assert_int_equal(x.count, 5);
	assert_true(agg_compare(min, &b, &c) < 0);
	assert_true(agg_compare(type_agg(t, TYPE_MAX, false), &b, &c) > 0); // unsigned: -3 is large
}

#define BAR "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"
#define HALF "@@@@@@@@@@@@@@@@@@@@@@@@@@                          "
#define GAP "                                                    "

static void histograms(void **state)
{
	struct fixture *f = *state;
	uint64_t b[66] = { [0] = 2, [1] = 1, [2] = 1 }, k2[253] = { 0 };
	const struct type *h = type_hist(f->types, 0), *h2 = type_hist(f->types, 2);

	assert_string_equal(text(f, h, b), "(..., 0)               2 |" BAR "|\n[0]                    1 |" HALF "|\n[1]                    1 |" HALF "|\n");
	memset(b, 0, sizeof b);
	assert_string_equal(text(f, h, b), "");
	assert_string_equal(json(f, h, b), "[]");
	b[3] = 12;
	b[5] = 0;
	assert_string_equal(text(f, h, b), "[2, 4)                12 |" BAR "|\n");
	assert_string_equal(json(f, h, b), "[{\"min\": 2, \"max\": 3, \"count\": 12}]");
	memset(b, 0, sizeof b);
	b[11] = 1; // 512 … 1023
	b[12] = 1;
	assert_string_equal(text(f, h, b), "[512, 1K)              1 |" BAR "|\n[1K, 2K)               1 |" BAR "|\n");
	b[11] = b[12] = 0;
	b[65] = 1;
	assert_string_equal(text(f, h, b), "[8E, 16E)              1 |" BAR "|\n");
	assert_string_equal(json(f, h, b), "[{\"min\": 9223372036854775808, \"max\": 18446744073709551615, \"count\": 1}]");
	k2[1 + 7] = 1; // exact up to 7: the first doubled step begins at 8
	k2[1 + 9] = 1;
	assert_string_equal(text(f, h2, k2), "[7]                    1 |" BAR "|\n[8, 10)                0 |" GAP "|\n[10, 12)               1 |" BAR "|\n");
	memset(k2, 0, sizeof k2);
	k2[1 + 36] = 1;
	k2[1 + 44] = 1;
	text(f, h2, k2);
	assert_int_equal(strncmp(f->text.p, "[1024, 1280) ", 13), 0); // 4 * 2^8 has no unit, 4 * 2^10 has
	assert_non_null(strstr(f->text.p, "[4K, 5K) "));
}

static void linear_histograms(void **state)
{
	struct fixture *f = *state;
	const struct type *l = type_lhist(f->types, 0, 10, 3), *one = type_lhist(f->types, 0, 10, 1), *k = type_lhist(f->types, 0, 4096, 1024);
	uint64_t b[12] = { 1, 1, 0, 0, 1 };

	assert_string_equal(text(f, l, b), "(..., 0)               1 |" BAR "|\n[0, 3)                 1 |" BAR "|\n[3, 6)                 0 |" GAP
					   "|\n[6, 9)                 0 |" GAP "|\n[9, ...)               1 |" BAR "|\n");
	assert_string_equal(json(f, l, b), "[{\"max\": -1, \"count\": 1}, {\"min\": 0, \"max\": 2, \"count\": 1}, {\"min\": 3, \"max\": 5, \"count\": 0}, "
					   "{\"min\": 6, \"max\": 8, \"count\": 0}, {\"min\": 9, \"count\": 1}]");
	memset(b, 0, sizeof b);
	b[6] = 1;
	assert_string_equal(text(f, one, b), "[5]                    1 |" BAR "|\n");
	b[6] = 0;
	b[2] = 1;
	assert_string_equal(text(f, k, b), "[1K, 2K)               1 |" BAR "|\n");
	struct str old = { 0 };
	hist_text_legacy(one, b, &old);
	assert_string_equal(str_z(&old), "[1, 2)                 1 |" BAR "|\n");
	str_clear(&old);
	b[2] = 0;
	b[4] = 1;
	hist_text_legacy(l, b, &old);
	assert_string_equal(str_z(&old), "[10, ...)              1 |" BAR "|\n");
	str_free(&old);
}

static void print_view(struct fixture *f, const struct sink *s, const struct map_view *m, char *buf, size_t room)
{
	struct out o;
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	out_open(&o, fd[1], fd[1], 'l');
	s->map(&o, &f->printer, m);
	out_close(&o);
	close(fd[1]);
	ssize_t n = read(fd[0], buf, room - 1);
	buf[MAX(n, 0)] = '\0';
	close(fd[0]);
}

static void maps(void **state)
{
	struct fixture *f = *state;
	const struct type *i8 = type_int(f->types, 8, true), *h = type_hist(f->types, 0);
	struct plan_map m = { .name = "@x", .key = i8, .value = i8 }, hm = { .name = "@h", .key = i8, .value = h }, s = { .name = "@", .value = i8 };
	int64_t key[] = { 1, 2 }, value[] = { 10, 20 };
	uint64_t b[66] = { [3] = 1 };
	struct map_entry_view e[] = { { &key[0], i8, &value[0] }, { &key[1], i8, &value[1] } }, he = { &key[0], i8, b }, se = { NULL, NULL, &value[0] };
	struct map_view v = { &m, e, 2, 1 }, hv = { &hm, &he, 1, 1 }, sv = { &s, &se, 1, 1 };
	char buf[4096];

	print_view(f, &sink_text, &v, buf, sizeof buf);
	assert_string_equal(buf, "@x[1]: 10\n@x[2]: 20\n");
	v.div = 10;
	print_view(f, &sink_text, &v, buf, sizeof buf);
	assert_string_equal(buf, "@x[1]: 1\n@x[2]: 2\n");
	v.div = 1;
	print_view(f, &sink_json, &v, buf, sizeof buf);
	assert_string_equal(buf, "{\"type\": \"map\", \"data\": {\"@x\": {\"1\": 10, \"2\": 20}}}\n");
	print_view(f, &sink_text, &hv, buf, sizeof buf);
	assert_string_equal(buf, "@h[1]:\n[2, 4)                 1 |" BAR "|\n\n");
	print_view(f, &sink_json, &hv, buf, sizeof buf);
	assert_string_equal(buf, "{\"type\": \"hist\", \"data\": {\"@h\": {\"1\": [{\"min\": 2, \"max\": 3, \"count\": 1}]}}}\n");
	print_view(f, &sink_text, &sv, buf, sizeof buf);
	assert_string_equal(buf, "@: 10\n");
	v.n = 0;
	print_view(f, &sink_json, &v, buf, sizeof buf);
	assert_string_equal(buf, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars), cmocka_unit_test(strings), cmocka_unit_test(compounds), cmocka_unit_test(bit_fields),
		cmocka_unit_test(stacks), cmocka_unit_test(stacks_that_tell), cmocka_unit_test(big_json_numbers), cmocka_unit_test(aggregates),
		cmocka_unit_test(histograms), cmocka_unit_test(linear_histograms), cmocka_unit_test(maps),
	};

	return cmocka_run_group_tests(tests, setup, fixture_free);
}

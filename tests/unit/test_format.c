// SPDX-License-Identifier: Apache-2.0
// printf's conversions.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/decode.h"
#include "runtime/format.h"
#include "runtime/value.h"
#include "tests/unit/printing.h"

static int setup(void **state)
{
	struct fixture *f = fixture_new();

	*state = f;
	return 0;
}

static const char *run(struct fixture *f, const char *format, const struct arg_view *a, size_t n)
{
	struct format *fmt = format_new(format);

	str_clear(&f->text);
	str_adds(&f->text, "");
	format_run(fmt, &f->printer, a, n, &f->text);
	format_free(fmt);
	return f->text.p;
}

static const char *number(struct fixture *f, const char *format, int64_t v)
{
	return run(f, format, &(struct arg_view){ .type = type_int(f->types, 8, true), .p = &v, .len = 8 }, 1);
}

static const char *string(struct fixture *f, const char *format, const char *s)
{
	return run(f, format, &(struct arg_view){ .type = type_string(f->types, 64), .p = s, .len = (uint32_t)strlen(s), .packed = true }, 1);
}

static void integers(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(number(f, "%d\n", -5), "-5\n");
	assert_string_equal(number(f, "%d", 0x100000001), "1"); // 32 bits without a length
	assert_string_equal(number(f, "%ld", 0x100000001), "4294967297");
	assert_string_equal(number(f, "%lld|", INT64_MIN), "-9223372036854775808|");
	assert_string_equal(number(f, "%u", -1), "4294967295");
	assert_string_equal(number(f, "%lu", -1), "18446744073709551615");
	assert_string_equal(number(f, "%hhd", 255), "-1");
	assert_string_equal(number(f, "%hu", -1), "65535");
	assert_string_equal(number(f, "%x %%", 255), "ff %");
	assert_string_equal(number(f, "%#X", 255), "0XFF");
	assert_string_equal(number(f, "%#o", 8), "010");
	assert_string_equal(number(f, "[%5d]", 42), "[   42]");
	assert_string_equal(number(f, "[%-5d]", 42), "[42   ]");
	assert_string_equal(number(f, "[%05d]", -42), "[-0042]");
	assert_string_equal(number(f, "[%+d]", 42), "[+42]");
	assert_string_equal(number(f, "[%.4d]", 42), "[0042]");
	assert_string_equal(number(f, "[%016lx]", 0xbeef), "[000000000000beef]");
	assert_string_equal(number(f, "%p", 0x1234), "0x1234");
	assert_string_equal(number(f, "%p", 0), "0");
	assert_string_equal(number(f, "%c", 'x'), "x");
	assert_string_equal(number(f, "%s", 7), "7");
	assert_string_equal(number(f, "%gr", 0xcc0), "GFP_KERNEL");
}

static void texts(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(string(f, "<%s>", "abc"), "<abc>");
	assert_string_equal(string(f, "<%8s>", "abc"), "<     abc>");
	assert_string_equal(string(f, "<%-8.2s>", "abc"), "<ab      >");
	assert_string_equal(string(f, "100%", ""), "100%");
	assert_string_equal(string(f, "", ""), "");
}

static void buffers(void **state)
{
	struct fixture *f = *state;
	const struct type *t = type_buffer(f->types, 8);
	struct arg_view a = { .type = t, .p = "a\x01\xff", .len = 3, .packed = true };

	assert_string_equal(run(f, "%r", &a, 1), "a\\x01\\xff");
	assert_string_equal(run(f, "%rx", &a, 1), "\\x61\\x01\\xff");
	assert_string_equal(run(f, "%rh.", &a, 1), "61 01 ff.");
}

static void mistakes(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(run(f, "%d", NULL, 0), "!{no argument}");
	assert_string_equal(string(f, "%d", "abc"), "!{%d cannot show this type}");
	assert_string_equal(number(f, "%y", 1), "%y");
	assert_string_equal(number(f, "%999999999999d", 1) + 4095, "1"); // no width is wider than 4096
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(integers), cmocka_unit_test(texts), cmocka_unit_test(buffers),
					    cmocka_unit_test(mistakes) };

	return cmocka_run_group_tests(tests, setup, fixture_free);
}

// SPDX-License-Identifier: Apache-2.0
// The lexer and parser on what no golden holds: large, deep and hostile scripts, in time and memory that grow with their size.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/ast.h"
#include "lang/lang.h"
#include "lang/literal.h"

// The code of the first error, E_NONE when it parsed.
static enum diag_code parse(const char *text, size_t n)
{
	struct arena *a = arena_new();
	struct diag d;
	enum diag_code code;

	diag_init(&d, a);
	lang_parse(a, &d, diag_source(&d, "test", text, n));
	assert_true(d.errors <= 20);
	code = d.nitems ? d.items[0].code : E_NONE;
	arena_free(a);
	return code;
}

static void repeat(struct str *out, const char *part, size_t bytes)
{
	size_t n = strlen(part);

	for (size_t i = 0; i < bytes; i += n)
		str_add(out, part, n);
}

static void large_scripts_in_linear_time(void **state)
{
	static const struct {
		const char *head, *part, *tail;
		enum diag_code code;
	} cases[] = {
		{ "BEGIN {", "$x = 1;", "}", E_NONE },
		{ "", "k:f {}\n", "", E_NONE },
		{ "BEGIN {", "/* a */ // b\n", "}", E_NONE },
		{ "k:a", ",k:a", "{}", E_NONE },
		{ "BEGIN {", "(", "", E_TOO_DEEP },
		{ "BEGIN {", "{", "", E_TOO_DEEP },
		{ "BEGIN {", "(typeof(", "", E_TOO_DEEP },
		{ "BEGIN { $x = ", "1 + ", "1 }", E_TOO_DEEP },
		{ "BEGIN { $x = ", "!", "1 }", E_TOO_DEEP },
		{ "BEGIN { $x", "[1]", " }", E_TOO_DEEP },
		{ "BEGIN /", "1 / ", "/ {}", E_TOO_DEEP },
		{ "BEGIN {", "\"a\n", "}", E_STRING },
		{ "BEGIN {", "k:f {\n", "", E_SYNTAX },
		{ "", "struct ", "", E_SYNTAX },
		{ "", "\xff", "", E_SYNTAX },
		{ "BEGIN {", "\xff ;", "}", E_ENCODING },
		{ "", "macro a(", "", E_SYNTAX },
		{ "", "struct x { int a; };\n", "", E_NONE },
		{ "", "}", "", E_SYNTAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_str_ struct str text = { 0 };
		clock_t start = clock();

		str_adds(&text, cases[i].head);
		repeat(&text, cases[i].part, 2000000);
		str_adds(&text, cases[i].tail);
		if (parse(text.p, text.n) != cases[i].code)
			fail_msg("case %zu: %s", i, cases[i].part);
		assert_true((clock() - start) / CLOCKS_PER_SEC < 10);
	}
}

static void every_cut_of_a_script(void **state)
{
	static const char text[] = "config = { a = \"b\" }\nlet @m = hash(5);\nn=k:f, u:\"/a b\":g /arg0 / 2 > (int8)1/ {\n"
				   "\tlet $x : struct y * = (struct y *)$1; if $x { @m[1, \"\\x41\"] = count(); } else { return; }\n"
				   "\tfor ($i : 0..5) { print((a = $i, b = ({ 1 },))); } // end\n\t/* \xff */ $y = $x->z[3]++ ? 5ms : 0x7f\n}\n";
	size_t n = sizeof text - 1;

	assert_int_equal(parse(text, n), E_SYNTAX); // `++` on an element
	for (size_t i = 0; i <= n; i++)
		for (size_t from = 0; from < 3; from++)
			parse(text + MIN(from * 7, i), i - MIN(from * 7, i));
}

static void every_byte_everywhere(void **state)
{
	char text[] = "k:f /a/ { b(1, \"c\"); @[2] = $d }";

	for (size_t i = 0; i < sizeof text - 1; i++) {
		char was = text[i];

		for (int byte = 0; byte < 256; byte++) {
			text[i] = (char)byte;
			parse(text, sizeof text - 1);
		}
		text[i] = was;
	}
	assert_int_equal(parse(text, sizeof text - 1), E_NONE);
}

static void text_needs_no_end(void **state)
{
	_free_ char *text = xmalloc(9); // exactly: a byte read behind it is an error to the sanitizer

	memcpy(text, "BEGIN { }", 9);
	assert_int_equal(parse(text, 9), E_NONE);
	assert_int_equal(parse(text, 8), E_SYNTAX);
	assert_int_equal(parse("", 0), E_NONE);
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} cases[] = {
		{ "0", 0 }, { "1_000", 1000 }, { "0xFf", 255 }, { "0777", 511 }, { "5e9", 5000000000 }, { "1e19", 10000000000000000000u },
		{ "18446744073709551615", UINT64_MAX }, { "4294967295u", UINT32_MAX }, { "1d", 86400000000000 }, { "3us", 3000 },
		{ "1m", 60000000000 }, { "0x10ull", 16 },
	};
	static const char *const wrong[] = { "18446744073709551616", "2e19", "1_", "0x", "08", "12e3", "1e", "5x", "4294967296u",
					     "9223372036854775808l", "213504d", "0b1", "0_", "1e99999999999999999999" };
	uint64_t value;
	bool duration;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_null(literal_number(cases[i].text, strlen(cases[i].text), &value, &duration));
		assert_true(value == cases[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_non_null(literal_number(wrong[i], strlen(wrong[i]), &value, &duration));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_scripts_in_linear_time), cmocka_unit_test(every_cut_of_a_script), cmocka_unit_test(every_byte_everywhere),
		cmocka_unit_test(text_needs_no_end),            cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

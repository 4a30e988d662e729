// SPDX-License-Identifier: Apache-2.0
#include "lang/literal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/util.h"

#define TOO_LARGE "this number does not fit in 64 bits; the largest is 18446744073709551615"

static const struct {
	const char *suffix;
	uint64_t factor;
} durations[] = {
	{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { "m", 60000000000 }, { "h", 3600000000000 }, { "d", 86400000000000 },
};

static const struct {
	const char *suffix;
	uint64_t max;
	const char *too_large;
} widths[] = {
	{ "u", UINT32_MAX, "this number does not fit its suffix `u`; the largest is 4294967295" },
	{ "l", INT64_MAX, "this number does not fit its suffix `l`; the largest is 9223372036854775807" },
	{ "ll", INT64_MAX, "this number does not fit its suffix `ll`; the largest is 9223372036854775807" },
	{ "ul", UINT64_MAX, TOO_LARGE },
	{ "ull", UINT64_MAX, TOO_LARGE },
};

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

// Digits and separators of a base; *overflow is set, not returned, so that all of them are read.
static size_t read_digits(const char *p, size_t n, unsigned base, uint64_t *value, bool *overflow)
{
	size_t i = 0;

	*value = 0;
	*overflow = false;
	for (; i < n && (p[i] == '_' || digit(p[i]) < (int)base); i++) {
		if (p[i] == '_')
			continue;
		*overflow |= __builtin_mul_overflow(*value, base, value);
		*overflow |= __builtin_add_overflow(*value, (uint64_t)digit(p[i]), value);
	}
	return i;
}

static const char *scientific(const char *p, size_t n, uint64_t *value)
{
	uint64_t exponent, v;
	bool overflow;

	if (n < 3 || read_digits(p + 2, n - 2, 10, &exponent, &overflow) != n - 2 || memchr(p, '_', n))
		return "a number with an exponent is one digit, `e` and a whole number, like 5e9";
	if (p[0] == '0')
		return "a number with an exponent begins with a digit from 1 to 9, like 5e9";
	v = (uint64_t)(p[0] - '0');
	if (overflow || exponent > 19)
		return TOO_LARGE;
	while (exponent--)
		if (__builtin_mul_overflow(v, 10, &v))
			return TOO_LARGE;
	*value = v;
	return NULL;
}

static bool is_suffix(const char *p, size_t n, const char *suffix, bool any_case)
{
	return strlen(suffix) == n && (any_case ? strncasecmp(p, suffix, n) : strncmp(p, suffix, n)) == 0;
}

static const char *suffixed(const char *p, size_t n, bool overflow, uint64_t *value, bool *is_duration)
{
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		if (is_suffix(p, n, durations[i].suffix, false)) {
			*is_duration = true;
			return overflow || __builtin_mul_overflow(*value, durations[i].factor, value) ?
				       "this duration does not fit in 64 bits of nanoseconds (about 584 years)" : NULL;
		}
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
		if (is_suffix(p, n, widths[i].suffix, true))
			return overflow || *value > widths[i].max ? widths[i].too_large : NULL;
	return "this number has a suffix that is none of u l ul ll ull ns us ms s m h d";
}

const char *literal_number(const char *p, size_t n, uint64_t *value, bool *is_duration)
{
	unsigned base = 10;
	bool overflow;
	size_t used, start = 0;

	*value = 0;
	*is_duration = false;
	if (n > 1 && (p[1] == 'e' || p[1] == 'E') && p[0] != '0')
		return scientific(p, n, value);
	if (n > 1 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		base = 16, start = 2;
	else if (n > 1 && p[0] == '0' && (p[1] == 'b' || p[1] == 'B'))
		return "binary numbers are not written in scripts; write this one in hex (0x…) or octal (0…)";
	else if (n > 1 && p[0] == '0' && (isdigit((unsigned char)p[1]) || p[1] == '_'))
		base = 8, start = 1;
	used = start + read_digits(p + start, n - start, base, value, &overflow);
	if (used == start)
		return base == 16 ? "`0x` needs hex digits behind it" : "a leading 0 makes this number octal, and octal digits are 0 to 7";
	if (p[used - 1] == '_')
		return "`_` may only stand between the digits of a number";
	if (used == n)
		return overflow ? TOO_LARGE : NULL;
	if (base == 8 && isdigit((unsigned char)p[used]))
		return "a leading 0 makes this number octal, and octal digits are 0 to 7";
	if ((p[used] == 'e' || p[used] == 'E') && used + 1 < n && isdigit((unsigned char)p[used + 1]))
		return "a number with an exponent has one digit, from 1 to 9, before the `e`, like 5e9";
	return suffixed(p + used, n - used, overflow, value, is_duration);
}

static const char *octal_escape(const char *p, size_t n, struct str *out, size_t *used)
{
	unsigned v = 0;

	for (*used = 1; *used < n && *used < 4 && p[*used] >= '0' && p[*used] <= '7'; (*used)++)
		v = v * 8 + (unsigned)(p[*used] - '0');
	if (v > 255)
		return "an octal escape is at most \\377";
	str_addc(out, (char)v);
	return NULL;
}

static const char *hex_escape(const char *p, size_t n, struct str *out, size_t *used)
{
	unsigned v = 0;

	for (*used = 2; *used < n && *used < 4 && digit(p[*used]) < 16; (*used)++)
		v = v * 16 + (unsigned)digit(p[*used]);
	if (*used == 2)
		return "`\\x` needs one or two hex digits behind it";
	str_addc(out, (char)v);
	return NULL;
}

static const char *escape(const char *p, size_t n, struct str *out, size_t *used)
{
	static const char from[] = "ntr\"\\", to[] = "\n\t\r\"\\";
	const char *known = p[1] ? strchr(from, p[1]) : NULL;

	*used = 2;
	if (p[1] >= '0' && p[1] <= '7')
		return octal_escape(p, n, out, used);
	if (p[1] == 'x' || p[1] == 'X')
		return hex_escape(p, n, out, used);
	if (!known)
		return "this escape is none of \\n \\t \\r \\\" \\\\ \\ooo \\xhh; a backslash itself is written \\\\";
	str_addc(out, to[known - from]);
	return NULL;
}

const char *literal_string(const char *p, size_t n, struct str *out, size_t *bad, size_t *bad_len)
{
	size_t used;

	for (size_t i = 1; i + 1 < n; i += used) {
		const char *error = NULL;

		used = 1;
		if (p[i] == '\\')
			error = escape(p + i, n - 1 - i, out, &used);
		else
			str_addc(out, p[i]);
		if (error) {
			*bad = i;
			*bad_len = used;
			return error;
		}
	}
	return NULL;
}

const char *literal_positional(const char *p, size_t n, uint64_t *number)
{
	bool overflow;

	*number = 0;
	if (n == 2 && p[1] == '#')
		return NULL;
	if (1 + read_digits(p + 1, n - 1, 10, number, &overflow) != n || p[n - 1] == '_')
		return "a parameter is $ and its number; put a space or an operator behind it";
	if (overflow || *number > 1000000)
		return "there are no parameters of so large a number";
	if (*number == 0)
		return "parameters are numbered from $1; $# is how many there are";
	return NULL;
}

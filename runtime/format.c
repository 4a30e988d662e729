// SPDX-License-Identifier: Apache-2.0
#include "runtime/format.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/decode.h"
#include "runtime/gfp.h"
#include "runtime/value.h"

#define WIDTH_MOST 4096 // more is a mistake, or a stranger's

struct piece {
	const char *text; // literal bytes before the conversion
	uint32_t len;
	char conv;        // 0: none, the format ends here; 'r' with `sub`; 'G' for %gr
	char sub;         // %rx, %rh
	uint8_t bytes;    // of an integer: 1, 2, 4, 8
	bool left, plus, space, alt, zero;
	bool plain;       // no flag, width or precision: the fast path
	int32_t width, precision; // -1: none
};

struct format {
	VEC(struct piece) piece;
};

// Reading -------------------------------------------------------------------------------------------------------------

static bool flag(struct piece *c, char ch)
{
	switch (ch) {
	case '-': c->left = true; return true;
	case '+': c->plus = true; return true;
	case ' ': c->space = true; return true;
	case '#': c->alt = true; return true;
	case '0': c->zero = true; return true;
	default: return false;
	}
}

static const char *read_count(const char *s, int32_t *n)
{
	if (*s == '*')
		return s + 1; // takes no argument, as in bpftrace
	for (; *s >= '0' && *s <= '9'; s++)
		*n = MIN((*n < 0 ? 0 : *n) * 10 + (*s - '0'), WIDTH_MOST);
	return s;
}

static const char *read_length(const char *s, uint8_t *bytes)
{
	*bytes = 4;
	for (;; s++) {
		if (*s == 'h')
			*bytes = *bytes == 2 ? 1 : 2;
		else if (*s && strchr("ljztL", *s))
			*bytes = 8;
		else
			return s;
	}
}

// Behind a '%': fills `c`, returns what follows. An unknown conversion becomes text.
static const char *read_conversion(const char *s, struct piece *c)
{
	c->width = c->precision = -1;
	while (flag(c, *s))
		s++;
	s = read_count(s, &c->width);
	if (*s == '.') {
		c->precision = 0;
		s = read_count(s + 1, &c->precision);
	}
	s = read_length(s, &c->bytes);
	if (!*s || !strchr("diuxXocpsrg", *s))
		return NULL;
	c->conv = *s++;
	if (c->conv == 'g') {
		if (*s++ != 'r')
			return NULL;
		c->conv = 'G';
	} else if (c->conv == 'r' && (*s == 'x' || *s == 'h')) {
		c->sub = *s++;
	}
	c->plain = !c->left && !c->plus && !c->space && !c->alt && c->width < 0 && c->precision < 0;
	return s;
}

struct format *format_new(const char *text)
{
	struct format *f = xcalloc(1, sizeof *f);

	while (*text) {
		size_t n = strcspn(text, "%");
		struct piece c = { .text = text, .len = (uint32_t)n };

		text += n;
		if (text[0] == '%' && (text[1] == '%' || !text[1])) {
			c.len++; // "%%" is one percent sign, which lies behind the text already
			text += text[1] ? 2 : 1;
		} else if (*text) {
			const char *next = read_conversion(text + 1, &c);

			if (!next) {
				c = (struct piece){ .text = c.text, .len = c.len + 1 };
				next = text + 1;
			}
			text = next;
		}
		vec_push(NULL, &f->piece, c);
	}
	return f;
}

void format_free(struct format *f)
{
	if (!f)
		return;
	vec_free(&f->piece);
	free(f);
}

// Running -------------------------------------------------------------------------------------------------------------

static void pad(const struct piece *c, const char *s, size_t n, struct str *out)
{
	size_t width = c->width > 0 ? (size_t)c->width : 0, fill = width > n ? width - n : 0;

	if (!c->left)
		str_fill(out, ' ', fill);
	str_add(out, s, n);
	if (c->left)
		str_fill(out, ' ', fill);
}

static bool is_number(const struct type *t)
{
	return type_is_scalar(t) || (t->kind >= TYPE_COUNT && t->kind <= TYPE_MAX);
}

static int64_t cut(int64_t v, unsigned bytes, bool is_signed)
{
	unsigned shift = 64 - bytes * 8;

	if (is_signed)
		return (int64_t)((uint64_t)v << shift) >> shift;
	return (int64_t)((uint64_t)v << shift >> shift);
}

static size_t digits(uint64_t v, unsigned base, bool upper, char *end)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	size_t n = 0;

	if (base == 16)
		do
			*--end = set[v & 15], n++;
		while (v >>= 4);
	else if (base == 8)
		do
			*--end = set[v & 7], n++;
		while (v >>= 3);
	else
		do
			*--end = set[v % 10], n++;
		while (v /= 10);
	return n;
}

// Sign or base, zeros up to the precision (or the width with flag 0), digits: C's rules.
static void padded_integer(const struct piece *c, const char *prefix, const char *digit, size_t n, struct str *out)
{
	size_t np = strlen(prefix), zeros = 0, width = c->width > 0 ? (size_t)c->width : 0;
	_str_ struct str text = { 0 };

	if (c->precision == 0 && n == 1 && digit[0] == '0')
		n = 0;
	if (c->precision >= 0)
		zeros = (size_t)c->precision > n ? (size_t)c->precision - n : 0;
	else if (c->zero && !c->left && width > np + n)
		zeros = width - np - n;
	str_add(&text, prefix, np);
	str_fill(&text, '0', zeros);
	str_add(&text, digit, n);
	pad(c, str_z(&text), text.n, out);
}

static void put_integer(const struct piece *c, int64_t v, struct str *out)
{
	bool is_signed = c->conv == 'd' || c->conv == 'i';
	unsigned base = c->conv == 'x' || c->conv == 'X' ? 16 : c->conv == 'o' ? 8 : 10;
	char buf[32];

	v = cut(v, c->bytes, is_signed);
	uint64_t size = is_signed && v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
	char *end = buf + sizeof buf;
	size_t n = digits(size, base, c->conv == 'X', end);
	if (c->plain) {
		if (is_signed && v < 0)
			end[-(ptrdiff_t)++n] = '-';
		str_add(out, end - n, n);
		return;
	}
	const char *prefix = is_signed && v < 0 ? "-" : is_signed && c->plus ? "+" : is_signed && c->space ? " " : "";
	if (c->alt && size && base != 10)
		prefix = base == 8 ? "0" : c->conv == 'X' ? "0X" : "0x";
	padded_integer(c, prefix, end - n, n, out);
}

static void put_pointer(const struct piece *c, uint64_t v, struct str *out)
{
	_str_ struct str text = { 0 };

	if (c->plain && v) {
		hex_text(v, out);
		return;
	}
	if (v)
		hex_text(v, &text);
	else
		str_addc(&text, '0');
	pad(c, str_z(&text), text.n, out);
}

static void put_value(const struct piece *c, struct printer *p, const struct arg_view *a, struct str *out)
{
	_str_ struct str text = { 0 };

	if (c->plain) {
		arg_text(p, a, out);
		return;
	}
	arg_text(p, a, &text);
	pad(c, str_z(&text), c->precision >= 0 ? MIN(text.n, (size_t)c->precision) : text.n, out);
}

static void put_buffer(const struct piece *c, const struct arg_view *a, struct str *out)
{
	_str_ struct str text = { 0 };
	const uint8_t *b = a->p;
	uint32_t n = a->len;

	if (!a->packed) {
		memcpy(&n, b, sizeof n);
		n = MIN(n, a->type->count);
		b += sizeof n;
	}
	if (!c->sub)
		buffer_text(b, n, &text);
	else
		for (uint32_t i = 0; i < n; i++)
			str_printf(&text, c->sub == 'x' ? "\\x%02x" : i ? " %02x" : "%02x", b[i]);
	pad(c, str_z(&text), text.n, out);
}

static void put_gfp(const struct piece *c, uint64_t flags, struct str *out)
{
	_str_ struct str text = { 0 };

	gfp_text(flags, &text);
	pad(c, str_z(&text), text.n, out);
}

static void put_char(const struct piece *c, int64_t v, struct str *out)
{
	pad(c, &(char){ (char)v }, 1, out);
}

static void put_number(const struct piece *c, int64_t v, struct str *out)
{
	switch (c->conv) {
	case 'c': put_char(c, v, out); return;
	case 'p': put_pointer(c, (uint64_t)v, out); return;
	case 'G': put_gfp(c, (uint64_t)v, out); return;
	default: put_integer(c, v, out); return;
	}
}

static void put_arg(const struct piece *c, struct printer *p, const struct arg_view *a, struct str *out)
{
	if (c->conv == 's')
		put_value(c, p, a, out);
	else if (c->conv == 'r' && a->type->kind == TYPE_BUFFER)
		put_buffer(c, a, out);
	else if (c->conv != 'r' && !a->packed && is_number(a->type))
		put_number(c, value_integer(a->type, a->p), out);
	else
		str_printf(out, "!{%%%c cannot show this type}", c->conv);
}

void format_run(const struct format *f, struct printer *p, const struct arg_view *args, size_t nargs, struct str *out)
{
	size_t arg = 0;

	for (size_t i = 0; i < f->piece.n; i++) {
		const struct piece *c = &f->piece.v[i];

		str_add(out, c->text, c->len);
		if (!c->conv)
			continue;
		if (arg < nargs)
			put_arg(c, p, &args[arg++], out);
		else
			str_adds(out, "!{no argument}");
	}
}

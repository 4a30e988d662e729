// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/rust.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"

// The old mangling: _ZN {length name} 17h{16 hex digits} E ------------------------------------------------------------

static const char *take_length(const char *p, size_t *n)
{
	*n = 0;
	if (!isdigit((unsigned char)*p))
		return NULL;
	for (; isdigit((unsigned char)*p); p++)
		if ((*n = *n * 10 + (size_t)(*p - '0')) > 1u << 16)
			return NULL;
	return p;
}

static bool is_hash(const char *p, size_t n)
{
	if (n != 17 || *p != 'h')
		return false;
	for (size_t i = 1; i < n; i++)
		if (!isxdigit((unsigned char)p[i]))
			return false;
	return true;
}

static bool add_escape(const char *p, size_t n, struct str *out)
{
	static const struct { const char *code, *text; } codes[] = {
		{ "SP", "@" }, { "BP", "*" }, { "RF", "&" }, { "LT", "<" }, { "GT", ">" }, { "LP", "(" }, { "RP", ")" }, { "C", "," },
	};
	unsigned long c;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (strlen(codes[i].code) != n || memcmp(codes[i].code, p, n) != 0)
			continue;
		str_adds(out, codes[i].text);
		return true;
	}
	if (n < 2 || n > 5 || *p != 'u') // $u20$: a code point
		return false;
	c = strtoul(p + 1, NULL, 16);
	if (c < 0x20 || c > 0x7e)
		return false;
	str_addc(out, (char)c);
	return true;
}

static void add_component(const char *p, size_t n, struct str *out)
{
	const char *end = p + n;

	if (n > 1 && p[0] == '_' && p[1] == '$')
		p++;
	while (p < end) {
		const char *stop = *p == '$' ? memchr(p + 1, '$', (size_t)(end - p - 1)) : NULL;

		if (stop && add_escape(p + 1, (size_t)(stop - p - 1), out)) {
			p = stop + 1;
		} else if (end - p > 1 && p[0] == '.' && p[1] == '.') {
			str_adds(out, "::");
			p += 2;
		} else {
			str_addc(out, *p++);
		}
	}
}

static bool demangle_old(const char *p, struct str *out)
{
	const char *last = NULL;
	size_t n, last_n = 0;

	for (const char *q = p; *q != 'E'; q += n) { // the last component tells whether it is Rust at all
		q = take_length(q, &n);
		if (!q || strnlen(q, n) < n)
			return false;
		last = q;
		last_n = n;
	}
	if (!last || !is_hash(last, last_n))
		return false;
	for (;; p += n) {
		p = take_length(p, &n);
		if (p == last)
			return true;
		if (out->n)
			str_adds(out, "::");
		add_component(p, n, out);
	}
}

// v0: a prefix grammar over paths, types and constants, with references back into itself --------------------------------

struct v0 {
	const char *start, *p; // start: just behind "_R", what references back count from
	struct str *out;
	unsigned depth, steps;
	bool failed, silent;
};

#define V0_DEPTH 200
#define V0_STEPS 20000 // references back can make a short name endless

static void path(struct v0 *v, bool in_value);
static void type(struct v0 *v);

static void fail(struct v0 *v)
{
	v->failed = true;
}

static bool enter(struct v0 *v)
{
	if (v->failed || v->depth >= V0_DEPTH || ++v->steps > V0_STEPS || v->out->n > 1u << 16) {
		fail(v);
		return false;
	}
	v->depth++;
	return true;
}

static char take(struct v0 *v)
{
	if (v->failed || !*v->p) {
		fail(v);
		return '\0';
	}
	return *v->p++;
}

static bool accept(struct v0 *v, char c)
{
	if (v->failed || *v->p != c)
		return false;
	v->p++;
	return true;
}

static void say(struct v0 *v, const char *s)
{
	if (!v->silent && !v->failed)
		str_adds(v->out, s);
}

// "_" is 0, otherwise base 62 digits up to "_", plus 1.
static uint64_t base62(struct v0 *v)
{
	uint64_t n = 0;

	if (accept(v, '_'))
		return 0;
	for (;;) {
		char c = take(v);
		unsigned d = isdigit((unsigned char)c) ? (unsigned)(c - '0') : islower((unsigned char)c) ? (unsigned)(c - 'a') + 10
			     : isupper((unsigned char)c) ? (unsigned)(c - 'A') + 36 : 62;

		if (c == '_')
			return n + 1;
		if (d == 62 || n > UINT64_MAX / 64) {
			fail(v);
			return 0;
		}
		n = n * 62 + d;
	}
}

static uint64_t disambiguator(struct v0 *v, char tag)
{
	return accept(v, tag) ? base62(v) + 1 : 0;
}

static void identifier(struct v0 *v)
{
	bool punycode = accept(v, 'u');
	size_t n;
	const char *p = v->failed ? NULL : take_length(v->p, &n);

	if (p && *v->p == '0' && n) // a length has no leading zero
		p = NULL;
	if (!p) {
		fail(v);
		return;
	}
	if (*p == '_')
		p++;
	if (strnlen(p, n) < n) {
		fail(v);
		return;
	}
	v->p = p + n;
	if (v->silent)
		return;
	say(v, punycode ? "punycode{" : "");
	str_add(v->out, p, n);
	say(v, punycode ? "}" : "");
}

static void back_reference(struct v0 *v, void (*read)(struct v0 *v))
{
	const char *here = v->p - 1, *after;
	uint64_t at = base62(v);

	if (v->failed || at >= (uint64_t)(here - v->start)) {
		fail(v);
		return;
	}
	if (v->silent)
		return;
	after = v->p;
	v->p = v->start + at;
	read(v);
	v->p = after;
}

static void path_in_type(struct v0 *v)
{
	path(v, false);
}

static void path_in_value(struct v0 *v)
{
	path(v, true);
}

static const char *basic_type(char c)
{
	static const char *const names[26] = {
		['a' - 'a'] = "i8", ['b' - 'a'] = "bool", ['c' - 'a'] = "char", ['d' - 'a'] = "f64", ['e' - 'a'] = "str",
		['f' - 'a'] = "f32", ['h' - 'a'] = "u8", ['i' - 'a'] = "isize", ['j' - 'a'] = "usize", ['l' - 'a'] = "i32",
		['m' - 'a'] = "u32", ['n' - 'a'] = "i128", ['o' - 'a'] = "u128", ['p' - 'a'] = "_", ['s' - 'a'] = "i16",
		['t' - 'a'] = "u16", ['u' - 'a'] = "()", ['v' - 'a'] = "...", ['x' - 'a'] = "i64", ['y' - 'a'] = "u64", ['z' - 'a'] = "!",
	};

	return islower((unsigned char)c) ? names[c - 'a'] : NULL;
}

// A constant: its type's letter, then hexadecimal digits up to "_".
static void constant(struct v0 *v)
{
	char t;
	_str_ struct str digits = { 0 };

	if (!enter(v))
		return;
	t = take(v);
	if (t == 'B') {
		back_reference(v, constant);
	} else if (t == 'p') {
		say(v, "_");
	} else if (basic_type(t)) {
		if (accept(v, 'n'))
			say(v, "-");
		for (char c; (c = take(v)) != '_' && !v->failed;)
			str_addc(&digits, c);
		if (t == 'b') {
			say(v, digits.n == 1 && digits.p[0] == '1' ? "true" : "false");
		} else if (digits.n <= 16 && !v->silent && !v->failed) {
			str_u64(v->out, strtoull(str_z(&digits), NULL, 16));
		} else {
			say(v, "0x");
			say(v, str_z(&digits));
		}
	} else {
		fail(v);
	}
	v->depth--;
}

static void lifetime(struct v0 *v)
{
	uint64_t n = base62(v);

	say(v, n ? "'" : "'_");
	if (n && !v->silent && !v->failed)
		str_addc(v->out, (char)('a' + (n - 1) % 26));
}

static void generic_argument(struct v0 *v)
{
	if (accept(v, 'L'))
		lifetime(v);
	else if (accept(v, 'K'))
		constant(v);
	else
		type(v);
}

static void list(struct v0 *v, void (*read)(struct v0 *v))
{
	for (unsigned i = 0; !accept(v, 'E') && !v->failed; i++) {
		if (i)
			say(v, ", ");
		read(v);
	}
}

// N: a name inside a path. Capital namespaces are what has no name in the source.
static void nested(struct v0 *v, bool in_value)
{
	char space = take(v);
	size_t before;
	uint64_t d;

	path(v, in_value);
	d = disambiguator(v, 's');
	if (!isupper((unsigned char)space)) {
		before = v->out->n;
		say(v, "::");
		identifier(v);
		if (v->out->n == before + 2)
			v->out->n = before; // no name
		return;
	}
	say(v, space == 'C' ? "::{closure" : space == 'S' ? "::{shim" : "::{");
	before = v->out->n;
	say(v, ":");
	identifier(v);
	if (v->out->n == before + 1)
		v->out->n = before;
	say(v, "#");
	if (!v->silent && !v->failed)
		str_u64(v->out, d);
	say(v, "}");
}

// M, X: an impl's own path says where it stands, which nobody wants to read.
static void impl_path(struct v0 *v)
{
	bool silent = v->silent;

	disambiguator(v, 's');
	v->silent = true;
	path(v, false);
	v->silent = silent;
}

static void path(struct v0 *v, bool in_value)
{
	char c;

	if (!enter(v))
		return;
	switch (c = take(v)) {
	case 'C':
		disambiguator(v, 's');
		identifier(v);
		break;
	case 'N':
		nested(v, in_value);
		break;
	case 'M': case 'X': case 'Y':
		if (c != 'Y')
			impl_path(v);
		say(v, "<");
		type(v);
		if (c != 'M') {
			say(v, " as ");
			path(v, false);
		}
		say(v, ">");
		break;
	case 'I':
		path(v, in_value);
		say(v, in_value ? "::<" : "<");
		list(v, generic_argument);
		say(v, ">");
		break;
	case 'B':
		back_reference(v, in_value ? path_in_value : path_in_type);
		break;
	default:
		fail(v);
	}
	v->depth--;
}

static void function_type(struct v0 *v)
{
	disambiguator(v, 'G');
	if (accept(v, 'U'))
		say(v, "unsafe ");
	if (accept(v, 'K')) {
		say(v, "extern \"");
		if (accept(v, 'C'))
			say(v, "C");
		else
			identifier(v);
		say(v, "\" ");
	}
	say(v, "fn(");
	list(v, type);
	say(v, ")");
	if (accept(v, 'u'))
		return;
	say(v, " -> ");
	type(v);
}

static void dyn_trait(struct v0 *v)
{
	path(v, false);
	while (accept(v, 'p')) { // associated types
		say(v, "<");
		identifier(v);
		say(v, " = ");
		type(v);
		say(v, ">");
	}
}

static void dyn_type(struct v0 *v)
{
	say(v, "dyn ");
	disambiguator(v, 'G');
	for (unsigned i = 0; !accept(v, 'E') && !v->failed; i++) {
		if (i)
			say(v, " + ");
		dyn_trait(v);
	}
	if (accept(v, 'L') && base62(v))
		fail(v);
}

static void reference(struct v0 *v, const char *text)
{
	say(v, text);
	if (text[0] == '&' && accept(v, 'L') && base62(v)) // lifetimes without a name are not shown
		say(v, "'_ ");
	type(v);
}

static void bracketed(struct v0 *v, bool counted)
{
	say(v, "[");
	type(v);
	if (counted) {
		say(v, "; ");
		constant(v);
	}
	say(v, "]");
}

static void tuple(struct v0 *v)
{
	unsigned n = 0;

	say(v, "(");
	for (; !accept(v, 'E') && !v->failed; n++) {
		if (n)
			say(v, ", ");
		type(v);
	}
	say(v, n == 1 ? ",)" : ")");
}

static void type(struct v0 *v)
{
	char c;

	if (!enter(v))
		return;
	c = take(v);
	if (basic_type(c)) {
		say(v, basic_type(c));
		v->depth--;
		return;
	}
	switch (c) {
	case 'A': bracketed(v, true); break;
	case 'S': bracketed(v, false); break;
	case 'T': tuple(v); break;
	case 'R': reference(v, "&"); break;
	case 'Q':
		say(v, "&");
		if (accept(v, 'L') && base62(v))
			say(v, "'_ ");
		reference(v, "mut ");
		break;
	case 'P': reference(v, "*const "); break;
	case 'O': reference(v, "*mut "); break;
	case 'F': function_type(v); break;
	case 'D': dyn_type(v); break;
	case 'B': back_reference(v, type); break;
	default:
		v->p--;
		path(v, false);
	}
	v->depth--;
}

static bool demangle_v0(const char *p, struct str *out)
{
	struct v0 v = { .start = p, .p = p, .out = out };

	path(&v, true);
	if (!v.failed && *v.p && *v.p != '.' && *v.p != '$') { // the crate that instantiated it
		v.silent = true;
		path(&v, false);
	}
	return !v.failed && (*v.p == '\0' || *v.p == '.' || *v.p == '$');
}

bool rust_demangle(const char *name, struct str *out)
{
	size_t before = out->n;

	if (strncmp(name, "_ZN", 3) == 0 ? demangle_old(name + 3, out) : strncmp(name, "_R", 2) == 0 && demangle_v0(name + 2, out))
		return true;
	out->n = before;
	if (out->p)
		out->p[before] = '\0';
	return false;
}

// SPDX-License-Identifier: Apache-2.0
// tracefs_format.c - an event's "format" file to fields. Its lines are
//	field:const char * filename;	offset:24;	size:8;	signed:0;
// where the declaration is C as the kernel's macros printed it, and offset and size are what really counts.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/tracefs.h"

struct declaration {
	char base[96];        // "unsigned long", "struct page": qualifiers and stars removed
	const char *name;
	size_t name_len;
	unsigned stars;
	bool data_loc, rel_loc, array;
};

// Takes the next word of a declaration, NULL at its end; a star and a bracketed part are words.
static const char *next_word(const char **p, const char *end, size_t *len)
{
	const char *s = *p, *e;

	while (s < end && isspace((unsigned char)*s))
		s++;
	if (s == end)
		return NULL;
	e = s + 1;
	if (*s == '[') {
		while (e < end && e[-1] != ']')
			e++;
	} else if (*s != '*') {
		while (e < end && !isspace((unsigned char)*e) && *e != '*' && *e != '[')
			e++;
	}
	*p = e;
	*len = (size_t)(e - s);
	return s;
}

static bool word_is(const char *w, size_t len, const char *text)
{
	return strlen(text) == len && memcmp(w, text, len) == 0;
}

static void add_base(struct declaration *d, const char *w, size_t len)
{
	size_t n = strlen(d->base);

	if (n + len + 2 > sizeof d->base)
		return;
	if (n)
		d->base[n++] = ' ';
	memcpy(d->base + n, w, len);
	d->base[n + len] = '\0';
}

// The last plain word is the name, those before it the type.
static bool parse_declaration(const char *p, const char *end, struct declaration *d)
{
	const char *w;
	size_t len;

	*d = (struct declaration){ 0 };
	while ((w = next_word(&p, end, &len))) {
		if (*w == '*') {
			d->stars++;
		} else if (*w == '[') {
			d->array = true;
		} else if (word_is(w, len, "__data_loc")) {
			d->data_loc = true;
		} else if (word_is(w, len, "__rel_loc")) {
			d->rel_loc = true;
		} else if (!word_is(w, len, "const") && !word_is(w, len, "volatile") && !word_is(w, len, "__user") && !word_is(w, len, "__rcu")) {
			if (d->name)
				add_base(d, d->name, d->name_len);
			d->name = w;
			d->name_len = len;
		}
	}
	return d->name != NULL;
}

static bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static unsigned base_size(const char *base)
{
	static const struct { const char *name; unsigned size; } known[] = {
		{ "bool", 1 }, { "char", 1 }, { "signed char", 1 }, { "unsigned char", 1 }, { "u8", 1 }, { "s8", 1 }, { "__u8", 1 },
		{ "__s8", 1 }, { "uint8_t", 1 }, { "int8_t", 1 }, { "short", 2 }, { "unsigned short", 2 }, { "u16", 2 }, { "s16", 2 },
		{ "__u16", 2 }, { "__s16", 2 }, { "uint16_t", 2 }, { "int16_t", 2 }, { "__le16", 2 }, { "__be16", 2 }, { "int", 4 },
		{ "unsigned int", 4 }, { "unsigned", 4 }, { "u32", 4 }, { "s32", 4 }, { "__u32", 4 }, { "__s32", 4 }, { "uint32_t", 4 },
		{ "int32_t", 4 }, { "__le32", 4 }, { "__be32", 4 }, { "long", 8 }, { "unsigned long", 8 }, { "long long", 8 },
		{ "unsigned long long", 8 }, { "u64", 8 }, { "s64", 8 }, { "__u64", 8 }, { "__s64", 8 }, { "uint64_t", 8 },
		{ "int64_t", 8 }, { "__le64", 8 }, { "__be64", 8 }, { "size_t", 8 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(base, known[i].name) == 0)
			return known[i].size;
	return 0;
}

// Records of system calls hold every argument in 8 bytes and say "signed:0" of all; the declaration knows better.
static bool base_is_signed(const char *base)
{
	static const char *const known[] = { "int", "long", "long long", "short", "char", "ssize_t", "loff_t", "off_t", "pid_t",
					     "clockid_t", "timer_t", "key_t", "mqd_t", "s64", "s32", "__s64", "__s32" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(base, known[i]) == 0)
			return true;
	return false;
}

static const struct type *tagged(struct types *types, const char *base)
{
	if (starts_with(base, "struct ") && base[7])
		return type_struct(types, TYPE_STRUCT, base + 7);
	if (starts_with(base, "union ") && base[6])
		return type_struct(types, TYPE_UNION, base + 6);
	return NULL;
}

static const struct type *pointee(struct types *types, const struct declaration *d)
{
	const struct type *t = tagged(types, d->base);
	unsigned size = base_size(d->base);

	if (t)
		return t;
	return size ? type_int(types, size, base_is_signed(d->base)) : type_basic(types, TYPE_NONE);
}

static const struct type *pointer(struct types *types, const struct declaration *d, enum space space)
{
	const struct type *t = pointee(types, d);

	for (unsigned i = 0; i < MIN(d->stars, 8u); i++)
		t = type_pointer(types, t, space);
	return t;
}

static const struct type *array(struct types *types, const struct declaration *d, uint32_t size, bool is_signed)
{
	unsigned elem = d->stars ? 8 : base_size(d->base);

	if (!d->stars && strcmp(d->base, "char") == 0 && size)
		return type_string(types, size);
	if (!elem || size % elem)
		elem = 1;
	const struct type *t = d->stars ? pointer(types, d, SPACE_KERNEL) : type_int(types, elem, is_signed || base_is_signed(d->base));
	return type_array(types, t, size / elem);
}

static const struct type *scalar(struct types *types, const struct declaration *d, uint32_t size, bool is_signed)
{
	struct type *t = (struct type *)tagged(types, d->base);

	if (t) {
		if (!t->complete && !t->size)
			t->size = size;
		return t;
	}
	if (strcmp(d->base, "bool") == 0 && size == 1)
		return type_basic(types, TYPE_BOOL);
	if (size == 1 || size == 2 || size == 4 || size == 8)
		return type_int(types, size, is_signed);
	return type_array(types, type_int(types, 1, false), size);
}

static const struct type *field_type(struct types *types, const struct declaration *d, struct event_field *f, bool syscall)
{
	if (d->data_loc && !d->stars)
		return strcmp(d->base, "char") == 0 ? type_string(types, TRACEFS_STRING) : array(types, d, 0, f->is_signed);
	if (d->rel_loc)
		return type_int(types, 4, false);
	if (d->array)
		return array(types, d, f->size, f->is_signed);
	if (d->stars && f->size == 8)
		return pointer(types, d, syscall ? SPACE_USER : SPACE_KERNEL);
	if (syscall && f->size == 8) { // a register each; the call sees only as much of it as its type is wide (AT_FDCWD is -100)
		f->is_signed |= base_is_signed(d->base);
		f->size = base_size(d->base) == 4 ? 4 : 8;
	}
	return scalar(types, d, f->size, f->is_signed);
}

static bool number(const char *line, const char *end, const char *key, uint32_t *ret)
{
	const char *p = memmem(line, (size_t)(end - line), key, strlen(key));
	char *stop;
	unsigned long v;

	if (!p)
		return false;
	p += strlen(key);
	v = strtoul(p, &stop, 10);
	if (stop == p || v > 1u << 20)
		return false;
	*ret = (uint32_t)v;
	return true;
}

static bool parse_line(const char *line, const char *end, struct arena *a, struct types *types, bool syscall, struct event_field *f)
{
	const char *start = memmem(line, (size_t)(end - line), "field:", 6), *stop;
	struct declaration d;
	uint32_t is_signed = 0;

	if (!start || !(stop = memchr(start, ';', (size_t)(end - start))))
		return false;
	*f = (struct event_field){ 0 };
	if (!parse_declaration(start + 6, stop, &d) || !number(stop, end, "offset:", &f->offset) || !number(stop, end, "size:", &f->size))
		return false;
	number(stop, end, "signed:", &is_signed);
	if (f->offset < 8) // common_type, common_flags, common_preempt_count, common_pid
		return false;
	f->is_signed = is_signed;
	f->data_loc = d.data_loc;
	f->name = arena_strndup(a, d.name, d.name_len);
	f->type = field_type(types, &d, f, syscall);
	return true;
}

void tracefs_parse(const char *text, struct arena *a, struct types *types, const char *category,
		   const struct event_field **ret, size_t *n)
{
	bool syscall = strcmp(category, "syscalls") == 0;
	VEC(struct event_field) list = { 0 };
	struct event_field f;

	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		if (parse_line(line, end, a, types, syscall, &f))
			vec_push(a, &list, f);
	}
	*ret = list.v;
	*n = list.n;
}

// SPDX-License-Identifier: Apache-2.0
#include "base/type.h"

#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"

struct types {
	struct arena *arena;
	struct map by_key; // structural key -> struct type
	VEC(struct type *) all;
};

static const char *const words[] = {
#define TYPE(KIND, word) [TYPE_##KIND] = word,
#include "base/type.def"
#undef TYPE
};
_Static_assert(ARRAY_SIZE(words) == TYPE_KINDS, "one word per kind");

struct types *types_new(struct arena *a)
{
	struct types *t = arena_new_(a, struct types);

	t->arena = a;
	map_init(&t->by_key, a);
	return t;
}

size_t types_count(const struct types *t)
{
	return t->all.n;
}

const struct type *types_at(const struct types *t, uint32_t index)
{
	return index < t->all.n ? t->all.v[index] : NULL;
}

// What makes two types the same. Children are interned already, so their pointers compare.
struct key {
	uint8_t kind, is_signed, space, pad;
	uint32_t size, count;
	const void *elem;
	int64_t a, b, c;
};

static struct type *intern(struct types *t, const struct key *k, const void *more, size_t nmore)
{
	uint8_t small[256], *buf = small;
	size_t n = sizeof *k + nmore;

	if (n > sizeof small)
		buf = xmalloc(n);
	memcpy(buf, k, sizeof *k);
	if (nmore)
		memcpy(buf + sizeof *k, more, nmore);
	void **at = map_put(&t->by_key, buf, n);
	if (buf != small)
		free(buf);
	if (!*at) {
		struct type *n_ = arena_new_(t->arena, struct type);

		*n_ = (struct type){ .kind = k->kind, .is_signed = k->is_signed, .space = k->space, .size = k->size,
				     .align = 8, .count = k->count, .elem = k->elem, .a = k->a, .b = k->b, .c = k->c,
				     .index = (uint32_t)t->all.n, .complete = true };
		vec_push(t->arena, &t->all, n_);
		*at = n_;
	}
	return *at;
}

static struct type *plain(struct types *t, enum type_kind kind, uint32_t size, uint32_t align)
{
	struct type *n = intern(t, &(struct key){ .kind = (uint8_t)kind, .size = size }, NULL, 0);

	n->align = align;
	return n;
}

const struct type *type_basic(struct types *t, enum type_kind kind)
{
	switch (kind) {
	case TYPE_NONE: return plain(t, kind, 0, 1);
	case TYPE_BOOL: return plain(t, kind, 1, 1);
	case TYPE_KSYM: return plain(t, kind, 8, 8);
	case TYPE_USYM: return plain(t, kind, sizeof(struct wire_usym), 8);
	case TYPE_INET: return plain(t, kind, sizeof(struct wire_inet), 4);
	case TYPE_MAC: return plain(t, kind, 6, 1);
	case TYPE_USERNAME: return plain(t, kind, 8, 8);
	case TYPE_CGROUP_PATH: return plain(t, kind, 8, 8);
	case TYPE_PROBE: return plain(t, kind, 8, 8);
	case TYPE_COUNT: return plain(t, kind, 8, 8);
	default: BUG("type_basic(%s)", words[kind]);
	}
}

const struct type *type_int(struct types *t, unsigned size, bool is_signed)
{
	struct type *n = intern(t, &(struct key){ .kind = TYPE_INT, .size = size, .is_signed = is_signed }, NULL, 0);

	n->align = size;
	return n;
}

const struct type *type_string(struct types *t, uint32_t capacity)
{
	struct type *n = intern(t, &(struct key){ .kind = TYPE_STRING, .size = capacity, .count = capacity }, NULL, 0);

	n->align = 1;
	return n;
}

const struct type *type_buffer(struct types *t, uint32_t capacity)
{
	struct type *n = intern(t, &(struct key){ .kind = TYPE_BUFFER, .size = capacity + 4, .count = capacity }, NULL, 0);

	n->align = 4;
	return n;
}

const struct type *type_pointer(struct types *t, const struct type *to, enum space space)
{
	return intern(t, &(struct key){ .kind = TYPE_POINTER, .size = 8, .elem = to, .space = (uint8_t)space }, NULL, 0);
}

const struct type *type_array(struct types *t, const struct type *elem, uint32_t count)
{
	struct type *n = intern(t, &(struct key){ .kind = TYPE_ARRAY, .size = elem->size * count, .elem = elem, .count = count }, NULL, 0);

	n->align = elem->align;
	return n;
}

static const struct type *members(struct types *t, enum type_kind kind, const char *const *names,
				  const struct type *const *types, size_t n)
{
	_str_ struct str more = { 0 };

	for (size_t i = 0; i < n; i++) {
		str_add(&more, &types[i], sizeof types[i]);
		if (names)
			str_add(&more, names[i], strlen(names[i]) + 1);
	}
	struct type *s = intern(t, &(struct key){ .kind = (uint8_t)kind, .count = (uint32_t)n }, str_z(&more), more.n);
	if (s->fields || n == 0)
		return s;
	struct field *f = arena_array(t->arena, struct field, n);
	uint64_t at = 0, leaves = 0;
	uint32_t align = 1;
	for (size_t i = 0; i < n; i++) {
		uint32_t a = types[i]->align ? types[i]->align : 1;

		at = MIN(ALIGN_UP(at, a), UINT32_MAX);
		f[i] = (struct field){ .name = names ? arena_strdup(t->arena, names[i]) : NULL, .type = types[i], .offset = (uint32_t)at };
		at += types[i]->size;
		leaves += types[i]->kind == TYPE_TUPLE || types[i]->kind == TYPE_RECORD ? MAX(types[i]->leaves, 1u) : 1;
		align = MAX(align, a);
	}
	s->fields = f;
	s->nfields = (uint32_t)n;
	s->leaves = (uint32_t)MIN(leaves, UINT32_MAX);
	s->size = (uint32_t)MIN(ALIGN_UP(at, align), UINT32_MAX);
	s->align = align;
	return s;
}

const struct type *type_tuple(struct types *t, const struct type *const *types, size_t n)
{
	return members(t, TYPE_TUPLE, NULL, types, n);
}

const struct type *type_record(struct types *t, const char *const *names, const struct type *const *types, size_t n)
{
	return members(t, TYPE_RECORD, names, types, n);
}

const struct type *type_stack(struct types *t, enum type_kind kind, enum stack_mode mode, unsigned flags, uint32_t limit)
{
	uint32_t frame = mode == STACK_BUILD_ID ? (uint32_t)sizeof(struct wire_build_id) : 8;

	return intern(t, &(struct key){ .kind = (uint8_t)kind, .size = (uint32_t)sizeof(struct wire_stack) + limit * frame, .count = limit, .a = mode,
					.b = flags }, NULL, 0);
}

uint32_t type_frame_bytes(const struct type *t)
{
	return t->a == STACK_BUILD_ID ? (uint32_t)sizeof(struct wire_build_id) : 8;
}

const struct type *type_cgroup_path(struct types *t, uint32_t filter)
{
	return filter ? intern(t, &(struct key){ .kind = TYPE_CGROUP_PATH, .size = 8, .a = filter }, NULL, 0) : type_basic(t, TYPE_CGROUP_PATH);
}

const struct type *type_timestamp(struct types *t, uint32_t format)
{
	return intern(t, &(struct key){ .kind = TYPE_TIMESTAMP, .size = 8, .a = format }, NULL, 0);
}

const struct type *type_agg(struct types *t, enum type_kind kind, bool is_signed)
{
	uint32_t size = kind == TYPE_COUNT || kind == TYPE_SUM ? 8 : 16;

	return intern(t, &(struct key){ .kind = (uint8_t)kind, .size = size, .is_signed = kind != TYPE_COUNT && is_signed }, NULL, 0);
}

const struct type *type_hist(struct types *t, unsigned bits)
{
	struct type *n = intern(t, &(struct key){ .kind = TYPE_HIST, .a = bits }, NULL, 0);

	n->count = type_hist_buckets(n);
	n->size = n->count * 8;
	return n;
}

const struct type *type_lhist(struct types *t, int64_t min, int64_t max, int64_t step)
{
	struct type *n = intern(t, &(struct key){ .kind = TYPE_LHIST, .a = min, .b = max, .c = step }, NULL, 0);

	n->count = type_hist_buckets(n);
	n->size = n->count * 8;
	return n;
}

const struct type *type_tseries(struct types *t, int64_t interval, int64_t num, int64_t agg, bool is_signed)
{
	return intern(t, &(struct key){ .kind = TYPE_TSERIES, .size = (uint32_t)((uint64_t)num * sizeof(struct wire_epoch)), .is_signed = is_signed,
					.a = interval, .b = num, .c = agg }, NULL, 0);
}

static struct type *tagged(struct types *t, enum type_kind kind, const char *tag)
{
	struct type *n = intern(t, &(struct key){ .kind = (uint8_t)kind }, tag, strlen(tag) + 1);

	if (!n->name) {
		n->name = arena_strdup(t->arena, tag);
		n->complete = false;
		n->align = 1;
	}
	return n;
}

struct type *type_struct(struct types *t, enum type_kind kind, const char *tag)
{
	return tagged(t, kind, tag);
}

void type_set_fields(struct types *t, struct type *s, uint32_t size, const struct field *f, size_t n)
{
	s->fields = arena_memdup(t->arena, f, n * sizeof *f);
	s->nfields = (uint32_t)n;
	s->size = size;
	s->complete = true;
	for (size_t i = 0; i < n; i++)
		s->align = MAX(s->align, f[i].type->align);
}

const struct type *type_enum(struct types *t, const char *tag, unsigned size, bool is_signed, const struct enumerator *e, size_t n)
{
	struct type *s = tagged(t, TYPE_ENUM, tag);

	if (!s->complete) {
		s->enums = arena_memdup(t->arena, e, n * sizeof *e);
		s->nenums = (uint32_t)n;
		s->size = s->align = size;
		s->is_signed = is_signed;
		s->complete = true;
	}
	return s;
}

bool type_is_integer(const struct type *t)
{
	return t->kind == TYPE_INT || t->kind == TYPE_BOOL || t->kind == TYPE_ENUM;
}

bool type_is_scalar(const struct type *t)
{
	switch (t->kind) {
	case TYPE_INT: case TYPE_BOOL: case TYPE_ENUM: case TYPE_POINTER: case TYPE_KSYM: case TYPE_USERNAME:
	case TYPE_CGROUP_PATH: case TYPE_TIMESTAMP: case TYPE_PROBE:
		return true;
	default:
		return false;
	}
}

bool type_is_aggregate(const struct type *t)
{
	return t->kind >= TYPE_COUNT && t->kind <= TYPE_TSERIES;
}

bool type_is_castable_aggregate(const struct type *t)
{
	return t->kind >= TYPE_COUNT && t->kind <= TYPE_AVG;
}

bool type_is_stack(const struct type *t)
{
	return t->kind == TYPE_KSTACK || t->kind == TYPE_USTACK;
}

unsigned field_bytes(const struct field *f)
{
	return (f->bit_offset + f->bit_size + 7u) / 8;
}

bool field_is_split(const struct type *s, const struct field *f)
{
	return f->bit_size && (f->bit_offset + f->bit_size > 64 || (uint64_t)f->offset + f->type->size > s->size);
}

void field_set_bits(struct types *t, struct field *f, uint64_t bit, unsigned bits, uint64_t room)
{
	uint64_t size = f->type->size, unit = bit / 8 / size * size;

	f->offset = (uint32_t)(bit / 8);
	f->bit_offset = f->bit_size = 0;
	if (bits == size * 8 && bit % 8 == 0)
		return;
	if (unit + size <= room && bit - unit * 8 + bits <= size * 8) {
		f->offset = (uint32_t)unit;
	} else {
		for (size = 1; size < 8 && bit % 8 + bits > size * 8;)
			size *= 2;
		if (size != f->type->size)
			f->type = type_int(t, (unsigned)size, f->type->is_signed);
	}
	f->bit_offset = (uint8_t)(bit - f->offset * 8ull);
	f->bit_size = (uint8_t)bits;
}

const struct field *type_field(const struct type *t, const char *name)
{
	for (uint32_t i = 0; i < t->nfields; i++)
		if (t->fields[i].name && strcmp(t->fields[i].name, name) == 0)
			return &t->fields[i];
	return NULL;
}

static void print_members(const struct type *t, struct str *out)
{
	str_adds(out, t->kind == TYPE_RECORD ? "record { " : "(");
	for (uint32_t i = 0; i < t->nfields; i++) {
		if (i)
			str_adds(out, t->kind == TYPE_RECORD ? ", " : ",");
		if (t->fields[i].name)
			str_printf(out, ".%s = ", t->fields[i].name);
		type_print(t->fields[i].type, out);
	}
	str_adds(out, t->kind == TYPE_RECORD ? " }" : ")");
}

void type_print(const struct type *t, struct str *out)
{
	static const char *const modes[] = { "bpftrace", "perf", "raw", "build_id" };

	if (!t) {
		str_adds(out, "untyped");
		return;
	}
	switch (t->kind) {
	case TYPE_INT:
		str_printf(out, "%sint%u", t->is_signed ? "" : "u", t->size * 8);
		return;
	case TYPE_STRING: case TYPE_BUFFER:
		str_printf(out, "%s[%u]", words[t->kind], t->count);
		return;
	case TYPE_POINTER:
		if (t->elem->kind == TYPE_NONE)
			str_adds(out, "void");
		else
			type_print(t->elem, out);
		str_adds(out, t->elem->kind == TYPE_POINTER ? "*" : " *");
		return;
	case TYPE_ARRAY:
		type_print(t->elem, out);
		str_printf(out, "[%u]", t->count);
		return;
	case TYPE_TUPLE: case TYPE_RECORD:
		print_members(t, out);
		return;
	case TYPE_STRUCT: case TYPE_UNION: case TYPE_ENUM:
		str_printf(out, "%s %s", words[t->kind], t->name);
		return;
	case TYPE_KSTACK: case TYPE_USTACK:
		str_printf(out, "%s_%s%s%s_%u", words[t->kind], modes[t->a], t->b & STACK_WHY ? "_why" : "", t->b & STACK_FP ? "_fp" : "", t->count);
		return;
	case TYPE_SUM: case TYPE_MIN: case TYPE_MAX: case TYPE_AVG: case TYPE_STATS:
		str_printf(out, "%s%s", t->is_signed ? "" : "u", words[t->kind]);
		return;
	case TYPE_NONE: case TYPE_BOOL: case TYPE_KSYM: case TYPE_USYM: case TYPE_INET: case TYPE_MAC: case TYPE_TIMESTAMP:
	case TYPE_USERNAME: case TYPE_CGROUP_PATH: case TYPE_PROBE: case TYPE_COUNT: case TYPE_HIST: case TYPE_LHIST: case TYPE_TSERIES:
		str_adds(out, words[t->kind]);
		return;
	case TYPE_KINDS:
		break;
	}
	BUG("type kind %d", (int)t->kind);
}

uint32_t type_hist_buckets(const struct type *t)
{
	if (t->kind == TYPE_HIST) // negatives, then 2^k exact values, then 2^k sub-buckets for each further power of two
		return (uint32_t)(((65 - t->a) << t->a) + 1);
	return (uint32_t)((t->b - t->a) / t->c) + 2; // a rest that fills no step counts as overflow, as bpftrace has it
}

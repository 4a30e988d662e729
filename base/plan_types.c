// SPDX-License-Identifier: Apache-2.0
#include "base/plan_types.h"

#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/wire.h"

#define FIELDS_OF 255u // a record that is no type but the fields of a declared struct

// What a stranger's plan may ask for.
#define SIZE_MOST (1u << 25)  // bytes of one value
#define COST_MOST (1u << 20)  // values one print may show
#define DEPTH_MOST 100      // types inside each other
#define BUCKETS_MOST (1u << 16)

// Writer --------------------------------------------------------------------------------------------------------------

static void put(struct plan_writer *w, uint64_t v)
{
	struct str body = w->body;

	w->body = w->types;
	plan_put_number(w, v);
	w->types = w->body;
	w->body = body;
}

static void put_name(struct plan_writer *w, const char *s)
{
	struct str body = w->body;

	w->body = w->types;
	plan_put_string(w, s);
	w->types = w->body;
	w->body = body;
}

// Bit 31 of a struct's number says that its fields are written too.
#define WRITTEN (1u << 31)

static uint32_t number_of(const struct plan_writer *w, const struct type *t)
{
	return (w->numbers[t->index] & ~WRITTEN) - 1;
}

static uint32_t begin(struct plan_writer *w, const struct type *t)
{
	w->numbers[t->index] = ++w->ntypes;
	w->records++;
	put(w, t->kind);
	return w->ntypes - 1;
}

static uint32_t visit(struct plan_writer *w, const struct type *t, bool behind_pointer);

static uint32_t put_members(struct plan_writer *w, const struct type *t)
{
	for (uint32_t i = 0; i < t->nfields; i++)
		visit(w, t->fields[i].type, false);
	uint32_t n = begin(w, t);
	put(w, t->nfields);
	for (uint32_t i = 0; i < t->nfields; i++) {
		if (t->kind == TYPE_RECORD)
			put_name(w, t->fields[i].name);
		put(w, number_of(w, t->fields[i].type));
	}
	return n;
}

static uint32_t declare(struct plan_writer *w, const struct type *t)
{
	uint32_t n = begin(w, t);

	put_name(w, t->name);
	put(w, t->size);
	put(w, t->align);
	return n;
}

static uint32_t put_struct(struct plan_writer *w, const struct type *t, bool behind_pointer)
{
	uint32_t n = w->numbers[t->index] ? number_of(w, t) : declare(w, t);

	if (behind_pointer || !t->complete || (w->numbers[t->index] & WRITTEN))
		return n;
	w->numbers[t->index] |= WRITTEN;
	for (uint32_t i = 0; i < t->nfields; i++)
		visit(w, t->fields[i].type, false);
	w->records++;
	put(w, FIELDS_OF);
	put(w, n);
	put(w, t->nfields);
	for (uint32_t i = 0; i < t->nfields; i++) {
		const struct field *f = &t->fields[i];

		put_name(w, f->name);
		put(w, number_of(w, f->type));
		put(w, f->offset);
		put(w, f->bit_offset);
		put(w, f->bit_size);
		put(w, f->data_loc);
	}
	return n;
}

static uint32_t put_enum(struct plan_writer *w, const struct type *t)
{
	uint32_t n = declare(w, t);

	put(w, t->is_signed);
	put(w, t->nenums);
	for (uint32_t i = 0; i < t->nenums; i++) {
		put_name(w, t->enums[i].name);
		put(w, (uint64_t)t->enums[i].value);
	}
	return n;
}

static uint32_t put_elem(struct plan_writer *w, const struct type *t, bool behind_pointer)
{
	uint32_t elem = visit(w, t->elem, behind_pointer || t->kind == TYPE_POINTER), n = begin(w, t);

	put(w, elem);
	put(w, t->kind == TYPE_POINTER ? (uint32_t)t->space : t->count);
	return n;
}

static uint32_t put_leaf(struct plan_writer *w, const struct type *t)
{
	uint32_t n = begin(w, t);

	put(w, t->size);
	put(w, t->count);
	put(w, t->is_signed);
	put(w, (uint64_t)t->a);
	put(w, (uint64_t)t->b);
	put(w, (uint64_t)t->c);
	return n;
}

static uint32_t visit(struct plan_writer *w, const struct type *t, bool behind_pointer)
{
	bool is_struct = t->kind == TYPE_STRUCT || t->kind == TYPE_UNION;

	if (is_struct)
		return put_struct(w, t, behind_pointer);
	if (w->numbers[t->index]) {
		if (t->kind == TYPE_ARRAY && !behind_pointer)
			visit(w, t->elem, false); // met behind a pointer before: its structs may lack their fields
		return number_of(w, t);
	}
	switch (t->kind) {
	case TYPE_TUPLE: case TYPE_RECORD:
		return put_members(w, t);
	case TYPE_ENUM:
		return put_enum(w, t);
	case TYPE_POINTER: case TYPE_ARRAY:
		return put_elem(w, t, behind_pointer);
	default:
		return put_leaf(w, t);
	}
}

uint32_t plan_type_number(struct plan_writer *w, const struct type *t)
{
	return visit(w, t, false);
}

// Reader --------------------------------------------------------------------------------------------------------------

const struct type *plan_type_at(struct plan_reader *r, uint32_t number)
{
	if (number < r->ntypes)
		return r->type[number];
	plan_bad(r, "a type's number is out of range");
	return type_basic(r->types, TYPE_NONE);
}

static void add(struct plan_reader *r, const struct type *t, struct plan_weight w)
{
	if (t->size > SIZE_MOST)
		plan_bad(r, "a type is too large");
	if (w.cost > COST_MOST || w.depth > DEPTH_MOST)
		plan_bad(r, "a type has too many parts");
	r->type[r->ntypes] = t;
	r->weight[r->ntypes++] = w;
}

static const struct plan_weight leaf_weight = { 1, 1 };

static bool is_whole(const struct type *t) // can be a member: its fields are known
{
	while (t->kind == TYPE_ARRAY)
		t = t->elem;
	return t->complete;
}

static const struct type *get_member(struct plan_reader *r, struct plan_weight *w)
{
	uint32_t n = plan_get_u32(r);
	const struct type *t = plan_type_at(r, n);

	if (!is_whole(t))
		plan_bad(r, "a struct without fields is a member");
	if (r->why)
		return t;
	w->cost += r->weight[n].cost;
	w->depth = MAX(w->depth, r->weight[n].depth + 1);
	if (w->cost > COST_MOST || w->depth > DEPTH_MOST)
		plan_bad(r, "a type has too many parts");
	return t;
}

static void get_members(struct plan_reader *r, enum type_kind kind)
{
	uint32_t n = plan_get_count(r);
	const struct type **types = arena_array(r->arena, const struct type *, n + 1);
	const char **names = arena_array(r->arena, const char *, n + 1);
	struct plan_weight weight = leaf_weight;
	uint64_t size = 0;

	for (uint32_t i = 0; i < n && !r->why; i++) {
		if (kind == TYPE_RECORD && !(names[i] = plan_get_string(r)))
			plan_bad(r, "a record's field has no name");
		types[i] = get_member(r, &weight);
		size += types[i]->size + types[i]->align;
	}
	if (size > SIZE_MOST)
		plan_bad(r, "a type is too large");
	if (r->why)
		return;
	add(r, kind == TYPE_TUPLE ? type_tuple(r->types, types, n) : type_record(r->types, names, types, n), weight);
}

static void get_struct(struct plan_reader *r, enum type_kind kind)
{
	const char *tag = plan_get_string(r);
	uint32_t size = plan_get_u32(r), align = plan_get_u32(r);

	if (r->why || !tag || size > SIZE_MOST || align > 64) {
		plan_bad(r, "a struct's declaration is malformed");
		return;
	}
	struct type *s = type_struct(r->types, kind, tag);
	if (!s->complete && s->size == 0) {
		s->size = size;
		s->align = MAX(align, 1u);
	}
	add(r, s, leaf_weight);
}

static void get_field(struct plan_reader *r, const struct type *s, struct field *f, struct plan_weight *w)
{
	f->name = plan_get_string(r);
	f->type = get_member(r, w);
	f->offset = plan_get_u32(r);
	f->bit_offset = (uint8_t)plan_get_u32(r);
	f->bit_size = (uint8_t)plan_get_u32(r);
	f->data_loc = plan_get_u32(r) != 0;
	uint64_t size = f->data_loc ? 4 : f->bit_size ? field_bytes(f) : f->type->size;
	if (f->offset + size > s->size)
		plan_bad(r, "a field lies outside its struct");
	if (f->bit_size && (!type_is_integer(f->type) || f->bit_size > 64 || f->bit_offset + f->bit_size > (f->type->size == 8 && f->bit_offset < 8 ? 72 : 64)))
		plan_bad(r, "a bit field is malformed");
}

static void get_fields(struct plan_reader *r)
{
	uint32_t number = plan_get_u32(r);
	const struct type *s = plan_type_at(r, number);
	uint32_t n = plan_get_count(r);
	struct field *f = arena_array(r->arena, struct field, n + 1);
	struct plan_weight weight = leaf_weight;

	if (s->kind != TYPE_STRUCT && s->kind != TYPE_UNION)
		plan_bad(r, "fields of what is no struct");
	bool known = s->complete; // this process knows the struct already: its fields stand
	for (uint32_t i = 0; i < n && !r->why; i++)
		get_field(r, s, &f[i], &weight);
	if (r->why)
		return;
	if (!known)
		type_set_fields(r->types, type_struct(r->types, s->kind, s->name), s->size, f, n);
	r->weight[number] = weight;
}

static void get_enum(struct plan_reader *r)
{
	const char *tag = plan_get_string(r);
	uint32_t size = plan_get_u32(r);

	plan_get_u32(r); // alignment is the size
	bool is_signed = plan_get_u32(r) != 0;
	uint32_t n = plan_get_count(r);
	struct enumerator *e = arena_array(r->arena, struct enumerator, n + 1);
	for (uint32_t i = 0; i < n && !r->why; i++) {
		e[i].name = plan_get_string(r);
		e[i].value = (int64_t)plan_get_number(r);
		if (!e[i].name)
			plan_bad(r, "an enumerator has no name");
	}
	if (!tag || (size != 1 && size != 2 && size != 4 && size != 8))
		plan_bad(r, "an enum is malformed");
	if (!r->why)
		add(r, type_enum(r->types, tag, size, is_signed, e, n), leaf_weight);
}

static void get_elem(struct plan_reader *r, enum type_kind kind)
{
	uint32_t n = plan_get_u32(r);
	const struct type *elem = plan_type_at(r, n);
	uint32_t v = plan_get_u32(r);

	if (r->why)
		return;
	if (kind == TYPE_POINTER) {
		if (v > SPACE_USER)
			plan_bad(r, "a pointer's address space is unknown");
		else
			add(r, type_pointer(r->types, elem, v), (struct plan_weight){ 1, r->weight[n].depth + 1 });
	} else if ((uint64_t)v * MAX(elem->size, 1u) > SIZE_MOST) {
		plan_bad(r, "an array is too large");
	} else {
		add(r, type_array(r->types, elem, v), (struct plan_weight){ 1 + r->weight[n].cost * v, r->weight[n].depth + 1 });
	}
}

static const struct type *stack(struct plan_reader *r, enum type_kind kind, int64_t mode, int64_t flags, uint32_t limit)
{
	int64_t allowed = kind == TYPE_USTACK ? STACK_FLAGS : 0;

	if (mode < STACK_BPFTRACE || mode > STACK_BUILD_ID || limit > WIRE_STACK_MAX || (flags & ~allowed) != 0)
		return NULL;
	return type_stack(r->types, kind, (enum stack_mode)mode, (unsigned)flags, limit);
}

static const struct type *histogram(struct plan_reader *r, enum type_kind kind, int64_t a, int64_t b, int64_t c)
{
	if (kind == TYPE_HIST)
		return a >= 0 && a <= 5 ? type_hist(r->types, (unsigned)a) : NULL;
	if (a < 0 || b <= a || c < 1 || (b - a) / c > BUCKETS_MOST)
		return NULL;
	return type_lhist(r->types, a, b, c);
}

static const struct type *series(struct plan_reader *r, const int64_t *v, bool is_signed)
{
	if (v[0] < 1 || v[1] < 1 || v[1] >= 1000000 || v[2] < WIRE_TSERIES_LAST || v[2] > WIRE_TSERIES_SUM)
		return NULL;
	return type_tseries(r->types, v[0], v[1], v[2], is_signed);
}

static const struct type *leaf(struct plan_reader *r, enum type_kind kind, uint32_t size, uint32_t count, bool is_signed, const int64_t *v)
{
	switch (kind) {
	case TYPE_NONE: case TYPE_BOOL: case TYPE_KSYM: case TYPE_USYM: case TYPE_INET: case TYPE_MAC: case TYPE_USERNAME:
	case TYPE_PROBE: case TYPE_COUNT:
		return type_basic(r->types, kind);
	case TYPE_CGROUP_PATH:
		return v[0] >= 0 && v[0] <= UINT32_MAX ? type_cgroup_path(r->types, (uint32_t)v[0]) : NULL;
	case TYPE_INT:
		return size == 1 || size == 2 || size == 4 || size == 8 ? type_int(r->types, size, is_signed) : NULL;
	case TYPE_STRING:
		return count <= SIZE_MOST ? type_string(r->types, count) : NULL;
	case TYPE_BUFFER:
		return count <= SIZE_MOST - 4 ? type_buffer(r->types, count) : NULL;
	case TYPE_KSTACK: case TYPE_USTACK:
		return stack(r, kind, v[0], v[1], count);
	case TYPE_TIMESTAMP:
		return v[0] >= 0 && v[0] <= UINT32_MAX ? type_timestamp(r->types, (uint32_t)v[0]) : NULL;
	case TYPE_SUM: case TYPE_MIN: case TYPE_MAX: case TYPE_AVG: case TYPE_STATS:
		return type_agg(r->types, kind, is_signed);
	case TYPE_TSERIES:
		return series(r, v, is_signed);
	case TYPE_HIST: case TYPE_LHIST:
		return histogram(r, kind, v[0], v[1], v[2]);
	default:
		return NULL;
	}
}

static void get_leaf(struct plan_reader *r, enum type_kind kind)
{
	uint32_t size = plan_get_u32(r), count = plan_get_u32(r);
	bool is_signed = plan_get_u32(r) != 0;
	int64_t v[3];

	for (int i = 0; i < 3; i++)
		v[i] = (int64_t)plan_get_number(r);
	if (r->why)
		return;
	const struct type *t = leaf(r, kind, size, count, is_signed, v);
	if (t)
		add(r, t, leaf_weight);
	else
		plan_bad(r, "a type is malformed");
}

static void get_record(struct plan_reader *r)
{
	uint32_t kind = plan_get_u32(r);

	if (kind == FIELDS_OF)
		get_fields(r);
	else if (kind == TYPE_TUPLE || kind == TYPE_RECORD)
		get_members(r, (enum type_kind)kind);
	else if (kind == TYPE_STRUCT || kind == TYPE_UNION)
		get_struct(r, (enum type_kind)kind);
	else if (kind == TYPE_ENUM)
		get_enum(r);
	else if (kind == TYPE_POINTER || kind == TYPE_ARRAY)
		get_elem(r, (enum type_kind)kind);
	else if (kind < TYPE_KINDS)
		get_leaf(r, (enum type_kind)kind);
	else
		plan_bad(r, "a type is of no known kind");
}

bool plan_read_types(struct plan_reader *r)
{
	uint32_t n = plan_get_count(r);

	r->type = arena_array(r->arena, const struct type *, n + 1);
	r->weight = arena_array(r->arena, struct plan_weight, n + 1);
	for (uint32_t i = 0; i < n && !r->why; i++)
		get_record(r);
	return !r->why;
}

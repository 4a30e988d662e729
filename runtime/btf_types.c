// SPDX-License-Identifier: Apache-2.0
#include "runtime/btf_types.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/util.h"

#define MAX_DEPTH 24      // of pointers to pointers, arrays of arrays, structs in structs
#define MOST_STEPS (1u << 22) // of all structs: the largest kernels have some hundred thousand members
#define MAX_FIELDS 65536u // of one struct, flattened: anonymous members that share types could multiply

struct btf_types {
	struct arena *arena;
	struct types *types;
	const struct btf_file *file;
	struct map done; // id -> const struct type *
	unsigned steps;  // members looked at so far
	struct map ids;  // struct type * -> id, for complete()
	struct map mine; // struct type * -> itself, of those completed here
	struct map origins; // struct type * of no name of its own -> struct origin
};

// What leads to a type without a name: a member of another, or a typedef.
struct origin {
	const struct type *parent; // NULL: a typedef
	const char *name;
};

struct fields {
	VEC(struct field) list;
	unsigned steps;
	uint64_t room; // bytes of the struct
};

static const struct type *get(struct btf_types *b, uint32_t id, int depth);

struct btf_types *btf_types_new(struct arena *a, struct types *types, const struct btf_file *file)
{
	struct btf_types *b = xcalloc(1, sizeof *b);

	b->arena = a;
	b->types = types;
	b->file = file;
	map_init(&b->done, NULL);
	map_init(&b->ids, NULL);
	map_init(&b->mine, NULL);
	map_init(&b->origins, NULL);
	return b;
}

void btf_types_free(struct btf_types *b)
{
	if (!b)
		return;
	map_free(&b->done);
	map_free(&b->ids);
	map_free(&b->mine);
	map_free(&b->origins);
	free(b);
}

static const struct type *none(struct btf_types *b)
{
	return type_basic(b->types, TYPE_NONE);
}

static const struct type *get_int(struct btf_types *b, const struct btf_type *t)
{
	uint32_t encoding = BTF_INT_ENCODING(*(const uint32_t *)btf_file_rest(t));

	if (encoding & BTF_INT_BOOL && t->size == 1)
		return type_basic(b->types, TYPE_BOOL);
	if (t->size == 1 || t->size == 2 || t->size == 4 || t->size == 8)
		return type_int(b->types, t->size, encoding & BTF_INT_SIGNED);
	if (t->size == 16)
		return type_array(b->types, type_int(b->types, 8, false), 2);
	return none(b);
}

static bool is_char(struct btf_types *b, uint32_t id)
{
	const struct btf_type *t = btf_file_type(b->file, btf_file_strip(b->file, id));

	return t && btf_file_kind(t) == BTF_KIND_INT && t->size == 1 && strcmp(btf_file_string(b->file, t->name_off), "char") == 0;
}

static const struct type *get_array(struct btf_types *b, const struct btf_type *t, int depth)
{
	const struct btf_array *a = btf_file_rest(t);
	const struct type *elem;

	if (is_char(b, a->type) && a->nelems && a->nelems <= INT32_MAX)
		return type_string(b->types, a->nelems);
	elem = get(b, a->type, depth + 1);
	if ((uint64_t)elem->size * a->nelems > INT32_MAX)
		return none(b);
	return type_array(b->types, elem, a->nelems);
}

// The tag that a struct, union or enum has among the language's types: unique, whatever BTF calls it.
static const char *tag(struct btf_types *b, uint32_t id, const struct btf_type *t)
{
	const char *name = btf_file_string(b->file, t->name_off);

	if (!*name)
		return arena_printf(b->arena, "(anonymous %u)", id);
	if (btf_file_first_named(b->file, btf_file_kind(t), t->name_off) != id)
		return arena_printf(b->arena, "%s~%u", name, id);
	return name;
}

static const struct type *get_enum(struct btf_types *b, uint32_t id, const struct btf_type *t)
{
	unsigned n = BTF_INFO_VLEN(t->info);
	_free_ struct enumerator *e = xcalloc(n, sizeof *e);

	if (t->size != 1 && t->size != 2 && t->size != 4 && t->size != 8)
		return none(b);
	for (unsigned i = 0; i < n; i++)
		e[i].value = btf_file_enum_value(b->file, t, i, &e[i].name);
	return type_enum(b->types, tag(b, id, t), t->size, BTF_INFO_KFLAG(t->info), e, n);
}

static const struct type *get_struct(struct btf_types *b, uint32_t id, const struct btf_type *t)
{
	enum type_kind kind = btf_file_kind(t) == BTF_KIND_UNION ? TYPE_UNION : TYPE_STRUCT;
	struct type *s = type_struct(b->types, kind, tag(b, id, t));

	if (!s->complete && !s->size)
		s->size = t->size;
	*map_put(&b->ids, &s, sizeof s) = (void *)(uintptr_t)id;
	return s;
}

static const struct type *get_forward(struct btf_types *b, const struct btf_type *t)
{
	bool is_union = BTF_INFO_KFLAG(t->info);
	uint32_t id = btf_file_first_named(b->file, is_union ? BTF_KIND_UNION : BTF_KIND_STRUCT, t->name_off);

	if (id)
		return btf_types_get(b, id);
	return type_struct(b->types, is_union ? TYPE_UNION : TYPE_STRUCT, btf_file_string(b->file, t->name_off));
}

static const struct type *translate(struct btf_types *b, uint32_t id, int depth)
{
	const struct btf_type *t = btf_file_type(b->file, id);

	if (!t || depth > MAX_DEPTH)
		return none(b);
	switch (btf_file_kind(t)) {
	case BTF_KIND_INT: return get_int(b, t);
	case BTF_KIND_PTR: return type_pointer(b->types, get(b, t->type, depth + 1), SPACE_KERNEL);
	case BTF_KIND_ARRAY: return get_array(b, t, depth);
	case BTF_KIND_STRUCT: case BTF_KIND_UNION: return get_struct(b, id, t);
	case BTF_KIND_ENUM: case BTF_KIND_ENUM64: return get_enum(b, id, t);
	case BTF_KIND_FWD: return get_forward(b, t);
	default: return none(b); // void, functions, floats
	}
}

static const struct type *get(struct btf_types *b, uint32_t id, int depth)
{
	id = btf_file_strip(b->file, id);
	const struct type *known = map_get(&b->done, &id, sizeof id);
	if (known)
		return known;
	known = translate(b, id, depth);
	if (depth == 0) // deeper ones may have been cut off
		*map_put(&b->done, &id, sizeof id) = (void *)known;
	return known;
}

const struct type *btf_types_get(struct btf_types *b, uint32_t id)
{
	return get(b, id, 0);
}

uint32_t btf_types_id(const struct btf_types *b, enum type_kind kind, const char *name)
{
	unsigned k = kind == TYPE_STRUCT ? BTF_KIND_STRUCT : kind == TYPE_UNION ? BTF_KIND_UNION : BTF_KIND_ENUM;
	uint32_t id = btf_file_find(b->file, k, name);

	return id || kind != TYPE_ENUM ? id : btf_file_find(b->file, BTF_KIND_ENUM64, name);
}

const struct type *btf_types_named(struct btf_types *b, enum type_kind kind, const char *name)
{
	uint32_t id = btf_types_id(b, kind, name);

	return id ? btf_types_get(b, id) : NULL;
}

// Has it a name that means the same on another kernel? "(anonymous 12)" and "name~12" are made up here.
static bool is_named(const struct type *t)
{
	return t->name && *t->name != '(' && !strchr(t->name, '~');
}

static void note_origin(struct btf_types *b, const struct type *t, const struct type *parent, const char *name)
{
	struct origin *o;

	while (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY)
		t = t->elem;
	if ((t->kind != TYPE_STRUCT && t->kind != TYPE_UNION) || t == parent || is_named(t) || map_get(&b->origins, &t, sizeof t))
		return;
	o = arena_new_(b->arena, struct origin);
	*o = (struct origin){ parent, name };
	*map_put(&b->origins, &t, sizeof t) = o;
}

const char *btf_types_root(struct btf_types *b, const struct type *s, const char **path)
{
	const struct origin *o = map_get(&b->origins, &s, sizeof s);
	const char *root;

	*path = NULL;
	if (!map_get(&b->mine, &s, sizeof s))
		return NULL;
	*path = "";
	if (is_named(s))
		return arena_printf(b->arena, "%s %s", s->kind == TYPE_UNION ? "union" : "struct", s->name);
	if (!o)
		return NULL;
	if (!o->parent)
		return arena_printf(b->arena, "typedef %s", o->name);
	root = btf_types_root(b, o->parent, path);
	if (root)
		*path = **path ? arena_printf(b->arena, "%s.%s", *path, o->name) : o->name;
	return root;
}

const struct type *btf_types_typedef(struct btf_types *b, const char *name)
{
	uint32_t id = btf_file_find(b->file, BTF_KIND_TYPEDEF, name);
	const struct type *t;

	if (!id) // "int", "unsigned long": base types are known by their own names
		id = btf_file_find(b->file, BTF_KIND_INT, name);
	if (!id)
		return NULL;
	t = btf_types_get(b, id);
	note_origin(b, t, NULL, arena_strdup(b->arena, name));
	return t;
}

static void add_field(struct btf_types *b, struct fields *out, const char *name, uint32_t type, uint64_t bit, unsigned bits)
{
	struct field f = { .name = name, .type = btf_types_get(b, type), .offset = (uint32_t)(bit / 8) };

	if (bits && type_is_integer(f.type) && bits <= f.type->size * 8)
		field_set_bits(b->types, &f, bit, bits, out->room);
	vec_push(NULL, &out->list, f);
}

// A bitfield's width: in the member, or (older producers) in the integer it has.
static unsigned member_bits(struct btf_types *b, bool kflag, const struct btf_member *m, uint64_t *bit)
{
	const struct btf_type *t = btf_file_type(b->file, btf_file_strip(b->file, m->type));
	uint32_t v;

	if (kflag) {
		*bit = BTF_MEMBER_BIT_OFFSET(m->offset);
		return BTF_MEMBER_BITFIELD_SIZE(m->offset);
	}
	*bit = m->offset;
	if (!t || btf_file_kind(t) != BTF_KIND_INT)
		return 0;
	v = *(const uint32_t *)btf_file_rest(t);
	*bit += BTF_INT_OFFSET(v);
	return BTF_INT_BITS(v) == t->size * 8 ? 0 : BTF_INT_BITS(v);
}

static bool is_struct(const struct btf_type *t)
{
	return t && (btf_file_kind(t) == BTF_KIND_STRUCT || btf_file_kind(t) == BTF_KIND_UNION);
}

static void flatten(struct btf_types *b, const struct btf_type *t, uint64_t base, struct fields *out, int depth)
{
	const struct btf_member *m = btf_file_rest(t);

	for (unsigned i = 0; i < BTF_INFO_VLEN(t->info) && out->steps++ < MAX_FIELDS && b->steps++ < MOST_STEPS; i++) {
		const char *name = btf_file_string(b->file, m[i].name_off);
		uint64_t bit;
		unsigned bits = member_bits(b, BTF_INFO_KFLAG(t->info), &m[i], &bit);

		if (*name) {
			add_field(b, out, name, m[i].type, base + bit, bits);
			continue;
		}
		const struct btf_type *inner = btf_file_type(b->file, btf_file_strip(b->file, m[i].type));
		if (is_struct(inner) && depth < MAX_DEPTH)
			flatten(b, inner, base + bit, out, depth + 1);
	}
}

int btf_types_complete(struct btf_types *b, const struct type *s)
{
	struct fields f = { 0 };
	uint32_t id = (uint32_t)(uintptr_t)map_get(&b->ids, &s, sizeof s);

	if (s->complete)
		return 0;
	if (!id && s->name)
		id = btf_file_find(b->file, s->kind == TYPE_UNION ? BTF_KIND_UNION : BTF_KIND_STRUCT, s->name);
	const struct btf_type *t = btf_file_type(b->file, id);
	if (!is_struct(t))
		return -ENOENT;
	f.room = t->size;
	flatten(b, t, 0, &f, 0);
	type_set_fields(b->types, (struct type *)s, t->size, f.list.v, f.list.n);
	*map_put(&b->mine, &s, sizeof s) = (void *)s;
	for (size_t i = 0; i < f.list.n; i++)
		note_origin(b, f.list.v[i].type, s, f.list.v[i].name);
	vec_free(&f.list);
	return 0;
}

static const struct btf_type *follow(struct btf_types *b, uint32_t id, unsigned kind)
{
	const struct btf_type *t = btf_file_type(b->file, btf_file_strip(b->file, id));

	return t && btf_file_kind(t) == kind ? t : NULL;
}

// The typedef's prototype has no parameter names; the functions that the kernel makes beside it have.
static const struct btf_type *named_prototype(struct btf_types *b, const char *event)
{
	static const char *const forms[] = { "__probestub_%s", "__traceiter_%s", "__bpf_trace_%s" };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_free_ char *name = xasprintf(forms[i], event);
		const struct btf_type *f = btf_file_type(b->file, btf_file_find(b->file, BTF_KIND_FUNC, name));
		const struct btf_type *proto = f ? follow(b, f->type, BTF_KIND_FUNC_PROTO) : NULL;

		if (proto)
			return proto;
	}
	return NULL;
}

int btf_types_raw_tracepoint(struct btf_types *b, const char *event, const struct event_field **ret, size_t *n)
{
	const struct btf_type *pointer = follow(b, btf_file_raw_tracepoint(b->file, event), BTF_KIND_PTR);
	const struct btf_type *proto = pointer ? follow(b, pointer->type, BTF_KIND_FUNC_PROTO) : NULL;
	const struct btf_type *names = proto ? named_prototype(b, event) : NULL;
	unsigned count;

	if (!proto)
		return -ENOENT;
	count = BTF_INFO_VLEN(proto->info) ? BTF_INFO_VLEN(proto->info) - 1 : 0; // the first is the kernel's own data
	struct event_field *f = arena_array(b->arena, struct event_field, count);
	const struct btf_param *p = btf_file_rest(proto), *named = names ? btf_file_rest(names) : NULL;
	for (unsigned i = 0; i < count; i++) {
		const struct type *t = btf_types_get(b, p[i + 1].type);
		const char *name = named && i + 1 < BTF_INFO_VLEN(names->info) ? btf_file_string(b->file, named[i + 1].name_off) : "";

		f[i] = (struct event_field){ .name = *name ? name : arena_printf(b->arena, "arg%u", i), .type = t,
					     .offset = i * 8, .size = t->size, .is_signed = t->is_signed };
	}
	*ret = f;
	*n = count;
	return 0;
}

int btf_types_function(struct btf_types *b, const char *name, const struct event_field **ret, size_t *n, const struct type **returns)
{
	uint32_t id = btf_file_find(b->file, BTF_KIND_FUNC, name), slot = 0;
	const struct btf_type *fn = id >= btf_file_first(b->file) ? btf_file_type(b->file, id) : NULL;
	const struct btf_type *proto = fn ? follow(b, fn->type, BTF_KIND_FUNC_PROTO) : NULL;

	if (!proto)
		return -ENOENT;
	const struct btf_param *p = btf_file_rest(proto);
	unsigned count = BTF_INFO_VLEN(proto->info);
	if (count && !p[count - 1].type) // "..."
		count--;
	struct event_field *f = arena_array(b->arena, struct event_field, count);
	for (unsigned i = 0; i < count; i++) {
		const struct type *t = btf_types_get(b, p[i].type);
		const char *arg = btf_file_string(b->file, p[i].name_off);

		f[i] = (struct event_field){ .name = *arg ? arg : arena_printf(b->arena, "arg%u", i), .type = t, .offset = slot * 8,
					     .size = t->size, .is_signed = t->is_signed };
		slot += t->size > 8 ? (t->size + 7) / 8 : 1;
	}
	*ret = f;
	*n = count;
	*returns = btf_types_get(b, proto->type);
	return 0;
}

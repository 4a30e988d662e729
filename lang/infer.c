// SPDX-License-Identifier: Apache-2.0
// infer.c - slots: how what is known of a type grows. Leaves of a type are numbered in order; a tuple has those of its
// members, everything else is one. Beyond 64 leaves nothing is soft.
#include <string.h>

#include "base/util.h"
#include "lang/lang_int.h"

#define MAX_LEAVES 64

const struct type *t_int(struct lang *l, unsigned size, bool is_signed)
{
	return type_int(l->types, size, is_signed);
}

static bool is_compound(const struct type *t)
{
	return t->kind == TYPE_TUPLE || t->kind == TYPE_RECORD;
}

unsigned type_leaves(const struct type *t)
{
	unsigned n = 0;

	if (!is_compound(t))
		return 1;
	for (uint32_t i = 0; i < t->nfields && n < MAX_LEAVES; i++)
		n += type_leaves(t->fields[i].type);
	return MIN(n, (unsigned)MAX_LEAVES);
}

static const struct type *rebuild(struct lang *l, const struct type *like, const struct type *const *members)
{
	const char **names;

	if (like->kind == TYPE_TUPLE)
		return type_tuple(l->types, members, like->nfields);
	names = arena_array(l->arena, const char *, like->nfields);
	for (uint32_t i = 0; i < like->nfields; i++)
		names[i] = like->fields[i].name;
	return type_record(l->types, names, members, like->nfields);
}

// Merging ------------------------------------------------------------------------------------------------------------

struct merge {
	struct lang *l;
	struct slot a, b, out;
	unsigned leaf;
	bool mixed; // unsigned 64 bits met signed
};

static const struct type *mixed_sign(struct merge *m, const struct type *s, const struct type *u)
{
	if (u->size == 8)
		m->mixed = true;
	return t_int(m->l, s->size > u->size ? s->size : MIN(u->size * 2, 8u), true);
}

static const struct type *merge_hard(struct merge *m, const struct type *a, const struct type *b)
{
	if (a->is_signed == b->is_signed)
		return a->size >= b->size ? a : b;
	return a->is_signed ? mixed_sign(m, a, b) : mixed_sign(m, b, a);
}

// `soft` is a literal's smallest signed type; it fits the unsigned type of the same size if it is not negative.
static const struct type *merge_soft(struct merge *m, const struct type *soft, bool negative, const struct type *hard)
{
	if (hard->is_signed)
		return hard->size >= soft->size ? hard : soft;
	if (negative)
		return mixed_sign(m, soft, hard);
	return hard->size >= soft->size ? hard : t_int(m->l, soft->size, false);
}

static const struct type *plain_int(struct lang *l, const struct type *t)
{
	if (t->kind == TYPE_BOOL)
		return t_int(l, 1, false);
	return t->kind == TYPE_ENUM ? t_int(l, t->size, t->is_signed) : t;
}

static const struct type *merge_ints(struct merge *m, const struct type *a, const struct type *b)
{
	uint64_t bit = m->leaf < MAX_LEAVES ? 1ull << m->leaf : 0;
	bool sa = m->a.soft & bit, sb = m->b.soft & bit;

	if (a == b && a->kind != TYPE_INT)
		return a;
	a = plain_int(m->l, a);
	b = plain_int(m->l, b);
	if (sa && sb) {
		m->out.soft |= bit;
		m->out.negative |= (m->a.negative | m->b.negative) & bit;
		return a->size >= b->size ? a : b;
	}
	if (sa)
		return merge_soft(m, a, m->a.negative & bit, b);
	if (sb)
		return merge_soft(m, b, m->b.negative & bit, a);
	return merge_hard(m, a, b);
}

static bool is_zero_literal(const struct merge *m, const struct slot *s, const struct type *t)
{
	return t->kind == TYPE_INT && m->leaf < MAX_LEAVES && s->soft >> m->leaf & 1 && !(s->negative >> m->leaf & 1);
}

static const struct type *merge_pointers(struct merge *m, const struct type *a, const struct type *b)
{
	if (a->kind == TYPE_POINTER && b->kind == TYPE_POINTER)
		return a->elem == b->elem ? a : NULL;
	if (a->kind == TYPE_POINTER && is_zero_literal(m, &m->b, b))
		return a;
	if (b->kind == TYPE_POINTER && is_zero_literal(m, &m->a, a))
		return b;
	return NULL;
}

static const struct type *merge_types(struct merge *m, const struct type *a, const struct type *b);

static const struct type *merge_members(struct merge *m, const struct type *a, const struct type *b)
{
	const struct type **members;

	if (a->kind != b->kind || a->nfields != b->nfields)
		return NULL;
	members = arena_array(m->l->arena, const struct type *, a->nfields + 1);
	for (uint32_t i = 0; i < a->nfields; i++) {
		if (a->kind == TYPE_RECORD && strcmp(a->fields[i].name, b->fields[i].name) != 0)
			return NULL;
		members[i] = merge_types(m, a->fields[i].type, b->fields[i].type);
		if (!members[i])
			return NULL;
	}
	return rebuild(m->l, a, members);
}

static const struct type *merge_leaves(struct merge *m, const struct type *a, const struct type *b)
{
	if (type_is_integer(a) && type_is_integer(b))
		return merge_ints(m, a, b);
	if (a == b)
		return a;
	if (a->kind == TYPE_POINTER || b->kind == TYPE_POINTER)
		return merge_pointers(m, a, b);
	if (a->kind != b->kind)
		return NULL;
	switch (a->kind) {
	case TYPE_STRING:
		return type_string(m->l->types, MAX(a->count, b->count));
	case TYPE_BUFFER:
		return type_buffer(m->l->types, MAX(a->count, b->count));
	case TYPE_SUM: case TYPE_MIN: case TYPE_MAX: case TYPE_AVG: case TYPE_STATS:
		return a->is_signed ? a : b;
	default:
		return NULL;
	}
}

static const struct type *merge_types(struct merge *m, const struct type *a, const struct type *b)
{
	const struct type *t;

	if (is_compound(a) || is_compound(b))
		return is_compound(a) && is_compound(b) ? merge_members(m, a, b) : NULL;
	t = merge_leaves(m, a, b);
	m->leaf++;
	return t;
}

bool slot_merge(struct lang *l, struct slot *s, struct slot v, bool *mixed)
{
	struct merge m = { .l = l, .a = *s, .b = v };

	if (!v.type)
		return true;
	if (!s->type) {
		*s = v;
		return true;
	}
	if (s->type == v.type && !s->soft && !v.soft)
		return true;
	m.out.type = merge_types(&m, s->type, v.type);
	if (!m.out.type)
		return false;
	*s = m.out;
	if (m.mixed && mixed)
		*mixed = true;
	return true;
}

bool slot_add(struct lang *l, struct slot *s, struct slot v, bool *mixed)
{
	struct slot was = *s;
	bool ok = slot_merge(l, s, v, mixed);

	if (s->type != was.type || s->soft != was.soft || s->negative != was.negative)
		l->changed = true;
	return ok;
}

// What expressions bring ----------------------------------------------------------------------------------------------

static void append(struct slot *s, unsigned *leaf, struct slot v)
{
	if (*leaf < MAX_LEAVES) {
		s->soft |= v.soft << *leaf;
		s->negative |= v.negative << *leaf;
	}
	*leaf += v.type ? type_leaves(v.type) : 1;
}

struct node **literal_member(const struct node *n, uint32_t i)
{
	const struct node_list *items = n->kind == NODE_TUPLE ? &n->tuple.items : &n->record.items;
	size_t at = i;

	if (n->kind == NODE_TUPLE)
		return &items->v[i];
	for (size_t k = 0; k < items->n; k++)
		if (strcmp(items->v[k]->record_item.name, n->type->fields[i].name) == 0)
			at = k;
	return &items->v[at]->record_item.value;
}

static struct slot slot_of_items(struct lang *l, const struct node *n)
{
	struct slot s = { .type = n->type };
	unsigned leaf = 0;

	for (uint32_t i = 0; i < n->type->nfields; i++)
		append(&s, &leaf, slot_of(l, *literal_member(n, i)));
	return s;
}

static struct slot as_value(struct lang *l, struct slot s)
{
	if (s.type && type_is_castable_aggregate(s.type))
		return (struct slot){ .type = t_int(l, 8, s.type->is_signed) };
	return s;
}

struct slot slot_pair(struct lang *l, struct slot a, struct slot b)
{
	struct slot s = { 0 };
	unsigned leaf = 0;

	a = as_value(l, a);
	b = as_value(l, b);
	append(&s, &leaf, a);
	append(&s, &leaf, b);
	s.type = type_tuple(l->types, (const struct type *[]){ a.type, b.type }, 2);
	return s;
}

static struct slot slot_of_element(struct lang *l, const struct node *n)
{
	struct slot base = slot_of(l, n->element.base), s = { .type = n->type };
	unsigned leaf = 0;

	if (!base.soft || !base.type || base.type->kind != TYPE_TUPLE || n->element.number >= base.type->nfields)
		return s;
	for (uint32_t i = 0; i < n->element.number; i++)
		leaf += type_leaves(base.type->fields[i].type);
	if (leaf >= MAX_LEAVES)
		return s;
	unsigned own = type_leaves(n->type);
	uint64_t mask = own >= MAX_LEAVES ? UINT64_MAX : (1ull << own) - 1;
	s.soft = base.soft >> leaf & mask;
	s.negative = base.negative >> leaf & mask;
	return s;
}

static struct slot slot_of_both(struct lang *l, const struct node *yes, const struct node *no, const struct type *type)
{
	struct slot s = slot_of(l, yes);

	if (!slot_merge(l, &s, slot_of(l, no), NULL) || s.type != type)
		return (struct slot){ .type = type };
	return s;
}

bool is_pending(const struct node *n)
{
	switch (n->kind) {
	case NODE_VAR: return n->var.sym && lang_var_of(n->var.sym)->slot.soft;
	case NODE_MAP: return n->map.sym && lang_map_of(n->map.sym)->value.soft;
	case NODE_ELEMENT: return is_pending(n->element.base);
	case NODE_INCDEC: return is_pending(n->incdec.target);
	case NODE_TERNARY: return is_pending(n->ternary.yes) || is_pending(n->ternary.no);
	default: return false;
	}
}

struct slot slot_of(struct lang *l, const struct node *n)
{
	struct slot s = { .type = n->type };

	switch (n->kind) {
	case NODE_INT:
		if (n->type && n->type->kind == TYPE_INT && !n->int_.is_unsigned) {
			s.soft = 1;
			s.negative = literal_value(n) < 0;
		}
		return s;
	case NODE_VAR:
		if (n->var.sym && lang_var_of(n->var.sym)->slot.type == n->type)
			return lang_var_of(n->var.sym)->slot;
		return s;
	case NODE_MAP:
		if (n->map.sym && lang_map_of(n->map.sym)->value.type == n->type)
			return as_value(l, lang_map_of(n->map.sym)->value);
		return as_value(l, s);
	case NODE_ELEMENT:
		return n->type ? slot_of_element(l, n) : s;
	case NODE_TUPLE: case NODE_RECORD:
		return n->type ? slot_of_items(l, n) : s;
	case NODE_TERNARY:
		return n->type && n->ternary.yes ? slot_of_both(l, n->ternary.yes, n->ternary.no, n->type) : s;
	case NODE_IF:
		if (n->type && n->if_.no && n->if_.yes->kind == NODE_BLOCK && n->if_.yes->block.value)
			return slot_of_both(l, n->if_.yes, n->if_.no, n->type);
		return s;
	case NODE_COMPTIME:
		return slot_of(l, n->comptime.value);
	case NODE_BLOCK:
		return n->block.value ? slot_of(l, n->block.value) : s;
	case NODE_INCDEC:
		return n->type && n->type == n->incdec.target->type ? slot_of(l, n->incdec.target) : s;
	default:
		return s;
	}
}

static const struct type *harden(struct lang *l, const struct type *t, uint64_t soft, unsigned *leaf)
{
	const struct type **members;

	if (!is_compound(t)) {
		bool is_soft = *leaf < MAX_LEAVES && soft >> *leaf & 1;

		(*leaf)++;
		return is_soft && t->kind == TYPE_INT ? t_int(l, 8, true) : t;
	}
	members = arena_array(l->arena, const struct type *, t->nfields + 1);
	for (uint32_t i = 0; i < t->nfields; i++)
		members[i] = harden(l, t->fields[i].type, soft, leaf);
	return rebuild(l, t, members);
}

const struct type *slot_hard(struct lang *l, struct slot s)
{
	unsigned leaf = 0;

	return s.type && s.soft ? harden(l, s.type, s.soft, &leaf) : s.type;
}

bool slot_harden(struct lang *l, struct slot *s)
{
	if (!s->soft)
		return false;
	*s = (struct slot){ .type = slot_hard(l, *s) };
	return true;
}

// Types from source ---------------------------------------------------------------------------------------------------

static const struct type *base_named(struct lang *l, const char *name)
{
	static const struct {
		const char *name;
		unsigned size;
		bool is_signed;
	} ints[] = {
		{ "int8", 1, true }, { "int16", 2, true }, { "int32", 4, true }, { "int64", 8, true },
		{ "uint8", 1, false }, { "uint16", 2, false }, { "uint32", 4, false }, { "uint64", 8, false },
		{ "int8_t", 1, true }, { "int16_t", 2, true }, { "int32_t", 4, true }, { "int64_t", 8, true },
		{ "uint8_t", 1, false }, { "uint16_t", 2, false }, { "uint32_t", 4, false }, { "uint64_t", 8, false },
		{ "s8", 1, true }, { "s16", 2, true }, { "s32", 4, true }, { "s64", 8, true },
		{ "u8", 1, false }, { "u16", 2, false }, { "u32", 4, false }, { "u64", 8, false },
		{ "char", 1, true }, { "short", 2, true }, { "int", 4, true }, { "long", 8, true }, { "unsigned", 4, false },
		{ "size_t", 8, false }, { "ssize_t", 8, true }, { "uintptr_t", 8, false },
	};
	const struct type *t;

	for (size_t i = 0; i < ARRAY_SIZE(ints); i++)
		if (strcmp(ints[i].name, name) == 0)
			return t_int(l, ints[i].size, ints[i].is_signed);
	if (strcmp(name, "bool") == 0)
		return type_basic(l->types, TYPE_BOOL);
	if (strcmp(name, "void") == 0)
		return type_basic(l->types, TYPE_NONE);
	t = named_typedef(l, name);
	return t ? t : named_type(l, TYPE_STRUCT, name);
}

static const struct type *tagged(struct lang *l, const struct node *spec)
{
	const char *word = spec->typespec.word;
	enum type_kind kind = word[0] == 's' ? TYPE_STRUCT : word[0] == 'u' ? TYPE_UNION : TYPE_ENUM;
	const struct type *t = named_type(l, kind, spec->typespec.name);

	if (t)
		return t;
	if (kind == TYPE_ENUM)
		complain(l, spec->span, E_UNKNOWN_NAME, "Unknown enum: 'enum %s'", spec->typespec.name);
	else
		complain(l, spec->span, E_UNKNOWN_NAME, "Unknown struct/union: '%s %s'; this machine's type information has none of that name",
			 word, spec->typespec.name);
	return NULL;
}

// string[N], buffer[N]: N is a capacity.
static const struct type *sized(struct lang *l, const struct node *spec, bool *done)
{
	bool string = !spec->typespec.word && strcmp(spec->typespec.name, "string") == 0;
	bool buffer = !spec->typespec.word && strcmp(spec->typespec.name, "buffer") == 0;
	uint64_t n = spec->typespec.is_array && spec->typespec.count ? spec->typespec.count : l->max_strlen;

	if (!string && !buffer)
		return NULL;
	*done = true;
	if (n > l->max_strlen) {
		complain(l, spec->span, E_LIMIT, "a %s can have up to max_strlen = %llu bytes", spec->typespec.name, (unsigned long long)l->max_strlen);
		return NULL;
	}
	return string ? type_string(l->types, (uint32_t)n) : type_buffer(l->types, (uint32_t)n);
}

const struct type *type_from_spec(struct lang *l, const struct node *spec)
{
	bool done = false;
	const struct type *t = NULL;
	uint64_t n = spec->typespec.count;

	if (spec->typespec.of && spec->typespec.of->kind == NODE_TYPESPEC) {
		t = type_from_spec(l, spec->typespec.of);
	} else if (spec->typespec.of) {
		t = spec->typespec.of->type;
	} else if (spec->typespec.word) {
		t = tagged(l, spec);
	} else {
		t = sized(l, spec, &done);
		if (!t && !done) {
			t = base_named(l, spec->typespec.name);
			if (!t)
				complain(l, spec->span, E_UNKNOWN_NAME, "Cannot resolve unknown type \"%s\"", spec->typespec.name);
		}
	}
	for (uint64_t i = 0; t && i < MIN(spec->typespec.pointers, 8); i++)
		t = type_pointer(l->types, t, SPACE_NONE);
	if (!t || done || !spec->typespec.is_array)
		return t;
	type_completed(l, t);
	if (t->kind == TYPE_NONE || (n && n > (1u << 20) / MAX(t->size, 1u))) {
		complain(l, spec->span, E_LIMIT, "an array can have up to 1 MiB of elements that have a size");
		return NULL;
	}
	return type_array(l->types, t, (uint32_t)n);
}

bool type_completed(struct lang *l, const struct type *t)
{
	if (t->kind != TYPE_STRUCT && t->kind != TYPE_UNION)
		return true;
	return t->complete || (l->world->ops->complete && l->world->ops->complete(l->world, t) == 0 && t->complete);
}

void type_whole(struct lang *l, const struct type *t)
{
	if (t->kind == TYPE_ARRAY)
		type_whole(l, t->elem);
	if (t->kind != TYPE_STRUCT && t->kind != TYPE_UNION && t->kind != TYPE_TUPLE && t->kind != TYPE_RECORD)
		return;
	type_completed(l, t);
	for (uint32_t i = 0; i < t->nfields; i++)
		type_whole(l, t->fields[i].type);
}

const struct type *type_decayed(struct lang *l, const struct type *t)
{
	if (t && t->kind == TYPE_ARRAY && t->elem->kind == TYPE_INT && t->elem->size == 1 && t->elem->is_signed && t->count)
		return type_string(l->types, t->count);
	return t;
}

// SPDX-License-Identifier: Apache-2.0
// pass_check_expr.c - types of expressions: literals, operators, tuples, choices.
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "lang/lang_int.h"

static const struct type *smallest(struct lang *l, const struct node *n)
{
	int64_t v = literal_value(n);

	if (n->int_.is_unsigned)
		return t_int(l, 8, false);
	return t_int(l, v == (int8_t)v ? 1 : v == (int16_t)v ? 2 : v == (int32_t)v ? 4 : 8, true);
}

static const struct type *check_string(struct lang *l, struct node *n)
{
	if (n->string.len + 1 > l->max_strlen) {
		complain(l, n->span, E_STRING, "String is too long: %zu bytes, and max_strlen allows %llu with the NUL at its end", (size_t)n->string.len,
			 (unsigned long long)l->max_strlen);
		return NULL;
	}
	return type_string(l->types, (uint32_t)n->string.len + 1);
}

static const struct type *check_var(struct lang *l, struct node *n)
{
	const struct lang_var *v = n->var.sym ? lang_var_of(n->var.sym) : NULL;

	if (v && !v->slot.type && l->guess && !l->final)
		return t_int(l, 8, true);
	if (v && !v->slot.type)
		untyped(l, n);
	return v ? v->slot.type : NULL;
}

const struct type *check_value(struct lang *l, struct node **slot)
{
	const struct type *t = check_expr(l, slot);

	if (!t)
		return NULL;
	if (t->kind == TYPE_NONE) {
		complain(l, (*slot)->span, E_TYPE, "a value is wanted here, and this has none");
		(*slot)->type = NULL;
		return NULL;
	}
	if (!type_is_aggregate(t))
		return t;
	if (!type_is_castable_aggregate(t)) {
		complain(l, (*slot)->span, E_TYPE, "a '%T' can not be read as a value; the whole map can be printed, and count, sum, min, max and avg can be read", t);
		(*slot)->type = NULL;
		return NULL;
	}
	settle(l, slot);
	return t_int(l, 8, t->is_signed);
}

// Tuples -------------------------------------------------------------------------------------------------------------

// A tuple of two tuples of two tuples: each line of a script can double a value.
const struct type *check_extent(struct lang *l, struct span at, const struct type *t)
{
	if (t->leaves <= LEAVES_MOST && t->size <= VALUE_MOST)
		return t;
	complain(l, at, E_LIMIT, "a value can have up to %u parts and %u bytes; this one has more", LEAVES_MOST, VALUE_MOST);
	return NULL;
}

static const struct type *check_tuple(struct lang *l, struct node *n)
{
	const struct type **members = arena_array(l->arena, const struct type *, n->tuple.items.n + 1);
	bool known = true;

	for (size_t i = 0; i < n->tuple.items.n; i++) {
		members[i] = check_value(l, &n->tuple.items.v[i]);
		known &= members[i] != NULL;
	}
	return known ? check_extent(l, n->span, type_tuple(l->types, members, n->tuple.items.n)) : NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Records are equal in whatever order their fields are written: those of the same names have one type, with the fields in the
// order that the script has first.
static const char **record_order(struct lang *l, const char *const *names, size_t n)
{
	const char **sorted = arena_memdup(l->arena, names, (n + 1) * sizeof *names);
	_str_ struct str key = { 0 };
	void **at;

	qsort(sorted, n, sizeof *sorted, by_name);
	for (size_t i = 0; i < n; i++)
		str_printf(&key, "%s ", sorted[i]);
	if (!l->records.arena)
		map_init(&l->records, l->arena);
	at = map_puts(&l->records, str_z(&key));
	if (!*at)
		*at = arena_memdup(l->arena, names, (n + 1) * sizeof *names);
	return *at;
}

static const struct type *record_type(struct lang *l, const char *const *names, const struct type *const *members, size_t n)
{
	const char **order = record_order(l, names, n);
	const struct type **types = arena_array(l->arena, const struct type *, n + 1);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (strcmp(order[i], names[k]) == 0)
				types[i] = members[k];
	return type_record(l->types, order, types, n);
}

static const struct type *check_record(struct lang *l, struct node *n)
{
	size_t count = n->record.items.n;
	const struct type **members = arena_array(l->arena, const struct type *, count + 1);
	const char **names = arena_array(l->arena, const char *, count + 1);
	struct map seen;
	bool known = true;

	map_init(&seen, l->arena);
	for (size_t i = 0; i < count; i++) {
		struct node *item = n->record.items.v[i];
		void **at = map_puts(&seen, item->record_item.name);

		if (*at)
			complain(l, item->span, E_REDEFINED, "the record has two fields named '%s'", item->record_item.name);
		*at = item;
		names[i] = item->record_item.name;
		members[i] = check_value(l, &item->record_item.value);
		item->type = members[i];
		known &= members[i] != NULL;
	}
	return known ? check_extent(l, n->span, record_type(l, names, members, count)) : NULL;
}

// Choices ------------------------------------------------------------------------------------------------------------

static const struct type *none(struct lang *l)
{
	return type_basic(l->types, TYPE_NONE);
}

static const struct type *unify_branches(struct lang *l, struct node *n, struct node **yes, struct node **no)
{
	struct slot s = slot_of(l, *yes);
	const struct type *a = (*yes)->type, *b = (*no)->type, *known = a ? a : b;

	if (!a || !b) // an aggregate is read as an integer once the other branch is known: what it is until then would stick
		return l->final || (known && type_is_aggregate(known)) ? NULL : known;
	if (a->kind == TYPE_NONE && b->kind == TYPE_NONE)
		return a;
	if (a->kind == TYPE_NONE || b->kind == TYPE_NONE || !slot_merge(l, &s, slot_of(l, *no), NULL)) {
		complain(l, n->span, E_TYPE, "Branches must return the same type or compatible types: have '%T' and '%T'", a, b);
		return NULL;
	}
	coerce(l, yes, s.type);
	coerce(l, no, s.type);
	return s.type;
}

static const struct type *check_branch(struct lang *l, struct node **slot)
{
	const struct type *t = check_expr(l, slot);

	if (t && type_is_aggregate(t))
		return check_value(l, slot);
	return t;
}

static const struct type *check_ternary(struct lang *l, struct node *n)
{
	check_value(l, &n->ternary.cond);
	coerce_condition(l, &n->ternary.cond);
	check_branch(l, &n->ternary.yes);
	check_branch(l, &n->ternary.no);
	return unify_branches(l, n, &n->ternary.yes, &n->ternary.no);
}

const struct type *check_block_value(struct lang *l, struct node *n)
{
	check_block(l, n);
	if (!n->block.value)
		return none(l);
	return check_branch(l, &n->block.value);
}

const struct type *check_if_value(struct lang *l, struct node *n)
{
	check_value(l, &n->if_.cond);
	coerce_condition(l, &n->if_.cond);
	check_expr(l, &n->if_.yes);
	if (!n->if_.no) {
		if (n->if_.yes->type && n->if_.yes->type->kind != TYPE_NONE)
			complain(l, n->span, E_TYPE, "an if that gives a value needs an else that gives one too");
		return none(l);
	}
	check_expr(l, &n->if_.no);
	return unify_branches(l, n, &n->if_.yes, &n->if_.no);
}

static const struct type *check_comptime_if(struct lang *l, struct node **slot)
{
	struct node *branch;
	const struct type *t;

	if (!comptime_branch(l, *slot, &branch))
		return NULL;
	t = check_expr(l, &branch);
	if (l->final)
		*slot = branch;
	return t;
}

// Casts --------------------------------------------------------------------------------------------------------------

static bool is_register(const struct type *t)
{
	return type_is_integer(t) || t->kind == TYPE_POINTER;
}

// (int8[])x is as long as x; a string's bytes, or an integer's, in the order they have in memory.
static const struct type *array_length(struct lang *l, const struct type *to, const struct type *from)
{
	if (to->kind != TYPE_ARRAY || to->count || !type_is_integer(to->elem) || !(type_is_integer(from) || from->kind == TYPE_STRING))
		return to;
	return type_array(l->types, to->elem, MAX(from->size / to->elem->size, 1u));
}

static bool is_bytes(const struct type *from, const struct type *to)
{
	if (to->kind != TYPE_ARRAY || !type_is_integer(to->elem))
		return false;
	if (from->kind == TYPE_STRING)
		return to->elem->size == 1 && to->size >= from->size;
	return type_is_integer(from) && (to->size == from->size || (to->size <= 8 && from->size < to->size));
}

static bool can_cast(const struct type *from, const struct type *to)
{
	if (is_bytes(from, to))
		return true;
	if (is_register(to) && (is_register(from) || type_is_castable_aggregate(from) || from->kind == TYPE_KSYM || from->kind == TYPE_USYM ||
				from->kind == TYPE_TIMESTAMP))
		return true;
	if (to->kind == TYPE_BOOL && from->kind == TYPE_STRING)
		return true;
	if (to->kind == TYPE_STRING && from->kind == TYPE_STRING)
		return to->count >= from->count;
	if (type_is_integer(to) && from->kind == TYPE_ARRAY && type_is_integer(from->elem))
		return from->size == to->size;
	return from == to;
}

static bool is_variant(const struct type *e, int64_t v)
{
	for (uint32_t i = 0; i < e->nenums; i++)
		if (e->enums[i].value == v)
			return true;
	return false;
}

// A pointer made by a cast points where the value came from, or where the probe's arguments do.
static const struct type *placed(struct lang *l, const struct type *to, const struct node *value)
{
	enum space space = value->type->kind == TYPE_POINTER ? value->type->space : SPACE_NONE;

	if (to->kind != TYPE_POINTER)
		return to;
	return type_pointer(l->types, to->elem, space == SPACE_NONE ? l->body->type->arg_space : space);
}

static bool same_type(const struct type *a, const struct type *b)
{
	return a == b || (a->kind == TYPE_POINTER && b->kind == TYPE_POINTER && a->elem == b->elem);
}

const struct type *check_cast(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	const struct type *to, *from;

	if (!n->cast.to) // done before
		return n->type;
	check_spec(l, n->cast.to);
	to = type_from_spec(l, n->cast.to);
	from = check_expr(l, &n->cast.value);
	if (!to || !from)
		return NULL;
	to = array_length(l, to, from);
	if (!is_bytes(from, to))
		to = type_decayed(l, to);
	if (from == to && n->cast.value->kind == NODE_STRING)
		return to;
	if (!can_cast(from, to)) {
		complain(l, n->span, E_TYPE, "Cannot cast from \"%T\" to \"%T\"", from, to);
		if (from->kind == TYPE_STRUCT || from->kind == TYPE_UNION || to->kind == TYPE_STRUCT || to->kind == TYPE_UNION)
			advise(l, "structs are not converted; pointers to them are: (struct X *)…");
		return NULL;
	}
	if (to->kind == TYPE_ENUM && is_int_literal(n->cast.value) && !is_variant(to, literal_value(n->cast.value))) {
		complain(l, n->span, E_LITERAL, "Invalid enum: %lld is no variant of '%T'", (long long)literal_value(n->cast.value), to);
		return NULL;
	}
	if (same_type(from, to) && !n->span.via && !is_int_literal(n->cast.value))
		warn(l, n->span, W_CAST, "Unnecessary cast: the value has the type '%T' without it", to);
	to = placed(l, to, n->cast.value);
	if (l->final)
		n->cast.to = NULL;
	if (is_int_literal(n->cast.value))
		coerce_int(l, &n->cast.value);
	return to;
}

// sizeof, offsetof ---------------------------------------------------------------------------------------------------

void check_spec(struct lang *l, struct node *spec)
{
	if (!spec->typespec.of)
		return;
	if (spec->typespec.of->kind == NODE_TYPESPEC)
		check_spec(l, spec->typespec.of);
	else
		check_expr(l, &spec->typespec.of);
}

const struct type *operand_type(struct lang *l, struct node **of)
{
	const struct type *t;

	if ((*of)->kind != NODE_TYPESPEC)
		return check_expr(l, of);
	check_spec(l, *of);
	t = type_from_spec(l, *of);
	if (t && !type_completed(l, t)) {
		complain(l, (*of)->span, E_UNKNOWN_NAME, "Unknown struct/union: '%T' has no known members", t);
		return NULL;
	}
	return t;
}

static const struct type *constant(struct lang *l, struct node **slot, uint64_t v, const struct plan_reloc *r)
{
	if (l->final) {
		*slot = node_int(l, (int64_t)v, (*slot)->span);
		(*slot)->int_.reloc = r;
	}
	return t_int(l, 8, false);
}

// Of a kernel type (member NULL: its size); NULL when it is no kernel's.
static const struct plan_reloc *reloc_in(struct lang *l, enum reloc_kind kind, const struct type *t, const char *member)
{
	return t->kind == TYPE_STRUCT || t->kind == TYPE_UNION ? reloc_of(l->world, kind, t, member, &l->plan->bound) : NULL;
}

bool literal_known(struct lang *l, struct node **slot, int64_t *ret)
{
	const struct type *t;

	if ((*slot)->kind == NODE_SIZEOF && l->final)
		check_expr(l, slot); // becomes the literal
	if ((*slot)->kind == NODE_SIZEOF) {
		t = operand_type(l, &(*slot)->sizeof_.of);
		*ret = t ? t->size : 0;
		return t != NULL;
	}
	reloc_fix(l, *slot);
	*ret = (*slot)->kind == NODE_INT ? literal_value(*slot) : 0;
	return (*slot)->kind == NODE_INT;
}

static const struct type *check_sizeof(struct lang *l, struct node **slot)
{
	const struct type *t = operand_type(l, &(*slot)->sizeof_.of);

	return t ? constant(l, slot, t->size, reloc_in(l, RELOC_SIZE, t, NULL)) : NULL;
}

static const struct type *check_offsetof(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	const struct type *t = operand_type(l, &n->offsetof_.of);
	const struct plan_reloc *r = NULL;
	uint64_t off = 0;

	while (t && t->kind == TYPE_POINTER)
		t = t->elem;
	for (size_t i = 0; t && i < n->offsetof_.path.n; i++) {
		const struct node *part = n->offsetof_.path.v[i];
		const struct field *f = type_completed(l, t) ? type_field(t, part->ident.name) : NULL;

		if (!f) {
			complain(l, part->span, E_UNKNOWN_NAME, "'%T' has no field '%s'", t, part->ident.name);
			return NULL;
		}
		r = reloc_in(l, RELOC_OFFSET, t, f->name);
		if (n->offsetof_.path.n > 1 && l->final)
			reloc_fixed(l, r, part->span); // a sum
		off += f->offset;
		t = f->type;
	}
	return t ? constant(l, slot, off, n->offsetof_.path.n == 1 ? r : NULL) : NULL;
}

// ++ -----------------------------------------------------------------------------------------------------------------

static const struct type *check_incdec(struct lang *l, struct node *n)
{
	struct node *t = n->incdec.target;
	struct slot *s = NULL;

	if (t->kind == NODE_MAP && t->map.sym) {
		check_map_keys(l, t);
		s = &lang_map_of(t->map.sym)->value;
	} else if (t->kind == NODE_VAR && t->var.sym) {
		s = &lang_var_of(t->var.sym)->slot;
	}
	if (!s)
		return NULL;
	if (!s->type)
		slot_add(l, s, (struct slot){ .type = t_int(l, 1, true), .soft = 1 }, NULL);
	t->type = s->type;
	if (s->type && s->type->kind != TYPE_INT && s->type->kind != TYPE_POINTER) {
		complain(l, n->span, E_TYPE, "%s can only be used on an integer or a pointer; %s has the type '%T'", op_spelling(n->incdec.op),
			 t->kind == NODE_MAP ? t->map.name : t->var.name, s->type);
		return NULL;
	}
	return s->type;
}

static const struct type *check_kind(struct lang *l, struct node **slot)
{
	struct node *n = *slot;

	switch (n->kind) {
	case NODE_INT: return n->type && (n->type->kind == TYPE_ENUM || l->final) ? n->type : smallest(l, n);
	case NODE_BOOL: return type_basic(l->types, TYPE_BOOL);
	case NODE_STRING: return check_string(l, n);
	case NODE_IDENT: return check_ident(l, slot);
	case NODE_VAR: return check_var(l, n);
	case NODE_MAP: return check_map_read(l, slot);
	case NODE_INDEX: case NODE_FIELD: case NODE_ELEMENT: return check_member(l, slot);
	case NODE_CALL: return check_call(l, slot);
	case NODE_UNARY: return check_unary(l, slot);
	case NODE_BINARY: return check_binary(l, slot);
	case NODE_INCDEC: return check_incdec(l, n);
	case NODE_TERNARY: return check_ternary(l, n);
	case NODE_CAST: return check_cast(l, slot);
	case NODE_TUPLE: return check_tuple(l, n);
	case NODE_RECORD: return check_record(l, n);
	case NODE_SIZEOF: return check_sizeof(l, slot);
	case NODE_OFFSETOF: return check_offsetof(l, slot);
	case NODE_IF: return n->if_.is_comptime ? check_comptime_if(l, slot) : check_if_value(l, n);
	case NODE_COMPTIME: return check_value(l, &n->comptime.value);
	case NODE_TYPEINFO: return check_typeinfo(l, slot);
	case NODE_BLOCK: return check_block_value(l, n);
	case NODE_POSITIONAL: case NODE_RECORD_ITEM: case NODE_TYPEOF: case NODE_TYPESPEC: case NODE_EXPR: case NODE_ASSIGN: case NODE_DISCARD:
	case NODE_LET: case NODE_WHILE: case NODE_UNROLL: case NODE_FOR: case NODE_BREAK: case NODE_CONTINUE: case NODE_RETURN:
	case NODE_SCRIPT: case NODE_PROBE: case NODE_POINT: case NODE_CONFIG: case NODE_CONFIG_ENTRY: case NODE_MAPDECL:
	case NODE_MACRO: case NODE_FN: case NODE_IMPORT: case NODE_C_TEXT: case NODE_FIRST_DECLARATIVE ... NODE_LAST_DECLARATIVE:
	case NODE_KINDS:
		break;
	}
	BUG("'%s' is no expression", node_name(n->kind));
}

const struct type *check_expr(struct lang *l, struct node **slot)
{
	const struct type *t = check_kind(l, slot);

	(*slot)->type = t;
	return t;
}

// SPDX-License-Identifier: Apache-2.0
// comptime.c - what the compiler evaluates while it checks: conditions of `if comptime`, typeinfo(), the is_…() predicates.
//
// A branch that is not taken is never checked, so that it may hold what would be an error for these types. While types are
// still being inferred a condition may have no answer yet; then neither branch is looked at in that walk.
#include <string.h>

#include "base/str.h"
#include "lang/resolve.h"

static struct node *typeinfo_record(struct lang *l, struct node *n);

// typeinfo(…).NAME: what it stands for, or NULL. The last walk has made a record of it.
static struct node *typeinfo_member(struct lang *l, const struct node *n)
{
	struct node *of = n->kind == NODE_FIELD ? n->field.base : NULL;
	const struct node *record = of && of->kind == NODE_TYPEINFO ? typeinfo_record(l, of) : of;

	for (size_t i = 0; record && record->kind == NODE_RECORD && i < record->record.items.n; i++) {
		struct node *item = record->record.items.v[i];

		if (strcmp(item->record_item.name, n->field.name) == 0)
			return item->record_item.value->kind == NODE_CAST ? item->record_item.value->cast.value : item->record_item.value;
	}
	return NULL;
}

static const char *known_text(struct lang *l, const struct node *n)
{
	const struct node *of = n->kind == NODE_STRING ? n : typeinfo_member(l, n);

	return of && of->kind == NODE_STRING ? of->string.text : NULL;
}

static bool known_texts(struct lang *l, const struct node *n, int64_t *ret)
{
	const char *a = known_text(l, n->binary.left), *b = a ? known_text(l, n->binary.right) : NULL;

	*ret = a && b && (strcmp(a, b) == 0) == (n->binary.op == OP_EQ);
	return a && b && (n->binary.op == OP_EQ || n->binary.op == OP_NE);
}

static bool known_binary(struct lang *l, struct node *n, int64_t *ret)
{
	int64_t a, b;

	if (known_texts(l, n, ret))
		return true;
	if (n->binary.op == OP_LOR || n->binary.op == OP_LAND) {
		if (!comptime_known(l, &n->binary.left, &a))
			return false;
		*ret = a != 0;
		if ((a != 0) == (n->binary.op == OP_LOR))
			return true;
		if (!comptime_known(l, &n->binary.right, &b))
			return false;
		*ret = b != 0;
		return true;
	}
	if (n->binary.left->kind == NODE_STRING || !comptime_known(l, &n->binary.left, &a) || !comptime_known(l, &n->binary.right, &b))
		return false;
	switch (n->binary.op) {
	case OP_ADD: *ret = (int64_t)((uint64_t)a + (uint64_t)b); return true;
	case OP_SUB: *ret = (int64_t)((uint64_t)a - (uint64_t)b); return true;
	case OP_MUL: *ret = (int64_t)((uint64_t)a * (uint64_t)b); return true;
	case OP_DIV: *ret = b ? (int64_t)((uint64_t)a / (uint64_t)b) : 0; return b != 0;
	case OP_MOD: *ret = b ? (int64_t)((uint64_t)a % (uint64_t)b) : 0; return b != 0;
	case OP_AND: *ret = a & b; return true;
	case OP_OR: *ret = a | b; return true;
	case OP_XOR: *ret = a ^ b; return true;
	case OP_EQ: *ret = a == b; return true;
	case OP_NE: *ret = a != b; return true;
	case OP_LT: *ret = a < b; return true;
	case OP_GT: *ret = a > b; return true;
	case OP_LE: *ret = a <= b; return true;
	case OP_GE: *ret = a >= b; return true;
	default: return false;
	}
}

bool comptime_known(struct lang *l, struct node **slot, int64_t *ret)
{
	struct node *n = *slot, *member;

	switch (n->kind) {
	case NODE_FIELD:
		member = typeinfo_member(l, n);
		return member && comptime_known(l, &member, ret);
	case NODE_BOOL: *ret = n->bool_.value; return true;
	case NODE_STRING: *ret = n->string.len > 0; return true;
	case NODE_INT:
		reloc_fix(l, n);
		*ret = literal_value(n);
		return true;
	case NODE_COMPTIME: return comptime_known(l, &n->comptime.value, ret);
	case NODE_CAST: return n->cast.implicit && comptime_known(l, &n->cast.value, ret);
	case NODE_SIZEOF: case NODE_OFFSETOF: return literal_known(l, slot, ret);
	case NODE_CALL: return predicate_known(l, n, ret);
	case NODE_BINARY: return known_binary(l, n, ret);
	case NODE_UNARY:
		if (!comptime_known(l, &n->unary.value, ret))
			return false;
		*ret = n->unary.op == OP_NOT ? !*ret : n->unary.op == OP_NEG ? (int64_t)(0 - (uint64_t)*ret) : ~*ret;
		return n->unary.op == OP_NOT || n->unary.op == OP_NEG || n->unary.op == OP_BITNOT;
	default: return false;
	}
}

static struct node *empty_block(struct lang *l, struct span at)
{
	return node_new(l->arena, NODE_BLOCK, at);
}

bool comptime_branch(struct lang *l, struct node *n, struct node **ret)
{
	int64_t v;

	*ret = NULL;
	if (!check_value(l, &n->if_.cond))
		return false;
	if (!comptime_known(l, &n->if_.cond, &v)) {
		complain(l, n->if_.cond->span, E_LITERAL, "if comptime needs a condition that the compiler can evaluate");
		return false;
	}
	*ret = v ? n->if_.yes : n->if_.no;
	if (!*ret)
		*ret = empty_block(l, n->span);
	return true;
}

// Before types are: a condition of literals, so that what is left out need not even have names that exist.
// What can be asked of the kernel, and !, && and || of that.
static void ask_kernel(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *a, *b;
	bool value;

	if (n->kind == NODE_CALL) {
		const struct builtin *f = builtin_find(n->call.name, true);

		if (f)
			imported_asked(l, slot, f);
		return;
	}
	if (n->kind == NODE_UNARY && n->unary.op == OP_NOT) {
		ask_kernel(l, &n->unary.value);
		if (n->unary.value->kind != NODE_BOOL)
			return;
		value = !n->unary.value->bool_.value;
	} else if (n->kind == NODE_BINARY && (n->binary.op == OP_LAND || n->binary.op == OP_LOR)) {
		ask_kernel(l, &n->binary.left);
		ask_kernel(l, &n->binary.right);
		a = n->binary.left;
		b = n->binary.right;
		if (a->kind != NODE_BOOL || b->kind != NODE_BOOL)
			return;
		value = n->binary.op == OP_LAND ? a->bool_.value && b->bool_.value : a->bool_.value || b->bool_.value;
	} else {
		return;
	}
	*slot = node_new(l->arena, NODE_BOOL, n->span);
	(*slot)->bool_.value = value;
}

bool comptime_resolved(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	int64_t v;

	if (n->if_.cond->kind == NODE_COMPTIME)
		n->if_.cond = n->if_.cond->comptime.value;
	ask_kernel(l, &n->if_.cond);
	if (n->if_.cond->kind != NODE_BOOL && n->if_.cond->kind != NODE_INT && n->if_.cond->kind != NODE_STRING)
		return false;
	comptime_known(l, &n->if_.cond, &v);
	*slot = v ? n->if_.yes : n->if_.no;
	if (!*slot)
		*slot = empty_block(l, n->span);
	return true;
}

// Predicates ---------------------------------------------------------------------------------------------------------

static bool is_string(const struct type *t)
{
	return t->kind == TYPE_STRING;
}

static bool is_array(const struct type *t)
{
	return t->kind == TYPE_ARRAY;
}

static bool is_pointer(const struct type *t)
{
	return t->kind == TYPE_POINTER;
}

static bool is_unsigned(const struct type *t)
{
	return t->kind == TYPE_INT && !t->is_signed;
}

static bool is_integer(const struct type *t)
{
	return t->kind == TYPE_INT || t->kind == TYPE_ENUM;
}

static const struct {
	const char *name;
	bool (*holds)(const struct type *t); // NULL: asks for more than the type
} predicates[] = {
	{ "is_array", is_array }, { "is_integer", is_integer }, { "is_ptr", is_pointer }, { "is_str", is_string },
	{ "is_unsigned_integer", is_unsigned }, { "is_literal", NULL }, { "is_scalar", NULL },
};

static bool is_literal(const struct node *n)
{
	return n->kind == NODE_INT || n->kind == NODE_BOOL || n->kind == NODE_STRING;
}

// A map without keys; anything else that is one value.
static bool is_scalar(const struct node *n)
{
	const struct type *t = n->type;

	if (n->kind == NODE_MAP && n->map.sym && !n->map.keys.n)
		return !lang_map_of(n->map.sym)->keyed;
	return t && (type_is_scalar(t) || t->kind == TYPE_STRING);
}

bool predicate_known(struct lang *l, struct node *n, int64_t *ret)
{
	const struct node *of = n->call.args.n == 1 ? n->call.args.v[0] : NULL;

	(void)l;
	if (!of || !(n->call.builtin->flags & BF_CONST))
		return false;
	while (of->kind == NODE_CAST && of->cast.implicit)
		of = of->cast.value;
	for (size_t i = 0; i < ARRAY_SIZE(predicates); i++) {
		if (strcmp(predicates[i].name, n->call.builtin->name) != 0)
			continue;
		if (predicates[i].holds && !of->type)
			return false;
		*ret = predicates[i].holds ? predicates[i].holds(of->type) : strcmp(n->call.builtin->name, "is_literal") == 0 ? is_literal(of) : is_scalar(of);
		return true;
	}
	return false;
}

bool is_predicate(const struct builtin *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(predicates); i++)
		if (b->is_function && strcmp(predicates[i].name, b->name) == 0)
			return true;
	return false;
}

const struct type *check_predicate(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *of = n->call.args.v[0];
	bool whole = of->kind == NODE_MAP && !of->map.keys.n && of->map.sym;
	int64_t v;

	if (whole)
		of->type = lang_map_of(of->map.sym)->value.type;
	else
		check_expr(l, &n->call.args.v[0]);
	if (l->final && predicate_known(l, n, &v)) {
		*slot = node_new(l->arena, NODE_BOOL, n->span);
		(*slot)->bool_.value = v;
	}
	return type_basic(l->types, TYPE_BOOL);
}

// typeinfo -----------------------------------------------------------------------------------------------------------

static const char *base_word(const struct type *t)
{
	switch (t->kind) {
	case TYPE_BOOL: return "bool";
	case TYPE_INT: return "int";
	case TYPE_ENUM: return "enum";
	case TYPE_STRING: return "string";
	case TYPE_POINTER: return "pointer";
	case TYPE_ARRAY: return "array";
	case TYPE_STRUCT: return "struct";
	case TYPE_UNION: return "union";
	case TYPE_TUPLE: return "tuple";
	case TYPE_RECORD: return "record";
	default: return NULL;
	}
}

static void add_item(struct lang *l, struct node *record, const char *name, struct node *value)
{
	struct node *item = node_new(l->arena, NODE_RECORD_ITEM, record->span);

	item->record_item.name = name;
	item->record_item.value = value;
	vec_push(l->arena, &record->record.items, item);
}

// In the kernel's BTF; of types that are not the kernel's, and of those without a tag, 0.
static struct node *btf_id(struct lang *l, const struct type *t, struct span at)
{
	static const char *const words[TYPE_KINDS] = { [TYPE_STRUCT] = "struct", [TYPE_UNION] = "union", [TYPE_ENUM] = "enum" };
	const struct plan_reloc *r = NULL;

	if (words[t->kind] && t->name && l->world->ops->type_named && l->world->ops->type_named(l->world, t->kind, t->name) == t)
		r = reloc_new(l->world, RELOC_TYPE_ID, arena_printf(l->arena, "%s %s", words[t->kind], t->name), "");
	struct node *n = node_int(l, r ? (int64_t)r->value : 0, at), *cast = node_new(l->arena, NODE_CAST, at);
	n->int_.reloc = r;
	cast->cast.value = n;
	cast->cast.to = node_new(l->arena, NODE_TYPESPEC, at);
	cast->cast.to->typespec.name = "uint32";
	return cast;
}

static struct node *typeinfo_record(struct lang *l, struct node *n)
{
	_str_ struct str full = { 0 };
	struct node *record = node_new(l->arena, NODE_RECORD, n->span);
	const struct type *t = operand_type(l, &n->typeinfo.of);
	const char *base;

	if (!t)
		return NULL;
	type_print(t, &full);
	base = base_word(t) ? base_word(t) : str_z(&full);
	add_item(l, record, "btf_id", btf_id(l, t, n->span));
	add_item(l, record, "base_type", node_string(l, base, strlen(base), n->span));
	add_item(l, record, "full_type", node_string(l, str_z(&full), full.n, n->span));
	return record;
}

const struct type *check_typeinfo(struct lang *l, struct node **slot)
{
	struct node *record = typeinfo_record(l, *slot);

	if (!record)
		return NULL;
	if (l->final)
		*slot = record;
	return check_expr(l, &record);
}

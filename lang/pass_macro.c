// SPDX-License-Identifier: Apache-2.0
// pass_macro.c - calls of macros and functions become what they stand for. See expand.h.
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "lang/expand.h"

#define NODES_MOST 1000000 // what a script may expand to: a macro that uses another twice, ten times over, is no mistake yet

struct frame {
	const struct macro *macro; // NULL: the probe itself
	struct frame *up;
	const struct node_list *args; // in the caller's names
	uint32_t via;
	struct map renamed;        // the macro's variables -> names in the probe
	struct node *probe;        // the outermost frame: names not yet collected
};

static void rewrite(void *arg, struct node **slot);

// Names --------------------------------------------------------------------------------------------------------------

static void collect(void *arg, struct node **slot)
{
	struct map *in_use = arg;
	const struct node *n = *slot;
	const char *name = n->kind == NODE_VAR ? n->var.name : n->kind == NODE_LET ? n->let.name : n->kind == NODE_FOR ? n->for_.name : NULL;

	if (name)
		*map_puts(in_use, name) = in_use;
	node_each_child(*slot, collect, in_use);
}

static void collect_names(struct macros *m)
{
	struct frame *f = m->frame;

	while (f->up)
		f = f->up;
	if (!f->probe)
		return;
	map_init(&m->in_use, m->l->arena);
	collect(&m->in_use, &f->probe);
	f->probe = NULL;
}

static const char *fresh(struct macros *m, const char *name)
{
	struct map *counts = &m->counts;
	void **count;
	char *made;

	if (!map_gets(&m->in_use, name)) {
		*map_puts(&m->in_use, name) = m;
		return name;
	}
	do {
		count = map_puts(counts, name);
		*count = (void *)((uintptr_t)*count + 1);
		made = arena_printf(m->l->arena, "%s_%zu", name, (size_t)(uintptr_t)*count + 1);
	} while (map_gets(&m->in_use, made));
	*map_puts(&m->in_use, made) = m;
	return made;
}

static const char *renamed(struct macros *m, const char *name)
{
	const char *now;

	if (!m->frame->macro)
		return name;
	now = map_gets(&m->frame->renamed, name);
	if (!now) {
		now = fresh(m, name);
		*map_puts(&m->frame->renamed, name) = (void *)(uintptr_t)now;
	}
	return now;
}

// Parameters ---------------------------------------------------------------------------------------------------------

// The argument that a parameter of the open macro stands for, NULL if `name` is none.
static const struct node *argument(const struct macros *m, enum node_kind kind, const char *name)
{
	const struct macro *d = m->frame->macro;

	for (size_t i = 0; d && i < d->params->n; i++) {
		const struct node *p = d->params->v[i];

		if (p->kind == kind && strcmp(kind == NODE_VAR ? p->var.name : kind == NODE_MAP ? p->map.name : p->ident.name, name) == 0)
			return m->frame->args->v[i];
	}
	return NULL;
}

static void too_much(struct macros *m, struct span at, enum diag_code code, const char *text)
{
	if (!m->stop)
		diag_error(m->l->diag, at, code, "%s", text);
	m->stop = true;
}

static uint64_t count_nodes(const struct node *n);

static void count_child(void *arg, struct node **slot)
{
	*(uint64_t *)arg += count_nodes(*slot);
}

static uint64_t count_nodes(const struct node *n)
{
	uint64_t all = 1;

	node_each_child((struct node *)n, count_child, &all);
	return all;
}

// What is wrong with an argument is shown where the macro uses it.
static struct node *copy(struct macros *m, const struct node *arg, struct span use)
{
	struct node *n;

	if (m->level + arg->depth > PARSE_MAX_DEPTH)
		too_much(m, arg->span, E_TOO_DEEP, "macros make this nest too deeply");
	m->nodes += count_nodes(arg);
	n = node_clone(m->l->arena, arg);
	n->span = use;
	return n;
}

// Suffixes of `spec` behind the type `t`.
static struct node *suffixed(struct macros *m, const struct node *spec, struct node *t)
{
	struct node *n;

	if (!spec->typespec.pointers && !spec->typespec.is_array)
		return t;
	n = node_new(m->l->arena, NODE_TYPESPEC, spec->span);
	if (t->typespec.is_array)
		n->typespec.of = t;
	else
		n->typespec = t->typespec;
	n->typespec.pointers += spec->typespec.pointers;
	n->typespec.is_array = spec->typespec.is_array;
	n->typespec.count = spec->typespec.count;
	return n;
}

static bool is_type_name(const struct node *n)
{
	return n->kind == NODE_IDENT && !builtin_find(n->ident.name, false);
}

// The type that an argument is, NULL if it is none: typeof(…), or a bare name.
static struct node *type_argument(struct macros *m, const struct node *arg)
{
	struct node *t;

	if (arg->kind == NODE_TYPEOF && arg->typeof_.of->kind == NODE_TYPESPEC)
		return copy(m, arg->typeof_.of, arg->typeof_.of->span);
	if (arg->kind != NODE_TYPEOF && !is_type_name(arg))
		return NULL;
	t = node_new(m->l->arena, NODE_TYPESPEC, arg->span);
	if (arg->kind == NODE_TYPEOF)
		t->typespec.of = copy(m, arg->typeof_.of, arg->typeof_.of->span);
	else
		t->typespec.name = arg->ident.name;
	return t;
}

static void rewrite_operand(struct macros *m, struct node **slot);

// A type that is named as a parameter is what was passed.
static void rewrite_type(struct macros *m, struct node **slot)
{
	struct node *spec = *slot, *t;
	const struct node *arg = spec->typespec.name && !spec->typespec.word ? argument(m, NODE_IDENT, spec->typespec.name) : NULL;

	if (spec->typespec.of)
		rewrite_operand(m, &spec->typespec.of);
	if (!arg)
		return;
	t = type_argument(m, arg);
	if (t)
		*slot = suffixed(m, spec, t);
	else
		diag_error(m->l->diag, spec->span, E_TYPE, "%s is used as a type here, and what is passed for it is none; pass typeof(…)", spec->typespec.name);
}

// sizeof(p) of a parameter may mean a type or an expression, as what was passed.
static void rewrite_operand(struct macros *m, struct node **slot)
{
	struct node *of = *slot;
	const struct node *arg = NULL;

	if (of->kind == NODE_TYPESPEC && of->typespec.name && !of->typespec.word && !of->typespec.pointers && !of->typespec.is_array)
		arg = argument(m, NODE_IDENT, of->typespec.name);
	if (arg && arg->kind != NODE_TYPEOF && !is_type_name(arg))
		*slot = copy(m, arg, (*slot)->span);
	else
		rewrite(m, slot);
}

// a.b.c as names, in order; false if it is something else.
static bool push_path(struct macros *m, struct node_list *path, const struct node *arg)
{
	struct node *n;

	if (arg->kind == NODE_IDENT) {
		vec_push(m->l->arena, path, node_clone(m->l->arena, arg));
		return true;
	}
	if (arg->kind != NODE_FIELD || !push_path(m, path, arg->field.base))
		return false;
	n = node_new(m->l->arena, NODE_IDENT, arg->span);
	n->ident.name = arg->field.name;
	vec_push(m->l->arena, path, n);
	return true;
}

static void rewrite_path(struct macros *m, struct node_list *path)
{
	struct node_list old = *path;

	*path = (struct node_list){ 0 };
	for (size_t i = 0; i < old.n; i++) {
		const struct node *arg = argument(m, NODE_IDENT, old.v[i]->ident.name);

		if (!arg || !push_path(m, path, arg))
			vec_push(m->l->arena, path, old.v[i]);
	}
}

// Calls --------------------------------------------------------------------------------------------------------------

static bool recursive(struct macros *m, const struct macro *d, struct span at)
{
	_str_ struct str chain = { 0 };
	const struct frame *f = m->frame;
	VEC(const char *) names = { 0 };

	for (; f->macro && f->macro != d; f = f->up)
		vec_push(m->l->arena, &names, f->macro->name);
	if (!f->macro)
		return false;
	str_adds(&chain, d->name);
	while (names.n)
		str_printf(&chain, " → %s", names.v[--names.n]);
	diag_error(m->l->diag, at, E_PLACE, "Recursive call of a %s: %s → %s", d->def->kind == NODE_FN ? "function" : "macro", str_z(&chain), d->name);
	return true;
}

// let $param : type = argument;
static void set_params(struct macros *m, const struct node_list *params, const struct node_list *args, struct node *block)
{
	struct node_list body = { 0 };

	for (size_t i = 0; i < params->n; i++) {
		struct node *let = node_clone(m->l->arena, params->v[i]);

		let->span = args->v[i]->span;
		let->let.name = renamed(m, let->let.name);
		let->let.value = copy(m, args->v[i], args->v[i]->span);
		vec_push(m->l->arena, &body, let);
	}
	for (size_t i = 0; i < block->block.body.n; i++)
		vec_push(m->l->arena, &body, block->block.body.v[i]);
	block->block.body = body;
}

static struct node *expansion(struct macros *m, const struct macro *d, const struct node_list *args, struct span at)
{
	struct frame f = { .macro = d, .up = m->frame, .args = args, .via = diag_expansion(m->l->diag, at) };
	struct node *block = node_clone(m->l->arena, d->block);

	map_init(&f.renamed, m->l->arena);
	m->frame = &f;
	rewrite(m, &block);
	if (d->def->kind == NODE_FN)
		set_params(m, d->params, args, block);
	m->frame = f.up;
	if (!block->block.body.n && block->block.value)
		return block->block.value;
	block->span = at;
	return block;
}

static void expand(struct macros *m, struct node **slot, const char *name, const struct node_list *args)
{
	bool from_library = m->frame->macro && m->frame->macro->library;
	struct span at = (*slot)->span;
	const struct macro *d;

	if (!macros_find(m, name, from_library))
		return;
	d = macro_choose(m, name, from_library, args, at, (*slot)->kind == NODE_CALL && !builtin_find(name, true));
	if (!d || d->broken || recursive(m, d, at))
		return;
	collect_names(m);
	*slot = expansion(m, d, args, at);
}

// The walk -----------------------------------------------------------------------------------------------------------

static void rewrite_var(struct macros *m, struct node **slot)
{
	const struct node *arg = argument(m, NODE_VAR, (*slot)->var.name);

	if (arg)
		*slot = copy(m, arg, (*slot)->span);
	else
		(*slot)->var.name = renamed(m, (*slot)->var.name);
}

static void rewrite_ident(struct macros *m, struct node **slot)
{
	static const struct node_list none;
	const struct node *arg = argument(m, NODE_IDENT, (*slot)->ident.name);

	if (arg)
		*slot = copy(m, arg, (*slot)->span);
	else
		expand(m, slot, (*slot)->ident.name, &none);
}

static void rewrite_map(struct macros *m, struct node *n)
{
	const struct node *arg = argument(m, NODE_MAP, n->map.name);

	node_each_child(n, rewrite, m);
	if (arg)
		n->map.name = arg->map.name;
}

static bool is_plain(const struct node *n)
{
	return n->kind == NODE_VAR || n->kind == NODE_MAP || n->kind == NODE_INT || n->kind == NODE_STRING || n->kind == NODE_BOOL;
}

// A value that nobody asks for, as a statement. One that does nothing is dropped without a warning: the caller has no say in
// what a macro ends with.
static struct node *as_statement(struct macros *m, struct node *value)
{
	struct node *n;

	if (value->kind == NODE_IF)
		return value;
	if (value->kind == NODE_BLOCK) {
		if (value->block.value)
			vec_push(m->l->arena, &value->block.body, as_statement(m, value->block.value));
		value->block.value = NULL;
		return value;
	}
	n = node_new(m->l->arena, is_plain(value) ? NODE_DISCARD : NODE_EXPR, value->span);
	if (n->kind == NODE_DISCARD)
		n->discard.value = value;
	else
		n->expr.value = value;
	return n;
}

static void rewrite_statement(struct macros *m, struct node **slot)
{
	struct node *n = *slot;
	bool call = n->expr.value->kind == NODE_CALL || n->expr.value->kind == NODE_IDENT;

	rewrite(m, &n->expr.value);
	if (call && n->expr.value->kind != NODE_CALL && n->expr.value->kind != NODE_IDENT)
		*slot = as_statement(m, n->expr.value);
}

static void rewrite_node(struct macros *m, struct node **slot)
{
	struct node *n = *slot;

	switch (n->kind) {
	case NODE_VAR: rewrite_var(m, slot); return;
	case NODE_MAP: rewrite_map(m, n); return;
	case NODE_IDENT: rewrite_ident(m, slot); return;
	case NODE_TYPESPEC: rewrite_type(m, slot); return;
	case NODE_SIZEOF: rewrite_operand(m, &n->sizeof_.of); return;
	case NODE_OFFSETOF:
		rewrite_operand(m, &n->offsetof_.of);
		rewrite_path(m, &n->offsetof_.path);
		return;
	case NODE_TYPEOF: rewrite_operand(m, &n->typeof_.of); return;
	case NODE_TYPEINFO: rewrite_operand(m, &n->typeinfo.of); return;
	case NODE_EXPR: rewrite_statement(m, slot); return;
	case NODE_LET:
		node_each_child(n, rewrite, m);
		n->let.name = renamed(m, n->let.name);
		return;
	case NODE_FOR:
		n->for_.name = renamed(m, n->for_.name);
		node_each_child(n, rewrite, m);
		return;
	case NODE_CALL:
		node_each_child(n, rewrite, m);
		expand(m, slot, n->call.name, &n->call.args);
		return;
	default:
		node_each_child(n, rewrite, m);
	}
}

static void deepest(void *arg, struct node **slot)
{
	uint32_t *depth = arg;

	*depth = MAX(*depth, (*slot)->depth);
}

static void rewrite(void *arg, struct node **slot)
{
	struct macros *m = arg;
	uint32_t depth = 0;

	if (m->stop)
		return;
	if (m->frame->macro) {
		(*slot)->span.via = m->frame->via;
		if (++m->nodes > NODES_MOST)
			too_much(m, (*slot)->span, E_LIMIT, "the macros of this script expand to more than a million nodes");
	}
	if (++m->level > PARSE_MAX_DEPTH)
		too_much(m, (*slot)->span, E_TOO_DEEP, "macros make this nest too deeply");
	else
		rewrite_node(m, slot);
	m->level--;
	node_each_child(*slot, deepest, &depth);
	(*slot)->depth = depth + 1;
}

static void rewrite_probe(struct macros *m, struct node *n)
{
	struct frame f = { .probe = n };

	m->frame = &f;
	map_init(&m->counts, m->l->arena);
	if (n->probe.predicate)
		rewrite(m, &n->probe.predicate);
	rewrite(m, &n->probe.block);
}

static void rewrite_declared(struct macros *m, struct node *n)
{
	struct frame f = { .probe = n };

	m->frame = &f;
	map_init(&m->counts, m->l->arena);
	node_each_child(n, rewrite, m);
}

void pass_macro(struct lang *l)
{
	struct node_list *items = &l->script->script.items;
	struct macros m = { .l = l };
	size_t kept = 0;

	map_init(&m.own, l->arena);
	map_init(&m.library, l->arena);
	map_init(&m.asked, l->arena);
	for (size_t i = 0; i < items->n; i++)
		if (items->v[i]->kind == NODE_MACRO || items->v[i]->kind == NODE_FN)
			macros_define(&m, items->v[i], false);
		else
			items->v[kept++] = items->v[i];
	items->n = kept;
	for (size_t i = 0; i < items->n && !m.stop; i++)
		if (items->v[i]->kind == NODE_PROBE)
			rewrite_probe(&m, items->v[i]);
		else if (items->v[i]->kind == NODE_DECLARED)
			rewrite_declared(&m, items->v[i]);
}

// SPDX-License-Identifier: Apache-2.0
// pass_prune.c - what can never run goes, then what nothing mentions any more: variables and maps.
#include <string.h>

#include "lang/lang_int.h"

static bool constant(const struct node *n, bool *ret)
{
	if (n->kind == NODE_BOOL)
		*ret = n->bool_.value;
	else if (n->kind == NODE_INT && !n->int_.reloc)
		*ret = n->int_.value != 0;
	else
		return false;
	return true;
}

static bool ends(const struct node *n)
{
	switch (n->kind) {
	case NODE_RETURN: case NODE_BREAK: case NODE_CONTINUE:
		return true;
	case NODE_EXPR:
		return n->expr.value->kind == NODE_CALL && n->expr.value->call.builtin && n->expr.value->call.builtin->id == BUILTIN_EXIT;
	default:
		return false;
	}
}

// What stands for the statement: itself, one branch of it, or nothing.
static struct node *reduced(struct node *n)
{
	bool v;

	if (n->kind == NODE_WHILE && constant(n->while_.cond, &v) && !v)
		return NULL;
	while (n && n->kind == NODE_IF && constant(n->if_.cond, &v))
		n = v ? n->if_.yes : n->if_.no;
	return n;
}

static void prune_children(struct node *n);

static void prune_block(struct node *n)
{
	struct node_list *body = &n->block.body;
	size_t kept = 0;

	for (size_t i = 0; i < body->n; i++) {
		struct node *s = reduced(body->v[i]);

		if (!s)
			continue;
		prune_children(s);
		body->v[kept++] = s;
		if (ends(s) && !n->block.value)
			break;
	}
	body->n = kept;
	if (n->block.value)
		prune_children(n->block.value);
}

static void visit(void *arg, struct node **slot)
{
	prune_children(*slot);
}

static void prune_children(struct node *n)
{
	if (n->kind == NODE_BLOCK)
		prune_block(n);
	else
		node_each_child(n, visit, NULL);
}

// What is left is mentioned --------------------------------------------------------------------------------------------

struct marks {
	bool *maps, *vars;
};

static void mark(void *arg, struct node **slot)
{
	const struct marks *m = arg;
	const struct node *n = *slot;

	if (n->kind == NODE_MAP)
		m->maps[n->map.sym->index] = true;
	else if (n->kind == NODE_VAR)
		m->vars[n->var.sym->index] = true;
	else if (n->kind == NODE_LET)
		m->vars[n->let.sym->index] = true;
	else if (n->kind == NODE_FOR)
		m->vars[n->for_.sym->index] = true;
	node_each_child(*slot, mark, arg);
}

static void mark_body(struct lang *l, struct body *b, bool *maps)
{
	struct marks m = { .maps = maps, .vars = arena_array(l->arena, bool, b->nvars + 1) };
	size_t kept = 0;

	if (b->predicate)
		mark(&m, &b->predicate);
	mark(&m, &b->block);
	for (size_t i = 0; i < b->nvars; i++) {
		if (!m.vars[i])
			continue;
		b->vars[kept] = b->vars[i];
		b->vars[kept]->index = (uint32_t)kept;
		kept++;
	}
	b->nvars = kept;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct map_sym *const *)a)->name, (*(struct map_sym *const *)b)->name);
}

// Maps stand in the plan in the order they are printed at the end: by name.
static void sort_maps(struct lang *l)
{
	if (l->maps.n)
		qsort(l->maps.v, l->maps.n, sizeof *l->maps.v, by_name);
	for (size_t i = 0; i < l->maps.n; i++)
		l->maps.v[i]->index = (uint32_t)i;
}

void pass_prune(struct lang *l)
{
	bool *maps = arena_array(l->arena, bool, l->maps.n + 1), always;
	size_t kept = 0;

	for (size_t i = 0; i < l->bodies.n; i++) {
		struct body *b = &l->bodies.v[i];

		if (b->predicate && constant(b->predicate, &always) && always)
			b->predicate = NULL;
		prune_children(b->block);
		mark_body(l, b, maps);
	}
	for (size_t i = 0; i < l->maps.n; i++) {
		if (!maps[i])
			continue;
		l->maps.v[kept++] = l->maps.v[i];
	}
	l->maps.n = kept;
	sort_maps(l);
}

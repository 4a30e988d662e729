// SPDX-License-Identifier: Apache-2.0
// sugar_build.c - core nodes, one function each.
#include <string.h>

#include "lang/sugar.h"

struct node *make_ident(struct sugar *s, const char *name, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_IDENT, at);

	n->ident.name = name;
	return n;
}

struct node *make_var(struct sugar *s, const char *name, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_VAR, at);

	n->var.name = name;
	return n;
}

struct node *make_string(struct sugar *s, const char *text, struct span at)
{
	return node_string(s->l, text, strlen(text), at);
}

struct node *make_int(struct sugar *s, uint64_t v, struct span at)
{
	struct node *n = node_int(s->l, (int64_t)v, at);

	n->int_.text = arena_printf(s->l->arena, "%llu", (unsigned long long)v);
	return n;
}

struct node *make_call(struct sugar *s, const char *name, struct span at, struct node *a, struct node *b, struct node *c)
{
	struct node *n = node_new(s->l->arena, NODE_CALL, at), *args[] = { a, b, c };

	n->call.name = name;
	for (size_t i = 0; i < ARRAY_SIZE(args) && args[i]; i++)
		vec_push(s->l->arena, &n->call.args, args[i]);
	return n;
}

struct node *make_ternary(struct sugar *s, struct node *cond, struct node *yes, struct node *no)
{
	struct node *n = node_new(s->l->arena, NODE_TERNARY, cond->span);

	n->ternary.cond = cond;
	n->ternary.yes = yes;
	n->ternary.no = no;
	return n;
}

struct node *make_not(struct sugar *s, struct node *value)
{
	struct node *n = node_new(s->l->arena, NODE_UNARY, value->span);

	n->unary.op = OP_NOT;
	n->unary.value = value;
	return n;
}

struct node *make_bool(struct sugar *s, bool v, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_BOOL, at);

	n->bool_.value = v;
	return n;
}

struct node *make_cast(struct sugar *s, const char *to, struct node *value, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_CAST, at);

	n->cast.to = node_new(s->l->arena, NODE_TYPESPEC, at);
	n->cast.to->typespec.name = to;
	n->cast.value = value;
	return n;
}

struct node *make_binary(struct sugar *s, enum op op, struct node *a, struct node *b, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_BINARY, at);

	n->binary.op = op;
	n->binary.left = a;
	n->binary.right = b;
	return n;
}

struct node *make_field(struct sugar *s, struct node *base, const char *name, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_FIELD, at);

	n->field.base = base;
	n->field.name = name;
	return n;
}

struct node *make_map(struct sugar *s, const char *suffix, const struct node_list *keys, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_MAP, at);

	n->map.name = arena_printf(s->l->arena, "%s%s", s->prefix, suffix);
	n->map.keyed = keys && keys->n;
	if (keys)
		n->map.keys = *keys;
	return n;
}

struct node *make_item(struct sugar *s, const char *name, struct node *value, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_RECORD_ITEM, at);

	n->record_item.name = name;
	n->record_item.value = value;
	return n;
}

struct node *make_block(struct sugar *s, struct span at)
{
	return node_new(s->l->arena, NODE_BLOCK, at);
}

struct node *make_let(struct sugar *s, const char *var, struct node *value, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_LET, at);

	n->let.name = var;
	n->let.value = value;
	return n;
}

struct node *make_assign(struct sugar *s, struct node *target, struct node *value, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_ASSIGN, at);

	n->assign.op = OP_NONE;
	n->assign.target = target;
	n->assign.value = value;
	return n;
}

struct node *make_if(struct sugar *s, struct node *cond, struct node *yes, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_IF, at);

	n->if_.cond = cond;
	n->if_.yes = yes;
	return n;
}

struct node *make_probe(struct sugar *s, struct node_list points, struct node *predicate, struct node *block, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_PROBE, at);

	n->probe.points = points;
	n->probe.predicate = predicate;
	n->probe.block = block;
	return n;
}

struct node *make_point(struct sugar *s, const char *text, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_POINT, at);

	n->point.text = text;
	return n;
}

struct node_list one_of(struct sugar *s, struct node *n)
{
	struct node_list list = { 0 };

	vec_push(s->l->arena, &list, n);
	return list;
}

void add_statement(struct sugar *s, struct node *block, struct node *n)
{
	struct node *stmt = n;

	if (n->kind != NODE_LET && n->kind != NODE_ASSIGN && n->kind != NODE_IF && n->kind != NODE_FOR && n->kind != NODE_WHILE && n->kind != NODE_BLOCK && n->kind != NODE_RETURN &&
	    n->kind != NODE_DISCARD) {
		stmt = node_new(s->l->arena, NODE_EXPR, n->span);
		stmt->expr.value = n;
	}
	vec_push(s->l->arena, &block->block.body, stmt);
}

struct node *both(struct sugar *s, struct node *a, struct node *b)
{
	if (!a || !b)
		return a ? a : b;
	return make_binary(s, OP_LAND, a, b, (struct span){ a->span.source, a->span.start, b->span.end });
}

struct node *copy_of(struct sugar *s, const struct node *n)
{
	return node_clone(s->l->arena, n);
}

struct search {
	const char *const *names;
	bool found;
};

static void look(void *arg, struct node **slot)
{
	struct search *q = arg;
	const struct node *n = *slot;
	const char *name = n->kind == NODE_IDENT ? n->ident.name : n->kind == NODE_CALL ? n->call.name : NULL;

	for (size_t i = 0; name && q->names[i]; i++) {
		size_t len = strlen(q->names[i]);
		bool prefix = len && q->names[i][len - 1] == '#'; // "arg#": a number follows

		if (prefix ? strncmp(name, q->names[i], len - 1) == 0 && name[len - 1] && strspn(name + len - 1, "0123456789") == strlen(name + len - 1)
			   : strcmp(name, q->names[i]) == 0)
			q->found = true;
	}
	node_each_child(*slot, look, arg);
}

bool mentions(const struct node *n, const char *const *names)
{
	struct search q = { .names = names };
	struct node *root = (struct node *)n;

	look(&q, &root);
	return q.found;
}

struct taken {
	const char *map;
	bool found;
};

static void look_map(void *arg, struct node **slot)
{
	struct taken *t = arg;

	t->found |= (*slot)->kind == NODE_MAP && strcmp((*slot)->map.name, t->map) == 0;
	node_each_child(*slot, look_map, arg);
}

// Is the map the script's own, or a measure's? One of another probe counts too: "a" has b_c, "a_b" has c.
static bool map_is_taken(struct sugar *s, const char *map)
{
	struct taken t = { .map = map };

	look_map(&t, &s->l->script);
	for (size_t i = 0; i < s->l->script->script.items.n; i++) {
		const struct node *d = s->l->script->script.items.v[i];
		size_t n = d->kind == NODE_DECLARED ? strlen(d->declared.name) : 0;

		for (size_t k = 0; n && k < d->declared.clauses.n; k++)
			for (size_t j = 0; d->declared.clauses.v[k]->clause.id == CLAUSE_MEASURE && j < d->declared.clauses.v[k]->clause.parts.n; j++)
				t.found |= strncmp(map + 1, d->declared.name, n) == 0 && map[1 + n] == '_' &&
					   strcmp(map + n + 2, d->declared.clauses.v[k]->clause.parts.v[j]->measured.name) == 0;
	}
	return t.found;
}

bool has_feature(const struct sugar *s, enum feature f)
{
	const struct world_ops *ops = s->l->world->ops;

	return !ops->feature || ops->feature(s->l->world, f);
}

const char *free_map(struct sugar *s, const char *base)
{
	const char *suffix = base;

	for (unsigned i = 2; map_is_taken(s, arena_printf(s->l->arena, "%s%s", s->prefix, suffix)); i++)
		suffix = arena_printf(s->l->arena, "%s_%u", base, i);
	return suffix;
}

void forget_at_end(struct sugar *s, const char *suffix, struct span at)
{
	struct node *block = make_block(s, at);

	add_statement(s, block, make_call(s, "clear", at, make_map(s, suffix, NULL, at), NULL, NULL));
	vec_push(s->l->arena, &s->out, make_probe(s, one_of(s, make_point(s, "end", at)), NULL, block, at));
}

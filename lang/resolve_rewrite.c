// SPDX-License-Identifier: Apache-2.0
// resolve_rewrite.c - builtins that are other expressions: nothing behind resolve knows them.
//
//   ppid                 curtask.real_parent.tgid
//   config.max_strlen    1024
//   assert(c, "text");   if (!(c)) { errorf("assert failed: text"); exit(1); }
//   delete(@a[1], @b[2]);  delete(@a, 1); delete(@b, 2);
//   find(@m, k, $v)      if has_key(@m, k) { $v = @m[k]; true } else { false }
//   socket_cookie(s)     ((struct sock *)s).__sk_common.skc_cookie.counter
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "lang/resolve.h"

static struct node *ident(struct lang *l, const char *name, struct span at)
{
	struct node *n = node_new(l->arena, NODE_IDENT, at);

	n->ident.name = name;
	return n;
}

static struct node *field(struct lang *l, struct node *base, const char *name, struct span at)
{
	struct node *n = node_new(l->arena, NODE_FIELD, at);

	n->field.base = base;
	n->field.name = name;
	return n;
}

static struct node *call(struct lang *l, const char *name, struct span at, struct node *a, struct node *b)
{
	struct node *n = node_new(l->arena, NODE_CALL, at);

	n->call.name = name;
	if (a)
		vec_push(l->arena, &n->call.args, a);
	if (b)
		vec_push(l->arena, &n->call.args, b);
	return n;
}

static struct node *statement(struct lang *l, struct node *value)
{
	struct node *n = node_new(l->arena, NODE_EXPR, value->span);

	n->expr.value = value;
	return n;
}

// Tasks ---------------------------------------------------------------------------------------------------------------

static const struct task_path {
	enum builtin_id var, function;
	const char *task, *member;
} task_paths[] = {
	{ BUILTIN_PPID, BUILTIN_PPID_CALL, "real_parent", "tgid" },
	{ BUILTIN_PCOMM, BUILTIN_PCOMM_CALL, "real_parent", "comm" },
	{ BUILTIN_LEADER_TID, BUILTIN_LEADER_TID_CALL, "group_leader", "pid" },
	{ BUILTIN_LEADER_COMM, BUILTIN_LEADER_COMM_CALL, "group_leader", "comm" },
};

static struct node *as_struct(struct lang *l, struct node *n, const char *tag)
{
	struct node *spec = node_new(l->arena, NODE_TYPESPEC, n->span), *cast = node_new(l->arena, NODE_CAST, n->span);

	spec->typespec.word = "struct";
	spec->typespec.name = tag;
	spec->typespec.pointers = 1;
	cast->cast.to = spec;
	cast->cast.value = n;
	return cast;
}

static bool rewrite_task(struct lang *l, struct node **slot, enum builtin_id id, struct node *task)
{
	struct span at = (*slot)->span;

	for (size_t i = 0; i < ARRAY_SIZE(task_paths); i++) {
		const struct task_path *p = &task_paths[i];

		if (p->var != id && p->function != id)
			continue;
		*slot = field(l, field(l, task ? task : ident(l, "curtask", at), p->task, at), p->member, at);
		resolve(l, slot);
		return true;
	}
	return false;
}

// Config --------------------------------------------------------------------------------------------------------------

static const struct plan_config *config_row(const struct lang *l, const char *key)
{
	for (uint32_t i = 0; i < l->plan->n_config; i++)
		if (strcmp(l->plan->config[i].key, key) == 0)
			return &l->plan->config[i];
	return NULL;
}

static bool is_flag(const char *key)
{
	enum { BOOL, UINT, STR };
	static const struct {
		const char *key;
		int kind;
	} rows[] = {
#define CONFIG(key_, kind_, value_, doc_) { #key_, kind_ },
#include "base/config.def"
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].key, key) == 0)
			return rows[i].kind == BOOL;
	return false;
}

static struct node *config_value(struct lang *l, const struct plan_config *c, struct span at)
{
	struct node *n;

	if (c->text)
		return node_string(l, c->text, strlen(c->text), at);
	if (!is_flag(c->key))
		return node_uint(l, c->number, at);
	n = node_new(l->arena, NODE_BOOL, at);
	n->bool_.value = c->number != 0;
	return n;
}

static void config_record(struct lang *l, struct node **slot)
{
	struct node *all = node_new(l->arena, NODE_RECORD, (*slot)->span);

	for (uint32_t i = 0; i < l->plan->n_config; i++) {
		struct node *item = node_new(l->arena, NODE_RECORD_ITEM, all->span);

		item->record_item.name = l->plan->config[i].key;
		item->record_item.value = config_value(l, &l->plan->config[i], all->span);
		vec_push(l->arena, &all->record.items, item);
	}
	*slot = all;
	resolve(l, slot);
}

static bool rewrite_config(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *base = n->field.base;
	const struct plan_config *c;
	struct near near = near_to(n->field.name);

	if (base->kind != NODE_IDENT || strcmp(base->ident.name, "config") != 0)
		return false;
	c = config_row(l, n->field.name);
	if (c) {
		*slot = config_value(l, c, n->span);
		resolve(l, slot);
		return true;
	}
	for (uint32_t i = 0; i < l->plan->n_config; i++)
		near_offer(&near, l->plan->config[i].key);
	diag_error(l->diag, n->span, E_UNKNOWN_NAME, "config has no key '%s'", n->field.name);
	if (near.best)
		diag_hint(l->diag, "did you mean config.%s?", near.best);
	*slot = node_int(l, 0, n->span);
	return true;
}

// assert --------------------------------------------------------------------------------------------------------------

static const char *failed_text(struct lang *l, const struct node *text)
{
	_str_ struct str s = { 0 };

	str_adds(&s, "assert failed: ");
	for (size_t i = 0; i < text->string.len; i++) {
		if (text->string.text[i] == '%')
			str_addc(&s, '%');
		str_addc(&s, text->string.text[i]);
	}
	return arena_strdup(l->arena, str_z(&s));
}

static bool rewrite_assert(struct lang *l, struct node **slot)
{
	struct node *n = (*slot)->expr.value, *not, *block, *all;
	const char *text;

	if (n->kind != NODE_CALL || strcmp(n->call.name, "assert") != 0 || n->call.args.n != 2 || n->call.args.v[1]->kind != NODE_STRING)
		return false;
	text = failed_text(l, n->call.args.v[1]);
	not = node_new(l->arena, NODE_UNARY, n->call.args.v[0]->span);
	not->unary.op = OP_NOT;
	not->unary.value = n->call.args.v[0];
	block = node_new(l->arena, NODE_BLOCK, n->span);
	vec_push(l->arena, &block->block.body, statement(l, call(l, "errorf", n->span, node_string(l, text, strlen(text), n->span), NULL)));
	vec_push(l->arena, &block->block.body, statement(l, call(l, "exit", n->span, node_int(l, 1, n->span), NULL)));
	all = node_new(l->arena, NODE_IF, n->span);
	all->if_.cond = not;
	all->if_.yes = block;
	*slot = all;
	resolve(l, slot);
	return true;
}

// delete(@a[1], @b[2]); of old scripts: one call each.
static bool rewrite_deletes(struct lang *l, struct node **slot)
{
	struct node *n = (*slot)->expr.value, *all;

	if (n->kind != NODE_CALL || strcmp(n->call.name, "delete") != 0 || n->call.args.n < 2)
		return false;
	for (size_t i = 0; i < n->call.args.n; i++)
		if (n->call.args.v[i]->kind != NODE_MAP || !n->call.args.v[i]->map.keys.n)
			return false;
	all = node_new(l->arena, NODE_BLOCK, n->span);
	for (size_t i = 0; i < n->call.args.n; i++)
		vec_push(l->arena, &all->block.body, statement(l, call(l, "delete", n->span, n->call.args.v[i], NULL)));
	*slot = all;
	resolve(l, slot);
	return true;
}

// find ----------------------------------------------------------------------------------------------------------------

static struct node *truth(struct lang *l, bool v, struct span at)
{
	struct node *n = node_new(l->arena, NODE_BOOL, at), *block = node_new(l->arena, NODE_BLOCK, at);

	n->bool_.value = v;
	block->block.value = n;
	return block;
}

static void find_change(void *arg, struct node **slot)
{
	if ((*slot)->kind == NODE_INCDEC || (*slot)->kind == NODE_ASSIGN)
		*(bool *)arg = true;
	node_each_child(*slot, find_change, arg);
}

static bool rewrite_find(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *map, *key, *variable, *set, *all;
	bool changes = false;
	size_t errors = l->diag->errors;

	if (n->call.args.n != 3)
		return false;
	map = n->call.args.v[0], key = n->call.args.v[1], variable = n->call.args.v[2];
	if (map->kind != NODE_MAP || map->map.keys.n || variable->kind != NODE_VAR) {
		diag_error(l->diag, n->span, E_ARGS, "find() expects a map, a key and a variable: find(@x, key, $value)");
		*slot = node_int(l, 0, n->span);
		return true;
	}
	find_change(&changes, &key);
	if (changes)
		diag_error(l->diag, key->span, E_PLACE, "the key of find() is evaluated twice, so it can not hold ++, -- or an assignment");
	element_shape(l, resolve_map_whole(l, node_clone(l->arena, map)), n, true);
	if (l->diag->errors > errors) {
		*slot = node_int(l, 0, n->span);
		return true;
	}
	resolve_target_variable(l, node_clone(l->arena, variable));
	set = node_new(l->arena, NODE_ASSIGN, n->span);
	set->assign.target = variable;
	set->assign.value = node_clone(l->arena, map);
	set->assign.value->map.keyed = true;
	vec_push(l->arena, &set->assign.value->map.keys, node_clone(l->arena, key));
	all = node_new(l->arena, NODE_IF, n->span);
	all->if_.cond = call(l, "has_key", n->span, map, key);
	all->if_.yes = truth(l, true, n->span);
	vec_push(l->arena, &all->if_.yes->block.body, set);
	all->if_.no = truth(l, false, n->span);
	*slot = all;
	resolve(l, slot);
	return true;
}

static bool rewrite_cookie(struct lang *l, struct node **slot)
{
	struct node *n = *slot;

	if (n->call.args.n != 1)
		return false;
	*slot = field(l, field(l, field(l, as_struct(l, n->call.args.v[0], "sock"), "__sk_common", n->span), "skc_cookie", n->span), "counter", n->span);
	resolve(l, slot);
	return true;
}

static bool rewrite_call(struct lang *l, struct node **slot)
{
	if (strcmp((*slot)->call.name, "dw_ustack") == 0) // user stacks are walked by unwind tables wherever there are some
		(*slot)->call.name = "ustack";
	const struct builtin *b = builtin_find((*slot)->call.name, true);

	if (!b)
		return false;
	if (b->id == BUILTIN_PATH && (*slot)->call.args.n && (*slot)->call.args.v[0]->kind == NODE_UNARY && (*slot)->call.args.v[0]->unary.op == OP_ADDR)
		(*slot)->call.args.v[0] = (*slot)->call.args.v[0]->unary.value; // the struct in its place serves as well as its address
	if (b->id == BUILTIN_FIND)
		return rewrite_find(l, slot);
	if (b->id == BUILTIN_SOCKET_COOKIE)
		return rewrite_cookie(l, slot);
	return (*slot)->call.args.n == 1 && rewrite_task(l, slot, b->id, (*slot)->call.args.v[0]);
}

static bool rewrite_ident(struct lang *l, struct node **slot)
{
	const struct builtin *b = builtin_find((*slot)->ident.name, false);

	if (!b)
		return false;
	if (b->id == BUILTIN_CONFIG) {
		config_record(l, slot);
		return true;
	}
	return rewrite_task(l, slot, b->id, NULL);
}

bool resolve_rewritten(struct lang *l, struct node **slot)
{
	switch ((*slot)->kind) {
	case NODE_IDENT: return rewrite_ident(l, slot);
	case NODE_FIELD: return rewrite_config(l, slot);
	case NODE_CALL: return rewrite_call(l, slot);
	case NODE_EXPR: return rewrite_assert(l, slot) || rewrite_deletes(l, slot);
	default: return false;
	}
}

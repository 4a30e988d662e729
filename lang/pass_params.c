// SPDX-License-Identifier: Apache-2.0
// pass_params.c - `param NAME = DEFAULT "description"`: a named parameter that the script declares once.
//
//   param slow = 10ms "calls that took less are left out"
//   … filter duration > slow …         →   … duration > getopt("slow", 10ms, "calls that took less are left out") …
//
// So the core takes the same parameters. Where core has no expressions - keys of targets and sinks, `every`, `$slow` in an attach
// point - the value itself is put in.
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "lang/resolve.h"

struct params {
	struct lang *l;
	struct map named; // PARAM by its name
	bool as_values;   // getopt() could not stand here
};

static struct node *getopt_of(struct lang *l, const struct node *param, struct span at)
{
	struct node *call = node_new(l->arena, NODE_CALL, at);

	call->call.name = "getopt";
	vec_push(l->arena, &call->call.args, node_string(l, param->param.name, strlen(param->param.name), at));
	vec_push(l->arena, &call->call.args, node_clone(l->arena, param->param.init));
	if (param->param.about)
		vec_push(l->arena, &call->call.args, node_string(l, param->param.about, strlen(param->param.about), at));
	return call;
}

static struct node *value_of_param(struct lang *l, const struct node *param, struct span at)
{
	struct node *n = getopt_of(l, param, at);

	resolve_getopt(l, &n);
	return n;
}

// Attach points ---------------------------------------------------------------------------------------------------------

static void add_value(struct params *p, const struct node *param, struct span at, struct str *out)
{
	const struct node *v = value_of_param(p->l, param, at);

	if (v->kind == NODE_STRING)
		str_add(out, v->string.text, v->string.len);
	else if (v->kind == NODE_INT && v->int_.text)
		str_adds(out, v->int_.text);
	else if (v->kind == NODE_INT)
		str_i64(out, (int64_t)v->int_.value);
	else
		diag_error(p->l->diag, at, E_PARAM, "the parameter '%s' is neither a number nor a string: it cannot be a part of an attach point", param->param.name);
}

// "profile:hz:$rate"; $1 and quoted parts stay as they are.
static void expand_point(struct params *p, struct node *point)
{
	_str_ struct str out = { 0 };
	bool quoted = false;

	for (const char *c = point->point.text; *c; ) {
		size_t n = 1;
		const struct node *param = NULL;

		quoted ^= *c == '"';
		if (!quoted && *c == '$' && (isalpha((unsigned char)c[1]) || c[1] == '_')) {
			while (isalnum((unsigned char)c[n]) || c[n] == '_')
				n++;
			param = map_gets(&p->named, arena_strndup(p->l->arena, c + 1, n - 1));
		}
		if (param)
			add_value(p, param, point->span, &out);
		else
			str_add(&out, c, n);
		c += n;
	}
	point->point.text = arena_strdup(p->l->arena, str_z(&out));
}

// The rest ---------------------------------------------------------------------------------------------------------------

static void replace(void *arg, struct node **slot);

static void replace_values(struct params *p, struct node *n)
{
	bool before = p->as_values;

	p->as_values = true;
	node_each_child(n, replace, p);
	p->as_values = before;
}

static bool needs_values(const struct node *n)
{
	return n->kind == NODE_SETTING || n->kind == NODE_SINK || (n->kind == NODE_CLAUSE && n->clause.id == CLAUSE_EVERY);
}

static void replace(void *arg, struct node **slot)
{
	struct params *p = arg;
	struct node *n = *slot;
	const struct node *param = n->kind == NODE_IDENT ? map_gets(&p->named, n->ident.name) : NULL;

	if (param)
		*slot = p->as_values ? value_of_param(p->l, param, n->span) : getopt_of(p->l, param, n->span);
	else if (n->kind == NODE_POINT)
		expand_point(p, n);
	else if (needs_values(n))
		replace_values(p, n);
	else if (n->kind == NODE_COLUMN && !n->column.name && n->column.value->kind == NODE_IDENT && map_gets(&p->named, n->column.value->ident.name))
		n->column.name = n->column.value->ident.name, node_each_child(n, replace, p);
	else if (n->kind != NODE_CONFIG)
		node_each_child(n, replace, p);
}

static void declare(struct params *p, const struct node *param)
{
	const char *name = param->param.name;

	if (map_gets(&p->named, name))
		diag_error(p->l->diag, param->span, E_REDEFINED, "there is another parameter '%s'", name);
	else if (builtin_find(name, false)) // a function of that name is still called by its parentheses
		diag_error(p->l->diag, param->span, E_REDEFINED, "'%s' is a builtin: a parameter of that name would hide it", name);
	else if (strcmp(name, "help") == 0)
		diag_error(p->l->diag, param->span, E_REDEFINED, "--help describes the script: no parameter can be called so");
	else
		*map_puts(&p->named, name) = (void *)param;
}

void pass_params(struct lang *l)
{
	struct node_list rest = { 0 }, *items = &l->script->script.items;
	struct params p = { .l = l };

	map_init(&p.named, l->arena);
	for (size_t i = 0; i < items->n; i++)
		if (items->v[i]->kind == NODE_PARAM)
			declare(&p, items->v[i]);
		else
			vec_push(l->arena, &rest, items->v[i]);
	if (rest.n == items->n)
		return;
	for (size_t i = 0; i < p.named.n; i++) { // used or not, it may be given
		const struct node *param = p.named.at[i].value;

		value_of_param(l, param, param->span);
	}
	*items = rest;
	for (size_t i = 0; i < items->n; i++)
		replace(&p, &items->v[i]);
}

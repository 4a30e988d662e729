// SPDX-License-Identifier: Apache-2.0
// interp.c - runs a checked program. The value of an assignment is evaluated before its keys.
//
// What a program asks of user space (print of a map, clear, exit …) happens when the program has ended: it is queued.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/gen/interp_int.h"

#define FUEL 2000000

bool interp_give_up(struct interp *in, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (!in->why)
		in->why = arena_strdup(in->a, text);
	in->flow = LEAVE;
	return false;
}

bool interp_spend(struct interp *in)
{
	if (in->why)
		return false;
	return in->fuel-- > 1 || interp_give_up(in, "it runs for too long");
}

// Statements ------------------------------------------------------------------------------------------------------------

static bool is_agg_call(const struct node *n)
{
	return n->kind == NODE_CALL && n->call.builtin->flags & BF_AGG;
}

static struct val compound(struct interp *in, const struct node *n, struct val was, struct val by)
{
	return val_number(was.t, interp_arithmetic(in, n->assign.op, was.n, by.n, was.t->is_signed));
}

static void assign_map(struct interp *in, const struct node *n)
{
	const struct node *t = n->assign.target;
	struct imap *m = interp_map_of(in, t);
	struct val v, key;

	if (is_agg_call(n->assign.value)) {
		interp_aggregate(in, t, n->assign.value);
		return;
	}
	v = interp_eval(in, n->assign.value);
	key = interp_key(in, m, &t->map.keys);
	if (in->flow == LEAVE)
		return;
	struct element *e = imap_find_or_create(in, m, &key);
	e->value = n->assign.op == OP_NONE ? val_as(in, v, m->value) : compound(in, n, e->value, v);
}

static void assign_var(struct interp *in, const struct var *sym, const struct node *n)
{
	struct val v = interp_eval(in, n->kind == NODE_LET ? n->let.value : n->assign.value), *at = &in->vars[sym->index];

	if (in->flow == LEAVE)
		return;
	*at = n->kind == NODE_LET || n->assign.op == OP_NONE ? val_as(in, v, sym->type) : compound(in, n, *at, v);
}

// After a round: does the loop go on?
static bool goes_on(struct interp *in)
{
	if (in->flow == CONTINUE)
		in->flow = GO_ON;
	if (in->flow == GO_ON)
		return interp_spend(in);
	if (in->flow == BREAK)
		in->flow = GO_ON;
	return false;
}

static void run_while(struct interp *in, const struct node *n)
{
	do {
		struct val c = interp_eval(in, n->while_.cond);

		if (in->flow != GO_ON || !val_truth(&c))
			return;
		interp_stmt(in, n->while_.body);
	} while (goes_on(in));
}

static void run_unroll(struct interp *in, const struct node *n)
{
	uint64_t i = 0;

	do
		interp_stmt(in, n->unroll.body);
	while (goes_on(in) && ++i < n->unroll.count->int_.value);
}

static struct val pair(struct interp *in, const struct type *t, const struct imap *m, const struct element *e)
{
	struct val v = { .t = t, .m = arena_array(in->a, struct val, 2) };

	v.m[0] = val_as(in, e->key, t->fields[0].type);
	v.m[1] = e->value;
	if (type_is_aggregate(m->value))
		v.m[1] = val_number(t->fields[1].type, (uint64_t)agg_number(m->value, &e->agg));
	return v;
}

static void run_for_map(struct interp *in, const struct node *n)
{
	const struct imap *m = interp_map_of(in, n->for_.map);
	size_t i = 0, count = m->n;
	const struct element *all = arena_memdup(in->a, m->v, count * sizeof *m->v);

	if (!count)
		return;
	do {
		in->vars[n->for_.sym->index] = pair(in, n->for_.sym->type, m, &all[i]);
		interp_stmt(in, n->for_.body);
	} while (goes_on(in) && ++i < count);
}

static void run_for(struct interp *in, const struct node *n)
{
	if (n->for_.map) {
		run_for_map(in, n);
		return;
	}
	int64_t i = (int64_t)interp_eval(in, n->for_.start).n, end = (int64_t)interp_eval(in, n->for_.end).n;
	if (in->flow != GO_ON || i >= end)
		return;
	do {
		in->vars[n->for_.sym->index] = val_number(n->for_.sym->type, (uint64_t)i);
		interp_stmt(in, n->for_.body);
	} while (goes_on(in) && ++i < end);
}

static void run_if(struct interp *in, const struct node *n)
{
	struct val c = interp_eval(in, n->if_.cond);

	if (in->flow == GO_ON && val_truth(&c))
		interp_stmt(in, n->if_.yes);
	else if (in->flow == GO_ON && n->if_.no)
		interp_stmt(in, n->if_.no);
}

static void run_block(struct interp *in, const struct node *n)
{
	for (size_t i = 0; i < n->block.body.n && in->flow == GO_ON; i++)
		interp_stmt(in, n->block.body.v[i]);
	if (n->block.value && in->flow == GO_ON)
		interp_stmt(in, n->block.value);
}

void interp_stmt(struct interp *in, const struct node *n)
{
	if (!interp_spend(in))
		return;
	switch (n->kind) {
	case NODE_EXPR:
		if (n->expr.value->kind == NODE_IF || n->expr.value->kind == NODE_BLOCK)
			interp_stmt(in, n->expr.value);
		else
			interp_eval(in, n->expr.value);
		return;
	case NODE_DISCARD: interp_eval(in, n->discard.value); return;
	case NODE_ASSIGN:
		if (n->assign.target->kind == NODE_MAP)
			assign_map(in, n);
		else
			assign_var(in, n->assign.target->var.sym, n);
		return;
	case NODE_LET:
		if (n->let.value)
			assign_var(in, n->let.sym, n);
		else
			in->vars[n->let.sym->index] = val_zero(in, n->let.sym->type);
		return;
	case NODE_IF: run_if(in, n); return;
	case NODE_WHILE: run_while(in, n); return;
	case NODE_UNROLL: run_unroll(in, n); return;
	case NODE_FOR: run_for(in, n); return;
	case NODE_BREAK: in->flow = BREAK; return;
	case NODE_CONTINUE: in->flow = CONTINUE; return;
	case NODE_RETURN:
		if (n->return_.value)
			interp_eval(in, n->return_.value);
		in->flow = LEAVE;
		return;
	case NODE_BLOCK: run_block(in, n); return;
	default: interp_eval(in, n);
	}
}

// A whole run -----------------------------------------------------------------------------------------------------------

static void act(struct interp *in, const struct action *a)
{
	if (in->exited && !in->ending)
		return;
	switch (a->kind) {
	case EVENT_PRINT_MAP: show_map(a->map, a->a, a->b, in->out); return;
	case EVENT_CLEAR: imap_clear(in, a->map); return;
	case EVENT_ZERO: imap_zero(in, a->map); return;
	case EVENT_EXIT:
		in->status = (int)a->a;
		in->exited = true;
		return;
	default: str_add(in->out, a->text, a->n);
	}
}

static void run_body(struct interp *in, const struct body *b)
{
	in->vars = arena_array(in->a, struct val, b->nvars + 1);
	for (size_t i = 0; i < b->nvars; i++)
		in->vars[b->vars[i]->index] = val_zero(in, b->vars[i]->type);
	in->queue.n = 0;
	in->flow = GO_ON;
	struct val c = b->predicate ? interp_eval(in, b->predicate) : (struct val){ 0 };
	if (!b->predicate || val_truth(&c))
		interp_stmt(in, b->block);
	for (size_t i = 0; i < in->queue.n && !in->why; i++)
		act(in, &in->queue.v[i]);
}

static void run_all(struct interp *in, const char *provider)
{
	for (size_t i = 0; i < in->p->nbodies && !(in->exited && !in->ending); i++)
		if (strcmp(in->p->bodies[i].type->name, provider) == 0)
			run_body(in, &in->p->bodies[i]);
}

bool interp_run(struct arena *a, const struct program *p, struct str *out, int *status, const char **why)
{
	struct interp in = { .a = a, .p = p, .out = out, .fuel = FUEL, .maps = arena_array(a, struct imap, p->nmaps + 1) };

	for (size_t i = 0; i < p->nmaps; i++) {
		const struct plan_map *m = &p->plan->maps[i];

		in.maps[i] = (struct imap){ .name = m->name, .key = m->key, .value = m->value, .key_is_tuple = m->key_is_tuple };
		imap_clear(&in, &in.maps[i]);
	}
	run_all(&in, "begin");
	in.ending = true;
	run_all(&in, "end");
	str_adds(out, "\n\n");
	for (size_t i = 0; i < p->nmaps; i++) // by name, as they stand in the plan
		if (in.maps[i].key ? in.maps[i].n : in.maps[i].set)
			show_map(&in.maps[i], 0, 1, out);
	*status = in.status;
	*why = in.why;
	return !in.why;
}

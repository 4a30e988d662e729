// SPDX-License-Identifier: Apache-2.0
// shrink.c - a failing script made smaller: each part of its tree is left out or replaced by something simpler, and the change
// stays if the script still fails alike.
//
// A script is parsed anew for each attempt, and the attempt is the number of the change to make: nothing has to be undone.
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/ast.h"
#include "lang/lang.h"
#include "tests/gen/gen.h"

#define ATTEMPTS 1500 // trials that one failure is worth
// Of a trial. What passes takes less than a second; what the verifier gives up on takes it many.
#define SECONDS 20

struct change {
	struct arena *arena;
	unsigned left; // changes to pass over before the one to make
	bool made;
};

static void visit(void *arg, struct node **slot);

static bool is_it(struct change *c)
{
	if (c->made || c->left--)
		return false;
	c->made = true;
	return true;
}

static void remove_item(struct node_list *list, size_t at)
{
	memmove(&list->v[at], &list->v[at + 1], (list->n - at - 1) * sizeof *list->v);
	list->n--;
}

// Of the longest runs first: half of the list, a quarter, …
static void shorten(struct change *c, struct node_list *list)
{
	for (size_t run = list->n; run; run /= 2)
		for (size_t at = 0; at + run <= list->n; at += run)
			if (is_it(c)) {
				for (size_t i = 0; i < run; i++)
					remove_item(list, at);
				return;
			}
}

static void replace(struct change *c, struct node **slot, struct node *with)
{
	if (with && with != *slot && !c->made && is_it(c))
		*slot = with;
}

static struct node *small_int(struct change *c, struct node *like, uint64_t v)
{
	struct node *n = node_new(c->arena, NODE_INT, like->span);

	n->int_.value = v;
	return n;
}

// The statements of a block in the place of what held it.
static void unwrap(struct change *c, struct node_list *list, size_t at)
{
	struct node *s = list->v[at], *inner = NULL;

	if (s->kind == NODE_EXPR)
		s = s->expr.value;
	switch (s->kind) {
	case NODE_IF: inner = s->if_.yes; break;
	case NODE_WHILE: inner = s->while_.body; break;
	case NODE_FOR: inner = s->for_.body; break;
	case NODE_UNROLL: inner = s->unroll.body; break;
	case NODE_BLOCK: inner = s; break;
	default: return;
	}
	if (inner->kind != NODE_BLOCK || inner->block.value || !inner->block.body.n || !is_it(c))
		return;
	struct node_list joined = { 0 };
	for (size_t i = 0; i < list->n; i++) {
		if (i != at)
			vec_push(c->arena, &joined, list->v[i]);
		for (size_t k = 0; i == at && k < inner->block.body.n; k++)
			vec_push(c->arena, &joined, inner->block.body.v[k]);
	}
	*list = joined;
}

static void block(struct change *c, struct node *n)
{
	shorten(c, &n->block.body);
	for (size_t i = 0; i < n->block.body.n && !c->made; i++)
		unwrap(c, &n->block.body, i);
}

static bool is_simple(const struct node *n)
{
	return n->kind == NODE_INT || n->kind == NODE_STRING || n->kind == NODE_VAR || n->kind == NODE_BOOL;
}

static void expression(struct change *c, struct node **slot)
{
	struct node *n = *slot;

	switch (n->kind) {
	case NODE_BINARY:
		replace(c, slot, n->binary.left);
		replace(c, slot, n->binary.right);
		break;
	case NODE_UNARY: replace(c, slot, n->unary.value); break;
	case NODE_CAST: replace(c, slot, n->cast.value); break;
	case NODE_TERNARY:
		replace(c, slot, n->ternary.no);
		replace(c, slot, n->ternary.yes);
		break;
	case NODE_IF:
		if (n->if_.no && !c->made && is_it(c))
			n->if_.no = NULL;
		replace(c, slot, n->if_.yes);
		break;
	case NODE_BLOCK:
		if (n->block.value && !n->block.body.n)
			replace(c, slot, n->block.value);
		break;
	case NODE_CALL:
		for (size_t i = 0; i < n->call.args.n; i++)
			replace(c, slot, n->call.args.v[i]);
		break;
	case NODE_STRING:
		if (n->string.len > 1 && !c->made && is_it(c)) {
			n->string.len /= 2;
			n->string.text = arena_strndup(c->arena, n->string.text, n->string.len);
		}
		return;
	default: break;
	}
	if (!is_simple(n) && n->kind >= NODE_INT && n->kind < NODE_EXPR && n->kind != NODE_TYPESPEC && n->kind != NODE_RECORD_ITEM && n->kind != NODE_MAP) {
		replace(c, slot, small_int(c, n, 0));
		replace(c, slot, small_int(c, n, 1));
	}
}

// What must stay a block, or an if behind else: only what is in it changes.
static void visit_branch(struct change *c, struct node *n)
{
	if (c->made || !n)
		return;
	if (n->kind == NODE_BLOCK) {
		block(c, n);
		if (!c->made)
			node_each_child(n, visit, c);
		return;
	}
	visit(c, &n->if_.cond);
	visit_branch(c, n->if_.yes);
	visit_branch(c, n->if_.no);
}

static void visit_if_there(struct change *c, struct node **slot)
{
	if (*slot && !c->made)
		visit(c, slot);
}

static void visit_children(struct change *c, struct node *n)
{
	switch (n->kind) {
	case NODE_IF: visit_branch(c, n); return;
	case NODE_MACRO: visit_branch(c, n->macro.block); return;
	case NODE_FN: visit_branch(c, n->fn.block); return;
	case NODE_PROBE:
		visit_if_there(c, &n->probe.predicate);
		visit_branch(c, n->probe.block);
		return;
	case NODE_WHILE:
		visit_if_there(c, &n->while_.cond);
		visit_branch(c, n->while_.body);
		return;
	case NODE_UNROLL:
		visit_if_there(c, &n->unroll.count);
		visit_branch(c, n->unroll.body);
		return;
	case NODE_FOR:
		visit_if_there(c, &n->for_.start);
		visit_if_there(c, &n->for_.end);
		visit_branch(c, n->for_.body);
		return;
	default: node_each_child(n, visit, c);
	}
}

static void visit(void *arg, struct node **slot)
{
	struct change *c = arg;

	if (c->made)
		return;
	if ((*slot)->kind == NODE_BLOCK)
		block(c, *slot);
	if ((*slot)->kind == NODE_SCRIPT)
		shorten(c, &(*slot)->script.items);
	if ((*slot)->kind == NODE_PROBE && (*slot)->probe.predicate && !c->made && is_it(c))
		(*slot)->probe.predicate = NULL;
	if ((*slot)->kind < NODE_EXPR || (*slot)->kind == NODE_IF || (*slot)->kind == NODE_BLOCK)
		if (!c->made)
			expression(c, slot);
	if (c->made)
		return;
	visit_children(c, *slot);
}

// Change number `which` of the script. False: there are not so many.
static bool changed(const struct str *from, unsigned which, struct str *to)
{
	struct arena *a = arena_new();
	struct change c = { .arena = a, .left = which };
	struct diag d;
	struct node *script;

	diag_init(&d, a);
	script = lang_parse(a, &d, diag_source(&d, "script", from->p, from->n));
	str_clear(to);
	if (script) {
		visit(&c, &script);
		core_print(script, to);
	}
	arena_free(a);
	return script && c.made;
}

// A refused load is refused late: where the time is up, the verifier was still at it.
static bool fails_alike(enum verdict v, const struct str *text)
{
	_str_ struct str report = { 0 };
	enum verdict now = trial_apart(text->p, text->n, SECONDS, &report);

	return now == v || (v == KERNEL && now == CRASHED && strstr(str_z(&report), strsignal(SIGALRM)));
}

void shrink(enum verdict v, const char *text, size_t n, struct str *out)
{
	_str_ struct str next = { 0 };
	unsigned attempts = 0, which = 0;

	str_clear(out);
	str_add(out, text, n);
	while (attempts < ATTEMPTS && changed(out, which, &next)) {
		if (next.n >= out->n) { // only what makes it shorter, so that it ends
			which++;
			continue;
		}
		attempts++;
		if (!fails_alike(v, &next)) {
			which++;
			continue;
		}
		str_clear(out);
		str_add(out, next.p, next.n);
		if (which > 8)
			which -= 8;
		else
			which = 0;
	}
}

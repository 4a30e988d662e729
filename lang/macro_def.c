// SPDX-License-Identifier: Apache-2.0
// macro_def.c - definitions of macros and functions: what is wrong in them, and which one a call means.
#include <string.h>

#include "base/str.h"
#include "lang/expand.h"
#include "lang/library.h"

void macro_signature(const struct macro *d, struct str *out)
{
	str_printf(out, "%s(", d->name);
	for (size_t i = 0; i < d->params->n; i++) {
		const struct node *p = d->params->v[i];

		str_printf(out, "%s%s", i ? ", " : "",
			   p->kind == NODE_VAR ? p->var.name : p->kind == NODE_MAP ? p->map.name : p->kind == NODE_LET ? p->let.name : p->ident.name);
	}
	str_addc(out, ')');
}

// What a macro may not do ---------------------------------------------------------------------------------------------

struct review {
	struct lang *l;
	struct macro *macro;
	struct map declared; // variables that the macro sets itself
	unsigned loops;
	bool used;           // second walk: looks at uses
};

static bool is_param(const struct macro *d, enum node_kind kind, const char *name)
{
	for (size_t i = 0; i < d->params->n; i++) {
		const struct node *p = d->params->v[i];

		if (p->kind == kind && strcmp(kind == NODE_VAR ? p->var.name : kind == NODE_MAP ? p->map.name : p->ident.name, name) == 0)
			return true;
	}
	return false;
}

static void refuse(struct review *r, struct span at, enum diag_code code, const char *text, const char *what)
{
	diag_error(r->l->diag, at, code, text, r->macro->name, what);
	r->macro->broken = true;
}

static void declare(struct review *r, const char *name, struct span at)
{
	if (is_param(r->macro, NODE_VAR, name))
		refuse(r, at, E_REDEFINED, "the macro %s has a parameter %s; use another name", name);
	*map_puts(&r->declared, name) = r;
}

static void review_use(struct review *r, const struct node *n)
{
	if (n->kind == NODE_VAR && !is_param(r->macro, NODE_VAR, n->var.name) && !map_gets(&r->declared, n->var.name))
		refuse(r, n->span, E_UNDEFINED,
		       "Undefined or undeclared variable in the macro %s: %s. A macro sees its own variables and its parameters only", n->var.name);
	else if (n->kind == NODE_MAP && !is_param(r->macro, NODE_MAP, n->map.name))
		refuse(r, n->span, E_UNDEFINED, "the macro %s uses %s, which is not passed to it; make it a parameter", n->map.name);
}

static void review_declaration(struct review *r, const struct node *n)
{
	if (n->kind == NODE_LET)
		declare(r, n->let.name, n->span);
	else if (n->kind == NODE_FOR)
		declare(r, n->for_.name, n->span);
	else if (n->kind == NODE_ASSIGN && n->assign.op == OP_NONE && n->assign.target->kind == NODE_VAR &&
		 !is_param(r->macro, NODE_VAR, n->assign.target->var.name))
		declare(r, n->assign.target->var.name, n->span);
	else if (n->kind == NODE_CALL && strcmp(n->call.name, "find") == 0 && n->call.args.n == 3 && n->call.args.v[2]->kind == NODE_VAR &&
		 !is_param(r->macro, NODE_VAR, n->call.args.v[2]->var.name))
		declare(r, n->call.args.v[2]->var.name, n->span); // find() sets it
	else if (n->kind == NODE_RETURN)
		refuse(r, n->span, E_PLACE, "the macro %s can not hold %s: it would end the probe that uses it. A macro's value is its last expression", "return");
	else if ((n->kind == NODE_BREAK || n->kind == NODE_CONTINUE) && !r->loops)
		refuse(r, n->span, E_PLACE, "the macro %s can not hold %s outside of a loop of its own", n->kind == NODE_BREAK ? "break" : "continue");
}

static void review(void *arg, struct node **slot)
{
	struct review *r = arg;
	struct node *n = *slot;
	bool loop = n->kind == NODE_WHILE || n->kind == NODE_FOR || n->kind == NODE_UNROLL;

	if (r->used)
		review_use(r, n);
	else
		review_declaration(r, n);
	r->loops += loop;
	node_each_child(n, review, r);
	r->loops -= loop;
}

static void review_macro(struct lang *l, struct macro *d)
{
	struct review r = { .l = l, .macro = d };
	struct node *block = d->block;

	map_init(&r.declared, l->arena);
	review(&r, &block);
	r.used = true;
	review(&r, &block);
}

// Definitions --------------------------------------------------------------------------------------------------------

static char *kinds_of(struct lang *l, const struct node_list *params)
{
	char *kinds = arena_array(l->arena, char, params->n + 1);

	for (size_t i = 0; i < params->n; i++)
		kinds[i] = params->v[i]->kind == NODE_VAR ? 'v' : params->v[i]->kind == NODE_MAP ? 'm' : 'e';
	return kinds;
}

static bool defined_before(struct macros *m, const struct macro *d, const struct macro *others)
{
	_str_ struct str text = { 0 };
	unsigned line, col, end_line, end_col;

	for (; others; others = others->next) {
		if (strcmp(others->kinds, d->kinds) != 0)
			continue;
		macro_signature(d, &text);
		diag_place(m->l->diag, others->def->span, &line, &col, &end_line, &end_col);
		diag_error(m->l->diag, d->def->span, E_REDEFINED, "%s is defined already: %s:%u has the same kinds of parameters", str_z(&text),
			   m->l->diag->sources[others->def->span.source].name, line);
		return true;
	}
	return false;
}

void macros_define(struct macros *m, const struct node *def, bool library)
{
	bool is_fn = def->kind == NODE_FN;
	struct macro *d = arena_new_(m->l->arena, struct macro);
	void **first;

	d->def = def;
	d->name = is_fn ? def->fn.name : def->macro.name;
	d->params = is_fn ? &def->fn.params : &def->macro.params;
	d->kinds = kinds_of(m->l, d->params);
	d->library = library;
	first = map_puts(library ? &m->library : &m->own, d->name);
	if (defined_before(m, d, *first))
		return;
	d->block = is_fn ? fn_block(m->l, def) : def->macro.block;
	d->broken = !d->block;
	if (!is_fn)
		review_macro(m->l, d);
	d->next = *first;
	*first = d;
}

// Calls --------------------------------------------------------------------------------------------------------------

static char kind_of(const struct node *arg)
{
	return arg->kind == NODE_VAR ? 'v' : arg->kind == NODE_MAP && !arg->map.keyed ? 'm' : 'e';
}

// -1: does not take them. Else how many parameters are of just the argument's kind.
static int score(const struct macro *d, const struct node_list *args)
{
	int exact = 0;

	if (d->params->n != args->n)
		return -1;
	for (size_t i = 0; i < args->n; i++) {
		if (d->kinds[i] != 'e' && d->kinds[i] != kind_of(args->v[i]))
			return -1;
		exact += d->kinds[i] != 'e';
	}
	return exact;
}

static struct macro *best(struct macro *d, const struct node_list *args, struct macro *than)
{
	for (; d; d = d->next)
		if (score(d, args) > (than ? score(than, args) : -1))
			than = d;
	return than;
}

static void say_kinds(struct macros *m, const struct macro *d, const struct node_list *args)
{
	for (size_t i = 0; i < args->n; i++) {
		if (d->kinds[i] == 'e' || d->kinds[i] == kind_of(args->v[i]))
			continue;
		if (d->kinds[i] == 'v')
			diag_error(m->l->diag, args->v[i]->span, E_ARGS, "%s() wants a $variable here: the parameter %s stands for the caller's variable",
				   d->name, d->params->v[i]->var.name);
		else
			diag_error(m->l->diag, args->v[i]->span, E_ARGS, "%s() wants a map without a key here, for the parameter %s", d->name,
				   d->params->v[i]->map.name);
	}
}

static void say_none(struct macros *m, struct macro *first, const struct node_list *args, struct span at)
{
	_str_ struct str all = { 0 };

	if (!first->next && first->params->n == args->n) {
		say_kinds(m, first, args);
		return;
	}
	for (const struct macro *d = first; d; d = d->next) {
		if (all.n)
			str_adds(&all, ", ");
		macro_signature(d, &all);
	}
	if (first->next)
		diag_error(m->l->diag, at, E_ARGS, "no form of %s() takes these arguments; there are: %s", first->name, str_z(&all));
	else if (first->params->n == 1)
		diag_error(m->l->diag, at, E_ARGS, "%s() requires one argument (%zu provided): %s", first->name, args->n, str_z(&all));
	else
		diag_error(m->l->diag, at, E_ARGS, "%s() requires %zu arguments (%zu provided): %s", first->name, first->params->n, args->n, str_z(&all));
}

// A macro of the embedded library is parsed when something calls a name that nobody else knows.
static void read_library(struct macros *m, const char *name)
{
	const struct library_text *t = map_gets(&m->asked, name) || builtin_find(name, true) || builtin_find(name, false) ? NULL : library_defines(name);
	const struct node *script;

	*map_puts(&m->asked, name) = m;
	if (!t || map_gets(&m->asked, t->name))
		return;
	*map_puts(&m->asked, t->name) = m;
	script = lang_parse(m->l->arena, m->l->diag, diag_source(m->l->diag, t->name, t->text, (size_t)(t->end - t->text)));
	for (size_t i = 0; script && i < script->script.items.n; i++)
		macros_define(m, script->script.items.v[i], true);
}

struct macro *macros_find(struct macros *m, const char *name, bool from_library)
{
	struct macro *d = from_library ? NULL : map_gets(&m->own, name);

	if (!d)
		read_library(m, name);
	return d ? d : map_gets(&m->library, name);
}

struct macro *macro_choose(struct macros *m, const char *name, bool from_library, const struct node_list *args, struct span at, bool say)
{
	struct macro *own = from_library ? NULL : map_gets(&m->own, name), *library = map_gets(&m->library, name);
	struct macro *d = best(library, args, best(own, args, NULL));

	if (!d && say && (own || library))
		say_none(m, own ? own : library, args, at);
	return d;
}

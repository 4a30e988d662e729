// SPDX-License-Identifier: Apache-2.0
// pass_resolve.c - names become what they mean: builtins, variables, maps, enumerators, parameters. What is wrong with a
// name or with where it stands is said here; types come later.
#include <stdio.h>
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "lang/cdecl.h"
#include "lang/resolve.h"

static void resolve_block(struct lang *l, struct node *n);

static void visit(void *arg, struct node **slot)
{
	if (*slot)
		resolve(arg, slot);
}

void resolve_children(struct lang *l, struct node *n)
{
	node_each_child(n, visit, l);
}

static void offer(void *arg, const char *name)
{
	near_offer(arg, name);
}

#define SUGGESTIONS 20 // errors that are given one: it means a look at all names

// Variables ----------------------------------------------------------------------------------------------------------

static struct lang_var *declare(struct lang *l, const char *name, struct span at)
{
	struct lang_var *v = scope_add(l->scope, name);

	v->var.declared = at;
	v->var.index = (uint32_t)l->vars.n;
	v->callback = l->callback;
	v->repeats = l->repeats;
	vec_push(l->arena, &l->vars, &v->var);
	return v;
}

static void touch(struct lang *l, struct lang_var *v)
{
	if (v->callback != l->callback)
		v->var.in_callback = true;
}

static void undefined_variable(struct lang *l, const struct node *n)
{
	const struct lang_var *closed = scope_closed(l->scope, n->var.name);
	struct near near = near_to(n->var.name);

	if (l->diag->errors < SUGGESTIONS)
		scope_each_visible(l->scope, offer, &near);
	diag_error(l->diag, n->span, E_UNDEFINED, "Undefined or undeclared variable: %s", n->var.name);
	if (closed)
		diag_hint(l->diag, "%s was set in a block that has ended: a variable lives in the block that sets it first. Declare it before that block: let %s;",
			  n->var.name, n->var.name);
	else if (near.best && strlen(n->var.name) > 3)
		diag_hint(l->diag, "did you mean %s?", near.best);
}

static void resolve_var(struct lang *l, struct node *n)
{
	struct lang_var *v = scope_find(l->scope, n->var.name);

	if (!v) {
		undefined_variable(l, n);
		return;
	}
	if (!v->var.assigned && !v->var.used && v->repeats == l->repeats)
		diag_warn(l->diag, n->span, W_EARLY, "%s is read before it is assigned: it is zero or empty here", v->var.name);
	touch(l, v);
	v->var.used = true;
	n->var.sym = &v->var;
}

static void resolve_target_var(struct lang *l, struct node *n, bool declares)
{
	struct lang_var *v = scope_find(l->scope, n->var.name);

	if (!v && !declares) {
		undefined_variable(l, n);
		return;
	}
	if (!v)
		v = declare(l, n->var.name, n->span);
	touch(l, v);
	v->var.assigned = true;
	n->var.sym = &v->var;
}

void resolve_written_variable(struct lang *l, struct node *n)
{
	resolve_target_var(l, n, false);
}

void resolve_target_variable(struct lang *l, struct node *n)
{
	resolve_target_var(l, n, true);
}

static struct lang_var *declare_new(struct lang *l, const char *name, struct span at, const char *how)
{
	const struct lang_var *old = scope_find(l->scope, name);

	if (old) {
		unsigned line, col, end_line, end_col;

		diag_place(l->diag, old->var.declared, &line, &col, &end_line, &end_col);
		diag_error(l->diag, at, E_REDEFINED, "%s %s shadows the variable of that name from line %u; use another name", how, name, line);
	}
	return declare(l, name, at);
}

static void resolve_let(struct lang *l, struct node *n)
{
	struct lang_var *v;

	if (n->let.spec)
		resolve(l, &n->let.spec);
	if (n->let.value)
		resolve(l, &n->let.value);
	v = declare_new(l, n->let.name, n->span, "let");
	v->var.assigned = n->let.value != NULL;
	n->let.sym = &v->var;
}

// Maps ---------------------------------------------------------------------------------------------------------------

static struct lang_map *map_named(struct lang *l, const char *name, struct span at)
{
	void **p = map_puts(&l->map_names, name);
	struct lang_map *m = *p;

	if (!m) {
		m = *p = arena_new_(l->arena, struct lang_map);
		m->sym = (struct map_sym){ .name = name, .first = at, .index = (uint32_t)l->maps.n };
		vec_push(l->arena, &l->maps, &m->sym);
	}
	return m;
}

void map_shape(struct lang *l, struct lang_map *m, struct span at, bool keyed)
{
	unsigned line, col, end_line, end_col;

	if (!m->seen) {
		m->seen = true;
		m->keyed = keyed;
		m->sym.first = at;
	} else if (m->keyed != keyed) {
		diag_place(l->diag, m->sym.first, &line, &col, &end_line, &end_col);
		if (keyed)
			diag_error(l->diag, at, E_KEY, "%s has no keys: line %u uses it as a scalar map (%s); one map can not be both", m->sym.name,
				   line, m->sym.name);
		else
			diag_error(l->diag, at, E_KEY, "%s needs a key here: line %u uses it with keys (%s[…]); one map can not be both", m->sym.name,
				   line, m->sym.name);
	}
}

void element_shape(struct lang *l, struct lang_map *m, const struct node *call, bool keyed)
{
	if (keyed && m->seen && !m->keyed)
		diag_error(l->diag, call->call.args.v[0]->span, E_KEY, "call to %s() expects a map with explicit keys (non-scalar map); %s has none",
			   call->call.name, m->sym.name);
	else
		map_shape(l, m, call->call.args.v[0]->span, keyed);
}

// The map as a whole: print(@m), clear(@m), for ($kv : @m).
struct lang_map *resolve_map_whole(struct lang *l, struct node *n)
{
	struct lang_map *m = map_named(l, n->map.name, n->span);

	m->sym.used = true;
	n->map.sym = &m->sym;
	return m;
}

static struct lang_map *resolve_map_element(struct lang *l, struct node *n)
{
	struct lang_map *m = map_named(l, n->map.name, n->span);

	n->map.sym = &m->sym;
	if (n->map.keys.n == 1 && n->map.keys.v[0]->kind == NODE_TUPLE && n->map.keys.v[0]->tuple.items.n > 1)
		n->map.keys = n->map.keys.v[0]->tuple.items; // @m[(a, b)] is @m[a, b]
	map_shape(l, m, n->span, n->map.keys.n > 0);
	for (size_t i = 0; i < n->map.keys.n; i++)
		resolve(l, &n->map.keys.v[i]);
	return m;
}

static void resolve_target(struct lang *l, struct node **slot, bool declares)
{
	struct node *n = *slot;

	if (n->kind == NODE_VAR) {
		resolve_target_var(l, n, declares);
	} else if (n->kind == NODE_MAP) {
		struct lang_map *m = resolve_map_element(l, n);

		m->written = true;
		m->sym.assigned = true;
	} else {
		if (n->kind == NODE_FIELD || n->kind == NODE_ELEMENT || n->kind == NODE_INDEX)
			diag_error(l->diag, n->span, E_PLACE, "invalid assignment target: fields and elements are immutable; only $variables and @maps can be assigned");
		else
			diag_error(l->diag, n->span, E_PLACE, "invalid assignment target; only $variables and @maps can be assigned");
		resolve(l, slot);
	}
}

// Identifiers --------------------------------------------------------------------------------------------------------

static void unknown_identifier(struct lang *l, const struct node *n)
{
	struct near near = near_to(n->ident.name);

	for (int i = 0; i < BUILTINS; i++)
		if (!builtin_at((enum builtin_id)i)->is_function)
			near_offer(&near, builtin_at((enum builtin_id)i)->name);
	if (l->c)
		cdecl_each_name(l->c, offer, &near);
	diag_error(l->diag, n->span, E_UNKNOWN_NAME, "Unknown identifier: '%s'", n->ident.name);
	if (strncmp(n->ident.name, "sarg", 4) == 0)
		diag_hint(l->diag, "stack arguments are read from the stack: *(reg(\"sp\") + 8 * (N + 1))");
	else if (builtin_find(n->ident.name, true) || imported_find(l, n->ident.name))
		diag_hint(l->diag, "%s is a function: write %s(…)", n->ident.name, n->ident.name);
	else if (l->c && cdecl_why_not(l->c, n->ident.name))
		diag_hint(l->diag, "%s", cdecl_why_not(l->c, n->ident.name));
	else if (near.best)
		diag_hint(l->diag, "did you mean '%s'?", near.best);
	else
		diag_hint(l->diag, "variables begin with $, maps with @");
}

static const char *context_word(enum builtin_id id)
{
	switch (id) {
	case BUILTIN_ARGN: case BUILTIN_ARGS: case BUILTIN_CTX: case BUILTIN_RETVAL:
		return "it before the loop";
	default:
		return NULL;
	}
}

void use_builtin(struct lang *l, const struct node *n, const struct builtin *b, const char *name)
{
	if (b->needs & ~probe_type_offers(l->body->type))
		place_error(l, n->span, b->is_function ? arena_printf(l->arena, "%s()", name) : name, b->needs);
	if (l->callback && !b->is_function && context_word(b->id))
		diag_error(l->diag, n->span, E_PLACE, "%s can not be used inside a for loop; copy %s into a $variable", name, context_word(b->id));
}

static const struct event_field *args_fields(struct lang *l, size_t *n)
{
	const struct probe_type *t = l->body->type;
	const struct event_field *f = NULL;

	*n = 0;
	if (!t->args || !t->args(t, l->world, &l->body->sites.v[0], &f, n))
		return NULL;
	return f;
}

// `args` as a value is a record of all its fields.
static void args_whole(struct lang *l, struct node **slot)
{
	struct node *record = node_new(l->arena, NODE_RECORD, (*slot)->span);
	size_t n;
	const struct event_field *f = args_fields(l, &n);

	for (size_t i = 0; f && i < n; i++) {
		struct node *item = node_new(l->arena, NODE_RECORD_ITEM, (*slot)->span), *field = node_new(l->arena, NODE_FIELD, (*slot)->span);

		field->field.base = node_clone(l->arena, *slot);
		field->field.name = f[i].name;
		field->field.arg = &f[i];
		item->record_item.name = f[i].name;
		item->record_item.value = field;
		vec_push(l->arena, &record->record.items, item);
	}
	if (record->record.items.n)
		*slot = record;
	else if (l->body->type->offers & PT_ARGS)
		diag_error(l->diag, (*slot)->span, E_PLACE, "args: nothing is known of the arguments of %s", l->body->sites.v[0].plan.name);
}

// The kernel has one group of version 2 then, which all are in.
static void warn_of_cgroup(struct lang *l, const struct node *n)
{
	const struct world_ops *ops = l->world->ops;

	if (ops->feature && !ops->feature(l->world, FEATURE_CGROUP2))
		diag_warn(l->diag, n->span, W_FALLBACK, "cgroup is the same for all processes: there are no control groups of version 2 here (mount -t cgroup2 none DIR)");
}

void resolve_ident(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	const struct builtin *b = builtin_find(n->ident.name, false);

	n->ident.event = NO_EVENT;
	if (!b) {
		if (!named_constant(l, slot))
			unknown_identifier(l, n);
		return;
	}
	n->ident.builtin = b;
	if (b->id == BUILTIN_ARGN)
		n->ident.argn = (uint32_t)strtoul(n->ident.name + 3, NULL, 10);
	use_builtin(l, n, b, n->ident.name);
	if (b->id == BUILTIN_CGROUP)
		warn_of_cgroup(l, n);
	if (b->id == BUILTIN_ARGS)
		args_whole(l, slot);
	else if (b->id == BUILTIN_PROBETYPE)
		*slot = node_string(l, l->body->type->probetype, strlen(l->body->type->probetype), n->span);
}

static void unknown_field(struct lang *l, const struct node *n, const struct event_field *f, size_t nf)
{
	struct near near = near_to(n->field.name);
	_str_ struct str all = { 0 };

	for (size_t i = 0; i < nf; i++) {
		near_offer(&near, f[i].name);
		if (all.n < 200)
			str_printf(&all, "%s%s", i ? ", " : "", f[i].name);
		else if (i == nf - 1)
			str_adds(&all, ", …");
	}
	diag_error(l->diag, n->span, E_UNKNOWN_NAME, "%s has no argument '%s'", l->body->sites.v[0].plan.name, n->field.name);
	if (strncmp(l->body->sites.v[0].plan.name, "tracepoint:syscalls:sys_exit_", 29) == 0)
		diag_hint(l->diag, "it has: %s; what the system call was given is entry.NAME", str_z(&all));
	else if (near.best)
		diag_hint(l->diag, "did you mean args.%s? It has: %s", near.best, str_z(&all));
	else
		diag_hint(l->diag, nf ? "it has: %s" : "it has no named arguments%s", str_z(&all));
}

static bool is_args(const struct node *n)
{
	const struct builtin *b = n->kind == NODE_IDENT ? builtin_find(n->ident.name, false) : NULL;

	return b && b->id == BUILTIN_ARGS;
}

static const struct event_field *find_arg(struct lang *l, const char *name)
{
	size_t n;
	const struct event_field *f = args_fields(l, &n);

	for (size_t i = 0; f && i < n; i++)
		if (strcmp(f[i].name, name) == 0)
			return &f[i];
	return NULL;
}

// "a.b" of args.a.b; NULL: it is none. What has several words, as a Go string, has a field for each.
static const char *dotted(struct lang *l, const struct node *n)
{
	const char *front;

	if (n->kind != NODE_FIELD)
		return NULL;
	if (is_args(n->field.base))
		return n->field.name;
	front = dotted(l, n->field.base);
	return front ? arena_printf(l->arena, "%s.%s", front, n->field.name) : NULL;
}

static bool is_word_of_arg(struct lang *l, struct node *n)
{
	const char *name = n->field.base->kind == NODE_FIELD && l->body && l->body->type->offers & PT_ARGS ? dotted(l, n) : NULL;
	struct node *base = n->field.base;

	if (!name || !find_arg(l, name))
		return false;
	while (base->kind == NODE_FIELD)
		base = base->field.base;
	n->field.base = base;
	n->field.name = name;
	return true;
}

// str(args.NAME) of a string that has a length and no end: str(args.NAME, args.NAME.len + 1).
void resolve_go_string(struct lang *l, struct node *call)
{
	struct node *a = call->call.args.v[0], *length, *room;
	const struct event_field *f;

	if (call->call.args.n != 1 || a->kind != NODE_FIELD || !a->field.arg)
		return;
	f = find_arg(l, arena_printf(l->arena, "%s.len", a->field.name));
	if (!f)
		return;
	length = node_clone(l->arena, a);
	length->field.name = f->name;
	length->field.arg = f;
	room = node_new(l->arena, NODE_BINARY, a->span);
	room->binary.op = OP_ADD;
	room->binary.left = length;
	room->binary.right = node_int(l, 1, a->span); // str() counts an end
	vec_push(l->arena, &call->call.args, room);
}

static void resolve_field(struct lang *l, struct node *n)
{
	const struct event_field *f;
	size_t nf;

	is_word_of_arg(l, n);
	if (!is_args(n->field.base)) {
		resolve(l, &n->field.base);
		return;
	}
	n->field.base->ident.builtin = builtin_at(BUILTIN_ARGS);
	n->field.base->ident.event = NO_EVENT;
	use_builtin(l, n->field.base, builtin_at(BUILTIN_ARGS), "args");
	if (!(l->body->type->offers & PT_ARGS))
		return;
	f = args_fields(l, &nf);
	for (size_t i = 0; f && i < nf; i++)
		if (strcmp(f[i].name, n->field.name) == 0)
			n->field.arg = &f[i];
	if (!n->field.arg)
		unknown_field(l, n, f, nf);
}

// Statements ---------------------------------------------------------------------------------------------------------

// A last expression without ';' is a value only where a value is wanted.
static void block_as_statement(struct lang *l, struct node *n)
{
	struct node *stmt, *v = n->block.value;

	if (!v)
		return;
	n->block.value = NULL;
	if (v->kind == NODE_IF || v->kind == NODE_BLOCK) {
		stmt = v;
	} else {
		stmt = node_new(l->arena, NODE_EXPR, v->span);
		stmt->expr.value = v;
	}
	vec_push(l->arena, &n->block.body, stmt);
}

static void resolve_stmt(struct lang *l, struct node **slot);

static void if_as_statement(struct lang *l, struct node *n)
{
	for (; n; n = n->if_.no) {
		if (n->kind == NODE_BLOCK) {
			block_as_statement(l, n);
			return;
		}
		if (n->if_.yes->kind == NODE_BLOCK)
			block_as_statement(l, n->if_.yes);
	}
}

static void resolve_block(struct lang *l, struct node *n)
{
	scope_open(l->scope);
	for (size_t i = 0; i < n->block.body.n; i++)
		resolve_stmt(l, &n->block.body.v[i]);
	if (n->block.value)
		resolve(l, &n->block.value);
	scope_close(l->scope);
}

// `once`: break leaves it, but nothing in it runs twice.
static void resolve_loop_body(struct lang *l, struct node *body, bool once)
{
	block_as_statement(l, body);
	l->loops++;
	l->repeats += !once;
	resolve_block(l, body);
	l->repeats -= !once;
	l->loops--;
}

static void resolve_for(struct lang *l, struct node *n)
{
	unsigned outer = l->callback;
	struct lang_var *v;

	if (n->for_.map)
		resolve_map_whole(l, n->for_.map)->sym.used = true;
	if (n->for_.map)
		map_shape(l, lang_map_of(n->for_.map->map.sym), n->for_.map->span, true);
	if (n->for_.start)
		resolve(l, &n->for_.start);
	if (n->for_.end)
		resolve(l, &n->for_.end);
	l->callback = ++l->callbacks;
	scope_open(l->scope);
	v = declare_new(l, n->for_.name, n->span, "the loop variable");
	v->var.assigned = true;
	n->for_.sym = &v->var;
	resolve_loop_body(l, n->for_.body, false);
	scope_close(l->scope);
	l->callback = outer;
}

static void resolve_assign(struct lang *l, struct node *n)
{
	n->assign.event = NO_EVENT;
	resolve(l, &n->assign.value);
	resolve_target(l, &n->assign.target, n->assign.op == OP_NONE);
}

static void resolve_stmt(struct lang *l, struct node **slot)
{
	struct node *n = *slot;

	if (n->kind == NODE_EXPR && (n->expr.value->kind == NODE_IF || n->expr.value->kind == NODE_BLOCK))
		n = *slot = n->expr.value;
	if (n->kind == NODE_IF)
		if_as_statement(l, n);
	else if (n->kind == NODE_BLOCK)
		block_as_statement(l, n);
	resolve(l, slot);
}

static bool is_name(const struct node *n)
{
	return n->kind == NODE_VAR || n->kind == NODE_INT || n->kind == NODE_BOOL || n->kind == NODE_STRING || n->kind == NODE_IDENT ||
	       (n->kind == NODE_MAP && !n->map.keys.n);
}

static struct node *kept(struct lang *l, const char *name, struct span at)
{
	struct node *n = node_new(l->arena, NODE_VAR, at);

	n->var.name = name;
	return n;
}

// a ?: b is a ? a : b, so that nothing behind has to know it; what is more than a name is computed once: { let $x = a; $x ? $x : b }.
static void write_out_elvis(struct lang *l, struct node *n)
{
	struct node *cond = n->ternary.cond, *let, *choice;
	const char *name;

	if (is_name(cond)) {
		n->ternary.yes = node_clone(l->arena, cond);
		return;
	}
	name = arena_printf(l->arena, "$?%u", l->kept++); // a name that no script can have
	let = node_new(l->arena, NODE_LET, cond->span);
	let->let.name = name;
	let->let.value = cond;
	choice = node_new(l->arena, NODE_TERNARY, n->span);
	choice->ternary.cond = kept(l, name, cond->span);
	choice->ternary.yes = kept(l, name, cond->span);
	choice->ternary.no = n->ternary.no;
	n->kind = NODE_BLOCK;
	n->block.body = (struct node_list){ 0 };
	n->block.value = choice;
	vec_push(l->arena, &n->block.body, let);
}

static void resolve_ternary(struct lang *l, struct node *n)
{
	if (!n->ternary.yes)
		write_out_elvis(l, n);
	if (n->kind == NODE_BLOCK)
		resolve_block(l, n);
	else
		resolve_children(l, n);
}

static void outside_loop(struct lang *l, const struct node *n)
{
	if (!l->loops)
		diag_error(l->diag, n->span, E_PLACE, "%s stands outside a loop; it belongs into the body of for, while or unroll",
			   n->kind == NODE_BREAK ? "break" : "continue");
}

static void resolve_branch(struct lang *l, struct node *cond, struct node **arm, const struct node *away)
{
	if (*arm == away)
		exists_try(l, cond, *arm, resolve);
	else
		resolve(l, arm);
}

static void resolve_if(struct lang *l, struct node **slot)
{
	struct node *n = *slot;

	resolve(l, &n->if_.cond);
	if (n->if_.is_comptime && comptime_resolved(l, slot)) {
		resolve(l, slot);
		return;
	}
	struct node *away = exists_away(n->if_.cond, &n->if_.yes, &n->if_.no);

	resolve_branch(l, n->if_.cond, &n->if_.yes, away);
	if (n->if_.no)
		resolve_branch(l, n->if_.cond, &n->if_.no, away);
}

void resolve(struct lang *l, struct node **slot)
{
	struct node *n = *slot;

	if (resolve_rewritten(l, slot))
		return;
	switch (n->kind) {
	case NODE_INT:
		n->int_.is_unsigned = n->int_.value > INT64_MAX;
		return;
	case NODE_BOOL: case NODE_STRING: case NODE_POINT:
		return;
	case NODE_POSITIONAL: *slot = param_node(l, n->positional.number, n->span); return;
	case NODE_IDENT: resolve_ident(l, slot); return;
	case NODE_VAR: resolve_var(l, n); return;
	case NODE_MAP: resolve_map_element(l, n)->sym.used = true; return;
	case NODE_FIELD: resolve_field(l, n); return;
	case NODE_CALL: resolve_call(l, slot); return;
	case NODE_INDEX:
		n->index.event = NO_EVENT;
		resolve_children(l, n);
		return;
	case NODE_UNARY:
		resolve_children(l, n);
		fold_literals(l, slot);
		return;
	case NODE_BINARY:
		n->binary.event = NO_EVENT;
		resolve_children(l, n);
		fold_literals(l, slot);
		return;
	case NODE_INCDEC:
		resolve_target(l, &n->incdec.target, false);
		if (n->incdec.target->kind == NODE_MAP && n->incdec.target->map.sym)
			((struct map_sym *)n->incdec.target->map.sym)->used = true;
		return;
	case NODE_TYPEOF:
		diag_error(l->diag, n->span, E_PLACE, "typeof() stands for a type: it can be used in sizeof(), offsetof(), casts and let");
		return;
	case NODE_ASSIGN: resolve_assign(l, n); return;
	case NODE_LET: resolve_let(l, n); return;
	case NODE_UNROLL:
		resolve(l, &n->unroll.count);
		resolve_loop_body(l, n->unroll.body, n->unroll.count->kind == NODE_INT && literal_value(n->unroll.count) == 1);
		return;
	case NODE_WHILE:
		l->repeats++; // what the body sets, the condition reads the next time
		resolve(l, &n->while_.cond);
		l->repeats--;
		resolve_loop_body(l, n->while_.body, false);
		return;
	case NODE_FOR: resolve_for(l, n); return;
	case NODE_BREAK: case NODE_CONTINUE: outside_loop(l, n); return;
	case NODE_BLOCK: resolve_block(l, n); return;
	case NODE_OFFSETOF: resolve(l, &n->offsetof_.of); return;
	case NODE_TERNARY: resolve_ternary(l, n); return;
	case NODE_COMPTIME:
		resolve(l, &n->comptime.value);
		if (n->comptime.value->kind == NODE_INT || n->comptime.value->kind == NODE_BOOL || n->comptime.value->kind == NODE_STRING)
			*slot = n->comptime.value;
		return;
	case NODE_IF: resolve_if(l, slot); return;
	case NODE_TYPEINFO:
	case NODE_ELEMENT: case NODE_CAST: case NODE_TUPLE: case NODE_RECORD: case NODE_RECORD_ITEM:
	case NODE_SIZEOF: case NODE_TYPESPEC: case NODE_EXPR: case NODE_DISCARD: case NODE_RETURN:
		resolve_children(l, n);
		return;
	case NODE_SCRIPT: case NODE_PROBE: case NODE_CONFIG: case NODE_CONFIG_ENTRY: case NODE_MAPDECL:
	case NODE_MACRO: case NODE_FN: case NODE_IMPORT: case NODE_C_TEXT: case NODE_FIRST_DECLARATIVE ... NODE_LAST_DECLARATIVE:
	case NODE_KINDS:
		BUG("%s inside a block", node_name(n->kind));
	}
}

// Bodies, declarations -----------------------------------------------------------------------------------------------

static void declare_map(struct lang *l, const struct node *n)
{
	static const char *const kinds[] = { "hash", "lruhash", "percpuhash", "percpulruhash" };
	struct lang_map *m = map_named(l, n->mapdecl.name, n->span);
	struct near near = near_to(n->mapdecl.kind);
	bool known = false;

	if (m->sym.decl) {
		diag_error(l->diag, n->span, E_REDEFINED, "%s is declared twice", n->mapdecl.name);
		return;
	}
	m->sym.decl = n;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		known |= strcmp(kinds[i], n->mapdecl.kind) == 0;
		near_offer(&near, kinds[i]);
	}
	if (!known)
		diag_error(l->diag, n->span, E_UNKNOWN_NAME, "Unknown map type: '%s'. It can be hash, lruhash, percpuhash or percpulruhash%s%s%s",
			   n->mapdecl.kind, near.best ? "; did you mean '" : "", near.best ? near.best : "", near.best ? "'?" : "");
	if (n->mapdecl.size < 1 || n->mapdecl.size > 1u << 30)
		diag_error(l->diag, n->span, E_LIMIT, "%s is declared with %llu entries; it can have 1 to %u", n->mapdecl.name,
			   (unsigned long long)n->mapdecl.size, 1u << 30);
}

static void check_vars(struct lang *l)
{
	for (size_t i = 0; i < l->vars.n; i++) {
		const struct var *v = l->vars.v[i];

		if (!v->assigned)
			diag_warn(l->diag, v->declared, W_UNUSED, "Variable %s never assigned to.", v->name);
	}
}

static void resolve_body(struct lang *l, struct body *b)
{
	l->body = b;
	l->scope = scope_new(l->arena);
	l->loops = l->callback = l->callbacks = 0;
	l->vars.v = NULL;
	l->vars.n = l->vars.cap = 0;
	scope_open(l->scope);
	if (b->predicate)
		resolve(l, &b->predicate);
	scope_close(l->scope);
	block_as_statement(l, b->block);
	resolve_block(l, b->block);
	check_vars(l);
	b->vars = l->vars.v;
	b->nvars = l->vars.n;
}

static void check_maps(struct lang *l)
{
	for (size_t i = 0; i < l->maps.n; i++) {
		const struct lang_map *m = lang_map_of(l->maps.v[i]);
		struct near near = near_to(m->sym.name);

		if (m->written)
			continue;
		if (!m->sym.used && !m->seen) {
			diag_warn(l->diag, m->sym.first, W_UNUSED, "Unused map: %s", m->sym.name);
			continue;
		}
		for (size_t k = 0; k < l->maps.n && l->diag->errors < SUGGESTIONS; k++)
			if (lang_map_of(l->maps.v[k])->written)
				near_offer(&near, l->maps.v[k]->name);
		diag_error(l->diag, m->sym.first, E_UNDEFINED, "Undefined map: %s", m->sym.name);
		if (near.best && strlen(m->sym.name) > 3)
			diag_hint(l->diag, "did you mean %s?", near.best);
		else
			diag_hint(l->diag, "nothing in the script assigns to it");
	}
}

void pass_resolve(struct lang *l)
{
	bool whole = l->diag->errors == 0;

	for (size_t i = 0; i < l->script->script.items.n; i++)
		if (l->script->script.items.v[i]->kind == NODE_MAPDECL)
			declare_map(l, l->script->script.items.v[i]);
	for (size_t i = 0; i < l->bodies.n; i++)
		resolve_body(l, &l->bodies.v[i]);
	if (whole) // else a map may be assigned in a probe that has no body
		check_maps(l);
}

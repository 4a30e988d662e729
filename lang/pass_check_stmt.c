// SPDX-License-Identifier: Apache-2.0
// pass_check_stmt.c - statements.
#include <string.h>

#include "lang/lang_int.h"

// Assignment ---------------------------------------------------------------------------------------------------------

static const char *target_name(const struct node *t)
{
	return t->kind == NODE_VAR ? t->var.name : t->map.name;
}

static void mismatch(struct lang *l, struct span at, const char *name, const struct type *t, const struct type *has, bool is_map)
{
	complain(l, at, E_TYPE, "Type mismatch for %s: trying to assign value of type '%T' when %s already has a type '%T'", name, t,
		 is_map ? "map" : "variable", has);
	if (t->kind == TYPE_POINTER && has->kind == TYPE_POINTER)
		advise(l, "a cast makes it fit: (%T)…", has);
	else if (type_is_aggregate(has))
		advise(l, "a map holds one kind of aggregation; use another map, or clear this one's other assignments");
}

static void warn_mixed(struct lang *l, const struct node *value, const char *name)
{
	warn(l, value->span, W_SIGN, "%s gets both signed and unsigned 64-bit values: it is kept as int64, and large unsigned values will print as negative",
	     name);
}

// What is computed has 64 bits, however few of them it needs.
static bool is_one_value(const struct node *n)
{
	return n->kind == NODE_IDENT || n->kind == NODE_VAR || n->kind == NODE_MAP || n->kind == NODE_FIELD || n->kind == NODE_INDEX || n->kind == NODE_ELEMENT;
}

// A declared type is not widened: integers are cut to it, literals must fit.
static bool fits_declared(struct lang *l, const struct node *value, const char *name, const struct type *has)
{
	const struct type *t = value->type;
	int64_t v;

	if (has->kind == TYPE_STRING && t->kind == TYPE_STRING)
		return true;
	if (!type_is_integer(has) || !type_is_integer(t))
		return false;
	if (!is_int_literal(value) && has->kind == TYPE_INT && t->size > has->size && is_one_value(value))
		warn(l, value->span, W_NARROW, "a '%T' may not fit into %s: '%T' keeps the lower %u bits; a cast, (%T), says that this is meant", t, name, has, has->size * 8, has);
	if (!is_int_literal(value) || has->kind != TYPE_INT || has->size == 8)
		return true;
	v = literal_value(value);
	int64_t max = (int64_t)((1ull << (has->size * 8 - has->is_signed)) - 1), min = has->is_signed ? -max - 1 : 0;
	if (value->int_.is_unsigned || v < min || v > max)
		complain(l, value->span, E_LITERAL, "%lld does not fit into %s: '%T' holds %lld to %lld", (long long)v, name, has, (long long)min,
			 (long long)max);
	return true;
}

static struct slot *target_slot(const struct node *t)
{
	if (t->kind == NODE_VAR)
		return t->var.sym ? &lang_var_of(t->var.sym)->slot : NULL;
	return t->kind == NODE_MAP && t->map.sym ? &lang_map_of(t->map.sym)->value : NULL;
}

// The value of a node into a variable or map; `v` is what it brings.
static void store(struct lang *l, struct node *target, struct node **value, struct slot v)
{
	struct slot *s = target_slot(target), now;
	bool mixed = false, fixed = target->kind == NODE_VAR && target->var.sym && lang_var_of(target->var.sym)->fixed, ok;

	if (!s || !v.type)
		return;
	if (!v.type->size) {
		complain(l, (*value)->span, E_TYPE, "a '%T' has no size, so there is nothing that %s could hold", v.type, target_name(target));
		return;
	}
	now = *s;
	if (fixed)
		ok = s->type && (fits_declared(l, *value, target_name(target), s->type) || (slot_merge(l, &now, v, NULL) && now.type == s->type));
	else
		ok = slot_add(l, s, v, &mixed);
	if (!ok) {
		if (s->type)
			mismatch(l, (*value)->span, target_name(target), v.type, s->type, target->kind == NODE_MAP);
		return;
	}
	if (mixed && !is_int_literal(*value))
		warn_mixed(l, *value, target_name(target));
	coerce(l, value, s->type);
}

static bool is_agg_call(const struct node *n)
{
	return n->kind == NODE_CALL && n->call.builtin && n->call.builtin->flags & BF_AGG;
}

static void check_target(struct lang *l, struct node *t)
{
	struct slot *s;

	if (t->kind == NODE_MAP && t->map.sym)
		check_map_keys(l, t);
	s = target_slot(t);
	t->type = s ? s->type : NULL;
}

// @x += 1. The value joins in at 64 bits, since sums outgrow what is summed.
static void check_compound(struct lang *l, struct node *n)
{
	const struct type *t = check_value(l, &n->assign.value), *has = n->assign.target->type;
	const char *name = target_name(n->assign.target);
	struct slot *s = target_slot(n->assign.target), v;

	if (!t || !s)
		return;
	if ((has && has->kind != TYPE_POINTER && !type_is_integer(has)) || !type_is_integer(t)) {
		complain(l, n->span, E_TYPE, "%s= needs integers on both sides: %s has the type '%T', the value '%T'", op_spelling(n->assign.op), name, has, t);
		return;
	}
	if (has && has->kind == TYPE_POINTER && n->assign.op != OP_ADD && n->assign.op != OP_SUB) {
		complain(l, n->span, E_TYPE, "a pointer can be moved by += and -= only");
		return;
	}
	if ((n->assign.op == OP_DIV || n->assign.op == OP_MOD) && is_int_literal(n->assign.value) && !literal_value(n->assign.value))
		complain(l, n->assign.value->span, E_LITERAL, "division by the literal 0");
	if ((n->assign.op == OP_DIV || n->assign.op == OP_MOD) && has && has->kind == TYPE_INT && has->is_signed)
		warn(l, n->span, W_SIGN, "signed operands for '%s=' can lead to undefined behavior: the division is unsigned (cast to uint64 if that is meant)",
		     op_spelling(n->assign.op));
	v = slot_of(l, n->assign.value);
	if (!v.soft)
		v = (struct slot){ .type = t_int(l, 8, t->is_signed || (n->assign.op == OP_SUB && !has)) };
	if ((!has || has->kind != TYPE_POINTER) && !(n->assign.target->kind == NODE_VAR && lang_var_of(n->assign.target->var.sym)->fixed))
		slot_add(l, s, v, NULL);
	if (s->type && s->type->kind == TYPE_INT)
		coerce(l, &n->assign.value, t_int(l, 8, s->type->is_signed));
	else
		coerce_int(l, &n->assign.value);
}

void check_assign(struct lang *l, struct node *n)
{
	struct node *t = n->assign.target;

	check_target(l, t);
	if (t->kind == NODE_MAP && n->assign.op == OP_NONE && is_agg_call(n->assign.value)) {
		check_aggregate(l, t, n->assign.value);
		t->type = lang_map_of(t->map.sym)->value.type;
		return;
	}
	if (n->assign.op != OP_NONE) {
		check_compound(l, n);
	} else if (check_value(l, &n->assign.value)) {
		const struct type *has = t->type;

		if (t->kind == NODE_MAP && has && type_is_aggregate(has) && l->final && n->assign.value->kind == NODE_CAST &&
		    n->assign.value->cast.implicit && n->assign.value->cast.value->kind == NODE_MAP) {
			complain(l, n->assign.value->span, E_TYPE, "Type mismatch for %s: an aggregation can not be copied from map to map", t->map.name);
			advise(l, "its value can be, into a map of integers: %s2 = (int64)%s", t->map.name, n->assign.value->cast.value->map.name);
			return;
		}
		store(l, t, &n->assign.value, slot_of(l, n->assign.value));
	}
	if (target_slot(t))
		t->type = target_slot(t)->type;
}

static void check_let(struct lang *l, struct node *n)
{
	struct lang_var *v = lang_var_of(n->let.sym);
	struct node target = { .kind = NODE_VAR, .span = n->span };

	target.var.name = n->let.name;
	target.var.sym = n->let.sym;
	if (n->let.spec) {
		const struct type *t;

		check_spec(l, n->let.spec);
		t = type_decayed(l, type_from_spec(l, n->let.spec));
		if (t && t->kind == TYPE_NONE)
			complain(l, n->let.spec->span, E_TYPE, "a variable can not have the type '%T'", t);
		else if (t && v->slot.type != t) {
			l->changed = true;
			v->slot = (struct slot){ .type = t };
		}
		v->fixed = true;
		if (l->final)
			n->let.spec = NULL;
	}
	if (n->let.value && check_value(l, &n->let.value))
		store(l, &target, &n->let.value, slot_of(l, n->let.value));
	else if (!n->let.value && !v->slot.type && l->guess)
		slot_add(l, &v->slot, (struct slot){ .type = t_int(l, 8, true) }, NULL);
}

// Loops --------------------------------------------------------------------------------------------------------------

static void check_loop_body(struct lang *l, struct node *body)
{
	l->loops++;
	check_block(l, body);
	l->loops--;
}

static void check_range_end(struct lang *l, struct node **slot)
{
	if (check_value(l, slot) && !coerce_int(l, slot))
		complain(l, (*slot)->span, E_TYPE, "the range of a for loop is made of integers, not '%T'", (*slot)->type);
	else if ((*slot)->type)
		coerce(l, slot, t_int(l, 8, true));
}

static void check_for_map(struct lang *l, struct node *n)
{
	struct lang_map *m = lang_map_of(n->for_.map->map.sym);
	struct slot value = m->value, pair;

	n->for_.map->type = m->value.type;
	if (!m->key.type || !m->value.type)
		return;
	if (type_is_aggregate(m->value.type) && !type_is_castable_aggregate(m->value.type)) {
		complain(l, n->for_.map->span, E_TYPE, "for can not walk %s: a '%T' has no single value. It can be printed: print(%s)", m->sym.name,
			 m->value.type, m->sym.name);
		value = (struct slot){ .type = t_int(l, 8, true) };
	}
	pair = slot_pair(l, m->key, value);
	if (check_extent(l, n->for_.map->span, pair.type))
		lang_var_of(n->for_.sym)->slot = pair;
}

void check_walk(struct lang *l, struct span at, const char *what)
{
	if (!l->final || !l->world->ops->feature || l->world->ops->feature(l->world, FEATURE_FOR_EACH_MAP))
		return;
	complain(l, at, E_FEATURE, "%s needs the helper bpf_for_each_map_elem, which Linux has from 5.13 on; this kernel lacks it", what);
}

static void check_for(struct lang *l, struct node *n)
{
	struct slot *s = &lang_var_of(n->for_.sym)->slot, was = *s;

	if (n->for_.map) {
		check_walk(l, n->span, "for over a map");
		check_for_map(l, n);
		l->changed |= was.type != s->type;
	} else {
		check_range_end(l, &n->for_.start);
		check_range_end(l, &n->for_.end);
		slot_add(l, s, (struct slot){ .type = t_int(l, 8, true) }, NULL);
	}
	if (l->final)
		n->for_.sym->type = s->type;
	check_loop_body(l, n->for_.body);
}

static void check_unroll(struct lang *l, struct node *n)
{
	const struct node *c = n->unroll.count;

	check_expr(l, &n->unroll.count);
	c = n->unroll.count;
	if (!is_int_literal(c))
		complain(l, c->span, E_LITERAL, "unroll needs a literal (or a positional parameter) that says how often, from 1 to 100");
	else if (literal_value(c) < 1)
		complain(l, c->span, E_LIMIT, "unroll minimum value is 1; %lld was given", (long long)literal_value(c));
	else if (c->int_.is_unsigned || literal_value(c) > 100)
		complain(l, c->span, E_LIMIT, "unroll maximum value is 100; %lld was given", (long long)literal_value(c));
	check_loop_body(l, n->unroll.body);
}

// Blocks -------------------------------------------------------------------------------------------------------------

static void check_condition(struct lang *l, struct node **slot)
{
	check_value(l, slot);
	coerce_condition(l, slot);
}

// The branch that is not taken goes.
static void check_comptime_if(struct lang *l, struct node *n)
{
	struct node *branch;

	if (!comptime_branch(l, n, &branch))
		return;
	check_stmt(l, branch);
	if (!l->final)
		return;
	n->if_.cond = node_new(l->arena, NODE_BOOL, n->if_.cond->span);
	n->if_.cond->bool_.value = true;
	n->if_.cond->type = type_basic(l->types, TYPE_BOOL);
	n->if_.yes = branch;
	n->if_.no = NULL;
	n->if_.is_comptime = false;
}

static void walk_stmt(struct lang *l, struct node **slot)
{
	check_stmt(l, *slot);
}

static void check_branch(struct lang *l, struct node *cond, struct node *arm, const struct node *away)
{
	if (arm == away)
		exists_try(l, cond, arm, walk_stmt);
	else
		check_stmt(l, arm);
}

static void check_if(struct lang *l, struct node *n)
{
	if (n->if_.is_comptime) {
		check_comptime_if(l, n);
		return;
	}
	struct node *away = exists_away(n->if_.cond, &n->if_.yes, &n->if_.no);

	check_condition(l, &n->if_.cond);
	check_branch(l, n->if_.cond, n->if_.yes, away);
	if (n->if_.no)
		check_branch(l, n->if_.cond, n->if_.no, away);
}

static void warn_discard(struct lang *l, const struct node *v)
{
	if (!v->type || v->type->kind == TYPE_NONE || v->kind == NODE_INCDEC)
		return;
	if (v->kind == NODE_CALL && (!v->call.builtin || v->call.builtin->id == BUILTIN_DELETE))
		return;
	warn(l, v->span, W_DISCARD, "Return value discarded. If that is meant, write: _ = …;");
}

static void check_expr_stmt(struct lang *l, struct node *n)
{
	if (is_agg_call(n->expr.value)) {
		complain(l, n->expr.value->span, E_PLACE, "%s() must be assigned directly to a map: @x = %s(…)", n->expr.value->call.name,
			 n->expr.value->call.name);
		return;
	}
	check_expr(l, &n->expr.value);
	if (l->final)
		warn_discard(l, n->expr.value);
	if (n->expr.value->type && type_is_castable_aggregate(n->expr.value->type))
		settle(l, &n->expr.value);
}

static bool leaves(const struct node *n)
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

void check_block(struct lang *l, struct node *n)
{
	for (size_t k = 0; k < n->block.body.n; k++) {
		size_t i = l->backward ? n->block.body.n - 1 - k : k;

		if (i && leaves(n->block.body.v[i - 1]))
			warn(l, n->block.body.v[i]->span, W_UNREACHABLE, "Unreachable statement.");
		check_stmt(l, n->block.body.v[i]);
	}
	if (l->final && !n->block.value)
		n->type = type_basic(l->types, TYPE_NONE);
}

// What decides something goes on as if nobody had looked, unless --unsafe says that it may not.
static void check_verdict(struct lang *l, const struct node *value)
{
	const struct probe_type *t = l->body->type;
	const struct probe_verdict *v = t->verdict ? t->verdict(t, &l->body->sites.v[0]) : NULL;
	bool known = is_int_literal(value);
	int64_t number = known ? literal_value(value) : 0;

	if (!v || (known && number == v->keep))
		return;
	if (v->least == v->most)
		complain(l, value->span, E_PLACE, "what %s returns decides nothing: no other value than %lld can be returned", l->body->sites.v[0].plan.name,
			 (long long)v->keep);
	else if (known && (number < v->least || number > v->most))
		complain(l, value->span, E_LITERAL, "%lld is nothing that '%s' probes return: it is %s", (long long)number, t->name, v->values);
	else if (!l->options->unsafe)
		complain(l, value->span, E_UNSAFE, "what a '%s' probe returns %s; without --unsafe it can only return %lld, and spile observes", t->name,
			 v->decides, (long long)v->keep);
	else
		l->body->decides = true;
}

static void check_return(struct lang *l, struct node *n)
{
	if (!n->return_.value || !check_value(l, &n->return_.value))
		return;
	if (coerce_int(l, &n->return_.value))
		check_verdict(l, n->return_.value);
	else
		complain(l, n->return_.value->span, E_TYPE, "a probe returns an integer, not '%T'", n->return_.value->type);
}

void check_stmt(struct lang *l, struct node *n)
{
	switch (n->kind) {
	case NODE_EXPR: check_expr_stmt(l, n); return;
	case NODE_ASSIGN: check_assign(l, n); return;
	case NODE_LET: check_let(l, n); return;
	case NODE_DISCARD:
		check_value(l, &n->discard.value);
		return;
	case NODE_IF: check_if(l, n); return;
	case NODE_WHILE:
		check_condition(l, &n->while_.cond);
		check_loop_body(l, n->while_.body);
		return;
	case NODE_UNROLL: check_unroll(l, n); return;
	case NODE_FOR: check_for(l, n); return;
	case NODE_RETURN: check_return(l, n); return;
	case NODE_BLOCK: check_block(l, n); return;
	case NODE_BREAK: case NODE_CONTINUE: return;
	default: BUG("'%s' is no statement", node_name(n->kind));
	}
}

// SPDX-License-Identifier: Apache-2.0
// pass_sugar.c - declarative probes become core, which `-d core` prints and which runs by itself.
//
//   probe slow {                         stream slow { export table }
//     on      tracepoint:a:b             tracepoint:a:b
//     filter  args.n > 3          →      /args.n > 3/
//     capture n = args.n                 { emit("slow", (n = args.n), (time = nsecs, pid = pid, tid = tid, comm = comm)) }
//   }
//
// A measure is a map of its own, @slow_NAME, that publish() delivers. Calls are in sugar_call.c, sampling in sugar_sample.c.
// Given up: captures are not shared between probes; two that want the same string read it twice.
#include <string.h>

#include "base/str.h"
#include "lang/sugar.h"

// Captures ------------------------------------------------------------------------------------------------------------

bool is_self_time(const struct node *n)
{
	return n->kind == NODE_FIELD && strcmp(n->field.name, "self") == 0 && n->field.base->kind == NODE_IDENT &&
	       strcmp(n->field.base->ident.name, "duration") == 0;
}

static const char *implied_name(const struct node *v)
{
	if (is_self_time(v))
		return "duration_self";
	if (v->kind == NODE_IDENT)
		return v->ident.name;
	if (v->kind == NODE_FIELD && v->field.base->kind == NODE_IDENT && (strcmp(v->field.base->ident.name, "args") == 0 || strcmp(v->field.base->ident.name, "entry") == 0))
		return v->field.name;
	return v->kind == NODE_CALL && builtin_find(v->call.name, false) ? v->call.name : NULL; // ustack(16)
}

static void take_columns(struct sugar *s)
{
	const struct node *c = s->clause[CLAUSE_CAPTURE];

	for (size_t i = 0; c && i < c->clause.parts.n; i++) {
		struct node *column = c->clause.parts.v[i];

		if (!column->column.name)
			column->column.name = implied_name(column->column.value);
		if (!column->column.name) {
			diag_error(s->l->diag, column->span, E_ARGS, "a captured expression needs a name: capture NAME = …");
			continue;
		}
		for (size_t k = 0; k < s->columns.n; k++)
			if (strcmp(s->columns.v[k]->column.name, column->column.name) == 0)
				diag_error(s->l->diag, column->span, E_REDEFINED, "two columns are called '%s'", column->column.name);
		vec_push(s->l->arena, &s->columns, column);
	}
}

static void replace_columns(void *arg, struct node **slot)
{
	struct sugar *s = arg;

	if ((*slot)->kind != NODE_IDENT) {
		node_each_child(*slot, replace_columns, s);
		return;
	}
	for (size_t i = 0; i < s->columns.n; i++)
		if (strcmp(s->columns.v[i]->column.name, (*slot)->ident.name) == 0) {
			*slot = copy_of(s, s->columns.v[i]->column.value);
			return;
		}
}

struct node *with_columns(struct sugar *s, const struct node *as_written)
{
	struct node *n = copy_of(s, as_written);

	replace_columns(s, &n);
	return n;
}

static bool is_difference_of_times(const struct node *n)
{
	static const char *const clocks[] = { "nsecs", "elapsed", NULL };

	return n->kind == NODE_BINARY && n->binary.op == OP_SUB && (mentions(n->binary.left, clocks) || mentions(n->binary.right, clocks));
}

// `duration`, a literal such as 5ms, and differences of clocks are nanoseconds.
static bool is_nanoseconds(const struct node *n)
{
	static const char *const duration[] = { "duration", NULL };

	if (is_self_time(n) || is_difference_of_times(n))
		return true;
	if (n->kind == NODE_INT)
		return n->int_.is_duration;
	if (n->kind == NODE_CALL && strcmp(n->call.name, "getopt") == 0 && n->call.args.n > 1)
		return is_nanoseconds(n->call.args.v[1]);
	if (n->kind == NODE_BINARY && (n->binary.op == OP_ADD || n->binary.op == OP_SUB))
		return is_nanoseconds(n->binary.left) && is_nanoseconds(n->binary.right);
	return n->kind == NODE_IDENT && mentions(n, duration);
}

static struct node *with_unit(struct sugar *s, struct node *v, const struct node *as_written)
{
	return is_nanoseconds(as_written) ? make_call(s, "ns", v->span, v, NULL, NULL) : v;
}

static bool captures(const struct sugar *s, const char *builtin)
{
	for (size_t i = 0; i < s->columns.n; i++) {
		const struct node *v = s->columns.v[i]->column.value;

		if (v->kind == NODE_IDENT && strcmp(v->ident.name, builtin) == 0 && strcmp(s->columns.v[i]->column.name, builtin) == 0)
			return true;
	}
	return false;
}

static bool column_named(const struct sugar *s, const char *name)
{
	for (size_t i = 0; i < s->columns.n; i++)
		if (strcmp(s->columns.v[i]->column.name, name) == 0)
			return true;
	return false;
}

// A packet belongs to no task.
static bool has_task(const struct sugar *s)
{
	for (size_t i = 0; i < s->points.n; i++) {
		const char *text = s->points.v[i]->point.text;
		const struct probe_type *t = probe_type_find(s->l->world, arena_strndup(s->l->arena, text, strcspn(text, ":")));

		if (t && t->no_task)
			return false;
	}
	return true;
}

// What sinks need to place a record: not a column of the user's. A column of that name wins.
static struct node *hidden_columns(struct sugar *s, const struct delivery *d)
{
	static const char *const roles[] = { "pid", "tid", "comm" };
	struct span at = s->clause[CLAUSE_CAPTURE]->span;
	struct node *record = node_new(s->l->arena, NODE_RECORD, at);

	if (!column_named(s, "time"))
		vec_push(s->l->arena, &record->record.items, make_item(s, "time", copy_of(s, d->time), at));
	if (d->duration && !captures(s, "duration") && !column_named(s, "duration"))
		vec_push(s->l->arena, &record->record.items, make_item(s, "duration", make_call(s, "ns", at, copy_of(s, d->duration), NULL, NULL), at));
	for (size_t i = 0; i < ARRAY_SIZE(roles) && has_task(s); i++)
		if (!column_named(s, roles[i]))
			vec_push(s->l->arena, &record->record.items, make_item(s, roles[i], make_ident(s, roles[i], at), at));
	return record->record.items.n ? record : NULL;
}

static void deliver_record(struct sugar *s, struct node *block, const struct delivery *d)
{
	struct span at = s->clause[CLAUSE_CAPTURE]->span;
	struct node *record = node_new(s->l->arena, NODE_RECORD, at), *hidden = hidden_columns(s, d), *call;

	for (size_t i = 0; i < s->columns.n; i++) {
		struct node *c = s->columns.v[i], *v = with_unit(s, value_of(s, c->column.value), c->column.value);

		vec_push(s->l->arena, &record->record.items, make_item(s, c->column.name, v, c->span));
	}
	call = make_call(s, "emit", at, make_string(s, s->d->declared.name, at), record, hidden);
	if (d->weight)
		vec_push(s->l->arena, &call->call.args, copy_of(s, d->weight));
	add_statement(s, block, call);
}

// Measures ------------------------------------------------------------------------------------------------------------

static void deliver_measures(struct sugar *s, struct node *block, const struct delivery *d)
{
	const struct node *c = s->clause[CLAUSE_MEASURE];

	for (size_t i = 0; c && i < c->clause.parts.n; i++) {
		const struct node *m = c->clause.parts.v[i];
		const struct node *meant = with_columns(s, m->measured.value);
		struct node *agg = value_of(s, meant), *map;
		struct node_list keys = { 0 };

		for (size_t k = 0; k < m->measured.keys.n; k++)
			vec_push(s->l->arena, &keys, value_of(s, with_columns(s, m->measured.keys.v[k]->column.value)));
		map = make_map(s, m->measured.name, &keys, m->span);
		if (meant->call.args.n)
			agg->call.args.v[0] = with_unit(s, agg->call.args.v[0], meant->call.args.v[0]);
		if (d->weight)
			agg = make_call(s, "weighted", agg->span, copy_of(s, d->weight), agg, NULL);
		add_statement(s, block, make_assign(s, map, agg, m->span));
	}
}

static bool same_keys(const struct node *a, const struct node *b)
{
	if (a->measured.keys.n != b->measured.keys.n)
		return false;
	for (size_t i = 0; i < a->measured.keys.n; i++)
		if (!node_equal(a->measured.keys.v[i], b->measured.keys.v[i]))
			return false;
	return true;
}

static const char *key_name(struct sugar *s, const struct node *key, size_t i)
{
	const char *name = key->column.name ? key->column.name : implied_name(key->column.value);

	return name ? name : arena_printf(s->l->arena, "key_%zu", i + 1);
}

// publish("NAME", (a = @NAME_a, b = @NAME_b), "comm"): measures with the same keys go together, into one table.
static void publish_all(struct sugar *s, struct node *block)
{
	const struct node_list *all = &s->clause[CLAUSE_MEASURE]->clause.parts;
	bool *done = arena_array(s->l->arena, bool, all->n + 1);

	for (size_t i = 0; i < all->n; i++) {
		const struct node *first = all->v[i];
		struct node *record = node_new(s->l->arena, NODE_RECORD, first->span), *call;

		for (size_t k = i; k < all->n && !done[i]; k++) {
			if (done[k] || !same_keys(first, all->v[k]))
				continue;
			if (k > i)
				done[k] = true;
			vec_push(s->l->arena, &record->record.items,
				 make_item(s, all->v[k]->measured.name, make_map(s, all->v[k]->measured.name, NULL, all->v[k]->span), all->v[k]->span));
		}
		if (done[i])
			continue;
		call = make_call(s, "publish", first->span, make_string(s, s->d->declared.name, first->span), record, NULL);
		for (size_t k = 0; k < first->measured.keys.n; k++)
			vec_push(s->l->arena, &call->call.args, make_string(s, key_name(s, first->measured.keys.v[k], k), first->measured.keys.v[k]->span));
		add_statement(s, block, call);
	}
}

static void publish_at(struct sugar *s, const char *point, struct span at)
{
	struct node *block = make_block(s, at);

	publish_all(s, block);
	vec_push(s->l->arena, &s->out, make_probe(s, one_of(s, make_point(s, point, at)), NULL, block, at));
}

static void publish_probes(struct sugar *s)
{
	const struct node *every = s->clause[CLAUSE_EVERY], *v = every ? every->clause.parts.v[0] : NULL;

	if (every && !s->clause[CLAUSE_MEASURE])
		diag_error(s->l->diag, every->span, E_PLACE, "`every` says how often measures are published, and there is no `measure`");
	if (every && (v->kind != NODE_INT || !v->int_.is_duration || !v->int_.value))
		diag_error(s->l->diag, v->span, E_TYPE, "`every` takes a duration, such as 5s");
	if (!s->clause[CLAUSE_MEASURE])
		return;
	if (every && v->kind == NODE_INT)
		publish_at(s, arena_printf(s->l->arena, "interval:%s", v->int_.text), every->span);
	publish_at(s, "end", s->clause[CLAUSE_MEASURE]->span);
}

static void check_keys(struct sugar *s, const struct node_list *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		for (size_t k = 0; k < i; k++)
			if (node_equal(keys->v[k]->column.value, keys->v[i]->column.value)) {
				diag_error(s->l->diag, keys->v[i]->span, E_REDEFINED, "this key stands there already: once is enough to tell by it");
				break;
			}
}

static void check_measures(struct sugar *s)
{
	const struct node *c = s->clause[CLAUSE_MEASURE];

	for (size_t i = 0; c && i < c->clause.parts.n; i++) {
		const struct node *m = c->clause.parts.v[i];
		const struct builtin *b = m->measured.value->kind == NODE_CALL ? builtin_find(m->measured.value->call.name, true) : NULL;

		if (!b || !(b->flags & BF_AGG))
			diag_error(s->l->diag, m->measured.value->span, E_ARGS, "a measure is an aggregation: count(), sum(x), min(x), max(x), avg(x), stats(x), hist(x), lhist(x, min, max, step) or tseries(x, …)");
		check_keys(s, &m->measured.keys);
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->clause.parts.v[k]->measured.name, m->measured.name) == 0)
				diag_error(s->l->diag, m->span, E_REDEFINED, "two measures are called '%s'", m->measured.name);
	}
}

// The probe -----------------------------------------------------------------------------------------------------------

void deliver(struct sugar *s, struct node *block, struct delivery d)
{
	struct node *inner = sampled(s, block, &d);

	if (s->clause[CLAUSE_CAPTURE])
		deliver_record(s, inner, &d);
	deliver_measures(s, inner, &d);
	tally_events(s, inner, d.weight);
	if (s->clause[CLAUSE_DO])
		add_statement(s, inner, value_of(s, s->clause[CLAUSE_DO]->clause.parts.v[0]));
}

static void plain_probe(struct sugar *s)
{
	const struct node *filter = s->clause[CLAUSE_FILTER];
	struct node *block = make_block(s, s->d->span);
	static const char *const of_calls[] = { "duration", "self", NULL };

	for (size_t i = 0; i < s->d->declared.clauses.n; i++) {
		const struct node *c = s->d->declared.clauses.v[i];

		if (c->clause.id != CLAUSE_DO && mentions(c, of_calls))
			diag_error(s->l->diag, c->span, E_PLACE, "`duration` and `self` are of calls: on call:TARGET:FUNCTION or syscall:TARGET:NAME");
	}
	deliver(s, block, (struct delivery){ .time = make_ident(s, "nsecs", s->d->span) });
	vec_push(s->l->arena, &s->out,
		 make_probe(s, s->points, filter ? copy_of(s, filter->clause.parts.v[0]) : NULL, block, s->d->span));
}

static void take_clauses(struct sugar *s)
{
	const struct node_list *all = &s->d->declared.clauses;

	for (size_t i = 0; i < all->n; i++) {
		const struct node *c = all->v[i];

		if (c->clause.id != CLAUSE_ON) {
			s->clause[c->clause.id] = c;
			continue;
		}
		s->clause[CLAUSE_ON] = c;
		for (size_t k = 0; k < c->clause.parts.n; k++)
			vec_push(s->l->arena, is_call_point(c->clause.parts.v[k]) ? &s->calls : &s->points, c->clause.parts.v[k]);
	}
}

static struct span head_of(const struct sugar *s)
{
	struct span at = s->d->span;

	at.end = at.start + (uint32_t)strlen("probe ") + (uint32_t)strlen(s->d->declared.name);
	return at;
}

static bool check_clauses(struct sugar *s)
{
	unsigned before = s->l->diag->errors;

	if (!s->clause[CLAUSE_ON])
		diag_error(s->l->diag, head_of(s), E_ARGS, "the probe '%s' has no `on`: what does it observe?", s->d->declared.name);
	else if (!s->clause[CLAUSE_CAPTURE] && !s->clause[CLAUSE_MEASURE] && !s->clause[CLAUSE_DO] && !s->clause[CLAUSE_EXPECT])
		diag_error(s->l->diag, head_of(s), E_ARGS, "the probe '%s' does nothing; `capture` delivers a record, `measure` aggregates, `expect` makes it a check, `do` runs statements", s->d->declared.name);
	if (s->clause[CLAUSE_EXPORT] && !s->clause[CLAUSE_CAPTURE] && !s->clause[CLAUSE_MEASURE])
		diag_error(s->l->diag, s->clause[CLAUSE_EXPORT]->span, E_PLACE, "there is nothing to export: neither `capture` nor `measure`");
	take_columns(s);
	check_measures(s);
	check_sample(s);
	return s->l->diag->errors == before;
}

// stream NAME { export … }
static void stream_item(struct sugar *s)
{
	struct node *n = node_new(s->l->arena, NODE_DECLARED, s->d->span);

	if (!s->clause[CLAUSE_EXPORT])
		return;
	n->declared.name = s->d->declared.name;
	n->declared.is_stream = true;
	vec_push(s->l->arena, &n->declared.clauses, (struct node *)s->clause[CLAUSE_EXPORT]);
	vec_push(s->l->arena, &s->out, n);
}

static bool name_taken(const struct lang *l, const struct node *d)
{
	for (size_t i = 0; i < l->script->script.items.n; i++) {
		const struct node *item = l->script->script.items.v[i];

		if (item == d)
			return false;
		if (item->kind == NODE_DECLARED && item->declared.is_case == d->declared.is_case && strcmp(item->declared.name, d->declared.name) == 0)
			return true;
	}
	return false;
}

// A call's arguments are those of its entry anyway.
static void take_entry(struct sugar *s)
{
	for (size_t i = 0; i < s->d->declared.clauses.n; i++)
		if (s->d->declared.clauses.v[i]->clause.id != CLAUSE_ON)
			entry_as_args(s->l, &s->d->declared.clauses.v[i]);
}

static void rewrite_declared(struct lang *l, const struct node *d, struct node_list *out)
{
	struct sugar s = { .l = l, .d = d, .prefix = arena_printf(l->arena, "@%s_", d->declared.name) };

	if (name_taken(l, d))
		diag_error(l->diag, head_of(&s), E_REDEFINED, "there is another probe or stream '%s'", d->declared.name);
	take_clauses(&s);
	if (!check_clauses(&s))
		return;
	stream_item(&s);
	if (s.points.n)
		plain_probe(&s);
	if (s.calls.n) {
		take_entry(&s);
		rewrite_calls(&s);
	}
	publish_probes(&s);
	for (size_t i = 0; i < s.out.n; i++)
		vec_push(l->arena, out, s.out.v[i]);
}

void pass_sugar(struct lang *l)
{
	struct node_list out = { 0 }, checks = { 0 };

	expectations_take(l, &checks);
	for (size_t i = 0; i < checks.n; i++) // first, so that they see what `end` may clear
		vec_push(l->arena, &out, checks.v[i]);
	for (size_t i = 0; i < l->script->script.items.n; i++) {
		struct node *item = l->script->script.items.v[i];

		if (item->kind == NODE_DECLARED && !item->declared.is_stream && !item->declared.is_case)
			rewrite_declared(l, item, &out);
		else if (item->kind != NODE_DECLARED || item->declared.is_stream)
			vec_push(l->arena, &out, item);
	}
	l->script->script.items = out;
}

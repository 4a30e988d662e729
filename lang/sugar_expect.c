// SPDX-License-Identifier: Apache-2.0
// sugar_expect.c - `expect` of a probe or a case: what must hold when the run ends, or it fails.
//
//   probe slow {                              … { @slow_events = count(); if (!(duration < 1s)) { @slow_not_all = count(); } … }
//     …
//     expect count() > 3,              →      end {
//            all(duration < 1s)                  let $failed = false;
//   }                                            if (!((int64)@slow_events > 3)) { errorf("slow: expected …"); $failed = true; }
//                                                …
//                                                if ($failed) { exit(1); }
//                                             }
//
// All is counted in the kernel, so that a record that is lost on its way is not missed here. A case is a set of expectations about
// the probes of its script, for a command of its own; only the one that is asked for by name is compiled.
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "lang/sugar.h"

enum tally_kind { TALLY_COUNT, TALLY_ANY, TALLY_NONE, TALLY_ALL };

// What a probe counts for an expectation, in a map of its own.
struct tally {
	const struct node *probe; // DECLARED
	enum tally_kind kind;
	const struct node *condition; // NULL: every event
	const char *suffix;           // of the map's name
};

struct expectation {
	struct sugar *s;           // of the probe or case
	const struct node *own;    // the probe; NULL in a case
	struct str format;
	struct node_list values;   // of the format
};

static const char *const words[] = { [TALLY_COUNT] = "count", [TALLY_ANY] = "any", [TALLY_NONE] = "none", [TALLY_ALL] = "all" };

// Source --------------------------------------------------------------------------------------------------------------

static void add_format(struct str *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool blank = strchr(" \t\r\n", text[i]) != NULL;

		if (blank && out->n && out->p[out->n - 1] == ' ')
			continue;
		str_addc(out, blank ? ' ' : text[i]);
		if (text[i] == '%')
			str_addc(out, '%');
	}
}

static void add_source(const struct lang *l, struct span at, struct str *format)
{
	const struct diag_source *source = &l->diag->sources[at.source];

	if (at.source && at.end <= source->len)
		add_format(format, source->text + at.start, at.end - at.start);
}

// Tallies -------------------------------------------------------------------------------------------------------------

static const struct node *probe_named(struct lang *l, const char *name, struct span at)
{
	const struct node_list *items = &l->script->script.items;
	struct near near = near_to(name);

	for (size_t i = 0; i < items->n; i++) {
		const struct node *item = items->v[i];

		if (item->kind != NODE_DECLARED || item->declared.is_stream || item->declared.is_case)
			continue;
		if (strcmp(item->declared.name, name) == 0)
			return item;
		near_offer(&near, item->declared.name);
	}
	diag_error(l->diag, at, E_UNKNOWN_NAME, "there is no declarative probe '%s'", name);
	if (near.best)
		diag_hint(l->diag, "did you mean '%s'?", near.best);
	return NULL;
}

static struct sugar sugar_of(struct lang *l, const struct node *probe)
{
	return (struct sugar){ .l = l, .d = probe, .prefix = arena_printf(l->arena, "@%s_", probe->declared.name) };
}

static const struct tally *tally_of(struct lang *l, const struct node *probe, enum tally_kind kind, const struct node *condition)
{
	static const char *const suffixes[] = { "events", "met", "met", "not_met" };
	struct tally t = { .probe = probe, .kind = kind, .condition = condition }, *kept;
	struct sugar s = sugar_of(l, probe);

	for (size_t i = 0; i < l->tallies.n; i++) {
		struct tally *old = l->tallies.v[i];

		if (old->probe == probe && (old->kind == TALLY_ALL) == (kind == TALLY_ALL) && (condition ? old->condition && node_equal(old->condition, condition) : !old->condition))
			return old;
	}
	t.suffix = free_map(&s, arena_printf(l->arena, l->tallies.n ? "%s_%zu" : "%s", suffixes[kind], l->tallies.n + 1));
	kept = arena_memdup(l->arena, &t, sizeof t);
	vec_push(l->arena, &l->tallies, kept);
	return kept;
}

// Where counts of other processors cannot be read (before Linux 5.19) it is one number, added to atomically.
static struct node *counted_once(struct sugar *s, const struct tally *t, const struct node *weight, struct span at)
{
	struct node *map = make_map(s, t->suffix, NULL, at), *one = make_call(s, "count", at, NULL, NULL, NULL), *n;

	if (!has_feature(s, FEATURE_PERCPU_LOOKUP)) {
		n = make_assign(s, map, weight ? copy_of(s, weight) : make_int(s, 1, at), at);
		n->assign.op = OP_ADD;
		return n;
	}
	if (weight)
		one = make_call(s, "weighted", at, copy_of(s, weight), one, NULL);
	return make_assign(s, map, one, at);
}

void tally_events(struct sugar *s, struct node *block, const struct node *weight)
{
	for (size_t i = 0; i < s->l->tallies.n; i++) {
		const struct tally *t = s->l->tallies.v[i];
		struct node *condition = t->condition ? copy_of(s, t->condition) : NULL, *one, *counted = block;
		struct span at = condition ? condition->span : s->d->span;

		if (t->probe != s->d)
			continue;
		one = counted_once(s, t, weight, at);
		if (condition) {
			condition = value_of(s, with_columns(s, condition));
			if (t->kind == TALLY_ALL)
				condition = make_not(s, condition);
			counted = make_block(s, at);
			add_statement(s, block, make_if(s, condition, counted, at));
		}
		add_statement(s, counted, one);
	}
}

// The expression ------------------------------------------------------------------------------------------------------

static struct node *read_map(struct expectation *x, const struct node *probe, const char *suffix, struct span at)
{
	struct sugar s = sugar_of(x->s->l, probe);

	return make_cast(x->s, "int64", make_map(&s, suffix, NULL, at), at);
}

static struct node *read_tally(struct expectation *x, const struct tally *t, struct span at)
{
	struct sugar s = sugar_of(x->s->l, t->probe);

	return has_feature(&s, FEATURE_PERCPU_LOOKUP) ? read_map(x, t->probe, t->suffix, at) : make_map(&s, t->suffix, NULL, at);
}

// leaf: as the user wrote it; NULL: the number of events, in another word
static void shown(struct expectation *x, const struct node *leaf, const char *what, struct node *value)
{
	str_adds(&x->format, x->values.n ? ", " : " (");
	if (leaf)
		add_source(x->s->l, leaf->span, &x->format);
	else
		str_adds(&x->format, "count()");
	str_printf(&x->format, ": %%lld%s", what);
	vec_push(x->s->l->arena, &x->values, value);
}

static struct node *tallied(struct expectation *x, const struct node *leaf, const struct node *probe, enum tally_kind kind, const struct node *condition)
{
	static const char *const meanings[] = { "", " met it", " met it", " did not" };
	const struct tally *t = tally_of(x->s->l, probe, kind, condition);
	struct node *n = read_tally(x, t, leaf->span);

	shown(x, leaf->kind == NODE_IDENT ? NULL : leaf, meanings[kind], copy_of(x->s, n));
	if (kind == TALLY_COUNT)
		return n;
	return make_binary(x->s, kind == TALLY_ANY ? OP_GT : OP_EQ, n, make_int(x->s, 0, leaf->span), leaf->span);
}

// count(), count(PROBE), any(CONDITION), any(PROBE, CONDITION) …; *slot stays when it is none of them.
static bool rewrite_call(struct expectation *x, struct node **slot)
{
	struct lang *l = x->s->l;
	struct node *n = *slot, **args = n->call.args.v;
	enum tally_kind kind = 0;
	const struct node *probe = x->own;
	size_t takes, given = n->call.args.n;

	while (kind < ARRAY_SIZE(words) && strcmp(words[kind], n->call.name) != 0)
		kind++;
	if (kind == ARRAY_SIZE(words))
		return false;
	takes = kind != TALLY_COUNT;
	if (given == takes + 1 && args[0]->kind == NODE_IDENT)
		probe = probe_named(l, args[0]->ident.name, args[0]->span);
	else if (given != takes)
		diag_error(l->diag, n->span, E_ARGS, "%s(%s) is of this probe, %s(%s) of another", words[kind], takes ? "CONDITION" : "", words[kind], takes ? "PROBE, CONDITION" : "PROBE");
	else if (!probe)
		diag_error(l->diag, n->span, E_ARGS, "a case names the probe: %s(%s)", words[kind], takes ? "PROBE, CONDITION" : "PROBE");
	if (probe && given <= takes + 1 && given >= takes)
		*slot = tallied(x, n, probe, kind, takes ? args[given - 1] : NULL);
	return true;
}

static bool has_measure(const struct node *probe, const char *name)
{
	for (size_t i = 0; i < probe->declared.clauses.n; i++) {
		const struct node *c = probe->declared.clauses.v[i];

		for (size_t k = 0; c->clause.id == CLAUSE_MEASURE && k < c->clause.parts.n; k++)
			if (strcmp(c->clause.parts.v[k]->measured.name, name) == 0)
				return true;
	}
	return false;
}

static void rewrite(void *arg, struct node **slot);

static bool rewrite_measure(struct expectation *x, struct node **slot)
{
	struct node *n = *slot;
	bool other = n->kind == NODE_FIELD && n->field.base->kind == NODE_IDENT && !n->field.arrow;
	const struct node *probe = other ? probe_named(x->s->l, n->field.base->ident.name, n->field.base->span) : x->own;
	const char *name = n->kind == NODE_FIELD ? n->field.name : n->ident.name;

	if (other && !probe)
		return true;
	if (!probe || !has_measure(probe, name)) {
		if (other)
			diag_error(x->s->l->diag, n->span, E_UNKNOWN_NAME, "the probe '%s' has no measure '%s'; its records are asked by count(), any(), none() and all()", probe->declared.name, name);
		return other;
	}
	*slot = read_map(x, probe, name, n->span);
	shown(x, n, "", copy_of(x->s, *slot));
	return true;
}

static void rewrite(void *arg, struct node **slot)
{
	struct expectation *x = arg;
	struct node *n = *slot;
	bool bare = n->kind == NODE_IDENT && x->own;

	if (n->kind == NODE_CALL && rewrite_call(x, slot))
		return;
	if ((n->kind == NODE_IDENT || n->kind == NODE_FIELD) && rewrite_measure(x, slot))
		return;
	if (bare && strcmp(n->ident.name, "none") == 0)
		*slot = make_binary(x->s, OP_EQ, tallied(x, n, x->own, TALLY_COUNT, NULL), make_int(x->s, 0, n->span), n->span);
	else if (bare && strcmp(n->ident.name, "some") == 0)
		*slot = make_binary(x->s, OP_GT, tallied(x, n, x->own, TALLY_COUNT, NULL), make_int(x->s, 0, n->span), n->span);
	else
		node_each_child(n, rewrite, x);
}

// One expectation, as statements of the end probe.
static void add_expectation(struct sugar *s, const struct node *own, const struct node *as_written, struct node *block)
{
	struct expectation x = { .s = s, .own = own };
	struct node *condition = copy_of(s, as_written), *failed = make_block(s, as_written->span), *call;

	add_format(&x.format, s->d->declared.name, strlen(s->d->declared.name));
	str_adds(&x.format, ": expected ");
	add_source(s->l, as_written->span, &x.format);
	rewrite(&x, &condition);
	if (x.values.n)
		str_addc(&x.format, ')');
	call = make_call(s, "errorf", as_written->span, make_string(s, str_z(&x.format), as_written->span), NULL, NULL);
	for (size_t i = 0; i < x.values.n; i++)
		vec_push(s->l->arena, &call->call.args, x.values.v[i]);
	add_statement(s, failed, call);
	add_statement(s, failed, make_assign(s, make_var(s, "$failed", as_written->span), make_bool(s, true, as_written->span), as_written->span));
	add_statement(s, block, make_if(s, make_not(s, condition), failed, as_written->span));
	str_free(&x.format);
}

static void take_expectations(struct lang *l, const struct node *item, struct node_list *out)
{
	struct sugar s = sugar_of(l, item);
	const struct node *own = item->declared.is_case ? NULL : item;

	for (size_t i = 0; i < item->declared.clauses.n; i++) {
		const struct node *c = item->declared.clauses.v[i];
		struct node *block = make_block(&s, c->span), *leave = make_block(&s, c->span);

		if (c->clause.id != CLAUSE_EXPECT)
			continue;
		add_statement(&s, block, make_let(&s, "$failed", make_bool(&s, false, c->span), c->span));
		for (size_t k = 0; k < c->clause.parts.n; k++)
			add_expectation(&s, own, c->clause.parts.v[k], block);
		add_statement(&s, leave, make_call(&s, "exit", c->span, make_int(&s, 1, c->span), NULL, NULL));
		add_statement(&s, block, make_if(&s, make_var(&s, "$failed", c->span), leave, c->span));
		vec_push(l->arena, out, make_probe(&s, one_of(&s, make_point(&s, "end", c->span)), NULL, block, c->span));
	}
}

static void forget_tallies(struct lang *l, struct node_list *out)
{
	for (size_t i = 0; i < l->tallies.n; i++) {
		const struct tally *t = l->tallies.v[i];
		struct sugar s = sugar_of(l, t->probe);

		forget_at_end(&s, t->suffix, t->probe->span);
		for (size_t k = 0; k < s.out.n; k++)
			vec_push(l->arena, out, s.out.v[k]);
	}
}

void expectations_take(struct lang *l, struct node_list *out)
{
	const struct node_list *items = &l->script->script.items;
	const char *wanted = l->options->test_case;
	bool found = false;

	for (size_t i = 0; i < items->n; i++) {
		const struct node *item = items->v[i];
		bool is_it = item->kind == NODE_DECLARED && item->declared.is_case && wanted && strcmp(item->declared.name, wanted) == 0;

		if (is_it || (item->kind == NODE_DECLARED && !item->declared.is_stream && !item->declared.is_case))
			take_expectations(l, item, out);
		found |= is_it;
	}
	if (wanted && !found)
		diag_error(l->diag, (struct span){ 0 }, E_UNKNOWN_NAME, "the script has no case '%s'", wanted);
	forget_tallies(l, out);
}

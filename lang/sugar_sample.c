// SPDX-License-Identifier: Apache-2.0
// sugar_sample.c - the `sample` clause and the budget: which events are taken, and how many each then stands for.
//
//   sample 1/10 by tid, max 200/s         let $share = one_in(10, tid);
//                                         if ($share) {
//                                   →         let $rate = at_most(@slow_rate, 200, 1s);
//                                             if ($rate) { …, $share * $rate … } else { left_out("…"); }
//                                         } else { left_out("…"); }
//
// Each function gives the weight of an event that is taken and 0 for one that is not, so that the expected weight of any event is 1:
// one_in() N times one of N; at_most() what was left out since the last one, itself included; cpu_gate() the reciprocal of the share
// it lets through. Of a call, what does not ask for values of the return is decided at the entry, where it saves the most.
#include <string.h>

#include "lang/sugar.h"

static const char *const at_return_only[] = { "retval", "duration", "self", NULL };

static const struct node *limit_at(const struct sugar *s, size_t i)
{
	const struct node *c = s->clause[CLAUSE_SAMPLE];

	return c && i < c->clause.parts.n ? c->clause.parts.v[i] : NULL;
}

static bool is_max(const struct node *limit)
{
	return limit->limit.word && strcmp(limit->limit.word, "max") == 0;
}

static bool is_cpu(const struct node *limit)
{
	return limit->limit.word && !is_max(limit);
}

static bool has_max(const struct sugar *s)
{
	for (size_t i = 0; limit_at(s, i); i++)
		if (is_max(limit_at(s, i)))
			return true;
	return false;
}

// Shares go first, then rates, then budgets: the order in which they stand does not matter.
static bool decided_at_entry(const struct sugar *s, const struct node *limit)
{
	if (is_max(limit))
		return false;
	return is_cpu(limit) ? !has_max(s) : !limit->limit.key || !mentions(limit->limit.key, at_return_only);
}

static const struct node *budget_of(const struct sugar *s)
{
	for (size_t i = 0; i < s->l->script->script.items.n; i++) {
		const struct node *item = s->l->script->script.items.v[i];

		for (size_t k = 0; item->kind == NODE_BUDGET && k < item->budget.settings.n; k++)
			if (strcmp(item->budget.settings.v[k]->setting.name, "cpu") == 0 && item->budget.settings.v[k]->setting.values.v[0]->kind == NODE_AMOUNT)
				return item->budget.settings.v[k];
	}
	return NULL;
}

static bool same_limit(const struct node *a, const struct node *b)
{
	bool keys = a->limit.key && b->limit.key ? node_equal(a->limit.key, b->limit.key) : a->limit.key == b->limit.key;

	return keys && is_max(a) == is_max(b) && is_cpu(a) == is_cpu(b);
}

void check_sample(struct sugar *s)
{
	for (size_t i = 0; limit_at(s, i); i++)
		for (size_t k = 0; k < i; k++)
			if (same_limit(limit_at(s, k), limit_at(s, i)))
				diag_error(s->l->diag, limit_at(s, i)->span, E_REDEFINED, "a second %s; say the one that is meant", is_cpu(limit_at(s, i)) ?
					   "share of a processor" : is_max(limit_at(s, i)) ? "rate by the same key" : "share of the events by the same key");
}

// One limit -----------------------------------------------------------------------------------------------------------

struct step {
	struct sugar *s;
	struct node *block;  // where the next one goes
	struct node *weight; // NULL: 1
	bool entry;
};

static struct node *duration_of(struct sugar *s, const char *unit, struct span at)
{
	struct node *n = make_int(s, *unit == 's' ? 1000000000u : *unit == 'm' ? 60000000000u : 3600000000000u, at);

	n->int_.text = arena_printf(s->l->arena, "1%s", unit);
	n->int_.is_duration = true;
	return n;
}

static struct node *key_of(struct step *t, const struct node *limit)
{
	if (!limit->limit.key)
		return NULL;
	return t->entry ? copy_of(t->s, limit->limit.key) : value_of(t->s, limit->limit.key);
}

static struct node *rate_map(struct step *t, const struct node *limit)
{
	struct sugar *s = t->s;
	struct node *key = key_of(t, limit), *decl;
	struct node_list keys = key ? one_of(s, key) : (struct node_list){ 0 };
	struct node *map = make_map(s, free_map(s, "rate"), &keys, limit->span);

	if (!key)
		return map; // never "set": not printed at the end
	forget_at_end(s, map->map.name + strlen(s->prefix), limit->span);
	decl = node_new(s->l->arena, NODE_MAPDECL, limit->span); // keys come and go: the least used give way
	decl->mapdecl.name = map->map.name;
	decl->mapdecl.kind = "lruhash";
	decl->mapdecl.size = 4096;
	vec_push(s->l->arena, &s->out, decl);
	return map;
}

static struct node *decision(struct step *t, const struct node *limit)
{
	struct sugar *s = t->s;
	struct span at = limit->span;

	if (is_max(limit))
		return make_call(s, "at_most", at, rate_map(t, limit), make_int(s, limit->limit.number, at), duration_of(s, limit->limit.unit, at));
	if (is_cpu(limit))
		return make_call(s, "cpu_gate", at, make_string(s, s->d->declared.name, at), make_int(s, limit->limit.number, at), NULL);
	return make_call(s, "one_in", at, make_int(s, limit->limit.of, at), key_of(t, limit), NULL);
}

static const char *words_of(struct sugar *s, const struct node *limit)
{
	const char *by = limit->limit.key ? " by key" : "";

	if (is_max(limit))
		return arena_printf(s->l->arena, "max %llu/%s%s", (unsigned long long)limit->limit.number, limit->limit.unit, by);
	if (is_cpu(limit))
		return "cpu";
	return arena_printf(s->l->arena, "1/%llu%s", (unsigned long long)limit->limit.of, by);
}

static struct node *product(struct sugar *s, struct node *a, struct node *b)
{
	return !a ? b : make_binary(s, OP_MUL, a, b, b->span);
}

// if (weight) { … } else { left_out("…") }: goes on inside.
static void decide(struct step *t, struct node *call, const char *var, const char *why)
{
	struct sugar *s = t->s;
	struct span at = call->span;
	struct node *yes = make_block(s, at), *no = make_block(s, at), *n = make_if(s, make_var(s, var, at), yes, at);

	add_statement(s, no, make_call(s, "left_out", at, make_string(s, arena_printf(s->l->arena, "events of %s, by %s", s->d->declared.name, why), at), NULL, NULL));
	n->if_.no = no;
	add_statement(s, t->block, make_let(s, var, call, at));
	add_statement(s, t->block, n);
	t->weight = product(s, t->weight, make_var(s, var, at));
	t->block = yes;
}

static const char *variable(struct sugar *s, const char *name, size_t i)
{
	const char *mark = s->clause[CLAUSE_DO] ? "_" : "";

	return i ? arena_printf(s->l->arena, "$%s%s_%zu", mark, name, i + 1) : arena_printf(s->l->arena, "$%s%s", mark, name);
}

static void take_limits(struct step *t, bool (*of_kind)(const struct node *limit), const char *name)
{
	struct sugar *s = t->s;

	for (size_t i = 0, n = 0; limit_at(s, i); i++) {
		const struct node *limit = limit_at(s, i);

		if (!of_kind(limit) || (s->call && decided_at_entry(s, limit) != t->entry))
			continue;
		decide(t, decision(t, limit), variable(s, name, n++), arena_printf(s->l->arena, "sample %s", words_of(s, limit)));
	}
}

static bool is_share(const struct node *limit)
{
	return !limit->limit.word;
}

static void take_budget(struct step *t)
{
	struct sugar *s = t->s;
	const struct node *b = budget_of(s), *v = b ? b->setting.values.v[0] : NULL;
	struct node *call;

	if (!b || (s->call && has_max(s) == t->entry))
		return;
	call = make_call(s, "cpu_gate", b->span, make_string(s, "budget", b->span), make_int(s, v->amount.value, b->span), NULL);
	decide(t, call, variable(s, "budget", 0), "the budget");
}

static void take_all(struct step *t)
{
	take_limits(t, is_share, "share");
	take_limits(t, is_max, "rate");
	take_limits(t, is_cpu, "gate");
	take_budget(t);
}

struct node *sampled(struct sugar *s, struct node *block, struct delivery *d)
{
	struct step t = { .s = s, .block = block, .weight = d->weight };

	take_all(&t);
	d->weight = t.weight;
	return t.block;
}

static void name_gate(struct sugar *s, struct node *block, const char *name, struct span at)
{
	struct node *n = node_new(s->l->arena, NODE_DISCARD, at);

	n->discard.value = make_call(s, "cpu_gate", at, make_string(s, name, at), NULL, NULL);
	add_statement(s, block, n);
}

void count_for_gate(struct sugar *s, struct node *block)
{
	const struct node *b = budget_of(s), *gate = NULL;

	for (size_t i = 0; limit_at(s, i) && !gate; i++)
		gate = is_cpu(limit_at(s, i)) && decided_at_entry(s, limit_at(s, i)) ? limit_at(s, i) : NULL;
	if (gate)
		name_gate(s, block, s->d->declared.name, gate->span);
	if (b && !has_max(s))
		name_gate(s, block, "budget", b->span);
}

struct node *sampled_entry(struct sugar *s, struct node *block)
{
	struct step t = { .s = s, .block = block, .entry = true };

	take_all(&t);
	s->entry_weight = t.weight;
	return t.block;
}

// SPDX-License-Identifier: Apache-2.0
// pass_check_map.c - map keys, reads, and aggregations.
#include <string.h>

#include "base/str.h"
#include "base/wire.h"
#include "lang/declared.h"

static struct slot slot_of_keys(struct lang *l, const struct node_list *keys)
{
	struct node tuple = { .kind = NODE_TUPLE };
	const struct type **members = arena_array(l->arena, const struct type *, keys->n);

	if (keys->n == 1)
		return slot_of(l, keys->v[0]);
	for (size_t i = 0; i < keys->n; i++) {
		members[i] = slot_of(l, keys->v[i]).type;
		if (!members[i])
			return (struct slot){ 0 };
	}
	tuple.tuple.items = *keys;
	tuple.type = type_tuple(l->types, members, keys->n);
	return slot_of(l, &tuple);
}

static const char *arguments_text(struct lang *l, const struct type *t)
{
	_str_ struct str s = { 0 };

	if (t->kind != TYPE_TUPLE)
		str_addc(&s, '(');
	type_print(t, &s);
	if (t->kind != TYPE_TUPLE)
		str_addc(&s, ')');
	return arena_strdup(l->arena, str_z(&s));
}

static void mismatch(struct lang *l, const struct node *at, const struct lang_map *m, const struct type *have)
{
	complain(l, at->span, E_KEY, "Argument mismatch for %s: trying to access with arguments: '%s' when map expects arguments: '%s'", m->sym.name,
		 arguments_text(l, have), arguments_text(l, m->key.type));
}

static bool is_key(struct lang *l, const struct node *k)
{
	const struct type *t = k->type;

	if (!t || (t->kind != TYPE_STRUCT && t->kind != TYPE_UNION && t->size))
		return true;
	if (t->kind == TYPE_TUPLE) {
		complain(l, k->span, E_KEY, "an empty tuple can not be a key");
		return false;
	}
	complain(l, k->span, E_KEY, "a '%T' can not be a key; use one of its fields", t);
	return false;
}

static bool check_key(struct lang *l, struct node **slot)
{
	l->in_key++;
	bool known = check_value(l, slot) != NULL;
	l->in_key--;
	return known && is_key(l, *slot);
}

void check_map_keys(struct lang *l, struct node *map)
{
	struct lang_map *m = lang_map_of(map->map.sym);
	struct node_list *keys = &map->map.keys;
	struct slot s;
	bool known = true;

	for (size_t i = 0; i < keys->n; i++)
		known &= check_key(l, &keys->v[i]);
	if (!keys->n || !known || !m->keyed)
		return;
	s = slot_of_keys(l, keys);
	if (s.type && !check_extent(l, map->span, s.type))
		return;
	if (!slot_add(l, &m->key, s, NULL)) {
		mismatch(l, map, m, s.type);
		return;
	}
	if (!l->final)
		return;
	if (keys->n == 1)
		coerce(l, &keys->v[0], m->key.type);
	else
		for (size_t i = 0; i < keys->n; i++)
			coerce(l, &keys->v[i], m->key.type->fields[i].type);
}

void check_map_element(struct lang *l, struct node *map, struct node **key)
{
	struct lang_map *m = lang_map_of(map->map.sym);
	struct slot s;

	map->type = m->value.type;
	if (!key || !check_key(l, key))
		return;
	s = slot_of(l, *key);
	if (!slot_add(l, &m->key, s, NULL)) {
		mismatch(l, *key, m, s.type);
		return;
	}
	coerce(l, key, m->key.type);
}

const struct type *check_map_read(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	struct lang_map *m = n->map.sym ? lang_map_of(n->map.sym) : NULL;

	if (!m)
		return NULL;
	check_map_keys(l, n);
	if (!m->value.type && l->guess && !l->final)
		return t_int(l, 8, true);
	if (!m->value.type)
		untyped(l, n);
	return m->value.type;
}

// Aggregations -------------------------------------------------------------------------------------------------------

static bool literal_in(struct lang *l, struct node **arg, const char *what, int64_t min, int64_t max, int64_t *ret)
{
	if (!literal_known(l, arg, ret)) {
		complain(l, (*arg)->span, E_LITERAL, "%s must be a literal integer", what);
		return false;
	}
	if (*ret < min || *ret > max || ((*arg)->kind == NODE_INT && (*arg)->int_.is_unsigned)) {
		complain(l, (*arg)->span, E_LITERAL, "%s must be from %lld to %lld; it is %lld", what, (long long)min, (long long)max, (long long)*ret);
		return false;
	}
	return true;
}

static const struct type *hist_type(struct lang *l, struct node *call)
{
	int64_t bits = 0;

	if (call->call.args.n == 2 && !literal_in(l, &call->call.args.v[1], "hist(): the number of bits", 0, 5, &bits))
		return NULL;
	return type_hist(l->types, (unsigned)bits);
}

static const struct type *lhist_type(struct lang *l, struct node *call)
{
	struct node **v = call->call.args.v;
	int64_t min, max, step;

	if (!literal_in(l, &v[1], "lhist(): the minimum", 0, INT64_MAX, &min) || !literal_in(l, &v[2], "lhist(): the maximum", 0, INT64_MAX, &max) ||
	    !literal_in(l, &v[3], "lhist(): the step", 1, INT64_MAX, &step))
		return NULL;
	if (max <= min) {
		complain(l, v[2]->span, E_LITERAL, "lhist(): the maximum, %lld, must be larger than the minimum, %lld", (long long)max, (long long)min);
		return NULL;
	}
	if (step > max - min) {
		complain(l, v[3]->span, E_LITERAL, "lhist(): the step, %lld, is larger than the range, %lld", (long long)step, (long long)(max - min));
		return NULL;
	}
	if ((max - min) / step > 1000) {
		complain(l, call->span, E_LIMIT, "lhist() can have up to 1000 buckets; %lld to %lld in steps of %lld makes %lld", (long long)min, (long long)max,
			 (long long)step, (long long)((max - min) / step));
		return NULL;
	}
	return type_lhist(l->types, min, max, step);
}

static bool series_kind(struct lang *l, struct node *call, int64_t *ret)
{
	static const char *const kinds[] = { [WIRE_TSERIES_AVG] = "avg", [WIRE_TSERIES_MAX] = "max", [WIRE_TSERIES_MIN] = "min", [WIRE_TSERIES_SUM] = "sum" };
	const struct node *word = call->call.args.n > 3 ? call->call.args.v[3] : NULL;

	*ret = WIRE_TSERIES_LAST;
	if (!word)
		return true;
	for (size_t i = 1; i < ARRAY_SIZE(kinds) && word->kind == NODE_STRING; i++)
		if (strcmp(kinds[i], word->string.text) == 0)
			*ret = (int64_t)i;
	if (*ret == WIRE_TSERIES_LAST)
		complain(l, word->span, E_LITERAL, "tseries(): the last argument can be \"avg\", \"max\", \"min\" or \"sum\"");
	return *ret != WIRE_TSERIES_LAST;
}

static void unstable_series(struct lang *l, const struct node *call)
{
	const char *how = config_text(l, "unstable_tseries");

	if (strcmp(how, "error") == 0 || strcmp(how, "false") == 0 || strcmp(how, "0") == 0)
		complain(l, call->span, E_CONFIG, "tseries() is an unstable feature, which the configuration refuses; set unstable_tseries=enable");
	else if (strcmp(how, "warn") == 0)
		warn(l, call->span, W_UNSTABLE, "tseries() is an unstable feature: it may change. unstable_tseries=enable says that this is known");
}

static const struct type *tseries_type(struct lang *l, struct node *call)
{
	struct node **v = call->call.args.v;
	int64_t interval, num, kind;

	if (!literal_in(l, &v[1], "tseries(): the interval", 1, INT64_MAX, &interval) ||
	    !literal_in(l, &v[2], "tseries(): the number of intervals", 1, 999999, &num) || !series_kind(l, call, &kind))
		return NULL;
	unstable_series(l, call);
	if (!v[0]->type || (!l->final && is_pending(v[0])))
		return NULL;
	return type_tseries(l->types, interval, num, kind, is_int_literal(v[0]) ? !v[0]->int_.is_unsigned : v[0]->type->is_signed);
}

static const struct type *sampled_type(struct lang *l, struct node *call, enum type_kind kind)
{
	const struct node *v = call->call.args.v[0];

	if (!v->type || (!l->final && is_pending(v)))
		return NULL;
	return type_agg(l->types, kind, is_int_literal(v) ? !v->int_.is_unsigned : v->type->is_signed);
}

static bool check_sampled(struct lang *l, struct node *call)
{
	struct node **v = call->call.args.v;

	if (!check_value(l, v))
		return false;
	if (!type_is_integer((*v)->type) && !type_is_castable_aggregate((*v)->type)) {
		complain(l, (*v)->span, E_ARGS, "%s() only supports integer arguments ('%T' provided)", call->call.name, (*v)->type);
		return false;
	}
	return true;
}

static const struct type *agg_type(struct lang *l, struct node *call)
{
	enum builtin_id id = call->call.builtin->id;

	if (id == BUILTIN_COUNT)
		return type_basic(l->types, TYPE_COUNT);
	if (!check_sampled(l, call))
		return NULL;
	switch (id) {
	case BUILTIN_SUM: return sampled_type(l, call, TYPE_SUM);
	case BUILTIN_MIN: return sampled_type(l, call, TYPE_MIN);
	case BUILTIN_MAX: return sampled_type(l, call, TYPE_MAX);
	case BUILTIN_AVG: return sampled_type(l, call, TYPE_AVG);
	case BUILTIN_STATS: return sampled_type(l, call, TYPE_STATS);
	case BUILTIN_HIST: return hist_type(l, call);
	case BUILTIN_LHIST: return lhist_type(l, call);
	case BUILTIN_TSERIES: return tseries_type(l, call);
	default: BUG("%s() is no aggregation", call->call.name);
	}
}

static void other_aggregation(struct lang *l, const struct node *call, const struct lang_map *m, const struct type *t)
{
	const struct type *has = m->value.type;

	if (t->kind == TYPE_HIST && has->kind == TYPE_HIST)
		complain(l, call->span, E_TYPE, "Different bits in a single hist unsupported: %s has %lld", m->sym.name, (long long)has->a);
	else if (t->kind == TYPE_LHIST && has->kind == TYPE_LHIST)
		complain(l, call->span, E_TYPE, "Different lhist bounds in a single map unsupported: %s has %lld, %lld, %lld", m->sym.name, (long long)has->a,
			 (long long)has->b, (long long)has->c);
	else if (t->kind == TYPE_TSERIES && has->kind == TYPE_TSERIES)
		complain(l, call->span, E_TYPE, "Different tseries arguments in a single map unsupported: %s has other ones", m->sym.name);
	else
		complain(l, call->span, E_TYPE, "Type mismatch for %s: trying to assign value of type '%T' when map already has a type '%T'", m->sym.name, t, has);
}

void check_aggregate(struct lang *l, struct node *map, struct node *call)
{
	struct lang_map *m = lang_map_of(map->map.sym);
	const struct type *t;

	call->type = type_basic(l->types, TYPE_NONE);
	if (call->call.builtin->id != BUILTIN_COUNT && !call->call.args.n)
		return;
	t = agg_type(l, call);
	if (call->call.weight && check_value(l, &call->call.weight) && !coerce_int(l, &call->call.weight))
		complain(l, call->call.weight->span, E_TYPE, "a weight is a number of events ('%T' provided)", call->call.weight->type);
	if (call->call.args.n)
		m->unit = unit_of(call->call.args.v[0]);
	if (t && !slot_add(l, &m->value, (struct slot){ .type = t }, NULL))
		other_aggregation(l, call, m, t);
	for (size_t i = 0; l->final && i < MIN(call->call.args.n, (size_t)3); i++)
		coerce_int(l, &call->call.args.v[i]);
	for (size_t i = 1; l->final && i < call->call.args.n; i++)
		if (!call->call.args.v[i]->type) {
			call->call.args.v[i]->type = t_int(l, 8, true);
		}
}

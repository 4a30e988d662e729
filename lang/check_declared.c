// SPDX-License-Identifier: Apache-2.0
// check_declared.c - emit(), publish(), weighted(): their arguments are records and maps as they stand in the call, not values.
//
//   emit("name", (column = value, …), (time = …, pid = …), weight)     the second record: columns for sinks that need them
//   publish("name", (measure = @map, …), "key's name", …)
#include <string.h>

#include "base/wire.h"
#include "lang/declared.h"
#include "lang/resolve.h"

static const char *stream_name(const struct node *n)
{
	const struct node *name = n->call.args.v[0];

	return name->kind == NODE_STRING ? name->string.text : NULL;
}

static bool is_name(const char *s)
{
	return s && *s && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(s);
}

// The stream's name and the record behind it.
static bool check_head(struct lang *l, const struct node *n, const char *what)
{
	if (!is_name(stream_name(n)))
		diag_error(l->diag, n->call.args.v[0]->span, E_LITERAL, "%s() expects the stream's name as a literal string of letters, digits and _", n->call.name);
	else if (n->call.args.n < 2 || n->call.args.v[1]->kind != NODE_RECORD)
		diag_error(l->diag, n->span, E_ARGS, "%s() expects a record: %s(\"%s\", (%s))", n->call.name, n->call.name, stream_name(n), what);
	else
		return true;
	return false;
}

// Resolve -------------------------------------------------------------------------------------------------------------

void resolve_emit(struct lang *l, struct node *n)
{
	size_t last = n->call.args.n - 1;

	if (!check_head(l, n, "name = value, …"))
		return;
	if (last > 1 && n->call.args.v[last]->kind != NODE_RECORD) {
		n->call.weight = n->call.args.v[last];
		n->call.args.n--;
		resolve(l, &n->call.weight);
	}
	if (n->call.args.n > 3 || (n->call.args.n == 3 && n->call.args.v[2]->kind != NODE_RECORD))
		diag_error(l->diag, n->span, E_ARGS, "%s() takes a record, one of hidden columns, and how many events it stands for", n->call.name);
	for (size_t i = 1; i < n->call.args.n; i++)
		resolve(l, &n->call.args.v[i]);
}

void resolve_publish(struct lang *l, struct node *n)
{
	if (!check_head(l, n, "name = @map, …"))
		return;
	for (size_t i = 0; i < n->call.args.v[1]->record.items.n; i++) {
		struct node *item = n->call.args.v[1]->record.items.v[i], *map = item->record_item.value;

		if (map->kind != NODE_MAP || map->map.keys.n)
			diag_error(l->diag, map->span, E_ARGS, "publish() delivers whole maps: %s = @map", item->record_item.name);
		else
			resolve_map_whole(l, map);
	}
}

void resolve_weighted(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *agg = n->call.args.v[1];
	const struct builtin *b = agg->kind == NODE_CALL ? builtin_find(agg->call.name, true) : NULL;

	if (!b || !(b->flags & BF_AGG)) {
		diag_error(l->diag, agg->span, E_ARGS, "weighted() expects an aggregation: @x = weighted(10, count())");
		return;
	}
	agg->call.weight = n->call.args.v[0];
	resolve(l, &agg->call.weight);
	*slot = agg;
	resolve(l, slot);
}

// The element is written to, so it needs no assignment elsewhere.
void resolve_at_most(struct lang *l, struct node *n)
{
	struct node *map = n->call.args.v[0];

	if (map->kind != NODE_MAP) {
		diag_error(l->diag, map->span, E_ARGS, "at_most() expects a map, or an element, to count in: at_most(@rate, 100, 1s)");
		return;
	}
	for (size_t i = 0; i < n->call.args.n; i++)
		resolve(l, &n->call.args.v[i]);
	lang_map_of(map->map.sym)->written = true;
	map->map.sym->assigned = true;
}

// Check ---------------------------------------------------------------------------------------------------------------

static bool check_literal(struct lang *l, struct node *call, size_t i, const char *what, int64_t most, int64_t *ret)
{
	if (!literal_known(l, &call->call.args.v[i], ret) || *ret < 1 || *ret > most) {
		complain(l, call->call.args.v[i]->span, E_LITERAL, "%s(): %s is a literal from 1 to %lld", call->call.name, what, (long long)most);
		return false;
	}
	return check_value(l, &call->call.args.v[i]) && coerce_int(l, &call->call.args.v[i]);
}

const struct type *check_one_in(struct lang *l, struct node *n)
{
	int64_t of;

	check_literal(l, n, 0, "of how many one is taken", 1 << 30, &of);
	if (n->call.args.n > 1 && check_value(l, &n->call.args.v[1]))
		settle(l, &n->call.args.v[1]);
	return t_int(l, 8, false);
}

// tat and what was left out: see rate_take() in stdlib/declared.bpf.c
const struct type *check_at_most(struct lang *l, struct node *n)
{
	struct node *map = n->call.args.v[0];
	struct lang_map *m = map->kind == NODE_MAP && map->map.sym ? lang_map_of(map->map.sym) : NULL;
	const struct type *pair[] = { t_int(l, 8, false), t_int(l, 8, false) };
	int64_t v;

	if (!m)
		return t_int(l, 8, false);
	check_map_keys(l, map);
	if (!slot_add(l, &m->value, (struct slot){ .type = type_tuple(l->types, pair, 2) }, NULL))
		complain(l, map->span, E_TYPE, "%s holds '%T'; at_most() counts in a map of its own", m->sym.name, m->value.type);
	map->type = m->value.type;
	check_literal(l, n, 1, "the number of events", 1000000000, &v);
	check_literal(l, n, 2, "the time", INT64_MAX, &v);
	return t_int(l, 8, false);
}

const struct type *check_cpu_gate(struct lang *l, struct node *n)
{
	int64_t v;

	if (n->call.args.v[0]->kind != NODE_STRING)
		complain(l, n->call.args.v[0]->span, E_LITERAL, "cpu_gate() expects the gate's name as a literal string");
	else
		n->call.args.v[0]->type = type_string(l->types, (uint32_t)n->call.args.v[0]->string.len + 1);
	if (n->call.args.n > 1) // without: what this program takes counts too, and nothing is decided
		check_literal(l, n, 1, "the share of a processor in millionths", 1000000, &v);
	return t_int(l, 8, false);
}

enum value_unit unit_of(const struct node *n)
{
	while (n->kind == NODE_CAST)
		n = n->cast.value;
	if (n->kind == NODE_CALL && n->call.builtin && n->call.builtin->id == BUILTIN_NS)
		return UNIT_NS;
	if (n->kind == NODE_CALL && n->call.builtin && n->call.builtin->id == BUILTIN_BYTES)
		return UNIT_BYTES;
	return n->kind == NODE_IDENT && n->ident.builtin && n->ident.builtin->id == BUILTIN_ELAPSED ? UNIT_NS : UNIT_NONE;
}

static bool is_column(const struct type *t)
{
	return t->kind != TYPE_NONE && (!type_is_aggregate(t) || type_is_castable_aggregate(t));
}

static void check_columns(struct lang *l, struct node *record)
{
	for (size_t i = 0; i < record->record.items.n; i++) {
		struct node *item = record->record.items.v[i];
		const struct type *t = check_value(l, &item->record_item.value);

		if (t && !is_column(t))
			complain(l, item->span, E_TYPE, "a value of type '%T' can not be a column", t);
		settle(l, &item->record_item.value);
		for (size_t k = 0; k < i; k++)
			if (strcmp(record->record.items.v[k]->record_item.name, item->record_item.name) == 0)
				complain(l, item->span, E_REDEFINED, "two columns are called '%s'", item->record_item.name);
	}
}

const struct type *check_emit(struct lang *l, struct node *n)
{
	for (size_t i = 1; i < n->call.args.n; i++)
		check_columns(l, n->call.args.v[i]);
	if (n->call.weight && check_value(l, &n->call.weight) && !coerce_int(l, &n->call.weight))
		complain(l, n->call.weight->span, E_TYPE, "what a record stands for is a number of events ('%T' provided)", n->call.weight->type);
	return type_basic(l->types, TYPE_NONE);
}

static bool is_measure(const struct type *t)
{
	return type_is_aggregate(t) || type_is_integer(t);
}

const struct type *check_publish(struct lang *l, struct node *n)
{
	const struct type *key = NULL;
	const struct node_list *items = &n->call.args.v[1]->record.items;

	for (size_t i = 2; i < n->call.args.n; i++)
		if (n->call.args.v[i]->kind != NODE_STRING)
			complain(l, n->call.args.v[i]->span, E_LITERAL, "publish() expects the names of the keys as literal strings");
	for (size_t i = 0; i < items->n; i++) {
		struct node *map = items->v[i]->record_item.value;
		const struct lang_map *m = map->map.sym ? lang_map_of(map->map.sym) : NULL;

		map->type = m ? m->value.type : NULL;
		if (m && m->value.type && !is_measure(m->value.type))
			complain(l, map->span, E_TYPE, "a measure is an aggregation or a number; %s holds '%T'", map->map.name, m->value.type);
		if (m && i && m->key.type != key)
			complain(l, map->span, E_KEY, "measures that are published together have the same keys; %s has others than %s", map->map.name,
				 items->v[0]->record_item.value->map.name);
		key = m ? m->key.type : NULL;
	}
	return type_basic(l->types, TYPE_NONE);
}

// Layout --------------------------------------------------------------------------------------------------------------

static enum column_role role_of(const char *name, const struct node *value, bool hidden, enum value_unit unit)
{
	static const struct {
		const char *name;
		enum column_role role;
	} named[] = { { "time", COLUMN_TIME }, { "duration", COLUMN_DURATION }, { "pid", COLUMN_PID }, { "tid", COLUMN_TID }, { "comm", COLUMN_COMM } };

	while (value->kind == NODE_CAST && value->cast.implicit)
		value = value->cast.value;
	if (type_is_stack(value->type))
		return COLUMN_STACK;
	if (!hidden && value->kind == NODE_IDENT && value->ident.builtin)
		switch (value->ident.builtin->id) {
		case BUILTIN_PID: return COLUMN_PID;
		case BUILTIN_TID: return COLUMN_TID;
		case BUILTIN_COMM: return COLUMN_COMM;
		default: return COLUMN_VALUE;
		}
	if (!hidden)
		return strcmp(name, "duration") == 0 && unit == UNIT_NS ? COLUMN_DURATION : COLUMN_VALUE;
	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		if (strcmp(named[i].name, name) == 0)
			return named[i].role;
	return COLUMN_VALUE;
}

static bool same_columns(const struct plan_stream *a, const struct plan_stream *b)
{
	if (strcmp(a->name, b->name) != 0 || a->n_columns != b->n_columns || a->n_measures != b->n_measures)
		return false;
	for (uint32_t i = 0; i < a->n_columns; i++)
		if (strcmp(a->columns[i].name, b->columns[i].name) != 0 || a->columns[i].type != b->columns[i].type || a->columns[i].unit != b->columns[i].unit)
			return false;
	for (uint32_t i = 0; i < a->n_measures; i++)
		if (strcmp(a->measures[i].name, b->measures[i].name) != 0 || a->measures[i].map != b->measures[i].map)
			return false;
	return true;
}

// Records of one name whose columns have other types (another program's arguments) are a stream of their own.
static uint32_t add_stream(struct lang *l, struct plan_stream *s, bool has_stack)
{
	for (uint32_t i = 0; i < l->plan->n_streams; i++)
		if (same_columns(&l->plan->streams[i], s))
			return i;
	stream_sinks(l, s, has_stack);
	return plan_push(l->arena, &l->plan->streams, &l->plan->n_streams, *s);
}

static struct plan_stream new_stream(struct lang *l, const struct node *n)
{
	struct plan_stream s = { .name = stream_name(n) };

	plan_push(l->arena, &s.span, &s.n_span, (struct plan_span){ n->span.source, n->span.start, n->span.end });
	return s;
}

uint32_t layout_stream(struct lang *l, struct node *n)
{
	struct plan_stream s = new_stream(l, n);
	struct node_list flat = { 0 };
	bool has_stack = false;

	for (size_t r = 1; r < n->call.args.n; r++)
		for (size_t i = 0; i < n->call.args.v[r]->record.items.n; i++) {
			const struct node *item = n->call.args.v[r]->record.items.v[i];
			struct node *v = item->record_item.value;
			struct plan_column c = { .name = item->record_item.name, .type = v->type, .unit = unit_of(v), .hidden = r > 1 };

			c.role = role_of(c.name, v, c.hidden, c.unit);
			s.is_call |= c.role == COLUMN_DURATION;
			has_stack |= c.role == COLUMN_STACK;
			plan_push(l->arena, &s.columns, &s.n_columns, c);
			vec_push(l->arena, &flat, v);
		}
	n->call.args = flat;
	n->call.first = 0;
	return add_stream(l, &s, has_stack);
}

static uint32_t gate_named(struct lang *l, const struct node *n)
{
	const char *name = n->call.args.v[0]->string.text;
	struct plan_gate g = { .cpu = n->call.args.n > 1 ? (uint32_t)literal_value(n->call.args.v[1]) : 1000000u };
	void **at = map_puts(&l->gates, name);

	if (!*at) {
		plan_push(l->arena, &g.span, &g.n_span, (struct plan_span){ n->span.source, n->span.start, n->span.end });
		*at = (void *)(uintptr_t)(plan_push(l->arena, &l->plan->gates, &l->plan->n_gates, g) + 1);
	}
	if (n->call.args.n > 1)
		l->plan->gates[(uintptr_t)*at - 1].cpu = g.cpu;
	return (uint32_t)(uintptr_t)*at - 1;
}

// The gate called "budget" is the whole run's; another one counts the programs that name it.
void layout_gate(struct lang *l, struct node *n)
{
	uint32_t i = gate_named(l, n);
	struct plan_gate *g = &l->plan->gates[i];

	n->call.first = i;
	if (l->plan->n_gates > WIRE_GATES)
		diag_error(l->diag, n->span, E_LIMIT, "a script can have up to %d shares of the processor", WIRE_GATES);
	g->whole = strcmp(n->call.args.v[0]->string.text, "budget") == 0;
	for (uint32_t k = 0; k < g->n_progs; k++)
		if (g->progs[k].index == l->body->prog)
			return;
	plan_push(l->arena, &g->progs, &g->n_progs, (struct plan_ref){ l->body->prog });
}

static const char *key_name(struct lang *l, const struct node *n, size_t i)
{
	if (i + 2 < n->call.args.n)
		return n->call.args.v[i + 2]->string.text;
	return arena_printf(l->arena, "key_%zu", i + 1);
}

// `by comm` is what profiles begin their stacks with.
static enum column_role key_role(const char *name, const struct type *t)
{
	if (type_is_stack(t))
		return COLUMN_STACK;
	return t->kind == TYPE_STRING && strcmp(name, "comm") == 0 ? COLUMN_COMM : COLUMN_VALUE;
}

uint32_t layout_measures(struct lang *l, struct node *n)
{
	const struct node_list *items = &n->call.args.v[1]->record.items;
	struct plan_stream s = new_stream(l, n);
	const struct map_sym *first = items->v[0]->record_item.value->map.sym;
	const struct type *key = first->key;
	bool tuple = lang_map_of(first)->key_is_tuple, has_stack = false;
	size_t nkeys = !key ? 0 : tuple ? key->nfields : 1;

	for (size_t i = 0; i < items->n; i++) {
		const struct node *map = items->v[i]->record_item.value;
		const struct lang_map *m = lang_map_of(map->map.sym);
		enum value_unit unit = m->value.type->kind == TYPE_COUNT ? UNIT_COUNT : m->unit;

		plan_push(l->arena, &s.measures, &s.n_measures, (struct plan_measure){ .name = items->v[i]->record_item.name, .map = m->sym.index, .unit = unit });
	}
	for (size_t i = 0; i < nkeys; i++) {
		const struct type *t = tuple ? key->fields[i].type : key;

		has_stack |= type_is_stack(t);
		plan_push(l->arena, &s.columns, &s.n_columns,
			  (struct plan_column){ .name = key_name(l, n, i), .type = t, .role = key_role(key_name(l, n, i), t) });
	}
	if (n->call.args.n - 2 > nkeys)
		diag_error(l->diag, n->call.args.v[2 + nkeys]->span, E_ARGS, "%s has %zu keys; more names are given here", first->name, nkeys);
	n->call.args = (struct node_list){ 0 }; // names and maps: all in the plan now
	return add_stream(l, &s, has_stack);
}

// SPDX-License-Identifier: Apache-2.0
// pass_items.c - targets, exports, streams and the budget become rows of the plan.
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "base/wire.h"
#include "lang/declared.h"

enum key_kind { KEY_GLOB, KEY_NUMBER, KEY_RUNTIME };

static const struct {
	const char *name;
	enum key_kind kind;
	const char *doc;
} keys[] = {
#define TARGET_KEY(name, kind, changes, doc) { #name, KEY_##kind, doc },
#include "base/target.def"
#undef TARGET_KEY
};

static const char *const runtimes[] = { "native", "go", "jvm", "python", "node" };

// Targets -------------------------------------------------------------------------------------------------------------

static void unknown_key(struct lang *l, const struct node *setting)
{
	struct near near = near_to(setting->setting.name);
	_str_ struct str all = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		near_offer(&near, keys[i].name);
		str_printf(&all, "%s%s", i ? ", " : "", keys[i].name);
	}
	diag_error(l->diag, setting->span, E_UNKNOWN_NAME, "programs are not selected by '%s'", setting->setting.name);
	if (near.best)
		diag_hint(l->diag, "did you mean '%s'? There are: %s", near.best, str_z(&all));
	else
		diag_hint(l->diag, "there are: %s", str_z(&all));
}

static const char *runtime_word(struct lang *l, const struct node *v)
{
	const char *word = v->kind == NODE_IDENT ? v->ident.name : v->kind == NODE_STRING ? v->string.text : "";

	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++)
		if (strcmp(runtimes[i], word) == 0)
			return word;
	diag_error(l->diag, v->span, E_UNKNOWN_NAME, "a runtime is one of native, go, jvm, python and node");
	return NULL;
}

#define COMM_MOST (WIRE_COMM - 1)

// Of what a pattern matches, at the least.
static size_t letters(const char *glob)
{
	size_t n = 0;

	for (; *glob; glob++)
		n += *glob != '*';
	return n;
}

// A value as the plan has it; NULL after a diagnostic.
static const char *choice_text(struct lang *l, const struct node *v, enum key_kind kind, const char *key)
{
	if (v->kind == NODE_POSITIONAL)
		v = kind == KEY_NUMBER ? param_node(l, v->positional.number, v->span) : param_string(l, v->positional.number, v->span);
	if (kind == KEY_RUNTIME)
		return runtime_word(l, v);
	if (kind == KEY_NUMBER && v->kind == NODE_INT && !v->int_.is_duration && v->int_.value && v->int_.value <= INT32_MAX)
		return arena_printf(l->arena, "%llu", (unsigned long long)v->int_.value);
	if (kind == KEY_GLOB && v->kind == NODE_STRING && strcmp(key, "comm") == 0 && letters(v->string.text) > COMM_MOST) {
		diag_error(l->diag, v->span, E_LITERAL, "no comm is that long: the kernel keeps %d letters of it; `name` asks for the file's name as well", COMM_MOST);
		return NULL;
	}
	if (kind == KEY_GLOB && v->kind == NODE_STRING && v->string.len && strlen(v->string.text) == v->string.len)
		return v->string.text;
	diag_error(l->diag, v->span, E_TYPE, kind == KEY_NUMBER ? "%s takes process ids" : "%s takes patterns in quotes: %s \"…*\"", key, key);
	return NULL;
}

static void take_choice(struct lang *l, const struct node *setting, struct plan_target *t)
{
	struct plan_choice c = { .key = setting->setting.name };
	size_t row = 0;

	while (row < ARRAY_SIZE(keys) && strcmp(keys[row].name, c.key) != 0)
		row++;
	if (row == ARRAY_SIZE(keys)) {
		unknown_key(l, setting);
		return;
	}
	for (uint32_t i = 0; i < t->n_choices; i++)
		if (strcmp(t->choices[i].key, c.key) == 0)
			diag_error(l->diag, setting->span, E_REDEFINED, "%s is given twice; alternatives stand behind one key, separated by commas", c.key);
	for (size_t i = 0; i < setting->setting.values.n; i++) {
		const char *text = choice_text(l, setting->setting.values.v[i], keys[row].kind, c.key);

		plan_push(l->arena, &c.values, &c.n_values, (struct plan_name){ text ? text : "" });
	}
	plan_push(l->arena, &t->choices, &t->n_choices, c);
}

static uint32_t find_target(const struct lang *l, const char *name)
{
	for (uint32_t i = 0; i < l->plan->n_targets; i++)
		if (strcmp(l->plan->targets[i].name, name) == 0)
			return i;
	return NO_EVENT;
}

static void declare_target(struct lang *l, const struct node *n)
{
	struct plan_target t = { .name = n->target.name };

	if (strcmp(t.name, "it") == 0)
		diag_error(l->diag, n->span, E_REDEFINED, "'it' is the process of -p, or the command of -c and what it starts; use another name");
	else if (find_target(l, t.name) != NO_EVENT)
		diag_error(l->diag, n->span, E_REDEFINED, "the target '%s' is declared twice", t.name);
	else if (!n->target.settings.n)
		diag_error(l->diag, n->span, E_ARGS, "the target '%s' selects nothing; say by what: exe \"/usr/bin/…\"", t.name);
	else if (l->plan->n_targets == WIRE_TARGETS)
		diag_error(l->diag, n->span, E_LIMIT, "a script can have up to %d targets", WIRE_TARGETS);
	for (size_t i = 0; i < n->target.settings.n; i++)
		take_choice(l, n->target.settings.v[i], &t);
	plan_push(l->arena, &t.span, &t.n_span, (struct plan_span){ n->span.source, n->span.start, n->span.end });
	plan_push(l->arena, &l->plan->targets, &l->plan->n_targets, t);
}

static bool has_it(const struct lang *l)
{
	return l->options->pid || l->options->command;
}

bool target_known(struct lang *l, const char *name)
{
	return find_target(l, name) != NO_EVENT || strcmp(name, "it") == 0;
}

uint32_t target_index(struct lang *l, const char *name, struct span at)
{
	uint32_t i = find_target(l, name);
	struct near near = near_to(name);

	if (i != NO_EVENT)
		return i;
	if (strcmp(name, "it") == 0 && has_it(l))
		return plan_push(l->arena, &l->plan->targets, &l->plan->n_targets, (struct plan_target){ .name = "it", .children = !l->options->pid });
	if (strcmp(name, "it") == 0) {
		diag_error(l->diag, at, E_UNDEFINED, "there is no target 'it': it is the process given with -p, or the command given with -c");
		return NO_EVENT;
	}
	for (uint32_t k = 0; k < l->plan->n_targets; k++)
		near_offer(&near, l->plan->targets[k].name);
	diag_error(l->diag, at, E_UNDEFINED, "there is no target '%s'", name);
	if (near.best)
		diag_hint(l->diag, "did you mean '%s'?", near.best);
	else
		diag_hint(l->diag, "a target is declared as: target %s { exe \"/usr/bin/…\" }", name);
	return NO_EVENT;
}

// Exports, budget -----------------------------------------------------------------------------------------------------

static void declare_export(struct lang *l, const struct node *n)
{
	for (uint32_t i = 0; i < l->plan->n_sinks; i++)
		if (strcmp(l->plan->sinks[i].name, n->export_.name) == 0) {
			diag_error(l->diag, n->span, E_REDEFINED, "the sink '%s' is declared twice", n->export_.name);
			return;
		}
	sink_declare(l, n->export_.sink, n->export_.name);
}

#define MEMORY_LEAST (1u << 20)

static const struct node *budget_setting(const struct node *budget, const char *key)
{
	for (size_t i = 0; i < budget->budget.settings.n; i++)
		if (strcmp(budget->budget.settings.v[i]->setting.name, key) == 0)
			return budget->budget.settings.v[i];
	return NULL;
}

static void take_budget(struct lang *l, const struct node *budget, const struct node *setting)
{
	const struct node *v = setting->setting.values.v[0];
	const char *key = setting->setting.name;

	if (strcmp(key, "cpu") != 0 && strcmp(key, "memory") != 0)
		diag_error(l->diag, setting->span, E_UNKNOWN_NAME, "a budget bounds cpu and memory; '%s' is neither", key);
	else if (budget_setting(budget, key) != setting)
		diag_error(l->diag, setting->span, E_REDEFINED, "%s is given twice; one bound holds for the whole run", key);
	else if (v->kind == NODE_AMOUNT && !v->amount.is_percent && v->amount.value < MEMORY_LEAST && strcmp(key, "memory") == 0)
		diag_error(l->diag, v->span, E_LITERAL, "no run gets by with that little memory; it takes some megabytes: memory 50MB");
	else if (v->kind != NODE_AMOUNT || v->amount.is_percent != (strcmp(key, "cpu") == 0))
		diag_error(l->diag, v->span, E_TYPE, strcmp(key, "cpu") == 0 ? "cpu is a share of one processor: cpu 1%%" : "memory is a size: memory 50MB");
	else if (v->amount.is_percent)
		l->budget_cpu = v->amount.value;
	else
		l->plan->memory = v->amount.value;
}

static void declare_budget(struct lang *l, const struct node *n)
{
	if (l->seen_budget)
		diag_error(l->diag, n->span, E_REDEFINED, "there is a budget already; one bounds the whole run");
	else if (!n->budget.settings.n)
		diag_error(l->diag, n->span, E_ARGS, "this budget bounds nothing; say what the run may take: budget { cpu 1%%; memory 50MB; }");
	l->seen_budget = true;
	for (size_t i = 0; i < n->budget.settings.n; i++)
		take_budget(l, n, n->budget.settings.v[i]);
}

// `it` is a target like the others, and must be known as soon as they are.
static void find_it(void *arg, struct node **slot)
{
	struct lang *l = arg;
	const struct node *n = *slot;
	bool point = n->kind == NODE_POINT && strstr(n->point.text, ":it:");
	bool asked = n->kind == NODE_CALL && strcmp(n->call.name, "in_target") == 0 && n->call.args.n && n->call.args.v[0]->kind == NODE_STRING &&
		     strcmp(n->call.args.v[0]->string.text, "it") == 0;

	if ((point || asked) && find_target(l, "it") == NO_EVENT)
		target_index(l, "it", n->span);
	node_each_child(*slot, find_it, arg);
}

static void each_item(struct lang *l, enum node_kind kind, void (*take)(struct lang *l, const struct node *n))
{
	for (size_t i = 0; i < l->script->script.items.n; i++)
		if (l->script->script.items.v[i]->kind == kind)
			take(l, l->script->script.items.v[i]);
}

void pass_items(struct lang *l)
{
	map_init(&l->streams, l->arena);
	map_init(&l->gates, l->arena);
	each_item(l, NODE_TARGET, declare_target);
	if (has_it(l))
		find_it(l, &l->script);
	each_item(l, NODE_EXPORT, declare_export);
	each_item(l, NODE_DECLARED, streams_declare);
	each_item(l, NODE_BUDGET, declare_budget);
}

// SPDX-License-Identifier: Apache-2.0
// named_params.c - getopt("name", default, "description"): what is given behind `--` on the command line, as a literal.
//
// All calls of the script declare options, those in branches that are pruned too; what is given but not declared is refused.
// The default's type is the option's: none or a bool, an integer, a string.
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/util.h"
#include "lang/literal.h"
#include "lang/resolve.h"

struct named_param {
	const char *name, *about; // about: NULL if not described
	const struct node *init;  // BOOL, INT, STRING; NULL: false
	struct span at;
};

static const struct node *literal_argument(struct lang *l, struct node *call, size_t i, const char *what)
{
	struct node **slot = &call->call.args.v[i];

	fold_literals(l, slot); // -1
	if ((*slot)->kind == NODE_STRING || (i == 1 && ((*slot)->kind == NODE_INT || (*slot)->kind == NODE_BOOL)))
		return *slot;
	diag_error(l->diag, (*slot)->span, E_LITERAL, "%s of getopt() is a literal%s", what, i == 1 ? ": a bool, an integer or a string" : " string");
	return NULL;
}

static bool same(const struct named_param *a, const struct named_param *b)
{
	bool about = a->about && b->about ? strcmp(a->about, b->about) == 0 : a->about == b->about;
	bool is_int = a->init && b->init && a->init->kind == NODE_INT && b->init->kind == NODE_INT;

	return about && (is_int ? a->init->int_.value == b->init->int_.value : node_equal(a->init, b->init));
}

// Declares the option of a call, or finds it declared. NULL after an error.
static struct named_param *declare(struct lang *l, struct node *call)
{
	struct named_param p = { .at = call->span }, *old;
	const struct node_list *args = &call->call.args;
	const struct node *name, *about = NULL;
	unsigned line, col, end_line, end_col;
	void **at;

	if (args->n < 1 || args->n > 3) {
		diag_error(l->diag, call->span, E_ARGS, args->n ? "getopt() takes up to 3 arguments (%zu provided)" : "getopt() requires at least one argument (%zu provided)", args->n);
		return NULL;
	}
	name = literal_argument(l, call, 0, "the name");
	if (args->n > 1)
		p.init = literal_argument(l, call, 1, "the default");
	if (args->n > 2)
		about = literal_argument(l, call, 2, "the description");
	if (!name || name->kind != NODE_STRING || (args->n > 1 && !p.init) || (args->n > 2 && !about))
		return NULL;
	p.name = name->string.text;
	p.about = about ? about->string.text : NULL;
	at = map_puts(&l->named, p.name);
	old = *at;
	if (!old)
		return *at = arena_memdup(l->arena, &p, sizeof p);
	if (same(old, &p))
		return old;
	diag_place(l->diag, old->at, &line, &col, &end_line, &end_col);
	diag_error(l->diag, call->span, E_PARAM, "getopt(\"%s\") has another default or description in line %u; it must be the same everywhere", p.name, line);
	return NULL;
}

// What was given: *value is NULL without `=`.
static bool given(const struct lang *l, const char *name, const char **value)
{
	size_t n = strlen(name);

	*value = NULL;
	for (size_t i = l->options->nnamed; i > 0; i--) {
		const char *text = l->options->named[i - 1];

		if (strncmp(text, name, n) != 0 || (text[n] && text[n] != '='))
			continue;
		*value = text[n] ? text + n + 1 : NULL;
		return true;
	}
	return false;
}

static bool parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = { "1", "true", "on", "yes" }, *const no[] = { "0", "false", "off", "no" };

	*ret = true;
	if (!text)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0)
			return true;
		if (strcasecmp(text, no[i]) == 0)
			return *ret = false, true;
	}
	return false;
}

static void invalid(struct lang *l, const struct named_param *p, const char *type, const char *value)
{
	diag_error(l->diag, (struct span){ 0 }, E_PARAM, "program command line option --%s invalid %s (value: %s)", p->name, type, value ? value : "");
}

// A number as it would stand in the script; where the default is a duration, with its unit.
static struct node *integer_of(struct lang *l, const struct node *init, const char *text, struct span at)
{
	struct node *n;

	if (!init->int_.is_duration)
		return param_integer(l, text, at);
	n = node_uint(l, 0, at);
	n->int_.text = text;
	return literal_number(text, strlen(text), &n->int_.value, &n->int_.is_duration) || !n->int_.is_duration ? NULL : n;
}

static struct node *value_of(struct lang *l, const struct named_param *p, struct span at)
{
	enum node_kind kind = p->init ? p->init->kind : NODE_BOOL;
	const char *text;
	struct node *n;
	bool truth = p->init && kind == NODE_BOOL && p->init->bool_.value;

	if (!given(l, p->name, &text)) {
		if (kind != NODE_BOOL) {
			n = node_clone(l->arena, p->init);
			n->span = at;
			return n;
		}
	} else if (kind == NODE_BOOL && !parse_bool(text, &truth)) {
		invalid(l, p, "boolean", text);
	} else if (kind == NODE_INT) {
		n = text ? integer_of(l, p->init, text, at) : NULL;
		if (n)
			return n;
		invalid(l, p, p->init->int_.is_duration ? "duration, such as 10ms" : "integer", text);
	} else if (kind == NODE_STRING) {
		if (text)
			return node_string(l, text, strlen(text), at);
		invalid(l, p, "string", text);
	}
	n = node_new(l->arena, NODE_BOOL, at);
	n->bool_.value = truth;
	return n;
}

void resolve_getopt(struct lang *l, struct node **slot)
{
	const struct named_param *p = declare(l, *slot);

	if (p)
		*slot = value_of(l, p, (*slot)->span);
}

static void find(void *arg, struct node **slot)
{
	struct node *n = *slot;

	node_each_child(n, find, arg);
	if (n->kind == NODE_CALL && strcmp(n->call.name, "getopt") == 0)
		declare(arg, n);
}

static void list_expected(struct lang *l, bool described)
{
	_str_ struct str all = { 0 };

	for (size_t i = 0; i < l->named.n; i++) {
		const struct named_param *p = l->named.at[i].value;

		if (!p)
			continue;
		if (described)
			str_printf(&all, "\n --%s%s%s", p->name, p->about ? ": " : "", p->about ? p->about : "");
		else
			str_printf(&all, "%s--%s", all.n ? ", " : " ", p->name);
	}
	if (all.n)
		diag_hint(l->diag, "expected program options:%s", str_z(&all));
	else
		diag_hint(l->diag, "this program has no options");
}

static void find_all(struct lang *l)
{
	for (size_t i = 0; i < l->script->script.items.n; i++)
		if (l->script->script.items.v[i]->kind == NODE_PROBE)
			find(l, &l->script->script.items.v[i]);
}

void named_params_list(struct lang *l, struct str *out)
{
	find_all(l);
	for (size_t i = 0; i < l->named.n; i++) {
		const struct named_param *p = l->named.at[i].value;
		_str_ struct str option = { 0 };

		if (!p)
			continue;
		str_printf(&option, "--%s", p->name);
		if (p->init && p->init->kind != NODE_BOOL) {
			str_addc(&option, '=');
			core_print_expr(p->init, &option);
		}
		str_printf(out, "  %-26s %s%s\n", str_z(&option), p->about ? p->about : "",
			   p->init && p->init->kind == NODE_BOOL && p->init->bool_.value ? " (true)" : "");
	}
}

void named_params_check(struct lang *l)
{
	_str_ struct str unknown = { 0 };
	bool help = false;

	if (!l->options->nnamed)
		return;
	find_all(l);
	for (size_t i = 0; i < l->options->nnamed; i++) {
		const char *text = l->options->named[i], *name = arena_strndup(l->arena, text, strcspn(text, "="));

		if (map_gets(&l->named, name))
			continue;
		help |= strcmp(name, "help") == 0;
		str_printf(&unknown, "%s--%s", unknown.n ? ", " : "", name);
	}
	if (help)
		diag_error(l->diag, (struct span){ 0 }, E_PARAM, "--help was given: the program was not run");
	else if (unknown.n)
		diag_error(l->diag, (struct span){ 0 }, E_PARAM, "unexpected program command line options: %s", str_z(&unknown));
	if (unknown.n)
		list_expected(l, help);
}

// SPDX-License-Identifier: Apache-2.0
// resolve_call.c - calls: which function is meant, how many arguments it takes, what it makes of maps.
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "lang/cdecl.h"
#include "lang/declared.h"
#include "lang/resolve.h"

static void unknown_function(struct lang *l, const struct node *n)
{
	struct near near = near_to(n->call.name);

	for (int i = 0; i < BUILTINS; i++)
		near_offer(&near, builtin_at((enum builtin_id)i)->name);
	imported_offer(l, &near);
	diag_error(l->diag, n->span, E_UNKNOWN_NAME, "Unknown function: '%s'", n->call.name);
	if (l->c && cdecl_why_not(l->c, n->call.name))
		diag_hint(l->diag, "%s", cdecl_why_not(l->c, n->call.name));
	else if (near.best)
		diag_hint(l->diag, "did you mean '%s'?", near.best);
}

// args of a row: "f?a*" takes 1 to any number
static void arity(const struct builtin *b, size_t *min, size_t *max)
{
	bool optional = false;

	*min = *max = 0;
	for (const char *p = b->args; *p; p++) {
		if (*p == '?')
			optional = true;
		else if (*p == '*')
			*max = SIZE_MAX;
		else {
			*max += *max != SIZE_MAX;
			*min += !optional;
		}
	}
}

static const char *count_word(struct lang *l, size_t n)
{
	return n == 1 ? "one argument" : arena_printf(l->arena, "%zu arguments", n);
}

// How it is written: "lhist(integer, literal, literal, literal)".
static void usage(struct lang *l, const struct builtin *b)
{
	static const char *const words[128] = { ['i'] = "integer", ['s'] = "string", ['p'] = "address", ['m'] = "@map", ['f'] = "\"format\"", ['S'] = "\"literal\"",
						['I'] = "literal", ['a'] = "value", ['v'] = "$variable", ['w'] = "word", ['t'] = "type" };
	_str_ struct str text = { 0 };
	bool optional = false, first = true;

	for (const char *p = b->args; *p; p++) {
		if (*p == '?' || *p == '*') {
			optional |= *p == '?';
			str_adds(&text, *p == '*' ? ", …" : "");
			continue;
		}
		str_printf(&text, "%s%s%s%s", first ? "" : ", ", optional ? "[" : "", words[(unsigned char)*p & 127] ? words[(unsigned char)*p & 127] : "value", optional ? "]" : "");
		first = false;
	}
	diag_hint(l->diag, "%s(%s): %s", b->name, str_z(&text), b->doc);
}

static bool check_arity(struct lang *l, const struct node *n, const struct builtin *b)
{
	size_t min, max, have = n->call.args.n;

	arity(b, &min, &max);
	if (have >= min && have <= max)
		return true;
	if (min == max)
		diag_error(l->diag, n->span, E_ARGS, "%s() requires %s (%zu provided)", n->call.name,
			   min ? count_word(l, min) : "no arguments", have);
	else if (have < min)
		diag_error(l->diag, n->span, E_ARGS, "%s() requires at least %s (%zu provided)", n->call.name, count_word(l, min), have);
	else
		diag_error(l->diag, n->span, E_ARGS, "%s() takes up to %s (%zu provided)", n->call.name, count_word(l, max), have);
	usage(l, b);
	return false;
}

static char letter(const struct builtin *b, size_t i)
{
	char last = 'a';

	for (const char *p = b->args; *p; p++) {
		if (*p == '?' || *p == '*')
			continue;
		last = *p;
		if (i-- == 0)
			return last;
	}
	return last;
}

// str($1), str($1 + n): the parameter is text even if it looks like a number.
static bool resolve_str_param(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *arg = n->call.args.v[0];
	struct node *param = arg->kind == NODE_BINARY && arg->binary.op == OP_ADD ? arg->binary.left : arg;
	struct node *text;

	if (param->kind != NODE_POSITIONAL || n->call.args.n > 2)
		return false;
	text = param_string(l, param->positional.number, param->span);
	if (param != arg) {
		resolve(l, &arg->binary.right);
		if (!is_int_literal(arg->binary.right) || literal_value(arg->binary.right) < 0 ||
		    (uint64_t)literal_value(arg->binary.right) > text->string.len) {
			diag_error(l->diag, arg->binary.right->span, E_PARAM, "the offset into $%llu must be a literal from 0 to its length, %zu",
				   (unsigned long long)param->positional.number, (size_t)text->string.len);
			return true;
		}
		size_t off = (size_t)literal_value(arg->binary.right);

		text = node_string(l, text->string.text + off, text->string.len - off, n->span);
	}
	if (n->call.args.n == 2) {
		n->call.args.v[0] = text;
		return false;
	}
	text->span = n->span;
	*slot = text;
	return true;
}

static bool is_whole_map(const struct builtin *b, size_t i, const struct node *arg)
{
	if (arg->kind != NODE_MAP || arg->map.keys.n)
		return false;
	return letter(b, i) == 'm' || b->id == BUILTIN_IS_SCALAR || ((b->id == BUILTIN_PRINT || b->id == BUILTIN_LEN) && i == 0);
}

// delete(@m[k]) is delete(@m, k); several keys are one tuple.
static void split_element(struct lang *l, struct node *n)
{
	struct node *map = n->call.args.v[0], *key;

	if (map->kind != NODE_MAP || !map->map.keys.n)
		return;
	key = map->map.keys.v[0];
	if (map->map.keys.n > 1) {
		key = node_new(l->arena, NODE_TUPLE, map->span);
		key->tuple.items = map->map.keys;
	}
	map->map.keys = (struct node_list){ 0 };
	map->map.keyed = false;
	n->call.args.n = 1;
	vec_push(l->arena, &n->call.args, key);
}

static void resolve_args(struct lang *l, struct node *n, const struct builtin *b)
{
	bool element = b->id == BUILTIN_DELETE || b->id == BUILTIN_HAS_KEY;

	if (b->id == BUILTIN_DELETE && n->call.args.n == 1)
		split_element(l, n);
	for (size_t i = 0; i < n->call.args.n; i++) {
		struct node *arg = n->call.args.v[i];

		if (is_whole_map(b, i, arg)) {
			struct lang_map *m = resolve_map_whole(l, arg);

			if (b->id == BUILTIN_PRINT && l->repeats)
				diag_warn(l->diag, n->span, W_LOOP, "print(%s) in a loop prints the whole map each time; behind the loop, once may do", m->sym.name);
			if (element || b->id == BUILTIN_LEN)
				element_shape(l, m, n, b->id == BUILTIN_LEN || n->call.args.n == 2);
		} else if (letter(b, i) == 'w' && arg->kind == NODE_IDENT) {
			continue;
		} else {
			resolve(l, &n->call.args.v[i]);
		}
	}
}

static void refuse_unsafe(struct lang *l, const struct node *n, const struct builtin *b)
{
	if (l->options->unsafe)
		return;
	if (b->flags & BF_UNSAFE)
		diag_error(l->diag, n->span, E_UNSAFE, "%s() is an unsafe function being used in safe mode; run with --unsafe to allow it", n->call.name);
	else if (b->flags & BF_UNSAFE_CALL)
		diag_error(l->diag, n->span, E_UNSAFE, "%s() is unsafe. To use you need the --unsafe flag", n->call.name);
}

// Calls whose arguments are no values: check_declared.c.
static bool resolve_declared(struct lang *l, struct node **slot, const struct builtin *b)
{
	struct node *n = *slot;

	if (b->id == BUILTIN_AT_MOST && n->call.args.n) {
		resolve_at_most(l, n);
		return true;
	}
	if ((b->id != BUILTIN_EMIT && b->id != BUILTIN_PUBLISH && b->id != BUILTIN_WEIGHTED) || n->call.args.n < 1)
		return false;
	if (b->id == BUILTIN_EMIT)
		resolve_emit(l, n);
	else if (b->id == BUILTIN_PUBLISH)
		resolve_publish(l, n);
	else if (n->call.args.n == 2)
		resolve_weighted(l, slot);
	return true;
}

void resolve_call(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	const struct builtin *b = builtin_find(n->call.name, true);

	n->call.event = NO_EVENT;
	if (n->call.args.n == 0 && builtin_find(n->call.name, false)) {
		*slot = node_new(l->arena, NODE_IDENT, n->span);
		(*slot)->ident.name = n->call.name;
		resolve(l, slot);
		return;
	}
	if (b && b->id == BUILTIN_GETOPT) {
		resolve_getopt(l, slot);
		return;
	}
	if (b && b->id == BUILTIN_EXISTS) {
		resolve_exists(l, n, b);
		return;
	}
	if (!b && ((n->call.callee = imported_find(l, n->call.name)) || (n->call.callee = imported_kernel(l, n->call.name)))) {
		resolve_imported(l, n);
		return;
	}
	if (!b) {
		if (builtin_find(n->call.name, false))
			diag_error(l->diag, n->span, E_ARGS, "%s() requires no arguments (%zu provided)", n->call.name, n->call.args.n);
		else
			unknown_function(l, n);
		resolve_children(l, n);
		return;
	}
	n->call.builtin = b;
	refuse_unsafe(l, n, b);
	use_builtin(l, n, b, n->call.name);
	pinned_call(l, n, b);
	if (check_arity(l, n, b) && b->id == BUILTIN_STR && resolve_str_param(l, slot))
		return;
	if (resolve_declared(l, slot, b) || imported_asked(l, slot, b))
		return;
	resolve_args(l, n, b);
	if (b->id == BUILTIN_STR && n->call.args.n == 1)
		resolve_go_string(l, n);
}

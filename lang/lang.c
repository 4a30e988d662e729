// SPDX-License-Identifier: Apache-2.0
#include "lang/lang_int.h"

#include "base/str.h"
#include "lang/ast.h"

static void dump(struct lang *l, enum lang_stage stage, const struct str *s)
{
	if (l->options->dump && l->options->dump_stages & 1u << stage)
		l->options->dump(l->options->dump_arg, stage, str_z(s), s->n);
}

static bool wanted(const struct lang *l, enum lang_stage stage)
{
	return l->options->dump && l->options->dump_stages & 1u << stage;
}

static void dump_script(struct lang *l)
{
	_str_ struct str tokens = { 0 }, ast = { 0 };

	if (wanted(l, LANG_TOKENS)) {
		lang_tokens(l->arena, l->diag, l->source, &tokens);
		dump(l, LANG_TOKENS, &tokens);
	}
	if (l->script && wanted(l, LANG_AST)) {
		node_dump(l->script, false, &ast);
		dump(l, LANG_AST, &ast);
	}
}

static void dump_params(struct lang *l)
{
	_str_ struct str out = { 0 };

	if (!wanted(l, LANG_PARAMS))
		return;
	named_params_list(l, &out);
	dump(l, LANG_PARAMS, &out);
}

static void dump_core(struct lang *l)
{
	_str_ struct str core = { 0 };

	if (!wanted(l, LANG_CORE))
		return;
	core_print(l->script, &core);
	dump(l, LANG_CORE, &core);
}

static void dump_types(struct lang *l)
{
	_str_ struct str out = { 0 };

	if (!wanted(l, LANG_TYPES))
		return;
	for (size_t i = 0; i < l->bodies.n; i++) {
		const struct body *b = &l->bodies.v[i];

		str_printf(&out, "%s:\n", b->name);
		if (b->predicate)
			node_dump(b->predicate, true, &out);
		node_dump(b->block, true, &out);
	}
	dump(l, LANG_TYPES, &out);
}

static void dump_program(struct lang *l)
{
	_str_ struct str out = { 0 };

	if (!wanted(l, LANG_PROGRAM))
		return;
	program_dump(l->program, &out);
	dump(l, LANG_PROGRAM, &out);
}

static struct program *program_new(struct lang *l)
{
	struct program *p = arena_new_(l->arena, struct program);

	*p = (struct program){ .arena = l->arena, .types = l->types, .world = l->world, .diag = l->diag };
	p->plan = arena_new_(l->arena, struct plan);
	l->plan = p->plan;
	map_init(&l->map_names, l->arena);
	map_init(&l->formats, l->arena);
	map_init(&l->named, l->arena);
	return p;
}

// The passes up to resolve each look at things of their own, so their errors are reported together.
struct program *lang_compile(struct arena *a, struct types *types, struct world *w, struct diag *d, uint32_t source,
			     const struct lang_options *o)
{
	struct lang lang = { .arena = a, .types = types, .world = w, .diag = d, .options = o, .source = source }, *l = &lang;
	unsigned before = d->errors;

	l->program = program_new(l);
	l->script = lang_parse(a, d, source);
	dump_script(l);
	if (!l->script || d->errors > before)
		return NULL;
	pass_import(l);
	if (d->errors > before)
		return NULL;
	pass_macro(l);
	if (d->errors > before)
		return NULL;
	pass_params(l);
	pass_sugar(l);
	pass_entry(l);
	named_params_check(l);
	dump_params(l);
	names_init(l);
	if (d->errors > before)
		return NULL;
	dump_core(l);
	pass_config(l);
	pass_items(l);
	pass_targets(l);
	pass_probes(l);
	pass_resolve(l);
	if (d->errors > before)
		return NULL;
	pass_check(l);
	if (d->errors > before)
		return NULL;
	pass_fold(l);
	if (d->errors > before)
		return NULL;
	pass_prune(l);
	pass_hold(l);
	dump_types(l);
	pass_pair(l);
	pass_layout(l);
	if (d->errors > before)
		return NULL;
	targets_tell(l);
	dump_program(l);
	program_check(l->program);
	return l->program;
}

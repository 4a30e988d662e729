// SPDX-License-Identifier: Apache-2.0
// names.c - types and constants by name: those of the script's C section (and of imported headers) first, then the world's.
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "lang/cdecl.h"
#include "lang/lang_int.h"

// The world has BTF when it knows the struct that everything hangs on.
static bool have_btf(struct lang *l)
{
	return l->world->ops->type_named && l->world->ops->type_named(l->world, TYPE_STRUCT, "task_struct");
}

static void read_c(struct lang *l, const char *text, size_t n, uint32_t source, uint32_t start)
{
	if (!l->c) {
		struct cdecl_options o = { .have_btf = have_btf(l), .include = l->options->include, .include_arg = l->options->include_arg };

		l->c = cdecl_new(l->arena, l->types, l->world, l->diag, &o);
	}
	cdecl_parse(l->c, text, n, source, start);
}

// --include FILE is a line of C before the script's.
static void read_headers(struct lang *l)
{
	_str_ struct str lines = { 0 };

	for (size_t i = 0; i < l->options->nheaders; i++)
		str_printf(&lines, "#include \"%s\"\n", l->options->headers[i]);
	if (!lines.n)
		return;
	const char *text = arena_strdup(l->arena, str_z(&lines));
	read_c(l, text, lines.n, diag_source(l->diag, "--include", text, lines.n), 0);
}

void names_init(struct lang *l)
{
	const struct node_list *items = &l->script->script.items;

	read_headers(l);
	for (size_t i = 0; i < items->n; i++) {
		const struct span *at = &items->v[i]->span;

		if (items->v[i]->kind == NODE_C_TEXT)
			read_c(l, l->diag->sources[at->source].text + at->start, at->end - at->start, at->source, at->start);
	}
}

const struct type *named_type(struct lang *l, enum type_kind kind, const char *tag)
{
	const struct type *t = l->c ? cdecl_type(l->c, kind, tag) : NULL;

	if (!t && l->world->ops->type_named)
		t = l->world->ops->type_named(l->world, kind, tag);
	return t;
}

const struct type *named_typedef(struct lang *l, const char *name)
{
	const struct type *t = l->c ? cdecl_typedef(l->c, name) : NULL;

	if (!t && l->world->ops->typedef_named)
		t = l->world->ops->typedef_named(l->world, name);
	return t;
}

static void become_integer(struct lang *l, struct node **slot, int64_t v, const struct type *type)
{
	bool is_unsigned = type && !type->is_signed;

	*slot = is_unsigned ? node_uint(l, (uint64_t)v, (*slot)->span) : node_int(l, v, (*slot)->span);
	if (type && type->kind == TYPE_ENUM)
		(*slot)->type = type; // keeps its type: printed by name
}

bool named_constant(struct lang *l, struct node **slot)
{
	const char *name = (*slot)->ident.name, *text;
	const struct type *type = NULL;
	int64_t v;
	size_t n;

	if (l->c && cdecl_constant(l->c, name, &v, &type)) {
		become_integer(l, slot, v, type);
		return true;
	}
	if (l->c && cdecl_string_macro(l->c, name, &text, &n)) {
		*slot = node_string(l, text, n, (*slot)->span);
		return true;
	}
	if (!l->world->ops->constant || !l->world->ops->constant(l->world, name, &v, &type))
		return false;
	become_integer(l, slot, v, type);
	(*slot)->int_.reloc = reloc_new(l->world, RELOC_CONSTANT, "constant", name);
	return true;
}

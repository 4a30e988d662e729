// SPDX-License-Identifier: Apache-2.0
// pass_import.c - what a script imports stands in the place of the import: items of scripts, C text of headers, and of a folder
// all files it can read. A file is taken once, however often and by whatever path it is named; so circles end.
#include <errno.h>
#include <string.h>

#include "base/bpf_code.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/ast.h"
#include "lang/lang_int.h"
#include "lang/library.h"
#include "lang/resolve.h"

#define IMPORTS_MOST 1000

struct imports {
	struct lang *l;
	struct node_list items; // of the merged script
	struct map taken;       // identities
	size_t n;
};

static void take_script(struct imports *im, const struct node *script);

static bool ends_in(const char *path, const char *suffix)
{
	size_t n = strlen(path), k = strlen(suffix);

	return n > k && strcmp(path + n - k, suffix) == 0;
}

static bool taken(struct imports *im, const char *identity)
{
	void **at = map_puts(&im->taken, identity);

	if (*at)
		return true;
	*at = im;
	return false;
}

// Kinds of files -----------------------------------------------------------------------------------------------------

static void refuse_config(struct imports *im, const struct node *script)
{
	for (size_t i = 0; i < script->script.items.n; i++)
		if (script->script.items.v[i]->kind == NODE_CONFIG)
			diag_error(im->l->diag, script->script.items.v[i]->span, E_ORDER, "an imported file holds no config block; put it into the script itself");
}

static void take_text(struct imports *im, const char *name, const char *text, size_t n)
{
	uint32_t source = diag_source(im->l->diag, name, text, n);
	const struct node *script = lang_parse(im->l->arena, im->l->diag, source);

	if (!script)
		return;
	refuse_config(im, script);
	take_script(im, script);
}

static void take_header(struct imports *im, const char *name, const char *text, size_t n)
{
	uint32_t source = diag_source(im->l->diag, name, text, n);
	struct node *c = node_new(im->l->arena, NODE_C_TEXT, (struct span){ source, 0, (uint32_t)n });

	c->c_text.text = arena_strndup(im->l->arena, text, n);
	vec_push(im->l->arena, &im->items, c);
}

static bool is_bpf(const char *path)
{
	return ends_in(path, ".bpf.c") || ends_in(path, ".bpf.o");
}

static bool is_supported(const char *path)
{
	return ends_in(path, ".bt") || ends_in(path, ".spile") || ends_in(path, ".h") || is_bpf(path);
}

// Two functions of one name would make calls of it depend on the order of the imports.
static void refuse_twice(struct imports *im, const struct node *at, const struct bpf_code *c)
{
	for (size_t i = 0; i < c->nfuncs; i++) {
		const struct bpf_callee *old = c->funcs[i].exported ? imported_find(im->l, c->funcs[i].name) : NULL;

		if (old) {
			diag_error(im->l->diag, at->span, E_REDEFINED, "'%s' and '%s' both have a function %s()", old->code->path, c->path, c->funcs[i].name);
			return;
		}
		if (c->funcs[i].exported && builtin_find(c->funcs[i].name, true))
			diag_warn(im->l->diag, at->span, W_IMPORT, "%s() of '%s' cannot be called: it has the name of a builtin", c->funcs[i].name, c->path);
	}
}

static void take_bpf(struct imports *im, const struct node *at, const char *path, const struct lang_file *f)
{
	const struct lang_options *o = im->l->options;
	struct bpf_code *c = NULL;
	const char *why = "this program was built without what reads it";

	if (!o->bpf_code || o->bpf_code(o->bpf_arg, path, f, &c, &why)) {
		diag_error(im->l->diag, at->span, E_IMPORT, "'%s' can not be imported: %s", path, why);
		return;
	}
	refuse_twice(im, at, c);
	struct node *n = node_new(im->l->arena, NODE_IMPORT, at->span); // stays, so that the printed core has it
	n->import.path = path;
	vec_push(im->l->arena, &im->items, n);
	c->number = (uint32_t)im->l->codes.n;
	vec_push(im->l->arena, &im->l->codes, c);
}

static void take_file(struct imports *im, const struct node *at, const char *path, const struct lang_file *f)
{
	if (taken(im, f->identity))
		return;
	if (++im->n > IMPORTS_MOST)
		diag_error(im->l->diag, at->span, E_LIMIT, "the script imports more than %d files", IMPORTS_MOST);
	else if (!is_supported(path))
		diag_error(im->l->diag, at->span, E_IMPORT, "'%s' can not be imported: files that end in .bt, .spile, .h, .bpf.c and .bpf.o can, and folders of them", path);
	else if (f->open_to_all)
		diag_error(im->l->diag, at->span, E_IMPORT, "'%s' is not imported: everybody may write to it or to its folder", path);
	else if (f->n >= UINT32_MAX)
		diag_error(im->l->diag, at->span, E_IMPORT, "'%s' is too large for a script", path);
	else if (is_bpf(path))
		take_bpf(im, at, path, f);
	else if (ends_in(path, ".h"))
		take_header(im, path, f->text, f->n);
	else
		take_text(im, path, f->text, f->n);
}

static int ask(struct imports *im, const char *path, struct lang_file *f)
{
	const struct lang_options *o = im->l->options;

	*f = (struct lang_file){ 0 };
	return o->read_file ? o->read_file(o->read_arg, im->l->arena, path, f) : -ENOENT;
}

static void take_folder(struct imports *im, const struct node *at, const char *path, const struct lang_file *folder)
{
	size_t found = 0;

	if (taken(im, folder->identity))
		return;
	if (folder->open_to_all) {
		diag_error(im->l->diag, at->span, E_IMPORT, "'%s' is not imported: everybody may write to the folder", path);
		return;
	}
	for (size_t i = 0; i < folder->nentries; i++) {
		const char *below = arena_printf(im->l->arena, "%s/%s", path, folder->entries[i]);
		struct lang_file f;

		if (!is_supported(below) || ask(im, below, &f) || !f.text)
			continue;
		found++;
		if (f.open_to_all)
			diag_warn(im->l->diag, at->span, W_IMPORT, "'%s' is left out: everybody may write to it", below);
		else
			take_file(im, at, below, &f);
	}
	if (!found)
		diag_error(im->l->diag, at->span, E_IMPORT, "'%s' holds nothing that can be imported: files that end in .bt, .spile, .h, .bpf.c or .bpf.o", path);
}

// Where it is --------------------------------------------------------------------------------------------------------

// False: nothing is at `path`.
static bool take_path(struct imports *im, const struct node *at, const char *path)
{
	struct lang_file f;
	int r = ask(im, path, &f);

	if (r == -ENOENT || r == -ENOTDIR)
		return false;
	if (r)
		diag_error(im->l->diag, at->span, E_IMPORT, "'%s' can not be imported: %s", path, strerror(-r));
	else if (f.text)
		take_file(im, at, path, &f);
	else
		take_folder(im, at, path, &f);
	return true;
}

static bool take_library(struct imports *im, const char *path)
{
	const struct library_text *t = library_named(path);

	if (t && !taken(im, t->name))
		take_text(im, t->name, t->text, (size_t)(t->end - t->text));
	return t != NULL;
}

// The script is taken already, should a file that it imports import it.
static void take_self(struct imports *im)
{
	struct lang_file self;

	if (!im->n++ && ask(im, im->l->diag->sources[im->l->source].name, &self) == 0 && self.text)
		taken(im, self.identity);
}

static void take_import(struct imports *im, const struct node *at)
{
	const char *path = at->import.path, *name = im->l->diag->sources[at->span.source].name, *slash = strrchr(name, '/');
	const struct lang_options *o = im->l->options;

	take_self(im);
	if (!*path) {
		diag_error(im->l->diag, at->span, E_IMPORT, "an import needs a path");
		return;
	}
	if (*path == '/') {
		if (take_path(im, at, path))
			return;
	} else if (take_path(im, at, slash ? arena_printf(im->l->arena, "%.*s/%s", (int)(slash - name), name, path) : path)) {
		return;
	}
	for (size_t i = 0; *path != '/' && i < o->nsearch; i++)
		if (take_path(im, at, arena_printf(im->l->arena, "%s/%s", o->search[i], path)))
			return;
	if (take_library(im, path))
		return;
	diag_error(im->l->diag, at->span, E_IMPORT, "'%s' is not found: it is looked for beside the file that imports it, in the folders of SPILE_PATH and in stdlib/", path);
}

// Imports inside blocks: they mean the same, and go.
static void take_inner(void *arg, struct node **slot)
{
	struct imports *im = arg;
	struct node *n = *slot;
	size_t kept = 0;

	if (n->kind == NODE_BLOCK) {
		for (size_t i = 0; i < n->block.body.n; i++)
			if (n->block.body.v[i]->kind == NODE_IMPORT)
				take_import(im, n->block.body.v[i]);
			else
				n->block.body.v[kept++] = n->block.body.v[i];
		n->block.body.n = kept;
	}
	node_each_child(n, take_inner, im);
}

static void take_script(struct imports *im, const struct node *script)
{
	for (size_t i = 0; i < script->script.items.n; i++) {
		struct node *item = script->script.items.v[i];

		if (item->kind == NODE_IMPORT) {
			take_import(im, item);
			continue;
		}
		take_inner(im, &item);
		vec_push(im->l->arena, &im->items, item);
	}
}

// In the order that the core has: C before all else, then what stays of imports.
static int rank(const struct node *n)
{
	return n->kind == NODE_C_TEXT ? 0 : n->kind == NODE_IMPORT ? 1 : 2;
}

static void push_rank(struct imports *im, int which)
{
	for (size_t i = 0; i < im->items.n; i++)
		if (rank(im->items.v[i]) == which)
			vec_push(im->l->arena, &im->l->script->script.items, im->items.v[i]);
}

void pass_import(struct lang *l)
{
	struct imports im = { .l = l };

	map_init(&im.taken, l->arena);
	take_script(&im, l->script);
	l->script->script.items = (struct node_list){ 0 };
	for (int i = 0; i < 3; i++)
		push_rank(&im, i);
}

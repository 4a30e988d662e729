// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/util.h"
#include "runtime/symbols/demangle.h"
#include "runtime/symbols/lines.h"
#include "runtime/symbols/modules.h"
#include "runtime/symbols/sym_kernel.h"
#include "runtime/symbols/sym_table.h"
#include "runtime/symbols/sym_user.h"
#include "runtime/symbols/worker.h"
#include "runtime/elf_file.h"

struct place { // in a file
	struct module *module;
	uint64_t address;
};

struct known { // its lines
	bool pending;
	struct line_frame *at;
	uint32_t n;
};

struct symbols {
	struct symbol_options options;
	int patience;
	struct worker *worker; // NULL until there is work
	struct map lines;      // place -> struct known *
	struct demangler demangler;
	struct sym_kernel *kernel;
	struct sym_user *user;
	struct arena *arena; // texts
	struct map texts;    // name in a symbol table -> as it is shown
	struct map strings;  // of the worker's answers, interned
};

struct symbols *symbols_new(const struct symbol_options *o)
{
	struct symbols *s = xcalloc(1, sizeof *s);

	s->options = *o;
	s->patience = -1;
	map_init(&s->lines, NULL);
	s->kernel = sym_kernel_new();
	s->user = sym_user_new();
	s->arena = arena_new();
	map_init(&s->texts, NULL);
	map_init(&s->strings, NULL);
	return s;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	worker_free(s->worker);
	sym_kernel_free(s->kernel);
	sym_user_free(s->user);
	demangler_close(&s->demangler);
	map_free(&s->texts);
	map_free(&s->lines);
	map_free(&s->strings);
	arena_free(s->arena);
	free(s);
}

void symbols_kernel(struct symbols *s, const uint64_t *ip, size_t n, struct symbol *ret)
{
	for (size_t i = 0; i < n; i++)
		sym_kernel_find(s->kernel, ip[i], &ret[i]);
}

// Without its version ("@plt" is none), and demangled. Each name is worked on once.
static const char *shown(struct symbols *s, const char *name)
{
	bool mangled = s->options.demangle && demangle_is_mangled(name);
	size_t n = strcspn(name, "@");
	const char *stub = strcmp(name + n, "@plt") == 0 ? name + n : "";
	void **text;

	if (!mangled && (name[n] == '\0' || n == 0 || *stub))
		return name;
	text = map_puts(&s->texts, name);
	if (!*text) {
		char *proper = arena_strndup(s->arena, name, n ? n : strlen(name));
		_free_ char *demangled = mangled ? demangle(&s->demangler, proper) : NULL;

		*text = arena_printf(s->arena, "%s%s", demangled ? demangled : proper, stub);
	}
	return *text;
}

// Lines, and files from servers ------------------------------------------------------------------------------------------------

static void keep_lines(struct symbols *s, struct known *k, const struct line_frames *found)
{
	k->pending = false;
	k->n = found->n;
	k->at = arena_array(s->arena, struct line_frame, found->n);
	for (uint32_t i = 0; i < found->n; i++) {
		struct line_frame *f = &k->at[i];

		*f = found->at[i];
		f->file = f->file ? map_intern(&s->strings, f->file, strlen(f->file)) : NULL;
		f->function = f->function ? shown(s, map_intern(&s->strings, f->function, strlen(f->function))) : NULL;
	}
}

static void on_answer(void *arg, const struct worker_answer *a)
{
	struct symbols *s = arg;

	if (a->fetched) {
		if (!a->path || !elf_file_use_debug(sym_table_file(a->module->table), a->path, ELF_DEBUGINFOD))
			return;
		sym_table_forget(a->module->table);
		free(a->module->debug);
		a->module->debug = xstrdup(a->path);
		return;
	}
	for (size_t i = 0; i < a->n; i++) {
		struct place p = { a->module, a->address[i] };

		keep_lines(s, map_get(&s->lines, &p, sizeof p), &a->found[i]);
	}
}

static void wait(struct symbols *s)
{
	if (s->worker)
		worker_wait(s->worker, s->patience, on_answer, s);
}

static struct worker *worker_of(struct symbols *s)
{
	if (!s->worker)
		s->worker = worker_new();
	return s->worker;
}

// A binary that has no symbols of its own and no debug file here, once.
static bool want_file(struct symbols *s, struct module *m)
{
	struct elf_section symtab;

	if (m->asked_server || !m->n_build_id || !m->table || m->is_vdso)
		return false;
	m->asked_server = true;
	if (elf_file_section_named(sym_table_file(m->table), ".symtab", &symtab) || elf_file_debug(sym_table_file(m->table)))
		return false;
	worker_fetch(worker_of(s), m);
	return true;
}

static bool want_files(struct symbols *s, const struct user_place *place, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		if (place[i].known)
			any |= want_file(s, place[i].module);
	return any;
}

static int by_module(const void *a, const void *b)
{
	const struct user_place *x = a, *y = b;

	return ((uintptr_t)x->module > (uintptr_t)y->module) - ((uintptr_t)x->module < (uintptr_t)y->module);
}

// Asks for what was never asked for, a question per binary.
static void want_lines(struct symbols *s, const struct user_place *place, size_t n)
{
	VEC(struct user_place) list = { 0 };
	_free_ uint64_t *address = xcalloc(n, sizeof *address);

	for (size_t i = 0; i < n; i++) {
		struct place p = { place[i].module, place[i].address };
		void **at = place[i].known ? map_put(&s->lines, &p, sizeof p) : NULL;

		if (!at || *at)
			continue;
		struct known *k = arena_new_(s->arena, struct known);
		k->pending = true;
		*at = k;
		vec_push(NULL, &list, place[i]);
	}
	if (list.n)
		qsort(list.v, list.n, sizeof *list.v, by_module);
	for (size_t i = 0, end; i < list.n; i = end) {
		for (end = i; end < list.n && list.v[end].module == list.v[i].module; end++)
			address[end - i] = list.v[end].address;
		worker_lines(worker_of(s), list.v[i].module, address, end - i);
	}
	vec_free(&list);
}

static void add_lines(struct symbols *s, const struct user_place *place, size_t n, struct symbol *ret)
{
	for (size_t i = 0; i < n; i++) {
		struct place p = { place[i].module, place[i].address };
		const struct known *k = place[i].known ? map_get(&s->lines, &p, sizeof p) : NULL;

		if (!k || k->pending)
			continue;
		ret[i].lines = k->at;
		ret[i].n_lines = k->n;
	}
}

void symbols_patience(struct symbols *s, int ms)
{
	s->patience = ms;
}

// -------------------------------------------------------------------------------------------------------------------------------

void symbols_user(struct symbols *s, uint32_t pid, const uint64_t *ip, size_t n, struct symbol *ret)
{
	_free_ struct user_place *place = xcalloc(n, sizeof *place);

	sym_user_find(s->user, pid, ip, n, ret, place);
	if (s->options.debuginfod && want_files(s, place, n)) {
		wait(s);
		sym_user_find(s->user, pid, ip, n, ret, place);
	}
	for (size_t i = 0; i < n; i++)
		if (ret[i].name && ret[i].source != SYMBOL_FDE)
			ret[i].name = shown(s, ret[i].name);
	if (!s->options.lines)
		return;
	want_lines(s, place, n);
	wait(s);
	add_lines(s, place, n, ret);
}

int symbols_follow(struct symbols *s, uint32_t pid)
{
	return sym_user_follow(s->user, pid);
}

void symbols_poll(struct symbols *s)
{
	sym_user_poll(s->user);
}

struct symbols_loss symbols_lost(const struct symbols *s)
{
	return sym_user_lost(s->user);
}

const char *symbol_source_word(enum symbol_source source)
{
	static const char *const words[] = {
#define SYMBOL_SOURCE(id, word, doc) [SYMBOL_##id] = word,
#include "runtime/symbols/source.def"
#undef SYMBOL_SOURCE
	};

	return words[source];
}

void symbols_remember(struct symbols *s, uint32_t pid)
{
	sym_user_remember(s->user, pid);
}

uint64_t symbols_kernel_address(struct symbols *s, const char *name)
{
	return sym_kernel_address(name);
}

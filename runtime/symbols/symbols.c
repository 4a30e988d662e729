// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/util.h"
#include "runtime/symbols/demangle.h"
#include "runtime/symbols/sym_kernel.h"
#include "runtime/symbols/sym_user.h"

struct symbols {
	bool demangle;
	struct demangler demangler;
	struct sym_kernel *kernel;
	struct sym_user *user;
	struct arena *arena; // texts
	struct map texts;    // name in a symbol table -> as it is shown
};

struct symbols *symbols_new(bool demangle_names)
{
	struct symbols *s = xcalloc(1, sizeof *s);

	s->demangle = demangle_names;
	s->kernel = sym_kernel_new();
	s->user = sym_user_new();
	s->arena = arena_new();
	map_init(&s->texts, NULL);
	return s;
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	sym_kernel_free(s->kernel);
	sym_user_free(s->user);
	demangler_close(&s->demangler);
	map_free(&s->texts);
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
	bool mangled = s->demangle && demangle_is_mangled(name);
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

void symbols_user(struct symbols *s, uint32_t pid, const uint64_t *ip, size_t n, struct symbol *ret)
{
	sym_user_find(s->user, pid, ip, n, ret, NULL);
	for (size_t i = 0; i < n; i++)
		if (ret[i].name && ret[i].source != SYMBOL_FDE)
			ret[i].name = shown(s, ret[i].name);
}

int symbols_follow(struct symbols *s)
{
	return sym_user_follow(s->user);
}

void symbols_poll(struct symbols *s)
{
	sym_user_poll(s->user);
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

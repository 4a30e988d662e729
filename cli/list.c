// SPDX-License-Identifier: Apache-2.0
#include "cli/list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/probe_type.h"
#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "cli/compile.h"
#include "cli/options.h"
#include "cli/script.h"
#include "lang/program.h"

struct lines {
	struct arena *arena;
	struct map of; // a probe's line -> struct str *, the indented lines of its parameters. Two patterns may find the same probe
	struct str *last;
	bool again; // the last probe's parameters are known
};

static void add_line(void *arg, const char *line)
{
	struct lines *l = arg;

	if (*line == ' ') {
		if (l->last && !l->again)
			str_printf(l->last, "%s\n", line);
		return;
	}
	void **at = map_puts(&l->of, line);
	l->again = *at != NULL;
	if (!*at)
		*at = arena_new_(l->arena, struct str);
	l->last = *at;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct map_entry *)a)->key, ((const struct map_entry *)b)->key);
}

static int print_sorted(struct map *lines)
{
	if (lines->n)
		qsort(lines->at, lines->n, sizeof *lines->at, by_text);
	for (size_t i = 0; i < lines->n; i++) {
		struct str *parameters = lines->at[i].value;

		printf("%s\n%s", (const char *)lines->at[i].key, str_z(parameters));
		str_free(parameters);
	}
	return fflush(stdout) ? 1 : 0;
}

static bool is_named(const struct probe_type *t, const char *glob)
{
	if (glob_match(glob, t->name))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(t->aliases) && t->aliases[i]; i++)
		if (!strcmp(glob, t->aliases[i]))
			return true;
	return false;
}

// A pattern of providers means those of the kernel: all functions of all programs that run are asked for by a path or with -p.
static bool is_meant(const struct probe_type *t, const struct options *o, const char *name, const char *rest)
{
	bool of_programs = !strcmp(t->name, "uprobe") || !strcmp(t->name, "uretprobe") || !strcmp(t->name, "usdt");

	return is_named(t, name) && (!of_programs || !glob_is(name) || o->pid || strchr(rest, '/'));
}

// One pattern, "provider:rest", "provider" or "*". False when no provider has that name.
static bool list_pattern(struct machine *m, const struct options *o, const char *pattern, struct lines *lines)
{
	const char *colon = strchr(pattern, ':');
	const char *name = arena_strndup(m->arena, pattern, colon ? (size_t)(colon - pattern) : strlen(pattern));
	bool known = false;

	for (const struct probe_type *const *t = m->world->ops->probe_types(m->world); *t; t++) {
		if (!is_meant(*t, o, name, colon ? colon + 1 : ""))
			continue;
		known = true;
		if (!(*t)->list)
			continue;
		int r = (*t)->list(*t, m->world, colon ? colon + 1 : "*", (uint32_t)o->pid, o->verbose, add_line, lines);

		if (r && (colon || r != -ENOENT) && !glob_is(name))
			fprintf(stderr, "WARNING: cannot list %s: %s\n", pattern, strerror(-r));
	}
	return known;
}

static int list_patterns(struct machine *m, const struct options *o, const char *patterns, struct lines *lines)
{
	char *copy = arena_strdup(m->arena, patterns), *more;

	for (char *pattern = strtok_r(copy, ",", &more); pattern; pattern = strtok_r(NULL, ",", &more)) {
		while (*pattern == ' ')
			pattern++;
		if (list_pattern(m, o, pattern, lines))
			continue;
		fprintf(stderr, "ERROR: no probe type matches '%s'; there are:", pattern);
		for (const struct probe_type *const *t = m->world->ops->probe_types(m->world); *t; t++)
			fprintf(stderr, " %s", (*t)->name);
		fputc('\n', stderr);
		return 1;
	}
	return 0;
}

static int list_script(struct machine *m, const struct options *o, struct lines *lines)
{
	_str_ struct str why = { 0 };
	struct script s;
	struct program *p = NULL;

	if (!script_read(o, &s, &why))
		fprintf(stderr, "ERROR: %s\n", why.p);
	else
		p = compile_script(m, o, &s);
	machine_complain(m);
	for (size_t i = 0; p && i < p->nbodies; i++)
		for (size_t j = 0; j < p->bodies[i].sites.n; j++)
			add_line(lines, p->bodies[i].sites.v[j].plan.name);
	script_free(&s);
	return p ? 0 : 1;
}

// Is the pattern a script's path? A probe's name may be a file's only by bad luck, since it holds a colon.
static bool is_script(const char *pattern)
{
	struct stat st;
	size_t n = strlen(pattern);

	if (!strchr(pattern, ':') && !stat(pattern, &st) && S_ISREG(st.st_mode))
		return true;
	if ((n > 3 && !strcmp(pattern + n - 3, ".bt")) || (n > 6 && !strcmp(pattern + n - 6, ".spile")))
		fprintf(stderr, "WARNING: there is no file '%s'; it is used as a search pattern\n", pattern);
	return false;
}

// Types: -l 'struct X' says whether there is one, -lv how it is declared ------------------------------------------------

static void c_type(const struct type *t, const char *name, struct str *out)
{
	static const char *const ints[] = { [1] = "char", [2] = "short", [4] = "int", [8] = "long" };

	switch (t->kind) {
	case TYPE_INT:
		str_printf(out, "%s%s %s", t->is_signed ? "" : "unsigned ", t->size <= 8 && ints[t->size] ? ints[t->size] : "__int128", name);
		return;
	case TYPE_POINTER: {
		_str_ struct str inner = { 0 };

		str_printf(&inner, "*%s", name);
		if (t->elem)
			c_type(t->elem, str_z(&inner), out);
		else
			str_printf(out, "void %s", str_z(&inner));
		return;
	}
	case TYPE_ARRAY: {
		_str_ struct str inner = { 0 };

		str_printf(&inner, name[0] == '*' ? "(%s)[%u]" : "%s[%u]", name, t->count);
		c_type(t->elem, str_z(&inner), out);
		return;
	}
	case TYPE_STRING: str_printf(out, "char %s[%u]", name, t->count); return;
	case TYPE_STRUCT: case TYPE_UNION: case TYPE_ENUM:
		str_printf(out, "%s %s %s", t->kind == TYPE_STRUCT ? "struct" : t->kind == TYPE_UNION ? "union" : "enum", t->name && *t->name ? t->name : "{ ... }", name);
		return;
	case TYPE_NONE: str_printf(out, "void %s", name); return;
	case TYPE_BOOL: str_printf(out, "bool %s", name); return;
	default:
		type_print(t, out);
		str_printf(out, " %s", name);
	}
}

static void c_declaration(const struct type *t, const char *word, struct str *out)
{
	str_printf(out, "vmlinux: %s %s {\n", word, t->name);
	for (uint32_t i = 0; i < t->nenums; i++)
		str_printf(out, "    %s = %lld,\n", t->enums[i].name, (long long)t->enums[i].value);
	for (uint32_t i = 0; t->kind != TYPE_ENUM && i < t->nfields; i++) {
		const struct field *f = &t->fields[i];

		str_adds(out, "    ");
		c_type(f->type, f->name ? f->name : "", out);
		if (f->bit_size)
			str_printf(out, " : %u", f->bit_size);
		str_adds(out, ";\n");
	}
	str_adds(out, "};");
}

// "struct X", "union X", "enum X": the exit status; *is_type when the pattern is one of them.
static int list_type(struct machine *m, const struct options *o, bool *is_type)
{
	static const struct {
		const char *word;
		enum type_kind kind;
	} kinds[] = { { "struct", TYPE_STRUCT }, { "union", TYPE_UNION }, { "enum", TYPE_ENUM } };

	for (size_t i = 0; o->pattern && i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i].word);
		_str_ struct str text = { 0 };

		if (strncmp(o->pattern, kinds[i].word, n) || o->pattern[n] != ' ')
			continue;
		*is_type = true;
		const struct type *t = m->world->ops->type_named(m->world, kinds[i].kind, o->pattern + n + 1);
		if (!t || (t->kind != TYPE_ENUM && m->world->ops->complete(m->world, t))) {
			fprintf(stderr, "ERROR: this kernel's BTF has no '%s'\n", o->pattern);
			return 1;
		}
		if (o->verbose)
			c_declaration(t, kinds[i].word, &text);
		else
			str_adds(&text, o->pattern);
		puts(str_z(&text));
		return fflush(stdout) ? 1 : 0;
	}
	return 0;
}

int cmd_list(const struct options *o)
{
	struct options script = *o;
	struct machine m;
	struct lines lines = { 0 };
	bool is_type = false;
	int r;

	machine_init(&m, o, NULL);
	lines.arena = m.arena;
	map_init(&lines.of, m.arena);
	r = list_type(&m, o, &is_type);
	if (is_type) {
		// done
	} else if (o->program || (o->pattern && is_script(o->pattern))) {
		script.file = o->pattern;
		r = list_script(&m, &script, &lines);
	} else {
		r = list_patterns(&m, o, o->pattern ? o->pattern : "*", &lines);
	}
	if (!r)
		r = print_sorted(&lines.of);
	machine_free(&m);
	return r;
}

// SPDX-License-Identifier: Apache-2.0
#include "cli/complete.h"

#include <string.h>

#include "base/probe_type.h"
#include "base/util.h"
#include "base/world.h"
#include "cli/compile.h"

#define MOST 20000 // words: nobody reads more

struct search {
	struct arena *arena;
	struct words *words;
	const char *head; // what stands in front of each word found
	const char *typed;
	size_t n;         // of typed
	bool fields;      // take the fields of the probe, not its name
	bool functions;   // what stands behind the second colon: lists name a program by another path than the one typed
};

static void offer(struct search *s, const char *text, const char *tail)
{
	if (s->words->list.n < MOST && !strncmp(text, s->typed, s->n))
		vec_push(s->arena, &s->words->list, arena_printf(s->arena, "%s%s%s", s->head, text, tail));
}

static void on_line(void *arg, const char *line)
{
	struct search *s = arg;
	const char *name = strrchr(line, ' ');

	if (s->functions) {
		const char *path = strchr(line, ':'), *function = path ? strchr(path + 1, ':') : NULL;

		if (function && *line != ' ')
			offer(s, function + 1, "");
		return;
	}
	if (!s->fields && *line != ' ')
		offer(s, line, "");
	else if (s->fields && *line == ' ' && name)
		offer(s, name + 1 + strspn(name + 1, "*"), "");
}

static const struct probe_type *type_of(struct machine *m, const char *text, size_t n)
{
	for (const struct probe_type *const *t = m->world->ops->probe_types(m->world); *t; t++) {
		if (strlen((*t)->name) == n && !memcmp((*t)->name, text, n))
			return *t;
		for (size_t i = 0; i < ARRAY_SIZE((*t)->aliases) && (*t)->aliases[i]; i++)
			if (strlen((*t)->aliases[i]) == n && !memcmp((*t)->aliases[i], text, n))
				return *t;
	}
	return NULL;
}

// provider:rest* - a full name is found by its type, one letter of a path by no search of the whole disk.
static void offer_probes(struct machine *m, struct search *s)
{
	const char *colon = strchr(s->typed, ':');
	const struct probe_type *t = type_of(m, s->typed, (size_t)(colon - s->typed));
	bool of_program = t && (!strcmp(t->name, "uprobe") || !strcmp(t->name, "uretprobe") || !strcmp(t->name, "usdt"));

	struct search search = *s;

	if (!t || !t->list || (of_program && !strchr(colon + 1, ':')))
		return;
	if (of_program) {
		search.functions = true;
		search.typed = strchr(colon + 1, ':') + 1;
		search.n = strlen(search.typed);
		search.head = arena_strndup(s->arena, s->typed, (size_t)(search.typed - s->typed));
	}
	t->list(t, m->world, arena_printf(s->arena, "%s*", colon + 1), 0, false, on_line, &search);
}

// The attach point the cursor's block belongs to: the last word with a colon in front of the last open brace.
static const char *probe_around(struct arena *a, const char *line, size_t n)
{
	const char *brace = memrchr(line, '{', n), *end, *start;

	while (brace && brace > line) {
		for (end = brace; end > line && strchr(" \t\n", end[-1]); end--)
			;
		if (end > line && end[-1] == '/') // behind its filter
			for (end--; end > line && end[-1] != '/'; end--)
				;
		for (end -= end > line && *end != '{' && end[-1] == '/'; end > line && strchr(" \t\n", end[-1]); end--)
			;
		for (start = end; start > line && !strchr(" \t\n};,", start[-1]); start--)
			;
		if (memchr(start, ':', (size_t)(end - start)))
			return arena_strndup(a, start, (size_t)(end - start));
		brace = memrchr(line, '{', (size_t)(brace - line));
	}
	return NULL;
}

static void offer_fields(struct machine *m, struct search *s, const char *line, size_t n)
{
	const char *probe = probe_around(s->arena, line, n);
	struct search fields = *s;

	if (!probe)
		return;
	fields.fields = true;
	fields.head = "args.";
	fields.typed = s->typed + 5;
	fields.n = s->n - 5;
	const char *colon = strchr(probe, ':');
	const struct probe_type *t = type_of(m, probe, (size_t)(colon - probe));
	if (t && t->list)
		t->list(t, m->world, colon + 1, 0, true, on_line, &fields);
}

static void offer_words(struct search *s)
{
	static const struct {
		const char *text, *tail;
	} words[] = {
#define VAR(id, name, type, needs, fn, doc) { name, "" },
#define FUNC(id, name, args, type, needs, flags, event, fn, doc) { name, "(" },
#include "lang/builtin.def"
#undef VAR
#undef FUNC
#define KEYWORD(spelling, token) { spelling, "" },
#include "lang/keywords.def"
#undef KEYWORD
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		offer(s, words[i].text, words[i].tail);
}

static void offer_types(struct machine *m, struct search *s)
{
	for (const struct probe_type *const *t = m->world->ops->probe_types(m->world); *t; t++) {
		bool alone = !strcmp((*t)->name, "begin") || !strcmp((*t)->name, "end");

		offer(s, (*t)->name, alone ? "" : ":");
	}
}

static bool in_block(const char *line, size_t n)
{
	int depth = 0;

	for (size_t i = 0; i < n; i++)
		depth += (line[i] == '{') - (line[i] == '}');
	return depth > 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct words *w)
{
	size_t n = 0;

	if (w->list.n)
		qsort(w->list.v, w->list.n, sizeof *w->list.v, by_text);
	for (size_t i = 0; i < w->list.n; i++)
		if (!n || strcmp(w->list.v[n - 1], w->list.v[i]))
			w->list.v[n++] = w->list.v[i];
	w->list.n = n;
}

void complete(struct machine *m, struct arena *a, const char *line, size_t word, struct words *ret)
{
	size_t n = strlen(line);
	struct search s = { .arena = a, .words = ret, .head = "", .typed = line + n - word, .n = word };

	if (!in_block(line, n - word)) {
		if (strchr(s.typed, ':'))
			offer_probes(m, &s);
		else
			offer_types(m, &s);
	} else if (word >= 5 && !strncmp(s.typed, "args.", 5)) {
		offer_fields(m, &s, line, n - word);
	} else {
		offer_words(&s);
	}
	sort(ret);
}

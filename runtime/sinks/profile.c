// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/profile.h"

#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/agg.h"
#include "runtime/sinks/column.h"
#include "runtime/sinks/export.h"
#include "runtime/value.h"

#define FRAMES_MOST (2 * WIRE_STACK_MAX + 1)

struct tree { // nodes of one layer, or of all
	struct map index; // {parent, name} -> number + 1
	VEC(struct profile_node) node;
};

struct profile {
	struct arena *arena;
	struct map names; // text -> number + 1
	VEC(const char *) name;
	struct tree records, all;
	struct map layers; // {stream, measure} -> struct tree *
	enum value_unit unit;
	uint64_t without, added, rows;
	bool stale; // `all` is not up to date
};

// Trees ---------------------------------------------------------------------------------------------------------------

static void tree_clear(struct tree *t)
{
	map_free(&t->index);
	vec_free(&t->node);
	vec_push(NULL, &t->node, (struct profile_node){ 0 });
}

static void tree_free(struct tree *t)
{
	map_free(&t->index);
	vec_free(&t->node);
}

static uint32_t tree_child(struct tree *t, uint32_t parent, uint32_t name)
{
	void **at = map_put(&t->index, (uint32_t[]){ parent, name }, 8);

	if (!*at) {
		vec_push(NULL, &t->node, (struct profile_node){ .name = name, .parent = parent });
		*at = (void *)(uintptr_t)t->node.n;
	}
	return (uint32_t)(uintptr_t)*at - 1;
}

static void tree_merge(struct tree *into, const struct tree *from)
{
	_free_ uint32_t *moved = xcalloc(from->node.n, sizeof *moved);

	for (size_t i = 1; i < from->node.n; i++) {
		moved[i] = tree_child(into, moved[from->node.v[i].parent], from->node.v[i].name);
		into->node.v[moved[i]].self += from->node.v[i].self;
	}
	into->node.v[0].self += from->node.v[0].self;
}

// The profile ---------------------------------------------------------------------------------------------------------

struct profile *profile_new(void)
{
	struct profile *p = xcalloc(1, sizeof *p);

	p->arena = arena_new();
	map_init(&p->names, p->arena);
	map_init(&p->layers, p->arena);
	tree_clear(&p->records);
	tree_clear(&p->all);
	return p;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->layers.n; i++) {
		tree_free(p->layers.at[i].value);
		free(p->layers.at[i].value);
	}
	tree_free(&p->records);
	tree_free(&p->all);
	vec_free(&p->name);
	arena_free(p->arena);
	free(p);
}

static uint32_t name_number(struct profile *p, const char *text, size_t n)
{
	void **at = map_put(&p->names, text, n);

	if (!*at) {
		vec_push(NULL, &p->name, arena_strndup(p->arena, text, n));
		*at = (void *)(uintptr_t)p->name.n;
	}
	return (uint32_t)(uintptr_t)*at - 1;
}

// Adding --------------------------------------------------------------------------------------------------------------

struct path { // names, root first once finished
	struct profile *p;
	bool why; // of the stack at hand: its frames say how they were found
	uint32_t name[FRAMES_MOST];
	size_t n;
};

// Where " [cfi, symtab]" begins, which differs between stacks of the same functions.
static size_t without_why(const char *text, size_t n)
{
	size_t end = n;

	while (end > 1 && !(text[end - 1] == '[' && text[end - 2] == ' '))
		end--;
	return end > 1 && text[n - 1] == ']' ? end - 2 : n;
}

// What has no name, "0x7f12 [cfi, anonymous]" or "… [cfi, no-symbol: /usr/lib/libx.so+0x12, build ID …]", is "[anonymous]" and "[libx.so: no-symbol]":
// addresses of one runtime's code, each by itself, would be a row of splinters. NULL: it has one.
static const char *unnamed(struct profile *p, const char *text, size_t n, size_t why)
{
	if (n < 2 || text[0] != '0' || text[1] != 'x' || why == n)
		return NULL;
	_free_ char *said = xstrndup(text + why + 2, n - why - 3); // between the brackets
	char *comma = strstr(said, ", "), *word = comma ? comma + 2 : NULL, *file = word ? strstr(word, ": ") : NULL;

	if (!word)
		return NULL;
	if (!file)
		return arena_printf(p->arena, "[%s]", word);
	*file = '\0';
	file += 2;
	file[strcspn(file, ",")] = '\0';
	if (strrchr(file, '+'))
		*strrchr(file, '+') = '\0';
	return arena_printf(p->arena, "[%s: %s]", strrchr(file, '/') ? strrchr(file, '/') + 1 : file, word);
}

// A frame's text is "name+offset"; all offsets of a function are one node. A stack that is not whole hangs on "[stopped: reason]".
static void add_frame(void *arg, const char *text, size_t n)
{
	struct path *path = arg;
	size_t why = path->why ? without_why(text, n) : n, end = why;
	const char *none = unnamed(path->p, text, n, why);

	if (none) {
		text = none;
		why = end = strlen(none);
	}
	n = why;
	while (end > 0 && text[end - 1] >= '0' && text[end - 1] <= '9')
		end--;
	if (end > 1 && end < n && text[end - 1] == '+')
		n = end - 1;
	if (path->n < FRAMES_MOST)
		path->name[path->n++] = name_number(path->p, text, n);
}

static void reverse(uint32_t *v, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint32_t t = v[i];

		v[i] = v[n - 1 - i];
		v[n - 1 - i] = t;
	}
}

static bool begins_with(const char *text, const char *head)
{
	return strncmp(text, head, strlen(head)) == 0;
}

// The way from the traced place in the kernel to our program: it is no part of what was traced.
static bool is_ours(const char *name)
{
	static const char *const heads[] = { "bpf_prog_", "bpf_trace_run", "__bpf_trace_", "__traceiter_", "perf_trace_", "trace_call_bpf", "bpf_trampoline_" };

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		if (begins_with(name, heads[i]))
			return true;
	return false;
}

// One stack behind what is there already.
static void add_stack(struct path *path, const struct export_context *c, const struct arg_view *v)
{
	size_t from = path->n;

	path->why = v->type->b & STACK_WHY;
	stack_frames(c->printer, v->type, v, add_frame, path);
	reverse(path->name + from, path->n - from);
	while (v->type->kind == TYPE_KSTACK && path->n > from && is_ours(path->p->name.v[path->name[path->n - 1]]))
		path->n--;
}

static void add_comm(struct path *path, const struct export_context *c, const struct arg_view *v)
{
	_str_ struct str s = { 0 };

	arg_text(c->printer, v, &s);
	if (s.n)
		path->name[path->n++] = name_number(path->p, s.p, s.n);
}

// Columns as a path: the command, the user's frames, the kernel's. False: none of them is a stack.
static bool make_path(struct path *path, const struct export_context *c, const struct plan_stream *s, const struct arg_view *column, uint32_t n)
{
	static const enum type_kind order[] = { TYPE_USTACK, TYPE_KSTACK };
	bool has = false;

	for (uint32_t i = 0; i < n; i++)
		if (s->columns[i].role == COLUMN_COMM)
			add_comm(path, c, &column[i]);
	for (size_t k = 0; k < ARRAY_SIZE(order); k++)
		for (uint32_t i = 0; i < n; i++)
			if (column[i].type->kind == order[k]) {
				add_stack(path, c, &column[i]);
				has = true;
			}
	return has;
}

static void tree_add(struct tree *t, const struct path *path, uint64_t weight)
{
	uint32_t at = 0;

	for (size_t i = 0; i < path->n; i++)
		at = tree_child(t, at, path->name[i]);
	t->node.v[at].self += weight;
}

void profile_record(struct profile *p, const struct export_context *c, const struct export_record *r)
{
	struct path path = { .p = p };

	p->stale = true;
	if (make_path(&path, c, r->stream, r->column, r->stream->n_columns)) {
		tree_add(&p->records, &path, r->weight ? r->weight : 1);
		p->added++;
	} else {
		p->without++;
	}
}

static uint64_t measured(const struct type *t, const void *v)
{
	struct wire_avg a;
	int64_t n;

	if (t->kind != TYPE_AVG && t->kind != TYPE_STATS) {
		n = value_integer(t, v);
		return n < 0 ? 0 : (uint64_t)n;
	}
	memcpy(&a, v, sizeof a);
	return a.total < 0 ? 0 : (uint64_t)a.total;
}

static bool is_additive(const struct type *t)
{
	return t->kind == TYPE_COUNT || t->kind == TYPE_SUM || t->kind == TYPE_AVG || t->kind == TYPE_STATS;
}

static struct tree *layer(struct profile *p, const struct plan_stream *s, uint32_t measure)
{
	struct {
		const struct plan_stream *s;
		uint64_t measure;
	} key = { s, measure };
	void **at = map_put(&p->layers, &key, sizeof key);

	if (!*at)
		*at = xcalloc(1, sizeof(struct tree));
	tree_clear(*at);
	return *at;
}

static void add_row(struct profile *p, struct tree *t, const struct export_context *c, const struct export_measures *ms, uint32_t i,
		    const struct map_entry_view *e)
{
	const struct map_view *v = &ms->measure[i];
	struct arg_view column[64];
	struct path path = { .p = p };
	uint32_t n = 0;

	while (n < MIN(ms->stream->n_columns, (uint32_t)ARRAY_SIZE(column)) && key_member(v->map, e->key, n, &column[n]))
		n++;
	if (make_path(&path, c, ms->stream, column, n)) {
		tree_add(t, &path, measured(v->map->value, e->value));
		p->rows++;
	} else {
		p->without += ms->last;
	}
}

void profile_measures(struct profile *p, const struct export_context *c, const struct export_measures *ms)
{
	p->stale = true;
	p->rows = 0;
	for (uint32_t i = 0; i < ms->stream->n_measures; i++) {
		if (!is_additive(ms->measure[i].map->value))
			continue;
		struct tree *t = layer(p, ms->stream, i);

		p->unit = (enum value_unit)ms->stream->measures[i].unit;
		for (size_t k = 0; k < ms->measure[i].n; k++)
			add_row(p, t, c, ms, i, &ms->measure[i].entries[k]);
		break; // one picture shows one quantity: the stream's first that adds up
	}
}

// Reading -------------------------------------------------------------------------------------------------------------

const struct profile_node *profile_nodes(struct profile *p, size_t *n)
{
	if (p->stale) {
		tree_clear(&p->all);
		tree_merge(&p->all, &p->records);
		for (size_t i = 0; i < p->layers.n; i++)
			tree_merge(&p->all, p->layers.at[i].value);
		p->stale = false;
	}
	*n = p->all.node.n;
	return p->all.node.v;
}

const char *profile_name(const struct profile *p, uint32_t name)
{
	return p->name.v[name];
}

size_t profile_names(const struct profile *p)
{
	return p->name.n;
}

enum value_unit profile_unit(const struct profile *p)
{
	return p->unit;
}

uint64_t profile_without(const struct profile *p)
{
	return p->without;
}

uint64_t profile_added(const struct profile *p)
{
	return p->added + p->rows;
}

void profile_path(const struct profile *p, const struct profile_node *nodes, uint32_t at, struct str *out)
{
	uint32_t way[FRAMES_MOST];
	size_t n = 0;

	for (; at && n < ARRAY_SIZE(way); at = nodes[at].parent)
		way[n++] = nodes[at].name;
	while (n > 0) {
		size_t from = out->n;

		str_adds(out, p->name.v[way[--n]]);
		for (size_t i = from; i < out->n; i++)
			if (out->p[i] == ';')
				out->p[i] = ':';
		if (n)
			str_addc(out, ';');
	}
}

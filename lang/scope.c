// SPDX-License-Identifier: Apache-2.0
#include "lang/lang_int.h"

#include <string.h>

struct scope {
	struct arena *arena;
	struct map names;               // name -> the variable declared last
	VEC(struct lang_var *) open;    // visible, outermost first
	VEC(size_t) marks;              // open.n when each block was opened
};

struct scope *scope_new(struct arena *a)
{
	struct scope *s = arena_new_(a, struct scope);

	s->arena = a;
	map_init(&s->names, a);
	return s;
}

void scope_open(struct scope *s)
{
	vec_push(s->arena, &s->marks, s->open.n);
}

void scope_close(struct scope *s)
{
	size_t mark = s->marks.v[--s->marks.n];

	while (s->open.n > mark)
		s->open.v[--s->open.n]->visible = false;
}

struct lang_var *scope_find(const struct scope *s, const char *name)
{
	struct lang_var *v = map_gets(&s->names, name);

	return v && v->visible ? v : NULL;
}

struct lang_var *scope_closed(const struct scope *s, const char *name)
{
	struct lang_var *v = map_gets(&s->names, name);

	return v && !v->visible ? v : NULL;
}

struct lang_var *scope_add(struct scope *s, const char *name)
{
	struct lang_var *v = arena_new_(s->arena, struct lang_var);

	v->var.name = name;
	v->visible = true;
	*map_puts(&s->names, name) = v;
	vec_push(s->arena, &s->open, v);
	return v;
}

void scope_each_visible(const struct scope *s, void (*each)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < s->open.n; i++)
		each(arg, s->open.v[i]->var.name);
}

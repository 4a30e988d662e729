// SPDX-License-Identifier: Apache-2.0
// gen_pick.c - chance, and what there is to choose from: shapes, variables, maps.
#include "base/util.h"
#include "tests/gen/gen_int.h"

const struct shape int_shape = { .kind = INT }, bool_shape = { .kind = BOOL }, str_shape = { .kind = STR };

static uint64_t random_bits(struct gen *g)
{
	uint64_t z = g->seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

unsigned upto(struct gen *g, unsigned n) // 0 … n - 1
{
	return (unsigned)(random_bits(g) % n);
}

bool one_in(struct gen *g, unsigned n)
{
	return upto(g, n) == 0;
}

// Shapes ------------------------------------------------------------------------------------------------------------------

static const struct shape *tuple_shape(struct gen *g, unsigned depth);

const struct shape *any_shape(struct gen *g, unsigned depth)
{
	switch (upto(g, 8)) {
	case 0: case 1: return &str_shape;
	case 2: return &bool_shape;
	case 3: return depth ? tuple_shape(g, depth - 1) : &int_shape;
	default: return &int_shape;
	}
}

const struct shape *tuple_of(struct gen *g, const struct shape *a, const struct shape *b)
{
	struct shape *s = &g->shapes[g->nshapes % ARRAY_SIZE(g->shapes)];

	if (g->nshapes++ >= ARRAY_SIZE(g->shapes))
		return &int_shape;
	*s = (struct shape){ .kind = TUP, .n = 2, .m = { a, b } };
	return s;
}

static const struct shape *tuple_shape(struct gen *g, unsigned depth)
{
	struct shape *s;

	if (g->nshapes + 8 >= ARRAY_SIZE(g->shapes))
		return &int_shape;
	s = &g->shapes[g->nshapes++];
	*s = (struct shape){ .kind = TUP, .n = 2 + upto(g, MEMBERS - 1), .named = one_in(g, 3) };
	if (s->named && one_in(g, 3))
		s->n = 1;
	for (unsigned i = 0; i < s->n; i++)
		s->m[i] = any_shape(g, depth);
	return s;
}

bool same_shape(const struct shape *a, const struct shape *b)
{
	if (a->kind != b->kind || a->n != b->n || a->named != b->named)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (!same_shape(a->m[i], b->m[i]))
			return false;
	return true;
}

// Choosing what there is ----------------------------------------------------------------------------------------------------

struct gvar *pick_var(struct gen *g, const struct shape *s, bool to_write)
{
	struct gvar *found = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < g->nvars; i++) {
		struct gvar *v = &g->vars[i];

		if (v->hidden || !same_shape(v->shape, s) || (to_write && (!v->writable || v->counter)))
			continue;
		if (one_in(g, ++n))
			found = v;
	}
	return found;
}

bool is_castable(enum agg_kind k)
{
	return k == NO_AGG || k == COUNT || k == SUM || k == MIN_ || k == MAX_ || k == AVG;
}

// A map whose elements can be read as `s`; s NULL: any map.
struct gmap *pick_map(struct gen *g, const struct shape *s, bool to_write, bool keyed)
{
	struct gmap *found = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < g->nmaps; i++) {
		struct gmap *m = &g->maps[i];

		if (m->hidden || (to_write && (m->agg || m->walked)) || (keyed && !m->key))
			continue;
		if (s && (!is_castable(m->agg) || !same_shape(m->value, s)))
			continue;
		if (one_in(g, ++n))
			found = m;
	}
	return found;
}

// SPDX-License-Identifier: Apache-2.0
// interp_map.c - values, maps and what aggregates of them hold.
#include <string.h>

#include "tests/gen/interp_int.h"

struct val val_number(const struct type *t, uint64_t n)
{
	return (struct val){ .t = t, .n = fit(t, n) };
}

struct val val_zero(struct interp *in, const struct type *t)
{
	struct val v = { .t = t, .s = "" };

	if (t->nfields && (t->kind == TYPE_TUPLE || t->kind == TYPE_RECORD)) {
		v.m = arena_array(in->a, struct val, t->nfields);
		for (uint32_t i = 0; i < t->nfields; i++)
			v.m[i] = val_zero(in, t->fields[i].type);
	}
	return v;
}

// As a value of type t: integers keep their low bits, strings what fits in front of the NUL.
struct val val_as(struct interp *in, struct val v, const struct type *t)
{
	struct val r = v;

	r.t = t;
	if (v.m) {
		r.m = arena_array(in->a, struct val, t->nfields);
		for (uint32_t i = 0; i < t->nfields; i++) {
			uint32_t from = i;

			for (uint32_t k = 0; t->kind == TYPE_RECORD && k < v.t->nfields; k++)
				if (strcmp(v.t->fields[k].name, t->fields[i].name) == 0)
					from = k;
			r.m[i] = val_as(in, v.m[from], t->fields[i].type);
		}
	} else if (t->kind == TYPE_STRING) {
		r.len = MIN(v.len, t->count - 1);
	} else {
		r.n = fit(t, v.n);
	}
	return r;
}

bool val_equal(const struct val *a, const struct val *b)
{
	if (a->t->kind == TYPE_STRING)
		return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
	for (uint32_t i = 0; a->m && i < a->t->nfields; i++)
		if (!val_equal(&a->m[i], &b->m[i]))
			return false;
	return a->n == b->n;
}

bool val_truth(const struct val *v)
{
	return v->t->kind == TYPE_STRING ? v->len > 0 : v->n != 0;
}


// Maps ------------------------------------------------------------------------------------------------------------------

struct imap *interp_map_of(struct interp *in, const struct node *n)
{
	return &in->maps[n->map.sym->index];
}

struct val interp_key(struct interp *in, const struct imap *m, const struct node_list *keys)
{
	struct val v = { .t = m->key };

	if (!m->key)
		return v;
	if (keys->n == 1)
		return val_as(in, interp_eval(in, keys->v[0]), m->key);
	v.m = arena_array(in->a, struct val, keys->n);
	for (size_t i = 0; i < keys->n; i++)
		v.m[i] = val_as(in, interp_eval(in, keys->v[i]), m->key->fields[i].type);
	return v;
}

struct element *imap_find(struct imap *m, const struct val *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->key || val_equal(&m->v[i].key, key))
			return &m->v[i];
	return NULL;
}

struct element *imap_find_or_create(struct interp *in, struct imap *m, const struct val *key)
{
	struct element *e = imap_find(m, key), fresh = { .key = *key, .value = val_zero(in, m->value) };

	if (!e) {
		if (m->value->kind == TYPE_HIST || m->value->kind == TYPE_LHIST)
			fresh.agg.bucket = arena_array(in->a, uint64_t, m->value->count);
		vec_push(in->a, m, fresh);
		e = &m->v[m->n - 1];
	}
	m->set = true;
	return e;
}

void imap_remove(struct imap *m, const struct element *e)
{
	size_t at = (size_t)(e - m->v);

	m->v[at] = m->v[--m->n];
}

// A scalar map always has its element.
void imap_clear(struct interp *in, struct imap *m)
{
	m->n = 0;
	if (!m->key)
		imap_find_or_create(in, m, &(struct val){ 0 });
	m->set = false;
}

void imap_zero(struct interp *in, struct imap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		m->v[i].value = val_zero(in, m->value);
		if (m->v[i].agg.bucket)
			memset(m->v[i].agg.bucket, 0, m->value->count * sizeof(uint64_t));
		m->v[i].agg = (struct agg){ .bucket = m->v[i].agg.bucket };
	}
}

struct val interp_read_map(struct interp *in, const struct node *n)
{
	struct imap *m = interp_map_of(in, n);
	struct val key = interp_key(in, m, &n->map.keys);
	const struct element *e = imap_find(m, &key);

	if (!type_is_aggregate(m->value))
		return e ? e->value : val_zero(in, m->value);
	return (struct val){ .t = m->value, .n = e ? (uint64_t)agg_number(m->value, &e->agg) : 0 };
}

static uint64_t hist_bucket(uint64_t v, unsigned bits, bool is_signed)
{
	unsigned log = 63;

	if (is_signed && (int64_t)v < 0)
		return 0;
	if (v < 1ull << bits)
		return v + 1;
	while (!(v >> log))
		log--;
	return 1 + ((uint64_t)(log - bits) << bits) + (v >> (log - bits));
}

static uint64_t lhist_bucket(const struct type *t, uint64_t v, bool is_signed)
{
	__int128 x = is_signed ? (__int128)(int64_t)v : (__int128)v;

	if (x < t->a)
		return 0;
	if (x >= t->b)
		return t->count - 1;
	return 1 + (uint64_t)((x - t->a) / t->c);
}

static bool is_better(const struct type *t, uint64_t x, uint64_t was)
{
	bool less = t->is_signed ? (int64_t)x < (int64_t)was : x < was;

	return x != was && (t->kind == TYPE_MIN) == less;
}

void interp_aggregate(struct interp *in, const struct node *target, const struct node *call)
{
	struct imap *m = interp_map_of(in, target);
	const struct type *t = m->value;
	const struct node *arg = call->call.args.n ? call->call.args.v[0] : NULL;
	uint64_t x = arg ? interp_eval(in, arg).n : 0;
	struct val key = interp_key(in, m, &target->map.keys);
	struct agg *a = &imap_find_or_create(in, m, &key)->agg;

	switch (t->kind) {
	case TYPE_COUNT: a->value++; break;
	case TYPE_SUM: a->value += x; break;
	case TYPE_MIN: case TYPE_MAX:
		if (!a->set || is_better(t, x, a->value))
			a->value = x;
		break;
	case TYPE_AVG: case TYPE_STATS:
		a->total += x;
		a->count++;
		break;
	case TYPE_HIST: a->bucket[hist_bucket(x, (unsigned)t->a, arg->type->is_signed)]++; break;
	case TYPE_LHIST: a->bucket[lhist_bucket(t, x, arg->type->is_signed)]++; break;
	default: interp_give_up(in, "aggregate of kind %d", (int)t->kind);
	}
	a->set = true;
}

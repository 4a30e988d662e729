// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include <string.h>

#include "base/arena.h"
#include "base/util.h"

void map_init(struct map *m, struct arena *a)
{
	*m = (struct map){ .arena = a };
}

void map_free(struct map *m)
{
	if (!m->arena) {
		for (size_t i = 0; i < m->n; i++)
			free((char *)m->at[i].key);
		free(m->at);
		free(m->slot);
	}
	*m = (struct map){ 0 };
}

static size_t find_slot(const struct map *m, const void *key, size_t len)
{
	size_t i = hash_bytes(key, len, 0) & (m->slots - 1);

	while (m->slot[i]) {
		const struct map_entry *e = &m->at[m->slot[i] - 1];

		if (e->len == len && memcmp(e->key, key, len) == 0)
			break;
		i = (i + 1) & (m->slots - 1);
	}
	return i;
}

static void rehash(struct map *m)
{
	m->slots = m->slots ? m->slots * 2 : 16;
	if (m->arena) {
		m->slot = arena_array(m->arena, uint32_t, m->slots);
	} else {
		free(m->slot);
		m->slot = xcalloc(m->slots, sizeof *m->slot);
	}
	for (size_t i = 0; i < m->n; i++)
		m->slot[find_slot(m, m->at[i].key, m->at[i].len)] = (uint32_t)i + 1;
}

void *map_get(const struct map *m, const void *key, size_t len)
{
	uint32_t i;

	if (!m->slots)
		return NULL;
	i = m->slot[find_slot(m, key, len)];
	return i ? m->at[i - 1].value : NULL;
}

static struct map_entry *put(struct map *m, const void *key, size_t len)
{
	size_t s;

	if (m->n * 4 >= m->slots * 3)
		rehash(m);
	s = find_slot(m, key, len);
	if (m->slot[s])
		return &m->at[m->slot[s] - 1];
	if (m->n == m->cap)
		m->at = vec_grow(m->arena, m->at, m->n, &m->cap, sizeof *m->at);
	m->slot[s] = (uint32_t)m->n + 1;
	char *copy = m->arena ? arena_alloc(m->arena, len + 1) : xmalloc(len + 1);
	memcpy(copy, key, len);
	copy[len] = '\0';
	m->at[m->n] = (struct map_entry){ .key = copy, .len = len };
	return &m->at[m->n++];
}

void **map_put(struct map *m, const void *key, size_t len)
{
	return &put(m, key, len)->value;
}

const char *map_intern(struct map *m, const char *s, size_t n)
{
	return put(m, s, n)->key;
}

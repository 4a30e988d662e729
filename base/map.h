// SPDX-License-Identifier: Apache-2.0
// map.h - byte-string keys to pointers (open addressing), and interned strings on top of it.
//
// Keys are copied into the arena, or onto the heap with a NULL arena; then map_free releases them. Iteration is
// in order of insertion. There is no removal: set the value to NULL.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

struct map_entry {
	const char *key;
	size_t len;
	void *value;
};

struct map {
	struct arena *arena;
	struct map_entry *at; // n entries, in order of insertion
	uint32_t *slot;       // index + 1 into `at`
	size_t n, cap, slots;
};

void map_init(struct map *m, struct arena *a);
void map_free(struct map *m);
void **map_put(struct map *m, const void *key, size_t len); // where the value lies; made NULL if new; valid until the next put
void *map_get(const struct map *m, const void *key, size_t len); // NULL if absent
static inline void *map_gets(const struct map *m, const char *key) { return map_get(m, key, __builtin_strlen(key)); }
static inline void **map_puts(struct map *m, const char *key) { return map_put(m, key, __builtin_strlen(key)); }

const char *map_intern(struct map *m, const char *s, size_t n); // equal strings give the same pointer

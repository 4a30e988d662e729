// SPDX-License-Identifier: Apache-2.0
// arena.h - memory with one lifetime: everything a compilation (or a loaded plan) allocates, freed at once.
//
// The compile side allocates only here and frees nothing singly. Memory comes zeroed and aligned to 16.
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); // NULL is allowed

void *arena_alloc(struct arena *a, size_t size); // never NULL
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_text(struct arena *a, const char *s, size_t n); // n bytes, NULs among them too, and a NUL behind
void *arena_memdup(struct arena *a, const void *p, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
size_t arena_size(const struct arena *a); // bytes handed out so far

#define arena_new_(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define arena_array(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (n)))

// Growing arrays. Declare `VEC(struct foo) list = {0};`; items are list.v[0 .. list.n).
// With a NULL arena the array lives on the heap and its owner calls vec_free.
#define VEC(T) struct { T *v; size_t n, cap; }
#define vec_push(a, vec, ...)                                                                                   \
	do {                                                                                                     \
		__typeof__(*(vec)->v) vec_item_ = (__VA_ARGS__);                                                 \
		if ((vec)->n == (vec)->cap)                                                                      \
			(vec)->v = vec_grow((a), (vec)->v, (vec)->n, &(vec)->cap, sizeof *(vec)->v);             \
		(vec)->v[(vec)->n++] = vec_item_;                                                                \
	} while (0)
#define vec_free(vec) (free((vec)->v), (vec)->v = NULL, (vec)->n = (vec)->cap = 0)
void *vec_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t item);

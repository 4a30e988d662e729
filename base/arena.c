// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <string.h>

#include "base/util.h"

#define CHUNK (64 * 1024)

struct chunk {
	struct chunk *next;
	size_t used, cap;
	_Alignas(16) char data[];
};

struct arena {
	struct chunk *head;
	size_t total;
};

struct arena *arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct chunk *c = a->head, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

static struct chunk *chunk_new(size_t cap)
{
	struct chunk *c = xcalloc(1, sizeof *c + cap);

	c->cap = cap;
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t need = ALIGN_UP(size ? size : 1, 16);
	struct chunk *c = a->head;

	if (!c || c->cap - c->used < need) {
		c = chunk_new(MAX(need, CHUNK));
		// a large block goes behind the head, so that the head's free space is not given up
		if (need > CHUNK / 4 && a->head) {
			c->next = a->head->next;
			a->head->next = c;
		} else {
			c->next = a->head;
			a->head = c;
		}
	}
	c->used += need;
	a->total += need;
	return c->data + c->used - need;
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
	void *q = arena_alloc(a, n);

	if (n)
		memcpy(q, p, n);
	return q;
}

char *arena_text(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = arena_alloc(a, len + 1);

	memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s) + 1);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

size_t arena_size(const struct arena *a)
{
	return a->total;
}

void *vec_grow(struct arena *a, void *v, size_t n, size_t *cap, size_t item)
{
	size_t grown = *cap ? *cap * 2 : 8;
	void *w;

	if (!a) {
		w = xrealloc(v, grown * item);
	} else {
		w = arena_alloc(a, grown * item);
		if (n)
			memcpy(w, v, n * item);
	}
	*cap = grown;
	return w;
}

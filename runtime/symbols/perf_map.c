// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/perf_map.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/util.h"

#define MAX_BYTES (256 << 20)
#define MOST_NAMES ((size_t)512 << 20) // bytes, with what finds them: the file may be another each time

struct perf_map_entry {
	uint64_t start, size;
	const char *name;
	size_t order; // code is thrown away and its room used again: the last line that holds an address counts
};

static char *read_text(int fd, size_t size)
{
	char *text = xmalloc(size + 1);
	size_t n = 0;
	ssize_t r;

	while (n < size && (r = pread(fd, text + n, size - n, (off_t)n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
	return text;
}

static int compare(const void *a, const void *b)
{
	const struct perf_map_entry *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

bool perf_map_begin(struct perf_map *m, off_t size)
{
	if (!m->arena) {
		m->arena = arena_new();
		map_init(&m->names, m->arena);
	}
	if (arena_size(m->arena) > MOST_NAMES)
		return false;
	m->n = 0;
	m->size = size;
	return true;
}

void perf_map_add_again(struct perf_map *m, uint64_t start, uint64_t size, const char *name)
{
	if (m->n == m->cap)
		m->at = xrealloc(m->at, (m->cap = m->cap ? m->cap * 2 : 256) * sizeof *m->at);
	m->at[m->n] = (struct perf_map_entry){ start, size, name, m->n };
	m->n++;
}

const char *perf_map_add(struct perf_map *m, uint64_t start, uint64_t size, const char *name)
{
	const char *kept = map_intern(&m->names, name, strlen(name));

	perf_map_add_again(m, start, size, kept);
	return kept;
}

void perf_map_end(struct perf_map *m)
{
	if (m->n)
		qsort(m->at, m->n, sizeof *m->at, compare);
}

static void parse(struct perf_map *m, char *p)
{
	for (char *end; (end = strchr(p, '\n')); p = end + 1) { // a last line without its end is still being written
		uint64_t start, size;
		char *name;

		*end = '\0';
		start = strtoull(p, &name, 16);
		size = strtoull(name, &name, 16);
		if (*name == ' ' && size && name[1])
			perf_map_add(m, start, size, name + 1);
	}
}

bool perf_map_update(struct perf_map *m, const char *root, uint32_t pid)
{
	_free_ char *path = xasprintf("%s/tmp/perf-%u.map", root, pid), *text = NULL;
	struct stat st;

	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > MAX_BYTES || st.st_size == m->size)
		return false;
	if (!perf_map_begin(m, st.st_size))
		return false;
	text = read_text(fd, (size_t)st.st_size);
	parse(m, text);
	perf_map_end(m);
	return true;
}

const char *perf_map_find(const struct perf_map *m, uint64_t ip, uint64_t *offset)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->at[mid].start <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || ip - m->at[lo - 1].start >= m->at[lo - 1].size)
		return NULL;
	*offset = ip - m->at[lo - 1].start;
	return m->at[lo - 1].name;
}

void perf_map_free(struct perf_map *m)
{
	free(m->at);
	arena_free(m->arena);
	*m = (struct perf_map){ 0 };
}

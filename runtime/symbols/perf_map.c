// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/perf_map.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"

#define MAX_BYTES (256 << 20)

struct perf_map_entry {
	uint64_t start, size;
	size_t name;  // offset into the text
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

void perf_map_begin(struct perf_map *m, off_t size)
{
	struct perf_map *older = m->text ? xmalloc(sizeof *older) : NULL;

	if (older)
		*older = *m;
	*m = (struct perf_map){ .older = older, .size = size };
}

void perf_map_add_again(struct perf_map *m, uint64_t start, uint64_t size, size_t name)
{
	if (m->n == m->cap)
		m->at = xrealloc(m->at, (m->cap = m->cap ? m->cap * 2 : 256) * sizeof *m->at);
	m->at[m->n] = (struct perf_map_entry){ start, size, name, m->n };
	m->n++;
}

size_t perf_map_add(struct perf_map *m, uint64_t start, uint64_t size, const char *name)
{
	size_t at = m->filling.n;

	str_add(&m->filling, name, strlen(name) + 1);
	perf_map_add_again(m, start, size, at);
	return at;
}

void perf_map_end(struct perf_map *m)
{
	str_reserve(&m->filling, 1);
	m->text = m->filling.p;
	m->filling = (struct str){ 0 };
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
	perf_map_begin(m, st.st_size);
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
	return m->text + m->at[lo - 1].name;
}

void perf_map_free(struct perf_map *m)
{
	for (struct perf_map *o = m->older, *next; o; o = next) {
		next = o->older;
		free(o->text);
		free(o->at);
		free(o);
	}
	free(m->text);
	free(m->at);
	*m = (struct perf_map){ 0 };
}

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
	const char *name;
	size_t order; // code is thrown away and its room used again: the last line that holds an address counts
};

// The runtime knows itself by its pid in its own namespace: the last number of NSpid.
static uint32_t inner_pid(uint32_t pid)
{
	char path[64], line[256];
	_fclose_ FILE *f = NULL;
	uint32_t inner = pid;

	snprintf(path, sizeof path, "/proc/%u/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f)) {
		char *last = strncmp(line, "NSpid:", 6) == 0 ? strrchr(line, '\t') : NULL;

		if (!last)
			continue;
		inner = (uint32_t)strtoul(last, NULL, 10);
		break;
	}
	return inner;
}

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

static void parse(struct perf_map *m)
{
	size_t cap = 0;
	char *p = m->text;

	for (char *end; (end = strchr(p, '\n')); p = end + 1) { // a last line without its end is still being written
		struct perf_map_entry e = { .order = m->n };
		char *name;

		*end = '\0';
		e.start = strtoull(p, &name, 16);
		e.size = strtoull(name, &name, 16);
		if (*name != ' ' || !e.size || !name[1])
			continue;
		e.name = name + 1;
		if (m->n == cap)
			m->at = xrealloc(m->at, (cap = cap ? cap * 2 : 256) * sizeof *m->at);
		m->at[m->n++] = e;
	}
	if (m->n)
		qsort(m->at, m->n, sizeof *m->at, compare);
}

bool perf_map_update(struct perf_map *m, uint32_t pid)
{
	char path[96];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%u/root/tmp/perf-%u.map", pid, inner_pid(pid));
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > MAX_BYTES || st.st_size == m->size)
		return false;
	if (m->text) {
		struct perf_map *older = xmalloc(sizeof *older);

		*older = *m;
		*m = (struct perf_map){ .older = older };
	}
	m->size = st.st_size;
	m->text = read_text(fd, (size_t)st.st_size);
	parse(m);
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

// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/space.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/symbols/jitdump.h"
#include "runtime/symbols/modules.h"
#include "runtime/symbols/proc_maps.h"

struct space {
	unsigned users;
	VEC(struct mapping) list;
	const char *jitdump;
};

struct space *space_new(void)
{
	struct space *s = xcalloc(1, sizeof *s);

	s->users = 1;
	return s;
}

struct space *space_share(struct space *s)
{
	s->users++;
	return s;
}

struct space *space_own(struct space *s)
{
	struct space *copy;

	if (!s || s->users == 1)
		return s ? s : space_new();
	copy = space_new();
	for (size_t i = 0; i < s->list.n; i++)
		vec_push(NULL, &copy->list, s->list.v[i]);
	copy->jitdump = s->jitdump;
	s->users--;
	return copy;
}

void space_release(struct space *s)
{
	if (!s || --s->users)
		return;
	vec_free(&s->list);
	free(s);
}

bool space_is_empty(const struct space *s)
{
	return s->list.n == 0;
}

// How many mappings begin at or before an address.
static size_t before(const struct space *s, uint64_t address)
{
	size_t lo = 0, hi = s->list.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->list.v[mid].start <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void insert(struct space *s, struct mapping m)
{
	size_t at = before(s, m.start);

	vec_push(NULL, &s->list, m);
	memmove(s->list.v + at + 1, s->list.v + at, (s->list.n - 1 - at) * sizeof m);
	s->list.v[at] = m;
}

// Takes a range out; a mapping around it becomes two.
static void cut(struct space *s, uint64_t start, uint64_t end)
{
	size_t out = 0;
	struct mapping rest = { 0 };

	for (size_t i = 0; i < s->list.n; i++) {
		struct mapping m = s->list.v[i];

		if (m.start < end && start < m.end) {
			if (m.end > end)
				rest = (struct mapping){ end, m.end, m.offset + (end - m.start), m.module };
			if (m.start >= start)
				continue;
			m.end = start;
		}
		s->list.v[out++] = m;
	}
	s->list.n = out;
	if (rest.end)
		insert(s, rest);
}

void space_add(struct space *s, const struct proc_mapping *m, struct module *module)
{
	cut(s, m->start, m->end);
	insert(s, (struct mapping){ m->start, m->end, m->offset, module });
	if (module && jitdump_is(module->path))
		s->jitdump = module->path;
}

void space_keep(struct space *s, const struct space *older)
{
	size_t n = s->list.n;

	for (size_t i = 0; i < older->list.n; i++) {
		const struct mapping *m = &older->list.v[i];
		bool free_there = true;

		for (size_t k = before(s, m->start) ? before(s, m->start) - 1 : 0; k < s->list.n && s->list.v[k].start < m->end && free_there; k++)
			free_there = s->list.v[k].end <= m->start;
		if (free_there && s->list.n < n + 4096)
			insert(s, *m);
	}
	if (!s->jitdump)
		s->jitdump = older->jitdump;
}

const struct mapping *space_find(const struct space *s, uint64_t address)
{
	size_t n = before(s, address);

	return n && address < s->list.v[n - 1].end ? &s->list.v[n - 1] : NULL;
}

const char *space_jitdump(const struct space *s)
{
	return s->jitdump;
}

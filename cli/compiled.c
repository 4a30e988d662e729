// SPDX-License-Identifier: Apache-2.0
#include "cli/compiled.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/arena.h"
#include "base/plan.h"
#include "base/util.h"
#include "runtime/binaries.h"
#include "runtime/bpf_programs.h"
#include "runtime/elf_file.h"
#include "runtime/object.h"

struct seal {
	uint64_t magic, len, sum; // little-endian, as everything in these files
};

#define SEAL_MAGIC 0x314c414553535053u // "SPSSEAL1"

void compiled_seal(struct str *object)
{
	struct seal s = { SEAL_MAGIC, object->n, hash_bytes(object->p, object->n, SEAL_MAGIC) };

	str_add(object, &s, sizeof s);
}

static bool seal_holds(const struct str *bytes, size_t *object_len)
{
	struct seal s;

	if (bytes->n < sizeof s)
		return false;
	*object_len = bytes->n - sizeof s;
	memcpy(&s, bytes->p + *object_len, sizeof s);
	return s.magic == SEAL_MAGIC && s.len == *object_len && s.sum == hash_bytes(bytes->p, *object_len, SEAL_MAGIC);
}

static int plan_from(struct compiled *c, const char **why)
{
	struct object *o;
	int r = object_open(c->bytes.p, c->object_len, &o, why);

	if (r)
		return -EINVAL;
	r = object_find(o, PLAN_SECTION);
	if (r < 0 || !object_section_at(o, (size_t)r)->data) {
		r = -EINVAL;
		*why = "it holds no plan: this is no script compiled by Spile";
	} else {
		const struct object_section *s = object_section_at(o, (size_t)r);

		r = plan_read(s->data, s->size, c->arena, c->types, &c->plan, why);
		if (!r)
			r = plan_check(c->plan, why);
	}
	object_close(o);
	return r ? -EINVAL : 0;
}

int compiled_open(struct compiled *c, const char **why)
{
	*why = "it is no script compiled by Spile, or was cut short or damaged";
	if (!seal_holds(&c->bytes, &c->object_len))
		return -EINVAL;
	c->arena = arena_new();
	c->types = types_new(c->arena);
	return plan_from(c, why);
}

void compiled_free(struct compiled *c)
{
	str_free(&c->bytes);
	arena_free(c->arena);
	*c = (struct compiled){ 0 };
}

// A file that was absent when looked for is a dependency too: all its numbers are 0.
static bool dep_holds(const struct plan_dep *d)
{
	struct stat st = { 0 };

	if (stat(d->path, &st))
		return !d->dev && !d->ino && !d->mtime_ns;
	return d->dev == st.st_dev && d->ino == st.st_ino && d->size == (uint64_t)st.st_size &&
	       d->mtime_ns == (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
}

const char *compiled_stale(const struct compiled *c)
{
	for (uint32_t i = 0; i < c->plan->n_deps; i++)
		if (!c->plan->deps[i].path || !dep_holds(&c->plan->deps[i]))
			return c->plan->deps[i].path ? c->plan->deps[i].path : "?";
	return NULL;
}

// Names of files in /proc/PID are of the process that was asked.
static void name_for(const struct plan *p, const char *name, uint32_t pid, struct str *out)
{
	char own[32];
	size_t n = (size_t)snprintf(own, sizeof own, "/proc/%u/", p->pid);

	if (strncmp(name, own, n) == 0)
		str_printf(out, "/proc/%u/%s", pid, name + n);
	else
		str_adds(out, name);
}

bool compiled_is_for(const struct compiled *c, uint32_t pid)
{
	for (uint32_t i = 0; pid != c->plan->pid && i < c->plan->n_lookups; i++) {
		_str_ struct str name = { 0 };
		uint64_t answer;

		if (bpf_lookup_is(c->plan->lookups[i].name))
			continue;
		name_for(c->plan, c->plan->lookups[i].name, pid, &name);
		binaries_answer(str_z(&name), pid, NULL, NULL, &answer);
		if (answer != c->plan->lookups[i].answer)
			return false;
	}
	return true;
}

bool compiled_has_programs(const struct compiled *c)
{
	for (uint32_t i = 0; i < c->plan->n_lookups; i++)
		if (bpf_lookup_is(c->plan->lookups[i].name) && !bpf_lookup_holds(c->plan->lookups[i].name, c->plan->lookups[i].answer))
			return false;
	return true;
}

void compiled_set_process(struct compiled *c, uint32_t pid)
{
	c->plan->pid = pid;
	for (uint32_t i = 0; i < c->plan->n_progs; i++)
		for (uint32_t k = 0; k < c->plan->progs[i].n_sites; k++)
			if (c->plan->progs[i].sites[k].pid)
				c->plan->progs[i].sites[k].pid = pid;
}

static bool is_same_binary(const struct plan_dep *d, bool *absent)
{
	struct elf_file *f;
	bool same;

	*absent = false;
	if (dep_holds(d))
		return true;
	*absent = elf_file_open(d->path, &f) < 0;
	if (*absent)
		return false;
	same = (uint64_t)elf_file_id(f).size == d->size && elf_file_content(f) == d->content;
	elf_file_close(f);
	return same;
}

const char *compiled_foreign(const struct compiled *c, bool *absent)
{
	for (uint32_t i = 0; i < c->plan->n_deps; i++) {
		const struct plan_dep *d = &c->plan->deps[i];

		if (d->content && (!d->path || !is_same_binary(d, absent)))
			return d->path ? d->path : "?";
	}
	return NULL;
}

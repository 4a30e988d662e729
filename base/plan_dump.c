// SPDX-License-Identifier: Apache-2.0
//
// What the golden tests and `-d plan` show. Left out: what is zero or absent, and what differs from machine to machine
// or from run to run (files looked into, the cache's key, the compiler's version, the script's text).
#include <string.h>

#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"

static const char *const prog_kinds[] = {
#define PROG(NAME, word, flags, what, type, attach) word,
#include "base/prog_kind.def"
#undef PROG
};
static const char *const mechanisms[] = {
#define MECH(NAME, word, text, ns) word,
#include "base/mechanism.def"
#undef MECH
};
static const char *const roles[] = { [MAP_USER] = "user", [MAP_RING] = "ring", [MAP_SCRATCH] = "scratch", [MAP_LOST] = "lost",
				     [MAP_GLOBALS] = "globals", [MAP_RODATA] = "rodata", [MAP_NAMES] = "names",
				     [MAP_CONTROL] = "control", [MAP_TARGETS] = "targets", [MAP_UNWIND_POOL] = "unwind pool",
				     [MAP_UNWIND_FILES] = "unwind files", [MAP_UNWIND_COUNTS] = "unwind counts",
				     [MAP_UNWIND_KNOWN] = "unwind known" };
static const char *const losses[] = { [LOSS_EVENT] = "event", [LOSS_UPDATE] = "update", [LOSS_SCRATCH] = "scratch", [LOSS_LEFT_OUT] = "left_out" };
static const char *const events[] = {
#define EVENT(NAME, func, control) [EVENT_##NAME] = #NAME,
#include "base/event.def"
#undef EVENT
};
static const char *const bpf_types[] = { [1] = "hash", [2] = "array", [4] = "perf_event_array", [5] = "percpu_hash", [6] = "percpu_array", [9] = "lru_hash",
					 [10] = "lru_percpu_hash", [27] = "ringbuf" };

// Numbers that have a word, by "structure.member".
static const struct word {
	const char *where, *const *words;
	size_t n;
} words[] = {
	{ "plan_prog.kind", prog_kinds, ARRAY_SIZE(prog_kinds) },   { "plan_site.mechanism", mechanisms, ARRAY_SIZE(mechanisms) },
	{ "plan_map.role", roles, ARRAY_SIZE(roles) },		    { "plan_map.bpf_type", bpf_types, ARRAY_SIZE(bpf_types) },
	{ "plan_event.kind", events, ARRAY_SIZE(events) },	    { "plan_loss.kind", losses, ARRAY_SIZE(losses) },
};

struct dump {
	struct str *out;
	unsigned depth;
};

static void line(struct dump *d, const char *where)
{
	str_fill(d->out, ' ', d->depth * 2);
	str_adds(d->out, strchr(where, '.') + 1);
	str_adds(d->out, ": ");
}

static void show_number(struct dump *d, const char *where, uint64_t v)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].where, where) == 0 && v < words[i].n && words[i].words[v]) {
			line(d, where);
			str_printf(d->out, "%s\n", words[i].words[v]);
			return;
		}
	if (v == 0)
		return;
	line(d, where);
	str_u64(d->out, v);
	str_addc(d->out, '\n');
}

static void show_string(struct dump *d, const char *where, const char *s)
{
	if (!s || strcmp(where, "plan.key") == 0 || strcmp(where, "plan.compiler") == 0 || strcmp(where, "plan.kernel") == 0 ||
	    strcmp(where, "plan.machine") == 0)
		return;
	line(d, where);
	str_json(d->out, s, strlen(s));
	str_addc(d->out, '\n');
}

static void show_type(struct dump *d, const char *where, const struct type *t)
{
	if (!t)
		return;
	line(d, where);
	type_print(t, d->out);
	str_addc(d->out, '\n');
}

static bool shown(const char *list)
{
	return strcmp(list, "deps") != 0 && strcmp(list, "lookups") != 0;
}

static void item(struct dump *d, const char *name, uint32_t i)
{
	str_fill(d->out, ' ', d->depth * 2);
	str_printf(d->out, "%s %u\n", name, i);
	d->depth++;
}

// The X-macros know a structure's name only where it begins: there it becomes `self`.
#define PLAN_STRUCT(s)                                         \
	static void show_##s(struct dump *d, const struct s *v)       \
	{                                                      \
		static const char self[] = #s;                 \
		(void)self;                                    \
		(void)v;
#define WHERE(m) where(place, sizeof place, self, #m)
#define NUMBER(m) { char place[64]; show_number(d, WHERE(m), v->m); }
#define PLAN_U32(m) NUMBER(m)
#define PLAN_U64(m) NUMBER(m)
#define PLAN_I64(m) NUMBER(m)
#define PLAN_BOOL(m) NUMBER(m)
#define PLAN_STR(m) { char place[64]; show_string(d, WHERE(m), v->m); }
#define PLAN_BYTES(m) NUMBER(m##_len)
#define PLAN_TYPE(m) { char place[64]; show_type(d, WHERE(m), v->m); }
#define PLAN_LIST(sub, m)                                              \
	for (uint32_t i = 0; shown(#m) && i < v->n_##m; i++) {         \
		item(d, #m, i);                                        \
		show_##sub(d, &v->m[i]);                               \
		d->depth--;                                            \
	}
#define PLAN_END }

static const char *where(char *place, size_t room, const char *self, const char *member)
{
	snprintf(place, room, "%s.%s", self, member);
	return place;
}

#include "base/plan.def"
#include "base/plan_undef.h"

void plan_dump(const struct plan *p, struct str *out)
{
	show_plan(&(struct dump){ .out = out }, p);
}

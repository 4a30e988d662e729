// SPDX-License-Identifier: Apache-2.0
// tracepoint: by the cheapest of three mechanisms that keeps the meaning.
//
//   raw tracepoint   the event's own hook, ~20 ns a hit: when the body reads no argument and no kernel stack (there the
//                    frames of the hook itself would stand on top of it)
//   raw syscall      sys_enter or sys_exit with a comparison of the number: for a few syscalls:sys_* events
//   perf             the recorded event, ~50 ns: whatever needs the record, and wildcards over syscalls
//
// The kind of program is fixed when it is compiled, so the choice is made here and kept.
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/near.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/providers.h"

enum { MOST_RAW_SYSCALLS = 4 };

struct event {
	const char *category, *name;
};

struct events {
	struct arena *arena;
	VEC(struct event) found;
	struct map raw; // names of raw tracepoints that could serve
};

// What field() must know of a site.
struct detail {
	const struct event_field *field;
	size_t n;
	bool is_syscall, is_exit;
	int syscall;
	const char *event; // for arg_loc.event
};

static void add_event(void *arg, const char *category, const char *name)
{
	struct events *e = arg;

	vec_push(e->arena, &e->found, (struct event){ arena_strdup(e->arena, category), arena_strdup(e->arena, name) });
}

static void add_raw(void *arg, const char *name)
{
	struct events *e = arg;

	*map_puts(&e->raw, name) = e;
}

static const struct {
	const char *event, *syscall;
} renamed[] = { // the event has the name of the function, the table that of the call
	{ "newstat", "stat" }, { "newfstat", "fstat" }, { "newlstat", "lstat" }, { "newuname", "uname" },
	{ "umount", "umount2" }, { "sendfile64", "sendfile" },
};

// Number of the call whose event this is, -ENOENT if it is none. The names on the right of the table have events only
// where they mean an old call, so they are left to perf.
static int syscall_of(struct world *w, const struct event *e, bool *is_exit)
{
	const char *name;

	if (strcmp(e->category, "syscalls") != 0)
		return -ENOENT;
	if (strncmp(e->name, "sys_enter_", 10) == 0)
		name = e->name + 10;
	else if (strncmp(e->name, "sys_exit_", 9) == 0)
		name = e->name + 9;
	else
		return -ENOENT;
	*is_exit = name == e->name + 9;
	for (size_t i = 0; i < ARRAY_SIZE(renamed); i++) {
		if (strcmp(name, renamed[i].event) == 0)
			return w->ops->syscall_number(w, renamed[i].syscall);
		if (strcmp(name, renamed[i].syscall) == 0)
			return -ENOENT;
	}
	return w->ops->syscall_number(w, name);
}

// Events made at run time may have any name, also that of a raw tracepoint they have nothing to do with.
static bool is_dynamic(const char *category)
{
	static const char *const made[] = { "syscalls", "kprobes", "uprobes", "eprobes", "fprobes", "synthetic", "ftrace", "user_events" };

	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		if (strcmp(category, made[i]) == 0)
			return true;
	return strncmp(category, "probe", 5) == 0;
}

static bool find_events(const struct expand *q, const struct attach_point *ap, const char *category, const char *name, struct events *e)
{
	struct world *w = q->world;
	int rc = w->ops->tracepoints(w, category, name, add_event, e);

	if (rc < 0 && rc != -ENOENT)
		return attach_world_error(q, ap, "tracefs, which lists the tracepoints", rc);
	return true;
}

static bool no_event(const struct expand *q, const struct attach_point *ap, const char *category, const char *name)
{
	struct events all = { .arena = q->arena };
	struct near near = near_to(arena_printf(q->arena, "%s:%s", category, name));

	if (q->list_only)
		return true;
	if (!glob_is(category) && !glob_is(name) && q->world->ops->tracepoints(q->world, "*", "*", add_event, &all) >= 0)
		for (size_t i = 0; i < all.found.n; i++)
			near_offer(&near, arena_printf(q->arena, "%s:%s", all.found.v[i].category, all.found.v[i].name));
	if (near.best)
		diag_error(q->diag, ap->span, E_NO_MATCH, "there is no tracepoint '%s'; did you mean 'tracepoint:%s'?", near.want, near.best);
	else
		diag_error(q->diag, ap->span, E_NO_MATCH, "No matches for tracepoint %s:%s; 'spile -l tracepoint:*' lists what there is",
			   category, name);
	return true;
}

static const struct detail *detail_of(const struct expand *q, const struct event *e, int nr, bool is_exit)
{
	struct detail *d = arena_new_(q->arena, struct detail);

	*d = (struct detail){ .is_syscall = strcmp(e->category, "syscalls") == 0, .is_exit = is_exit, .syscall = nr,
				.event = arena_printf(q->arena, "tracepoint %s:%s", e->category, e->name) };
	if (q->world->ops->tracepoint_fields(q->world, e->category, e->name, &d->field, &d->n) < 0)
		d->n = 0;
	return d;
}

static void add_site(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct event *e,
		     struct events *all, struct site_list *out)
{
	bool args = q->uses & (PT_ARGS | PT_ARGN | PT_CTX), is_exit = false;
	int nr = q->list_only || all->found.n > MOST_RAW_SYSCALLS ? -ENOENT : syscall_of(q->world, e, &is_exit);
	const char *full = arena_printf(q->arena, "%s:%s", e->category, e->name);
	const char *name = attach_name(ap, arena_printf(q->arena, "%s:%s", t->name, full));
	struct site s = { .plan = { .name = name, .provider = t->name, .target = e->category, .func = e->name } };

	s.variant = args ? full : attach_variant(q, name);
	if (nr >= 0 && !(q->uses & PT_KSTACK)) {
		// typed, the program reads registers and the task without a helper call
		s.kind = q->world->ops->feature(q->world, FEATURE_TP_BTF) ? PROG_TP_BTF : PROG_RAW_TP;
		s.attach_to = s.kind == PROG_TP_BTF ? (is_exit ? "sys_exit" : "sys_enter") : NULL;
		s.plan.mechanism = MECH_RAW_SYSCALL;
		s.plan.syscall = (uint32_t)nr + 1;
		s.plan.note = is_exit ? "raw tracepoint sys_exit, compared by number" : "raw tracepoint sys_enter, compared by number";
		s.variant = full; // each compares its own number
	} else if (!args && !(q->uses & PT_KSTACK) && !is_dynamic(e->category) && map_gets(&all->raw, e->name)) {
		s.kind = PROG_RAW_TP;
		s.plan.mechanism = MECH_RAW_TP;
		s.plan.note = "raw tracepoint: no argument is read";
		s.variant = q->uses & PT_PROBE ? full : ""; // raw tracepoints got cookies late
	} else {
		s.kind = PROG_TRACEPOINT;
		s.plan.mechanism = MECH_PERF_TRACEPOINT;
	}
	if (args || q->list_only)
		s.detail = detail_of(q, e, nr, is_exit);
	site_add(out, &s);
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct events e = { .arena = q->arena };

	if ((ap->n != 1 && ap->n != 2) || !*ap->part[0] || !*ap->part[ap->n - 1])
		return attach_wrong_parts(t, q, ap);
	const char *category = ap->n == 2 ? ap->part[0] : "*", *name = ap->part[ap->n - 1];

	if (!find_events(q, ap, category, name, &e))
		return false;
	if (!e.found.n)
		return no_event(q, ap, category, name);
	map_init(&e.raw, q->arena);
	if (!(q->uses & (PT_ARGS | PT_ARGN | PT_CTX | PT_KSTACK)) && !q->list_only)
		q->world->ops->raw_tracepoints(q->world, e.found.n == 1 ? e.found.v[0].name : name, add_raw, &e);
	for (size_t i = 0; i < e.found.n; i++)
		add_site(t, q, ap, &e.found.v[i], &e, out);
	return true;
}

static bool args(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field **f, size_t *n)
{
	const struct detail *d = s->detail;

	if (!d)
		return false;
	*f = d->field;
	*n = d->n;
	return true;
}

// Pointers among a system call's arguments are the caller's; those of other events the kernel's.
static const struct type *in_space(struct world *w, const struct detail *d, const struct type *t)
{
	return d->is_syscall && t->kind == TYPE_POINTER ? type_pointer(w->types, t->elem, SPACE_USER) : t;
}

static bool syscall_field(const struct detail *d, const struct event_field *f, struct arg_loc *ret)
{
	bool has_number = d->n && strcmp(d->field[0].name, "__syscall_nr") == 0;

	if (strcmp(f->name, "__syscall_nr") == 0) {
		ret->where = ARG_CONST;
		ret->value = d->syscall;
	} else if (d->is_exit) {
		ret->where = ARG_RAW;
		ret->offset = 1;
	} else {
		ret->where = ARG_SYSCALL;
		ret->offset = (int32_t)(f - d->field) - has_number;
	}
	return ret->where != ARG_SYSCALL || (ret->offset >= 0 && ret->offset < 6);
}

#define SHORT_STRING 200 // bytes, as max_strlen then has: see lang/config.c

// Where keys are short, strings are, or none could be a key.
static const struct type *short_string(struct world *w, const struct type *t)
{
	if (t->kind != TYPE_STRING || t->count <= SHORT_STRING || !w->ops->feature || w->ops->feature(w, FEATURE_LONG_KEYS))
		return t;
	return type_string(w->types, SHORT_STRING);
}

static bool field(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field *f, struct arg_loc *ret)
{
	const struct detail *d = s->detail;
	struct arg_loc loc = { .index = -1, .offset = (int32_t)f->offset, .is_signed = f->is_signed };

	if (!d)
		return false;
	loc.type = f->data_loc ? short_string(w, f->type) : in_space(w, d, f->type);
	loc.event = s->plan.mechanism == MECH_RAW_SYSCALL ? NULL : d->event;
	loc.member = f->name;
	loc.size = (uint8_t)MIN(loc.type->size ? loc.type->size : 8, 8u);
	if (s->plan.mechanism == MECH_RAW_SYSCALL) {
		if (f < d->field || f >= d->field + d->n || !syscall_field(d, f, &loc))
			return false;
	} else if (f->data_loc) {
		loc.where = ARG_CTX_LOC;
	} else if (type_is_scalar(loc.type)) {
		loc.where = ARG_CTX;
	} else {
		loc.where = ARG_CTX_ADDR;
	}
	*ret = loc;
	return true;
}

// argN: of system calls only, whose fields are their arguments in order, behind the call's number.
static bool arg(const struct probe_type *t, struct world *w, const struct site *s, unsigned n, struct arg_loc *ret)
{
	const struct detail *d = s->detail;

	if (!d || !d->is_syscall || d->is_exit || !d->n || strcmp(d->field[0].name, "__syscall_nr") != 0 || n + 1 >= d->n)
		return false;
	return field(t, w, s, &d->field[n + 1], ret);
}

const struct probe_type probe_tracepoint = {
	.name = "tracepoint",
	.event = "tracepoint",
	.aliases = { "t" },
	.forms = "'tracepoint:CATEGORY:EVENT' or 'tracepoint:EVENT', with '*' in either",
	.probetype = "tracepoint",
	.doc = "an event the kernel declares, with named arguments",
	.offers = PT_CALL | PT_ARGS | PT_ARGN | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.pid_filter = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.arg = arg,
	.args = args,
	.field = field,
	.list = attach_list_sites,
	.attach = attach_tracepoints,
};

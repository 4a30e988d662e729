// SPDX-License-Identifier: Apache-2.0
#include "runtime/attach/bpf_program.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/near.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/trampoline.h"

struct point {
	const char *text; // "NAME", "ID:NAME", "*:NAME"
	const char *id, *name; // id NULL: none written
	bool is_pattern;
};

struct function {
	uint32_t id;
	const char *name;
	bool has_types;
};

struct found {
	struct arena *arena;
	VEC(struct function) list;
	size_t typed;
};

bool bpf_program_is(const struct attach_point *ap)
{
	return ap->n && strcmp(ap->part[0], WORLD_BPF) == 0;
}

static bool read_point(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct point *ret)
{
	struct point p = { .name = ap->part[ap->n - 1], .id = ap->n == 3 ? ap->part[1] : NULL };
	uint64_t id = 1;

	if (ap->n < 2 || ap->n > 3 || !*p.name || (p.id && !*p.id))
		return attach_wrong_parts(t, q, ap);
	bool any = p.id && strcmp(p.id, "*") == 0;
	if (p.id && !any && (!parse_u64(p.id, &id) || !id || id > UINT32_MAX)) {
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' is no number of a BPF program, nor '*'", p.id);
		return false;
	}
	if (p.id && !any)
		p.id = arena_printf(q->arena, "%u", (unsigned)id);
	p.text = p.id ? arena_printf(q->arena, "%s:%s", p.id, p.name) : p.name;
	p.is_pattern = any || glob_is(p.name);
	*ret = p;
	return true;
}

static void add_found(void *arg, uint32_t id, const char *name, bool has_types)
{
	struct found *f = arg;

	f->typed += has_types;
	vec_push(f->arena, &f->list, (struct function){ id, arena_strdup(f->arena, name), has_types });
}

// Which function of which program it is, is looked up where the script is run: by its name alone where nothing else was written.
static void add_site(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, enum prog_kind kind, const struct function *fn,
		     const struct point *p, struct site_list *out)
{
	bool by_name = !p->id && !p->is_pattern;
	const char *target = by_name ? fn->name : arena_printf(q->arena, "%u:%s", fn->id, fn->name);
	const struct trampoline *d = trampoline_of(q, WORLD_BPF, target);
	const char *full = arena_printf(q->arena, WORLD_BPF ":%s", target);
	struct site s = { .kind = kind, .attach_to = full, .variant = full, .detail = d, .optional = p->is_pattern };

	if (!d)
		return;
	s.plan = (struct plan_site){
		.name = attach_name(ap, arena_printf(q->arena, "%s:%s", t->name, full)),
		.provider = t->name, .target = WORLD_BPF, .func = fn->name, .mechanism = MECH_TRAMPOLINE,
	};
	site_add(out, &s);
}

// What went wrong -----------------------------------------------------------------------------------------------------

static bool cannot_ask(const struct expand *q, const struct attach_point *ap, int error)
{
	if (error == -EPERM || error == -EACCES)
		diag_error(q->diag, ap->span, E_RIGHTS, "'%s': only root, or who has CAP_SYS_ADMIN, may look at the BPF programs that run", ap->text);
	else
		diag_error(q->diag, ap->span, E_NO_MATCH, "'%s': the BPF programs that run cannot be read: %s", ap->text, strerror(-error));
	return false;
}

static bool untyped(const struct expand *q, const struct attach_point *ap, const struct function *fn)
{
	diag_error(q->diag, ap->span, E_NO_MATCH, "BPF program %u ('%s') has no type information (BTF): the kernel attaches nothing to such a one", fn->id,
		   fn->name);
	return false;
}

static bool several(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct found *f)
{
	_str_ struct str all = { 0 };

	uint32_t first = 0;

	for (size_t i = 0; i < f->list.n; i++) {
		if (!f->list.v[i].has_types)
			continue;
		first = first ? first : f->list.v[i].id;
		str_printf(&all, "%s%u", all.n ? ", " : "", f->list.v[i].id);
	}
	const char *name = ap->part[ap->n - 1];
	diag_error(q->diag, ap->span, E_ATTACH_POINT, "several BPF programs have a function '%s': say which by its number (%s), as in '%s:bpf:%u:%s', or '%s:bpf:*:%s' "
		   "for all", name, str_z(&all), t->name, first, name, t->name, name);
	return false;
}

static bool none(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct point *p)
{
	struct found all = { .arena = q->arena };
	struct near near = near_to(p->name);
	const char *of = p->id && strcmp(p->id, "*") ? p->id : NULL;

	if (p->is_pattern) {
		diag_error(q->diag, ap->span, E_NO_MATCH, "No matches for %s bpf:%s; 'spile -l \"%s:bpf:*\"' lists what there is", t->name, p->text, t->name);
		return false;
	}
	int err = q->world->ops->bpf_functions(q->world, of ? arena_printf(q->arena, "%s:*", of) : "*", add_found, &all);
	for (size_t i = 0; i < all.list.n; i++)
		near_offer(&near, all.list.v[i].name);
	const char *hint = near.best ? arena_printf(q->arena, "; did you mean '%s'?", near.best) : "";
	if (of && err)
		diag_error(q->diag, ap->span, E_NO_MATCH, "no BPF program %s runs", of);
	else if (of)
		diag_error(q->diag, ap->span, E_NO_MATCH, "BPF program %s has no function '%s'%s", of, p->name, hint);
	else
		diag_error(q->diag, ap->span, E_NO_MATCH, "no BPF program that runs has a function '%s'%s", p->name, hint);
	return false;
}

// The whole -----------------------------------------------------------------------------------------------------------

static void add_all(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, enum prog_kind kind, const struct found *f,
		    const struct point *p, struct site_list *out)
{
	for (size_t i = 0; i < f->list.n; i++)
		if (f->list.v[i].has_types)
			add_site(t, q, ap, kind, &f->list.v[i], p, out);
}

bool bpf_program_expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, enum prog_kind kind, struct site_list *out)
{
	struct found f = { .arena = q->arena };
	struct point p;
	size_t before = out->n;

	if (!read_point(t, q, ap, &p))
		return false;
	if (!q->world->ops->bpf_functions) {
		diag_error(q->diag, ap->span, E_FEATURE, "'%s': which BPF programs run, only the machine itself can say", ap->text);
		return false;
	}
	int err = q->world->ops->bpf_functions(q->world, p.text, add_found, &f);
	if (q->list_only && err == -EPERM)
		return cannot_ask(q, ap, err);
	if (q->list_only) {
		p.id = "*"; // they are told with their numbers
		add_all(t, q, ap, kind, &f, &p, out);
		return true;
	}
	if (err && err != -ENOENT)
		return cannot_ask(q, ap, err);
	if (!f.typed)
		return f.list.n && !p.is_pattern ? untyped(q, ap, &f.list.v[0]) : none(t, q, ap, &p);
	if (!p.id && !p.is_pattern && f.typed > 1)
		return several(t, q, ap, &f);
	add_all(t, q, ap, kind, &f, &p, out);
	return out->n > before || none(t, q, ap, &p); // it ended meanwhile
}

bool bpf_program_list(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, enum prog_kind kind, struct site_list *out)
{
	const char *part[] = { WORLD_BPF, ap->n ? ap->part[ap->n - 1] : "" };
	struct attach_point of = *ap;

	of.part = part;
	of.n = ARRAY_SIZE(part);
	if (!q->list_only || !q->world->ops->bpf_functions || ap->n < 1 || ap->n > 2 || !*part[1] || (ap->n == 2 && !glob_match(ap->part[0], WORLD_BPF)))
		return false;
	return bpf_program_expand(t, q, &of, kind, out);
}

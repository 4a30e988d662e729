// SPDX-License-Identifier: Apache-2.0
// rawtracepoint: the hook below a tracepoint, with the arguments of its prototype as BTF has it.
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/near.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/providers.h"

struct names {
	struct arena *arena;
	VEC(const char *) found;
};

struct detail {
	const struct event_field *field;
	size_t n;
	const char *event; // for arg_loc.event
};

static void add_name(void *arg, const char *name)
{
	struct names *l = arg;

	vec_push(l->arena, &l->found, arena_strdup(l->arena, name));
}

static bool no_event(const struct expand *q, const struct attach_point *ap, const char *module, const char *name)
{
	struct names all = { .arena = q->arena };
	struct near near = near_to(name);

	if (q->list_only)
		return true;
	if (!glob_match(module, "vmlinux")) {
		diag_error(q->diag, ap->span, E_NO_MATCH, "raw tracepoints are known of vmlinux only, not of module '%s'", module);
		return true;
	}
	if (!glob_is(name) && q->world->ops->raw_tracepoints(q->world, "*", add_name, &all) >= 0)
		for (size_t i = 0; i < all.found.n; i++)
			near_offer(&near, all.found.v[i]);
	if (near.best)
		diag_error(q->diag, ap->span, E_NO_MATCH, "there is no raw tracepoint '%s'; did you mean '%s'?", name, near.best);
	else
		diag_error(q->diag, ap->span, E_NO_MATCH, "No matches for rawtracepoint %s; 'spile -l rawtracepoint:*' lists what there is", name);
	return true;
}

static void add_site(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const char *event,
		     struct site_list *out)
{
	bool args = q->uses & (PT_ARGS | PT_ARGN) || q->list_only;
	struct site s = { .kind = PROG_RAW_TP, .variant = args || q->uses & PT_PROBE ? event : "" };
	struct detail *d = NULL;

	s.plan = (struct plan_site){
		.name = attach_name(ap, arena_printf(q->arena, "%s:vmlinux:%s", t->name, event)),
		.provider = t->name, .target = "vmlinux", .func = event, .mechanism = MECH_RAW_TP,
	};
	if (args) {
		d = arena_new_(q->arena, struct detail);
		if (q->world->ops->raw_tracepoint_args(q->world, event, &d->field, &d->n) < 0)
			d = NULL;
		else
			d->event = arena_printf(q->arena, "rawtracepoint %s", event);
	}
	s.detail = d;
	site_add(out, &s);
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct names l = { .arena = q->arena };

	if ((ap->n != 1 && ap->n != 2) || !*ap->part[ap->n - 1])
		return attach_wrong_parts(t, q, ap);
	const char *module = ap->n == 2 ? ap->part[0] : "*", *name = ap->part[ap->n - 1];
	int rc = glob_match(module, "vmlinux") ? q->world->ops->raw_tracepoints(q->world, name, add_name, &l) : 0;

	if (rc < 0 && rc != -ENOENT) {
		diag_error(q->diag, ap->span, E_FEATURE, "rawtracepoint needs the kernel's type information (CONFIG_DEBUG_INFO_BTF); tracepoint does not");
		return false;
	}
	if (!l.found.n)
		return no_event(q, ap, module, name);
	for (size_t i = 0; i < l.found.n; i++)
		add_site(t, q, ap, l.found.v[i], out);
	return true;
}

static bool place(const struct event_field *f, size_t index, struct arg_loc *ret)
{
	*ret = (struct arg_loc){
		.where = ARG_RAW, .offset = (int32_t)index, .index = -1, .is_signed = f->is_signed, .type = f->type,
		.size = (uint8_t)(f->type->size && f->type->size < 8 ? f->type->size : 8),
	};
	return true;
}

static bool arg(const struct probe_type *t, struct world *w, const struct site *s, unsigned n, struct arg_loc *ret)
{
	const struct detail *d = s->detail;

	return d && n < d->n && place(&d->field[n], n, ret);
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

static bool field(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field *f, struct arg_loc *ret)
{
	const struct detail *d = s->detail;

	place(f, f->offset / 8, ret);
	ret->event = d ? d->event : NULL;
	ret->member = f->name;
	return true;
}

const struct probe_type probe_rawtracepoint = {
	.name = "rawtracepoint",
	.event = "rawtracepoint",
	.aliases = { "rt" },
	.forms = "'rawtracepoint:EVENT' or 'rawtracepoint:vmlinux:EVENT', with '*' in EVENT",
	.probetype = "rawtracepoint",
	.doc = "the hook below a tracepoint, with its C arguments",
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

// SPDX-License-Identifier: Apache-2.0
// fentry and fexit: functions of the kernel through BPF trampolines, with arguments by name from BTF.
//
// The function is named when the program is loaded, so each has a program of its own. The program gets the arguments in
// slots of 8 bytes, a struct by value in as many as it needs, and fexit the return value behind them.
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/kernel.h"
#include "runtime/attach/providers.h"
#include "runtime/run.h"

struct detail {
	const struct event_field *field; // fexit: the return value is not among them
	size_t n;
	const struct type *ret;
	uint32_t slots;
	const char *event; // for arg_loc.event
};

static const struct detail *detail_of(const struct expand *q, const struct kernel_function *fn)
{
	struct detail *d = arena_new_(q->arena, struct detail);
	const char *in;

	if (q->world->ops->function_args(q->world, fn->module, fn->name, &d->field, &d->n, &d->ret, &in) < 0)
		return NULL;
	d->event = arena_printf(q->arena, "function %s:%s", fn->module, fn->name);
	if (d->n) {
		const struct event_field *last = &d->field[d->n - 1];

		d->slots = last->offset / 8 + (last->size > 8 ? (last->size + 7) / 8 : 1);
	}
	return d;
}

// Without types of its own a function cannot be reached by a trampoline. In patterns such functions are left out.
static bool add_site(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct kernel_function *fn,
		     struct site_list *out)
{
	const struct detail *d = detail_of(q, fn);
	bool is_exit = t == &probe_fexit;
	const char *full = arena_printf(q->arena, "%s:%s", fn->module, fn->name);
	struct site s = { .kind = is_exit ? PROG_FEXIT : PROG_FENTRY, .attach_to = full, .variant = full, .detail = d };

	if (!d)
		return false;
	s.plan = (struct plan_site){
		.name = attach_name(ap, arena_printf(q->arena, "%s:%s", t->name, full)),
		.provider = t->name, .target = fn->module, .func = fn->name, .mechanism = MECH_TRAMPOLINE,
	};
	site_add(out, &s);
	return true;
}

static bool is_ambiguous(const struct expand *q, const struct attach_point *ap, const struct kernel_point *p)
{
	const struct event_field *f;
	const struct type *ret;
	const char *in;
	size_t n;

	if (glob_is(p->name) || q->list_only || q->world->ops->function_args(q->world, p->module, p->name, &f, &n, &ret, &in) != -EEXIST)
		return false;
	diag_error(q->diag, ap->span, E_ATTACH_POINT, "ambiguous attach point, please specify module: several have a function '%s'", p->name);
	return true;
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct kernel_found found = { .arena = q->arena };
	struct kernel_point p;
	size_t added = 0;

	if (ap->n && strcmp(ap->part[0], "bpf") == 0) {
		diag_error(q->diag, ap->span, E_LATER, "'%s': this version does not probe BPF programs; %s", ap->text, t->forms);
		return false;
	}
	if (!kernel_point_read(t, q, ap, false, &p))
		return false;
	if (!q->world->ops->feature(q->world, FEATURE_BTF)) {
		diag_error(q->diag, ap->span, E_FEATURE, "%s needs the kernel's type information (CONFIG_DEBUG_INFO_BTF); kprobe does not", t->name);
		return false;
	}
	if (is_ambiguous(q, ap, &p) || !kernel_point_find(t, q, ap, &p, &found))
		return false;
	for (size_t i = 0; i < found.n; i++)
		added += add_site(t, q, ap, &found.v[i], out);
	if (!added && !q->list_only)
		diag_error(q->diag, ap->span, E_NO_MATCH, "the kernel's type information (BTF) has no function '%s'; kprobe does not need it", p.name);
	return added || q->list_only;
}

static void place(const struct type *type, uint32_t slot, bool is_signed, struct arg_loc *ret)
{
	*ret = (struct arg_loc){ .where = ARG_RAW, .offset = (int32_t)slot, .index = -1, .is_signed = is_signed, .type = type,
				 .size = (uint8_t)(type->size && type->size < 8 ? type->size : 8) };
	if (!type_is_scalar(type)) { // a struct by value lies in the slots
		ret->where = ARG_CTX_ADDR;
		ret->offset = (int32_t)slot * 8;
	}
}

static bool args(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field **f, size_t *n)
{
	const struct detail *d = s->detail;

	*f = d->field;
	*n = d->n;
	return true;
}

static bool field(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field *f, struct arg_loc *ret)
{
	place(f->type, f->offset / 8, f->is_signed, ret);
	ret->event = ((const struct detail *)s->detail)->event;
	ret->member = f->name;
	return true;
}

static bool retval(const struct probe_type *t, struct world *w, const struct site *s, struct arg_loc *ret)
{
	const struct detail *d = s->detail;

	if (d->ret->kind == TYPE_NONE || !type_is_scalar(d->ret))
		return false;
	place(d->ret, d->slots, d->ret->is_signed, ret);
	ret->event = d->event;
	ret->member = "return";
	return true;
}

static int attach(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	int fd = bpf_raw_tracepoint_open(NULL, prog_fd); // the older form of the link; every kernel with trampolines has it

	if (fd < 0)
		return attach_failed(run, prog->sites, -errno);
	link_set_add(links, fd, true, 1);
	return 0;
}

#define FORMS(name) "'" name ":FUNCTION' or '" name ":MODULE:FUNCTION', with '*' in names"
#define ALWAYS (PT_ARGS | PT_FUNC | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL)

const struct probe_type probe_fentry = {
	.name = "fentry",
	.aliases = { "f", "kfunc" },
	.forms = FORMS("fentry"),
	.probetype = "fentry",
	.doc = "entry of a kernel function, with typed arguments",
	.last_first = true,
	.offers = ALWAYS,
	.pid_filter = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.args = args,
	.field = field,
	.list = attach_list_sites,
	.attach = attach,
};

const struct probe_type probe_fexit = {
	.name = "fexit",
	.aliases = { "fr", "kretfunc" },
	.forms = FORMS("fexit"),
	.probetype = "fexit",
	.doc = "return of a kernel function, with typed arguments",
	.last_first = true,
	.offers = ALWAYS | PT_RETVAL,
	.pid_filter = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.args = args,
	.field = field,
	.retval = retval,
	.list = attach_list_sites,
	.attach = attach,
};

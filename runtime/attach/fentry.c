// SPDX-License-Identifier: Apache-2.0
// fentry and fexit: functions of the kernel and of BPF programs through BPF trampolines, with arguments by name from BTF.
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/bpf_program.h"
#include "runtime/attach/kernel.h"
#include "runtime/attach/providers.h"
#include "runtime/attach/trampoline.h"

static enum prog_kind kind_of(const struct probe_type *t)
{
	return t == &probe_fexit ? PROG_FEXIT : PROG_FENTRY;
}

// Without types of its own a function cannot be reached by a trampoline. In patterns such functions are left out.
static bool add_site(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct kernel_function *fn,
		     struct site_list *out)
{
	const struct trampoline *d = trampoline_of(q, fn->module, fn->name);
	const char *full = arena_printf(q->arena, "%s:%s", fn->module, fn->name);
	struct site s = { .kind = kind_of(t), .attach_to = full, .variant = full, .detail = d };

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

	if (bpf_program_is(ap))
		return bpf_program_expand(t, q, ap, kind_of(t), out);
	bpf_program_list(t, q, ap, kind_of(t), out);
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

#define FORMS(name) "'" name ":FUNCTION', '" name ":MODULE:FUNCTION', " BPF_PROGRAM_FORMS(name) ", with '*' in names"
#define ALWAYS (PT_ARGS | PT_FUNC | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL)

const struct probe_type probe_fentry = {
	.name = "fentry",
	.aliases = { "f", "kfunc" },
	.forms = FORMS("fentry"),
	.probetype = "fentry",
	.doc = "entry of a kernel function, or of a BPF program, with typed arguments",
	.last_first = true,
	.event = "function",
	.offers = ALWAYS,
	.pid_filter = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.args = trampoline_args,
	.field = trampoline_field,
	.list = attach_list_sites,
	.attach = trampoline_attach,
};

const struct probe_type probe_fexit = {
	.name = "fexit",
	.aliases = { "fr", "kretfunc" },
	.forms = FORMS("fexit"),
	.probetype = "fexit",
	.doc = "return of a kernel function, or of a BPF program, with typed arguments",
	.last_first = true,
	.event = "function",
	.offers = ALWAYS | PT_RETVAL,
	.pid_filter = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.args = trampoline_args,
	.field = trampoline_field,
	.retval = trampoline_retval,
	.list = attach_list_sites,
	.attach = trampoline_attach,
};

// SPDX-License-Identifier: Apache-2.0
// kprobe and kretprobe: functions of the kernel, by name or pattern; kprobe also an offset in one, or an address.
//
// All functions of a body share one program and, where the kernel has them, one kprobe_multi link. Offsets and addresses
// are for the breakpoints of perf events, and are a program of their own.
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/kernel.h"
#include "runtime/attach/providers.h"
#include "runtime/attach/regs.h"

static void add_site(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct kernel_point *p,
		     const struct kernel_function *fn, struct site_list *out)
{
	bool is_return = t == &probe_kretprobe, multi = !p->has_offset && !p->address && strcmp(fn->module, "vmlinux") == 0;
	const char *name = p->has_module ? arena_printf(q->arena, "%s:%s:%s", t->name, fn->module, fn->name)
					 : arena_printf(q->arena, "%s:%s", t->name, fn->name);

	if (p->has_offset)
		name = arena_printf(q->arena, "%s+%llu", name, (unsigned long long)p->offset);
	name = attach_name(ap, name);
	struct site s = { .kind = PROG_KPROBE, .variant = is_return ? attach_return_variant(q, name) : attach_variant(q, name) };

	s.plan = (struct plan_site){ .name = name, .provider = t->name, .target = fn->module, .func = fn->name, .func_offset = p->offset,
				     .address = p->address };
	s.plan.mechanism = multi ? is_return ? MECH_KRETPROBE_MULTI : MECH_KPROBE_MULTI : is_return ? MECH_PERF_KRETPROBE : MECH_PERF_KPROBE;
	if (!multi)
		s.variant = arena_printf(q->arena, "perf %s", p->has_offset && q->uses & PT_FUNC ? name : s.variant);
	site_add(out, &s);
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct kernel_found found = { .arena = q->arena };
	struct kernel_point p;

	if (!kernel_point_read(t, q, ap, t == &probe_kprobe, &p))
		return false;
	if (!p.name) {
		const char *text = arena_printf(q->arena, "%llu", (unsigned long long)p.address);

		add_site(t, q, ap, &p, &(struct kernel_function){ p.module, text }, out);
		return true;
	}
	if (!kernel_point_find(t, q, ap, &p, &found))
		return false;
	for (size_t i = 0; i < found.n; i++)
		add_site(t, q, ap, &p, &found.v[i], out);
	return true;
}

static bool arg(const struct probe_type *t, struct world *w, const struct site *s, unsigned n, struct arg_loc *ret)
{
	int reg = reg_argument(n);

	if (reg < 0)
		return false;
	*ret = (struct arg_loc){ .where = ARG_REG, .offset = reg, .index = -1, .size = 8, .type = type_int(w->types, 8, false) };
	return true;
}

static bool retval(const struct probe_type *t, struct world *w, const struct site *s, struct arg_loc *ret)
{
	*ret = (struct arg_loc){ .where = ARG_REG, .offset = reg_return(), .index = -1, .size = 8, .type = type_int(w->types, 8, false) };
	return true;
}

const struct probe_type probe_kprobe = {
	.name = "kprobe",
	.event = "function",
	.aliases = { "k" },
	.forms = "'kprobe:FUNCTION', 'kprobe:MODULE:FUNCTION' or 'kprobe:FUNCTION+OFFSET', with '*' in names",
	.probetype = "kprobe",
	.doc = "entry of a kernel function",
	.last_first = true,
	.offers = PT_ARGN | PT_REGS | PT_CTX | PT_FUNC | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.pid_filter = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.arg = arg,
	.list = attach_list_sites,
	.attach = attach_kprobes,
};

const struct probe_type probe_kretprobe = {
	.name = "kretprobe",
	.event = "function",
	.aliases = { "kr" },
	.forms = "'kretprobe:FUNCTION' or 'kretprobe:MODULE:FUNCTION', with '*' in names",
	.probetype = "kretprobe",
	.doc = "return of a kernel function",
	.last_first = true,
	.offers = PT_RETVAL | PT_REGS | PT_CTX | PT_FUNC | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.pid_filter = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.retval = retval,
	.list = attach_list_sites,
	.attach = attach_kprobes,
};

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
#include "runtime/attach/trampoline.h"

static bool asks_args(const struct probe_type *t, const struct expand *q)
{
	return t == &probe_kprobe && q->uses & PT_ARGS;
}

// False: the script asks for arguments by name, and the kernel's types have no such function. In patterns those are left out.
static bool add_site(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct kernel_point *p,
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
	if (asks_args(t, q)) {
		s.variant = name;
		s.detail = trampoline_of(q, fn->module, fn->name);
		if (!s.detail)
			return false;
	}
	if (!multi)
		s.variant = arena_printf(q->arena, "perf %s", p->has_offset && q->uses & PT_FUNC ? name : s.variant);
	site_add(out, &s);
	return true;
}

static bool no_args(const struct expand *q, const struct attach_point *ap, const struct kernel_point *p)
{
	if (p->has_offset || p->address)
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "args: the arguments of a function are at hand where it begins, not at '%s'", ap->text);
	else if (!q->world->ops->feature(q->world, FEATURE_BTF))
		diag_error(q->diag, ap->span, E_FEATURE, "args needs the kernel's type information (CONFIG_DEBUG_INFO_BTF); arg0, arg1, … do not");
	else
		diag_error(q->diag, ap->span, E_NO_MATCH, "args: the kernel's type information (BTF) has no function '%s'; arg0, arg1, … do not need it", p->name);
	return false;
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct kernel_found found = { .arena = q->arena };
	struct kernel_point p;
	size_t added = 0;

	if (!kernel_point_read(t, q, ap, t == &probe_kprobe, &p))
		return false;
	if (asks_args(t, q) && (p.has_offset || p.address) && !q->list_only)
		return no_args(q, ap, &p);
	if (!p.name) {
		const char *text = arena_printf(q->arena, "%llu", (unsigned long long)p.address);

		add_site(t, q, ap, &p, &(struct kernel_function){ p.module, text }, out);
		return true;
	}
	if (!kernel_point_find(t, q, ap, &p, &found))
		return false;
	for (size_t i = 0; i < found.n; i++)
		added += add_site(t, q, ap, &p, &found.v[i], out);
	return added || !found.n || q->list_only || no_args(q, ap, &p);
}

static bool arg(const struct probe_type *t, struct world *w, const struct site *s, unsigned n, struct arg_loc *ret)
{
	int reg = reg_argument(n);

	if (reg < 0)
		return false;
	*ret = (struct arg_loc){ .where = ARG_REG, .offset = reg, .index = -1, .size = 8, .type = type_int(w->types, 8, false) };
	return true;
}

// By the kernel's types, and only at a function's first instruction. Some compilers' copies of functions (f.isra.0) have none.
static bool args(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field **f, size_t *n)
{
	return s->detail && trampoline_args(t, w, s, f, n);
}

// A struct of more than two words lies on the stack, and takes none of the slots that count its words.
static bool behind_large(const struct site *s, const struct event_field *f)
{
	const struct trampoline *d = s->detail;

	for (size_t i = 0; i < d->n && d->field[i].offset <= f->offset; i++)
		if (d->field[i].size > 16)
			return true;
	return false;
}

static bool field(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field *f, struct arg_loc *ret)
{
	const struct trampoline *d = s->detail;

	if (!type_is_scalar(f->type) || behind_large(s, f) || !arg(t, w, s, f->offset / 8, ret))
		return false;
	ret->type = f->type;
	ret->size = (uint8_t)(f->type->size && f->type->size < 8 ? f->type->size : 8);
	ret->is_signed = f->is_signed;
	ret->event = d->event;
	ret->member = f->name;
	return true;
}

static enum call_key call_key(const struct probe_type *t, const struct site *s)
{
	return t == &probe_kretprobe ? CALL_KERNEL_RETURNED : CALL_SP;
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
	.offers = PT_CALL | PT_ARGS | PT_ARGN | PT_OVERRIDE | PT_REGS | PT_CTX | PT_FUNC | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.pid_filter = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.arg = arg,
	.args = args,
	.field = field,
	.call_key = call_key,
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
	.offers = PT_CALL | PT_RETVAL | PT_REGS | PT_CTX | PT_FUNC | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.pid_filter = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.retval = retval,
	.call_key = call_key,
	.list = attach_list_sites,
	.attach = attach_kprobes,
};

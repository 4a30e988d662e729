// SPDX-License-Identifier: Apache-2.0
// lsm: the places where the kernel asks its security modules whether something may be done, with arguments by name from BTF.
//
// A hook is a function bpf_lsm_HOOK, which the kernel calls where the module "bpf" is active. A program sees the arguments and not
// what is decided: the kernel asks the modules one after the other, and none any more after the first that refuses.
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/near.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/providers.h"
#include "runtime/attach/trampoline.h"
#include "runtime/lsm.h"
#include "runtime/run.h"

// Names of that form in BTF that are no hooks: kernel/bpf/bpf_lsm.c has helpers of its own.
static bool is_hook(const char *name)
{
	static const char *const others[] = { "is_sleepable_hook", "is_trusted", "verify_prog", "find_cgroup_shim", "get_retval_range", "func_proto", "cgroup_*",
					      "init", "has_d_inode_locked", "hook_returns_errno", "*.*" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (glob_match(others[i], name))
			return false;
	return true;
}

struct search {
	struct arena *arena;
	VEC(const char *) found; // without the prefix
	struct near near;
	bool any;
};

static void add(void *arg, const char *module, const char *name)
{
	struct search *s = arg;
	const char *hook = name + strlen(LSM_PREFIX);

	s->any = true;
	if (strcmp(module, "vmlinux") == 0 && is_hook(hook))
		vec_push(s->arena, &s->found, arena_strdup(s->arena, hook));
}

static void offer(void *arg, const char *module, const char *name)
{
	struct search *s = arg;

	s->any = true;
	if (is_hook(name + strlen(LSM_PREFIX)))
		near_offer_copy(&s->near, s->arena, name + strlen(LSM_PREFIX));
}

static bool add_site(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const char *hook, struct site_list *out)
{
	const char *func = arena_printf(q->arena, LSM_PREFIX "%s", hook), *full = arena_printf(q->arena, "vmlinux:%s", func);
	const struct trampoline *d = trampoline_of(q, "vmlinux", func);
	struct site s = { .kind = PROG_LSM, .attach_to = full, .variant = full, .detail = d, .optional = glob_is(ap->part[0]) };

	if (!d)
		return false;
	s.plan = (struct plan_site){
		.name = attach_name(ap, arena_printf(q->arena, "%s:%s", t->name, hook)),
		.provider = t->name, .target = "vmlinux", .func = func, .mechanism = MECH_TRAMPOLINE,
	};
	site_add(out, &s);
	return true;
}

static bool none_found(const struct expand *q, const struct attach_point *ap, const char *name)
{
	struct search all = { .arena = q->arena, .near = near_to(name) };

	if (q->list_only)
		return true;
	q->world->ops->kernel_functions(q->world, "vmlinux", LSM_PREFIX "*", offer, &all);
	if (!all.any)
		diag_error(q->diag, ap->span, E_FEATURE, "lsm needs a kernel whose hooks BPF can be attached to (CONFIG_BPF_LSM), and its type information "
			   "(CONFIG_DEBUG_INFO_BTF); kprobe:security_%s needs neither", name);
	else if (glob_is(name))
		diag_error(q->diag, ap->span, E_NO_MATCH, "No matches for lsm %s; 'spile -l \"lsm:*\"' lists what there is", name);
	else if (all.near.best)
		diag_error(q->diag, ap->span, E_NO_MATCH, "this kernel's security modules have no hook '%s'; did you mean '%s'?", name, all.near.best);
	else
		diag_error(q->diag, ap->span, E_NO_MATCH, "this kernel's security modules have no hook '%s'; 'spile -l \"lsm:*\"' lists them", name);
	return false;
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct search found = { .arena = q->arena };
	size_t added = 0;

	if (ap->n != 1 || !*ap->part[0])
		return attach_wrong_parts(t, q, ap);
	const char *name = ap->part[0];
	if (!glob_is(name)) {
		added = is_hook(name) && add_site(t, q, ap, name, out);
	} else {
		q->world->ops->kernel_functions(q->world, "vmlinux", arena_printf(q->arena, LSM_PREFIX "%s", name), add, &found);
		for (size_t i = 0; i < found.found.n; i++)
			added += add_site(t, q, ap, found.found.v[i], out);
	}
	return added ? true : none_found(q, ap, name);
}

// A hook without a result is told of something; the others answer 0, or the error that the process gets.
static const struct probe_verdict *verdict(const struct probe_type *t, const struct site *s)
{
	static const struct probe_verdict nothing, refuses = {
		.least = -4095, .decides = "decides whether the process may do it", .values = "0, or -1 to -4095: the error that the process gets",
	};

	return ((const struct trampoline *)s->detail)->ret->kind == TYPE_NONE ? &nothing : &refuses;
}

static int attach(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	const struct plan_site *s = prog->sites;
	_str_ struct str why = { 0 };

	if (prog_fd < 0) // left out
		return 0;
	if (lsm_is_active(run_world(run)))
		return trampoline_attach(t, run, prog, prog_fd, links);
	lsm_explain(&(struct lsm_trial){ .state = LSM_NOT_ACTIVE }, &why);
	str_adds(&why, "; ");
	lsm_instead(run_world(run), s->func + strlen(LSM_PREFIX), &why);
	diag_error(run_diag(run), (struct span){ 0 }, E_ATTACH, "Unable to attach probe: %s: %s", s->name, str_z(&why));
	return -EOPNOTSUPP;
}

const struct probe_type probe_lsm = {
	.name = "lsm",
	.event = "function",
	.prefix = LSM_PREFIX,
	.forms = "'lsm:HOOK', with '*' in HOOK",
	.probetype = "lsm",
	.doc = "what the kernel asks its security modules, with typed arguments",
	.offers = PT_ARGS | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.pid_filter = true,
	.last_first = true,
	.arg_space = SPACE_KERNEL,
	.expand = expand,
	.args = trampoline_args,
	.field = trampoline_field,
	.list = attach_list_sites,
	.attach = attach,
	.verdict = verdict,
};

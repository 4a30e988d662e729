// SPDX-License-Identifier: Apache-2.0
#include "runtime/attach/kernel.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/near.h"
#include "base/util.h"
#include "runtime/attach/attach.h"

bool kernel_point_read(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, bool may_offset,
		       struct kernel_point *ret)
{
	struct kernel_point p = { .module = "*" };

	if ((ap->n != 1 && ap->n != 2) || !*ap->part[0] || !*ap->part[ap->n - 1])
		return attach_wrong_parts(t, q, ap);
	const char *name = ap->part[ap->n - 1], *plus = strrchr(name, '+');

	if (ap->n == 2) {
		p.module = ap->part[0];
		p.has_module = true;
	}
	p.name = name;
	if (plus && plus != name) {
		p.has_offset = true;
		p.name = arena_strndup(q->arena, name, (size_t)(plus - name));
		if (!parse_u64(plus + 1, &p.offset)) {
			diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' is no offset in bytes", plus + 1);
			return false;
		}
	}
	if (isdigit((unsigned char)*p.name)) {
		if (!parse_u64(p.name, &p.address) || p.has_offset || !may_offset) {
			diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' is no kernel function%s", name,
				   may_offset ? ", nor an address" : "");
			return false;
		}
		if (!q->unsafe) {
			diag_error(q->diag, ap->span, E_UNSAFE, "a probe at an address, as '%s', may stop the kernel if it is not the start of an "
				   "instruction; it needs --unsafe", ap->text);
			return false;
		}
		p.name = NULL;
	}
	if (p.has_offset && (!may_offset || glob_is(p.name))) {
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s': %s takes no offset", ap->text,
			   may_offset ? "a pattern of functions" : t->name);
		return false;
	}
	*ret = p;
	return true;
}

static bool is_dangerous(const char *name)
{
	static const char *const globs[] = { "rcu_*", "__ftrace_invalid_address__*", "arch_cpu_idle", "default_idle", "bpf_dispatcher_xdp_func",
					     "*.part.*" };

	for (size_t i = 0; i < ARRAY_SIZE(globs); i++)
		if (glob_match(globs[i], name))
			return true;
	return false;
}

struct search {
	struct kernel_found *found;
	bool is_pattern;
};

static void add(void *arg, const char *module, const char *name)
{
	struct search *s = arg;
	struct kernel_found *f = s->found;

	if (s->is_pattern && is_dangerous(name))
		return;
	vec_push(f->arena, f, (struct kernel_function){ arena_strdup(f->arena, module), arena_strdup(f->arena, name) });
}

// The locks that maps and ring buffers take: a program there runs inside another's use of one. The kernel does not start a second
// program of a kprobe on a processor, nor the same one of a trampoline twice, so such events are lost; two trampolines may
// wait for each other.
static bool is_lock(const char *name)
{
	return glob_match("_raw_spin_lock*", name) || glob_match("_raw_spin_unlock*", name) || strcmp(name, "queued_spin_lock_slowpath") == 0;
}

static void warn_of_locks(const struct expand *q, const struct attach_point *ap, const struct kernel_found *f)
{
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		if (is_lock(f->v[i].name))
			first = n++ ? first : f->v[i].name;
	if (!n || q->list_only)
		return;
	const char *more = n > 1 ? arena_printf(q->arena, " and %zu more of '%s'", n - 1, ap->text) : "";
	diag_warn(q->diag, ap->span, W_DANGEROUS,
		  "Attaching to dangerous function: %s%s; maps and ring buffers take such locks themselves: events are lost, and programs may wait for "
		  "each other for ever", first, more);
}

static bool is_module_known(struct world *w, const char *module)
{
	struct kernel_found all = { .arena = w->arena };

	w->ops->kernel_functions(w, module, "*", add, &(struct search){ .found = &all });
	return all.n;
}

struct nearest {
	struct near near;
	struct arena *arena;
};

static void offer(void *arg, const char *module, const char *name)
{
	struct nearest *n = arg;

	near_offer_copy(&n->near, n->arena, name); // of some sixty thousand
}

static bool none_found(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct kernel_point *p)
{
	struct nearest n = { .near = near_to(p->name), .arena = q->arena };

	if (q->list_only)
		return true;
	if (glob_is(p->name)) {
		diag_error(q->diag, ap->span, E_NO_MATCH, "No matches for %s %s; 'spile -l \"%s:*\"' lists what there is", t->name, p->name, t->name);
		return false;
	}
	if (p->has_module && !glob_is(p->module) && !is_module_known(q->world, p->module)) {
		diag_error(q->diag, ap->span, E_NO_MATCH, "specified module %s in probe %s is not loaded.", p->module, ap->text);
		return false;
	}
	if (q->diag->nitems < DIAG_KEPT) // else nobody reads it
		q->world->ops->kernel_functions(q->world, p->module, "*", offer, &n);
	if (n.near.best)
		diag_error(q->diag, ap->span, E_NO_MATCH,
			   "%s is not traceable (either non-existing, inlined, or marked as \"notrace\"); did you mean '%s'?", p->name, n.near.best);
	else
		diag_error(q->diag, ap->span, E_NO_MATCH, "%s is not traceable (either non-existing, inlined, or marked as \"notrace\")", p->name);
	return false;
}

bool kernel_point_find(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, const struct kernel_point *p,
		       struct kernel_found *ret)
{
	struct world *w = q->world;
	const struct event_field *f;
	const struct type *type;
	const char *in;
	size_t n;
	bool is_pattern = glob_is(p->name);

	if (!is_pattern && w->ops->function_args(w, p->module, p->name, &f, &n, &type, &in) == 0) {
		add(&(struct search){ .found = ret }, in, p->name);
		warn_of_locks(q, ap, ret);
		return true;
	}
	int rc = w->ops->kernel_functions(w, p->module, p->name, add, &(struct search){ .found = ret, .is_pattern = is_pattern });

	if (rc < 0 && !ret->n)
		return attach_world_error(q, ap, "list of kernel functions (available_filter_functions of tracefs, /proc/kallsyms)", rc);
	warn_of_locks(q, ap, ret);
	return ret->n ? true : none_found(t, q, ap, p);
}

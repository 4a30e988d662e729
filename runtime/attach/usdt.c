// SPDX-License-Identifier: Apache-2.0
// usdt: probes a program was built with (notes of section .note.stapsdt), each a nop and a text that says where its
// arguments lie. Every note of a name is a site; sites share a program when these texts are equal.
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/near.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/binary.h"
#include "runtime/attach/providers.h"
#include "runtime/attach/usdt_arg.h"

struct detail {
	const char *path;
	const struct binary_usdt *note;
};

struct search {
	const struct probe_type *t;
	const struct expand *q;
	const struct attach_point *ap;
	struct site_list *out;
	const char *binary, *ns, *name;
	struct paths paths;
	unsigned found;
};

// With -p, "a:b" may be a binary and a name, or a namespace and a name.
static bool read_parts(struct search *s)
{
	const struct expand *q = s->q;
	const struct attach_point *ap = s->ap;

	if (!ap->n || ap->n > 3 || !*ap->part[0] || !*ap->part[ap->n - 1])
		return attach_wrong_parts(s->t, q, ap);
	if (ap->n == 1 && !q->pid && !q->list_only) {
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' names no binary; write usdt:BINARY:%s, or give a process with -p", ap->text,
			   ap->part[0]);
		return false;
	}
	s->ns = ap->n == 3 ? ap->part[1] : "*";
	s->name = ap->part[ap->n - 1];
	s->binary = ap->n == 1 && q->pid ? NULL : ap->part[0];
	if (ap->n == 1 && !q->pid)
		s->name = "*";
	if (ap->n == 2 && q->pid && !binary_paths(q, ap, s->binary, true, &s->paths)) {
		s->ns = ap->part[0];
		s->binary = NULL;
	}
	return s->paths.n || binary_paths(q, ap, s->binary, q->list_only, &s->paths);
}

static const char *variant_of(const struct search *s, const struct binary_usdt *u, const char *path, const char *name)
{
	const char *args = s->q->uses & PT_ARGN ? u->args : "";
	const char *own = attach_variant(s->q, name);

	if (*args && usdt_args_are_local(args))
		return arena_printf(s->q->arena, "%s %s:%llx", args, path, (unsigned long long)u->address);
	return *own && *args ? arena_printf(s->q->arena, "%s %s", args, own) : *own ? own : args;
}

static void add_site(struct search *s, const char *path, const struct binary_usdt *u)
{
	struct arena *a = s->q->arena;
	const char *func = arena_printf(a, "%s:%s", u->provider, u->name);
	const char *name = attach_name(s->ap, arena_printf(a, "usdt:%s:%s", path, func));
	struct detail *d = arena_new_(a, struct detail);

	*d = (struct detail){ path, u };
	site_add(s->out, &(struct site){
		.plan = { .name = name, .provider = s->t->name, .target = path, .func = func, .address = u->address, .offset = u->offset,
			  .semaphore = u->semaphore_offset, .mechanism = MECH_UPROBE_MULTI, .pid = s->q->pid,
			  .note = u->semaphore_offset ? "switched on by its semaphore" : NULL },
		.kind = PROG_UPROBE,
		.variant = variant_of(s, u, path, name),
		.detail = d,
	});
	s->found++;
}

static int find_in(struct search *s, const char *path)
{
	const struct binary_usdt *u;
	size_t n;
	int rc = s->q->world->ops->usdts(s->q->world, path, &u, &n);

	for (size_t i = 0; rc >= 0 && i < n; i++)
		if (glob_match(s->ns, u[i].provider) && glob_match(s->name, u[i].name))
			add_site(s, path, &u[i]);
	return rc;
}

static void no_probe(struct search *s)
{
	const struct expand *q = s->q;
	const char *where = s->paths.n == 1 ? s->paths.v[0] : s->binary ? s->binary : "the files the process maps";
	struct near near = near_to(s->name);
	const struct binary_usdt *u;
	size_t n, all = 0;

	for (size_t k = 0; k < s->paths.n; k++) {
		if (q->world->ops->usdts(q->world, s->paths.v[k], &u, &n) < 0)
			continue;
		all += n;
		for (size_t i = 0; i < n && !glob_is(s->name); i++)
			near_offer(&near, u[i].name);
	}
	if (!all)
		diag_error(q->diag, s->ap->span, E_NO_MATCH, "No matches for usdt %s: %s has no USDT probes", s->name, where);
	else if (near.best && near.distance)
		diag_error(q->diag, s->ap->span, E_NO_MATCH, "no USDT probe '%s' in %s; did you mean '%s'?", s->name, where, near.best);
	else
		diag_error(q->diag, s->ap->span, E_NO_MATCH, "No matches for usdt %s:%s in %s; 'spile -l usdt:%s:*' lists what it has", s->ns, s->name,
			   where, s->binary ? s->binary : "BINARY");
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct search s = { .t = t, .q = q, .ap = ap, .out = out };

	if (!read_parts(&s))
		return false;
	for (size_t i = 0; i < s.paths.n; i++) {
		int rc = find_in(&s, s.paths.v[i]);

		if (rc < 0 && rc != -ENOENT && s.paths.n == 1)
			return q->list_only ? false : attach_world_error(q, ap, s.paths.v[i], rc);
	}
	if (!s.found && !q->list_only)
		no_probe(&s);
	return true;
}

struct lookup {
	struct world *world;
	const char *path;
};

static bool find_symbol(void *arg, const char *name, uint64_t *address)
{
	const struct lookup *l = arg;
	struct binary_symbol sym;

	if (l->world->ops->symbol(l->world, l->path, name, &sym) < 0)
		return false;
	*address = sym.address;
	return true;
}

static bool arg(const struct probe_type *t, struct world *w, const struct site *s, unsigned n, struct arg_loc *ret)
{
	const struct detail *d = s->detail;
	struct lookup l = { w, d->path };
	struct arg_loc loc;

	if (!d->note->args || !usdt_arg_parse(d->note->args, n, d->note->address, find_symbol, &l, &loc))
		return false;
	loc.type = type_int(w->types, loc.size, loc.is_signed);
	*ret = loc;
	return true;
}

const struct probe_type probe_usdt = {
	.name = "usdt",
	.aliases = { "U" },
	.forms = "'usdt:BINARY:NAME' or 'usdt:BINARY:NAMESPACE:NAME', with '*' in each; BINARY may be left out with -p",
	.probetype = "usdt",
	.doc = "a probe a program or library was built with",
	.last_first = true,
	.offers = PT_ARGN | PT_REGS | PT_CTX | PT_FUNC | PT_USTACK | PT_KSTACK | PT_USYM | PT_SIGNAL,
	.arg_space = SPACE_USER,
	.expand = expand,
	.arg = arg,
	.list = attach_list_sites,
	.attach = attach_uprobes,
};

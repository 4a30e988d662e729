// SPDX-License-Identifier: Apache-2.0
// pass_probes.c - attach points become sites, and each group of sites that can share a program becomes a body with its
// own copy of the block.
#include <ctype.h>
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/declared.h"

static void add_needs(void *arg, struct node **slot)
{
	*(unsigned *)arg |= body_needs(*slot);
}

unsigned body_needs(const struct node *n)
{
	const struct builtin *b = NULL;
	unsigned uses = 0;

	if (n->kind == NODE_IDENT) {
		b = builtin_find(n->ident.name, false);
	} else if (n->kind == NODE_CALL) {
		b = builtin_find(n->call.name, true);
		if (!b)
			b = builtin_find(n->call.name, false);
	}
	if (b)
		uses = b->needs | (b->id == BUILTIN_PROBE || b->id == BUILTIN_UADDR ? PT_PROBE : 0) | (b->flags & BF_ASYNC ? PT_PRINT : 0);
	node_each_child((struct node *)n, add_needs, &uses);
	return uses;
}

static void advise_args(struct lang *l, const char *name, unsigned needs)
{
	unsigned offers = l->body->type->offers;

	if (needs == PT_ARGS && offers & PT_ARGN)
		diag_hint(l->diag, "its arguments are arg0, arg1, …");
	else if (needs == PT_ARGN && offers & PT_ARGS)
		diag_hint(l->diag, "its arguments have names: args.NAME");
	else if (needs == PT_ARGN && offers & PT_RETVAL && offers & PT_CALL)
		diag_hint(l->diag, "entry.%s is what it was when the function was entered", name);
}

void place_error(struct lang *l, struct span at, const char *name, unsigned needs)
{
	const struct probe_type *const *all = l->world->ops->probe_types(l->world);
	_str_ struct str have = { 0 };

	for (size_t i = 0; all[i]; i++)
		if ((probe_type_offers(all[i]) & needs) == needs)
			str_printf(&have, "%s%s", have.n ? ", " : "", all[i]->name);
	if (needs & PT_TASK && l->body->type->no_task)
		diag_error(l->diag, at, E_PLACE, "%s can not be used with '%s' probes: packets are handled in whatever task happens to run, which says nothing of "
			   "whose they are", name, l->body->type->name);
	else if (have.n) {
		diag_error(l->diag, at, E_PLACE, "%s can not be used with '%s' probes; it exists in: %s", name, l->body->type->name, str_z(&have));
		advise_args(l, name, needs);
	} else
		diag_error(l->diag, at, E_PLACE, "%s can not be used with '%s' probes, nor with any other that this version has", name,
			   l->body->type->name);
}

static bool ends_sentence(const char *text)
{
	size_t n = strlen(text);

	return n && text[n - 1] == '.';
}

// missing_probes: what could not be found is an error, a warning or nothing.
static void take_over(struct lang *l, const struct diag *from, bool warned)
{
	for (size_t i = 0; i < from->nitems; i++) {
		const struct diag_item *it = &from->items[i];
		bool missing = it->code == E_NO_MATCH || it->code == E_NO_PROGRAM || it->code == E_TARGET;

		if (it->severity == SEV_HINT)
			continue;
		if (it->severity == SEV_WARNING)
			diag_warn(l->diag, it->span, it->code, "%s", it->text);
		else if (!missing)
			diag_error(l->diag, it->span, it->code, "%s", it->text);
		else if (warned)
			diag_warn(l->diag, it->span, W_NO_MATCH, "%s%s Skipping.", it->text, ends_sentence(it->text) ? "" : ".");
	}
}

// A target's name in the place of a binary ----------------------------------------------------------------------------

struct paths {
	struct lang *l;
	VEC(const char *) v;
};

static void add_path(void *arg, const char *path)
{
	struct paths *p = arg;

	vec_push(p->l->arena, &p->v, arena_strdup(p->l->arena, path));
}

struct command {
	struct paths *paths;
	const struct plan_target *target;
};

// The command of -c does not run yet: it belongs to a target by its path.
static void add_command(void *arg, const char *path)
{
	struct command *c = arg;

	for (uint32_t i = 0; i < c->target->n_choices; i++)
		for (uint32_t k = 0; k < c->target->choices[i].n_values && strcmp(c->target->choices[i].key, "exe") == 0; k++)
			if (glob_match(c->target->choices[i].values[k].name, path))
				add_path(c->paths, path);
	if (!c->target->n_choices)
		add_path(c->paths, path);
}

// Patterns of absolute paths are looked up as files; else it is what runs now, and the command.
static void target_paths(struct lang *l, const struct plan_target *t, struct paths *ret)
{
	const struct lang_options *o = l->options;
	struct command c = { ret, t };

	*ret = (struct paths){ .l = l };
	if (!t->n_choices && o->pid) {
		add_path(ret, arena_printf(l->arena, "/proc/%u/exe", o->pid));
		return;
	}
	for (uint32_t i = 0; i < t->n_choices; i++)
		for (uint32_t k = 0; k < t->choices[i].n_values && strcmp(t->choices[i].key, "exe") == 0; k++)
			if (*t->choices[i].values[k].name == '/')
				add_path(ret, t->choices[i].values[k].name);
	if (o->command)
		l->world->ops->binaries(l->world, arena_strndup(l->arena, o->command, strcspn(o->command, " \t")), 0, add_command, &c);
	if (t->n_choices && l->world->ops->programs)
		l->world->ops->programs(l->world, t, add_path, ret);
}

static bool takes_binary(const struct probe_type *t)
{
	return strcmp(t->name, "uprobe") == 0 || strcmp(t->name, "uretprobe") == 0 || strcmp(t->name, "usdt") == 0;
}

static bool names_target(struct lang *l, const struct probe_type *t, const struct attach_point *ap)
{
	return takes_binary(t) && ap->n >= 2 && target_known(l, ap->part[0]);
}

// Two patterns may lead to one file.
static void drop_twice(struct site_list *sites, size_t from)
{
	size_t kept = from;

	for (size_t i = from; i < sites->n; i++) {
		bool twice = false;

		for (size_t k = 0; k < from && !twice; k++)
			twice = sites->v[k].plan.offset == sites->v[i].plan.offset && strcmp(sites->v[k].plan.target, sites->v[i].plan.target) == 0;
		if (!twice)
			sites->v[kept++] = sites->v[i];
	}
	sites->n = kept;
}

static void not_in_target(struct diag *d, const struct plan_target *t, const struct attach_point *ap, const struct paths *paths)
{
	_str_ struct str all = { 0 };

	for (size_t i = 0; i < paths->v.n && i < 5; i++)
		str_printf(&all, "%s%s", i ? ", " : "", paths->v.v[i]);
	diag_error(d, ap->span, E_NO_MATCH, "no program of the target '%s' has '%s'; looked into: %s%s", t->name, ap->part[ap->n - 1], str_z(&all),
		   paths->v.n > 5 ? ", …" : "");
}

// A function is looked for in all the target's programs, and must be in one.
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

struct offers {
	struct arena *arena;
	struct near near;
};

static void offer_program(void *arg, const char *path)
{
	struct offers *o = arg;

	near_offer(&o->near, arena_strdup(o->arena, base_name(path)));
}

// What was looked for, and what runs under a name like that.
static void no_program(struct lang *l, struct diag *d, const struct plan_target *t, struct span at)
{
	struct plan_name all = { "*" };
	struct plan_choice any = { .key = "exe", .values = &all, .n_values = 1 };
	struct plan_target everything = { .name = "*", .choices = &any, .n_choices = 1 };
	_str_ struct str wanted = { 0 };
	const char *name = NULL;

	for (uint32_t i = 0; i < t->n_choices; i++)
		for (uint32_t k = 0; k < t->choices[i].n_values; k++) {
			bool is_name = strcmp(t->choices[i].key, "exe") == 0 || strcmp(t->choices[i].key, "comm") == 0 || strcmp(t->choices[i].key, "name") == 0;

			str_printf(&wanted, "%s%s \"%s\"", k ? ", " : i ? "; " : "", k ? "" : t->choices[i].key, t->choices[i].values[k].name);
			if (is_name && !name)
				name = base_name(t->choices[i].values[k].name);
		}
	diag_error(d, at, E_NO_PROGRAM, "no program of the target '%s' runs (%s)", t->name, str_z(&wanted));
	if (!name || !l->world->ops->programs)
		return;
	struct offers offers = { l->arena, near_to(name) };
	l->world->ops->programs(l->world, &everything, offer_program, &offers);
	if (offers.near.best)
		diag_hint(d, "'%s' runs", offers.near.best);
}

static bool expand_in_target(struct lang *l, const struct probe_type *t, struct expand *q, struct attach_point *ap, struct site_list *out)
{
	struct plan_target *target = &l->plan->targets[target_index(l, ap->part[0], ap->span)];
	const char **part = arena_array(l->arena, const char *, ap->n);
	struct diag quiet, *loud = q->diag;
	size_t had = out->n;
	struct paths paths;

	target->probed = true;
	target_paths(l, target, &paths);
	memcpy(part, ap->part, ap->n * sizeof *part);
	ap->part = part;
	if (!paths.v.n)
		no_program(l, loud, target, ap->span);
	for (size_t i = 0; i < paths.v.n; i++) {
		size_t n = out->n;

		diag_init(&quiet, l->arena);
		q->diag = paths.v.n == 1 ? loud : &quiet;
		part[0] = paths.v.v[i];
		if (!t->expand(t, q, ap, out))
			out->n = n;
		drop_twice(out, n);
	}
	if (paths.v.n > 1 && out->n == had)
		not_in_target(loud, target, ap, &paths);
	q->diag = loud;
	return true;
}

// The two halves of a call stand at one place and fail for one reason.
static bool said_there(const struct diag *d, struct span at)
{
	for (size_t i = 0; i < d->nitems; i++)
		if (d->items[i].severity == SEV_ERROR && d->items[i].span.source == at.source && d->items[i].span.start == at.start && d->items[i].span.end == at.end)
			return true;
	return false;
}

static void expand_point(struct lang *l, const struct node *point, unsigned uses, const struct probe_type **type, struct site_list *out, uint32_t *target)
{
	const char *policy = config_text(l, "missing_probes");
	bool strict = strcmp(policy, "error") == 0;
	const char *text = param_expand(l, point->point.text, point->span);
	struct attach_point ap = { 0 };
	struct diag quiet;
	struct expand q = { .world = l->world, .diag = l->diag, .arena = l->arena, .uses = uses, .pid = l->options->pid, .unsafe = l->options->unsafe };
	unsigned before = l->diag->errors;
	size_t had = out->n;

	if (!text || said_there(l->diag, point->span))
		return;
	*type = attach_point_split(l->world, l->diag, l->arena, point->span, text, &ap);
	if (!*type)
		return;
	if (!strict) {
		diag_init(&quiet, l->arena);
		q.diag = &quiet;
	}
	*target = names_target(l, *type, &ap) ? target_index(l, ap.part[0], point->span) + 1 : 0; // none: NO_EVENT + 1 is 0
	if (!*target && names_target(l, *type, &ap))
		return;
	if (*target ? !expand_in_target(l, *type, &q, &ap, out) : !(*type)->expand(*type, &q, &ap, out))
		out->n = had;
	if (out->n == had && q.diag->errors == (strict ? before : 0) && !said_there(q.diag, point->span))
		diag_error(q.diag, point->span, E_NO_MATCH, "No matches for %s.", text);
	if (!strict)
		take_over(l, &quiet, strcmp(policy, "warn") == 0);
}

// "probe_3_openat": the number keeps it unique, the name is for people.
static const char *body_name(struct lang *l, const struct site *s)
{
	const char *what = s->plan.func ? s->plan.func : s->plan.provider;
	char word[33];
	size_t n = 0;

	for (; what && *what && n < sizeof word - 1; what++)
		word[n++] = isalnum((unsigned char)*what) ? *what : '_';
	word[n] = '\0';
	return arena_printf(l->arena, "probe_%zu_%s", l->bodies.n, word);
}


static bool same_program(const struct body *b, const struct probe_type *t, const struct site *s)
{
	const struct site *first = &b->sites.v[0];
	const char *to = s->attach_to ? s->attach_to : "", *first_to = first->attach_to ? first->attach_to : "";

	return b->type == t && b->kind == s->kind && strcmp(first_to, to) == 0 &&
	       strcmp(first->variant ? first->variant : "", s->variant ? s->variant : "") == 0;
}

// Bodies of this probe are looked up by what must be equal, since a wildcard may need thousands.
static struct body *body_for(struct lang *l, struct map *groups, const struct node *probe, const struct probe_type *t, const struct site *s, uint32_t target)
{
	_str_ struct str key = { 0 };
	struct body made = { .type = t, .kind = s->kind, .prog = (uint32_t)l->bodies.n, .target = target }, *b;
	void **at;

	str_printf(&key, "%s|%u|%d|%s|%s", t->name, target, (int)s->kind, s->attach_to ? s->attach_to : "", s->variant ? s->variant : "");
	at = map_put(groups, key.p, key.n);
	if (*at)
		return &l->bodies.v[(uintptr_t)*at - 1];
	made.name = body_name(l, s);
	vec_push(l->arena, &l->bodies, made);
	*at = (void *)(uintptr_t)l->bodies.n;
	b = &l->bodies.v[l->bodies.n - 1];
	b->sites.arena = l->arena;
	b->block = node_clone(l->arena, probe->probe.block);
	if (probe->probe.predicate)
		b->predicate = node_clone(l->arena, probe->probe.predicate);
	b->pid_filter = l->options->pid && t->pid_filter && config_number(l, "pid_filter");
	return b;
}

static bool too_many(struct lang *l, const struct node *probe)
{
	uint64_t max_probes = config_number(l, "max_probes"), max_progs = config_number(l, "max_bpf_progs");

	if (l->probes > max_probes) {
		diag_error(l->diag, probe->span, E_LIMIT,
			   "the script attaches to %llu places, more than max_probes allows (%llu). A narrower pattern helps, or "
			   "BPFTRACE_MAX_PROBES=%llu (also: config = { max_probes=%llu })",
			   (unsigned long long)l->probes, (unsigned long long)max_probes, (unsigned long long)l->probes,
			   (unsigned long long)l->probes);
		return true;
	}
	if (l->bodies.n > max_progs) {
		diag_error(l->diag, probe->span, E_LIMIT,
			   "the script needs more than %llu programs (max_bpf_progs). A narrower pattern helps, or a larger "
			   "BPFTRACE_MAX_BPF_PROGS (also: config = { max_bpf_progs=%llu })",
			   (unsigned long long)max_progs, (unsigned long long)max_progs * 2);
		return true;
	}
	return false;
}

// Removes the sites that options->filter does not want; were there any?
static bool leave_out(struct lang *l, const struct probe_type *t, struct site_list *sites)
{
	struct lang_filter *f = l->options->filter;
	size_t kept = 0, had = sites->n;

	for (size_t i = 0; f && i < had; i++)
		if (f->keep(f, t->name, sites->v[i].plan.name))
			sites->v[kept++] = sites->v[i];
	if (f)
		sites->n = kept;
	l->filtered |= sites->n < had;
	return sites->n < had;
}

// A pattern in the place of a provider stands for those that have what is behind it: of the kernel's, and of user programs' where a
// path or a process says which program is meant.
static bool is_by_pattern(const struct lang *l, const struct probe_type *t, const char *text)
{
	static const char *const kernel[] = { "kprobe", "kretprobe", "tracepoint", "rawtracepoint", "fentry", "fexit", "software", "hardware" };

	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++)
		if (strcmp(t->name, kernel[i]) == 0)
			return true;
	return takes_binary(t) && (strchr(text, '/') || l->options->pid);
}

static bool has_sites(struct lang *l, const char *text, struct span at, unsigned uses)
{
	struct site_list sites = { .arena = l->arena };
	struct attach_point ap = { 0 };
	struct diag quiet;

	diag_init(&quiet, l->arena);
	struct expand q = { .world = l->world, .diag = &quiet, .arena = l->arena, .uses = uses, .pid = l->options->pid, .unsafe = l->options->unsafe };
	const struct probe_type *t = attach_point_split(l->world, &quiet, l->arena, at, text, &ap);
	return t && t->expand(t, &q, &ap, &sites) && sites.n && !quiet.errors;
}

static void open_provider(struct lang *l, const struct node *point, unsigned uses, struct node_list *out)
{
	const struct probe_type *const *all = l->world->ops->probe_types(l->world);
	const char *text = param_expand(l, point->point.text, point->span), *policy = config_text(l, "missing_probes");
	size_t named = text ? strcspn(text, ":=\"") : 0, from = text && text[named] == '=' ? named + 1 : 0, had = out->n;
	const char *pattern = text ? arena_strndup(l->arena, text + from, strcspn(text + from, ":")) : NULL, *rest = text ? strchr(text + from, ':') : NULL;

	if (!rest || !glob_is(pattern)) {
		vec_push(l->arena, out, (struct node *)point);
		return;
	}
	for (size_t i = 0; all[i]; i++) {
		struct node *n = node_clone(l->arena, point);

		n->point.text = arena_printf(l->arena, "%.*s%s%s", (int)from, text, all[i]->name, rest);
		if (glob_match(pattern, all[i]->name) && is_by_pattern(l, all[i], text) && has_sites(l, n->point.text, point->span, uses))
			vec_push(l->arena, out, n);
	}
	if (out->n == had && strcmp(policy, "error") == 0)
		diag_error(l->diag, point->span, E_NO_MATCH, "No matches for %s: no probe type that '%s' stands for has it", text, pattern);
	else if (out->n == had && strcmp(policy, "warn") == 0)
		diag_warn(l->diag, point->span, W_NO_MATCH, "No matches for %s. Skipping.", text);
}

static bool make_bodies(struct lang *l, const struct node *probe)
{
	struct node_list points = { 0 };
	unsigned uses = body_needs(probe->probe.block) | (probe->probe.predicate ? body_needs(probe->probe.predicate) : 0);
	unsigned before = l->diag->errors;
	size_t had = l->bodies.n;
	bool filtered = false;
	struct map groups;

	map_init(&groups, l->arena);
	for (size_t i = 0; i < probe->probe.points.n; i++)
		open_provider(l, probe->probe.points.v[i], uses, &points);
	for (size_t i = 0; i < points.n; i++) {
		struct site_list sites = { .arena = l->arena };
		const struct probe_type *type = NULL;

		uint32_t target = 0;

		filtered |= said_there(l->diag, points.v[i]->span);
		expand_point(l, points.v[i], uses, &type, &sites, &target);
		filtered |= leave_out(l, type, &sites);
		l->probes += sites.n;
		for (size_t k = 0; k < sites.n; k++) {
			struct body *b;

			b = body_for(l, &groups, probe, type, &sites.v[k], target);
			if (b->sites.n && !same_program(b, type, &sites.v[k]))
				BUG("sites of different programs in one group");
			b->uses = uses;
			site_add(&b->sites, &sites.v[k]);
			if (too_many(l, points.v[i]))
				return false;
		}
	}
	if (l->bodies.n == had && !filtered && l->diag->errors == before && strcmp(config_text(l, "missing_probes"), "ignore") != 0)
		diag_warn(l->diag, probe->span, W_NO_MATCH, "Probe has no valid attach points.");
	return true;
}

void pass_probes(struct lang *l)
{
	unsigned before = l->diag->errors;

	for (size_t i = 0; i < l->script->script.items.n; i++) {
		const struct node *item = l->script->script.items.v[i];

		if (item->kind == NODE_PROBE && !make_bodies(l, item))
			break;
	}
	if (!l->bodies.n && l->diag->errors == before)
		diag_error(l->diag, l->script->span, E_NO_MATCH, "No probes to attach%s%s", l->filtered ? ": " : "",
			   l->filtered ? l->options->filter->none : "");
}

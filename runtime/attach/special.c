// SPDX-License-Identifier: Apache-2.0
// begin, end, self, test and bench: probes that the runtime runs itself, through BPF_PROG_TEST_RUN; nothing is attached.
#include <string.h>

#include "runtime/attach/attach.h"
#include "runtime/attach/providers.h"

int attach_nothing(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	return 0;
}

static void add(const struct probe_type *t, const struct attach_point *ap, const char *name, const char *target, const char *func,
		const char *variant, struct site_list *out)
{
	site_add(out, &(struct site){
		.plan = { .name = attach_name(ap, name), .provider = t->name, .target = target, .func = func, .mechanism = MECH_NONE },
		.kind = PROG_RUN,
		.variant = variant,
	});
}

static bool expand_plain(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	if (ap->n && !q->list_only)
		return attach_wrong_parts(t, q, ap);
	add(t, ap, t->name, NULL, NULL, "", out);
	return true;
}

static bool expand_self(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	if (!(q->list_only && ap->n <= 2 && glob_is(ap->part[0])) &&
	    (ap->n != 2 || strcmp(ap->part[0], "signal") != 0 || strcmp(ap->part[1], "SIGUSR1") != 0))
		return attach_wrong_parts(t, q, ap);
	add(t, ap, "self:signal:SIGUSR1", "signal", "SIGUSR1", "", out);
	return true;
}

// test:NAME, bench:NAME: their names are the script's own.
static bool expand_named(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	if (q->list_only && (ap->n == 0 || glob_is(ap->part[0])))
		return true; // a machine has none
	if (ap->n != 1 || !*ap->part[0])
		return attach_wrong_parts(t, q, ap);
	add(t, ap, ap->text, NULL, ap->part[0], ap->part[0], out); // a program each, also when they share a block
	return true;
}

const struct probe_type probe_begin = {
	.name = "begin",
	.forms = "'begin', without arguments",
	.probetype = "special",
	.offers = PT_KSTACK | PT_USTACK | PT_USYM,
	.doc = "once, before anything is attached",
	.special = true,
	.expand = expand_plain,
	.list = attach_list_sites,
	.attach = attach_nothing,
};

const struct probe_type probe_end = {
	.name = "end",
	.forms = "'end', without arguments",
	.probetype = "special",
	.offers = PT_KSTACK | PT_USTACK | PT_USYM,
	.doc = "once, after everything is detached",
	.special = true,
	.expand = expand_plain,
	.list = attach_list_sites,
	.attach = attach_nothing,
};

const struct probe_type probe_self = {
	.name = "self",
	.forms = "'self:signal:SIGUSR1'",
	.probetype = "special",
	.offers = PT_KSTACK | PT_USTACK | PT_USYM,
	.doc = "when Spile itself gets a signal",
	.expand = expand_self,
	.list = attach_list_sites,
	.attach = attach_nothing,
};

const struct probe_type probe_test = {
	.name = "test",
	.forms = "'test:NAME'",
	.probetype = "test",
	.offers = PT_KSTACK | PT_USTACK | PT_USYM,
	.doc = "once with --test: fails when it returns anything but 0, calls errorf() or exits with an error",
	.special = true,
	.expand = expand_named,
	.list = attach_list_sites,
	.attach = attach_nothing,
};

const struct probe_type probe_bench = {
	.name = "bench",
	.forms = "'bench:NAME'",
	.probetype = "benchmark",
	.offers = PT_KSTACK | PT_USTACK | PT_USYM,
	.doc = "many times with --bench, which says how long a run takes",
	.special = true,
	.expand = expand_named,
	.list = attach_list_sites,
	.attach = attach_nothing,
};

// SPDX-License-Identifier: Apache-2.0
// software and hardware: perf counters, on each CPU or, with -p, in each thread of the process.
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/near.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/providers.h"
#include "runtime/run.h"

struct counter {
	const char *name, *alias;
	uint64_t config, period;
};

static const struct counter software[] = {
	{ "alignment-faults", NULL, PERF_COUNT_SW_ALIGNMENT_FAULTS, 1 },
	{ "bpf-output", NULL, PERF_COUNT_SW_BPF_OUTPUT, 1 },
	{ "context-switches", "cs", PERF_COUNT_SW_CONTEXT_SWITCHES, 1000 },
	{ "cpu-clock", "cpu", PERF_COUNT_SW_CPU_CLOCK, 1000000 },
	{ "cpu-migrations", NULL, PERF_COUNT_SW_CPU_MIGRATIONS, 1 },
	{ "dummy", NULL, PERF_COUNT_SW_DUMMY, 1 },
	{ "emulation-faults", NULL, PERF_COUNT_SW_EMULATION_FAULTS, 1 },
	{ "major-faults", NULL, PERF_COUNT_SW_PAGE_FAULTS_MAJ, 1 },
	{ "minor-faults", NULL, PERF_COUNT_SW_PAGE_FAULTS_MIN, 100 },
	{ "page-faults", "faults", PERF_COUNT_SW_PAGE_FAULTS, 100 },
	{ "task-clock", NULL, PERF_COUNT_SW_TASK_CLOCK, 1 },
	{ 0 },
};

static const struct counter hardware[] = {
	{ "backend-stalls", NULL, PERF_COUNT_HW_STALLED_CYCLES_BACKEND, 1000000 },
	{ "branch-instructions", "branches", PERF_COUNT_HW_BRANCH_INSTRUCTIONS, 100000 },
	{ "branch-misses", NULL, PERF_COUNT_HW_BRANCH_MISSES, 100000 },
	{ "bus-cycles", NULL, PERF_COUNT_HW_BUS_CYCLES, 100000 },
	{ "cache-misses", NULL, PERF_COUNT_HW_CACHE_MISSES, 1000000 },
	{ "cache-references", NULL, PERF_COUNT_HW_CACHE_REFERENCES, 1000000 },
	{ "cpu-cycles", "cycles", PERF_COUNT_HW_CPU_CYCLES, 1000000 },
	{ "frontend-stalls", NULL, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, 1000000 },
	{ "instructions", NULL, PERF_COUNT_HW_INSTRUCTIONS, 1000000 },
	{ "ref-cycles", NULL, PERF_COUNT_HW_REF_CPU_CYCLES, 1000000 },
	{ 0 },
};

static const struct counter *table_of(const char *provider)
{
	return strcmp(provider, "hardware") == 0 ? hardware : software;
}

static const struct counter *counter_named(const struct counter *table, const char *name)
{
	for (const struct counter *c = table; c->name; c++)
		if (strcmp(c->name, name) == 0 || (c->alias && strcmp(c->alias, name) == 0))
			return c;
	return NULL;
}

static bool unknown_event(const struct probe_type *t, const struct expand *q, const struct attach_point *ap)
{
	struct near near = near_to(ap->part[0]);
	_str_ struct str known = { 0 };

	for (const struct counter *c = table_of(t->name); c->name; c++) {
		near_offer(&near, c->name);
		if (c->alias)
			near_offer(&near, c->alias);
		str_printf(&known, "%s%s", known.n ? ", " : "", c->name);
	}
	if (near.best)
		diag_error(q->diag, ap->span, E_NO_MATCH, "there is no %s event '%s'; did you mean '%s'?", t->name, ap->part[0], near.best);
	else
		diag_error(q->diag, ap->span, E_NO_MATCH, "there is no %s event '%s'; known are: %s", t->name, ap->part[0], str_z(&known));
	return false;
}

static bool list_counters(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	for (const struct counter *c = table_of(t->name); c->name; c++) {
		if (glob_match(ap->part[0], c->name))
			site_add(out, &(struct site){ .plan.name = arena_printf(q->arena, "%s:%s:", t->name, c->name) });
		if (c->alias && glob_match(ap->part[0], c->alias))
			site_add(out, &(struct site){ .plan.name = arena_printf(q->arena, "%s:%s:", t->name, c->alias) });
	}
	return true;
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct site s = { .kind = PROG_PERF, .variant = "" };
	const struct counter *c;

	if (ap->n != 1 && ap->n != 2)
		return attach_wrong_parts(t, q, ap);
	if (q->list_only)
		return list_counters(t, q, ap, out);
	c = counter_named(table_of(t->name), ap->part[0]);
	if (!c)
		return unknown_event(t, q, ap);
	s.plan.period = c->period;
	if (ap->n == 2 && *ap->part[1] && (!parse_u64(ap->part[1], &s.plan.period) || !s.plan.period || s.plan.period > INT64_MAX)) {
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' is no count of events; write %s", ap->part[1], t->forms);
		return false;
	}
	s.plan.name = attach_name(ap, arena_printf(q->arena, "%s:%s", t->name, attach_rest(q, ap, 0)));
	s.plan.provider = t->name;
	s.plan.target = c->name;
	s.plan.mechanism = MECH_PERF_EVENT;
	s.plan.pid = q->pid;
	site_add(out, &s);
	return true;
}

static int failed(struct run *run, const struct plan_site *s, bool is_hardware, int error)
{
	if (!is_hardware || (error != -ENOENT && error != -EOPNOTSUPP && error != -ENODEV))
		return attach_failed(run, s, error);
	diag_error(run_diag(run), (struct span){ 0 }, E_FEATURE,
		   "Unable to attach probe: %s. This machine has no hardware counter for %s (virtual machines often have none); "
		   "software:cpu-clock samples by time", s->name, s->target);
	return error;
}

static int attach(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	bool is_hardware = t == &probe_hardware;

	for (uint32_t i = 0; i < prog->n_sites; i++) {
		const struct plan_site *s = &prog->sites[i];
		const struct counter *c = counter_named(table_of(t->name), s->target ? s->target : "");
		struct perf_event_attr attr = { .type = is_hardware ? PERF_TYPE_HARDWARE : PERF_TYPE_SOFTWARE };
		int rc = -EINVAL;

		if (c) {
			attr.config = c->config;
			attr.sample_period = s->period;
			rc = perf_attach_everywhere(prog_fd, &attr, s->pid, i, links);
		}
		if (rc < 0)
			return failed(run, s, is_hardware, rc);
	}
	return 0;
}

const struct probe_type probe_software = {
	.name = "software",
	.aliases = { "s" },
	.forms = "'software:EVENT:' or 'software:EVENT:COUNT'",
	.probetype = "software",
	.doc = "every COUNTth software event of a CPU",
	.offers = PT_REGS | PT_CTX | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.expand = expand,
	.list = attach_list_sites,
	.attach = attach,
};

const struct probe_type probe_hardware = {
	.name = "hardware",
	.aliases = { "h" },
	.forms = "'hardware:EVENT:' or 'hardware:EVENT:COUNT'",
	.probetype = "hardware",
	.doc = "every COUNTth hardware event of a CPU",
	.offers = PT_REGS | PT_CTX | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.expand = expand,
	.list = attach_list_sites,
	.attach = attach,
};

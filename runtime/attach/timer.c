// SPDX-License-Identifier: Apache-2.0
// interval and profile: the cpu-clock perf event. An interval fires on the first online CPU, a profile on each, or, with
// -p, in each thread of the process.
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/near.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/providers.h"
#include "runtime/run.h"

enum { SHORTEST_NS = 1000 };

static const struct unit {
	const char *name;
	uint64_t ns; // 0: a frequency
} units[] = { { "hz", 0 }, { "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 } };

static const struct unit *unit_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

static bool bad_unit(const struct expand *q, const struct attach_point *ap)
{
	diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' is no unit of time; accepted are hz, s, ms, us and ns", ap->part[0]);
	return false;
}

static bool read_period(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct plan_site *s)
{
	const struct unit *u = ap->n == 2 ? unit_named(ap->part[0]) : NULL;
	bool ok;

	if (ap->n != 1 && ap->n != 2)
		return attach_wrong_parts(t, q, ap);
	if (ap->n == 2 && !u)
		return bad_unit(q, ap);
	if (!u) {
		ok = parse_duration(ap->part[0], &s->period);
	} else {
		ok = parse_u64(ap->part[1], &s->period);
		s->is_freq = !u->ns;
		if (ok && u->ns)
			ok = !__builtin_mul_overflow(s->period, u->ns, &s->period) && s->period <= INT64_MAX;
	}
	if (!ok || !s->period)
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' is not a usable number here; %s probe type requires %s",
			   ap->part[ap->n - 1], t->name, t->forms);
	else if (s->is_freq ? s->period > 1000000000 / SHORTEST_NS : s->period < SHORTEST_NS)
		diag_error(q->diag, ap->span, E_ATTACH_POINT, "'%s' is too short a period: Minimum is 1000 or 1us (1000000 hz)%s", ap->text,
			   ap->n == 1 ? "; a number without a unit is nanoseconds, a second is 1s" : "");
	else
		return true;
	return false;
}

static bool list_units(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(units) - 1; i++)
		if (glob_match(ap->part[0], units[i].name))
			site_add(out, &(struct site){ .plan.name = arena_printf(q->arena, "%s:%s:", t->name, units[i].name) });
	return true;
}

static bool expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out)
{
	struct site s = { .kind = PROG_PERF, .variant = "" };

	if (q->list_only && ap->n && (glob_is(ap->part[0]) || (unit_named(ap->part[0]) && (ap->n == 1 || !*ap->part[1] || glob_is(ap->part[1])))))
		return list_units(t, q, ap, out);
	if (!read_period(t, q, ap, &s.plan))
		return false;
	s.plan.name = attach_name(ap, arena_printf(q->arena, "%s:%s", t->name, attach_rest(q, ap, 0)));
	s.plan.provider = t->name;
	s.plan.target = ap->n == 2 ? ap->part[0] : NULL;
	s.plan.func = ap->part[ap->n - 1];
	s.plan.mechanism = MECH_PERF_EVENT;
	s.plan.pid = t == &probe_profile ? q->pid : 0;
	site_add(out, &s);
	return true;
}

static struct perf_event_attr clock_event(const struct plan_site *s)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK, .freq = s->is_freq };

	attr.sample_period = s->period; // a union with sample_freq
	return attr;
}

// A frequency above kernel.perf_event_max_sample_rate is refused as EINVAL.
static int failed(struct run *run, const struct plan_site *s, int error)
{
	if (error != -EINVAL || !s->is_freq)
		return attach_failed(run, s, error);
	diag_error(run_diag(run), (struct span){ 0 }, E_ATTACH,
		   "Unable to attach probe: %s. %llu hz is above what this machine allows (sysctl kernel.perf_event_max_sample_rate)",
		   s->name, (unsigned long long)s->period);
	return error;
}

static int attach_interval(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	size_t n = 0;
	_free_ int *cpu = cpus_online(&n);

	for (uint32_t i = 0; i < prog->n_sites; i++) {
		struct perf_event_attr attr = clock_event(&prog->sites[i]);
		int fd = perf_open(&attr, -1, n ? cpu[0] : 0);
		int rc = fd < 0 ? fd : perf_attach(prog_fd, fd, i, false, 1, links);

		if (rc < 0)
			return failed(run, &prog->sites[i], rc);
	}
	return 0;
}

static int attach_profile(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	for (uint32_t i = 0; i < prog->n_sites; i++) {
		struct perf_event_attr attr = clock_event(&prog->sites[i]);
		int rc = perf_attach_everywhere(prog_fd, &attr, prog->sites[i].pid, i, links);

		if (rc < 0)
			return failed(run, &prog->sites[i], rc);
	}
	return 0;
}

const struct probe_type probe_interval = {
	.name = "interval",
	.aliases = { "i" },
	.forms = "'interval:hz:N', 'interval:s:N' (also ms, us, ns), or with a duration as 'interval:5s'",
	.probetype = "interval",
	.doc = "a timer on one CPU",
	.offers = PT_REGS | PT_CTX | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.expand = expand,
	.list = attach_list_sites,
	.attach = attach_interval,
};

const struct probe_type probe_profile = {
	.name = "profile",
	.aliases = { "p" },
	.forms = "'profile:hz:N', 'profile:s:N' (also ms, us, ns), or with a duration as 'profile:10ms'",
	.probetype = "profile",
	.doc = "a timer on each CPU: samples of what runs",
	.offers = PT_REGS | PT_CTX | PT_KSTACK | PT_USTACK | PT_USYM | PT_SIGNAL,
	.expand = expand,
	.list = attach_list_sites,
	.attach = attach_profile,
};

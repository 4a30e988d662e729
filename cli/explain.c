// SPDX-License-Identifier: Apache-2.0
#include "cli/explain.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "cli/rights.h"
#include "runtime/forecast.h"

#define USUAL_SECONDS 1
#define MOST_SECONDS 3600

static const char *const mechanisms[] = {
#define MECH(NAME, word, text, ns) text,
#include "base/mechanism.def"
#undef MECH
};

static const char *name_of(const struct plan_prog *p)
{
	return p->n_sites ? p->sites[0].name : p->name;
}

static void explain_hooks(const struct plan *p, struct str *out)
{
	str_adds(out, "HOOKS\n");
	for (uint32_t i = 0; i < p->n_progs; i++) {
		const struct plan_prog *g = &p->progs[i];

		str_printf(out, "  %-44s %s", name_of(g), g->n_sites ? mechanisms[g->sites[0].mechanism] : "-");
		if (g->n_sites > 1)
			str_printf(out, ", %u places", g->n_sites);
		str_addc(out, '\n');
		for (uint32_t k = 0; k < g->n_sites; k++)
			if (g->sites[k].note && (!k || !g->sites[k - 1].note || strcmp(g->sites[k].note, g->sites[k - 1].note)))
				str_printf(out, "    %s: %s\n", g->sites[k].name, g->sites[k].note);
	}
}

// Records that say what went wrong.
static bool is_rare(uint32_t kind)
{
	return kind == EVENT_RUNTIME_ERROR || kind == EVENT_HELPER_ERROR || kind == EVENT_UNWIND_MISS;
}

static void explain_copies(const struct plan *p, struct str *out)
{
	bool any = false;

	for (uint32_t i = 0; i < p->n_events; i++) {
		const struct plan_event *e = &p->events[i];
		bool tail = false;

		if (!e->fixed_size || e->prog >= p->n_progs || is_rare(e->kind))
			continue;
		for (uint32_t k = 0; k < e->n_args; k++)
			tail |= e->args[k].packed;
		if (!any)
			str_adds(out, "COPIED, bytes an event\n");
		any = true;
		str_printf(out, "  %-44s %u%s\n", name_of(&p->progs[e->prog]), e->fixed_size, tail ? " and what its strings hold" : "");
	}
	if (!any)
		str_adds(out, "COPIED\n  nothing: all stays in maps\n");
}

static uint64_t map_bytes(const struct plan_map *m, unsigned ncpus)
{
	bool per_cpu = m->bpf_type == BPF_MAP_TYPE_PERCPU_HASH || m->bpf_type == BPF_MAP_TYPE_LRU_PERCPU_HASH || m->bpf_type == BPF_MAP_TYPE_PERCPU_ARRAY;

	if (m->bpf_type == BPF_MAP_TYPE_RINGBUF)
		return m->max_entries;
	if (m->bpf_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY) // of data the CPUs have a share each, of control the whole
		return m->role == MAP_CONTROL ? (uint64_t)m->max_entries * ncpus : m->max_entries;
	return (uint64_t)m->max_entries * (m->key_size + ALIGN_UP((uint64_t)m->value_size, 8) * (per_cpu ? ncpus : 1));
}

static void explain_maps(const struct plan *p, unsigned ncpus, struct str *out)
{
	uint64_t others = 0;

	str_adds(out, "MAPS, when full\n");
	for (uint32_t i = 0; i < p->n_maps; i++) {
		const struct plan_map *m = &p->maps[i];

		if (m->role != MAP_USER)
			others += map_bytes(m, ncpus);
		else
			str_printf(out, "  %-44s %u entries of %u + %u bytes: %.1f KB\n", m->name, m->max_entries, m->key_size, m->value_size,
				   (double)map_bytes(m, ncpus) / 1000);
	}
	str_printf(out, "  %-44s %.1f KB\n", "buffers and what spile keeps for itself", (double)others / 1000);
}

static void explain_sinks(const struct plan *p, struct str *out)
{
	str_adds(out, "SINKS\n");
	for (uint32_t i = 0; i < p->n_sinks; i++) {
		const struct plan_sink *s = &p->sinks[i];

		str_printf(out, "  %-44s", s->kind);
		for (uint32_t k = 0; k < s->n_options; k++)
			if (s->options[k].text && *s->options[k].text)
				str_printf(out, " %s=%s", s->options[k].key, s->options[k].text);
		str_addc(out, '\n');
	}
	if (!p->n_sinks)
		str_adds(out, "  standard output\n");
}

void explain_plan(const struct plan *p, unsigned ncpus, struct str *out)
{
	explain_hooks(p, out);
	str_adds(out, "RIGHTS\n");
	rights_list(p, out);
	explain_copies(p, out);
	explain_maps(p, ncpus, out);
	explain_sinks(p, out);
}

void explain_cost(const struct plan *p, const struct forecast *f, struct str *out)
{
	double all = 0;
	bool assumed = false;

	str_printf(out, "COST, measured for %.1f s%s\n  %-40s %12s %10s %10s %9s\n", f->seconds,
		   f->count_only ? " (--unsafe: counted, not run)" : "", "", "hits/s", "entry ns", "program ns", "% of a CPU");
	for (uint32_t i = 0; i < p->n_progs; i++) {
		const struct forecast_prog *g = &f->progs[i];
		double rate = f->seconds > 0 ? (double)g->runs / f->seconds : 0, share = rate * (g->entry_ns + g->program_ns) / 1e7;

		if (p->progs[i].kind == PROG_RUN)
			continue;
		str_printf(out, "  %-40s %12.1f %9.0f%c %10.0f %9.3f\n", name_of(&p->progs[i]), rate, g->entry_ns, g->assumed ? '*' : ' ', g->program_ns, share);
		all += share;
		assumed |= g->assumed;
	}
	str_printf(out, "  %-40s %12s %10s %10s %9.3f\n", "all", "", "", "", all);
	if (assumed)
		str_adds(out, "  * not measured here: what it takes on another machine\n");
}

bool explain_seconds(const char *text, double *ret)
{
	char *end;

	*ret = USUAL_SECONDS;
	if (!text)
		return true;
	*ret = strtod(text, &end);
	return *text >= '0' && *text <= '9' && !*end && *ret > 0 && *ret <= MOST_SECONDS;
}

// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/plan.h"
#include "base/str.h"
#include "runtime/gates.h"
#include "runtime/load.h"
#include "runtime/notify.h"
#include "runtime/run_state.h"
#include "runtime/sinks/out.h"
#include "runtime/symbols/symbols.h"
#include "runtime/targets.h"
#include "runtime/unwind/tally.h"

static void tell_notes(struct run *r)
{
	_str_ struct str s = { 0 };

	for (uint32_t i = 0; i < r->plan->n_progs && r->options.verbose; i++)
		for (uint32_t k = 0; k < r->plan->progs[i].n_sites; k++) {
			const struct plan_site *site = &r->plan->progs[i].sites[k];

			if (site->note)
				str_printf(&s, "%s: %s\n", site->name, site->note);
		}
	if (r->plan->stack_note && r->options.verbose)
		str_printf(&s, "%s\n", r->plan->stack_note);
	if (s.n)
		out_error(&r->out, &s);
}

static void tell_gates(struct run *r)
{
	_str_ struct str s = { 0 };

	gates_report(r->gates, &s);
	if (s.n && !r->options.quiet)
		out_error(&r->out, &s);
}

// At the end, how many user stacks were whole.
static void tell_stacks(struct run *r, bool nothing)
{
	_str_ struct str s = { 0 };

	if (r->options.tells && nothing)
		str_adds(&s, "nothing was seen: the profile is empty\n");
	if (r->unwinder && (r->options.verbose || r->options.tells))
		unwind_tally(r->unwinder, loaded_role(r->loaded, r->plan, MAP_UNWIND_COUNTS), r->ncpus, r->options.verbose, &s);
	if (s.n)
		out_error(&r->out, &s);
}

// Names that are missing since the kernel's word on what processes map came too thick.
static void tell_names(struct run *r)
{
	struct symbols_loss lost = symbols_lost(r->symbols);
	_str_ struct str s = { 0 };

	if (!lost.frames || !(lost.records || lost.processes))
		return;
	str_printf(&s, "%lu frames lie in no known mapping, perhaps since there were lost", lost.frames);
	if (lost.records)
		str_printf(&s, ": %lu records of what processes map", lost.records);
	if (lost.processes)
		str_printf(&s, "%s %lu ended processes, forgotten for want of room", lost.records ? "," : ":", lost.processes);
	str_addc(&s, '\n');
	out_error(&r->out, &s);
}

static void tell_empty(struct run *r)
{
	_str_ struct str s = { 0 };

	for (uint32_t i = 0; i < r->plan->n_targets && r->options.tells; i++)
		if (!targets_members(r->targets, i))
			str_adds(&s, "no such process runs now; those that begin will be seen\n");
	if (s.n)
		out_error(&r->out, &s);
}

void run_tell_attached(struct run *r)
{
	static const char token[] = "__BPFTRACE_NOTIFY_PROBES_ATTACHED";

	tell_notes(r);
	tell_empty(r);
	if (!r->options.quiet && !r->options.legacy_output)
		r->options.sink->attached(&r->out, r->links.sites);
	notify_systemd("READY=1");
	if (getenv(token)) {
		out_add(&r->out, token, sizeof token - 1);
		out_add(&r->out, "\n", 1);
	}
	out_flush(&r->out);
}

void run_tell_end(struct run *r, bool nothing)
{
	tell_gates(r);
	tell_stacks(r, nothing);
	tell_names(r);
}

// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/plan.h"
#include "base/probe_type.h"
#include "runtime/gates.h"
#include "runtime/load.h"
#include "runtime/run_state.h"

static int attach_program(struct run *r, uint32_t index)
{
	const struct plan_prog *p = &r->plan->progs[index];
	unsigned errors = r->diag->errors;
	const struct probe_type *t = probe_type_find(r->world, p->sites[0].provider);

	if (!t || !t->attach)
		return run_refuse(r, E_ATTACH, "this build of Spile has no probes of type '%s'", p->sites[0].provider);
	struct link_set *gated = gates_links(r->gates, index);
	int err = t->attach(t, r, p, r->loaded->prog_fd[index], gated ? gated : &r->links);
	if (gated)
		r->links.sites += gated->sites;
	if (err == 0)
		return 0;
	if (r->diag->errors == errors)
		diag_error(r->diag, (struct span){ 0 }, E_ATTACH, "Unable to attach probe: %s. %s", p->sites[0].name, strerror(-err));
	return STATUS_FAILED;
}

unsigned run_sites(const struct run *r)
{
	unsigned all = 0;

	for (uint32_t i = 0; i < r->plan->n_progs; i++)
		all += r->plan->progs[i].n_sites;
	return all;
}

void run_progress(struct run *r)
{
	progress_tell(&r->progress, &r->out, "Attaching", r->links.sites, run_sites(r));
}

static int attach_one(struct run *r, uint32_t i, bool last_first)
{
	const struct plan_prog *p = &r->plan->progs[i];
	const struct probe_type *t = p->n_sites ? probe_type_find(r->world, p->sites[0].provider) : NULL;
	int status = 0;

	if ((t && t->last_first) != last_first)
		return 0;
	if (p->kind == PROG_RUN)
		r->links.sites += p->n_sites;
	else if (p->n_sites && !run_stopped(r))
		status = attach_program(r, i);
	run_drain_once(r, false); // probes attached before may be busy already
	run_progress(r);
	return status;
}

// Blocks of one site run in the script's order: where the kernel runs the latest first, the last block is attached first.
int run_attach(struct run *r)
{
	int status = 0;

	if (!r->options.quiet)
		progress_begin(&r->progress, r->options.watched, r->options.patience_ns);
	for (uint32_t i = 0; i < r->plan->n_progs && !status; i++)
		status = attach_one(r, i, false);
	for (uint32_t i = r->plan->n_progs; i-- > 0 && !status;)
		status = attach_one(r, i, true);
	progress_end(&r->progress, &r->out);
	return status;
}

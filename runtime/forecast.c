// SPDX-License-Identifier: Apache-2.0
#include "runtime/forecast.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/plan.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/entry_cost.h"
#include "runtime/gates.h"
#include "runtime/load.h"
#include "runtime/run_state.h"
#include "runtime/targets.h"

void forecast_prepare(struct run *r, struct forecast *f)
{
	_free_ struct entry_cost *entry = xcalloc(r->plan->n_progs, sizeof *entry);

	entry_costs(r, entry);
	for (uint32_t i = 0; i < r->plan->n_progs; i++) {
		f->progs[i].entry_ns = entry[i].ns;
		f->progs[i].assumed = entry[i].assumed;
	}
}

static bool is_over(const struct run *r, uint64_t end)
{
	return clock_ns(CLOCK_MONOTONIC) >= end || (r->options.stop && *r->options.stop);
}

int forecast_run(struct run *r, struct forecast *f)
{
	uint64_t from, runs, ns, *before = xcalloc(r->plan->n_progs, 2 * sizeof *before);
	_close_ int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	double looking;

	if (stats < 0) {
		free(before);
		return -errno;
	}
	looking = statistics_ns();
	if (f->count_only && r->globals)
		__atomic_store_n(&r->globals->enabled, 0, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < r->plan->n_progs; i++)
		program_spent(r->loaded->prog_fd[i], &before[2 * i], &before[2 * i + 1]);
	from = clock_ns(CLOCK_MONOTONIC);
	while (!is_over(r, from + (uint64_t)(f->seconds * 1e9))) {
		run_drain(r);
		targets_tick(r->targets, clock_ns(CLOCK_MONOTONIC));
		gates_tick(r->gates, clock_ns(CLOCK_MONOTONIC));
		usleep(2000);
	}
	for (uint32_t i = 0; i < r->plan->n_progs; i++) {
		program_spent(r->loaded->prog_fd[i], &runs, &ns);
		f->progs[i].runs = runs - before[2 * i];
		if (f->progs[i].runs && !f->count_only)
			f->progs[i].program_ns = MAX((double)(ns - before[2 * i + 1]) / (double)f->progs[i].runs - looking, 0);
	}
	f->seconds = (double)(clock_ns(CLOCK_MONOTONIC) - from) / 1e9;
	free(before);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/gates.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/plan.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/load.h"

#define PERIOD_NS 50000000u
#define LEAST (WIRE_GATE_OPEN >> 10) // below that to ask costs more than what passes, and each that passes stands for too many

struct gates {
	const struct plan *plan;
	const struct loaded *loaded;
	struct wire_globals *globals;
	int stats_fd;       // run time is counted while it is open
	uint64_t *run_ns;   // by program, at the last look
	uint64_t looked_ns; // 0: not yet
};

int gates_new(const struct plan *p, const struct loaded *l, struct wire_globals *g, struct gates **ret)
{
	if (!p->n_gates || !g)
		return 0;
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (fd < 0)
		return fd;
	struct gates *s = xcalloc(1, sizeof *s);
	*s = (struct gates){ .plan = p, .loaded = l, .globals = g, .stats_fd = fd, .run_ns = xcalloc(p->n_progs, sizeof *s->run_ns) };
	*ret = s;
	return 0;
}

void gates_free(struct gates *g)
{
	if (!g)
		return;
	close(g->stats_fd);
	free(g->run_ns);
	free(g);
}

uint64_t gate_next(uint64_t keep, uint64_t used, uint64_t share)
{
	double now = (double)(keep ? MIN(keep, WIRE_GATE_OPEN) : WIRE_GATE_OPEN);
	double ratio = used ? (double)share / (double)used : 2;

	// by halves at most on the way down, slowly on the way up: a burst must not open the gate for the next one
	ratio = ratio < 0.25 ? 0.25 : ratio > 1.25 ? 1.25 : ratio;
	now *= ratio;
	return now >= (double)WIRE_GATE_OPEN ? WIRE_GATE_OPEN : now < (double)LEAST ? LEAST : (uint64_t)now;
}

static uint64_t run_time(int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof info;

	return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 ? info.run_time_ns : 0;
}

// What each program took since the last look, into run_ns' place; the totals are remembered.
static void look(struct gates *g, uint64_t *took)
{
	for (uint32_t i = 0; i < g->plan->n_progs; i++) {
		uint64_t total = run_time(g->loaded->prog_fd[i]);

		took[i] = total > g->run_ns[i] ? total - g->run_ns[i] : 0;
		g->run_ns[i] = total;
	}
}

static uint64_t taken_by(const struct gates *g, const struct plan_gate *gate, const uint64_t *took)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < g->plan->n_progs; i++)
		if (!gate->n_progs)
			sum += took[i];
	for (uint32_t i = 0; i < gate->n_progs; i++)
		sum += took[gate->progs[i].index];
	return sum;
}

void gates_tick(struct gates *g, uint64_t now_ns)
{
	if (!g || now_ns - g->looked_ns < PERIOD_NS)
		return;
	_free_ uint64_t *took = xcalloc(g->plan->n_progs, sizeof *took);
	uint64_t elapsed = now_ns - g->looked_ns;
	bool first = g->looked_ns == 0;

	look(g, took);
	g->looked_ns = now_ns;
	for (uint32_t i = 0; i < g->plan->n_gates && i < WIRE_GATES && !first; i++) {
		const struct plan_gate *gate = &g->plan->gates[i];
		uint64_t share = (uint64_t)((double)elapsed * gate->cpu / 1e6);

		__atomic_store_n(&g->globals->keep[i], gate_next(g->globals->keep[i], taken_by(g, gate, took), share), __ATOMIC_RELAXED);
	}
}

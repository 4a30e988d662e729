// SPDX-License-Identifier: Apache-2.0
#include "runtime/hands.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/plan.h"
#include "base/probe_type.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/load.h"
#include "runtime/own_probe.h"
#include "runtime/run_state.h"
#include "runtime/thread.h"

#define STACK_BYTES (512u << 10)

struct hand {
	struct hands *all;
	uint32_t prog;
	struct link_set links;
	bool on, wanted; // as it is, as the thread makes it
	bool running, failed;
	uint64_t at_ns, lead_ns; // when to detach; how long the preparation for it took, on average
	atomic_bool done;
	pthread_t thread;
};

struct hands {
	struct run run; // a copy for the threads, with a list of diagnostics that nobody else writes to
	struct arena *arena;
	struct diag diag;
	struct hand *of; // by program
};

struct hands *hands_new(struct run *r)
{
	struct hands *h = xcalloc(1, sizeof *h);

	h->run = *r;
	h->arena = arena_new();
	diag_init(&h->diag, h->arena);
	h->run.diag = &h->diag;
	h->of = xcalloc(r->plan->n_progs, sizeof *h->of);
	for (uint32_t i = 0; i < r->plan->n_progs; i++) {
		h->of[i].all = h;
		h->of[i].prog = i;
		h->of[i].on = true; // by the run itself, before anything is turned
	}
	return h;
}

struct link_set *hands_links(struct hands *h, uint32_t prog)
{
	return &h->of[prog].links;
}

static void sleep_until(uint64_t ns)
{
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){ (time_t)(ns / 1000000000), (long)(ns % 1000000000) }, NULL);
}

// A uprobe's program is off at once, but the kernel then waits until nobody copies mappings (percpu_down_write(&dup_mmap_sem) in
// kernel/events/uprobes.c) before it takes the trap out of the code: for tens of milliseconds calls still trap and no program counts
// them. Who comes soon after another does not wait. So that wait is had first, with a uprobe of our own.
static void detach(struct hand *x)
{
	struct run *r = &x->all->run;
	bool waits = r->plan->progs[x->prog].kind == PROG_UPROBE;
	uint64_t from = clock_ns(CLOCK_MONOTONIC);
	struct own_probe *first = waits ? own_probe_new(r, entry_emulated, false) : NULL;

	if (waits)
		x->lead_ns = (3 * x->lead_ns + (clock_ns(CLOCK_MONOTONIC) - from)) / 4;
	sleep_until(x->at_ns);
	link_set_drop(&x->links);
	own_probe_free(first);
}

static void *turn(void *arg)
{
	struct hand *x = arg;
	struct run *r = &x->all->run;
	const struct plan_prog *p = &r->plan->progs[x->prog];
	const struct probe_type *t = p->n_sites ? probe_type_find(r->world, p->sites[0].provider) : NULL;

	if (!x->wanted)
		detach(x);
	else
		x->failed = !t || !t->attach || t->attach(t, r, p, r->loaded->prog_fd[x->prog], &x->links) != 0;
	atomic_store(&x->done, true);
	return NULL;
}

static void join(struct hand *x)
{
	pthread_join(x->thread, NULL);
	x->running = false;
	x->on = x->wanted;
}

void hands_turn(struct hands *h, uint32_t prog, bool on, uint64_t at_ns)
{
	struct hand *x = &h->of[prog];

	if (hands_busy(h, prog) || x->on == on)
		return;
	x->wanted = on;
	x->at_ns = at_ns;
	atomic_store(&x->done, false);
	x->running = thread_start(&x->thread, STACK_BYTES, turn, x) == 0;
	if (!x->running) { // no room for a thread: it takes its time here
		turn(x);
		x->on = on;
	}
}

bool hands_busy(struct hands *h, uint32_t prog)
{
	struct hand *x = &h->of[prog];

	if (x->running && atomic_load(&x->done))
		join(x);
	return x->running;
}

uint64_t hands_lead(const struct hands *h, uint32_t prog)
{
	return h->of[prog].running ? 0 : h->of[prog].lead_ns;
}

bool hands_failed(const struct hands *h, uint32_t prog)
{
	return h->of[prog].failed;
}

void hands_free(struct hands *h)
{
	if (!h)
		return;
	for (uint32_t i = 0; i < h->run.plan->n_progs; i++) {
		if (h->of[i].running)
			join(&h->of[i]);
		link_set_close(&h->of[i].links);
	}
	free(h->of);
	arena_free(h->arena);
	free(h);
}

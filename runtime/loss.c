// SPDX-License-Identifier: Apache-2.0
#include "runtime/loss.h"

#include <bpf/bpf.h>
#include <string.h>
#include <time.h>

#include "base/sink.h"
#include "base/util.h"

struct losses {
	int fd;
	const struct plan *plan;
	unsigned ncpus;
	uint64_t *per_cpu; // room for one lookup
	uint64_t *count;   // by counter
	uint64_t told;     // events reported so far
	time_t when;       // of the last look
};

struct losses *losses_new(int fd, const struct plan *p, unsigned ncpus)
{
	struct losses *l = xcalloc(1, sizeof *l);

	*l = (struct losses){ .fd = fd, .plan = p, .ncpus = ncpus };
	l->per_cpu = xcalloc(ncpus, sizeof *l->per_cpu);
	l->count = xcalloc(p->n_losses, sizeof *l->count);
	return l;
}

void losses_free(struct losses *l)
{
	if (!l)
		return;
	free(l->per_cpu);
	free(l->count);
	free(l);
}

// Reads all counters; the sum of those for lost events.
static uint64_t read_all(struct losses *l)
{
	uint64_t events = 0;

	for (uint32_t i = 0; i < l->plan->n_losses && l->fd >= 0; i++) {
		if (bpf_map_lookup_elem(l->fd, &i, l->per_cpu) != 0)
			continue;
		l->count[i] = 0;
		for (unsigned cpu = 0; cpu < l->ncpus; cpu++)
			l->count[i] += l->per_cpu[cpu];
		if (l->plan->losses[i].kind == LOSS_EVENT)
			events += l->count[i];
	}
	return events;
}

void losses_report(struct losses *l, const struct sink *s, struct out *o, bool now)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	if (!now && t.tv_sec == l->when)
		return;
	l->when = t.tv_sec;
	uint64_t events = read_all(l);
	if (events > l->told && s->lost)
		s->lost(o, l->plan, NULL, events - l->told);
	l->told = MAX(l->told, events);
}

void losses_total(struct losses *l, uint64_t least, const struct sink *s, struct out *o)
{
	losses_report(l, s, o, true);
	if (least > l->told && s->lost)
		s->lost(o, l->plan, NULL, least - l->told);
	l->told = MAX(l->told, least);
	if (l->told && s->lost_total)
		s->lost_total(o, l->told);
	for (uint32_t i = 0; i < l->plan->n_losses && s->lost; i++)
		if (l->count[i])
			s->lost(o, l->plan, &l->plan->losses[i], l->count[i]);
}

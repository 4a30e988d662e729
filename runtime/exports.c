// SPDX-License-Identifier: Apache-2.0
#include "runtime/exports.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/util.h"
#include "runtime/decode.h"
#include "runtime/sinks/export.h"

#define TICK_NS 100000000u
#define CLOSE_NS 5000000000u // what a receiver that does not answer may cost at the end

struct open_sink {
	const struct export_sink *sink;
	struct export_context context;
	void *state;
};

struct exports {
	const struct plan *plan;
	struct diag *diag;
	struct open_sink *v; // one per plan.sinks; `sink` NULL: no stream names it
	uint64_t began_ns, ticked_ns;
};

// Opening -------------------------------------------------------------------------------------------------------------

static struct span place(const struct plan_sink *s, uint32_t first_source)
{
	if (!s->n_span || !s->span[0].source)
		return (struct span){ 0 };
	return (struct span){ .source = first_source + s->span[0].source - 1, .start = s->span[0].start, .end = s->span[0].end };
}

static bool is_named(const struct plan *p, uint32_t sink)
{
	for (uint32_t i = 0; i < p->n_streams; i++)
		for (uint32_t k = 0; k < p->streams[i].n_sinks; k++)
			if (p->streams[i].sinks[k].index == sink)
				return true;
	return false;
}

static int open_one(struct open_sink *o)
{
	const struct plan_sink *s = o->context.sink;
	const struct export_sink *sink = export_find(s->kind);

	if (!sink) {
		diag_error(o->context.diag, o->context.at, E_TARGET, "this build of Spile has no sink '%s'", s->kind);
		return -ENOENT;
	}
	int err = sink->open(&o->context, &o->state);
	if (!err)
		o->sink = sink;
	return err;
}

int exports_open(const struct plan *p, struct printer *printer, struct out *out, struct diag *d, uint32_t first_source, struct exports **ret)
{
	int err = 0;

	if (!p->n_streams)
		return 0;
	struct exports *x = xcalloc(1, sizeof *x);
	*x = (struct exports){ .plan = p, .diag = d, .v = xcalloc(p->n_sinks, sizeof *x->v), .began_ns = clock_ns(CLOCK_BOOTTIME) };
	for (uint32_t i = 0; i < p->n_sinks && !err; i++) {
		x->v[i].context = (struct export_context){
			.plan = p, .sink = &p->sinks[i], .printer = printer, .out = out, .diag = d, .at = place(&p->sinks[i], first_source),
			.boot_to_epoch_ns = (int64_t)(clock_ns(CLOCK_REALTIME) - x->began_ns), .terminal = isatty(out->fd) == 1,
		};
		if (is_named(p, i))
			err = open_one(&x->v[i]);
	}
	if (err) {
		exports_close(x);
		return err;
	}
	*ret = x;
	return 0;
}

// Delivering ----------------------------------------------------------------------------------------------------------

void exports_record(struct exports *x, const struct record *r)
{
	if (!x)
		return;
	const struct plan_stream *s = &x->plan->streams[r->event->stream];
	struct export_record e = { .stream = s, .column = r->arg, .weight = r->weight };

	for (uint32_t i = 0; i < s->n_sinks; i++) {
		struct open_sink *o = &x->v[s->sinks[i].index];

		if (o->sink->record)
			o->sink->record(o->state, &e);
	}
}

void exports_measures(struct exports *x, uint32_t stream, const struct map_view *m, bool last)
{
	if (!x)
		return;
	const struct plan_stream *s = &x->plan->streams[stream];
	struct export_measures e = { .stream = s, .measure = m, .from_ns = x->began_ns, .to_ns = clock_ns(CLOCK_BOOTTIME), .last = last };

	for (uint32_t i = 0; i < s->n_sinks; i++) {
		struct open_sink *o = &x->v[s->sinks[i].index];

		if (o->sink->measures)
			o->sink->measures(o->state, &e);
	}
}

void exports_tick(struct exports *x)
{
	uint64_t at = x ? clock_ns(CLOCK_MONOTONIC) : 0;

	if (!x || at - x->ticked_ns < TICK_NS)
		return;
	x->ticked_ns = at;
	for (uint32_t i = 0; i < x->plan->n_sinks; i++)
		if (x->v[i].sink && x->v[i].sink->tick)
			x->v[i].sink->tick(x->v[i].state, at);
}

bool exports_has_map(const struct plan *p, uint32_t map)
{
	for (uint32_t i = 0; i < p->n_streams; i++)
		for (uint32_t k = 0; k < p->streams[i].n_measures; k++)
			if (p->streams[i].measures[k].map == map)
				return true;
	return false;
}

// Closing -------------------------------------------------------------------------------------------------------------

static uint64_t close_one(struct open_sink *o, uint64_t deadline)
{
	struct export_totals t = { 0 };

	o->sink->close(o->state, deadline, &t);
	if (t.dropped)
		diag_warn(o->context.diag, o->context.at, E_IO, "%lu of the %lu records and rows for %s were dropped: %s", t.dropped, t.dropped + t.delivered,
			  o->context.sink->name, t.why ? t.why : "they could not be delivered");
	o->sink->free(o->state);
	return t.delivered;
}

uint64_t exports_close(struct exports *x)
{
	uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + CLOSE_NS, delivered = 0;

	if (!x)
		return 0;
	for (uint32_t i = 0; i < x->plan->n_sinks; i++)
		if (x->v[i].sink)
			delivered += close_one(&x->v[i], deadline);
	free(x->v);
	free(x);
	return delivered;
}

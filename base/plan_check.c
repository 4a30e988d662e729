// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "base/plan.h"
#include "base/reloc.h"
#include "base/util.h"
#include "base/wire.h"

#define ENTRIES_MOST (1u << 28)
#define RING_MOST (1u << 30)
#define VALUE_MOST (1u << 24)
#define RINGBUF 27 // enum bpf_map_type
#define PERF_EVENT_ARRAY 4

static bool check_type(const struct plan *p, const struct type *t)
{
	if (!t)
		return true;
	if (t->kind == TYPE_TIMESTAMP && (t->a < 0 || (uint64_t)t->a >= p->n_formats))
		return false;
	if (t->kind == TYPE_ARRAY)
		return check_type(p, t->elem);
	for (uint32_t i = 0; i < t->nfields; i++)
		if (!check_type(p, t->fields[i].type))
			return false;
	return true;
}

// How many wire_scalars one value of a scalar map with a twin has.
static unsigned twin_scalars(const struct plan_map *m)
{
	return m->bpf_type == 2 ? 2 : 1; // BPF_MAP_TYPE_ARRAY
}

static const char *check_user_map(const struct plan *p, const struct plan_map *m)
{
	if (!m->name || m->name[0] != '@' || !m->value)
		return "a map has no name or no type";
	if (!check_type(p, m->key) || !check_type(p, m->value))
		return "a map's type names a time format that is not there";
	if (m->key && m->key_size < m->key->size + (m->bucketed ? 8 : 0))
		return "a map's key is smaller than its type";
	bool series = m->value->kind == TYPE_TSERIES;
	if (series && (!m->bucketed || m->value_size != sizeof(struct wire_epoch) || (!m->key && m->key_size != 4)))
		return "a map of time series has another layout";
	if (m->bucketed ? m->value_size < 8 || (!m->key && !series) || m->value->size == 0 : m->value_size < m->value->size)
		return "a map's value is smaller than its type";
	if (m->twin > WIRE_TWINS)
		return "a map's copies have no bit";
	if (m->twin && m->key && m->key_size < ALIGN_UP(m->key->size, 8u) + 8 + (m->bucketed ? 8 : 0))
		return "a map's key has no room for its copy's number";
	if (m->twin && !m->key && (m->value->size > VALUE_MOST || m->value_size < (uint64_t)twin_scalars(m) * (sizeof(struct wire_scalar) + m->value->size)))
		return "a map has no room for its two copies";
	if (m->bucketed && m->value->kind != TYPE_HIST && m->value->kind != TYPE_LHIST && !series)
		return "a map has buckets and no histogram";
	return NULL;
}

static const char *check_map(const struct plan *p, const struct plan_map *m)
{
	if (m->role >= MAP_ROLES)
		return "a map's role is unknown";
	if (m->key_size > VALUE_MOST || m->value_size > VALUE_MOST || m->max_entries > ENTRIES_MOST)
		return "a map is too large";
	if (m->role == MAP_GLOBALS && m->value_size < sizeof(struct wire_globals))
		return "the map of globals is too small";
	if ((m->role == MAP_RING || m->role == MAP_CONTROL) && (m->bpf_type != RINGBUF && m->bpf_type != PERF_EVENT_ARRAY))
		return "a buffer of records is of no known kind";
	if (m->role == MAP_TARGETS && (m->key_size != 4 || m->value_size != 8))
		return "the map of targets is malformed";
	return m->role == MAP_USER ? check_user_map(p, m) : NULL;
}

static const char *check_prog(const struct plan *p, const struct plan_prog *g)
{
	if (g->kind >= PROG_KINDS || !g->name || !g->section)
		return "a program has no name, no section or no known kind";
	if (prog_attached_to(g->kind) && !g->attach_to)
		return "a program has nothing to attach to";
	if (g->session > p->n_progs || ((g->session || g->in_session) && g->kind != PROG_KPROBE))
		return "a program is half of none";
	for (uint32_t i = 0; i < g->n_sites; i++) {
		const struct plan_site *s = &g->sites[i];

		if (!s->name || !s->provider || s->mechanism >= MECHANISMS || s->name_id >= MAX(p->n_names, 1u))
			return "a site is malformed";
		if (s->pin && (g->kind != PROG_ITER || s->pin[0] != '/'))
			return "what is pinned is no iterator, or has no path";
	}
	return NULL;
}

static const char *check_arg(const struct plan *p, const struct plan_event *e, const struct plan_arg *a)
{
	uint64_t size = a->packed ? sizeof(struct wire_tail) : a->type ? a->type->size : 0;
	bool tail = a->type && (a->type->kind == TYPE_STRING || a->type->kind == TYPE_BUFFER || type_is_stack(a->type));

	if (!a->type || !check_type(p, a->type))
		return "an event's argument has no valid type";
	if (a->offset < sizeof(struct wire_event) || a->offset + size > e->fixed_size)
		return "an event's argument lies outside its record";
	if (a->packed && !tail)
		return "an event's argument cannot be packed";
	return NULL;
}

static const char *check_spans(const struct plan *p, const struct plan_span *s, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (s[i].source > p->n_sources ||
		    (s[i].source && (s[i].end < s[i].start || s[i].end > p->sources[s[i].source - 1].text_len)))
			return "a place in the script is out of range";
	return NULL;
}

static bool uses_map(uint32_t kind)
{
	return kind == EVENT_PRINT_MAP || kind == EVENT_PRINT_MAP_VALUE || kind == EVENT_CLEAR || kind == EVENT_ZERO;
}

static bool prints_text(uint32_t kind)
{
	return kind == EVENT_PRINTF || kind == EVENT_ERRORF || kind == EVENT_WARNF || kind == EVENT_CAT || kind == EVENT_SYSTEM;
}

static const char *check_emission(const struct plan *p, const struct plan_event *e)
{
	if (e->stream >= p->n_streams)
		return "an event's stream is out of range";
	const struct plan_stream *s = &p->streams[e->stream];

	if (e->kind == EVENT_EMIT && (e->n_args != s->n_columns || s->n_measures))
		return "a record has other columns than its stream";
	for (uint32_t i = 0; e->kind == EVENT_EMIT && i < e->n_args; i++)
		if (e->args[i].type != s->columns[i].type)
			return "a record's column is of another type than its stream's";
	return NULL;
}

static const char *check_event(const struct plan *p, const struct plan_event *e)
{
	const char *why = NULL;

	if (e->kind >= EVENT_KINDS || e->prog >= p->n_progs)
		return "an event is of no known kind or program";
	if (uses_map(e->kind) && (e->map >= p->n_maps || p->maps[e->map].role != MAP_USER))
		return "an event's map is out of range";
	if (e->takes > WIRE_TAKE_LATER || (e->takes && (e->kind != EVENT_PRINT_MAP || !p->maps[e->map].twin)))
		return "an event takes a map that has no twin";
	if (prints_text(e->kind) && !e->text)
		return "an event has no format";
	if (e->fixed_size < sizeof(struct wire_event) || e->fixed_size > VALUE_MOST)
		return "an event's record has an impossible size";
	if ((e->kind == EVENT_PRINT_VALUE || e->kind == EVENT_PRINT_MAP_VALUE || e->kind == EVENT_HELPER_ERROR) && e->n_args < 1)
		return "an event lacks its value";
	for (uint32_t i = 0; i < e->n_args && !why; i++)
		why = check_arg(p, e, &e->args[i]);
	if (!why && (e->kind == EVENT_EMIT || e->kind == EVENT_PUBLISH))
		why = check_emission(p, e);
	return why ? why : check_spans(p, e->span, e->n_span);
}

static const char *check_stream(const struct plan *p, const struct plan_stream *s)
{
	if (!s->name)
		return "a stream has no name";
	for (uint32_t i = 0; i < s->n_columns; i++) {
		const struct plan_column *c = &s->columns[i];

		if (!c->name || !c->type || !check_type(p, c->type) || c->unit >= UNITS || c->role >= COLUMN_ROLES)
			return "a stream's column is malformed";
	}
	for (uint32_t i = 0; i < s->n_measures; i++) {
		const struct plan_measure *m = &s->measures[i];

		if (!m->name || m->unit >= UNITS || m->map >= p->n_maps || p->maps[m->map].role != MAP_USER)
			return "a measure has no map";
	}
	for (uint32_t i = 0; i < s->n_sinks; i++)
		if (s->sinks[i].index >= p->n_sinks)
			return "a stream's sink is out of range";
	return check_spans(p, s->span, s->n_span);
}

static const char *check_sink(const struct plan *p, const struct plan_sink *s)
{
	if (!s->name || !s->kind)
		return "a sink has no name or kind";
	for (uint32_t i = 0; i < s->n_options; i++)
		if (!s->options[i].key || !s->options[i].text)
			return "a sink's option is malformed";
	return check_spans(p, s->span, s->n_span);
}

static const char *check_target(const struct plan *p, const struct plan_target *t)
{
	if (!t->name)
		return "a target has no name";
	if (t->children && t->n_choices)
		return "a target is chosen in two ways";
	for (uint32_t i = 0; i < t->n_choices; i++) {
		if (!t->choices[i].key || !t->choices[i].n_values)
			return "a target's choice is malformed";
		for (uint32_t k = 0; k < t->choices[i].n_values; k++)
			if (!t->choices[i].values[k].name)
				return "a target's choice is malformed";
	}
	return check_spans(p, t->span, t->n_span);
}

static const char *check_gate(const struct plan *p, const struct plan_gate *g)
{
	for (uint32_t i = 0; i < g->n_progs; i++)
		if (g->progs[i].index >= p->n_progs)
			return "a budget's program is out of range";
	return check_spans(p, g->span, g->n_span);
}

static const char *check_loss(const struct plan *p, const struct plan_loss *l)
{
	uint32_t most = l->kind == LOSS_EVENT ? p->n_events : l->kind == LOSS_UPDATE ? p->n_maps : UINT32_MAX;

	if (l->kind >= LOSSES || (l->kind == LOSS_LEFT_OUT && !l->text) || l->prog >= p->n_progs || l->index >= most)
		return "a loss counter is out of range";
	return check_spans(p, l->span, l->n_span);
}

static const char *check_texts(const struct plan *p)
{
	for (uint32_t i = 0; i < p->n_names; i++)
		if (!p->names[i].name)
			return "a probe has no name";
	for (uint32_t i = 0; i < p->n_formats; i++)
		if (!p->formats[i].name)
			return "a time format is missing";
	for (uint32_t i = 0; i < p->n_sources; i++)
		if (!p->sources[i].name)
			return "a source has no name";
	return p->ring_bytes > RING_MOST ? "the ring buffer is too large" : NULL;
}

static const char *check_reloc(const struct plan *p, const struct plan_reloc *r)
{
	bool event = r->type && (strncmp(r->type, "tracepoint", 10) == 0 || strncmp(r->type, "rawtracepoint", 13) == 0 || strncmp(r->type, "function", 8) == 0);

	if (r->kind >= RELOC_KINDS || !r->type || !r->path || (event && !strchr(r->type, ' ')))
		return "a relocation names nothing";
	return check_spans(p, r->span, r->n_span);
}

static const char *check_plan(const struct plan *p)
{
	const char *why = check_texts(p);
	unsigned roles[MAP_ROLES] = { 0 };

	for (uint32_t i = 0; i < p->n_progs && !why; i++)
		why = check_prog(p, &p->progs[i]);
	for (uint32_t i = 0; i < p->n_maps && !why; i++)
		why = check_map(p, &p->maps[i]);
	for (uint32_t i = 0; i < p->n_maps && !why; i++)
		if (++roles[p->maps[i].role] > 1 && p->maps[i].role != MAP_USER && p->maps[i].role != MAP_RODATA && p->maps[i].role != MAP_IMPORTED)
			why = "two maps have a role that only one may have";
	for (uint32_t i = 0; i < p->n_events && !why; i++)
		why = check_event(p, &p->events[i]);
	for (uint32_t i = 0; i < p->n_losses && !why; i++)
		why = check_loss(p, &p->losses[i]);
	for (uint32_t i = 0; i < p->n_relocs && !why; i++)
		why = check_reloc(p, &p->relocs[i]);
	for (uint32_t i = 0; i < p->n_sinks && !why; i++)
		why = check_sink(p, &p->sinks[i]);
	for (uint32_t i = 0; i < p->n_streams && !why; i++)
		why = check_stream(p, &p->streams[i]);
	if (!why && p->layout >= LAYOUTS)
		why = "the layout of its code is unknown";
	if (p->n_targets > WIRE_TARGETS || p->n_gates > WIRE_GATES)
		return "there are too many targets or budgets";
	for (uint32_t i = 0; i < p->n_targets && !why; i++)
		why = check_target(p, &p->targets[i]);
	for (uint32_t i = 0; i < p->n_gates && !why; i++)
		why = check_gate(p, &p->gates[i]);
	for (uint32_t i = 0; i < p->n_lookups && !why; i++)
		why = p->lookups[i].name ? NULL : "a question about the process has no name";
	return why;
}

int plan_check(const struct plan *p, const char **why)
{
	const char *found = check_plan(p);

	if (!found)
		return 0;
	*why = found;
	return -EINVAL;
}

// SPDX-License-Identifier: Apache-2.0
//
// One JSON object per line for everything the run says, diagnostics and losses too.
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "runtime/agg.h"
#include "runtime/sinks/message.h"
#include "runtime/sinks/out.h"
#include "runtime/sinks/sinks.h"
#include "runtime/value.h"

static const char *const types[] = {
	[EVENT_PRINTF] = "printf", [EVENT_ERRORF] = "errorf", [EVENT_WARNF] = "warnf", [EVENT_TIME] = "time", [EVENT_JOIN] = "join",
	[EVENT_CAT] = "cat", [EVENT_SYSTEM] = "syscall", [EVENT_RUNTIME_ERROR] = "runtime_error",
	[EVENT_HELPER_ERROR] = "helper_error", [EVENT_KINDS] = NULL,
};

static void attached(struct out *o, unsigned probes)
{
	_str_ struct str s = { 0 };

	str_printf(&s, "{\"type\": \"attached_probes\", \"count\": %u, \"data\": {\"probes\": %u}}\n", probes, probes);
	out_str(o, &s);
}

static void begin(struct str *s, const char *type)
{
	str_printf(s, "{\"type\": \"%s\", \"data\": ", type);
}

static void text(struct out *o, enum event_kind kind, const char *p, size_t n)
{
	_str_ struct str s = { 0 };

	begin(&s, types[kind] ? types[kind] : "text");
	str_json(&s, p, n);
	str_adds(&s, "}\n");
	out_str(o, &s);
}

static void value(struct out *o, struct printer *p, const struct type *t, const void *bytes, bool newline)
{
	_str_ struct str s = { 0 };

	begin(&s, "value");
	value_json(p, t, bytes, &s);
	if (value_has_stack(t)) { // the text is what bpftrace's readers know; beside it, what the text cannot say
		str_adds(&s, ", \"stacks\": ");
		value_json_stacks(p, t, bytes, &s);
	}
	str_adds(&s, "}\n");
	out_str(o, &s);
}

static const char *map_type(const struct type *t)
{
	switch (t->kind) {
	case TYPE_HIST: case TYPE_LHIST: return "hist";
	case TYPE_AVG: case TYPE_STATS: return "stats";
	case TYPE_TSERIES: return "tseries";
	default: return "map";
	}
}

static void entry(struct printer *p, const struct map_view *m, const struct map_entry_view *e, struct str *s)
{
	const struct type *t = m->map->value;

	if (e->key) {
		value_json_key(p, m->map, e->key, s);
		str_adds(s, ": ");
	}
	if (type_is_aggregate(t) || (t->kind == TYPE_INT && m->div > 1))
		agg_json(t, e->value, m->div, s);
	else
		value_json(p, t, e->value, s);
}

// Beside the entries, in their order: the stacks of each one's key and of its value.
static void stacks(struct printer *p, const struct map_view *m, struct str *s)
{
	const struct type *of_key = value_has_stack(m->map->key) ? m->map->key : NULL, *of_value = value_has_stack(m->map->value) ? m->map->value : NULL;

	if (!of_key && !of_value)
		return;
	str_adds(s, ", \"stacks\": [");
	for (size_t i = 0; i < m->n; i++) {
		str_adds(s, i ? ", {" : "{");
		if (of_key) {
			str_adds(s, "\"key\": ");
			value_json_stacks(p, of_key, m->entries[i].key, s);
		}
		if (of_value) {
			str_adds(s, of_key ? ", \"value\": " : "\"value\": ");
			value_json_stacks(p, of_value, m->entries[i].value, s);
		}
		str_addc(s, '}');
	}
	str_addc(s, ']');
}

static void map(struct out *o, struct printer *p, const struct map_view *m)
{
	_str_ struct str s = { 0 };

	if (m->n == 0)
		return;
	begin(&s, map_type(m->map->value));
	str_addc(&s, '{');
	str_json(&s, m->map->name, strlen(m->map->name));
	str_adds(&s, m->map->key ? ": {" : ": ");
	for (size_t i = 0; i < m->n; i++) {
		if (i)
			str_adds(&s, ", ");
		entry(p, m, &m->entries[i], &s);
	}
	str_adds(&s, m->map->key ? "}}" : "}");
	stacks(p, m, &s);
	str_adds(&s, "}\n");
	out_str(o, &s);
}

static void message(struct out *o, const struct plan *plan, const struct plan_event *e, const char *what, int64_t retcode)
{
	struct arena *a = arena_new();
	_str_ struct str s = { 0 };
	unsigned line = 0, col = 0, end_line, end_col;
	struct diag d;

	message_diag(&d, plan, a);
	struct span at = message_span(&d, e->span, e->n_span);
	const char *file = d.sources[at.source].name;
	if (at.source)
		diag_place(&d, at, &line, &col, &end_line, &end_col);
	str_printf(&s, "{\"type\": \"%s\", \"msg\": ", types[e->kind] ? types[e->kind] : "message");
	str_json(&s, what, strlen(what));
	if (e->kind == EVENT_HELPER_ERROR) {
		str_adds(&s, ", \"helper\": ");
		str_json(&s, e->helper ? e->helper : "", e->helper ? strlen(e->helper) : 0);
		str_printf(&s, ", \"retcode\": %ld", (long)retcode);
	}
	str_adds(&s, ", \"filename\": ");
	str_json(&s, file, strlen(file));
	str_printf(&s, ", \"line\": %u, \"col\": %u}\n", line, col);
	out_str(o, &s);
	arena_free(a);
}

static void lost(struct out *o, const struct plan *plan, const struct plan_loss *l, uint64_t count)
{
	_str_ struct str s = { 0 }, what = { 0 };

	str_printf(&s, "{\"type\": \"%s\", \"count\": %lu, \"data\": {\"events\": %lu", l ? "lost" : "lost_events", count, count);
	if (l) {
		loss_text(plan, l, count, &what);
		str_adds(&s, ", \"what\": ");
		str_json(&s, str_z(&what), what.n);
	}
	str_adds(&s, "}}\n");
	out_str(o, &s);
}

static void lost_total(struct out *o, uint64_t events)
{
	// the objects of the run have told it already
}

static void end(struct out *o)
{
}

static void test_end(struct out *o, const struct trial *t)
{
	_str_ struct str s = { 0 };

	begin(&s, "test_result");
	str_addc(&s, '{');
	str_json(&s, t->name, strlen(t->name));
	str_printf(&s, ": {\"duration\": %lu, \"passed\": %s, \"output\": ", t->ns, t->passed ? "true" : "false");
	str_json(&s, t->output_len ? t->output : "", t->output_len);
	str_adds(&s, "}}}\n");
	out_str(o, &s);
}

static void benches(struct out *o, const struct trial *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_str_ struct str s = { 0 };

		begin(&s, "benchmark_result");
		str_addc(&s, '{');
		str_json(&s, t[i].name, strlen(t[i].name));
		str_printf(&s, ": {\"average\": %lu, \"iters\": %lu}}}\n", t[i].ns, t[i].iterations);
		out_str(o, &s);
	}
}

const struct sink sink_json = {
	.name = "json", .doc = "one JSON object per line, for programs",
	.attached = attached, .text = text, .value = value, .map = map, .message = message, .lost = lost, .lost_total = lost_total, .end = end,
	.test_end = test_end, .benches = benches,
};

// SPDX-License-Identifier: Apache-2.0
//
// What a terminal is shown: bpftrace's layout. Diagnostics and the number of probes go to err_fd.
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/agg.h"
#include "runtime/hist.h"
#include "runtime/sinks/message.h"
#include "runtime/sinks/out.h"
#include "runtime/sinks/sinks.h"
#include "runtime/value.h"

static void attached(struct out *o, unsigned probes)
{
	_str_ struct str s = { 0 };

	if (o->legacy) {
		str_printf(&s, "Attaching %u probe%s...\n", probes, probes == 1 ? "" : "s");
		out_str(o, &s);
		return;
	}
	str_printf(&s, "Attached %u probe%s\n", probes, probes == 1 ? "" : "s");
	out_error(o, &s);
}

static void text(struct out *o, enum event_kind kind, const char *s, size_t n)
{
	out_add(o, s, n);
}

static void value(struct out *o, struct printer *p, const struct type *t, const void *bytes, bool newline)
{
	_str_ struct str s = { 0 };

	value_text(p, t, bytes, &s);
	if (newline)
		str_addc(&s, '\n');
	out_str(o, &s);
}

static bool is_block(const struct type *t) // its text is lines of its own
{
	return t->kind == TYPE_HIST || t->kind == TYPE_LHIST || t->kind == TYPE_TSERIES;
}

// "{ .count = 3, .average = 2, .total = 6 }" as it was: "count 3, average 2, total 6"
static void stats_legacy(const char *text, struct str *out)
{
	for (const char *p = text; *p; p++) {
		if (strchr("{}.", *p) || (*p == ' ' && p[1] == '}') || (*p == ' ' && p[-1] == '{') || (*p == '=') || (*p == ' ' && p[1] == '='))
			continue;
		str_addc(out, *p);
	}
}

static void entry(const struct out *o, struct printer *p, const struct map_view *m, const struct map_entry_view *e, struct str *s)
{
	const struct type *t = m->map->value;

	str_adds(s, m->map->name);
	if (e->key) {
		str_addc(s, '[');
		value_key(p, m->map, e->key, s);
		str_addc(s, ']');
	}
	str_adds(s, !is_block(t) ? ": " : o->legacy ? ": \n" : ":\n");
	if (o->legacy && t->kind == TYPE_STATS) {
		_str_ struct str now = { 0 };

		agg_text(t, e->value, m->div, &now);
		stats_legacy(str_z(&now), s);
		str_addc(s, '\n');
		return;
	}
	if (o->legacy && t->kind == TYPE_LHIST)
		hist_text_legacy(t, e->value, s);
	else if (type_is_aggregate(t) || (t->kind == TYPE_INT && m->div > 1))
		agg_text(t, e->value, m->div, s);
	else
		value_text(p, t, e->value, s);
	str_addc(s, '\n');
}

static void map(struct out *o, struct printer *p, const struct map_view *m)
{
	_str_ struct str s = { 0 };

	for (size_t i = 0; i < m->n; i++) {
		str_clear(&s);
		entry(o, p, m, &m->entries[i], &s);
		out_str(o, &s);
	}
	if (o->legacy && !m->n)
		out_add(o, "\n", 1);
	if (o->legacy && (m->map->value->kind == TYPE_AVG || m->map->value->kind == TYPE_STATS))
		out_add(o, "\n", 1);
}

static void message(struct out *o, const struct plan *plan, const struct plan_event *e, const char *what, int64_t retcode)
{
	struct arena *a = arena_new();
	_str_ struct str s = { 0 };
	struct diag d;

	message_diag(&d, plan, a);
	struct span at = message_span(&d, e->span, e->n_span);
	const char *full = e->kind == EVENT_HELPER_ERROR ?
		arena_printf(a, "%s\nAdditional Info - helper: %s, retcode: %ld", what, e->helper ? e->helper : "", (long)retcode) : what;
	struct diag_item it = { e->kind == EVENT_ERRORF ? SEV_ERROR : SEV_WARNING, E_NONE, at, full };
	diag_print_item(&d, &it, false, &s);
	out_error(o, &s);
	arena_free(a);
}

static void lost(struct out *o, const struct plan *plan, const struct plan_loss *l, uint64_t count)
{
	_str_ struct str s = { 0 };

	if (l) {
		str_adds(&s, l->kind == LOSS_LEFT_OUT ? "Left out: " : "WARNING: Lost ");
		loss_text(plan, l, count, &s);
		str_addc(&s, '\n');
	} else {
		str_printf(&s, "Lost %lu events\n", count);
	}
	out_error(o, &s);
}

static void lost_total(struct out *o, uint64_t events)
{
	_str_ struct str s = { 0 };

	str_printf(&s, "WARNING: Total lost event count: %lu\n", events);
	out_error(o, &s);
}

static void end(struct out *o)
{
	out_add(o, "\n\n", 2);
}

// Tests, in googletest's manner. Colours always: other people's tools look for them.
#define GREEN "\033[32m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

static void duration(struct str *s, uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	size_t unit = 0;

	for (; ns >= 1000 && unit < 3; unit++)
		ns /= 1000;
	str_printf(s, "(%lu %s)", ns, units[unit]);
}

static const char *tests(size_t n)
{
	return n == 1 ? "test" : "tests";
}

static void test_begin(struct out *o, const struct trial *t, size_t n, size_t i)
{
	_str_ struct str s = { 0 };

	if (i == 0)
		str_printf(&s, GREEN "[==========]" PLAIN " Running %zu %s.\n", n, tests(n));
	if (n)
		str_printf(&s, GREEN "[ RUN      ]" PLAIN " %s\n", t->name);
	out_str(o, &s);
}

static void test_end(struct out *o, const struct trial *t)
{
	_str_ struct str s = { 0 };

	if (!t->passed && t->output_len) {
		str_add(&s, t->output, t->output_len);
		if (t->output[t->output_len - 1] != '\n')
			str_addc(&s, '\n');
	}
	str_printf(&s, "%s" PLAIN " %s ", t->passed ? GREEN "[       OK ]" : RED "[  FAILED  ]", t->name);
	duration(&s, t->ns);
	str_addc(&s, '\n');
	out_str(o, &s);
}

static void tests_end(struct out *o, const struct trial *t, size_t n)
{
	_str_ struct str s = { 0 };
	size_t passed = 0;

	for (size_t i = 0; i < n; i++)
		passed += t[i].passed;
	str_printf(&s, GREEN "[==========]" PLAIN " %zu %s ran.\n", n, tests(n));
	str_printf(&s, GREEN "[  PASSED  ]" PLAIN " %zu %s.\n", passed, tests(passed));
	if (passed < n)
		str_printf(&s, RED "[  FAILED  ]" PLAIN " %zu %s, listed below:\n", n - passed, tests(n - passed));
	for (size_t i = 0; i < n; i++)
		if (!t[i].passed)
			str_printf(&s, RED "[  FAILED  ]" PLAIN " %s\n", t[i].name);
	out_str(o, &s);
}

static void benches(struct out *o, const struct trial *t, size_t n)
{
	_str_ struct str s = { 0 };
	size_t width = 41;

	for (size_t i = 0; i < n; i++)
		width = MAX(width, strlen(t[i].name) + 1);
	str_printf(&s, "%-*s%15s%15s\n", (int)width, "Benchmark", "Time(ns)", "Iterations");
	for (size_t i = 0; i < width + 30; i++)
		str_addc(&s, '-');
	str_addc(&s, '\n');
	for (size_t i = 0; i < n; i++)
		str_printf(&s, "%-*s%15lu%15lu\n", (int)width, t[i].name, t[i].ns, t[i].iterations);
	out_str(o, &s);
}

const struct sink sink_text = {
	.name = "text", .doc = "lines for people, as bpftrace prints them",
	.attached = attached, .text = text, .value = value, .map = map, .message = message, .lost = lost, .lost_total = lost_total, .end = end,
	.test_begin = test_begin, .test_end = test_end, .tests_end = tests_end, .benches = benches,
};

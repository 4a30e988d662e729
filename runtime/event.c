// SPDX-License-Identifier: Apache-2.0
#include "runtime/event.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/sink.h"
#include "base/util.h"
#include "runtime/channel.h"
#include "runtime/exports.h"
#include "runtime/format.h"
#include "runtime/load.h"
#include "runtime/maps.h"
#include "runtime/names.h"
#include "runtime/run_state.h"
#include "runtime/shell.h"
#include "runtime/sinks/out.h"
#include "runtime/targets.h"
#include "runtime/unwind/unwinder.h"

// Helpers -------------------------------------------------------------------------------------------------------------

static const char *formatted(struct run *r, const struct record *rec)
{
	str_clear(&r->text);
	str_adds(&r->text, ""); // a format may print nothing: the NUL is there all the same
	format_run(r->formats[rec->index], &r->printer, rec->arg, rec->nargs, &r->text);
	return str_z(&r->text);
}

static void say(struct run *r, const struct record *rec)
{
	r->options.sink->text(&r->out, rec->event->kind, str_z(&r->text), r->text.n);
}

// An error of our own side of an action, in the place of the action.
static void complain(struct run *r, const struct record *rec, enum event_kind as, const char *what)
{
	struct plan_event e = *rec->event;

	e.kind = as;
	r->options.sink->message(&r->out, r->plan, &e, what, 0);
}

static int64_t integer_arg(const struct record *rec, uint32_t i, int64_t otherwise)
{
	return i < rec->nargs ? arg_integer(&rec->arg[i]) : otherwise;
}

// Actions -------------------------------------------------------------------------------------------------------------

static void act_printf(struct run *r, const struct record *rec)
{
	formatted(r, rec);
	say(r, rec);
}

// What a helper's failure means: its own text where there is one and it is of that kind, else the error's.
static const char *message_text(const struct plan_event *e, int64_t retcode)
{
	if (e->kind != EVENT_HELPER_ERROR)
		return e->text ? e->text : "";
	if (e->text && (!e->helper || strcmp(e->helper, "map_update_elem") != 0 || retcode == -E2BIG))
		return e->text;
	return retcode < 0 && retcode > -4096 ? strerror((int)-retcode) : "unknown error";
}

static void act_message(struct run *r, const struct record *rec)
{
	bool warning = rec->event->kind != EVENT_ERRORF;

	if (warning && r->options.no_warnings)
		return;
	if (r->formats[rec->index]) {
		formatted(r, rec);
	} else {
		str_clear(&r->text);
		str_adds(&r->text, message_text(rec->event, integer_arg(rec, 0, 0)));
	}
	r->options.sink->message(&r->out, r->plan, rec->event, str_z(&r->text), integer_arg(rec, 0, 0));
}

static void act_value(struct run *r, const struct record *rec)
{
	const struct arg_view *a = &rec->arg[0];
	_free_ void *room = a->packed ? xmalloc(a->type->size) : NULL;

	r->options.sink->value(&r->out, &r->printer, a->type, arg_whole(a, room), true);
}

static struct map_ref map_ref(struct run *r, unsigned map)
{
	return (struct map_ref){ .fd = r->loaded->map_fd[map], .map = &r->plan->maps[map], .ncpus = r->ncpus, .globals = r->globals };
}

static bool takes_now(const struct plan_event *e)
{
	return e->takes == WIRE_TAKE_CLEAR || e->takes == WIRE_TAKE_ZERO;
}

// What the next record that concerns a map, up to its next print, does to it; WIRE_TAKE_LATER: there is none yet.
static unsigned follows(struct run *r, uint32_t map)
{
	struct record rec;
	const void *p;
	size_t n;

	for (size_t i = 1; (p = channel_peek(r->channel, i, &n)); i++) {
		if (!record_decode(r->plan, p, n, &rec) || rec.event->map != map)
			continue;
		if (rec.event->kind == EVENT_PRINT_MAP)
			return WIRE_TAKE_NONE;
		if (rec.event->kind == EVENT_CLEAR || rec.event->kind == EVENT_ZERO)
			return rec.event->kind == EVENT_CLEAR ? WIRE_TAKE_CLEAR : WIRE_TAKE_ZERO;
	}
	return WIRE_TAKE_LATER;
}

// The program that printed may still run. Once it has ended, what it did not ask for by then it does not ask for.
static unsigned decide(struct run *r, const struct plan_event *e)
{
	unsigned takes = e->takes;

	if (takes != WIRE_TAKE_LATER)
		return takes;
	takes = follows(r, e->map);
	if (takes == WIRE_TAKE_LATER && maps_wait_for_programs() == 0)
		takes = follows(r, e->map);
	if (takes == WIRE_TAKE_LATER)
		return WIRE_TAKE_NONE;
	if (takes != WIRE_TAKE_NONE)
		r->emptied |= 1ull << (r->plan->maps[e->map].twin - 1);
	return takes;
}

// Its elements went with the print before it.
static bool is_done(struct run *r, const struct plan_event *e)
{
	unsigned twin = r->plan->maps[e->map].twin;
	bool done = twin && r->emptied & 1ull << (twin - 1);

	if (done)
		r->emptied &= ~(1ull << (twin - 1));
	return done;
}

// The twins of the maps that this record and those right behind it take: they are turned together, since each turn waits.
static uint64_t taken_together(struct run *r)
{
	uint64_t twins = 0;
	struct record rec;
	const void *p;
	size_t n;

	for (size_t i = 0; (p = channel_peek(r->channel, i, &n)) && record_decode(r->plan, p, n, &rec) && takes_now(rec.event); i++) {
		uint64_t bit = 1ull << (r->plan->maps[rec.event->map].twin - 1);

		if (twins & bit)
			break; // its next interval
		twins |= bit;
	}
	return twins;
}

static int take(struct run *r, const struct map_ref *m, bool zero, struct rows *rows)
{
	uint64_t bit = 1ull << (m->map->twin - 1);
	int err = 0;

	if (!(r->turned & bit)) {
		uint64_t twins = taken_together(r) | bit;

		err = maps_turn(r->globals, twins);
		r->turned |= err ? 0 : twins;
	}
	r->turned &= ~bit;
	return err ? err : rows_take(m, zero, rows);
}

static void act_print_map(struct run *r, const struct record *rec)
{
	int64_t top = integer_arg(rec, 0, 0), div = integer_arg(rec, 1, 1);

	event_print_map(r, rec->event->map, top > 0 ? (unsigned long)top : 0, div > 1 ? (unsigned long)div : 1, false, decide(r, rec->event));
}

static void change_map(struct run *r, const struct record *rec, int (*change)(const struct map_ref *m))
{
	struct map_ref ref = map_ref(r, rec->event->map);
	const struct plan_map *m = ref.map;
	int err = change(&ref);

	if (err) {
		_free_ char *what = xasprintf("%s could not be changed: %s", m->name, strerror(-err));

		complain(r, rec, EVENT_WARNF, what);
	}
}

static void act_clear(struct run *r, const struct record *rec)
{
	if (!is_done(r, rec->event))
		change_map(r, rec, map_clear);
}

static void act_zero(struct run *r, const struct record *rec)
{
	if (!is_done(r, rec->event))
		change_map(r, rec, map_zero);
}

static void act_exit(struct run *r, const struct record *rec)
{
	r->status = (int)integer_arg(rec, 0, 0);
	r->exiting = r->exited = true;
}

static void act_time(struct run *r, const struct record *rec)
{
	str_clear(&r->text);
	names_now(rec->event->text ? rec->event->text : "%H:%M:%S\n", &r->text);
	say(r, rec);
}

static void act_join(struct run *r, const struct record *rec)
{
	const char *between = rec->event->text ? rec->event->text : " ";
	_str_ struct str word = { 0 };

	str_clear(&r->text);
	for (uint32_t i = 0; i < rec->nargs; i++) {
		str_clear(&word);
		arg_text(&r->printer, &rec->arg[i], &word);
		if (word.n == 0)
			break;
		if (i)
			str_adds(&r->text, between);
		str_add(&r->text, word.p, word.n);
	}
	str_addc(&r->text, '\n');
	say(r, rec);
}

static void act_cat(struct run *r, const struct record *rec)
{
	_free_ char *path = xstrdup(formatted(r, rec));

	str_clear(&r->text);
	int err = str_read_file(&r->text, path, plan_config(r->plan, "max_cat_bytes")->number);
	if (err) {
		_free_ char *what = xasprintf("failed to open file '%s' (%s)", path, strerror(-err));

		complain(r, rec, EVENT_ERRORF, what);
		return;
	}
	say(r, rec);
}

static void act_system(struct run *r, const struct record *rec)
{
	_free_ char *command = xstrdup(formatted(r, rec));

	out_flush(&r->out);
	str_clear(&r->text);
	int status = shell_run(command, r->options.stop, &r->text);
	if (status != 0) {
		_free_ char *what = status < 0 ? xasprintf("failed to run sh: %s", strerror(-status)) :
						 xasprintf("command exited with code %d", status);

		complain(r, rec, EVENT_ERRORF, what);
		return;
	}
	str_addc(&r->text, '\n');
	say(r, rec);
}

static void act_emit(struct run *r, const struct record *rec)
{
	exports_record(r->exports, rec);
}

static void act_publish(struct run *r, const struct record *rec)
{
	event_publish(r, rec->event->stream, false);
}

static void act_unwind_miss(struct run *r, const struct record *rec)
{
	struct unwind_miss m;

	if (!r->unwinder || rec->nargs < 1 || rec->arg[0].len < sizeof m)
		return;
	memcpy(&m, rec->arg[0].p, sizeof m);
	unwinder_miss(r->unwinder, &m);
}

static void act_target(struct run *r, const struct record *rec)
{
	targets_review(r->targets, (uint32_t)integer_arg(rec, 0, 0));
}

static void (*const actions[])(struct run *r, const struct record *rec) = {
	[EVENT_PRINTF] = act_printf,	   [EVENT_ERRORF] = act_message,	  [EVENT_WARNF] = act_message,
	[EVENT_PRINT_VALUE] = act_value,   [EVENT_PRINT_MAP] = act_print_map,	  [EVENT_PRINT_MAP_VALUE] = act_value,
	[EVENT_CLEAR] = act_clear,	   [EVENT_ZERO] = act_zero,		  [EVENT_EXIT] = act_exit,
	[EVENT_EMIT] = act_emit,	   [EVENT_PUBLISH] = act_publish,	  [EVENT_TARGET] = act_target,
	[EVENT_TIME] = act_time,	   [EVENT_JOIN] = act_join,		  [EVENT_CAT] = act_cat,
	[EVENT_SYSTEM] = act_system,	   [EVENT_RUNTIME_ERROR] = act_message,  [EVENT_HELPER_ERROR] = act_message,
	[EVENT_UNWIND_MISS] = act_unwind_miss,
};
_Static_assert(ARRAY_SIZE(actions) == EVENT_KINDS, "a function per event");

void event_act(struct run *r, const struct record *rec)
{
	actions[rec->event->kind](r, rec);
}

// Maps ----------------------------------------------------------------------------------------------------------------

static void name_addresses(struct run *r, const struct plan_map *m, const struct map_entry_view *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].key)
			printer_want(&r->printer, v[i].key_type, v[i].key);
		printer_want(&r->printer, m->value, v[i].value);
	}
	printer_resolve(&r->printer);
}

// bpftrace up to 0.23 left a line empty for a map without elements; a count was there from the start.
static bool tells_unset(const struct run *r)
{
	return r->out.legacy && strcmp(r->options.sink->name, "text") == 0;
}

void event_print_map(struct run *r, unsigned map, unsigned long top, unsigned long div, int at_end, unsigned takes)
{
	const struct plan_map *m = &r->plan->maps[map];
	_cleanup_(rows_free) struct rows rows = { 0 };

	struct map_ref ref = map_ref(r, map);
	int err = takes ? take(r, &ref, takes == WIRE_TAKE_ZERO, &rows) : rows_read(&ref, &rows);
	if (err)
		diag_warn(r->diag, (struct span){ 0 }, E_IO, "%s could not be read and is not printed: %s", m->name, strerror(-err));
	bool unset = !rows.set && tells_unset(r), blank = unset && (m->key || m->value->kind != TYPE_COUNT);
	if (err || (at_end && !rows.set && !unset))
		return;
	rows_sort(m, &rows);
	size_t n = blank ? 0 : top ? MIN(rows.n, top) : rows.n;
	struct map_view view = { .map = m, .entries = rows.v + (rows.n - n), .n = n, .div = div };
	name_addresses(r, m, view.entries, n);
	r->options.sink->map(&r->out, &r->printer, &view);
	printer_forget(&r->printer);
}

// Measures ------------------------------------------------------------------------------------------------------------

// 0 or -errno. `rows` is the caller's either way.
static int read_measure(struct run *r, const struct plan_measure *m, struct rows *rows, struct map_view *view)
{
	struct map_ref ref = map_ref(r, m->map);
	int err = rows_read(&ref, rows);

	if (err)
		return err;
	rows_sort(ref.map, rows);
	*view = (struct map_view){ .map = ref.map, .entries = rows->v, .n = ref.map->key || rows->set ? rows->n : 0, .div = 1 };
	name_addresses(r, ref.map, view->entries, view->n);
	return 0;
}

void event_publish(struct run *r, uint32_t stream, bool last)
{
	const struct plan_stream *s = &r->plan->streams[stream];
	_free_ struct rows *rows = xcalloc(s->n_measures, sizeof *rows);
	_free_ struct map_view *views = xcalloc(s->n_measures, sizeof *views);
	int err = 0;

	for (uint32_t i = 0; i < s->n_measures && !err; i++)
		err = read_measure(r, &s->measures[i], &rows[i], &views[i]);
	if (err)
		diag_warn(r->diag, (struct span){ 0 }, E_IO, "the measures of %s could not be read and are not published: %s", s->name, strerror(-err));
	else
		exports_measures(r->exports, stream, views, last);
	printer_forget(&r->printer);
	for (uint32_t i = 0; i < s->n_measures; i++)
		rows_free(&rows[i]);
}

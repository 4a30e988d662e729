// SPDX-License-Identifier: Apache-2.0
#include "runtime/run.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "runtime/attach/iter.h"
#include "runtime/channel.h"
#include "runtime/child.h"
#include "runtime/event.h"
#include "runtime/exports.h"
#include "runtime/forecast.h"
#include "runtime/format.h"
#include "runtime/gates.h"
#include "runtime/load.h"
#include "runtime/loss.h"
#include "runtime/memory.h"
#include "runtime/notify.h"
#include "runtime/run_state.h"
#include "runtime/sinks/out.h"
#include "runtime/symbols/symbols.h"
#include "runtime/targets.h"
#include "runtime/trial.h"
#include "runtime/unwind/unwinder.h"

#define BUSY_MS 1
#define IDLE_MS 10
#define LINES_MS 100 // what a record may wait for the lines of its addresses; events come in meanwhile
#define CONTROL_ROOM 4096 // bytes
#define MANY_SLOW 32 // probes that take the kernel seconds to take off

// Making and unmaking --------------------------------------------------------------------------------------------------

static void compile_formats(struct run *r)
{
	r->formats = xcalloc(r->plan->n_events, sizeof *r->formats);
	for (uint32_t i = 0; i < r->plan->n_events; i++) {
		const struct plan_event *e = &r->plan->events[i];
		bool has = e->kind == EVENT_PRINTF || e->kind == EVENT_ERRORF || e->kind == EVENT_WARNF || e->kind == EVENT_CAT ||
			   e->kind == EVENT_SYSTEM;

		if (has && e->text)
			r->formats[i] = format_new(e->text);
	}
}

struct run *run_new(const struct plan *plan, const void *object, size_t object_len, struct world *w, struct diag *d,
		    const struct run_options *o)
{
	struct run *r = xcalloc(1, sizeof *r);
	int cpus = libbpf_num_possible_cpus();

	*r = (struct run){ .plan = plan, .object = object, .object_len = object_len, .world = w, .diag = d, .options = *o,
			   .first_source = (uint32_t)d->nsources, .target_fd = -1, .poll_fd = -1, .ncpus = cpus > 0 ? (unsigned)cpus : 1 };
	for (uint32_t i = 0; i < plan->n_sources; i++)
		diag_source(d, plan->sources[i].name ? plan->sources[i].name : "?", plan->sources[i].text, plan->sources[i].text_len);
	r->symbols = symbols_new(&(struct symbol_options){ .demangle = plan_config(plan, "cpp_demangle")->number,
							   .lines = plan_config(plan, "show_debug_info")->number,
							   .debuginfod = plan_config(plan, "debuginfod")->number });
	printer_init(&r->printer, plan, r->symbols);
	out_open(&r->out, o->out_fd, STDERR_FILENO, o->buffering);
	r->out.legacy = r->printer.legacy = o->legacy_output;
	compile_formats(r);
	return r;
}

void run_free(struct run *r)
{
	if (!r)
		return;
	link_set_close(&r->links);
	child_free(r->child);
	exports_close(r->exports);
	out_close(&r->out);
	unwinder_free(r->unwinder);
	memory_free(r->memory);
	gates_free(r->gates);
	targets_free(r->targets);
	losses_free(r->losses);
	channel_close(r->channel);
	if (r->globals)
		munmap(r->globals, r->globals_len);
	loaded_free(r->loaded);
	for (uint32_t i = 0; i < r->plan->n_events; i++)
		format_free(r->formats[i]);
	free(r->formats);
	printer_free(&r->printer);
	symbols_free(r->symbols);
	str_free(&r->text);
	if (r->target_fd >= 0)
		close(r->target_fd);
	if (r->poll_fd >= 0)
		close(r->poll_fd);
	free(r);
}

struct diag *run_diag(struct run *r)
{
	return r->diag;
}

struct world *run_world(struct run *r)
{
	return r->world;
}

const struct run_options *run_options(const struct run *r)
{
	return &r->options;
}

pid_t run_child(const struct run *r)
{
	return r->child ? child_pid(r->child) : 0;
}

// Records --------------------------------------------------------------------------------------------------------------

bool run_is_of(const struct plan_prog *p, const char *provider)
{
	return p->kind == PROG_RUN && p->n_sites && strcmp(p->sites[0].provider, provider) == 0;
}

// What a forecast acts on: only what keeps the programs themselves going as in a run.
static bool is_upkeep(uint32_t kind)
{
	return kind == EVENT_TARGET || kind == EVENT_UNWIND_MISS || kind == EVENT_CLEAR || kind == EVENT_ZERO;
}

static void on_record(void *arg, const void *bytes, size_t n)
{
	struct run *r = arg;

	if (!record_decode(r->plan, bytes, n, &r->record)) {
		r->malformed++;
		return;
	}
	if (r->options.mode == RUN_FORECAST && !is_upkeep(r->record.event->kind))
		return;
	r->complaints += r->record.event->kind == EVENT_ERRORF || r->record.event->kind == EVENT_RUNTIME_ERROR;
	// what was written behind an exit() does not count, but for the end probes' output
	if (r->exited && !(r->ending && run_is_of(&r->plan->progs[r->record.event->prog], "end")))
		return;
	event_act(r, &r->record);
}

// An exit() that found the control ring full. What was written before it has been handled, or is now.
static void exit_by_flag(struct run *r)
{
	int status = (int)r->globals->exit_status;

	__atomic_store_n(&r->globals->exit_asked, 0, __ATOMIC_RELEASE);
	while (!r->exited && channel_drain(r->channel, true, on_record, r))
		if (channel_control_pending(r->channel) < CONTROL_ROOM) // there is room again: what comes now is younger
			break;
	if (!r->exited)
		r->status = status;
	r->exiting = r->exited = true;
}

size_t run_drain_once(struct run *r, bool all)
{
	bool asked = r->globals && __atomic_load_n(&r->globals->exit_asked, __ATOMIC_ACQUIRE);
	size_t n = channel_drain(r->channel, all, on_record, r);

	if (asked && r->options.mode != RUN_FORECAST)
		exit_by_flag(r);
	if (n && r->attached) // what begin printed waits: nothing is to be seen of a run that cannot attach
		out_batch(&r->out);
	return n;
}

void run_drain(struct run *r)
{
	while (run_drain_once(r, true))
		;
}

bool run_stopped(const struct run *r)
{
	return r->exiting || r->out.failed || (r->options.stop && *r->options.stop);
}

// Probes the runtime runs itself ----------------------------------------------------------------------------------------

static int run_program(struct run *r, uint32_t prog)
{
	uint64_t context[12] = { 0 }; // a raw tracepoint's arguments, as many as there can be
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = context, .ctx_size_in = sizeof context);
	int err = bpf_prog_test_run_opts(r->loaded->prog_fd[prog], &o);

	run_drain(r);
	if (err) {
		diag_error(r->diag, (struct span){ 0 }, E_ATTACH, "%s could not be run: %s", r->plan->progs[prog].sites[0].name, strerror(-err));
		return STATUS_FAILED;
	}
	return 0;
}

static int run_special(struct run *r, const char *provider)
{
	int status = 0;

	for (uint32_t i = 0; i < r->plan->n_progs && !status && !(r->exited && !r->ending); i++)
		if (run_is_of(&r->plan->progs[i], provider))
			status = run_program(r, i);
	return status;
}

static void on_signals(struct run *r)
{
	while (r->options.usr1 && r->signals_seen != *r->options.usr1) {
		r->signals_seen++;
		run_special(r, "self");
	}
}

// The loop -------------------------------------------------------------------------------------------------------------

static bool has_user_addresses(const struct type *t)
{
	if (!t)
		return false;
	if (t->kind == TYPE_USTACK || t->kind == TYPE_USYM)
		return true;
	if (t->kind == TYPE_ARRAY)
		return has_user_addresses(t->elem);
	for (uint32_t i = 0; i < t->nfields; i++)
		if (has_user_addresses(t->fields[i].type))
			return true;
	return false;
}

static void find_user_addresses(struct run *r)
{
	for (uint32_t i = 0; i < r->plan->n_maps; i++)
		r->wants_user_symbols |= has_user_addresses(r->plan->maps[i].key) || has_user_addresses(r->plan->maps[i].value);
	for (uint32_t i = 0; i < r->plan->n_events; i++)
		for (uint32_t k = 0; k < r->plan->events[i].n_args; k++)
			r->wants_user_symbols |= has_user_addresses(r->plan->events[i].args[k].type);
}

// The stacks in a map are named when the map is printed, often after their process has ended. Its mappings are read
// while it lives: soon after its start, when the loader is done, then ever more rarely.
static void remember_target(struct run *r)
{
	pid_t pid = run_child(r) ? run_child(r) : r->options.pid;

	if (!r->wants_user_symbols || !pid)
		return;
	uint64_t now = clock_ns(CLOCK_MONOTONIC);
	if (r->remembered_ns && now - r->remembered_ns < r->remember_after_ns)
		return;
	symbols_remember(r->symbols, (uint32_t)pid);
	r->remember_after_ns = MIN(MAX(r->remember_after_ns * 4, (uint64_t)5000000), (uint64_t)2000000000);
	r->remembered_ns = now;
}

// The child still has its memory: the last chance to name addresses in it.
static void before_exit(void *arg)
{
	struct run *r = arg;

	run_drain(r);
	symbols_remember(r->symbols, (uint32_t)run_child(r));
}

static int release_child(struct run *r)
{
	if (!r->child)
		return 0;
	if (r->wants_user_symbols) {
		child_at_exit(r->child, before_exit, r);
		run_watch(r, child_wake_fd(r->child));
	}
	int err = child_release(r->child);
	if (err) {
		diag_error(r->diag, (struct span){ 0 }, E_TARGET, "'%s' cannot be run: %s", r->options.command, strerror(-err));
		return STATUS_USER;
	}
	return 0;
}

static bool target_ended(struct run *r)
{
	if (r->child)
		return child_ended(r->child);
	return r->target_fd >= 0 && poll(&(struct pollfd){ .fd = r->target_fd, .events = POLLIN }, 1, 0) > 0;
}

static void tick(struct run *r)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	exports_tick(r->exports);
	targets_tick(r->targets, now);
	gates_tick(r->gates, now);
	memory_tick(r->memory, now);
}

static bool is_over(const struct run *r, uint64_t began_ns)
{
	return r->options.seconds && clock_ns(CLOCK_MONOTONIC) - began_ns >= r->options.seconds * 1000000000ull;
}

static void poll_events(struct run *r)
{
	uint64_t began_ns = clock_ns(CLOCK_MONOTONIC);
	struct epoll_event ev[4];
	int timeout = BUSY_MS;

	while (!run_stopped(r) && !is_over(r, began_ns)) {
		size_t n = run_drain_once(r, false);
		bool behind = channel_is_behind(r->channel);

		on_signals(r);
		symbols_poll(r->symbols);
		remember_target(r);
		losses_report(r->losses, r->options.sink, &r->out, false);
		tick(r);
		timeout = n ? BUSY_MS : MIN(timeout + 1, IDLE_MS);
		if (run_stopped(r))
			break;
		int ready = epoll_wait(r->poll_fd, ev, ARRAY_SIZE(ev), behind ? 0 : gates_patience(r->gates, clock_ns(CLOCK_MONOTONIC), timeout));
		if ((ready > 0 || n == 0) && target_ended(r))
			break;
	}
}

// After ----------------------------------------------------------------------------------------------------------------

static int by_name(const void *a, const void *b, void *arg)
{
	const struct plan_map *maps = arg;

	return strcmp(maps[*(const uint32_t *)a].name, maps[*(const uint32_t *)b].name);
}

static void print_maps(struct run *r)
{
	_free_ uint32_t *index = xcalloc(r->plan->n_maps, sizeof *index);
	size_t n = 0;

	if (!plan_config(r->plan, "print_maps_on_exit")->number)
		return;
	for (uint32_t i = 0; i < r->plan->n_maps; i++)
		if (r->plan->maps[i].role == MAP_USER && !exports_has_map(r->plan, i))
			index[n++] = i;
	qsort_r(index, n, sizeof *index, by_name, r->plan->maps);
	for (size_t i = 0; i < n; i++)
		event_print_map(r, index[i], 0, 1, true, WIRE_TAKE_NONE);
}

// The kernel waits for itself at each of them, under one lock: 0.13 s, however many ask. No probe does anything any more, and we do not wait.
static void tell_detaching(struct run *r)
{
	_str_ struct str s = { 0 };

	if (r->options.quiet || r->links.slow_sites < MANY_SLOW)
		return;
	str_printf(&s, "Detaching: the kernel takes %u probes off one after the other; that goes on in the background\n", r->links.slow_sites);
	out_error(&r->out, &s);
}

static void detach(struct run *r)
{
	if (r->globals)
		__atomic_store_n(&r->globals->enabled, 0, __ATOMIC_RELEASE);
	gates_end(r->gates);
	tell_detaching(r);
	link_set_close(&r->links);
	run_drain(r);
}

static int finish(struct run *r)
{
	notify_systemd("STOPPING=1");
	detach(r);
	r->ending = true;
	symbols_patience(r->symbols, -1);
	int status = run_special(r, "end");
	if (!r->exports) // the blank lines before bpftrace's maps
		r->options.sink->end(&r->out);
	print_maps(r);
	uint64_t delivered = exports_close(TAKE_PTR(r->exports));
	targets_report(r->targets, r->diag, r->first_source);
	if (r->malformed)
		diag_warn(r->diag, (struct span){ 0 }, E_IO, "%lu records did not fit the compiled script and were dropped", r->malformed);
	if (r->losses)
		losses_total(r->losses, channel_lost(r->channel), r->options.sink, &r->out);
	run_tell_end(r, delivered == 0);
	out_flush(&r->out);
	return status ? status : r->status;
}

// Between begin and end; a begin that exits is the end of it.
static int run_trials(struct run *r)
{
	int status = r->exited ? r->status : trials_run(r);

	r->ending = true;
	int end = run_special(r, "end");
	out_flush(&r->out);
	return status ? status : end;
}

static int run_forecast(struct run *r)
{
	int status = release_child(r), err = status ? 0 : forecast_run(r, r->options.forecast);

	detach(r);
	r->out.n = 0;
	return err ? run_refuse(r, E_LOAD, "the kernel keeps no run-time statistics: %s", strerror(-err)) : status;
}

static void drain_while(void *arg)
{
	struct run *r = arg;

	run_drain(r);
	losses_report(r->losses, r->options.sink, &r->out, false);
}

static int pin_iterator(struct run *r, const struct plan_prog *p, int prog_fd)
{
	int err = 0;

	for (uint32_t i = 0; i < p->n_sites && !err; i++) {
		err = iter_pin(r, &p->sites[i], prog_fd);
		_free_ char *said = err || r->options.quiet ? NULL : xasprintf("Program pinned to %s\n", p->sites[i].pin);
		if (said)
			r->options.sink->text(&r->out, EVENT_PRINTF, said, strlen(said));
	}
	return err;
}

static int run_iterators(struct run *r)
{
	int err = 0;

	for (uint32_t i = 0; i < r->plan->n_progs && !err && !run_stopped(r); i++) {
		const struct plan_prog *p = &r->plan->progs[i];

		if (p->kind == PROG_ITER && p->n_sites && p->sites[0].pin)
			err = pin_iterator(r, p, r->loaded->prog_fd[i]);
		else if (p->kind == PROG_ITER && p->n_sites)
			err = iter_run(r, p, r->loaded->prog_fd[i], drain_while, r);
	}
	return err ? STATUS_FAILED : 0;
}

int run_script(struct run *r)
{
	int status = run_prepare(r);

	if (r->options.verifier)
		return status;
	if (!status && r->options.legacy_output && !r->options.quiet && r->options.mode == RUN_TRACE)
		r->options.sink->attached(&r->out, run_sites(r)); // it stood before anything else
	if (!status && !r->options.dry_run)
		status = run_special(r, "begin");
	find_user_addresses(r);
	symbols_patience(r->symbols, LINES_MS);
	if (!status && r->wants_user_symbols && !r->options.dry_run)
		(void)symbols_follow(r->symbols, (uint32_t)r->options.pid); // without, only what lives when it is printed is named
	if (!status && r->options.mode == RUN_FORECAST)
		forecast_prepare(r, r->options.forecast);
	if (!status)
		status = run_attach(r);
	if (status || r->options.dry_run) {
		gates_end(r->gates);
		link_set_close(&r->links);
		r->out.n = 0;
		return status;
	}
	r->attached = true;
	if (r->options.on_attached)
		r->options.on_attached();
	targets_scan(r->targets); // what began between the first look and the probes that keep it true
	if (r->options.mode == RUN_FORECAST)
		return run_forecast(r);
	if (r->options.mode != RUN_TRACE)
		return run_trials(r);
	run_tell_attached(r);
	status = release_child(r);
	if (!status)
		status = run_iterators(r);
	if (!status && (!r->plan->only_special || r->child))
		poll_events(r);
	int script = finish(r);
	return status ? status : script;
}

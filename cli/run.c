// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/plan.h"
#include "base/reloc.h"
#include "base/sink.h"
#include "base/util.h"
#include "base/world.h"
#include "cli/cache.h"
#include "cli/compile.h"
#include "cli/compiled.h"
#include "cli/compiler.h"
#include "cli/explain.h"
#include "cli/key.h"
#include "cli/options.h"
#include "cli/profile_script.h"
#include "cli/rights.h"
#include "cli/script.h"
#include "cli/signals.h"
#include "cli/wait.h"
#include "lang/program.h"
#include "runtime/forecast.h"
#include "runtime/run.h"

// Says it on standard error; false, so that callers can `return complain(…)`.
static bool __attribute__((format(printf, 1, 2))) complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("ERROR: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	return false;
}

// As many file descriptors and as much locked memory as this process may have. Refusal is normal (containers) and harmless.
static void raise_limits(void)
{
	struct rlimit memory = { RLIM_INFINITY, RLIM_INFINITY }, files;

	(void)!setrlimit(RLIMIT_MEMLOCK, &memory);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		(void)!setrlimit(RLIMIT_NOFILE, &files);
	}
}

// SPILE_PATIENCE_MS: for tests, which cannot wait for something slow.
static uint64_t patience_ns(void)
{
	const char *ms = getenv("SPILE_PATIENCE_MS");

	return (ms && *ms ? strtoull(ms, NULL, 10) : 1000) * 1000000;
}

static const struct sink *sink_named(struct world *w, const char *name)
{
	for (const struct sink *const *s = w->ops->sinks(w); *s; s++)
		if (!strcmp((*s)->name, name))
			return *s;
	return NULL;
}

static void set_option(struct plan_sink *s, const char *key, const char *text)
{
	for (uint32_t i = 0; i < s->n_options; i++)
		if (!strcmp(s->options[i].key, key))
			s->options[i].text = text;
}

// The script of spile profile has one sink.
static void set_sink(struct plan *p, const struct profile_request *q)
{
	for (uint32_t i = 0; q && i < p->n_sinks; i++) {
		set_option(&p->sinks[i], "file", q->file);
		set_option(&p->sinks[i], "title", q->title);
	}
}

#define AGAIN (-1) // no exit status: the kernel refused code that there is another layout of

// Runs it, and says what was wrong, unless it may be had in another layout.
static int run_it(struct machine *m, const struct compiled *c, struct run_options *ro, bool is_script)
{
	const struct diag before = m->diag;
	bool again = false;

	ro->too_much = is_script && c->plan->layout + 1 < LAYOUTS ? &again : NULL;
	struct run *r = run_new(c->plan, c->bytes.p, c->object_len, m->world, &m->diag, ro);
	int status = run_script(r);
	run_free(r);
	if (again) {
		m->diag.nitems = before.nitems;
		m->diag.errors = before.errors;
		m->diag.warnings = before.warnings;
		return AGAIN;
	}
	machine_complain(m);
	return status & 0xff; // as the parent would see it; AGAIN is none of these
}

static int run_compiled(struct machine *m, const struct options *o, const struct compiled *c, bool is_script)
{
	_close_ int file = -1;
	struct run_options ro = {
		.sink = sink_named(m->world, o->json ? "json" : "text"),
		.out_fd = STDOUT_FILENO,
		.buffering = o->buffering,
		.quiet = o->quiet,
		.verbose = o->verbose,
		.dry_run = o->dry_run,
		.unsafe = o->unsafe,
		.warnings = o->warnings,
		.no_warnings = o->no_warnings,
		.legacy_output = o->legacy_output,
		.verifier = o->verifier,
		.mode = o->mode == MODE_TEST ? RUN_TEST : o->mode == MODE_BENCH ? RUN_BENCH : RUN_TRACE,
		.pid = o->pid,
		.command = o->child,
		.stop = signals_stop(),
		.usr1 = signals_usr1(),
		.on_attached = rights_drop,
		.watched = isatty(STDERR_FILENO),
		.patience_ns = patience_ns(),
		.tells = o->profile && o->profile->tells,
		.seconds = o->profile ? o->profile->seconds : 0,
	};

	if (!ro.sink)
		BUG("no sink for the output format");
	if (o->output) {
		file = open(o->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (file < 0)
			return complain("Failed to open output file '%s': %s", o->output, strerror(errno)), 1;
		ro.out_fd = file;
	}
	set_sink(c->plan, o->profile);
	raise_limits();
	rights_take_back(); // what -c starts inherits nothing
	return run_it(m, c, &ro, is_script);
}

// spile explain: what is known, told before anything is attached …
static bool explain_known(const struct options *o, const struct compiled *c)
{
	_str_ struct str text = { 0 };
	double seconds;

	if (!explain_seconds(o->seconds, &seconds))
		return complain("--seconds takes how long to measure, up to an hour, not '%s'", o->seconds);
	explain_plan(c->plan, (unsigned)sysconf(_SC_NPROCESSORS_CONF), &text);
	fputs(str_z(&text), stdout);
	return !fflush(stdout);
}

// … then what it would cost.
static int explain_measured(struct machine *m, const struct options *o, const struct compiled *c, bool is_script)
{
	_str_ struct str text = { 0 };
	struct forecast f = { .count_only = o->unsafe };
	struct run_options ro = { .mode = RUN_FORECAST, .sink = sink_named(m->world, "text"), .out_fd = STDOUT_FILENO, .buffering = 'f', .quiet = true,
				  .unsafe = o->unsafe, .no_warnings = true, .pid = o->pid, .command = o->child, .stop = signals_stop(), .forecast = &f };
	int status;

	(void)explain_seconds(o->seconds, &f.seconds);
	f.progs = xcalloc(c->plan->n_progs, sizeof *f.progs);
	raise_limits();
	rights_take_back();
	status = run_it(m, c, &ro, is_script);
	if (!status) {
		explain_cost(c->plan, &f, &text);
		fputs(str_z(&text), stdout);
	}
	free(f.progs);
	return fflush(stdout) ? 1 : status;
}

static bool machine_is(const char *machine)
{
	struct utsname u;

	return machine && !uname(&u) && !strcmp(u.machine, machine);
}

// What the program is made of, and only newer kernels have. NULL: where it is missing the loader has another way, or says so itself.
static bool has_needed(uint32_t needs, struct world *w, const char *name)
{
	static const char *const what[] = {
		[FEATURE_BTF] = NULL,
		[FEATURE_RINGBUF] = "records in a ring buffer, which came with Linux 5.8",
		[FEATURE_UPROBE_MULTI] = NULL,
		[FEATURE_ATTACH_COOKIE] = "attach cookies, which came with Linux 5.15",
		[FEATURE_BPF_LOOP] = "loops over a range, which take the helper bpf_loop of Linux 5.17",
		[FEATURE_FOR_EACH_MAP] = "loops over a map, which take the helper bpf_for_each_map_elem of Linux 5.13",
		[FEATURE_TP_BTF] = "typed tracepoints, which need the kernel's type information (BTF)",
		[FEATURE_PERF_LINK] = NULL,
		[FEATURE_MAY_GOTO] = "loops of Linux 6.9",
		[FEATURE_KPROBE_MULTI] = NULL,
		[FEATURE_TASK_REGS] = "stacks by unwind tables, and takes registers from the helper bpf_task_pt_regs of Linux 5.15",
		[FEATURE_ATOMICS] = "atomic exchanges, which came with Linux 5.12",
		[FEATURE_FUNC_IP] = "names of returning functions, which take the helper bpf_get_func_ip of Linux 5.15",
		[FEATURE_LONG_KEYS] = NULL,
		[FEATURE_BIG_VALUES] = "stacks by unwind tables in one piece of memory, which came with Linux 6.0",
		[FEATURE_READ_KERNEL] = NULL,
		[FEATURE_CGROUP2] = NULL,
		[FEATURE_GLOBAL_FUNCS] = "functions that are checked once, which came with Linux 5.6",
		[FEATURE_KPROBE_SESSION] = "programs for both ends of a function, which came with Linux 6.10",
		[FEATURE_TCX] = NULL,
		[FEATURE_PERCPU_LOOKUP] = "aggregations that it reads, which take the helper bpf_map_lookup_percpu_elem of Linux 5.19",
	};
	_Static_assert(ARRAY_SIZE(what) == FEATURES, "an answer per feature");

	for (size_t f = 0; f < ARRAY_SIZE(what); f++)
		if (what[f] && (needs & 1u << f) && !w->ops->feature(w, (enum feature)f))
			return complain("'%s' has %s; this kernel lacks them", name, what[f]);
	return true;
}

// A prebuilt object carries its answers about the machine and its options; running it where they are wrong would
// attach to wrong places.
static bool object_fits(const struct compiled *c, struct machine *m, const struct options *o, const char *name)
{
	const char *stale;
	bool absent;

	if (o->nparams)
		return complain("'%s' is compiled: its parameters were given to spile build", name);
	if (!o->pid != !c->plan->pid)
		return complain(o->pid ? "'%s' was built for all processes: give -p to spile build as well" : "'%s' was built with -p: it needs a process, -p", name);
	if (!compiled_is_for(c, (uint32_t)o->pid))
		return complain("'%s' was built with -p for a process that maps other files than process %d: build it again", name, (int)o->pid);
	if (!compiled_has_programs(c))
		return complain("'%s' was built for other BPF programs than those that run here now: build it again", name);
	if (!machine_is(c->plan->machine))
		return complain("'%s' was built for %s processors", name, c->plan->machine ? c->plan->machine : "other");
	if (!has_needed(c->plan->needs, m->world, name))
		return false;
	stale = compiled_foreign(c, &absent);
	if (stale)
		return complain(absent ? "'%s' probes %s, which is not here" : "'%s' was built when %s was another file: build it again", name, stale);
	return true;
}

static bool object_take(struct compiled *c, struct str *bytes, const char *name)
{
	const char *why;

	c->bytes = *bytes;
	*bytes = (struct str){ 0 };
	return compiled_open(c, &why) ? complain("cannot run '%s': %s", name, why) : true;
}

// The key says kernel and files; an address of the kernel is another after a reboot, a cgroup's id when it was made again. Where
// the program only uses such a value the loader puts the new one there; where the compiler computed with it, it compiles anew.
static bool still_holds(struct machine *m, const struct compiled *c, bool verbose)
{
	for (uint32_t i = 0; i < c->plan->n_relocs; i++) {
		struct plan_reloc now = c->plan->relocs[i];
		_str_ struct str why = { 0 };

		if (!now.fixed || now.absent || reloc_is_lasting(&now) || reloc_resolve(m->world, &now, &why))
			continue;
		if (verbose)
			fprintf(stderr, "cache: compiled anew: %s\n", str_z(&why));
		return false;
	}
	return true;
}

static bool from_cache(struct machine *m, const struct options *o, const struct script *s, struct compiled *c)
{
	_str_ struct str key = { 0 };
	struct cache cache;
	bool found;

	if (o->no_cache)
		return false;
	key_make(o, s, m->world, &key);
	cache_open(&cache);
	found = cache_find(&cache, key.p, s, (uint32_t)o->pid, c);
	if (o->verbose)
		fprintf(stderr, "cache: %s\n", str_z(&cache.note));
	cache_close(&cache);
	if (found && still_holds(m, c, o->verbose))
		return true;
	if (found)
		compiled_free(c);
	return false;
}

// 0, or the exit status.
static int from_compiler(char **argv, const struct script *s, enum plan_layout layout, struct compiled *c)
{
	_str_ struct str object = { 0 };
	int r;

	rights_lend();
	r = compiler_run(argv, s, layout, &object);
	rights_take_back();
	if (r < 0)
		complain(r == -ENOENT ? "spile-compiler is neither beside spile nor in ../libexec/spile: only prebuilt objects can be run"
				      : "cannot start spile-compiler: %s", strerror(-r));
	else if (r > 128 && !*signals_stop())
		complain("spile-compiler was ended by signal %d (%s)", r - 128, strsignal(r - 128));
	if (r)
		return r < 0 ? 2 : r;
	return object_take(c, &object, s->name) ? 0 : 2;
}

static int without_rights(const struct options *o, const char *why)
{
	if (o->command == CMD_EXPLAIN)
		return printf("COST, not measured\n  %s\n", why) < 0;
	complain("%s", why);
	return 1;
}

static int run_once(struct machine *m, const struct options *o, const struct compiled *c, bool is_script)
{
	return o->command == CMD_EXPLAIN ? explain_measured(m, o, c, is_script) : run_compiled(m, o, c, is_script);
}

// The same, once there are programs to compile it for.
static int compile_for(const struct options *o, char **argv, const struct script *s, enum plan_layout layout, struct compiled *c)
{
	int status;

	while ((status = from_compiler(argv, s, layout, c)) == COMPILER_WAITS)
		if (!wait_for_programs(o, s))
			return 1;
	return status;
}

static int run_text(struct machine *m, const struct options *o, char **argv, struct script *s)
{
	_str_ struct str why = { 0 };
	struct compiled c = { 0 };
	int status = 0;

	if (s->object)
		status = object_take(&c, &s->text, s->name) && object_fits(&c, m, o, s->name) ? 0 : 1;
	else if (!from_cache(m, o, s, &c))
		status = compile_for(o, argv, s, LAYOUT_FAST, &c);
	if (!status)
		compiled_set_process(&c, (uint32_t)o->pid);
	if (!status && o->command == CMD_EXPLAIN)
		status = !explain_known(o, &c);
	if (!status)
		status = rights_for_plan(c.plan, &why) ? run_once(m, o, &c, !s->object) : without_rights(o, why.p);
	while (status == AGAIN) {
		enum plan_layout next = c.plan->layout + 1;

		if (o->verbose)
			fputs("the verifier cannot follow the programs as they were compiled: they are compiled in another way\n", stderr);
		compiled_free(&c);
		c = (struct compiled){ 0 };
		status = compile_for(o, argv, s, next, &c);
		if (!status)
			compiled_set_process(&c, (uint32_t)o->pid);
		if (!status)
			status = run_once(m, o, &c, true);
	}
	compiled_free(&c);
	if (status && o->command == CMD_EXPLAIN && !rights_to_trace(&why))
		fputs("HINT: without rights the kernel is known by its type information alone, where the arguments of system calls' tracepoints are missing\n", stderr);
	return status;
}

static int build(const struct options *o, char **argv, const struct script *s)
{
	_str_ struct str object = { 0 };
	_fclose_ FILE *f = NULL;
	int r = compiler_run(argv, s, LAYOUT_FAST, &object);

	if (r < 0)
		complain("cannot start spile-compiler: %s", strerror(-r));
	if (r || o->dumps || o->command != CMD_BUILD)
		return r < 0 ? 2 : r;
	f = fopen(o->output, "we");
	if (f && fwrite(object.p, 1, object.n, f) == object.n && !fflush(f))
		return 0;
	complain("cannot write '%s': %s", o->output, strerror(errno));
	return 1;
}

static bool may_run(const struct options *o)
{
	if (o->traceable && access(o->traceable, R_OK))
		return complain("failed to open file '%s': %s", o->traceable, strerror(errno));
	if (o->pid && kill(o->pid, 0) && errno == ESRCH)
		return complain("no process with PID %d", (int)o->pid);
	return true;
}

// Which probe needs what is known when its script is compiled; where that fails, as it may without rights, what all need.
static bool has_rights(struct machine *m, const struct options *o, const struct script *s)
{
	_str_ struct str why = { 0 };
	struct program *p;

	if (rights_to_trace(&why))
		return true;
	p = s->object ? NULL : compile_script(m, o, s);
	if (p) {
		str_clear(&why);
		rights_for_plan(p->plan, &why);
	}
	return complain("%s", why.p);
}

static bool compiles_only(const struct options *o)
{
	return o->mode == MODE_CODEGEN || o->mode == MODE_COMPILER_BENCH;
}

int cmd_run(const struct options *o, char **argv)
{
	_str_ struct str why = { 0 };
	struct script s;
	int status = 1;

	signals_catch();
	if (!script_read(o, &s, &why)) {
		complain("%s", why.p);
	} else if (s.object && (o->dumps || o->command == CMD_BUILD || compiles_only(o))) {
		complain("'%s' is compiled already: there is no script to build or show", s.name);
	} else if (o->dumps || o->command == CMD_BUILD || compiles_only(o)) {
		status = build(o, argv, &s);
	} else if (may_run(o)) {
		struct machine m;

		machine_init(&m, o, NULL);
		status = o->command == CMD_EXPLAIN || has_rights(&m, o, &s) ? run_text(&m, o, argv, &s) : 1;
		machine_free(&m);
	}
	script_free(&s);
	return status;
}

// SPDX-License-Identifier: Apache-2.0
#include "cli/compile.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "cli/bpf_import.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/rights.h"
#include "cli/script.h"
#include "lang/lang.h"
#include "lang/program.h"
#include "runtime/btf.h"
#include "runtime/world_file.h"
#include "runtime/world_live.h"

// build: the world as it is, but for some answers. All else is asked of the live world's `impl`, which it shares.
struct world_without {
	struct world world; // first: the operations get its address
	struct world *live;
	const struct options *options;
	uint32_t *needs;
};

// What only makes a program smaller or faster: an object that is built to be run elsewhere does without.
static bool is_optional(enum feature f)
{
	return f == FEATURE_MAY_GOTO || f == FEATURE_ATTACH_COOKIE || f == FEATURE_KPROBE_SESSION || f == FEATURE_ATOMICS || f == FEATURE_GLOBAL_FUNCS;
}

static bool feature_without(struct world *w, enum feature f)
{
	const struct world_without *self = (struct world_without *)w;

	if (self->options->command == CMD_BUILD && is_optional(f))
		return false;
	if (!self->live->ops->feature(self->live, f))
		return false;
	if (f != FEATURE_LONG_KEYS) // where it matters, the map is refused with the reason
		*self->needs |= 1u << f;
	return true;
}

static const char *identity_without(struct world *w)
{
	(void)w;
	return "elsewhere";
}

static struct world *world_without(struct arena *a, struct world *live, const struct options *o, uint32_t *needs)
{
	struct world_without *copy = arena_new_(a, struct world_without);
	struct world_ops *ops = arena_memdup(a, live->ops, sizeof *ops);

	ops->feature = feature_without;
	if (o->without_home)
		ops->identity = identity_without;
	copy->world = *live;
	copy->world.ops = ops;
	copy->live = live;
	copy->options = o;
	copy->needs = needs;
	return &copy->world;
}

void machine_init(struct machine *m, const struct options *o,
		  size_t (*disassemble)(struct world *w, const void *code, size_t n, uint64_t address, char *text, size_t room))
{
	_str_ struct str why = { 0 };

	m->arena = arena_new();
	m->types = types_new(m->arena);
	m->live = world_live_new(m->arena, m->types, disassemble);
	m->needs = 0;
	world_live_without(m->live, o->without);
	m->other = NULL;
	diag_init(&m->diag, m->arena);
	if (o->command == CMD_BUILD && o->nworlds) // of check's compiler
		world_file_open(m->live, o->worlds[0], &m->other);
	else if (o->command == CMD_EXPLAIN && !rights_to_trace(&why)) // what the kernel can do cannot be tried: its types say it
		world_file_open(m->live, BTF_KERNEL_PATH, &m->other);
	m->world = m->other ? m->other : o->without_home || o->command == CMD_BUILD ? world_without(m->arena, m->live, o, &m->needs) : m->live;
	m->diag.no_warnings = o->no_warnings;
	const char *btf = getenv("BPFTRACE_BTF");
	if (btf && *btf && access(btf, R_OK) < 0)
		diag_error(&m->diag, (struct span){ 0 }, E_IO, "BPFTRACE_BTF: '%s' cannot be read: %s", btf, strerror(errno));
	if (o->traceable) {
		int err = world_live_traceable(m->live, o->traceable);

		if (err)
			diag_error(&m->diag, (struct span){ 0 }, E_IO, "failed to open file '%s': %s", o->traceable, strerror(-err));
	}
}

void machine_free(struct machine *m)
{
	world_file_close(m->other);
	world_live_free(m->live);
	arena_free(m->arena);
	*m = (struct machine){ 0 };
}

bool color_wanted(void)
{
	const char *how = getenv("BPFTRACE_COLOR");

	if (how && !strcmp(how, "always"))
		return true;
	if (how && !strcmp(how, "never"))
		return false;
	return isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
}

void machine_complain(struct machine *m)
{
	_str_ struct str text = { 0 };

	diag_print(&m->diag, color_wanted(), &text);
	fwrite(str_z(&text), 1, text.n, stderr);
	m->diag.nitems = 0;
}

// BPFTRACE_KEY of every config key, and of those of old, as pairs key, value.
static size_t config_from_environment(struct arena *a, const char *const **ret)
{
	static const char *const keys[] = {
#define CONFIG(key, kind, init, doc) #key,
#define CONFIG_OLD(old, key, inverted) #old,
#include "base/config.def"
	};
	const char **pairs = arena_array(a, const char *, 2 * ARRAY_SIZE(keys));
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *name = arena_printf(a, "BPFTRACE_%s", keys[i]), *value;

		for (char *c = name; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		value = getenv(name);
		if (!value)
			continue;
		pairs[2 * n] = keys[i];
		pairs[2 * n++ + 1] = value;
	}
	*ret = pairs;
	return n;
}

static void dump_to_stdout(void *arg, enum lang_stage stage, const char *text, size_t n)
{
	(void)arg, (void)stage;
	fwrite(text, 1, n, stdout);
}

// --probe-filter, and that test and bench probes are only for their own modes, which have no others.
struct filter {
	struct lang_filter filter; // first
	const struct options *o;
	regex_t regex;
	size_t kept; // but for begin and end
};

static bool is_of_mode(enum mode mode, const char *provider)
{
	bool test = !strcmp(provider, "test"), bench = !strcmp(provider, "bench");

	if (mode == MODE_TEST || mode == MODE_BENCH)
		return mode == MODE_TEST ? test : bench;
	return !test && !bench;
}

static bool filter_keep(struct lang_filter *arg, const char *provider, const char *site)
{
	struct filter *f = (struct filter *)arg;

	if (!strcmp(provider, "begin") || !strcmp(provider, "end"))
		return true;
	if (f->o->command != CMD_LIST && !is_of_mode(f->o->mode, provider))
		return false;
	if (f->o->probe_filter && regexec(&f->regex, site, 0, NULL, 0))
		return false;
	f->kept++;
	return true;
}

static void filter_init(struct filter *f, const struct options *o)
{
	*f = (struct filter){ .filter = { .keep = filter_keep, .none = "its test and bench probes are run by --test and --bench" }, .o = o };
	if (o->mode == MODE_TEST || o->mode == MODE_BENCH)
		f->filter.none = o->mode == MODE_TEST ? "the script has no test probes" : "the script has no bench probes";
	if (o->probe_filter) {
		f->filter.none = "none matches the --probe-filter";
		if (regcomp(&f->regex, o->probe_filter, REG_EXTENDED | REG_NOSUB))
			BUG("a regular expression that was checked");
	}
}

static void filter_free(struct filter *f)
{
	if (f->o->probe_filter)
		regfree(&f->regex);
}

static void keep_deps(struct machine *m, struct plan *plan, const struct files *imported)
{
	const struct plan_dep *deps;
	size_t n = m->world->ops->deps(m->world, &deps);

	for (size_t i = 0; i < imported->n; i++)
		plan_push(m->arena, &plan->deps, &plan->n_deps, imported->v[i]);
	for (size_t i = 0; i < n; i++)
		plan_push(m->arena, &plan->deps, &plan->n_deps, deps[i]);
}

static void keep_lookups(struct machine *m, struct plan *plan)
{
	const struct plan_lookup *v;
	size_t n = m->world->ops->lookups ? m->world->ops->lookups(m->world, &v) : 0;

	for (size_t i = 0; i < n; i++)
		plan_push(m->arena, &plan->lookups, &plan->n_lookups, v[i]);
}

struct program *compile_script(struct machine *m, const struct options *o, const struct script *s)
{
	struct files files = { .arena = m->arena };
	struct lang_options lo = {
		.params = o->params,
		.nparams = o->nparams,
		.named = o->named,
		.nnamed = o->nnamed,
		.test_case = o->test_case,
		.read_file = files_read,
		.read_arg = &files,
		.headers = o->include_files,
		.nheaders = o->n_include_files,
		.include = m->include,
		.include_arg = m->include_arg,
		.pid = (uint32_t)o->pid,
		.command = o->child,
		.unsafe = o->unsafe,
		.warnings = o->warnings,
		.dump = dump_to_stdout,
		.dump_stages = o->dumps & ((1u << LANG_STAGES) - 1),
	};
	struct bpf_import import = { .machine = m, .files = &files, .dirs = o->include_dirs, .ndirs = o->n_include_dirs };
	struct program *p;
	struct filter filter;

	lo.bpf_code = bpf_import;
	lo.bpf_arg = &import;
	_Static_assert((int)DUMP_TOKENS == LANG_TOKENS && (int)DUMP_PROGRAM == LANG_PROGRAM, "dump.def follows enum lang_stage");
	lo.nsearch = files_search(m->arena, &lo.search);
	lo.nconfig = config_from_environment(m->arena, &lo.config);
	filter_init(&filter, o);
	lo.filter = &filter.filter;
	p = lang_compile(m->arena, m->types, m->world, &m->diag, diag_source(&m->diag, s->name, str_z(&s->text), s->text.n), &lo);
	filter_free(&filter);
	if (p && !filter.kept && (o->probe_filter || o->mode == MODE_TEST || o->mode == MODE_BENCH)) { // but there is a begin or end
		diag_error(&m->diag, (struct span){ 0 }, E_NO_MATCH, "No probes to attach: %s", filter.filter.none);
		return NULL;
	}
	if (p) {
		keep_deps(m, p->plan, &files);
		keep_lookups(m, p->plan);
	}
	return p;
}

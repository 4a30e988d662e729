// SPDX-License-Identifier: Apache-2.0
// trial.c - one script, compiled, loaded and run on this kernel as spile does it, and by the interpreter; what both print
// is compared.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "cli/compiled.h"
#include "codegen/codegen.h"
#include "lang/lang.h"
#include "lang/program.h"
#include "runtime/object.h"
#include "runtime/run.h"
#include "runtime/sinks/sinks.h"
#include "runtime/world_file.h"
#include "runtime/world_live.h"
#include "tests/gen/gen.h"

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[PASSED] = "passed", [LACKING] = "not for this kernel, by the refusal", [UNKNOWN] = "not understood by the interpreter", [CHECKER] = "refused by the checker",
		[CODEGEN] = "refused by code generation", [KERNEL] = "refused by the kernel", [WRONG] = "wrong result", [CRASHED] = "crashed",
	};

	return names[v];
}

struct machine {
	struct arena *arena;
	struct types *types;
	struct world *world; // that of `file`, or else `live`
	struct world *live, *file;
	struct diag diag;
	uint32_t layout; // of the programs' code: plan.h
	bool too_much;   // the kernel refused them in it
};

static void machine_init(struct machine *m, uint32_t layout)
{
	m->layout = layout;
	m->too_much = false;
	m->arena = arena_new();
	m->types = types_new(m->arena);
	m->live = m->world = world_live_new(m->arena, m->types, NULL);
	m->file = NULL;
	diag_init(&m->diag, m->arena);
	m->diag.no_warnings = true;
}

static void machine_free(struct machine *m)
{
	world_file_close(m->file);
	world_live_free(m->live);
	arena_free(m->arena);
}

static enum verdict complain(struct machine *m, enum verdict v, struct str *report)
{
	m->diag.nitems = MIN(m->diag.nitems, (size_t)4);
	diag_print(&m->diag, false, report);
	return v;
}

// Into memory files for as long as a run lasts -----------------------------------------------------------------------------

static void read_back(int fd, struct str *out)
{
	off_t size = lseek(fd, 0, SEEK_END);

	if (size <= 0)
		return;
	str_reserve(out, (size_t)size);
	if (pread(fd, out->p + out->n, (size_t)size, 0) == size)
		out->n += (size_t)size;
	out->p[out->n] = '\0';
}

struct output {
	struct str text, errors;
	int status;
};

static void output_free(struct output *o)
{
	str_free(&o->text);
	str_free(&o->errors);
}

static void run_object(struct machine *m, const struct plan *plan, const struct str *object, struct output *o)
{
	_close_ int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC), was = dup(STDERR_FILENO);
	struct run_options ro = { .sink = &sink_text, .out_fd = out, .buffering = 'f', .quiet = true,
				  .too_much = plan->layout + 1 < LAYOUTS ? &m->too_much : NULL };
	struct run *r;

	dup2(err, STDERR_FILENO);
	r = run_new(plan, object->p, object->n, m->world, &m->diag, &ro);
	o->status = run_script(r);
	run_free(r);
	dup2(was, STDERR_FILENO);
	read_back(out, &o->text);
	read_back(err, &o->errors);
}

// Comparing --------------------------------------------------------------------------------------------------------------

static void show_difference(const struct str *want, const struct str *have, struct str *report)
{
	size_t at = 0, line = 0;

	while (at < want->n && at < have->n && want->p[at] == have->p[at]) {
		at++;
		if (want->p[at - 1] == '\n')
			line = at;
	}
	size_t w = strcspn(str_z(want) + MIN(line, want->n), "\n"), h = strcspn(str_z(have) + MIN(line, have->n), "\n");
	str_printf(report, "  interpreter: %.*s\n  kernel:      %.*s\n", (int)MIN(w, 400u), str_z(want) + MIN(line, want->n), (int)MIN(h, 400u),
		   str_z(have) + MIN(line, have->n));
}

static enum verdict compare(const struct str *want, int status, const struct output *have, struct str *report)
{
	bool same = want->n == have->text.n && !memcmp(str_z(want), str_z(&have->text), want->n);

	if (same && status == have->status && !strstr(str_z(&have->errors), "Lost"))
		return PASSED;
	if (!same)
		show_difference(want, &have->text, report);
	if (status != have->status)
		str_printf(report, "  exit status: interpreter %d, kernel %d\n", status, have->status);
	str_printf(report, "%s", str_z(&have->errors));
	return WRONG;
}

static enum verdict run_and_compare(struct machine *m, const struct program *p, const struct str *object, struct str *report)
{
	_cleanup_(output_free) struct output have = { 0 };
	_str_ struct str want = { 0 };
	const char *why = NULL;
	int status = 0;

	if (!interp_run(m->arena, p, &want, &status, &why)) {
		str_printf(report, "%s\n", why);
		return UNKNOWN;
	}
	run_object(m, p->plan, object, &have);
	if (m->diag.errors)
		return complain(m, KERNEL, report);
	return compare(&want, status, &have, report);
}

// Nothing is wrong with the script but that this kernel is too old for it.
static bool is_lacking(const struct machine *m)
{
	bool short_strings = !m->world->ops->feature(m->world, FEATURE_LONG_KEYS), only = m->diag.errors != 0;

	for (size_t i = 0; i < m->diag.nitems; i++)
		if (m->diag.items[i].severity == SEV_ERROR)
			only &= m->diag.items[i].code == E_FEATURE || (short_strings && m->diag.items[i].code == E_STRING);
	return only;
}

static enum verdict compile(struct machine *m, const char *text, size_t n, struct program **p, struct str *object, struct str *report)
{
	static const struct lang_options lo;
	const struct codegen_options co = { .layout = m->layout };
	uint32_t source = diag_source(&m->diag, "generated", text, n);

	*p = lang_compile(m->arena, m->types, m->world, &m->diag, source, &lo);
	if (!*p)
		return is_lacking(m) ? LACKING : complain(m, CHECKER, report);
	if (codegen_program(*p, &co, object) != 0)
		return is_lacking(m) ? LACKING : complain(m, CODEGEN, report);
	return PASSED;
}

// *layout becomes the next one where the kernel refused the code as it was arranged.
static enum verdict trial_in(const char *text, size_t n, uint32_t *layout, struct str *report)
{
	_cleanup_(machine_free) struct machine m;
	_str_ struct str object = { 0 };
	struct program *p;
	enum verdict v;

	machine_init(&m, *layout);
	v = compile(&m, text, n, &p, &object, report);
	if (v == PASSED)
		v = run_and_compare(&m, p, &object, report);
	if (m.too_much)
		*layout = p->plan->layout + 1;
	return v;
}

enum verdict trial(const char *text, size_t n, struct str *report)
{
	uint32_t tried, layout = LAYOUT_FAST;
	enum verdict v;

	do {
		tried = layout;
		str_clear(report);
		v = trial_in(text, n, &layout, report);
	} while (layout != tried && layout < LAYOUTS);
	return v;
}

// For another kernel -----------------------------------------------------------------------------------------------------

static bool write_file(const char *path, const struct str *bytes, struct str *report)
{
	_fclose_ FILE *f = fopen(path, "we");

	if (f && fwrite(str_z(bytes), 1, bytes->n, f) == bytes->n && !fflush(f))
		return true;
	str_printf(report, "%s: %s\n", path, strerror(errno));
	return false;
}

enum verdict trial_build(const char *text, size_t n, const char *world, const char *path, struct str *report)
{
	_str_ struct str object = { 0 }, want = { 0 }, spo = { 0 }, wanted = { 0 };
	_cleanup_(machine_free) struct machine m;
	const char *why = NULL;
	struct program *p;
	enum verdict v;
	int status, err;

	machine_init(&m, LAYOUT_FAST);
	err = world_file_open(m.live, world, &m.file);
	if (err)
		return str_printf(report, "%s: %s\n", world, strerror(-err)), CRASHED;
	m.world = m.file;
	v = compile(&m, text, n, &p, &object, report);
	if (v != PASSED)
		return v;
	if (!interp_run(m.arena, p, &want, &status, &why))
		return str_printf(report, "%s\n", why), UNKNOWN;
	compiled_seal(&object);
	str_printf(&want, "status %d\n", status);
	str_printf(&spo, "%s.spo", path);
	str_printf(&wanted, "%s.want", path);
	return write_file(spo.p, &object, report) && write_file(wanted.p, &want, report) ? PASSED : CRASHED;
}

// In a child -------------------------------------------------------------------------------------------------------------

static void crashed(int state, struct str *report)
{
	if (WIFSIGNALED(state))
		str_printf(report, "killed by signal %d (%s)\n", WTERMSIG(state), strsignal(WTERMSIG(state)));
	else
		str_printf(report, "ended with status %d\n", WEXITSTATUS(state));
}

static void child_main(const char *text, size_t n, unsigned seconds, const char *world, const char *path, int fd)
{
	struct str report = { 0 };
	enum verdict v;

	alarm(seconds);
	dup2(fd, STDERR_FILENO); // a sanitizer's or BUG()'s last words
	v = world ? trial_build(text, n, world, path, &report) : trial(text, n, &report);
	if (write(fd, str_z(&report), report.n) != (ssize_t)report.n)
		_exit(VERDICTS);
	_exit(v);
}

static enum verdict apart(const char *text, size_t n, unsigned seconds, const char *world, const char *path, struct str *report)
{
	_close_ int fd = memfd_create("report", MFD_CLOEXEC);
	int state = 0;
	pid_t pid = fork();

	if (pid == 0)
		child_main(text, n, seconds, world, path, fd);
	while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
		;
	read_back(fd, report);
	if (WIFEXITED(state) && WEXITSTATUS(state) < CRASHED)
		return (enum verdict)WEXITSTATUS(state);
	crashed(state, report);
	return CRASHED;
}

enum verdict trial_apart(const char *text, size_t n, unsigned seconds, struct str *report)
{
	return apart(text, n, seconds, NULL, NULL, report);
}

enum verdict trial_build_apart(const char *text, size_t n, unsigned seconds, const char *world, const char *path, struct str *report)
{
	return apart(text, n, seconds, world, path, report);
}

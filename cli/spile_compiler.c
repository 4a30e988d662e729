// SPDX-License-Identifier: Apache-2.0
// spile-compiler - the executable that holds LLVM. Started by spile (compiler.h) as: spile-compiler SCRIPTFD:OBJECTFD:LAYOUT ARGUMENT...
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "cli/cache.h"
#include "cli/compile.h"
#include "cli/compiled.h"
#include "cli/compiler.h"
#include "cli/files.h"
#include "cli/key.h"
#include "cli/options.h"
#include "cli/script.h"
#include "cli/wait.h"
#include "codegen/codegen.h"
#include "codegen/headers.h"
#include "lang/program.h"

static void dump_to_stdout(void *arg, enum codegen_stage stage, const char *text, size_t n)
{
	(void)arg, (void)stage;
	fwrite(text, 1, n, stdout);
}

// Code generation. The dumps stop before it where only the front end's were asked for.
static bool generate(struct machine *m, const struct options *o, const char *key, uint32_t layout, struct program *p, struct str *object)
{
	struct codegen_options co = {
		.key = key,
		.compiler = SPILE_VERSION,
		.layout = layout,
		.needs = &m->needs,
		.dump_stages = o->dumps >> DUMP_IR,
		.dump = dump_to_stdout,
	};

	_Static_assert(DUMP_ASM - DUMP_IR == CODEGEN_ASM && DUMPS - DUMP_IR == (int)CODEGEN_STAGES, "dump.def follows enum codegen_stage");
	if (o->dumps && !co.dump_stages)
		return true;
	return codegen_program(p, &co, object) == 0 && !m->diag.errors;
}

// C headers. Those that were read decide, as imported scripts do, whether a kept object still holds.
struct headers {
	struct headers_options options;
	struct files files;
};

static int include(void *arg, const struct cdecl_headers *h)
{
	struct headers *x = arg;

	return headers_include(&x->options, h);
}

static void headers_init(struct headers *x, const struct options *o, struct machine *m)
{
	*x = (struct headers){ .options = {
		.dirs = o->include_dirs,
		.ndirs = o->n_include_dirs,
		.kernel_source = getenv("BPFTRACE_KERNEL_SOURCE"),
		.kernel_build = getenv("BPFTRACE_KERNEL_BUILD"),
		.looked_at = files_note,
		.looked_at_arg = &x->files,
	}, .files = { .arena = m->arena } };
	m->include = include;
	m->include_arg = x;
}

static void headers_keep(const struct headers *x, struct machine *m, struct plan *plan)
{
	for (size_t i = 0; i < x->files.n; i++)
		plan_push(m->arena, &plan->deps, &plan->n_deps, x->files.v[i]);
}

static bool compile(struct machine *m, const struct options *o, const struct script *s, uint32_t layout, int object_fd)
{
	_str_ struct str key = { 0 }, object = { 0 };
	struct headers headers;
	struct program *p;

	key_make(o, s, m->world, &key);
	headers_init(&headers, o, m);
	p = compile_script(m, o, s);
	if (p)
		headers_keep(&headers, m, p->plan);
	if (!p || !generate(m, o, key.p, layout, p, &object))
		return false;
	if (o->dumps)
		return true;
	compiled_seal(&object);
	int err = write_all(object_fd, object.p, object.n);
	if (err) {
		diag_error(&m->diag, (struct span){ 0 }, E_IO, "cannot hand over the compiled script: %s", strerror(-err));
		return false;
	}
	// a script with warnings is compiled every time, so that they are seen every time
	if (!m->diag.warnings && !o->no_cache && o->command == CMD_RUN) {
		struct cache c;

		cache_open(&c);
		cache_keep(&c, key.p, &object);
		if (o->verbose)
			fprintf(stderr, "cache: %s\n", str_z(&c.note));
		cache_close(&c);
	}
	return true;
}

#define BENCH_ROUNDS 20

// --mode compiler-bench: the front end and code generation, each time anew on a machine that is read already.
static bool compiler_bench(struct machine *m, const struct options *o, const struct script *s)
{
	uint64_t front = 0, back = 0;

	for (int i = 0; i < BENCH_ROUNDS; i++) {
		_str_ struct str object = { 0 };
		uint64_t start = clock_ns(CLOCK_MONOTONIC), middle;
		struct program *p = compile_script(m, o, s);

		middle = clock_ns(CLOCK_MONOTONIC);
		if (!p || !generate(m, o, "", LAYOUT_FAST, p, &object))
			return false;
		front += middle - start;
		back += clock_ns(CLOCK_MONOTONIC) - middle;
		m->diag.nitems = 0; // the warnings are the same each time
	}
	printf("%-41s%15s%15s\n", "Benchmark", "Time(ns)", "Iterations");
	for (int i = 0; i < 71; i++)
		putchar('-');
	printf("\n%-41s%15llu%15d\n", "front end", (unsigned long long)front / BENCH_ROUNDS, BENCH_ROUNDS);
	printf("%-41s%15llu%15d\n", "code generation", (unsigned long long)back / BENCH_ROUNDS, BENCH_ROUNDS);
	return true;
}

// LLVM does not go on, and may hold half of anything: only what needs none of it is done here.
static void fatal(const char *why)
{
	bool far = strstr(why, "out of insn range") != NULL;

	fflush(stdout);
	fprintf(stderr, "ERROR: LLVM cannot compile the script: %s\n", why);
	if (far)
		fputs("HINT: a statement is so long that no jump leads over it (they reach 32,767 instructions); several shorter ones may serve\n", stderr);
	_exit(1);
}

int main(int argc, char **argv)
{
	struct machine m;
	struct options o;
	struct script s = { 0 };
	_str_ struct str why = { 0 };
	int script_fd, object_fd;
	unsigned layout;
	bool done;

	if (argc < 3 || sscanf(argv[1], "%d:%d:%u", &script_fd, &object_fd, &layout) != 3) {
		fputs("spile-compiler is started by spile; run that one.\n", stderr);
		return 1;
	}
	argv[1] = argv[0];
	if (options_parse(argc - 1, argv + 1, &o, &why) != OPTIONS_OK || lseek(script_fd, 0, SEEK_SET) < 0 || str_read(&s.text, script_fd, SIZE_MAX)) {
		fprintf(stderr, "ERROR: spile-compiler: %s\n", why.n ? why.p : "cannot read the script");
		return 1;
	}
	if (o.emit_llvm && !freopen(o.emit_llvm, "we", stdout)) {
		fprintf(stderr, "ERROR: cannot write '%s': %s\n", o.emit_llvm, strerror(errno));
		return 1;
	}
	script_name(&o, &s);
	codegen_on_fatal(fatal);
	machine_init(&m, &o, codegen_disassemble);
	done = o.mode == MODE_COMPILER_BENCH ? compiler_bench(&m, &o, &s) : compile(&m, &o, &s, layout, object_fd);
	if (layout != LAYOUT_FAST && !m.diag.errors)
		m.diag.nitems = 0; // the warnings were told when it was compiled the first time
	bool waits = !done && wait_is_due(&o, &m.diag);
	if (!waits)
		machine_complain(&m);
	machine_free(&m);
	script_free(&s);
	options_free(&o);
	return waits ? COMPILER_WAITS : fflush(stdout) || !done ? 1 : 0;
}

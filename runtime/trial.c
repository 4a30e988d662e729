// SPDX-License-Identifier: Apache-2.0
#include "runtime/trial.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sink.h"
#include "base/util.h"
#include "runtime/load.h"
#include "runtime/run_state.h"
#include "runtime/sinks/out.h"

#define BENCH_NS 100000000u   // how long one is run
#define BENCH_MOST 1000000u   // and how often at the most
#define DRAIN_EVERY 64u       // runs: what a bench prints must not fill the ring

static int run_once(int fd, uint32_t *result)
{
	uint64_t context[12] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = context, .ctx_size_in = sizeof context);
	int err = bpf_prog_test_run_opts(fd, &o);

	*result = o.retval;
	return err;
}

static int refuse(struct run *r, const char *name, int err)
{
	r->out.capture = NULL;
	diag_error(r->diag, (struct span){ 0 }, E_ATTACH, "%s could not be run: %s", name, strerror(-err));
	return err;
}

// Tests ---------------------------------------------------------------------------------------------------------------

static int test(struct run *r, uint32_t prog, struct trial *t, struct str *output)
{
	uint64_t before = r->complaints, start = clock_ns(CLOCK_MONOTONIC);
	uint32_t result;

	str_clear(output);
	out_flush(&r->out);
	r->out.capture = output;
	r->status = 0;
	int err = run_once(r->loaded->prog_fd[prog], &result);
	t->ns = clock_ns(CLOCK_MONOTONIC) - start;
	run_drain(r);
	r->out.capture = NULL;
	if (err)
		return refuse(r, t->name, err);
	t->passed = result == 0 && r->status == 0 && r->complaints == before;
	t->output = output->p;
	t->output_len = output->n;
	r->exiting = r->exited = false; // an exit() ends its own test
	r->status = 0;
	return 0;
}

static int tests(struct run *r, const uint32_t *progs, struct trial *t, size_t n)
{
	const struct sink *s = r->options.sink;
	_str_ struct str output = { 0 };
	bool passed = n > 0;

	if (n == 0 && s->test_begin)
		s->test_begin(&r->out, NULL, 0, 0);
	for (size_t i = 0; i < n; i++) {
		if (s->test_begin)
			s->test_begin(&r->out, &t[i], n, i);
		if (test(r, progs[i], &t[i], &output))
			return 255;
		s->test_end(&r->out, &t[i]);
		t[i].output = NULL, t[i].output_len = 0; // the next one's
		passed &= t[i].passed;
	}
	if (s->tests_end)
		s->tests_end(&r->out, t, n);
	return passed ? 0 : 1;
}

// Measurements --------------------------------------------------------------------------------------------------------

struct spent {
	uint64_t ns, runs;
};

static int spent(int fd, struct spent *ret)
{
	struct bpf_prog_info info = { 0 };
	uint32_t n = sizeof info;
	int err = bpf_obj_get_info_by_fd(fd, &info, &n);

	*ret = (struct spent){ .ns = info.run_time_ns, .runs = info.run_cnt };
	return err;
}

static int measure(struct run *r, int fd, uint64_t *ns, uint64_t *iterations)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + BENCH_NS;
	struct spent before, after;
	uint32_t result;
	int err = spent(fd, &before);

	for (uint64_t i = 0; !err && i < BENCH_MOST && (i % DRAIN_EVERY || clock_ns(CLOCK_MONOTONIC) < until); i++) {
		err = run_once(fd, &result);
		if (r && i % DRAIN_EVERY == 0)
			run_drain(r);
		if (r && r->out.capture)
			str_clear(r->out.capture);
	}
	if (!err)
		err = spent(fd, &after);
	if (err)
		return err;
	*iterations = after.runs - before.runs;
	*ns = *iterations ? (after.ns - before.ns) / *iterations : 0;
	return 0;
}

// What the measurement itself costs.
static uint64_t measure_nothing(void)
{
	const struct bpf_insn in[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	_close_ int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "nothing", "GPL", in, ARRAY_SIZE(in), NULL);
	uint64_t ns, runs;

	return fd >= 0 && measure(NULL, fd, &ns, &runs) == 0 ? ns : 0;
}

static int benches(struct run *r, const uint32_t *progs, struct trial *t, size_t n)
{
	_close_ int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	_str_ struct str output = { 0 };

	if (stats < 0)
		return refuse(r, "the measurement", stats), 255;
	uint64_t nothing = measure_nothing();
	for (size_t i = 0; i < n; i++) {
		r->out.capture = &output;
		int err = measure(r, r->loaded->prog_fd[progs[i]], &t[i].ns, &t[i].iterations);
		run_drain(r);
		r->out.capture = NULL;
		if (err)
			return refuse(r, t[i].name, err), 255;
		t[i].ns -= MIN(nothing, t[i].ns);
		str_clear(&output);
		r->exiting = r->exited = false;
	}
	r->options.sink->benches(&r->out, t, n);
	return n ? 0 : 1;
}

int trials_run(struct run *r)
{
	bool is_test = r->options.mode == RUN_TEST;
	_free_ struct trial *t = xcalloc(r->plan->n_progs, sizeof *t);
	_free_ uint32_t *progs = xcalloc(r->plan->n_progs, sizeof *progs);
	size_t n = 0;

	out_flush(&r->out);
	for (uint32_t i = 0; i < r->plan->n_progs; i++) {
		const struct plan_prog *p = &r->plan->progs[i];

		if (!run_is_of(p, is_test ? "test" : "bench"))
			continue;
		progs[n] = i;
		t[n++].name = p->sites[0].func ? p->sites[0].func : p->name;
	}
	return is_test ? tests(r, progs, t, n) : benches(r, progs, t, n);
}

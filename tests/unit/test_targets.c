// SPDX-License-Identifier: Apache-2.0
// What targets select processes by, and how budgets' gates turn.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/plan.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/duty.h"
#include "runtime/gates.h"
#include "runtime/process_facts.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "11223344-5566-7788-99aa-bbccddeeff00"

static void containers(void **state)
{
	static const struct {
		const char *path, *id, *pod;
	} rows[] = {
		{ "/docker/" ID, ID, "" },
		{ "/system.slice/docker-" ID ".scope", ID, "" },
		{ "/kubepods/burstable/pod" POD "/" ID, ID, POD },
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod11223344_5566_7788_99aa_bbccddeeff00.slice/cri-containerd-" ID ".scope", ID, POD },
		{ "/kubepods.slice/kubepods-pod11223344_5566_7788_99aa_bbccddeeff00.slice/crio-" ID ".scope/container", ID, POD },
		{ "/kubepods.slice/kubepods-pod11223344_5566_7788_99aa_bbccddeeff00.slice/crio-conmon-" ID ".scope", "", POD },
		{ "/k8s.io/" ID, ID, "" },
		{ "/machine.slice/libpod-" ID ".scope/container", ID, "" },
		{ "/lxc.payload.web/system.slice/nginx.service", "web", "" },
		{ "/lxc/db", "db", "" },
		{ "/system.slice/nginx.service", "", "" },
		{ "/user.slice/user-1000.slice/session-2.scope", "", "" },
		{ "/", "", "" },
		{ "", "", "" },
	};
	char id[72], pod[72];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cgroup_container(rows[i].path, id, pod);
		assert_string_equal(id, rows[i].id);
		assert_string_equal(pod, rows[i].pod);
	}
}

static bool is(const char *key, const char *value)
{
	struct plan_name v = { value };
	struct plan_choice c = { .key = key, .values = &v, .n_values = 1 };

	return process_is((uint32_t)getpid(), &c);
}

static void own_process(void **state)
{
	char number[16];

	prctl(PR_SET_NAME, "a test");
	snprintf(number, sizeof number, "%d", (int)getpid());
	assert_true(is("exe", "*/test_targets"));
	assert_false(is("exe", "test_targets"));
	assert_true(is("comm", "a test"));
	assert_true(is("comm", "a*"));
	assert_false(is("comm", "b*"));
	assert_true(is("name", "a test"));
	assert_true(is("name", "test_targets"));
	assert_false(is("name", "*/test_targets"));
	assert_int_equal(process_parent((uint32_t)getpid()), getppid());
	assert_true(is("cmdline", "*test_targets"));
	assert_true(is("pid", number));
	assert_false(is("pid", "1"));
	snprintf(number, sizeof number, "%u", getuid());
	assert_true(is("user", number));
	assert_true(is("runtime", "native"));
	assert_false(is("runtime", "go"));
	assert_true(is("cgroup", "*"));
	assert_false(is("nothing", "*"));
}

static void gone_process(void **state)
{
	struct plan_name v = { "*" };
	struct plan_choice c = { .key = "comm", .values = &v, .n_values = 1 };

	assert_false(process_is(0x7fffffff, &c));
	assert_int_equal(process_parent(0x7fffffff), 0);
}

// A program whose events cost 1 each, of which `rate` come: does the share come near what is allowed, and stay?
static uint64_t settled(double rate, double fixed, uint64_t share)
{
	uint64_t keep = 0, used = 0;

	for (int i = 0; i < 200; i++) {
		used = (uint64_t)(rate * (fixed + (double)(keep ? keep : WIRE_GATE_OPEN) / (double)WIRE_GATE_OPEN));
		keep = gate_next(keep, used, share);
	}
	return used;
}

static void gates(void **state)
{
	assert_in_range(settled(1e6, 0, 10000), 9000, 11000);
	assert_in_range(settled(1e6, 0.005, 10000), 9000, 11000);
	assert_in_range(settled(5000, 0, 10000), 5000, 5000); // below its share: open
	assert_true(gate_next(0, 0, 100) == WIRE_GATE_OPEN);
	assert_true(gate_next(1, UINT64_MAX, 1) > 0); // never shut: some are still seen
	assert_true(gate_next(WIRE_GATE_OPEN, 1, UINT64_MAX) == WIRE_GATE_OPEN);
}

// What duty.c is for, on a made-up machine: programs that need 0.7 processors while they are on their events, traffic that comes in
// bursts of its own, attaching and detaching that take their time. Returns what the run's weights say, divided by what there was.
#define SIM_NS 20000000000u

static double traffic(uint64_t from, uint64_t until) // events between two moments: three in four come in the first fifth of each 0.37 s
{
	double sum = 0;

	for (uint64_t t = from; t < until; t += 1000000)
		sum += t % 370000000 < 74000000 ? 3.75 : 0.3125;
	return sum;
}

static double duty_run(uint64_t seed, double share, uint64_t attach_ns, uint64_t detach_ns, double *spent)
{
	struct duty d = { .share = share, .rate = 0.7, .slop_ns = 20e6, .seed = seed * 0x9e3779b97f4a7c15u, .block_ns = 30000000, .spent_ns = 0.7 * 30e6 };
	uint64_t free_ns = d.block_ns;
	double seen = traffic(0, d.block_ns);

	for (*spent = d.spent_ns;;) {
		duty_next(&d, free_ns + attach_ns);
		uint64_t from = MAX(d.from_ns, free_ns + attach_ns), until = from + d.window_ns;

		if (from >= SIM_NS)
			return seen / traffic(0, SIM_NS);
		seen += traffic(from, MIN(until, (uint64_t)SIM_NS)) * duty_worth(&d);
		free_ns = until + detach_ns;
		duty_spent(&d, 0.7 * (double)(free_ns - from + attach_ns), free_ns - from + attach_ns);
		*spent += 0.7 * (double)(free_ns - from + attach_ns);
	}
}

// Over many seeds the mean is the truth within 3 standard errors, and what is spent the share within a tenth. The seeds are fixed.
static void duties(void **state)
{
	static const struct {
		double share;
		uint64_t attach_ns, detach_ns;
	} cases[] = { { 0.01, 12000000, 25000000 }, { 0.05, 12000000, 25000000 }, { 0.2, 12000000, 25000000 }, { 0.2, 80000000, 150000000 }, { 0.5, 80000000, 150000000 } };
	enum { RUNS = 400 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		double sum = 0, squares = 0, spent = 0, one, mean, error;

		for (uint64_t seed = 1; seed <= RUNS; seed++) {
			double v = duty_run(seed, cases[i].share, cases[i].attach_ns, cases[i].detach_ns, &one);

			sum += v;
			squares += v * v;
			spent += one / SIM_NS / RUNS;
		}
		mean = sum / RUNS;
		error = sqrt((squares / RUNS - mean * mean) / (RUNS - 1));
		if (fabs(mean - 1) > 3 * error || fabs(spent / cases[i].share - 1) > 0.1)
			fail_msg("share %g, attached in %lu ns: mean %f, standard error %f, spent %f", cases[i].share, cases[i].attach_ns, mean, error, spent);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(containers), cmocka_unit_test(own_process), cmocka_unit_test(gone_process), cmocka_unit_test(gates),
					  cmocka_unit_test(duties) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// What targets select processes by, and how budgets' gates turn.
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(containers), cmocka_unit_test(own_process), cmocka_unit_test(gone_process), cmocka_unit_test(gates) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

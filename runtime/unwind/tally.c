// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/tally.h"

#include <bpf/bpf.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/stack.h"
#include "runtime/unwind/unwinder.h"

static uint64_t counted(int fd, uint32_t what, unsigned ncpus)
{
	_free_ uint64_t *per_cpu = xcalloc(ncpus, sizeof *per_cpu);
	uint64_t sum = 0;

	if (bpf_map_lookup_elem(fd, &what, per_cpu))
		return 0;
	for (unsigned i = 0; i < ncpus; i++)
		sum += per_cpu[i];
	return sum;
}

static void percent(uint64_t part, uint64_t all, struct str *out)
{
	str_printf(out, "%.4g%%", 100.0 * (double)part / (double)all);
}

static void reasons(const uint64_t *ended, uint64_t all, struct str *out)
{
	const char *between = ": ";

	for (int i = 0; i < WIRE_STOPS; i++) {
		if (!ended[i] || stack_is_complete((enum wire_stop)i))
			continue;
		str_printf(out, "%s%s ", between, stack_stop((enum wire_stop)i));
		percent(ended[i], all, out);
		between = ", ";
	}
}

void unwind_tally(struct unwinder *u, int counts_fd, unsigned ncpus, struct str *out)
{
	uint64_t ended[WIRE_STOPS], all = 0, whole = 0, misses = counted(counts_fd, UNWIND_COUNT_MISSES, ncpus);
	uint64_t unsent = counted(counts_fd, UNWIND_COUNT_UNSENT, ncpus);
	struct unwinder_stats s = unwinder_stats(u);

	for (uint32_t i = 0; i < WIRE_STOPS; i++) {
		ended[i] = counted(counts_fd, i, ncpus);
		all += ended[i];
		whole += stack_is_complete((enum wire_stop)i) ? ended[i] : 0;
	}
	if (all == 0)
		return;
	str_printf(out, "user stacks: %lu walked, ", all);
	percent(whole, all, out);
	str_adds(out, " whole");
	reasons(ended, all, out);
	str_printf(out, "\nunwind tables: %lu files, %lu KiB; met while running: %lu", s.files, s.words * 4 / 1024, misses);
	if (s.vanished)
		str_printf(out, ", gone before they could be read: %lu", s.vanished);
	if (s.refused)
		str_printf(out, ", without room: %lu", s.refused);
	if (unsent)
		str_printf(out, ", not told for want of room in the control ring: %lu", unsent);
	str_addc(out, '\n');
}

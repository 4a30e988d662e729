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
	str_printf(out, "%.3g %%", 100.0 * (double)part / (double)all);
}

// The most frequent one that was not told yet; WIRE_STOPS: none.
static uint32_t next_reason(const uint64_t *ended, const bool *told)
{
	uint32_t most = WIRE_STOPS;

	for (uint32_t i = 0; i < WIRE_STOPS; i++)
		if (ended[i] && !told[i] && !stack_is_complete((enum wire_stop)i) && (most == WIRE_STOPS || ended[i] > ended[most]))
			most = i;
	return most;
}

static void reasons(const uint64_t *ended, uint64_t all, struct str *out)
{
	const char *between = "; stopped by ";
	bool told[WIRE_STOPS] = { 0 };

	for (uint32_t i; (i = next_reason(ended, told)) < WIRE_STOPS; told[i] = true) {
		str_printf(out, "%s%s ", between, stack_stop((enum wire_stop)i));
		percent(ended[i], all, out);
		between = ", ";
	}
}

static void about_tables(struct unwinder *u, int counts_fd, unsigned ncpus, struct str *out)
{
	uint64_t misses = counted(counts_fd, UNWIND_COUNT_MISSES, ncpus), unsent = counted(counts_fd, UNWIND_COUNT_UNSENT, ncpus);
	struct unwinder_stats s = unwinder_stats(u);

	str_printf(out, "unwind tables: %lu files, %lu KiB; met while running: %lu", s.files, s.words * 4 / 1024, misses);
	if (s.vanished)
		str_printf(out, ", gone before they could be read: %lu", s.vanished);
	if (s.refused)
		str_printf(out, ", without room: %lu", s.refused);
	if (unsent)
		str_printf(out, ", not told for want of room in the control ring: %lu", unsent);
	str_addc(out, '\n');
}

void unwind_tally(struct unwinder *u, int counts_fd, unsigned ncpus, bool tables, struct str *out)
{
	uint64_t ended[WIRE_STOPS], all = 0, whole = 0;

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
	str_addc(out, '\n');
	if (tables)
		about_tables(u, counts_fd, ncpus, out);
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/plan.h"
#include "base/util.h"
#include "runtime/load.h"

#define PERIOD_NS 1000000000u
#define MB 1e6

struct memory {
	const struct plan *plan;
	const struct loaded *loaded;
	struct diag *diag;
	uint64_t looked_ns;
	bool told;
};

struct use {
	uint64_t process, maps, largest;
	const char *largest_name;
};

uint64_t memory_of_map(int fd)
{
	char path[64], line[256];
	unsigned long long bytes = 0;

	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	_fclose_ FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	return bytes;
}

static uint64_t of_process(void)
{
	unsigned long size, resident = 0;
	_fclose_ FILE *f = fopen("/proc/self/statm", "re");

	if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
		return 0;
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static struct use look(const struct memory *m)
{
	struct use u = { .process = of_process() };

	for (uint32_t i = 0; i < m->plan->n_maps; i++) {
		uint64_t bytes = m->loaded->map_fd[i] >= 0 ? memory_of_map(m->loaded->map_fd[i]) : 0;

		u.maps += bytes;
		if (bytes > u.largest) {
			u.largest = bytes;
			u.largest_name = m->plan->maps[i].name;
		}
	}
	return u;
}

#define OVER "the budget allows %.1f MB of memory, but Spile takes %.1f MB and the script's maps %.1f MB; the largest is %s with %.1f MB"

int memory_new(const struct plan *p, const struct loaded *l, struct diag *d, struct memory **ret)
{
	if (!p->memory)
		return 0;
	struct memory *m = xcalloc(1, sizeof *m);
	*m = (struct memory){ .plan = p, .loaded = l, .diag = d };
	struct use u = look(m);
	if (u.process + u.maps > p->memory) {
		_free_ char *text = xasprintf(OVER, (double)p->memory / MB, (double)u.process / MB, (double)u.maps / MB, u.largest_name ? u.largest_name : "none",
					      (double)u.largest / MB);

		diag_error(d, (struct span){ 0 }, E_LIMIT, "%s", text);
		diag_hint(d, "fewer entries make a map smaller: let @name = hash(1000); max_map_keys and perf_rb_pages are config keys");
		memory_free(m);
		return -E2BIG;
	}
	*ret = m;
	return 0;
}

void memory_free(struct memory *m)
{
	free(m);
}

void memory_tick(struct memory *m, uint64_t now_ns)
{
	if (!m || m->told || now_ns - m->looked_ns < PERIOD_NS)
		return;
	m->looked_ns = now_ns;
	struct use u = look(m);
	if (u.process + u.maps <= m->plan->memory)
		return;
	_free_ char *text = xasprintf(OVER, (double)m->plan->memory / MB, (double)u.process / MB, (double)u.maps / MB, u.largest_name ? u.largest_name : "none",
				      (double)u.largest / MB);
	diag_warn(m->diag, (struct span){ 0 }, E_LIMIT, "%s", text);
	m->told = true;
}

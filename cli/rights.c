// SPDX-License-Identifier: Apache-2.0
#include "cli/rights.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"

enum { NR_NET_ADMIN = 12, NR_SYS_ADMIN = 21, NR_PERFMON = 38, NR_BPF = 39 }; // include/uapi/linux/capability.h
#define BIT(nr) (1ull << (nr))
#define NEEDED (BIT(NR_BPF) | BIT(NR_PERFMON))

// What a provider takes beyond the two.
static const struct {
	const char *provider;
	uint64_t caps;
} takes[] = { { "xdp", BIT(NR_NET_ADMIN) }, { "tc", BIT(NR_NET_ADMIN) }, { "cgroup_skb", BIT(NR_NET_ADMIN) } };

static const struct {
	int nr;
	const char *name, *what;
} words[] = { { NR_BPF, "CAP_BPF", "to load maps and programs" }, { NR_PERFMON, "CAP_PERFMON", "to read what is traced" },
	      { NR_NET_ADMIN, "CAP_NET_ADMIN", "to attach to a network device" } };

// The effective set; all bits where /proc does not say, so that the kernel has the last word.
static uint64_t capabilities(void)
{
	_fclose_ FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t set;

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "CapEff: %" SCNx64, &set) == 1)
			return set & BIT(NR_SYS_ADMIN) ? set | NEEDED : set; // what the two were split from
	return UINT64_MAX;
}

static void advise(struct str *why)
{
	str_adds(why, ". Run spile as root, or give them to it: setcap cap_bpf,cap_perfmon+ep spile.");
}

bool rights_to_trace(struct str *why)
{
	uint64_t missing = NEEDED & ~capabilities();
	bool said = false;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (missing & BIT(words[i].nr)) {
			str_printf(why, "%s %s capability, needed %s", said ? ", missing" : "Missing", words[i].name, words[i].what);
			said = true;
		}
	if (missing)
		advise(why);
	return !missing;
}

static uint64_t needed_by(const struct plan_site *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(takes); i++)
		if (strcmp(takes[i].provider, s->provider) == 0)
			return NEEDED | takes[i].caps;
	return NEEDED;
}

// The first probe that needs it, and how many more do.
static void name_probes(const struct plan *p, uint64_t cap, struct str *why)
{
	const char *first = NULL;
	unsigned more = 0;

	for (uint32_t i = 0; i < p->n_progs; i++)
		for (uint32_t k = 0; k < p->progs[i].n_sites; k++) {
			const struct plan_site *s = &p->progs[i].sites[k];

			if (!(needed_by(s) & cap))
				continue;
			more += first != NULL;
			first = first ? first : s->name;
		}
	str_printf(why, ", by %s", first ? first : "this script");
	if (more)
		str_printf(why, " and %u more", more);
}

bool rights_for_plan(const struct plan *p, struct str *why)
{
	uint64_t all = NEEDED, missing;
	bool said = false;

	for (uint32_t i = 0; i < p->n_progs; i++)
		for (uint32_t k = 0; k < p->progs[i].n_sites; k++)
			all |= needed_by(&p->progs[i].sites[k]);
	missing = all & ~capabilities();
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!(missing & BIT(words[i].nr)))
			continue;
		str_printf(why, "%s %s capability, needed %s", said ? "; missing" : "Missing", words[i].name, words[i].what);
		name_probes(p, BIT(words[i].nr), why);
		said = true;
	}
	if (missing)
		advise(why);
	return !missing;
}

void rights_list(const struct plan *p, struct str *out)
{
	uint64_t all = NEEDED, have = capabilities();

	for (uint32_t i = 0; i < p->n_progs; i++)
		for (uint32_t k = 0; k < p->progs[i].n_sites; k++)
			all |= needed_by(&p->progs[i].sites[k]);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!(all & BIT(words[i].nr)))
			continue;
		str_printf(out, "  %s %s", words[i].name, words[i].what);
		if (!(NEEDED & BIT(words[i].nr)))
			name_probes(p, BIT(words[i].nr), out);
		str_adds(out, have & BIT(words[i].nr) ? "\n" : ": missing\n");
	}
}

// Sets ---------------------------------------------------------------------------------------------------------------

static bool get_sets(struct __user_cap_data_struct d[2])
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return geteuid() != 0 && syscall(SYS_capget, &h, d) == 0;
}

static void set_sets(const struct __user_cap_data_struct d[2])
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };

	(void)syscall(SYS_capset, &h, d); // only ever less than before, or to inherit: refusal leaves things as they are
}

void rights_lend(void)
{
	struct __user_cap_data_struct d[2];

	if (!get_sets(d))
		return;
	for (size_t i = 0; i < 2; i++)
		d[i].inheritable |= d[i].permitted & (uint32_t)(NEEDED >> 32 * i);
	set_sets(d);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, NR_BPF, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, NR_PERFMON, 0, 0);
}

void rights_take_back(void)
{
	struct __user_cap_data_struct d[2];

	if (!get_sets(d))
		return;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	d[0].inheritable = d[1].inheritable = 0;
	set_sets(d);
}

void rights_drop(void)
{
	struct __user_cap_data_struct d[2];

	if (!get_sets(d))
		return;
	for (size_t i = 0; i < 2; i++) {
		d[i].permitted &= (uint32_t)(NEEDED >> 32 * i);
		d[i].effective &= d[i].permitted;
		d[i].inheritable = 0;
	}
	set_sets(d);
}

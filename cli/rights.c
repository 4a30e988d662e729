// SPDX-License-Identifier: Apache-2.0
#include "cli/rights.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"
#include "base/util.h"

enum { CAP_NR_SYS_ADMIN = 21, CAP_NR_PERFMON = 38, CAP_NR_BPF = 39 }; // include/uapi/linux/capability.h

// The effective set; all bits where /proc does not say, so that the kernel has the last word.
static uint64_t capabilities(void)
{
	_fclose_ FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t set;

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "CapEff: %" SCNx64, &set) == 1)
			return set;
	return UINT64_MAX;
}

bool rights_to_trace(struct str *why)
{
	uint64_t set = capabilities();
	bool admin = set >> CAP_NR_SYS_ADMIN & 1, bpf = set >> CAP_NR_BPF & 1, perfmon = set >> CAP_NR_PERFMON & 1;

	if (admin || (bpf && perfmon))
		return true;
	if (!bpf)
		str_adds(why, "Missing CAP_BPF capability");
	if (!perfmon)
		str_adds(why, bpf ? "Missing CAP_PERFMON capability" : ", missing CAP_PERFMON capability");
	str_adds(why, ": loading and attaching BPF programs needs them (or CAP_SYS_ADMIN). Run spile as root, e.g. with sudo.");
	return false;
}

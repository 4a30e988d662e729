// SPDX-License-Identifier: Apache-2.0
// The table of providers, in the order -l shows them.
#include "runtime/attach/probe_types.h"

#include "runtime/attach/providers.h"

const struct probe_type *const probe_types[] = {
	&probe_begin, &probe_end, &probe_self,
	&probe_interval, &probe_profile, &probe_software, &probe_hardware,
	&probe_tracepoint, &probe_rawtracepoint,
	&probe_uprobe, &probe_uretprobe, &probe_usdt,
	&probe_kprobe, &probe_kretprobe, &probe_fentry, &probe_fexit, &probe_lsm,
	&probe_xdp, &probe_tc, &probe_cgroup_skb,
	&probe_iter, &probe_watchpoint, &probe_test, &probe_bench,
	NULL,
};

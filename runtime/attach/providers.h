// SPDX-License-Identifier: Apache-2.0
// providers.h - the rows of the table in probe_type.c, each defined by the file of its family.
#pragma once

#include "base/probe_type.h"

extern const struct probe_type probe_begin, probe_end, probe_self, probe_test, probe_bench; // special.c
extern const struct probe_type probe_interval, probe_profile;      // timer.c
extern const struct probe_type probe_software, probe_hardware;     // counter.c
extern const struct probe_type probe_tracepoint;                   // tracepoint.c
extern const struct probe_type probe_rawtracepoint;                // rawtracepoint.c
extern const struct probe_type probe_uprobe, probe_uretprobe;      // uprobe.c
extern const struct probe_type probe_usdt;                         // usdt.c
extern const struct probe_type probe_kprobe, probe_kretprobe;      // kprobe.c
extern const struct probe_type probe_fentry, probe_fexit;          // fentry.c
extern const struct probe_type probe_lsm;                          // lsm.c
extern const struct probe_type probe_xdp, probe_tc, probe_cgroup_skb; // packet.c
extern const struct probe_type probe_iter;                         // iter.c
extern const struct probe_type probe_watchpoint;                   // watchpoint.c

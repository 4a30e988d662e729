// SPDX-License-Identifier: Apache-2.0
// packet.h - probes on packets: what the parts of packet.c and packet_attach.c share.
#pragma once

#include "base/probe_type.h"

#define DIRECTIONS "'ingress' (in) or 'egress' (out)"

// attach() of the three. A site's target is an interface or a pattern of their names, or a control group; its func a direction or a mode.
int packet_attach_xdp(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links);
int packet_attach_tc(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links);
int packet_attach_cgroup(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links);

// The folder where control groups of version 2 are mounted, freed by the caller; NULL when they are not.
char *packet_cgroup_root(void);

// A filter of traffic control, on kernels that have no links for it: removed when the descriptor returned, and every copy of it, is
// closed, be it by the end of this process. The queue discipline "clsact" that it needs is made when it is missing, and stays.
int tc_filter_attach(int prog_fd, unsigned ifindex, bool egress); // the descriptor, or -errno

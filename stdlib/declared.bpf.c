// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// declared.bpf.c - what declarative probes are made of: targets.
#include "stdlib/bpf.h"

// map: tgid to a bit for each target (wire.h)
u64 in_target(void *map, u64 target)
{
	u32 tgid = (u32)(bpf_get_current_pid_tgid() >> 32);
	u64 *bits = bpf_map_lookup_elem(map, &tgid);

	return bits ? *bits >> (target & 63) & 1 : 0;
}

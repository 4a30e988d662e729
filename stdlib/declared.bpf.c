// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// declared.bpf.c - what declarative probes are made of: targets, calls, what is left out.
#include "stdlib/bpf.h"

u64 builtin_pid(void *ctx, const struct wire_globals *g);

// map: tgid to a bit for each target (wire.h)
u64 in_target(void *map, u64 target, const struct wire_globals *g)
{
	u32 tgid = (u32)builtin_pid(NULL, g);
	u64 *bits = bpf_map_lookup_elem(map, &tgid);

	return bits ? *bits >> (target & 63) & 1 : 0;
}

// Owner and frame of a call: dest[0] is the thread (tgid << 32 | tid), dest[1] grows with depth. At a function's first and at its
// return instruction the stack pointer is the same; behind the return it is one word higher. struct pt_regs of x86-64: sp at 152.
void call_id(void *ctx, u64 *dest, u64 kind)
{
	dest[0] = bpf_get_current_pid_tgid();
	dest[1] = 0;
	if (kind)
		dest[1] = 0 - (*(u64 *)((u8 *)ctx + 152) - (kind == 2 ? 8 : 0));
}

void left_out(void *counters, u64 index, u64 by)
{
	u32 i = (u32)index;
	u64 *n = bpf_map_lookup_elem(counters, &i);

	if (n)
		*n += by;
}

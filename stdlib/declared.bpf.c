// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// declared.bpf.c - what declarative probes are made of: targets, calls, samples, what is left out.
#include "stdlib/bpf.h"

extern const u32 has_xchg; // from codegen: memory.bpf.c

u64 builtin_pid(void *ctx, const struct wire_globals *g);

// map: tgid to a bit for each target (wire.h)
u64 in_target(void *map, u64 target, const struct wire_globals *g)
{
	u32 tgid = (u32)builtin_pid(NULL, g);
	u64 *bits = bpf_map_lookup_elem(map, &tgid);

	return bits ? *bits >> (target & 63) & 1 : 0;
}

u64 target_inherit(void *map, u64 parent, u64 child, u64 mask)
{
	u32 from = (u32)parent, to = (u32)child;
	u64 *has = bpf_map_lookup_elem(map, &from), bits = has ? *has & mask : 0;

	if (bits)
		bpf_map_update_elem(map, &to, &bits, 0);
	return 0;
}

u64 target_exec(void *map, u64 tgid, u64 keep, u64 more)
{
	u32 key = (u32)tgid;
	u64 *has = bpf_map_lookup_elem(map, &key), bits = (has ? *has & keep : 0) | more;

	if (has)
		*has = bits;
	else if (bits)
		bpf_map_update_elem(map, &key, &bits, 0);
	return 0;
}

u64 target_forget(void *map, u64 tgid)
{
	u32 key = (u32)tgid;

	bpf_map_delete_elem(map, &key);
	return 0;
}

// The stack pointer at the entry of a kernel function that has returned. What comes in the place of its return address, and where that says the
// stack pointer was, differs with the kernel: behind the popped address; or the registers lie below the address's place, and it is their own
// address (function graph tracer, Linux 6.14) or that place (Linux 7). struct pt_regs of x86-64 has 168 bytes.
static __attribute__((always_inline)) u64 returned_from(void *ctx, u64 sp)
{
	u64 regs = (u64)ctx, own = sp;

	opaque(regs); // else LLVM computes with what it found equal, and the verifier lets nobody compute with a context
	opaque(own);
	if (own == regs)
		return sp + 168;
	return own == regs + 168 ? sp : sp - 8;
}

// Owner and frame of a call. dest[0] is the thread (tgid << 32 | tid), or for Go the goroutine: tgid << 32 | bit 31 | the address of
// its g, which it keeps while it lives. dest[1] grows with depth. At a function's first and at its return instruction the stack pointer
// is the same; behind the return it is one word higher. A goroutine's stack may move when it grows: what stays is the distance to its
// upper end, g.stack.hi, at 8. struct pt_regs of x86-64: r14, which holds g, at 8, sp at 152. `kind`: enum call_key.
void call_id(void *ctx, u64 *dest, u64 kind)
{
	u64 sp, g, hi = 0;

	dest[0] = bpf_get_current_pid_tgid();
	dest[1] = 0;
	if (kind == 0)
		return;
	sp = *(u64 *)((u8 *)ctx + 152);
	if (kind < 4) {
		dest[1] = 0 - (kind == 3 ? returned_from(ctx, sp) : sp - (kind == 2 ? 8 : 0));
		return;
	}
	g = *(u64 *)((u8 *)ctx + 8);
	bpf_probe_read_user(&hi, sizeof hi, (void *)(g + 8));
	dest[0] = (dest[0] >> 32 << 32) | 0x80000000u | (g >> 4 & 0x7fffffff);
	dest[1] = hi - sp;
}

void left_out(void *counters, u64 index, u64 by)
{
	u32 i = (u32)index;
	u64 *n = bpf_map_lookup_elem(counters, &i);

	if (n)
		*n += by;
}

// Sampling: each gives the number of events that one which is taken stands for, 0 for one that is not -----------------------

// `r` 32 random bits, or a hash's
u64 take_one_in(u64 n, u64 r)
{
	return (u32)r * n >> 32 ? 0 : n;
}

u64 random_bits(void)
{
	return bpf_get_prandom_u32();
}

// xxHash's final mixing of 64 bits; the upper half is returned.
static __attribute__((always_inline)) u64 mix(u64 h)
{
	h ^= h >> 33;
	h *= 0xc2b2ae3d27d4eb4full;
	h ^= h >> 29;
	h *= 0x165667b19e3779f9ull;
	return h ^ h >> 32;
}

u64 hash_word(u64 v)
{
	return mix(v + 0x9e3779b185ebca87ull) >> 32;
}

// `words` of 8 bytes; what a key's type pads is zero.
u64 hash_words(const u64 *p, u64 words)
{
	u64 h = 0x27d4eb2f165667c5ull;

	for (u32 i = 0; i < words && i < 32; i++)
		h = mix(h ^ p[i]) + i;
	return h >> 32;
}

// Without exchanges (before Linux 5.12) two processors that take an event in the same moment may both have what was left out before.
static __attribute__((always_inline)) u64 rate_left_out(u64 *left)
{
	u64 n = *(volatile u64 *)left;

	if (has_xchg)
		return __sync_lock_test_and_set(left, 0);
	__sync_fetch_and_add(left, -n);
	return n;
}

static __attribute__((always_inline)) bool rate_move(u64 *to, u64 due, u64 next)
{
	if (has_xchg)
		return __sync_val_compare_and_swap(to, due, next) == due;
	*(volatile u64 *)to = next;
	return true;
}

// A token bucket without tokens: when the next event is due. One that comes earlier than due by more than the burst is left out and
// counted for the next that is taken. s[0]: due, s[1]: left out.
u64 rate_take(u64 *s, u64 interval, u64 burst)
{
	u64 now = bpf_ktime_get_ns(), due = s[0], next = (due > now ? due : now) + interval;

	if (next - now > burst) {
		__sync_fetch_and_add(&s[1], 1);
		return 0;
	}
	if (!rate_move(&s[0], due, next)) { // another processor was first: this one waits for its turn
		__sync_fetch_and_add(&s[1], 1);
		return 0;
	}
	return 1 + rate_left_out(&s[1]);
}

// What an event stands for is rounded up as often as its fraction says, so that the sum of weights is right in the long run.
u64 gate_take(const struct wire_gate *g)
{
	u64 keep = g->keep, worth, now;

	if (keep == 0)
		return 1;
	if (g->until) {
		now = bpf_ktime_get_ns();
		if (now < g->from || now >= g->until)
			return 0;
	}
	if (keep < WIRE_GATE_OPEN && bpf_get_prandom_u32() >= keep)
		return 0;
	worth = g->worth;
	return (worth >> 32) + ((u32)worth && bpf_get_prandom_u32() < (u32)worth);
}

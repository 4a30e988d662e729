// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// memory.bpf.c - scratch slots, loss counters, reading maps over all CPUs.
#include "stdlib/bpf.h"

// Does this kernel exchange memory in one instruction (Linux 5.12)? From codegen.
extern const u32 has_xchg;

// Takes a slot that is free; 1 if it was. Without the exchange only additions are atomic, and they return nothing: who reads
// its own 1 alone has the slot, who reads more takes its own back. Two that meet so may both go on to the next slot.
static __attribute__((always_inline)) bool slot_take(u64 *busy)
{
	if (has_xchg)
		return __sync_lock_test_and_set(busy, 1) == 0;
	__sync_fetch_and_add(busy, 1);
	if (*(volatile u64 *)busy == 1)
		return true;
	__sync_fetch_and_add(busy, -1);
	return false;
}

// A program may be interrupted by another, or preempted by itself, on its CPU: each takes a slot that is free.
void *scratch_claim(void *map)
{
	u32 base = bpf_get_smp_processor_id() * WIRE_SCRATCH_SLOTS;

#pragma clang loop unroll(full)
	for (u32 i = 0; i < WIRE_SCRATCH_SLOTS; i++) {
		u32 at = base + i;
		struct wire_scratch *s = bpf_map_lookup_elem(map, &at);

		if (s && slot_take(&s->busy))
			return s->frame;
	}
	return NULL;
}

void scratch_release(void *frame)
{
	u64 *busy = (u64 *)((u8 *)frame - offsetof(struct wire_scratch, frame));

	if (has_xchg)
		*(volatile u64 *)busy = 0;
	else
		__sync_fetch_and_add(busy, -1);
}

// For functions that are verified by themselves, whose arguments are numbers: the slot that a frame is, and a slot's frame.
u64 scratch_slot(void *map, void *frame)
{
	u32 base = bpf_get_smp_processor_id() * WIRE_SCRATCH_SLOTS;

#pragma clang loop unroll(full)
	for (u32 i = 0; i < WIRE_SCRATCH_SLOTS; i++) {
		u32 at = base + i;
		struct wire_scratch *s = bpf_map_lookup_elem(map, &at);

		if (s && s->frame == frame)
			return at;
	}
	return ~0ull; // none
}

void *scratch_frame(void *map, u64 slot)
{
	u32 at = (u32)slot;
	struct wire_scratch *s = bpf_map_lookup_elem(map, &at);

	return s ? s->frame : NULL;
}

void loss_count(void *map, u64 index)
{
	u32 key = (u32)index;
	u64 *n = bpf_map_lookup_elem(map, &key);

	if (n)
		__sync_fetch_and_add(n, 1);
}

// This machine's possible CPUs, from codegen: each round of a loop over them is followed by the verifier.
u64 max_cpus(void);

u64 percpu_sum(void *map, const void *key, u64 off, u64 is_signed)
{
	u64 sum = 0;

	for (u64 cpu = 0, cpus = max_cpus(); cpu < cpus; cpu++) {
		u8 *v = bpf_map_lookup_percpu_elem(map, key, (u32)cpu);

		if (!v)
			break;
		sum += *(u64 *)(v + off);
	}
	return sum;
}

// 1 if a < b. Without a branch: each one inside a loop over CPUs would double what the verifier has to follow.
static __attribute__((always_inline)) u64 is_less(u64 a, u64 b, u64 is_signed)
{
	a ^= is_signed << 63;
	b ^= is_signed << 63;
	return ((~a & b) | ((~a | b) & (a - b))) >> 63;
}

static __attribute__((always_inline)) u64 minmax(void *map, const void *key, u64 off, u64 is_signed, int want_min)
{
	u64 best = 0, any = 0;

	for (u64 cpu = 0, cpus = max_cpus(); cpu < cpus; cpu++) {
		struct wire_minmax *v = bpf_map_lookup_percpu_elem(map, key, (u32)cpu);

		if (!v)
			break;
		v = (void *)((u8 *)v + off);
		u64 x = (u64)v->value, set = v->set & 1;
		u64 better = want_min ? is_less(x, best, is_signed) : is_less(best, x, is_signed);
		u64 take = set & ((any ^ 1) | better);

		opaque(take);
		best ^= (best ^ x) & (0 - take);
		any |= set;
		opaque(any);
	}
	return best;
}

u64 percpu_min(void *map, const void *key, u64 off, u64 is_signed)
{
	return minmax(map, key, off, is_signed, 1);
}

u64 percpu_max(void *map, const void *key, u64 off, u64 is_signed)
{
	return minmax(map, key, off, is_signed, 0);
}

u64 percpu_avg(void *map, const void *key, u64 off, u64 is_signed)
{
	u64 total = 0, count = 0;

	for (u64 cpu = 0, cpus = max_cpus(); cpu < cpus; cpu++) {
		struct wire_avg *v = bpf_map_lookup_percpu_elem(map, key, (u32)cpu);

		if (!v)
			break;
		v = (void *)((u8 *)v + off);
		total += (u64)v->total;
		count += v->count;
	}
	if (!count)
		return 0;
	if (is_signed && (s64)total < 0) // no signed division before instruction set v4
		return 0 - (0 - total) / count;
	return total / count;
}

u64 percpu_scalar_reset(void *map, u64 words, const u32 *key)
{
	u64 was = 0;

	for (u64 cpu = 0, cpus = max_cpus(); cpu < cpus; cpu++) {
		u64 *v = bpf_map_lookup_percpu_elem(map, key, (u32)cpu);

		if (!v)
			break;
		was |= v[0];
		if (has_read)
			bpf_probe_read_kernel(v, (u32)(words * 8), NULL); // refused, which clears it
		else
			bpf_probe_read_user(v, (u32)(words * 8), (void *)~0ull); // the same
	}
	return was != 0;
}

// One row of a scalar time series.
u64 tseries_reset(void *map, const u32 *row)
{
	u64 was = 0;

	for (u64 cpu = 0, cpus = max_cpus(); cpu < cpus; cpu++) {
		struct wire_epoch *e = bpf_map_lookup_percpu_elem(map, row, (u32)cpu);

		if (!e)
			break;
		was |= e->count;
		e->epoch = e->count = 0;
		e->value = 0;
	}
	return was != 0;
}

// Is there any bucket of the key in front of bucket `end`?
u64 buckets_exist(void *map, void *key, u64 size, u64 buckets, u64 end)
{
	u64 found = 0;

	opaque(end);
	for (u64 b = 0; b < buckets; b++) {
		if (b >= end)
			break;
		*(u64 *)((u8 *)key + size) = b;
		if (bpf_map_lookup_elem(map, key)) {
			found = 1;
			break;
		}
	}
	return found;
}

// A histogram's key is its element's key and a bucket's number behind it.
u64 buckets_delete(void *map, void *key, u64 size, u64 buckets)
{
	u64 deleted = 0;

	for (u64 b = 0; b < buckets; b++) {
		*(u64 *)((u8 *)key + size) = b;
		deleted |= bpf_map_delete_elem(map, key) == 0;
	}
	return deleted;
}

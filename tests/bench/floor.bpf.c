// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// floor.bpf.c - the benchmarked probes written by hand: what a hit costs with nothing in between.
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>

char licence[] SEC("license") = "GPL";
long long wanted_syscall; // set before load

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} total SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} keyed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 66);
	__type(key, __u32);
	__type(value, __u64);
} buckets SEC(".maps");

static __always_inline void add(void *map, __u32 key)
{
	__u64 *n = bpf_map_lookup_elem(map, &key);

	if (n)
		++*n;
}

SEC("uprobe")
int count(struct pt_regs *ctx)
{
	add(&total, 0);
	return 0;
}

SEC("uprobe")
int count_keyed(struct pt_regs *ctx)
{
	__u64 key = ctx->rdi & 255, one = 1, *n = bpf_map_lookup_elem(&keyed, &key);

	if (n)
		++*n;
	else
		bpf_map_update_elem(&keyed, &key, &one, BPF_ANY);
	return 0;
}

SEC("uprobe")
int histogram(struct pt_regs *ctx)
{
	__u64 v = ctx->rdi;
	__u32 log = 0;

	for (int shift = 32; shift; shift >>= 1) // unrolled: v's highest bit
		if (v >> shift) {
			v >>= shift;
			log += shift;
		}
	add(&buckets, log + 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int count_syscall(struct bpf_raw_tracepoint_args *ctx)
{
	if ((long long)ctx->args[1] == wanted_syscall)
		add(&total, 0);
	return 0;
}

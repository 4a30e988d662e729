// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// builtins.bpf.c - builtin variables: u64 f(ctx, globals), or void f(ctx, globals, dest) for what lies in memory.
#include "stdlib/bpf.h"

u64 builtin_cgroup(void *ctx, const struct wire_globals *g)
{
	return bpf_get_current_cgroup_id();
}

// Linux 5.19 to 6.8 leave what is behind the name as it was; in a key those bytes count.
void builtin_comm(void *ctx, const struct wire_globals *g, void *dest)
{
	((volatile u64 *)dest)[0] = ((volatile u64 *)dest)[1] = 0;
	bpf_get_current_comm(dest, WIRE_COMM);
}

u64 builtin_cpid(void *ctx, const struct wire_globals *g)
{
	return g->cpid;
}

u64 builtin_has_cpid(void *ctx, const struct wire_globals *g)
{
	return g->cpid != 0;
}

u64 builtin_cpu(void *ctx, const struct wire_globals *g)
{
	return bpf_get_smp_processor_id();
}

u64 builtin_curtask(void *ctx, const struct wire_globals *g)
{
	return bpf_get_current_task();
}

u64 builtin_elapsed(void *ctx, const struct wire_globals *g)
{
	return bpf_ktime_get_boot_ns() - g->start_ns;
}

u64 builtin_gid(void *ctx, const struct wire_globals *g)
{
	return bpf_get_current_uid_gid() >> 32;
}

u64 builtin_jiffies(void *ctx, const struct wire_globals *g)
{
	return bpf_jiffies64();
}

u64 builtin_ncpus(void *ctx, const struct wire_globals *g)
{
	return g->ncpus;
}

u64 builtin_nsecs(void *ctx, const struct wire_globals *g)
{
	return bpf_ktime_get_boot_ns();
}

u64 builtin_numaid(void *ctx, const struct wire_globals *g)
{
	return (u32)bpf_get_numa_node_id();
}

u64 builtin_rand(void *ctx, const struct wire_globals *g)
{
	return bpf_get_prandom_u32();
}

u64 builtin_uid(void *ctx, const struct wire_globals *g)
{
	return (u32)bpf_get_current_uid_gid();
}

u64 pid_init(void *ctx, const struct wire_globals *g)
{
	return bpf_get_current_pid_tgid() >> 32;
}

u64 tid_init(void *ctx, const struct wire_globals *g)
{
	return (u32)bpf_get_current_pid_tgid();
}

// Numbers are those of the PID namespace that Spile runs in; a task outside of it has none there and shows its global ones.
static __attribute__((always_inline)) u64 pid_tgid(const struct wire_globals *g)
{
	struct bpf_pidns_info in_ns = { 0 };

	if (likely(g->pidns_ino == 0))
		return bpf_get_current_pid_tgid();
	if (bpf_get_ns_current_pid_tgid(g->pidns_dev, g->pidns_ino, &in_ns, sizeof in_ns))
		return bpf_get_current_pid_tgid();
	return (u64)in_ns.tgid << 32 | in_ns.pid;
}

u64 builtin_pid(void *ctx, const struct wire_globals *g)
{
	return pid_tgid(g) >> 32;
}

u64 builtin_tid(void *ctx, const struct wire_globals *g)
{
	return (u32)pid_tgid(g);
}

// cs of struct pt_regs on x86-64: the two low bits are the privilege level
u64 builtin_usermode(void *ctx, const struct wire_globals *g)
{
	return (*(u64 *)((u8 *)ctx + 136) & 3) == 3;
}

u64 clock_boot(void)
{
	return bpf_ktime_get_boot_ns();
}

u64 clock_monotonic(void)
{
	return bpf_ktime_get_ns();
}

u64 clock_tai(void)
{
	return bpf_ktime_get_tai_ns();
}

u64 func_signal(u64 number)
{
	return (u64)bpf_send_signal((u32)number);
}

u64 func_signal_thread(u64 number)
{
	return (u64)bpf_send_signal_thread((u32)number);
}

// The last 4,095 addresses stand for errors.
u64 func_is_err(u64 p)
{
	return p >= (u64)-4095;
}

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// bpf.h - the kernel helpers that stdlib calls, by number (include/uapi/linux/bpf.h), and the words of its C.
// Every function here is inlined into the program that calls it; see codegen/stdlib.c.
#pragma once

#include <stdbool.h>

#include "base/wire.h"

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;
typedef int64_t s64;

#define NULL ((void *)0)
#define offsetof(T, m) __builtin_offsetof(T, m)
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
extern const u32 has_read; // bpf_probe_read_kernel may be called (kernels that are locked down do not let it)
// keeps the compiler from using what it knows of x: the verifier would not see it
#define opaque(x) __asm__ volatile("" : "+r"(x))

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static u32 (*const bpf_get_smp_processor_id)(void) = (void *)8;
static u32 (*const bpf_get_prandom_u32)(void) = (void *)7;
static u64 (*const bpf_get_current_pid_tgid)(void) = (void *)14;
static u64 (*const bpf_get_current_uid_gid)(void) = (void *)15;
static long (*const bpf_get_current_comm)(void *buf, u32 size) = (void *)16;
static u64 (*const bpf_get_current_task)(void) = (void *)35;
static long (*const bpf_get_numa_node_id)(void) = (void *)42;
static long (*const bpf_get_stack)(void *ctx, void *buf, u32 size, u64 flags) = (void *)67;
static u64 (*const bpf_get_current_cgroup_id)(void) = (void *)80;
static long (*const bpf_send_signal)(u32 sig) = (void *)109;
static long (*const bpf_probe_read_user)(void *dst, u32 size, const void *from) = (void *)112;
static long (*const bpf_probe_read_kernel)(void *dst, u32 size, const void *from) = (void *)113;
static long (*const bpf_probe_read_user_str)(void *dst, u32 size, const void *from) = (void *)114;
static long (*const bpf_probe_read_kernel_str)(void *dst, u32 size, const void *from) = (void *)115;
static long (*const bpf_send_signal_thread)(u32 sig) = (void *)117;
static u64 (*const bpf_jiffies64)(void) = (void *)118;
struct bpf_pidns_info {
	u32 pid, tgid;
};
static long (*const bpf_get_ns_current_pid_tgid)(u64 dev, u64 ino, struct bpf_pidns_info *nsdata, u32 size) = (void *)120;
static u64 (*const bpf_ktime_get_boot_ns)(void) = (void *)125;
static long (*const bpf_for_each_map_elem)(void *map, void *fn, void *ctx, u64 flags) = (void *)164;
static void *(*const bpf_map_lookup_percpu_elem)(void *map, const void *key, u32 cpu) = (void *)195;
static u64 (*const bpf_ktime_get_tai_ns)(void) = (void *)208;

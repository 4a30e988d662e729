// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// tasks.bpf.c - a process by its id, without the kernel's own look-up, which only some kinds of programs may call. Reads of a list
// that changes meanwhile may miss a process; they cannot fault.
#include "stdlib/bpf.h"

struct task_find {
	u64 node;  // list_head of the process to look at
	u64 first; // where the walk began
	u64 pid;
	u8 comm[WIRE_COMM];
};

void task_find_begin(struct task_find *f, u64 pid, u64 tasks, u64 group_leader)
{
	u64 leader = 0;

	bpf_probe_read_kernel(&leader, sizeof leader, (void *)(bpf_get_current_task() + group_leader));
	f->node = f->first = leader + tasks;
	f->pid = pid;
	*(u64 *)f->comm = 0;
	*(u64 *)(f->comm + 8) = 0;
}

// One process a round: 1 when it is the one, or when all were seen.
u64 task_find_step(struct task_find *f, u64 tasks, u64 tgid, u64 comm)
{
	u64 task = f->node - tasks, next = 0;
	u32 id = 0;

	if (bpf_probe_read_kernel(&id, sizeof id, (void *)(task + tgid)))
		return 1;
	if (id == (u32)f->pid) {
		bpf_probe_read_kernel_str(f->comm, WIRE_COMM, (void *)(task + comm));
		return 1;
	}
	if (bpf_probe_read_kernel(&next, sizeof next, (void *)f->node) || next == f->first)
		return 1;
	f->node = next;
	return 0;
}

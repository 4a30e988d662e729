// SPDX-License-Identifier: Apache-2.0
#include "runtime/attach/instead.h"

#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "base/world.h"

static const struct {
	const char *function, *category, *event;
} known[] = {
	{ "vfs_read", "syscalls", "sys_enter_read" }, { "vfs_write", "syscalls", "sys_enter_write" },
	{ "vfs_open", "syscalls", "sys_enter_openat" }, { "do_sys_open", "syscalls", "sys_enter_openat" },
	{ "do_sys_openat2", "syscalls", "sys_enter_openat" }, { "do_filp_open", "syscalls", "sys_enter_openat" },
	{ "vfs_fsync", "syscalls", "sys_enter_fsync" }, { "vfs_fsync_range", "syscalls", "sys_enter_fsync" },
	{ "vfs_statx", "syscalls", "sys_enter_statx" }, { "vfs_unlink", "syscalls", "sys_enter_unlinkat" },
	{ "do_nanosleep", "syscalls", "sys_enter_clock_nanosleep" }, { "hrtimer_nanosleep", "syscalls", "sys_enter_clock_nanosleep" },
	{ "tcp_connect", "sock", "inet_sock_set_state" }, { "tcp_v4_connect", "sock", "inet_sock_set_state" },
	{ "tcp_v6_connect", "sock", "inet_sock_set_state" }, { "inet_csk_accept", "sock", "inet_sock_set_state" },
	{ "tcp_set_state", "sock", "inet_sock_set_state" }, { "tcp_drop", "skb", "kfree_skb" },
	{ "blk_account_io_start", "block", "block_rq_issue" }, { "blk_account_io_done", "block", "block_rq_complete" },
	{ "submit_bio", "block", "block_bio_queue" }, { "submit_bio_noacct", "block", "block_bio_queue" },
	{ "schedule", "sched", "sched_switch" }, { "finish_task_switch", "sched", "sched_switch" },
	{ "try_to_wake_up", "sched", "sched_wakeup" }, { "wake_up_new_task", "sched", "sched_wakeup_new" },
	{ "do_exit", "sched", "sched_process_exit" }, { "kernel_clone", "sched", "sched_process_fork" },
	{ "bprm_execve", "sched", "sched_process_exec" }, { "oom_kill_process", "oom", "mark_victim" },
	{ "cap_capable", "capability", "cap_capable" }, { "swap_read_folio", "exceptions", "page_fault_user" },
	{ "handle_mm_fault", "exceptions", "page_fault_user" }, { "writeback_sb_inodes", "writeback", "writeback_start" },
	{ "security_file_open", "syscalls", "sys_enter_openat" }, { "security_bprm_check", "sched", "sched_process_exec" },
	{ "security_bprm_committed_creds", "sched", "sched_process_exec" }, { "security_task_kill", "signal", "signal_generate" },
	{ "security_task_alloc", "task", "task_newtask" }, { "security_task_free", "sched", "sched_process_free" },
	{ "security_capable", "capability", "cap_capable" }, { "security_mmap_file", "syscalls", "sys_enter_mmap" },
	{ "security_file_mprotect", "syscalls", "sys_enter_mprotect" }, { "security_file_ioctl", "syscalls", "sys_enter_ioctl" },
	{ "security_path_unlink", "syscalls", "sys_enter_unlinkat" }, { "security_inode_unlink", "syscalls", "sys_enter_unlinkat" },
	{ "security_path_mkdir", "syscalls", "sys_enter_mkdirat" }, { "security_inode_mkdir", "syscalls", "sys_enter_mkdirat" },
	{ "security_path_rename", "syscalls", "sys_enter_renameat2" }, { "security_inode_rename", "syscalls", "sys_enter_renameat2" },
	{ "security_sb_mount", "syscalls", "sys_enter_mount" }, { "security_bpf", "syscalls", "sys_enter_bpf" },
	{ "security_ptrace_access_check", "syscalls", "sys_enter_ptrace" }, { "security_task_fix_setuid", "syscalls", "sys_enter_setresuid" },
	{ "security_socket_create", "syscalls", "sys_enter_socket" }, { "security_socket_sendmsg", "syscalls", "sys_enter_sendto" },
	{ "security_socket_recvmsg", "syscalls", "sys_enter_recvfrom" },
	{ "kmem_cache_alloc", "kmem", "kmem_cache_alloc" }, { "__alloc_pages", "kmem", "mm_page_alloc" },
};

static void found_one(void *arg, const char *category, const char *event)
{
	struct str *out = arg;

	if (!out->n)
		str_printf(out, "%s:%s", category, event);
}

static bool look_up(struct world *w, const char *category, const char *event, struct str *ret)
{
	ret->n = 0;
	w->ops->tracepoints(w, category, event, found_one, ret);
	return ret->n;
}

// "__x64_sys_openat", "ksys_read" and "do_sys_openat2" are the bodies of system calls.
static const char *syscall_name(const char *func)
{
	static const char *const prefix[] = { "__x64_sys_", "__arm64_sys_", "__se_sys_", "__do_sys_", "ksys_", "do_sys_", "sys_", "__sys_",
					    "security_socket_" };

	for (size_t i = 0; i < ARRAY_SIZE(prefix); i++)
		if (strncmp(func, prefix[i], strlen(prefix[i])) == 0)
			return func + strlen(prefix[i]);
	return NULL;
}

static bool find(struct world *w, const char *func, struct str *ret)
{
	const char *call = syscall_name(func);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].function, func) == 0 && look_up(w, known[i].category, known[i].event, ret))
			return true;
	if (call) {
		_free_ char *event = xasprintf("sys_enter_%s", call);

		if (look_up(w, "syscalls", event, ret))
			return true;
	}
	return look_up(w, "*", func, ret);
}

void instead_of_function(struct world *w, const char *func, struct str *out)
{
	_str_ struct str event = { 0 };

	if (w && func && !glob_is(func) && find(w, func, &event))
		str_printf(out, "tracepoint:%s can serve in its place", str_z(&event));
	else
		str_adds(out, "tracepoint, rawtracepoint and uprobe probes work here");
}

bool kernel_has_kprobes(void)
{
	return access("/sys/bus/event_source/devices/kprobe/type", F_OK) == 0;
}

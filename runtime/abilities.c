// SPDX-License-Identifier: Apache-2.0
#include "runtime/abilities.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/attach/instead.h"
#include "runtime/attach/packet.h"
#include "runtime/btf_target.h"
#include "runtime/lsm.h"
#include "runtime/tracefs.h"

#define PMU "/sys/bus/event_source/devices/"
#define QUIET_FUNCTION "vfs_fsync_range" // of every kernel, and hardly ever called

static const struct bpf_insn return_0[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT },
};

static int load(enum bpf_prog_type type, struct bpf_prog_load_opts *o)
{
	int fd = bpf_prog_load(type, "spile_doctor", "GPL", return_0, ARRAY_SIZE(return_0), o);

	return fd < 0 ? -errno : fd;
}

static bool said(struct str *why, int error, const char *change)
{
	str_printf(why, "the kernel says: %s; %s", strerror(-error), change);
	return false;
}

// What every script needs ---------------------------------------------------------------------------------------------------

static bool can_load(struct world *w, struct str *why)
{
	_close_ int fd = load(BPF_PROG_TYPE_TRACEPOINT, NULL);

	if (fd >= 0)
		return true;
	return said(why, fd, "it takes CONFIG_BPF_SYSCALL, CONFIG_BPF_EVENTS, and root or CAP_BPF with CAP_PERFMON");
}

static bool can_run(struct world *w, struct str *why)
{
	_close_ int fd = load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL);
	uint64_t context[12] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = context, .ctx_size_in = sizeof context);
	int err = fd < 0 ? fd : bpf_prog_test_run_opts(fd, &o);

	return err == 0 || said(why, err, "Linux 5.10 has it");
}

// Kinds of probes -----------------------------------------------------------------------------------------------------------

static bool can_tracepoint(struct world *w, struct str *why)
{
	_cleanup_(tracefs_close) struct tracefs t;

	tracefs_init(&t);
	int id = tracefs_event_id(&t, "sched", "sched_switch");
	return id >= 0 || said(why, id, "tracefs is needed (CONFIG_TRACING), and the right to read it: mount -t tracefs tracefs /sys/kernel/tracing");
}

static bool can_raw_tracepoint(struct world *w, struct str *why)
{
	_close_ int prog = load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL);
	_close_ int link = prog < 0 ? prog : bpf_raw_tracepoint_open("sched_process_exec", prog);

	return link >= 0 || said(why, prog < 0 ? prog : -errno, "Linux 4.17 has it");
}

static int open_event(struct perf_event_attr *a, int pid, int cpu)
{
	a->size = sizeof *a;
	a->disabled = 1;
	int fd = (int)syscall(SYS_perf_event_open, a, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int pmu_type(const char *path)
{
	_fclose_ FILE *f = fopen(path, "re");
	int type;

	return f && fscanf(f, "%d", &type) == 1 ? type : -ENOENT;
}

static bool can_kprobe(struct world *w, struct str *why)
{
	int type = pmu_type(PMU "kprobe/type");
	struct perf_event_attr a = { .type = (uint32_t)type, .config1 = (uintptr_t)QUIET_FUNCTION, .sample_period = 1 };

	if (type < 0) {
		str_adds(why, "the kernel is built without kprobes (CONFIG_KPROBES, CONFIG_KPROBE_EVENTS); tracepoints often serve, and a refused script names one");
		return false;
	}
	_close_ int fd = open_event(&a, -1, 0);
	return fd >= 0 || said(why, fd, fd == -EPERM || fd == -EACCES ? "CAP_PERFMON or root, and no lockdown of confidentiality, would allow it" :
								 "CONFIG_KPROBE_EVENTS would allow it");
}

static bool can_fentry(struct world *w, struct str *why)
{
	struct btf_target target = { .object_fd = -1 };
	int err = w->ops->feature(w, FEATURE_BTF) ? btf_target_find(PROG_FENTRY, QUIET_FUNCTION, &target) : -ENOENT;
	LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = BPF_TRACE_FENTRY, .attach_btf_id = target.id);

	if (err) {
		str_adds(why, "it needs the kernel's types (CONFIG_DEBUG_INFO_BTF)");
		return false;
	}
	_close_ int prog = load(BPF_PROG_TYPE_TRACING, &o);
	_close_ int link = prog < 0 ? prog : bpf_raw_tracepoint_open(NULL, prog);
	if (link >= 0)
		return true;
	said(why, prog < 0 ? prog : -errno, "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS would allow it; ");
	str_adds(why, kernel_has_kprobes() ? "kprobe and kretprobe do nearly the same" : "tracepoints often serve, and a refused script names one");
	return false;
}

static bool can_lsm(struct world *w, struct str *why)
{
	struct lsm_trial t = lsm_try(w);

	if (t.state == LSM_RUNS)
		return true;
	lsm_explain(&t, why);
	str_adds(why, kernel_has_kprobes() ? "; kprobe:security_HOOK sees the same calls" : "; tracepoints often serve, and a refused script names one");
	return false;
}

static bool can_iter(struct world *w, struct str *why)
{
	struct btf_target target = { .object_fd = -1 };
	int err = w->ops->feature(w, FEATURE_BTF) ? btf_target_find(PROG_ITER, "task", &target) : -ENOENT;
	LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = BPF_TRACE_ITER, .attach_btf_id = target.id);

	if (err) {
		str_adds(why, "Linux 5.8 with CONFIG_DEBUG_INFO_BTF has iterators");
		return false;
	}
	_close_ int prog = load(BPF_PROG_TYPE_TRACING, &o);
	return prog >= 0 || said(why, prog, "Linux 5.8 has iterators");
}

static bool can_uprobe(struct world *w, struct str *why)
{
	if (pmu_type(PMU "uprobe/type") >= 0)
		return true;
	str_adds(why, "the kernel is built without uprobes (CONFIG_UPROBES, CONFIG_UPROBE_EVENTS)");
	return false;
}

static bool can_usdt(struct world *w, struct str *why)
{
	if (!can_uprobe(w, why))
		return false;
	if (access(PMU "uprobe/format/ref_ctr_offset", F_OK) == 0)
		return true;
	str_adds(why, "Linux 4.20 counts the semaphores of such probes; those without one work");
	return false;
}

static bool can_watch(struct world *w, struct str *why)
{
	static uint64_t watched;
	struct perf_event_attr a = { .type = PERF_TYPE_BREAKPOINT, .bp_type = 2, .bp_addr = (uintptr_t)&watched, .bp_len = 8, .sample_period = 1 };
	_close_ int fd = open_event(&a, 0, -1);

	return fd >= 0 || said(why, fd, "the processor's debug registers are missing or all in use");
}

static bool can_count(uint32_t type, uint64_t config, struct str *why, const char *change)
{
	struct perf_event_attr a = { .type = type, .config = config, .sample_period = 1000000 };
	_close_ int fd = open_event(&a, -1, 0);

	return fd >= 0 || said(why, fd, change);
}

static bool can_software(struct world *w, struct str *why)
{
	return can_count(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, why, "it takes CONFIG_PERF_EVENTS, and CAP_PERFMON or root");
}

static bool can_hardware(struct world *w, struct str *why)
{
	return can_count(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, why,
			 "virtual machines often have no counters of the processor; profile and software probes work");
}

// Attaches to the loopback interface of a network namespace of its own: nobody's packets pass it. 0 or -errno.
static int try_alone(int prog, int (*attach)(int prog))
{
	pid_t child = fork();
	int status = 0;

	if (child < 0)
		return -errno;
	if (child == 0) {
		int fd = unshare(CLONE_NEWNET) ? -errno : attach(prog);

		_exit(fd < 0 ? -fd & 0xff : 0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EAGAIN;
}

#define LOOPBACK 1 // its number in every namespace

static int try_link(int prog)
{
	int fd = bpf_link_create(prog, LOOPBACK, BPF_XDP, NULL);

	return fd < 0 ? -errno : fd;
}

static int try_filter(int prog)
{
	return tc_filter_attach(prog, LOOPBACK, false);
}

static bool can_xdp(struct world *w, struct str *why)
{
	_close_ int prog = load(BPF_PROG_TYPE_XDP, NULL);
	int err = prog < 0 ? prog : try_alone(prog, try_link);

	return err == 0 || said(why, err, "Linux 5.9 has links for it; it takes CAP_NET_ADMIN");
}

static bool can_tc(struct world *w, struct str *why)
{
	_close_ int prog = load(BPF_PROG_TYPE_SCHED_CLS, NULL);
	int err = prog < 0 ? prog : w->ops->feature(w, FEATURE_TCX) ? 0 : try_alone(prog, try_filter);

	return err == 0 || said(why, err, "before Linux 6.6 it takes CONFIG_NET_SCH_INGRESS and CONFIG_NET_CLS_BPF, and always CAP_NET_ADMIN");
}

static bool can_cgroup_skb(struct world *w, struct str *why)
{
	LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = BPF_CGROUP_INET_EGRESS);
	static const struct bpf_insn return_1[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 }, { .code = BPF_JMP | BPF_EXIT } };
	_free_ char *root = packet_cgroup_root();
	_close_ int prog = bpf_prog_load(BPF_PROG_TYPE_CGROUP_SKB, "spile_doctor", "GPL", return_1, ARRAY_SIZE(return_1), &o);
	_close_ int dir = prog < 0 || !root ? -1 : open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_close_ int link = dir < 0 ? -1 : bpf_link_create(prog, dir, BPF_CGROUP_INET_EGRESS, NULL);

	if (link >= 0)
		return true;
	if (prog >= 0 && !root) {
		str_adds(why, "no control groups of version 2 are mounted: mount -t cgroup2 none /sys/fs/cgroup");
		return false;
	}
	return said(why, -errno, "it takes CONFIG_CGROUP_BPF, Linux 5.7 for links, and CAP_NET_ADMIN");
}

// What traces look at -------------------------------------------------------------------------------------------------------

static bool can_name_addresses(struct world *w, struct str *why)
{
	if (w->ops->kernel_symbol(w, "_stext") || w->ops->kernel_symbol(w, "vfs_read"))
		return true;
	str_adds(why, "/proc/kallsyms shows no addresses; root with sysctl kernel.kptr_restrict=1 or 0 sees them");
	return false;
}

static const struct ability list[] = {
	{ "load", "BPF programs", true, can_load },
	{ "run", "begin, end and self probes", true, can_run },
	{ "tracepoint", "events the kernel declares", false, can_tracepoint },
	{ "rawtracepoint", "the hooks below them", false, can_raw_tracepoint },
	{ "kprobe", "functions of the kernel (kprobe, kretprobe)", false, can_kprobe },
	{ "fentry", "the same, faster and with arguments by name (fentry, fexit)", false, can_fentry },
	{ "lsm", "what the kernel asks its security modules", false, can_lsm },
	{ "iter", "tables of the kernel, as tasks, files and mappings", false, can_iter },
	{ "uprobe", "functions of programs (uprobe, uretprobe)", false, can_uprobe },
	{ "usdt", "events that programs declare", false, can_usdt },
	{ "xdp", "packets as an interface receives them, before all else", false, can_xdp },
	{ "tc", "packets that an interface receives or sends", false, can_tc },
	{ "cgroup_skb", "packets of the sockets of a control group", false, can_cgroup_skb },
	{ "watchpoint", "accesses to an address", false, can_watch },
	{ "software", "clocks, faults, switches (software, profile, interval)", false, can_software },
	{ "hardware", "counters of the processor", false, can_hardware },
	{ "kallsyms", "names of kernel addresses (kstack, ksym())", false, can_name_addresses },
	{ 0 },
};

const struct ability *abilities(void)
{
	return list;
}

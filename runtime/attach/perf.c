// SPDX-License-Identifier: Apache-2.0
// Perf events, and how a failed attach is explained.
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/run.h"

enum { KERNEL_ENOTSUPP = 524 }; // the kernel's own, unknown to the C library

int perf_open(struct perf_event_attr *attr, int pid, int cpu)
{
	attr->size = sizeof *attr;
	attr->disabled = 1;
	int fd = (int)syscall(SYS_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

// Kernels before 5.15 have no links on perf events; there the program is set by ioctl, and has no cookie.
int perf_attach(int prog_fd, int event_fd, uint64_t cookie, bool slow, unsigned sites, struct link_set *links)
{
	LIBBPF_OPTS(bpf_link_create_opts, o, .perf_event.bpf_cookie = cookie);
	int link = bpf_link_create(prog_fd, event_fd, BPF_PERF_EVENT, &o);
	int rc = link >= 0 ? 0 : -errno;

	if (rc == -EINVAL)
		rc = ioctl(event_fd, PERF_EVENT_IOC_SET_BPF, prog_fd) < 0 ? -errno : 0;
	if (rc == 0 && ioctl(event_fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		rc = -errno;
	if (link >= 0)
		link_set_add(links, link, slow, 0);
	link_set_add(links, event_fd, slow, rc == 0 ? sites : 0);
	return rc;
}

int *cpus_online(size_t *n)
{
	_fclose_ FILE *f = fopen("/sys/devices/system/cpu/online", "re");
	int *cpu = NULL;
	int first, last;

	*n = 0;
	while (f && fscanf(f, "%d", &first) == 1) {
		last = first;
		if (fscanf(f, "-%d", &last) == 1 && (last < first || last - first > 65536))
			break;
		cpu = xrealloc(cpu, (*n + (size_t)(last - first) + 1) * sizeof *cpu);
		for (int i = first; i <= last; i++)
			cpu[(*n)++] = i;
		if (fgetc(f) != ',')
			break;
	}
	return cpu;
}

static int attach_one(int prog_fd, struct perf_event_attr *attr, int pid, int cpu, uint64_t cookie, unsigned sites, struct link_set *links)
{
	int fd = perf_open(attr, pid, cpu);

	return fd < 0 ? fd : perf_attach(prog_fd, fd, cookie, false, sites, links);
}

// A thread that ends while we read the list is no failure as long as another is left; those started later inherit.
static int attach_threads(int prog_fd, struct perf_event_attr *attr, uint32_t pid, uint64_t cookie, struct link_set *links)
{
	char path[64];
	unsigned done = 0;
	int rc = -ESRCH;

	attr->inherit = 1;
	snprintf(path, sizeof path, "/proc/%u/task", pid);
	DIR *dir = opendir(path);

	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		int tid = atoi(e->d_name);

		if (tid <= 0)
			continue;
		int one = attach_one(prog_fd, attr, tid, -1, cookie, done == 0, links);

		if (one == 0)
			done++;
		else if (one != -ESRCH) {
			rc = one;
			break;
		}
	}
	if (dir)
		closedir(dir);
	return done && rc == -ESRCH ? 0 : rc;
}

int perf_attach_everywhere(int prog_fd, struct perf_event_attr *attr, uint32_t pid, uint64_t cookie, struct link_set *links)
{
	size_t n = 0, done = 0;
	_free_ int *cpu = pid ? NULL : cpus_online(&n);

	if (pid)
		return attach_threads(prog_fd, attr, pid, cookie, links);
	for (size_t i = 0; i < n; i++) {
		int rc = attach_one(prog_fd, attr, -1, cpu[i], cookie, done == 0, links);

		if (rc < 0 && rc != -ENODEV) // the CPU went offline
			return rc;
		done += rc == 0;
	}
	return done ? 0 : -ENODEV;
}

static bool is_uprobe(const struct plan_site *s)
{
	return s->mechanism == MECH_UPROBE_MULTI || s->mechanism == MECH_URETPROBE_MULTI || s->mechanism == MECH_PERF_UPROBE ||
	       s->mechanism == MECH_PERF_URETPROBE;
}

// Debian's and Ubuntu's kernels know levels above 2, at which some ask for CAP_SYS_ADMIN whatever else a process may do.
static long paranoia(void)
{
	_fclose_ FILE *f = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	long level = 0;

	return f && fscanf(f, "%ld", &level) == 1 ? level : 0;
}

static void explain(const struct plan_site *s, int error, struct str *out)
{
	const char *target = s->target ? s->target : "", *func = s->func ? s->func : "";

	long level;

	switch (-error) {
	case EPERM: case EACCES:
		str_adds(out, "The kernel refused it (run as root, or with CAP_BPF and CAP_PERFMON; older kernels ask for CAP_SYS_ADMIN)");
		level = geteuid() ? paranoia() : 0;
		if (level > 2)
			str_printf(out, "; kernel.perf_event_paranoid is %ld, above 2 some kernels let only CAP_SYS_ADMIN have perf events", level);
		break;
	case ENOENT:
		if (is_uprobe(s))
			str_printf(out, "%s does not exist any more", target);
		else
			str_printf(out, "This kernel has no event %s%s%s", target, *target && *func ? ":" : "", func);
		break;
	case ESRCH:
		str_printf(out, "Process %u has exited", s->pid);
		break;
	case EMFILE: case ENFILE:
		str_adds(out, "Too many open files; raise the limit (ulimit -n) or trace fewer probes");
		break;
	case EINVAL: case EIO: case ENOEXEC: case EOPNOTSUPP: case KERNEL_ENOTSUPP:
		if (is_uprobe(s)) {
			str_printf(out, "The kernel cannot probe the instruction at offset 0x%llx of %s", (unsigned long long)s->offset, target);
			break;
		}
		// fall through
	default:
		str_printf(out, "The kernel said: %s", -error == KERNEL_ENOTSUPP ? "not supported" : strerror(-error));
	}
}

int attach_failed(struct run *run, const struct plan_site *site, int error)
{
	struct world *w = run_world(run);
	_str_ struct str why = { 0 };
	bool rights = error == -EPERM || error == -EACCES;

	if (rights && geteuid() == 0 && !w->ops->feature(w, FEATURE_READ_KERNEL))
		str_adds(&why, "This kernel is locked down for confidentiality (lockdown=), which forbids probes of this kind");
	else
		explain(site, error, &why);
	diag_error(run_diag(run), (struct span){ 0 }, rights ? E_RIGHTS : E_ATTACH, "Unable to attach probe: %s. %s.", site->name, str_z(&why));
	return error;
}

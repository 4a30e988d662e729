// SPDX-License-Identifier: Apache-2.0
// The run side of uprobe, uretprobe and usdt: one uprobe_multi link for all sites of a program in a binary; perf events
// where the kernel has no such links (before 6.6).
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/binary.h"
#include "runtime/run.h"

enum { TRACE_UPROBE_MULTI = 48, MULTI_RETURN = 1, KERNEL_ENOTSUPP = 524, MOST_REFUSED = 32, NAMED_REFUSED = 3 };

// link_create of union bpf_attr with its uprobe_multi half, which this C library's headers may lack.
struct link_create_uprobe_multi {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, multi_flags, pid, pad;
};

// Sites of one program in one binary, as the parallel arrays the kernel takes.
struct batch {
	struct run *run;
	const struct plan_prog *prog;
	int prog_fd;
	struct link_set *links;
	char *path;
	const struct plan_site *site; // the first; the others follow it
	uint64_t *offset, *semaphore, *cookie;
	uint32_t n;
	bool has_semaphore, is_return;
	uint32_t refused[MOST_REFUSED];
	uint32_t n_refused;
};

static void batch_free(struct batch *b)
{
	free(b->path);
	free(b->offset);
	free(b->semaphore);
	free(b->cookie);
}

static bool is_return(const struct plan_site *s)
{
	return s->mechanism == MECH_URETPROBE_MULTI || s->mechanism == MECH_PERF_URETPROBE;
}

static bool belong_together(const struct plan_site *a, const struct plan_site *b)
{
	return strcmp(a->target, b->target) == 0 && a->pid == b->pid && is_return(a) == is_return(b);
}

static void batch_fill(struct batch *b, uint32_t first)
{
	uint32_t n = 1;

	b->site = &b->prog->sites[first];
	while (first + n < b->prog->n_sites && b->site[n].target && belong_together(b->site, &b->site[n]))
		n++;
	b->n = n;
	b->path = binary_open_path(b->site->target, b->site->pid);
	b->is_return = is_return(b->site);
	b->offset = xcalloc(n, sizeof *b->offset);
	b->semaphore = xcalloc(n, sizeof *b->semaphore);
	b->cookie = xcalloc(n, sizeof *b->cookie);
	for (uint32_t i = 0; i < n; i++) {
		b->offset[i] = b->site[i].offset;
		b->semaphore[i] = b->site[i].semaphore;
		b->cookie[i] = first + i;
		b->has_semaphore |= b->semaphore[i] != 0;
	}
}

// Links sites [from, from + n) of the batch: a descriptor or -errno.
static int multi_link(const struct batch *b, uint32_t from, uint32_t n)
{
	struct link_create_uprobe_multi a = {
		.prog_fd = (uint32_t)b->prog_fd, .attach_type = TRACE_UPROBE_MULTI, .path = (uintptr_t)b->path,
		.offsets = (uintptr_t)(b->offset + from), .cnt = n, .multi_flags = b->is_return ? MULTI_RETURN : 0, .pid = b->site->pid,
	};

	if (b->has_semaphore)
		a.ref_ctr_offsets = (uintptr_t)(b->semaphore + from);
	if (b->prog->uses_cookie)
		a.cookies = (uintptr_t)(b->cookie + from);
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &a, sizeof a);

	return fd < 0 ? -errno : fd;
}

// Errors that may come from one site: an instruction that cannot be probed, an offset behind the file's end.
static bool is_of_a_site(int error)
{
	return error == -EINVAL || error == -EIO || error == -ENOEXEC || error == -EILSEQ || error == -EOPNOTSUPP ||
	       error == -KERNEL_ENOTSUPP || error == -EBUSY;
}

// Attaches what can be, halving where the kernel refuses; refused sites are noted. 0, or -errno when it is not about sites.
static int multi_attach(struct batch *b, uint32_t from, uint32_t n)
{
	int fd = multi_link(b, from, n), rc;

	if (fd >= 0) {
		link_set_add(b->links, fd, true, n); // 15-50 ms a link to close, one after the other
		run_progress(b->run);
		return 0;
	}
	if (!is_of_a_site(fd))
		return fd;
	if (n == 1) {
		if (b->n_refused == MOST_REFUSED)
			return fd;
		b->refused[b->n_refused++] = from;
		return 0;
	}
	rc = multi_attach(b, from, n / 2);
	return rc < 0 ? rc : multi_attach(b, from + n / 2, n - n / 2);
}

static void warn_refused(const struct batch *b)
{
	_str_ struct str names = { 0 };

	for (uint32_t i = 0; i < b->n_refused && i < NAMED_REFUSED; i++)
		str_printf(&names, "%s%s", i ? ", " : "", b->site[b->refused[i]].func);
	if (b->n_refused > NAMED_REFUSED)
		str_adds(&names, " …");
	diag_warn(run_diag(b->run), (struct span){ 0 }, W_NO_MATCH,
		  "%u of %u functions of %s are skipped, because the kernel cannot probe their first instruction: %s", b->n_refused, b->n,
		  b->site->target, str_z(&names));
}

static int batch_attach_multi(struct batch *b)
{
	int rc = multi_attach(b, 0, b->n);

	if (rc < 0)
		return attach_failed(b->run, b->n_refused ? &b->site[b->refused[0]] : b->site, rc);
	if (b->n_refused == b->n)
		return attach_failed(b->run, &b->site[b->refused[0]], -EINVAL);
	if (b->n_refused)
		warn_refused(b);
	return 0;
}

// A number out of a small file of sysfs, scanned by `format`.
static int sysfs_number(const char *path, const char *format, unsigned *ret)
{
	_fclose_ FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	return fscanf(f, format, ret) == 1 ? 0 : -EINVAL;
}

static int perf_uprobe_attr(struct perf_event_attr *attr, bool ret)
{
	unsigned type, bit = 0;
	int rc = sysfs_number("/sys/bus/event_source/devices/uprobe/type", "%u", &type);

	if (rc == 0 && ret)
		rc = sysfs_number("/sys/bus/event_source/devices/uprobe/format/retprobe", "config:%u", &bit);
	if (rc == 0)
		*attr = (struct perf_event_attr){ .type = type, .config = ret ? 1ull << (bit & 63) : 0 };
	return rc == -ENOENT ? -ENODEV : rc;
}

static int perf_attach_site(const struct batch *b, uint32_t i)
{
	unsigned shift = 32;
	struct perf_event_attr attr;
	int pid = b->site->pid ? (int)b->site->pid : -1, rc = perf_uprobe_attr(&attr, b->is_return), fd;

	if (rc < 0)
		return rc;
	if (b->semaphore[i]) {
		rc = sysfs_number("/sys/bus/event_source/devices/uprobe/format/ref_ctr_offset", "config:%u", &shift);
		if (rc < 0)
			return rc;
		attr.config |= b->semaphore[i] << (shift & 63);
	}
	attr.config1 = (uintptr_t)b->path;
	attr.config2 = b->offset[i];
	fd = perf_open(&attr, pid, pid > 0 ? -1 : 0);
	return fd < 0 ? fd : perf_attach(b->prog_fd, fd, b->cookie[i], true, 1, b->links);
}

static int batch_attach_perf(struct batch *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		int rc = perf_attach_site(b, i);

		run_progress(b->run);
		if (is_of_a_site(rc) && b->n > 1 && b->n_refused < MOST_REFUSED)
			b->refused[b->n_refused++] = i;
		else if (rc < 0)
			return attach_failed(b->run, &b->site[i], rc);
	}
	if (b->n_refused == b->n)
		return attach_failed(b->run, &b->site[b->refused[0]], -EINVAL);
	if (b->n_refused)
		warn_refused(b);
	return 0;
}

int attach_uprobes(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	struct world *w = run_world(run);
	int rc = 0;

	for (uint32_t i = 0; i < prog->n_sites && rc == 0;) {
		_cleanup_(batch_free) struct batch b = { .run = run, .prog = prog, .prog_fd = prog_fd, .links = links };
		uint32_t mech = prog->sites[i].mechanism;
		bool by_perf = mech == MECH_PERF_UPROBE || mech == MECH_PERF_URETPROBE || !w->ops->feature(w, FEATURE_UPROBE_MULTI);

		if (!prog->sites[i].target)
			return attach_failed(run, &prog->sites[i], -ENOENT);
		batch_fill(&b, i);
		rc = by_perf ? batch_attach_perf(&b) : batch_attach_multi(&b);
		i += b.n;
	}
	return rc;
}

// SPDX-License-Identifier: Apache-2.0
// The run side of kprobe and kretprobe: one kprobe_multi link for all functions of a program; a perf event each where the
// kernel has no such links (before 5.18, or without fprobe), for offsets and addresses.
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/instead.h"
#include "runtime/load.h"
#include "runtime/run.h"

enum { TRACE_KPROBE_MULTI = 42, TRACE_KPROBE_SESSION = 56, MULTI_RETURN = 1, MOST_REFUSED = 32, NAMED_REFUSED = 3 };

#define PMU "/sys/bus/event_source/devices/kprobe/"

struct multi {
	struct run *run;
	const struct plan_prog *prog;
	int prog_fd;
	struct link_set *links;
	const char **name;
	uint64_t *cookie;
	uint32_t refused[MOST_REFUSED], n_refused;
};

struct link_create_kprobe_multi { // link_create of union bpf_attr, which this C library's headers may lack
	uint32_t prog_fd, target_fd, attach_type, flags, multi_flags, cnt;
	uint64_t syms, addrs, cookies;
};

static bool is_return(const struct plan_site *s)
{
	return s->mechanism == MECH_KRETPROBE_MULTI || s->mechanism == MECH_PERF_KRETPROBE;
}

static int failed(struct run *run, const struct plan_site *s, int error)
{
	_str_ struct str why = { 0 };

	if (!kernel_has_kprobes()) {
		instead_of_function(run_world(run), s->func, &why);
		diag_error(run_diag(run), (struct span){ 0 }, E_FEATURE,
			   "Unable to attach probe: %s. This kernel is built without kprobes (CONFIG_KPROBES); %s", s->name, str_z(&why));
	} else if (error == -EILSEQ) {
		diag_error(run_diag(run), (struct span){ 0 }, E_ATTACH, "Unable to attach probe: %s. There is no instruction that begins %lu byte%s behind the start of %s",
			   s->name, (unsigned long)s->func_offset, s->func_offset == 1 ? "" : "s", s->func);
	} else if (error == -ENOENT || error == -ESRCH || error == -EINVAL || error == -EADDRNOTAVAIL) {
		diag_error(run_diag(run), (struct span){ 0 }, E_ATTACH,
			   "Unable to attach probe: %s. The kernel knows no function %s that may be probed here (%s)%s", s->name, s->func,
			   strerror(-error), s->mechanism == MECH_KPROBE_MULTI ? "; with '+0' behind its name it is tried by a breakpoint" : "");
	} else {
		return attach_failed(run, s, error);
	}
	return error;
}

// Perf events ------------------------------------------------------------------------------------------------------------

static int pmu_number(const char *file, const char *format, unsigned *ret)
{
	_free_ char *path = xasprintf(PMU "%s", file);
	_fclose_ FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	return fscanf(f, format, ret) == 1 ? 0 : -EINVAL;
}

static int attach_perf(const struct plan_site *s, int prog_fd, uint32_t cookie, struct link_set *links)
{
	struct perf_event_attr attr = { .sample_period = 1, .config2 = s->func_offset };
	_free_ char *name = strcmp(s->target, "vmlinux") == 0 || strcmp(s->target, "*") == 0 ? xstrdup(s->func)
											      : xasprintf("%s:%s", s->target, s->func);
	unsigned type, bit = 0;
	int rc = pmu_number("type", "%u", &type);

	if (rc == 0 && is_return(s))
		rc = pmu_number("format/retprobe", "config:%u", &bit);
	if (rc < 0)
		return rc;
	attr.type = type;
	attr.config = is_return(s) ? 1ull << (bit & 63) : 0;
	attr.config1 = s->address ? 0 : (uintptr_t)name;
	attr.config2 = s->address ? s->address : s->func_offset;
	int fd = perf_open(&attr, -1, 0);

	return fd < 0 ? fd : perf_attach(prog_fd, fd, cookie, true, 1, links);
}

// A pattern may match functions that cannot be probed: they are left out as long as one is left.
static bool is_of_a_site(int error)
{
	return error == -EINVAL || error == -ENOENT || error == -ESRCH || error == -EADDRNOTAVAIL || error == -EILSEQ || error == -EOPNOTSUPP;
}

static void warn_refused(const struct multi *m)
{
	_str_ struct str names = { 0 };

	for (uint32_t i = 0; i < m->n_refused && i < NAMED_REFUSED; i++)
		str_printf(&names, "%s%s", i ? ", " : "", m->prog->sites[m->refused[i]].func);
	diag_warn(run_diag(m->run), (struct span){ 0 }, W_NO_MATCH, "%u of %u functions are skipped, because the kernel cannot probe them: %s%s",
		  m->n_refused, m->prog->n_sites, str_z(&names), m->n_refused > NAMED_REFUSED ? " …" : "");
}

static int attach_each(struct multi *m)
{
	for (uint32_t i = 0; i < m->prog->n_sites; i++) {
		int rc = attach_perf(&m->prog->sites[i], m->prog_fd, i, m->links);

		run_progress(m->run);
		if (rc < 0 && kernel_has_kprobes() && is_of_a_site(rc) && m->prog->n_sites > 1 && m->n_refused < MOST_REFUSED)
			m->refused[m->n_refused++] = i;
		else if (rc < 0)
			return failed(m->run, &m->prog->sites[i], rc);
	}
	return 0;
}

// One link ---------------------------------------------------------------------------------------------------------------

static int multi_link(const struct multi *m, uint32_t from, uint32_t n)
{
	struct link_create_kprobe_multi a = {
		.prog_fd = (uint32_t)m->prog_fd, .attach_type = m->prog->session ? TRACE_KPROBE_SESSION : TRACE_KPROBE_MULTI, .cnt = n, .syms = (uintptr_t)(m->name + from),
		.multi_flags = is_return(m->prog->sites) ? MULTI_RETURN : 0,
		.cookies = m->prog->uses_cookie ? (uintptr_t)(m->cookie + from) : 0,
	};
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &a, sizeof a);

	return fd < 0 ? -errno : fd;
}

// Attaches what can be, halving where the kernel refuses.
static int multi_attach(struct multi *m, uint32_t from, uint32_t n)
{
	int fd = multi_link(m, from, n);

	if (fd >= 0) {
		link_set_add(m->links, fd, true, n);
		return 0;
	}
	if (!is_of_a_site(fd) || (n == 1 && m->n_refused == MOST_REFUSED))
		return fd;
	if (n == 1) {
		m->refused[m->n_refused++] = from;
		return 0;
	}
	int rc = multi_attach(m, from, n / 2);

	return rc < 0 ? rc : multi_attach(m, from + n / 2, n - n / 2);
}

static void multi_free(struct multi *m)
{
	free(m->name);
	free(m->cookie);
}

static int attach_multi(struct multi *m)
{
	uint32_t n = m->prog->n_sites;

	m->name = xcalloc(n, sizeof *m->name);
	m->cookie = xcalloc(n, sizeof *m->cookie);
	for (uint32_t i = 0; i < n; i++) {
		m->name[i] = m->prog->sites[i].func;
		m->cookie[i] = i;
	}
	int rc = multi_attach(m, 0, n);

	return rc < 0 ? failed(m->run, &m->prog->sites[m->n_refused ? m->refused[0] : 0], rc) : 0;
}

int attach_kprobes(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	_cleanup_(multi_free) struct multi m = { .run = run, .prog = prog, .prog_fd = prog_fd, .links = links };

	for (uint32_t i = 0; i < prog->n_sites; i++)
		if (!prog->sites[i].func || !prog->sites[i].target)
			return attach_failed(run, &prog->sites[i], -EINVAL);
	if (prog->in_session) { // is attached with the other half
		links->sites += prog->n_sites;
		return 0;
	}
	int rc = prog->session || load_is_kprobe_multi(prog, run_world(run)) ? attach_multi(&m) : attach_each(&m);

	if (rc == 0 && m.n_refused == prog->n_sites)
		return failed(run, prog->sites, -EINVAL);
	if (rc == 0 && m.n_refused)
		warn_refused(&m);
	return rc;
}

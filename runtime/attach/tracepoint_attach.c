// SPDX-License-Identifier: Apache-2.0
// The run side of tracepoint and rawtracepoint.
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/run.h"
#include "runtime/tracefs.h"

// One event on one CPU is enough: a tracepoint's program runs wherever it is hit.
static int attach_perf(struct tracefs *tracefs, const struct plan_site *s, int prog_fd, uint32_t cookie, struct link_set *links)
{
	bool named = s->target && s->func && !strchr(s->target, '/') && !strchr(s->func, '/'); // a plan may be a stranger's
	int id = named ? tracefs_event_id(tracefs, s->target, s->func) : -EINVAL;

	if (id < 0)
		return id;
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .config = (uint64_t)id, .sample_period = 1 };
	int fd = perf_open(&attr, -1, 0);

	return fd < 0 ? fd : perf_attach(prog_fd, fd, cookie, true, 1, links);
}

// A typed program was loaded for its tracepoint, and takes no name.
static int attach_raw(const struct plan_prog *prog, const char *name, int prog_fd, struct link_set *links)
{
	int fd = bpf_raw_tracepoint_open(prog->kind == PROG_TP_BTF ? NULL : name, prog_fd);

	if (fd < 0)
		return -errno;
	link_set_add(links, fd, false, 1);
	return 0;
}

static const char *raw_name(const struct plan_site *s)
{
	if (s->mechanism != MECH_RAW_SYSCALL)
		return s->func ? s->func : "";
	return s->func && strncmp(s->func, "sys_exit", 8) == 0 ? "sys_exit" : "sys_enter";
}

int attach_tracepoints(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links)
{
	_cleanup_(tracefs_close) struct tracefs tracefs;

	tracefs_init(&tracefs);
	for (uint32_t i = 0; i < prog->n_sites; i++) {
		const struct plan_site *s = &prog->sites[i];
		int rc = s->mechanism == MECH_PERF_TRACEPOINT ? attach_perf(&tracefs, s, prog_fd, i, links)
							      : attach_raw(prog, raw_name(s), prog_fd, links);

		if (rc < 0)
			return attach_failed(run, s, rc);
	}
	return 0;
}

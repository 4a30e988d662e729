// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/plan.h"
#include "base/util.h"
#include "runtime/channel.h"
#include "runtime/child.h"
#include "runtime/exports.h"
#include "runtime/gates.h"
#include "runtime/load.h"
#include "runtime/loss.h"
#include "runtime/memory.h"
#include "runtime/run_state.h"
#include "runtime/sinks/out.h"
#include "runtime/targets.h"
#include "runtime/unwind/unwinder.h"

int run_refuse(struct run *r, enum diag_code code, const char *fmt, const char *what)
{
	diag_error(r->diag, (struct span){ 0 }, code, fmt, what);
	return code == E_LOAD ? STATUS_FAILED : STATUS_USER;
}

static int check(struct run *r)
{
	const char *why;

	if (plan_check(r->plan, &why) != 0)
		return run_refuse(r, E_LOAD, "the compiled script is damaged: %s", why);
	for (uint32_t i = 0; i < r->plan->n_events; i++)
		if (r->plan->events[i].kind == EVENT_SYSTEM && !r->options.unsafe)
			return run_refuse(r, E_UNSAFE, "system() is an unsafe function being used in safe mode: allow it with %s", "--unsafe");
	return 0;
}

static int start_child(struct run *r)
{
	const char *what;

	if (!r->options.command)
		return 0;
	int err = child_start(r->options.command, &r->child, &what);
	if (err) {
		diag_error(r->diag, (struct span){ 0 }, E_TARGET, "Failed to fork child: '%s' cannot be run: %s", what, strerror(-err));
		return STATUS_USER;
	}
	return 0;
}

static int watch_target(struct run *r)
{
	if (!r->options.pid)
		return 0;
	r->target_fd = (int)syscall(SYS_pidfd_open, r->options.pid, 0);
	if (r->target_fd >= 0 || errno == ENOSYS)
		return 0;
	diag_error(r->diag, (struct span){ 0 }, E_TARGET, "process %d (-p) cannot be watched: %s", r->options.pid, strerror(errno));
	return STATUS_USER;
}

static bool has_role(const struct plan *p, enum map_role role)
{
	for (uint32_t i = 0; i < p->n_maps; i++)
		if (p->maps[i].role == role)
			return true;
	return false;
}

// Tables of what is known to run: the target, and the binaries with probes in them.
static uint32_t prepare_unwinder(struct run *r)
{
	if (!has_role(r->plan, MAP_UNWIND_POOL) || !has_role(r->plan, MAP_UNWIND_FILES))
		return 0;
	r->unwinder = unwinder_new();
	if (r->options.pid)
		unwinder_add_process(r->unwinder, r->options.pid);
	if (r->child)
		unwinder_add_program(r->unwinder, child_path(r->child));
	for (uint32_t i = 0; i < r->plan->n_progs; i++) {
		const struct plan_prog *p = &r->plan->progs[i];

		for (uint32_t k = 0; p->kind == PROG_UPROBE && k < p->n_sites; k++)
			if (p->sites[k].target && (k == 0 || strcmp(p->sites[k].target, p->sites[k - 1].target) != 0))
				unwinder_add_program(r->unwinder, p->sites[k].target);
	}
	return unwinder_pool_bytes(r->unwinder, !r->options.pid);
}

static int load(struct run *r)
{
	struct load_request q = { .plan = r->plan, .object = r->object, .object_len = r->object_len, .world = r->world, .diag = r->diag,
				  .first_source = r->first_source, .too_much = r->options.too_much, .verbose = r->options.verbose, .pool_bytes = prepare_unwinder(r) };
	unsigned errors = r->diag->errors;
	_str_ struct str log = { 0 };

	q.log = r->options.verifier ? &log : NULL;
	int err = load_plan(&q, &r->loaded);

	out_str(&r->out, &log);

	if (!err && r->unwinder)
		err = unwinder_start(r->unwinder, loaded_role(r->loaded, r->plan, MAP_UNWIND_POOL), loaded_role(r->loaded, r->plan, MAP_UNWIND_FILES),
				     q.pool_bytes);
	if (err == 0)
		return 0;
	if (r->diag->errors == errors)
		diag_error(r->diag, (struct span){ 0 }, E_LOAD, "the program could not be loaded: %s", strerror(-err));
	return r->diag->items[r->diag->nitems - 1].code == E_RIGHTS ? STATUS_USER : STATUS_FAILED;
}

#define INITIAL_PID_NAMESPACE 0xEFFFFFFCu // linux/proc_ns.h: PROC_PID_INIT_INO

static void fill_globals(struct run *r)
{
	struct wire_globals *g = r->globals;
	struct stat ns;

	g->start_ns = clock_ns(CLOCK_BOOTTIME);
	g->cpid = (uint32_t)run_child(r);
	g->target_pid = (uint32_t)r->options.pid;
	g->own_pid = (uint32_t)getpid();
	g->ncpus = r->ncpus;
	if (stat("/proc/self/ns/pid", &ns) == 0 && ns.st_ino != INITIAL_PID_NAMESPACE) {
		g->pidns_dev = ns.st_dev;
		g->pidns_ino = ns.st_ino;
	}
	__atomic_store_n(&g->enabled, 1, __ATOMIC_RELEASE);
}

static int map_globals(struct run *r)
{
	int fd = loaded_role(r->loaded, r->plan, MAP_GLOBALS);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (fd < 0)
		return 0;
	r->globals_len = ALIGN_UP(sizeof *r->globals, page);
	void *p = mmap(NULL, r->globals_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->globals = p;
	fill_globals(r);
	return 0;
}

void run_watch(struct run *r, int fd)
{
	if (fd >= 0)
		epoll_ctl(r->poll_fd, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN });
}

static int open_channels(struct run *r)
{
	struct channel_request q = { .data = loaded_role(r->loaded, r->plan, MAP_RING), .control = loaded_role(r->loaded, r->plan, MAP_CONTROL),
				     .data_bytes = r->loaded->ring_bytes, .control_bytes = r->loaded->control_bytes, .perf = r->loaded->perf };
	int err = map_globals(r);

	if (!err)
		err = targets_new(r->plan, loaded_role(r->loaded, r->plan, MAP_TARGETS), (uint32_t)r->options.pid, (uint32_t)run_child(r),
				  r->globals && r->globals->pidns_ino, &r->targets);
	if (!err)
		err = gates_new(r, &r->gates);
	if (!err)
		err = channel_open(&q, &r->channel);
	if (!err && (r->poll_fd = epoll_create1(EPOLL_CLOEXEC)) < 0)
		err = -errno;
	if (err)
		return run_refuse(r, E_LOAD, err == -EPERM && q.perf ? "the buffers of perf events are refused: %s; raise ulimit -l or the sysctl kernel.perf_event_mlock_kb" :
								   "the buffers of records cannot be read: %s", strerror(-err));
	if (memory_new(r->plan, r->loaded, r->diag, &r->memory) != 0)
		return STATUS_USER;
	channel_watch(r->channel, r->poll_fd);
	run_watch(r, r->target_fd);
	run_watch(r, r->child ? child_pidfd(r->child) : -1);
	r->losses = losses_new(loaded_role(r->loaded, r->plan, MAP_LOST), r->plan, r->ncpus);
	return 0;
}

int run_prepare(struct run *r)
{
	int status = check(r);

	if (!status && r->options.mode != RUN_FORECAST && exports_open(r->plan, &r->printer, &r->out, r->diag, r->first_source, &r->exports) != 0)
		status = STATUS_USER;
	if (!status)
		status = start_child(r);
	if (!status)
		status = watch_target(r);
	if (!status)
		status = load(r);
	if (!status)
		status = open_channels(r);
	return status;
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/entry_cost.h"

#include <bpf/bpf.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/plan.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/own_probe.h"
#include "runtime/run_state.h"

#define TICK_NS 50000u // of a timer whose interrupts are measured
#define SPIN_NS 2e6    // while so much work is done

enum { ROUNDS = 7, CALLS = 400 };
enum entry { ENTRY_UPROBE, ENTRY_STEPPED, ENTRY_URETPROBE, ENTRY_SYSCALL, ENTRY_TIMER, ENTRY_SOFTWARE, ENTRIES };

static const double assumed_ns[] = {
#define MECH(NAME, word, text, ns) ns,
#include "base/mechanism.def"
#undef MECH
};

static void system_call(void)
{
	syscall(SYS_getppid);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

// The median of some rounds, of this thread's processor time: other work on the machine is not in it, what a trap does to caches is.
static double call_ns(void (*f)(void))
{
	double took[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t from = clock_ns(CLOCK_THREAD_CPUTIME_ID);

		for (int k = 0; k < CALLS; k++)
			f();
		took[i] = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - from) / CALLS;
	}
	qsort(took, ROUNDS, sizeof *took, ascending);
	return took[ROUNDS / 2];
}

// What a uprobe with an empty program adds to a call; below 0: it cannot be measured.
static double uprobe_ns(struct run *r, void (*f)(void), bool is_return)
{
	double without = call_ns(f);
	struct own_probe *o = own_probe_new(r, f, is_return);
	double ns = o ? MAX(call_ns(f) - without, 0) : -1;

	own_probe_free(o);
	return ns;
}

static double syscall_ns(void)
{
	_close_ int fd = empty_program(BPF_PROG_TYPE_RAW_TRACEPOINT, false);
	double without = call_ns(system_call);
	_close_ int link = fd < 0 ? -1 : bpf_raw_tracepoint_open("sys_enter", fd);

	return link < 0 ? -1 : MAX(call_ns(system_call) - without, 0);
}

static __attribute__((noinline)) double spin_ns(uint32_t n)
{
	uint64_t from = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	for (volatile uint32_t i = 0; i < n; i++) {
	}
	return (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - from);
}

// A counter of this thread that overflows each `period`, and is off; -1 with errno set.
static int counter_open(uint64_t software_event, uint64_t period)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof a, .config = software_event, .sample_period = period, .disabled = 1 };

	return (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

// The same work without and with a timer that interrupts it: what each interrupt took. In a virtual machine the host does part of it.
static double timer_ns(void)
{
	_close_ int fd = counter_open(PERF_COUNT_SW_CPU_CLOCK, TICK_NS);
	uint32_t n = 1000;
	double took[ROUNDS];

	if (fd < 0)
		return -1;
	while (n < 1u << 30 && spin_ns(n) < SPIN_NS)
		n *= 2;
	for (int i = 0; i < ROUNDS; i++) {
		double without = spin_ns(n), with;

		ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
		with = spin_ns(n);
		ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
		took[i] = with > without ? (with - without) * TICK_NS / with : 0;
	}
	qsort(took, ROUNDS, sizeof *took, ascending);
	return took[ROUNDS / 2];
}

static void fault(void)
{
	void *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	*(volatile char *)page = 1;
	munmap(page, 1);
}

// Of the events that the kernel itself counts, page faults stand for all.
static double software_ns(void)
{
	_close_ int fd = counter_open(PERF_COUNT_SW_PAGE_FAULTS, 1);
	double without = call_ns(fault);

	return fd < 0 || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) ? -1 : MAX(call_ns(fault) - without, 0);
}

static enum entry entry_of_perf_event(const struct plan_site *s)
{
	static const char *const clocks[] = { "cpu-clock", "task-clock", "cpu" };

	if (!s->provider || !strcmp(s->provider, "hardware"))
		return ENTRIES;
	for (size_t i = 0; s->target && i < ARRAY_SIZE(clocks); i++)
		if (!strcmp(s->target, clocks[i]))
			return ENTRY_TIMER;
	return strcmp(s->provider, "software") ? ENTRY_TIMER : ENTRY_SOFTWARE;
}

static enum entry entry_of(const struct plan_site *s)
{
	bool stepped = s->note && strstr(s->note, "single-steps");

	switch (s->mechanism) {
	case MECH_UPROBE_MULTI: case MECH_PERF_UPROBE: return stepped ? ENTRY_STEPPED : ENTRY_UPROBE;
	case MECH_URETPROBE_MULTI: case MECH_PERF_URETPROBE: return ENTRY_URETPROBE;
	case MECH_RAW_SYSCALL: return ENTRY_SYSCALL;
	case MECH_RAW_TP: return s->func && !strncmp(s->func, "sys_e", 5) ? ENTRY_SYSCALL : ENTRIES;
	case MECH_PERF_EVENT: return entry_of_perf_event(s);
	default: return ENTRIES;
	}
}

static double measure_entry(struct run *r, enum entry e)
{
	switch (e) {
	case ENTRY_UPROBE: return uprobe_ns(r, entry_emulated, false);
	case ENTRY_STEPPED: return uprobe_ns(r, entry_stepped, false);
	case ENTRY_URETPROBE: return uprobe_ns(r, entry_emulated, true);
	case ENTRY_SYSCALL: return syscall_ns();
	case ENTRY_TIMER: return timer_ns();
	case ENTRY_SOFTWARE: return software_ns();
	case ENTRIES: break;
	}
	return -1;
}

// Sites of one program may be entered at different costs; which are hit how often is not known, so all count alike.
void entry_costs(struct run *r, struct entry_cost *of)
{
	double measured[ENTRIES];
	bool tried[ENTRIES] = { false };

	for (uint32_t i = 0; i < r->plan->n_progs; i++) {
		const struct plan_prog *p = &r->plan->progs[i];
		double sum = 0;

		of[i] = (struct entry_cost){ 0 };
		for (uint32_t k = 0; k < p->n_sites; k++) {
			enum entry e = entry_of(&p->sites[k]);

			if (e < ENTRIES && !tried[e]) {
				tried[e] = true;
				measured[e] = measure_entry(r, e);
			}
			bool known = e < ENTRIES && measured[e] >= 0;

			of[i].assumed |= !known && p->kind != PROG_RUN;
			sum += known ? measured[e] : assumed_ns[p->sites[k].mechanism];
		}
		of[i].ns = p->n_sites ? sum / p->n_sites : 0;
	}
}

void program_spent(int fd, uint64_t *runs, uint64_t *ns)
{
	struct bpf_prog_info info = { 0 };
	uint32_t n = sizeof info;

	*runs = *ns = 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &n) == 0) {
		*runs = info.run_cnt;
		*ns = info.run_time_ns;
	}
}

// The run time of an empty program, undisturbed.
double statistics_ns(void)
{
	_close_ int fd = empty_program(BPF_PROG_TYPE_RAW_TRACEPOINT, false);
	uint64_t runs = 0, ns = 0, runs_before, ns_before, context[12] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .ctx_in = context, .ctx_size_in = sizeof context);
	double best = 1e12;

	for (int i = 0; fd >= 0 && i < ROUNDS; i++) {
		runs_before = runs;
		ns_before = ns;
		for (int k = 0; k < CALLS; k++)
			(void)bpf_prog_test_run_opts(fd, &o);
		program_spent(fd, &runs, &ns);
		if (runs > runs_before)
			best = MIN(best, (double)(ns - ns_before) / (double)(runs - runs_before));
	}
	return best < 1e12 ? best : 0;
}

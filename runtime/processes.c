// SPDX-License-Identifier: Apache-2.0
#include "runtime/processes.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/symbols/proc_maps.h"

#define RING_BYTES (256u << 10) // of each CPU; a program's start has about ten records of 100 bytes

struct ring {
	int fd;
	struct perf_event_mmap_page *page;
	size_t page_size;
};

struct kept { // a record, copied out of its ring, waiting for its turn
	uint64_t time;
	size_t order;
	struct perf_event_header *h;
};

struct processes {
	VEC(struct ring) rings;
	VEC(struct kept) waiting;
};

static int open_event(int cpu)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof a, .config = PERF_COUNT_SW_DUMMY, .sample_type = PERF_SAMPLE_TIME, .sample_id_all = 1,
		.mmap = 1, .mmap2 = 1, .comm = 1, .comm_exec = 1, .task = 1, .use_clockid = 1, .clockid = CLOCK_MONOTONIC, .watermark = 1,
		.wakeup_watermark = RING_BYTES,
	};

	return (int)syscall(SYS_perf_event_open, &a, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static int open_ring(struct processes *p, int cpu)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct ring r = { .fd = open_event(cpu), .page_size = page };

	if (r.fd < 0)
		return errno == ENODEV || errno == ENXIO ? 0 : -errno; // the CPU is off
	r.page = mmap(NULL, page + RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, r.fd, 0);
	if (r.page == MAP_FAILED) {
		int err = -errno;

		close(r.fd);
		return err;
	}
	vec_push(NULL, &p->rings, r);
	return 0;
}

int processes_open(struct processes **ret)
{
	struct processes *p = xcalloc(1, sizeof *p);
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	int err = 0;

	for (int cpu = 0; cpu < cpus && !err; cpu++)
		err = open_ring(p, cpu);
	if (!err && !p->rings.n)
		err = -ENODEV;
	if (err)
		processes_close(p);
	else
		*ret = p;
	return err;
}

void processes_close(struct processes *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->rings.n; i++) {
		munmap(p->rings.v[i].page, p->rings.v[i].page_size + RING_BYTES);
		close(p->rings.v[i].fd);
	}
	for (size_t i = 0; i < p->waiting.n; i++)
		free(p->waiting.v[i].h);
	vec_free(&p->rings);
	vec_free(&p->waiting);
	free(p);
}

// Records end with the sample_id that was asked for: the time alone. A ring's end may lie within a record.
static void take_records(struct processes *p, struct ring *r)
{
	const uint8_t *data = (const uint8_t *)r->page + r->page_size;
	uint64_t head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE), tail = r->page->data_tail;

	while (head - tail >= sizeof(struct perf_event_header)) {
		struct perf_event_header h;
		size_t at = tail % RING_BYTES;

		memcpy(&h, data + at, sizeof h); // records are multiples of 8 bytes: a header is never split
		if (h.size < sizeof h + 8 || h.size > head - tail)
			break;
		struct kept k = { .h = xmalloc(h.size + 1u), .order = p->waiting.n };
		size_t first = MIN((size_t)h.size, RING_BYTES - at);
		memcpy(k.h, data + at, first);
		memcpy((uint8_t *)k.h + first, data, h.size - first);
		((uint8_t *)k.h)[h.size] = '\0';
		memcpy(&k.time, (uint8_t *)k.h + h.size - 8, 8);
		vec_push(NULL, &p->waiting, k);
		tail += h.size;
	}
	__atomic_store_n(&r->page->data_tail, tail, __ATOMIC_RELEASE);
}

static int by_time(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

struct mmap2_record {
	struct perf_event_header h;
	uint32_t pid, tid;
	uint64_t start, len, offset;
	uint32_t major_, minor_;
	uint64_t ino, generation;
	uint32_t protection, flags;
	char path[];
};

struct task_record { // fork and exit
	struct perf_event_header h;
	uint32_t pid, parent, tid, parent_tid;
};

struct comm_record {
	struct perf_event_header h;
	uint32_t pid, tid;
};

struct lost_record {
	struct perf_event_header h;
	uint64_t id, lost;
};

static void on_mmap(struct mmap2_record *r, const struct process_listener *l, void *arg)
{
	struct proc_mapping m = { .start = r->start, .end = r->start + r->len, .offset = r->offset, .executable = true,
				  .dev = makedev(r->major_, r->minor_), .ino = r->ino, .path = r->path };

	if (r->h.size <= sizeof *r || !(r->protection & PROT_EXEC) || m.end <= m.start || (r->h.misc & PERF_RECORD_MISC_MMAP_DATA))
		return;
	if (r->h.misc & PERF_RECORD_MISC_MMAP_BUILD_ID)
		m.dev = m.ino = 0;
	if (r->path[0] == '/' && r->path[1] == '/') // "//anon"
		m.path = "";
	l->mapped(arg, r->pid, &m);
}

static void dispatch(struct perf_event_header *h, const struct process_listener *l, void *arg)
{
	const struct task_record *task = (void *)h;
	const struct comm_record *comm = (void *)h;

	if (h->type == PERF_RECORD_MMAP2)
		on_mmap((struct mmap2_record *)h, l, arg);
	else if (h->type == PERF_RECORD_COMM && (h->misc & PERF_RECORD_MISC_COMM_EXEC) && h->size >= sizeof *comm)
		l->executed(arg, comm->pid);
	else if (h->type == PERF_RECORD_FORK && h->size >= sizeof *task && task->pid != task->parent)
		l->forked(arg, task->pid, task->parent);
	else if (h->type == PERF_RECORD_EXIT && h->size >= sizeof *task && task->pid == task->tid)
		l->exited(arg, task->pid);
	else if (h->type == PERF_RECORD_LOST && h->size >= sizeof(struct lost_record))
		l->lost(arg, ((struct lost_record *)h)->lost);
}

// CPUs' rings have no common order. What bears a time before the rings were looked at is complete in all of them.
void processes_poll(struct processes *p, const struct process_listener *l, void *arg)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC);
	size_t done = 0;

	for (size_t i = 0; i < p->rings.n; i++)
		take_records(p, &p->rings.v[i]);
	if (!p->waiting.n)
		return;
	qsort(p->waiting.v, p->waiting.n, sizeof *p->waiting.v, by_time);
	for (; done < p->waiting.n && p->waiting.v[done].time <= until; done++) {
		dispatch(p->waiting.v[done].h, l, arg);
		free(p->waiting.v[done].h);
	}
	p->waiting.n -= done;
	memmove(p->waiting.v, p->waiting.v + done, p->waiting.n * sizeof *p->waiting.v);
	for (size_t i = 0; i < p->waiting.n; i++)
		p->waiting.v[i].order = i;
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/processes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/symbols/proc_maps.h"
#include "runtime/thread.h"

#define RING_BYTES (256u << 10) // of each CPU; a program's start has about ten records of 100 bytes
#define WAKE_BYTES (RING_BYTES / 4)
#define TAKEN_MOST (64u << 20)  // bytes; then rings fill up, and the kernel counts what it leaves out
#define FULL_MS 20
#define RECORD_FOUND 0x10000u // our own: as PERF_RECORD_MMAP2; misc tells whether the file is deleted
#define NICE (-10)
#define FORMAT_LOST (1u << 4) // PERF_FORMAT_LOST, from Linux 6.0 on

struct ring {
	int fd;
	struct perf_event_mmap_page *page;
	size_t page_size;
	bool counts_lost;
};

struct kept { // a record, copied out of its ring, waiting for its turn
	uint64_t time;
	size_t order;
	struct perf_event_header *h;
};

struct mmap2_record {
	struct perf_event_header h;
	uint32_t pid, tid;
	uint64_t start, len, offset;
	uint32_t major_, minor_;
	uint64_t ino, generation;
	uint32_t protection, flags;
	char path[];
};

struct processes {
	pthread_t taker, finder;
	bool taking, finding; // they run
	sem_t open;           // the rings are, or why not:
	int opened;
	uint32_t only;
	int ending; // eventfd
	pthread_mutex_t lock; // of the rings, and
	VEC(struct kept) taken;
	size_t taken_bytes;
	VEC(struct ring) rings;
	VEC(struct kept) waiting; // of who polls
};

static int open_event(int cpu, bool counts_lost)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof a, .config = PERF_COUNT_SW_DUMMY, .sample_type = PERF_SAMPLE_TIME, .sample_id_all = 1,
		.mmap = 1, .mmap2 = 1, .comm = 1, .comm_exec = 1, .task = 1, .use_clockid = 1, .clockid = CLOCK_MONOTONIC, .watermark = 1,
		.wakeup_watermark = WAKE_BYTES, .read_format = counts_lost ? FORMAT_LOST : 0,
	};

	return (int)syscall(SYS_perf_event_open, &a, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static int open_ring(struct processes *p, int cpu)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct ring r = { .fd = open_event(cpu, true), .page_size = page, .counts_lost = true };

	if (r.fd < 0 && errno == EINVAL) {
		r.counts_lost = false;
		r.fd = open_event(cpu, false);
	}
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

// Records end with the sample_id that was asked for: the time alone. A ring's end may lie within a record.
static void take_records(struct processes *p, struct ring *r)
{
	const uint8_t *data = (const uint8_t *)r->page + r->page_size;
	uint64_t head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE), tail = r->page->data_tail;

	while (head - tail >= sizeof(struct perf_event_header) && p->taken_bytes < TAKEN_MOST) {
		struct perf_event_header h;
		size_t at = tail % RING_BYTES;

		memcpy(&h, data + at, sizeof h); // records are multiples of 8 bytes: a header is never split
		if (h.size < sizeof h + 8 || h.size > head - tail)
			break;
		struct kept k = { .h = xmalloc(h.size + 1u) };
		size_t first = MIN((size_t)h.size, RING_BYTES - at);
		memcpy(k.h, data + at, first);
		memcpy((uint8_t *)k.h + first, data, h.size - first);
		((uint8_t *)k.h)[h.size] = '\0';
		memcpy(&k.time, (uint8_t *)k.h + h.size - 8, 8);
		vec_push(NULL, &p->taken, k);
		p->taken_bytes += h.size;
		tail += h.size;
	}
	__atomic_store_n(&r->page->data_tail, tail, __ATOMIC_RELEASE);
}

static bool take_all(struct processes *p)
{
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->rings.n; i++)
		take_records(p, &p->rings.v[i]);
	bool full = p->taken_bytes >= TAKEN_MOST;
	pthread_mutex_unlock(&p->lock);
	return !full;
}

struct finding {
	struct processes *p;
	uint32_t pid;
	uint64_t time; // before it was read: of a program that begins meanwhile these mappings are not
};

static bool add_found(void *arg, const struct proc_mapping *m)
{
	struct finding *f = arg;
	size_t path = strlen(m->path) + 1, size = sizeof(struct mmap2_record) + path;

	if (!m->executable || size > UINT16_MAX)
		return true;
	struct mmap2_record *r = xcalloc(1, size);
	*r = (struct mmap2_record){ .h = { .type = RECORD_FOUND, .misc = m->deleted, .size = (uint16_t)size }, .pid = f->pid, .start = m->start, .len = m->end - m->start,
				    .offset = m->offset, .major_ = major(m->dev), .minor_ = minor(m->dev), .ino = m->ino, .protection = PROT_EXEC };
	memcpy(r->path, m->path, path);
	pthread_mutex_lock(&f->p->lock);
	vec_push(NULL, &f->p->taken, (struct kept){ .time = f->time, .h = &r->h });
	f->p->taken_bytes += size;
	pthread_mutex_unlock(&f->p->lock);
	return true;
}

static void find_earlier(struct processes *p, uint32_t pid)
{
	struct finding f = { p, pid, clock_ns(CLOCK_MONOTONIC) };

	proc_maps_each(pid, add_found, &f);
}

static bool is_ending(const struct processes *p)
{
	return poll(&(struct pollfd){ .fd = p->ending, .events = POLLIN }, 1, 0) > 0;
}

// A thread of its own: it waits for processes that change their mappings, and those for their turn.
static void *find(void *arg)
{
	struct processes *p = arg;
	DIR *d = p->only ? NULL : opendir("/proc");

	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	if (p->only)
		find_earlier(p, p->only);
	for (struct dirent *e; d && (e = readdir(d)) && !is_ending(p);)
		if (isdigit((unsigned char)e->d_name[0]))
			find_earlier(p, (uint32_t)strtoul(e->d_name, NULL, 10));
	if (d)
		closedir(d);
	return NULL;
}

static int open_rings(struct processes *p)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	int err = 0;

	for (int cpu = 0; cpu < cpus && !err; cpu++)
		err = open_ring(p, cpu);
	return err ? err : p->rings.n ? 0 : -ENODEV;
}

static void *take(void *arg)
{
	struct processes *p = arg;

	// a ring is full after 0.2 s when all processors start programs, and copying it takes a millisecond
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	p->opened = open_rings(p);
	sem_post(&p->open);
	if (p->opened)
		return NULL;
	_free_ struct pollfd *fds = xcalloc(p->rings.n + 1, sizeof *fds);
	fds[0] = (struct pollfd){ .fd = p->ending, .events = POLLIN };
	for (size_t i = 0; i < p->rings.n; i++)
		fds[i + 1] = (struct pollfd){ .fd = p->rings.v[i].fd, .events = POLLIN };
	while (!fds[0].revents) {
		bool room = take_all(p);

		poll(fds, room ? p->rings.n + 1 : 1, room ? -1 : FULL_MS);
	}
	return NULL;
}

static int start(struct processes *p)
{
	int err = thread_start(&p->taker, 0, take, p);

	p->taking = err == 0;
	while (p->taking && sem_wait(&p->open))
		;
	if (!err)
		err = p->opened;
	p->finding = !err && thread_start(&p->finder, 0, find, p) == 0;
	return err;
}

int processes_open(uint32_t only, struct processes **ret)
{
	struct processes *p = xcalloc(1, sizeof *p);

	p->only = only;
	p->ending = eventfd(0, EFD_CLOEXEC);
	sem_init(&p->open, 0, 0);
	pthread_mutex_init(&p->lock, NULL);
	int err = p->ending < 0 ? -errno : start(p);
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
	if (p->taking) {
		(void)!write(p->ending, &(uint64_t){ 1 }, sizeof(uint64_t));
		pthread_join(p->taker, NULL);
	}
	if (p->finding)
		pthread_join(p->finder, NULL);
	for (size_t i = 0; i < p->rings.n; i++) {
		munmap(p->rings.v[i].page, p->rings.v[i].page_size + RING_BYTES);
		close(p->rings.v[i].fd);
	}
	for (size_t i = 0; i < p->taken.n; i++)
		free(p->taken.v[i].h);
	for (size_t i = 0; i < p->waiting.n; i++)
		free(p->waiting.v[i].h);
	vec_free(&p->rings);
	vec_free(&p->taken);
	vec_free(&p->waiting);
	if (p->ending >= 0)
		close(p->ending);
	sem_destroy(&p->open);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

size_t processes_waiting(struct processes *p)
{
	pthread_mutex_lock(&p->lock);
	size_t n = p->taken.n;
	pthread_mutex_unlock(&p->lock);
	return n;
}

uint64_t processes_lost(struct processes *p)
{
	uint64_t sum = 0, v[2]; // the count, which stays 0, and what was lost

	for (size_t i = 0; i < p->rings.n; i++)
		if (p->rings.v[i].counts_lost && read(p->rings.v[i].fd, v, sizeof v) == sizeof v)
			sum += v[1];
	return sum;
}

static int by_time(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

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
	bool found = r->h.type == RECORD_FOUND;
	struct proc_mapping m = { .start = r->start, .end = r->start + r->len, .offset = r->offset, .executable = true,
				  .deleted = found && r->h.misc, .dev = makedev(r->major_, r->minor_), .ino = r->ino, .path = r->path };

	if (r->h.size <= sizeof *r || !(r->protection & PROT_EXEC) || m.end <= m.start || (r->h.misc & PERF_RECORD_MISC_MMAP_DATA))
		return;
	if (r->h.misc & PERF_RECORD_MISC_MMAP_BUILD_ID)
		m.dev = m.ino = 0;
	if (r->path[0] == '/' && r->path[1] == '/') // "//anon"
		m.path = "";
	(found ? l->found : l->mapped)(arg, r->pid, &m);
}

static void dispatch(struct perf_event_header *h, const struct process_listener *l, void *arg)
{
	const struct task_record *task = (void *)h;
	const struct comm_record *comm = (void *)h;

	if (h->type == PERF_RECORD_MMAP2 || h->type == RECORD_FOUND)
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

// Behind what waits already, as it came out of the rings.
static void take_over(struct processes *p)
{
	take_all(p);
	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->taken.n; i++) {
		struct kept k = p->taken.v[i];

		k.order = p->waiting.n;
		vec_push(NULL, &p->waiting, k);
	}
	p->taken.n = 0;
	p->taken_bytes = 0;
	pthread_mutex_unlock(&p->lock);
}

// CPUs' rings have no common order. What bears a time before the rings were looked at is complete in all of them.
void processes_poll(struct processes *p, const struct process_listener *l, void *arg)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC);
	size_t done = 0;

	take_over(p);
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

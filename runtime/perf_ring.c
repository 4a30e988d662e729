// SPDX-License-Identifier: Apache-2.0
// The layout of buffers and records: perf_event_open(2).
#include "runtime/perf_ring.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "base/wire.h"
#include "runtime/attach/attach.h"

#define HOLD_NS 1000000u
#define NO_RECORD UINT64_MAX
#define RECORD_MOST 65536 // its header's size has 16 bits

struct sample { // with PERF_SAMPLE_TIME | PERF_SAMPLE_RAW; the record is behind it
	struct perf_event_header header;
	uint64_t time;
	uint32_t size;
} __attribute__((packed, aligned(4)));

struct lost {
	struct perf_event_header header;
	uint64_t id, lost;
};

struct buffer {
	struct perf_event_mmap_page *page;
	const uint8_t *data;
	size_t bytes; // a power of two
	int fd;       // -1: the memory is not ours
	bool control;
	uint64_t head; // as last looked at
	uint64_t tail; // behind what was handed out; the kernel is told now and then
	uint64_t time; // of the record at tail, NO_RECORD: there is none before head
};

struct perf_rings {
	struct buffer *buffer;
	size_t n, mapped; // bytes of a page
	uint64_t lost;
	const struct buffer *current; // whose record is handled
	uint64_t current_at;
	_Alignas(8) uint8_t record[RECORD_MOST], peeked[RECORD_MOST];
};

// Making and unmaking ------------------------------------------------------------------------------------------------------

static void add_buffer(struct perf_rings *p, void *page, size_t bytes, int fd, bool control)
{
	p->buffer = xrealloc(p->buffer, (p->n + 1) * sizeof *p->buffer);
	p->buffer[p->n++] = (struct buffer){ .page = page, .data = (const uint8_t *)page + p->mapped, .bytes = bytes, .fd = fd,
					     .control = control, .time = NO_RECORD };
}

static struct perf_rings *perf_rings_new(void)
{
	struct perf_rings *p = xcalloc(1, sizeof *p);

	p->mapped = (size_t)sysconf(_SC_PAGESIZE);
	return p;
}

// Control wakes us at each record; data hardly ever: we look on a timer.
static int open_event(int cpu, bool control, size_t bytes)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_BPF_OUTPUT, .sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
		.sample_period = 1, .use_clockid = 1, .clockid = CLOCK_MONOTONIC, .watermark = !control,
	};

	if (control)
		a.wakeup_events = 1;
	else
		a.wakeup_watermark = (uint32_t)bytes;
	return perf_open(&a, -1, cpu);
}

static int open_on(struct perf_rings *p, int map, int cpu, bool control, size_t bytes)
{
	int fd = open_event(cpu, control, bytes);

	if (fd == -ENODEV) // switched off meanwhile
		return 0;
	if (fd < 0)
		return fd;
	void *page = mmap(NULL, p->mapped + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED) {
		int err = -errno;

		close(fd);
		return err;
	}
	add_buffer(p, page, bytes, fd, control);
	if (bpf_map_update_elem(map, &cpu, &fd, 0) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	return 0;
}

static int open_all(struct perf_rings *p, int map, bool control, size_t bytes)
{
	size_t n;
	_free_ int *cpu = map < 0 ? NULL : cpus_online(&n);
	int err = 0;

	if (map < 0)
		return 0;
	if (!cpu)
		return -ENOENT;
	for (size_t i = 0; i < n && !err; i++)
		err = open_on(p, map, cpu[i], control, bytes);
	return err;
}

int perf_rings_open(int data, size_t data_bytes, int control, size_t control_bytes, struct perf_rings **ret)
{
	struct perf_rings *p = perf_rings_new();
	int err = open_all(p, data, false, data_bytes);

	if (!err)
		err = open_all(p, control, true, control_bytes);
	if (err)
		perf_rings_close(p);
	else
		*ret = p;
	return err;
}

struct perf_rings *perf_rings_over(void *const *page, const bool *is_control, size_t n, size_t bytes)
{
	struct perf_rings *p = perf_rings_new();

	for (size_t i = 0; i < n; i++)
		add_buffer(p, page[i], bytes, -1, is_control[i]);
	return p;
}

void perf_rings_close(struct perf_rings *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->buffer[i].fd >= 0) {
			munmap(p->buffer[i].page, p->mapped + p->buffer[i].bytes);
			close(p->buffer[i].fd);
		}
	free(p->buffer);
	free(p);
}

// One buffer ---------------------------------------------------------------------------------------------------------------

static uint64_t buffer_head(const struct buffer *b)
{
	return __atomic_load_n(&b->page->data_head, __ATOMIC_ACQUIRE);
}

// Bytes may wrap around the buffer's end.
static void copy_out(const struct buffer *b, uint64_t at, void *to, size_t n)
{
	size_t from = at & (b->bytes - 1), first = MIN(n, b->bytes - from);

	memcpy(to, b->data + from, first);
	memcpy((uint8_t *)to + first, b->data, n - first);
}

// The header of the record at a position: false when none ends before `head`, or when it is no record.
static bool header_at(const struct buffer *b, uint64_t at, uint64_t head, struct perf_event_header *h)
{
	if (head - at < sizeof *h || head - at > b->bytes)
		return false;
	copy_out(b, at, h, sizeof *h);
	return h->size >= sizeof *h && h->size <= head - at;
}

// From `at` on to a sample that holds a record; what lies before it is passed, and the lost counted if asked for.
static bool sample_at(const struct buffer *b, uint64_t *at, uint64_t head, struct sample *s, uint64_t *lost)
{
	struct perf_event_header h;
	struct lost l;

	for (; header_at(b, *at, head, &h); *at += h.size) {
		if (h.type == PERF_RECORD_SAMPLE && h.size >= sizeof *s) {
			copy_out(b, *at, s, sizeof *s);
			if (s->size <= h.size - sizeof *s)
				return true;
		}
		if (h.type == PERF_RECORD_LOST && h.size >= sizeof l && lost) {
			copy_out(b, *at, &l, sizeof l);
			*lost += l.lost;
		}
	}
	return false;
}

static void look(struct perf_rings *p, struct buffer *b)
{
	struct sample s;

	b->time = sample_at(b, &b->tail, b->head, &s, b->control ? NULL : &p->lost) ? s.time : NO_RECORD;
	if (b->time == NO_RECORD)
		b->tail = b->head; // nothing there, or nothing that can be read
}

static void give_back(struct buffer *b)
{
	__atomic_store_n(&b->page->data_tail, b->tail, __ATOMIC_RELEASE);
}

// All of them --------------------------------------------------------------------------------------------------------------

// Whose record is the oldest; the next buffer's time in *until. NULL: there is none.
static struct buffer *oldest(struct perf_rings *p, uint64_t *until)
{
	struct buffer *first = NULL;

	*until = NO_RECORD;
	for (size_t i = 0; i < p->n; i++) {
		struct buffer *b = &p->buffer[i];

		if (b->time == NO_RECORD)
			continue;
		if (!first || b->time < first->time || (b->time == first->time && first->control && !b->control)) {
			*until = first ? first->time : NO_RECORD;
			first = b;
		} else {
			*until = MIN(*until, b->time);
		}
	}
	return first;
}

static void hand_out(struct perf_rings *p, struct buffer *b, record_fn *fn, void *arg)
{
	size_t skip = b->control ? sizeof(struct wire_control) : 0;
	struct sample s;

	copy_out(b, b->tail, &s, sizeof s);
	copy_out(b, b->tail + sizeof s, p->record, s.size);
	p->current = b;
	p->current_at = b->tail;
	if (s.size >= skip)
		fn(arg, p->record + skip, s.size - skip);
	p->current = NULL;
	b->tail += s.header.size;
	if (b->tail - b->page->data_tail > b->bytes / 8)
		give_back(b);
	look(p, b);
}

// Up to which time records are handed out: where one may be lost for it, no record waits.
static uint64_t limit_now(struct perf_rings *p, bool all)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	for (size_t i = 0; i < p->n && !all; i++)
		all = buffer_head(&p->buffer[i]) - p->buffer[i].tail > p->buffer[i].bytes / 2;
	return all ? NO_RECORD - 1 : now - HOLD_NS;
}

size_t perf_rings_drain(struct perf_rings *p, bool all, record_fn *fn, void *arg)
{
	uint64_t limit = limit_now(p, all), until;
	struct buffer *b;
	size_t n = 0, bytes = 0;

	// What `fn` does may take long; what is written meanwhile is left for the next time.
	for (size_t i = 0; i < p->n; i++) {
		p->buffer[i].head = buffer_head(&p->buffer[i]);
		look(p, &p->buffer[i]);
	}
	while ((b = oldest(p, &until)) && b->time <= limit && bytes <= b->bytes) {
		do {
			uint64_t from = b->tail;

			hand_out(p, b, fn, arg);
			bytes += b->tail - from;
			n++;
		} while (b->time < until && b->time <= limit && bytes <= b->bytes);
	}
	for (size_t i = 0; i < p->n; i++)
		give_back(&p->buffer[i]);
	return n;
}

const void *perf_rings_peek(struct perf_rings *p, size_t i, size_t *n)
{
	uint64_t at = p->current_at, head;
	struct sample s;

	if (!p->current || !p->current->control)
		return NULL;
	head = buffer_head(p->current);
	for (; sample_at(p->current, &at, head, &s, NULL) && i > 0; i--)
		at += s.header.size;
	if (i > 0 || !sample_at(p->current, &at, head, &s, NULL) || s.size < sizeof(struct wire_control))
		return NULL;
	copy_out(p->current, at + sizeof s, p->peeked, s.size);
	*n = s.size - sizeof(struct wire_control);
	return p->peeked + sizeof(struct wire_control);
}

size_t perf_rings_pending(const struct perf_rings *p, bool control)
{
	size_t most = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->buffer[i].control == control)
			most = MAX(most, (size_t)(buffer_head(&p->buffer[i]) - p->buffer[i].tail));
	return most;
}

bool perf_rings_is_behind(const struct perf_rings *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!p->buffer[i].control && buffer_head(&p->buffer[i]) - p->buffer[i].tail > p->buffer[i].bytes / 16)
			return true;
	return false;
}

void perf_rings_watch(const struct perf_rings *p, int epoll_fd)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->buffer[i].control && p->buffer[i].fd >= 0)
			epoll_ctl(epoll_fd, EPOLL_CTL_ADD, p->buffer[i].fd, &(struct epoll_event){ .events = EPOLLIN | EPOLLET });
}

uint64_t perf_rings_lost(const struct perf_rings *p)
{
	return p->lost;
}

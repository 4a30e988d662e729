// SPDX-License-Identifier: Apache-2.0
#include "runtime/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "base/wire.h"

struct ring {
	uint64_t *consumer;
	const uint64_t *producer;
	const uint8_t *data;
	size_t mask, batch;
	size_t page; // 0: the memory is not ours
};

int ring_open(int fd, size_t bytes, struct ring **ret)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (consumer == MAP_FAILED)
		return -errno;
	void *producer = mmap(NULL, page + 2 * bytes, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (producer == MAP_FAILED) {
		int err = -errno;

		munmap(consumer, page);
		return err;
	}
	struct ring *r = ring_over(consumer, producer, bytes);
	r->page = page;
	*ret = r;
	return 0;
}

struct ring *ring_over(void *consumer, void *producer, size_t bytes)
{
	struct ring *r = xcalloc(1, sizeof *r);

	r->consumer = consumer;
	r->producer = producer;
	r->data = (const uint8_t *)producer + sysconf(_SC_PAGESIZE);
	r->mask = bytes - 1;
	r->batch = bytes / 8;
	return r;
}

void ring_close(struct ring *r)
{
	if (!r)
		return;
	if (r->page) {
		munmap(r->consumer, r->page);
		munmap((void *)r->producer, r->page + 2 * (r->mask + 1));
	}
	free(r);
}

static uint64_t ring_end(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
}

static size_t step(uint32_t size) // from one record to the next
{
	return ALIGN_UP((size_t)size + BPF_RINGBUF_HDR_SZ, 8);
}

static size_t drain_to(struct ring *r, uint64_t end, record_fn *fn, void *arg)
{
	uint64_t at = *r->consumer, start = at;
	size_t n = 0;

	while (at < end && at - start <= r->batch) {
		const uint8_t *head = r->data + (at & r->mask);
		// pairs with the release in bpf_ringbuf_commit: once it is not busy, the record's bytes are there
		uint32_t len = __atomic_load_n((const uint32_t *)head, __ATOMIC_ACQUIRE);

		if (len & BPF_RINGBUF_BUSY_BIT)
			break;
		uint32_t size = len & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			fn(arg, head + BPF_RINGBUF_HDR_SZ, size);
			n++;
		}
		at += step(size);
	}
	if (at != start)
		__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
	return n;
}

size_t ring_drain(struct ring *r, record_fn *fn, void *arg)
{
	return drain_to(r, ring_end(r), fn, arg);
}

// The record at a position, if it is finished and no discarded one; its size in *n.
static const uint8_t *record_at(const struct ring *r, uint64_t at, uint32_t *n)
{
	if (at >= ring_end(r))
		return NULL;
	const uint8_t *head = r->data + (at & r->mask);
	uint32_t len = __atomic_load_n((const uint32_t *)head, __ATOMIC_ACQUIRE);

	*n = len;
	return len & (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT) ? NULL : head + BPF_RINGBUF_HDR_SZ;
}

const void *ring_peek(const struct ring *control, size_t i, size_t *n)
{
	uint64_t at = *control->consumer;
	uint32_t size;

	for (;; i--) {
		const uint8_t *p = record_at(control, at, &size);

		if (!p || size < sizeof(struct wire_control))
			return NULL;
		if (i == 0) {
			*n = size - sizeof(struct wire_control);
			return p + sizeof(struct wire_control);
		}
		at += step(size);
	}
}

size_t ring_drain_both(struct ring *data, struct ring *control, record_fn *fn, void *arg)
{
	// Read before the control ring's end: of what lies before this one, every program's earlier control records lie before
	// that one. Both stay: what `fn` does may take long, and what is written meanwhile has control records behind `last`.
	uint64_t end = data ? ring_end(data) : 0, last = control ? ring_end(control) : 0;
	const struct wire_control *c;
	uint32_t size;
	size_t n = 0;

	for (;;) {
		c = control && *control->consumer < last ? (const void *)record_at(control, *control->consumer, &size) : NULL;
		if (!c || size < sizeof *c)
			return n + (data ? drain_to(data, end, fn, arg) : 0) + (c ? ring_drain(control, fn, arg) : 0);
		if (data) {
			uint64_t after = MIN(c->after, ring_end(data));

			n += drain_to(data, after, fn, arg);
			if (*data->consumer < after)
				return n; // one is still being written, or the batch is full
		}
		fn(arg, c + 1, size - sizeof *c);
		n++;
		__atomic_store_n(control->consumer, *control->consumer + step(size), __ATOMIC_RELEASE);
	}
}

size_t ring_pending(const struct ring *r)
{
	return (size_t)(__atomic_load_n(r->producer, __ATOMIC_ACQUIRE) - *r->consumer);
}

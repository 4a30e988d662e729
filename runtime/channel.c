// SPDX-License-Identifier: Apache-2.0
#include "runtime/channel.h"

#include <sys/epoll.h>

#include "base/util.h"
#include "runtime/perf_ring.h"
#include "runtime/ring.h"

struct transport {
	int (*open)(struct channel *c, const struct channel_request *q);
	void (*close)(struct channel *c);
	size_t (*drain)(struct channel *c, bool all, record_fn *fn, void *arg);
	const void *(*peek)(struct channel *c, size_t i, size_t *n);
	bool (*is_behind)(const struct channel *c);
	size_t (*control_pending)(const struct channel *c);
	void (*watch)(const struct channel *c, int epoll_fd);
	uint64_t (*lost)(const struct channel *c);
};

struct channel {
	const struct transport *by;
	struct ring *data, *control; // NULL where the script needs none
	struct perf_rings *perf;
	size_t data_bytes;
	int control_fd;
};

// The ring buffer --------------------------------------------------------------------------------------------------------

static int ring_transport_open(struct channel *c, const struct channel_request *q)
{
	int err = 0;

	c->data_bytes = q->data_bytes;
	c->control_fd = q->control;
	if (q->data >= 0)
		err = ring_open(q->data, q->data_bytes, &c->data);
	if (!err && q->control >= 0)
		err = ring_open(q->control, q->control_bytes, &c->control);
	return err;
}

static void ring_transport_close(struct channel *c)
{
	ring_close(c->data);
	ring_close(c->control);
}

// Records are reserved in the order they are handed out: none has to wait.
static size_t ring_transport_drain(struct channel *c, bool all, record_fn *fn, void *arg)
{
	return ring_drain_both(c->data, c->control, fn, arg);
}

static const void *ring_transport_peek(struct channel *c, size_t i, size_t *n)
{
	return c->control ? ring_peek(c->control, i, n) : NULL;
}

static bool ring_transport_is_behind(const struct channel *c)
{
	return c->data && ring_pending(c->data) > c->data_bytes / 16;
}

static size_t ring_transport_control_pending(const struct channel *c)
{
	return c->control ? ring_pending(c->control) : 0;
}

// Edge-triggered: a level would be raised by every record there is.
static void ring_transport_watch(const struct channel *c, int epoll_fd)
{
	if (c->control_fd >= 0)
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->control_fd, &(struct epoll_event){ .events = EPOLLIN | EPOLLET });
}

static uint64_t ring_transport_lost(const struct channel *c)
{
	return 0;
}

static const struct transport by_ring = {
	ring_transport_open, ring_transport_close, ring_transport_drain, ring_transport_peek, ring_transport_is_behind,
	ring_transport_control_pending, ring_transport_watch, ring_transport_lost,
};

// Perf events --------------------------------------------------------------------------------------------------------------

static int perf_transport_open(struct channel *c, const struct channel_request *q)
{
	return perf_rings_open(q->data, q->data_bytes, q->control, q->control_bytes, &c->perf);
}

static void perf_transport_close(struct channel *c)
{
	perf_rings_close(c->perf);
}

static size_t perf_transport_drain(struct channel *c, bool all, record_fn *fn, void *arg)
{
	return perf_rings_drain(c->perf, all, fn, arg);
}

static const void *perf_transport_peek(struct channel *c, size_t i, size_t *n)
{
	return perf_rings_peek(c->perf, i, n);
}

static bool perf_transport_is_behind(const struct channel *c)
{
	return perf_rings_is_behind(c->perf);
}

static size_t perf_transport_control_pending(const struct channel *c)
{
	return perf_rings_pending(c->perf, true);
}

static void perf_transport_watch(const struct channel *c, int epoll_fd)
{
	perf_rings_watch(c->perf, epoll_fd);
}

static uint64_t perf_transport_lost(const struct channel *c)
{
	return perf_rings_lost(c->perf);
}

static const struct transport by_perf = {
	perf_transport_open, perf_transport_close, perf_transport_drain, perf_transport_peek, perf_transport_is_behind,
	perf_transport_control_pending, perf_transport_watch, perf_transport_lost,
};

// The door -----------------------------------------------------------------------------------------------------------------

int channel_open(const struct channel_request *q, struct channel **ret)
{
	struct channel *c = xcalloc(1, sizeof *c);

	*c = (struct channel){ .by = q->perf ? &by_perf : &by_ring, .control_fd = -1 };
	int err = c->by->open(c, q);
	if (err)
		channel_close(c);
	else
		*ret = c;
	return err;
}

void channel_close(struct channel *c)
{
	if (!c)
		return;
	c->by->close(c);
	free(c);
}

size_t channel_drain(struct channel *c, bool all, record_fn *fn, void *arg)
{
	return c->by->drain(c, all, fn, arg);
}

const void *channel_peek(struct channel *c, size_t i, size_t *n)
{
	return c->by->peek(c, i, n);
}

bool channel_is_behind(const struct channel *c)
{
	return c->by->is_behind(c);
}

size_t channel_control_pending(const struct channel *c)
{
	return c->by->control_pending(c);
}

void channel_watch(const struct channel *c, int epoll_fd)
{
	c->by->watch(c, epoll_fd);
}

uint64_t channel_lost(const struct channel *c)
{
	return c->by->lost(c);
}

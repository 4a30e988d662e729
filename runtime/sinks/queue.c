// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/queue.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/util.h"
#include "runtime/thread.h"

struct queue {
	struct queue_work work;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void **item; // a ring of work.most
	size_t first, n;
	uint64_t since_ns;    // when the first of those waiting came
	uint64_t deadline_ns; // 0: not closing
};

// With the lock held; returns at `until` or when something changed.
static void wait_until(struct queue *q, uint64_t until)
{
	struct timespec t = { .tv_sec = (time_t)(until / 1000000000u), .tv_nsec = (long)(until % 1000000000u) };

	pthread_cond_timedwait(&q->changed, &q->lock, &t);
}

static size_t take(struct queue *q, void **items)
{
	size_t n = MIN(q->n, q->work.batch);

	for (size_t i = 0; i < n; i++)
		items[i] = q->item[(q->first + i) % q->work.most];
	q->first = (q->first + n) % q->work.most;
	q->n -= n;
	q->since_ns = clock_ns(CLOCK_MONOTONIC);
	return n;
}

// A batch is due: it is full, its first item waited long enough, or the end has come.
static bool is_due(const struct queue *q)
{
	return q->n >= q->work.batch || (q->n && (q->deadline_ns || clock_ns(CLOCK_MONOTONIC) >= q->since_ns + q->work.delay_ns));
}

static void *run(void *arg)
{
	struct queue *q = arg;
	_free_ void **items = xcalloc(q->work.batch, sizeof *items);

	pthread_mutex_lock(&q->lock);
	while (!q->deadline_ns || (q->n && clock_ns(CLOCK_MONOTONIC) < q->deadline_ns)) {
		if (!is_due(q)) {
			wait_until(q, q->n ? q->since_ns + q->work.delay_ns : clock_ns(CLOCK_MONOTONIC) + 1000000000u);
			continue;
		}
		size_t n = take(q, items);
		pthread_mutex_unlock(&q->lock);
		q->work.handle(q->work.arg, items, n);
		pthread_mutex_lock(&q->lock);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

static void release(struct queue *q)
{
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q->item);
	free(q);
}

struct queue *queue_new(const struct queue_work *w)
{
	struct queue *q = xcalloc(1, sizeof *q);
	pthread_condattr_t clock;

	q->work = *w;
	q->item = xcalloc(w->most, sizeof *q->item);
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&q->changed, &clock);
	pthread_condattr_destroy(&clock);
	if (thread_start(&q->thread, 0, run, q) == 0)
		return q;
	release(q);
	return NULL;
}

bool queue_push(struct queue *q, void *item)
{
	bool room;

	pthread_mutex_lock(&q->lock);
	room = q->n < q->work.most;
	if (room) {
		if (q->n == 0)
			q->since_ns = clock_ns(CLOCK_MONOTONIC);
		q->item[(q->first + q->n++) % q->work.most] = item;
		if (q->n == 1 || q->n == q->work.batch)
			pthread_cond_signal(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	return room;
}

bool queue_pause(struct queue *q, uint64_t ns)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + ns;
	bool more;

	pthread_mutex_lock(&q->lock);
	for (uint64_t t = clock_ns(CLOCK_MONOTONIC); t < until && !(q->deadline_ns && t >= q->deadline_ns); t = clock_ns(CLOCK_MONOTONIC))
		wait_until(q, q->deadline_ns ? MIN(until, q->deadline_ns) : until);
	more = !q->deadline_ns || clock_ns(CLOCK_MONOTONIC) < q->deadline_ns;
	pthread_mutex_unlock(&q->lock);
	return more;
}

void queue_close(struct queue *q, uint64_t deadline_ns)
{
	if (!q)
		return;
	pthread_mutex_lock(&q->lock);
	q->deadline_ns = deadline_ns ? deadline_ns : 1;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	for (size_t i = 0; i < q->n; i++)
		q->work.drop(q->work.arg, q->item[(q->first + i) % q->work.most]);
	release(q);
}

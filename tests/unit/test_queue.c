// SPDX-License-Identifier: Apache-2.0
// The bounded queue between the reader and a slow receiver: all that was pushed is handled or dropped, never both.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/util.h"
#include "runtime/sinks/queue.h"

struct receiver {
	struct queue *queue;
	atomic_uint handled, dropped, batches, largest;
	bool slow;
};

static uint64_t in(uint64_t ns)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec + ns;
}

static void handle(void *arg, void **items, size_t n)
{
	struct receiver *r = arg;

	for (size_t i = 0; i < n; i++)
		free(items[i]);
	r->batches++;
	r->largest = MAX(r->largest, (unsigned)n);
	if (r->slow)
		while (queue_pause(r->queue, 1000000000u))
			; // until the queue is closed and its deadline has passed
	r->handled += (unsigned)n;
}

static void drop(void *arg, void *item)
{
	struct receiver *r = arg;

	free(item);
	r->dropped++;
}

static unsigned push_many(struct receiver *r, unsigned n)
{
	unsigned refused = 0;

	for (unsigned i = 0; i < n; i++) {
		void *item = xmalloc(8);

		if (!queue_push(r->queue, item)) {
			free(item);
			refused++;
		}
	}
	return refused;
}

static void all_arrive(void **state)
{
	struct receiver r = { 0 };

	r.queue = queue_new(&(struct queue_work){ .most = 100000, .batch = 64, .delay_ns = 1000000, .handle = handle, .drop = drop, .arg = &r });
	assert_int_equal(push_many(&r, 10000), 0);
	queue_close(r.queue, in(60000000000u));
	assert_int_equal(r.handled, 10000);
	assert_int_equal(r.dropped, 0);
	assert_true(r.largest <= 64);
}

static void full_refuses(void **state)
{
	struct receiver r = { .slow = true };

	r.queue = queue_new(&(struct queue_work){ .most = 16, .batch = 4, .delay_ns = 0, .handle = handle, .drop = drop, .arg = &r });
	unsigned refused = push_many(&r, 1000);
	queue_close(r.queue, in(0));
	assert_true(refused > 0);
	assert_int_equal(refused + r.handled + r.dropped, 1000);
	assert_true(r.handled <= 4);
}

static void nothing_pushed(void **state)
{
	struct receiver r = { 0 };

	r.queue = queue_new(&(struct queue_work){ .most = 16, .batch = 4, .delay_ns = 0, .handle = handle, .drop = drop, .arg = &r });
	queue_close(r.queue, in(60000000000u));
	assert_int_equal(r.batches, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_arrive), cmocka_unit_test(full_refuses), cmocka_unit_test(nothing_pushed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

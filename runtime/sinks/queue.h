// SPDX-License-Identifier: Apache-2.0
// queue.h - a bounded queue and the thread that empties it, for sinks whose receiver may be slow.
//
// The reader's thread pushes and never waits: what finds no room is refused, and the sink counts it as dropped.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

struct queue_work {
	size_t most;       // items that may wait
	size_t batch;      // most items handed over at once
	uint64_t delay_ns; // how long the first of a batch may wait for the others
	// In the queue's thread. The items are the callee's to free.
	void (*handle)(void *arg, void **items, size_t n);
	void (*drop)(void *arg, void *item); // frees an item that was still waiting at the deadline
	void *arg;
};

struct queue *queue_new(const struct queue_work *w); // NULL: no thread could be made
bool queue_push(struct queue *q, void *item);        // false: full, the item stays the caller's
// Sleeps up to `ns`, less when the queue is being closed: for retries. False: the deadline has passed, give up.
bool queue_pause(struct queue *q, uint64_t ns);
// Lets the thread finish what waits, until the deadline (CLOCK_MONOTONIC), then drops the rest and ends. A handle() that does not
// return is waited for: it must look at queue_pause() and bound its own waits.
void queue_close(struct queue *q, uint64_t deadline_ns);

// SPDX-License-Identifier: Apache-2.0
// workshop - a program to look at: three workers take orders and cut, weld, paint and deliver what was ordered.
// It prints nothing; what it does is seen by tracing it.   usage: workshop [SECONDS]
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 3
#define visible static __attribute__((noipa)) // keeps its symbol, its frame and its arguments

struct worker {
	pthread_t thread;
	uint32_t dice;
	time_t until;
};

static const char *const customers[] = { "Ada", "Grace", "Dennis", "Ken", "Barbara", "Edsger" };
static const char *const items[] = { "gear", "spring", "lathe", "anvil", "sundial" };
static const char *const colours[] = { "red", "green", "blue", "black" };

#define PICK(w, list) (list)[roll((w), sizeof(list) / sizeof *(list))]

static uint32_t roll(struct worker *w, uint32_t sides)
{
	w->dice = w->dice * 1664525u + 1013904223u;
	return (w->dice >> 16) % sides;
}

static void work_for(unsigned microseconds)
{
	struct timespec t = { microseconds / 1000000, microseconds % 1000000 * 1000L };

	nanosleep(&t, NULL);
}

visible int order_take(struct worker *w, const char *customer, const char *item, int pieces)
{
	work_for(1000 + roll(w, 3000));
	return pieces * (int)strlen(item);
}

visible int order_cut(struct worker *w, const char *item, int pieces)
{
	volatile uint64_t chips = 0;

	for (int i = 0; i < pieces * 20000; i++) // work for the processor, not a wait: a profile shows it
		chips += (uint64_t)i ^ (uint64_t)item[0];
	return (int)(chips & 0xff);
}

visible int order_weld(struct worker *w, const char *item, int pieces)
{
	work_for(500 * (unsigned)pieces + (roll(w, 12) == 0 ? 40000 : 0)); // now and then the torch must be refilled
	return pieces;
}

visible int order_paint(struct worker *w, const char *item, const char *colour)
{
	work_for(2000 + (unsigned)strlen(colour) * 1500);
	return colour[0] == 'b' ? -EAGAIN : 0; // blue and black run out
}

visible int order_deliver(struct worker *w, const char *customer, int pieces)
{
	FILE *book = fopen("/dev/null", "w");

	if (book) {
		fprintf(book, "%s: %d\n", customer, pieces);
		fclose(book);
	}
	work_for(800);
	return pieces;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	while (time(NULL) < w->until) {
		const char *customer = PICK(w, customers), *item = PICK(w, items);
		int pieces = 1 + (int)roll(w, 9);

		order_take(w, customer, item, pieces);
		order_cut(w, item, pieces);
		order_weld(w, item, pieces);
		while (order_paint(w, item, PICK(w, colours)) < 0)
			work_for(300);
		order_deliver(w, customer, pieces);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct worker workers[WORKERS] = { 0 };
	time_t until = time(NULL) + (argc > 1 ? atoi(argv[1]) : 60);

	for (int i = 0; i < WORKERS; i++) {
		workers[i].dice = 7u + (uint32_t)i;
		workers[i].until = until;
		if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]))
			return 1;
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	return 0;
}

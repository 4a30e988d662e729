// SPDX-License-Identifier: Apache-2.0
// paced - calls a function (or a system call) at a pace of its own: when a call is slow, the next ones come sooner, until it has made as
// many as are due. Prints how many it made and, when it is done, the processor time it took.   usage: paced call|syscall PER_SECOND SECONDS [THREADS]
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

void paced(uint64_t i);

// In assembler, so that the first instruction, on which the price of a uprobe depends, is known.
#ifdef __x86_64__
__asm__(".text\n.globl paced\n.type paced, @function\npaced:\n\tpush %rbp\n\tmov %rsp, %rbp\n\tpop %rbp\n\tret\n.size paced, . - paced\n");
#else
__attribute__((noipa)) void paced(uint64_t i) { __asm__ volatile("" : : "r"(i)); }
#endif

#define MOST_THREADS 16
#define MOST_AT_ONCE 1000 // calls between two looks at the clock

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct work {
	double rate, seconds, begun;
	int is_syscall;
	uint64_t made;
};

static void *work(void *arg)
{
	struct work *w = arg;
	double passed;

	prctl(PR_SET_TIMERSLACK, 1);
	while ((passed = now() - w->begun) < w->seconds) {
		uint64_t due = (uint64_t)(passed * w->rate);

		for (int i = 0; w->made < due && i < MOST_AT_ONCE; i++, w->made++)
			if (w->is_syscall)
				getpriority(PRIO_PROCESS, 0);
			else
				paced(w->made);
		if (w->made >= due)
			nanosleep(&(struct timespec){ .tv_nsec = 250000 }, NULL);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 4 ? atoi(argv[4]) : 1;
	struct work w[MOST_THREADS] = { 0 };
	pthread_t id[MOST_THREADS];
	double begun = now();
	uint64_t made = 0;
	struct rusage r;

	for (int i = 0; argc > 3 && i < threads && i < MOST_THREADS; i++) {
		w[i] = (struct work){ atof(argv[2]) / threads, atof(argv[3]), begun, !strcmp(argv[1], "syscall"), 0 };
		if (pthread_create(&id[i], NULL, work, &w[i]) != 0)
			return 1;
	}
	for (int i = 0; argc > 3 && i < threads && i < MOST_THREADS; i++) {
		pthread_join(id[i], NULL);
		made += w[i].made;
	}
	getrusage(RUSAGE_SELF, &r);
	printf("made %lu in %.3f s, processor time %.4f s\n", made, now() - begun,
	       (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6);
	return 0;
}

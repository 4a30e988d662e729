// SPDX-License-Identifier: Apache-2.0
// target - a program whose every action can be counted: what a trace must show is known.
//   target calls N [THREADS]   hit(i, "name") N times from each thread
//   target words WORD...       say(WORD, its length) for each
//   target slow MS...          slow(MS) for each: sleeps so long, returns MS
//   target deep N              deep(N): calls itself N times
//   target syscalls N          getpriority() N times
//   target int80 N             N calls by the 32-bit entry, of the number that getpriority() has among the 64-bit ones;
//                              status 77: this kernel has no such entry
//   target burn MS             burns MS of processor time, however long that takes, in burn_outer -> burn_inner
//   target lock MS             waits in take_lock() for a mutex that another thread keeps for so long
//   target tick                tick(i) each millisecond, until a signal
//   target exit STATUS
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define visible static __attribute__((noipa))

static volatile uint64_t sink;

visible uint64_t hit(uint64_t i, const char *name)
{
	return sink = i + (uint64_t)name[0];
}

visible int say(const char *word, size_t n)
{
	return (int)n + word[0] * 0;
}

visible long slow(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
	return ms;
}

visible long deep(long n)
{
	long below = n > 0 ? deep(n - 1) : 0;

	sink += (uint64_t)n; // no tail call
	return below + 1;
}

visible void tick(uint64_t i)
{
	sink = i;
}

visible void burn_inner(void)
{
	for (int i = 0; i < 100000; i++)
		sink += (uint64_t)i;
}

visible void burn_outer(void)
{
	burn_inner();
	sink++; // no tail call
}

static double burned(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *keep_lock(void *ms)
{
	pthread_mutex_lock(&mutex);
	sink = 1;
	slow((long)(intptr_t)ms);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

visible void take_lock(void)
{
	pthread_mutex_lock(&mutex);
	sink++; // no tail call
}

static void contend(long ms)
{
	pthread_t t;

	sink = 0;
	pthread_create(&t, NULL, keep_lock, (void *)(intptr_t)ms);
	while (!sink)
		usleep(100);
	take_lock();
	pthread_join(t, NULL);
}

static void *calls(void *n)
{
	for (uint64_t i = 0; i < (uintptr_t)n; i++)
		hit(i, "name");
	return NULL;
}

static void call_from_threads(uintptr_t n, int threads)
{
	pthread_t t[64];

	for (int i = 0; i < threads && i < 64; i++)
		pthread_create(&t[i], NULL, calls, (void *)n);
	for (int i = 0; i < threads && i < 64; i++)
		pthread_join(t[i], NULL);
}

static void no_entry(int signal)
{
	(void)signal;
	_exit(77);
}

static void int80(long number) // with all arguments 0
{
#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "+a"(number) : "b"(0), "c"(0), "d"(0), "S"(0), "D"(0) : "memory", "r8", "r9", "r10", "r11");
#else
	no_entry((int)number);
#endif
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	long n = argc > 2 ? atol(argv[2]) : 0;

	if (!strcmp(mode, "calls")) {
		call_from_threads((uintptr_t)n, argc > 3 ? atoi(argv[3]) : 1);
	} else if (!strcmp(mode, "words")) {
		for (int i = 2; i < argc; i++)
			say(argv[i], strlen(argv[i]));
	} else if (!strcmp(mode, "slow")) {
		for (int i = 2; i < argc; i++)
			slow(atol(argv[i]));
	} else if (!strcmp(mode, "deep")) {
		printf("%ld\n", deep(n));
	} else if (!strcmp(mode, "syscalls")) {
		for (long i = 0; i < n; i++)
			getpriority(PRIO_PROCESS, 0);
	} else if (!strcmp(mode, "int80")) {
		signal(SIGSEGV, no_entry);
		for (long i = 0; i < n; i++)
			int80(SYS_getpriority);
	} else if (!strcmp(mode, "burn")) {
		double from = burned(); // on a slow machine it takes long to come here

		do
			burn_outer();
		while (burned() - from < (double)n / 1000);
	} else if (!strcmp(mode, "lock")) {
		contend(n);
	} else if (!strcmp(mode, "tick")) {
		for (uint64_t i = 0;; i++) {
			tick(i);
			usleep(1000);
		}
	} else if (!strcmp(mode, "exit")) {
		return (int)n;
	} else {
		return 64;
	}
	usleep(50000); // addresses are named while the process is there
	return 0;
}

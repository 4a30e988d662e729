// SPDX-License-Identifier: Apache-2.0
// calls WHAT N: calls that nest, are jumped out of, end in another function, or never return; prints what it did, as a test's truth.
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEEP static __attribute__((noinline, noclone, noipa, optimize("O2")))

static jmp_buf back;
static volatile long sink;

KEEP long leaf(long n)
{
	return sink = n + 1;
}

KEEP long recurse(long n)
{
	long below = n > 0 ? recurse(n - 1) : 0;

	return leaf(below) + (n == -1); // not a jump to leaf()
}

KEEP long jumper(long jump, long value)
{
	sink = value;
	if (jump)
		longjmp(back, 1);
	return value;
}

// The compiler makes a jump of the call: tail() never returns itself, leaf() returns for it.
KEEP long tail(long n)
{
	return leaf(n);
}

KEEP long die(long n)
{
	sink = n;
	pthread_exit(NULL);
	return n;
}

KEEP long replaced(char *self)
{
	execl(self, self, "quiet", "0", (char *)NULL);
	return 1;
}

KEEP long doubled(long n)
{
	pid_t child = fork();

	if (child == 0)
		return -1; // the child returns too, from a call that it did not make
	waitpid(child, NULL, 0);
	return n;
}

static void *thread_dies(void *arg)
{
	return (void *)die((long)arg);
}

static void *thread_calls(void *arg)
{
	for (long i = 0; i < (long)arg; i++)
		recurse(3);
	return NULL;
}

static void threads(void *(*run)(void *), long arg, long n)
{
	pthread_t t[8];

	for (long i = 0; i < n; i += 8) {
		for (int k = 0; k < 8; k++)
			pthread_create(&t[k], NULL, run, (void *)arg);
		for (int k = 0; k < 8; k++)
			pthread_join(t[k], NULL);
	}
}

static void jumps(long n)
{
	for (volatile long i = 0; i < n; i++)
		if (setjmp(back) == 0)
			jumper(i % 2 == 0, i); // each second one is left by the jump
}

static void execs(char *self, long n)
{
	for (long i = 0; i < n; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit((int)replaced(self));
		waitpid(child, NULL, 0);
	}
}

static void forks(long n)
{
	for (long i = 0; i < n; i++)
		if (doubled(i) == -1)
			_exit(0);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long n = argc > 2 ? atol(argv[2]) : 0;

	if (strcmp(what, "recurse") == 0)
		printf("%ld\n", recurse(n));
	else if (strcmp(what, "jump") == 0)
		jumps(n);
	else if (strcmp(what, "tail") == 0)
		for (long i = 0; i < n; i++)
			tail(i);
	else if (strcmp(what, "die") == 0)
		threads(thread_dies, 1, n);
	else if (strcmp(what, "threads") == 0)
		threads(thread_calls, 100, n);
	else if (strcmp(what, "exec") == 0)
		execs(argv[0], n);
	else if (strcmp(what, "fork") == 0)
		forks(n);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// frames.c - stacks of many shapes, each held for as long as it is wanted: frames WHAT SECONDS [DEPTH]
//   deep      300 frames, or DEPTH, without frame pointers, of changing sizes
//   qsort     a comparison function called from the C library
//   alloca    frames whose size is known only at run time
//   signal    a handler on a stack of its own, and one inside of that
//   longjmp   left and entered again
//   vdso      most of the time in clock_gettime
//   vector    locals that must be aligned: the frame is realigned
//   plt       through the procedure linkage table, into the C library and back
//   dlopen    a library opened after a while, and called back from
#define _GNU_SOURCE
#include <alloca.h>
#include <dlfcn.h>
#include <search.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile uint64_t sink;
static double seconds = 5;
static struct timespec began;

static int over(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) / 1e9 > seconds;
}

__attribute__((noinline)) static void spin(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sink = sink * 31 + i;
}

__attribute__((noinline)) static int deep(int n, int size)
{
	volatile char room[64];

	room[size & 63] = (char)n;
	if (n == 0) {
		spin(2000);
		return room[0];
	}
	int r = deep(n - 1, size * 7 + 1) + room[n & 63];
	sink += (unsigned)r;
	return r + 1;
}

__attribute__((noinline)) static int with_alloca(int n, size_t size)
{
	volatile char *room = alloca(size + 1);

	room[size] = (char)n;
	if (n == 0) {
		spin(2000);
		return room[0];
	}
	int r = with_alloca(n - 1, size * 3 % 1000) + room[size];
	return r + 1;
}

__attribute__((noinline)) static int compare(const void *a, const void *b)
{
	spin(200);
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

__attribute__((noinline)) static void sort(void)
{
	int v[200];

	for (int i = 0; i < 200; i++)
		v[i] = (i * 7919) % 1009;
	qsort(v, 200, sizeof v[0], compare);
	sink += (unsigned)v[3];
}

static void on_inner(int sig)
{
	deep(5, sig);
}

static void on_signal(int sig)
{
	deep(3, sig);
	raise(SIGUSR2);
	spin(1000);
}

__attribute__((noinline)) static void signals(void)
{
	raise(SIGUSR1);
}

static jmp_buf back;

__attribute__((noinline)) static void jumper(int n)
{
	if (n == 0) {
		spin(2000);
		longjmp(back, 1);
	}
	jumper(n - 1);
	sink++;
}

__attribute__((noinline)) static void jumps(void)
{
	if (setjmp(back) == 0)
		jumper(20);
	deep(4, 1);
}

typedef double vector __attribute__((vector_size(64)));

__attribute__((noinline)) static double vectors(int n, vector v)
{
	volatile vector kept = v * 2.0;

	if (n == 0) {
		spin(2000);
		return kept[0];
	}
	return vectors(n - 1, kept) + kept[1];
}

static int visit_order(const void *a, const void *b)
{
	spin(100);
	return strcmp(a, b);
}

__attribute__((noinline)) static void through_plt(void)
{
	static char words[40][16];
	void *root = NULL;

	for (int i = 0; i < 40; i++) {
		snprintf(words[i], sizeof words[i], "w%d", i * 7919 % 41);
		tsearch(words[i], &root, visit_order);
	}
	for (int i = 0; i < 40; i++)
		tdelete(words[i], &root, visit_order);
}

__attribute__((noinline)) static void clocks(void)
{
	struct timespec t;

	for (int i = 0; i < 20000; i++)
		clock_gettime(CLOCK_MONOTONIC, &t);
}

// zlib's z_stream: its first and last members are not ours to know.
struct z_stream {
	void *in[8];
	void *(*allocate)(void *opaque, unsigned n, unsigned size);
	void (*release)(void *opaque, void *p);
	void *rest[4];
};

__attribute__((noinline)) static void *called_back(void *opaque, unsigned n, unsigned size)
{
	spin(100);
	return calloc(n, size);
}

static void release(void *opaque, void *p)
{
	free(p);
}

__attribute__((noinline)) static void opened(void)
{
	static int (*init)(struct z_stream *, const char *, int), (*end)(struct z_stream *);
	struct z_stream z = { .allocate = called_back, .release = release };
	struct timespec moment = { .tv_nsec = 2000000 };

	nanosleep(&moment, NULL);
	if (!init) {
		void *lib = dlopen("libz.so.1", RTLD_NOW);

		if (!lib)
			exit(3);
		*(void **)&init = dlsym(lib, "inflateInit_");
		*(void **)&end = dlsym(lib, "inflateEnd");
	}
	if (init(&z, "1.2.11", sizeof z) == 0)
		end(&z);
}

static void on_stack_of_its_own(int sig, void (*fn)(int))
{
	static char room[2][65536];
	struct sigaction a = { .sa_handler = fn, .sa_flags = SA_ONSTACK };
	stack_t s = { .ss_sp = room[0], .ss_size = sizeof room[0] };

	sigaltstack(&s, NULL);
	sigaction(sig, &a, NULL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "deep";

	int depth = argc > 3 ? atoi(argv[3]) : 300 - 12;

	seconds = argc > 2 ? atof(argv[2]) : 5;
	clock_gettime(CLOCK_MONOTONIC, &began);
	on_stack_of_its_own(SIGUSR1, on_signal);
	on_stack_of_its_own(SIGUSR2, on_inner);
	do { // once at least, however late
		if (!strcmp(what, "deep"))
			deep(depth, 3);
		else if (!strcmp(what, "qsort"))
			sort();
		else if (!strcmp(what, "alloca"))
			with_alloca(60, 17);
		else if (!strcmp(what, "signal"))
			signals();
		else if (!strcmp(what, "longjmp"))
			jumps();
		else if (!strcmp(what, "vdso"))
			clocks();
		else if (!strcmp(what, "vector"))
			vectors(30, (vector){ 1, 2, 3, 4, 5, 6, 7, 8 });
		else if (!strcmp(what, "plt"))
			through_plt();
		else if (!strcmp(what, "dlopen"))
			opened();
		else
			return 2;
	} while (!over());
	return 0;
}

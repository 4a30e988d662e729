// SPDX-License-Identifier: Apache-2.0
// deep DEPTH N [LIBRARY...] - calls, DEPTH frames deep, the probed function `hit` N times and prints "bench START NS_PER_CALL END" as
// target.c does. With libraries, which are this file built with -DLIBRARY, the frames lie in them by turns.
//
// Sixteen functions call each other by turns, so that frames have different rules: some save a register or two, some all of them,
// some keep arrays, one has a frame whose size is known only when it runs.
#include <alloca.h>
#include <dlfcn.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MOST 1000
#define SHAPES 16

struct deep;
typedef uint64_t function(struct deep *d, int depth);

struct deep {
	uint64_t n;
	double used; // seconds of processor time that the calls at the bottom took
	volatile uint64_t sink;
	function *at[DEPTH_MOST]; // what stands at each depth; at[0] is the innermost
};

#define FRAME(name) static __attribute__((noipa)) uint64_t name(struct deep *d, int depth)
#define CALL_NEXT (d->at[depth - 1](d, depth - 1))

#define FEW(name, k)                                     \
	FRAME(name)                                      \
	{                                                \
		uint64_t a = d->sink * (k);              \
		d->sink += CALL_NEXT + a;                \
		return a + d->sink;                      \
	}
#define MANY(name, k)                                                                                       \
	FRAME(name)                                                                                         \
	{                                                                                                   \
		uint64_t a = d->sink * (k), b = a ^ d->n, c = b * 7, e = c + d->sink, f = e ^ b, r = CALL_NEXT; \
		d->sink += a + b + c + e + f;                                                               \
		return r + (a ^ b ^ c ^ e ^ f);                                                             \
	}
#define ARRAY(name, words)                                      \
	FRAME(name)                                             \
	{                                                       \
		volatile uint64_t some[words];                  \
		some[depth % (words)] = d->n;                   \
		return CALL_NEXT + some[depth % (words)];       \
	}
#define ANY(name, k)                                                          \
	FRAME(name)                                                           \
	{                                                                     \
		volatile char *some = alloca(16 + (size_t)(depth & 7) * (k)); \
		some[depth & 7] = 1;                                          \
		return CALL_NEXT + (uint64_t)some[depth & 7];                 \
	}

FEW(f0, 3) MANY(f1, 5) ARRAY(f2, 3) FEW(f3, 7) MANY(f4, 11) ARRAY(f5, 9) FEW(f6, 13) ANY(f7, 16)
FEW(f8, 17) MANY(f9, 19) ARRAY(f10, 5) FEW(f11, 23) MANY(f12, 29) ARRAY(f13, 16) FEW(f14, 31) MANY(f15, 37)

function *const deep_shapes[SHAPES] = { f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15 };

#ifndef LIBRARY

// its first instruction is one that the kernel emulates: the probe costs little beside the walk
void hit(uint64_t i);
__asm__(".text\n.globl hit\n.type hit, @function\nhit:\n.cfi_startproc\npush %rbp\n.cfi_def_cfa_offset 16\n.cfi_offset 6, -16\n"
	"mov %rsp, %rbp\npop %rbp\n.cfi_def_cfa_offset 8\n.cfi_restore 6\nret\n.cfi_endproc\n.size hit, . - hit\n");

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

FRAME(bottom)
{
	double begun = now(CLOCK_PROCESS_CPUTIME_ID);

	for (uint64_t i = 0; i < d->n; i++)
		hit(i);
	d->used = now(CLOCK_PROCESS_CPUTIME_ID) - begun;
	return (uint64_t)depth;
}

static function *const *shapes_of(const char *library)
{
	void *h = dlopen(library, RTLD_NOW);
	function *const *shapes = h ? dlsym(h, "deep_shapes") : NULL;

	if (!shapes) {
		fprintf(stderr, "deep: %s\n", dlerror());
		exit(1);
	}
	return shapes;
}

int main(int argc, char **argv)
{
	int depth = argc > 2 ? atoi(argv[1]) : 0, libraries = argc - 3;
	struct deep d = { .n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0, .at = { bottom } };
	cpu_set_t cpus;

	if (depth < 1 || depth >= DEPTH_MOST)
		return 1;
	for (int i = 1; i <= depth; i++)
		d.at[i] = (libraries ? shapes_of(argv[3 + i % libraries]) : deep_shapes)[i * 7 % SHAPES];
	CPU_ZERO(&cpus);
	CPU_SET((int)sysconf(_SC_NPROCESSORS_ONLN) - 1, &cpus); // away from the reader, which the kernel places
	sched_setaffinity(0, sizeof cpus, &cpus);
	double start = now(CLOCK_MONOTONIC);
	d.at[depth](&d, depth);
	printf("bench %.6f %.2f %.6f\n", start, d.n ? d.used * 1e9 / (double)d.n : 0.0, now(CLOCK_MONOTONIC));
	return 0;
}
#endif

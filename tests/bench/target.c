// SPDX-License-Identifier: Apache-2.0
// target - what the benchmarks trace. Does one thing N times and prints, as "bench START NS_PER_OPERATION END", when it
// began and ended (seconds of CLOCK_MONOTONIC) and what processor time one operation took.   usage: target WHAT N
//
// The traced functions are written in assembler, so that their first instruction is what the benchmark says it is.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/sdt.h>
#include <time.h>
#include <unistd.h>

void hit_push(uint64_t i);
void hit_endbr(uint64_t i);
void hit_sub(uint64_t i);

#define FUNCTION(name, first)                                                                                   \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name ":\n" first                       \
		"push %rbp\nmov %rsp, %rbp\npop %rbp\nret\n.size " #name ", . - " #name "\n")

FUNCTION(hit_push, "");
FUNCTION(hit_endbr, "endbr64\n");
FUNCTION(hit_sub, "test %rdi, %rdi\n"); // neither emulated nor skipped: single-stepped

static __attribute__((noinline)) void spin(int n)
{
	for (volatile int i = 0; i < n; i++)
		;
}

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static __attribute__((noinline)) void run(const char *what, uint64_t n)
{
	if (!strcmp(what, "push"))
		for (uint64_t i = 0; i < n; i++)
			hit_push(i);
	else if (!strcmp(what, "endbr"))
		for (uint64_t i = 0; i < n; i++)
			hit_endbr(i);
	else if (!strcmp(what, "sub"))
		for (uint64_t i = 0; i < n; i++)
			hit_sub(i);
	else if (!strcmp(what, "usdt"))
		for (uint64_t i = 0; i < n; i++)
			DTRACE_PROBE1(bench, hit, i);
	else if (!strcmp(what, "syscall"))
		for (uint64_t i = 0; i < n; i++)
			getpriority(PRIO_PROCESS, 0);
	else if (!strcmp(what, "open"))
		for (uint64_t i = 0; i < n; i++)
			close(open("/dev/null", O_RDONLY));
	else if (!strcmp(what, "spin"))
		for (uint64_t i = 0; i < n; i++)
			spin(1000);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	cpu_set_t cpus;
	double start, end, used;

	CPU_ZERO(&cpus);
	CPU_SET((int)sysconf(_SC_NPROCESSORS_ONLN) - 1, &cpus); // away from the reader, which the kernel places
	sched_setaffinity(0, sizeof cpus, &cpus);
	start = now(CLOCK_MONOTONIC);
	used = now(CLOCK_PROCESS_CPUTIME_ID);
	run(argc > 1 ? argv[1] : "", n);
	used = now(CLOCK_PROCESS_CPUTIME_ID) - used;
	end = now(CLOCK_MONOTONIC);
	printf("bench %.6f %.2f %.6f\n", start, n ? used * 1e9 / (double)n : 0.0, end);
	return 0;
}

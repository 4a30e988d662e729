// SPDX-License-Identifier: Apache-2.0
// What fuzzers of binaries start from: compiled in many ways, it has types of every kind, inlined calls and line tables.
struct pair {
	int first : 5;
	unsigned second : 11;
	union {
		long whole;
		char parts[8];
	};
	struct pair *next;
	enum colour { RED, GREEN = 7 } colour;
};
typedef const volatile struct pair *pairs[3];

int outside(int x);
extern int elsewhere;

static inline __attribute__((always_inline)) int twice(int x)
{
	return x * 2 + elsewhere;
}

static inline __attribute__((always_inline)) int thrice(struct pair *p, int x)
{
	int sum = twice(x);

	for (int i = 0; i < p->first; i++)
		sum += twice(sum) + p->parts[i & 7];
	return sum;
}

int elsewhere = 3;

__attribute__((noinline)) int walk(pairs list, int n)
{
	int sum = 0;

	for (int i = 0; i < n && i < 3; i++)
		sum += thrice((struct pair *)list[i], i);
	return sum;
}

#ifdef __bpf__
int seed_main(void *context)
#else
int seed_main(void)
#endif
{
	static struct pair p = { .first = 3, .colour = GREEN };
	pairs list = { &p, &p, &p };

	return walk(list, elsewhere);
}

#ifndef __bpf__
int main(void)
{
	return seed_main();
}
#endif

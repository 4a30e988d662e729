// SPDX-License-Identifier: Apache-2.0
// Functions with arguments of many types, for what debugging information says of them. Built with -g.
#include <stdbool.h>
#include <stdint.h>

enum size { SMALL = 1, LARGE = 7 };

struct point {
	int16_t x, y;
};

struct order {
	int id;
	unsigned paid : 1, items : 5;
	int deep : 10;
	char customer[16];
	struct point at[3];
	union {
		uint64_t price;
		uint8_t raw[8];
	};
	struct order *next;
	const char *note;
	enum size size;
};

struct pair {
	uint64_t a, b;
};

struct big {
	uint64_t v[4];
};

#define FUNCTION __attribute__((noinline, noclone)) static void

FUNCTION place(const struct order *o, int8_t delta, bool quick, enum size size)
{
	__asm__ volatile("" : : "r"(o), "r"((int)delta), "r"((int)quick), "r"(size) : "memory");
}

FUNCTION many(int a, double ignored, struct pair p, float too, struct big b, unsigned char c, long d, short e, int f, long g)
{
	__asm__ volatile("" : : "r"(a), "r"(p.a), "r"(b.v[0]), "r"((int)c), "r"(d), "r"((int)e), "r"(f), "r"(g), "x"(ignored), "x"(too));
}

__attribute__((noinline, noclone)) static struct big make(int seed)
{
	return (struct big){ { (uint64_t)seed, 2, 3, 4 } };
}

__attribute__((noinline, noclone)) static struct order *find(struct order *from, int id)
{
	while (from && from->id != id)
		from = from->next;
	__asm__ volatile("" : "+r"(from));
	return from;
}

__attribute__((noinline, noclone)) static int *count_of(int *counts)
{
	__asm__ volatile("" : "+r"(counts));
	return counts;
}

int main(void)
{
	struct order second = { .id = 2, .customer = "brown", .price = 99, .note = "the second" };
	struct order first = { .id = 1, .paid = 1, .items = 21, .deep = -5, .customer = "green", .at = { { 1, 2 }, { -3, 4 }, { 5, 6 } },
			       .price = 1234567890123, .next = &second, .note = "the first", .size = LARGE };

	place(&first, -7, true, SMALL);
	many(-1, 1.5, (struct pair){ 11, 12 }, 2.5f, (struct big){ { 1, 2, 3, 4 } }, 200, -13, -14, 15, -16);
	int counts[] = { -5, 6 };

	return (int)make(3).v[0] - 3 + (find(&first, 2) != &second) + (*count_of(counts) != -5);
}

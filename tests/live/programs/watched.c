// SPDX-License-Identifier: Apache-2.0
// A program that writes to a known address: watched COUNT.
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PLACE ((void *)0x20000000)

int main(int argc, char **argv)
{
	volatile uint64_t *p = mmap(PLACE, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	int n = argc > 1 ? atoi(argv[1]) : 1;

	if (p == MAP_FAILED)
		return 1;
	for (int i = 0; i < n; i++)
		p[1] = (uint64_t)i;
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
// remapped LIBRARY LIBRARY: calls called_back() N times, through code that lies at one address: by turns the first library's and the
// second's function through(), whose instructions are as long and whose frames are not. Built with -DWORDS=n it is such a library.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void called_back(long n);
long through(void (*f)(long), long n);

#ifdef WORDS
long through(void (*f)(long), long n)
{
	volatile long some[WORDS];

	some[n & 7] = n;
	f(n);
	return some[n & 7];
}
#else
#define AT ((char *)0x200000000000)

struct code {
	int fd;
	unsigned long start, end, offset; // the mapping that it lies in
	unsigned long at;                 // through()
};

__attribute__((noipa)) void called_back(long n)
{
	__asm__ volatile("" : : "r"(n));
}

static struct code code_of(const char *library)
{
	void *h = dlopen(library, RTLD_NOW);
	struct code c = { .fd = open(library, O_RDONLY | O_CLOEXEC), .at = (unsigned long)dlsym(h, "through") };
	FILE *f = fopen("/proc/self/maps", "re");
	char line[4096];

	while (fgets(line, sizeof line, f))
		if (sscanf(line, "%lx-%lx %*s %lx", &c.start, &c.end, &c.offset) == 3 && c.at >= c.start && c.at < c.end)
			break;
	fclose(f);
	return c;
}

int main(int argc, char **argv)
{
	struct code code[2] = { code_of(argv[1]), code_of(argv[2]) };
	int n = argc > 3 ? atoi(argv[3]) : 8;

	if (code[0].at - code[0].start != code[1].at - code[1].start)
		return 1; // not at one address
	for (int i = 0; i < n; i++) {
		const struct code *c = &code[i & 1];

		if (mmap(AT, c->end - c->start, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, c->fd, (off_t)c->offset) != AT)
			return 1;
		((long (*)(void (*)(long), long))(AT + (c->at - c->start)))(called_back, i);
	}
	return 0;
}
#endif

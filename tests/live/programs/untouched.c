// SPDX-License-Identifier: Apache-2.0
// untouched FILE... - opens the file whose name each FILE holds, by memory that was never read before: open(2) is the first to touch it.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int holds = open(argv[i], O_RDONLY);
		const char *name = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, holds, 0);

		if (holds < 0 || name == MAP_FAILED)
			return 1;
		close(open(name, O_RDONLY));
		close(holds);
	}
	return 0;
}

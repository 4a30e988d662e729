// SPDX-License-Identifier: Apache-2.0
// meter - runs a command and writes its peak memory (kB) to a file.   usage: meter FILE COMMAND...
//
// Linux keeps a process's peak across exec, so what a large program starts directly looks at least as large as itself.
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	FILE *f;
	pid_t child;

	if (argc < 3)
		return 64;
	child = vfork();
	if (!child) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return 1;
	f = fopen(argv[1], "w");
	if (f) {
		fprintf(f, "%ld\n", usage.ru_maxrss);
		fclose(f);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

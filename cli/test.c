// SPDX-License-Identifier: Apache-2.0
#include "cli/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "cli/options.h"

// spile --test with the options that were given, in front of one script. The exit status, or 2.
static int test_one(const struct options *o, char **argv, const char *script)
{
	char **args = xcalloc((size_t)o->noptions + 3, sizeof *args);
	int n = 0, status = 0;
	pid_t pid;

	args[n++] = argv[0];
	args[n++] = (char *)"--test";
	for (int i = 2; i < o->noptions; i++)
		args[n++] = argv[i];
	if (script)
		args[n] = (char *)script;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execv("/proc/self/exe", args);
		_exit(127);
	}
	free(args);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || !WIFEXITED(status))
		fprintf(stderr, "ERROR: '%s' did not come to its end\n", script ? script : "-e");
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

int cmd_test(const struct options *o, char **argv)
{
	int worst = 0;

	if (o->program)
		return test_one(o, argv, NULL);
	for (size_t i = 0; i < o->nparams; i++) {
		int status;

		if (o->nparams > 1 && !o->quiet)
			printf("%s:\n", o->params[i]);
		status = test_one(o, argv, o->params[i]);
		worst = MAX(worst, status);
	}
	return worst;
}

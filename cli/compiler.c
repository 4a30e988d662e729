// SPDX-License-Identifier: Apache-2.0
#include "cli/compiler.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "cli/key.h"
#include "cli/script.h"

extern char **environ;

static int memfd_of(const struct str *bytes)
{
	_close_ int fd = memfd_create("script", 0);

	if (fd < 0)
		return -errno;
	int err = write_all(fd, bytes->p, bytes->n);
	return err ? err : TAKE_FD(fd);
}

static int spawn(const char *path, char **argv, int script, int object, enum plan_layout layout, pid_t *pid)
{
	char fds[64];
	size_t n = 0;
	_free_ char **args = NULL;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int r;

	while (argv[n])
		n++;
	args = xcalloc(n + 2, sizeof *args);
	snprintf(fds, sizeof fds, "%d:%d:%d", script, object, (int)layout);
	args[0] = (char *)"spile-compiler";
	args[1] = fds;
	memcpy(args + 2, argv + 1, n * sizeof *args); // with its NULL
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn(pid, path, NULL, &attr, args, environ);
	posix_spawnattr_destroy(&attr);
	return -r;
}

int compiler_run(char **argv, const struct script *s, enum plan_layout layout, struct str *object)
{
	_str_ struct str path = { 0 };
	_close_ int script = -1, result = -1;
	int status, r;
	pid_t pid;

	if (!key_compiler_path(&path))
		return -ENOENT;
	script = memfd_of(&s->text);
	result = memfd_create("object", 0);
	if (script < 0 || result < 0)
		return script < 0 ? script : -errno;
	r = spawn(path.p, argv, script, result, layout, &pid);
	if (r)
		return r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	if (WEXITSTATUS(status) == 0 && (r = lseek(result, 0, SEEK_SET) < 0 ? -errno : str_read(object, result, SIZE_MAX)))
		return r;
	return WEXITSTATUS(status);
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"

static _Noreturn void child(const char *command, int out, pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execlp("sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void collect(int fd, pid_t pid, const volatile sig_atomic_t *stop, struct str *out)
{
	char buf[4096];
	bool told = false;

	for (;;) {
		if (stop && *stop && !told) {
			kill(pid, SIGTERM);
			told = true;
		}
		// a signal may arrive just before poll: look again soon
		int ready = poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 50);
		if (ready < 0 && errno != EINTR)
			return;
		if (ready <= 0)
			continue;
		ssize_t n = read(fd, buf, sizeof buf);
		if (n == 0 || (n < 0 && errno != EINTR))
			return;
		if (n > 0)
			str_add(out, buf, (size_t)n);
	}
}

int shell_run(const char *command, const volatile sig_atomic_t *stop, struct str *out)
{
	int fd[2], status = 0;
	pid_t parent = getpid();

	if (pipe2(fd, O_CLOEXEC) != 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0)
		child(command, fd[1], parent);
	int err = pid < 0 ? -errno : 0;
	close(fd[1]);
	if (!err)
		collect(fd[0], pid, stop, out);
	close(fd[0]);
	if (err)
		return err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/util.h"

struct child {
	pid_t pid;
	int pidfd;
	int go;    // written to let it run
	int report; // read: errno of a failed execve
	int wake;  // signalfd of SIGCHLD
	bool ended, released, traced;
	void (*at_exit)(void *arg);
	void *at_exit_arg;
	char *words; // the command, cut at spaces
	VEC(char *) argv;
	char *path;
};

static void split(struct child *c, const char *command)
{
	char *rest = NULL;

	c->words = xstrdup(command);
	for (char *w = strtok_r(c->words, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		vec_push(NULL, &c->argv, w);
	vec_push(NULL, &c->argv, NULL);
}

static int try_path(const char *path)
{
	struct stat s;

	if (stat(path, &s) != 0)
		return -errno;
	if (!S_ISREG(s.st_mode))
		return -EACCES;
	return access(path, X_OK) == 0 ? 0 : -errno;
}

// As execvp looks, but before the fork, so that a wrong name is told before anything is attached.
static int find_program(struct child *c)
{
	const char *name = c->argv.v[0], *dirs = getenv("PATH");
	int err = -ENOENT;

	if (strchr(name, '/')) {
		c->path = xstrdup(name);
		return try_path(name);
	}
	for (const char *d = dirs ? dirs : "/usr/bin:/bin"; *d;) {
		size_t n = strcspn(d, ":");
		char *path = xasprintf("%.*s/%s", (int)(n ? n : 1), n ? d : ".", name);
		int e = try_path(path);

		if (e == 0) {
			c->path = path;
			return 0;
		}
		free(path);
		if (e == -EACCES)
			err = e;
		d += n + (d[n] == ':');
	}
	return err;
}

static _Noreturn void run(struct child *c, int go, int report, pid_t parent)
{
	char byte;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (read(go, &byte, 1) != 1)
		_exit(0); // we were given up
	execv(c->path, c->argv.v);
	int err = errno;
	ssize_t n = write(report, &err, sizeof err);
	_exit(n == sizeof err ? 127 : 126);
}

static int fork_child(struct child *c)
{
	int go[2], report[2];
	pid_t parent = getpid();

	if (pipe2(go, O_CLOEXEC) != 0)
		return -errno;
	if (pipe2(report, O_CLOEXEC) != 0) {
		int err = -errno;

		close(go[0]);
		close(go[1]);
		return err;
	}
	c->pid = fork();
	int err = c->pid < 0 ? -errno : 0;
	if (c->pid == 0) {
		close(go[1]);
		close(report[0]);
		run(c, go[0], report[1], parent);
	}
	close(go[0]);
	close(report[1]);
	c->go = go[1];
	c->report = report[0];
	return err;
}

int child_start(const char *command, struct child **ret, const char **what)
{
	struct child *c = xcalloc(1, sizeof *c);
	int err = -ENOENT;

	c->pidfd = c->go = c->report = c->wake = -1;
	split(c, command);
	*what = command;
	if (c->argv.v[0])
		err = find_program(c);
	if (!err)
		err = fork_child(c);
	if (err) {
		c->pid = 0;
		child_free(c);
		return err;
	}
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	*ret = c;
	return 0;
}

void child_at_exit(struct child *c, void (*fn)(void *arg), void *arg)
{
	sigset_t mask;

	if (ptrace(PTRACE_SEIZE, c->pid, NULL, (void *)PTRACE_O_TRACEEXIT) != 0)
		return;
	c->traced = true;
	c->at_exit = fn;
	c->at_exit_arg = arg;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	c->wake = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

int child_wake_fd(const struct child *c)
{
	return c->wake;
}

int child_release(struct child *c)
{
	int err = 0;

	c->released = true;
	if (write(c->go, "g", 1) != 1)
		return -errno;
	// execve closes the other end; a failed one says why first
	ssize_t n = read(c->report, &err, sizeof err);
	return n == sizeof err ? -err : 0;
}

const char *child_path(const struct child *c)
{
	return c->path;
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

int child_pidfd(const struct child *c)
{
	return c->pidfd;
}

// A traced child stopped: at its exit, in a group stop, or with a signal that is passed on.
static void on_stop(struct child *c, int status)
{
	int event = status >> 16;

	if (event == PTRACE_EVENT_EXIT) {
		if (c->at_exit)
			c->at_exit(c->at_exit_arg);
		ptrace(PTRACE_DETACH, c->pid, NULL, NULL);
		c->traced = false;
	} else if (event == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP) {
		ptrace(PTRACE_LISTEN, c->pid, NULL, NULL);
	} else {
		ptrace(PTRACE_CONT, c->pid, NULL, (void *)(long)(event ? 0 : WSTOPSIG(status)));
	}
}

// True when it ended. With WNOHANG in `flags`: false when it runs on.
static bool collect(struct child *c, int flags)
{
	int status;

	for (;;) {
		pid_t pid = waitpid(c->pid, &status, flags);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid != c->pid)
			return pid < 0; // collected by someone else: gone all the same
		if (!WIFSTOPPED(status))
			return true;
		on_stop(c, status);
	}
}

bool child_ended(struct child *c)
{
	struct signalfd_siginfo info;

	while (c->wake >= 0 && read(c->wake, &info, sizeof info) > 0)
		;
	if (!c->ended)
		c->ended = collect(c, WNOHANG);
	return c->ended;
}

void child_free(struct child *c)
{
	if (!c)
		return;
	c->at_exit = NULL; // its owner is going, too
	if (c->pid > 0 && !child_ended(c)) {
		if (c->released)
			kill(c->pid, SIGTERM);
		else
			close(TAKE_FD(c->go)); // it waits for a byte that will not come
		collect(c, 0);
	}
	if (c->wake >= 0) {
		sigset_t mask;

		close(c->wake);
		sigemptyset(&mask);
		sigaddset(&mask, SIGCHLD);
		sigprocmask(SIG_UNBLOCK, &mask, NULL);
	}
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->go >= 0)
		close(c->go);
	if (c->report >= 0)
		close(c->report);
	vec_free(&c->argv);
	free(c->words);
	free(c->path);
	free(c);
}

// SPDX-License-Identifier: Apache-2.0
//
// Closing a perf uprobe or tracepoint waits for an RCU grace period, 0.1 s each, a uprobe_multi link 15-50 ms, one after the
// other. So the slow ones
// go to a child that has nothing else to do: its copies are the last once we closed ours.
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "runtime/run.h"

void link_set_add(struct link_set *s, int fd, bool slow, unsigned sites)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->fd = xrealloc(s->fd, s->cap * sizeof *s->fd);
		s->slow = xrealloc(s->slow, s->cap * sizeof *s->slow);
	}
	s->fd[s->n] = fd;
	s->slow[s->n++] = slow;
	s->sites += sites;
	s->slow_sites += slow && sites == 1;
}

static int ascending(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

// Everything but the given descriptors is closed, the standard ones too: a pipe we write to must see its end when we exit.
static _Noreturn void reap(int *fd, size_t n)
{
	unsigned from = 0;

	setsid();
	qsort(fd, n, sizeof *fd, ascending);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned)fd[i] > from)
			close_range(from, (unsigned)fd[i] - 1, 0);
		from = (unsigned)fd[i] + 1;
	}
	close_range(from, ~0u, 0);
	for (size_t i = 0; i < n; i++)
		close(fd[i]);
	_exit(0);
}

// The reaper is a grandchild: init collects it, and a later wait() of ours does not meet it.
static bool hand_over(int *fd, size_t n)
{
	pid_t child = fork();

	if (child < 0)
		return false;
	if (child == 0) {
		pid_t reaper = fork();

		if (reaper == 0)
			reap(fd, n);
		_exit(reaper < 0);
	}
	int status = 1;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0;
}

void link_set_drop(struct link_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		close(s->fd[i]);
	free(s->fd);
	free(s->slow);
	*s = (struct link_set){ 0 };
}

void link_set_close(struct link_set *s)
{
	_free_ int *slow = xcalloc(s->n, sizeof *slow);
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->slow[i])
			slow[n++] = s->fd[i];
	if (n)
		hand_over(slow, n); // where there is no room for a process, closing here is slower and right
	link_set_drop(s);
}

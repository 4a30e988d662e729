// SPDX-License-Identifier: Apache-2.0
// What processes do to their address spaces, as the kernel tells it.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "runtime/processes.h"
#include "runtime/symbols/proc_maps.h"

struct seen {
	uint32_t pid, child; // of whom
	size_t found, mapped, executed, exited;
	uint64_t forked_from, lost;
};

static void on_found(void *arg, uint32_t pid, const struct proc_mapping *m)
{
	struct seen *s = arg;

	assert_true(m->executable && m->end > m->start);
	s->found += pid == s->pid && m->path[0] == '/';
}

static void on_mapped(void *arg, uint32_t pid, const struct proc_mapping *m)
{
	struct seen *s = arg;

	s->mapped += pid == s->pid;
}

static void on_executed(void *arg, uint32_t pid)
{
	struct seen *s = arg;

	s->executed += pid == s->child;
}

static void on_forked(void *arg, uint32_t pid, uint32_t parent)
{
	struct seen *s = arg;

	if (pid == s->child)
		s->forked_from = parent;
}

static void on_exited(void *arg, uint32_t pid)
{
	struct seen *s = arg;

	s->exited += pid == s->child;
}

static void on_lost(void *arg, uint64_t records)
{
	((struct seen *)arg)->lost += records;
}

static const struct process_listener listener = { on_found, on_mapped, on_executed, on_forked, on_exited, on_lost };

static void what_was_mapped_before_is_found(void **state)
{
	struct seen s = { .pid = (uint32_t)getpid() };
	struct processes *p;

	if (processes_open(s.pid, &p) < 0)
		skip();
	for (int i = 0; i < 1000 && s.found < 2; i++) { // the program, and its libraries
		usleep(10000);
		processes_poll(p, &listener, &s);
	}
	assert_true(s.found >= 2);
	processes_close(p);
}

enum { BATCHES = 20, EACH = 500 };

// A process that maps EACH times when it is told to, on one processor: all of it is in one ring.
static pid_t start_mapper(int *told)
{
	cpu_set_t one;
	int both[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), 0);
	pid_t pid = fork();
	if (pid) {
		close(both[1]);
		*told = both[0];
		return pid;
	}
	close(both[0]);
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof one, &one);
	while (read(both[1], &byte, 1) == 1) {
		for (int i = 0; i < EACH; i++)
			munmap(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), 4096);
		if (write(both[1], &byte, 1) != 1)
			break;
	}
	_exit(0);
}

// More than the kernel's rings hold, while nobody polls.
static void nothing_is_lost_while_nobody_polls(void **state)
{
	const size_t unread = 700; // a ring has room for 2,000 of these, and wakes nobody before a quarter of it is taken
	struct processes *p;
	int told;
	struct seen s = { .pid = (uint32_t)start_mapper(&told) };

	bool allowed = processes_open(s.pid, &p) == 0;
	for (size_t b = 1; allowed && b <= BATCHES; b++) {
		assert_int_equal(write(told, "x", 1), 1);
		assert_int_equal(read(told, &(char){ 0 }, 1), 1);
		for (int i = 0; i < 3000 && processes_waiting(p) + unread < b * EACH; i++)
			usleep(10000);
		assert_true(processes_waiting(p) + unread >= b * EACH);
	}
	close(told);
	assert_int_equal(waitpid((pid_t)s.pid, NULL, 0), s.pid);
	if (!allowed)
		skip();
	processes_poll(p, &listener, &s);
	assert_int_equal(s.lost, 0);
	assert_int_equal(s.mapped, BATCHES * EACH);
	processes_close(p);
}

static void a_process_is_followed_to_its_end(void **state)
{
	struct seen s = { .pid = (uint32_t)getpid() };
	struct processes *p;

	if (processes_open(s.pid, &p) < 0)
		skip();
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	s.child = (uint32_t)pid;
	processes_poll(p, &listener, &s);
	assert_int_equal(s.forked_from, getpid());
	assert_int_equal(s.executed, 1);
	assert_int_equal(s.exited, 1);
	assert_int_equal(s.lost, 0);
	processes_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_mapped_before_is_found), cmocka_unit_test(nothing_is_lost_while_nobody_polls),
		cmocka_unit_test(a_process_is_followed_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

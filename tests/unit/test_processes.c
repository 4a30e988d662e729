// SPDX-License-Identifier: Apache-2.0
// The processes a run starts: the -c child, system()'s shell, the reaper of slow descriptors.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/child.h"
#include "runtime/run.h"
#include "runtime/shell.h"

static void missing_program(void **state)
{
	struct child *c = NULL;
	const char *what;

	assert_int_equal(child_start("no-such-program-anywhere 1 2", &c, &what), -ENOENT);
	assert_int_equal(child_start("/", &c, &what), -EACCES);
	assert_int_equal(child_start("  ", &c, &what), -ENOENT);
	assert_null(c);
	child_free(NULL);
}

static char *scratch_file(void)
{
	char *path = xstrdup("/tmp/spile-test-XXXXXX");

	close(mkstemp(path));
	unlink(path);
	return path;
}

static void waits_for_release(void **state)
{
	_free_ char *path = scratch_file(), *command = xasprintf("touch %s", path);
	struct child *c;
	const char *what;

	assert_int_equal(child_start(command, &c, &what), 0);
	assert_true(child_pid(c) > 0);
	assert_false(child_ended(c));
	child_free(c); // given up: it must not run
	assert_int_equal(access(path, F_OK), -1);

	assert_int_equal(child_start(command, &c, &what), 0);
	assert_int_equal(child_release(c), 0);
	assert_int_equal(poll(&(struct pollfd){ .fd = child_pidfd(c), .events = POLLIN }, 1, 600000), 1);
	assert_true(child_ended(c));
	assert_int_equal(access(path, F_OK), 0);
	child_free(c);
	unlink(path);
}

static void ends_with_us(void **state)
{
	struct child *c;
	const char *what;

	assert_int_equal(child_start("sleep 1000", &c, &what), 0);
	assert_int_equal(child_release(c), 0);
	pid_t pid = child_pid(c);
	child_free(c);
	assert_int_equal(kill(pid, 0), -1);
}

static void count(void *arg)
{
	++*(int *)arg;
}

static char *script(const char *text)
{
	char *path = scratch_file();
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

// Traced to its end, a child lives as it would without: signals reach it, a stop stops it, a kill kills it.
static void told_before_exit(void **state)
{
	static const char *const texts[] = { "#!/bin/sh\ntrap 'exit 7' USR1\nkill -USR1 $$\nsleep 1000\n",
					     "#!/bin/sh\n(sleep 0.1; kill -CONT $$) &\nkill -STOP $$\n", "#!/bin/sh\nexit 0\n" };
	const char *what;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_free_ char *path = script(texts[i]);
		struct child *c;
		int told = 0;

		assert_int_equal(child_start(path, &c, &what), 0);
		child_at_exit(c, count, &told);
		assert_int_equal(child_release(c), 0);
		while (!child_ended(c))
			assert_int_equal(poll(&(struct pollfd){ .fd = child_wake_fd(c), .events = POLLIN }, 1, 600000), 1);
		assert_int_equal(told, 1);
		child_free(c);
		unlink(path);
	}
}

static void no_format_of_programs(void **state)
{
	_free_ char *path = scratch_file();
	int fd = open(path, O_WRONLY | O_CREAT, 0755);
	struct child *c;
	const char *what;

	assert_int_equal(write(fd, "\x7f" "ELF?", 5), 5);
	close(fd);
	assert_int_equal(child_start(path, &c, &what), 0);
	assert_int_equal(child_release(c), -ENOEXEC);
	child_free(c);
	unlink(path);
}

static void shells(void **state)
{
	_str_ struct str out = { 0 };
	volatile sig_atomic_t stop = 1;

	assert_int_equal(shell_run("echo out; echo err >&2", NULL, &out), 0);
	assert_string_equal(out.p, "out\nerr\n");
	assert_int_equal(shell_run("exit 3", NULL, &out), 3);
	assert_int_equal(shell_run("exec sleep 1000", &stop, &out), 128 + SIGTERM); // a stop reaches the command
}

static void slow_descriptors(void **state)
{
	struct link_set s = { 0 };
	int fast[2], slow[2], other[2];
	char byte;

	assert_int_equal(pipe(fast) | pipe(slow) | pipe(other), 0);
	link_set_add(&s, fast[1], false, 3);
	link_set_add(&s, slow[1], true, 2);
	assert_int_equal(s.sites, 5);
	link_set_close(&s);
	assert_int_equal(s.n, 0);
	assert_int_equal(read(fast[0], &byte, 1), 0);
	assert_int_equal(read(slow[0], &byte, 1), 0); // the reaper let it go, too
	close(other[1]);
	assert_int_equal(read(other[0], &byte, 1), 0); // and holds nothing else
	close(fast[0]);
	close(slow[0]);
	close(other[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_program), cmocka_unit_test(waits_for_release), cmocka_unit_test(ends_with_us), cmocka_unit_test(told_before_exit),
		cmocka_unit_test(no_format_of_programs), cmocka_unit_test(shells), cmocka_unit_test(slow_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// A filter belongs to the interface, not to a descriptor: who attached it must take it away. A child does, when the pipe it waits on
// is closed at our end; so it is done also when this process is killed.
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "runtime/attach/packet.h"

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

// Waits until every copy of the pipe's other end is closed. Nothing else stays open here, or what it holds would live on.
static _Noreturn void guard(int fd, struct bpf_tc_hook *hook, struct bpf_tc_opts *o)
{
	char byte;

	setsid();
	if (fd > 0)
		close_range(0, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0u, 0);
	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	o->prog_fd = 0;
	o->prog_id = 0;
	o->flags = 0;
	bpf_tc_detach(hook, o);
	_exit(0);
}

// The guard is a grandchild: init collects it, and no wait() of ours meets it.
static int guard_start(int fd, struct bpf_tc_hook *hook, struct bpf_tc_opts *o)
{
	pid_t child = fork();
	int status = 1;

	if (child < 0)
		return -errno;
	if (child == 0) {
		pid_t pid = fork();

		if (pid == 0)
			guard(fd, hook, o);
		_exit(pid < 0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0 ? 0 : -EAGAIN;
}

int tc_filter_attach(int prog_fd, unsigned ifindex, bool egress)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = egress ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, o, .prog_fd = prog_fd);
	libbpf_print_fn_t was = libbpf_set_print(quiet); // "Exclusivity flag on": clsact was there
	int ends[2], err = bpf_tc_hook_create(&hook);

	if (err == 0 || err == -EEXIST)
		err = bpf_tc_attach(&hook, &o);
	libbpf_set_print(was);
	if (err)
		return err;
	if (pipe2(ends, O_CLOEXEC) < 0)
		err = -errno;
	_close_ int theirs = err ? -1 : ends[0], ours = err ? -1 : ends[1];
	if (!err)
		err = guard_start(theirs, &hook, &o);
	if (!err)
		return TAKE_FD(ours);
	o.prog_fd = 0;
	o.prog_id = 0;
	o.flags = 0;
	bpf_tc_detach(&hook, &o);
	return err;
}

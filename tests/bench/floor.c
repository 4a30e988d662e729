// SPDX-License-Identifier: Apache-2.0
// floor - attaches one program of floor.bpf.o the cheapest way, runs a command, and ends.
//   floor OBJECT PROGRAM uprobe|uretprobe BINARY OFFSET COMMAND...
//   floor OBJECT PROGRAM syscall NUMBER - COMMAND...
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define UPROBE_MULTI ((enum bpf_attach_type)48) // newer than Debian 12's headers
#define UPROBE_MULTI_RETURN 1u

struct link_create { // the kernel's, for BPF_LINK_CREATE of a uprobe_multi link
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t count, multi_flags, pid, pad;
};

static int attach_uprobe(int prog, const char *binary, uint64_t offset, int is_return)
{
	struct link_create link = {
		.prog_fd = (uint32_t)prog,
		.attach_type = UPROBE_MULTI,
		.path = (uint64_t)(uintptr_t)binary,
		.offsets = (uint64_t)(uintptr_t)&offset,
		.count = 1,
		.multi_flags = is_return ? UPROBE_MULTI_RETURN : 0,
	};

	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof link);
}

static struct bpf_program *load(const char *path, const char *name, const char *kind, long long number)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *p, *wanted = NULL;
	struct bpf_map *map;
	size_t n;

	if (!object)
		return NULL;
	bpf_object__for_each_program(p, object) {
		bpf_program__set_autoload(p, !strcmp(bpf_program__name(p), name));
		if (!strcmp(bpf_program__name(p), name))
			wanted = p;
	}
	if (wanted && strcmp(kind, "syscall"))
		bpf_program__set_expected_attach_type(wanted, UPROBE_MULTI);
	bpf_object__for_each_map(map, object)
		if (strstr(bpf_map__name(map), ".bss"))
			memcpy((void *)bpf_map__initial_value(map, &n), &number, sizeof number);
	return wanted && !bpf_object__load(object) ? wanted : NULL;
}

int main(int argc, char **argv)
{
	struct bpf_program *prog;
	int link, status;
	pid_t child;

	if (argc < 7)
		return 64;
	prog = load(argv[1], argv[2], argv[3], atoll(argv[4]));
	if (!prog)
		return fprintf(stderr, "floor: cannot load %s\n", argv[2]), 1;
	if (!strcmp(argv[3], "syscall"))
		link = bpf_raw_tracepoint_open("sys_enter", bpf_program__fd(prog));
	else
		link = attach_uprobe(bpf_program__fd(prog), argv[4], strtoull(argv[5], NULL, 0), !strcmp(argv[3], "uretprobe"));
	if (link < 0)
		return fprintf(stderr, "floor: cannot attach %s: %s\n", argv[2], strerror(errno)), 1;
	child = fork();
	if (!child) {
		execv(argv[6], argv + 6);
		_exit(127);
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

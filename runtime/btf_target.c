// SPDX-License-Identifier: Apache-2.0
#include "runtime/btf_target.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "runtime/btf.h"

#define BTF_FOLDER "/sys/kernel/btf/"

static uint32_t find(const struct btf_file *b, enum prog_kind kind, const char *name)
{
	_free_ char *iter = kind == PROG_ITER ? xasprintf("bpf_iter_%s", name) : NULL;
	uint32_t id = kind == PROG_TP_BTF ? btf_file_raw_tracepoint(b, name) : btf_file_find(b, BTF_KIND_FUNC, iter ? iter : name);

	return id >= btf_file_first(b) ? id : 0;
}

// The kernel names BTF objects by module, but hands them out only by number.
static int module_fd(const char *module)
{
	uint32_t id = 0;

	while (bpf_btf_get_next_id(id, &id) == 0) {
		char name[64] = "";
		struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof name };
		uint32_t len = sizeof info;
		_close_ int fd = bpf_btf_get_fd_by_id(id);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && info.kernel_btf && strcmp(name, module) == 0)
			return TAKE_FD(fd);
	}
	return -ENOENT;
}

static int find_in_module(struct btf_file *kernel, enum prog_kind kind, const char *module, const char *name, struct btf_target *ret)
{
	_free_ char *path = strchr(module, '/') ? NULL : xasprintf(BTF_FOLDER "%s", module); // a plan may be a stranger's
	struct btf_file *b = NULL;
	int err = path ? btf_file_open(path, kernel, &b) : -ENOENT;

	if (err)
		return err;
	ret->id = find(b, kind, name);
	btf_file_close(b);
	if (!ret->id)
		return -ENOENT;
	ret->object_fd = module_fd(module);
	return ret->object_fd < 0 ? ret->object_fd : 0;
}

int btf_target_find(enum prog_kind kind, const char *name, struct btf_target *ret)
{
	const char *colon = strchr(name, ':');
	_free_ char *module = colon ? xstrndup(name, (size_t)(colon - name)) : NULL;
	struct btf_target found = { .object_fd = -1 };
	struct btf_file *kernel = NULL;
	int err = btf_file_open(BTF_KERNEL_PATH, NULL, &kernel);

	if (err)
		return err;
	if (module && strcmp(module, "vmlinux") != 0) {
		err = find_in_module(kernel, kind, module, colon + 1, &found);
	} else {
		found.id = find(kernel, kind, colon ? colon + 1 : name);
		err = found.id ? 0 : -ENOENT;
	}
	btf_file_close(kernel);
	if (err == 0)
		*ret = found;
	return err;
}

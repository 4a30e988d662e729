// SPDX-License-Identifier: Apache-2.0
#include "runtime/features.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <mntent.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "runtime/btf.h"

// bpf/bpf_helpers.h's macros are for kernel side code; these are the few instructions the trials need.
#define INSN(c, d, s, o, i) ((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define RETURN_0 INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0), INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define CALL(id) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, id)

#define TRACE_KPROBE_MULTI 42
#define TCX_INGRESS 46
#define TRACE_KPROBE_SESSION 56
#define TRACE_UPROBE_MULTI 48 // enum bpf_attach_type of kernels newer than the headers we may be built with

static const struct bpf_insn return_0[] = { RETURN_0 };

static bool try_btf(void)
{
	return access(BTF_KERNEL_PATH, R_OK) == 0;
}

static bool try_ringbuf(void)
{
	_close_ int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, NULL, 0, 0, (uint32_t)getpagesize(), NULL);

	return fd >= 0;
}

// The link is asked for on "/", which is no file: a kernel that knows uprobe_multi says EBADF, another EINVAL.
static bool try_uprobe_multi(void)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = TRACE_UPROBE_MULTI);
	_close_ int prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", return_0, ARRAY_SIZE(return_0), &opts);
	const uint64_t offset = 0;
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags;
		uint64_t path, offsets, ref_ctr_offsets, cookies;
		uint32_t cnt, multi_flags, pid, pad;
	} attr = { .prog_fd = (uint32_t)prog, .attach_type = TRACE_UPROBE_MULTI, .path = (uintptr_t)"/",
		   .offsets = (uintptr_t)&offset, .cnt = 1 };

	if (prog < 0)
		return false;
	_close_ int link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr);
	return link >= 0 || errno == EBADF;
}

// No function is called "?": where there are such links it is not found, elsewhere the link is no valid or no supported one.
static bool try_kprobe_link(uint32_t type)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = (enum bpf_attach_type)type);
	_close_ int prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", return_0, ARRAY_SIZE(return_0), &opts);
	const char *name = "?";
	struct {
		uint32_t prog_fd, target_fd, attach_type, flags, multi_flags, cnt;
		uint64_t syms, addrs, cookies;
	} attr = { .prog_fd = (uint32_t)prog, .attach_type = type, .cnt = 1, .syms = (uintptr_t)&name };

	if (prog < 0)
		return false;
	_close_ int link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr);
	return link >= 0 || errno == ESRCH || errno == ENOENT;
}

// No interface has the number 0x7fffffff: where there are such links it is not found.
static bool try_tcx(void)
{
	_close_ int prog = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, NULL, "GPL", return_0, ARRAY_SIZE(return_0), NULL);
	struct {
		uint32_t prog_fd, target_ifindex, attach_type, flags, relative, pad;
		uint64_t expected_revision;
	} attr = { .prog_fd = (uint32_t)prog, .target_ifindex = INT32_MAX, .attach_type = TCX_INGRESS };

	if (prog < 0)
		return false;
	_close_ int link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr);
	return link >= 0 || errno == ENODEV;
}

static bool try_cookie(void)
{
	static const struct bpf_insn insns[] = { CALL(BPF_FUNC_get_attach_cookie), RETURN_0 };
	_close_ int prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, ARRAY_SIZE(insns), NULL);

	return prog >= 0;
}

// A helper called with no arguments set: the verifier complains of them if it knows the helper, else of the helper.
static bool knows_helper(int id, enum bpf_prog_type type, enum bpf_attach_type attach, uint32_t btf_id)
{
	const struct bpf_insn insns[] = { CALL(id), RETURN_0 };
	char log[1024] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_buf = log, .log_size = sizeof log, .log_level = 1, .expected_attach_type = attach, .attach_btf_id = btf_id);
	_close_ int prog = bpf_prog_load(type, NULL, "GPL", insns, ARRAY_SIZE(insns), &opts);

	if (prog >= 0)
		return true;
	return log[0] && !strstr(log, "invalid func ") && !strstr(log, "unknown func ") && !strstr(log, "cannot use helper");
}

static bool try_helper(int id)
{
	return knows_helper(id, BPF_PROG_TYPE_KPROBE, 0, 0);
}

// Some helpers are those of typed programs only: they are asked for in one of a tracepoint that every kernel has.
static bool try_typed_helper(int id)
{
	struct btf_file *b;
	bool ret;

	if (btf_file_open(BTF_KERNEL_PATH, NULL, &b) < 0)
		return false;
	uint32_t typed = btf_file_find(b, BTF_KIND_TYPEDEF, "btf_trace_sched_switch");
	ret = typed && knows_helper(id, BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, typed);
	btf_file_close(b);
	return ret;
}

bool features_helper(int id)
{
	return try_helper(id) || try_typed_helper(id);
}

// Typed programs are of use with a typed current task, which they got a little later.
static bool try_tp_btf(uint32_t id)
{
	static const struct bpf_insn insns[] = { CALL(BPF_FUNC_get_current_task_btf), RETURN_0 };
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_RAW_TP, .attach_btf_id = id);
	_close_ int prog = id ? bpf_prog_load(BPF_PROG_TYPE_TRACING, NULL, "GPL", insns, ARRAY_SIZE(insns), &opts) : -1;

	return prog >= 0;
}

// As for uprobe_multi: a perf link on no event is EBADF where there are such links.
static bool try_perf_link(void)
{
	_close_ int prog = bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, NULL, "GPL", return_0, ARRAY_SIZE(return_0), NULL);

	if (prog < 0)
		return false;
	_close_ int link = bpf_link_create(prog, -1, BPF_PERF_EVENT, NULL);
	return link >= 0 || link == -EBADF;
}

static bool try_may_goto(void)
{
	static const struct bpf_insn insns[] = { INSN(BPF_JMP | 0xe0, 0, 0, 0, 0), RETURN_0 }; // BPF_JCOND, kernel 6.9
	_close_ int prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, ARRAY_SIZE(insns), NULL);

	return prog >= 0;
}

static bool try_atomics(void)
{
	static const struct bpf_insn insns[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, 0), INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 1, -8, 0),
		INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 10, 1, -8, BPF_XCHG), RETURN_0,
	};
	_close_ int prog = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", insns, ARRAY_SIZE(insns), NULL);

	return prog >= 0;
}

// Keys had to fit the BPF stack of 512 bytes.
static bool try_long_keys(void)
{
	_close_ int fd = bpf_map_create(BPF_MAP_TYPE_HASH, NULL, 1024, 8, 1, NULL);

	return fd >= 0;
}

// Elements of arrays had to fit what kmalloc() gives, 4 MiB. More of them are asked for than there can be: the size is looked at first.
static bool try_big_values(void)
{
	_close_ int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, (4u << 20) + 8, INT32_MAX, NULL);

	return fd >= 0 || fd == -ENOMEM;
}

// The kernel takes types, and among them functions that other objects see.
static bool try_global_funcs(void)
{
	static const char names[] = "\0int\0x\0f";
	const struct {
		struct btf_header header;
		uint32_t types[4 + 3 + 2 + 3];
		char names[sizeof names];
	} btf = {
		.header = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof btf.header, .type_len = sizeof btf.types,
			    .str_off = sizeof btf.types, .str_len = sizeof names },
		.types = {
			1, BTF_KIND_INT << 24, 4, BTF_INT_SIGNED << 24 | 32,
			0, BTF_KIND_FUNC_PROTO << 24 | 1, 1,
			5, 1, // its parameter
			7, BTF_KIND_FUNC << 24 | BTF_FUNC_GLOBAL, 2,
		},
		.names = "\0int\0x\0f",
	};
	_close_ int fd = bpf_btf_load(&btf, offsetof(typeof(btf), names) + sizeof names, NULL);

	return fd >= 0;
}

// Wherever it is mounted.
static bool try_cgroup2(void)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	const struct mntent *m;
	bool found = false;

	while (f && !found && (m = getmntent(f)))
		found = strcmp(m->mnt_type, "cgroup2") == 0;
	if (f)
		endmntent(f);
	return found;
}

static bool try(enum feature f, uint32_t raw_tracepoint_id)
{
	switch (f) {
	case FEATURE_BTF: return try_btf();
	case FEATURE_RINGBUF: return try_ringbuf();
	case FEATURE_UPROBE_MULTI: return try_uprobe_multi();
	case FEATURE_ATTACH_COOKIE: return try_cookie();
	case FEATURE_BPF_LOOP: return try_helper(BPF_FUNC_loop);
	case FEATURE_FOR_EACH_MAP: return try_helper(BPF_FUNC_for_each_map_elem);
	case FEATURE_TP_BTF: return try_tp_btf(raw_tracepoint_id);
	case FEATURE_PERF_LINK: return try_perf_link();
	case FEATURE_MAY_GOTO: return try_may_goto();
	case FEATURE_KPROBE_MULTI: return try_kprobe_link(TRACE_KPROBE_MULTI);
	case FEATURE_TASK_REGS: return try_helper(BPF_FUNC_task_pt_regs);
	case FEATURE_ATOMICS: return try_atomics();
	case FEATURE_FUNC_IP: return try_helper(BPF_FUNC_get_func_ip);
	case FEATURE_LONG_KEYS: return try_long_keys();
	case FEATURE_BIG_VALUES: return try_big_values();
	case FEATURE_READ_KERNEL: return try_helper(BPF_FUNC_probe_read_kernel);
	case FEATURE_CGROUP2: return try_cgroup2();
	case FEATURE_GLOBAL_FUNCS: return try_global_funcs();
	case FEATURE_KPROBE_SESSION: return try_kprobe_link(TRACE_KPROBE_SESSION);
	case FEATURE_TCX: return try_tcx();
	case FEATURE_PERCPU_LOOKUP: return try_helper(195); // bpf_map_lookup_percpu_elem
	case FEATURES: break;
	}
	BUG("feature %d", (int)f);
}

bool features_have(struct features *s, enum feature f, uint32_t raw_tracepoint_id)
{
	if (!s->known[f])
		s->known[f] = try(f, raw_tracepoint_id) ? 1 : -1;
	return s->known[f] > 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/kfunc.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/util.h"
#include "runtime/btf_target.h"

#define INSN(c, d, s, i) { .code = (c), .dst_reg = (d), .src_reg = (s), .imm = (i) }
#define ZERO(r) INSN(BPF_ALU64 | BPF_MOV | BPF_K, r, 0, 0)

static const struct {
	enum bpf_prog_type type;
	uint32_t attach;
} kinds[] = {
#define PROG(NAME, word, flags, what, type, attach) { type, attach },
#include "base/prog_kind.def"
#undef PROG
};

bool kfunc_allowed(enum prog_kind kind, uint32_t id)
{
	struct bpf_insn in[] = { ZERO(1), ZERO(2), ZERO(3), ZERO(4), ZERO(5), INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, (int32_t)id), ZERO(0),
				 INSN(BPF_JMP | BPF_EXIT, 0, 0, 0) };
	// all ways to attach a program of type TRACING may call the same; iterators are the ones that every kernel has
	enum prog_kind as = kinds[kind].type == BPF_PROG_TYPE_TRACING ? PROG_ITER : kind;
	struct btf_target target = { .object_fd = -1 };
	char log[16384] = "";
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .log_buf = log, .log_size = sizeof log, .log_level = 1, .expected_attach_type = kinds[as].attach);

	if (as == PROG_ITER || as == PROG_LSM) {
		if (btf_target_find(as, as == PROG_ITER ? "task" : "bpf_lsm_file_open", &target))
			return false;
		opts.attach_btf_id = target.id;
	}
	_close_ int fd = bpf_prog_load(kinds[as].type, NULL, "GPL", in, ARRAY_SIZE(in), &opts);

	return fd >= 0 || (*log && !strstr(log, "is not allowed"));
}

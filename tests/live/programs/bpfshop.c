// SPDX-License-Identifier: Apache-2.0
// bpfshop [NAME] - loads a BPF program (xdp) with types of its own, and runs it a hundred times a second until it is ended:
//
//   struct item { int price, count; };
//   static int shop_price(struct item *item, int n) { return item->price * n; }   // 7 * 5
//   int shop_main(struct xdp_md *ctx) { struct item i = { 7, 3 }; shop_price(&i, 5); return XDP_PASS; }
//
// Whoever loads another one gives it its NAME in the place of shop_main (as long). "-" leaves the types away. Prints its number.
#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STRINGS "\0int\0xdp_md\0data\0ctx\0shop_main\0item\0price\0count\0n\0shop_price"
enum { S_INT = 1, S_XDP = 5, S_DATA = 12, S_CTX = 17, S_MAIN = 21, S_ITEM = 31, S_PRICE = 36, S_COUNT = 42, S_N = 48, S_SHOP_PRICE = 50 };

static const uint32_t types[] = {
	S_INT, BTF_KIND_INT << 24, 4, BTF_INT_SIGNED << 24 | 32, // 1
	S_XDP, BTF_KIND_STRUCT << 24 | 1, 24, S_DATA, 1, 0,                             // 2
	0, BTF_KIND_PTR << 24, 2,                                                       // 3
	0, BTF_KIND_FUNC_PROTO << 24 | 1, 1, S_CTX, 3,                                  // 4
	S_MAIN, BTF_KIND_FUNC << 24 | BTF_FUNC_GLOBAL, 4,                               // 5
	S_ITEM, BTF_KIND_STRUCT << 24 | 2, 8, S_PRICE, 1, 0, S_COUNT, 1, 32,            // 6
	0, BTF_KIND_PTR << 24, 6,                                                       // 7
	0, BTF_KIND_FUNC_PROTO << 24 | 2, 1, S_ITEM, 7, S_N, 1,                         // 8
	S_SHOP_PRICE, BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC, 8,                         // 9
};

static const struct bpf_insn code[] = {
	{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -8, .imm = 7 },
	{ .code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -4, .imm = 3 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 10 },
	{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 1, .imm = -8 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 5 },
	{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = 2 },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = XDP_PASS },
	{ .code = BPF_JMP | BPF_EXIT },
	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 0, .src_reg = 1 },
	{ .code = BPF_ALU64 | BPF_MUL | BPF_X, .dst_reg = 0, .src_reg = 2 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int bpf(int what, union bpf_attr *a) { return (int)syscall(SYS_bpf, what, a, sizeof *a); }

static int load_types(const char *name)
{
	struct btf_header h = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof h, .type_len = sizeof types, .str_off = sizeof types,
				.str_len = sizeof STRINGS };
	char bytes[sizeof h + sizeof types + sizeof STRINGS], *strings = bytes + sizeof h + sizeof types;

	memcpy(bytes, &h, sizeof h);
	memcpy(bytes + sizeof h, types, sizeof types);
	memcpy(strings, STRINGS, sizeof STRINGS);
	if (strlen(name) == strlen("shop_main"))
		memcpy(strings + S_MAIN, name, strlen(name));
	return bpf(BPF_BTF_LOAD, &(union bpf_attr){ .btf = (uintptr_t)bytes, .btf_size = sizeof bytes });
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "shop_main";
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct bpf_func_info funcs[] = { { 0, 5 }, { 8, 9 } };
	char log[4096] = "", packet[64] = "";
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_XDP, .insns = (uintptr_t)code, .insn_cnt = sizeof code / sizeof *code, .license = (uintptr_t)"GPL",
			     .log_buf = (uintptr_t)log, .log_size = sizeof log, .log_level = 1 };

	setrlimit(RLIMIT_MEMLOCK, &all); // before Linux 5.11 programs count, those that have just ended too
	if (strcmp(name, "-")) {
		a.prog_btf_fd = (uint32_t)load_types(name);
		a.func_info = (uintptr_t)funcs;
		a.func_info_cnt = 2;
		a.func_info_rec_size = sizeof *funcs;
	}
	strcpy(a.prog_name, strcmp(name, "-") ? "shop" : "shop_bare");
	int prog = bpf(BPF_PROG_LOAD, &a);
	struct bpf_prog_info info = { 0 };
	union bpf_attr of = { .info = { .bpf_fd = (uint32_t)prog, .info_len = sizeof info, .info = (uintptr_t)&info } };
	if (prog < 0 || bpf(BPF_OBJ_GET_INFO_BY_FD, &of)) {
		fprintf(stderr, "bpfshop: not loaded: %s: %s\n", strerror(errno), log);
		return 1;
	}
	printf("%u\n", info.id);
	fflush(stdout);
	for (;; usleep(10000)) {
		union bpf_attr run = { .test = { .prog_fd = (uint32_t)prog, .data_in = (uintptr_t)packet, .data_size_in = sizeof packet, .repeat = 1 } };

		if (bpf(BPF_PROG_TEST_RUN, &run)) {
			perror("bpfshop: it does not run");
			return 1;
		}
	}
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/lsm.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/attach/instead.h"
#include "runtime/btf_target.h"

#define ACTIVE "/sys/kernel/security/lsm" // "lockdown,capability,bpf": securityfs
#define QUIET_HOOK LSM_PREFIX "task_getpgid"

// The modules' names with ',' between them, freed by the caller; NULL when securityfs is not mounted or not ours to read.
static char *active_modules(void)
{
	_fclose_ FILE *f = fopen(ACTIVE, "re");
	char line[512];

	return f && fgets(line, sizeof line, f) ? xstrndup(line, strcspn(line, "\n")) : NULL;
}

static bool is_listed(const char *modules, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = modules; (at = strstr(at, name)); at += n)
		if ((at == modules || at[-1] == ',') && (at[n] == ',' || at[n] == '\0'))
			return true;
	return false;
}

// Writes 1 to the only value of map `fd`, and lets the hook go on: 0 or -errno, the program in *prog.
static int load_mark(int fd, uint32_t btf_id, int *prog)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = fd }, { 0 },
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = 1, .imm = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = BPF_LSM_MAC, .attach_btf_id = btf_id);

	*prog = bpf_prog_load(BPF_PROG_TYPE_LSM, "spile_doctor", "GPL", insns, ARRAY_SIZE(insns), &o);
	return *prog < 0 ? -errno : 0;
}

struct lsm_trial lsm_try(struct world *w)
{
	struct btf_target target = { .object_fd = -1 };
	uint64_t seen = 0;
	int zero = 0, fd = -1;

	if (!w->ops->feature(w, FEATURE_BTF) || btf_target_find(PROG_LSM, QUIET_HOOK, &target) < 0)
		return (struct lsm_trial){ .state = LSM_NO_HOOKS };
	_close_ int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "spile_doctor", 4, 8, 1, NULL);
	int err = map < 0 ? map : load_mark(map, target.id, &fd);
	_close_ int prog = fd;
	_close_ int link = err ? -1 : bpf_raw_tracepoint_open(NULL, prog);
	if (err || link < 0)
		return (struct lsm_trial){ .state = LSM_REFUSED, .error = err ? err : -errno };
	if (getpgid(getpid()) < 0 || bpf_map_lookup_elem(map, &zero, &seen) < 0)
		seen = 0;
	return (struct lsm_trial){ .state = seen ? LSM_RUNS : LSM_NOT_ACTIVE };
}

bool lsm_is_active(struct world *w)
{
	_free_ char *modules = active_modules();

	return modules ? is_listed(modules, "bpf") : lsm_try(w).state == LSM_RUNS;
}

// "bpf" is missing: by the list, or by what was seen where there is none to read.
static void explain_modules(struct str *out)
{
	_free_ char *modules = active_modules();

	str_adds(out, "programs on hooks never run here: 'bpf' is not among the security modules");
	if (modules)
		str_printf(out, " (%s); boot with lsm=%s,bpf", modules, modules);
	else
		str_adds(out, "; it must be in lsm= on the kernel's command line (" ACTIVE " shows those that are active: mount -t securityfs none "
			      "/sys/kernel/security)");
}

void lsm_explain(const struct lsm_trial *t, struct str *out)
{
	switch (t->state) {
	case LSM_RUNS:
		return;
	case LSM_NO_HOOKS:
		str_adds(out, "this kernel is built without hooks for BPF (CONFIG_BPF_LSM, CONFIG_DEBUG_INFO_BTF)");
		return;
	case LSM_REFUSED:
		str_printf(out, "this kernel has no BPF trampolines on functions, or forbids them (%s): lsm takes CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS, "
				"CONFIG_BPF_LSM, and 'bpf' among the security modules (lsm= on the kernel's command line)", strerror(-t->error));
		return;
	case LSM_NOT_ACTIVE:
		explain_modules(out);
	}
}

// The function that asks the modules: security_HOOK, but of bprm_check_security it is security_bprm_check.
static char *asking_function(struct world *w, const char *hook)
{
	_free_ char *func = xasprintf("security_%s", hook);
	size_t n = strlen(func), end = strlen("_security");
	const struct event_field *f;
	const struct type *ret;
	const char *in;

	if (n > end && strcmp(func + n - end, "_security") == 0 && w && w->ops->function_args(w, "vmlinux", func, &f, &n, &ret, &in) < 0)
		func[strlen(func) - end] = '\0';
	return TAKE_PTR(func);
}

void lsm_instead(struct world *w, const char *hook, struct str *out)
{
	_free_ char *func = asking_function(w, hook);

	if (kernel_has_kprobes())
		str_printf(out, "kprobe:%s sees the same calls", func);
	else
		instead_of_function(w, func, out);
}

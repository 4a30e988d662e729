// SPDX-License-Identifier: Apache-2.0
#include "runtime/load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/diag.h"
#include "base/str.h"
#include "base/unwind.h"
#include "base/util.h"
#include "base/wire.h"
#include "base/world.h"
#include "runtime/bpf_programs.h"
#include "runtime/btf_target.h"
#include "runtime/code_info.h"
#include "runtime/explain.h"
#include "runtime/object.h"
#include "runtime/relocate.h"

#define R_BPF_64_64 1
#define R_BPF_64_32 10
#define ATTACH_KPROBE_SESSION 56 // BPF_TRACE_KPROBE_SESSION
#define ATTACH_KPROBE_MULTI 42 // BPF_TRACE_KPROBE_MULTI
#define ATTACH_UPROBE_MULTI 48 // BPF_TRACE_UPROBE_MULTI, younger than the headers of Debian 12
#define RING_LEAST 4096u
#define CONTROL_BYTES 65536u // 1600 records: the reader looks at least every 10 ms
#define LOG_LEAST 65536u
#define LOG_STATS 4 // BPF_LOG_STATS of kernel/bpf: complaints and totals, no instructions; since Linux 5.2
#define LOG_STEPS 1 // BPF_LOG_LEVEL1: each instruction too, and what is in the registers
#define BEARABLE_NS 300000000u // a refusal that took no longer may be had again with its steps, which take up to fifty times as long

struct loading {
	const struct load_request *q;
	struct object *object;
	struct loaded *l;
	const char *license;
	char *log;
	uint32_t log_size;
	struct code_lines lines;
	struct relocated relocated;
	uint32_t newest_bpf; // number of the last program that was there before ours
};

static int failed(struct loading *g, int error, const char *fmt, const char *what)
{
	diag_error(g->q->diag, (struct span){ 0 }, E_LOAD, fmt, what);
	return error;
}

// "@x" is AT_x, "@" is AT_; the kernel takes 15 letters, digits, '_' and '.'.
static void kernel_name(const char *name, char out[16])
{
	size_t n = 0;

	memset(out, 0, 16);
	if (*name == '@') {
		memcpy(out, "AT_", 3);
		n = 3;
		name++;
	}
	for (; *name && n < 15; name++)
		out[n++] = isalnum((unsigned char)*name) ? *name : '_';
}

// Maps -----------------------------------------------------------------------------------------------------------------

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = RING_LEAST;

	while (p < n && p < (1u << 30))
		p *= 2;
	return p;
}

// The largest record of data, at least two of which a CPU's buffer holds.
static uint32_t record_most(const struct plan *p)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < p->n_events; i++) {
		const struct plan_event *e = &p->events[i];
		uint64_t size = e->fixed_size;

		for (uint32_t k = 0; k < e->n_args; k++)
			size += e->args[k].packed ? ALIGN_UP((uint64_t)e->args[k].type->size, 8) : 0;
		most = MAX(most, (uint32_t)MIN(size, (uint64_t)WIRE_PERF_MOST));
	}
	return most;
}

// What the plan gives one buffer is shared out among the CPUs.
static uint32_t perf_bytes(const struct plan *p)
{
	uint32_t each = p->ring_bytes / (uint32_t)libbpf_num_possible_cpus();

	return power_of_two(MAX(each, 2 * record_most(p)));
}

struct map_shape {
	uint32_t type, key, value, entries, flags;
};

static bool is_perf(const struct plan_map *m)
{
	return m->bpf_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

static struct map_shape shape(const struct loading *g, const struct plan_map *m)
{
	const struct plan *p = g->q->plan;

	switch ((enum map_role)m->role) {
	case MAP_RING:
	case MAP_CONTROL:
		if (is_perf(m))
			return (struct map_shape){ BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, (uint32_t)libbpf_num_possible_cpus(), 0 };
		if (m->role == MAP_RING)
			return (struct map_shape){ BPF_MAP_TYPE_RINGBUF, 0, 0, power_of_two(p->ring_bytes), 0 };
		return (struct map_shape){ BPF_MAP_TYPE_RINGBUF, 0, 0, CONTROL_BYTES, 0 };
	case MAP_SCRATCH:
		// not per-CPU: such a value may have 32 KiB at the most. The plan says the slots of one CPU
		return (struct map_shape){ BPF_MAP_TYPE_ARRAY, 4, m->value_size, MIN(m->max_entries, 64u) * (uint32_t)libbpf_num_possible_cpus(), 0 };
	case MAP_LOST:
		return (struct map_shape){ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, MAX(p->n_losses, 1u), 0 };
	case MAP_GLOBALS:
		return (struct map_shape){ BPF_MAP_TYPE_ARRAY, 4, MAX(m->value_size, (uint32_t)sizeof(struct wire_globals)), 1, BPF_F_MMAPABLE };
	case MAP_UNWIND_POOL:
		if (m->value_size == UNWIND_PIECE)
			return (struct map_shape){ BPF_MAP_TYPE_ARRAY, 4, UNWIND_PIECE, g->q->pool_bytes / UNWIND_PIECE, BPF_F_MMAPABLE };
		return (struct map_shape){ BPF_MAP_TYPE_ARRAY, 4, g->q->pool_bytes, 1, BPF_F_MMAPABLE };
	case MAP_UNWIND_FILES:
		return (struct map_shape){ BPF_MAP_TYPE_HASH, sizeof(struct unwind_key), sizeof(struct unwind_file), UNWIND_FILES_MOST, 0 };
	case MAP_UNWIND_COUNTS:
		return (struct map_shape){ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, UNWIND_COUNTS, 0 };
	case MAP_UNWIND_KNOWN:
		return (struct map_shape){ BPF_MAP_TYPE_ARRAY, 4, UNWIND_KNOWN_BYTES, 1, 0 };
	case MAP_USER: case MAP_RODATA: case MAP_NAMES: case MAP_TARGETS: case MAP_IMPORTED: case MAP_ROLES:
		break;
	}
	return (struct map_shape){ m->bpf_type, m->key_size, m->value_size, m->max_entries, m->flags };
}

static int create_map(struct loading *g, uint32_t i)
{
	const struct plan_map *m = &g->q->plan->maps[i];
	struct map_shape s = shape(g, m);
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = s.flags);
	char name[16];

	bool ring = (m->role == MAP_RING || m->role == MAP_CONTROL) && !is_perf(m);
	if (ring && g->q->world && !g->q->world->ops->feature((struct world *)g->q->world, FEATURE_RINGBUF))
		return failed(g, -EOPNOTSUPP, "the script was compiled for a kernel with the BPF ring buffer, which Linux has from 5.8 on: "
			      "there is no way for %s to come out; compile it here", m->role == MAP_RING ? "what it prints" : "what it asks for");
	kernel_name(m->name ? m->name : "map", name);
	int fd = bpf_map_create(s.type, name, s.key, s.value, s.entries, &opts);
	if (fd < 0) {
		explain_map(g->q, m, fd);
		return fd;
	}
	g->l->map_fd[i] = fd;
	if (m->role == MAP_RING)
		g->l->ring_bytes = is_perf(m) ? perf_bytes(g->q->plan) : s.entries;
	else if (m->role == MAP_CONTROL)
		g->l->control_bytes = is_perf(m) ? CONTROL_BYTES : s.entries;
	g->l->perf |= is_perf(m);
	return 0;
}

static bool is_data(const struct object_section *s)
{
	return strncmp(s->name, ".rodata", 7) == 0 || strncmp(s->name, ".data", 5) == 0 || strncmp(s->name, ".bss", 4) == 0;
}

// The map that holds a data section's bytes, made when first asked for.
static int data_map(struct loading *g, size_t section)
{
	const struct object_section *s = object_section_at(g->object, section);
	bool constant = strncmp(s->name, ".rodata", 7) == 0;
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = constant ? BPF_F_RDONLY_PROG : 0);
	char name[16];
	int zero = 0, err = 0;

	if (g->l->data_fd[section] >= 0)
		return g->l->data_fd[section];
	if (s->size == 0 || s->size > (64u << 20))
		return failed(g, -EINVAL, "section %s of the program has an impossible size", s->name);
	kernel_name(s->name, name);
	_close_ int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, 4, (uint32_t)s->size, 1, &opts);
	if (fd < 0)
		return failed(g, fd, "the kernel refused a map for the program's section %s", s->name);
	if (s->data)
		err = bpf_map_update_elem(fd, &zero, s->data, 0);
	if (!err && constant)
		err = bpf_map_freeze(fd);
	if (err)
		return failed(g, err, "the program's section %s could not be written to its map", s->name);
	return g->l->data_fd[section] = TAKE_FD(fd);
}

// Instructions ---------------------------------------------------------------------------------------------------------

static bool is_wide(const struct bpf_insn *in, size_t n, size_t i)
{
	return in[i].code == (BPF_LD | BPF_IMM | BPF_DW) && i + 1 < n;
}

static int patch_maps(struct loading *g, struct bpf_insn *in, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_wide(in, n, i))
			continue;
		if (in[i].src_reg == BPF_PSEUDO_MAP_FD || in[i].src_reg == BPF_PSEUDO_MAP_VALUE) {
			if ((uint32_t)in[i].imm >= g->l->nmaps)
				return failed(g, -EINVAL, "the program uses a map that its plan does not have%s", "");
			in[i].imm = g->l->map_fd[in[i].imm];
		} else if (in[i].src_reg == PLAN_PSEUDO_NUMBER) {
			if (in[i].imm != PLAN_NUMBER_POOL_MASK || g->q->pool_bytes < 4)
				return failed(g, -EINVAL, "the program asks for a number that is not known%s", "");
			in[i].src_reg = 0;
			in[i].imm = (int32_t)(g->q->pool_bytes / 4 - 1);
			in[i + 1].imm = 0;
		}
		i++;
	}
	return 0;
}

static int patch_address(struct loading *g, size_t section, struct bpf_insn *in, size_t n, size_t i, const struct object_symbol *sym)
{
	const struct object_section *s = object_section_at(g->object, sym->section);

	if (!is_wide(in, n, i) || !s)
		return failed(g, -EINVAL, "the program refers to an unknown symbol: %s", sym->name);
	if (sym->section == section) { // a callback
		uint64_t target = (sym->value + (uint32_t)in[i].imm) / sizeof *in;

		if (target >= n)
			return failed(g, -EINVAL, "a callback lies outside its section: %s", sym->name);
		in[i].src_reg = BPF_PSEUDO_FUNC;
		in[i].imm = (int32_t)((int64_t)target - (int64_t)i - 1);
		in[i + 1].imm = 0;
		return 0;
	}
	if (!is_data(s))
		return failed(g, -EINVAL, "the program refers to a symbol that is neither data nor its own: %s", sym->name);
	uint64_t offset = sym->value + (uint32_t)in[i].imm;
	int fd = data_map(g, sym->section);
	if (fd < 0)
		return fd;
	if (offset > s->size)
		return failed(g, -EINVAL, "the program refers to bytes outside section %s", s->name);
	in[i].src_reg = BPF_PSEUDO_MAP_VALUE;
	in[i].imm = fd;
	in[i + 1].imm = (int32_t)offset;
	return 0;
}

static int patch_call(struct loading *g, size_t section, struct bpf_insn *in, size_t n, size_t i, const struct object_symbol *sym)
{
	int64_t target = (int64_t)(sym->value / sizeof *in);

	if (in[i].code != (BPF_JMP | BPF_CALL) || sym->section != section)
		return failed(g, -EINVAL, "the program calls a function outside its section: %s", sym->name);
	if (sym->type == STT_SECTION)
		target += (int64_t)in[i].imm + 1;
	if (target < 0 || (uint64_t)target >= n)
		return failed(g, -EINVAL, "a call leads outside its section: %s", sym->name);
	in[i].src_reg = BPF_PSEUDO_CALL;
	in[i].imm = (int32_t)(target - (int64_t)i - 1);
	return 0;
}

static int patch_relocs(struct loading *g, size_t section, struct bpf_insn *in, size_t n)
{
	const struct object_reloc *r = NULL;
	size_t count = 0;
	int err = object_relocs(g->object, section, &r, &count);

	for (size_t k = 0; k < count && !err; k++) {
		const struct object_symbol *sym = object_symbol_at(g->object, r[k].symbol);
		uint64_t i = r[k].offset / sizeof *in;

		if (!sym || i >= n)
			err = failed(g, -EINVAL, "a relocation lies outside its section%s", "");
		else if (r[k].type == R_BPF_64_64)
			err = patch_address(g, section, in, n, i, sym);
		else if (r[k].type == R_BPF_64_32)
			err = patch_call(g, section, in, n, i, sym);
	}
	return err;
}

// Programs -------------------------------------------------------------------------------------------------------------

static bool wants_multi(const struct loading *g, const struct plan_prog *p)
{
	const struct world *w = g->q->world;

	if (p->kind != PROG_UPROBE || p->n_sites == 0 || !w || !w->ops->feature((struct world *)w, FEATURE_UPROBE_MULTI))
		return false;
	for (uint32_t i = 0; i < p->n_sites; i++)
		if (p->sites[i].mechanism != MECH_UPROBE_MULTI && p->sites[i].mechanism != MECH_URETPROBE_MULTI)
			return false;
	return true;
}

bool load_is_kprobe_multi(const struct plan_prog *p, const struct world *w)
{
	if (p->kind != PROG_KPROBE || p->n_sites == 0 || !w || !w->ops->feature((struct world *)w, FEATURE_KPROBE_MULTI))
		return false;
	for (uint32_t i = 0; i < p->n_sites; i++)
		if (p->sites[i].mechanism != p->sites[0].mechanism ||
		    (p->sites[i].mechanism != MECH_KPROBE_MULTI && p->sites[i].mechanism != MECH_KRETPROBE_MULTI))
			return false;
	return true;
}

static const struct {
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
} bpf_kinds[] = {
#define PROG(NAME, word, flags, what, type, attach) { type, (enum bpf_attach_type)(attach) },
#include "base/prog_kind.def"
#undef PROG
};

// A function of a BPF program, by the program's own types.
static int fill_bpf_target(struct loading *g, const struct plan_prog *p, const char *function, struct bpf_prog_load_opts *o, int *close_fd)
{
	struct bpf_target target;
	int err = bpf_target_find(function, g->newest_bpf, &target);

	if (err) {
		explain_bpf_target(g->q, p, function, err);
		return err;
	}
	o->attach_btf_id = target.type_id;
	o->attach_prog_fd = (uint32_t)target.fd;
	*close_fd = target.fd;
	return 0;
}

// Programs of some kinds name what they attach to when they are loaded. The descriptor of a module's BTF is *close_fd.
static int fill_target(struct loading *g, const struct plan_prog *p, struct bpf_prog_load_opts *o, int *close_fd)
{
	const char *what = prog_attached_to(p->kind);
	struct btf_target target;

	if (!what)
		return 0;
	if (bpf_function_of(p))
		return fill_bpf_target(g, p, bpf_function_of(p), o, close_fd);
	int err = btf_target_find(p->kind, p->attach_to, &target);
	if (err) {
		diag_error(g->q->diag, (struct span){ 0 }, E_LOAD, "this kernel's type information (BTF) knows no %s '%s'; the script was compiled for another",
			   what, p->attach_to);
		return err;
	}
	o->attach_btf_id = target.id;
	o->attach_btf_obj_fd = target.object_fd >= 0 ? (uint32_t)target.object_fd : 0;
	*close_fd = target.object_fd;
	return 0;
}

static int fill_options(struct loading *g, const struct plan_prog *p, const struct code_info *info, struct bpf_prog_load_opts *o, int *close_fd)
{
	o->expected_attach_type = bpf_kinds[p->kind].attach;
	if (wants_multi(g, p))
		o->expected_attach_type = (enum bpf_attach_type)ATTACH_UPROBE_MULTI;
	else if (p->session)
		o->expected_attach_type = (enum bpf_attach_type)ATTACH_KPROBE_SESSION;
	else if (load_is_kprobe_multi(p, g->q->world))
		o->expected_attach_type = (enum bpf_attach_type)ATTACH_KPROBE_MULTI;
	if (g->l->btf_fd >= 0) {
		o->prog_btf_fd = (uint32_t)g->l->btf_fd;
		o->func_info = info->func;
		o->func_info_cnt = info->nfunc;
		o->func_info_rec_size = sizeof *info->func;
		o->line_info = info->line;
		o->line_info_cnt = info->nline;
		o->line_info_rec_size = sizeof *info->line;
	}
	return fill_target(g, p, o, close_fd);
}

struct attempt {
	const struct plan_prog *prog;
	struct bpf_prog_load_opts *options;
	const struct bpf_insn *in;
	size_t n;
};

static int load_with(struct loading *g, const struct attempt *a, uint32_t level)
{
	char name[16];

	kernel_name(a->prog->name, name);
	g->log[0] = '\0';
	a->options->log_buf = g->log;
	a->options->log_size = g->log_size;
	a->options->log_level = level;
	return bpf_prog_load(bpf_kinds[a->prog->kind].type, name, g->license, a->in, a->n, a->options);
}

// Was it refused because of what there is of it, not because of what it does? The same code arranged otherwise may pass.
static bool is_too_much(int error, const char *log)
{
	static const char *const words[] = { "too large", "too complex", "combined stack size", "stack depth of", "is too deep", "infinite loop detected" };
	bool found = error == -E2BIG;

	for (size_t i = 0; i < ARRAY_SIZE(words) && !found; i++)
		found = strstr(log, words[i]) != NULL;
	return found;
}

// The verifier's steps, at whose end the refused instruction stands. What it says without them is the reason.
static int load_for_place(struct loading *g, const struct attempt *a)
{
	int fd = load_with(g, a, LOG_STEPS);

	return fd == -ENOSPC ? load_with(g, a, LOG_STATS) : fd; // the log did not hold every step
}

// Lines the kernel does not like are given up before the program is.
static int try_load(struct loading *g, const struct attempt *a)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC);
	int fd = load_with(g, a, g->q->log ? LOG_STEPS : LOG_STATS);

	if (fd < 0 && strstr(g->log, "line_info") && a->options->line_info_cnt) {
		a->options->line_info_cnt = 0;
		fd = load_with(g, a, g->q->log ? LOG_STEPS : LOG_STATS);
	}
	if (fd >= 0)
		return fd;
	if (g->q->too_much && is_too_much(fd, g->log)) {
		*g->q->too_much = true;
		return fd;
	}
	bool bearable = clock_ns(CLOCK_MONOTONIC) - start < BEARABLE_NS;
	return bearable || g->q->verbose ? load_for_place(g, a) : fd;
}

// The first call of a helper that reads memory of the kernel; -1: there is none.
static long kernel_read(const struct bpf_insn *in, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (in[i].code == (BPF_JMP | BPF_CALL) && in[i].src_reg == 0 &&
		    (in[i].imm == BPF_FUNC_probe_read_kernel || in[i].imm == BPF_FUNC_probe_read_kernel_str))
			return (long)i;
	return -1;
}

// One that was compiled for another kernel may meet a locked one.
static bool is_locked(const struct loading *g)
{
	const struct world *w = g->q->world;

	return g->q->plan->locked || (w && !w->ops->feature((struct world *)w, FEATURE_READ_KERNEL));
}

// Functions of the kernel that no helper stands for are called by the number they have in its BTF.
static int patch_functions(struct loading *g, struct bpf_insn *in, size_t n)
{
	struct btf_target target = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (in[i].code != (BPF_JMP | BPF_CALL) || in[i].src_reg != 0 || in[i].imm != PLAN_CALL_IS_RETURN)
			continue;
		if (!target.id && btf_target_find(PROG_FENTRY, "vmlinux:bpf_session_is_return", &target))
			return failed(g, -ENOENT, "this kernel has no function bpf_session_is_return%s: no program can be for both ends of a function", "");
		in[i].src_reg = BPF_PSEUDO_KFUNC_CALL;
		in[i].imm = (int32_t)target.id;
	}
	return 0;
}

static int load_prog(struct loading *g, uint32_t index)
{
	const struct plan_prog *p = &g->q->plan->progs[index];
	int section = object_find(g->object, p->section);
	const struct object_section *s = section < 0 ? NULL : object_section_at(g->object, (size_t)section);
	_cleanup_(code_info_free) struct code_info info = { 0 };
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	_close_ int module_btf = -1;

	if (!s || !s->data || s->size == 0 || s->size % sizeof(struct bpf_insn) != 0)
		return failed(g, -EINVAL, "the object has no program in section '%s'", p->section);
	size_t n = s->size / sizeof(struct bpf_insn);
	_free_ struct bpf_insn *in = xmalloc(s->size);
	memcpy(in, s->data, s->size);
	int err = patch_maps(g, in, n);
	if (!err && relocate_code(&g->relocated, in, n))
		err = failed(g, -EINVAL, "a mark in section '%s' is malformed", p->section);
	if (!err)
		err = patch_relocs(g, (size_t)section, in, n);
	if (!err)
		err = patch_functions(g, in, n);
	code_info_read(g->object, p->section, g->l->btf_fd >= 0 ? &g->lines : NULL, &info);
	if (!err)
		err = fill_options(g, p, &info, &opts, &module_btf);
	if (err)
		return err;
	long reads = kernel_read(in, n);
	int fd = reads >= 0 && g->q->plan->locked ? -EPERM : try_load(g, &(struct attempt){ .prog = p, .options = &opts, .in = in, .n = n });
	if (fd < 0) {
		if (reads >= 0 && is_locked(g)) {
			explain_kernel_read(g->q, g->object, p, &info, reads);
			return -EPERM;
		}
		size_t missing = relocate_missing(&g->relocated, g->log);

		if (missing != SIZE_MAX) {
			explain_missing(g->q, p, &g->relocated.rows[missing], g->relocated.missing[missing]);
			return fd;
		}
		if (p->optional && explain_left_out(g->q, p, g->log))
			return 0;
		explain_program(g->q, g->object, p, &info, fd, g->log);
		return fd;
	}
	if (g->q->log)
		str_printf(g->q->log, "%s:\n%s\n", p->name, g->log);
	g->l->prog_fd[index] = fd;
	return 0;
}

static void load_btf(struct loading *g)
{
	const struct plan *p = g->q->plan;
	size_t n;
	_free_ void *btf = code_btf(g->object, p->n_sources ? p->sources[0].text : NULL, p->n_sources ? p->sources[0].text_len : 0, &g->lines, &n);

	if (btf)
		g->l->btf_fd = bpf_btf_load(btf, n, NULL);
}

// The whole ------------------------------------------------------------------------------------------------------------

static int *descriptors(size_t n)
{
	int *fd = xcalloc(n, sizeof *fd);

	for (size_t i = 0; i < n; i++)
		fd[i] = -1;
	return fd;
}

static struct loaded *loaded_new(const struct plan *p, const struct object *o)
{
	struct loaded *l = xcalloc(1, sizeof *l);

	*l = (struct loaded){ .nmaps = p->n_maps, .nprogs = p->n_progs, .ndata = object_sections(o), .btf_fd = -1 };
	l->map_fd = descriptors(l->nmaps);
	l->prog_fd = descriptors(l->nprogs);
	l->data_fd = descriptors(l->ndata);
	return l;
}

static int load_all(struct loading *g)
{
	const struct plan *p = g->q->plan;
	int err = relocate_plan(p, g->q->world, g->q->diag, g->q->first_source, &g->relocated);

	for (uint32_t i = 0; i < p->n_maps && !err; i++)
		err = create_map(g, i);
	if (err)
		return err;
	load_btf(g);
	for (uint32_t i = 0; i < p->n_progs && !g->newest_bpf; i++)
		if (prog_attached_to(p->progs[i].kind) && bpf_function_of(&p->progs[i]))
			g->newest_bpf = bpf_program_newest();
	for (uint32_t i = 0; i < p->n_progs && !err; i++)
		err = p->progs[i].in_session ? 0 : load_prog(g, i);
	return err;
}

int load_plan(const struct load_request *q, struct loaded **ret)
{
	const struct plan_config *license = plan_config(q->plan, "license");
	uint64_t log_size = plan_config(q->plan, "log_size")->number;
	struct loading g = { .q = q, .license = license->text ? license->text : "GPL" };
	const char *why;

	int err = object_open(q->object, q->object_len, &g.object, &why);
	if (err)
		return failed(&g, err, "the compiled program cannot be read: %s", why);
	g.log_size = (uint32_t)MAX(MIN(log_size, (uint64_t)1 << 28), (uint64_t)LOG_LEAST);
	g.log = xmalloc(g.log_size);
	g.l = loaded_new(q->plan, g.object);
	err = load_all(&g);
	object_close(g.object);
	free(g.lines.offset);
	free(g.log);
	relocated_free(&g.relocated);
	if (err)
		loaded_free(g.l);
	else
		*ret = g.l;
	return err;
}

static void close_all(int *fd, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	free(fd);
}

void loaded_free(struct loaded *l)
{
	if (!l)
		return;
	close_all(l->map_fd, l->nmaps);
	close_all(l->prog_fd, l->nprogs);
	close_all(l->data_fd, l->ndata);
	if (l->btf_fd >= 0)
		close(l->btf_fd);
	free(l);
}

int loaded_role(const struct loaded *l, const struct plan *p, enum map_role role)
{
	for (uint32_t i = 0; i < p->n_maps; i++)
		if (p->maps[i].role == role)
			return l->map_fd[i];
	return -1;
}

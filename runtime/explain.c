// SPDX-License-Identifier: Apache-2.0
#include "runtime/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/attach/instead.h"
#include "runtime/bpf_programs.h"
#include "runtime/lsm.h"

// The place ------------------------------------------------------------------------------------------------------------

// The number of the last instruction the log speaks of ("12: (85) call …"), or -1.
static long last_instruction(const char *log)
{
	long found = -1;

	for (const char *line = log; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char *end;
		long n = strtol(line, &end, 10);

		if (end != line && strncmp(end, ": (", 3) == 0)
			found = n;
	}
	return found;
}

static uint32_t offset_of(const struct plan_source *s, unsigned line, unsigned col, uint32_t *end)
{
	uint32_t at = 0;

	while (line > 1 && at < s->text_len)
		line -= s->text[at++] == '\n';
	at = MIN(at + (col ? col - 1 : 0), s->text_len);
	for (*end = at; *end < s->text_len && s->text[*end] != '\n';)
		(*end)++;
	return at;
}

// LLVM may have put a directory before the script's name.
static bool same_file(const char *in_btf, const char *source)
{
	size_t n = strlen(in_btf), m = strlen(source);

	return m && n >= m && strcmp(in_btf + n - m, source) == 0 && (n == m || in_btf[n - m - 1] == '/');
}

static struct span place(const struct load_request *q, const struct object *o, const struct code_info *info, long insn)
{
	const struct bpf_line_info *best = NULL;

	for (uint32_t i = 0; i < info->nline; i++)
		if (info->line[i].insn_off <= (uint64_t)insn && BPF_LINE_INFO_LINE_NUM(info->line[i].line_col))
			best = &info->line[i];
	for (uint32_t i = 0; best && insn >= 0 && i < q->plan->n_sources; i++) {
		const struct plan_source *s = &q->plan->sources[i];
		struct span at = { .source = q->first_source + i };

		if (!same_file(code_string(o, best->file_name_off), s->name))
			continue;
		at.start = offset_of(s, BPF_LINE_INFO_LINE_NUM(best->line_col), BPF_LINE_INFO_LINE_COL(best->line_col), &at.end);
		return at;
	}
	return (struct span){ 0 };
}

// The reason -----------------------------------------------------------------------------------------------------------

static bool helper_refused(const char *log, struct str *out)
{
	static const char *const marks[] = { "cannot use helper ", "unknown func " };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		const char *at = strstr(log, marks[i]);

		if (!at)
			continue;
		at += strlen(marks[i]);
		str_printf(out, "helper %.*s not allowed in probe", (int)strcspn(at, "# \n"), at);
		if (strncmp(at, "bpf_override_return", strlen("bpf_override_return")) == 0)
			str_adds(out, ": the kernel is built without CONFIG_BPF_KPROBE_OVERRIDE");
		return true;
	}
	return false;
}

// A helper that is younger than the kernel has a number there and no name.
static bool helper_unknown(const char *log, struct str *out)
{
	static const struct {
		unsigned long id; // include/uapi/linux/bpf.h
		const char *name, *since;
	} helpers[] = {
		{ 109, "bpf_send_signal", "5.3" }, { 117, "bpf_send_signal_thread", "5.6" }, { 118, "bpf_jiffies64", "5.6" },
		{ 120, "bpf_get_ns_current_pid_tgid", "5.7" }, { 125, "bpf_ktime_get_boot_ns", "5.8" }, { 147, "bpf_d_path", "5.10" },
		{ 158, "bpf_get_current_task_btf", "5.11" }, { 164, "bpf_for_each_map_elem", "5.13" }, { 173, "bpf_get_func_ip", "5.15" },
		{ 174, "bpf_get_attach_cookie", "5.15" }, { 175, "bpf_task_pt_regs", "5.15" }, { 181, "bpf_loop", "5.17" },
		{ 195, "bpf_map_lookup_percpu_elem", "5.19" }, { 208, "bpf_ktime_get_tai_ns", "6.1" },
	};
	static const char mark[] = "invalid func unknown#";
	const char *at = strstr(log, mark);
	unsigned long id = at ? strtoul(at + sizeof mark - 1, NULL, 10) : 0;

	if (!at)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(helpers); i++)
		if (helpers[i].id == id) {
			str_printf(out, "This needs the helper %s, which Linux has from %s on; this kernel lacks it", helpers[i].name, helpers[i].since);
			return true;
		}
	str_printf(out, "This needs a helper (number %lu) that is younger than this kernel", id);
	return true;
}

// The last line that says something: not the summary, not an instruction, not a register dump.
static void last_words(const char *log, struct str *out)
{
	const char *words = NULL;
	size_t n = 0;

	for (const char *line = log; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t len = strcspn(line, "\n");

		if (len == 0 || strchr("0123456789;:", line[0]) || strncmp(line, "processed ", 10) == 0 || strncmp(line, "from ", 5) == 0 ||
		    strncmp(line, "stack depth", 11) == 0 || strncmp(line, "verification time", 17) == 0 || strncmp(line, "max_states", 10) == 0)
			continue;
		words = line;
		n = len;
	}
	if (words)
		str_printf(out, "Unknown BPF object load failure. The verifier says: %.*s", (int)MIN(n, (size_t)300), words);
	else
		str_adds(out, "Unknown BPF object load failure.");
}

// kernel/bpf/verifier.c, bpf_check_attach_target(): why a BPF program cannot be probed. NULL: it does not say, or that is none.
static const char *bpf_refusal(const struct plan_prog *g, const char *log)
{
	static const struct {
		const char *says, *means;
	} rows[] = {
		{ "Cannot recursively attach", "It is itself of the kind that traces functions (fentry, fexit, iter and the like): this kernel lets nothing be attached to those." },
		{ "Cannot nest tracing", "It is itself a program that traces a BPF program: the kernel lets nothing be attached to those." },
		{ "only JITed progs", "The kernel interprets it, and only what it compiles can be probed (net.core.bpf_jit_enable)." },
		{ "exception callback", "It is what the program runs when it fails: the kernel lets nothing be attached to that." },
	};

	for (size_t i = 0; bpf_function_of(g) && i < ARRAY_SIZE(rows); i++)
		if (strstr(log, rows[i].says))
			return rows[i].means;
	return NULL;
}

// Trampolines can be missing or forbidden in several ways, none of which the kernel names.
static bool trampoline_refused(const struct load_request *q, const struct plan_prog *g, int error, const char *log, struct str *out)
{
	const char *func = g->n_sites && g->sites[0].func ? g->sites[0].func : "";
	bool refused = (error == EPERM || error == EACCES || error == EOPNOTSUPP || error == EINVAL) && *log == '\0';

	if (!refused || geteuid() != 0)
		return false;
	if (g->kind == PROG_LSM) {
		size_t start = out->n;

		lsm_explain(&(struct lsm_trial){ .state = LSM_REFUSED, .error = -error }, out);
		out->p[start] = 'T'; // "this kernel …" begins the sentence
		str_adds(out, "; ");
		lsm_instead(q->world, strncmp(func, LSM_PREFIX, strlen(LSM_PREFIX)) ? func : func + strlen(LSM_PREFIX), out);
		str_addc(out, '.');
		return true;
	}
	if (!prog_is(g->kind, PROG_OF_FUNCTION))
		return false;
	if (bpf_function_of(g)) {
		str_adds(out, "This kernel has no BPF trampolines on BPF programs, or forbids them.");
		return true;
	}
	str_printf(out, "This kernel has no BPF trampolines on functions, or forbids them (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS); ");
	if (kernel_has_kprobes())
		str_printf(out, "%s:%s does nearly the same", g->kind == PROG_FENTRY ? "kprobe" : "kretprobe", func);
	else
		instead_of_function(q->world, func, out);
	str_addc(out, '.');
	return true;
}

#define DISABLED_HOOK "points to disabled hook" // bpf_lsm_verify_prog()

bool explain_left_out(const struct load_request *q, const struct plan_prog *g, const char *log)
{
	const char *refused = bpf_refusal(g, log);

	if (refused) {
		diag_warn(q->diag, (struct span){ 0 }, W_NO_MATCH, "%s is left out. %s", g->n_sites ? g->sites[0].name : g->name, refused);
		return true;
	}
	if (!strstr(log, DISABLED_HOOK))
		return false;
	diag_warn(q->diag, (struct span){ 0 }, W_NO_MATCH, "%s is left out: the kernel keeps this hook from BPF", g->n_sites ? g->sites[0].name : g->name);
	return true;
}

static void reason(int error, const char *log, struct str *out)
{
	if (*log == '\0' && (error == EPERM || error == EACCES))
		str_adds(out, geteuid() == 0 ? "This kernel does not allow programs of this type." :
					       "CAP_BPF and CAP_PERFMON (or root) are needed.");
	else if (helper_refused(log, out) || helper_unknown(log, out))
		return;
	else if (strstr(log, "BPF program is too large") || strstr(log, "jumps is too complex") || (error == E2BIG && *log))
		str_adds(out, "The program is too complex for the verifier: make its loops shorter, or do less in one probe.");
	else if (error == E2BIG)
		str_adds(out, "The program has too many instructions.");
	else if (strstr(log, DISABLED_HOOK))
		str_adds(out, "The kernel keeps this hook from BPF: what it decides, or hands over, is not safe to leave to programs.");
	else if (strstr(log, "infinite loop detected"))
		str_adds(out, "This kernel's verifier does not see that the loop ends (Linux 6.9 has loops that need no proof): count with for, or unroll it.");
	else if (strstr(log, "combined stack size") || strstr(log, "stack depth of"))
		str_adds(out, "The program needs more stack than the kernel allows: lower the config value on_stack_limit.");
	else if (error == ENOSPC)
		str_adds(out, "Kernel log seems to be trimmed: raise the config value log_size.");
	else
		last_words(log, out);
}

void explain_program(const struct load_request *q, const struct object *o, const struct plan_prog *g, const struct code_info *info,
		     int error, const char *log)
{
	const char *name = g->n_sites ? g->sites[0].name : g->name;
	bool rights = (error == -EPERM || error == -EACCES) && *log == '\0' && geteuid() != 0;
	const char *refused = bpf_refusal(g, log);
	_str_ struct str why = { 0 };

	if (refused)
		str_adds(&why, refused);
	else if (!trampoline_refused(q, g, -error, log, &why))
		reason(-error, log, &why);
	diag_error(q->diag, place(q, o, info, last_instruction(log)), rights ? E_RIGHTS : E_LOAD,
		   "Error loading BPF program for %s. Error code: %d (%s). %s", name, error, strerror(-error), str_z(&why));
	if (q->verbose && *log)
		diag_hint(q->diag, "the verifier's log:\n%s", log);
	else if (*log)
		diag_hint(q->diag, "-v shows the verifier's log");
}

void explain_missing(const struct load_request *q, const struct plan_prog *g, const struct plan_reloc *r, const char *why)
{
	const struct plan_span *at = r->n_span && r->span[0].source ? &r->span[0] : NULL;

	diag_error(q->diag, at ? (struct span){ q->first_source + at->source - 1, at->start, at->end } : (struct span){ 0 }, E_LOAD,
		   "%s: %s on this kernel", g->n_sites ? g->sites[0].name : g->name, why);
	diag_hint(q->diag, "if (exists(…)) { … } keeps a script from what a kernel does not have");
}

void explain_kernel_read(const struct load_request *q, const struct object *o, const struct plan_prog *g, const struct code_info *info, long insn)
{
	diag_error(q->diag, place(q, o, info, insn), E_LOAD,
		   "%s: this reads memory of the kernel, which the kernel does not allow: it is locked down for confidentiality (lockdown=)",
		   g->n_sites ? g->sites[0].name : g->name);
	diag_hint(q->diag, "numbers that probes hand over, comm, and memory of programs can be used");
}

void explain_bpf_target(const struct load_request *q, const struct plan_prog *g, const char *function, int error)
{
	const char *name = g->n_sites ? g->sites[0].name : g->name;

	if (error == -EPERM)
		diag_error(q->diag, (struct span){ 0 }, E_RIGHTS, "%s: only root, or who has CAP_SYS_ADMIN, may attach to BPF programs", name);
	else if (error == -EEXIST)
		diag_error(q->diag, (struct span){ 0 }, E_LOAD, "%s: several BPF programs have a function '%s' now; %s:bpf:ID:%s says which", name, function,
			   prog_word(g->kind), function);
	else
		diag_error(q->diag, (struct span){ 0 }, E_LOAD, "%s: no BPF program that runs has it now (%s)", name, function);
}

// That the two capabilities are there was asked before; what is left is memory that the kernel counts as locked.
static void explain_memlock(const struct load_request *q, const char *name)
{
	struct rlimit most = { 0 };

	if (getrlimit(RLIMIT_MEMLOCK, &most) || most.rlim_cur == RLIM_INFINITY)
		diag_error(q->diag, (struct span){ 0 }, E_RIGHTS,
			   "Missing CAP_BPF capability: maps cannot be created (map %s). Run as root, or with CAP_BPF and CAP_PERFMON", name);
	else
		diag_error(q->diag, (struct span){ 0 }, E_RIGHTS,
			   "maps cannot be created (map %s): before Linux 5.11 they count as locked memory, of which this process may have %llu KiB; "
			   "raise that (ulimit -l unlimited), or run as root. On other kernels CAP_BPF is missing", name,
			   (unsigned long long)most.rlim_cur / 1024);
}

void explain_map(const struct load_request *q, const struct plan_map *m, int error)
{
	const char *name = m->name ? m->name : "?";

	if ((error == -EPERM || error == -EACCES) && geteuid() != 0)
		explain_memlock(q, name);
	else if (error == -E2BIG && m->key_size > 512 && m->key_size + m->value_size < 65536)
		diag_error(q->diag, (struct span){ 0 }, E_LOAD,
			   "the map %s has keys of %u bytes, and this kernel takes 512 (Linux 5.11 takes more): lower the config value max_strlen", name,
			   m->key_size);
	else if (error == -ENOMEM || error == -E2BIG)
		diag_error(q->diag, (struct span){ 0 }, E_LOAD,
			   "the map %s with %u entries of %u bytes is larger than the kernel can give: %s. Declare it smaller, or lower the config value max_map_keys",
			   name, m->max_entries, m->key_size + m->value_size, strerror(-error));
	else
		diag_error(q->diag, (struct span){ 0 }, E_LOAD, "the kernel refused the map %s: %s", name, strerror(-error));
}

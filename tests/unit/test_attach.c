// SPDX-License-Identifier: Apache-2.0
// Attach points: splitting, finding, expanding, on a machine made up here.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/near.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/attach/attach.h"
#include "runtime/attach/probe_types.h"

// The machine ----------------------------------------------------------------------------------------------------

static bool has_cookies = true;

static const struct {
	const char *category, *event;
} events[] = {
	{ "sched", "sched_switch" }, { "sched", "sched_wakeup" }, { "syscalls", "sys_enter_openat" }, { "syscalls", "sys_exit_openat" },
	{ "syscalls", "sys_enter_close" }, { "syscalls", "sys_enter_read" }, { "syscalls", "sys_enter_write" },
	{ "syscalls", "sys_enter_newfstat" }, { "syscalls", "sys_enter_fstat" }, { "ftrace", "function" }, { "kprobes", "sched_switch" },
};

static int tracepoints(struct world *w, const char *category, const char *event,
		       void (*each)(void *arg, const char *category, const char *event), void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (glob_match(category, events[i].category) && glob_match(event, events[i].event))
			each(arg, events[i].category, events[i].event);
	return 0;
}

static int tracepoint_fields(struct world *w, const char *category, const char *event, const struct event_field **f, size_t *n)
{
	struct event_field *v = arena_array(w->arena, struct event_field, 4);
	const struct type *text = type_pointer(w->types, type_int(w->types, 1, true), SPACE_KERNEL);

	*f = v;
	*n = 2;
	if (strncmp(event, "sys_enter_", 10) == 0) {
		v[0] = (struct event_field){ "__syscall_nr", type_int(w->types, 4, true), 8, 4, true, false };
		v[1] = (struct event_field){ "dfd", type_int(w->types, 4, true), 16, 8, true, false };
		v[2] = (struct event_field){ "filename", text, 24, 8, false, false };
		*n = 3;
	} else if (strncmp(event, "sys_exit_", 9) == 0) {
		v[0] = (struct event_field){ "__syscall_nr", type_int(w->types, 4, true), 8, 4, true, false };
		v[1] = (struct event_field){ "ret", type_int(w->types, 8, true), 16, 8, true, false };
	} else {
		v[0] = (struct event_field){ "prev_comm", type_string(w->types, 16), 8, 16, false, false };
		v[1] = (struct event_field){ "next", type_int(w->types, 4, true), 24, 4, true, false };
		v[2] = (struct event_field){ "name", type_string(w->types, 64), 28, 4, false, true };
		*n = 3;
	}
	return 0;
}

static int raw_tracepoints(struct world *w, const char *event, void (*each)(void *arg, const char *event), void *arg)
{
	static const char *const raw[] = { "sched_switch", "sys_enter", "sys_exit" };

	for (size_t i = 0; i < ARRAY_SIZE(raw); i++)
		if (glob_match(event, raw[i]))
			each(arg, raw[i]);
	return 0;
}

static int raw_tracepoint_args(struct world *w, const char *event, const struct event_field **f, size_t *n)
{
	struct event_field *v = arena_array(w->arena, struct event_field, 2);

	v[0] = (struct event_field){ "preempt", type_basic(w->types, TYPE_BOOL), 0, 8, false, false };
	v[1] = (struct event_field){ "prev", type_pointer(w->types, type_int(w->types, 1, true), SPACE_KERNEL), 8, 8, false, false };
	*f = v;
	*n = 2;
	return 0;
}

static int syscall_number(struct world *w, const char *name)
{
	static const char *const names[] = { "read", "write", "close", "openat", "fstat" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -ENOENT;
}

static const struct binary_symbol symbols[] = {
	{ "_ZN2ns1fEi", 0x1400, 16, 0x400 }, { "alias", 0x1100, 32, 0x100 }, { "nosize", 0x1300, 0, 0x300 },
	{ "avx", 0x1600, 32, 0x600 }, { "readline", 0x1100, 32, 0x100 }, { "readline_more", 0x1200, 48, 0x200 },
};

static int binaries(struct world *w, const char *name, uint32_t pid, void (*each)(void *arg, const char *path), void *arg)
{
	if (strcmp(name, "/bin/secret") == 0)
		return -EACCES;
	if (strcmp(name, "/bin/text") == 0)
		each(arg, "/bin/text");
	else if (strcmp(name, "bash") == 0 || strcmp(name, "/bin/my prog:1") == 0 || (pid == 7 && strcmp(name, "*") == 0))
		each(arg, "/bin/bash");
	else
		return -ENOENT;
	return 0;
}

static int all_symbols(struct world *w, const char *path, const struct binary_symbol **s, size_t *n)
{
	if (strcmp(path, "/bin/text") == 0)
		return -ENOEXEC;
	*s = symbols;
	*n = ARRAY_SIZE(symbols);
	return 0;
}

static int one_symbol(struct world *w, const char *path, const char *name, struct binary_symbol *ret)
{
	if (strcmp(path, "/bin/text") == 0)
		return -ENOEXEC;
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		if (strcmp(symbols[i].name, name) == 0) {
			*ret = symbols[i];
			return 0;
		}
	return -ENOENT;
}

static int usdts(struct world *w, const char *path, const struct binary_usdt **u, size_t *n)
{
	static const struct binary_usdt notes[] = {
		{ "python", "gc__start", "-4@%edi 8@counter(%rip)", 0x1500, 0x500, 0x9000 },
		{ "python", "gc__done", "8@%rax", 0x1510, 0x510, 0x9002 }, { "python", "gc__done", "8@%rax", 0x1520, 0x520, 0x9002 },
		{ "python", "gc__done", "8@%rbx", 0x1530, 0x530, 0x9002 },
	};

	*u = notes;
	*n = ARRAY_SIZE(notes);
	return 0;
}

static int code(struct world *w, const char *path, uint64_t offset, void *buf, size_t n)
{
	memset(buf, offset == 0x600 ? 0x62 : 0x90, n);
	return (int)n;
}

static int file_offset(struct world *w, const char *path, uint64_t address, uint64_t *offset)
{
	if (address < 0x1000 || address >= 0x2000)
		return -ERANGE;
	*offset = address - 0x1000;
	return 0;
}

static const char *demangle(struct world *w, const char *symbol)
{
	return strcmp(symbol, "_ZN2ns1fEi") == 0 ? "ns::f(int)" : NULL;
}

static size_t disassemble(struct world *w, const void *p, size_t n, uint64_t address, char *text, size_t room)
{
	return n < 4 ? n : 4; // instructions of four bytes
}

static bool feature(struct world *w, enum feature f)
{
	return f != FEATURE_ATTACH_COOKIE || has_cookies;
}

static const struct probe_type *const *types_of(struct world *w)
{
	return probe_types;
}

static int kernel_functions(struct world *w, const char *module, const char *name, void (*each)(void *, const char *, const char *), void *arg)
{
	static const char *const all[][2] = { { "vmlinux", "vfs_read" }, { "vmlinux", "rcu_note" }, { "vmlinux", "vfs_readv" }, { "xfs", "xfs_read" },
					      { "ext4", "twice" }, { "xfs", "twice" } };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (glob_match(module, all[i][0]) && glob_match(name, all[i][1]))
			each(arg, all[i][0], all[i][1]);
	return 0;
}

// int f(struct by value in 16 bytes, int)
static int function_args(struct world *w, const char *module, const char *name, const struct event_field **f, size_t *n, const struct type **ret,
			 const char **in)
{
	static struct event_field field[2];

	if (strcmp(name, "twice") == 0 && glob_is(module))
		return -EEXIST;
	if (strcmp(name, "twice") != 0 && (strcmp(name, "vfs_read") != 0 || !glob_match(module, "vmlinux")))
		return -ENOENT;
	field[0] = (struct event_field){ "pair", type_array(w->types, type_int(w->types, 8, false), 2), 0, 16, false, false };
	field[1] = (struct event_field){ "flags", type_int(w->types, 4, true), 16, 4, true, false };
	*f = field;
	*n = 2;
	*ret = type_int(w->types, 4, true);
	*in = strcmp(name, "twice") == 0 ? "xfs" : "vmlinux";
	return 0;
}

static const struct world_ops ops = {
	.tracepoints = tracepoints, .tracepoint_fields = tracepoint_fields, .raw_tracepoints = raw_tracepoints,
	.raw_tracepoint_args = raw_tracepoint_args, .syscall_number = syscall_number, .binaries = binaries, .symbols = all_symbols,
	.symbol = one_symbol, .usdts = usdts, .code = code, .file_offset = file_offset, .demangle = demangle,
	.disassemble = disassemble, .feature = feature, .probe_types = types_of,
	.kernel_functions = kernel_functions, .function_args = function_args,
};

// The question -----------------------------------------------------------------------------------------------------

struct fixture {
	struct arena *arena;
	struct world world;
	struct diag diag;
	struct expand q;
	struct site_list l;
	const struct probe_type *t;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->arena = arena_new();
	f->world = (struct world){ .ops = &ops, .arena = f->arena, .types = types_new(f->arena) };
	diag_init(&f->diag, f->arena);
	f->q = (struct expand){ .world = &f->world, .diag = &f->diag, .arena = f->arena };
	has_cookies = true;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	free(f);
	return 0;
}

// Expands `text` with the options in f->q; how many sites there are.
static size_t ask(struct fixture *f, const char *text)
{
	struct attach_point ap;

	f->l = (struct site_list){ .arena = f->arena };
	diag_init(&f->diag, f->arena);
	f->t = attach_point_split(&f->world, &f->diag, f->arena, (struct span){ 0 }, text, &ap);
	if (f->t)
		f->t->expand(f->t, &f->q, &ap, &f->l);
	return f->l.n;
}

static void ask_wrong(struct fixture *f, const char *text, enum diag_code code, const char *fragment)
{
	assert_int_equal(ask(f, text), 0);
	assert_int_equal(f->diag.errors, 1);
	assert_int_equal(f->diag.items[0].code, code);
	if (!strstr(f->diag.items[0].text, fragment))
		fail_msg("'%s' is not in: %s", fragment, f->diag.items[0].text);
}

static const struct plan_site *site(struct fixture *f, size_t i)
{
	assert_true(i < f->l.n);
	return &f->l.v[i].plan;
}

static void splits(void **state)
{
	struct fixture *f = *state;
	struct attach_point ap;
	const char *text = "mine=U:\"/bin/my \\\"prog\\\":1\":a:\"b:c\"d";

	assert_ptr_equal(attach_point_split(&f->world, &f->diag, f->arena, (struct span){ 0 }, text, &ap), probe_type_find(&f->world, "usdt"));
	assert_string_equal(ap.user_name, "mine");
	assert_string_equal(ap.provider, "usdt");
	assert_int_equal(ap.n, 3);
	assert_string_equal(ap.part[0], "/bin/my \"prog\":1");
	assert_string_equal(ap.part[2], "b:cd");
	assert_non_null(attach_point_split(&f->world, &f->diag, f->arena, (struct span){ 0 }, "u:/bin/x=1:f", &ap));
	assert_null(ap.user_name);
	assert_string_equal(ap.provider, "uprobe");
	assert_non_null(attach_point_split(&f->world, &f->diag, f->arena, (struct span){ 0 }, "BEGIN", &ap));
	assert_int_equal(ap.n, 0);
}

static void finds_providers(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(probe_type_find(&f->world, "TracePoint")->name, "tracepoint");
	assert_string_equal(probe_type_find(&f->world, "kfunc")->name, "fentry");
	assert_string_equal(probe_type_find(&f->world, "UR")->name, "uretprobe");
	assert_null(probe_type_find(&f->world, "nothing"));
	ask_wrong(f, "uprob:x:y", E_ATTACH_POINT, "did you mean 'uprobe'?");
	ask_wrong(f, "zzz", E_ATTACH_POINT, "known are: begin");
	ask_wrong(f, "*:f", E_ATTACH_POINT, "cannot be a pattern");
	ask_wrong(f, "", E_ATTACH_POINT, "begins with its provider");
	ask_wrong(f, "u:\"/bin", E_ATTACH_POINT, "not closed");
	ask_wrong(f, "watchpoint:0x1:8:w", E_ATTACH_POINT, "multiple of the length");
}

static void kernel_probes(void **state)
{
	struct fixture *f = *state;
	struct arg_loc at;

	assert_int_equal(ask(f, "kprobe:vfs_read"), 1);
	assert_int_equal(site(f, 0)->mechanism, MECH_KPROBE_MULTI);
	assert_int_equal(ask(f, "kprobe:*"), 5); // without rcu_*
	assert_int_equal(ask(f, "k:rcu_note"), 1);
	assert_int_equal(ask(f, "kr:xfs:*"), 2);
	assert_string_equal(site(f, 0)->name, "kretprobe:xfs:xfs_read");
	assert_int_equal(site(f, 0)->mechanism, MECH_PERF_KRETPROBE);
	assert_int_equal(ask(f, "kprobe:vfs_read+8"), 1);
	assert_string_equal(site(f, 0)->name, "kprobe:vfs_read+8");
	assert_int_equal(site(f, 0)->mechanism, MECH_PERF_KPROBE);
	assert_string_not_equal(f->l.v[0].variant, "");
	ask_wrong(f, "k:vfs_raed", E_NO_MATCH, "did you mean 'vfs_read'?");
	ask_wrong(f, "k:nfs:vfs_read", E_NO_MATCH, "specified module nfs");
	ask_wrong(f, "k:4096", E_UNSAFE, "--unsafe");
	ask_wrong(f, "k:vfs_read+x", E_ATTACH_POINT, "no offset");
	ask_wrong(f, "fentry:twice", E_ATTACH_POINT, "ambiguous attach point, please specify module");
	assert_int_equal(ask(f, "fexit:xfs:twice"), 1);
	assert_string_equal(f->l.v[0].attach_to, "xfs:twice");
	assert_int_equal(ask(f, "kretfunc:vfs_read"), 1);
	assert_true(f->t->retval(f->t, &f->world, &f->l.v[0], &at));
	assert_int_equal(at.offset, 3); // behind a struct in two slots and an int
	assert_int_equal(at.size, 4);
}

static void nears(void **state)
{
	struct near n = near_to("redline");

	near_offer(&n, "reads");
	near_offer(&n, "readline");
	near_offer(&n, "deadline");
	assert_string_equal(n.best, "readline");
	n = near_to("x");
	near_offer(&n, "abc");
	near_offer(&n, "");
	assert_null(n.best);
}

static void nears_are_copied_only_if_best(void **state)
{
	struct arena *a = arena_new();
	struct near n = near_to("vfs_reed");
	char name[32];
	size_t before = arena_size(a);

	for (unsigned i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, i == 5000 ? "vfs_read" : "function_%u", i);
		near_offer_copy(&n, a, name);
	}
	assert_string_equal(n.best, "vfs_read");
	assert_true(arena_size(a) - before < 100);
	arena_free(a);
}

static void specials(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "BEGIN"), 1);
	assert_string_equal(site(f, 0)->name, "begin");
	assert_int_equal(f->l.v[0].kind, PROG_RUN);
	ask_wrong(f, "end:x", E_ATTACH_POINT, "without arguments");
	assert_int_equal(ask(f, "self:signal:SIGUSR1"), 1);
	ask_wrong(f, "self:signal:SIGINT", E_ATTACH_POINT, "self:signal:SIGUSR1");
	ask_wrong(f, "self", E_ATTACH_POINT, "self:signal:SIGUSR1");
}

static void timers(void **state)
{
	struct fixture *f = *state;

	f->q.pid = 7;
	assert_int_equal(ask(f, "profile:hz:99"), 1);
	assert_true(site(f, 0)->is_freq);
	assert_int_equal(site(f, 0)->period, 99);
	assert_int_equal(site(f, 0)->pid, 7);
	assert_string_equal(site(f, 0)->name, "profile:hz:99");
	assert_int_equal(ask(f, "i:s:2"), 1);
	assert_int_equal(site(f, 0)->period, 2000000000);
	assert_int_equal(site(f, 0)->pid, 0);
	assert_int_equal(ask(f, "i:5ms"), 1);
	assert_int_equal(site(f, 0)->period, 5000000);
	assert_int_equal(ask(f, "i:1_000"), 1);
	assert_int_equal(site(f, 0)->period, 1000);
	ask_wrong(f, "i:us:0", E_ATTACH_POINT, "not a usable number");
	ask_wrong(f, "i:999", E_ATTACH_POINT, "Minimum is 1000 or 1us");
	ask_wrong(f, "p:hz:2000000", E_ATTACH_POINT, "Minimum is 1000 or 1us");
	ask_wrong(f, "p:min:2", E_ATTACH_POINT, "no unit of time");
	ask_wrong(f, "p:s:99999999999999999999", E_ATTACH_POINT, "not a usable number");
	ask_wrong(f, "p:s:10000000000", E_ATTACH_POINT, "not a usable number");
	ask_wrong(f, "p", E_ATTACH_POINT, "profile:hz:N");
	ask_wrong(f, "p:hz:1x", E_ATTACH_POINT, "not a usable number");
}

static void counters(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "software:faults:"), 1);
	assert_int_equal(site(f, 0)->period, 100);
	assert_string_equal(site(f, 0)->target, "page-faults");
	assert_int_equal(ask(f, "s:cs:5"), 1);
	assert_int_equal(site(f, 0)->period, 5);
	assert_int_equal(ask(f, "h:cycles"), 1);
	assert_string_equal(site(f, 0)->target, "cpu-cycles");
	ask_wrong(f, "s:page-fault:", E_NO_MATCH, "did you mean 'page-faults'?");
	ask_wrong(f, "s:cpu:0", E_ATTACH_POINT, "no count");
	ask_wrong(f, "s:cpu:1:2", E_ATTACH_POINT, "software:EVENT:COUNT");
}

static void tracepoint_mechanisms(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "t:sched:sched_switch"), 1);
	assert_int_equal(f->l.v[0].kind, PROG_RAW_TP);
	assert_int_equal(site(f, 0)->mechanism, MECH_RAW_TP);
	assert_string_equal(site(f, 0)->name, "tracepoint:sched:sched_switch");
	assert_int_equal(ask(f, "t:kprobes:sched_switch"), 1);
	assert_int_equal(site(f, 0)->mechanism, MECH_PERF_TRACEPOINT);
	assert_int_equal(ask(f, "t:sched:sched_wakeup"), 1);
	assert_int_equal(site(f, 0)->mechanism, MECH_PERF_TRACEPOINT);
	f->q.uses = PT_KSTACK;
	assert_int_equal(ask(f, "t:sched:sched_switch"), 1);
	assert_int_equal(site(f, 0)->mechanism, MECH_PERF_TRACEPOINT);
	f->q.uses = PT_ARGS;
	assert_int_equal(ask(f, "t:sched:*"), 2);
	assert_int_equal(f->l.v[0].kind, PROG_TRACEPOINT);
	assert_string_equal(f->l.v[0].variant, "sched:sched_switch");
	f->q.uses = PT_PROBE;
	assert_int_equal(ask(f, "t:sched_switch"), 2); // one part: any category
	assert_string_equal(f->l.v[0].variant, "sched:sched_switch");
	assert_string_equal(f->l.v[1].variant, "");
}

static void tracepoint_errors(void **state)
{
	struct fixture *f = *state;

	ask_wrong(f, "t:sched:sched_swich", E_NO_MATCH, "did you mean 'tracepoint:sched:sched_switch'?");
	ask_wrong(f, "t:zzz:*", E_NO_MATCH, "No matches for tracepoint zzz:*");
	ask_wrong(f, "t", E_ATTACH_POINT, "CATEGORY:EVENT");
	ask_wrong(f, "t:a:b:c", E_ATTACH_POINT, "CATEGORY:EVENT");
	ask_wrong(f, "t:a:", E_ATTACH_POINT, "CATEGORY:EVENT");
	f->q.list_only = true;
	assert_int_equal(ask(f, "t:zzz:*"), 0);
	assert_int_equal(f->diag.errors, 0);
}

static void field_is(struct fixture *f, size_t i, enum arg_where where, int32_t offset)
{
	const struct event_field *v;
	struct arg_loc loc;
	size_t n;

	assert_true(f->t->args(f->t, &f->world, &f->l.v[0], &v, &n));
	assert_true(i < n);
	assert_true(f->t->field(f->t, &f->world, &f->l.v[0], &v[i], &loc));
	assert_int_equal(loc.where, where);
	if (where != ARG_CONST)
		assert_int_equal(loc.offset, offset);
	if (loc.type->kind == TYPE_POINTER)
		assert_int_equal(loc.type->space, SPACE_USER);
}

static void syscalls(void **state)
{
	struct fixture *f = *state;

	f->q.uses = PT_ARGS;
	assert_int_equal(ask(f, "t:syscalls:sys_enter_openat"), 1);
	assert_int_equal(site(f, 0)->mechanism, MECH_RAW_SYSCALL);
	assert_int_equal(site(f, 0)->syscall, 4);
	field_is(f, 0, ARG_CONST, 0);
	field_is(f, 1, ARG_SYSCALL, 0);
	field_is(f, 2, ARG_SYSCALL, 1);
	assert_int_equal(ask(f, "t:syscalls:sys_exit_openat"), 1);
	field_is(f, 1, ARG_RAW, 1);
	assert_int_equal(ask(f, "t:syscalls:*openat"), 2);
	assert_int_equal(site(f, 1)->mechanism, MECH_RAW_SYSCALL);
	assert_string_not_equal(f->l.v[0].variant, f->l.v[1].variant);
	assert_int_equal(ask(f, "t:syscalls:sys_enter_*"), 6);
	assert_int_equal(site(f, 0)->mechanism, MECH_PERF_TRACEPOINT);
	field_is(f, 2, ARG_CTX, 24);
	assert_int_equal(ask(f, "t:syscalls:sys_enter_newfstat"), 1);
	assert_int_equal(site(f, 0)->syscall, 5);
	assert_int_equal(ask(f, "t:syscalls:sys_enter_fstat"), 1);
	assert_int_equal(site(f, 0)->mechanism, MECH_PERF_TRACEPOINT);
}

static void record_fields(void **state)
{
	struct fixture *f = *state;

	f->q.uses = PT_ARGS;
	assert_int_equal(ask(f, "t:sched:sched_switch"), 1);
	field_is(f, 0, ARG_CTX_ADDR, 8);
	field_is(f, 1, ARG_CTX, 24);
	field_is(f, 2, ARG_CTX_LOC, 28);
}

static void raws(void **state)
{
	struct fixture *f = *state;
	struct arg_loc loc;

	assert_int_equal(ask(f, "rt:sys_*"), 2);
	assert_string_equal(f->l.v[0].variant, "");
	f->q.uses = PT_ARGN;
	assert_int_equal(ask(f, "rt:vmlinux:sched_switch"), 1);
	assert_string_equal(site(f, 0)->name, "rawtracepoint:vmlinux:sched_switch");
	assert_true(f->t->arg(f->t, &f->world, &f->l.v[0], 1, &loc));
	assert_int_equal(loc.where, ARG_RAW);
	assert_int_equal(loc.offset, 1);
	assert_false(f->t->arg(f->t, &f->world, &f->l.v[0], 2, &loc));
	ask_wrong(f, "rt:sched_swtch", E_NO_MATCH, "did you mean 'sched_switch'?");
	ask_wrong(f, "rt:ext4:x", E_NO_MATCH, "vmlinux only");
}

static void functions(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "u:bash:readline"), 1);
	assert_string_equal(site(f, 0)->name, "uprobe:/bin/bash:readline");
	assert_int_equal(site(f, 0)->offset, 0x100);
	assert_int_equal(site(f, 0)->mechanism, MECH_UPROBE_MULTI);
	assert_int_equal(ask(f, "uprobe:\"/bin/my prog:1\":readline+0x4"), 1);
	assert_string_equal(site(f, 0)->name, "uprobe:/bin/bash:readline+4");
	assert_int_equal(site(f, 0)->offset, 0x104);
	assert_int_equal(site(f, 0)->address, 0x1100);
	assert_int_equal(ask(f, "u:bash:*read*"), 2);
	assert_int_equal(ask(f, "u:bash:*"), 3); // alias and readline are one place, nosize none
	assert_int_equal(f->diag.warnings, 1);                // avx
	assert_int_equal(ask(f, "x=u:bash:0x1104"), 1);
	assert_string_equal(site(f, 0)->name, "x");
	assert_int_equal(site(f, 0)->offset, 0x104);
	assert_int_equal(ask(f, "ur:bash:readline"), 1);
	assert_int_equal(site(f, 0)->mechanism, MECH_URETPROBE_MULTI);
	f->q.pid = 7;
	assert_int_equal(ask(f, "u:readline"), 1);
	assert_int_equal(site(f, 0)->pid, 7);
	f->q.unsafe = true;
	assert_int_equal(ask(f, "u:bash:nosize"), 1);
	f->q.uses = PT_PROBE;
	assert_int_equal(ask(f, "u:bash:readline*"), 2);
	assert_string_equal(f->l.v[1].variant, "");
	has_cookies = false;
	assert_int_equal(ask(f, "u:bash:readline*"), 2);
	assert_string_equal(f->l.v[1].variant, "uprobe:/bin/bash:readline_more");
}

static void cpp_functions(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "u:bash:cpp:\"ns::f\""), 1);
	assert_string_equal(site(f, 0)->name, "uprobe:/bin/bash:cpp:ns::f(int)");
	assert_int_equal(ask(f, "u:bash:cpp:ns::f"), 1);
	assert_int_equal(ask(f, "u:bash:ns::f"), 1);
	assert_int_equal(ask(f, "u:bash:cpp:\"ns::f(int)\""), 1);
	assert_int_equal(ask(f, "u:bash:cpp:ns*"), 1);
	ask_wrong(f, "u:bash:cpp:\"ns::f(long)\"", E_NO_MATCH, "did you mean 'ns::f(int)'?");
	ask_wrong(f, "u:bash:rust:f", E_ATTACH_POINT, "no language");
	f->q.pid = 7;
	assert_int_equal(ask(f, "u:cpp:ns::f"), 1);
}

static void function_errors(void **state)
{
	struct fixture *f = *state;

	ask_wrong(f, "u:bash:redline", E_NO_MATCH, "no function 'redline' in /bin/bash; did you mean 'readline'?");
	ask_wrong(f, "u:bash:zzz*", E_NO_MATCH, "No matches for uprobe zzz*");
	ask_wrong(f, "u:nowhere:f", E_TARGET, "there is no binary 'nowhere'");
	ask_wrong(f, "u:/bin/secret:f", E_TARGET, "no right to read /bin/secret");
	ask_wrong(f, "u:/bin/text:f", E_TARGET, "no ELF");
	ask_wrong(f, "u:f", E_ATTACH_POINT, "names no binary");
	ask_wrong(f, "u", E_ATTACH_POINT, "BINARY:FUNCTION");
	ask_wrong(f, "u:bash:", E_ATTACH_POINT, "BINARY:FUNCTION");
	ask_wrong(f, "u:bash:avx", E_UNSAFE, "AVX-512");
	ask_wrong(f, "u:bash:nosize", E_UNSAFE, "has no size");
	ask_wrong(f, "u:bash:readline+32", E_ATTACH_POINT, "outside 'readline', which is 32 bytes long");
	ask_wrong(f, "u:bash:readline+6", E_ATTACH_POINT, "inside an instruction, which starts at +4");
	ask_wrong(f, "u:bash:read*+4", E_ATTACH_POINT, "takes no offset");
	ask_wrong(f, "ur:bash:readline+4", E_ATTACH_POINT, "takes no offset");
	ask_wrong(f, "u:bash:0x9000", E_ATTACH_POINT, "no executable segment");
	ask_wrong(f, "u:bash:12ab", E_ATTACH_POINT, "neither an address");
	ask_wrong(f, "u:bash@main.c:12", E_TARGET, "no debugging information");
	f->q.pid = 8;
	ask_wrong(f, "u:f", E_TARGET, "process 8 does not exist");
	f->q.pid = 7;
	ask_wrong(f, "u:0x1100", E_ATTACH_POINT, "needs one binary");
}

static void arguments(void **state)
{
	struct fixture *f = *state;
	struct arg_loc loc;

	assert_int_equal(ask(f, "u:bash:readline"), 1);
#if defined(__x86_64__)
	assert_true(f->t->arg(f->t, &f->world, &f->l.v[0], 1, &loc));
	assert_int_equal(loc.where, ARG_REG);
	assert_int_equal(loc.offset, 13 * 8); // rsi
	assert_true(f->t->arg(f->t, &f->world, &f->l.v[0], 7, &loc));
	assert_int_equal(loc.where, ARG_STACK);
	assert_int_equal(loc.offset, 16);
#endif
	assert_false(f->t->arg(f->t, &f->world, &f->l.v[0], 256, &loc));
	assert_int_equal(ask(f, "ur:bash:readline"), 1);
	assert_true(f->t->retval(f->t, &f->world, &f->l.v[0], &loc));
	assert_int_equal(loc.where, ARG_REG);
}

static void notes(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "usdt:bash:python:gc__done"), 3);
	assert_string_equal(f->l.v[0].variant, "");
	assert_string_equal(site(f, 0)->name, "usdt:/bin/bash:python:gc__done");
	assert_int_equal(site(f, 0)->semaphore, 0x9002);
	f->q.uses = PT_ARGN;
	assert_int_equal(ask(f, "usdt:bash:gc*"), 4);
	assert_string_equal(f->l.v[1].variant, f->l.v[2].variant);
	assert_string_not_equal(f->l.v[2].variant, f->l.v[3].variant);
	ask_wrong(f, "usdt:bash:gc_start", E_NO_MATCH, "did you mean 'gc__start'?");
	ask_wrong(f, "usdt:bash:other:gc__start", E_NO_MATCH, "No matches for usdt other:gc__start");
	ask_wrong(f, "usdt:gc__start", E_ATTACH_POINT, "names no binary");
	f->q.pid = 7;
	assert_int_equal(ask(f, "usdt:gc__start"), 1);
	assert_int_equal(ask(f, "usdt:python:gc__start"), 1);
}

static void add_line(void *arg, const char *line)
{
	str_printf(arg, "%s\n", line);
}

static void list_is(struct fixture *f, const char *provider, const char *pattern, bool verbose, const char *want)
{
	_str_ struct str got = { 0 };
	const struct probe_type *t = probe_type_find(&f->world, provider);

	t->list(t, &f->world, pattern, 0, verbose, add_line, &got);
	assert_string_equal(str_z(&got), want);
}

static void lists(void **state)
{
	struct fixture *f = *state;

	list_is(f, "tracepoint", "sched:*", false, "tracepoint:sched:sched_switch\ntracepoint:sched:sched_wakeup\n");
	list_is(f, "tracepoint", "syscalls:sys_exit*", true,
		"tracepoint:syscalls:sys_exit_openat\n    int32 __syscall_nr\n    int64 ret\n");
	list_is(f, "rawtracepoint", "", false, "rawtracepoint:vmlinux:sched_switch\nrawtracepoint:vmlinux:sys_enter\nrawtracepoint:vmlinux:sys_exit\n");
	list_is(f, "software", "c*", false,
		"software:context-switches:\nsoftware:cpu-clock:\nsoftware:cpu-migrations:\nsoftware:cpu:\nsoftware:cs:\n");
	list_is(f, "profile", NULL, false, "profile:hz:\nprofile:ms:\nprofile:s:\nprofile:us:\n");
	list_is(f, "self", "*", false, "self:signal:SIGUSR1\n");
	list_is(f, "begin", NULL, false, "begin\n");
	list_is(f, "uprobe", "bash", false,
		"uprobe:/bin/bash:_ZN2ns1fEi\nuprobe:/bin/bash:alias\nuprobe:/bin/bash:avx\nuprobe:/bin/bash:nosize\nuprobe:/bin/bash:readline\n"
		"uprobe:/bin/bash:readline_more\n");
	list_is(f, "uprobe", "bash:cpp:ns*", false, "uprobe:/bin/bash:cpp:\"ns::f(int)\"\n");
	list_is(f, "usdt", "bash:*", false, "usdt:/bin/bash:python:gc__done\nusdt:/bin/bash:python:gc__start\n");
	list_is(f, "kprobe", "vfs*", false, "kprobe:vfs_read\nkprobe:vfs_readv\n");
	list_is(f, "uprobe", "nowhere:*", false, "");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(splits), T(finds_providers), T(kernel_probes), T(nears), T(nears_are_copied_only_if_best), T(specials), T(timers), T(counters), T(tracepoint_mechanisms),
		T(tracepoint_errors), T(syscalls), T(record_fields), T(raws), T(functions), T(cpp_functions), T(function_errors),
		T(arguments), T(notes), T(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

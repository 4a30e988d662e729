// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/fake_world.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/type.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/attach/probe_types.h"

struct event {
	const char *category, *name;
	const struct event_field *field;
	size_t n;
};

struct fake {
	struct types *types;
	const struct type *task, *file, *mm, *list, *color, *pt_regs, *iter_task;
	struct event events[16];
	size_t nevents;
	struct event raw[4];
	size_t nraw;
};

static struct fake *fake_of(const struct world *w)
{
	return w->impl;
}

// Types --------------------------------------------------------------------------------------------------------------

static const struct type *i8(struct types *t) { return type_int(t, 1, true); }
static const struct type *i32(struct types *t) { return type_int(t, 4, true); }
static const struct type *i64(struct types *t) { return type_int(t, 8, true); }
static const struct type *u32(struct types *t) { return type_int(t, 4, false); }
static const struct type *u64(struct types *t) { return type_int(t, 8, false); }

static void make_types(struct fake *f)
{
	struct types *t = f->types;
	struct type *task = type_struct(t, TYPE_STRUCT, "task_struct"), *file = type_struct(t, TYPE_STRUCT, "file");
	struct type *mm = type_struct(t, TYPE_STRUCT, "mm_struct"), *list = type_struct(t, TYPE_STRUCT, "list_head");
	struct type *regs = type_struct(t, TYPE_STRUCT, "pt_regs");
	static const struct enumerator colors[] = { { "RED", 0 }, { "GREEN", 1 }, { "BLUE", 5 } };

	f->color = type_enum(t, "color", 4, false, colors, ARRAY_SIZE(colors));
	type_set_fields(t, list, 16, (struct field[]){ { .name = "next", .type = type_pointer(t, list, SPACE_NONE) },
						       { .name = "prev", .type = type_pointer(t, list, SPACE_NONE), .offset = 8 } }, 2);
	type_set_fields(t, mm, 16, (struct field[]){ { .name = "total_vm", .type = u64(t) }, { .name = "stack_vm", .type = u64(t), .offset = 8 } }, 2);
	type_set_fields(t, file, 24, (struct field[]){
		{ .name = "f_mode", .type = u32(t) },
		{ .name = "f_flags", .type = u32(t), .offset = 4, .bit_offset = 3, .bit_size = 5 },
		{ .name = "f_pos", .type = i64(t), .offset = 8 },
		{ .name = "private_data", .type = type_pointer(t, type_basic(t, TYPE_NONE), SPACE_NONE), .offset = 16 } }, 4);
	type_set_fields(t, task, 128, (struct field[]){
		{ .name = "pid", .type = i32(t) },
		{ .name = "tgid", .type = i32(t), .offset = 4 },
		{ .name = "comm", .type = type_array(t, i8(t), 16), .offset = 8 },
		{ .name = "parent", .type = type_pointer(t, task, SPACE_NONE), .offset = 24 },
		{ .name = "mm", .type = type_pointer(t, mm, SPACE_NONE), .offset = 32 },
		{ .name = "tasks", .type = list, .offset = 40 },
		{ .name = "prio", .type = type_array(t, i32(t), 4), .offset = 56 },
		{ .name = "files", .type = type_pointer(t, type_pointer(t, file, SPACE_NONE), SPACE_NONE), .offset = 72 },
		{ .name = "color", .type = f->color, .offset = 80 },
		{ .name = "mac", .type = type_array(t, type_int(t, 1, false), 6), .offset = 84 } }, 10);
	type_set_fields(t, regs, 168, (struct field[]){ { .name = "ip", .type = u64(t), .offset = 128 } }, 1);
	struct type *iter = type_struct(t, TYPE_STRUCT, "bpf_iter__task");
	type_set_fields(t, iter, 16, (struct field[]){ { .name = "meta", .type = u64(t) },
						       { .name = "task", .type = type_pointer(t, task, SPACE_NONE), .offset = 8 } }, 2);
	f->iter_task = iter;
	f->task = task, f->file = file, f->mm = mm, f->list = list, f->pt_regs = regs;
}

static uint32_t type_id(struct world *w, enum type_kind kind, const char *name)
{
	(void)w;
	return kind == TYPE_STRUCT && strcmp(name, "task_struct") == 0 ? 117 : 0;
}

static const struct type *type_named(struct world *w, enum type_kind kind, const char *name)
{
	struct fake *f = fake_of(w);
	const struct type *const all[] = { f->task, f->file, f->mm, f->list, f->color, f->pt_regs, f->iter_task };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i]->kind == kind && strcmp(all[i]->name, name) == 0)
			return all[i];
	if (kind == TYPE_STRUCT && strcmp(name, "opaque") == 0)
		return type_struct(f->types, TYPE_STRUCT, "opaque");
	return NULL;
}

static const struct type *typedef_named(struct world *w, const char *name)
{
	if (strcmp(name, "pid_t") == 0)
		return i32(fake_of(w)->types);
	return strcmp(name, "dev_t") == 0 ? u32(fake_of(w)->types) : NULL;
}

static int complete(struct world *w, const struct type *s)
{
	return s->complete ? 0 : -ENOENT;
}

static bool constant(struct world *w, const char *name, int64_t *value, const struct type **type)
{
	const struct type *e = fake_of(w)->color;

	for (uint32_t i = 0; i < e->nenums; i++)
		if (strcmp(e->enums[i].name, name) == 0) {
			*value = e->enums[i].value;
			*type = e;
			return true;
		}
	return false;
}

// Tracepoints --------------------------------------------------------------------------------------------------------

static void event_add(struct fake *f, struct arena *a, const char *category, const char *name, const struct event_field *field, size_t n)
{
	f->events[f->nevents++] = (struct event){ category, name, arena_memdup(a, field, n * sizeof *field), n };
}

#define event(f, a, category, name, ...) \
	event_add((f), (a), (category), (name), (struct event_field[]){ __VA_ARGS__ }, sizeof((struct event_field[]){ __VA_ARGS__ }) / sizeof(struct event_field))

static void make_events(struct fake *f, struct arena *a)
{
	struct types *t = f->types;
	const struct type *text = type_pointer(t, i8(t), SPACE_USER), *comm = type_array(t, i8(t), 16);
	const struct event_field nr = { "__syscall_nr", i32(t), 8, 4, true, false };

	event(f, a, "syscalls", "sys_enter_openat", nr, { "dfd", i64(t), 16, 8, true, false }, { "filename", text, 24, 8, false, false },
	      { "flags", i64(t), 32, 8, true, false }, { "mode", type_int(t, 2, false), 40, 8, false, false });
	event(f, a, "syscalls", "sys_exit_openat", nr, { "ret", i64(t), 16, 8, true, false });
	event(f, a, "syscalls", "sys_enter_read", nr, { "fd", u64(t), 16, 8, false, false },
	      { "buf", text, 24, 8, false, false }, { "count", u64(t), 32, 8, false, false });
	event(f, a, "syscalls", "sys_exit_read", nr, { "ret", i64(t), 16, 8, true, false });
	event(f, a, "sched", "sched_switch", { "prev_comm", comm, 8, 16, true, false }, { "prev_pid", i32(t), 24, 4, true, false },
	      { "prev_state", i64(t), 32, 8, true, false }, { "next_comm", comm, 40, 16, true, false }, { "next_pid", i32(t), 56, 4, true, false });
	event(f, a, "sched", "sched_process_exec", { "filename", type_string(t, 256), 8, 4, false, true }, { "pid", i32(t), 12, 4, true, false },
	      { "old_pid", i32(t), 16, 4, true, false });
	event(f, a, "sched", "sched_process_exit", { "comm", comm, 8, 16, true, false }, { "pid", i32(t), 24, 4, true, false });
	f->raw[f->nraw++] = (struct event){ "", "sched_switch", arena_memdup(a, (struct event_field[]){
		{ "preempt", type_basic(t, TYPE_BOOL), 0, 1, false, false },
		{ "prev", type_pointer(t, f->task, SPACE_KERNEL), 8, 8, false, false },
		{ "next", type_pointer(t, f->task, SPACE_KERNEL), 16, 8, false, false } }, 3 * sizeof(struct event_field)), 3 };
	f->raw[f->nraw++] = (struct event){ "", "sys_enter", arena_memdup(a, (struct event_field[]){
		{ "regs", type_pointer(t, f->pt_regs, SPACE_KERNEL), 0, 8, false, false }, { "id", i64(t), 8, 8, true, false } },
		2 * sizeof(struct event_field)), 2 };
}

static int tracepoints(struct world *w, const char *category, const char *name, void (*each)(void *, const char *, const char *), void *arg)
{
	const struct fake *f = fake_of(w);

	for (size_t i = 0; i < f->nevents; i++)
		if (glob_match(category, f->events[i].category) && glob_match(name, f->events[i].name))
			each(arg, f->events[i].category, f->events[i].name);
	return 0;
}

static int find(const struct event *e, size_t n, const char *category, const char *name, const struct event_field **ret, size_t *nret)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(e[i].category, category) == 0 && strcmp(e[i].name, name) == 0) {
			*ret = e[i].field;
			*nret = e[i].n;
			return 0;
		}
	return -ENOENT;
}

static int tracepoint_fields(struct world *w, const char *category, const char *name, const struct event_field **ret, size_t *n)
{
	return find(fake_of(w)->events, fake_of(w)->nevents, category, name, ret, n);
}

static int raw_tracepoints(struct world *w, const char *name, void (*each)(void *, const char *), void *arg)
{
	const struct fake *f = fake_of(w);

	for (size_t i = 0; i < f->nraw; i++)
		if (glob_match(name, f->raw[i].name))
			each(arg, f->raw[i].name);
	return 0;
}

static int raw_tracepoint_args(struct world *w, const char *name, const struct event_field **ret, size_t *n)
{
	return find(fake_of(w)->raw, fake_of(w)->nraw, "", name, ret, n);
}

static int syscall_number(struct world *w, const char *name)
{
	return strcmp(name, "openat") == 0 ? 257 : strcmp(name, "read") == 0 ? 0 : -ENOENT;
}

// Binaries -----------------------------------------------------------------------------------------------------------

static const struct binary_symbol symbols[] = {
	{ "alpha", 0x401000, 0x40, 0x1000 }, { "alpha_two", 0x401100, 0x40, 0x1100 }, { "beta", 0x401200, 0x80, 0x1200 }, { "main.greet", 0x401300, 0x40, 0x1300 },
	{ "gamma", 0x401300, 0x20, 0x1300 }, { "main", 0x401400, 0x100, 0x1400 },
};

static const struct binary_usdt usdts[] = {
	{ "shop", "order", "8@%rdi -4@%esi", 0x401210, 0x1210, 0 }, { "shop", "order", "8@%rbx -4@8(%rsp)", 0x401310, 0x1310, 0 },
	{ "shop", "empty", "", 0x401220, 0x1220, 0x3010 },
};

static bool is_app(const char *path)
{
	return strcmp(path, "/bin/app") == 0 || strcmp(path, "/opt/my app:1") == 0;
}

static int world_binaries(struct world *w, const char *name, uint32_t pid, void (*each)(void *arg, const char *path), void *arg)
{
	static const char *const paths[] = { "/bin/app", "/opt/my app:1" };
	size_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (glob_match(name, paths[i]) || (strcmp(name, "app") == 0 && i == 0)) {
			each(arg, paths[i]);
			found++;
		}
	return found ? 0 : -ENOENT;
}

static int world_symbols(struct world *w, const char *path, const struct binary_symbol **s, size_t *n)
{
	*s = symbols;
	*n = ARRAY_SIZE(symbols);
	return is_app(path) ? 0 : -ENOENT;
}

static int world_symbol(struct world *w, const char *path, const char *name, struct binary_symbol *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(symbols) && is_app(path); i++)
		if (strcmp(symbols[i].name, name) == 0) {
			*ret = symbols[i];
			return 0;
		}
	return -ENOENT;
}

static int world_usdts(struct world *w, const char *path, const struct binary_usdt **u, size_t *n)
{
	*u = usdts;
	*n = ARRAY_SIZE(usdts);
	return is_app(path) ? 0 : -ENOENT;
}

static int world_code(struct world *w, const char *path, uint64_t offset, void *buf, size_t n)
{
	memset(buf, 0x55, n); // push %rbp
	return (int)n;
}

static int file_offset(struct world *w, const char *path, uint64_t address, uint64_t *offset)
{
	if (address < 0x401000 || address >= 0x402000)
		return -ERANGE;
	*offset = address - 0x400000;
	return 0;
}

// The rest -----------------------------------------------------------------------------------------------------------

static const char *demangle(struct world *w, const char *symbol) { return NULL; }
static bool feature(struct world *w, enum feature f) { return true; }
static uint64_t kernel_symbol(struct world *w, const char *name) { return strcmp(name, "jiffies") == 0 ? 0xffffffff82000000 : 0; }
static uint64_t cgroup_id(struct world *w, const char *path) { return strcmp(path, "/sys/fs/cgroup/shop") == 0 ? 4242 : 0; }
static unsigned cpus(struct world *w) { return 4; }
static const struct probe_type *const *providers(struct world *w) { return probe_types; }
static const struct sink *const *no_sinks(struct world *w)
{
	static const struct sink *const none[] = { NULL };

	return none;
}
static size_t no_deps(struct world *w, const struct plan_dep **d)
{
	*d = NULL;
	return 0;
}
static const char *identity(struct world *w) { return "fake"; }

// int alpha(struct list_head *list, signed char step, <in no register> both); of beta and the others nothing is known.
static int binary_function(struct world *w, const char *path, uint64_t address, const struct event_field **f, size_t *n, const struct type **ret)
{
	struct types *t = w->types;
	struct event_field all[] = { { "list", type_pointer(t, fake_of(w)->list, SPACE_USER), 0, 8, false, false },
				     { "step", i8(t), 8, 1, true, false }, { "both", fake_of(w)->list, UINT32_MAX, 16, false, false } };

	struct event_field go[] = { { "name", type_pointer(t, i8(t), SPACE_USER), FIELD_GO + 8, 8, false, false },
				    { "name.len", type_int(t, 8, true), FIELD_GO + 16, 8, true, false },
				    { "weight", type_basic(t, TYPE_NONE), UINT32_MAX, 8, false, false } };

	if (address == 0x401300) { // func greet(_ int, name string, weight float64), of Go
		*f = arena_memdup(w->arena, go, sizeof go);
		*n = ARRAY_SIZE(go);
		*ret = type_basic(t, TYPE_NONE);
		return 0;
	}
	if (address != 0x401000)
		return -ENOENT;
	*f = arena_memdup(w->arena, all, sizeof all);
	*n = ARRAY_SIZE(all);
	*ret = i32(t);
	return 0;
}

// Kernel functions ---------------------------------------------------------------------------------------------------

static const struct kernel_function {
	const char *module, *name;
} functions[] = { { "vmlinux", "vfs_read" }, { "vmlinux", "vfs_write" }, { "vmlinux", "vfs_readv" }, { "vmlinux", "rcu_read" },
		  { "vmlinux", "bpf_iter_task" }, { "vmlinux", "_raw_spin_lock" }, { "vmlinux", "_raw_spin_lock_irqsave" }, { "vmlinux", "_raw_spin_unlock" },
		  { "vmlinux", "bpf_lsm_file_open" }, { "vmlinux", "bpf_lsm_file_free" }, { "vmlinux", "bpf_lsm_is_trusted" },
		  { "ext4", "ext4_read" }, { "ext4", "ext4_write" } };

static int kernel_functions(struct world *w, const char *module, const char *name, void (*each)(void *, const char *, const char *), void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (glob_match(module, functions[i].module) && glob_match(name, functions[i].name))
			each(arg, functions[i].module, functions[i].name);
	return 0;
}

// Programs that run: 55 has no BTF, nobody may look for what is called "secret".
static const struct {
	uint32_t id;
	const char *name;
	bool has_types;
} programs[] = { { 17, "shop_main", true }, { 17, "shop_price", true }, { 23, "drop", true }, { 31, "twice", true }, { 42, "twice", true }, { 55, "bare", false } };

static int bpf_functions(struct world *w, const char *text, void (*each)(void *, uint32_t, const char *, bool), void *arg)
{
	const char *colon = strchr(text, ':'), *name = colon ? colon + 1 : text;
	bool any = !colon || *text == '*', found = any;

	if (strcmp(name, "secret") == 0)
		return -EPERM;
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (!any && strtoul(text, NULL, 10) != programs[i].id)
			continue;
		found = true;
		if (glob_match(name, programs[i].name))
			each(arg, programs[i].id, programs[i].name, programs[i].has_types);
	}
	return found ? 0 : -ENOENT;
}

// int f(struct file *ctx, int n)
static int bpf_function_args(struct world *w, const char *text, const struct event_field **f, size_t *n, const struct type **ret)
{
	struct types *t = w->types;
	struct event_field all[] = { { "ctx", type_pointer(t, fake_of(w)->file, SPACE_KERNEL), 0, 8, false, false }, { "n", i32(t), 8, 4, true, false } };

	*f = arena_memdup(w->arena, all, sizeof all);
	*n = ARRAY_SIZE(all);
	*ret = i32(t);
	return 0;
}

// All have the prototype int f(struct file *file, char *buf, unsigned long count), but what frees returns nothing.
static int function_args(struct world *w, const char *module, const char *name, const struct event_field **f, size_t *n,
			 const struct type **ret, const char **in)
{
	struct types *t = w->types;
	struct event_field all[] = { { "file", type_pointer(t, fake_of(w)->file, SPACE_KERNEL), 0, 8, false, false },
				     { "buf", type_pointer(t, i8(t), SPACE_USER), 8, 8, false, false },
				     { "count", u64(t), 16, 8, false, false } };

	*in = module;
	if (strcmp(module, WORLD_BPF) == 0)
		return bpf_function_args(w, name, f, n, ret);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (glob_match(module, functions[i].module) && strcmp(name, functions[i].name) == 0) {
			*f = arena_memdup(w->arena, all, sizeof all);
			*n = ARRAY_SIZE(all);
			*ret = strstr(name, "_free") ? type_basic(t, TYPE_NONE) : i32(t);
			*in = functions[i].module;
			return 0;
		}
	return -ENOENT;
}

static int interfaces(struct world *w, void (*each)(void *, const char *), void *arg)
{
	each(arg, "lo");
	each(arg, "eth0");
	each(arg, "eth1");
	return 0;
}

struct world *fake_world(struct arena *a, struct types *types)
{
	static const struct world_ops ops = {
		.type_named = type_named, .typedef_named = typedef_named, .complete = complete, .constant = constant,
		.tracepoints = tracepoints, .tracepoint_fields = tracepoint_fields,
		.raw_tracepoints = raw_tracepoints, .raw_tracepoint_args = raw_tracepoint_args, .syscall_number = syscall_number,
		.binaries = world_binaries, .symbols = world_symbols, .symbol = world_symbol, .usdts = world_usdts,
		.code = world_code, .file_offset = file_offset, .demangle = demangle,
		.type_id = type_id, .feature = feature, .kernel_symbol = kernel_symbol, .cgroup_id = cgroup_id, .cpus = cpus,
		.probe_types = providers, .sinks = no_sinks, .deps = no_deps, .identity = identity,
		.kernel_functions = kernel_functions, .function_args = function_args, .bpf_functions = bpf_functions, .binary_function = binary_function, .interfaces = interfaces,
	};
	struct world *w = arena_new_(a, struct world);
	struct fake *f = arena_new_(a, struct fake);

	f->types = types;
	*w = (struct world){ .ops = &ops, .arena = a, .types = types, .impl = f };
	make_types(f);
	make_events(f, a);
	return w;
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/world_live.h"

#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/plan.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/attach/probe_types.h"
#include "runtime/binaries.h"
#include "runtime/bpf_functions.h"
#include "runtime/bpf_programs.h"
#include "runtime/btf_types.h"
#include "runtime/dwarf.h"
#include "runtime/elf_file.h"
#include "runtime/features.h"
#include "runtime/kernel_functions.h"
#include "runtime/kfunc.h"
#include "runtime/sinks/sinks.h"
#include "runtime/symbol_list.h"
#include "runtime/symbols/demangle.h"
#include "runtime/symbols/sym_kernel.h"
#include "runtime/syscalls.h"
#include "runtime/targets.h"
#include "runtime/tracefs.h"
#include "runtime/usdt_note.h"

#define BTF_FOLDER "/sys/kernel/btf"

// A binary as it was when it was first asked about. Another version of it, written since, stands before it in the list;
// the old one stays, because answers live as long as the world.
struct binary {
	struct binary *older;
	struct elf_file *file;
	const struct binary_symbol *symbols;
	const struct binary_usdt *usdts;
	size_t nsymbols, nusdts;
	bool has_symbols, has_usdts, dwarf_tried;
	struct dwarf *dwarf;
};

struct btf_part { // vmlinux first, then modules
	struct btf_file *file;
	struct btf_types *types;
	const char *module;
};

struct live {
	struct world world;
	struct world_ops ops;
	struct tracefs tracefs;
	struct features features;
	struct demangler demangler;
	struct map binaries;    // path -> struct binary *
	struct map fields;      // "category:event" -> struct event_list *
	struct map demangled;   // symbol -> text
	VEC(struct plan_dep) deps;
	VEC(struct plan_lookup) lookups;
	VEC(struct btf_part) btf;
	bool btf_tried, modules_tried;
	struct kernel_functions *functions;
	struct bpf_functions *bpf;
	VEC(struct dwarf *) dwarfs; // of the binaries
	const char *identity;
};

struct event_list {
	const struct event_field *f;
	size_t n;
};

static struct live *live_of(struct world *w)
{
	return w->impl;
}

// Types -------------------------------------------------------------------------------------------------------------------

static void add_btf(struct live *l, const char *path, const struct btf_file *base)
{
	struct btf_part part = { .module = arena_strdup(l->world.arena, strrchr(path, '/') + 1) };

	if (btf_file_open(path, base, &part.file) < 0)
		return;
	part.types = btf_types_new(l->world.arena, l->world.types, part.file);
	vec_push(NULL, &l->btf, part);
}

static void add_modules(struct live *l)
{
	DIR *dir = l->btf.n ? opendir(BTF_FOLDER) : NULL;

	l->modules_tried = true;
	if (!dir)
		return;
	for (struct dirent *e; (e = readdir(dir));) {
		_free_ char *path = xasprintf(BTF_FOLDER "/%s", e->d_name);

		if (e->d_name[0] != '.' && strcmp(e->d_name, "vmlinux") != 0)
			add_btf(l, path, l->btf.v[0].file);
	}
	closedir(dir);
}

// Types of another kernel, or of one that does not show its own.
static const char *btf_path(void)
{
	const char *given = getenv("BPFTRACE_BTF");

	return given && *given ? given : BTF_KERNEL_PATH;
}

// The i-th source of types. Modules are opened when the kernel's own BTF did not have the answer.
static struct btf_part *btf_at(struct live *l, size_t i)
{
	if (!l->btf_tried) {
		l->btf_tried = true;
		add_btf(l, btf_path(), NULL);
	}
	if (i > 0 && !l->modules_tried)
		add_modules(l);
	return i < l->btf.n ? &l->btf.v[i] : NULL;
}

static const struct type *live_type_named(struct world *w, enum type_kind kind, const char *name)
{
	const struct type *t = NULL;
	struct btf_part *b;

	for (size_t i = 0; !t && (b = btf_at(live_of(w), i)); i++)
		t = btf_types_named(b->types, kind, name);
	return t;
}

static const struct type *live_typedef_named(struct world *w, const char *name)
{
	const struct type *t = NULL;
	struct btf_part *b;

	for (size_t i = 0; !t && (b = btf_at(live_of(w), i)); i++)
		t = btf_types_typedef(b->types, name);
	return t;
}

static int live_complete(struct world *w, const struct type *s)
{
	struct btf_part *b;

	if (s->complete)
		return 0;
	for (size_t i = 0; (b = btf_at(live_of(w), i)); i++)
		if (btf_types_complete(b->types, s) == 0)
			return 0;
	for (size_t i = 0; i < live_of(w)->dwarfs.n; i++)
		if (dwarf_complete(live_of(w)->dwarfs.v[i], s) == 0)
			return 0;
	return live_of(w)->bpf ? bpf_functions_complete(live_of(w)->bpf, s) : -ENOENT;
}

static const char *live_type_root(struct world *w, const struct type *s, const char **path)
{
	struct live *l = live_of(w);
	const char *root = NULL;

	*path = NULL;
	for (size_t i = 0; !root && !*path && i < l->btf.n; i++)
		root = btf_types_root(l->btf.v[i].types, s, path);
	return root;
}

static bool live_constant(struct world *w, const char *name, int64_t *value, const struct type **type)
{
	struct btf_part *b;
	uint32_t id;

	for (size_t i = 0; (b = btf_at(live_of(w), i)); i++) {
		if (!btf_file_enumerator(b->file, name, &id, value))
			continue;
		if (type)
			*type = btf_types_get(b->types, id);
		return true;
	}
	return false;
}

// Tracepoints -------------------------------------------------------------------------------------------------------------

static int live_tracepoints(struct world *w, const char *category, const char *event,
			    void (*each)(void *arg, const char *category, const char *event), void *arg)
{
	return tracefs_each(&live_of(w)->tracefs, category, event, each, arg);
}

static int live_tracepoint_fields(struct world *w, const char *category, const char *event, const struct event_field **f, size_t *n)
{
	struct live *l = live_of(w);
	_free_ char *key = xasprintf("%s:%s", category, event);
	struct event_list *list = map_gets(&l->fields, key);
	int err;

	if (!list) {
		list = arena_new_(w->arena, struct event_list);
		err = tracefs_fields(&l->tracefs, w->arena, w->types, category, event, &list->f, &list->n);
		if (err)
			return err;
		*map_puts(&l->fields, key) = list;
	}
	*f = list->f;
	*n = list->n;
	return 0;
}

static void each_raw(const struct btf_file *b, const char *event, void (*each)(void *arg, const char *event), void *arg)
{
	static const char prefix[] = "btf_trace_";

	for (uint32_t id = btf_file_first(b); id < btf_file_end(b); id++) {
		const struct btf_type *t = btf_file_type(b, id);
		const char *name;

		if (btf_file_kind(t) != BTF_KIND_TYPEDEF)
			continue;
		name = btf_file_string(b, t->name_off);
		if (strncmp(name, prefix, sizeof prefix - 1) == 0 && glob_match(event, name + sizeof prefix - 1))
			each(arg, name + sizeof prefix - 1);
	}
}

static int live_raw_tracepoints(struct world *w, const char *event, void (*each)(void *arg, const char *event), void *arg)
{
	struct btf_part *b = btf_at(live_of(w), 0);

	if (!b)
		return access(btf_path(), R_OK) < 0 ? -errno : -EINVAL;
	if (!glob_is(event) && btf_file_raw_tracepoint(b->file, event)) {
		each(arg, event);
		return 0;
	}
	for (size_t i = 0; (b = btf_at(live_of(w), i)); i++)
		each_raw(b->file, event, each, arg);
	return 0;
}

static int live_raw_tracepoint_args(struct world *w, const char *event, const struct event_field **f, size_t *n)
{
	struct btf_part *b;

	for (size_t i = 0; (b = btf_at(live_of(w), i)); i++)
		if (btf_types_raw_tracepoint(b->types, event, f, n) == 0)
			return 0;
	return -ENOENT;
}

static int live_syscall_number(struct world *w, const char *name)
{
	return syscall_number(name);
}

// Binaries ----------------------------------------------------------------------------------------------------------------

static int live_binaries(struct world *w, const char *name, uint32_t pid, void (*each)(void *arg, const char *path), void *arg)
{
	uint64_t answer;
	int r = binaries_answer(name, pid, each, arg, &answer);
	struct live *l = live_of(w);

	if (pid)
		vec_push(w->arena, &l->lookups, (struct plan_lookup){ .name = arena_strdup(w->arena, name), .answer = answer });
	return r;
}

static void add_dep(struct live *l, const char *path, const struct elf_file *f, bool is_probed)
{
	struct elf_id id = elf_file_id(f);

	for (size_t i = 0; i < l->deps.n; i++)
		if (strcmp(l->deps.v[i].path, path) == 0)
			return;
	vec_push(l->world.arena, &l->deps, (struct plan_dep){ .path = arena_strdup(l->world.arena, path), .dev = id.dev, .ino = id.ino,
							       .size = (uint64_t)id.size, .mtime_ns = id.mtime_ns,
							       .content = is_probed ? elf_file_content(f) : 0 });
}

static bool is_current(const struct binary *b, const char *path)
{
	struct elf_id id = elf_file_id(b->file);
	struct stat st;

	return stat(path, &st) == 0 && id.dev == st.st_dev && id.ino == st.st_ino && id.size == st.st_size &&
	       id.mtime_ns == (uint64_t)st.st_mtim.tv_sec * 1000000000ull + (uint64_t)st.st_mtim.tv_nsec;
}

static int binary_at(struct world *w, const char *path, struct binary **ret)
{
	struct live *l = live_of(w);
	struct binary *b = map_gets(&l->binaries, path);
	struct elf_file *f;
	int err;

	if (b && is_current(b, path)) {
		*ret = b;
		return 0;
	}
	err = elf_file_open(path, &f);
	if (err)
		return err;
	add_dep(l, path, f, true);
	struct binary *fresh = arena_new_(w->arena, struct binary);
	*fresh = (struct binary){ .older = b, .file = f };
	*map_puts(&l->binaries, path) = fresh;
	*ret = fresh;
	return 0;
}

static int live_symbols(struct world *w, const char *path, const struct binary_symbol **s, size_t *n)
{
	struct binary *b;
	int err = binary_at(w, path, &b);

	if (err)
		return err;
	if (!b->has_symbols)
		symbol_list(b->file, w->arena, &b->symbols, &b->nsymbols);
	b->has_symbols = true;
	*s = b->symbols;
	*n = b->nsymbols;
	return 0;
}

static int live_symbol(struct world *w, const char *path, const char *name, struct binary_symbol *ret)
{
	struct elf_function fn;
	struct binary *b;
	int err = binary_at(w, path, &b);

	if (!err)
		err = elf_file_function(b->file, name, &fn);
	if (err)
		return err;
	*ret = (struct binary_symbol){ .name = arena_strdup(w->arena, name), .address = fn.address, .size = fn.size, .offset = fn.offset };
	return 0;
}

static int live_variable(struct world *w, const char *path, const char *name, struct binary_symbol *ret)
{
	struct binary *b;
	uint64_t address, size;
	int err = binary_at(w, path, &b);

	if (!err)
		err = elf_file_variable(b->file, name, &address, &size);
	if (!err)
		*ret = (struct binary_symbol){ .name = arena_strdup(w->arena, name), .address = address, .size = size };
	return err;
}

static int live_usdts(struct world *w, const char *path, const struct binary_usdt **u, size_t *n)
{
	struct binary *b;
	int err = binary_at(w, path, &b);

	if (err)
		return err;
	if (!b->has_usdts)
		usdt_notes(b->file, w->arena, &b->usdts, &b->nusdts);
	b->has_usdts = true;
	*u = b->usdts;
	*n = b->nusdts;
	return 0;
}

static int live_code(struct world *w, const char *path, uint64_t offset, void *buf, size_t n)
{
	struct binary *b;
	int err = binary_at(w, path, &b);

	if (err)
		return err;
	n = MIN(MIN(n, (size_t)INT32_MAX), elf_file_code_size(b->file, offset));
	const void *p = elf_file_bytes(b->file, offset, n);
	if (!p || !n)
		return -ERANGE;
	memcpy(buf, p, n);
	return (int)n;
}

static int live_file_offset(struct world *w, const char *path, uint64_t address, uint64_t *offset)
{
	struct binary *b;
	int err = binary_at(w, path, &b);

	if (err)
		return err;
	return elf_file_offset(b->file, address, true, offset) ? 0 : -ERANGE;
}

static const char *live_demangle(struct world *w, const char *symbol)
{
	struct live *l = live_of(w);
	const char *known;

	if (!demangle_is_mangled(symbol))
		return NULL;
	known = map_gets(&l->demangled, symbol);
	if (!known) {
		_free_ char *text = demangle(&l->demangler, symbol);

		known = text ? arena_strdup(w->arena, text) : "";
		*map_puts(&l->demangled, symbol) = (void *)known;
	}
	return *known ? known : NULL;
}

static size_t no_disassembler(struct world *w, const void *code, size_t n, uint64_t address, char *text, size_t room)
{
	return 0;
}

// The machine -------------------------------------------------------------------------------------------------------------

static bool live_feature(struct world *w, enum feature f)
{
	struct live *l = live_of(w);
	struct btf_part *b = f == FEATURE_TP_BTF && !l->features.known[f] ? btf_at(l, 0) : NULL;

	return features_have(&l->features, f, b ? btf_file_raw_tracepoint(b->file, "sys_enter") : 0);
}

static uint64_t live_kernel_symbol(struct world *w, const char *name)
{
	return sym_kernel_address(name);
}

// A cgroup's id is its file handle.
static uint64_t live_cgroup_id(struct world *w, const char *path)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + 8];
	} u = { .h.handle_bytes = 8 };
	uint64_t id = 0;
	int mount;

	if (!w->ops->feature(w, FEATURE_CGROUP2))
		return 0;
	if (name_to_handle_at(AT_FDCWD, path, &u.h, &mount, 0) < 0 || u.h.handle_bytes != 8)
		return 0;
	memcpy(&id, u.h.f_handle, sizeof id);
	return id;
}

static int live_interfaces(struct world *w, void (*each)(void *arg, const char *name), void *arg)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *i = all; i && i->if_index; i++)
		each(arg, i->if_name);
	if (!all)
		return -errno;
	if_freenameindex(all);
	return 0;
}

static unsigned live_cpus(struct world *w)
{
	int n = libbpf_num_possible_cpus();

	return n > 0 ? (unsigned)n : 1;
}

static const struct probe_type *const *live_probe_types(struct world *w)
{
	return probe_types;
}

static const struct sink *const *live_sinks(struct world *w)
{
	return sinks;
}

static size_t live_deps(struct world *w, const struct plan_dep **d)
{
	*d = live_of(w)->deps.v;
	return live_of(w)->deps.n;
}

static size_t live_lookups(struct world *w, const struct plan_lookup **v)
{
	*v = live_of(w)->lookups.v;
	return live_of(w)->lookups.n;
}

static const char *live_identity(struct world *w)
{
	struct live *l = live_of(w);
	struct utsname u = { 0 };

	if (!l->identity) {
		uname(&u);
		l->identity = arena_printf(w->arena, "%s %s %s btf:%016lx", u.machine, u.release, u.version,
					   (unsigned long)btf_identity(btf_path()));
	}
	return l->identity;
}

// What the debugging information says depends on a separate file too.
static void open_dwarf(struct live *l, struct binary *b, const char *path)
{
	struct elf_file *f;

	b->dwarf_tried = true;
	if (dwarf_open(&l->world, b->file, path, (unsigned)l->dwarfs.n + 1, &b->dwarf) < 0)
		return;
	vec_push(NULL, &l->dwarfs, b->dwarf);
	if (strcmp(dwarf_path(b->dwarf), path) == 0 || elf_file_open(dwarf_path(b->dwarf), &f) < 0)
		return;
	add_dep(l, dwarf_path(b->dwarf), f, false);
	elf_file_close(f);
}

static int live_binary_function(struct world *w, const char *path, uint64_t address, const struct event_field **f, size_t *n,
				const struct type **ret)
{
	struct binary *b;
	int err = binary_at(w, path, &b);

	if (err)
		return err;
	if (!b->dwarf_tried)
		open_dwarf(live_of(w), b, path);
	return b->dwarf ? dwarf_function(b->dwarf, address, f, n, ret) : -ENOENT;
}

static int live_programs(struct world *w, const struct plan_target *t, void (*each)(void *arg, const char *path), void *arg)
{
	(void)w;
	return targets_programs(t, each, arg);
}

static int live_binary_line(struct world *w, const char *path, const char *file, unsigned line, unsigned column,
			    void (*each)(void *arg, uint64_t address), void *arg)
{
	struct binary *b;
	int err = binary_at(w, path, &b);

	if (err)
		return err;
	if (!b->dwarf_tried)
		open_dwarf(live_of(w), b, path);
	if (!b->dwarf)
		return -ENOENT;
	dwarf_line(b->dwarf, file, line, column, each, arg);
	return 0;
}

int world_live_traceable(struct world *w, const char *path)
{
	struct live *l = live_of(w);

	if (!l->functions)
		l->functions = kernel_functions_new();
	return kernel_functions_read(l->functions, path);
}

static int live_kernel_functions(struct world *w, const char *module, const char *name,
				 void (*each)(void *arg, const char *module, const char *name), void *arg)
{
	struct live *l = live_of(w);

	if (!l->functions)
		l->functions = kernel_functions_new();
	return kernel_functions_each(l->functions, &l->tracefs, module, name, each, arg);
}

static struct bpf_functions *bpf_of(struct live *l)
{
	if (!l->bpf)
		l->bpf = bpf_functions_new(&l->world);
	return l->bpf;
}

static int live_bpf_functions(struct world *w, const char *text, void (*each)(void *arg, uint32_t id, const char *name, bool has_types), void *arg)
{
	struct live *l = live_of(w);

	vec_push(w->arena, &l->lookups, (struct plan_lookup){ .name = arena_printf(w->arena, BPF_LOOKUP "%s", text), .answer = bpf_programs_answer(text) });
	return bpf_functions_each(text, each, arg);
}

// The kernel's own function of a name is the one meant; only among modules a name can be ambiguous.
static int live_function_args(struct world *w, const char *module, const char *name, const struct event_field **f, size_t *n,
			      const struct type **ret, const char **in)
{
	struct btf_part *b, *found = NULL;

	*in = module;
	if (strcmp(module, WORLD_BPF) == 0)
		return bpf_function_args(bpf_of(live_of(w)), name, f, n, ret);
	for (size_t i = 0; (!found || i > 1) && (b = btf_at(live_of(w), i)); i++) {
		if (!glob_match(module, b->module) || btf_types_function(b->types, name, f, n, ret) < 0)
			continue;
		if (found)
			return -EEXIST;
		found = b;
		*in = b->module;
	}
	return found ? 0 : -ENOENT;
}

static uint32_t live_type_id(struct world *w, enum type_kind kind, const char *name)
{
	struct btf_part *b = btf_at(live_of(w), 0);

	return b ? btf_types_id(b->types, kind, name) : 0;
}

static uint32_t live_kfunc(struct world *w, const char *name)
{
	struct btf_part *b = btf_at(live_of(w), 0);

	return b ? btf_file_kfunc(b->file, name) : 0;
}

static bool live_kfunc_allowed(struct world *w, const char *name, unsigned kind)
{
	uint32_t id = live_kfunc(w, name);

	return id && kfunc_allowed((enum prog_kind)kind, id);
}

static const struct world_ops live_ops = {
	.type_named = live_type_named,
	.typedef_named = live_typedef_named,
	.complete = live_complete,
	.constant = live_constant,
	.type_root = live_type_root,
	.tracepoints = live_tracepoints,
	.tracepoint_fields = live_tracepoint_fields,
	.raw_tracepoints = live_raw_tracepoints,
	.raw_tracepoint_args = live_raw_tracepoint_args,
	.syscall_number = live_syscall_number,
	.binaries = live_binaries,
	.symbols = live_symbols,
	.symbol = live_symbol,
	.variable = live_variable,
	.usdts = live_usdts,
	.code = live_code,
	.file_offset = live_file_offset,
	.demangle = live_demangle,
	.disassemble = no_disassembler,
	.feature = live_feature,
	.kernel_symbol = live_kernel_symbol,
	.cgroup_id = live_cgroup_id,
	.cpus = live_cpus,
	.probe_types = live_probe_types,
	.sinks = live_sinks,
	.deps = live_deps,
	.identity = live_identity,
	.kernel_functions = live_kernel_functions,
	.function_args = live_function_args,
	.bpf_functions = live_bpf_functions,
	.type_id = live_type_id,
	.kfunc = live_kfunc,
	.kfunc_allowed = live_kfunc_allowed,
	.binary_function = live_binary_function,
	.binary_line = live_binary_line,
	.interfaces = live_interfaces,
	.programs = live_programs,
	.lookups = live_lookups,
};

struct world *world_live_new(struct arena *a, struct types *types,
			     size_t (*disassemble)(struct world *w, const void *code, size_t n, uint64_t address, char *text, size_t room))
{
	struct live *l = arena_new_(a, struct live);

	l->ops = live_ops;
	if (disassemble)
		l->ops.disassemble = disassemble;
	l->world = (struct world){ .ops = &l->ops, .arena = a, .types = types, .impl = l };
	tracefs_init(&l->tracefs);
	map_init(&l->binaries, a);
	map_init(&l->fields, a);
	map_init(&l->demangled, a);
	return &l->world;
}

void world_live_without(struct world *w, unsigned features)
{
	struct live *l = live_of(w);

	for (size_t i = 0; i < FEATURES; i++)
		if (features >> i & 1)
			l->features.known[i] = -1;
	l->btf_tried |= features >> FEATURE_BTF & 1;
	l->modules_tried |= features >> FEATURE_BTF & 1;
}

void world_live_no_kernel(struct world *w)
{
	live_of(w)->btf_tried = live_of(w)->modules_tried = true;
}

void world_live_free(struct world *w)
{
	struct live *l = w ? live_of(w) : NULL;

	if (!l)
		return;
	for (size_t i = 0; i < l->binaries.n; i++)
		for (struct binary *b = l->binaries.at[i].value; b; b = b->older)
			elf_file_close(b->file);
	for (size_t i = l->btf.n; i-- > 0;) {
		btf_types_free(l->btf.v[i].types);
		btf_file_close(l->btf.v[i].file);
	}
	vec_free(&l->btf);
	for (size_t i = 0; i < l->dwarfs.n; i++)
		dwarf_close(l->dwarfs.v[i]);
	vec_free(&l->dwarfs);
	bpf_functions_free(l->bpf);
	kernel_functions_free(l->functions);
	demangler_close(&l->demangler);
	tracefs_close(&l->tracefs);
}

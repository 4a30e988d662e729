// SPDX-License-Identifier: Apache-2.0
#include "runtime/world_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/btf_types.h"
#include "runtime/tracefs.h"
#include "runtime/world_live.h"
#include "runtime/world_record.h"

#define FILE_MOST ((size_t)64 << 20)
#define WHOLE_MOST ((size_t)512 << 20)

struct module {
	const char *name;
	struct btf_file *file;
	struct btf_types *types;
};

struct file_world {
	struct world world; // first: the operations get its address
	struct world_ops ops;
	struct world *live;
	const char *name, *identity;
	bool complete; // a .world file: what it does not list there is not
	VEC(struct module) btf;
	struct map events;    // "category:event" -> its format's text
	struct map functions; // "module:name"
	VEC(const char *) event_names, function_names;
	VEC(char *) texts; // that names and formats lie in
};

static struct file_world *of(struct world *w)
{
	return (struct file_world *)w;
}

// Types ----------------------------------------------------------------------------------------------------------------

static const struct type *type_named(struct world *w, enum type_kind kind, const char *name)
{
	const struct type *t = NULL;

	for (size_t i = 0; !t && i < of(w)->btf.n; i++)
		t = btf_types_named(of(w)->btf.v[i].types, kind, name);
	return t;
}

static const struct type *typedef_named(struct world *w, const char *name)
{
	const struct type *t = NULL;

	for (size_t i = 0; !t && i < of(w)->btf.n; i++)
		t = btf_types_typedef(of(w)->btf.v[i].types, name);
	return t;
}

static int complete(struct world *w, const struct type *s)
{
	for (size_t i = 0; !s->complete && i < of(w)->btf.n; i++)
		btf_types_complete(of(w)->btf.v[i].types, s);
	return s->complete ? 0 : of(w)->live->ops->complete(of(w)->live, s);
}

static const char *type_root(struct world *w, const struct type *s, const char **path)
{
	const char *root = NULL;

	*path = NULL;
	for (size_t i = 0; !root && !*path && i < of(w)->btf.n; i++)
		root = btf_types_root(of(w)->btf.v[i].types, s, path);
	return root;
}

static bool constant(struct world *w, const char *name, int64_t *value, const struct type **type)
{
	uint32_t id;

	for (size_t i = 0; i < of(w)->btf.n; i++)
		if (btf_file_enumerator(of(w)->btf.v[i].file, name, &id, value)) {
			if (type)
				*type = btf_types_get(of(w)->btf.v[i].types, id);
			return true;
		}
	return false;
}

// Events ---------------------------------------------------------------------------------------------------------------

static void each_raw(const struct btf_file *b, const char *event, void (*each)(void *arg, const char *event), void *arg)
{
	static const char prefix[] = "btf_trace_";

	for (uint32_t id = btf_file_first(b); id < btf_file_end(b); id++) {
		const struct btf_type *t = btf_file_type(b, id);
		const char *name = btf_file_kind(t) == BTF_KIND_TYPEDEF ? btf_file_string(b, t->name_off) : "";

		if (strncmp(name, prefix, sizeof prefix - 1) == 0 && glob_match(event, name + sizeof prefix - 1))
			each(arg, name + sizeof prefix - 1);
	}
}

static int raw_tracepoints(struct world *w, const char *event, void (*each)(void *arg, const char *event), void *arg)
{
	for (size_t i = 0; i < of(w)->btf.n; i++)
		each_raw(of(w)->btf.v[i].file, event, each, arg);
	return 0;
}

static int raw_tracepoint_args(struct world *w, const char *event, const struct event_field **f, size_t *n)
{
	for (size_t i = 0; i < of(w)->btf.n; i++)
		if (btf_types_raw_tracepoint(of(w)->btf.v[i].types, event, f, n) == 0)
			return 0;
	return -ENOENT;
}

struct events {
	const char *category;
	void (*each)(void *arg, const char *category, const char *event);
	void *arg;
};

static void with_category(void *arg, const char *event)
{
	struct events *e = arg;

	e->each(e->arg, e->category, event);
}

// sys_enter_NAME and sys_exit_NAME are there where the call is.
static bool is_syscall_event(struct world *w, const char *category, const char *event)
{
	const char *name = strncmp(event, "sys_enter_", 10) == 0 ? event + 10 : strncmp(event, "sys_exit_", 9) == 0 ? event + 9 : NULL;
	_free_ char *function = xasprintf("__x64_sys_%s", name ? name : "");

	return strcmp(category, "syscalls") == 0 && name && btf_file_find(of(w)->btf.v[0].file, BTF_KIND_FUNC, function);
}

// BTF alone does not say an event's category: the one asked for is believed.
static int tracepoints(struct world *w, const char *category, const char *event,
		       void (*each)(void *arg, const char *category, const char *event), void *arg)
{
	struct events e = { category, each, arg };

	if (!of(w)->complete && is_syscall_event(w, category, event))
		return each(arg, category, event), 0;
	if (!of(w)->complete)
		return glob_is(category) ? -ENODATA : raw_tracepoints(w, event, with_category, &e);
	for (size_t i = 0; i < of(w)->event_names.n; i++) {
		const char *name = of(w)->event_names.v[i], *colon = strchr(name, ':');
		_free_ char *its = xstrndup(name, (size_t)(colon - name));

		if (glob_match(category, its) && glob_match(event, colon + 1))
			each(arg, its, colon + 1);
	}
	return 0;
}

// The record's struct, of events that are a class of their own.
static int fields_from_struct(struct world *w, const char *event, const struct event_field **ret, size_t *n)
{
	_free_ char *tag = xasprintf("trace_event_raw_%s", event);
	const struct type *s = type_named(w, TYPE_STRUCT, tag);
	struct event_field *f;

	if (!s || complete(w, s))
		return -ENODATA;
	f = arena_array(w->arena, struct event_field, s->nfields + 1);
	*n = 0;
	for (uint32_t i = 0; i < s->nfields; i++) {
		const struct field *from = &s->fields[i];
		bool loc = strncmp(from->name, "__data_loc_", 11) == 0;

		if (strcmp(from->name, "ent") == 0 || strcmp(from->name, "__data") == 0)
			continue;
		f[(*n)++] = (struct event_field){ .name = from->name + (loc ? 11 : 0), .offset = from->offset, .size = from->type->size,
						  .type = loc ? type_string(w->types, TRACEFS_STRING) : from->type,
						  .is_signed = from->type->is_signed, .data_loc = loc };
	}
	*ret = f;
	return 0;
}

static int tracepoint_fields(struct world *w, const char *category, const char *event, const struct event_field **f, size_t *n)
{
	_free_ char *name = xasprintf("%s:%s", category, event);
	const char *format = map_gets(&of(w)->events, name);

	if (!format)
		return of(w)->complete ? -ENOENT : fields_from_struct(w, event, f, n);
	tracefs_parse(format, w->arena, w->types, category, f, n);
	return 0;
}

// Functions ------------------------------------------------------------------------------------------------------------

static int function_args(struct world *w, const char *module, const char *name, const struct event_field **f, size_t *n,
			 const struct type **ret, const char **in)
{
	for (size_t i = 0; i < of(w)->btf.n; i++) {
		*in = of(w)->btf.v[i].name;
		if (glob_match(module, *in) && btf_types_function(of(w)->btf.v[i].types, name, f, n, ret) == 0)
			return 0;
	}
	return -ENOENT;
}

static uint32_t type_id(struct world *w, enum type_kind kind, const char *name)
{
	return of(w)->btf.n ? btf_types_id(of(w)->btf.v[0].types, kind, name) : 0;
}

static uint32_t kfunc(struct world *w, const char *name)
{
	return of(w)->btf.n ? btf_file_kfunc(of(w)->btf.v[0].file, name) : 0;
}

static void each_function(const struct module *m, const char *name, void (*each)(void *arg, const char *module, const char *name), void *arg)
{
	for (uint32_t id = btf_file_first(m->file); id < btf_file_end(m->file); id++) {
		const struct btf_type *t = btf_file_type(m->file, id);
		const char *text = btf_file_kind(t) == BTF_KIND_FUNC ? btf_file_string(m->file, t->name_off) : "";

		if (*text && glob_match(name, text))
			each(arg, m->name, text);
	}
}

static int kernel_functions(struct world *w, const char *module, const char *name,
			    void (*each)(void *arg, const char *module, const char *name), void *arg)
{
	for (size_t i = 0; !of(w)->function_names.n && i < of(w)->btf.n; i++)
		if (glob_match(module, of(w)->btf.v[i].name))
			each_function(&of(w)->btf.v[i], name, each, arg);
	for (size_t i = 0; i < of(w)->function_names.n; i++) {
		const char *both = of(w)->function_names.v[i], *colon = strchr(both, ':');
		_free_ char *its = xstrndup(both, (size_t)(colon - both));

		if (glob_match(module, its) && glob_match(name, colon + 1))
			each(arg, its, colon + 1);
	}
	return 0;
}

// An address is known where the kernel runs; that there is such a function can be said.
static uint64_t kernel_symbol(struct world *w, const char *name)
{
	const struct event_field *f;
	const struct type *ret;
	const char *in;
	size_t n;

	return function_args(w, "*", name, &f, &n, &ret, &in) == 0;
}

// What it can do -------------------------------------------------------------------------------------------------------

static bool feature(struct world *w, enum feature f)
{
	static const char *const signs[FEATURES] = {
		[FEATURE_RINGBUF] = "BPF_MAP_TYPE_RINGBUF", [FEATURE_UPROBE_MULTI] = "BPF_TRACE_UPROBE_MULTI",
		[FEATURE_ATTACH_COOKIE] = "BPF_FUNC_get_attach_cookie", [FEATURE_BPF_LOOP] = "BPF_FUNC_loop",
		[FEATURE_FOR_EACH_MAP] = "BPF_FUNC_for_each_map_elem", [FEATURE_TP_BTF] = "BPF_FUNC_get_current_task_btf",
		[FEATURE_PERF_LINK] = "BPF_LINK_TYPE_PERF_EVENT", [FEATURE_KPROBE_MULTI] = "BPF_TRACE_KPROBE_MULTI",
		[FEATURE_TASK_REGS] = "BPF_FUNC_task_pt_regs", [FEATURE_FUNC_IP] = "BPF_FUNC_get_func_ip",
		[FEATURE_TCX] = "BPF_TCX_INGRESS", [FEATURE_KPROBE_SESSION] = "BPF_TRACE_KPROBE_SESSION", [FEATURE_READ_KERNEL] = "BPF_FUNC_probe_read_kernel", [FEATURE_GLOBAL_FUNCS] = "BPF_FUNC_jiffies64",
		[FEATURE_PERCPU_LOOKUP] = "BPF_FUNC_map_lookup_percpu_elem", [FEATURE_MAY_GOTO] = "BPF_MAY_GOTO",
		// what has no name of its own, by what came with it, or soon after: Linux 6.1, 5.12, 5.11
		[FEATURE_BIG_VALUES] = "BPF_FUNC_ktime_get_tai_ns",
		[FEATURE_ATOMICS] = "BPF_FUNC_check_mtu", [FEATURE_LONG_KEYS] = "BPF_FUNC_sock_from_file",
	};
	int64_t v;

	if (f == FEATURE_BTF)
		return of(w)->btf.n > 0;
	if (f == FEATURE_CGROUP2) // a matter of what is mounted there
		return true;
	return signs[f] && constant(w, signs[f], &v, NULL);
}

bool world_file_helper(struct world *w, uint32_t id)
{
	int64_t end;

	return !constant(w, "__BPF_FUNC_MAX_ID", &end, NULL) || id < (uint64_t)end;
}

static const char *identity(struct world *w)
{
	return of(w)->identity;
}

const char *world_file_name(struct world *w)
{
	return of(w)->name;
}

// Files ----------------------------------------------------------------------------------------------------------------

static int read_file(const char *path, struct str *out)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int err;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > FILE_MOST)
		return -EINVAL;
	err = str_read(out, fd, FILE_MOST + 1);
	return out->n > FILE_MOST ? -EINVAL : err;
}

static int add_btf(struct file_world *f, const char *name, const void *bytes, size_t n)
{
	const struct btf_file *base = f->btf.n ? f->btf.v[0].file : NULL;
	struct module m = { .name = arena_strdup(f->world.arena, name) };
	void *copy = xmalloc(MAX(n, (size_t)1));
	int err;

	memcpy(copy, bytes, n);
	err = btf_file_from(copy, n, base, &m.file);
	if (err)
		return err;
	m.types = btf_types_new(f->world.arena, f->world.types, m.file);
	vec_push(NULL, &f->btf, m);
	return 0;
}

static int add_record(void *arg, enum world_record kind, const char *name, const void *data, size_t n)
{
	struct file_world *f = arg;
	const char *kept = arena_strdup(f->world.arena, name);

	switch (kind) {
	case WORLD_RELEASE:
		f->name = kept;
		return 0;
	case WORLD_BTF:
		return add_btf(f, name, data, n);
	case WORLD_EVENT:
		if (!strchr(name, ':'))
			return -EINVAL;
		vec_push(f->world.arena, &f->event_names, kept);
		*map_puts(&f->events, kept) = arena_strndup(f->world.arena, data, n);
		return 0;
	case WORLD_FUNCTION:
		if (!strchr(name, ':'))
			return -EINVAL;
		vec_push(f->world.arena, &f->function_names, kept);
		return 0;
	case WORLD_RECORDS: break;
	}
	return 0; // of a newer version
}

static int read_whole(struct file_world *f, const struct str *bytes)
{
	const char *frame = bytes->p + WORLD_MAGIC_LEN;
	size_t n = bytes->n - WORLD_MAGIC_LEN;
	unsigned long long size = ZSTD_getFrameContentSize(frame, n);

	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > WHOLE_MOST)
		return -EINVAL;
	_free_ char *all = xmalloc((size_t)size + 1);
	if (ZSTD_isError(ZSTD_decompress(all, (size_t)size, frame, n)))
		return -EINVAL;
	f->complete = true;
	return world_records_read(all, (size_t)size, add_record, f);
}

static void take_operations(struct file_world *f, struct world *live)
{
	f->ops = *live->ops;
	f->ops.type_named = type_named;
	f->ops.typedef_named = typedef_named;
	f->ops.complete = complete;
	f->ops.type_root = type_root;
	f->ops.constant = constant;
	f->ops.tracepoints = tracepoints;
	f->ops.tracepoint_fields = tracepoint_fields;
	f->ops.raw_tracepoints = raw_tracepoints;
	f->ops.raw_tracepoint_args = raw_tracepoint_args;
	f->ops.kernel_functions = kernel_functions;
	f->ops.function_args = function_args;
	f->ops.bpf_functions = NULL;
	f->ops.type_id = type_id;
	f->ops.kfunc = kfunc;
	f->ops.kfunc_allowed = NULL;
	f->ops.kernel_symbol = kernel_symbol;
	f->ops.feature = feature;
	f->ops.identity = identity;
	f->ops.interfaces = NULL;
}

int world_file_open(struct world *live, const char *path, struct world **ret)
{
	struct file_world *f = arena_new_(live->arena, struct file_world);
	_str_ struct str bytes = { 0 };
	const char *slash = strrchr(path, '/');
	int err = read_file(path, &bytes);

	f->world = *live;
	f->world.ops = &f->ops;
	f->live = live;
	f->name = arena_strdup(live->arena, slash ? slash + 1 : path);
	take_operations(f, live);
	map_init(&f->events, live->arena);
	world_live_no_kernel(live);
	if (!err && bytes.n > WORLD_MAGIC_LEN && memcmp(bytes.p, WORLD_MAGIC, WORLD_MAGIC_LEN) == 0)
		err = read_whole(f, &bytes);
	else if (!err)
		err = add_btf(f, "vmlinux", bytes.p, bytes.n);
	if (!err && !f->btf.n)
		err = -EINVAL;
	if (err) {
		world_file_close(&f->world);
		return err;
	}
	f->identity = arena_printf(live->arena, "x86_64 %s %016llx", f->name, (unsigned long long)hash_bytes(bytes.p, bytes.n, 0));
	*ret = &f->world;
	return 0;
}

void world_file_close(struct world *w)
{
	struct file_world *f = w ? of(w) : NULL;

	for (size_t i = f ? f->btf.n : 0; i-- > 0;) {
		btf_types_free(f->btf.v[i].types);
		btf_file_close(f->btf.v[i].file);
	}
	if (f)
		vec_free(&f->btf);
}

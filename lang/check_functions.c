// SPDX-License-Identifier: Apache-2.0
// check_functions.c - functions on strings, bytes and the kernel's names, after their arguments were checked by their letters.
#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"
#include "lang/format.h"
#include "lang/lang_int.h"

#define ERROR_TEXT 64 // bytes that hold the longest text of each table, in codegen/table.c
#define SIGNAL_TEXT 16
#define SYSCALL_TEXT 32

static struct node *arg(struct node *n, size_t i)
{
	return i < n->call.args.n ? n->call.args.v[i] : NULL;
}

static const struct type *none(struct lang *l)
{
	return type_basic(l->types, TYPE_NONE);
}

static const struct type *concat(struct lang *l, struct node *n)
{
	const struct type *a = arg(n, 0)->type, *b = arg(n, 1)->type;

	if (!a || !b)
		return NULL;
	return type_string(l->types, (uint32_t)MAX(l->max_strlen, (uint64_t)MAX(a->count, b->count)));
}

static const struct type *capacity_of(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	const struct type *t = arg(n, 0)->type, *u64 = t_int(l, 8, false);

	if (l->final && t) {
		*slot = node_uint(l, t->count, n->span);
		(*slot)->type = u64;
	}
	return u64;
}

static const struct type *stack_frames(struct lang *l, struct node *n)
{
	const struct type *t = arg(n, 0)->type;

	if (t && !type_is_stack(t)) {
		complain(l, arg(n, 0)->span, E_ARGS, "stack_len() expects a stack ('%T' provided)", t);
		return NULL;
	}
	return t_int(l, 8, false);
}

static bool has_bytes(struct lang *l, const struct node *call, const struct node *a)
{
	const struct type *t = a->type;

	if (!t || t->kind == TYPE_STRING || t->kind == TYPE_BUFFER || t->kind == TYPE_ARRAY || t->kind == TYPE_STRUCT || t->kind == TYPE_UNION ||
	    t->kind == TYPE_POINTER)
		return true;
	complain(l, a->span, E_ARGS, "%s() expects a string, a buffer, an array or a pointer ('%T' provided)", call->call.name, t);
	return false;
}

static const struct type *compare(struct lang *l, struct node *n)
{
	int64_t v;

	if (!has_bytes(l, n, arg(n, 0)) || !has_bytes(l, n, arg(n, 1)))
		return NULL;
	if (literal_known(l, &n->call.args.v[2], &v) && (v < 0 || (uint64_t)v > l->max_strlen)) {
		complain(l, arg(n, 2)->span, E_LITERAL, "memcmp() can compare 0 to %llu bytes (max_strlen); %lld were given", (unsigned long long)l->max_strlen,
			 (long long)v);
		return NULL;
	}
	return t_int(l, 8, true);
}

static const struct type *address_bytes(struct lang *l, struct node *n)
{
	const char *text = arg(n, 0)->string.text;
	uint8_t *bytes = arena_alloc(l->arena, 16);

	n->call.data = bytes;
	if (inet_pton(AF_INET, text, bytes) == 1)
		return type_array(l->types, t_int(l, 1, true), 4);
	if (inet_pton(AF_INET6, text, bytes) == 1)
		return type_array(l->types, t_int(l, 1, true), 16);
	complain(l, arg(n, 0)->span, E_LITERAL, "pton(): '%s' is no IPv4 or IPv6 address", text);
	return NULL;
}

static const struct type *percpu(struct lang *l, struct node *n)
{
	const char *name = arg(n, 0)->string.text;
	const struct plan_reloc **at = arena_array(l->arena, const struct plan_reloc *, 2);

	if (l->final) {
		at[0] = reloc_new(l->world, RELOC_SYMBOL, "symbol", name);
		at[1] = reloc_new(l->world, RELOC_SYMBOL, "symbol", "__per_cpu_offset");
	}
	if (l->final && (!at[0] || !at[1])) {
		complain(l, n->span, E_TARGET, "Failed to resolve kernel symbol: %s", at[0] ? "__per_cpu_offset" : name);
		advise(l, "a kernel lists its variables when it was built with CONFIG_KALLSYMS_ALL");
		return NULL;
	}
	n->call.data = at;
	return type_pointer(l->types, t_int(l, 8, false), SPACE_KERNEL);
}

// From where a site's program is met to the variable: the same distance wherever the binary is loaded.
static bool distance(struct lang *l, const struct plan_site *s, const char *name, struct binary_symbol *sym, int64_t *ret)
{
	const struct world_ops *ops = l->world->ops;
	uint64_t offset;

	if (!s->target || !ops->variable)
		return false;
	if (ops->variable(l->world, s->target, name, sym) && (!ops->symbol || ops->symbol(l->world, s->target, name, sym)))
		return false;
	if (!ops->file_offset || ops->file_offset(l->world, s->target, s->address, &offset))
		offset = s->offset;
	*ret = (int64_t)(sym->address - (s->address + (s->offset - offset)));
	return true;
}

static const struct type *user_address(struct lang *l, struct node *n)
{
	const struct site_list *sites = &l->body->sites;
	const char *name = arg(n, 0)->string.text;
	int64_t *at = arena_array(l->arena, int64_t, sites->n);
	struct binary_symbol sym = { 0 };

	if (l->body->type->arg_space != SPACE_USER) {
		complain(l, n->span, E_PLACE, "uaddr() can not be used with '%s' probes; it exists in: uprobe, uretprobe, usdt", l->body->type->name);
		return NULL;
	}
	for (size_t i = 0; i < sites->n; i++)
		if (!distance(l, &sites->v[i].plan, name, &sym, &at[i])) {
			complain(l, n->span, E_TARGET, "Could not resolve symbol: %s:%s", sites->v[i].plan.target ? sites->v[i].plan.target : "", name);
			return NULL;
		}
	n->call.data = at;
	return type_pointer(l->types, t_int(l, sym.size == 1 || sym.size == 2 || sym.size == 4 ? (unsigned)sym.size : 8, false), SPACE_USER);
}

static const struct type *write_user(struct lang *l, struct node *n)
{
	int64_t v;

	if (!has_bytes(l, n, arg(n, 1)))
		return NULL;
	if (literal_known(l, &n->call.args.v[2], &v) && (v < 1 || (uint64_t)v > l->max_strlen)) {
		complain(l, arg(n, 2)->span, E_LITERAL, "write_user() can write 1 to %llu bytes (max_strlen); %lld were given", (unsigned long long)l->max_strlen,
			 (long long)v);
		return NULL;
	}
	return type_basic(l->types, TYPE_BOOL);
}

static const struct type *override_(struct lang *l, struct node *n)
{
	if (l->body->type->arg_space != SPACE_KERNEL)
		complain(l, n->span, E_PLACE, "override() can not be used with '%s' probes; it changes what a kernel function returns, so it exists in: kprobe",
			 l->body->type->name);
	return none(l);
}

static bool member_place(struct lang *l, const struct type *s, const char *name, struct member_place *ret)
{
	*ret = (struct member_place){ s, s && type_completed(l, s) ? type_field(s, name) : NULL };
	return ret->f != NULL;
}

// The kernel's list of processes is walked: offsets of what that takes.
static const struct type *comm_of(struct lang *l, struct node *n)
{
	const struct type *task = l->world->ops->type_named ? l->world->ops->type_named(l->world, TYPE_STRUCT, "task_struct") : NULL;
	struct member_place *at = arena_array(l->arena, struct member_place, 4);

	if (!member_place(l, task, "tasks", &at[0]) || !member_place(l, task, "tgid", &at[1]) || !member_place(l, task, "comm", &at[2]) ||
	    !member_place(l, task, "group_leader", &at[3])) {
		complain(l, n->span, E_FEATURE, "comm() of a process needs the kernel's type information (BTF), which this machine does not have");
		return NULL;
	}
	n->call.data = at;
	return builtin_type(n->call.builtin, l->types);
}

// path(p[, size]): what the walk up the tree of directories takes, in the order of struct path_walk (stdlib/paths.bpf.c).
static const struct type *path_name(struct lang *l, struct node *n)
{
	static const char *const fields[][2] = { { "path", "mnt" },	    { "path", "dentry" }, { "dentry", "d_parent" },   { "dentry", "d_name" }, { "qstr", "name" },
						 { "vfsmount", "mnt_root" }, { "mount", "mnt" },   { "mount", "mnt_parent" }, { "mount", "mnt_mountpoint" } };
	struct member_place *at = arena_array(l->arena, struct member_place, ARRAY_SIZE(fields));
	const struct type *t = arg(n, 0)->type, *s = t && t->kind == TYPE_POINTER ? t->elem : t;
	int64_t size = (int64_t)l->max_strlen;

	if (s && (s->kind != TYPE_STRUCT || strcmp(s->name, "path") != 0)) {
		complain(l, arg(n, 0)->span, E_ARGS, "path() expects a struct path or a pointer to one ('%T' provided)", t);
		return NULL;
	}
	if (arg(n, 1) && (!literal_known(l, &n->call.args.v[1], &size) || size < 2 || (uint64_t)size > l->max_strlen)) {
		complain(l, arg(n, 1)->span, E_LITERAL, "path(): the size must be from 2 to %llu (max_strlen)", (unsigned long long)l->max_strlen);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!l->world->ops->type_named || !member_place(l, l->world->ops->type_named(l->world, TYPE_STRUCT, fields[i][0]), fields[i][1], &at[i])) {
			complain(l, n->span, E_FEATURE, "path() needs the kernel's type information (BTF), which this machine does not have");
			return NULL;
		}
	n->call.data = at;
	return type_string(l->types, (uint32_t)size);
}

static const struct type *capture(struct lang *l, struct node *n)
{
	complain(l, n->span, E_FEATURE, "skboutput() needs a probe of a kind that the kernel hands a socket buffer to: fentry or fexit, which this kernel or this build does not offer");
	return t_int(l, 8, true);
}

// trace_printk: what the kernel's own formatter takes.
static const struct type *debug(struct lang *l, struct node *n)
{
	struct node *f = arg(n, 0);
	size_t at = 0;
	struct format_item it;

	if (!l->final)
		return none(l);
	check_format(l, n);
	for (size_t i = 1; i < n->call.args.n; i++)
		if (n->call.args.v[i]->type && n->call.args.v[i]->type->kind != TYPE_STRING)
			settle(l, &n->call.args.v[i]);
	if (n->call.args.n > 4)
		complain(l, n->span, E_ARGS, "debugf() can print up to 3 values; %zu were given", n->call.args.n - 1);
	while (format_next(f->string.text, f->string.len, &at, &it))
		if (it.conv != '%' && (!it.conv || !strchr("duxps", it.conv)))
			complain(l, f->span, E_FORMAT, "debugf(): unsupported format specifier: %.*s; it can be %%d %%u %%x %%p %%s", (int)(it.end - it.start),
				 f->string.text + it.start);
	warn(l, n->span, W_UNSTABLE, "debugf() writes to the kernel's trace pipe, which all tracers share: it is for finding errors, printf() for results");
	return none(l);
}

// Their text is said when it is known that they are reached: see check_reached().
static const struct type *fail(struct lang *l, struct node *n)
{
	if (l->final)
		check_format(l, n);
	for (size_t i = 1; i < n->call.args.n; i++)
		if (arg(n, i)->kind != NODE_INT && arg(n, i)->kind != NODE_STRING && arg(n, i)->kind != NODE_BOOL)
			complain(l, arg(n, i)->span, E_LITERAL, "fail() can print literals only");
	return none(l);
}

static const struct type *static_assert_(struct lang *l, struct node *n)
{
	coerce_condition(l, &n->call.args.v[0]);
	return none(l);
}

static const struct type *stray_assert(struct lang *l, struct node *n)
{
	complain(l, n->span, E_PLACE, "assert() is a statement of its own, and its text a literal: assert($x > 0, \"text\");");
	return none(l);
}

const struct type *check_function(struct lang *l, struct node **slot)
{
	struct node *n = *slot;

	switch (n->call.builtin->id) {
	case BUILTIN_STR_CONCAT: return concat(l, n);
	case BUILTIN_STRCAP: return capacity_of(l, slot);
	case BUILTIN_STACK_LEN: return stack_frames(l, n);
	case BUILTIN_MEMCMP: return compare(l, n);
	case BUILTIN_STRERROR: return type_string(l->types, ERROR_TEXT);
	case BUILTIN_SIGNAL_NAME: return type_string(l->types, SIGNAL_TEXT);
	case BUILTIN_SYSCALL_NAME: return type_string(l->types, SYSCALL_TEXT);
	case BUILTIN_PTON: return address_bytes(l, n);
	case BUILTIN_KFUNC_EXIST: case BUILTIN_KFUNC_ALLOWED: return type_basic(l->types, TYPE_BOOL); // an argument that is no literal was refused
	case BUILTIN_PERCPU_KADDR: return percpu(l, n);
	case BUILTIN_COMM_CALL: return comm_of(l, n);
	case BUILTIN_PATH: return path_name(l, n);
	case BUILTIN_UADDR: return user_address(l, n);
	case BUILTIN_WRITE_USER: return write_user(l, n);
	case BUILTIN_OVERRIDE: return override_(l, n);
	case BUILTIN_SKBOUTPUT: return capture(l, n);
	case BUILTIN_DEBUGF: return debug(l, n);
	case BUILTIN_FAIL: return fail(l, n);
	case BUILTIN_STATIC_ASSERT: return static_assert_(l, n);
	case BUILTIN_ASSERT: return stray_assert(l, n);
	default: return builtin_type(n->call.builtin, l->types);
	}
}

static void literal_text(struct lang *l, const struct node *n, const struct format_item *it, struct str *out)
{
	(void)l;
	if (n->kind == NODE_STRING)
		str_add(out, n->string.text, n->string.len);
	else if (n->kind == NODE_BOOL)
		str_adds(out, n->bool_.value ? "true" : "false");
	else if (it->conv == 'x')
		str_printf(out, "%llx", (unsigned long long)n->int_.value);
	else
		str_printf(out, "%lld", (long long)n->int_.value);
}

static void say_failed(struct lang *l, const struct node *n)
{
	const struct node *f = n->call.args.v[0];
	size_t at = 0, from = 0, i = 1;
	struct format_item it;
	_str_ struct str s = { 0 };

	while (format_next(f->string.text, f->string.len, &at, &it)) {
		str_add(&s, f->string.text + from, it.start - from);
		if (it.conv == '%')
			str_addc(&s, '%');
		else if (i < n->call.args.n)
			literal_text(l, n->call.args.v[i++], &it, &s);
		from = it.end;
	}
	str_add(&s, f->string.text + from, f->string.len - from);
	diag_error(l->diag, n->span, E_FAIL, "%s", str_z(&s));
}

static void say_false(struct lang *l, const struct node *n)
{
	const struct node *c = n->call.args.v[0], *text = n->call.args.v[1];

	if (c->kind != NODE_BOOL && c->kind != NODE_INT)
		diag_error(l->diag, c->span, E_LITERAL, "static_assert() needs a condition that the compiler can evaluate");
	else if (!(c->kind == NODE_BOOL ? c->bool_.value : c->int_.value != 0))
		diag_error(l->diag, n->span, E_FAIL, "static assertion failed: %s", text->string.text);
}

void check_reached(struct lang *l, const struct node *call)
{
	if (call->call.builtin->id == BUILTIN_FAIL)
		say_failed(l, call);
	else if (call->call.builtin->id == BUILTIN_STATIC_ASSERT)
		say_false(l, call);
}

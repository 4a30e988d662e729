// SPDX-License-Identifier: Apache-2.0
#include "base/reloc.h"

#include <string.h>

#include "base/arena.h"
#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"

#define FLAVOUR "___" // struct task_struct___old, declared by a script, is the kernel's struct task_struct

struct member {
	const struct type *type;
	uint32_t offset, size; // size: of a number as it is loaded
	uint8_t bit_offset, bit_size;
	bool is_signed;
};

static bool starts_with(const char *s, const char *word)
{
	return strncmp(s, word, strlen(word)) == 0;
}

// Types --------------------------------------------------------------------------------------------------------------

static const struct type *named(struct world *w, const char *text)
{
	static const struct {
		const char *word;
		enum type_kind kind;
	} words[] = { { "struct ", TYPE_STRUCT }, { "union ", TYPE_UNION }, { "enum ", TYPE_ENUM } };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (starts_with(text, words[i].word))
			return w->ops->type_named ? w->ops->type_named(w, words[i].kind, text + strlen(words[i].word)) : NULL;
	return starts_with(text, "typedef ") && w->ops->typedef_named ? w->ops->typedef_named(w, text + 8) : NULL;
}

// What a member leads to: behind pointers, in arrays.
static const struct type *aggregate(const struct type *t)
{
	while (t && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY))
		t = t->elem;
	return t && (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION) ? t : NULL;
}

static bool completed(struct world *w, const struct type *t)
{
	return t && (t->complete || w->ops->complete(w, t) == 0);
}

static struct member member_of(const struct field *f)
{
	return (struct member){ .type = f->type, .offset = f->offset, .size = f->type->size, .bit_offset = f->bit_offset,
				.bit_size = f->bit_size, .is_signed = f->type->is_signed };
}

static bool walk(struct world *w, const char *type, const char *path, struct member *ret, struct str *why)
{
	const struct type *t = aggregate(named(w, type));

	if (!completed(w, t)) {
		str_printf(why, "there is no %s", type);
		return false;
	}
	for (const char *at = path, *end;; at = end + 1) {
		end = strchrnul(at, '.');
		_free_ char *name = xstrndup(at, (size_t)(end - at));
		const struct field *f = t ? type_field(t, name) : NULL;

		if (!f) {
			str_printf(why, "%s has no member '%.*s'", type, (int)(end - path), path);
			return false;
		}
		if (!*end) {
			*ret = member_of(f);
			return true;
		}
		t = aggregate(f->type);
		if (!completed(w, t))
			t = NULL;
	}
}

// Events and functions -----------------------------------------------------------------------------------------------

static bool is_return(const char *path)
{
	return strcmp(path, "return") == 0;
}

// Arguments in slots of 8 bytes; the return value lies behind them.
static int function_fields(struct world *w, const char *name, const struct event_field **f, size_t *n, struct member *returns)
{
	const char *colon = strchr(name, ':'), *in;
	_free_ char *module = colon ? xstrndup(name, (size_t)(colon - name)) : xstrndup("*", 1);
	const struct type *ret = NULL;

	if (!w->ops->function_args || w->ops->function_args(w, module, colon ? colon + 1 : name, f, n, &ret, &in) < 0)
		return -1;
	*returns = (struct member){ .type = ret, .size = ret->size, .is_signed = ret->is_signed };
	if (*n)
		returns->offset = (*f)[*n - 1].offset + ALIGN_UP(MAX((*f)[*n - 1].size, 8u), 8);
	return 0;
}

static int event_fields(struct world *w, const char *text, const struct event_field **f, size_t *n, struct member *returns)
{
	const char *name = strchr(text, ' ') + 1, *colon = strchr(name, ':');

	if (starts_with(text, "rawtracepoint "))
		return w->ops->raw_tracepoint_args ? w->ops->raw_tracepoint_args(w, name, f, n) : -1;
	if (starts_with(text, "function "))
		return function_fields(w, name, f, n, returns);
	if (!colon || !w->ops->tracepoint_fields)
		return -1;
	_free_ char *category = xstrndup(name, (size_t)(colon - name));
	return w->ops->tracepoint_fields(w, category, colon + 1, f, n);
}

static bool is_event(const char *type)
{
	return starts_with(type, "tracepoint ") || starts_with(type, "rawtracepoint ") || starts_with(type, "function ");
}

static bool event_member(struct world *w, const char *type, const char *path, struct member *ret, struct str *why)
{
	const struct event_field *f = NULL;
	size_t n = 0;

	*ret = (struct member){ 0 };
	if (event_fields(w, type, &f, &n, ret) < 0) {
		str_printf(why, "there is no %s", type);
		return false;
	}
	if (!*path)
		return true;
	if (is_return(path) && starts_with(type, "function ")) {
		if (!ret->type || ret->type->kind == TYPE_NONE)
			str_printf(why, "%s returns nothing", type);
		return ret->type && ret->type->kind != TYPE_NONE;
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(f[i].name, path) != 0)
			continue;
		*ret = (struct member){ .type = f[i].type, .offset = f[i].offset, .is_signed = f[i].is_signed,
					.size = starts_with(type, "tracepoint ") ? (f[i].data_loc ? 4 : f[i].size) : MIN(f[i].type->size, 8u) };
		return true;
	}
	str_printf(why, "%s has no argument '%s'", type, path);
	return false;
}

static bool member(struct world *w, const struct plan_reloc *r, struct member *ret, struct str *why)
{
	return is_event(r->type) ? event_member(w, r->type, r->path, ret, why) : walk(w, r->type, r->path, ret, why);
}

// Values -------------------------------------------------------------------------------------------------------------

static bool is_number_size(uint32_t n)
{
	return n == 1 || n == 2 || n == 4 || n == 8;
}

static bool resolve_number(struct plan_reloc *r, const struct member *m, struct str *why)
{
	if (!is_number_size(m->size) || (m->type && !type_is_scalar(m->type) && r->kind != RELOC_RECORD)) {
		str_printf(why, "%s: member '%s' is no number", r->type, r->path);
		return false;
	}
	if (m->bit_offset + m->bit_size > 64) {
		str_printf(why, "%s: the bits of member '%s' lie in nine bytes, and one load has eight", r->type, r->path);
		return false;
	}
	r->value = r->kind == RELOC_RECORD ? m->offset : m->size;
	r->size = m->size;
	r->is_signed = m->is_signed;
	r->shl = m->bit_size ? 64u - m->bit_offset - m->bit_size : m->is_signed ? 64u - 8 * m->size : 0;
	r->shr = m->bit_size ? 64u - m->bit_size : r->shl;
	return true;
}

// Of an array what its elements are must not differ: the program steps over them.
static uint64_t element(const struct type *t)
{
	return t && t->kind == TYPE_ARRAY && t->elem->kind != TYPE_STRUCT && t->elem->kind != TYPE_UNION ? t->elem->size : 0;
}

static bool same(const struct plan_reloc *r, uint64_t layout, bool first, struct str *why)
{
	if (first || r->layout == layout)
		return true;
	str_printf(why, "%s%s%s has another layout", r->type, *r->path ? "." : "", r->path);
	return false;
}

static bool resolve_member(struct world *w, struct plan_reloc *r, bool first, struct str *why)
{
	struct member m;

	if (!member(w, r, &m, why))
		return false;
	switch ((enum reloc_kind)r->kind) {
	case RELOC_OFFSET:
		if (!same(r, element(m.type), first, why))
			return false;
		r->layout = element(m.type);
		r->value = m.offset;
		return true;
	case RELOC_SLOT:
		r->value = m.offset;
		r->size = 8;
		return true;
	case RELOC_STRING:
		if (!m.type || m.type->kind != TYPE_STRING) {
			str_printf(why, "%s: member '%s' is no text", r->type, r->path);
			return false;
		}
		r->layout = first ? m.size : r->layout;
		r->value = MIN((uint64_t)m.size, r->layout);
		return true;
	default:
		return resolve_number(r, &m, why);
	}
}

static uint64_t layout_of(const struct type *t)
{
	uint64_t h = hash_bytes(&t->size, sizeof t->size, t->kind);

	if (t->kind == TYPE_ARRAY)
		return hash_bytes(&h, sizeof h, layout_of(t->elem));
	for (uint32_t i = 0; i < t->nfields; i++) {
		const struct field *f = &t->fields[i];
		uint32_t all[] = { f->offset, f->type->size, f->bit_offset, f->bit_size, f->type->kind };

		h = hash_bytes(all, sizeof all, h);
		h = hash_bytes(f->name, strlen(f->name), h);
	}
	return h;
}

static bool resolve_type(struct world *w, struct plan_reloc *r, bool first, struct str *why)
{
	const struct type *t = named(w, r->type);
	struct member m;

	if (*r->path)
		t = member(w, r, &m, why) ? m.type : NULL;
	else if (!t)
		str_printf(why, "there is no %s", r->type);
	for (; t && *r->path && (t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY); t = t->elem)
		;
	if (!t)
		return false;
	completed(w, t);
	if (r->kind == RELOC_WHOLE && !same(r, layout_of(t), first, why))
		return false;
	r->layout = layout_of(t);
	r->value = t->size;
	return true;
}

static bool resolve_constant(struct world *w, struct plan_reloc *r, struct str *why)
{
	const struct type *t;
	int64_t v;

	if (w->ops->constant && w->ops->constant(w, r->path, &v, &t)) {
		r->value = (uint64_t)v;
		return true;
	}
	str_printf(why, "there is no enumerator '%s'", r->path);
	return false;
}

static void note_function(void *arg, const char *module, const char *name)
{
	*(bool *)arg = true;
}

// A function that can be named in an attach point or has a prototype.
static bool has_function(struct world *w, const char *name)
{
	const char *colon = strchr(name, ':');
	_free_ char *module = colon ? xstrndup(name, (size_t)(colon - name)) : xstrndup("*", 1);
	const struct event_field *f;
	struct member m;
	bool found = false;
	size_t n;

	if (function_fields(w, name, &f, &n, &m) == 0)
		return true;
	if (w->ops->kernel_symbol && w->ops->kernel_symbol(w, colon ? colon + 1 : name))
		return true;
	if (w->ops->kernel_functions)
		w->ops->kernel_functions(w, module, colon ? colon + 1 : name, note_function, &found);
	return found;
}

static bool exists(struct world *w, const struct plan_reloc *r)
{
	_str_ struct str why = { 0 };
	struct plan_reloc c = *r;
	struct member m;

	if (strcmp(r->type, "constant") == 0)
		return resolve_constant(w, &c, &why) || (w->ops->typedef_named && w->ops->typedef_named(w, r->path));
	if (starts_with(r->type, "function ") && !*r->path)
		return has_function(w, r->type + strlen("function "));
	if (is_event(r->type))
		return event_member(w, r->type, r->path, &m, &why);
	return *r->path ? walk(w, r->type, r->path, &m, &why) : named(w, r->type) != NULL;
}

static bool resolve_address(struct world *w, struct plan_reloc *r, struct str *why)
{
	bool symbol = r->kind == RELOC_SYMBOL;
	uint64_t v = 0;

	if (symbol && w->ops->kernel_symbol)
		v = w->ops->kernel_symbol(w, r->path);
	else if (!symbol && w->ops->cgroup_id)
		v = w->ops->cgroup_id(w, r->path);
	if (!v)
		str_printf(why, symbol ? "the address of kernel symbol '%s' is not known" : "there is no cgroup '%s'", r->path);
	else
		r->value = v;
	return v != 0;
}

static bool resolve_kfunc(struct world *w, struct plan_reloc *r, struct str *why)
{
	uint32_t id = w->ops->kfunc ? w->ops->kfunc(w, r->path) : 0;

	if (id)
		r->value = id;
	else
		str_printf(why, "this kernel has no function '%s' that programs could call", r->path);
	return id != 0;
}

static bool resolve_type_id(struct world *w, struct plan_reloc *r, struct str *why)
{
	const struct type *t = *r->path || starts_with(r->type, "typedef ") ? NULL : named(w, r->type);
	uint32_t id = t && w->ops->type_id ? w->ops->type_id(w, t->kind, t->name) : 0;

	if (id)
		r->value = id;
	else
		str_printf(why, "the kernel's own type information has no %s", r->type);
	return id != 0;
}

static bool resolve(struct world *w, struct plan_reloc *r, bool first, struct str *why)
{
	switch ((enum reloc_kind)r->kind) {
	case RELOC_OFFSET: case RELOC_BYTES: case RELOC_STRING: case RELOC_VALUE: case RELOC_RECORD: case RELOC_SLOT:
		return resolve_member(w, r, first, why);
	case RELOC_SIZE: case RELOC_WHOLE:
		return resolve_type(w, r, first, why);
	case RELOC_CONSTANT:
		return resolve_constant(w, r, why);
	case RELOC_EXISTS:
		r->value = exists(w, r);
		return true;
	case RELOC_SYMBOL: case RELOC_CGROUP:
		return resolve_address(w, r, why);
	case RELOC_KFUNC:
		return resolve_kfunc(w, r, why);
	case RELOC_TYPE_ID:
		return resolve_type_id(w, r, why);
	case RELOC_CPUS:
		r->value = w->ops->cpus(w);
		return true;
	case RELOC_KINDS: break;
	}
	BUG("relocation kind %u", r->kind);
}

bool reloc_resolve(struct world *w, struct plan_reloc *r, struct str *why)
{
	struct plan_reloc now = *r;

	if (!resolve(w, &now, false, why))
		return false;
	if (r->fixed && now.value != r->value && r->kind == RELOC_EXISTS) {
		str_printf(why, "it %s %s%s%s, unlike the kernel it was compiled on, where the script's branch for that did not compile",
			   now.value ? "has" : "lacks", strcmp(r->type, "constant") ? r->type : "", *r->path && strcmp(r->type, "constant") ? "." : "", r->path);
		return false;
	}
	if (r->fixed && now.value != r->value && r->kind == RELOC_SLOT) {
		str_printf(why, "argument '%s' of %s is another one in order than where the script was compiled", r->path, r->type);
		return false;
	}
	if (r->fixed && now.value != r->value) {
		str_printf(why, "%s%s%s is %lld, not %lld as where it was compiled", strcmp(r->type, "constant") ? r->type : "",
			   *r->path && strcmp(r->type, "constant") ? "." : "", r->path, (long long)now.value, (long long)r->value);
		return false;
	}
	*r = now;
	return true;
}

bool reloc_is_lasting(const struct plan_reloc *r)
{
	return r->kind != RELOC_SYMBOL && r->kind != RELOC_CGROUP && r->kind != RELOC_CPUS && !starts_with(r->type, "function " WORLD_BPF ":");
}

struct plan_reloc *reloc_new(struct world *w, enum reloc_kind kind, const char *type, const char *path)
{
	struct plan_reloc r = { .kind = kind, .type = arena_strdup(w->arena, type), .path = arena_strdup(w->arena, path) };
	_str_ struct str why = { 0 };

	return resolve(w, &r, true, &why) ? arena_memdup(w->arena, &r, sizeof r) : NULL;
}

struct plan_reloc *reloc_of(struct world *w, enum reloc_kind kind, const struct type *s, const char *name, bool *bound)
{
	const char *flavour = s->name ? strstr(s->name, FLAVOUR) : NULL, *path = "", *root;
	struct plan_reloc *r;

	if (flavour && flavour != s->name) {
		root = arena_printf(w->arena, "%s %.*s", s->kind == TYPE_UNION ? "union" : "struct", (int)(flavour - s->name), s->name);
	} else {
		root = w->ops->type_root ? w->ops->type_root(w, s, &path) : NULL;
		if (!root && path && w->ops->type_root)
			*bound |= !*path;
	}
	if (!root)
		return NULL;
	if (name)
		path = *path ? arena_printf(w->arena, "%s.%s", path, name) : name;
	r = reloc_new(w, kind, root, path);
	if (r || !flavour)
		return r;
	r = arena_new_(w->arena, struct plan_reloc); // the kernel that compiles has no such member: asked where it is loaded
	*r = (struct plan_reloc){ .kind = kind, .type = root, .path = path, .absent = true };
	return r;
}

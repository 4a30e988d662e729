// SPDX-License-Identifier: Apache-2.0
#include "runtime/bpf_code.h"

#include <elf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bpf_code.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/bpf_core.h"
#include "runtime/btf.h"
#include "runtime/object.h"

#define R_BPF_64_64 1
#define R_BPF_64_32 10
#define NONE UINT32_MAX
#define DEPTH_MOST 32  // of arrays and structs in each other
#define DATA_MOST (64u << 20)

struct reading {
	struct arena *a;
	struct types *types;
	struct world *w;
	struct object *object;
	struct btf_file *btf;
	struct bpf_insn *insns;
	size_t ninsns;
	size_t text; // the section's index
	VEC(struct bpf_func) funcs;
	VEC(struct bpf_ref) refs;
	VEC(struct bpf_data) data;
	VEC(struct bpf_map) maps;
	uint32_t *data_of; // by section: index into data + 1
	uint32_t *map_at;  // by index into maps: where its variable lies in .maps
	const char *why;
	bool bound;
};

static const char *string_at(const struct reading *r, uint32_t off)
{
	return btf_file_string(r->btf, off);
}

// Prototypes -----------------------------------------------------------------------------------------------------------

static const struct type *none(struct reading *r)
{
	return type_basic(r->types, TYPE_NONE);
}

static const struct type *kernel_struct(struct reading *r, const struct btf_type *t, enum type_kind kind)
{
	const struct type *s = NULL;

	if (r->w->ops->type_named && t->name_off)
		s = r->w->ops->type_named(r->w, kind, string_at(r, t->name_off));
	return s ? s : none(r);
}

static const struct type *int_of(struct reading *r, const struct btf_type *t)
{
	uint32_t about;

	memcpy(&about, btf_file_rest(t), sizeof about);
	if (BTF_INT_ENCODING(about) & BTF_INT_BOOL)
		return type_basic(r->types, TYPE_BOOL);
	return t->size == 1 || t->size == 2 || t->size == 4 || t->size == 8 ? type_int(r->types, t->size, BTF_INT_ENCODING(about) & BTF_INT_SIGNED) : NULL;
}

// A parameter's or result's type; NULL when it is none that a register holds.
static const struct type *type_of(struct reading *r, uint32_t id, unsigned pointers)
{
	const struct btf_type *t = btf_file_type(r->btf, id = btf_file_strip(r->btf, id));
	const struct type *to;

	if (!t)
		return none(r);
	switch (btf_file_kind(t)) {
	case BTF_KIND_INT:
		return int_of(r, t);
	case BTF_KIND_ENUM: case BTF_KIND_ENUM64:
		return t->size == 4 || t->size == 8 ? type_int(r->types, t->size, BTF_INFO_KFLAG(t->info)) : NULL;
	case BTF_KIND_PTR:
		to = pointers < 3 ? type_of(r, t->type, pointers + 1) : none(r);
		return type_pointer(r->types, to ? to : none(r), SPACE_KERNEL);
	case BTF_KIND_STRUCT: case BTF_KIND_UNION:
		return pointers ? kernel_struct(r, t, btf_file_kind(t) == BTF_KIND_STRUCT ? TYPE_STRUCT : TYPE_UNION) : NULL;
	default:
		return pointers ? none(r) : NULL;
	}
}

static void read_prototype(struct reading *r, struct bpf_func *f, const struct btf_type *proto)
{
	unsigned n = BTF_INFO_VLEN(proto->info);

	f->ret = type_of(r, proto->type, 0);
	if (!f->ret)
		f->no_call = "it returns a struct";
	if (n > BPF_CODE_PARAMS)
		f->no_call = "it has more than five parameters";
	for (unsigned i = 0; i < n && i < BPF_CODE_PARAMS; i++) {
		struct btf_param p;

		memcpy(&p, (const uint8_t *)btf_file_rest(proto) + i * sizeof p, sizeof p);
		f->params[i] = (struct bpf_param){ arena_strdup(r->a, string_at(r, p.name_off)), type_of(r, p.type, 0) };
		f->nparams++;
		if (!p.name_off && !p.type)
			f->no_call = "it takes a variable number of arguments";
		else if (!f->params[i].type || f->params[i].type->kind == TYPE_NONE)
			f->no_call = "a parameter of it is a struct";
	}
}

static void describe(struct reading *r, struct bpf_func *f)
{
	uint32_t id = btf_file_find(r->btf, BTF_KIND_FUNC, f->name);
	const struct btf_type *t = btf_file_type(r->btf, id), *proto = t ? btf_file_type(r->btf, t->type) : NULL;

	f->ret = none(r);
	if (!proto || btf_file_kind(proto) != BTF_KIND_FUNC_PROTO) {
		f->no_call = "the object has no type information (BTF) of it";
		return;
	}
	f->exported = BTF_INFO_VLEN(t->info) == BTF_FUNC_GLOBAL;
	read_prototype(r, f, proto);
}

// Functions ------------------------------------------------------------------------------------------------------------

static int by_place(const void *a, const void *b)
{
	const struct bpf_func *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static void read_functions(struct reading *r)
{
	const struct object_symbol *s;

	for (uint32_t i = 0; (s = object_symbol_at(r->object, i)); i++) {
		uint64_t at = s->value / sizeof(struct bpf_insn), n = s->size / sizeof(struct bpf_insn);

		if (s->section != r->text || s->type != STT_FUNC || !n || at >= r->ninsns || n > r->ninsns - at)
			continue;
		struct bpf_func f = { .name = arena_strdup(r->a, s->name), .first = (uint32_t)at, .n = (uint32_t)n };
		describe(r, &f);
		vec_push(r->a, &r->funcs, f);
	}
	if (r->funcs.n)
		qsort(r->funcs.v, r->funcs.n, sizeof *r->funcs.v, by_place);
}

static struct bpf_func *function_around(struct reading *r, uint64_t insn)
{
	for (size_t i = 0; i < r->funcs.n; i++)
		if (insn >= r->funcs.v[i].first && insn - r->funcs.v[i].first < r->funcs.v[i].n)
			return &r->funcs.v[i];
	return NULL;
}

static uint32_t function_at(struct reading *r, int64_t insn)
{
	for (size_t i = 0; i < r->funcs.n; i++)
		if (r->funcs.v[i].first == insn)
			return (uint32_t)i;
	return NONE;
}

static void spoil(struct reading *r, uint64_t insn, const char *why)
{
	struct bpf_func *f = function_around(r, insn);

	if (f && !f->why_not)
		f->why_not = why;
}

// Maps -----------------------------------------------------------------------------------------------------------------

static uint64_t size_of(const struct reading *r, uint32_t id, unsigned depth)
{
	const struct btf_type *t = btf_file_type(r->btf, id = btf_file_strip(r->btf, id));
	struct btf_array array;

	if (!t || depth > DEPTH_MOST)
		return 0;
	switch (btf_file_kind(t)) {
	case BTF_KIND_INT: case BTF_KIND_STRUCT: case BTF_KIND_UNION: case BTF_KIND_ENUM: case BTF_KIND_ENUM64: case BTF_KIND_FLOAT:
		return t->size;
	case BTF_KIND_PTR:
		return 8;
	case BTF_KIND_ARRAY:
		memcpy(&array, btf_file_rest(t), sizeof array);
		return MIN(size_of(r, array.type, depth + 1), (uint64_t)UINT32_MAX) * array.nelems;
	default:
		return 0;
	}
}

// Locks, timers and lists in a value need its type told to the kernel; here maps are bytes.
static bool is_special(const struct reading *r, uint32_t id, unsigned depth)
{
	static const char *const names[] = { "bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq", "bpf_list_head", "bpf_list_node",
					     "bpf_rb_root", "bpf_rb_node", "bpf_refcount", "bpf_task_work" };
	const struct btf_type *t = btf_file_type(r->btf, id = btf_file_strip(r->btf, id));
	struct btf_array array;
	struct btf_member m;

	if (!t || depth > DEPTH_MOST)
		return false;
	if (btf_file_kind(t) == BTF_KIND_ARRAY) {
		memcpy(&array, btf_file_rest(t), sizeof array);
		return is_special(r, array.type, depth + 1);
	}
	if (btf_file_kind(t) != BTF_KIND_STRUCT && btf_file_kind(t) != BTF_KIND_UNION)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], string_at(r, t->name_off)) == 0)
			return true;
	for (unsigned i = 0; i < BTF_INFO_VLEN(t->info); i++) {
		memcpy(&m, (const uint8_t *)btf_file_rest(t) + i * sizeof m, sizeof m);
		if (is_special(r, m.type, depth + 1))
			return true;
	}
	return false;
}

// __uint(x, N) of bpf_helpers.h is a pointer to an array of N; __type(x, T) a pointer to T.
static uint32_t member_number(const struct reading *r, uint32_t type)
{
	const struct btf_type *p = btf_file_type(r->btf, type), *t = p && btf_file_kind(p) == BTF_KIND_PTR ? btf_file_type(r->btf, p->type) : NULL;
	struct btf_array array;

	if (!t || btf_file_kind(t) != BTF_KIND_ARRAY)
		return 0;
	memcpy(&array, btf_file_rest(t), sizeof array);
	return array.nelems;
}

static uint32_t member_type(const struct reading *r, uint32_t type)
{
	const struct btf_type *p = btf_file_type(r->btf, type);

	return p && btf_file_kind(p) == BTF_KIND_PTR ? p->type : 0;
}

static void map_member(struct reading *r, struct bpf_map *m, const char *name, uint32_t type)
{
	if (strcmp(name, "type") == 0)
		m->type = member_number(r, type);
	else if (strcmp(name, "max_entries") == 0)
		m->max_entries = member_number(r, type);
	else if (strcmp(name, "map_flags") == 0)
		m->flags = member_number(r, type);
	else if (strcmp(name, "key_size") == 0)
		m->key_size = member_number(r, type);
	else if (strcmp(name, "value_size") == 0)
		m->value_size = member_number(r, type);
	else if (strcmp(name, "key") == 0)
		m->key_size = (uint32_t)MIN(size_of(r, member_type(r, type), 0), (uint64_t)UINT32_MAX);
	else if (strcmp(name, "value") == 0) {
		m->value_size = (uint32_t)MIN(size_of(r, member_type(r, type), 0), (uint64_t)UINT32_MAX);
		if (is_special(r, member_type(r, type), 0))
			m->why_not = "its values hold a lock, a timer or a list of the kernel's";
	} else {
		m->why_not = strcmp(name, "pinning") == 0 ? "it is pinned" : "it is declared with more than a type, sizes and flags";
	}
}

static bool is_known_type(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_HASH: case BPF_MAP_TYPE_ARRAY: case BPF_MAP_TYPE_PERCPU_HASH: case BPF_MAP_TYPE_PERCPU_ARRAY: case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH: case BPF_MAP_TYPE_LPM_TRIE: case BPF_MAP_TYPE_QUEUE: case BPF_MAP_TYPE_STACK: case BPF_MAP_TYPE_STACK_TRACE:
		return true;
	default:
		return false;
	}
}

static struct bpf_map read_map(struct reading *r, const struct btf_type *var)
{
	const struct btf_type *t = btf_file_type(r->btf, btf_file_strip(r->btf, var->type));
	struct bpf_map map = { .name = arena_strdup(r->a, string_at(r, var->name_off)) };
	struct btf_member m;

	if (!t || btf_file_kind(t) != BTF_KIND_STRUCT) {
		map.why_not = "it is not declared as a struct";
		return map;
	}
	for (unsigned i = 0; i < BTF_INFO_VLEN(t->info); i++) {
		memcpy(&m, (const uint8_t *)btf_file_rest(t) + i * sizeof m, sizeof m);
		map_member(r, &map, string_at(r, m.name_off), m.type);
	}
	if (!is_known_type(map.type) && !map.why_not)
		map.why_not = "it is of a kind that only a loader of its own can use";
	if ((map.key_size > 512 || map.value_size > (1u << 24) || map.max_entries > (1u << 28)) && !map.why_not)
		map.why_not = "it is too large";
	return map;
}

static void read_maps(struct reading *r)
{
	uint32_t id = btf_file_find(r->btf, BTF_KIND_DATASEC, ".maps");
	const struct btf_type *sec = btf_file_type(r->btf, id);
	unsigned n = sec ? BTF_INFO_VLEN(sec->info) : 0;

	r->map_at = arena_array(r->a, uint32_t, n + 1);
	for (unsigned i = 0; i < n; i++) {
		struct btf_var_secinfo v;

		memcpy(&v, (const uint8_t *)btf_file_rest(sec) + i * sizeof v, sizeof v);
		const struct btf_type *var = btf_file_type(r->btf, v.type);
		if (!var || btf_file_kind(var) != BTF_KIND_VAR)
			continue;
		// libbpf's linker and clang leave offsets to be filled in: the symbol has them
		const struct object_symbol *s = object_symbol_named(r->object, string_at(r, var->name_off));
		r->map_at[r->maps.n] = s ? (uint32_t)s->value : v.offset;
		vec_push(r->a, &r->maps, read_map(r, var));
	}
}

// References -----------------------------------------------------------------------------------------------------------

static bool is_wide(const struct reading *r, uint64_t i)
{
	return r->insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) && i + 1 < r->ninsns;
}

static bool is_data(const char *name)
{
	return strncmp(name, ".rodata", 7) == 0 || strncmp(name, ".data", 5) == 0 || strncmp(name, ".bss", 4) == 0;
}

static uint32_t data_index(struct reading *r, uint16_t section)
{
	const struct object_section *s = object_section_at(r->object, section);
	const struct object_reloc *relocs;
	size_t n;

	if (r->data_of[section])
		return r->data_of[section] - 1;
	if (!s->size || s->size > DATA_MOST || object_relocs(r->object, section, &relocs, &n) || n)
		return NONE; // pointers among the data: nothing would fill them in
	vec_push(r->a, &r->data, (struct bpf_data){ arena_strdup(r->a, s->name), s->data ? arena_memdup(r->a, s->data, s->size) : NULL, s->size });
	r->data_of[section] = (uint32_t)r->data.n;
	return r->data_of[section] - 1;
}

static void refer(struct reading *r, uint64_t at, enum bpf_ref_kind kind, uint32_t index, uint64_t offset, const char *name)
{
	vec_push(r->a, &r->refs, (struct bpf_ref){ (uint32_t)at, kind, index, offset, name });
}

static void refer_map(struct reading *r, uint64_t at, uint64_t place, const char *name)
{
	for (uint32_t i = 0; i < r->maps.n; i++) {
		if (r->map_at[i] != place)
			continue;
		if (r->maps.v[i].why_not)
			spoil(r, at, arena_printf(r->a, "it uses the map '%s', and %s", r->maps.v[i].name, r->maps.v[i].why_not));
		refer(r, at, BPF_REF_MAP, i, 0, NULL);
		return;
	}
	spoil(r, at, arena_printf(r->a, "it uses the map '%s', which is not declared in the way of libbpf (SEC(\".maps\"))", name));
}

static void refer_address(struct reading *r, uint64_t at, const struct object_symbol *s)
{
	const struct object_section *sec = s->section == SHN_UNDEF || s->section >= SHN_LORESERVE ? NULL : object_section_at(r->object, s->section);
	uint64_t place = s->value + (uint32_t)r->insns[at].imm;

	if (!is_wide(r, at) || !sec) {
		spoil(r, at, arena_printf(r->a, "it uses '%s', which the file does not define", s->name));
	} else if (s->section == r->text) {
		uint32_t f = function_at(r, (int64_t)(place / sizeof(struct bpf_insn)));

		if (f == NONE)
			spoil(r, at, "it takes the address of something that is no function");
		else
			refer(r, at, BPF_REF_CALLBACK, f, 0, NULL);
	} else if (strcmp(sec->name, ".maps") == 0) {
		refer_map(r, at, place, s->name);
	} else {
		uint32_t d = is_data(sec->name) && place < sec->size ? data_index(r, s->section) : NONE;

		if (d == NONE)
			spoil(r, at, arena_printf(r->a, "it uses '%s' of section %s, which cannot be linked", s->name, sec->name));
		else
			refer(r, at, BPF_REF_DATA, d, place, NULL);
	}
}

static void refer_call(struct reading *r, uint64_t at, const struct object_symbol *s)
{
	int64_t target = (int64_t)(s->value / sizeof(struct bpf_insn));
	uint32_t f;

	if (r->insns[at].code != (BPF_JMP | BPF_CALL)) {
		spoil(r, at, "a relocation of it is none that clang makes");
	} else if (s->section == SHN_UNDEF) {
		refer(r, at, BPF_REF_KFUNC, 0, 0, arena_strdup(r->a, s->name));
	} else {
		if (s->type == STT_SECTION)
			target += (int64_t)r->insns[at].imm + 1;
		f = s->section == r->text ? function_at(r, target) : NONE;
		if (f == NONE)
			spoil(r, at, "it calls a function of another section");
		else
			refer(r, at, BPF_REF_CALL, f, 0, NULL);
	}
}

static int by_insn(const void *a, const void *b)
{
	const struct bpf_ref *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

// Calls inside a section need no relocation: the distance is in the instruction.
static void refer_near(struct reading *r, const bool *seen)
{
	for (uint64_t i = 0; i < r->ninsns; i++) {
		const struct bpf_insn *in = &r->insns[i];
		bool call = in->code == (BPF_JMP | BPF_CALL) && in->src_reg == BPF_PSEUDO_CALL;
		bool callback = is_wide(r, i) && in->src_reg == BPF_PSEUDO_FUNC;

		if ((call || callback) && !seen[i]) {
			uint32_t f = function_at(r, (int64_t)i + 1 + in->imm);

			if (f == NONE)
				spoil(r, i, "it calls what is no function");
			else
				refer(r, i, call ? BPF_REF_CALL : BPF_REF_CALLBACK, f, 0, NULL);
		}
		i += is_wide(r, i);
	}
}

static void read_refs(struct reading *r)
{
	const struct object_reloc *rel = NULL;
	size_t n = 0;
	_free_ bool *seen = xcalloc(r->ninsns + 1, sizeof *seen);

	if (object_relocs(r->object, r->text, &rel, &n))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t at = rel[i].offset / sizeof(struct bpf_insn);
		const struct object_symbol *s = object_symbol_at(r->object, rel[i].symbol);

		if (at >= r->ninsns || !s || seen[at])
			continue;
		seen[at] = true;
		if (rel[i].type == R_BPF_64_64)
			refer_address(r, at, s);
		else if (rel[i].type == R_BPF_64_32)
			refer_call(r, at, s);
		else
			spoil(r, at, "a relocation of it is none that clang makes");
	}
	refer_near(r, seen);
	if (r->refs.n)
		qsort(r->refs.v, r->refs.n, sizeof *r->refs.v, by_insn);
}

// The file -------------------------------------------------------------------------------------------------------------

static int fail(struct reading *r, const char *why)
{
	r->why = why;
	return -EINVAL;
}

static int open_btf(struct reading *r)
{
	int index = object_find(r->object, ".BTF");
	const struct object_section *s = index < 0 ? NULL : object_section_at(r->object, (size_t)index);

	if (!s || !s->data || !s->size)
		return fail(r, "it has no type information (BTF): compile it with -g");
	uint8_t *copy = xmalloc(s->size);
	memcpy(copy, s->data, s->size);
	return btf_file_from(copy, s->size, NULL, &r->btf) ? fail(r, "its type information (BTF) is malformed") : 0;
}

static int read_text(struct reading *r)
{
	int index = object_find(r->object, ".text");
	const struct object_section *s = index < 0 ? NULL : object_section_at(r->object, (size_t)index);

	if (!s || !s->data || !s->size)
		return fail(r, "it has no functions that could be called: all have sections of their own");
	if (s->size % sizeof(struct bpf_insn) || s->size / sizeof(struct bpf_insn) > 1000000)
		return fail(r, "its code is malformed");
	r->text = (size_t)index;
	r->ninsns = s->size / sizeof(struct bpf_insn);
	r->insns = arena_memdup(r->a, s->data, s->size);
	return 0;
}

static int read_all(struct reading *r)
{
	int err = open_btf(r);

	if (!err)
		err = read_text(r);
	if (err)
		return err;
	r->data_of = arena_array(r->a, uint32_t, object_sections(r->object) + 1);
	read_functions(r);
	read_maps(r);
	read_refs(r);
	return 0;
}

static void apply_core(struct reading *r)
{
	struct bpf_core core = { .btf = r->btf, .w = r->w, .insns = r->insns, .ninsns = r->ninsns, .a = r->a };
	int index = object_find(r->object, ".BTF.ext");
	const struct object_section *s = index < 0 ? NULL : object_section_at(r->object, (size_t)index);
	uint64_t at;
	const char *why;

	if (!s || !s->data)
		return;
	bpf_core_begin(&core, s->data, s->size, ".text");
	while (bpf_core_next(&core, &at, &why)) {
		r->bound = true;
		if (why)
			spoil(r, at, why);
	}
}

int bpf_code_read(const void *bytes, size_t n, const char *path, struct arena *a, struct types *types, struct world *w,
		  struct bpf_code **ret, const char **why)
{
	struct reading r = { .a = a, .types = types, .w = w };
	int err = object_open(bytes, n, &r.object, why);

	if (err)
		return err;
	err = read_all(&r);
	if (!err) {
		apply_core(&r);
		struct bpf_code *c = arena_new_(a, struct bpf_code);
		*c = (struct bpf_code){ .path = arena_strdup(a, path), .bound = r.bound, .insns = (const uint64_t *)r.insns, .ninsns = r.ninsns, .refs = r.refs.v, .nrefs = r.refs.n,
					.funcs = r.funcs.v, .nfuncs = r.funcs.n, .data = r.data.v, .ndata = r.data.n, .maps = r.maps.v, .nmaps = r.maps.n };
		*ret = c;
	} else {
		*why = r.why;
	}
	btf_file_close(r.btf);
	object_close(r.object);
	return err;
}

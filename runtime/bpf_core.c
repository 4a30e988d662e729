// SPDX-License-Identifier: Apache-2.0
// bpf_core.c - layout of .BTF.ext and of its records: include/uapi/linux/bpf.h (struct bpf_core_relo), Documentation/bpf/btf.rst.
#include "runtime/bpf_core.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/btf.h"

#define EXT_MAGIC 0xeb9f
#define POISON 195896080 // libbpf's: a helper that no kernel has
#define FLAVOUR "___"    // struct x___old is the kernel's struct x

enum { // enum bpf_core_relo_kind
	FIELD_OFFSET, FIELD_SIZE, FIELD_EXISTS, FIELD_SIGNED, FIELD_LSHIFT, FIELD_RSHIFT, TYPE_LOCAL_ID, TYPE_TARGET_ID, TYPE_IS_THERE,
	TYPE_BYTES, ENUMVAL_EXISTS, ENUMVAL_VALUE, TYPE_MATCHES
};

struct record {
	uint32_t insn_off, type, access, kind;
};

struct ext_header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t hdr_len, func_off, func_len, line_off, line_len, core_off, core_len;
};

struct found { // on the kernel
	bool there;
	uint64_t offset, size, bit_offset, bit_size;
	bool is_signed;
	uint64_t local_size; // of the member, in the object
};

// Records --------------------------------------------------------------------------------------------------------------

static uint32_t word(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

void bpf_core_begin(struct bpf_core *c, const void *ext, size_t n, const char *section)
{
	struct ext_header h = { 0 };

	c->left = 0;
	if (n < sizeof h)
		return;
	memcpy(&h, ext, sizeof h);
	if (h.magic != EXT_MAGIC || h.hdr_len < sizeof h || h.hdr_len > n || h.core_off > n - h.hdr_len || h.core_len > n - h.hdr_len - h.core_off || h.core_len < 4)
		return;
	const uint8_t *at = (const uint8_t *)ext + h.hdr_len + h.core_off, *end = at + h.core_len;
	c->size = word(at);
	at += 4;
	if (c->size < sizeof(struct record) || c->size > 4096)
		return;
	while (end - at >= 8) { // the records of each section
		uint32_t name = word(at), count = word(at + 4);

		at += 8;
		if (count > (size_t)(end - at) / c->size)
			return;
		if (strcmp(btf_file_string(c->btf, name), section) == 0) {
			c->at = at;
			c->end = at + (size_t)count * c->size;
			c->left = count;
			return;
		}
		at += (size_t)count * c->size;
	}
}

// The object's path, in names --------------------------------------------------------------------------------------------

static const char *plain_name(struct bpf_core *c, uint32_t name_off)
{
	const char *name = btf_file_string(c->btf, name_off), *flavour = strstr(name, FLAVOUR);

	return flavour && flavour != name ? arena_strndup(c->a, name, (size_t)(flavour - name)) : name;
}

static const struct type *kernel_type(struct bpf_core *c, uint32_t id)
{
	const struct world_ops *ops = c->w->ops;
	const struct btf_type *t = btf_file_type(c->btf, id);

	while (t && (btf_file_kind(t) == BTF_KIND_CONST || btf_file_kind(t) == BTF_KIND_VOLATILE || btf_file_kind(t) == BTF_KIND_TYPE_TAG))
		t = btf_file_type(c->btf, t->type);
	if (!t)
		return NULL;
	switch (btf_file_kind(t)) {
	case BTF_KIND_TYPEDEF: {
		const struct type *named = ops->typedef_named ? ops->typedef_named(c->w, plain_name(c, t->name_off)) : NULL;

		return named ? named : kernel_type(c, t->type);
	}
	case BTF_KIND_STRUCT: case BTF_KIND_UNION: case BTF_KIND_ENUM: case BTF_KIND_ENUM64:
		if (!t->name_off || !ops->type_named)
			return NULL;
		return ops->type_named(c->w, btf_file_kind(t) == BTF_KIND_STRUCT ? TYPE_STRUCT : btf_file_kind(t) == BTF_KIND_UNION ? TYPE_UNION : TYPE_ENUM,
				       plain_name(c, t->name_off));
	default:
		return NULL;
	}
}

static bool completed(struct bpf_core *c, const struct type *t)
{
	return t && (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION) && (t->complete || c->w->ops->complete(c->w, t) == 0);
}

static uint64_t local_size(const struct bpf_core *c, uint32_t id, unsigned depth)
{
	const struct btf_type *t = btf_file_type(c->btf, id = btf_file_strip(c->btf, id));
	struct btf_array array;

	if (!t || depth > 32)
		return 0;
	if (btf_file_kind(t) == BTF_KIND_PTR)
		return 8;
	if (btf_file_kind(t) != BTF_KIND_ARRAY)
		return t->size;
	memcpy(&array, btf_file_rest(t), sizeof array);
	return local_size(c, array.type, depth + 1) * array.nelems;
}

// One step of an access string ("0:5:2"): false at its end.
static bool step(const char **at, uint32_t *ret)
{
	char *end;

	if (!**at)
		return false;
	*ret = (uint32_t)strtoul(*at, &end, 10);
	if (end == *at)
		return false;
	*at = *end == ':' ? end + 1 : end;
	return true;
}

// Walks the object's type by indexes and the kernel's by the names they have.
static bool walk(struct bpf_core *c, uint32_t root, const char *access, struct found *f)
{
	const struct type *k = kernel_type(c, root);
	uint32_t id = btf_file_strip(c->btf, root), i;

	if (!k || !step(&access, &i) || i) // an index of the root itself is no member of anything
		return false;
	while (step(&access, &i)) {
		const struct btf_type *t = btf_file_type(c->btf, id = btf_file_strip(c->btf, id));
		struct btf_array array;
		struct btf_member m;

		if (t && btf_file_kind(t) == BTF_KIND_ARRAY) {
			memcpy(&array, btf_file_rest(t), sizeof array);
			id = array.type;
			uint64_t each = k->kind == TYPE_ARRAY ? k->elem->size : k->kind == TYPE_STRING ? 1 : 0;
			if (!each)
				return false;
			f->offset += i * each;
			f->size = each;
			f->is_signed = k->kind == TYPE_ARRAY && k->elem->is_signed;
			k = k->kind == TYPE_ARRAY ? k->elem : k;
			continue;
		}
		if (!t || (btf_file_kind(t) != BTF_KIND_STRUCT && btf_file_kind(t) != BTF_KIND_UNION) || i >= BTF_INFO_VLEN(t->info))
			return false;
		memcpy(&m, (const uint8_t *)btf_file_rest(t) + i * sizeof m, sizeof m);
		id = m.type;
		if (!m.name_off) // what is in an anonymous member stands among its parent's
			continue;
		const struct field *field = completed(c, k) ? type_field(k, btf_file_string(c->btf, m.name_off)) : NULL;
		if (!field)
			return false;
		f->offset += field->offset;
		f->size = field->type->size;
		if (field->bit_offset + field->bit_size > 64) // one load does not have it
			return false;
		f->bit_offset = field->bit_offset;
		f->bit_size = field->bit_size;
		f->is_signed = field->type->is_signed;
		k = field->type;
	}
	f->local_size = local_size(c, id, 0);
	f->there = true;
	return true;
}

static bool enumerator(struct bpf_core *c, uint32_t type, const char *access, uint64_t *value)
{
	const struct btf_type *t = btf_file_type(c->btf, btf_file_strip(c->btf, type));
	const struct type *of;
	const char *name = "";
	uint32_t i;
	int64_t v;

	if (!t || !step(&access, &i) || (btf_file_kind(t) != BTF_KIND_ENUM && btf_file_kind(t) != BTF_KIND_ENUM64) || i >= BTF_INFO_VLEN(t->info))
		return false;
	btf_file_enum_value(c->btf, t, i, &name);
	if (!c->w->ops->constant || !c->w->ops->constant(c->w, name, &v, &of))
		return false;
	*value = (uint64_t)v;
	return true;
}

// Values ---------------------------------------------------------------------------------------------------------------

// False: what is asked for is not on this kernel.
static bool answer(struct bpf_core *c, const struct record *r, uint64_t *ret, struct found *f)
{
	const char *access = btf_file_string(c->btf, r->access);
	const struct type *t;
	uint64_t v = 0;

	switch (r->kind) {
	case ENUMVAL_EXISTS:
		*ret = enumerator(c, r->type, access, &v);
		return true;
	case ENUMVAL_VALUE:
		return enumerator(c, r->type, access, ret);
	case TYPE_IS_THERE: case TYPE_MATCHES:
		*ret = kernel_type(c, r->type) != NULL;
		return true;
	case TYPE_BYTES:
		t = kernel_type(c, r->type);
		if (t && (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION))
			completed(c, t);
		*ret = t ? t->size : 0;
		return t != NULL;
	}
	if (!walk(c, r->type, access, f) && r->kind != FIELD_EXISTS)
		return false;
	*ret = r->kind == FIELD_OFFSET ? f->offset : r->kind == FIELD_SIZE ? f->size : r->kind == FIELD_EXISTS ? f->there :
	       r->kind == FIELD_SIGNED ? f->is_signed : r->kind == FIELD_LSHIFT ? 64 - (f->bit_size ? f->bit_offset + f->bit_size : 8 * f->size) :
	       64 - (f->bit_size ? f->bit_size : 8 * f->size);
	return true;
}

static void poison(struct bpf_insn *in, size_t n)
{
	in[0] = (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = POISON };
	if (n > 1)
		in[1] = (struct bpf_insn){ .code = BPF_JMP | BPF_JA };
}

static uint8_t size_code(uint64_t size)
{
	return size == 1 ? BPF_B : size == 2 ? BPF_H : size == 4 ? BPF_W : BPF_DW;
}

// False: the instruction is none that clang makes for this.
static bool patch(struct bpf_core *c, uint64_t i, const struct record *r, uint64_t v, const struct found *f)
{
	struct bpf_insn *in = &c->insns[i];

	switch (BPF_CLASS(in->code)) {
	case BPF_ALU: case BPF_ALU64:
		if (BPF_SRC(in->code) != BPF_K)
			return false;
		in->imm = (int32_t)v;
		return true;
	case BPF_LDX: case BPF_ST: case BPF_STX:
		if (v > INT16_MAX)
			return false;
		in->off = (int16_t)v;
		// a number that is wider or narrower here is read as it is here
		if (BPF_CLASS(in->code) == BPF_LDX && BPF_MODE(in->code) == BPF_MEM && r->kind == FIELD_OFFSET && !f->bit_size && f->size && f->size != f->local_size)
			in->code = (uint8_t)(BPF_LDX | BPF_MEM | size_code(f->size));
		return true;
	case BPF_LD:
		if (in->code != (BPF_LD | BPF_IMM | BPF_DW) || in->src_reg || i + 1 >= c->ninsns)
			return false;
		in[0].imm = (int32_t)(uint32_t)v;
		in[1].imm = (int32_t)(uint32_t)(v >> 32);
		return true;
	default:
		return false;
	}
}

bool bpf_core_next(struct bpf_core *c, uint64_t *insn, const char **why)
{
	struct found f = { 0 };
	struct record r;
	uint64_t v = 0;

	if (!c->left)
		return false;
	c->left--;
	memcpy(&r, c->at, sizeof r);
	c->at += c->size;
	*insn = r.insn_off / sizeof(struct bpf_insn);
	*why = NULL;
	if (*insn >= c->ninsns) {
		*why = "a CO-RE relocation lies outside its code";
		*insn = 0;
	} else if (r.kind == TYPE_TARGET_ID || r.kind > TYPE_MATCHES) {
		*why = "it asks for the id of a kernel type, which is not known here";
	} else if (r.kind == TYPE_LOCAL_ID) {
		; // what stands there is that
	} else if (!answer(c, &r, &v, &f)) {
		bool wide = c->insns[*insn].code == (BPF_LD | BPF_IMM | BPF_DW) && *insn + 1 < c->ninsns;

		poison(&c->insns[*insn], wide ? 2 : 1);
	} else if (!patch(c, *insn, &r, v, &f)) {
		*why = "a CO-RE relocation is for an instruction that has no place for it";
	}
	return true;
}

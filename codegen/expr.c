// SPDX-License-Identifier: Apache-2.0
// expr.c - expressions: one emitter per node kind.
#include <string.h>

#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

static struct value scalar(LLVMValueRef v)
{
	return (struct value){ .v = v };
}

bool cg_literal(const struct node *n)
{
	return n->kind == NODE_STRING;
}

// Literals are stored as immediates: no .rodata access, no relocation.
static void store_literal(struct cg *cg, const struct node *n, uint32_t size, LLVMValueRef dst)
{
	uint32_t len = MIN((uint32_t)n->string.len, size ? size - 1 : 0);

	for (uint32_t at = 0; at < ALIGN_UP(len + 1, 8) && at < size; at += 8) {
		uint32_t piece = MIN(8u, size - at);
		uint64_t v = 0;

		for (uint32_t i = 0; i < piece && at + i < len; i++)
			v |= (uint64_t)(unsigned char)n->string.text[at + i] << (8 * i);
		if (piece == 8) {
			l_store(&cg->l, l_k(&cg->l, v), l_atk(&cg->l, dst, at, "lit"), 8);
		} else {
			for (uint32_t i = 0; i < piece; i++)
				l_store(&cg->l, l_k(&cg->l, v >> (8 * i) & 0xff), l_atk(&cg->l, dst, at + i, "lit"), 1);
		}
	}
	uint32_t done = ALIGN_UP(len + 1, 8);
	if (size > done)
		cg_zero(cg, l_atk(&cg->l, dst, done, "pad"), size - done);
}

static void store_tuple(struct cg *cg, const struct node *n, const struct type *t, LLVMValueRef dst)
{
	const struct node_list *items = n->kind == NODE_TUPLE ? &n->tuple.items : &n->record.items;

	cg_zero(cg, dst, t->size);
	for (size_t i = 0; i < items->n; i++) {
		const struct node *item = items->v[i];
		const struct field *f = &t->fields[i];

		if (item->kind == NODE_RECORD_ITEM) {
			f = type_field(t, item->record_item.name);
			item = item->record_item.value;
		}
		cg_expr_into(cg, item, f->type, l_atk(&cg->l, dst, f->offset, "member"));
	}
}

void cg_expr_into(struct cg *cg, const struct node *n, const struct type *t, LLVMValueRef dst)
{
	if (n->kind == NODE_STRING && t->kind == TYPE_STRING)
		store_literal(cg, n, t->size, dst);
	else if ((n->kind == NODE_TUPLE || n->kind == NODE_RECORD) && (t->kind == TYPE_TUPLE || t->kind == TYPE_RECORD))
		store_tuple(cg, n, t, dst);
	else
		cg_store(cg, t, cg_expr(cg, n), n->type, dst);
}

LLVMValueRef cg_local(struct cg *cg, const struct node *n)
{
	if (n->kind != NODE_STRING && n->kind != NODE_TUPLE && n->kind != NODE_RECORD) {
		struct value v = cg_expr(cg, n);

		if (!v.remote && !type_is_scalar(n->type))
			return v.v;
		LLVMValueRef held = cg_temp(cg, n->type->size, "held");
		cg_store(cg, n->type, v, n->type, held);
		return held;
	}
	LLVMValueRef tmp = cg_temp(cg, n->type->size, "tmp");
	cg_expr_into(cg, n, n->type, tmp);
	return tmp;
}

LLVMValueRef cg_int(struct cg *cg, const struct node *n)
{
	struct value v = cg_expr(cg, n);

	if (!v.remote)
		return v.v;
	return v.v; // an array or struct where an address is wanted
}

LLVMValueRef cg_cond(struct cg *cg, const struct node *n)
{
	if (n->type->kind == TYPE_STRING) // true when non-empty
		return l_nz(&cg->l, l_load(&cg->l, cg_local(cg, n), 1, false, "first"), "cond");
	return l_nz(&cg->l, cg_int(cg, n), "cond");
}

// A number of a kernel type: how wide it is, and which of its bits count, is the running kernel's to say.
static struct value member_load(struct cg *cg, LLVMValueRef addr, enum space space, const struct type *s, const char *name)
{
	const struct plan_reloc *size = cg_reloc_of(cg, RELOC_BYTES, s, name), *load = cg_reloc_of(cg, RELOC_VALUE, s, name);
	LLVMValueRef tmp = cg_word(cg, name);

	cg_read(cg, space, tmp, cg_reloc(cg, size), addr);
	return scalar(cg_reloc_load(cg, load, tmp));
}

static struct value member_text(struct cg *cg, LLVMValueRef addr, enum space space, const struct plan_reloc *r, const struct type *t)
{
	LLVMValueRef tmp = cg_temp(cg, t->size, "member.str");

	cg_zero(cg, tmp, t->size);
	cg_read_str(cg, space, tmp, cg_reloc(cg, r), addr);
	return scalar(tmp);
}

// A value at a remote address, read if a register can hold it.
static struct value remote_load(struct cg *cg, LLVMValueRef addr, enum space space, const struct type *t)
{
	LLVMValueRef tmp;

	if (type_is_scalar(t)) {
		tmp = cg_word(cg, "remote");
		cg_read(cg, space, tmp, l_k(&cg->l, t->size), addr);
		return scalar(l_load(&cg->l, tmp, t->size, t->is_signed, "remote"));
	}
	if (t->kind == TYPE_STRING) {
		tmp = cg_temp(cg, t->size, "remote.str");
		cg_zero(cg, tmp, t->size);
		cg_read_str(cg, space, tmp, l_k(&cg->l, t->size), addr);
		return scalar(tmp);
	}
	return (struct value){ .v = addr, .remote = true, .space = space };
}

static struct value local_load(struct cg *cg, LLVMValueRef p, const struct type *t)
{
	if (type_is_scalar(t) || type_is_castable_aggregate(t))
		return scalar(l_load(&cg->l, p, MIN(t->size, 8u), t->is_signed, "value"));
	return scalar(p);
}

static LLVMValueRef or_byte(struct cg *cg, LLVMValueRef v, LLVMValueRef p, unsigned i, unsigned shift)
{
	LLVMValueRef b = l_load(&cg->l, l_atk(&cg->l, p, i, "byte.at"), 1, false, "byte");

	return LLVMBuildOr(cg->l.b, v, LLVMBuildShl(cg->l.b, b, l_k(&cg->l, shift), ""), "bytes");
}

//  v = (b[0] | b[1] << 8 … b[7] << 56) >> bit_offset | b[8] << (64 - bit_offset);  then its sign from its width
static LLVMValueRef split_bits(struct cg *cg, LLVMValueRef p, const struct field *f)
{
	struct ll *l = &cg->l;
	unsigned n = field_bytes(f);
	LLVMValueRef v = l_k(l, 0), by = l_k(l, 64u - f->bit_size);

	for (unsigned i = 0; i < MIN(n, 8u); i++)
		v = or_byte(cg, v, p, i, i * 8);
	v = LLVMBuildLShr(l->b, v, l_k(l, f->bit_offset), "low");
	if (n > 8)
		v = or_byte(cg, v, p, 8, 64u - f->bit_offset);
	v = LLVMBuildShl(l->b, v, by, "bits");
	return f->type->is_signed ? LLVMBuildAShr(l->b, v, by, "bits") : LLVMBuildLShr(l->b, v, by, "bits");
}

static struct value remote_split(struct cg *cg, LLVMValueRef addr, enum space space, const struct type *s, const struct field *f)
{
	LLVMValueRef tmp = cg_temp(cg, 16, "split");

	cg_reloc_same(cg, cg_reloc_of(cg, RELOC_WHOLE, s, NULL)); // two loads: no row says them
	cg_read(cg, space, tmp, l_k(&cg->l, field_bytes(f)), addr);
	return scalar(split_bits(cg, tmp, f));
}

static LLVMValueRef bitfield(struct cg *cg, LLVMValueRef v, const struct field *f)
{
	if (!f->bit_size)
		return v;
	v = LLVMBuildShl(cg->l.b, v, l_k(&cg->l, 64u - f->bit_offset - f->bit_size), "bits");
	LLVMValueRef by = l_k(&cg->l, 64u - f->bit_size);
	return f->type->is_signed ? LLVMBuildAShr(cg->l.b, v, by, "bits") : LLVMBuildLShr(cg->l.b, v, by, "bits");
}

static bool is_args(const struct node *n)
{
	return n->kind == NODE_IDENT && n->ident.builtin && n->ident.builtin->id == BUILTIN_ARGS;
}

static const struct type *pointee(const struct type *t)
{
	return t->kind == TYPE_POINTER ? t->elem : t;
}

static struct value remote_field(struct cg *cg, const struct type *s, struct value b, const struct field *f)
{
	bool split = field_is_split(s, f);
	const struct plan_reloc *r = f->name && !split && type_is_scalar(f->type) ? cg_reloc_of(cg, RELOC_BYTES, s, f->name) : NULL;
	LLVMValueRef addr = LLVMBuildAdd(cg->l.b, b.v, cg_member_offset(cg, s, f), "field.at");

	if (split)
		return remote_split(cg, addr, b.space, s, f);
	if (r)
		return member_load(cg, addr, b.space, s, f->name);
	r = f->name && f->type->kind == TYPE_STRING ? cg_reloc_of(cg, RELOC_STRING, s, f->name) : NULL;
	if (r)
		return member_text(cg, addr, b.space, r, f->type);
	struct value v = remote_load(cg, addr, b.space, f->type);

	if (f->bit_size)
		v.v = bitfield(cg, v.v, f);
	return v;
}

static struct value emit_field(struct cg *cg, const struct node *n)
{
	const struct node *base = n->field.base;
	const struct field *f = n->field.field;

	if (n->field.arg && is_args(base))
		return cg_args_field(cg, n);
	if (!f)
		BUG("field '%s' is not resolved", n->field.name);
	struct value b = cg_expr(cg, base);
	if (base->type->kind == TYPE_POINTER) {
		b.remote = true;
		b.space = cg_space(cg, base->type);
	}
	if (b.remote)
		return remote_field(cg, pointee(base->type), b, f);
	LLVMValueRef at = l_atk(&cg->l, b.v, f->offset, "field.at");
	if (field_is_split(base->type, f))
		return scalar(split_bits(cg, at, f));
	struct value v = local_load(cg, at, f->type);
	if (f->bit_size)
		v.v = bitfield(cg, v.v, f);
	return v;
}

static struct value emit_element(struct cg *cg, const struct node *n)
{
	const struct field *f = &n->element.base->type->fields[n->element.number];

	return local_load(cg, l_atk(&cg->l, cg_local(cg, n->element.base), f->offset, "element"), f->type);
}

static uint32_t index_size(const struct type *t)
{
	return MAX(t->size, 1u);
}

static LLVMValueRef stride(struct cg *cg, const struct type *t)
{
	return t->kind == TYPE_STRUCT || t->kind == TYPE_UNION ? cg_type_size(cg, t, RELOC_SIZE) : l_k(&cg->l, index_size(t));
}

//  inside: i < count        br inside, join, bad;  bad: event -> br join;  join: phi i, 0
static LLVMValueRef checked_index(struct cg *cg, const struct node *n, LLVMValueRef i)
{
	struct ll *l = &cg->l;
	uint32_t count = n->index.base->type->size / index_size(n->type);

	if (n->index.event == UINT32_MAX || !count || LLVMIsAConstantInt(i)) // a last member without a length has no bounds
		return i;
	LLVMBasicBlockRef from = LLVMGetInsertBlock(l->b), bad = l_block(l, "index.bad"), join = l_block(l, "index.join");
	l_cond(l, LLVMBuildICmp(l->b, LLVMIntULT, i, l_k(l, count), "inside"), join, bad);
	l_pos(l, bad);
	cg_event(cg, n->index.event, NULL, 0);
	LLVMBasicBlockRef told = LLVMGetInsertBlock(l->b);
	l_br(l, join);
	l_pos(l, join);
	LLVMValueRef phi = LLVMBuildPhi(l->b, l->i64, "index"), vals[] = { i, l_k(l, 0) };
	LLVMBasicBlockRef blocks[] = { from, told };
	LLVMAddIncoming(phi, vals, blocks, 2);
	return phi;
}

// $p[i], args.array[i], $s[i]
static struct value emit_index(struct cg *cg, const struct node *n)
{
	const struct node *base = n->index.base;
	struct value b = cg_expr(cg, base);
	LLVMValueRef i = checked_index(cg, n, cg_int(cg, n->index.keys.v[0]));
	LLVMValueRef off = LLVMBuildMul(cg->l.b, i, stride(cg, n->type), "index.off");

	if (base->type->kind == TYPE_POINTER || b.remote) {
		enum space space = b.remote ? b.space : cg_space(cg, base->type);

		return remote_load(cg, LLVMBuildAdd(cg->l.b, b.v, off, "index.at"), space, n->type);
	}
	// local memory: the offset is kept inside, where the verifier sees it, and added, not or-ed, to the address
	LLVMValueRef limit = l_k(&cg->l, base->type->size - index_size(n->type));
	off = l_opaque(&cg->l, off);
	LLVMValueRef inside = LLVMBuildICmp(cg->l.b, LLVMIntULE, off, limit, "inside");
	off = LLVMBuildSelect(cg->l.b, inside, off, l_k(&cg->l, 0), "index.off");
	LLVMValueRef tmp = cg_word(cg, "index.value");
	LLVMValueRef at = l_opaque(&cg->l, LLVMBuildPtrToInt(cg->l.b, b.v, cg->l.i64, ""));
	cg_read(cg, SPACE_KERNEL, tmp, l_k(&cg->l, index_size(n->type)), LLVMBuildAdd(cg->l.b, at, off, "index.at"));
	return scalar(l_load(&cg->l, tmp, index_size(n->type), n->type->is_signed, "index.value"));
}

//  cond ? a : b        br cond, yes, no;  yes: a -> br join;  no: b -> br join;  join: phi
// The element that the branch begins by reading, when the condition asks whether there is one: what find() is made of. NULL if not.
static const struct node *element_asked_for(struct cg *cg, const struct node *cond, const struct node *yes)
{
	const struct node *first = yes && yes->kind == NODE_BLOCK && yes->block.body.n ? yes->block.body.v[0] : NULL;
	const struct node *read = first && first->kind == NODE_ASSIGN && first->assign.op == OP_NONE ? first->assign.value : NULL;

	if (cond->kind != NODE_CALL || !cond->call.builtin || cond->call.builtin->id != BUILTIN_HAS_KEY || cond->call.args.n != 2 || !read || read->kind != NODE_MAP)
		return NULL;
	const struct map_sym *m = read->map.sym;
	if (cond->call.args.v[0]->map.sym != m || !m->key || type_is_aggregate(m->value) || cg->plan->maps[m->index].twin)
		return NULL;
	return read->map.keys.n == 1 && node_equal(read->map.keys.v[0], cond->call.args.v[1]) ? read : NULL;
}

// One look into the map serves the question and the read.
static void branch_on_element(struct cg *cg, const struct node *cond, const struct node *read, LLVMBasicBlockRef yes, LLVMBasicBlockRef no)
{
	cg->found_slot = cg_map_find(cg, cond->call.args.v[0], cond->call.args.v[1]);
	cg->found = read;
	l_cond(&cg->l, LLVMBuildIsNull(cg->l.b, cg->found_slot, "missing"), no, yes);
}

static struct value emit_choice(struct cg *cg, const struct node *n, const struct node *cond, const struct node *yes, const struct node *no)
{
	struct ll *l = &cg->l;
	bool reg = type_is_scalar(n->type), none = n->type->kind == TYPE_NONE;
	LLVMValueRef slot = none ? NULL : reg ? cg_alloca(cg, l->i64, "choice") : cg_temp(cg, n->type->size, "choice");
	LLVMBasicBlockRef by = l_block(l, "choice.yes"), bn = l_block(l, "choice.no"), join = l_block(l, "choice.join");
	LLVMValueRef elvis = yes ? NULL : cg_int(cg, cond);

	const struct node *read = element_asked_for(cg, cond, yes);

	if (read)
		branch_on_element(cg, cond, read, by, bn);
	else
		l_cond(l, elvis ? l_nz(l, elvis, "set") : cg_cond(cg, cond), by, bn);
	l_pos(l, by);
	if (none)
		(void)cg_expr(cg, yes);
	else if (elvis)
		l_store(l, elvis, slot, 8);
	else if (reg)
		l_store(l, cg_int(cg, yes), slot, 8);
	else
		cg_expr_into(cg, yes, n->type, slot);
	l_br(l, join);
	l_pos(l, bn);
	if (none) {
		if (no)
			(void)cg_expr(cg, no);
	} else if (reg) {
		l_store(l, cg_int(cg, no), slot, 8);
	} else {
		cg_expr_into(cg, no, n->type, slot);
	}
	l_br(l, join);
	l_pos(l, join);
	if (none)
		return scalar(l_k(l, 0));
	return scalar(reg ? l_load(l, slot, 8, false, "choice") : slot);
}

static LLVMValueRef emit_logic(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	bool is_and = n->binary.op == OP_LAND;
	LLVMValueRef left = cg_cond(cg, n->binary.left);
	LLVMBasicBlockRef from = LLVMGetInsertBlock(l->b), right = l_block(l, "logic.right"), join = l_block(l, "logic.join");

	if (is_and)
		l_cond(l, left, right, join);
	else
		l_cond(l, left, join, right);
	l_pos(l, right);
	LLVMValueRef r = cg_cond(cg, n->binary.right);
	LLVMBasicBlockRef end = LLVMGetInsertBlock(l->b);
	l_br(l, join);
	l_pos(l, join);
	LLVMValueRef phi = LLVMBuildPhi(l->b, l->i1, "logic"), vals[] = { LLVMConstInt(l->i1, !is_and, 0), r };
	LLVMBasicBlockRef blocks[] = { from, end };
	LLVMAddIncoming(phi, vals, blocks, 2);
	return l_bool(l, phi, "logic");
}

// Divisor 0 gives 1 and a warning at run time; division is unsigned, as bpftrace has it.
LLVMValueRef cg_divide(struct cg *cg, enum op op, LLVMValueRef a, LLVMValueRef b, uint32_t event)
{
	struct ll *l = &cg->l;
	bool known = LLVMIsAConstantInt(b) && LLVMConstIntGetZExtValue(b) != 0;

	if (known)
		return op == OP_DIV ? LLVMBuildUDiv(l->b, a, b, "quotient") : LLVMBuildURem(l->b, a, b, "rest");
	LLVMBasicBlockRef from, zero = l_block(l, "div.zero"), ok = l_block(l, "div.ok"), join = l_block(l, "div.join");
	l_cond(l, LLVMBuildIsNull(l->b, b, "is_zero"), zero, ok);
	l_pos(l, zero);
	if (event != UINT32_MAX)
		cg_event(cg, event, NULL, 0);
	from = LLVMGetInsertBlock(l->b);
	l_br(l, join);
	l_pos(l, ok);
	LLVMValueRef q = op == OP_DIV ? LLVMBuildUDiv(l->b, a, b, "quotient") : LLVMBuildURem(l->b, a, b, "rest");
	l_br(l, join);
	l_pos(l, join);
	LLVMValueRef phi = LLVMBuildPhi(l->b, l->i64, "divided"), vals[] = { l_k(l, 1), q };
	LLVMBasicBlockRef blocks[] = { from, ok };
	LLVMAddIncoming(phi, vals, blocks, 2);
	return phi;
}

static LLVMValueRef compare(struct cg *cg, enum op op, LLVMValueRef a, LLVMValueRef b, bool is_signed)
{
	static const LLVMIntPredicate u[] = { [OP_EQ] = LLVMIntEQ, [OP_NE] = LLVMIntNE, [OP_LT] = LLVMIntULT, [OP_GT] = LLVMIntUGT, [OP_LE] = LLVMIntULE, [OP_GE] = LLVMIntUGE };
	static const LLVMIntPredicate s[] = { [OP_EQ] = LLVMIntEQ, [OP_NE] = LLVMIntNE, [OP_LT] = LLVMIntSLT, [OP_GT] = LLVMIntSGT, [OP_LE] = LLVMIntSLE, [OP_GE] = LLVMIntSGE };

	return l_bool(&cg->l, LLVMBuildICmp(cg->l.b, is_signed ? s[op] : u[op], a, b, "cmp"), "cmp");
}

// A shift by 64 or more has no meaning in LLVM; the hardware's (modulo 64) is what bpftrace programs get.
static LLVMValueRef shift_count(struct cg *cg, LLVMValueRef b)
{
	return LLVMBuildAnd(cg->l.b, b, l_k(&cg->l, 63), "count");
}

LLVMValueRef cg_binary(struct cg *cg, enum op op, LLVMValueRef a, LLVMValueRef b, bool is_signed, uint32_t event)
{
	LLVMBuilderRef bl = cg->l.b;

	switch (op) {
	case OP_OR: return LLVMBuildOr(bl, a, b, "or");
	case OP_XOR: return LLVMBuildXor(bl, a, b, "xor");
	case OP_AND: return LLVMBuildAnd(bl, a, b, "and");
	case OP_SHL: return LLVMBuildShl(bl, a, shift_count(cg, b), "shl");
	case OP_SHR: return LLVMBuildLShr(bl, a, shift_count(cg, b), "shr");
	case OP_ADD: return LLVMBuildAdd(bl, a, b, "sum");
	case OP_SUB: return LLVMBuildSub(bl, a, b, "difference");
	case OP_MUL: return LLVMBuildMul(bl, a, b, "product");
	case OP_DIV: case OP_MOD: return cg_divide(cg, op, a, b, event);
	case OP_EQ: case OP_NE: case OP_LT: case OP_GT: case OP_LE: case OP_GE: return compare(cg, op, a, b, is_signed);
	case OP_NONE: case OP_LOR: case OP_LAND: case OP_NEG: case OP_NOT: case OP_BITNOT: case OP_DEREF: case OP_ADDR: case OP_INC: case OP_DEC: case OPS:
		break;
	}
	BUG("binary operator %d", (int)op);
}

// Both sides of `probe == "text"`: every name that equals the text (usually one) is compared by its number.
static LLVMValueRef probe_equal(struct cg *cg, const struct node *n)
{
	const struct node *probe = n->binary.left->type->kind == TYPE_PROBE ? n->binary.left : n->binary.right;
	const struct node *text = probe == n->binary.left ? n->binary.right : n->binary.left;
	LLVMValueRef id = cg_int(cg, probe), hit = LLVMConstInt(cg->l.i1, 0, 0);

	for (uint32_t i = 0; i < cg->plan->n_names; i++)
		if (text->kind == NODE_STRING && strcmp(cg->plan->names[i].name, text->string.text) == 0)
			hit = LLVMBuildICmp(cg->l.b, LLVMIntEQ, id, l_k(&cg->l, i), "is_probe");
	if (n->binary.op == OP_NE)
		hit = LLVMBuildNot(cg->l.b, hit, "is_not");
	return l_bool(&cg->l, hit, "probe.cmp");
}

// Tuples and other memory of one type: equal when their bytes are (all padding is zero).
static LLVMValueRef bytes_equal(struct cg *cg, const struct node *n)
{
	const struct node *a = n->binary.left, *b = n->binary.right;
	LLVMValueRef same = cg_memory_equal(cg, a, b, MIN(a->type->size, b->type->size));

	return l_bool(&cg->l, n->binary.op == OP_NE ? LLVMBuildNot(cg->l.b, same, "differ") : same, "cmp");
}

static LLVMValueRef pointer_scaled(struct cg *cg, const struct node *p, LLVMValueRef v)
{
	uint32_t size = p->type->elem->size;

	return LLVMBuildMul(cg->l.b, v, l_k(&cg->l, size ? size : 1), "scaled");
}

static struct value emit_binary(struct cg *cg, const struct node *n)
{
	const struct node *left = n->binary.left, *right = n->binary.right;
	enum op op = n->binary.op;

	if (op == OP_LAND || op == OP_LOR)
		return scalar(emit_logic(cg, n));
	if (left->type->kind == TYPE_PROBE || right->type->kind == TYPE_PROBE)
		return scalar(probe_equal(cg, n));
	if (left->type->kind == TYPE_STRING) {
		LLVMValueRef same = cg_string_equal(cg, left, right, UINT64_MAX);

		return scalar(l_bool(&cg->l, op == OP_NE ? LLVMBuildNot(cg->l.b, same, "differ") : same, "cmp"));
	}
	if (!type_is_scalar(left->type))
		return scalar(bytes_equal(cg, n));
	LLVMValueRef a = cg_int(cg, left), b = cg_int(cg, right);
	if (left->type->kind == TYPE_POINTER && right->type->kind != TYPE_POINTER && (op == OP_ADD || op == OP_SUB))
		b = pointer_scaled(cg, left, b);
	else if (right->type->kind == TYPE_POINTER && left->type->kind != TYPE_POINTER && op == OP_ADD)
		a = pointer_scaled(cg, right, a);
	return scalar(cg_binary(cg, op, a, b, left->type->is_signed && right->type->is_signed, n->binary.event));
}

static struct value emit_deref(struct cg *cg, const struct node *n)
{
	const struct node *p = n->unary.value;

	return remote_load(cg, cg_int(cg, p), cg_space(cg, p->type), n->type);
}

static struct value emit_unary(struct cg *cg, const struct node *n)
{
	const struct node *v = n->unary.value;

	switch (n->unary.op) {
	case OP_NEG: return scalar(LLVMBuildNeg(cg->l.b, cg_int(cg, v), "neg"));
	case OP_BITNOT: return scalar(LLVMBuildNot(cg->l.b, cg_int(cg, v), "not"));
	case OP_NOT: return scalar(l_bool(&cg->l, LLVMBuildNot(cg->l.b, cg_cond(cg, v), "not"), "not"));
	case OP_DEREF: return emit_deref(cg, n);
	default: BUG("unary operator %d", (int)n->unary.op);
	}
}

LLVMValueRef cg_resize(struct cg *cg, LLVMValueRef v, const struct type *t)
{
	if (t->kind == TYPE_BOOL)
		return l_bool(&cg->l, l_nz(&cg->l, v, "bool"), "bool");
	if (t->size >= 8 || t->size == 0)
		return v;
	v = LLVMBuildTrunc(cg->l.b, v, l_int(&cg->l, t->size), "");
	return t->is_signed ? LLVMBuildSExt(cg->l.b, v, cg->l.i64, "cast") : LLVMBuildZExt(cg->l.b, v, cg->l.i64, "cast");
}

static struct value emit_cast(struct cg *cg, const struct node *n)
{
	const struct node *v = n->cast.value;

	if (v->kind == NODE_MAP && type_is_aggregate(v->type)) {
		struct value sum = cg_map_read_agg(cg, v);

		return scalar(cg_resize(cg, sum.v, n->type));
	}
	if (n->type->kind == TYPE_BOOL && v->type->kind == TYPE_STRING)
		return scalar(l_bool(&cg->l, cg_cond(cg, v), "bool"));
	if (type_is_scalar(n->type)) {
		struct value x = cg_expr(cg, v);

		if (v->type->kind == TYPE_USYM) // its address
			x.v = l_load(&cg->l, x.v, 8, false, "usym.addr");
		else if (!type_is_scalar(v->type) && !x.remote)
			x.v = l_load(&cg->l, x.v, MIN(v->type->size, 8u), false, "bytes");
		else if (x.remote && type_is_integer(n->type))
			x = remote_load(cg, x.v, x.space, n->type);
		return scalar(cg_resize(cg, x.v, n->type));
	}
	struct value x = cg_expr(cg, v);
	if (n->type->kind == TYPE_ARRAY && !x.remote && n->type != v->type && (type_is_integer(v->type) || v->type->kind == TYPE_STRING)) {
		LLVMValueRef bytes = cg_temp(cg, n->type->size, "bytes");

		cg_zero(cg, bytes, n->type->size);
		if (type_is_integer(v->type))
			l_store(&cg->l, x.v, bytes, MIN(n->type->size, 8u));
		else
			cg_copy(cg, bytes, x.v, MIN(n->type->size, v->type->size));
		return scalar(bytes);
	}
	if (n->type == v->type || x.remote || type_is_scalar(v->type))
		return x;
	LLVMValueRef tmp = cg_temp(cg, n->type->size, "cast");
	cg_store(cg, n->type, x, v->type, tmp);
	return scalar(tmp);
}

static struct value emit_incdec(struct cg *cg, const struct node *n)
{
	const struct node *t = n->incdec.target;
	uint64_t step = t->type->kind == TYPE_POINTER ? MAX(t->type->elem->size, 1u) : 1;
	LLVMValueRef delta = l_k(&cg->l, n->incdec.op == OP_INC ? step : 0 - step), old;

	if (t->kind == NODE_MAP) {
		cg_map_add(cg, t, delta, &old);
	} else {
		LLVMValueRef p = cg_var_ptr(cg, t->var.sym);

		old = cg_resize(cg, l_load(&cg->l, p, 8, false, "old"), t->type);
		l_store(&cg->l, cg_resize(cg, LLVMBuildAdd(cg->l.b, old, delta, "new"), t->type), p, 8);
	}
	return scalar(n->incdec.prefix ? cg_resize(cg, LLVMBuildAdd(cg->l.b, old, delta, "new"), t->type) : old);
}

static struct value emit_var(struct cg *cg, const struct node *n)
{
	LLVMValueRef p = cg_var_ptr(cg, n->var.sym);

	if (!type_is_scalar(n->type))
		return scalar(p);
	LLVMValueRef v = l_load(&cg->l, p, 8, false, n->var.name + 1);
	return scalar(n->var.sym->addressed ? cg_resize(cg, v, n->type) : v); // C wrote its bytes, and nothing above them
}

static struct value emit_memory(struct cg *cg, const struct node *n)
{
	LLVMValueRef tmp = cg_temp(cg, n->type->size, "tmp");

	cg_expr_into(cg, n, n->type, tmp);
	return scalar(tmp);
}

static struct value emit(struct cg *cg, const struct node *n)
{
	switch (n->kind) {
	case NODE_INT: return scalar(n->int_.reloc ? cg_reloc(cg, n->int_.reloc) : l_k(&cg->l, n->int_.value));
	case NODE_BOOL: return scalar(l_k(&cg->l, n->bool_.value));
	case NODE_STRING: case NODE_TUPLE: case NODE_RECORD: return emit_memory(cg, n);
	case NODE_IDENT: return cg_builtin(cg, n);
	case NODE_VAR: return emit_var(cg, n);
	case NODE_MAP: return cg_map_read(cg, n);
	case NODE_INDEX: return emit_index(cg, n);
	case NODE_FIELD: return emit_field(cg, n);
	case NODE_ELEMENT: return emit_element(cg, n);
	case NODE_CALL: return cg_call(cg, n);
	case NODE_UNARY: return emit_unary(cg, n);
	case NODE_BINARY: return emit_binary(cg, n);
	case NODE_INCDEC: return emit_incdec(cg, n);
	case NODE_TERNARY: return emit_choice(cg, n, n->ternary.cond, n->ternary.yes, n->ternary.no);
	case NODE_IF: return emit_choice(cg, n, n->if_.cond, n->if_.yes, n->if_.no);
	case NODE_CAST: return emit_cast(cg, n);
	case NODE_BLOCK: return cg_block_value(cg, n);
	case NODE_POSITIONAL: case NODE_RECORD_ITEM: case NODE_SIZEOF: case NODE_OFFSETOF: case NODE_TYPEOF: case NODE_TYPESPEC: case NODE_EXPR:
	case NODE_ASSIGN: case NODE_DISCARD: case NODE_LET: case NODE_WHILE: case NODE_UNROLL: case NODE_FOR: case NODE_BREAK: case NODE_CONTINUE:
	case NODE_RETURN: case NODE_SCRIPT: case NODE_PROBE: case NODE_POINT: case NODE_CONFIG: case NODE_CONFIG_ENTRY: case NODE_MAPDECL:
	case NODE_MACRO: case NODE_FN: case NODE_IMPORT: case NODE_C_TEXT: case NODE_FIRST_DECLARATIVE ... NODE_LAST_DECLARATIVE:
	case NODE_COMPTIME: case NODE_TYPEINFO: case NODE_KINDS:
		break;
	}
	BUG("'%s' is no expression", node_name(n->kind));
}

// Behind an operand the place is its operator's again: what fails there is said of the whole.
struct value cg_expr(struct cg *cg, const struct node *n)
{
	struct span around = cg->at;

	cg_debug_at(cg, n->span);
	struct value v = emit(cg, n);
	if (n->held && !v.remote) { // where it lies will be written before it is used
		LLVMValueRef held = cg_temp(cg, n->type->size, "held");

		cg_copy(cg, held, v.v, n->type->size);
		v.v = held;
	}
	cg->at = around;
	return v;
}

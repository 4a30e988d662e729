// SPDX-License-Identifier: Apache-2.0
// args.c - one loader for all probe types: an arg_loc (probe_type.h) says where a value lies when the program starts.
#include "base/util.h"
#include "codegen/cg.h"

// struct pt_regs of x86-64: where a system call's arguments 0-5 lie (di si dx r10 r8 r9), and the stack pointer.
static const int syscall_regs[] = { 112, 104, 96, 56, 72, 64 };
#define REG_SP 152

static struct value extend(struct cg *cg, const struct arg_loc *a, LLVMValueRef v)
{
	unsigned size = a->size ? a->size : 8;

	if (size < 8) {
		v = LLVMBuildTrunc(cg->l.b, v, l_int(&cg->l, size), "");
		v = a->is_signed ? LLVMBuildSExt(cg->l.b, v, cg->l.i64, "arg") : LLVMBuildZExt(cg->l.b, v, cg->l.i64, "arg");
	}
	return (struct value){ .v = v };
}

// The context, to load from. LLVM shares the sum of a pointer and an offset among many uses, and the verifier takes no load from a
// context that something was added to: in a body long enough for that each use has a pointer of its own.
LLVMValueRef cg_context(struct cg *cg)
{
	struct ll *l = &cg->l;

	if (!cg->outlines)
		return cg->fn->ctx;
	return LLVMBuildIntToPtr(l->b, l_opaque(l, LLVMBuildPtrToInt(l->b, cg->fn->ctx, l->i64, "ctx")), l->ptr, "ctx");
}

static LLVMValueRef ctx_u64(struct cg *cg, int64_t off, const char *name)
{
	return l_load(&cg->l, l_atk(&cg->l, cg_context(cg), (uint64_t)off, name), 8, false, name);
}

static struct value from_user(struct cg *cg, const struct arg_loc *a, LLVMValueRef addr)
{
	unsigned size = a->size ? a->size : 8;
	LLVMValueRef tmp = cg_word(cg, "arg.mem");

	cg_read(cg, SPACE_USER, tmp, l_k(&cg->l, size), addr);
	return (struct value){ .v = l_load(&cg->l, tmp, size, a->is_signed, "arg") };
}

static LLVMValueRef memory_address(struct cg *cg, const struct arg_loc *a)
{
	LLVMValueRef addr = LLVMBuildAdd(cg->l.b, ctx_u64(cg, a->offset, "base"), l_k(&cg->l, (uint64_t)a->value), "addr");

	if (a->index >= 0) {
		LLVMValueRef scaled = LLVMBuildMul(cg->l.b, ctx_u64(cg, a->index, "index"), l_k(&cg->l, a->scale ? a->scale : 1), "scaled");

		addr = LLVMBuildAdd(cg->l.b, addr, scaled, "addr");
	}
	return addr;
}

// A field of a kernel object the program got from the kernel: where the verifier knows its type, a direct load.
LLVMValueRef cg_kernel_load(struct cg *cg, LLVMValueRef object, uint64_t off, unsigned size, const char *name)
{
	LLVMValueRef tmp;

	if (cg->body->kind == PROG_TP_BTF)
		return l_load(&cg->l, l_atk(&cg->l, LLVMBuildIntToPtr(cg->l.b, object, cg->l.ptr, name), off, name), size, false, name);
	tmp = cg_word(cg, name);
	cg_read(cg, SPACE_KERNEL, tmp, l_k(&cg->l, size), LLVMBuildAdd(cg->l.b, object, l_k(&cg->l, off), name));
	return l_load(&cg->l, tmp, size, false, name);
}

static struct value syscall_arg(struct cg *cg, const struct arg_loc *a)
{
	return extend(cg, a, cg_kernel_load(cg, ctx_u64(cg, 0, "regs"), (uint64_t)syscall_regs[a->offset], 8, "arg"));
}

static struct value record_address(struct cg *cg, LLVMValueRef off)
{
	LLVMValueRef base = LLVMBuildPtrToInt(cg->l.b, cg->fn->ctx, cg->l.i64, "ctx");

	return (struct value){ .v = LLVMBuildAdd(cg->l.b, base, off, "field"), .remote = true, .space = SPACE_KERNEL };
}

static struct value slot_read(struct cg *cg, LLVMValueRef at)
{
	LLVMValueRef tmp = cg_word(cg, "slot");

	cg_read(cg, SPACE_KERNEL, tmp, l_k(&cg->l, 8), at);
	return (struct value){ .v = l_load(&cg->l, tmp, 8, false, "arg") };
}

static const struct plan_reloc *arg_reloc(struct cg *cg, enum reloc_kind kind, const struct arg_loc *a)
{
	return reloc_new(cg->p->world, kind, a->event, a->member);
}

// A named argument lies where the running kernel's event or function has it.
static struct value named_arg(struct cg *cg, const struct arg_loc *a)
{
	LLVMValueRef v;

	switch (a->where) {
	case ARG_CTX:
		return (struct value){ .v = cg_reloc_load(cg, arg_reloc(cg, RELOC_RECORD, a), cg->fn->ctx) };
	case ARG_CTX_ADDR:
		return record_address(cg, cg_reloc(cg, arg_reloc(cg, RELOC_OFFSET, a)));
	case ARG_CTX_READ:
		return slot_read(cg, record_address(cg, cg_reloc(cg, arg_reloc(cg, RELOC_SLOT, a))).v);
	case ARG_CTX_LOC:
		v = cg_reloc_load(cg, arg_reloc(cg, RELOC_RECORD, a), cg->fn->ctx);
		return record_address(cg, LLVMBuildAnd(cg->l.b, v, l_k(&cg->l, 0xffff), "off"));
	default: // ARG_RAW: the slot is 8 bytes wide whatever the argument is
		v = cg_reloc_load(cg, arg_reloc(cg, RELOC_SLOT, a), cg->fn->ctx);
		return extend(cg, a, prog_is(cg->body->kind, PROG_TYPED) && a->type && a->type->kind == TYPE_POINTER ? l_untyped(&cg->l, v) : v);
	}
}

struct value cg_arg(struct cg *cg, const struct arg_loc *a)
{
	if (a->event && a->where == ARG_REG) // no kernel's prototype says in which register: another place is another program
		cg_reloc_same(cg, arg_reloc(cg, RELOC_SLOT, a));
	else if (a->event && arg_reloc(cg, RELOC_OFFSET, a))
		return named_arg(cg, a);
	switch (a->where) {
	case ARG_REG: // value: bits to shift first, 8 for %ah and kin
		return extend(cg, a, LLVMBuildLShr(cg->l.b, ctx_u64(cg, a->offset, "reg"), l_k(&cg->l, (uint64_t)a->value), "reg"));
	case ARG_STACK:
		return from_user(cg, a, LLVMBuildAdd(cg->l.b, ctx_u64(cg, REG_SP, "sp"), l_k(&cg->l, (uint64_t)(int64_t)a->offset), "slot"));
	case ARG_CTX:
		return (struct value){ .v = l_load(&cg->l, l_atk(&cg->l, cg_context(cg), (uint64_t)a->offset, "field"), a->size, a->is_signed, "field") };
	case ARG_CTX_ADDR:
		return record_address(cg, l_k(&cg->l, (uint64_t)a->offset));
	case ARG_CTX_READ:
		return slot_read(cg, record_address(cg, l_k(&cg->l, (uint64_t)a->offset)).v);
	case ARG_CTX_LOC: {
		LLVMValueRef loc = l_load(&cg->l, l_atk(&cg->l, cg_context(cg), (uint64_t)a->offset, "loc"), 4, false, "loc");

		return record_address(cg, LLVMBuildAnd(cg->l.b, loc, l_k(&cg->l, 0xffff), "off"));
	}
	case ARG_RAW: {
		LLVMValueRef v = ctx_u64(cg, 8 * a->offset, "arg");

		return extend(cg, a, prog_is(cg->body->kind, PROG_TYPED) && a->type && a->type->kind == TYPE_POINTER ? l_untyped(&cg->l, v) : v);
	}
	case ARG_SYSCALL:
		return syscall_arg(cg, a);
	case ARG_CONST:
		return (struct value){ .v = l_k(&cg->l, (uint64_t)a->value) };
	case ARG_MEMORY:
		return from_user(cg, a, memory_address(cg, a));
	case ARG_PACKET: {
		LLVMValueRef at = cg_packet_at(cg, (uint32_t)a->offset);

		return (struct value){ .v = type_is_scalar(a->type) ? l_load(&cg->l, at, a->size, a->is_signed, "header") : at };
	}
	case ARG_NOWHERE:
		break;
	}
	BUG("argument of probe '%s' has no place", cg->body->name);
}

// What lies in memory reads as its type says: a char array or __data_loc string becomes a string in local memory.
static struct value typed(struct cg *cg, struct value v, const struct type *t)
{
	if (v.remote && t->kind == TYPE_STRING) {
		LLVMValueRef tmp = cg_temp(cg, t->size, "arg.str");

		cg_zero(cg, tmp, t->size);
		cg_read_str(cg, v.space, tmp, l_k(&cg->l, t->size), v.v);
		return (struct value){ .v = tmp };
	}
	return v;
}

struct value cg_argn(struct cg *cg, const struct node *n)
{
	struct arg_loc a = { .index = -1 };
	struct site *s = &cg->body->sites.v[0];

	if (!cg->body->type->arg(cg->body->type, cg->p->world, s, n->ident.argn, &a))
		BUG("probe '%s' has no arg%u", cg->body->name, n->ident.argn);
	return typed(cg, cg_arg(cg, &a), n->type);
}

struct value cg_retval(struct cg *cg, const struct node *n)
{
	struct arg_loc a = { .index = -1 };

	if (!cg->body->type->retval(cg->body->type, cg->p->world, &cg->body->sites.v[0], &a))
		BUG("probe '%s' has no retval", cg->body->name);
	return typed(cg, cg_arg(cg, &a), n->type);
}

struct value cg_args_field(struct cg *cg, const struct node *n)
{
	struct arg_loc a = { .index = -1 };

	if (!cg->body->type->field(cg->body->type, cg->p->world, &cg->body->sites.v[0], n->field.arg, &a))
		BUG("probe '%s' has no args.%s", cg->body->name, n->field.name);
	return typed(cg, cg_arg(cg, &a), n->type);
}

// SPDX-License-Identifier: Apache-2.0
#include "codegen/ll.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"

void ll_init(struct ll *l, const char *name)
{
	l->ctx = LLVMContextCreate();
	l->mod = LLVMModuleCreateWithNameInContext(name, l->ctx);
	l->b = LLVMCreateBuilderInContext(l->ctx);
	l->i1 = LLVMInt1TypeInContext(l->ctx);
	l->i8 = LLVMInt8TypeInContext(l->ctx);
	l->i16 = LLVMInt16TypeInContext(l->ctx);
	l->i32 = LLVMInt32TypeInContext(l->ctx);
	l->i64 = LLVMInt64TypeInContext(l->ctx);
	l->ptr = LLVMPointerTypeInContext(l->ctx, 0);
	l->none = LLVMVoidTypeInContext(l->ctx);
}

void ll_free(struct ll *l)
{
	LLVMDisposeBuilder(l->b);
	LLVMDisposeModule(l->mod);
	LLVMContextDispose(l->ctx);
}

LLVMTypeRef l_int(struct ll *l, unsigned bytes)
{
	switch (bytes) {
	case 1: return l->i8;
	case 2: return l->i16;
	case 4: return l->i32;
	case 8: return l->i64;
	default: BUG("integer of %u bytes", bytes);
	}
}

LLVMValueRef l_helper(struct ll *l, unsigned id, LLVMTypeRef ret, unsigned n, LLVMValueRef *args, const char *name)
{
	LLVMTypeRef types[5];

	for (unsigned i = 0; i < n; i++)
		types[i] = LLVMTypeOf(args[i]);
	LLVMValueRef fn = LLVMConstIntToPtr(l_k(l, id), l->ptr);
	return LLVMBuildCall2(l->b, LLVMFunctionType(ret, types, n, 0), fn, args, n, ret == l->none ? "" : name);
}

LLVMValueRef l_pseudo(struct ll *l, unsigned src, uint64_t imm, const char *name)
{
	unsigned id = LLVMLookupIntrinsicID("llvm.bpf.pseudo", 15);
	LLVMValueRef args[] = { l_k(l, src), l_k(l, imm) };
	LLVMValueRef v = LLVMBuildCall2(l->b, LLVMIntrinsicGetType(l->ctx, id, NULL, 0),
					LLVMGetIntrinsicDeclaration(l->mod, id, NULL, 0), args, 2, "");

	return LLVMBuildIntToPtr(l->b, v, l->ptr, name);
}

LLVMValueRef l_at(struct ll *l, LLVMValueRef p, LLVMValueRef off, const char *name)
{
	if (LLVMIsAConstantInt(off) && LLVMConstIntGetZExtValue(off) == 0)
		return p;
	return LLVMBuildGEP2(l->b, l->i8, p, &off, 1, name);
}

// What an offset is a multiple of, as far as it shows.
static uint64_t multiple(LLVMValueRef off)
{
	if (LLVMIsABinaryOperator(off) && LLVMGetInstructionOpcode(off) == LLVMMul)
		off = LLVMGetOperand(off, 1);
	return LLVMIsAConstantInt(off) ? LLVMConstIntGetZExtValue(off) : 1;
}

// All that offsets are added to (slots on the stack, frames, keys, values, records) is aligned to 8.
unsigned l_align(LLVMValueRef p)
{
	uint64_t all = 8;

	for (; LLVMIsAGetElementPtrInst(p); p = LLVMGetOperand(p, 0))
		all |= multiple(LLVMGetOperand(p, 1));
	return (unsigned)(all & -all);
}

LLVMValueRef l_load(struct ll *l, LLVMValueRef p, unsigned bytes, bool is_signed, const char *name)
{
	LLVMValueRef v = LLVMBuildLoad2(l->b, l_int(l, bytes), p, name);

	LLVMSetAlignment(v, MIN(bytes, l_align(p)));
	if (bytes == 8)
		return v;
	return is_signed ? LLVMBuildSExt(l->b, v, l->i64, name) : LLVMBuildZExt(l->b, v, l->i64, name);
}

void l_store(struct ll *l, LLVMValueRef v, LLVMValueRef p, unsigned bytes)
{
	if (bytes < 8)
		v = LLVMBuildTrunc(l->b, v, l_int(l, bytes), "");
	LLVMSetAlignment(LLVMBuildStore(l->b, v, p), MIN(bytes, l_align(p)));
}

LLVMValueRef l_loadp(struct ll *l, LLVMValueRef p, const char *name)
{
	return LLVMBuildLoad2(l->b, l->ptr, p, name);
}

void l_memcpy(struct ll *l, LLVMValueRef dst, LLVMValueRef src, uint64_t n)
{
	LLVMBuildMemCpy(l->b, dst, l_align(dst), src, l_align(src), l_k(l, n));
}

LLVMValueRef l_bool(struct ll *l, LLVMValueRef v, const char *name)
{
	return LLVMBuildZExt(l->b, v, l->i64, name);
}

LLVMValueRef l_nz(struct ll *l, LLVMValueRef v, const char *name)
{
	return LLVMBuildIsNotNull(l->b, v, name);
}

LLVMBasicBlockRef l_block(struct ll *l, const char *name)
{
	LLVMValueRef fn = LLVMGetBasicBlockParent(LLVMGetInsertBlock(l->b));

	return LLVMAppendBasicBlockInContext(l->ctx, fn, name);
}

LLVMValueRef l_opaque(struct ll *l, LLVMValueRef v)
{
	LLVMTypeRef t = LLVMFunctionType(l->i64, &l->i64, 1, 0);
	LLVMValueRef nothing = LLVMGetInlineAsm(t, "", 0, "=r,0", 4, 1, 0, LLVMInlineAsmDialectATT, 0);

	return LLVMBuildCall2(l->b, t, nothing, &v, 1, "opaque");
}

LLVMValueRef l_ordered(struct ll *l, LLVMValueRef v)
{
	static const char how[] = "=r,0,~{memory}";
	LLVMTypeRef t = LLVMFunctionType(l->i64, &l->i64, 1, 0);
	LLVMValueRef nothing = LLVMGetInlineAsm(t, "", 0, how, sizeof how - 1, 1, 0, LLVMInlineAsmDialectATT, 0);

	return LLVMBuildCall2(l->b, t, nothing, &v, 1, "ordered");
}

LLVMValueRef l_callback(struct ll *l, LLVMValueRef fn)
{
	static const char load[] = "$0 = $1 ll";
	LLVMTypeRef t = LLVMFunctionType(l->ptr, &l->ptr, 1, 0);
	LLVMValueRef here = LLVMGetInlineAsm(t, load, sizeof load - 1, "=r,s", 4, 1, 0, LLVMInlineAsmDialectATT, 0);

	return LLVMBuildCall2(l->b, t, here, &fn, 1, "callback");
}

void l_may_goto(struct ll *l, LLVMBasicBlockRef out, LLVMBasicBlockRef next)
{
	LLVMTypeRef t = LLVMFunctionType(l->none, NULL, 0, 0);
	LLVMValueRef jump = LLVMGetInlineAsm(t, "may_goto ${0:l}", 15, "!i", 2, 1, 0, LLVMInlineAsmDialectATT, 0);

	LLVMBuildCallBr(l->b, t, jump, next, &out, 1, NULL, 0, NULL, 0, "");
}

LLVMValueRef l_untyped(struct ll *l, LLVMValueRef v)
{
	static const char swap_twice[] = "$0 = be64 $0\n$0 = be64 $0";
	LLVMTypeRef t = LLVMFunctionType(l->i64, &l->i64, 1, 0);
	LLVMValueRef swap = LLVMGetInlineAsm(t, swap_twice, sizeof swap_twice - 1, "=r,0", 4, 1, 0, LLVMInlineAsmDialectATT, 0);

	return LLVMBuildCall2(l->b, t, swap, &v, 1, "untyped");
}

LLVMValueRef l_mark(struct ll *l, unsigned mark, uint32_t row, LLVMValueRef base, bool changes)
{
	LLVMTypeRef param = base ? LLVMTypeOf(base) : NULL, t = LLVMFunctionType(l->i64, &param, base ? 1 : 0, 0);
	const char *how = !base ? "=r" : changes ? "=&r,r,~{memory}" : "=&r,r";
	char text[128];
	int n = snprintf(text, sizeof text, base ? "ld_pseudo $0, %u, %u\n$0 = *(u64 *)($1 + 0)\n$0 <<= 0\n$0 s>>= 0" : "ld_pseudo $0, %u, %u", mark, row);
	LLVMValueRef code = LLVMGetInlineAsm(t, text, (size_t)n, how, strlen(how), base && changes, 0, LLVMInlineAsmDialectATT, 0);

	return LLVMBuildCall2(l->b, t, code, &base, base ? 1 : 0, "reloc");
}

bool l_open(struct ll *l)
{
	return !LLVMGetBasicBlockTerminator(LLVMGetInsertBlock(l->b));
}

void l_br(struct ll *l, LLVMBasicBlockRef to)
{
	if (l_open(l))
		LLVMBuildBr(l->b, to);
}

void l_cond(struct ll *l, LLVMValueRef v, LLVMBasicBlockRef yes, LLVMBasicBlockRef no)
{
	LLVMBuildCondBr(l->b, v, yes, no);
}

void l_pos(struct ll *l, LLVMBasicBlockRef at)
{
	LLVMPositionBuilderAtEnd(l->b, at);
}

void l_attr(struct ll *l, LLVMValueRef fn, const char *name)
{
	unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));

	LLVMAddAttributeAtIndex(fn, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, LLVMCreateEnumAttribute(l->ctx, kind, 0));
}

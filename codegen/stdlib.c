// SPDX-License-Identifier: Apache-2.0
// stdlib.c - the kernel-side C of stdlib/*.bpf.c, as bitcode inside this executable: linked in when something calls it.
// All of it is always_inline, so that nothing but the programs themselves is left, each in its own section.
#include <string.h>

#include "base/util.h"
#include "codegen/cg.h"

extern const char stdlib_bitcode[], stdlib_bitcode_end[];

LLVMValueRef cg_stdlib(struct cg *cg, const char *name, LLVMTypeRef ret, unsigned n, LLVMValueRef *args, const char *as)
{
	LLVMValueRef fn = LLVMGetNamedFunction(cg->l.mod, name);
	LLVMTypeRef types[12];

	if (n > ARRAY_SIZE(types))
		BUG("%s has too many parameters", name);
	for (unsigned i = 0; i < n; i++)
		types[i] = LLVMTypeOf(args[i]);
	LLVMTypeRef type = LLVMFunctionType(ret, types, n, 0);
	if (!fn)
		fn = LLVMAddFunction(cg->l.mod, name, type);
	return LLVMBuildCall2(cg->l.b, type, fn, args, n, ret == cg->l.none ? "" : as);
}

static bool is_wanted(struct cg *cg)
{
	for (LLVMValueRef f = LLVMGetFirstFunction(cg->l.mod); f; f = LLVMGetNextFunction(f))
		if (LLVMIsDeclaration(f) && !LLVMGetIntrinsicID(f))
			return true;
	return false;
}

void cg_stdlib_link(struct cg *cg)
{
	LLVMModuleRef lib;

	if (!is_wanted(cg))
		return;
	LLVMMemoryBufferRef buf = LLVMCreateMemoryBufferWithMemoryRange(stdlib_bitcode, (size_t)(stdlib_bitcode_end - stdlib_bitcode), "stdlib", 0);
	if (LLVMParseBitcodeInContext2(cg->l.ctx, buf, &lib))
		BUG("the embedded stdlib bitcode does not parse");
	LLVMDisposeMemoryBuffer(buf);
	LLVMSetTarget(lib, LLVMGetTarget(cg->l.mod));
	LLVMSetDataLayout(lib, LLVMGetDataLayoutStr(cg->l.mod));
	for (LLVMValueRef f = LLVMGetFirstFunction(lib); f; f = LLVMGetNextFunction(f)) {
		if (LLVMIsDeclaration(f))
			continue;
		l_attr(&cg->l, f, "alwaysinline");
	}
	if (LLVMLinkModules2(cg->l.mod, lib))
		BUG("the embedded stdlib does not link");
	for (LLVMValueRef f = LLVMGetFirstFunction(cg->l.mod); f; f = LLVMGetNextFunction(f)) {
		const char *section = LLVMGetSection(f);

		if (LLVMIsDeclaration(f) && !LLVMGetIntrinsicID(f))
			BUG("stdlib has no function '%s'", LLVMGetValueName(f));
		if (!LLVMIsDeclaration(f) && (!section || !*section))
			LLVMSetLinkage(f, LLVMInternalLinkage);
	}
}

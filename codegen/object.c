// SPDX-License-Identifier: Apache-2.0
#include "codegen/object.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"

LLVMTargetMachineRef object_machine(void)
{
	LLVMTargetRef target;
	char *why = NULL;

	LLVMInitializeBPFTargetInfo();
	LLVMInitializeBPFTarget();
	LLVMInitializeBPFTargetMC();
	LLVMInitializeBPFAsmPrinter();
	LLVMInitializeBPFAsmParser(); // for may_goto
	if (LLVMGetTargetFromTriple("bpfel", &target, &why))
		BUG("LLVM was built without the BPF target: %s", why);
	return LLVMCreateTargetMachine(target, "bpfel", "v3", "", LLVMCodeGenLevelDefault, LLVMRelocDefault, LLVMCodeModelDefault);
}

// What the back end cannot do (a division it has no instruction for, too much stack) comes only as a diagnostic of
// severity 0; the emit call still succeeds, with code that means something else.
static void on_diagnostic(LLVMDiagnosticInfoRef d, void *arg)
{
	struct cg *cg = arg;

	char *text = LLVMGetDiagInfoDescription(d);
	bool error = LLVMGetDiagInfoSeverity(d) == LLVMDSError;

	if (!error)
		cg_stack_told(cg, text);
	else if (strstr(text, "stack limit") && !cg->split)
		cg->stack_full = true;
	else
		diag_error(cg->diag, (struct span){ 0 }, E_COMPILE, "the BPF back end refused the program: %s", text);
	LLVMDisposeMessage(text);
	cg->failed |= error;
}

void object_target(struct cg *cg)
{
	LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(cg->machine);

	LLVMSetModuleDataLayout(cg->l.mod, layout);
	LLVMDisposeTargetData(layout);
	LLVMSetTarget(cg->l.mod, "bpfel");
	LLVMContextSetDiagnosticHandler(cg->l.ctx, on_diagnostic, cg);
}

int object_optimise(struct cg *cg)
{
	LLVMPassBuilderOptionsRef o = LLVMCreatePassBuilderOptions();
	LLVMErrorRef e;

	// the machine must be passed: the BPF target hooks passes of its own into the pipeline
	LLVMPassBuilderOptionsSetLoopUnrolling(o, 0);
	LLVMPassBuilderOptionsSetLoopVectorization(o, 0);
	LLVMPassBuilderOptionsSetSLPVectorization(o, 0);
	// a callback whose call was found to do nothing must go too: old kernels count functions by their calls
	e = LLVMRunPasses(cg->l.mod, "default<O2>,globaldce", cg->machine, o);
	LLVMDisposePassBuilderOptions(o);
	if (!e)
		return cg->failed ? -EINVAL : 0;
	char *text = LLVMGetErrorMessage(e);
	diag_error(cg->diag, (struct span){ 0 }, E_COMPILE, "LLVM's passes failed: %s", text);
	LLVMDisposeErrorMessage(text);
	return -EINVAL;
}

static int emit(struct cg *cg, LLVMModuleRef mod, LLVMCodeGenFileType kind, struct str *out)
{
	LLVMMemoryBufferRef buf = NULL;
	char *why = NULL;

	if (LLVMTargetMachineEmitToMemoryBuffer(cg->machine, mod, kind, &why, &buf)) {
		diag_error(cg->diag, (struct span){ 0 }, E_COMPILE, "LLVM emits no object: %s", why);
		LLVMDisposeMessage(why);
		return -EINVAL;
	}
	str_add(out, LLVMGetBufferStart(buf), LLVMGetBufferSize(buf));
	LLVMDisposeMemoryBuffer(buf);
	return cg->failed ? -EINVAL : 0;
}

int object_emit(struct cg *cg, struct str *object)
{
	return emit(cg, cg->l.mod, LLVMObjectFile, object);
}

// Emitting changes a module, so the text is made of a copy.
void object_assembly(struct cg *cg, struct str *out)
{
	LLVMModuleRef copy = LLVMCloneModule(cg->l.mod);

	emit(cg, copy, LLVMAssemblyFile, out);
	LLVMDisposeModule(copy);
}

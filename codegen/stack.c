// SPDX-License-Identifier: Apache-2.0
// stack.c - the stack of a program and of what it calls: 512 bytes for all that may be in use at one time, and 8 calls deep.
//
// The back end only looks at each function for itself. How much one takes it tells as a diagnostic, where a function asks for it
// by the attribute warn-stack-size; who calls whom stands in the module. What is checked here is what the kernel's
// check_max_stack_depth() checks, so that it does not depend on the kernel which scripts load.
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/util.h"
#include "codegen/cg.h"

#define STACK_LIMIT 512  // MAX_BPF_STACK
#define STACK_GRAIN 32u  // what each function's share is rounded up to; Linux 6.8 rounds to 16

struct frame {           // of a function
	unsigned bytes;      // of its own
	bool counted;
	unsigned depth, calls; // with all it calls, once counted
};

static struct frame *frame_of(struct cg *cg, const char *function, size_t n)
{
	struct frame **at = (struct frame **)map_put(&cg->frames, function, n);

	if (!*at)
		*at = arena_new_(cg->arena, struct frame);
	return *at;
}

void cg_stack_ask(struct cg *cg)
{
	LLVMAttributeRef ask = LLVMCreateStringAttribute(cg->l.ctx, "warn-stack-size", 15, "0", 1);

	map_init(&cg->frames, cg->arena);
	for (LLVMValueRef f = LLVMGetFirstFunction(cg->l.mod); f; f = LLVMGetNextFunction(f))
		if (!LLVMIsDeclaration(f))
			LLVMAddAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, ask);
}

// "stack frame size (136) exceeds limit (0) in function 'probe_0_begin'": DiagnosticInfoStackSize of LLVM 19.
void cg_stack_told(struct cg *cg, const char *text)
{
	static const char size[] = "stack frame size (", name[] = " in function '";
	const char *bytes = strstr(text, size), *function = strstr(text, name);

	if (!bytes || !function)
		return;
	function += sizeof name - 1;
	frame_of(cg, function, strcspn(function, "'"))->bytes = (unsigned)strtoul(bytes + sizeof size - 1, NULL, 10);
}

static struct frame *count(struct cg *cg, LLVMValueRef f);

// A call, or a callback's address, which is called from where it is taken.
static void look_at(struct cg *cg, LLVMValueRef instruction, struct frame *most)
{
	int n = LLVMIsACallInst(instruction) ? LLVMGetNumOperands(instruction) : 0;

	for (int i = 0; i < n; i++) {
		LLVMValueRef callee = LLVMIsAFunction(LLVMGetOperand(instruction, (unsigned)i));

		if (!callee || LLVMIsDeclaration(callee))
			continue;
		const struct frame *c = count(cg, callee);
		most->depth = MAX(most->depth, c->depth);
		most->calls = MAX(most->calls, c->calls);
	}
}

static struct frame *count(struct cg *cg, LLVMValueRef f)
{
	size_t n;
	const char *name = LLVMGetValueName2(f, &n);
	struct frame *own = frame_of(cg, name, n), most = { 0 };

	if (own->counted)
		return own;
	for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b))
		for (LLVMValueRef i = LLVMGetFirstInstruction(b); i; i = LLVMGetNextInstruction(i))
			look_at(cg, i, &most);
	own->depth = most.depth + ALIGN_UP(MAX(own->bytes, 1u), STACK_GRAIN);
	own->calls = most.calls + 1;
	own->counted = true;
	return own;
}

bool cg_stack_fits(struct cg *cg)
{
	for (LLVMValueRef f = LLVMGetFirstFunction(cg->l.mod); f; f = LLVMGetNextFunction(f)) {
		const struct frame *w = LLVMIsDeclaration(f) ? NULL : count(cg, f);

		if (w && (w->depth > STACK_LIMIT || w->calls > CALLS_MOST))
			return false;
	}
	return true;
}

// SPDX-License-Identifier: Apache-2.0
// disassemble.c - the world's disassembler: LLVM's, for the machine Spile runs on.
#include <string.h>

#include "base/util.h"
#include "codegen/codegen.h"
#include "codegen/ll.h"

size_t codegen_disassemble(struct world *w, const void *code, size_t n, uint64_t address, char *text, size_t room)
{
	static LLVMDisasmContextRef dis; // one per process: making it costs a millisecond, and it has no state

	if (!dis) {
		LLVMInitializeX86TargetInfo();
		LLVMInitializeX86TargetMC();
		LLVMInitializeX86Disassembler();
		dis = LLVMCreateDisasm("x86_64-pc-linux-gnu", NULL, 0, NULL, NULL);
		if (!dis)
			return 0;
		LLVMSetDisasmOptions(dis, LLVMDisassembler_Option_PrintImmHex);
	}
	if (room)
		text[0] = '\0';
	return LLVMDisasmInstruction(dis, (uint8_t *)(uintptr_t)code, n, address, text, room);
}

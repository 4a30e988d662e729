// SPDX-License-Identifier: Apache-2.0
// ll.h - the only file that includes llvm-c, and short words for what the emitters say all the time.
//
// Conventions of the emitted code: every integer in a register is an i64, sign- or zero-extended from its type's width;
// things in memory are `ptr`. Kernel helpers are calls of a constant address, which the BPF back end turns into `call id`.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <llvm-c/Analysis.h>
#include <llvm-c/BitReader.h>
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Disassembler.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Linker.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>

struct ll {
	LLVMContextRef ctx;
	LLVMModuleRef mod;
	LLVMBuilderRef b;
	LLVMTypeRef i1, i8, i16, i32, i64, ptr, none;
};

void ll_init(struct ll *l, const char *name);
void ll_free(struct ll *l);

LLVMTypeRef l_int(struct ll *l, unsigned bytes); // i8 … i64
static inline LLVMValueRef l_k(struct ll *l, uint64_t v) { return LLVMConstInt(l->i64, v, 0); }
static inline LLVMValueRef l_k32(struct ll *l, uint32_t v) { return LLVMConstInt(l->i32, v, 0); }
LLVMValueRef l_helper(struct ll *l, unsigned id, LLVMTypeRef ret, unsigned n, LLVMValueRef *args, const char *name);
LLVMValueRef l_pseudo(struct ll *l, unsigned src, uint64_t imm, const char *name); // ld_imm64 with src_reg
LLVMValueRef l_at(struct ll *l, LLVMValueRef p, LLVMValueRef off, const char *name); // p + off bytes
static inline LLVMValueRef l_atk(struct ll *l, LLVMValueRef p, uint64_t off, const char *name) { return l_at(l, p, l_k(l, off), name); }
LLVMValueRef l_load(struct ll *l, LLVMValueRef p, unsigned bytes, bool is_signed, const char *name); // extended to i64
void l_store(struct ll *l, LLVMValueRef v, LLVMValueRef p, unsigned bytes); // the low bytes of an i64
LLVMValueRef l_loadp(struct ll *l, LLVMValueRef p, const char *name); // a ptr
void l_memcpy(struct ll *l, LLVMValueRef dst, LLVMValueRef src, uint64_t n);
unsigned l_align(LLVMValueRef p); // what is known of it: members and parts of strings lie anywhere
LLVMValueRef l_bool(struct ll *l, LLVMValueRef i1v, const char *name);  // i1 to i64
LLVMValueRef l_nz(struct ll *l, LLVMValueRef v, const char *name);      // i64 or ptr to i1
LLVMBasicBlockRef l_block(struct ll *l, const char *name);              // appended to the function being built
void l_br(struct ll *l, LLVMBasicBlockRef to);                          // only if the block has no terminator yet
void l_cond(struct ll *l, LLVMValueRef i1v, LLVMBasicBlockRef yes, LLVMBasicBlockRef no);
void l_pos(struct ll *l, LLVMBasicBlockRef at);
LLVMValueRef l_opaque(struct ll *l, LLVMValueRef v); // the same i64, but nothing is known of it: what the verifier must see checked stays checked
LLVMValueRef l_ordered(struct ll *l, LLVMValueRef v); // opaque, and no load moves across it: the back end would begin with all that a block has, over the stack
void l_may_goto(struct ll *l, LLVMBasicBlockRef out, LLVMBasicBlockRef next); // to `out` after very many times (kernel 6.9), else to `next`
// The same i64, but for the verifier a number: what it takes for a pointer it knows cannot be masked, shifted or indexed with.
// It forgets what a register is when its bytes are swapped.
LLVMValueRef l_untyped(struct ll *l, LLVMValueRef v);
// The address of a helper's callback, taken in the place where it is called and nowhere else: LLVM would take it further up, or join
// it with another branch's, and when the verifier leaves out the branch, it leaves out the callback, not the address (-EFAULT).
LLVMValueRef l_callback(struct ll *l, LLVMValueRef fn);
// What the loader completes: number `row` (base NULL), or a load from `base`; `changes`: of memory that the program writes.
LLVMValueRef l_mark(struct ll *l, unsigned mark, uint32_t row, LLVMValueRef base, bool changes);
bool l_open(struct ll *l); // the current block has no terminator
void l_attr(struct ll *l, LLVMValueRef fn, const char *name);

// SPDX-License-Identifier: Apache-2.0
// codegen.h - the door: a checked program in, BPF object with its plan out.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct program;
struct str;
struct world;

enum codegen_stage { CODEGEN_IR, CODEGEN_ASM, CODEGEN_PLAN, CODEGEN_STAGES };

struct codegen_options {
	const char *key, *compiler; // stored in the plan for the cache; NULL allowed
	uint32_t layout;            // enum plan_layout: the first to try. Another is taken where the stack is too short for it
	const uint32_t *needs;      // 1 << enum feature, of those asked for and found so far; NULL: none are kept
	// A dump wanted after a stage (1 << enum codegen_stage), called with its text.
	unsigned dump_stages;
	void (*dump)(void *arg, enum codegen_stage stage, const char *text, size_t n);
	void *dump_arg;
};

// Completes p->plan (internal maps, losses, sizes) and appends the ELF object, plan inside, to `object`.
// plan.layout is the layout taken.
// 0, or -EINVAL with a diagnostic in p->diag when LLVM refuses the program.
int codegen_program(struct program *p, const struct codegen_options *o, struct str *object);

// What to do where LLVM gives up without a way back, for the whole process; without it LLVM aborts. The handler must not return.
void codegen_on_fatal(void (*handler)(const char *why));

// The disassembler for struct world_ops: this machine's user code.
size_t codegen_disassemble(struct world *w, const void *code, size_t n, uint64_t address, char *text, size_t room);

// SPDX-License-Identifier: Apache-2.0
// regs.h - where registers lie in the struct pt_regs a BPF program gets, on the machine this is compiled for.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct reg_place {
	int offset;     // bytes from the start of pt_regs
	unsigned size;  // bytes the name covers: 4 for "eax"
	unsigned shift; // bits above which they lie: 8 for "ah"
};

// By the assembler's name without '%' ("rdi", "r8d", "ah"; "x0", "sp"). False if there is none.
bool reg_find(const char *name, size_t len, struct reg_place *ret);
// Offset of the register that carries integer argument n of a function; -1: it is passed on the stack.
int reg_argument(unsigned n);
// Where on the stack, from the stack pointer at the function's first instruction, argument n lies (reg_argument < 0).
int stack_argument(unsigned n);
// The same of a Go function (ABIInternal, since Go 1.17): integer and pointer words in order, a string is two; -1: on the stack.
int reg_go_argument(unsigned n);
int stack_go_argument(unsigned n); // word n - (how many have registers) of those on the stack
int reg_return(void);  // offset of the return value's register
int reg_program(void); // offset of the program counter

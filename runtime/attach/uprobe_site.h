// SPDX-License-Identifier: Apache-2.0
// uprobe_site.h - where in a function's first instructions an entry probe is cheapest.
//
// The kernel executes the instruction it replaced in one of two ways: a few kinds (push, nop, jumps, calls) it emulates,
// ~0.25-0.5 µs a hit; all others it single-steps out of line, ~5 µs. Compilers often put `endbr64` or a register move in
// front of the first push, so the probe is moved there when no one can tell the difference:
//
//   f:  endbr64             <- asked for: single-stepped
//       mov  %rdi, %rbx     <- arguments, rax, r10, rsp and memory stay as they were at f
//       push %rbp           <- placed here: emulated
//
// and when nothing in the function jumps to an address in (f, push]. Branches are looked for at every byte of the
// function and of its `.cold` part, so that none can be missed; what looks like one may be the inside of another
// instruction, and then, if the machine has a disassembler and `sweep` allows the time, a linear sweep decides. Functions
// of unknown size, or above a megabyte, are left as they are. Given up: a cold part that has lost its symbol is not seen;
// a jump from it into the first bytes of a prologue would have to be a loop over the whole function.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct binary_symbol;
struct world;

struct placement {
	uint32_t skip;    // bytes behind the function's start
	const char *note; // for -v: what was chosen and why; NULL when the start is as good as any. Static
};

// `strict`: only endbr64 and nops may be skipped (uretprobes; bodies that read registers or walk the stack).
void uprobe_place(struct world *w, const char *path, const struct binary_symbol *fn, bool strict, bool sweep, struct placement *ret);
// Is this file offset no place for a probe? The kernel refuses AVX and locked instructions, and each refusal among thousands
// of sites costs it tens of milliseconds; AVX-512 ones (EVEX prefix) it takes, but single-stepped out of line they leave
// wrong registers behind and damage the program (seen on Linux 6.18).
bool uprobe_is_unfit(struct world *w, const char *path, uint64_t offset);
// Is `offset` (bytes from the function's start) the start of an instruction? True also where that cannot be known;
// else *before is the start of the instruction it lies in.
bool uprobe_is_boundary(struct world *w, const char *path, const struct binary_symbol *fn, uint64_t offset, uint64_t *before);

// SPDX-License-Identifier: Apache-2.0
// usdt_arg.h - the arguments of a USDT note, as the assembler wrote them: "-4@%edi 8@16(%rsp) 8@$5".
//
// Each is SIZE@OPERAND; a minus before the size says signed. Operands: a register or part of one, a constant, memory at
// displacement(base,index,scale), and a variable by name, alone or relative to %rip. The last is found relative to the
// probe's own address, so that it holds wherever the binary is loaded.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/probe_type.h"

// Where a variable of the note's binary lies; false if it has no symbol.
typedef bool usdt_symbol(void *arg, const char *name, uint64_t *address);

// Place and size of argument n; `type` is left NULL. `address`: of the probe, as the symbols count. False when there is no
// such argument, or its operand is of no form above (a floating-point register).
bool usdt_arg_parse(const char *args, unsigned n, uint64_t address, usdt_symbol *symbol, void *arg, struct arg_loc *ret);
// Does any argument name a variable, so that sites with equal texts differ?
bool usdt_args_are_local(const char *args);

// SPDX-License-Identifier: Apache-2.0
// object.h - the back end: target, passes, ELF bytes.
#pragma once

#include "codegen/cg.h"

struct str;

LLVMTargetMachineRef object_machine(void);            // the BPF target; the caller disposes of it
void object_target(struct cg *cg);                    // sets the module's target and the diagnostic handler
int object_optimise(struct cg *cg);                   // 0, or -EINVAL with a diagnostic
int object_emit(struct cg *cg, struct str *object);   // appends the ELF; 0, or -EINVAL with a diagnostic
void object_assembly(struct cg *cg, struct str *out); // BPF assembly of the module, for -d asm

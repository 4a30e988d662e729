// SPDX-License-Identifier: Apache-2.0
// explain.h - why the kernel refused a program or map, said once and in the script's terms.
//
// The verifier's log is for those who write verifiers: it is read for the place (its last instruction, looked up in the
// program's line info) and for the few reasons we know; it is shown itself only on -v.
#pragma once

#include "runtime/code_info.h"
#include "runtime/load.h"

void explain_program(const struct load_request *q, const struct object *o, const struct plan_prog *g, const struct code_info *info,
		     int error, const char *log);
// A program that reads what this kernel does not have (relocate.h): `why` names it.
void explain_missing(const struct load_request *q, const struct plan_prog *g, const struct plan_reloc *r, const char *why);
// A program whose instruction `insn` calls a helper that reads memory of the kernel, which is locked down.
void explain_kernel_read(const struct load_request *q, const struct object *o, const struct plan_prog *g, const struct code_info *info, long insn);
// A function of a BPF program that was not found among those that run: -ENOENT, -EEXIST, -EPERM.
void explain_bpf_target(const struct load_request *q, const struct plan_prog *g, const char *function, int error);
void explain_map(const struct load_request *q, const struct plan_map *m, int error);
// One of a pattern's that the kernel keeps from programs: true, and a warning, when the log says so.
bool explain_left_out(const struct load_request *q, const struct plan_prog *g, const char *log);

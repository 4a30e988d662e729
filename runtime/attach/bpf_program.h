// SPDX-License-Identifier: Apache-2.0
// bpf_program.h - attach points of fentry and fexit that name functions of BPF programs: "bpf:PROGRAM", "bpf:ID:PROGRAM", with globs.
#pragma once

#include "base/probe_type.h"

struct site;

#define BPF_PROGRAM_FORMS(name) "'" name ":bpf:PROGRAM' or '" name ":bpf:ID:PROGRAM'"

// Is it such an attach point?
bool bpf_program_is(const struct attach_point *ap);
// probe_type.expand of one, or with -l of one that fits functions of the kernel as well.
bool bpf_program_expand(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, enum prog_kind kind, struct site_list *out);
bool bpf_program_list(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, enum prog_kind kind, struct site_list *out);

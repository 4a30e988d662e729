// SPDX-License-Identifier: Apache-2.0
// relocate.h - a plan's relocations (base/reloc.h) put into its programs.
//
// On the kernel the script was compiled for they hold as the plan has them, and nothing is asked. Elsewhere the world answers.
// What it does not have is no error yet: the instructions that need it are made such that the kernel refuses the program if it
// could reach them, and what exists() decides it cannot reach. The refusal then names the row.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_insn;
struct diag;
struct plan;
struct plan_reloc;
struct world;

struct relocated {
	struct plan_reloc *rows; // as they are here, by index into plan.relocs
	char **missing;          // why a row has no value here; NULL: it has
	size_t n;
};

// 0, or -ENOENT after a diagnostic: a row that no program can do without does not hold here. `first`: number of the plan's first
// source in diag. The result is owned by the caller, on failure too.
int relocate_plan(const struct plan *p, struct world *w, struct diag *diag, uint32_t first, struct relocated *ret);
void relocated_free(struct relocated *r);

// Completes the marks among n instructions. 0, or -EINVAL: a mark is malformed (the file may be a stranger's).
int relocate_code(const struct relocated *r, struct bpf_insn *in, size_t n);
// The row whose absence a verifier's log complains of; SIZE_MAX: it is about something else.
size_t relocate_missing(const struct relocated *r, const char *log);

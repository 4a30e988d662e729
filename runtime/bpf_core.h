// SPDX-License-Identifier: Apache-2.0
// bpf_core.h - CO-RE: what clang left open in instructions, answered by the kernel's types.
//
// Records of the section .BTF.ext say which instruction needs what of which member: "struct task_struct, 0:5:2, its offset". The
// path is spelled in names by the object's own BTF, and looked up by names in the world. What is not there makes the instruction
// one that the verifier refuses if it can be reached, as libbpf does; so bpf_core_field_exists() guards work.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct bpf_insn;
struct btf_file;
struct world;

struct bpf_core {
	const struct btf_file *btf; // the object's
	struct world *w;
	struct bpf_insn *insns; // of the section, patched
	size_t ninsns;
	struct arena *a;
	const uint8_t *at, *end; // of the records that are left
	uint32_t size, left;     // of one record; how many
};

void bpf_core_begin(struct bpf_core *c, const void *ext, size_t n, const char *section);
// Applies the next record. False: there is none left. *insn is where, *why NULL or the reason why it cannot be applied.
bool bpf_core_next(struct bpf_core *c, uint64_t *insn, const char **why);

// SPDX-License-Identifier: Apache-2.0
// bpf_code.h - what an imported .bpf.c or .bpf.o file brings: functions that a script can call, in the kernel's instructions,
// and the maps and variables they use.
//
// It is linked where BPF objects are, by instructions: what clang made, of whatever version, is taken as it is, and nothing of
// LLVM's bitcode has to fit. runtime/bpf_code.c reads it, lang/ checks calls by the prototypes, codegen/import.c puts the
// instructions of what is called into the program's section. CO-RE relocations are applied already, for the world that was
// asked: such a program belongs to that kernel. Given up: inlining.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct type;
struct world;

#define BPF_CODE_PARAMS 5 // what a BPF function can take

enum bpf_ref_kind {
	BPF_REF_MAP,      // ld_imm64: maps[index]
	BPF_REF_DATA,     // ld_imm64: data[index], at `offset`
	BPF_REF_CALL,     // call: functions[index]
	BPF_REF_CALLBACK, // ld_imm64: the address of functions[index]
	BPF_REF_KFUNC     // call: a function of the kernel, `name`
};

struct bpf_ref { // what an instruction refers to
	uint32_t at; // index of the instruction
	enum bpf_ref_kind kind;
	uint32_t index;
	uint64_t offset;
	const char *name;
};

struct bpf_param {
	const char *name; // "" where the prototype has none
	const struct type *type; // a pointer's element is NONE where nothing is known of it
};

struct bpf_func {
	const char *name;
	uint32_t first, n;   // instructions
	bool exported;       // not static: scripts may call it
	const char *why_not; // it cannot be linked: the reason; NULL
	const char *no_call; // it can be linked, but a script cannot call it; NULL
	const struct type *ret; // NONE: nothing
	struct bpf_param params[BPF_CODE_PARAMS];
	unsigned nparams;
};

struct bpf_data { // a section of variables: one for all programs of a run
	const char *name; // ".data", ".rodata.str1.1" …
	const uint8_t *bytes; // NULL: zeros
	size_t n;
};

struct bpf_map {
	const char *name;
	uint32_t type, key_size, value_size, max_entries, flags;
	const char *why_not; // a program that uses it cannot be loaded: the reason; NULL
};

struct bpf_code {
	const char *path;
	uint32_t number; // of the import: makes names unique
	bool of_kernel;  // no file: a function of the kernel
	bool bound;      // kernel types were looked up in it: it belongs to that kernel
	const uint64_t *insns;
	const struct bpf_ref *refs; // in the order of `at`
	const struct bpf_func *funcs;
	const struct bpf_data *data;
	const struct bpf_map *maps;
	size_t ninsns, nrefs, nfuncs, ndata, nmaps;
};

struct bpf_callee { // what a call in a script calls
	const struct bpf_code *code;
	uint32_t index; // in code->funcs
	const struct bpf_func *func;
};

// SPDX-License-Identifier: Apache-2.0
// bpf_programs.h - the BPF programs that the kernel runs, and their functions by the names that their own BTF gives them.
//
// A trampoline of such a function is loaded with the program's descriptor and the function's number in the program's BTF. Only who
// may do all (CAP_SYS_ADMIN) can ask for programs that are not its own. Their numbers grow, and are other ones when a program was loaded
// again; so a compiled script says "NAME" (the only one that has it) or "ID:NAME", and where it runs the program is looked up.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf_file;

struct bpf_program { // as long as the call it is handed to
	uint32_t id;
	uint32_t type;        // enum bpf_prog_type
	const char *name;     // as the kernel keeps it: 15 characters at the most
	int fd;
	struct btf_file *btf; // NULL: it has none; may be taken, if NULL is put in its place
	uint32_t *func;       // numbers of its functions in btf: itself first
	size_t nfunc;
};

#define BPF_PROGRAM_ALL 0
#define BPF_PROGRAM_NEWEST UINT32_MAX

// Calls `each` for the program of that number, or for all up to `newest`, until it returns false. 0; -EPERM, -ENOENT (of one).
int bpf_programs_each(uint32_t id, uint32_t newest, bool (*each)(void *arg, struct bpf_program *p), void *arg);
const char *bpf_program_function(const struct bpf_program *p, size_t i); // the name of its i-th function
uint32_t bpf_program_newest(void);                                       // the highest number so far; 0: there are none, or none can be seen

// "17:parse", "*:parse" and "parse".
struct bpf_words {
	uint32_t id; // BPF_PROGRAM_ALL: of any
	bool has_id; // one is written, or '*'
	const char *name;
};

struct bpf_words bpf_words_of(const char *text); // points into it

struct bpf_target {
	int fd;          // the program's: the caller closes it
	uint32_t id;     // the program's
	uint32_t type_id; // the function's, in the program's BTF
};

// The one function that "NAME" or "ID:NAME" means, among programs up to `newest`. 0; -ENOENT, -EEXIST when several have it, -EPERM.
int bpf_target_find(const char *text, uint32_t newest, struct bpf_target *ret);
// Does the kernel take the function's prototype for unreliable, as when it is called with other types than its BTF says? Trampolines then
// have BPF_TARGET_SLOTS arguments, whatever they are, and the returned value behind them. Found by trying.
bool bpf_target_is_unreliable(const struct bpf_target *t);
#define BPF_TARGET_SLOTS 5

// "NAME" or "ID:NAME" that a program of a plan attaches to; NULL when that is no function of a BPF program.
struct plan_prog;
const char *bpf_function_of(const struct plan_prog *p);

// What the compiler asked for, as plan_lookup has it, and a number that is equal when the answer would be: the programs that have such
// functions, with their types; by a single name without their numbers, which do not matter then.
#define BPF_LOOKUP "fentry:bpf:"
uint64_t bpf_programs_answer(const char *text);
bool bpf_lookup_is(const char *lookup);
bool bpf_lookup_holds(const char *lookup, uint64_t answer); // of such a one

// SPDX-License-Identifier: Apache-2.0
// world.h - what the compiler may ask of a machine, and who answers: this machine (runtime/world_live.c), a BTF file,
// or a test's fake. The front end has no kernel in it: everything it learns of one comes through here.
//
// Answers live as long as the world. Questions that find nothing return NULL or 0; what could not be asked at all
// (unreadable file, no rights) is -errno, and the caller turns it into a diagnostic.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/type.h"

struct arena;
struct world;
struct probe_type;
struct sink;
struct plan_dep;
struct plan_lookup;
struct plan_target;

enum feature { // tried, never derived from a version
#define FEATURE(NAME, name, doc, without) FEATURE_##NAME,
#include "base/feature.def"
#undef FEATURE
	FEATURES
};

// A function of a binary.
struct binary_symbol {
	const char *name; // as in the symbol table
	uint64_t address; // virtual address in the file
	uint64_t size;    // 0: unknown
	uint64_t offset;  // file offset, what uprobes take
};

// A USDT note (section .note.stapsdt).
struct binary_usdt {
	const char *provider, *name, *args; // args as in the note: "-4@%edi 8@%rsi"
	uint64_t address, offset;  // of the nop: virtual, in the file
	uint64_t semaphore_offset; // in the file, 0 if none
};

// An argument by name and type, with where it lies in the event's record.
struct event_field {
	const char *name;
	const struct type *type;
	uint32_t offset, size; // bytes; record-relative for tracepoints, index*8 for raw tracepoints
	bool is_signed, data_loc;
};

// Of a binary's function, added to `offset`: it is Go's, so the place is one in Go's order of registers.
#define FIELD_GO (1u << 20)

// What function_args has functions of BPF programs under: no module of the kernel is called so.
#define WORLD_BPF "bpf"

struct world_ops {
	// Types. A struct, union or enum by tag, or a typedef's target; NULL if this machine has none of that name.
	const struct type *(*type_named)(struct world *w, enum type_kind kind, const char *name);
	const struct type *(*typedef_named)(struct world *w, const char *name);
	// Fills a struct's fields (anonymous members flattened). 0, or -ENOENT when the tag is unknown.
	int (*complete)(struct world *w, const struct type *s);
	// An enumerator by name; false if there is none.
	bool (*constant)(struct world *w, const char *name, int64_t *value, const struct type **type);

	// Tracepoints (tracefs). Calls `each` for every category:event that both globs match.
	int (*tracepoints)(struct world *w, const char *category, const char *event,
			   void (*each)(void *arg, const char *category, const char *event), void *arg);
	// The record's fields, common_* left out. -ENOENT when there is no such event.
	int (*tracepoint_fields)(struct world *w, const char *category, const char *event, const struct event_field **f, size_t *n);
	// Raw tracepoints (BTF names btf_trace_*), and their prototype's arguments.
	int (*raw_tracepoints)(struct world *w, const char *event, void (*each)(void *arg, const char *event), void *arg);
	int (*raw_tracepoint_args)(struct world *w, const char *event, const struct event_field **f, size_t *n);
	// A system call's number by name ("openat"), -ENOENT if unknown.
	int (*syscall_number)(struct world *w, const char *name);

	// User binaries. `name` is a path, a name on PATH, or a library's name ("libc", "c", "libc.so.6"), or a glob;
	// `each` gets real paths, in the mount namespace of `pid` (0: ours). -ENOENT, -EACCES.
	int (*binaries)(struct world *w, const char *name, uint32_t pid, void (*each)(void *arg, const char *path), void *arg);
	// All functions of a binary, .symtab and .dynsym, sorted by name; -ENOEXEC when it is no ELF file of this machine.
	int (*symbols)(struct world *w, const char *path, const struct binary_symbol **s, size_t *n);
	// Exact name, fast: -ENOENT if absent.
	int (*symbol)(struct world *w, const char *path, const char *name, struct binary_symbol *ret);
	int (*usdts)(struct world *w, const char *path, const struct binary_usdt **u, size_t *n);
	// Executable bytes at a file offset: how many were read, or -errno.
	int (*code)(struct world *w, const char *path, uint64_t offset, void *buf, size_t n);
	// Virtual address of an executable segment to file offset; -ERANGE outside all.
	int (*file_offset)(struct world *w, const char *path, uint64_t address, uint64_t *offset);
	const char *(*demangle)(struct world *w, const char *symbol); // NULL if not mangled

	// One instruction of this machine's user code: its length in bytes and its AT&T text; 0 if it cannot be decoded.
	// NULL where there is no disassembler.
	size_t (*disassemble)(struct world *w, const void *code, size_t n, uint64_t address, char *text, size_t room);

	bool (*feature)(struct world *w, enum feature f);
	uint64_t (*kernel_symbol)(struct world *w, const char *name); // kaddr(); 0 if unknown
	uint64_t (*cgroup_id)(struct world *w, const char *path);     // cgroupid(); 0 if unknown
	unsigned (*cpus)(struct world *w);                            // possible CPUs

	// What the machine has: NULL-terminated.
	const struct probe_type *const *(*probe_types)(struct world *w);
	const struct sink *const *(*sinks)(struct world *w);

	// Files looked into so far, for the cache.
	size_t (*deps)(struct world *w, const struct plan_dep **d);
	const char *(*identity)(struct world *w); // machine, kernel release and BTF's identity: part of the cache key

	// A variable of a binary by name: -ENOENT if absent. NULL where binaries are not read.
	int (*variable)(struct world *w, const char *path, const char *name, struct binary_symbol *ret);

	// Kernel functions that can be probed, of every module the first glob matches ("vmlinux" is the kernel itself); `each`
	// gets them sorted by nothing. -errno when the machine has no list of them.
	int (*kernel_functions)(struct world *w, const char *module, const char *name,
				void (*each)(void *arg, const char *module, const char *name), void *arg);
	// A kernel function's prototype as BTF has it: arguments in order (offset: 8 * their place), and its return type (NONE
	// for void). `module` may be "*"; *in is then the module that has it. -ENOENT; -EEXIST when several modules have it.
	int (*function_args)(struct world *w, const char *module, const char *name, const struct event_field **f, size_t *n,
			     const struct type **ret, const char **in);
	// The function of a binary that starts at a virtual address, by its debugging information: arguments (offset: 8 * their
	// place among those in general registers and then on the stack, UINT32_MAX: out of reach), and its return type. -ENOENT.
	// NULL where there is no reader.
	int (*binary_function)(struct world *w, const char *path, uint64_t address, const struct event_field **f, size_t *n,
			       const struct type **ret);
	// Virtual addresses at which a statement of a source line begins. -ENOENT when there is no debugging information. NULL allowed.
	int (*binary_line)(struct world *w, const char *path, const char *file, unsigned line, unsigned column,
			   void (*each)(void *arg, uint64_t address), void *arg);
	// The name by which a struct or union of the kernel, completed by this world, can be found on another: "struct TAG" or
	// "typedef NAME" and in *path the members that lead from there to it ("": it is that type). NULL when it is no kernel
	// type (*path NULL), or nothing leads to it (*path ""). NULL allowed.
	const char *(*type_root)(struct world *w, const struct type *s, const char **path);
	// What `binaries` was asked of processes, and `bpf_functions`, so far: for the cache. NULL where there are no processes.
	size_t (*lookups)(struct world *w, const struct plan_lookup **v);
	// Network interfaces of this network namespace. NULL where there is no machine.
	int (*interfaces)(struct world *w, void (*each)(void *arg, const char *name), void *arg);
	// Paths of the executables of running processes that belong to a target. NULL where there are no processes.
	int (*programs)(struct world *w, const struct plan_target *t, void (*each)(void *arg, const char *path), void *arg);
	// Functions of BPF programs that run, by "NAME" or "ID:NAME", either with globs; a program without BTF by its short name, has_types
	// false. What was asked is among lookups. -EPERM. NULL where no programs run. function_args takes such words in the module WORLD_BPF:
	// -EEXIST when several programs have the function.
	int (*bpf_functions)(struct world *w, const char *text, void (*each)(void *arg, uint32_t id, const char *name, bool has_types), void *arg);
	// The id in the kernel's own BTF of a struct, union or enum; 0: none of that name. NULL allowed.
	uint32_t (*type_id)(struct world *w, enum type_kind kind, const char *name);
	// The id in the kernel's own BTF of a function that BPF programs may call (a kfunc); 0: none of that name. NULL allowed.
	uint32_t (*kfunc)(struct world *w, const char *name);
	// May programs of this kind (enum prog_kind) call it? NULL: not known, the kernel says it when the program is loaded.
	bool (*kfunc_allowed)(struct world *w, const char *name, unsigned kind);
};

struct world {
	const struct world_ops *ops;
	struct arena *arena;
	struct types *types;
	void *impl; // the implementation's own
};

bool glob_match(const char *glob, const char *text); // only '*' is special, as in attach points
bool glob_is(const char *text);                      // holds a '*'

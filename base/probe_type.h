// SPDX-License-Identifier: Apache-2.0
// probe_type.h - a provider: how its attach points are read and expanded, where arguments lie, how it is attached.
//
// One file of runtime/attach/ per provider defines one `const struct probe_type`, listed in runtime/attach/probe_type.c.
// The compile side calls the upper half through world->ops->probe_types, with any world; the run side calls the lower.
//
// Life of an attach point:  text --split--> parts --expand--> sites (plan_site + what is known of arguments)
//   --group by `variant`--> one program per group --arg()--> code --attach()--> links.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/plan.h"
#include "base/world.h"

struct arena;
struct link_set;
struct run;

enum { // what a provider offers, and what a probe body uses; the same bits
	PT_ARGN = 1 << 0,   // arg0 …
	PT_ARGS = 1 << 1,   // args.NAME
	PT_RETVAL = 1 << 2,
	PT_REGS = 1 << 3,   // reg(), ctx as pt_regs
	PT_CTX = 1 << 4,    // ctx
	PT_FUNC = 1 << 5,   // func
	PT_USTACK = 1 << 6,
	PT_KSTACK = 1 << 7,
	PT_PROBE = 1 << 8,  // body only: the name of the site that fired
	PT_SIGNAL = 1 << 9, // signal() makes sense
	PT_USYM = 1 << 10,  // usym(), uaddr()
	PT_PRINT = 1 << 11, // body only: writes records
	PT_CALL = 1 << 12,  // callid
	PT_OVERRIDE = 1 << 14, // override(): the kernel can be made to return
	PT_TASK = 1 << 13,  // the current task is the one it is about; all but those with no_task
};

// What tells one call from another, at its entry and at its return (stdlib/declared.bpf.c).
enum call_key {
	CALL_TASK,     // the thread: system calls, which do not nest
	CALL_SP,       // the thread, and the stack pointer at the function's first or its return instruction
	CALL_RETURNED, // the same behind the return: it has popped the return address
	CALL_KERNEL_RETURNED, // behind the return of a kernel function: the kernel has put its own return code in the place
	CALL_GO,       // the goroutine, and how deep in its stack, which may move, the frame lies
};

// A parsed attach point: provider removed, the rest split at ':' outside quotes, quotes removed.
struct attach_point {
	struct span span;
	const char *text;        // whole, as written
	const char *provider;    // canonical name
	const char *const *part; // parts[0 .. n)
	size_t n;
	const char *user_name;   // name=… or NULL
};

// Where a value lies when the program starts.
enum arg_where {
	ARG_NOWHERE,
	ARG_REG,      // u64 at context + offset (struct pt_regs)
	ARG_STACK,    // user memory at [pt_regs.sp + offset]
	ARG_CTX,      // `size` bytes at context + offset, a direct load
	ARG_CTX_ADDR, // the field's address: context + offset (arrays, structs in the record)
	ARG_CTX_LOC,  // tracepoint __data_loc: address = context + (u32 at context + offset & 0xffff)
	ARG_CTX_READ, // u64 at context + offset, which the verifier does not let be loaded: a helper reads it
	ARG_RAW,      // u64 at context + 8*offset: raw tracepoint argument
	ARG_SYSCALL,  // raw sys_enter: argument `offset` (0-5) from the pt_regs that args[0] points to
	ARG_CONST,    // value
	ARG_PACKET,   // in the struct packet_packet that the program begins by reading, at offset; value: its enum packet_depth
	ARG_MEMORY,   // USDT: `size` bytes of user memory at reg[offset] + value (+ reg[index] * scale)
};

struct arg_loc {
	enum arg_where where;
	int32_t offset;    // see above; byte offset of the register in pt_regs for ARG_REG and ARG_MEMORY
	int32_t index;     // ARG_MEMORY: byte offset of the index register, -1 if none
	uint8_t scale;
	uint8_t size;      // bytes read; sign- or zero-extended to 64
	bool is_signed;
	int64_t value;     // ARG_CONST, ARG_MEMORY displacement
	const struct type *type;
	const char *event, *member; // the name by which another kernel can be asked for the place (base/reloc.h); NULL: it is the same on all
};

// One place to attach. `variant` groups sites that can share a program: same program kind, same argument places.
struct site {
	struct plan_site plan;
	enum prog_kind kind;
	const char *attach_to; // what the kind names in BTF (prog_kind.def); NULL: nothing
	bool optional;         // one of a pattern's: where the kernel keeps it from programs, it is left out
	const char *variant;   // "" when all sites of the provider in one block can share
	const void *detail;    // the provider's own, for arg(): a note's argument string, an event's fields …
};

struct site_list {
	struct site *v;
	size_t n, cap;
	struct arena *arena;
};

struct expand {          // the question
	struct world *world;
	struct diag *diag;
	struct arena *arena;
	unsigned uses;       // PT_* the body uses
	uint32_t pid;        // -p
	bool unsafe;
	bool list_only;      // -l: no error when nothing matches
};

// What a program's return decides, where it decides something. Spile observes: a program returns `keep`, and only with --unsafe
// another value, by `return N`. One that is found to be out of range when it is returned counts as `keep`.
struct probe_verdict {
	int64_t keep;
	int64_t least, most;
	const char *decides; // "lets a process do it or not"
	const char *values;  // "0 or a negative error number"
};

struct probe_type {
	const char *name;            // "uprobe"
	const char *aliases[4];      // "u"
	const char *forms;           // "bin:fn, bin:fn+off, …": shown when an attach point is malformed
	const char *probetype;       // what the builtin `probetype` says
	const char *doc;             // one line
	unsigned offers;             // PT_*
	bool special;                // begin, end: not a reason to keep running
	bool pid_filter;             // -p becomes an implicit predicate
	bool last_first;             // of programs on one site the kernel runs the one attached last first
	enum space arg_space;        // what pointers in arguments point into
	bool no_task;                // runs in whatever task is there: nothing of that is of the event (PT_TASK)
	const char *packet;          // function of stdlib that reads a packet's headers, which are args (base/packet.h); NULL: no packets
	const char *event;           // how base/reloc.h names what it attaches to: "tracepoint", "rawtracepoint", "function"; or NULL
	const char *prefix;          // of the function that FUNCTION in "name:FUNCTION" stands for; NULL: none

	// Compile side ------------------------------------------------------------------------------------------------
	// Turns a parsed attach point into sites, appended to `out`. Errors go to q->diag at ap->span; true if it was understood.
	bool (*expand)(const struct probe_type *t, const struct expand *q, const struct attach_point *ap, struct site_list *out);
	// argN. False when there is no such argument.
	bool (*arg)(const struct probe_type *t, struct world *w, const struct site *s, unsigned n, struct arg_loc *ret);
	bool (*retval)(const struct probe_type *t, struct world *w, const struct site *s, struct arg_loc *ret);
	// What the function returns by the program's debugging information; asked only where the script looks into it. NULL: not
	// known. May be NULL itself.
	const struct type *(*returns)(const struct probe_type *t, struct world *w, const struct site *s);
	// args: its fields' names, types and places. NULL when the provider has no args.
	bool (*args)(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field **f, size_t *n);
	bool (*field)(const struct probe_type *t, struct world *w, const struct site *s, const struct event_field *f, struct arg_loc *ret);
	// -l: calls each for every probe that matches; `pattern` is the text behind "provider:".
	int (*list)(const struct probe_type *t, struct world *w, const char *pattern, uint32_t pid, bool verbose,
		    void (*each)(void *arg, const char *line), void *arg);

	// Run side ----------------------------------------------------------------------------------------------------
	// Attaches every site of the program; links are owned by `links`. 0 or -errno, one diagnostic in run's list.
	int (*attach)(const struct probe_type *t, struct run *run, const struct plan_prog *prog, int prog_fd, struct link_set *links);

	// Compile side: what `callid` is made of at this site; NULL: CALL_TASK.
	enum call_key (*call_key)(const struct probe_type *t, const struct site *s);

	// Compile side: tag of the kernel's struct that `ctx` points to, where it is not struct pt_regs. May be NULL.
	const char *(*context)(const struct probe_type *t, const struct site *s);

	// Compile side: what its programs' return decides. NULL: nothing, `return N` has no effect.
	const struct probe_verdict *(*verdict)(const struct probe_type *t, const struct site *s);
};

unsigned probe_type_offers(const struct probe_type *t); // PT_*, with PT_TASK
struct site *site_add(struct site_list *l, const struct site *s); // copies

// The world's provider of that name or alias, any case; NULL if there is none.
const struct probe_type *probe_type_find(const struct world *w, const char *name);
// Splits an attach point as written, [name=]provider[:part…], into `ret`; all text is copied into `a`. Parts are split at
// ':' outside double quotes; quotes are removed, in them a backslash takes the next character as it is ("\n", "\t" and
// "\r" excepted). `provider` becomes the canonical name. Returns its probe type, or NULL after a diagnostic at `at`.
const struct probe_type *attach_point_split(const struct world *w, struct diag *d, struct arena *a, struct span at,
					    const char *text, struct attach_point *ret);

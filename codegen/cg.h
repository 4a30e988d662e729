// SPDX-License-Identifier: Apache-2.0
// cg.h - what the emitters share: the module, the function being built, and where values live.
//
// A body becomes one function in a section of its own:
//
//   entry   allocas only                                  main(ctx)
//   start   system call number? enabled? -p?  ── no ──────────────┐
//   early   claim scratch, if the predicate needs memory          │
//   filter  predicate                        ── false ────┐       │
//   late    claim scratch, if only the block needs memory │       │
//   body    statements                                    │       │
//   done    release scratch  <── return, exit ────────────┘       │
//   out     return 0  <───────────────────────────────────────────┘
//
// Memory: what is at most on_stack_limit bytes lies on the BPF stack while STACK_BUDGET lasts; all else lies in the body's
// frame, a slot of the scratch map (wire.h).
#pragma once

#include "base/map.h"
#include "base/plan.h"
#include "base/reloc.h"
#include "codegen/ll.h"
#include "lang/builtin.h"
#include "lang/program.h"

#define CALLS_MOST 8     // MAX_CALL_FRAMES: functions that may be in use at one time; a loop is one
#define STACK_BUDGET 256 // of the kernel's 512: the rest is for spills and stdlib functions

enum { // ids of kernel helpers, include/uapi/linux/bpf.h
	H_MAP_LOOKUP = 1, H_MAP_UPDATE = 2, H_MAP_DELETE = 3, H_PROBE_READ = 4, H_KTIME = 5, H_SMP_ID = 8, H_PID_TGID = 14, H_UID_GID = 15, H_PERF_OUTPUT = 25,
	H_COMM = 16, H_TASK = 35, H_GET_STACK = 67, H_PROBE_READ_USER = 112, H_PROBE_READ_KERNEL = 113, H_READ_USER_STR = 114,
	H_READ_KERNEL_STR = 115, H_RINGBUF_OUTPUT = 130, H_RINGBUF_RESERVE = 131, H_RINGBUF_SUBMIT = 132, H_RINGBUF_DISCARD = 133, H_RINGBUF_QUERY = 134,
	H_FOR_EACH_MAP = 164, H_FUNC_IP = 173, H_ATTACH_COOKIE = 174, H_TASK_BTF = 158, H_LOOP = 181
};

struct value {
	LLVMValueRef v;   // i64 for scalars; ptr to memory; i64 address for what is remote
	bool remote;      // v is an address in the traced program or the kernel: read before use
	enum space space; // of a remote value
};

struct cg_const { // a number, or with reloc what that says
	uint64_t v;
	const struct plan_reloc *reloc;
};

struct loop {
	struct loop *up;
	LLVMBasicBlockRef on_break, on_continue;
};

enum fn_kind {
	FN_MAIN,  // what the kernel calls, with its context
	FN_LOCAL, // followed by the verifier at each call, with what it knows of the arguments
	FN_GLOBAL // verified once for all calls, its arguments being any numbers
};

struct temp { // memory on the stack, of the statement that is being emitted
	struct temp *next;
	LLVMValueRef at;
	uint32_t size;
};

struct fn {               // the function being built; a loop callback has one of its own
	struct fn *up;
	LLVMValueRef fn, ctx; // ctx NULL in callbacks, unless records leave by perf events
	LLVMValueRef frame_slot; // alloca: ptr to the body's frame
	LLVMBasicBlockRef entry, done;
	LLVMMetadataRef scope;
	unsigned stack_used;
	struct temp *temps, *free_temps; // in use; to be had again
	struct loop *loop;
	LLVMValueRef zero_key, loop_state; // allocas made on first use, shared by all that need one for a moment
	LLVMValueRef returned; // callbacks: where to note that the body returned: 1, and the value shifted left by one
	LLVMValueRef result;   // alloca: what the program returns; NULL: 0
	LLVMValueRef live;     // ptr to wire_globals.live as it was when the program started; NULL: no map has a twin
};

// A step of stdlib that is called in rounds, and the memory it works on: one for all the body's calls of it with these constants,
// as a program may have 256 functions, and frames are not free.
struct repeat {
	struct repeat *next;
	const char *step;
	unsigned nplaces, nconsts;
	uint32_t places[4]; // in the frame
	struct cg_const consts[4];
	LLVMValueRef callback; // NULL until the first call
};

struct cg {
	struct ll l;
	struct program *p;
	struct plan *plan;
	struct diag *diag;
	struct arena *arena;
	LLVMTargetMachineRef machine;
	LLVMDIBuilderRef di;
	LLVMMetadataRef di_file, di_int, di_u64, di_ptr, di_main;
	uint32_t *line_start; // offsets of the lines of the script's source
	size_t lines;
	uint32_t source;
	uint32_t map_ring, map_scratch, map_lost, map_globals, map_control, map_targets; // indexes into plan.maps; UINT32_MAX: not used yet
	uint32_t map_unwind[4]; // of the roles MAP_UNWIND_*
	int unwinds; // 0: not asked yet; 1: user stacks are walked by unwind tables; -1: by the kernel
	LLVMValueRef max_cpus; // the function of that name
	LLVMValueRef has_xchg, has_read; // the constants of these names
	struct body *body;
	const struct node *found; // a map's element that was looked up just now, and is there
	LLVMValueRef found_slot;
	LLVMValueRef weight; // of the record that is being written; NULL: 1
	struct span at; // of the node that is being emitted
	struct fn *fn;
	uint32_t frame_used, frame_max; // bytes of the body's frame, of the largest
	bool needs_frame;
	LLVMValueRef packet;     // struct packet_packet on the stack; NULL: in the frame
	uint32_t packet_frame;   // then its offset there
	LLVMValueRef *var;       // where body.vars[i] lies: ptr to i64, or to memory
	uint32_t *var_frame;     // offset in the frame + 1, 0: on the stack (then var[i])
	struct repeat *repeats;  // of this body
	uint32_t copied_to, copied_size; // where its strlen() copy to: offset in the frame + 1, 0: nowhere yet; bytes
	bool outlines;           // what this body does when something fails stands in one function
	LLVMValueRef complain;   // that function, NULL until something may fail
	unsigned callbacks;      // number of callbacks and parts so far, for names
	uint64_t part_nodes;     // this body's code is split into parts of so many nodes (part.c); 0: it is not
	unsigned on_stack_limit;
	bool may_goto;           // the kernel knows the instruction
	bool global_funcs;       // it checks them once
	bool may_read;           // it is not locked down: its memory may be read, and a helper that reads it copies ours
	bool perf;               // it has no ring buffer: records leave by perf events, which take the context
	bool failed;
	struct import_fn *import_fns;   // of this body
	struct import_map *import_maps; // of the plan
	bool frugal;     // nothing of the script's lies on the stack: in a while, and in all layouts but LAYOUT_FAST
	bool split;      // LAYOUT_SPLIT
	bool stack_full; // what this layout ended with
	struct map frames; // of stack.c: what each function takes of the stack
};

// codegen.c
uint32_t cg_map(struct cg *cg, enum map_role role);          // index of an internal map, made on first use
LLVMValueRef cg_map_ptr(struct cg *cg, uint32_t map);        // for helpers
LLVMValueRef cg_map_value(struct cg *cg, uint32_t map, uint32_t off); // address inside the value of a one-element ARRAY
uint32_t cg_loss(struct cg *cg, enum loss_kind kind, uint32_t index, struct span at);
void cg_count_loss(struct cg *cg, uint32_t loss);
void cg_left_out(struct cg *cg, const char *text, LLVMValueRef by, struct span at);
LLVMValueRef cg_globals(struct cg *cg);

// debuginfo.c
void cg_debug_begin(struct cg *cg);
void cg_debug_function(struct cg *cg, LLVMValueRef fn, const char *name, unsigned params, enum fn_kind kind, struct span at);
void cg_debug_at(struct cg *cg, struct span at);
void cg_debug_end(struct cg *cg);

// stdlib.c
LLVMValueRef cg_stdlib(struct cg *cg, const char *name, LLVMTypeRef ret, unsigned n, LLVMValueRef *args, const char *as);
void cg_stdlib_link(struct cg *cg);

// probe.c
void cg_body(struct cg *cg, struct body *b);
struct fn *cg_fn_begin(struct cg *cg, struct fn *f, const char *name, LLVMTypeRef type, enum fn_kind kind, struct span at); // in the body's section
void cg_fn_end(struct cg *cg);
void cg_return(struct cg *cg, LLVMValueRef value); // leaves the body; value NULL: what the probe returns that has nothing to say

// mem.c
LLVMValueRef cg_alloca(struct cg *cg, LLVMTypeRef t, const char *name);
LLVMValueRef cg_word(struct cg *cg, const char *name); // 8 bytes whose address a helper takes
LLVMValueRef cg_temp(struct cg *cg, uint32_t size, const char *name); // stack or frame, aligned to 8, contents undefined
LLVMValueRef cg_frame_temp(struct cg *cg, uint32_t size, const char *name); // frame
uint32_t cg_frame_reserve(struct cg *cg, uint32_t size);                  // offset in the frame
LLVMValueRef cg_frame_at(struct cg *cg, uint32_t off, const char *name);
void cg_zero(struct cg *cg, LLVMValueRef p, uint32_t size);
void cg_copy(struct cg *cg, LLVMValueRef dst, LLVMValueRef src, uint32_t size); // local to local
LLVMValueRef cg_read(struct cg *cg, enum space space, LLVMValueRef dst, LLVMValueRef size, LLVMValueRef addr); // remote to local: 0 or -errno
LLVMValueRef cg_read_str(struct cg *cg, enum space space, LLVMValueRef dst, LLVMValueRef size, LLVMValueRef addr); // bytes with NUL, or -errno
enum space cg_space(struct cg *cg, const struct type *t); // of an address of this type in this body
void cg_store(struct cg *cg, const struct type *t, struct value v, const struct type *vt, LLVMValueRef dst); // value of type vt into memory of type t, padded

// expr.c
struct value cg_expr(struct cg *cg, const struct node *n);
LLVMValueRef cg_int(struct cg *cg, const struct node *n);  // a scalar, i64
LLVMValueRef cg_cond(struct cg *cg, const struct node *n); // i1
LLVMValueRef cg_local(struct cg *cg, const struct node *n); // ptr to the value in local memory
void cg_expr_into(struct cg *cg, const struct node *n, const struct type *t, LLVMValueRef dst); // evaluates and stores as t, padded
LLVMValueRef cg_resize(struct cg *cg, LLVMValueRef v, const struct type *t); // i64 as a number of t has it
LLVMValueRef cg_divide(struct cg *cg, enum op op, LLVMValueRef a, LLVMValueRef b, uint32_t event);
LLVMValueRef cg_binary(struct cg *cg, enum op op, LLVMValueRef a, LLVMValueRef b, bool is_signed, uint32_t event);

// reloc.c: what only the kernel that runs the program can say
void cg_reloc_same(struct cg *cg, const struct plan_reloc *r); // a kernel where the number is another cannot run the program; NULL: nothing to do
LLVMValueRef cg_reloc(struct cg *cg, const struct plan_reloc *r);                         // the number
LLVMValueRef cg_reloc_load(struct cg *cg, const struct plan_reloc *r, LLVMValueRef base); // RELOC_VALUE, RELOC_RECORD: extended to i64
uint64_t cg_kernel_call(struct cg *cg, const char *name); // the instruction that calls a function of the kernel
const struct plan_reloc *cg_reloc_of(struct cg *cg, enum reloc_kind kind, const struct type *s, const char *member); // NULL: no kernel type
LLVMValueRef cg_member_offset(struct cg *cg, const struct type *s, const struct field *f);
LLVMValueRef cg_type_size(struct cg *cg, const struct type *t, enum reloc_kind kind); // RELOC_SIZE, RELOC_WHOLE

// args.c
struct value cg_arg(struct cg *cg, const struct arg_loc *a);
LLVMValueRef cg_context(struct cg *cg); // to load from
LLVMValueRef cg_kernel_load(struct cg *cg, LLVMValueRef object, uint64_t off, unsigned size, const char *name);
struct value cg_argn(struct cg *cg, const struct node *n);
struct value cg_retval(struct cg *cg, const struct node *n);
struct value cg_args_field(struct cg *cg, const struct node *n);

// string.c
LLVMValueRef cg_string_equal(struct cg *cg, const struct node *a, const struct node *b, uint64_t limit); // i1
bool cg_literal(const struct node *n); // a STRING node
bool cg_has_loop(struct cg *cg); // the kernel knows bpf_loop
LLVMValueRef cg_memory_equal(struct cg *cg, const struct node *a, const struct node *b, uint32_t n); // i1: the first n bytes of both
LLVMValueRef cg_memory_compare(struct cg *cg, LLVMValueRef a, LLVMValueRef b, uint32_t n); // below 0, 0, above 0; n is a multiple of 8
LLVMValueRef cg_string_length(struct cg *cg, const struct node *s);
LLVMValueRef cg_string_find(struct cg *cg, const struct node *h, const struct node *s); // where s is in h; -1: nowhere

// builtin.c
struct value cg_builtin(struct cg *cg, const struct node *n);
struct value cg_stack(struct cg *cg, const struct type *t, LLVMValueRef dst, LLVMValueRef *bytes); // fills a wire_stack; dst NULL: a temp
LLVMValueRef cg_probe_id(struct cg *cg);
LLVMValueRef cg_site_value(struct cg *cg, const char *name, const uint64_t *values, size_t n); // of the site that was hit
LLVMValueRef cg_traced_address(struct cg *cg); // of the function, or the place, that was hit

// unwind.c
bool cg_unwinds(struct cg *cg); // can user stacks be walked by unwind tables on this kernel?
LLVMValueRef cg_unwind(struct cg *cg, const struct type *t, LLVMValueRef dst); // fills a wire_stack, returns how many frames
void cg_unwind_define(struct cg *cg); // what its kernel side refers to
uint32_t cg_unwind_pool_bytes(struct cg *cg); // of an element: UNWIND_PIECE, or 8 when the loader decides

// call.c
struct value cg_call(struct cg *cg, const struct node *n);
LLVMValueRef cg_in_target(struct cg *cg, uint32_t target); // i64 0/1

// session.c: entry and return of kernel functions in one program
void cg_sessions(struct cg *cg); // marks them in the plan, before any body
struct fn *cg_session_begin(struct cg *cg, struct fn *f, LLVMTypeRef type); // a body that is half of one; NULL: it is none

// packet.c: args of probes on packets
void cg_packet_read(struct cg *cg);                       // what the body asks for, at its start
LLVMValueRef cg_packet_at(struct cg *cg, uint32_t offset); // ptr into it

// import.c: a CALL with a callee
struct value cg_call_import(struct cg *cg, const struct node *n);

// sample.c: one_in(), at_most(), cpu_gate()
struct value cg_sample(struct cg *cg, const struct node *n);

// call_bytes.c
struct value cg_call_bytes(struct cg *cg, const struct node *n);
LLVMValueRef cg_address(struct cg *cg, const struct node *n); // what an argument stands for: a pointer's value, or where an array lies
enum space cg_address_space(struct cg *cg, const struct node *n);

// table.c
struct value cg_table_text(struct cg *cg, const struct node *n); // strerror, signal_name, syscall_name

// complaint.c: at cg->at
void cg_complain(struct cg *cg, const char *text);
void cg_complain_helper(struct cg *cg, const char *text, const char *helper, LLVMValueRef rc); // text NULL: the error's
void cg_complain_loss(struct cg *cg, const char *text, const char *helper, LLVMValueRef rc, uint32_t loss); // and counts it
void cg_check_read(struct cg *cg, const char *helper, LLVMValueRef rc); // with -k: says so when rc is an error

// channel.c. Where a record finds no room the program goes to `full`, which is the caller's to fill
LLVMValueRef cg_channel_begin(struct cg *cg, enum map_role role, uint32_t size, LLVMBasicBlockRef full); // ptr to the record
void cg_channel_end(struct cg *cg, enum map_role role, LLVMValueRef rec, uint32_t size, LLVMBasicBlockRef full);
void cg_channel_write(struct cg *cg, LLVMValueRef rec, LLVMValueRef size, uint32_t most, LLVMBasicBlockRef full); // whole, of the frame: data
LLVMValueRef cg_channel_after(struct cg *cg); // for wire_control

// record.c
void cg_event(struct cg *cg, uint32_t event, const struct node *const *args, size_t n);
void cg_event_values(struct cg *cg, uint32_t event, struct value *vals, const struct type *const *types, size_t n); // already evaluated

// seq.c
void cg_seq_printf(struct cg *cg, const struct node *n); // printf() of a pinned iterator

// map.c
struct value cg_map_read(struct cg *cg, const struct node *n);
void cg_map_store(struct cg *cg, const struct node *n, const struct node *value);
void cg_map_add(struct cg *cg, const struct node *n, LLVMValueRef delta, LLVMValueRef *old); // atomic; old may be NULL
LLVMValueRef cg_map_key(struct cg *cg, const struct node *n); // ptr to the key
LLVMValueRef cg_map_is_other(struct cg *cg, uint32_t map, LLVMValueRef key); // i1: an element of the copy not in use; NULL: the map has one copy
LLVMValueRef cg_map_slot(struct cg *cg, const struct node *n, bool create); // ptr to the value or NULL ptr (at run time), scalar maps: behind the set flag
LLVMValueRef cg_map_find_or_create(struct cg *cg, const struct node *n, LLVMValueRef key, uint32_t bytes); // element of a given key
struct value cg_map_delete(struct cg *cg, const struct node *map, const struct node *key);
LLVMValueRef cg_map_lookup(struct cg *cg, uint32_t map, LLVMValueRef key); // ptr to the value, NULL if there is none
void cg_map_delete_statement(struct cg *cg, const struct node *map, const struct node *key);
LLVMValueRef cg_map_find(struct cg *cg, const struct node *map, const struct node *key); // ptr to the value, or NULL ptr: keyed maps without buckets
LLVMValueRef cg_map_has(struct cg *cg, const struct node *map, const struct node *key); // i64 0/1
void cg_needs_percpu_lookup(struct cg *cg, const struct map_sym *m, struct span at); // an error where the kernel lacks it
void cg_needs_percpu_delete(struct cg *cg, const struct map_sym *m, struct span at); // the same for delete() of one without a key
struct value cg_map_read_agg(struct cg *cg, const struct node *n); // summed over CPUs

// buckets.c: keys of histograms and time series
LLVMValueRef cg_buckets_exist(struct cg *cg, const struct map_sym *m, LLVMValueRef key);  // i64 0/1
LLVMValueRef cg_buckets_first(struct cg *cg, const struct map_sym *m, LLVMValueRef entry); // i64 0/1: of all entries of one key, true of one
LLVMValueRef cg_buckets_delete(struct cg *cg, const struct map_sym *m, LLVMValueRef key); // i64: was there anything?
LLVMValueRef cg_ring_reset(struct cg *cg, const struct map_sym *m);                       // of a scalar time series; the same

// agg.c
void cg_agg(struct cg *cg, const struct node *target, const struct node *call);

// stack.c: how deep the stack gets
void cg_stack_ask(struct cg *cg);                    // before the object is emitted: for each function's share,
void cg_stack_told(struct cg *cg, const char *text); // which comes as such a diagnostic
bool cg_stack_fits(struct cg *cg);                   // behind it: does the kernel take a program that goes so deep?

// stmt.c, loop.c
void cg_stmt(struct cg *cg, const struct node *n);
void cg_block(struct cg *cg, const struct node *n);
struct value cg_block_value(struct cg *cg, const struct node *n);
void cg_for(struct cg *cg, const struct node *n);
void cg_while_rounds(struct cg *cg, const struct node *n); // where cg_while_calls()
static inline bool cg_while_calls(const struct cg *cg) // nothing is known of what the frame holds, and no may_goto ends the loop
{
	return cg->frugal && !cg->may_goto;
}

// part.c: bodies longer than one function may be
void cg_plan_parts(struct cg *cg, const struct node *block); // sets part_nodes for a body
uint64_t cg_weight(const struct node *n);                    // how long its code will be
unsigned cg_calls(const struct cg *cg);                      // how many functions deep is what is being emitted?
unsigned cg_loops(const struct cg *cg, const struct node *n); // loops in one another that become functions, the deepest
bool cg_splits(const struct cg *cg, const struct node *n);   // is this too long for one function, and may another be called here?
void cg_parts(struct cg *cg, struct node *const *statements, size_t n);
LLVMValueRef cg_part(struct cg *cg, struct node *const *statements, size_t n); // the function
void cg_part_call(struct cg *cg, LLVMValueRef part);

// step(places…, constants…) of stdlib: reserves what it works on (sizes in bytes), on first use in this body. What it has there is
// for the moment: operands are evaluated before they are put into the places, and results are taken out.
struct repeat *cg_repeat_of(struct cg *cg, const char *step, const uint32_t *sizes, unsigned n, const struct cg_const *consts, unsigned nconsts);
// Calls it until it returns 1, `rounds` times at the most. What it keeps lies in the frame, where the verifier knows no values:
// one round is checked for all.
void cg_repeat(struct cg *cg, struct repeat *r, uint32_t rounds);
void cg_each(struct cg *cg, LLVMValueRef rounds, LLVMValueRef (*round)(struct cg *cg, void *arg, LLVMValueRef i), void *arg); // until round(0 …) gives 1
// Calls callback(i, state) until it gives 1, `count` times at the most, without bpf_loop.
void cg_bounded_loop(struct cg *cg, LLVMValueRef count, LLVMValueRef callback, LLVMValueRef state);
LLVMValueRef cg_map_count(struct cg *cg, const struct map_sym *m, const struct node *at); // keys of a keyed map
LLVMValueRef cg_var_ptr(struct cg *cg, const struct var *v);

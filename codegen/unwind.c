// SPDX-License-Identifier: Apache-2.0
// unwind.c - ustack by unwind tables: the wiring of stdlib/unwind.bpf.c.
//
//   unwind_begin(walk)      the registers, the address space
//   bpf_loop(unwind_step)   a round is a frame
//   unwind_end(walk, dst)   into the wire's form
//
// Before Linux 5.17 there is no bpf_loop, and a loop's rounds are followed one by one. There the step is a function that is
// verified by itself, for any arguments, so that a round costs the verifier ten instructions. Before 5.12 such a function takes
// numbers only: it finds the walk by the number of its scratch slot.
//
//   for (i = 0; i < rounds; i++) if (walk_step(i, slot)) break;      walk_step: frame = scratch[slot]; return unwind_step(frame + walk)
//
// What the kernel half must know of this kernel is written into it here: offsets of members (base/unwind_offsets.def).
#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/unwind.h"
#include "base/reloc.h"
#include "base/util.h"
#include "base/world.h"
#include "codegen/cg.h"
#include "stdlib/unwind.h"

#define MORE_ROUNDS 64 // a return address that a uretprobe replaced takes a round to put right
#define RANGE_SLOT 128 // of struct maple_range_64: behind the parent and 15 pivots; what the search is made for
#define ARANGE_SLOT 80

static const struct {
	const char *name, *path;
	bool needed;
} members[] = {
#define NEED(NAME, of, path) { of, path, true },
#define MAY(NAME, of, path) { of, path, false },
#include "base/unwind_offsets.def"
};

// Offsets -------------------------------------------------------------------------------------------------------------

static const struct type *known_struct(struct world *w, const struct type *t)
{
	if (!t || (t->kind != TYPE_STRUCT && t->kind != TYPE_UNION))
		return NULL;
	if (!t->complete && (!w->ops->complete || w->ops->complete(w, t)))
		return NULL;
	return t;
}

static uint32_t member_offset(struct world *w, const char *name, const char *path)
{
	const struct type *t = w->ops->type_named ? w->ops->type_named(w, TYPE_STRUCT, name) : NULL;
	uint32_t offset = 0;

	while (*path) {
		size_t n = strcspn(path, ".");
		_free_ char *part = xstrndup(path, n);
		const struct field *f = (t = known_struct(w, t)) ? type_field(t, part) : NULL;

		if (!f)
			return UNWIND_NOWHERE;
		offset += f->offset;
		t = f->type;
		path += path[n] ? n + 1 : n;
	}
	return offset;
}

static bool has(struct cg *cg, enum feature f)
{
	struct world *w = cg->p->world;

	return w->ops->feature && w->ops->feature(w, f);
}

static bool in_pieces(struct cg *cg)
{
	return !has(cg, FEATURE_BIG_VALUES);
}

// Are the user's registers to be found? Without the helper they lie at the end of the task's stack in the kernel.
static bool has_registers(struct cg *cg, uint32_t *offset)
{
	if (has(cg, FEATURE_TASK_REGS))
		offset[UNWIND_TASK_STACK] = UNWIND_NOWHERE;
	else if (offset[UNWIND_TASK_STACK] == UNWIND_NOWHERE || offset[UNWIND_TASK_KASAN] != UNWIND_NOWHERE)
		return false;
	return true;
}

static bool find_offsets(struct cg *cg, uint32_t *offset)
{
	bool all = true;

	for (size_t i = 0; i < UNWIND_OFFSETS; i++) {
		offset[i] = member_offset(cg->p->world, members[i].name, members[i].path);
		all = all && (!members[i].needed || offset[i] != UNWIND_NOWHERE);
	}
	bool maple = offset[UNWIND_MM_MAPLE] != UNWIND_NOWHERE && offset[UNWIND_MAPLE_RANGE_SLOT] == RANGE_SLOT &&
		     offset[UNWIND_MAPLE_ARANGE_SLOT] == ARANGE_SLOT;
	bool rb = offset[UNWIND_MM_RB] != UNWIND_NOWHERE && offset[UNWIND_VMA_RB] != UNWIND_NOWHERE && offset[UNWIND_RB_LEFT] != UNWIND_NOWHERE &&
		  offset[UNWIND_RB_RIGHT] != UNWIND_NOWHERE;
	if (!maple)
		offset[UNWIND_MM_MAPLE] = UNWIND_NOWHERE;
	if (in_pieces(cg) || (offset[UNWIND_MM_SEQ] == UNWIND_NOWHERE && offset[UNWIND_MM_SEQ_OLD] == UNWIND_NOWHERE))
		offset[UNWIND_MM_ID] = UNWIND_NOWHERE; // no table of known addresses
	bool mtime = offset[UNWIND_INODE_MTIME] != UNWIND_NOWHERE || offset[UNWIND_INODE_MTIME_67] != UNWIND_NOWHERE ||
		     offset[UNWIND_INODE_MTIME_OLD] != UNWIND_NOWHERE;
	return all && (maple || rb) && mtime && has_registers(cg, offset);
}

static const char *why_not(struct cg *cg)
{
	uint32_t offset[UNWIND_OFFSETS];

#ifndef __x86_64__
	return "this is done on x86-64 only";
#endif
	if (!cg->may_read)
		return "the kernel does not let its memory be read (lockdown)";
	if (cg->perf)
		return "the kernel has no BPF ring buffer";
	if (!find_offsets(cg, offset))
		return "the kernel's type information (BTF) does not tell where mappings or registers are kept";
	return NULL;
}

bool cg_unwinds(struct cg *cg)
{
	if (!cg->unwinds) {
		const char *why = why_not(cg);

		cg->unwinds = why ? -1 : 1;
		if (why)
			cg->plan->stack_note = arena_printf(cg->arena, "user stacks are walked by the kernel, along frame pointers: %s", why);
	}
	return cg->unwinds > 0;
}

uint32_t cg_unwind_pool_bytes(struct cg *cg)
{
	return in_pieces(cg) ? UNWIND_PIECE : 8;
}

// The offsets are constants of the program, so a kernel that has others must not run it: each part of the path is a row that is
// looked up there and has to be the same.
static void bind_offset(struct cg *cg, const char *name, const char *path)
{
	const char *type = arena_printf(cg->arena, "struct %s", name);

	for (const char *end = path; *end; end += *end == '.') {
		end += strcspn(end, ".");
		struct plan_reloc *r = reloc_new(cg->p->world, RELOC_OFFSET, type, arena_strndup(cg->arena, path, (size_t)(end - path)));

		if (!r)
			return; // the walk does without it
		r->fixed = true;
		plan_push(cg->arena, &cg->plan->relocs, &cg->plan->n_relocs, *r);
	}
}

void cg_unwind_define(struct cg *cg)
{
	uint32_t offset[UNWIND_OFFSETS] = { 0 };
	LLVMValueRef v[UNWIND_OFFSETS];

	if (cg->unwinds <= 0)
		return;
	find_offsets(cg, offset);
	for (size_t i = 0; i < UNWIND_OFFSETS; i++) {
		if (offset[i] != UNWIND_NOWHERE)
			bind_offset(cg, members[i].name, members[i].path);
		v[i] = l_k32(&cg->l, offset[i]);
	}
	LLVMValueRef g = LLVMAddGlobal(cg->l.mod, LLVMArrayType2(cg->l.i32, UNWIND_OFFSETS), "unwind_offsets");
	LLVMSetInitializer(g, LLVMConstArray2(cg->l.i32, v, UNWIND_OFFSETS));
	LLVMSetGlobalConstant(g, 1);
	g = LLVMAddGlobal(cg->l.mod, cg->l.i32, "unwind_pieces");
	LLVMSetInitializer(g, l_k32(&cg->l, in_pieces(cg)));
	LLVMSetGlobalConstant(g, 1);
}

// The walk -------------------------------------------------------------------------------------------------------------

static uint32_t miss_event(struct cg *cg)
{
	const struct type *bytes = type_array(cg->p->types, type_int(cg->p->types, 1, false), sizeof(struct unwind_miss));
	struct plan_event e = { .kind = EVENT_UNWIND_MISS, .prog = cg->body->prog, .fixed_size = sizeof(struct wire_event) + sizeof(struct unwind_miss) };

	for (uint32_t i = 0; i < cg->plan->n_events; i++)
		if (cg->plan->events[i].kind == EVENT_UNWIND_MISS && cg->plan->events[i].prog == cg->body->prog)
			return i;
	plan_push(cg->arena, &e.args, &e.n_args, (struct plan_arg){ .type = bytes, .offset = sizeof(struct wire_event) });
	return plan_push(cg->arena, &cg->plan->events, &cg->plan->n_events, e);
}

struct walk {
	uint32_t place;
	uint64_t limit; // and UNWIND_IDS
};

// Can what was found for an address be kept? Only where changes of mappings are counted.
static bool knows(struct cg *cg)
{
	uint32_t offset[UNWIND_OFFSETS];

	find_offsets(cg, offset);
	return offset[UNWIND_MM_ID] != UNWIND_NOWHERE;
}

static LLVMValueRef one_frame(struct cg *cg, void *arg, LLVMValueRef i)
{
	const struct walk *w = arg;
	struct ll *l = &cg->l;

	(void)i;
	LLVMValueRef mask = l_pseudo(l, PLAN_PSEUDO_NUMBER, PLAN_NUMBER_POOL_MASK, "pool.mask");
	uint32_t map = cg_map(cg, MAP_UNWIND_POOL);
	LLVMValueRef pool = in_pieces(cg) ? cg_map_ptr(cg, map) : cg_map_value(cg, map, 0);
	LLVMValueRef known = knows(cg) ? cg_map_value(cg, cg_map(cg, MAP_UNWIND_KNOWN), 0) : LLVMConstNull(l->ptr);
	LLVMValueRef args[] = { cg_frame_at(cg, w->place, "walk"), pool, known,
				cg_map_ptr(cg, cg_map(cg, MAP_UNWIND_FILES)), cg_map_ptr(cg, cg_map(cg, MAP_CONTROL)),
				cg_map_ptr(cg, cg_map(cg, MAP_UNWIND_COUNTS)), LLVMBuildPtrToInt(l->b, mask, l->i64, "mask"),
				l_k(l, miss_event(cg)), l_k(l, w->limit) };

	return cg_stdlib(cg, "unwind_step", l->i64, 9, args, "done");
}

static LLVMValueRef build_step(struct cg *cg, struct walk *w)
{
	struct ll *l = &cg->l;
	LLVMTypeRef params[] = { l->i64, l->i64 };
	LLVMBasicBlockRef caller = LLVMGetInsertBlock(l->b);
	struct span at = cg->at;
	struct fn f;

	cg_fn_begin(cg, &f, arena_printf(cg->arena, "%s_walk%u", cg->plan->progs[cg->body->prog].name, cg->callbacks++),
		    LLVMFunctionType(l->i64, params, 2, 0), FN_GLOBAL, at);
	LLVMBasicBlockRef start = l_block(l, "start"), none = l_block(l, "no_slot"), step = l_block(l, "step");
	l_br(l, start);
	l_pos(l, start);
	LLVMValueRef slot[] = { cg_map_ptr(cg, cg_map(cg, MAP_SCRATCH)), LLVMGetParam(f.fn, 1) };
	LLVMValueRef frame = cg_stdlib(cg, "scratch_frame", l->ptr, 2, slot, "frame");
	LLVMBuildStore(l->b, frame, f.frame_slot);
	l_cond(l, LLVMBuildIsNull(l->b, frame, "none"), none, step);
	l_pos(l, none);
	LLVMBuildRet(l->b, l_k(l, 1));
	l_pos(l, step);
	LLVMBuildRet(l->b, one_frame(cg, w, NULL));
	cg_fn_end(cg);
	l_pos(l, caller);
	cg_debug_at(cg, at);
	return f.fn;
}

static void walk(struct cg *cg, struct walk *w, uint32_t rounds)
{
	struct ll *l = &cg->l;

	if (cg_has_loop(cg)) {
		cg_each(cg, l_k(l, rounds), one_frame, w);
		return;
	}
	LLVMValueRef step = build_step(cg, w);
	LLVMValueRef mine[] = { cg_map_ptr(cg, cg_map(cg, MAP_SCRATCH)), l_loadp(l, cg->fn->frame_slot, "frame") };
	cg_bounded_loop(cg, l_k(l, rounds), step, cg_stdlib(cg, "scratch_slot", l->i64, 2, mine, "slot"));
}

LLVMValueRef cg_unwind(struct cg *cg, const struct type *t, LLVMValueRef dst)
{
	struct ll *l = &cg->l;
	struct walk w = { cg_frame_reserve(cg, (uint32_t)offsetof(struct unwind, frame) + t->count * type_frame_bytes(t)),
			  t->count | (t->a == STACK_BUILD_ID ? UNWIND_IDS : 0) };
	LLVMValueRef begin[] = { cg_frame_at(cg, w.place, "walk"), l_k(l, (t->b & STACK_WHY) != 0) };

	cg_stdlib(cg, "unwind_begin", l->none, 2, begin, "");
	walk(cg, &w, t->count + MORE_ROUNDS);
	LLVMValueRef end[] = { cg_frame_at(cg, w.place, "walk"), cg->fn->ctx ? cg->fn->ctx : LLVMConstNull(l->ptr), dst, l_k(l, t->count),
			       l_k(l, type_frame_bytes(t)), cg_map_ptr(cg, cg_map(cg, MAP_UNWIND_COUNTS)) };
	return cg_stdlib(cg, "unwind_end", l->i64, 6, end, "frames");
}

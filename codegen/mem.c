// SPDX-License-Identifier: Apache-2.0
// mem.c - where values in memory live, and how bytes move. Every value in local memory is zero-padded to its type's size:
// equal strings are equal keys.
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

#define INLINE_BYTES 256 // more is moved or cleared by a helper: the back end has no memcpy to call
#define INLINE_STORES 128 // more than these the back end does not emit in its place

LLVMValueRef cg_alloca(struct cg *cg, LLVMTypeRef t, const char *name)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(cg->l.b);

	l_pos(&cg->l, cg->fn->entry);
	LLVMValueRef v = LLVMBuildAlloca(cg->l.b, t, name);
	LLVMSetAlignment(v, 8);
	l_pos(&cg->l, here);
	return v;
}

uint32_t cg_frame_reserve(struct cg *cg, uint32_t size)
{
	uint32_t off = cg->frame_used;

	cg->frame_used += ALIGN_UP(MAX(size, 8u), 8);
	cg->frame_max = MAX(cg->frame_max, cg->frame_used);
	cg->needs_frame = true;
	return off;
}

LLVMValueRef cg_frame_at(struct cg *cg, uint32_t off, const char *name)
{
	LLVMValueRef frame = l_loadp(&cg->l, cg->fn->frame_slot, "frame");

	cg->needs_frame = true;
	// addresses in the frame are made anew at each use: kept from one to the next, they would be what fills the stack
	LLVMSetVolatile(frame, cg->frugal);
	return l_atk(&cg->l, frame, off, name);
}

LLVMValueRef cg_frame_temp(struct cg *cg, uint32_t size, const char *name)
{
	return cg_frame_at(cg, cg_frame_reserve(cg, size), name);
}

// Memory on the stack for the statement; counts says whether it is taken from the budget. NULL: that has not as much.
static LLVMValueRef stack_temp(struct cg *cg, uint32_t size, bool counts, const char *name)
{
	struct temp **at = &cg->fn->free_temps, *t;

	while (*at && (*at)->size != size)
		at = &(*at)->next;
	t = *at;
	if (t) {
		*at = t->next;
	} else {
		if (counts && cg->fn->stack_used + size > STACK_BUDGET)
			return NULL;
		cg->fn->stack_used += counts ? size : 0;
		t = arena_new_(cg->arena, struct temp);
		t->at = cg_alloca(cg, LLVMArrayType2(cg->l.i64, size / 8), name);
		t->size = size;
	}
	t->next = cg->fn->temps;
	cg->fn->temps = t;
	return t->at;
}

LLVMValueRef cg_word(struct cg *cg, const char *name)
{
	return cg->frugal ? cg_frame_temp(cg, 8, name) : stack_temp(cg, 8, false, name);
}

LLVMValueRef cg_temp(struct cg *cg, uint32_t size, const char *name)
{
	uint32_t room = ALIGN_UP(MAX(size, 8u), 8);

	if (!cg->frugal && size <= cg->on_stack_limit) {
		LLVMValueRef at = stack_temp(cg, room, true, name);

		if (at)
			return at;
	}
	return cg_frame_temp(cg, size, name);
}

static bool is_inline(uint32_t size, unsigned align)
{
	return size <= INLINE_BYTES && size / align < INLINE_STORES;
}

void cg_zero(struct cg *cg, LLVMValueRef p, uint32_t size)
{
	if (size == 0)
		return;
	if (is_inline(size, l_align(p))) {
		LLVMBuildMemSet(cg->l.b, p, LLVMConstInt(cg->l.i8, 0, 0), l_k(&cg->l, size), l_align(p));
		return;
	}
	// the kernel clears the destination of a read it refuses: the cheapest memset there is for a program
	LLVMValueRef args[] = { p, l_k32(&cg->l, size), l_k(&cg->l, cg->may_read ? 0 : UINT64_MAX) };
	l_helper(&cg->l, cg->may_read ? H_PROBE_READ_KERNEL : H_PROBE_READ_USER, cg->l.i64, 3, args, "zeroed");
}

// The back end loads all of a copy before it stores any of it: more pieces than there are registers go over the stack.
#define COPIED_AT_ONCE 6

void cg_copy(struct cg *cg, LLVMValueRef dst, LLVMValueRef src, uint32_t size)
{
	if (size == 0)
		return;
	if (size <= COPIED_AT_ONCE * MIN(l_align(dst), l_align(src))) {
		l_memcpy(&cg->l, dst, src, size);
		return;
	}
	LLVMValueRef args[] = { dst, l_k32(&cg->l, size), src }, words[] = { dst, src, l_k(&cg->l, size) };
	if (cg->may_read)
		l_helper(&cg->l, H_PROBE_READ_KERNEL, cg->l.i64, 3, args, "copied");
	else
		cg_stdlib(cg, "copy_bytes", cg->l.none, 3, words, "");
}

enum space cg_space(struct cg *cg, const struct type *t)
{
	if ((t->kind == TYPE_POINTER || t->kind == TYPE_STRUCT || t->kind == TYPE_UNION || t->kind == TYPE_ARRAY) && t->space != SPACE_NONE)
		return t->space;
	return cg->body->type->arg_space == SPACE_USER ? SPACE_USER : SPACE_KERNEL;
}

static LLVMValueRef as_address(struct cg *cg, LLVMValueRef v)
{
	if (LLVMTypeOf(v) == cg->l.ptr)
		return v;
	return LLVMBuildIntToPtr(cg->l.b, v, cg->l.ptr, "addr");
}

LLVMValueRef cg_read(struct cg *cg, enum space space, LLVMValueRef dst, LLVMValueRef size, LLVMValueRef addr)
{
	LLVMValueRef args[] = { dst, LLVMBuildTrunc(cg->l.b, size, cg->l.i32, ""), as_address(cg, addr) };

	bool user = space == SPACE_USER;
	LLVMValueRef rc = l_helper(&cg->l, user ? H_PROBE_READ_USER : H_PROBE_READ_KERNEL, cg->l.i64, 3, args, "read");

	cg_check_read(cg, user ? "probe_read_user" : "probe_read_kernel", rc);
	return rc;
}

LLVMValueRef cg_read_str(struct cg *cg, enum space space, LLVMValueRef dst, LLVMValueRef size, LLVMValueRef addr)
{
	LLVMValueRef args[] = { dst, LLVMBuildTrunc(cg->l.b, size, cg->l.i32, ""), as_address(cg, addr) };

	bool user = space == SPACE_USER;
	LLVMValueRef rc = l_helper(&cg->l, user ? H_READ_USER_STR : H_READ_KERNEL_STR, cg->l.i64, 3, args, "len");

	cg_check_read(cg, user ? "probe_read_user_str" : "probe_read_kernel_str", rc);
	return rc;
}

static void store_string(struct cg *cg, const struct type *t, struct value v, const struct type *vt, LLVMValueRef dst)
{
	uint32_t n = MIN(t->count, vt->count);

	cg_copy(cg, dst, v.v, n);
	if (t->count > n)
		cg_zero(cg, l_atk(&cg->l, dst, n, "pad"), t->count - n);
	else if (vt->count > n)
		l_store(&cg->l, l_k(&cg->l, 0), l_atk(&cg->l, dst, n - 1, "last"), 1);
}

static void store_members(struct cg *cg, const struct type *t, struct value v, const struct type *vt, LLVMValueRef dst)
{
	cg_zero(cg, dst, t->size);
	for (uint32_t i = 0; i < t->nfields; i++) {
		const struct field *to = &t->fields[i], *from = &vt->fields[i];
		LLVMValueRef at = l_atk(&cg->l, v.v, from->offset, "member");
		struct value m = { .v = at };

		if (type_is_scalar(from->type))
			m.v = l_load(&cg->l, at, from->type->size, from->type->is_signed, "member");
		cg_store(cg, to->type, m, from->type, l_atk(&cg->l, dst, to->offset, "to"));
	}
}

void cg_store(struct cg *cg, const struct type *t, struct value v, const struct type *vt, LLVMValueRef dst)
{
	if (v.remote)
		cg_read(cg, v.space, dst, t->kind == TYPE_STRUCT || t->kind == TYPE_UNION ? cg_type_size(cg, t, RELOC_WHOLE) : l_k(&cg->l, t->size), v.v);
	else if (type_is_scalar(t) || type_is_castable_aggregate(t))
		l_store(&cg->l, v.v, dst, t->size);
	else if (t->kind == TYPE_STRING && vt->kind == TYPE_STRING)
		store_string(cg, t, v, vt, dst);
	else if ((t->kind == TYPE_TUPLE || t->kind == TYPE_RECORD) && t != vt)
		store_members(cg, t, v, vt, dst);
	else
		cg_copy(cg, dst, v.v, MIN(t->size, vt->size));
}

// SPDX-License-Identifier: Apache-2.0
// string.c - comparing and searching strings. Both lie zero-padded in local memory; a literal is compared as immediates, 8 bytes at a time.
#include <string.h>

#include "base/util.h"
#include "codegen/cg.h"

#define INLINE_LITERAL 64
#define LONG 128       // a string with more room never lies on the stack (on_stack_limit)
#define QUADRATIC 512  // up to so many comparisons are made without a callback
#define FIND_STATE 32  // struct find of stdlib/strings.bpf.c
#define FIND_STEPS 8   // of the search, a round

// The first `n` bytes at p against a literal's; bytes past the literal's end are its NUL.
static LLVMValueRef literal_equal(struct cg *cg, LLVMValueRef p, const char *text, uint32_t n)
{
	struct ll *l = &cg->l;
	LLVMValueRef diff = l_k(l, 0);

	for (uint32_t at = 0; at < n;) {
		uint32_t piece = n - at >= 8 ? 8 : n - at >= 4 ? 4 : n - at >= 2 ? 2 : 1;
		uint64_t want = 0;

		for (uint32_t i = 0; i < piece; i++)
			want |= (uint64_t)(unsigned char)text[at + i] << (8 * i);
		LLVMValueRef got = l_load(l, l_atk(l, p, at, "at"), piece, false, "bytes");
		diff = LLVMBuildOr(l->b, diff, LLVMBuildXor(l->b, got, l_k(l, want), "differ"), "diff");
		at += piece;
	}
	return LLVMBuildIsNull(l->b, diff, "equal");
}

static LLVMValueRef equal_to_literal(struct cg *cg, const struct node *s, const struct node *lit, uint64_t limit)
{
	uint32_t cap = s->type->count, len = (uint32_t)lit->string.len;
	uint64_t n = MIN((uint64_t)len + 1, limit);

	LLVMValueRef at = cg_local(cg, s); // for what it does, even if the answer is known

	if (n > cap) // the literal does not fit: never equal
		return LLVMConstInt(cg->l.i1, 0, 0);
	return literal_equal(cg, at, lit->string.text, (uint32_t)n);
}

LLVMValueRef cg_string_equal(struct cg *cg, const struct node *a, const struct node *b, uint64_t limit)
{
	const struct node *lit = cg_literal(b) ? b : cg_literal(a) ? a : NULL, *s = lit == b ? a : b;

	if (lit && lit->string.len < INLINE_LITERAL)
		return equal_to_literal(cg, s, lit, limit);
	uint64_t n = MIN((uint64_t)MIN(a->type->count, b->type->count), limit);
	bool words = MIN(a->type->count, b->type->count) > LONG; // both lie in the frame, where any address will do
	LLVMValueRef args[] = { cg_local(cg, a), cg_local(cg, b), l_k(&cg->l, n) };
	return l_nz(&cg->l, cg_stdlib(cg, words ? "string_equal_words" : "string_equal", cg->l.i64, 3, args, "equal"), "equal");
}

// The kernel counts what it copies: no loop for the verifier to follow.
LLVMValueRef cg_string_length(struct cg *cg, const struct node *s)
{
	uint32_t cap = s->type->count;
	LLVMValueRef args[] = { cg_local(cg, s), l_k(&cg->l, cap), NULL };

	if (cap <= LONG)
		return cg_stdlib(cg, "string_length", cg->l.i64, 2, args, "strlen");
	args[2] = cg_frame_temp(cg, cap, "copy");
	return cg_stdlib(cg, "string_length_long", cg->l.i64, 3, args, "strlen");
}

static uint32_t in_frame(struct cg *cg, const struct node *s)
{
	uint32_t off = cg_frame_reserve(cg, s->type->count);

	cg_expr_into(cg, s, s->type, cg_frame_at(cg, off, "string"));
	return off;
}

LLVMValueRef cg_string_find(struct cg *cg, const struct node *h, const struct node *s)
{
	uint32_t hcap = h->type->count, scap = s->type->count;
	struct ll *l = &cg->l;

	if ((uint64_t)hcap * scap <= QUADRATIC) {
		LLVMValueRef args[] = { cg_local(cg, h), l_k(l, hcap), cg_local(cg, s), l_k(l, scap), cg_frame_temp(cg, 8, "found") };

		return cg_stdlib(cg, "string_find_short", l->i64, 5, args, "found");
	}
	uint32_t places[] = { cg_frame_reserve(cg, FIND_STATE), in_frame(cg, h), in_frame(cg, s), cg_frame_reserve(cg, scap * 4) };
	const struct cg_const sizes[] = { { .v = hcap }, { .v = scap } };
	LLVMValueRef state = cg_frame_at(cg, places[0], "find");
	cg_stdlib(cg, "find_begin", l->none, 1, &state, "");
	cg_repeat(cg, (hcap + scap) * 2 / FIND_STEPS + 2, "find_step", places, 4, sizes, 2);
	state = cg_frame_at(cg, places[0], "find");
	return l_load(l, state, 8, false, "found");
}

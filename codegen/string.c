// SPDX-License-Identifier: Apache-2.0
// string.c - comparing and searching strings and other memory. All of it is zero-padded local memory, so that what is equal has
// equal words. What the verifier has to follow is bounded whatever a script does with the results: nothing short has a branch, what
// is longer is compared block by block, and what is long in rounds, of which one is checked for all.
//
//   up to 64 bytes     the words' differences, or-ed                     strings, tuples, literals
//   up to 256          the same, 64 bytes at a time: words_differ()      the verifier goes through it once for each 64
//   more               the first 64 bytes; if they are the same, rounds  equal_step(), called by bpf_loop
#include <string.h>

#include "base/util.h"
#include "base/world.h"
#include "codegen/cg.h"

#define BLOCK 64         // bytes compared at once
#define BLOCKWISE 256    // more than this is compared in rounds
#define ROUND 128        // bytes of a round, of compare_round() in stdlib/strings.bpf.c
#define COMPARE_STATE 16 // struct compare there
#define COMPARE_RESULT 8
#define FIND_STATE 32    // struct find there
#define FIND_STEPS 8     // of the search, a round
#define SHORT 64         // haystacks a known needle is searched in without a callback
#define QUADRATIC 128    // comparisons made without a callback
#define COUNTED 32       // bytes that strlen() counts itself
#define PIECES 16        // of which memory is compared where it lies: what is not aligned has many
#define PIECES_AT_ONCE 4 // of each side: there are ten registers

// What is compared: memory, or a literal's bytes, which are immediates.
struct side {
	LLVMValueRef at; // NULL: a literal
	const char *text;
	uint32_t len;
};

bool cg_has_loop(struct cg *cg)
{
	const struct world_ops *ops = cg->p->world->ops;

	return !ops->feature || ops->feature(cg->p->world, FEATURE_BPF_LOOP);
}

static LLVMValueRef side_word(struct cg *cg, const struct side *s, uint32_t off, uint32_t bytes)
{
	uint64_t v = 0;

	if (s->at)
		return l_load(&cg->l, l_atk(&cg->l, s->at, off, "at"), bytes, false, "bytes");
	for (uint32_t i = 0; i < bytes && off + i < s->len; i++)
		v |= (uint64_t)(unsigned char)s->text[off + i] << (8 * i);
	return l_k(&cg->l, v);
}

static uint32_t side_align(const struct side *s)
{
	return s->at ? l_align(s->at) : 8;
}

static uint32_t piece_at(uint32_t most, uint32_t left)
{
	while (most > left)
		most /= 2;
	return most;
}

// i64, not 0 if the bytes from `from` to `to` differ. Opaque: of "the or of all is 0" LLVM would make a comparison for each piece,
// whose branches double what the verifier follows, each one.
static LLVMValueRef block_differs(struct cg *cg, const struct side *a, const struct side *b, uint32_t from, uint32_t to)
{
	struct ll *l = &cg->l;
	uint32_t most = MIN(side_align(a), side_align(b)), piece;
	LLVMValueRef differ = l_k(l, 0);
	unsigned pieces = 0;

	for (uint32_t at = from; at < to; at += piece) {
		if (pieces && pieces % PIECES_AT_ONCE == 0)
			differ = l_ordered(l, differ);
		piece = piece_at(most, to - at);
		LLVMValueRef word = LLVMBuildXor(l->b, side_word(cg, a, at, piece), side_word(cg, b, at, piece), "differ");

		differ = LLVMBuildOr(l->b, differ, word, "differ");
		pieces++;
	}
	return pieces == 1 ? differ : l_opaque(l, differ);
}

// The first n bytes of a side; where they would be compared in very small pieces, as members of tuples may be, an aligned copy.
static struct side aligned(struct cg *cg, const struct side *s, uint32_t n)
{
	struct side copy = *s;

	if (side_align(s) == 8 || n <= PIECES * side_align(s))
		return copy;
	copy.at = cg_temp(cg, n, "aligned");
	cg_copy(cg, copy.at, s->at, n);
	return copy;
}

static uint32_t power_of_two(uint32_t n)
{
	uint32_t v = 8;

	while (v < n)
		v *= 2;
	return v;
}

// Into a place for rounds: n bytes, zeros up to `full`.
static void put(struct cg *cg, uint32_t place, LLVMValueRef from, uint32_t n, uint32_t full)
{
	cg_copy(cg, cg_frame_at(cg, place, "place"), from, n);
	if (full > n)
		cg_zero(cg, cg_frame_at(cg, place + n, "rest"), full - n);
}

// The result of `step` on n bytes: i64, 0 if they are equal. The places' sizes are powers of two, so that there are few callbacks.
static LLVMValueRef in_rounds(struct cg *cg, const char *step, LLVMValueRef a, LLVMValueRef b, uint32_t n)
{
	struct ll *l = &cg->l;
	uint32_t full = ALIGN_UP(n, (uint32_t)ROUND), cap = power_of_two(full);
	const uint32_t sizes[] = { COMPARE_STATE, cap, cap };
	const struct cg_const consts[] = { { .v = cap } };
	struct repeat *r = cg_repeat_of(cg, step, sizes, 3, consts, 1);

	put(cg, r->places[1], a, n, full);
	put(cg, r->places[2], b, n, full);
	cg_zero(cg, cg_frame_at(cg, r->places[0], "compare"), COMPARE_STATE);
	cg_repeat(cg, r, full / ROUND);
	return l_load(l, l_atk(l, cg_frame_at(cg, r->places[0], "compare"), COMPARE_RESULT, "result"), 8, false, "result");
}

// i64, not 0 if they differ: what one block is not enough for. Both are memory.
static LLVMValueRef long_differs(struct cg *cg, const struct side *a, const struct side *b, uint32_t n)
{
	struct ll *l = &cg->l;
	LLVMValueRef args[] = { a->at, b->at, l_k(l, n / 8 * 8) }, words;

	words = cg_stdlib(cg, "words_differ", l->i64, 3, args, "differ");
	return n % 8 == 0 ? words : LLVMBuildOr(l->b, words, block_differs(cg, a, b, n / 8 * 8, n), "differ");
}

// The first block, and only if that is the same on both sides, all the rest. i1. Nothing so large lies on the stack: any address will do.
static LLVMValueRef rounds_equal(struct cg *cg, const struct side *a, const struct side *b, uint32_t n)
{
	struct ll *l = &cg->l;
	LLVMBasicBlockRef same = l_block(l, "same"), out = l_block(l, "compared");
	struct side first_a = aligned(cg, a, BLOCK), first_b = aligned(cg, b, BLOCK);
	LLVMValueRef held = cg_alloca(cg, l->i64, "differ"), differ = block_differs(cg, &first_a, &first_b, 0, BLOCK);

	l_store(l, differ, held, 8);
	l_cond(l, l_nz(l, differ, "differs"), out, same);
	l_pos(l, same);
	l_store(l, in_rounds(cg, "equal_step", l_atk(l, a->at, BLOCK, "rest"), l_atk(l, b->at, BLOCK, "rest"), n - BLOCK), held, 8);
	l_br(l, out);
	l_pos(l, out);
	return LLVMBuildIsNull(l->b, l_load(l, held, 8, false, "differ"), "equal");
}

static LLVMValueRef sides_equal(struct cg *cg, const struct side *a, const struct side *b, uint32_t n)
{
	if (n > BLOCKWISE && cg_has_loop(cg))
		return rounds_equal(cg, a, b, n);
	struct side x = aligned(cg, a, n), y = aligned(cg, b, n);
	if (n <= BLOCK)
		return LLVMBuildIsNull(cg->l.b, block_differs(cg, &x, &y, 0, n), "equal");
	return LLVMBuildIsNull(cg->l.b, long_differs(cg, &x, &y, n), "equal");
}

LLVMValueRef cg_memory_equal(struct cg *cg, const struct node *a, const struct node *b, uint32_t n)
{
	struct side sa = { .at = cg_local(cg, a) }, sb = { .at = cg_local(cg, b) };

	return sides_equal(cg, &sa, &sb, n);
}

LLVMValueRef cg_memory_compare(struct cg *cg, LLVMValueRef a, LLVMValueRef b, uint32_t n)
{
	LLVMValueRef args[] = { a, b, l_k(&cg->l, n) };

	if (n > BLOCKWISE && cg_has_loop(cg))
		return in_rounds(cg, "compare_step", a, b, n);
	return cg_stdlib(cg, "words_compare", cg->l.i64, 3, args, "compared");
}

// With the literal's NUL: what is behind it in the string does not count.
static LLVMValueRef equal_to_literal(struct cg *cg, const struct node *s, const struct node *lit, uint64_t limit)
{
	uint32_t len = (uint32_t)lit->string.len;
	uint64_t n = MIN((uint64_t)len + 1, limit);
	struct side a = { .at = cg_local(cg, s) }, b = { .text = lit->string.text, .len = len }; // evaluated even if the answer is known

	if (n > s->type->count) // the literal does not fit: never equal
		return LLVMConstInt(cg->l.i1, 0, 0);
	return sides_equal(cg, &a, &b, (uint32_t)n);
}

LLVMValueRef cg_string_equal(struct cg *cg, const struct node *a, const struct node *b, uint64_t limit)
{
	const struct node *lit = cg_literal(b) ? b : cg_literal(a) ? a : NULL, *s = lit == b ? a : b;

	if (lit && lit->string.len < BLOCK)
		return equal_to_literal(cg, s, lit, limit);
	return cg_memory_equal(cg, a, b, (uint32_t)MIN((uint64_t)MIN(a->type->count, b->type->count), limit));
}

// The bytes of a word that are not zero: what is behind the NUL is zero too. Each byte's top bit becomes "not zero", and they are summed up.
static LLVMValueRef bytes_used(struct cg *cg, LLVMValueRef word)
{
	struct ll *l = &cg->l;
	LLVMValueRef low = l_k(l, 0x7f7f7f7f7f7f7f7full), ones = l_k(l, 0x0101010101010101ull);
	LLVMValueRef any = LLVMBuildOr(l->b, LLVMBuildAdd(l->b, LLVMBuildAnd(l->b, word, low, ""), low, ""), word, "any");

	any = LLVMBuildAnd(l->b, LLVMBuildLShr(l->b, any, l_k(l, 7), ""), ones, "any");
	return LLVMBuildLShr(l->b, LLVMBuildMul(l->b, any, ones, ""), l_k(l, 56), "used");
}

static LLVMValueRef short_length(struct cg *cg, const struct node *s)
{
	struct side side = { .at = cg_local(cg, s) };
	LLVMValueRef n = l_k(&cg->l, 0);
	uint32_t piece;

	for (uint32_t at = 0; at < s->type->count; at += piece) {
		piece = piece_at(side_align(&side), s->type->count - at);
		if (at && at % (PIECES_AT_ONCE * side_align(&side)) == 0)
			n = l_ordered(&cg->l, n);
		n = LLVMBuildAdd(cg->l.b, n, bytes_used(cg, side_word(cg, &side, at, piece)), "strlen");
	}
	return n;
}

// A short one is counted here; of a long one the kernel counts what it copies.
LLVMValueRef cg_string_length(struct cg *cg, const struct node *s)
{
	uint32_t cap = s->type->count;

	if (cap <= COUNTED)
		return short_length(cg, s);
	LLVMValueRef args[] = { cg_local(cg, s), l_k(&cg->l, cap), NULL };
	if (cg->copied_to == 0 || cg->copied_size < cap) {
		cg->copied_to = cg_frame_reserve(cg, cap) + 1;
		cg->copied_size = cap;
	}
	args[2] = cg_frame_at(cg, cg->copied_to - 1, "copy");
	return cg_stdlib(cg, "string_length", cg->l.i64, 3, args, "strlen");
}

// NULL: a literal, which needs no evaluation before it is put into its place.
static LLVMValueRef evaluated(struct cg *cg, const struct node *s)
{
	return cg_literal(s) ? NULL : cg_local(cg, s);
}

static void put_string(struct cg *cg, uint32_t place, const struct node *s, LLVMValueRef v, uint32_t cap)
{
	struct type t = *s->type;

	if (v) {
		put(cg, place, v, s->type->count, cap);
		return;
	}
	t.count = t.size = cap;
	cg_expr_into(cg, s, &t, cg_frame_at(cg, place, "literal"));
}

static LLVMValueRef find_in_rounds(struct cg *cg, const struct node *h, const struct node *s)
{
	struct ll *l = &cg->l;
	uint32_t hcap = power_of_two(h->type->count), scap = power_of_two(s->type->count);
	const uint32_t sizes[] = { FIND_STATE, hcap, scap, scap * 4 };
	const struct cg_const consts[] = { { .v = hcap }, { .v = scap } };
	LLVMValueRef hv = evaluated(cg, h), sv = evaluated(cg, s);
	struct repeat *r = cg_repeat_of(cg, "find_step", sizes, 4, consts, 2);

	put_string(cg, r->places[1], h, hv, hcap);
	put_string(cg, r->places[2], s, sv, scap);
	LLVMValueRef state = cg_frame_at(cg, r->places[0], "find");
	cg_stdlib(cg, "find_begin", l->none, 1, &state, "");
	cg_repeat(cg, r, (h->type->count + s->type->count) * 2 / FIND_STEPS + 2);
	return l_load(l, cg_frame_at(cg, r->places[0], "find"), 8, false, "found");
}

static LLVMValueRef find_literal(struct cg *cg, const struct node *h, const struct node *s)
{
	struct side needle = { .text = s->string.text, .len = (uint32_t)s->string.len };
	uint64_t bytes = needle.len == 8 ? UINT64_MAX : (1ull << (8 * needle.len)) - 1;
	LLVMValueRef args[] = { cg_local(cg, h), l_k(&cg->l, h->type->count), side_word(cg, &needle, 0, 8), l_k(&cg->l, bytes) };

	return cg_stdlib(cg, "string_find_word", cg->l.i64, 4, args, "found");
}

LLVMValueRef cg_string_find(struct cg *cg, const struct node *h, const struct node *s)
{
	uint32_t hcap = h->type->count, scap = s->type->count;

	if (cg_literal(s) && s->string.len <= 8 && hcap <= SHORT)
		return find_literal(cg, h, s);
	if ((uint64_t)hcap * scap > QUADRATIC)
		return find_in_rounds(cg, h, s);
	LLVMValueRef args[] = { cg_local(cg, h), l_k(&cg->l, hcap), cg_local(cg, s), l_k(&cg->l, scap) };
	return cg_stdlib(cg, "string_find_short", cg->l.i64, 4, args, "found");
}

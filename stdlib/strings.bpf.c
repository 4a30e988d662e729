// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// strings.bpf.c - strings, buffers and stacks: comparing, and packing into records. Lengths given as `n`, `cap`, `size` are
// constants at every call.
#include "stdlib/bpf.h"

// 1 if v is not zero, else 0. Without a branch: each one would double what the verifier follows of what comes after. What it
// selects is multiplied: where all ones or zeros are and-ed with a number, newer verifiers (6.18) follow both.
static __attribute__((always_inline)) u64 is_set(u64 v)
{
	v |= 0 - v;
	opaque(v); // else it becomes a comparison
	v >>= 63;
	opaque(v); // else what it selects does
	return v;
}

// Copies of a program's own memory where no helper may do it: byte by byte, as it may lie anywhere. n is a constant.
void copy_bytes(u8 *dst, const u8 *src, u64 n)
{
#pragma clang loop unroll(disable)
	for (u64 i = 0; i < n; i++) {
		u64 byte = src[i];

		opaque(byte); // else it becomes a memcpy, which there is none of
		dst[i] = (u8)byte;
	}
}

// Without a branch, as each would be one more way that the verifier follows. What lies before the first zero byte, cap at most.
static __attribute__((always_inline)) u64 copy_string(u8 *dst, const u8 *src, u64 cap)
{
	u64 n = 0, more = 1;

#pragma clang loop unroll(disable)
	for (u64 i = 0; i < cap; i++) {
		u64 byte = src[i];

		opaque(byte);
		dst[i] = (u8)byte;
		more *= is_set(byte);
		n += more;
	}
	opaque(n);
	return n;
}

// The kernel counts while it copies; what it returns is nothing the verifier could follow.
u64 string_length(const u8 *s, u64 cap, u8 *copy)
{
	if (!has_read)
		return copy_string(copy, s, cap);

	u64 n = (u64)bpf_probe_read_kernel_str(copy, (u32)cap, s);
	if (n == 0 || n > cap)
		return 0;
	return n == cap && s[cap - 1] ? cap : n - 1;
}

// n is a multiple of 8. Eight words at a time, as each way out is one more that the verifier follows.
u64 words_differ(const u64 *a, const u64 *b, u64 n)
{
	u64 i, differ = 0;

#pragma clang loop unroll(disable)
	for (i = 0; i + 8 <= n / 8; i += 8) {
		differ = (a[i] ^ b[i]) | (a[i + 1] ^ b[i + 1]) | (a[i + 2] ^ b[i + 2]) | (a[i + 3] ^ b[i + 3]);
		differ |= (a[i + 4] ^ b[i + 4]) | (a[i + 5] ^ b[i + 5]) | (a[i + 6] ^ b[i + 6]) | (a[i + 7] ^ b[i + 7]);
		opaque(differ); // else each word is compared for itself, with a branch
		if (differ)
			return differ;
	}
	for (; i < n / 8; i++)
		differ |= a[i] ^ b[i];
	opaque(differ);
	return differ;
}

// Two words that differ, as they lie in memory: the difference of the first byte that does.
static __attribute__((always_inline)) u64 byte_difference(u64 a, u64 b)
{
	u64 differ, shift, more;

	a = __builtin_bswap64(a);
	b = __builtin_bswap64(b);
	differ = a ^ b;
	shift = is_set(differ >> 32) << 5;
	more = is_set(differ >> shift >> 16) << 4;
	shift |= more;
	more = is_set(differ >> shift >> 8) << 3;
	shift |= more;
	return (a >> shift & 0xff) - (b >> shift & 0xff);
}

// The first pair of n words that differs: its difference, or 0.
static __attribute__((always_inline)) u64 words_difference(const u64 *a, const u64 *b, u64 n)
{
	u64 x = 0, y = 0;

	for (u64 i = n; i-- > 0;) {
		u64 take = is_set(a[i] ^ b[i]);

		x ^= (x ^ a[i]) * take;
		y ^= (y ^ b[i]) * take;
	}
	return byte_difference(x, y);
}

// Below 0, 0, above 0. n is a multiple of 8.
u64 words_compare(const u64 *a, const u64 *b, u64 n)
{
	return words_difference(a, b, n / 8);
}

// Long ones: 128 bytes a round, of places of cap bytes. Nothing in the state but `at` tells one round from another.
struct compare {
	u64 at, result; // result: not 0: they differ
};

static __attribute__((always_inline)) u64 compare_round(struct compare *c, const u8 *a, const u8 *b, u64 cap, int by_bytes)
{
	u64 at = c->at, differ = 0;

	opaque(at);
	if (at > cap - 128)
		return 1;
	const u64 *x = (const u64 *)(a + at), *y = (const u64 *)(b + at);

	for (int i = 0; i < 16; i++)
		differ |= x[i] ^ y[i];
	opaque(differ); // else each word is compared for itself, with a branch
	c->at = at + 128;
	if (!differ)
		return 0;
	c->result = by_bytes ? words_difference(x, y, 16) : 1;
	return 1;
}

u64 equal_step(struct compare *c, const u8 *a, const u8 *b, u64 cap)
{
	return compare_round(c, a, b, cap, 0);
}

u64 compare_step(struct compare *c, const u8 *a, const u8 *b, u64 cap)
{
	return compare_round(c, a, b, cap, 1);
}

// Where s begins in h, or -1: every place is looked at, from the last one on, without a branch.
u64 string_find_short(const u8 *h, u64 hcap, const u8 *s, u64 scap)
{
	u64 found = ~0ull;

	for (u64 i = hcap; i-- > 0;) {
		u64 differ = 0, in = 1; // in: the needle is not at its end yet

		for (u64 k = 0; k < scap; k++) {
			u64 c = s[k];

			in &= is_set(c);
			differ |= (c ^ (i + k < hcap ? h[i + k] : 0)) * in;
		}
		found ^= (found ^ i) * (is_set(differ) ^ 1);
	}
	return found;
}

// The same for a needle of up to eight bytes that is known: it is compared with a window that moves over h.
u64 string_find_word(const u8 *h, u64 hcap, u64 needle, u64 bytes)
{
	u64 found = ~0ull, window = 0;

	for (u64 i = hcap; i-- > 0;) {
		window = window << 8 | h[i];
		found ^= (found ^ i) * (is_set((window ^ needle) & bytes) ^ 1);
	}
	return found;
}

// The linear search of Knuth, Morris and Pratt, eight steps a round. fail[i]: how long a prefix of s ends with its byte i.
struct find {
	s64 found;
	u32 i, k, length, searching;
	u64 pad;
};

void find_begin(struct find *f)
{
	f->found = -1;
	f->i = 1;
	f->k = f->length = f->searching = 0;
}

static __attribute__((always_inline)) u64 find_build(struct find *f, const u8 *s, u32 *fail, u64 scap)
{
	u64 i = f->i, k = f->k;

	opaque(i);
	opaque(k);
	if (i >= scap || !s[i]) {
		f->length = (u32)i;
		f->searching = 1;
		f->i = f->k = 0;
		return 0;
	}
	if (k >= scap)
		return 1;
	if (s[i] == s[k]) {
		fail[i] = (u32)k + 1;
		f->i = (u32)i + 1;
		f->k = (u32)k + 1;
	} else if (k) {
		f->k = fail[k - 1];
	} else {
		fail[i] = 0;
		f->i = (u32)i + 1;
	}
	return 0;
}

static __attribute__((always_inline)) u64 find_search(struct find *f, const u8 *h, const u8 *s, const u32 *fail, u64 hcap, u64 scap)
{
	u64 i = f->i, k = f->k;

	opaque(i);
	opaque(k);
	if (i >= hcap || k >= scap || !h[i])
		return 1;
	if (h[i] == s[k]) {
		f->i = (u32)i + 1;
		f->k = (u32)k + 1;
		if (f->k < f->length)
			return 0;
		f->found = (s64)(i + 1 - f->length);
		return 1;
	}
	if (k)
		f->k = fail[k - 1];
	else
		f->i = (u32)i + 1;
	return 0;
}

u64 find_step(struct find *f, const u8 *h, const u8 *s, u32 *fail, u64 hcap, u64 scap)
{
	if (!s[0]) {
		f->found = 0;
		return 1;
	}
	fail[0] = 0; // the frame holds what other programs left there
#pragma clang loop unroll(disable)
	for (int step = 0; step < 8; step++)
		if (f->searching ? find_search(f, h, s, fail, hcap, scap) : find_build(f, s, fail, scap))
			return 1;
	return 0;
}

// The pack_ family puts a value at dst and returns how many bytes of it count.
u64 pack_string(u8 *dst, u64 cap, const void *src)
{
	u64 n = has_read ? (u64)bpf_probe_read_kernel_str(dst, (u32)cap, src) : copy_string(dst, src, cap - 1) + 1;

	if (n == 0 || n > cap)
		return 0;
	return n - 1;
}

u64 pack_remote_string(u8 *dst, u64 cap, u64 addr, u64 user)
{
	u64 n;

	if (user)
		n = (u64)bpf_probe_read_user_str(dst, (u32)cap, (void *)addr);
	else
		n = (u64)bpf_probe_read_kernel_str(dst, (u32)cap, (void *)addr);
	if (n == 0 || n > cap)
		return 0;
	return n - 1;
}

u64 pack_buffer(u8 *dst, u64 cap, const struct wire_buffer *b)
{
	u64 n = b->len;

	opaque(n); // one register of 64 bits: verifiers before 6.12 do not see that its lower half is the same number
	if (n > cap)
		n = cap;
	if (!has_read)
		copy_bytes(dst, b->data, cap);
	else if (n == 0 || bpf_probe_read_kernel(dst, (u32)n, b->data))
		return 0;
	return n;
}

u64 pack_stack(u8 *dst, u64 frames, const struct wire_stack *s, u64 frame)
{
	u64 n = s->nr;

	if (n > frames)
		n = frames;
	n = sizeof *s + n * frame;
	if (!has_read)
		copy_bytes(dst, (const u8 *)s, sizeof *s + frames * frame);
	else if (bpf_probe_read_kernel(dst, (u32)n, s))
		return 0;
	return n;
}

// The kernel's own walk. frame: bytes of one; those larger than an ip are build IDs.
u64 stack_get(void *ctx, struct wire_stack *s, u64 frames, u64 user, u64 frame)
{
	long n = bpf_get_stack(ctx, s->ip, (u32)(frames * frame), (user ? 1ull << 8 : 0) | (frame > 8 ? 1ull << 11 : 0));
	u64 nr = n < 0 ? 0 : (u64)n / frame;

	if (nr > frames)
		nr = frames;
	s->nr = (uint16_t)nr;
	s->pid = user ? (u32)(bpf_get_current_pid_tgid() >> 32) : 0;
	return nr;
}

void usym_fill(struct wire_usym *s, u64 addr)
{
	s->addr = addr;
	s->pid = (u32)(bpf_get_current_pid_tgid() >> 32);
	s->pad = 0;
}

// join(): tails of up to 16 strings behind `fixed`; their lengths stand from `lengths` on. Returns the record's size.
u64 join_fill(u8 *rec, u64 fixed, u64 lengths, u64 list, u64 user)
{
	u64 at = fixed;

	for (u32 i = 0; i < 16; i++)
		*(u32 *)(rec + lengths + i * 4) = 0;
	for (u32 i = 0; i < 16; i++) {
		u64 p = 0, n;

		if (user)
			bpf_probe_read_user(&p, sizeof p, (void *)(list + i * 8));
		else
			bpf_probe_read_kernel(&p, sizeof p, (void *)(list + i * 8));
		if (!p || at > fixed + i * 1024)
			break;
		n = pack_remote_string(rec + at, 1024, p, user);
		if (!n)
			break;
		opaque(n); // its bound is known, but older verifiers (6.12) do not follow how it was tested
		if (n > 1024)
			break;
		*(u32 *)(rec + lengths + i * 4) = (u32)n;
		at += n;
	}
	return at;
}

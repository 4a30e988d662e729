// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0
// strings.bpf.c - strings, buffers and stacks: comparing, and packing into records. Lengths given as `n`, `cap`, `size` are
// constants at every call.
#include "stdlib/bpf.h"

// Up to n bytes, or to the NUL that both have.
u64 string_equal(const u8 *a, const u8 *b, u64 n)
{
	for (u64 i = 0; i < n; i++) {
		if (a[i] != b[i])
			return 0;
		if (!a[i])
			return 1;
	}
	return 1;
}

u64 bytes_equal(const u8 *a, const u8 *b, u64 n)
{
	for (u64 i = 0; i < n; i++)
		if (a[i] != b[i])
			return 0;
	return 1;
}

// What is behind the NUL is zero too: the bytes that are not zero are counted, without a branch, or the verifier would follow
// all that comes after once for each length.
u64 string_length(const u8 *s, u64 cap)
{
	u64 n = 0;

	for (u64 i = 0; i < cap; i++) {
		u64 c = s[i];

		asm volatile("" : "+r"(c)); // else it becomes a comparison
		n += (0 - c) >> 63;
	}
	return n;
}

// The same for long strings: the kernel counts while it copies; what it returns is nothing the verifier could follow.
u64 string_length_long(const u8 *s, u64 cap, u8 *copy)
{
	u64 n = (u64)bpf_probe_read_kernel_str(copy, (u32)cap, s);

	if (n == 0 || n > cap)
		return 0;
	return n == cap && s[cap - 1] ? cap : n - 1;
}

// Long strings, in memory that any address may be read from: both are zero behind their NUL, so words tell as much as bytes.
u64 string_equal_words(const u8 *a, const u8 *b, u64 n)
{
	u64 at;

	for (at = 0; at + 8 <= n; at += 8) {
		u64 x = *(const u64 *)(a + at), y = *(const u64 *)(b + at);

		if (x != y)
			return 0;
		if ((x - 0x0101010101010101ull) & ~x & 0x8080808080808080ull)
			return 1;
	}
	for (; at < n; at++)
		if (a[at] != b[at])
			return 0;
	return 1;
}

// Below 0, 0, above 0.
u64 bytes_compare(const u8 *a, const u8 *b, u64 n)
{
	for (u64 i = 0; i < n; i++)
		if (a[i] != b[i])
			return (u64)((s64)a[i] - (s64)b[i]);
	return 0;
}

// Where s begins in h, or -1. `found` is in the frame: numbers that come from there do not tell one round from another.
u64 string_find_short(const u8 *h, u64 hcap, const u8 *s, u64 scap, s64 *found)
{
	*found = -1;
	for (u64 i = 0; i < hcap; i++) {
		u64 k;

		for (k = 0; k < scap && s[k]; k++)
			if (i + k >= hcap || h[i + k] != s[k])
				break;
		if (k >= scap || !s[k]) {
			*found = (s64)i;
			break;
		}
		if (!h[i])
			break;
	}
	return (u64)*(volatile s64 *)found;
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
#pragma clang loop unroll(disable)
	for (int step = 0; step < 8; step++)
		if (f->searching ? find_search(f, h, s, fail, hcap, scap) : find_build(f, s, fail, scap))
			return 1;
	return 0;
}

// The pack_ family puts a value at dst and returns how many bytes of it count.
u64 pack_string(u8 *dst, u64 cap, const void *src)
{
	u64 n = (u64)bpf_probe_read_kernel_str(dst, (u32)cap, src);

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
	if (n == 0 || bpf_probe_read_kernel(dst, (u32)n, b->data))
		return 0;
	return n;
}

u64 pack_stack(u8 *dst, u64 frames, const struct wire_stack *s, u64 frame)
{
	u64 n = s->nr;

	if (n > frames)
		n = frames;
	n = sizeof *s + n * frame;
	if (bpf_probe_read_kernel(dst, (u32)n, s))
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

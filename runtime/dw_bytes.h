// SPDX-License-Identifier: Apache-2.0
// dw_bytes.h - reading forward through bytes of a section, never past their end: behind it everything is zero, and `failed` says so.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct dw_bytes {
	const uint8_t *p, *end;
	bool failed;
};

static inline uint64_t dw_left(const struct dw_bytes *b)
{
	return (uint64_t)(b->end - b->p);
}

static inline void dw_skip(struct dw_bytes *b, uint64_t n)
{
	if (n > dw_left(b)) {
		b->failed = true;
		b->p = b->end;
		return;
	}
	b->p += n;
}

static inline uint64_t dw_fixed(struct dw_bytes *b, unsigned n)
{
	uint64_t v = 0;

	if (n > 8 || n > dw_left(b)) {
		b->failed = true;
		b->p = b->end;
		return 0;
	}
	memcpy(&v, b->p, n);
	b->p += n;
	return v;
}

static inline uint64_t dw_uleb(struct dw_bytes *b)
{
	uint64_t v = 0;

	if (b->p < b->end && *b->p < 128) // nearly always
		return *b->p++;
	for (unsigned shift = 0; b->p < b->end; shift += 7) {
		uint8_t byte = *b->p++;

		if (shift < 64)
			v |= (uint64_t)(byte & 127) << shift;
		if (!(byte & 128))
			return v;
	}
	b->failed = true;
	return 0;
}

static inline int64_t dw_sleb(struct dw_bytes *b)
{
	uint64_t v = 0;

	for (unsigned shift = 0; b->p < b->end;) {
		uint8_t byte = *b->p++;

		if (shift < 64)
			v |= (uint64_t)(byte & 127) << shift;
		shift += 7;
		if (byte & 128)
			continue;
		if (shift < 64 && byte & 64)
			v |= ~0ull << shift;
		return (int64_t)v;
	}
	b->failed = true;
	return 0;
}

static inline const char *dw_text(struct dw_bytes *b) // "" at the end
{
	const char *s = (const char *)b->p;
	const uint8_t *nul = b->p < b->end ? memchr(b->p, 0, dw_left(b)) : NULL;

	if (!nul) {
		b->failed = true;
		b->p = b->end;
		return "";
	}
	b->p = nul + 1;
	return s;
}

// SPDX-License-Identifier: Apache-2.0
// str.h - a growing byte string. Start it as `struct str s = {0};`, end it with str_free (or _str_).
// `p` is NUL-terminated once anything was added; it may hold NULs of its own.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct str {
	char *p;
	size_t n, cap;
};

void str_reserve(struct str *s, size_t more); // room for `more` bytes and a NUL
void str_add(struct str *s, const void *p, size_t n);
void str_adds(struct str *s, const char *z);
void str_addc(struct str *s, char c);
void str_fill(struct str *s, char c, size_t n);
void str_printf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vprintf(struct str *s, const char *fmt, va_list ap);
void str_u64(struct str *s, uint64_t v); // decimal, without printf's cost
void str_i64(struct str *s, int64_t v);
void str_json(struct str *s, const char *p, size_t n); // as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD
// Adds what is left to read from fd, and no more than `most` bytes of it. 0, or -errno with what came before it added.
int str_read(struct str *s, int fd, size_t most);
int str_read_file(struct str *s, const char *path, size_t most); // the same of a file; it is opened without waiting for a FIFO's writer
static inline void str_clear(struct str *s) { s->n = 0; }
static inline void str_free(struct str *s) { free(s->p); *s = (struct str){ 0 }; }
static inline const char *str_z(const struct str *s) { return s->p ? s->p : ""; }
#define _str_ __attribute__((cleanup(str_free)))

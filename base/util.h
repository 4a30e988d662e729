// SPDX-License-Identifier: Apache-2.0
// util.h - the few macros every room uses.
//
// Memory that cannot be had is fatal everywhere (BUG): Linux overcommits, so the call does not fail
// before the machine is lost, and no caller could do anything sensible with the error.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
// Each operand is evaluated once: one may read a clock, or what another thread writes.
#define MIN(a, b) PICK_(<, a, b, __COUNTER__)
#define MAX(a, b) PICK_(>, a, b, __COUNTER__)
#define PICK_(OP, a, b, n) PICK_NAMED_(OP, a, b, n)
#define PICK_NAMED_(OP, a, b, n) \
	__extension__({ \
		__typeof__(1 ? (a) : (b)) picked_a##n = (a), picked_b##n = (b); \
		picked_a##n OP picked_b##n ? picked_a##n : picked_b##n; \
	})
#define ALIGN_UP(n, a) (((n) + (a) - 1) / (a) * (a))

// Our own mistakes. Prints file and line and aborts; never for anything a user or a machine can cause.
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug_at(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// Run-side ownership: owners start NULL or -1 and are released at the end of their scope.
#define _cleanup_(fn) __attribute__((cleanup(fn)))
static inline void cleanup_free(void *p) { free(*(void **)p); }
static inline void cleanup_close(int *fd) { if (*fd >= 0) close(*fd); }
static inline void cleanup_fclose(FILE **f) { if (*f) fclose(*f); }
#define _free_ _cleanup_(cleanup_free)
#define _close_ _cleanup_(cleanup_close)
#define _fclose_ _cleanup_(cleanup_fclose)
#define TAKE_PTR(p) ({ __typeof__(p) *take_ = &(p); __typeof__(p) taken_ = *take_; *take_ = NULL; taken_; })
#define TAKE_FD(fd) ({ int *take_ = &(fd); int taken_ = *take_; *take_ = -1; taken_; })

// malloc family that never returns NULL; the caller frees.
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

uint64_t clock_ns(clockid_t clock); // nanoseconds of a clock that every Linux has
// Writes all of it, however often it takes. 0, or -errno with part of it written (-EIO: nothing more was taken).
int write_all(int fd, const void *p, size_t n);

// 64-bit hash of bytes (FNV-1a, public domain constants); not for hostile keys.
uint64_t hash_bytes(const void *p, size_t n, uint64_t seed);

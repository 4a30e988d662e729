// SPDX-License-Identifier: Apache-2.0
// names.h - names of things that a record holds as numbers: addresses, users, cgroups, moments.
//
// Symbols are asked in batches: before a map is printed, names_want() is told every address in it and names_resolve()
// asks once per process; a lone stack is one question of its own. Users, and the hour and minute a moment falls in, are
// kept.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/symbols/symbols.h"

struct names;
struct str;

struct names *names_new(struct symbols *s); // s may be NULL: addresses stay addresses. It stays the caller's
void names_free(struct names *n);

// pid 0: the kernel's addresses.
void names_want(struct names *n, uint32_t pid, const uint64_t *ip, size_t count);
void names_resolve(struct names *n);
void names_forget(struct names *n); // what was resolved: mappings change
void names_lookup(struct names *n, uint32_t pid, const uint64_t *ip, size_t count, struct symbol *ret); // asks for those not resolved

void names_user(struct names *n, uint64_t uid, struct str *out);    // nothing if unknown
void names_cgroup(struct names *n, uint64_t id, struct str *out);   // "unified:/path", or the number
void names_moment(struct names *n, const char *format, uint64_t boot_ns, struct str *out); // strftime, and %f %k %l
void names_now(const char *format, struct str *out);                // wall clock, local

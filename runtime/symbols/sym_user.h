// SPDX-License-Identifier: Apache-2.0
// sym_user.h - user addresses to names: processes, their mappings, and the binaries mapped.
//
// Binaries are opened when a process is first seen, since their files may be gone when their addresses are asked about
// (deleted, or in a container that ended); their tables are made when they are first searched. A process's mappings are
// read again when it executes another program or an address lies in none that is known.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/symbols/symbols.h"

struct sym_user;

struct sym_user *sym_user_new(void);
void sym_user_free(struct sym_user *u); // NULL is allowed
void sym_user_remember(struct sym_user *u, uint32_t pid);
void sym_user_find(struct sym_user *u, uint32_t pid, const uint64_t *ip, size_t n, struct symbol *ret); // names as in the tables

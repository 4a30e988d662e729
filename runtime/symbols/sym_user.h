// SPDX-License-Identifier: Apache-2.0
// sym_user.h - user addresses to names: processes, what they have and had mapped, and the binaries mapped.
//
// A process's mappings come from /proc/PID/maps when it is first asked about, or, once sym_user_follow() was called, from the
// kernel's own records as they change (runtime/processes.h); then processes that live for a millisecond are named too. Both
// stay when the process has exited. A program that another took the place of (exec, or a pid used again) is kept as an older
// generation, and asked where the newest knows nothing.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/symbols/symbols.h"

struct module;
struct sym_user;

struct user_place { // an address in its file
	struct module *module; // NULL: in none
	uint64_t address;      // as the file's symbols count
	bool known;            // it is the module's
};

struct sym_user *sym_user_new(void);
void sym_user_free(struct sym_user *u); // NULL is allowed
// Every process, or one and its children. 0 or -errno: the kernel tells nothing, /proc is read
int sym_user_follow(struct sym_user *u, uint32_t pid);
void sym_user_poll(struct sym_user *u);  // takes in what has changed
struct symbols_loss sym_user_lost(const struct sym_user *u);
void sym_user_remember(struct sym_user *u, uint32_t pid);
// Names as in the tables. `place` may be NULL.
void sym_user_find(struct sym_user *u, uint32_t pid, const uint64_t *ip, size_t n, struct symbol *ret, struct user_place *place);

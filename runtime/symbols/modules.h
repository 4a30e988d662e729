// SPDX-License-Identifier: Apache-2.0
// modules.h - the binaries that processes map, one per file however many map it, and where they can be opened from here.
//
// A file is opened when it is first met, since its name may be gone when its addresses are asked about (deleted, replaced, in
// a container that ended); its table is made when it is first searched. A container's root directory is held open, so that
// its files are reached after its processes have exited.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct modules;
struct proc_mapping;
struct root;
struct sym_table;

struct module {
	const char *path;        // as the process sees it
	struct sym_table *table; // NULL: no ELF file, or not to be had
	const uint8_t *build_id; // n_build_id bytes
	uint8_t n_build_id;
	bool is_vdso;
	const char *root;        // put before paths of the process
	char *debug;             // a debug file that a server gave for it; NULL
	bool asked_server;
};

struct modules *modules_new(void);
void modules_free(struct modules *m); // NULL is allowed

// Where a process sees files: its mount namespace and root directory. NULL: it cannot be seen any more.
const struct root *modules_root(struct modules *m, uint32_t pid);
const struct root *modules_own_root(struct modules *m);
const char *root_path(const struct root *r); // put before a path of the process; "" for ours

// The file of a mapping; NULL for anonymous memory. Never changes, lives as long as `m`.
struct module *modules_get(struct modules *m, const struct root *root, uint32_t pid, const struct proc_mapping *mapping);

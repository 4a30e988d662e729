// SPDX-License-Identifier: Apache-2.0
// cache.h - compiled scripts kept on disk, so that a script seen before never enters LLVM.
//
// The folder is $SPILE_CACHE_DIR, else $XDG_CACHE_HOME/spile, else ~/.cache/spile if the home is the effective user's, else
// for root /var/cache/spile. It must belong to the effective user and be writable by nobody else: an entry is code that
// runs in the kernel. Entries are written aside and renamed, so that concurrent runs see whole files only, and whatever goes
// wrong (no folder, a full disk, a damaged entry) means compiling, never failing.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct compiled;
struct script;

struct cache {
	int folder;      // -1: none
	struct str note; // why not, or what was done: for -v
};

void cache_open(struct cache *c);
void cache_close(struct cache *c);

// The entry made from this key and this script, if it is whole, no file it looked into has changed, and it is for the process
// (-p; 0: none).
bool cache_find(struct cache *c, const char *key, const struct script *s, uint32_t pid, struct compiled *ret);
// Keeps the (sealed) bytes, and removes the entries used least recently behind 256 entries or 256 MB.
void cache_keep(struct cache *c, const char *key, const struct str *bytes);

// SPDX-License-Identifier: Apache-2.0
// compiled.h - a compiled script as bytes: an ELF object whose section .spile.plan is the plan, and behind it a seal.
//
// The seal is a length and a checksum of all before it. ELF readers do not see it; we notice by it a file that was cut
// short or damaged on its way (a full disk, a copy that broke off). It is no signature: what a stranger wrote on purpose is
// caught by the bounds checks of plan_read and object_open.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct plan;
struct types;

struct compiled {
	struct str bytes;    // owned; the seal included
	size_t object_len;   // bytes of the ELF object
	struct arena *arena; // owns plan and types
	struct types *types;
	struct plan *plan;
};

void compiled_seal(struct str *object); // appends the seal
// Takes c->bytes (filled by the caller) apart. 0, or -EINVAL with the reason in *why. compiled_free() is allowed either way.
int compiled_open(struct compiled *c, const char **why);
void compiled_free(struct compiled *c);

// The first file the compilation looked into that is not as it was; NULL if none.
const char *compiled_stale(const struct compiled *c);
// Are the BPF programs that it probes, of those that run, the ones it was compiled for?
bool compiled_has_programs(const struct compiled *c);
// True if the process answers what was asked of the one it was compiled for (-p) as that did: it is for this process too.
bool compiled_is_for(const struct compiled *c, uint32_t pid);
void compiled_set_process(struct compiled *c, uint32_t pid); // the process it traces, of those it is for
// Of a file built elsewhere: the first binary it probes that is absent here, or another one. Files with the same build ID are the
// same, wherever they lie; what the script imported is in the plan.
const char *compiled_foreign(const struct compiled *c, bool *absent);

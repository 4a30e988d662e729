// SPDX-License-Identifier: Apache-2.0
// load.h - a plan's maps and programs brought into the kernel.
//
// Low-level libbpf (bpf_map_create, bpf_prog_load) and our own walk over the object, not bpf_object: nothing fails as a
// whole for one missing symbol, kernel BTF is not indexed, and the instructions carry map numbers instead of relocations
// (codegen writes ld_imm64 with src_reg BPF_PSEUDO_MAP_FD or _VALUE and the number of the plan's map). BTF is loaded
// where the kernel takes it, for names and lines in bpftool and in the verifier's log; where it does not, the run goes on.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/plan.h"

struct diag;
struct world;

struct load_request {
	const struct plan *plan;
	const void *object; // ELF file
	size_t object_len;
	struct world *world;
	struct diag *diag;
	uint32_t first_source; // number in diag of the plan's first source
	uint32_t pool_bytes;   // of the unwind tables' pool: a power of two
	struct str *log;       // gets each loaded program's verifier log; NULL: there is no other way to arrange it
	bool verbose;          // add the verifier's log to its diagnostic
	bool *too_much;        // set where the kernel refused a program because of its length, its ways or its stack; NULL: not asked for
};

struct loaded {
	int *map_fd;  // by index into plan.maps
	int *prog_fd; // by index into plan.progs
	int *data_fd; // by ELF section: the map that holds a data section, or -1
	size_t nmaps, nprogs, ndata;
	int btf_fd;
	size_t ring_bytes; // of the data's buffer as created, or of that of each CPU; 0: there is none
	size_t control_bytes; // the same for control
	bool perf;            // these maps hold perf events, which the reader is to open
};

// 0, or -errno after one diagnostic. `ret` is owned by the caller.
int load_plan(const struct load_request *q, struct loaded **ret);
void loaded_free(struct loaded *l); // NULL is allowed

int loaded_role(const struct loaded *l, const struct plan *p, enum map_role role); // descriptor of the map with that role, or -1
// Does this program attach by one kprobe_multi link? Decided when it is loaded, so attach() asks again.
bool load_is_kprobe_multi(const struct plan_prog *p, const struct world *w);

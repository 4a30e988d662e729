// SPDX-License-Identifier: Apache-2.0
// features.h - what this kernel lets us do, found by trying: versions lie (backports, lockdown, missing rights).
//
// Every trial is one or two bpf() calls on the smallest program or map that needs the feature, made when it is first
// asked for; none of them changes anything outside this process.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/world.h"

struct features {
	int8_t known[FEATURES]; // 0: not tried, 1: yes, -1: no
};

// `raw_tracepoint_id`: BTF id of any btf_trace_* typedef, which FEATURE_TP_BTF is tried on (0: it is answered with no).
// Does the kernel know this helper (BPF_FUNC_*)? For --info.
bool features_helper(int id);
bool features_have(struct features *s, enum feature f, uint32_t raw_tracepoint_id);

// SPDX-License-Identifier: Apache-2.0
// gfp.h - a memory allocation's flags by name, as printf's %gr shows them.
//
// The bit numbers are those of Linux 6.0 and later; the kernel's headers for user space do not have them.
#pragma once

#include <stdint.h>

struct str;

void gfp_text(uint64_t flags, struct str *out); // "GFP_KERNEL|__GFP_ZERO"; unknown bits as one hexadecimal number

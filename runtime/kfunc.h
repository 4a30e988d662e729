// SPDX-License-Identifier: Apache-2.0
// kfunc.h - which programs may call a function of the kernel (a kfunc). The kernel lists them by type of program and tells nobody:
// it is tried, with a call whose arguments are zero, and the verifier's words tell a refused call from refused arguments.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/plan.h"

// `id`: of the function in the kernel's own BTF.
bool kfunc_allowed(enum prog_kind kind, uint32_t id);

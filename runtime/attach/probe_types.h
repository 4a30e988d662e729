// SPDX-License-Identifier: Apache-2.0
// probe_types.h - the table of providers.
#pragma once

#include "base/probe_type.h"

extern const struct probe_type *const probe_types[]; // NULL-terminated

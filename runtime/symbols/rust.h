// SPDX-License-Identifier: Apache-2.0
// rust.h - Rust's symbol names: the old mangling, which looks like C++'s with a hash at the end, and "v0" (_R…).
#pragma once

#include <stdbool.h>

struct str;

bool rust_demangle(const char *name, struct str *out); // false if it is not Rust's, or not understood

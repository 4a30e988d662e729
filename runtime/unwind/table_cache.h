// SPDX-License-Identifier: Apache-2.0
// table_cache.h - unwind tables kept on disk by build ID, so that a large library's is made once per machine.
//
// A file of another size than the one a table was made of has another table, whatever its build ID says; and what is read is
// checked, byte for byte by a hash and number by number, since a wrong row would lead the kernel half astray. Writers do not
// meet: each writes aside and renames. Where nothing can be written the tables are made anew each time, and nothing is said.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/unwind/table.h"

#define TABLE_CACHE_LEAST 30000u // rows: what has fewer is made in a millisecond

int table_cache_open(void); // a folder's descriptor, the caller's; -1: there is none
// `ret` as unwind_table_of() has it; if false it has no table.
bool table_cache_find(int folder, const uint8_t build_id[TABLE_BUILD_ID], uint64_t file_size, struct unwind_table *ret);
void table_cache_keep(int folder, uint64_t file_size, const struct unwind_table *t);
bool unwind_table_check(const struct unwind_table *t); // are all numbers in range?

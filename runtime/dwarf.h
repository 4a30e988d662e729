// SPDX-License-Identifier: Apache-2.0
// dwarf.h - what a user program's debugging information says of its functions' arguments and of its types.
//
// It is read through elfutils' libdw, which is opened only when a script asks: its start would cost every other run a
// millisecond. Where a value lies when a function is entered is not taken from DWARF, whose locations hold behind the
// prologue, but from the machine's calling convention and the arguments' types. Given up: structs passed in registers,
// floating point arguments; both are counted, so that what stands behind them is found.
#pragma once

#include "base/type.h"
#include "base/world.h"

struct dwarf;
struct elf_file;

#define DWARF_NOWHERE UINT32_MAX

// The information of `f`, the file at `path`: its own, or a separate file's by build ID or debug link. `number` tells the
// types of several programs apart. -ENOENT when there is none, -ELIBACC without libdw.
int dwarf_open(struct world *w, struct elf_file *f, const char *path, unsigned number, struct dwarf **ret);
void dwarf_close(struct dwarf *d); // NULL is allowed
const char *dwarf_path(const struct dwarf *d); // the file the information is in
// The function that starts at an address (as symbols count): its arguments by name, offset 8 * their place among those that
// go through general registers and the stack, or DWARF_NOWHERE; and what it returns. -ENOENT when it is not described.
int dwarf_function(struct dwarf *d, uint64_t address, const struct event_field **f, size_t *n, const struct type **ret);
// Addresses at which a statement of a source line begins, in no order. `file`: the end of its path, whole names; column 0: any.
void dwarf_line(struct dwarf *d, const char *file, unsigned line, unsigned column, void (*each)(void *arg, uint64_t address), void *arg);
int dwarf_complete(struct dwarf *d, const struct type *s); // 0, -ENOENT when the type is not of this file

// SPDX-License-Identifier: Apache-2.0
// compile.h - a script through the front end, on the world that is this machine. Used by spile-compiler, which goes on to
// code generation, and by `-l SCRIPT`, which does not.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/world.h"

struct cdecl_headers;
struct options;
struct program;
struct script;

struct machine {             // a world, and what owns it
	struct arena *arena;
	struct types *types;
	struct world *world; // a copy of the live one when build hides something
	struct world *live;
	struct world *other; // of check's compiler: another kernel; NULL else
	uint32_t needs;      // of build: 1 << enum feature, of those that were asked for and are here
	struct diag diag;
	int (*include)(void *arg, const struct cdecl_headers *h); // reads C headers; NULL: #include is refused
	void *include_arg;
};

// `disassemble`: see world_live.h; NULL in the executable without LLVM. Warnings follow o->no_warnings.
void machine_init(struct machine *m, const struct options *o,
		  size_t (*disassemble)(struct world *w, const void *code, size_t n, uint64_t address, char *text, size_t room));
void machine_free(struct machine *m);

// NULL on errors, which are in m->diag. Dumps of the front end's stages go to standard output.
struct program *compile_script(struct machine *m, const struct options *o, const struct script *s);
// Prints what m->diag holds on standard error, and empties it.
void machine_complain(struct machine *m);
bool color_wanted(void); // BPFTRACE_COLOR: auto, always, never

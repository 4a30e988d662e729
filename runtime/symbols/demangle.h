// SPDX-License-Identifier: Apache-2.0
// demangle.h - C++ and Rust symbol names as their source has them.
//
// C++ is left to libstdc++, loaded when the first such name is met: most runs never do, and its start-up time and memory are
// not small. A name that could become endless in it is read by a child with bounds. Where there is no libstdc++, C++ names stay
// as they are. Rust's two manglings are read by our own code.
#pragma once

#include <stdbool.h>

struct demangler {
	void *library;
	char *(*cxx)(const char *name, char *buf, unsigned long *n, int *status);
	bool looked_for;
};

bool demangle_is_mangled(const char *name); // begins as a mangled name does; cheap
char *demangle(struct demangler *d, const char *name); // malloc'd; NULL if it is not mangled, or not understood
void demangler_close(struct demangler *d);

// SPDX-License-Identifier: Apache-2.0
// headers.h - what C headers declare, as plain C that lang/cdecl.h reads: the implementation of its include hook.
//
// A header needs a preprocessor that knows the machine and a C parser that knows every extension: Clang's, through libclang's
// C interface. It is opened only when a script includes something, so that no other script pays for it and no package is
// needed to build or run the rest. Each struct is printed packed, with its padding as unnamed bitfields at the offsets that
// Clang computed, so that no rule of layout is applied twice. Macros come last: they must not change the types' text.
#pragma once

#include <stddef.h>

struct cdecl_headers;

struct headers_options {
	const char *const *dirs;        // -I, searched first
	size_t ndirs;
	const char *kernel_source;      // BPFTRACE_KERNEL_SOURCE; NULL: /lib/modules/RELEASE/source
	const char *kernel_build;       // BPFTRACE_KERNEL_BUILD; NULL: /lib/modules/RELEASE/build
	// Told each path that decided what the headers declare: those read, and where in -I directories one would be found first.
	// May be NULL.
	void (*looked_at)(void *arg, const char *path);
	void *looked_at_arg;
};

// For cdecl_options.include; `options` is a struct headers_options or NULL. 0, or after h->error: -ENOENT (a header is not
// found), -ENOPKG (no libclang), -EIO.
int headers_include(void *options, const struct cdecl_headers *h);

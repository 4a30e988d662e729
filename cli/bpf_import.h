// SPDX-License-Identifier: Apache-2.0
// bpf_import.h - what lang asks for when a script imports a .bpf.c or .bpf.o file (lang_options.bpf_code).
//
// A .bpf.c file is compiled by the machine's clang, which is started: the C front end is no part of spile-compiler, and any clang
// that knows BPF will do, as what it makes is linked as an object. SPILE_CLANG names one; else it is looked for on PATH.
#pragma once

#include <stddef.h>

struct arena;
struct bpf_code;
struct files;
struct lang_file;
struct machine;
struct options;

struct bpf_import {
	struct machine *machine;
	struct files *files; // headers that the C file includes are noted there
	const char *const *dirs; // -I
	size_t ndirs;
};

// lang_options.bpf_code; `arg` is a struct bpf_import.
int bpf_import(void *arg, const char *path, const struct lang_file *f, struct bpf_code **ret, const char **why);

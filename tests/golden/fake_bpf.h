// SPDX-License-Identifier: Apache-2.0
// fake_bpf.h - what a .bpf.c or .bpf.o file of a case brings: always the same functions, but for one that says "broken".
#pragma once

struct arena;
struct bpf_code;
struct lang_file;
struct types;

struct fake_bpf {
	struct arena *arena;
	struct types *types;
};

// lang_options.bpf_code; `arg` is a struct fake_bpf.
int fake_bpf_code(void *arg, const char *path, const struct lang_file *f, struct bpf_code **ret, const char **why);

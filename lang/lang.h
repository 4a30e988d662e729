// SPDX-License-Identifier: Apache-2.0
// lang.h - the door of the front end: script text in, checked program out.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct bpf_code;
struct cdecl_headers;
struct diag;
struct node;
struct program;
struct str;
struct types;
struct world;

enum lang_stage { LANG_TOKENS, LANG_AST, LANG_PARAMS, LANG_CORE, LANG_TYPES, LANG_PROGRAM, LANG_STAGES };

// Which sites of the script are compiled (--probe-filter, --test …); the others are as if they were not written.
struct lang_filter {
	bool (*keep)(struct lang_filter *f, const char *provider, const char *site);
	const char *none; // what to say when nothing is left
};

// A file or folder that an import names. The front end opens nothing itself: it asks for this.
struct lang_file {
	const char *text;           // a file's bytes, NULL for a folder; both live in the arena
	size_t n;
	const char *const *entries; // a folder's names, sorted
	size_t nentries;
	const char *identity;       // the same for two paths of one file
	bool open_to_all;           // everybody may write to it, or to the folder it is in
};

struct lang_options {
	const char *const *params; // positional parameters $1 …
	size_t nparams;
	const char *const *named;  // named parameters: "name" or "name=value"
	size_t nnamed;
	const char *test_case; // the case of the script whose expectations are compiled too; NULL: none
	uint32_t pid;              // -p
	const char *command;       // -c or NULL
	bool unsafe;
	bool warnings;             // -k
	const char *const *config; // pairs key, value from the environment (BPFTRACE_*); they win over the script's block
	size_t nconfig;
	struct lang_filter *filter; // NULL: all
	// For imports: 0, or -errno (-ENOENT: there is none). NULL: nothing but the embedded library can be imported.
	int (*read_file)(void *arg, struct arena *a, const char *path, struct lang_file *ret);
	void *read_arg;
	const char *const *search; // folders where imports are looked for behind the importing file's own
	size_t nsearch;
	const char *const *headers; // included before the script's own C section (--include)
	size_t nheaders;
	// Reads the headers that the C section includes: see cdecl.h. NULL: an #include is refused.
	int (*include)(void *arg, const struct cdecl_headers *h);
	void *include_arg;
	// Reads what a .bpf.c or .bpf.o file brings, of a file that read_file gave: 0, or -errno and in *why the reason, a sentence that
	// needs no subject. NULL: such files cannot be imported.
	int (*bpf_code)(void *arg, const char *path, const struct lang_file *f, struct bpf_code **ret, const char **why);
	void *bpf_arg;
	// A dump wanted after a stage: called with its text (NULL: none).
	void (*dump)(void *arg, enum lang_stage stage, const char *text, size_t n);
	unsigned dump_stages;      // 1 << enum lang_stage
	void *dump_arg;
};

// Compiles `text` (need not be NUL-terminated or valid in any way). `source` is its index in d (diag_source()).
// NULL when d->errors rose; warnings may be in d either way. Everything is allocated in `a`.
struct program *lang_compile(struct arena *a, struct types *types, struct world *w, struct diag *d, uint32_t source,
			     const struct lang_options *o);

// Only the parse, for tools that need no checking (fmt, fuzzing): NULL on errors.
struct node *lang_parse(struct arena *a, struct diag *d, uint32_t source);
// The script laid out (spile fmt), appended to `out`. False on errors, which are in d. Laid out twice it stays the same.
bool lang_format(struct arena *a, struct diag *d, uint32_t source, struct str *out);

struct lang_case { // case NAME { run "…" with "…" expect … }
	const char *name, *run; // run: NULL if it names no command
	const char **with;
	size_t nwith;
};

struct lang_tests {
	VEC(struct lang_case) cases;
	bool probes;  // test:… of the core
	bool expects; // a probe has an `expect`
};

// What spile test has to do for a script; imports are not followed. False on errors, which are in d.
bool lang_tests(struct arena *a, struct diag *d, uint32_t source, struct lang_tests *ret);
void lang_tokens(struct arena *a, struct diag *d, uint32_t source, struct str *out); // -d tokens
void core_print_expr(const struct node *expression, struct str *out);
void core_print(const struct node *script, struct str *out);                         // -d core: source text that parses to an equal tree

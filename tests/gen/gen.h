// SPDX-License-Identifier: Apache-2.0
// gen.h - random scripts, and what they must do.
//
//   gen*.c    seed -> text of a well-typed script           interp.c  checked program -> what it prints
//   trial.c   text -> compiled, loaded, run; compared        shrink.c  failing text -> a shorter one that fails alike
//
// The interpreter walks the checked tree, where each implicit conversion stands as a CAST, with values of its own: not the
// bytes that codegen lays out. What it shares with the product is the front end, and the text of a histogram.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct imap;
struct program;
struct str;
struct type;

// A script of about `size` statements. Equal seeds give equal scripts.
void gen_script(uint64_t seed, unsigned size, struct str *out);

// Values of the interpreter ---------------------------------------------------------------------------------------------

struct val {
	const struct type *t;
	uint64_t n;    // scalars: as a register holds it, extended from the type's width
	const char *s; // strings: len bytes, no NUL
	uint32_t len;
	struct val *m; // members of tuples and records
};

struct agg {           // an element of a map of aggregates
	bool set;
	uint64_t value, total, count;
	uint64_t *bucket;
};

struct element {
	struct val key, value;
	struct agg agg;
};

struct imap {          // a map of the script
	const char *name;
	const struct type *key, *value; // key NULL: scalar, then element 0
	bool key_is_tuple, set;
	struct element *v;
	size_t n, cap;
};

// show.c: text, by rules written down here once more rather than asked of the runtime.
void show_value(const struct val *v, struct str *out);
void show_map(struct imap *m, uint64_t top, uint64_t div, struct str *out); // sorts it
void show_format(const char *format, const struct val *args, size_t n, struct str *out);
uint64_t fit(const struct type *t, uint64_t v); // what is left of v in a value of type t
int64_t agg_number(const struct type *t, const struct agg *a);

// Everything the script writes to its output, and its exit status. False: it uses what the interpreter does not know, or
// runs for too long (why).
bool interp_run(struct arena *a, const struct program *p, struct str *out, int *status, const char **why);

// Trials ----------------------------------------------------------------------------------------------------------------

enum verdict { PASSED, LACKING, UNKNOWN, CHECKER, CODEGEN, KERNEL, WRONG, CRASHED, VERDICTS };
const char *verdict_name(enum verdict v);

// In this process: a crash is the caller's. What went wrong is appended to `report`.
enum verdict trial(const char *text, size_t n, struct str *report);
// In a child: CRASHED when it dies. `seconds` it may take.
enum verdict trial_apart(const char *text, size_t n, unsigned seconds, struct str *report);
// Compiled for the kernel of a file (world_file.h), to be run there: PATH.spo, and what it must print in PATH.want, with a last
// line "status N". PASSED when both are written. Who runs it has this process's name, but not its id.
enum verdict trial_build(const char *text, size_t n, const char *world, const char *path, struct str *report);
enum verdict trial_build_apart(const char *text, size_t n, unsigned seconds, const char *world, const char *path, struct str *report);

// A shorter script with the same verdict, by deleting statements and simplifying expressions.
void shrink(enum verdict v, const char *text, size_t n, struct str *out);

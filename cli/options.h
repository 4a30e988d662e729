// SPDX-License-Identifier: Apache-2.0
// options.h - the command line, read once: what both executables are told.
//
// The rows are one table (options.def); the parser, the help text and the cache key are made from it or from this struct.
// Everything points into argv, which outlives it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct profile_request;
struct str;

enum command {
#define COMMAND(WORD, word, args, help) CMD_##WORD,
#include "cli/command.def"
#undef COMMAND
	COMMANDS,
	CMD_INFO = COMMANDS, CMD_HELP, CMD_VERSION, // options that are no runs
};

enum mode { // --mode: what comes of the script
	MODE_TRACE,
	MODE_TEST, MODE_BENCH, // its test or bench probes are run, nothing is attached
	MODE_CODEGEN,          // it is compiled, no more
	MODE_COMPILER_BENCH,   // it is compiled again and again, with a watch
	MODE_FORMAT,           // it is laid out on standard output, as bpftrace does it
};

enum dump { // -d, in the order of the stages
#define DUMP(NAME, word, doc) DUMP_##NAME,
#include "cli/dump.def"
#undef DUMP
	DUMPS
};

struct options {
	enum command command;
	const char *file;    // the script; "-" is standard input; NULL with -e, or with -l and a pattern
	const char *program; // -e
	const char *pattern; // -l's; NULL: everything
	const char **params; // positional parameters; heap
	size_t nparams;
	const char **named;  // named parameters, without their "--"; heap
	size_t nnamed;
	const char **include_dirs, **include_files; // -I, --include; heap
	size_t n_include_dirs, n_include_files;
	const char **worlds; // --world; heap
	size_t nworlds;
	const char *junit;   // --junit; NULL: none
	const char *test_case; // --case; NULL: none
	bool load;           // --load
	bool check;          // --check
	pid_t pid;           // -p; 0: none
	const char *child;   // -c; NULL: none
	const char *output;  // -o; NULL: standard output
	const char *seconds;   // --seconds; NULL: the usual
	const char *frequency; // -F; NULL: the usual
	bool off_cpu, lock_wait; // --off-cpu, --lock-wait
	const struct profile_request *profile; // what spile profile adds to the run of its script; NULL: this is none
	const char *debug;     // -d's last; NULL: none
	bool json;
	char buffering;      // 'l', 'f', 'n'
	enum mode mode;
	bool quiet, verbose, warnings, no_warnings, unsafe, dry_run, no_wait, no_cache, legacy_output, verifier;
	const char *probe_filter; // --probe-filter: an extended regular expression that regcomp() takes; NULL: all probes
	const char *emit_llvm;    // --emit-llvm; NULL: none
	const char *traceable;    // --traceable-functions; NULL: the kernel's list
	unsigned without;         // 1 << enum feature: --no-feature, and SPILE_WITHOUT of the environment
	bool without_home;        // the same: "home"
	unsigned dumps;      // 1 << enum dump
	int noptions;        // arguments of argv, the executable's and the command's names included, in front of the words
};

enum options_result { OPTIONS_OK, OPTIONS_BAD, OPTIONS_BAD_USAGE }; // BAD_USAGE: show the usage as well

// What is wrong is appended to `why` (one line without its end; may hold several lines).
enum options_result options_parse(int argc, char **argv, struct options *o, struct str *why);
void options_free(struct options *o);
void options_usage(struct str *out); // the text of --help

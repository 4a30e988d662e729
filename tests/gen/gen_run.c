// SPDX-License-Identifier: Apache-2.0
// gen_run.c - random scripts on this kernel against the interpreter.
//
//   gen_run [-n COUNT] [-s SEED] [-l LINES] [-q]    COUNT scripts from SEED on (SPILE_GEN_SEED; else the clock), of about
//                                                   LINES statements each (0: of all sizes); -q: failures are not shrunk
//   gen_run -p SEED [-l LINES]                      prints the script of a seed
//   gen_run FILE...                                 tries these scripts
//   gen_run -w WORLD -o DIR [-n COUNT] [-s SEED]    compiles COUNT scripts for another kernel, whose types are in WORLD: DIR/SEED.spo
//                                                   and what it must print, DIR/SEED.want. Scripts that ask who runs them are left
//                                                   out, and those for which that kernel lacks something
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/str.h"
#include "base/util.h"
#include "tests/gen/gen.h"

#define SECONDS 600 // for a script that does not end: slow machines, and slow builds, take long

struct options {
	uint64_t count, seed;
	unsigned lines;
	bool print, keep;
	const char *world, *folder;
	char **files;
	int nfiles;
};

// Most scripts are short: what fails in a long one mostly fails in a short one too.
static unsigned size_of(const struct options *o, uint64_t seed)
{
	static const unsigned sizes[] = { 3, 5, 8, 8, 12, 12, 20, 20, 40, 60 };
	unsigned pick = (unsigned)(seed * 0x9e3779b97f4a7c15ull >> 40) % 200;

	if (o->lines)
		return o->lines;
	return pick == 0 ? 400 : sizes[pick % ARRAY_SIZE(sizes)];
}

static bool parse(struct options *o, int argc, char **argv)
{
	const char *env = getenv("SPILE_GEN_SEED");

	*o = (struct options){ .count = 200, .seed = env ? strtoull(env, NULL, 0) : (uint64_t)time(NULL) * 100000 };
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-') {
			o->files = argv + i;
			o->nfiles = argc - i;
			break;
		}
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		switch (argv[i][1]) {
		case 'n': o->count = strtoull(value, NULL, 0); i++; break;
		case 's': o->seed = strtoull(value, NULL, 0); i++; break;
		case 'l': o->lines = (unsigned)strtoul(value, NULL, 0); i++; break;
		case 'p': o->print = true; o->seed = strtoull(value, NULL, 0); i++; break;
		case 'w': o->world = value; i++; break;
		case 'o': o->folder = value; i++; break;
		case 'q': o->keep = true; break;
		default: return false;
		}
	}
	return !o->world == !o->folder;
}

static void say_failure(const struct options *o, uint64_t seed, enum verdict v, const struct str *text, const struct str *report)
{
	_str_ struct str small = { 0 }, again = { 0 };

	printf("seed %" PRIu64 " (-l %u): %s; again: gen_run -s %" PRIu64 " -n 1\n%s", seed, size_of(o, seed), verdict_name(v), seed, str_z(report));
	fflush(stdout); // making it smaller takes a while
	if (!o->keep && v != CHECKER) {
		shrink(v, text->p, text->n, &small);
		trial_apart(small.p, small.n, SECONDS, &again);
		printf("--- smallest script that fails alike\n%s--- which says\n%s---\n", str_z(&small), str_z(&again));
	}
	fflush(stdout);
}

static enum verdict run_seed(const struct options *o, uint64_t seed)
{
	_str_ struct str text = { 0 }, report = { 0 };
	enum verdict v;

	gen_script(seed, size_of(o, seed), &text);
	v = trial_apart(text.p, text.n, SECONDS, &report);
	if (v != PASSED && v != LACKING)
		say_failure(o, seed, v, &text, &report);
	return v;
}

// For another kernel -----------------------------------------------------------------------------------------------------

// The generator's own `if (pid == 0)`, which keeps what stands in it from being run, is no question.
static bool asks_who(const char *text)
{
	static const char *const words[] = { "pid", "tid", "uid", "gid" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		for (const char *at = text; (at = strstr(at, words[i])); at += 3)
			if (strncmp(at, "pid == 0) {", 11) != 0)
				return true;
	return false;
}

static enum verdict build_seed(const struct options *o, uint64_t seed, const struct str *text)
{
	_str_ struct str report = { 0 }, path = { 0 };
	enum verdict v;

	str_printf(&path, "%s/%" PRIu64, o->folder, seed);
	v = trial_build_apart(text->p, text->n, SECONDS, o->world, path.p, &report);
	if (v != PASSED && v != LACKING)
		printf("seed %" PRIu64 ": %s\n%s", seed, verdict_name(v), str_z(&report));
	fflush(stdout);
	return v;
}

static int build_many(const struct options *o)
{
	uint64_t done[VERDICTS] = { 0 }, n = 0;

	prctl(PR_SET_NAME, "spile"); // who will run them
	for (uint64_t seed = o->seed; done[PASSED] < o->count && n < 10 * o->count; seed++) {
		_str_ struct str text = { 0 };

		gen_script(seed, size_of(o, seed), &text);
		if (asks_who(text.p))
			continue;
		done[build_seed(o, seed, &text)]++;
		n++;
	}
	printf("%" PRIu64 " built, %" PRIu64 " not for that kernel, %" PRIu64 " failed\n", done[PASSED], done[LACKING], n - done[PASSED] - done[LACKING]);
	return done[PASSED] != o->count || n != done[PASSED] + done[LACKING];
}

static bool try_file(const char *path)
{
	_fclose_ FILE *f = fopen(path, "r");
	_str_ struct str text = { 0 }, report = { 0 };
	enum verdict v;

	if (!f) {
		perror(path);
		return false;
	}
	for (int c = getc(f); c != EOF; c = getc(f))
		str_addc(&text, (char)c);
	v = trial_apart(str_z(&text), text.n, SECONDS, &report);
	printf("%s%s: %s\n", str_z(&report), path, verdict_name(v));
	fflush(stdout);
	return v == PASSED || v == LACKING;
}

static int run_files(const struct options *o)
{
	bool good = true;

	for (int i = 0; i < o->nfiles; i++)
		good &= try_file(o->files[i]);
	return !good;
}

static int run_many(const struct options *o)
{
	uint64_t count[VERDICTS] = { 0 }, failed;

	printf("seed %" PRIu64 ", %" PRIu64 " scripts\n", o->seed, o->count);
	fflush(stdout);
	for (uint64_t i = 0; i < o->count; i++)
		count[run_seed(o, o->seed + i)]++;
	failed = o->count - count[PASSED] - count[LACKING];
	for (unsigned v = PASSED + 1; v < VERDICTS; v++)
		if (count[v])
			printf("%" PRIu64 " %s\n", count[v], verdict_name((enum verdict)v));
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", count[PASSED], failed);
	return failed != 0;
}

int main(int argc, char **argv)
{
	_str_ struct str text = { 0 };
	struct options o;

	if (!parse(&o, argc, argv)) {
		fputs("usage: gen_run [-n COUNT] [-s SEED] [-l LINES] [-q] | -p SEED [-l LINES] | -w WORLD -o DIR [-n COUNT] [-s SEED] | FILE...\n", stderr);
		return 2;
	}
	if (o.nfiles)
		return run_files(&o);
	if (o.world)
		return build_many(&o);
	if (!o.print)
		return run_many(&o);
	gen_script(o.seed, size_of(&o, o.seed), &text);
	fputs(str_z(&text), stdout);
	return 0;
}

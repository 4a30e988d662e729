// SPDX-License-Identifier: Apache-2.0
#include "cli/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "cli/options.h"
#include "cli/run.h"

#define USUAL_FILE "spile-profile.svg"
#define USUAL_HZ 99 // not 100: in step with nothing that happens a hundred times a second
#define MOST_HZ 100000
#define MOST_SECONDS (10u * 365 * 86400)
#define STACKS 16384 // different ones

static const struct {
	const char *end, *sink;
} kinds[] = {
	{ ".svg", "flamegraph" }, { ".folded", "folded" }, { ".txt", "folded" }, { ".pprof", "pprof" }, { ".pb", "pprof" }, { ".pb.gz", "pprof" },
};

static const char *sink_of(const char *file)
{
	size_t n = strlen(file);

	if (!strcmp(file, "-"))
		return "folded";
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t m = strlen(kinds[i].end);

		if (n > m && !strcmp(file + n - m, kinds[i].end))
			return kinds[i].sink;
	}
	return NULL;
}

static void quoted(const char *text, struct str *out)
{
	str_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			str_addc(out, '\\');
		str_addc(out, *text);
	}
	str_addc(out, '"');
}

static bool number(const char *text, unsigned long most, unsigned long *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*ret = strtoul(text, &end, 10);
	return !*end && *ret >= 1 && *ret <= most;
}

static bool write_script(const struct options *o, const char *file, struct str *out)
{
	const char *sink = sink_of(file);
	unsigned long hz = USUAL_HZ, seconds = 0;

	if (!sink)
		return fprintf(stderr, "ERROR: '%s' does not say what to write: .svg is a flame graph, .folded is text, .pprof or .pb.gz is for pprof, - is folded text on standard output\n", file), false;
	if (o->frequency && !number(o->frequency, MOST_HZ, &hz))
		return fprintf(stderr, "ERROR: -F takes samples a second, 1 to %d, not '%s'\n", MOST_HZ, o->frequency), false;
	if (o->nparams > 1 || (o->nparams && !number(o->params[0], MOST_SECONDS, &seconds)))
		return fprintf(stderr, "ERROR: behind its options, profile takes how many seconds it is to last, not '%s'\n", o->params[o->nparams > 1]), false;
	str_printf(out, "config = { max_map_keys=%d }\nprobe samples {\n\ton profile:hz:%lu\n\tfilter %s\n", STACKS, hz,
		   o->child ? "pid == cpid" : "pid != 0"); // the idle task is nobody's time; -p filters by itself
	str_printf(out, "\tmeasure samples = count() by comm, ustack, kstack\n\texport %s(", sink);
	if (strcmp(file, "-"))
		quoted(file, out);
	str_adds(out, ")\n}\n");
	if (seconds)
		str_printf(out, "interval:s:%lu { exit() }\n", seconds);
	return true;
}

struct words {
	VEC(char *) v;
};

static void add(struct words *w, const char *word)
{
	vec_push(NULL, &w->v, (char *)word);
}

// The command line of the script's own run, which the compiler is given too.
static void make_words(const struct options *o, const char *pid, const char *script, struct words *w)
{
	add(w, "spile");
	add(w, "-q");
	if (o->verbose)
		add(w, "-v");
	if (o->no_cache)
		add(w, "--no-cache");
	if (o->no_warnings)
		add(w, "--no-warnings");
	if (o->debug) {
		add(w, "-d");
		add(w, o->debug);
	}
	if (o->pid) {
		add(w, "-p");
		add(w, pid);
	}
	if (o->child) {
		add(w, "-c");
		add(w, o->child);
	}
	add(w, "-e");
	add(w, script);
	add(w, NULL);
}

static int run(char **argv, int argc)
{
	_str_ struct str why = { 0 };
	struct options o;
	int status = 1;

	if (options_parse(argc, argv, &o, &why) == OPTIONS_OK)
		status = cmd_run(&o, argv);
	else
		fprintf(stderr, "ERROR: %s\n", str_z(&why));
	options_free(&o);
	return status;
}

int cmd_profile(const struct options *o)
{
	const char *file = o->output ? o->output : USUAL_FILE;
	_str_ struct str script = { 0 };
	struct words w = { 0 };
	char pid[16];
	struct stat st;
	int status;

	if (!write_script(o, file, &script))
		return 1;
	snprintf(pid, sizeof pid, "%d", (int)o->pid);
	make_words(o, pid, script.p, &w);
	if (!o->child && !o->nparams && !o->quiet && !o->debug)
		fprintf(stderr, "sampling %s; Ctrl-C ends it\n", o->pid ? "the process" : "all processes");
	status = run(w.v.v, (int)w.v.n - 1);
	vec_free(&w.v);
	if (!status && !o->quiet && !o->debug && strcmp(file, "-") && stat(file, &st) == 0)
		fprintf(stderr, "wrote %s (%.1f KB)%s\n", file, (double)st.st_size / 1000, strstr(file, ".svg") ? ": open it in a browser" : "");
	return status;
}

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
#include "cli/profile_script.h"
#include "cli/run.h"

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

static int run(char **argv, int argc, const struct profile_request *q)
{
	_str_ struct str why = { 0 };
	struct options o;
	int status = 1;

	if (options_parse(argc, argv, &o, &why) == OPTIONS_OK) {
		o.profile = q;
		status = cmd_run(&o, argv);
	} else {
		fprintf(stderr, "ERROR: %s\n", str_z(&why));
	}
	options_free(&o);
	return status;
}

static void tell_begin(const struct options *o, const struct profile_request *q)
{
	_str_ struct str whose = { 0 };

	profile_whose(o, q, &whose);
	fprintf(stderr, "profiling %s", str_z(&whose));
	if (q->seconds)
		fprintf(stderr, " for %lu s\n", q->seconds);
	else
		fputs(o->child ? "\n" : "; Ctrl-C ends it\n", stderr);
}

static void tell_end(const struct profile_request *q)
{
	struct stat st;

	if (strcmp(q->file, "-") && stat(q->file, &st) == 0)
		fprintf(stderr, "wrote %s (%.1f KB)%s\n", q->file, (double)st.st_size / 1000, strstr(q->file, ".svg") ? ": open it in a browser" : "");
}

int cmd_profile(const struct options *o)
{
	_str_ struct str script = { 0 }, why = { 0 };
	struct profile_request q;
	struct words w = { 0 };
	int status = 1;
	char pid[16];

	if (profile_request_make(o, &q, &why)) {
		profile_script(o, &q, &script);
		snprintf(pid, sizeof pid, "%d", (int)o->pid);
		make_words(o, pid, script.p, &w);
		if (q.tells)
			tell_begin(o, &q);
		status = run(w.v.v, (int)w.v.n - 1, &q);
		vec_free(&w.v);
		if (q.tells && !status)
			tell_end(&q);
	} else {
		fprintf(stderr, "ERROR: %s\n", str_z(&why));
	}
	profile_request_free(&q);
	return status;
}

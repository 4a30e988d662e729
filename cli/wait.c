// SPDX-License-Identifier: Apache-2.0
#include "cli/wait.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "cli/compile.h"
#include "cli/options.h"
#include "cli/script.h"
#include "cli/signals.h"

#define LOOK_US 200000

// What is missing, as it is said once.
static void say(const struct diag *d)
{
	for (size_t i = 0; i < d->nitems; i++)
		if (d->items[i].code == E_NO_PROGRAM)
			fprintf(stderr, "Waiting: %s\n", d->items[i].text);
		else if (i && d->items[i].severity == SEV_HINT && d->items[i - 1].code == E_NO_PROGRAM)
			fprintf(stderr, "HINT: %s\n", d->items[i].text);
	fputs("It is looked for until Ctrl-C; with --no-wait this is an error.\n", stderr);
}

bool wait_is_due(const struct options *o, const struct diag *d)
{
	unsigned n = 0;

	// a command may start what is looked for, once everything is attached
	if (o->no_wait || o->child || o->dry_run || o->dumps || o->mode != MODE_TRACE || o->command != CMD_RUN)
		return false;
	for (size_t i = 0; i < d->nitems; i++) {
		if (d->items[i].severity == SEV_ERROR && d->items[i].code != E_NO_PROGRAM)
			return false;
		n += d->items[i].code == E_NO_PROGRAM;
	}
	return n > 0;
}

static bool is_missing(const struct options *o, const struct script *s, bool first)
{
	struct machine m;
	bool missing;

	machine_init(&m, o, NULL);
	compile_script(&m, o, s);
	missing = wait_is_due(o, &m.diag);
	if (missing && first)
		say(&m.diag);
	machine_free(&m);
	return missing;
}

bool wait_for_programs(const struct options *o, const struct script *s)
{
	for (bool first = true; is_missing(o, s, first); first = false) {
		if (*signals_stop())
			return false;
		usleep(LOOK_US);
	}
	return true;
}

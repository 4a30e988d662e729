// SPDX-License-Identifier: Apache-2.0
// spile - the executable that traces. No LLVM in it: see compiler.h.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/check.h"
#include "cli/describe.h"
#include "cli/doctor.h"
#include "cli/fmt.h"
#include "cli/info.h"
#include "cli/list.h"
#include "cli/options.h"
#include "cli/profile.h"
#include "cli/repl.h"
#include "cli/run.h"
#include "cli/shipped.h"
#include "cli/test.h"
#include "cli/world.h"

static int print_usage(FILE *to)
{
	_str_ struct str text = { 0 };

	options_usage(&text);
	fputs(text.p, to);
	return fflush(to) || to == stderr ? 1 : 0;
}

static int complain(enum options_result r, const struct str *why)
{
	if (why->n)
		fprintf(stderr, "%s%s\n", strncmp(why->p, "USAGE", 5) ? "ERROR: " : "", why->p);
	return r == OPTIONS_BAD_USAGE ? print_usage(stderr) : 1;
}

static void check_color(void)
{
	const char *how = getenv("BPFTRACE_COLOR");

	if (how && *how && strcmp(how, "always") && strcmp(how, "never") && strcmp(how, "auto"))
		fprintf(stderr, "WARNING: BPFTRACE_COLOR is '%s'; it can be auto, always or never\n", how);
}

int main(int argc, char **argv)
{
	struct options o;
	_str_ struct str why = { 0 };
	enum options_result r = options_parse(argc, argv, &o, &why);
	int status = 1;

	check_color();
	if (r != OPTIONS_OK) {
		status = complain(r, &why);
	} else {
		switch (o.command) {
		case CMD_RUN:
		case CMD_EXPLAIN:
		case CMD_BUILD: status = cmd_run(&o, argv); break;
		case CMD_LIST: status = cmd_list(&o); break;
		case CMD_DOCTOR: status = cmd_doctor(&o); break;
		case CMD_PROFILE: status = cmd_profile(&o); break;
		case CMD_CHECK: status = cmd_check(&o, argv); break;
		case CMD_WORLD: status = cmd_world(&o); break;
		case CMD_FMT: status = cmd_fmt(&o); break;
		case CMD_REPL: status = cmd_repl(&o); break;
		case CMD_SCRIPTS: status = cmd_scripts(o.nparams ? o.params[0] : NULL); break;
		case CMD_TEST: status = cmd_test(&o, argv); break;
		case CMD_INFO: status = cmd_info(&o); break;
		case CMD_HELP: status = o.file ? cmd_describe(&o) : print_usage(stdout); break;
		case CMD_VERSION:
			printf("spile v" SPILE_VERSION "\nbpftrace v0.27.0 compatible\n");
			status = fflush(stdout) ? 1 : 0;
			break;
		}
	}
	options_free(&o);
	return status;
}

// SPDX-License-Identifier: Apache-2.0
#include "cli/describe.h"

#include <stdio.h>

#include "base/str.h"
#include "cli/compile.h"
#include "cli/options.h"
#include "cli/script.h"
#include "cli/shipped.h"

int cmd_describe(const struct options *given)
{
	_str_ struct str why = { 0 }, head = { 0 };
	struct options o = *given;
	struct machine m;
	struct script s;

	if (!script_read(&o, &s, &why)) {
		fprintf(stderr, "ERROR: %s\n", why.p);
	} else if (s.object) {
		fprintf(stderr, "ERROR: '%s' is compiled: only its source can say what it is for\n", s.name);
	} else {
		shipped_head(str_z(&s.text), s.text.n, &head);
		printf("%s\n", str_z(&head));
		o.dumps = 1u << DUMP_PARAMS;
		machine_init(&m, &o, NULL);
		compile_script(&m, &o, &s); // what this machine lacks for it is not asked here
		machine_free(&m);
	}
	script_free(&s);
	return fflush(stdout) || why.n || s.object ? 1 : 0;
}

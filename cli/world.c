// SPDX-License-Identifier: Apache-2.0
#include "cli/world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "cli/options.h"
#include "runtime/world_file.h"

int cmd_world(const struct options *o)
{
	_str_ struct str bytes = { 0 };
	const char *path = o->params[1];
	unsigned lacks = 0;
	int err = world_save(&bytes, &lacks);
	_fclose_ FILE *f = err ? NULL : fopen(path, "we");

	if (err) {
		fprintf(stderr, "ERROR: this kernel's type information (BTF) cannot be read: %s\n", strerror(-err));
		return 1;
	}
	if (!f || fwrite(bytes.p, 1, bytes.n, f) != bytes.n || fflush(f)) {
		fprintf(stderr, "ERROR: cannot write '%s': %s\n", path, strerror(errno));
		return 1;
	}
	if (lacks)
		fprintf(stderr, "WARNING: %u of this kernel's modules, tracepoints or lists could not be read; root may\n", lacks);
	return 0;
}

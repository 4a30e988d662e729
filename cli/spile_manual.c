// SPDX-License-Identifier: Apache-2.0
// spile-manual PAGE|bash|zsh - a tool of the build: writes what is installed beside spile, on standard output.
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "cli/manual.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *what;
		void (*make)(struct str *out);
	} kinds[] = { { "page", manual_page }, { "bash", manual_bash }, { "zsh", manual_zsh } };
	_str_ struct str out = { 0 };

	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(argv[1], kinds[i].what))
			kinds[i].make(&out);
	fputs(str_z(&out), stdout);
	return !out.n || fflush(stdout) ? 1 : 0;
}

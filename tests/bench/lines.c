// SPDX-License-Identifier: Apache-2.0
// lines FILE <ADDRESSES - what llvm-symbolizer and addr2line do with -f -i -a: for each address (hexadecimal, a line each) of a
// file with DWARF its functions and lines, innermost first, by Spile's reader. For measuring, and to compare what they say.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/symbols/demangle.h"
#include "runtime/symbols/lines.h"

int main(int argc, char **argv)
{
	VEC(uint64_t) ask = { 0 };
	struct lines *l = NULL;
	struct demangler demangler = { 0 };
	char text[64];

	if (argc != 2 || lines_open_file(argv[1], &l) < 0) {
		fprintf(stderr, "usage: lines FILE-WITH-DWARF <ADDRESSES\n");
		return 2;
	}
	while (fgets(text, sizeof text, stdin))
		vec_push(NULL, &ask, strtoull(text, NULL, 16));
	_free_ struct line_frames *found = xcalloc(ask.n, sizeof *found);
	lines_find(l, ask.v, ask.n, found);
	for (size_t i = 0; i < ask.n; i++) {
		printf("0x%lx\n", ask.v[i]);
		for (uint32_t k = 0; k < found[i].n; k++) {
			const struct line_frame *f = &found[i].at[k];
			_free_ char *name = f->function ? demangle(&demangler, f->function) : NULL;

			printf("%s\n%s:%u:%u\n", name ? name : f->function ? f->function : "??", f->file ? f->file : "??", f->line, f->column);
		}
		if (!found[i].n)
			printf("??\n??:0:0\n");
		puts("");
	}
	lines_free(l);
	demangler_close(&demangler);
	vec_free(&ask);
	return 0;
}

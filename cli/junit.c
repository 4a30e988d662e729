// SPDX-License-Identifier: Apache-2.0
#include "cli/junit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

// XML 1.0 has no way to write other control characters.
static void add_text(struct str *out, const char *text)
{
	for (; *text; text++)
		if (strchr("<>&\"", *text))
			str_printf(out, "&#%d;", *text);
		else if ((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t')
			str_addc(out, *text);
}

void junit_add(struct junit *j, const char *class, const char *name, const char *why, uint64_t ns)
{
	str_adds(&j->cases, "  <testcase classname=\"");
	add_text(&j->cases, class);
	str_adds(&j->cases, "\" name=\"");
	add_text(&j->cases, name);
	str_addc(&j->cases, '"');
	if (ns)
		str_printf(&j->cases, " time=\"%llu.%03llu\"", (unsigned long long)(ns / 1000000000), (unsigned long long)(ns / 1000000 % 1000));
	if (why) {
		str_adds(&j->cases, "><failure>");
		add_text(&j->cases, why);
		str_adds(&j->cases, "</failure></testcase>\n");
	} else {
		str_adds(&j->cases, "/>\n");
	}
	j->n++;
	j->failed += why != NULL;
}

int junit_write(const struct junit *j, const char *suite, const char *path)
{
	_fclose_ FILE *f = fopen(path, "we");

	if (f)
		fprintf(f, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"%s\" tests=\"%zu\" failures=\"%zu\">\n%s</testsuite>\n", suite, j->n,
			j->failed, str_z(&j->cases));
	if (f && !fflush(f) && !ferror(f))
		return 0;
	fprintf(stderr, "ERROR: cannot write '%s': %s\n", path, strerror(errno));
	return 1;
}

void junit_free(struct junit *j)
{
	str_free(&j->cases);
}

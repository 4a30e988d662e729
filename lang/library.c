// SPDX-License-Identifier: Apache-2.0
#include "lang/library.h"

#include <string.h>

#include "base/str.h"
#include "base/util.h"

extern const struct library_text library_texts[]; // made by the build from stdlib/*.spile; the last has no name

const struct library_text *library_named(const char *name)
{
	size_t n = strlen(name);

	for (const struct library_text *t = library_texts; t->name; t++)
		if (strncmp(t->name, name, n) == 0 && (!t->name[n] || strcmp(t->name + n, ".spile") == 0))
			return t;
	return NULL;
}

const struct library_text *library_defines(const char *macro)
{
	_str_ struct str head = { 0 };

	str_printf(&head, "\nmacro %s(", macro);
	for (const struct library_text *t = library_texts; t->name; t++)
		if (memmem(t->text, (size_t)(t->end - t->text), head.p, head.n))
			return t;
	return NULL;
}

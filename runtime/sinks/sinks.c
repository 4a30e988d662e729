// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/sinks.h"

#include <string.h>

const struct sink *const sinks[] = { &sink_text, &sink_json, NULL };

const struct sink *sink_find(const char *name)
{
	for (const struct sink *const *s = sinks; *s; s++)
		if (strcmp((*s)->name, name) == 0)
			return *s;
	return NULL;
}

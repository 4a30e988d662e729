// SPDX-License-Identifier: Apache-2.0
//
// Folded stacks, the text that flame graph tools read: root;…;leaf COUNT, sorted. They take whole numbers: of times, microseconds.
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/sinks/export_sinks.h"
#include "runtime/sinks/profile.h"
#include "runtime/sinks/profile_file.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static uint64_t weight(const struct profile *p, uint64_t self)
{
	return profile_unit(p) == UNIT_NS ? (self + 500) / 1000 : self;
}

static char *line(const struct profile *p, const struct profile_node *nodes, uint32_t at)
{
	struct str s = { 0 };

	if (at)
		profile_path(p, nodes, at, &s);
	else
		str_adds(&s, "[no frames]");
	str_addc(&s, ' ');
	str_u64(&s, weight(p, nodes[at].self));
	str_addc(&s, '\n');
	return s.p;
}

static void folded_close(void *state, uint64_t deadline_ns, struct export_totals *ret)
{
	struct profile_file *f = state;
	size_t n, lines = 0;
	const struct profile_node *nodes = profile_nodes(f->profile, &n);
	_free_ char **text = xcalloc(n, sizeof *text);
	_str_ struct str all = { 0 };

	for (uint32_t i = 0; i < n; i++)
		if (weight(f->profile, nodes[i].self))
			text[lines++] = line(f->profile, nodes, i);
	qsort(text, lines, sizeof *text, by_text);
	for (size_t i = 0; i < lines; i++) {
		str_adds(&all, text[i]);
		free(text[i]);
	}
	profile_file_write(f, &all, ret);
}

const struct export_sink export_sink_folded = {
	.name = "folded", .open = profile_file_open, .record = profile_file_record, .measures = profile_file_measures, .close = folded_close,
	.free = profile_file_free,
};

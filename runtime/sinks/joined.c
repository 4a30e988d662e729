// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/joined.h"

#include "base/map.h"
#include "base/util.h"

static size_t rows_most(const struct export_measures *ms)
{
	size_t n = 0;

	for (uint32_t i = 0; i < ms->stream->n_measures; i++)
		n += ms->measure[i].n;
	return n;
}

static struct joined_row *row_of(struct joined *j, struct map *index, const struct export_measures *ms, const struct map_entry_view *e)
{
	void **at = map_put(index, e->key ? e->key : "", e->key ? e->key_type->size : 0);

	if (!*at) {
		struct joined_row *r = &j->v[j->n];

		*r = (struct joined_row){ .key = e->key, .value = j->values + j->n * ms->stream->n_measures };
		j->n++;
		*at = r;
	}
	return *at;
}

void joined_make(const struct export_measures *ms, struct joined *ret)
{
	size_t most = rows_most(ms);
	struct map index;

	map_init(&index, NULL);
	*ret = (struct joined){ .v = xcalloc(most, sizeof *ret->v), .values = xcalloc(most * ms->stream->n_measures, sizeof *ret->values) };
	for (uint32_t i = 0; i < ms->stream->n_measures; i++)
		for (size_t k = 0; k < ms->measure[i].n; k++)
			row_of(ret, &index, ms, &ms->measure[i].entries[k])->value[i] = ms->measure[i].entries[k].value;
	map_free(&index);
}

void joined_free(struct joined *j)
{
	free(j->v);
	free(j->values);
}

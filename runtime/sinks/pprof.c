// SPDX-License-Identifier: Apache-2.0
//
// profile.proto, gzipped: one sample per distinct stack; a function, and a location, per distinct name.
#include <time.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/sinks/export_sinks.h"
#include "runtime/sinks/gzip.h"
#include "runtime/sinks/profile.h"
#include "runtime/sinks/profile.pb-c.h"
#include "runtime/sinks/profile_file.h"

#define FIRST_NAME 3 // in the string table, behind "", what is counted and its unit

struct pprof_file {
	struct profile_file file; // first
	uint64_t began; // ns since 1970
};

static void *list(struct arena *a, size_t n)
{
	return arena_alloc(a, MAX(n, (size_t)1) * sizeof(void *));
}

static void add_strings(struct arena *a, Pprof__Profile *m, const struct profile *p)
{
	bool ns = profile_unit(p) == UNIT_NS;

	m->n_string_table = profile_names(p) + FIRST_NAME;
	m->string_table = list(a, m->n_string_table);
	m->string_table[0] = (char *)"";
	m->string_table[1] = (char *)(ns ? "time" : "samples");
	m->string_table[2] = (char *)(ns ? "nanoseconds" : "count");
	for (size_t i = 0; i < profile_names(p); i++)
		m->string_table[FIRST_NAME + i] = (char *)profile_name(p, (uint32_t)i);
}

static Pprof__Location *location(struct arena *a, uint64_t id)
{
	Pprof__Location *l = arena_new_(a, Pprof__Location);

	pprof__location__init(l);
	l->id = id;
	l->n_line = 1;
	l->line = list(a, 1);
	l->line[0] = arena_new_(a, Pprof__Line);
	pprof__line__init(l->line[0]);
	l->line[0]->function_id = id;
	return l;
}

static void add_functions(struct arena *a, Pprof__Profile *m, const struct profile *p)
{
	size_t n = profile_names(p);

	m->n_function = m->n_location = n;
	m->function = list(a, n);
	m->location = list(a, n);
	for (size_t i = 0; i < n; i++) {
		Pprof__Function *f = m->function[i] = arena_new_(a, Pprof__Function);

		pprof__function__init(f);
		f->id = i + 1;
		f->name = f->system_name = (int64_t)(i + FIRST_NAME);
		m->location[i] = location(a, i + 1);
	}
}

static Pprof__Sample *sample(struct arena *a, const struct profile_node *nodes, uint32_t at)
{
	Pprof__Sample *s = arena_new_(a, Pprof__Sample);

	pprof__sample__init(s);
	for (uint32_t i = at; i; i = nodes[i].parent)
		s->n_location_id++;
	s->location_id = arena_array(a, uint64_t, MAX(s->n_location_id, (size_t)1));
	for (uint32_t i = at, k = 0; i; i = nodes[i].parent)
		s->location_id[k++] = nodes[i].name + 1;
	s->n_value = 1;
	s->value = arena_array(a, int64_t, 1);
	s->value[0] = (int64_t)nodes[at].self;
	return s;
}

static void add_samples(struct arena *a, Pprof__Profile *m, const struct profile_node *nodes, size_t n)
{
	m->sample = list(a, n);
	for (uint32_t i = 0; i < n; i++)
		if (nodes[i].self)
			m->sample[m->n_sample++] = sample(a, nodes, i);
}

static void add_header(struct arena *a, Pprof__Profile *m, uint64_t began)
{
	m->n_sample_type = 1;
	m->sample_type = list(a, 1);
	m->sample_type[0] = arena_new_(a, Pprof__ValueType);
	pprof__value_type__init(m->sample_type[0]);
	m->sample_type[0]->type = 1;
	m->sample_type[0]->unit = 2;
	m->time_nanos = (int64_t)began;
	m->duration_nanos = (int64_t)(clock_ns(CLOCK_REALTIME) - began);
}

static int pprof_open(const struct export_context *c, void **state)
{
	void *file;
	int err = profile_file_open(c, &file);

	if (err)
		return err;
	struct pprof_file *f = xrealloc(file, sizeof *f);
	f->began = clock_ns(CLOCK_REALTIME);
	*state = f;
	return 0;
}

static void pprof_close(void *state, uint64_t deadline_ns, struct export_totals *ret)
{
	struct pprof_file *f = state;
	Pprof__Profile m = PPROF__PROFILE__INIT;
	struct arena *a = arena_new();
	_str_ struct str bytes = { 0 }, packed = { 0 };
	size_t n;
	const struct profile_node *nodes = profile_nodes(f->file.profile, &n);

	add_header(a, &m, f->began);
	add_strings(a, &m, f->file.profile);
	add_functions(a, &m, f->file.profile);
	add_samples(a, &m, nodes, n);
	str_reserve(&bytes, pprof__profile__get_packed_size(&m));
	bytes.n = pprof__profile__pack(&m, (uint8_t *)bytes.p);
	gzip_bytes(bytes.p, bytes.n, &packed);
	profile_file_write(&f->file, &packed, ret);
	arena_free(a);
}

const struct export_sink export_sink_pprof = {
	.name = "pprof", .open = pprof_open, .record = profile_file_record, .measures = profile_file_measures, .close = pprof_close,
	.free = profile_file_free,
};

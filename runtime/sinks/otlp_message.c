// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/otlp_message.h"

#include <math.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/hist.h"
#include "runtime/sinks/column.h"
#include "runtime/sinks/measure.h"
#include "runtime/sinks/otlp.pb-c.h"
#include "runtime/value.h"

#define KIND_INTERNAL 1
#define SEVERITY_INFO 9
#define CUMULATIVE 2

// Identifiers ---------------------------------------------------------------------------------------------------------

void otlp_ids_init(struct otlp_ids *ids)
{
	struct timespec t;

	if (getrandom(ids->state, sizeof ids->state, 0) == (ssize_t)sizeof ids->state)
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	*ids = (struct otlp_ids){ { (uint64_t)t.tv_nsec * 0x9e3779b97f4a7c15u + 1, (uint64_t)t.tv_sec } };
}

// xorshift128+ (Vigna, "Further scramblings of Marsaglia's xorshift generators"): IDs must be distinct, not secret.
static uint64_t next_id(struct otlp_ids *ids)
{
	uint64_t a = ids->state[0], b = ids->state[1];

	ids->state[0] = b;
	a ^= a << 23;
	ids->state[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
	uint64_t id = ids->state[1] + b;
	return id ? id : 1; // zero is no valid ID
}

// Attributes ----------------------------------------------------------------------------------------------------------

struct attributes {
	struct arena *a;
	Otlp__KeyValue **v;
	size_t n;
};

static Otlp__AnyValue *add(struct attributes *t, const char *key)
{
	Otlp__KeyValue *kv = arena_new_(t->a, Otlp__KeyValue);

	otlp__key_value__init(kv);
	kv->key = (char *)key;
	kv->value = arena_new_(t->a, Otlp__AnyValue);
	otlp__any_value__init(kv->value);
	t->v[t->n++] = kv;
	return kv->value;
}

static void add_text(struct attributes *t, const char *key, const char *text)
{
	Otlp__AnyValue *v = add(t, key);

	v->value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE;
	v->string_value = (char *)text;
}

static void add_integer(struct attributes *t, const char *key, int64_t n)
{
	Otlp__AnyValue *v = add(t, key);

	v->value_case = OTLP__ANY_VALUE__VALUE_INT_VALUE;
	v->int_value = n;
}

static struct attributes attributes(struct arena *a, size_t most)
{
	return (struct attributes){ .a = a, .v = arena_array(a, Otlp__KeyValue *, MAX(most, (size_t)1)) };
}

// A proto3 string must be UTF-8: what a traced program holds may be anything.
static char *utf8(struct arena *a, const char *p, size_t n)
{
	char *text = arena_strndup(a, p, n);

	for (unsigned char *c = (unsigned char *)text; *c;) {
		unsigned more = *c < 0x80 ? 0 : *c >= 0xc2 && *c < 0xe0 ? 1 : *c >= 0xe0 && *c < 0xf0 ? 2 : *c >= 0xf0 && *c < 0xf5 ? 3 : 4;
		unsigned has = 0;

		while (has < more && more < 4 && (c[has + 1] & 0xc0) == 0x80)
			has++;
		bool wrong = more == 4 || has < more || (more == 2 && ((*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f))) ||
			     (more == 3 && ((*c == 0xf0 && c[1] < 0x90) || (*c == 0xf4 && c[1] > 0x8f)));
		if (wrong)
			*c++ = '?';
		else
			c += more + 1;
	}
	return text;
}


static void add_frame(void *arg, const char *name, size_t n)
{
	struct str *s = arg;

	if (s->n)
		str_addc(s, '\n');
	str_add(s, name, n);
}

static void add_value(struct attributes *t, const struct export_context *c, const struct plan_column *column, const struct arg_view *v)
{
	_str_ struct str s = { 0 };

	if (column->type->kind == TYPE_BOOL) {
		Otlp__AnyValue *any = add(t, column->name);

		any->value_case = OTLP__ANY_VALUE__VALUE_BOOL_VALUE;
		any->bool_value = arg_integer(v) != 0;
		return;
	}
	if (column_is_number(column) && column->type->kind != TYPE_ENUM) {
		add_integer(t, column->name, arg_integer(v));
		return;
	}
	if (type_is_stack(column->type))
		stack_frames(c->printer, column->type, v, add_frame, &s);
	else
		arg_text(c->printer, v, &s);
	add_text(t, column->name, utf8(t->a, str_z(&s), s.n));
}

// Records -------------------------------------------------------------------------------------------------------------

static struct otlp_item *item_new(enum otlp_signal signal, const ProtobufCMessage *m)
{
	struct otlp_item *i = xcalloc(1, sizeof *i);

	*i = (struct otlp_item){ .signal = signal, .rows = 1, .n = protobuf_c_message_get_packed_size(m) };
	i->bytes = xmalloc(i->n + 1);
	protobuf_c_message_pack(m, i->bytes);
	return i;
}

void otlp_item_free(struct otlp_item *i)
{
	if (i)
		free(i->bytes);
	free(i);
}

static int64_t role_value(const struct export_record *r, enum column_role role)
{
	int i = record_column(r->stream, role);

	return i < 0 ? 0 : arg_integer(&r->column[i]);
}

static struct attributes record_attributes(struct arena *a, const struct export_context *c, const struct export_record *r)
{
	struct attributes t = attributes(a, r->stream->n_columns + 2);

	if (record_column(r->stream, COLUMN_TID) >= 0)
		add_integer(&t, "thread.id", role_value(r, COLUMN_TID));
	for (uint32_t i = 0; i < r->stream->n_columns; i++)
		if (!r->stream->columns[i].hidden)
			add_value(&t, c, &r->stream->columns[i], &r->column[i]);
	if (r->weight > 1)
		add_integer(&t, "spile.weight", r->weight);
	return t;
}

static struct otlp_item *span(const struct export_record *r, struct otlp_ids *ids, const struct attributes *t, uint64_t from)
{
	Otlp__Span m = OTLP__SPAN__INIT;
	uint64_t trace[2] = { next_id(ids), next_id(ids) }, id = next_id(ids);

	m.trace_id = (ProtobufCBinaryData){ sizeof trace, (uint8_t *)trace };
	m.span_id = (ProtobufCBinaryData){ sizeof id, (uint8_t *)&id };
	m.name = (char *)r->stream->name;
	m.kind = KIND_INTERNAL;
	m.start_time_unix_nano = from;
	m.end_time_unix_nano = from + (uint64_t)role_value(r, COLUMN_DURATION);
	m.attributes = t->v;
	m.n_attributes = t->n;
	return item_new(OTLP_TRACES, &m.base);
}

static struct otlp_item *log_record(const struct export_record *r, const struct attributes *t, uint64_t at)
{
	Otlp__LogRecord m = OTLP__LOG_RECORD__INIT;
	Otlp__AnyValue body = OTLP__ANY_VALUE__INIT;

	body.value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE;
	body.string_value = (char *)r->stream->name;
	m.time_unix_nano = m.observed_time_unix_nano = at;
	m.severity_number = SEVERITY_INFO;
	m.body = &body;
	m.event_name = (char *)r->stream->name;
	m.attributes = t->v;
	m.n_attributes = t->n;
	return item_new(OTLP_LOGS, &m.base);
}

static void note_process(struct otlp_item *item, const struct export_context *c, const struct export_record *r)
{
	int comm = record_column(r->stream, COLUMN_COMM);
	_str_ struct str s = { 0 };

	item->pid = (uint64_t)role_value(r, COLUMN_PID);
	if (comm < 0)
		return;
	arg_text(c->printer, &r->column[comm], &s);
	snprintf(item->comm, sizeof item->comm, "%s", str_z(&s));
}

struct otlp_item *otlp_record(const struct export_context *c, struct otlp_ids *ids, const struct export_record *r)
{
	struct arena *a = arena_new();
	struct attributes t = record_attributes(a, c, r);
	uint64_t at = (uint64_t)(role_value(r, COLUMN_TIME) + c->boot_to_epoch_ns);
	bool is_call = record_column(r->stream, COLUMN_DURATION) >= 0;
	struct otlp_item *item = is_call ? span(r, ids, &t, at) : log_record(r, &t, at);

	note_process(item, c, r);
	arena_free(a);
	return item;
}

// Measures ------------------------------------------------------------------------------------------------------------

struct points {
	struct arena *a;
	const struct export_context *c;
	const struct export_measures *ms;
	uint32_t measure;
	uint64_t from, to; // Unix time, ns
};

static struct attributes key_attributes(const struct points *p, const void *key)
{
	const struct plan_stream *s = p->ms->stream;
	struct attributes t = attributes(p->a, s->n_columns);
	struct arg_view member;

	for (uint32_t i = 0; i < s->n_columns && key_member(p->ms->measure[p->measure].map, key, i, &member); i++)
		add_value(&t, p->c, &s->columns[i], &member);
	return t;
}

static Otlp__NumberDataPoint *number(const struct points *p, const struct map_entry_view *e, const struct type *type)
{
	Otlp__NumberDataPoint *d = arena_new_(p->a, Otlp__NumberDataPoint);
	struct attributes t = key_attributes(p, e->key);

	otlp__number_data_point__init(d);
	d->start_time_unix_nano = p->from;
	d->time_unix_nano = p->to;
	d->value_case = OTLP__NUMBER_DATA_POINT__VALUE_AS_INT;
	d->as_int = measure_part_integer(type, e->value, 0);
	d->attributes = t.v;
	d->n_attributes = t.n;
	return d;
}

static void add_bucket(Otlp__HistogramDataPoint *d, double to, uint64_t count)
{
	if (isfinite(to))
		d->explicit_bounds[d->n_explicit_bounds++] = to - 1; // values are integers, bounds inclusive
	d->bucket_counts[d->n_bucket_counts++] = count;
}

// From the first bucket that holds something to the last, and an empty one on each side that has no bound.
static void explicit_buckets(const struct points *p, Otlp__HistogramDataPoint *d, const struct type *t, const uint64_t *b)
{
	uint32_t first = 0, last = t->count - 1;
	double from = 0, to = 0;

	d->explicit_bounds = arena_array(p->a, double, t->count + 2);
	d->bucket_counts = arena_array(p->a, uint64_t, t->count + 2);
	while (first < last && !b[first])
		first++;
	while (last > first && !b[last])
		last--;
	hist_bounds(t, first, &from, &to);
	if (isfinite(from))
		add_bucket(d, from, 0);
	for (uint32_t i = first; i <= last; i++) {
		hist_bounds(t, i, &from, &to);
		add_bucket(d, to, b[i]);
	}
	if (isfinite(to))
		add_bucket(d, INFINITY, 0);
}

static Otlp__HistogramDataPoint *histogram(const struct points *p, const struct map_entry_view *e, const struct type *type)
{
	Otlp__HistogramDataPoint *d = arena_new_(p->a, Otlp__HistogramDataPoint);
	struct attributes t = key_attributes(p, e->key);

	otlp__histogram_data_point__init(d);
	d->start_time_unix_nano = p->from;
	d->time_unix_nano = p->to;
	d->attributes = t.v;
	d->n_attributes = t.n;
	if (measure_parts(type) == 3) { // avg, stats: a histogram without buckets
		d->count = (uint64_t)measure_part_integer(type, e->value, 0);
		d->total_case = OTLP__HISTOGRAM_DATA_POINT__TOTAL_SUM;
		d->sum = measure_part(type, e->value, 2);
	} else {
		d->count = hist_total(type, e->value);
		explicit_buckets(p, d, type, e->value);
	}
	return d;
}

// hist() with one step per power of two is an exponential histogram of scale 0, but for exact powers, which OpenTelemetry
// counts one lower: its bounds are inclusive.
static bool is_exponential(const struct type *t, const uint64_t *b)
{
	return t->kind == TYPE_HIST && t->a == 0 && b[0] == 0;
}

static Otlp__ExponentialHistogramDataPoint *exponential(const struct points *p, const struct map_entry_view *e, const struct type *type)
{
	Otlp__ExponentialHistogramDataPoint *d = arena_new_(p->a, Otlp__ExponentialHistogramDataPoint);
	struct attributes t = key_attributes(p, e->key);
	const uint64_t *b = e->value;
	uint32_t first = 2, last = type->count - 1;

	otlp__exponential_histogram_data_point__init(d);
	d->start_time_unix_nano = p->from;
	d->time_unix_nano = p->to;
	d->attributes = t.v;
	d->n_attributes = t.n;
	d->count = hist_total(type, b);
	d->zero_count = b[1];
	while (first < last && !b[first])
		first++;
	while (last > first && !b[last])
		last--;
	d->positive = arena_new_(p->a, Otlp__Buckets);
	otlp__buckets__init(d->positive);
	d->positive->offset = (int32_t)first - 2; // bucket 2 is [1, 2): index 0
	d->positive->n_bucket_counts = last - first + 1;
	d->positive->bucket_counts = (uint64_t *)(b + first);
	return d;
}

static bool all_exponential(const struct map_view *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (!is_exponential(v->map->value, v->entries[i].value))
			return false;
	return true;
}

static struct otlp_item *pack(const struct points *p, Otlp__Metric *m, Otlp__Metric__DataCase kind)
{
	const struct plan_measure *measure = &p->ms->stream->measures[p->measure];
	static const char *const ucum[] = {
#define UNIT(NAME, word, code, doc) code,
#include "base/unit.def"
#undef UNIT
	};

	m->name = arena_printf(p->a, "%s.%s", p->ms->stream->name, measure->name);
	m->unit = (char *)ucum[measure->unit];
	m->data_case = kind;
	struct otlp_item *item = item_new(OTLP_METRICS, &m->base);
	item->rows = (uint32_t)p->ms->measure[p->measure].n;
	return item;
}

#define POINTS(p, v, T, make)                                                                                                                  \
	({                                                                                                                                     \
		T **list_ = arena_array((p)->a, T *, (v)->n);                                                                                  \
		for (size_t k_ = 0; k_ < (v)->n; k_++)                                                                                         \
			list_[k_] = make((p), &(v)->entries[k_], (v)->map->value);                                                             \
		list_;                                                                                                                         \
	})

static struct otlp_item *numbers(const struct points *p, const struct map_view *v)
{
	Otlp__Metric m = OTLP__METRIC__INIT;
	Otlp__Sum sum = OTLP__SUM__INIT;
	Otlp__Gauge gauge = OTLP__GAUGE__INIT;
	const struct type *t = v->map->value;
	Otlp__NumberDataPoint **points = POINTS(p, v, Otlp__NumberDataPoint, number);

	if (t->kind == TYPE_COUNT || t->kind == TYPE_SUM) {
		m.sum = &sum;
		sum.data_points = points;
		sum.n_data_points = v->n;
		sum.aggregation_temporality = CUMULATIVE;
		sum.is_monotonic = t->kind == TYPE_COUNT || !t->is_signed;
		return pack(p, &m, OTLP__METRIC__DATA_SUM);
	}
	m.gauge = &gauge;
	gauge.data_points = points;
	gauge.n_data_points = v->n;
	return pack(p, &m, OTLP__METRIC__DATA_GAUGE);
}

static struct otlp_item *histograms(const struct points *p, const struct map_view *v)
{
	Otlp__Metric m = OTLP__METRIC__INIT;
	Otlp__Histogram h = OTLP__HISTOGRAM__INIT;
	Otlp__ExponentialHistogram e = OTLP__EXPONENTIAL_HISTOGRAM__INIT;

	if (measure_parts(v->map->value) == 0 && all_exponential(v)) {
		m.exponential_histogram = &e;
		e.data_points = POINTS(p, v, Otlp__ExponentialHistogramDataPoint, exponential);
		e.n_data_points = v->n;
		e.aggregation_temporality = CUMULATIVE;
		return pack(p, &m, OTLP__METRIC__DATA_EXPONENTIAL_HISTOGRAM);
	}
	m.histogram = &h;
	h.data_points = POINTS(p, v, Otlp__HistogramDataPoint, histogram);
	h.n_data_points = v->n;
	h.aggregation_temporality = CUMULATIVE;
	return pack(p, &m, OTLP__METRIC__DATA_HISTOGRAM);
}

struct otlp_item *otlp_measure(const struct export_context *c, const struct export_measures *ms, uint32_t i)
{
	const struct map_view *v = &ms->measure[i];

	if (v->n == 0 || v->map->value->kind == TYPE_TSERIES)
		return NULL;
	struct arena *a = arena_new();
	struct points p = { .a = a, .c = c, .ms = ms, .measure = i, .from = ms->from_ns + (uint64_t)c->boot_to_epoch_ns,
			    .to = ms->to_ns + (uint64_t)c->boot_to_epoch_ns };
	struct otlp_item *item = measure_parts(v->map->value) == 1 ? numbers(&p, v) : histograms(&p, v);
	arena_free(a);
	return item;
}

// Requests ------------------------------------------------------------------------------------------------------------

static bool same_process(const struct otlp_item *a, const struct otlp_item *b)
{
	return a->pid == b->pid && strcmp(a->comm, b->comm) == 0;
}

static Otlp__Resource *resource(struct arena *a, const struct otlp_item *i, const struct otlp_sender *s)
{
	Otlp__Resource *r = arena_new_(a, Otlp__Resource);
	struct attributes t = attributes(a, 4);

	otlp__resource__init(r);
	add_text(&t, "service.name", s->service ? s->service : i->comm[0] ? utf8(a, i->comm, strlen(i->comm)) : "spile");
	if (i->pid)
		add_integer(&t, "process.pid", (int64_t)i->pid);
	if (i->comm[0])
		add_text(&t, "process.executable.name", utf8(a, i->comm, strlen(i->comm)));
	r->attributes = t.v;
	r->n_attributes = t.n;
	return r;
}

static Otlp__ResourceItems *resource_items(struct arena *a, const struct otlp_item *i, const struct otlp_sender *s, size_t most)
{
	Otlp__ResourceItems *r = arena_new_(a, Otlp__ResourceItems);
	Otlp__ScopeItems *items = arena_new_(a, Otlp__ScopeItems);

	otlp__resource_items__init(r);
	otlp__scope_items__init(items);
	r->resource = resource(a, i, s);
	r->n_scopes = 1;
	r->scopes = arena_array(a, Otlp__ScopeItems *, 1);
	r->scopes[0] = items;
	items->scope = arena_new_(a, Otlp__Scope);
	otlp__scope__init(items->scope);
	items->scope->name = (char *)"spile";
	items->scope->version = (char *)s->version;
	items->items = arena_array(a, ProtobufCBinaryData, most);
	return r;
}

uint8_t *otlp_request(struct otlp_item *const *items, size_t n, const struct otlp_sender *s, size_t *size)
{
	struct arena *a = arena_new();
	Otlp__Request m = OTLP__REQUEST__INIT;
	const struct otlp_item **of = arena_array(a, const struct otlp_item *, n);

	m.resources = arena_array(a, Otlp__ResourceItems *, n);
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < m.n_resources && !same_process(of[k], items[i]))
			k++;
		if (k == m.n_resources) {
			of[k] = items[i];
			m.resources[m.n_resources++] = resource_items(a, items[i], s, n - i);
		}
		Otlp__ScopeItems *scope = m.resources[k]->scopes[0];
		scope->items[scope->n_items++] = (ProtobufCBinaryData){ items[i]->n, items[i]->bytes };
	}
	*size = otlp__request__get_packed_size(&m);
	uint8_t *bytes = xmalloc(*size + 1);
	otlp__request__pack(&m, bytes);
	arena_free(a);
	return bytes;
}

uint64_t otlp_rejected(const void *answer, size_t n, char *why, size_t room)
{
	Otlp__Response *m = otlp__response__unpack(NULL, n, answer);
	uint64_t rejected = 0;

	if (m && m->partial_success && m->partial_success->rejected > 0) {
		rejected = (uint64_t)m->partial_success->rejected;
		snprintf(why, room, "the receiver refused them: %s", m->partial_success->error_message);
	}
	if (m)
		otlp__response__free_unpacked(m, NULL);
	return rejected;
}

// SPDX-License-Identifier: Apache-2.0
// The sinks that write files, from canned records and measures.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <sqlite3.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/decode.h"
#include "runtime/exports.h"
#include "runtime/sinks/column.h"
#include "runtime/sinks/out.h"
#include "runtime/value.h"

struct fixture {
	struct arena *arena;
	struct types *types;
	struct plan plan;
	struct plan_event event;
	struct printer printer;
	struct diag diag;
	struct out out;
	struct str output;
	char path[64];
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->arena = arena_new();
	f->types = types_new(f->arena);
	diag_init(&f->diag, f->arena);
	printer_init(&f->printer, &f->plan, NULL);
	out_open(&f->out, 1, 2, 'f');
	f->out.capture = &f->output;
	strcpy(f->path, "/tmp/spile-test-exports.XXXXXX");
	close(mkstemp(f->path));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	printer_free(&f->printer);
	out_close(&f->out);
	str_free(&f->output);
	arena_free(f->arena);
	free(f);
	return 0;
}

// A stream "calls" to one sink of this kind, whose only option is the file.
static struct plan_stream *stream(struct fixture *f, const char *kind)
{
	struct plan_sink sink = { .name = kind, .kind = kind };

	plan_push(f->arena, &sink.options, &sink.n_options, (struct plan_option){ .key = "file", .text = f->path });
	plan_push(f->arena, &f->plan.sinks, &f->plan.n_sinks, sink);
	struct plan_stream s = { .name = "calls" };
	plan_push(f->arena, &s.sinks, &s.n_sinks, (struct plan_ref){ 0 });
	plan_push(f->arena, &f->plan.streams, &f->plan.n_streams, s);
	return &f->plan.streams[0];
}

static void column(struct fixture *f, const char *name, const struct type *t, enum value_unit unit, enum column_role role, bool hidden)
{
	struct plan_stream *s = &f->plan.streams[0];

	plan_push(f->arena, &s->columns, &s->n_columns,
		  (struct plan_column){ .name = name, .type = t, .unit = unit, .role = role, .hidden = hidden });
}

static struct exports *opened(struct fixture *f)
{
	struct exports *x = NULL;

	assert_int_equal(exports_open(&f->plan, &f->printer, &f->out, &f->diag, 1, &x), 0);
	assert_non_null(x);
	return x;
}

static void deliver(struct fixture *f, struct exports *x, uint32_t weight, const void *const *v)
{
	struct record r = { .event = &f->event, .weight = weight };
	const struct plan_stream *s = &f->plan.streams[0];

	for (uint32_t i = 0; i < s->n_columns; i++)
		r.arg[r.nargs++] = (struct arg_view){ .type = s->columns[i].type, .p = v[i], .len = s->columns[i].type->size };
	exports_record(x, &r);
}

static const char *file(struct fixture *f, size_t *n)
{
	FILE *in = fopen(f->path, "r");
	char *text = arena_alloc(f->arena, 1 << 20);

	assert_non_null(in);
	*n = fread(text, 1, (1 << 20) - 1, in);
	text[*n] = '\0';
	fclose(in);
	return text;
}

// Lines ---------------------------------------------------------------------------------------------------------------

static void lines(struct fixture *f, const char *kind)
{
	stream(f, kind);
	column(f, "time", type_int(f->types, 8, false), UNIT_NS, COLUMN_TIME, true);
	column(f, "query", type_string(f->types, 16), UNIT_NONE, COLUMN_VALUE, false);
	column(f, "took", type_int(f->types, 8, false), UNIT_NS, COLUMN_DURATION, false);
	struct exports *x = opened(f);
	deliver(f, x, 1, (const void *[]){ &(uint64_t){ 5 }, "select \"1\"\0\0\0\0\0", &(uint64_t){ 12345678 } });
	deliver(f, x, 10, (const void *[]){ &(uint64_t){ 6 }, "commit\0\0\0\0\0\0\0\0\0", &(uint64_t){ 999 } });
	exports_close(x);
	assert_int_equal(f->diag.nitems, 0);
}

static void text_lines(void **state)
{
	struct fixture *f = *state;

	lines(f, "text");
	assert_string_equal(str_z(&f->output), "calls query=select \"1\" took=12.3 ms\ncalls query=commit took=999 ns weight=10\n");
}

static void json_lines(void **state)
{
	struct fixture *f = *state;
	size_t n;

	lines(f, "jsonl");
	const char *text = file(f, &n);
	assert_ptr_equal(strstr(text, "{\"probe\": \"calls\", \"time\": \"20"), text);
	assert_non_null(strstr(text, "Z\", \"query\": \"select \\\"1\\\"\", \"took\": 12345678}\n"));
	assert_non_null(strstr(text, "\"took\": 999, \"weight\": 10}\n"));
}

// Tables --------------------------------------------------------------------------------------------------------------

static void table(void **state)
{
	struct fixture *f = *state;

	lines(f, "table");
	const char *text = str_z(&f->output), *row = strchr(text, '\n') + 1;
	assert_int_equal(strncmp(text, "TIME          QUERY          TOOK\n", 34), 0);
	assert_non_null(strstr(row, "  select \"1\"  12.3 ms\n"));
	assert_non_null(strstr(row, "  commit       999 ns  (x 10)\n"));
}

static void csv(void **state)
{
	struct fixture *f = *state;
	char head[] = "time,query,took,weight\r\n";
	size_t n;

	lines(f, "csv");
	const char *text = file(f, &n);
	assert_memory_equal(text, head, sizeof head - 1);
	assert_non_null(strstr(text, ",\"select \"\"1\"\"\",12345678,1\r\n"));
	assert_non_null(strstr(text, ",commit,999,10\r\n"));
}

static int count_rows(void *arg, int n, char **value, char **name)
{
	str_printf(arg, "%s|%s|%s\n", value[0], value[1], value[2]);
	return 0;
}

static void sqlite(void **state)
{
	struct fixture *f = *state;
	_str_ struct str rows = { 0 };
	sqlite3 *db;

	lines(f, "sqlite");
	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT query, took, weight FROM calls ORDER BY took DESC", count_rows, &rows, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_string_equal(str_z(&rows), "select \"1\"|12345678|1\ncommit|999|10\n");
}

static void sqlite_no_database(void **state)
{
	struct fixture *f = *state;
	struct exports *x = NULL;
	FILE *out = fopen(f->path, "w");

	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", out);
	fclose(out);
	stream(f, "sqlite");
	assert_int_not_equal(exports_open(&f->plan, &f->printer, &f->out, &f->diag, 1, &x), 0);
	assert_int_equal(f->diag.errors, 1);
}

static void quantities(void **state)
{
	static const struct {
		double v;
		enum value_unit unit;
		const char *text;
	} rows[] = {
		{ 0, UNIT_NS, "0 ns" }, { 999, UNIT_NS, "999 ns" }, { 1000, UNIT_NS, "1 us" }, { 1234, UNIT_NS, "1.23 us" }, { 12345678, UNIT_NS, "12.3 ms" },
		{ 123456789, UNIT_NS, "123 ms" }, { 59.5e9, UNIT_NS, "59.5 s" }, { 90e9, UNIT_NS, "1.50 min" }, { -1500, UNIT_NS, "-1.50 us" },
		{ 4096, UNIT_BYTES, "4.10 KB" }, { 17, UNIT_NONE, "17" }, { 3e9, UNIT_COUNT, "3000000000" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_str_ struct str s = { 0 };

		quantity_text(rows[i].v, rows[i].unit, &s);
		assert_string_equal(str_z(&s), rows[i].text);
	}
}

static void unwritable(void **state)
{
	struct fixture *f = *state;
	struct exports *x = NULL;

	stream(f, "jsonl");
	unlink(f->path);
	strcpy(f->path, "/nowhere/at/all");
	assert_int_not_equal(exports_open(&f->plan, &f->printer, &f->out, &f->diag, 1, &x), 0);
	assert_null(x);
	assert_int_equal(f->diag.errors, 1);
}

// Profiles ------------------------------------------------------------------------------------------------------------

struct stack {
	uint16_t nr;
	uint8_t stop, pad;
	uint32_t pid;
	uint64_t ip[4];
};

static void stacks(struct fixture *f, const char *kind)
{
	stream(f, kind);
	column(f, "comm", type_string(f->types, 16), UNIT_NONE, COLUMN_COMM, true);
	column(f, "stack", type_stack(f->types, TYPE_USTACK, STACK_BPFTRACE, 0, 4), UNIT_NONE, COLUMN_STACK, false);
	struct exports *x = opened(f);
	struct stack leaf = { 3, 0, 0, 0, { 0x30, 0x20, 0x10 } }, middle = { 2, 0, 0, 0, { 0x20, 0x10 } }, none = { 0 };
	deliver(f, x, 1, (const void *[]){ "a;b\0\0\0\0\0\0\0\0\0\0\0\0\0", &leaf });
	deliver(f, x, 4, (const void *[]){ "a;b\0\0\0\0\0\0\0\0\0\0\0\0\0", &leaf });
	deliver(f, x, 1, (const void *[]){ "a;b\0\0\0\0\0\0\0\0\0\0\0\0\0", &middle });
	deliver(f, x, 2, (const void *[]){ "<c>\0\0\0\0\0\0\0\0\0\0\0\0\0", &none });
	exports_close(x);
	assert_int_equal(f->diag.nitems, 0);
}

static void folded(void **state)
{
	struct fixture *f = *state;
	size_t n;

	stacks(f, "folded");
	assert_string_equal(file(f, &n), "<c> 2\na:b;0x10;0x20 1\na:b;0x10;0x20;0x30 5\n");
}

// Stacks that were asked for with `why`: how a frame was found makes no difference, what ended the walk does.
static void folded_why(void **state)
{
	struct fixture *f = *state;
	size_t n;

	stream(f, "folded");
	column(f, "comm", type_string(f->types, 16), UNIT_NONE, COLUMN_COMM, true);
	column(f, "stack", type_stack(f->types, TYPE_USTACK, STACK_BPFTRACE, STACK_WHY, 4), UNIT_NONE, COLUMN_STACK, false);
	struct exports *x = opened(f);
	uint64_t top = (uint64_t)WIRE_HOW_TOP << WIRE_FRAME_SHIFT, cfi = (uint64_t)WIRE_HOW_CFI << WIRE_FRAME_SHIFT, fp = (uint64_t)WIRE_HOW_FP << WIRE_FRAME_SHIFT;
	struct stack whole = { 2, WIRE_STOP_OUTERMOST, 0, 0, { 0x20 | top, 0x10 | cfi } }, other = { 2, WIRE_STOP_ROOT, 0, 0, { 0x20 | top, 0x10 | fp } };
	struct stack part = { 1, WIRE_STOP_NO_TABLE, 0, 0, { 0x20 | top } };
	deliver(f, x, 1, (const void *[]){ "a\0\0\0\0\0\0\0\0\0\0\0\0\0\0", &whole });
	deliver(f, x, 1, (const void *[]){ "a\0\0\0\0\0\0\0\0\0\0\0\0\0\0", &other });
	deliver(f, x, 1, (const void *[]){ "a\0\0\0\0\0\0\0\0\0\0\0\0\0\0", &part });
	exports_close(x);
	assert_string_equal(file(f, &n), "a;0x10;0x20 2\na;[stopped: no unwind information];0x20 1\n");
}

// Times are in microseconds; what is less than half of one is left out.
static void folded_times(void **state)
{
	struct fixture *f = *state;
	struct plan_stream *s = stream(f, "folded");
	const struct type *stack = type_stack(f->types, TYPE_USTACK, STACK_BPFTRACE, 0, 4);
	struct plan_map map = { .name = "@m", .role = MAP_USER, .key = stack, .value = type_agg(f->types, TYPE_SUM, true) };
	struct stack keys[] = { { 1, 0, 0, 0, { 0x10 } }, { 1, 0, 0, 0, { 0x20 } } };
	size_t n;

	column(f, "stack", stack, UNIT_NONE, COLUMN_STACK, false);
	plan_push(f->arena, &f->plan.maps, &f->plan.n_maps, map);
	plan_push(f->arena, &s->measures, &s->n_measures, (struct plan_measure){ .name = "time", .map = 0, .unit = UNIT_NS });
	struct exports *x = opened(f);
	struct map_entry_view rows[] = { { .key = &keys[0], .key_type = stack, .value = &(int64_t){ 1500000600 } }, { .key = &keys[1], .key_type = stack, .value = &(int64_t){ 499 } } };
	exports_measures(x, 0, &(struct map_view){ .map = &f->plan.maps[0], .entries = rows, .n = 2, .div = 1 }, true);
	assert_int_equal(exports_close(x), 2);
	assert_string_equal(file(f, &n), "0x10 1500001\n");
}

static void flamegraph(void **state)
{
	struct fixture *f = *state;
	size_t n;

	stacks(f, "flamegraph");
	const char *svg = file(f, &n);
	assert_ptr_equal(strstr(svg, "<?xml"), svg);
	assert_string_equal(svg + n - strlen("</svg>\n"), "</svg>\n");
	assert_non_null(strstr(svg, "data-n=\"&lt;c&gt;\""));
	assert_non_null(strstr(svg, "<title>0x30 - 5 samples, 62.50 %</title>"));
	assert_non_null(strstr(svg, "<title>all - 8 samples, 100.00 %</title>"));
}

static void pprof(void **state)
{
	struct fixture *f = *state;
	size_t n;

	stacks(f, "pprof");
	file(f, &n);
	gzFile in = gzopen(f->path, "r");
	char *bytes = arena_alloc(f->arena, 1 << 16);
	int got = gzread(in, bytes, 1 << 16);
	gzclose(in);
	assert_true(got > 0);
	assert_non_null(memmem(bytes, (size_t)got, "samples", 7));
	// the sample of 5: location ids 4 3 2 1 (0x30 was named after 0x20 and 0x10 …), value 5, both packed
	assert_non_null(memmem(bytes, (size_t)got, "\x0a\x04\x02\x03\x04\x01\x12\x01\x05", 9));
}

// Measures ------------------------------------------------------------------------------------------------------------

static void measure_lines(void **state)
{
	struct fixture *f = *state;
	struct plan_stream *s = stream(f, "text");
	struct plan_map map = { .name = "@m", .role = MAP_USER, .key = type_string(f->types, 8), .value = type_agg(f->types, TYPE_SUM, true) };

	column(f, "comm", map.key, UNIT_NONE, COLUMN_VALUE, false);
	plan_push(f->arena, &f->plan.maps, &f->plan.n_maps, map);
	plan_push(f->arena, &s->measures, &s->n_measures, (struct plan_measure){ .name = "time", .map = 0, .unit = UNIT_NS });
	struct exports *x = opened(f);
	struct map_entry_view rows[] = { { .key = "cat\0\0\0\0", .key_type = map.key, .value = &(int64_t){ 1500000 } },
					 { .key = "sh\0\0\0\0\0", .key_type = map.key, .value = &(int64_t){ 2000 } } };
	exports_measures(x, 0, &(struct map_view){ .map = &f->plan.maps[0], .entries = rows, .n = 2, .div = 1 }, true);
	exports_close(x);
	assert_true(exports_has_map(&f->plan, 0));
	assert_string_equal(str_z(&f->output), "calls comm=cat time=1.50 ms\ncalls comm=sh time=2 us\n");
}

static void table_of_measures(void **state)
{
	struct fixture *f = *state;
	struct plan_stream *s = stream(f, "table");
	const struct type *comm = type_string(f->types, 8);
	struct plan_map sum = { .name = "@a", .role = MAP_USER, .key = comm, .value = type_agg(f->types, TYPE_SUM, true) };
	struct plan_map stats = { .name = "@b", .role = MAP_USER, .key = comm, .value = type_agg(f->types, TYPE_STATS, true) };

	column(f, "comm", comm, UNIT_NONE, COLUMN_VALUE, false);
	plan_push(f->arena, &f->plan.maps, &f->plan.n_maps, sum);
	plan_push(f->arena, &f->plan.maps, &f->plan.n_maps, stats);
	plan_push(f->arena, &s->measures, &s->n_measures, (struct plan_measure){ .name = "bytes", .map = 0, .unit = UNIT_BYTES });
	plan_push(f->arena, &s->measures, &s->n_measures, (struct plan_measure){ .name = "took", .map = 1, .unit = UNIT_NS });
	struct exports *x = opened(f);
	struct map_entry_view bytes[] = { { .key = "sh\0\0\0\0\0", .key_type = comm, .value = &(int64_t){ 20 } },
					  { .key = "cat\0\0\0\0", .key_type = comm, .value = &(int64_t){ 4096 } } };
	struct map_entry_view took[] = { { .key = "cat\0\0\0\0", .key_type = comm, .value = &(struct wire_avg){ 3000, 2 } } };
	struct map_view views[] = { { .map = &f->plan.maps[0], .entries = bytes, .n = 2, .div = 1 },
				    { .map = &f->plan.maps[1], .entries = took, .n = 1, .div = 1 } };
	exports_measures(x, 0, views, true);
	exports_close(x);
	assert_string_equal(str_z(&f->output), "COMM    BYTES  TOOK_COUNT  TOOK_AVERAGE  TOOK_TOTAL\n"
					       "cat   4.10 KB           2       1.50 us        3 us\n"
					       "sh       20 B                                      \n\n");
}

static void table_of_a_histogram(void **state)
{
	struct fixture *f = *state;
	struct plan_stream *s = stream(f, "table");
	struct plan_map hist = { .name = "@h", .role = MAP_USER, .value = type_hist(f->types, 0) };

	plan_push(f->arena, &f->plan.maps, &f->plan.n_maps, hist);
	plan_push(f->arena, &s->measures, &s->n_measures, (struct plan_measure){ .name = "size", .map = 0 });
	struct exports *x = opened(f);
	uint64_t *buckets = arena_array(f->arena, uint64_t, type_hist_buckets(hist.value));
	buckets[1] = 1;
	struct map_entry_view row = { .value = buckets };
	exports_measures(x, 0, &(struct map_view){ .map = &f->plan.maps[0], .entries = &row, .n = 1, .div = 1 }, true);
	exports_close(x);
	assert_ptr_equal(strstr(str_z(&f->output), "  size\n[0]"), str_z(&f->output));
}

static void perfetto(void **state)
{
	struct fixture *f = *state;
	size_t n;

	stream(f, "perfetto");
	column(f, "time", type_int(f->types, 8, false), UNIT_NS, COLUMN_TIME, true);
	column(f, "pid", type_int(f->types, 4, false), UNIT_NONE, COLUMN_PID, true);
	column(f, "comm", type_string(f->types, 16), UNIT_NONE, COLUMN_COMM, true);
	column(f, "took", type_int(f->types, 8, false), UNIT_NS, COLUMN_DURATION, false);
	struct exports *x = opened(f);
	for (uint64_t i = 0; i < 2; i++)
		deliver(f, x, 1, (const void *[]){ &(uint64_t){ 5000 + i }, &(uint32_t){ 7 }, "a\"b\0\0\0\0\0\0\0\0\0\0\0\0", &(uint64_t){ 1234 } });
	exports_close(x);
	cJSON *trace = cJSON_Parse(file(f, &n)), *events = cJSON_GetObjectItem(trace, "traceEvents");
	assert_non_null(trace);
	assert_int_equal(cJSON_GetArraySize(events), 3); // the process's name once
	cJSON *second = cJSON_GetArrayItem(events, 2);
	assert_string_equal(cJSON_GetObjectItem(second, "ph")->valuestring, "X");
	assert_true(cJSON_GetObjectItem(second, "ts")->valuedouble == 5.001);
	assert_true(cJSON_GetObjectItem(second, "dur")->valuedouble == 1.234);
	assert_int_equal(cJSON_GetObjectItem(second, "pid")->valueint, 7);
	assert_string_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(cJSON_GetArrayItem(events, 0), "args"), "name")->valuestring, "a\"b");
	cJSON_Delete(trace);
}

// A port that was free a moment ago.
static unsigned free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static const char *get(struct fixture *f, unsigned port, const char *path)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port) };
	char *text = arena_alloc(f->arena, 1 << 16);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t n = 0;
	ssize_t got;

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	dprintf(fd, "GET %s HTTP/1.0\r\n\r\n", path);
	while ((got = read(fd, text + n, (1 << 16) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	close(fd);
	return text;
}

static void prometheus(void **state)
{
	struct fixture *f = *state;
	unsigned port = free_port();
	struct plan_stream *s = stream(f, "prometheus");
	const struct type *comm = type_string(f->types, 8);
	struct plan_map count = { .name = "@a", .role = MAP_USER, .key = comm, .value = type_basic(f->types, TYPE_COUNT) };
	struct plan_map hist = { .name = "@b", .role = MAP_USER, .key = comm, .value = type_hist(f->types, 0) };

	f->plan.sinks[0].options[0] = (struct plan_option){ .key = "listen", .text = arena_printf(f->arena, "127.0.0.1:%u", port) };
	column(f, "comm", comm, UNIT_NONE, COLUMN_VALUE, false);
	plan_push(f->arena, &f->plan.maps, &f->plan.n_maps, count);
	plan_push(f->arena, &f->plan.maps, &f->plan.n_maps, hist);
	plan_push(f->arena, &s->measures, &s->n_measures, (struct plan_measure){ .name = "n", .map = 0, .unit = UNIT_COUNT });
	plan_push(f->arena, &s->measures, &s->n_measures, (struct plan_measure){ .name = "took", .map = 1, .unit = UNIT_NS });
	struct exports *x = opened(f);
	uint64_t *buckets = arena_array(f->arena, uint64_t, type_hist_buckets(hist.value));
	buckets[11] = 3; // [512, 1024)
	buckets[12] = 1;
	struct map_entry_view n[] = { { .key = "a\"\\b\0\0\0", .key_type = comm, .value = &(int64_t){ 4 } } };
	struct map_entry_view took[] = { { .key = "sh\0\0\0\0\0", .key_type = comm, .value = buckets } };
	struct map_view views[] = { { .map = &f->plan.maps[0], .entries = n, .n = 1, .div = 1 }, { .map = &f->plan.maps[1], .entries = took, .n = 1, .div = 1 } };
	exports_measures(x, 0, views, false);
	const char *text = get(f, port, "/metrics"), *body = strstr(text, "\r\n\r\n");
	assert_non_null(strstr(text, "version=0.0.4"));
	assert_string_equal(body + 4, "# TYPE spile_calls_n_total counter\n"
				      "spile_calls_n_total{comm=\"a\\\"\\\\b\"} 4\n"
				      "# TYPE spile_calls_took_seconds histogram\n"
				      "spile_calls_took_seconds_bucket{comm=\"sh\",le=\"1.023e-06\"} 3\n"
				      "spile_calls_took_seconds_bucket{comm=\"sh\",le=\"2.047e-06\"} 4\n"
				      "spile_calls_took_seconds_bucket{comm=\"sh\",le=\"+Inf\"} 4\n"
				      "spile_calls_took_seconds_count{comm=\"sh\"} 4\n");
	assert_non_null(strstr(get(f, port, "/"), " 404 "));
	struct exports *second = NULL;
	assert_int_not_equal(exports_open(&f->plan, &f->printer, &f->out, &f->diag, 1, &second), 0); // the port is taken
	assert_int_equal(f->diag.errors, 1);
	exports_close(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(text_lines), T(json_lines), T(table), T(table_of_measures), T(table_of_a_histogram), T(csv), T(sqlite), T(sqlite_no_database), T(quantities), T(unwritable), T(folded), T(folded_why), T(folded_times), T(flamegraph), T(pprof), T(measure_lines), T(perfetto), T(prometheus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

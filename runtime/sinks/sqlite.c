// SPDX-License-Identifier: Apache-2.0
//
// Tables of an SQLite database, one per probe. The library is opened when a script asks for it, so that others do not pay
// for it; a thread of its own writes, a transaction per batch, so that a slow disk does not stop the reader.
#include <dlfcn.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

#include "base/diag.h"
#include "base/util.h"
#include "runtime/sinks/export_sinks.h"
#include "runtime/sinks/grid.h"
#include "runtime/sinks/queue.h"

#define WAITING_MOST 65536
#define BATCH 4096
#define DELAY_NS 200000000u
#define BUSY_MS 2000 // for another program that holds the database

#define SQLITE_FUNCTIONS(F)                                                                                                                    \
	F(open_v2) F(close) F(exec) F(prepare_v2) F(bind_int64) F(bind_text) F(bind_null) F(step) F(reset) F(finalize) F(errmsg) F(busy_timeout)

struct library {
	void *handle;
#define F(name) __typeof__(sqlite3_##name) *name;
	SQLITE_FUNCTIONS(F)
#undef F
};

struct table {
	const struct plan_stream *stream;
	struct grid grid;
	sqlite3_stmt *insert;
};

struct database {
	struct export_context c;
	struct library lib;
	sqlite3 *db;
	struct table *table;
	size_t n;
	struct queue *queue;
	uint64_t full;            // found no room in the queue; reader's thread
	atomic_ullong stored, failed;
	char why[160];            // of the first failure
};

struct row { // copied out of a grid
	struct table *table;
	size_t n;
	struct cell *cell;
	char *text;
};

// The library ---------------------------------------------------------------------------------------------------------

static int open_library(struct library *l)
{
	l->handle = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!l->handle)
		return -ENOENT;
#define F(name)                                                                                                                                \
	*(void **)&l->name = dlsym(l->handle, "sqlite3_" #name);                                                                               \
	if (!l->name)                                                                                                                          \
		return -ENOENT;
	SQLITE_FUNCTIONS(F)
#undef F
	return 0;
}

// Rows, in the queue's thread -----------------------------------------------------------------------------------------

static void row_free(struct row *r)
{
	free(r->cell);
	free(r->text);
	free(r);
}

static void bind(struct database *d, const struct row *r, int i)
{
	const struct cell *c = &r->cell[i];

	if (c->kind == CELL_INTEGER)
		d->lib.bind_int64(r->table->insert, i + 1, c->integer);
	else if (c->kind == CELL_TEXT)
		d->lib.bind_text(r->table->insert, i + 1, r->text + c->at, (int)c->n, SQLITE_STATIC);
	else
		d->lib.bind_null(r->table->insert, i + 1);
}

static bool insert(struct database *d, const struct row *r)
{
	for (size_t i = 0; i < r->n; i++)
		bind(d, r, (int)i);
	int rc = d->lib.step(r->table->insert);
	d->lib.reset(r->table->insert);
	return rc == SQLITE_DONE;
}

static void note_failure(struct database *d)
{
	if (!d->why[0])
		snprintf(d->why, sizeof d->why, "%s", d->lib.errmsg(d->db));
}

static void store(void *arg, void **items, size_t n)
{
	struct database *d = arg;
	size_t good = 0;
	bool begun = d->lib.exec(d->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;

	if (!begun)
		note_failure(d);
	for (size_t i = 0; i < n; i++) {
		if (begun && insert(d, items[i]))
			good++;
		else if (begun)
			note_failure(d);
		row_free(items[i]);
	}
	if (begun && d->lib.exec(d->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
		note_failure(d);
		d->lib.exec(d->db, "ROLLBACK", NULL, NULL, NULL);
		good = 0;
	}
	d->stored += good;
	d->failed += n - good;
}

static void drop(void *arg, void *item)
{
	struct database *d = arg;

	if (!d->why[0])
		snprintf(d->why, sizeof d->why, "the database took too long at the end");
	d->failed++;
	row_free(item);
}

// Rows, in the reader's thread ----------------------------------------------------------------------------------------

static void push(struct database *d, struct table *t)
{
	struct row *r = xcalloc(1, sizeof *r);

	*r = (struct row){ .table = t, .n = t->grid.n, .cell = xcalloc(t->grid.n, sizeof *r->cell), .text = xmalloc(t->grid.text.n + 1) };
	memcpy(r->cell, t->grid.cell, t->grid.n * sizeof *r->cell);
	memcpy(r->text, str_z(&t->grid.text), t->grid.text.n);
	if (!queue_push(d->queue, r)) {
		d->full++;
		row_free(r);
	}
}

static struct table *table_of(struct database *d, const struct plan_stream *s)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->table[i].stream == s)
			return &d->table[i];
	BUG("a stream that does not go to this sink");
}

static void sqlite_record(void *state, const struct export_record *r)
{
	struct database *d = state;
	struct table *t = table_of(d, r->stream);

	grid_record(&t->grid, r);
	push(d, t);
}

struct row_target {
	struct database *d;
	struct table *t;
};

static void measure_row(void *arg, struct grid *g)
{
	struct row_target *t = arg;

	push(t->d, t->t);
}

static void sqlite_measures(void *state, const struct export_measures *ms)
{
	struct row_target t = { state, table_of(state, ms->stream) };

	grid_measures(&t.t->grid, ms, measure_row, &t);
}

// Tables --------------------------------------------------------------------------------------------------------------

static void add_name(struct str *s, const char *name)
{
	str_addc(s, '"');
	for (const char *p = name; *p; p++) {
		if (*p == '"')
			str_addc(s, '"');
		str_addc(s, *p);
	}
	str_addc(s, '"');
}

static int refuse(struct database *d, const char *what)
{
	diag_error(d->c.diag, d->c.at, E_IO, "%s: %s: %s", export_text(d->c.sink, "file"), what, d->lib.errmsg(d->db));
	return -EIO;
}

static int make_table(struct database *d, struct table *t)
{
	_str_ struct str create = { 0 }, put = { 0 };

	str_adds(&create, "CREATE TABLE IF NOT EXISTS ");
	add_name(&create, t->stream->name);
	str_adds(&put, "INSERT INTO ");
	add_name(&put, t->stream->name);
	for (size_t i = 0; i < t->grid.n; i++) {
		str_adds(&create, i ? ", " : " (");
		str_adds(&put, i ? ", " : " (");
		add_name(&create, t->grid.column[i].name);
		add_name(&put, t->grid.column[i].name);
		str_adds(&create, t->grid.column[i].kind == CELL_INTEGER ? " INTEGER" : " TEXT");
	}
	str_addc(&create, ')');
	str_adds(&put, ") VALUES (?");
	for (size_t i = 1; i < t->grid.n; i++)
		str_adds(&put, ", ?");
	str_addc(&put, ')');
	if (d->lib.exec(d->db, str_z(&create), NULL, NULL, NULL) != SQLITE_OK)
		return refuse(d, "the table cannot be made");
	// a table that is there already may have other columns
	if (d->lib.prepare_v2(d->db, str_z(&put), -1, &t->insert, NULL) != SQLITE_OK)
		return refuse(d, "its table has other columns than this script");
	return 0;
}

static int make_tables(struct database *d)
{
	int err = 0;

	for (uint32_t i = 0; i < d->c.plan->n_streams && !err; i++) {
		if (!export_receives(&d->c, &d->c.plan->streams[i]))
			continue;
		struct table *t = &d->table[d->n++];

		t->stream = &d->c.plan->streams[i];
		grid_init(&t->grid, &d->c, t->stream);
		err = make_table(d, t);
	}
	return err;
}

// Life ----------------------------------------------------------------------------------------------------------------

static void sqlite_free(void *state)
{
	struct database *d = state;

	for (size_t i = 0; i < d->n; i++) {
		grid_free(&d->table[i].grid);
		if (d->table[i].insert)
			d->lib.finalize(d->table[i].insert);
	}
	if (d->db)
		d->lib.close(d->db);
	if (d->lib.handle)
		dlclose(d->lib.handle);
	free(d->table);
	free(d);
}

static int open_database(struct database *d)
{
	if (open_library(&d->lib) != 0) {
		diag_error(d->c.diag, d->c.at, E_IO, "the sink sqlite needs the library libsqlite3.so.0, which is not installed");
		return -ENOENT;
	}
	int rc = d->lib.open_v2(export_text(d->c.sink, "file"), &d->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, NULL);
	if (rc != SQLITE_OK)
		return refuse(d, "the database cannot be opened");
	d->lib.busy_timeout(d->db, BUSY_MS);
	return make_tables(d);
}

static int sqlite_open(const struct export_context *c, void **state)
{
	struct database *d = xcalloc(1, sizeof *d);

	d->c = *c;
	d->table = xcalloc(c->plan->n_streams, sizeof *d->table);
	int err = open_database(d);
	if (!err) {
		d->queue = queue_new(&(struct queue_work){ .most = WAITING_MOST, .batch = BATCH, .delay_ns = DELAY_NS, .handle = store, .drop = drop, .arg = d });
		err = d->queue ? 0 : -ENOMEM;
	}
	if (err) {
		sqlite_free(d);
		return err;
	}
	*state = d;
	return 0;
}

static void sqlite_close(void *state, uint64_t deadline_ns, struct export_totals *ret)
{
	struct database *d = state;

	queue_close(d->queue, deadline_ns);
	*ret = (struct export_totals){ .delivered = d->stored, .dropped = d->full + d->failed };
	if (ret->dropped)
		ret->why = d->why[0] ? d->why : "the database was too slow";
}

const struct export_sink export_sink_sqlite = {
	.name = "sqlite", .open = sqlite_open, .record = sqlite_record, .measures = sqlite_measures, .close = sqlite_close, .free = sqlite_free,
};

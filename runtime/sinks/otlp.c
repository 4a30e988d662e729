// SPDX-License-Identifier: Apache-2.0
//
// OpenTelemetry over HTTP with protobuf (OTLP/HTTP). Records are packed as they come and wait in a bounded queue; its thread
// sends them in batches, gzipped, and tries again with growing pauses where the protocol says so (429, 502, 503, 504, no answer).
// What the protocol says must not be sent again, or found no room, is dropped and counted.
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/sinks/export_sinks.h"
#include "runtime/sinks/gzip.h"
#include "runtime/sinks/otlp_message.h"
#include "runtime/sinks/post.h"
#include "runtime/sinks/queue.h"

#define REACH_NS 5000000000u // how long an address may take to answer before anything is attached
#define PAUSE_FIRST_NS 100000000u
#define PAUSE_MOST_NS 5000000000u
#define TRY_NS 60000000000u // no batch holds up the others for longer

static const char *const paths[OTLP_SIGNALS] = { "/v1/traces", "/v1/metrics", "/v1/logs" };

struct otlp {
	struct export_context c;
	struct poster *poster;
	struct queue *queue;
	struct otlp_ids ids;
	struct otlp_sender sender;
	char *url[OTLP_SIGNALS];
	bool zipped;
	uint64_t full;  // found no room; reader's thread
	atomic_ullong delivered, failed;
	char why[192];  // of the first failure; queue's thread until it has ended
};

// Sending, in the queue's thread --------------------------------------------------------------------------------------

static void note(struct otlp *o, const char *why)
{
	if (!o->why[0])
		snprintf(o->why, sizeof o->why, "%s", why);
}

static bool go_on(void *arg)
{
	struct otlp *o = arg;

	return queue_pause(o->queue, 0);
}

static bool may_try_again(int status)
{
	return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

// 200 to 299: it arrived. Else what the last try met is in `a`.
static void deliver(struct otlp *o, enum otlp_signal signal, const struct str *body, struct post_answer *a)
{
	struct post q = { .url = o->url[signal], .body = body->p, .n = body->n, .timeout_ns = export_number(o->c.sink, "timeout"), .go_on = go_on, .arg = o };
	uint64_t pause = PAUSE_FIRST_NS, waited = 0;

	for (;;) {
		poster_send(o->poster, &q, a);
		if (!may_try_again(a->status) || waited >= TRY_NS)
			return;
		uint64_t wait = MIN(MAX(pause, a->retry_after_ns), (uint64_t)TRY_NS);
		if (!queue_pause(o->queue, wait))
			return;
		waited += wait;
		pause = MIN(pause * 2, (uint64_t)PAUSE_MOST_NS);
		str_free(&a->body);
	}
}

static void settle(struct otlp *o, const struct post_answer *a, uint64_t rows, const char *url)
{
	char why[160];
	uint64_t rejected = rows;

	if (a->status >= 200 && a->status < 300) {
		rejected = MIN(otlp_rejected(a->body.p, a->body.n, why, sizeof why), rows);
		if (rejected)
			note(o, why);
	} else {
		if (a->status)
			snprintf(why, sizeof why, "%s answered with HTTP status %d", url, a->status);
		else
			snprintf(why, sizeof why, "%s: %s", url, a->why);
		note(o, why);
	}
	o->delivered += rows - rejected;
	o->failed += rejected;
}

static void send_all(struct otlp *o, enum otlp_signal signal, struct otlp_item *const *items, size_t n)
{
	_str_ struct str body = { 0 };
	struct post_answer answer = { 0 };
	uint64_t rows = 0;
	size_t size;
	_free_ uint8_t *bytes = otlp_request(items, n, &o->sender, &size);

	for (size_t i = 0; i < n; i++)
		rows += items[i]->rows;
	if (o->zipped)
		gzip_bytes(bytes, size, &body);
	else
		str_add(&body, bytes, size);
	deliver(o, signal, &body, &answer);
	settle(o, &answer, rows, o->url[signal]);
	str_free(&answer.body);
}

static void handle(void *arg, void **items, size_t n)
{
	_free_ struct otlp_item **some = xcalloc(n, sizeof *some);

	for (enum otlp_signal s = 0; s < OTLP_SIGNALS; s++) {
		size_t of = 0;

		for (size_t i = 0; i < n; i++)
			if (((struct otlp_item *)items[i])->signal == s)
				some[of++] = items[i];
		if (of)
			send_all(arg, s, some, of);
	}
	for (size_t i = 0; i < n; i++)
		otlp_item_free(items[i]);
}

static void drop(void *arg, void *item)
{
	struct otlp *o = arg;

	note(o, "the receiver took too long at the end");
	o->failed += ((struct otlp_item *)item)->rows;
	otlp_item_free(item);
}

// Taking, in the reader's thread --------------------------------------------------------------------------------------

static void push(struct otlp *o, struct otlp_item *item)
{
	if (!item || queue_push(o->queue, item))
		return;
	o->full += item->rows;
	otlp_item_free(item);
}

static void otlp_take_record(void *state, const struct export_record *r)
{
	struct otlp *o = state;

	push(o, otlp_record(&o->c, &o->ids, r));
}

static void otlp_take_measures(void *state, const struct export_measures *ms)
{
	struct otlp *o = state;

	for (uint32_t i = 0; i < ms->stream->n_measures; i++)
		push(o, otlp_measure(&o->c, ms, i));
}

// Opening -------------------------------------------------------------------------------------------------------------

static int refuse(const struct export_context *c, int err, const char *what)
{
	diag_error(c->diag, c->at, E_IO, "the sink otlp %s", what);
	return err;
}

// OpenTelemetry's environment variables say what the script does not.
static const char *setting(const struct export_context *c, const char *key, const char *standard, const char *variable)
{
	const char *text = export_text(c->sink, key), *env = getenv(variable);

	return strcmp(text, standard) == 0 && env && *env ? env : text;
}

// "a=1,b=2" as header lines.
static int add_headers(struct otlp *o)
{
	const char *p = setting(&o->c, "headers", "", "OTEL_EXPORTER_OTLP_HEADERS");

	while (*p) {
		size_t n = strcspn(p, ","), name = strcspn(p, "=");

		if (name == 0 || name >= n || strcspn(p, "\r\n") < n)
			return refuse(&o->c, -EINVAL, "has headers that are not name=value, separated by commas");
		_free_ char *line = xasprintf("%.*s: %.*s", (int)name, p, (int)(n - name - 1), p + name + 1);
		poster_header(o->poster, line);
		p += n + (p[n] == ',');
	}
	return 0;
}

static int make_urls(struct otlp *o)
{
	const char *base = setting(&o->c, "endpoint", "http://127.0.0.1:4318", "OTEL_EXPORTER_OTLP_ENDPOINT");
	size_t n = strlen(base);

	if (strncmp(base, "http://", 7) != 0 && strncmp(base, "https://", 8) != 0)
		return refuse(&o->c, -EINVAL, "needs an endpoint that begins with http:// or https://");
	while (n > 0 && base[n - 1] == '/')
		n--;
	for (int i = 0; i < OTLP_SIGNALS; i++)
		o->url[i] = xasprintf("%.*s%s", (int)n, base, paths[i]);
	return 0;
}

static void otlp_free(void *state)
{
	struct otlp *o = state;

	poster_free(o->poster);
	for (int i = 0; i < OTLP_SIGNALS; i++)
		free(o->url[i]);
	free(o);
}

// A receiver that is not there when the run begins is most often a wrong address; one that goes away later is tried again.
static int reach(struct otlp *o)
{
	struct post_answer answer;
	const char *url = o->url[0];

	if (poster_reach(o->poster, url, MIN(export_number(o->c.sink, "timeout"), REACH_NS), &answer) == 0)
		return 0;
	_free_ char *what = xasprintf("cannot reach %.*s: %s", (int)(strlen(url) - strlen(paths[0])), url, answer.why);
	return refuse(&o->c, -ECONNREFUSED, what);
}

static int set_up(struct otlp *o)
{
	const char *service = setting(&o->c, "service", "", "OTEL_SERVICE_NAME");
	int err = make_urls(o);

	if (err)
		return err;
	if (poster_new(&o->poster) != 0)
		return refuse(&o->c, -ENOENT, "needs the library libcurl.so.4, which is not installed");
	o->sender = (struct otlp_sender){ .service = *service ? service : NULL, .version = o->c.plan->compiler ? o->c.plan->compiler : "" };
	o->zipped = strcmp(export_text(o->c.sink, "compression"), "none") != 0;
	otlp_ids_init(&o->ids);
	poster_header(o->poster, "Content-Type: application/x-protobuf");
	if (o->zipped)
		poster_header(o->poster, "Content-Encoding: gzip");
	err = add_headers(o);
	return err ? err : reach(o);
}

static int otlp_open(const struct export_context *c, void **state)
{
	struct otlp *o = xcalloc(1, sizeof *o);

	o->c = *c;
	int err = set_up(o);
	if (!err) {
		uint64_t batch = MAX(export_number(c->sink, "batch"), 1u), most = MAX(export_number(c->sink, "queue"), batch);

		o->queue = queue_new(&(struct queue_work){ .most = most, .batch = batch, .delay_ns = export_number(c->sink, "delay"), .handle = handle, .drop = drop, .arg = o });
		err = o->queue ? 0 : refuse(c, -EAGAIN, "could not make a thread");
	}
	if (err) {
		otlp_free(o);
		return err;
	}
	*state = o;
	return 0;
}

static void otlp_close(void *state, uint64_t deadline_ns, struct export_totals *ret)
{
	struct otlp *o = state;

	queue_close(o->queue, deadline_ns);
	*ret = (struct export_totals){ .delivered = o->delivered, .dropped = o->full + o->failed };
	if (ret->dropped)
		ret->why = o->why[0] ? o->why : "more came than the receiver took, and the queue was full";
}

const struct export_sink export_sink_otlp = {
	.name = "otlp", .open = otlp_open, .record = otlp_take_record, .measures = otlp_take_measures, .close = otlp_close, .free = otlp_free,
};

// SPDX-License-Identifier: Apache-2.0
//
// Measures at http://HOST:PORT/metrics in the text exposition format 0.0.4, as they were last published. Times are seconds, as
// Prometheus wants them. The HTTP server is libmicrohttpd, in a thread of its own, opened when a script asks for it.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/hist.h"
#include "runtime/sinks/column.h"
#include "runtime/sinks/export.h"
#include "runtime/sinks/export_sinks.h"
#include "runtime/sinks/measure.h"
#include "runtime/sinks/out.h"
#include "runtime/value.h"

#define HTTP_FUNCTIONS(F)                                                                                                                       \
	F(start_daemon) F(stop_daemon) F(get_daemon_info) F(create_response_from_buffer) F(add_response_header) F(queue_response)                  \
	F(destroy_response)

struct http {
	void *handle;
#define F(name) __typeof__(MHD_##name) *name;
	HTTP_FUNCTIONS(F)
#undef F
};

struct page {               // one stream's metrics
	const struct plan_stream *stream;
	char *text;
};

struct prometheus {
	struct export_context c;
	struct http http;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock; // of pages' texts
	struct page *page;
	size_t n;
	uint64_t published;
};

// Names ---------------------------------------------------------------------------------------------------------------

// Metric and label names are [a-zA-Z_][a-zA-Z0-9_]*; what else a probe's name holds becomes '_'.
static void add_word(struct str *s, const char *word)
{
	for (const char *p = word; *p; p++) {
		bool fits = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_' || (*p >= '0' && *p <= '9' && (p > word || s->n));

		str_addc(s, fits ? *p : '_');
	}
}

static void add_metric(struct str *s, const struct plan_stream *stream, const struct plan_measure *m)
{
	str_adds(s, "spile_");
	add_word(s, stream->name);
	str_addc(s, '_');
	add_word(s, m->name);
	if (m->unit == UNIT_NS)
		str_adds(s, "_seconds");
	else if (m->unit == UNIT_BYTES)
		str_adds(s, "_bytes");
}

static void add_escaped(struct str *s, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\' || p[i] == '"')
			str_addc(s, '\\');
		if (p[i] == '\n')
			str_adds(s, "\\n");
		else
			str_addc(s, p[i]);
	}
}

// {a="x",b="y"} without its closing brace; empty when there are no columns.
static void add_labels(struct prometheus *x, struct str *s, const struct plan_stream *stream, const struct map_view *v, const void *key)
{
	struct arg_view member;

	for (uint32_t i = 0; i < stream->n_columns && key_member(v->map, key, i, &member); i++) {
		_str_ struct str name = { 0 }, text = { 0 };

		arg_text(x->c.printer, &member, &text);
		add_word(&name, stream->columns[i].name);
		str_adds(s, s->n ? "," : "{");
		str_printf(s, "%s=\"", str_z(&name));
		add_escaped(s, str_z(&text), text.n);
		str_addc(s, '"');
	}
}

// Values --------------------------------------------------------------------------------------------------------------

static double scaled(const struct plan_measure *m, double v)
{
	return m->unit == UNIT_NS ? v / 1e9 : v;
}

static void add_number(struct str *s, double v)
{
	if (isinf(v))
		str_adds(s, v < 0 ? "-Inf" : "+Inf");
	else
		str_printf(s, "%.15g", v);
}

static void line(struct str *out, const struct str *metric, const char *suffix, const struct str *labels, double v)
{
	str_add(out, metric->p, metric->n);
	str_adds(out, suffix);
	if (labels->n) {
		str_add(out, labels->p, labels->n);
		str_addc(out, '}');
	}
	str_addc(out, ' ');
	add_number(out, v);
	str_addc(out, '\n');
}

// Buckets are cumulative and their bounds inclusive: values are integers, so the largest that is below `to` is to - 1.
static void histogram(struct str *out, const struct str *metric, const struct str *labels, const struct plan_measure *m, const struct type *t, const uint64_t *b)
{
	uint64_t sum = 0, all = hist_total(t, b);
	double from, to;

	for (uint32_t i = 0; i + 1 < t->count && sum < all; i++) {
		if (!b[i] && !sum)
			continue;
		hist_bounds(t, i, &from, &to);
		sum += b[i];
		str_add(out, metric->p, metric->n);
		str_adds(out, "_bucket");
		if (labels->n)
			str_add(out, labels->p, labels->n);
		str_printf(out, "%sle=\"", labels->n ? "," : "{");
		add_number(out, scaled(m, to - 1));
		str_printf(out, "\"} %lu\n", sum);
	}
	str_add(out, metric->p, metric->n);
	str_adds(out, "_bucket");
	if (labels->n)
		str_add(out, labels->p, labels->n);
	str_printf(out, "%sle=\"+Inf\"} %lu\n", labels->n ? "," : "{", all);
	line(out, metric, "_count", labels, (double)all);
}

static void value(struct str *out, const struct str *metric, const struct str *labels, const struct plan_measure *m, const struct type *t, const void *v)
{
	if (t->kind == TYPE_HIST || t->kind == TYPE_LHIST) {
		histogram(out, metric, labels, m, t, v);
	} else if (measure_parts(t) == 3) {
		line(out, metric, "_sum", labels, scaled(m, measure_part(t, v, 2)));
		line(out, metric, "_count", labels, measure_part(t, v, 0));
	} else {
		line(out, metric, t->kind == TYPE_COUNT ? "_total" : "", labels, scaled(m, measure_part(t, v, 0)));
	}
}

static const char *metric_type(const struct type *t)
{
	if (t->kind == TYPE_HIST || t->kind == TYPE_LHIST)
		return "histogram";
	if (measure_parts(t) == 3)
		return "summary";
	return t->kind == TYPE_COUNT ? "counter" : "gauge";
}

static void measure(struct prometheus *x, struct str *out, const struct export_measures *ms, uint32_t i)
{
	const struct plan_measure *m = &ms->stream->measures[i];
	const struct map_view *v = &ms->measure[i];
	const struct type *t = v->map->value;
	_str_ struct str metric = { 0 }, labels = { 0 };

	if (t->kind == TYPE_TSERIES || v->n == 0)
		return;
	add_metric(&metric, ms->stream, m);
	str_printf(out, "# TYPE %s%s %s\n", str_z(&metric), t->kind == TYPE_COUNT ? "_total" : "", metric_type(t));
	for (size_t k = 0; k < v->n; k++) {
		str_clear(&labels);
		add_labels(x, &labels, ms->stream, v, v->entries[k].key);
		value(out, &metric, &labels, m, t, v->entries[k].value);
	}
}

static void prometheus_measures(void *state, const struct export_measures *ms)
{
	struct prometheus *x = state;
	struct str out = { 0 };

	str_adds(&out, "");
	for (uint32_t i = 0; i < ms->stream->n_measures; i++)
		measure(x, &out, ms, i);
	pthread_mutex_lock(&x->lock);
	for (size_t i = 0; i < x->n; i++)
		if (x->page[i].stream == ms->stream) {
			free(x->page[i].text);
			x->page[i].text = TAKE_PTR(out.p);
		}
	pthread_mutex_unlock(&x->lock);
	str_free(&out);
	x->published++;
}

// Serving, in libmicrohttpd's thread -----------------------------------------------------------------------------------

static char *whole_page(struct prometheus *x)
{
	struct str all = { 0 };

	str_adds(&all, "");
	pthread_mutex_lock(&x->lock);
	for (size_t i = 0; i < x->n; i++)
		str_adds(&all, x->page[i].text ? x->page[i].text : "");
	pthread_mutex_unlock(&x->lock);
	return all.p;
}

static enum MHD_Result answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
			      const char *upload, size_t *upload_size, void **request)
{
	struct prometheus *x = arg;
	bool known = strcmp(url, "/metrics") == 0, reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	char *text = known && reads ? whole_page(x) : xstrdup(known ? "GET only\n" : "metrics are at /metrics\n");
	struct MHD_Response *r = x->http.create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);

	if (!r) {
		free(text);
		return MHD_NO;
	}
	x->http.add_response_header(r, "Content-Type", known && reads ? "text/plain; version=0.0.4; charset=utf-8" : "text/plain");
	enum MHD_Result queued = x->http.queue_response(connection, !known ? 404 : reads ? 200 : 405, r);
	x->http.destroy_response(r);
	return queued;
}

// Opening -------------------------------------------------------------------------------------------------------------

static int open_library(struct http *h)
{
	h->handle = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
	if (!h->handle)
		return -ENOENT;
#define F(name)                                                                                                                                \
	*(void **)&h->name = dlsym(h->handle, "MHD_" #name);                                                                                   \
	if (!h->name)                                                                                                                          \
		return -ENOENT;
	HTTP_FUNCTIONS(F)
#undef F
	return 0;
}

// HOST:PORT, [HOST]:PORT or :PORT. 0 or -EINVAL.
static int parse_address(const char *text, struct sockaddr_storage *ret)
{
	const char *colon = strrchr(text, ':');
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found;

	if (!colon)
		return -EINVAL;
	bool bracketed = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
	_free_ char *host = bracketed ? xstrndup(text + 1, (size_t)(colon - text) - 2) : xstrndup(text, (size_t)(colon - text));
	if (getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &found) != 0)
		return -EINVAL;
	memcpy(ret, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return 0;
}

static int refuse(const struct export_context *c, int err, const char *what)
{
	diag_error(c->diag, c->at, E_IO, "the sink prometheus %s", what);
	return err;
}

// Port 0 lets the kernel choose: which one it is must be known to whoever is to read there.
static void tell_port(struct prometheus *x, const char *text)
{
	const char *colon = strrchr(text, ':');
	const union MHD_DaemonInfo *info = strtoul(colon + 1, NULL, 10) ? NULL : x->http.get_daemon_info(x->daemon, MHD_DAEMON_INFO_BIND_PORT);
	_str_ struct str s = { 0 };

	if (!info)
		return;
	str_printf(&s, "prometheus: listening at %.*s:%u\n", (int)(colon - text), text, info->port);
	out_error(x->c.out, &s);
}

// The server's thread takes no signals: they are the main thread's.
static int start(struct prometheus *x)
{
	const char *text = export_text(x->c.sink, "listen");
	struct sockaddr_storage address;
	sigset_t all, before;

	if (parse_address(text, &address) != 0) {
		_free_ char *what = xasprintf("cannot listen at '%s': it is no HOST:PORT", text);

		return refuse(&x->c, -EINVAL, what);
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | (address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);
	errno = 0;
	x->daemon = x->http.start_daemon(flags, 0, NULL, NULL, answer, x, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
					 MHD_OPTION_CONNECTION_TIMEOUT, 10u, MHD_OPTION_CONNECTION_LIMIT, 64u, MHD_OPTION_END);
	int err = x->daemon ? 0 : errno ? -errno : -EADDRINUSE;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err) {
		tell_port(x, text);
		return 0;
	}
	_free_ char *what = xasprintf("cannot listen at %s: %s", text, strerror(-err));
	return refuse(&x->c, err, what);
}

static void prometheus_free(void *state)
{
	struct prometheus *x = state;

	if (x->daemon)
		x->http.stop_daemon(x->daemon);
	for (size_t i = 0; i < x->n; i++)
		free(x->page[i].text);
	free(x->page);
	pthread_mutex_destroy(&x->lock);
	if (x->http.handle)
		dlclose(x->http.handle);
	free(x);
}

static int prometheus_open(const struct export_context *c, void **state)
{
	struct prometheus *x = xcalloc(1, sizeof *x);

	x->c = *c;
	pthread_mutex_init(&x->lock, NULL);
	x->page = xcalloc(c->plan->n_streams, sizeof *x->page);
	for (uint32_t i = 0; i < c->plan->n_streams; i++)
		if (export_receives(c, &c->plan->streams[i]))
			x->page[x->n++].stream = &c->plan->streams[i];
	int err = open_library(&x->http);
	if (err)
		refuse(c, err, "needs the library libmicrohttpd.so.12, which is not installed");
	else
		err = start(x);
	if (err) {
		prometheus_free(x);
		return err;
	}
	*state = x;
	return 0;
}

static void prometheus_close(void *state, uint64_t deadline_ns, struct export_totals *ret)
{
	struct prometheus *x = state;

	*ret = (struct export_totals){ .delivered = x->published };
}

const struct export_sink export_sink_prometheus = {
	.name = "prometheus", .open = prometheus_open, .measures = prometheus_measures, .close = prometheus_close, .free = prometheus_free,
};

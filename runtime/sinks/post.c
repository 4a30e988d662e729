// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/post.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "base/util.h"

#define ANSWER_MOST (64u << 10)

#define CURL_FUNCTIONS(F)                                                                                                                      \
	F(global_init) F(easy_init) F(easy_reset) F(easy_setopt) F(easy_perform) F(easy_getinfo) F(easy_cleanup) F(easy_strerror) F(slist_append)  \
	F(slist_free_all)

// The headers' macros of these names only check argument types, of the functions themselves.
#undef curl_easy_setopt
#undef curl_easy_getinfo

struct poster {
	void *handle;
#define F(name) __typeof__(curl_##name) *name;
	CURL_FUNCTIONS(F)
#undef F
	CURL *easy;
	struct curl_slist *headers;
};

static int open_library(struct poster *p)
{
	p->handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (!p->handle)
		p->handle = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
	if (!p->handle)
		return -ENOENT;
#define F(name)                                                                                                                                \
	*(void **)&p->name = dlsym(p->handle, "curl_" #name);                                                                                  \
	if (!p->name)                                                                                                                          \
		return -ENOENT;
	CURL_FUNCTIONS(F)
#undef F
	return 0;
}

int poster_new(struct poster **ret)
{
	struct poster *p = xcalloc(1, sizeof *p);
	int err = open_library(p);

	if (!err && (p->global_init(CURL_GLOBAL_DEFAULT) != 0 || !(p->easy = p->easy_init())))
		err = -ENOMEM;
	if (err) {
		poster_free(p);
		return err;
	}
	*ret = p;
	return 0;
}

// The library stays open: its own clean-up is for a process in which nothing else uses it or TLS.
void poster_free(struct poster *p)
{
	if (!p)
		return;
	if (p->headers)
		p->slist_free_all(p->headers);
	if (p->easy)
		p->easy_cleanup(p->easy);
	free(p);
}

void poster_header(struct poster *p, const char *line)
{
	struct curl_slist *more = p->slist_append(p->headers, line);

	if (more)
		p->headers = more;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct str *s = arg;

	str_add(s, bytes, MIN(size * n, ANSWER_MOST - MIN(s->n, (size_t)ANSWER_MOST)));
	return size * n;
}

static int progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct post *q = arg;

	return q->go_on && !q->go_on(q->arg);
}

static void set_up(struct poster *p, const struct post *q, struct post_answer *ret)
{
	p->easy_reset(p->easy);
	p->easy_setopt(p->easy, CURLOPT_URL, q->url);
	p->easy_setopt(p->easy, CURLOPT_POST, 1L);
	p->easy_setopt(p->easy, CURLOPT_POSTFIELDS, q->body);
	p->easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->n);
	p->easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
	p->easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L); // we are a thread
	p->easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long)(q->timeout_ns / 1000000));
	p->easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, take_body);
	p->easy_setopt(p->easy, CURLOPT_WRITEDATA, &ret->body);
	p->easy_setopt(p->easy, CURLOPT_NOPROGRESS, 0L);
	p->easy_setopt(p->easy, CURLOPT_XFERINFOFUNCTION, progress);
	p->easy_setopt(p->easy, CURLOPT_XFERINFODATA, q);
}

int poster_reach(struct poster *p, const char *url, uint64_t timeout_ns, struct post_answer *ret)
{
	*ret = (struct post_answer){ 0 };
	p->easy_reset(p->easy);
	p->easy_setopt(p->easy, CURLOPT_URL, url);
	p->easy_setopt(p->easy, CURLOPT_CONNECT_ONLY, 1L);
	p->easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
	p->easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long)(timeout_ns / 1000000));
	CURLcode rc = p->easy_perform(p->easy);
	if (rc == CURLE_OK)
		return 0;
	snprintf(ret->why, sizeof ret->why, "%s", p->easy_strerror(rc));
	return -ECONNREFUSED;
}

void poster_send(struct poster *p, const struct post *q, struct post_answer *ret)
{
	curl_off_t wait = 0;
	long status = 0;

	*ret = (struct post_answer){ 0 };
	set_up(p, q, ret);
	CURLcode rc = p->easy_perform(p->easy);
	if (rc != CURLE_OK) {
		snprintf(ret->why, sizeof ret->why, "%s", p->easy_strerror(rc));
		return;
	}
	p->easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	p->easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &wait);
	ret->status = (int)status;
	ret->retry_after_ns = wait > 0 ? (uint64_t)wait * 1000000000u : 0;
}

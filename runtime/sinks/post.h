// SPDX-License-Identifier: Apache-2.0
// post.h - HTTP POST through libcurl, which is opened when a script exports over HTTP.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct poster;

struct post {
	const char *url;
	const void *body;
	size_t n;
	uint64_t timeout_ns;
	bool (*go_on)(void *arg); // asked now and then while the request runs; false ends it
	void *arg;
};

struct post_answer {
	int status;              // of HTTP; 0: none came
	uint64_t retry_after_ns; // 0: the receiver asked for nothing
	struct str body;         // at most 64 KiB of it; the caller's
	char why[128];           // when status is 0
};

// -ENOENT: libcurl is not installed.
int poster_new(struct poster **ret);
void poster_header(struct poster *p, const char *line); // "name: value", sent with each request
// Connects to where a URL points, and no more: 0, or -ECONNREFUSED with the reason in ret->why.
int poster_reach(struct poster *p, const char *url, uint64_t timeout_ns, struct post_answer *ret);
void poster_send(struct poster *p, const struct post *q, struct post_answer *ret);
void poster_free(struct poster *p);

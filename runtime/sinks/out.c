// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/out.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/util.h"

#define OUT_BUFFER (256u << 10)

void out_open(struct out *o, int fd, int err_fd, int buffering)
{
	*o = (struct out){ .fd = fd, .err_fd = err_fd, .buffering = buffering ? buffering : 'l', .cap = OUT_BUFFER };
	o->buf = xmalloc(o->cap);
}

void out_close(struct out *o)
{
	if (!o->buf)
		return;
	out_flush(o);
	free(o->buf);
	o->buf = NULL;
}

static void write_out(struct out *o, int fd, const char *p, size_t n)
{
	while (n > 0 && !o->failed) {
		ssize_t did = write(fd, p, n);

		if (did >= 0) {
			p += did;
			n -= (size_t)did;
		} else if (errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, 100);
		} else if (errno != EINTR) {
			o->failed = true;
		}
	}
}

void out_flush(struct out *o)
{
	if (o->capture)
		return;
	write_out(o, o->fd, o->buf, o->n);
	o->n = 0;
}

void out_add(struct out *o, const void *p, size_t n)
{
	o->total += n;
	if (o->capture) {
		str_add(o->capture, p, n);
		return;
	}
	if (n > o->cap - o->n)
		out_flush(o);
	if (n > o->cap) {
		write_out(o, o->fd, p, n);
		return;
	}
	memcpy(o->buf + o->n, p, n);
	o->n += n;
	if (o->buffering == 'n')
		out_flush(o);
}

void out_str(struct out *o, const struct str *s)
{
	if (s->n)
		out_add(o, s->p, s->n);
}

void out_batch(struct out *o)
{
	if (o->buffering != 'f')
		out_flush(o);
}

void out_progress(struct out *o, const struct str *s)
{
	struct out err = { .fd = o->err_fd };

	if (!o->capture)
		write_out(&err, o->err_fd, str_z(s), s->n);
}

void out_error(struct out *o, const struct str *s)
{
	struct out err = { .fd = o->err_fd };

	if (o->capture) {
		str_add(o->capture, str_z(s), s->n);
		return;
	}
	out_flush(o);
	write_out(&err, o->err_fd, str_z(s), s->n);
}

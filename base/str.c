// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

void str_reserve(struct str *s, size_t more)
{
	if (s->cap - s->n > more)
		return;
	s->cap = MAX(s->n + more + 1, s->cap * 2);
	s->p = xrealloc(s->p, s->cap);
}

void str_add(struct str *s, const void *p, size_t n)
{
	str_reserve(s, n);
	if (n)
		memcpy(s->p + s->n, p, n);
	s->n += n;
	s->p[s->n] = '\0';
}

void str_adds(struct str *s, const char *z)
{
	str_add(s, z, strlen(z));
}

void str_addc(struct str *s, char c)
{
	str_add(s, &c, 1);
}

void str_fill(struct str *s, char c, size_t n)
{
	str_reserve(s, n);
	memset(s->p + s->n, c, n);
	s->n += n;
	s->p[s->n] = '\0';
}

int str_read(struct str *s, int fd, size_t most)
{
	for (size_t left = most; left;) {
		size_t step = MIN(left, MAX(s->n, (size_t)65536));
		ssize_t n;

		str_reserve(s, step);
		n = read(fd, s->p + s->n, step);
		if (n < 0 && errno == EINTR)
			continue;
		s->n += n > 0 ? (size_t)n : 0;
		s->p[s->n] = '\0';
		if (n <= 0)
			return n < 0 ? -errno : 0;
		left -= (size_t)n;
	}
	return 0;
}

int str_read_file(struct str *s, const char *path, size_t most)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : str_read(s, fd, most);
}

void str_vprintf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n > 0) {
		str_reserve(s, (size_t)n);
		vsnprintf(s->p + s->n, (size_t)n + 1, fmt, again);
		s->n += (size_t)n;
	}
	va_end(again);
}

void str_printf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(s, fmt, ap);
	va_end(ap);
}

void str_u64(struct str *s, uint64_t v)
{
	char b[20];
	size_t at = sizeof b;

	do
		b[--at] = (char)('0' + v % 10);
	while (v /= 10);
	str_add(s, b + at, sizeof b - at);
}

void str_i64(struct str *s, int64_t v)
{
	if (v < 0)
		str_addc(s, '-');
	str_u64(s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

// Length of the well-formed UTF-8 sequence at p (RFC 3629), 0 if there is none.
static size_t utf8_length(const unsigned char *p, size_t n)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

void str_json(struct str *s, const char *p, size_t n)
{
	const unsigned char *b = (const unsigned char *)p;

	str_addc(s, '"');
	for (size_t i = 0, len; i < n; i += len) {
		len = utf8_length(b + i, n - i);
		if (len == 0) {
			str_adds(s, "\xef\xbf\xbd");
			len = 1;
		} else if (len > 1) {
			str_add(s, b + i, len);
		} else if (b[i] == '"' || b[i] == '\\') {
			str_addc(s, '\\');
			str_addc(s, (char)b[i]);
		} else if (b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
			str_addc(s, '\\');
			str_addc(s, b[i] == '\n' ? 'n' : b[i] == '\t' ? 't' : 'r');
		} else if (b[i] < 0x20) {
			str_printf(s, "\\u%04x", b[i]);
		} else {
			str_addc(s, (char)b[i]);
		}
	}
	str_addc(s, '"');
}

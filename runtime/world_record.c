// SPDX-License-Identifier: Apache-2.0
#include "runtime/world_record.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"

void world_record_add(struct str *out, enum world_record kind, const char *name, const void *data, size_t n)
{
	uint32_t head[] = { kind, (uint32_t)strlen(name), (uint32_t)n };

	str_add(out, head, sizeof head);
	str_add(out, name, strlen(name));
	str_add(out, data, n);
}

int world_records_read(const void *bytes, size_t n, int (*take)(void *arg, enum world_record kind, const char *name, const void *data, size_t n),
		       void *arg)
{
	const char *at = bytes, *end = at + n;
	uint32_t head[3];
	int err = 0;

	while (!err && at < end) {
		if ((size_t)(end - at) < sizeof head)
			return -EINVAL;
		memcpy(head, at, sizeof head);
		at += sizeof head;
		if ((uint64_t)head[1] + head[2] > (size_t)(end - at))
			return -EINVAL;
		_free_ char *name = xstrndup(at, head[1]);
		at += head[1];
		err = head[0] < WORLD_RECORDS ? take(arg, (enum world_record)head[0], name, at, head[2]) : 0;
		at += head[2];
	}
	return err;
}

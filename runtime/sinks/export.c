// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/export.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "runtime/sinks/export_sinks.h"

static const struct export_sink *const all[] = {
#define SINK(name, doc) &export_sink_##name,
#define SINK_OPTION(sink, key, kind, default, doc)
#include "base/sink.def"
#undef SINK
#undef SINK_OPTION
};

const struct export_sink *export_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

static const struct plan_option *option(const struct plan_sink *s, const char *key)
{
	for (uint32_t i = 0; i < s->n_options; i++)
		if (strcmp(s->options[i].key, key) == 0)
			return &s->options[i];
	return NULL;
}

const char *export_text(const struct plan_sink *s, const char *key)
{
	const struct plan_option *o = option(s, key);

	return o ? o->text : "";
}

uint64_t export_number(const struct plan_sink *s, const char *key)
{
	const struct plan_option *o = option(s, key);

	return o ? o->number : 0;
}

bool export_receives(const struct export_context *c, const struct plan_stream *s)
{
	for (uint32_t i = 0; i < s->n_sinks; i++)
		if (&c->plan->sinks[s->sinks[i].index] == c->sink)
			return true;
	return false;
}

// A full disk takes an empty file. What is no plain file may be read by somebody: nothing is written there to try.
static int try_room(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	if (pwrite(fd, "", 1, 0) != 1)
		return errno ? -errno : -EIO;
	return ftruncate(fd, 0) == 0 ? 0 : -errno;
}

int export_create(const struct export_context *c, const char *path)
{
	_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int err = fd < 0 ? -errno : try_room(fd);

	if (!err)
		return TAKE_FD(fd);
	diag_error(c->diag, c->at, E_IO, "%s cannot be written: %s", path, strerror(-err));
	return err;
}

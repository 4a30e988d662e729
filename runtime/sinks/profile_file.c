// SPDX-License-Identifier: Apache-2.0
#include "runtime/sinks/profile_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/sinks/out.h"
#include "runtime/sinks/profile.h"

int profile_file_open(const struct export_context *c, void **state)
{
	const char *path = export_text(c->sink, "file");
	bool is_stdout = strcmp(path, "-") == 0;
	int fd = is_stdout ? -1 : export_create(c, path);

	if (fd < 0 && !is_stdout)
		return fd;
	struct profile_file *f = xcalloc(1, sizeof *f);
	*f = (struct profile_file){ .c = *c, .profile = profile_new(), .fd = fd };
	*state = f;
	return 0;
}

void profile_file_record(void *state, const struct export_record *r)
{
	struct profile_file *f = state;

	profile_record(f->profile, &f->c, r);
}

void profile_file_measures(void *state, const struct export_measures *m)
{
	struct profile_file *f = state;

	profile_measures(f->profile, &f->c, m);
}

void profile_file_free(void *state)
{
	struct profile_file *f = state;

	profile_free(f->profile);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

void profile_file_write(struct profile_file *f, const struct str *text, struct export_totals *ret)
{
	uint64_t with = profile_added(f->profile), without = profile_without(f->profile);
	int err = 0;

	*ret = (struct export_totals){ .delivered = with, .dropped = without, .why = without ? "they have no stack" : NULL };
	if (f->fd >= 0) {
		err = write_all(f->fd, str_z(text), text->n);
		if (close(TAKE_FD(f->fd)) != 0 && !err)
			err = -errno;
	} else {
		out_str(f->c.out, text);
	}
	if (err)
		*ret = (struct export_totals){ .dropped = with + without + !(with + without), .why = strerror(-err) };
}

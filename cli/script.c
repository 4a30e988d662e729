// SPDX-License-Identifier: Apache-2.0
#include "cli/script.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "cli/options.h"
#include "cli/shipped.h"

#define SCRIPT_LIMIT ((size_t)64 << 20) // objects with thousands of sites are larger than any script

// 0 or -errno; -EFBIG behind SCRIPT_LIMIT.
static int read_all(int fd, struct str *ret)
{
	int err = str_read(ret, fd, SCRIPT_LIMIT + 1);

	return ret->n > SCRIPT_LIMIT ? -EFBIG : err;
}

static int read_file(const char *path, struct str *ret)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return read_all(fd, ret);
}

void script_name(const struct options *o, struct script *s)
{
	bool is_stdin = o->program || !strcmp(o->file, "-");

	s->name = is_stdin ? "stdin" : o->file;
	if (!is_stdin && access(o->file, F_OK))
		s->found = shipped_path(o->file);
	if (s->found)
		s->name = s->found;
}

static void cannot_open(const struct script *s, int err, struct str *why)
{
	_str_ struct str near = { 0 };

	str_printf(why, "failed to open file '%s': %s", s->name, strerror(-err));
	if (err == -ENOENT && shipped_near(s->name, &near))
		str_printf(why, "\nHINT: the library has '%s'; spile scripts lists it", near.p);
}

bool script_read(const struct options *o, struct script *s, struct str *why)
{
	bool is_stdin = o->program || !strcmp(o->file, "-");
	int r = 0;

	*s = (struct script){ 0 };
	script_name(o, s);
	if (o->program)
		str_adds(&s->text, o->program);
	else
		r = is_stdin ? read_all(STDIN_FILENO, &s->text) : read_file(s->name, &s->text);
	if (r == -EFBIG)
		str_printf(why, "'%s' is larger than %zu MB: this is no script", s->name, SCRIPT_LIMIT >> 20);
	else if (r)
		cannot_open(s, r, why);
	s->object = s->text.n >= 4 && !memcmp(s->text.p, "\177ELF", 4);
	return r == 0;
}

void script_free(struct script *s)
{
	str_free(&s->text);
	free(s->found);
}

// SPDX-License-Identifier: Apache-2.0
// world_save.c - the running kernel as a .world file.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <zstd.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/btf.h"
#include "runtime/kernel_functions.h"
#include "runtime/tracefs.h"
#include "runtime/world_file.h"
#include "runtime/world_record.h"

#define BTF_FOLDER "/sys/kernel/btf"
#define LEVEL 9 // a quarter larger than 19, and a tenth of the time

struct saving {
	struct str *out;
	struct tracefs tracefs;
	unsigned lacks;
};

static int read_all(const char *path, struct str *out)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0) {
		str_reserve(out, 1 << 20);
		n = read(fd, out->p + out->n, 1 << 20);
		if (n > 0)
			out->n += (size_t)n;
	}
	return n < 0 ? -errno : 0;
}

static int save_btf(struct saving *s, const char *name)
{
	_free_ char *path = xasprintf(BTF_FOLDER "/%s", name);
	_str_ struct str bytes = { 0 };
	int err = read_all(path, &bytes);

	if (!err)
		world_record_add(s->out, WORLD_BTF, name, bytes.p, bytes.n);
	return err;
}

static void save_modules(struct saving *s)
{
	DIR *dir = opendir(BTF_FOLDER);

	for (struct dirent *e; dir && (e = readdir(dir));)
		if (e->d_name[0] != '.' && strcmp(e->d_name, "vmlinux") != 0 && save_btf(s, e->d_name))
			s->lacks++;
	if (dir)
		closedir(dir);
}

static void save_event(void *arg, const char *category, const char *event)
{
	struct saving *s = arg;
	_free_ char *name = xasprintf("%s:%s", category, event);
	_str_ struct str text = { 0 };

	if (tracefs_format(&s->tracefs, category, event, &text))
		s->lacks++;
	else
		world_record_add(s->out, WORLD_EVENT, name, text.p, text.n);
}

static void save_function(void *arg, const char *module, const char *name)
{
	_free_ char *both = xasprintf("%s:%s", module, name);

	world_record_add(((struct saving *)arg)->out, WORLD_FUNCTION, both, "", 0);
}

static int compress(const struct str *all, struct str *out)
{
	size_t room = ZSTD_compressBound(all->n), n;

	str_add(out, WORLD_MAGIC, WORLD_MAGIC_LEN);
	str_reserve(out, room);
	n = ZSTD_compress(out->p + out->n, room, all->p, all->n, LEVEL);
	if (ZSTD_isError(n))
		return -ENOMEM;
	out->n += n;
	return 0;
}

int world_save(struct str *out, unsigned *lacks)
{
	_str_ struct str all = { 0 };
	struct saving s = { .out = &all };
	struct kernel_functions *functions = kernel_functions_new();
	struct utsname u = { 0 };
	int err;

	uname(&u);
	tracefs_init(&s.tracefs);
	world_record_add(&all, WORLD_RELEASE, u.release, "", 0);
	err = save_btf(&s, "vmlinux");
	if (!err) {
		save_modules(&s);
		s.lacks += tracefs_each(&s.tracefs, "*", "*", save_event, &s) < 0;
		s.lacks += kernel_functions_each(functions, &s.tracefs, "*", "*", save_function, &s) < 0;
		err = compress(&all, out);
	}
	kernel_functions_free(functions);
	tracefs_close(&s.tracefs);
	*lacks = s.lacks;
	return err;
}

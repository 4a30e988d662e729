// SPDX-License-Identifier: Apache-2.0
#include "runtime/tracefs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"

#ifndef TRACEFS_MAGIC
#define TRACEFS_MAGIC 0x74726163
#endif

void tracefs_init(struct tracefs *t)
{
	t->fd = -1;
}

void tracefs_close(struct tracefs *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

// A mount point may be there without tracefs on it.
static int open_mounted(const char *path)
{
	struct statfs fs;
	int fd;

	if (statfs(path, &fs) < 0 || (unsigned long)fs.f_type != TRACEFS_MAGIC)
		return -ENOENT;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_detached(void)
{
	_close_ int fs = fsopen("tracefs", FSOPEN_CLOEXEC);
	_close_ int mount = -1;
	int root;

	if (fs < 0)
		return -errno;
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		return -errno;
	root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); // keeps the mount alive
	return root < 0 ? -errno : root;
}

int tracefs_open(struct tracefs *t)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	int fd = -ENOENT;

	if (t->fd >= 0)
		return t->fd;
	for (size_t i = 0; i < ARRAY_SIZE(places) && fd == -ENOENT; i++)
		fd = open_mounted(places[i]);
	if (fd == -ENOENT)
		fd = open_detached();
	if (fd >= 0)
		t->fd = fd;
	return fd;
}

struct names {
	VEC(char *) list;
};

static void names_free(struct names *n)
{
	for (size_t i = 0; i < n->list.n; i++)
		free(n->list.v[i]);
	vec_free(&n->list);
}
#define _names_ _cleanup_(names_free)

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

// The folders in a folder that match a glob. Names without a star are only tried, not looked for.
static int list_folders(int at, const char *path, const char *glob, struct names *out)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	DIR *dir;

	if (fd < 0)
		return -errno;
	if (!glob_is(glob)) {
		if (*glob && !strchr(glob, '/') && *glob != '.' && fstatat(fd, glob, &st, 0) == 0 && S_ISDIR(st.st_mode))
			vec_push(NULL, &out->list, xstrdup(glob));
		close(fd);
		return 0;
	}
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	for (struct dirent *e; (e = readdir(dir));)
		if (e->d_type == DT_DIR && e->d_name[0] != '.' && glob_match(glob, e->d_name))
			vec_push(NULL, &out->list, xstrdup(e->d_name));
	closedir(dir);
	if (out->list.n)
		qsort(out->list.v, out->list.n, sizeof *out->list.v, compare_names);
	return 0;
}

int tracefs_each(struct tracefs *t, const char *category, const char *event,
		 void (*each)(void *arg, const char *category, const char *event), void *arg)
{
	_names_ struct names categories = { 0 };
	int fd = tracefs_open(t), err = fd < 0 ? fd : list_folders(fd, "events", category, &categories);

	for (size_t i = 0; !err && i < categories.list.n; i++) {
		_names_ struct names events = { 0 };
		_free_ char *path = xasprintf("events/%s", categories.list.v[i]);

		err = list_folders(fd, path, event, &events);
		for (size_t k = 0; k < events.list.n; k++)
			each(arg, categories.list.v[i], events.list.v[k]);
	}
	return err;
}

static int read_event_file(struct tracefs *t, const char *category, const char *event, const char *file, struct str *out)
{
	_free_ char *path = xasprintf("events/%s/%s/%s", category, event, file);
	int root = tracefs_open(t);
	ssize_t n;

	if (root < 0)
		return root;
	if (strchr(category, '/') || strchr(event, '/') || strchr(category, '.') || strchr(event, '.'))
		return -ENOENT;
	_close_ int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		str_reserve(out, 4096);
		n = read(fd, out->p + out->n, 4096);
		if (n > 0)
			out->n += (size_t)n;
	} while (n > 0);
	if (n < 0)
		return -errno;
	out->p[out->n] = '\0';
	return 0;
}

int tracefs_format(struct tracefs *t, const char *category, const char *event, struct str *out)
{
	return read_event_file(t, category, event, "format", out);
}

int tracefs_event_id(struct tracefs *t, const char *category, const char *event)
{
	_str_ struct str s = { 0 };
	int err = read_event_file(t, category, event, "id", &s);

	return err ? err : atoi(str_z(&s));
}

int tracefs_fields(struct tracefs *t, struct arena *a, struct types *types, const char *category, const char *event,
		   const struct event_field **f, size_t *n)
{
	_str_ struct str s = { 0 };
	int err = read_event_file(t, category, event, "format", &s);

	if (err)
		return err;
	tracefs_parse(str_z(&s), a, types, category, f, n);
	return 0;
}

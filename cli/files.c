// SPDX-License-Identifier: Apache-2.0
#include "cli/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/plan.h"
#include "base/util.h"
#include "lang/lang.h"

#define FILE_LIMIT (64 << 20)

static void add_dep(struct files *f, const char *path, const struct stat *st)
{
	struct plan_dep d = { .path = arena_strdup(f->arena, path) };

	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].path, path))
			return;
	if (st) {
		d.dev = st->st_dev;
		d.ino = st->st_ino;
		d.size = (uint64_t)st->st_size;
		d.mtime_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
	}
	vec_push(f->arena, f, d);
}

static int read_folder(struct arena *a, const char *path, struct lang_file *ret)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);
	const char **kept;

	if (n < 0)
		return -errno;
	kept = arena_array(a, const char *, (size_t)n + 1);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.')
			kept[ret->nentries++] = arena_strdup(a, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	ret->entries = kept;
	return 0;
}

static int read_text(struct arena *a, int fd, size_t size, struct lang_file *ret)
{
	char *text;

	if (size > FILE_LIMIT)
		return -EFBIG;
	text = arena_alloc(a, size + 1);
	while (ret->n < size) {
		ssize_t n = read(fd, text + ret->n, size - ret->n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break; // it became shorter
		ret->n += (size_t)n;
	}
	text[ret->n] = '\0';
	ret->text = text;
	return 0;
}

// Whether everybody may write to the file, or put another in its place.
static bool open_to_all(const struct stat *st, const char *real)
{
	_free_ char *folder = xstrdup(real);
	char *slash = strrchr(folder, '/');
	struct stat above;

	if (st->st_mode & S_IWOTH)
		return true;
	if (slash)
		slash[slash == folder] = '\0';
	return stat(folder, &above) || above.st_mode & S_IWOTH;
}

int files_read(void *files, struct arena *a, const char *path, struct lang_file *ret)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char real[PATH_MAX];
	struct stat st;

	*ret = (struct lang_file){ 0 };
	if (fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			add_dep(files, path, NULL);
		return -errno;
	}
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -EINVAL;
	if (!realpath(path, real))
		return -errno;
	add_dep(files, path, &st);
	ret->identity = arena_strdup(a, real);
	ret->open_to_all = open_to_all(&st, real);
	return S_ISDIR(st.st_mode) ? read_folder(a, path, ret) : read_text(a, fd, (size_t)st.st_size, ret);
}

void files_note(void *files, const char *path)
{
	struct stat st;

	add_dep(files, path, stat(path, &st) ? NULL : &st);
}

size_t files_search(struct arena *a, const char *const **ret)
{
	const char *at = getenv("SPILE_PATH");
	struct {
		const char **v;
		size_t n, cap;
	} list = { 0 };

	while (at && *at) {
		size_t n = strcspn(at, ":");

		if (n)
			vec_push(a, &list, arena_strndup(a, at, n));
		at += n + (at[n] == ':');
	}
	*ret = list.v;
	return list.n;
}

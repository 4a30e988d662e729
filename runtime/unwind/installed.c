// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/installed.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/ld_cache.h"

#define FILES_MOST 65536

struct file {
	uint64_t ino;
	char *path;
};

struct installed {
	bool read;
	VEC(struct file) file;
};

struct installed *installed_new(void)
{
	return xcalloc(1, sizeof(struct installed));
}

void installed_free(struct installed *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->file.n; i++)
		free(in->file.v[i].path);
	free(in->file.v);
	free(in);
}

struct unwind_key unwind_key_of(const struct stat *st)
{
	return (struct unwind_key){ .ino = st->st_ino, .size = (uint64_t)st->st_size, .dev = major(st->st_dev) << 20 | minor(st->st_dev),
				    .mtime = (uint32_t)st->st_mtim.tv_sec };
}

static void add_file(struct installed *in, const char *path)
{
	struct stat st;

	if (in->file.n < FILES_MOST && stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		vec_push(NULL, &in->file, (struct file){ st.st_ino, xstrdup(path) });
}

static void add_folder(struct installed *in, const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	char path[4096];

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && (size_t)snprintf(path, sizeof path, "%s/%s", folder, e->d_name) < sizeof path)
			add_file(in, path);
	if (d)
		closedir(d);
}

static bool add_library(void *arg, const char *soname, const char *library)
{
	add_file(arg, library);
	return true;
}

static void read_all(struct installed *in)
{
	static const char *const folders[] = { "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin" };
	struct stat bin, usr;
	bool merged = stat("/bin", &bin) == 0 && stat("/usr/bin", &usr) == 0 && bin.st_ino == usr.st_ino;

	for (size_t i = 0; i < ARRAY_SIZE(folders) - (merged ? 2 : 0); i++)
		add_folder(in, folders[i]);
	ld_cache_each("/etc/ld.so.cache", "*", add_library, in);
	in->read = true;
}

static bool is_at(const struct unwind_key *key, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	struct unwind_key there = unwind_key_of(&st);
	return memcmp(&there, key, sizeof there) == 0;
}

const char *installed_find(struct installed *in, const struct unwind_key *key)
{
	if (!in->read)
		read_all(in);
	for (size_t i = 0; i < in->file.n; i++)
		if (in->file.v[i].ino == key->ino && is_at(key, in->file.v[i].path))
			return in->file.v[i].path;
	return NULL;
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/binaries.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/map.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/ld_cache.h"
#include "runtime/symbols/proc_maps.h"

#define LD_CACHE "/etc/ld.so.cache"
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *const library_folders[] = {
	"/usr/local/lib", "/lib", "/usr/lib", "/lib64", "/usr/lib64",
#if defined(__x86_64__)
	"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
#else
	"/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
#endif
};

struct search {
	const char *name;
	uint32_t pid;
	char root[32]; // "" or "/proc/PID/root"
	bool is_glob;
	struct map seen;
	int err;       // why something that fits was left out
	void (*each)(void *arg, const char *path);
	void *arg;
};

static bool is_file(const char *path, int fd)
{
	struct stat a, b;

	return stat(path, &a) == 0 && fstat(fd, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

// A path inside another root, with its symlinks followed there: what the file is called, behind /proc/PID/root. The link's text
// is the path in the file's mount namespace; where that is ours (chroot), it is the file's path as it stands.
static int real_in_root(const char *root, const char *path, char *ret, size_t room)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	char link[64], real[PATH_MAX];
	_close_ int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	ssize_t n;

	if (dir < 0)
		return -errno;
	fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
	if (fd < 0)
		return -errno;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof real - 1);
	if (n <= 0 || real[0] != '/')
		return -ENOENT;
	real[n] = '\0';
	if ((size_t)snprintf(ret, room, "%s%s", is_file(real, fd) ? "" : root, real) >= room)
		return -ENAMETOOLONG;
	return access(ret, F_OK) < 0 ? -errno : 0;
}

static bool is_elf(const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char magic[SELFMAG];

	return fd >= 0 && pread(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

// Reports a file once, by its real path. `path` is inside s->root. True if it is there.
static bool found(struct search *s, const char *path)
{
	char real[PATH_MAX];
	struct stat st;
	int err = 0;

	if (*s->root)
		err = real_in_root(s->root, path, real, sizeof real);
	else if (!realpath(path, real))
		err = -errno;
	if (!err && stat(real, &st) < 0)
		err = -errno;
	if (!err && !S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -ENOENT;
	if (err) {
		if (err != -ENOENT && err != -ENOTDIR)
			s->err = err;
		return false;
	}
	if (s->is_glob && !is_elf(real))
		return false;
	void **seen = map_puts(&s->seen, real);
	if (!*seen)
		s->each(s->arg, real);
	*map_puts(&s->seen, real) = s;
	return true;
}

// glob(3) has more special characters than attach points do.
static void escape_glob(const char *path, struct str *out)
{
	for (; *path; path++) {
		if (strchr("?[]\\", *path))
			str_addc(out, '\\');
		str_addc(out, *path);
	}
}

static void search_path(struct search *s, const char *path)
{
	_str_ struct str pattern = { 0 };
	glob_t g = { 0 };

	if (!s->is_glob) {
		found(s, path);
		return;
	}
	str_adds(&pattern, s->root);
	escape_glob(path, &pattern);
	if (glob(str_z(&pattern), 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			found(s, g.gl_pathv[i] + strlen(s->root));
	globfree(&g);
}

static bool is_program(struct search *s, const char *path)
{
	_free_ char *full = xasprintf("%s%s", s->root, path);

	return access(full, X_OK) == 0;
}

static bool search_program(struct search *s)
{
	const char *env = getenv("PATH");
	bool any = false;

	for (const char *p = env && *env ? env : DEFAULT_PATH, *end; p; p = *end ? end + 1 : NULL) {
		end = strchrnul(p, ':');
		if (*p != '/') // an empty or relative entry would make a probe depend on where we stand
			continue;
		_free_ char *path = xasprintf("%.*s/%s", (int)(end - p), p, s->name);
		if (s->is_glob)
			search_path(s, path);
		else if (is_program(s, path) && (any = found(s, path)))
			return true;
	}
	return any;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool one_mapping(void *arg, const struct proc_mapping *m)
{
	struct search *s = arg;

	if (m->executable && !m->deleted && m->path[0] == '/' &&
	    (strcmp(s->name, "*") == 0 || ld_cache_name_fits(base_name(m->path), s->name)))
		found(s, m->path);
	return true;
}

static bool one_library(void *arg, const char *soname, const char *library)
{
	struct search *s = arg;

	return !found(s, library) || s->is_glob;
}

static void search_folders(struct search *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(library_folders) && !s->seen.n; i++) {
		_free_ char *path = xasprintf("%s%s", s->root, library_folders[i]);
		DIR *dir = opendir(path);

		if (!dir)
			continue;
		for (struct dirent *e; (e = readdir(dir)) && (s->is_glob || !s->seen.n);) {
			if (!ld_cache_name_fits(e->d_name, s->name))
				continue;
			_free_ char *file = xasprintf("%s/%s", library_folders[i], e->d_name);
			found(s, file);
		}
		closedir(dir);
	}
}

static void search_name(struct search *s)
{
	_free_ char *cache = xasprintf("%s%s", s->root, LD_CACHE);

	if (s->pid && strcmp(s->name, "*") == 0) {
		s->err = proc_maps_each(s->pid, one_mapping, s);
		return;
	}
	if (search_program(s) && !s->is_glob)
		return;
	if (s->pid)
		proc_maps_each(s->pid, one_mapping, s);
	if (s->seen.n && !s->is_glob)
		return;
	ld_cache_each(cache, s->name, one_library, s);
	if (!s->seen.n)
		search_folders(s);
}

// Another mount namespace, or the same with another root folder.
static int set_root(struct search *s)
{
	struct stat ours, theirs;
	char path[sizeof s->root];

	if (!s->pid)
		return 0;
	snprintf(path, sizeof path, "/proc/%u", s->pid);
	if (stat(path, &theirs) < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	snprintf(path, sizeof path, "/proc/%u/root", s->pid);
	if (stat(path, &theirs) < 0 || stat("/", &ours) < 0)
		return errno == EACCES ? 0 : -errno; // not ours to look into: our own files are the best guess
	if (!proc_same_namespace(s->pid, "mnt") || ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev)
		memcpy(s->root, path, sizeof path);
	return 0;
}

int binaries_each(const char *name, uint32_t pid, void (*each)(void *arg, const char *path), void *arg)
{
	struct search s = { .name = name, .pid = pid, .is_glob = glob_is(name), .each = each, .arg = arg };
	int err = set_root(&s);

	if (err || !*name)
		return err ? err : -ENOENT;
	map_init(&s.seen, NULL);
	if (name[0] != '/')
		s.root[0] = strchr(name, '/') ? '\0' : s.root[0];
	if (strchr(name, '/'))
		search_path(&s, name);
	else
		search_name(&s);
	err = s.seen.n ? 0 : s.err ? s.err : -ENOENT;
	map_free(&s.seen);
	return err;
}

struct answer {
	void (*each)(void *arg, const char *path);
	void *arg;
	uint64_t sum;
};

static void add_answer(void *arg, const char *path)
{
	struct answer *a = arg;

	a->sum += hash_bytes(path, strlen(path), 0); // in any order: where a library is mapped is chance
	if (a->each)
		a->each(a->arg, path);
}

int binaries_answer(const char *name, uint32_t pid, void (*each)(void *arg, const char *path), void *arg, uint64_t *answer)
{
	struct answer a = { each, arg, 0 };
	int r = binaries_each(name, pid, add_answer, &a);

	*answer = a.sum + (uint64_t)r;
	return r;
}

// SPDX-License-Identifier: Apache-2.0
#include "cli/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/plan.h"
#include "base/util.h"
#include "cli/compiled.h"
#include "cli/script.h"
#include "runtime/targets.h"

#define ENTRIES_MOST 256
#define BYTES_MOST ((uint64_t)256 << 20)
#define ASIDE_SECONDS 3600 // a file written aside for longer is of a process that was killed
#define NAME_LEN 36 // 32 hexadecimal digits and ".spo"

static bool note(struct cache *c, const char *fmt, const char *what, int error)
{
	str_clear(&c->note);
	str_printf(&c->note, fmt, what);
	if (error)
		str_printf(&c->note, ": %s", strerror(error));
	return false;
}

static bool home_is_ours(const char *home)
{
	struct stat st;

	return home && *home == '/' && !stat(home, &st) && st.st_uid == geteuid();
}

// The folder's path, and in *above how many bytes of it name a parent that may have to be made (~/.cache).
static bool folder_path(struct str *out, size_t *above)
{
	const char *given = getenv("SPILE_CACHE_DIR"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	*above = 0;
	if (given && *given)
		str_adds(out, given);
	else if (xdg && *xdg == '/')
		str_printf(out, "%s/spile", xdg), *above = strlen(xdg);
	else if (home_is_ours(home))
		str_printf(out, "%s/.cache/spile", home), *above = out->n - strlen("/spile");
	else if (geteuid() == 0)
		str_adds(out, "/var/cache/spile");
	else
		return false;
	return true;
}

void cache_open(struct cache *c)
{
	_str_ struct str path = { 0 };
	_close_ int fd = -1;
	struct stat st;
	size_t above;

	*c = (struct cache){ .folder = -1 };
	if (!folder_path(&path, &above)) {
		note(c, "%s", "no home folder of this user's to keep compiled scripts in", 0);
		return;
	}
	if (above) {
		path.p[above] = '\0';
		(void)!mkdir(path.p, 0700);
		path.p[above] = '/';
	}
	(void)!mkdir(path.p, 0700);
	fd = open(path.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		note(c, "cannot open %s", path.p, errno);
		return;
	}
	if (st.st_uid != geteuid() || (st.st_mode & 022)) {
		note(c, "%s is not used: others may write to it", path.p, 0);
		return;
	}
	c->folder = TAKE_FD(fd);
}

void cache_close(struct cache *c)
{
	if (c->folder >= 0)
		close(c->folder);
	c->folder = -1;
	str_free(&c->note);
}

static void entry_name(const char *key, char name[NAME_LEN + 1])
{
	size_t n = strlen(key);

	snprintf(name, NAME_LEN + 1, "%016llx%016llx.spo", (unsigned long long)hash_bytes(key, n, 0),
		 (unsigned long long)hash_bytes(key, n, 0x5370696c65));
}

static bool is_entry(const char *name)
{
	return strlen(name) == NAME_LEN && strspn(name, "0123456789abcdef") == 32 && !strcmp(name + 32, ".spo");
}

// The bytes of an entry that is a plain file of ours. 0 or -errno.
static int entry_read(int folder, const char *name, struct str *ret)
{
	_close_ int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) || (uint64_t)st.st_size > BYTES_MOST)
		return -EPERM;
	str_reserve(ret, (size_t)st.st_size);
	while (ret->n < (size_t)st.st_size) {
		ssize_t n = read(fd, ret->p + ret->n, (size_t)st.st_size - ret->n);

		if (n <= 0)
			return n ? -errno : -EIO;
		ret->n += (size_t)n;
	}
	return 0;
}

// The key holds hashes; the script itself is compared too, byte by byte.
static bool is_of(const struct compiled *e, const char *key, const struct script *s)
{
	const struct plan_source *text = e->plan->n_sources ? &e->plan->sources[0] : NULL;

	return e->plan->key && !strcmp(e->plan->key, key) && text && text->text_len == s->text.n &&
	       (!s->text.n || !memcmp(text->text, s->text.p, s->text.n));
}

static bool entry_check(struct cache *c, const char *key, const struct script *s, uint32_t pid, struct compiled *e)
{
	const char *why;
	char path[PATH_MAX];

	if (compiled_open(e, &why))
		return note(c, "an entry is damaged: %s", why, 0);
	if (!is_of(e, key, s))
		return note(c, "%s", "an entry is of another script", 0);
	why = compiled_stale(e);
	if (why)
		return note(c, "%s changed", why, 0);
	if (!compiled_is_for(e, pid))
		return note(c, "%s", "compiled for a process that maps other files", 0);
	if (!compiled_has_programs(e))
		return note(c, "%s", "other BPF programs run than it was compiled for", 0);
	return targets_foreign(e->plan, path) ? note(c, "%s runs now, and was not looked into", path, 0) : true;
}

bool cache_find(struct cache *c, const char *key, const struct script *s, uint32_t pid, struct compiled *ret)
{
	struct compiled e = { 0 };
	char name[NAME_LEN + 1];
	int r;

	if (c->folder < 0)
		return false;
	entry_name(key, name);
	r = entry_read(c->folder, name, &e.bytes);
	if (r)
		note(c, "%s", r == -ENOENT ? "not compiled before" : "an entry cannot be read", r == -ENOENT ? 0 : -r);
	if (r || !entry_check(c, key, s, pid, &e)) {
		compiled_free(&e);
		return false;
	}
	utimensat(c->folder, name, NULL, 0); // used now: the oldest are removed first
	note(c, "found as %s", name, 0);
	*ret = e;
	return true;
}

struct entry {
	char name[NAME_LEN + 1];
	struct timespec used;
	uint64_t size;
};

static int by_age(const void *a, const void *b) // youngest first
{
	const struct timespec *x = &((const struct entry *)a)->used, *y = &((const struct entry *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return x->tv_nsec < y->tv_nsec ? 1 : x->tv_nsec > y->tv_nsec ? -1 : 0;
}

static void trim(int folder)
{
	_cleanup_(cleanup_free) struct entry *v = NULL;
	size_t n = 0, cap = 0;
	uint64_t bytes = 0;
	int again = dup(folder);
	DIR *d = again < 0 ? NULL : fdopendir(again);

	if (!d) {
		if (again >= 0)
			close(again);
		return;
	}
	rewinddir(d); // the duplicate shares its place with the folder
	for (struct dirent *e; (e = readdir(d));) {
		struct stat st;

		if (fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (!strncmp(e->d_name, ".new-", 5) && st.st_mtim.tv_sec < time(NULL) - ASIDE_SECONDS)
			unlinkat(folder, e->d_name, 0);
		if (!is_entry(e->d_name))
			continue;
		if (n == cap)
			v = vec_grow(NULL, v, n, &cap, sizeof *v);
		memcpy(v[n].name, e->d_name, sizeof v[n].name);
		v[n].used = st.st_mtim;
		v[n++].size = (uint64_t)st.st_size;
	}
	closedir(d);
	if (n)
		qsort(v, n, sizeof *v, by_age);
	for (size_t i = 0; i < n; i++)
		if ((bytes += v[i].size) > BYTES_MOST || i >= ENTRIES_MOST)
			unlinkat(folder, v[i].name, 0);
}

void cache_keep(struct cache *c, const char *key, const struct str *bytes)
{
	char name[NAME_LEN + 1], aside[64];
	_close_ int fd = -1;

	if (c->folder < 0)
		return;
	entry_name(key, name);
	snprintf(aside, sizeof aside, ".new-%d", (int)getpid());
	unlinkat(c->folder, aside, 0); // of a process that had our pid and was killed
	fd = openat(c->folder, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write_all(fd, bytes->p, bytes->n) || renameat(c->folder, aside, c->folder, name)) {
		note(c, "%s", "cannot keep the compiled script", errno);
		unlinkat(c->folder, aside, 0);
		return;
	}
	note(c, "kept as %s", name, 0);
	trim(c->folder);
}

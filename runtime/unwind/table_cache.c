// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/table_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"

#define MAGIC 0x32545755u // "UWT2": changes with the table's layout, and with what is made of a file
#define WORDS_MOST (1u << 28)
#define ENTRIES_MOST 256u
#define ASIDE_SECONDS 3600 // a file written aside for longer is of a process that was killed
#define NAME_LEN (TABLE_BUILD_ID * 2 + 4) // hexadecimal digits and ".uwt"

struct head {
	uint32_t magic, first_page, npages, nrows, nrules, nwords, rules_at, pad;
	uint64_t file_size;
	uint64_t hash; // of the head without it, and of the words
	uint8_t build_id[TABLE_BUILD_ID];
	uint8_t zero[4];
};

// The compile cache's folder, one below; only one that nobody else may write to.
int table_cache_open(void)
{
	const char *given = getenv("SPILE_CACHE_DIR"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	_str_ struct str path = { 0 };
	struct stat st;

	if (given && *given)
		str_adds(&path, given);
	else if (xdg && *xdg == '/')
		str_printf(&path, "%s/spile", xdg);
	else if (home && *home == '/' && stat(home, &st) == 0 && st.st_uid == geteuid())
		str_printf(&path, "%s/.cache/spile", home);
	else if (geteuid() == 0)
		str_adds(&path, "/var/cache/spile");
	else
		return -1;
	str_adds(&path, "/unwind");
	(void)!mkdir(str_z(&path), 0700);
	_close_ int fd = open(str_z(&path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 022))
		return -1;
	return TAKE_FD(fd);
}

static void entry_name(const uint8_t *build_id, char name[NAME_LEN + 1])
{
	for (size_t i = 0; i < TABLE_BUILD_ID; i++)
		snprintf(name + i * 2, 3, "%02x", build_id[i]);
	memcpy(name + TABLE_BUILD_ID * 2, ".uwt", 5);
}

static uint64_t hash_of(const struct head *h, const uint32_t *words)
{
	struct head bare = *h;

	bare.hash = 0;
	return hash_bytes(words, (size_t)h->nwords * 4, hash_bytes(&bare, sizeof bare, 0));
}

bool unwind_table_check(const struct unwind_table *t)
{
	uint64_t rules_at = (uint64_t)t->npages + 1 + t->nrows;

	if (!t->nrows || !t->nrules || !t->npages || t->rules_at < rules_at || t->nrules > UNWIND_RULES_MOST ||
	    t->nwords != (uint64_t)t->rules_at + (uint64_t)t->nrules * (sizeof(struct unwind_rule) / 4))
		return false;
	for (uint32_t i = 0; i <= t->npages; i++)
		if (t->words[i] >= t->nrows || (i && t->words[i] < t->words[i - 1]))
			return false;
	for (uint32_t i = 0; i < t->nrows; i++)
		if ((t->words[t->npages + 1 + i] & 0xffff) >= t->nrules)
			return false;
	return true;
}

static bool read_all(int fd, void *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, (uint8_t *)p + at, n - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

static bool read_head(int fd, const uint8_t *build_id, uint64_t file_size, struct head *h)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && read_all(fd, h, sizeof *h) && h->magic == MAGIC &&
	       h->file_size == file_size && memcmp(h->build_id, build_id, sizeof h->build_id) == 0 && h->nwords && h->nwords <= WORDS_MOST &&
	       (uint64_t)st.st_size == sizeof *h + (uint64_t)h->nwords * 4;
}

bool table_cache_find(int folder, const uint8_t build_id[TABLE_BUILD_ID], uint64_t file_size, struct unwind_table *ret)
{
	char name[NAME_LEN + 1];
	struct head h;

	if (folder < 0)
		return false;
	entry_name(build_id, name);
	_close_ int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || !read_head(fd, build_id, file_size, &h))
		return false;
	*ret = (struct unwind_table){ .first_page = h.first_page, .npages = h.npages, .nrows = h.nrows, .nrules = h.nrules, .nwords = h.nwords,
				      .rules_at = h.rules_at, .build_id_len = TABLE_BUILD_ID, .memory = ret->memory, .cap = ret->cap };
	memcpy(ret->build_id, build_id, TABLE_BUILD_ID);
	unwind_table_reserve(ret, h.nwords);
	return read_all(fd, ret->words, (size_t)h.nwords * 4) && hash_of(&h, ret->words) == h.hash && unwind_table_check(ret);
}

// Room for a new one: the oldest goes when there are many, and what was left aside by those that were killed.
static void trim(int folder)
{
	char oldest[NAME_LEN + 1] = "";
	time_t when = 0, now = time(NULL);
	size_t n = 0;
	struct stat st;
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again < 0 ? NULL : fdopendir(again);

	if (!d && again >= 0)
		close(again);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		if (strncmp(e->d_name, ".new-", 5) == 0 && st.st_mtim.tv_sec < now - ASIDE_SECONDS)
			unlinkat(folder, e->d_name, 0);
		if (strlen(e->d_name) != NAME_LEN)
			continue;
		n++;
		if (!*oldest || st.st_mtim.tv_sec < when) {
			when = st.st_mtim.tv_sec;
			memcpy(oldest, e->d_name, sizeof oldest);
		}
	}
	if (d)
		closedir(d);
	if (n >= ENTRIES_MOST)
		unlinkat(folder, oldest, 0);
}

void table_cache_keep(int folder, uint64_t file_size, const struct unwind_table *t)
{
	struct head h = { .magic = MAGIC, .first_page = t->first_page, .npages = t->npages, .nrows = t->nrows, .nrules = t->nrules,
			  .nwords = t->nwords, .rules_at = t->rules_at, .file_size = file_size };
	char name[NAME_LEN + 1], aside[64];

	if (folder < 0 || t->nrows < TABLE_CACHE_LEAST || t->build_id_len != TABLE_BUILD_ID || t->nwords > WORDS_MOST)
		return;
	memcpy(h.build_id, t->build_id, sizeof h.build_id);
	h.hash = hash_of(&h, t->words);
	entry_name(t->build_id, name);
	snprintf(aside, sizeof aside, ".new-%d-%d", (int)getpid(), (int)gettid());
	trim(folder);
	unlinkat(folder, aside, 0); // of a process that had our number and was killed
	_close_ int fd = openat(folder, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write_all(fd, &h, sizeof h) || write_all(fd, t->words, (size_t)t->nwords * 4) || renameat(folder, aside, folder, name))
		unlinkat(folder, aside, 0);
}

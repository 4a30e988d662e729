// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/jitdump.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/symbols/perf_map.h"

#define MAGIC 0x4a695444u // "JiTD"
#define MOST_RECORDS (1u << 22)
#define MOST_NAME 1024

enum { CODE_LOAD, CODE_MOVE };

struct file_header {
	uint32_t magic, version, size, machine, pad, pid;
	uint64_t time, flags;
};

struct record_header {
	uint32_t id, size;
	uint64_t time;
};

struct load_record { // its name and a NUL follow, then the code
	uint32_t pid, tid;
	uint64_t vma, address, size, index;
};

struct move_record {
	uint32_t pid, tid;
	uint64_t vma, from, to, size, index;
};

bool jitdump_is(const char *path)
{
	const char *p = strrchr(path, '/');

	if (!p || strncmp(p, "/jit-", 5) != 0 || !isdigit((unsigned char)p[5]))
		return false;
	return strcmp(p + 5 + strspn(p + 5, "0123456789"), ".dump") == 0;
}

static bool read_at(int fd, void *to, size_t n, off_t at)
{
	return pread(fd, to, n, at) == (ssize_t)n;
}

static void add_load(struct perf_map *m, struct map *by_index, int fd, off_t at, size_t room)
{
	struct load_record r;
	char name[MOST_NAME + 1];
	ssize_t n;

	if (room < sizeof r || !read_at(fd, &r, sizeof r, at))
		return;
	n = pread(fd, name, MIN(room - sizeof r, (size_t)MOST_NAME), at + (off_t)sizeof r);
	if (n <= 0 || !r.size)
		return;
	name[n] = '\0';
	*map_put(by_index, &r.index, sizeof r.index) = (void *)perf_map_add(m, r.address, r.size, name);
}

static void add_move(struct perf_map *m, const struct map *by_index, int fd, off_t at, size_t room)
{
	struct move_record r;

	if (room < sizeof r || !read_at(fd, &r, sizeof r, at) || !r.size)
		return;
	const char *name = map_get(by_index, &r.index, sizeof r.index);
	if (name)
		perf_map_add_again(m, r.to, r.size, name);
}

static void read_records(struct perf_map *m, int fd, off_t size)
{
	struct file_header f;
	struct map by_index;
	off_t at;

	if (!read_at(fd, &f, sizeof f, 0) || f.magic != MAGIC || f.size < sizeof f)
		return;
	map_init(&by_index, NULL);
	at = f.size;
	for (unsigned i = 0; i < MOST_RECORDS && at < size; i++) {
		struct record_header h;

		if (!read_at(fd, &h, sizeof h, at) || h.size < sizeof h || at + h.size > size) // the last may still be being written
			break;
		if (h.id == CODE_LOAD)
			add_load(m, &by_index, fd, at + (off_t)sizeof h, h.size - sizeof h);
		else if (h.id == CODE_MOVE)
			add_move(m, &by_index, fd, at + (off_t)sizeof h, h.size - sizeof h);
		at += h.size;
	}
	map_free(&by_index);
}

bool jitdump_update(struct perf_map *m, const char *root, const char *path)
{
	_free_ char *full = xasprintf("%s%s", root, path);
	_close_ int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == m->size)
		return false;
	if (!perf_map_begin(m, st.st_size))
		return false;
	read_records(m, fd, st.st_size);
	perf_map_end(m);
	return true;
}

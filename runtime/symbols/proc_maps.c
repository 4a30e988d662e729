// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/proc_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/str.h"
#include "base/util.h"

static int read_file(const char *path, struct str *out)
{
	int err = str_read_file(out, path, SIZE_MAX);

	return out->n ? 0 : err; // a process that ended meanwhile: what came before counts
}

// "\012" is the only escape there is: a newline in a name.
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (strncmp(s, "\\012", 4) == 0) {
			*out++ = '\n';
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

static uint64_t hex(char **p, char end)
{
	uint64_t v = strtoull(*p, p, 16);

	if (**p == end)
		(*p)++;
	return v;
}

// 7f1c2b000000-7f1c2b021000 r-xp 00026000 fe:00 332835   /usr/lib/x86_64-linux-gnu/libc.so.6
static bool parse_line(char *p, struct proc_mapping *m)
{
	static const char deleted[] = " (deleted)";
	unsigned major_, minor_;
	size_t n;

	m->start = hex(&p, '-');
	m->end = hex(&p, ' ');
	if (m->end <= m->start || strlen(p) < 5)
		return false;
	m->executable = p[2] == 'x';
	p += 5;
	m->offset = hex(&p, ' ');
	major_ = (unsigned)hex(&p, ':');
	minor_ = (unsigned)hex(&p, ' ');
	m->dev = makedev(major_, minor_);
	m->ino = strtoull(p, &p, 10);
	while (*p == ' ')
		p++;
	unescape(p);
	n = strlen(p);
	m->deleted = n > sizeof deleted - 1 && strcmp(p + n - (sizeof deleted - 1), deleted) == 0;
	if (m->deleted)
		p[n - (sizeof deleted - 1)] = '\0';
	m->path = p;
	return true;
}

int proc_maps_each(uint32_t pid, bool (*each)(void *arg, const struct proc_mapping *m), void *arg)
{
	_str_ struct str s = { 0 };
	char path[64];
	int err;

	snprintf(path, sizeof path, "/proc/%u/maps", pid);
	err = read_file(path, &s);
	if (err)
		return err;
	for (char *line = s.p, *end; *line; line = end) {
		struct proc_mapping m;

		end = strchrnul(line, '\n');
		if (*end)
			*end++ = '\0';
		if (parse_line(line, &m) && !each(arg, &m))
			break;
	}
	return 0;
}

bool proc_same_namespace(uint32_t pid, const char *which)
{
	char path[64];
	struct stat ours, theirs;

	snprintf(path, sizeof path, "/proc/self/ns/%s", which);
	if (stat(path, &ours) < 0)
		return false;
	snprintf(path, sizeof path, "/proc/%u/ns/%s", pid, which);
	return stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

// The last number of NSpid.
uint32_t proc_inner_pid(uint32_t pid)
{
	char path[64], line[256];
	_fclose_ FILE *f = NULL;
	uint32_t inner = pid;

	snprintf(path, sizeof path, "/proc/%u/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f)) {
		char *last = strncmp(line, "NSpid:", 6) == 0 ? strrchr(line, '\t') : NULL;

		if (!last)
			continue;
		inner = (uint32_t)strtoul(last, NULL, 10);
		break;
	}
	return inner;
}

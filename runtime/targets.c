// SPDX-License-Identifier: Apache-2.0
#include "runtime/targets.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"

static bool read_file(const char *path, struct str *out)
{
	_fclose_ FILE *f = fopen(path, "r");
	char block[4096];
	size_t n;

	while (f && (n = fread(block, 1, sizeof block, f)) > 0)
		str_add(out, block, n);
	return f && !ferror(f);
}

static bool any(const struct plan_choice *c, const char *text)
{
	for (uint32_t i = 0; i < c->n_values; i++)
		if (glob_match(c->values[i].name, text))
			return true;
	return false;
}

static bool read_exe(uint32_t pid, char path[PATH_MAX])
{
	char link[64];

	snprintf(link, sizeof link, "/proc/%u/exe", pid);
	ssize_t n = readlink(link, path, PATH_MAX - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return true;
}

static bool is_exe(const struct plan_choice *c, uint32_t pid)
{
	char path[PATH_MAX];

	return read_exe(pid, path) && any(c, path);
}

// The file's words, joined by blanks; its last newline goes.
static bool is_text(const struct plan_choice *c, uint32_t pid, const char *file)
{
	_str_ struct str text = { 0 };
	char path[64];

	snprintf(path, sizeof path, "/proc/%u/%s", pid, file);
	if (!read_file(path, &text))
		return false;
	while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\0'))
		text.n--;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\0')
			text.p[i] = ' ';
	return any(c, str_z(&text));
}

static bool is_user(const struct plan_choice *c, uint32_t pid)
{
	char path[64], number[16];
	struct stat st;
	struct passwd *pw;

	snprintf(path, sizeof path, "/proc/%u", pid);
	if (stat(path, &st) != 0)
		return false;
	snprintf(number, sizeof number, "%u", st.st_uid);
	pw = getpwuid(st.st_uid);
	return any(c, number) || (pw && any(c, pw->pw_name));
}

static bool is_chosen(const struct plan_choice *c, uint32_t pid)
{
	char number[16];

	snprintf(number, sizeof number, "%u", pid);
	if (strcmp(c->key, "exe") == 0)
		return is_exe(c, pid);
	if (strcmp(c->key, "comm") == 0 || strcmp(c->key, "cmdline") == 0 || strcmp(c->key, "cgroup") == 0)
		return is_text(c, pid, c->key);
	if (strcmp(c->key, "user") == 0)
		return is_user(c, pid);
	return strcmp(c->key, "pid") == 0 && any(c, number);
}

static bool belongs(const struct plan_target *t, uint32_t pid, uint32_t it)
{
	for (uint32_t i = 0; i < t->n_choices; i++)
		if (!is_chosen(&t->choices[i], pid))
			return false;
	return t->n_choices || pid == it;
}

static int add(const struct plan *p, int fd, uint32_t pid, uint32_t it)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < p->n_targets; i++)
		bits |= (uint64_t)belongs(&p->targets[i], pid, it) << i;
	return bits ? bpf_map_update_elem(fd, &pid, &bits, 0) : 0;
}

int targets_fill(const struct plan *p, int fd, uint32_t pid, uint32_t child)
{
	int err = 0;

	if (fd < 0)
		return 0;
	DIR *dir = opendir("/proc");
	if (!dir)
		return -errno;
	for (const struct dirent *e; !err && (e = readdir(dir));)
		if (isdigit((unsigned char)e->d_name[0]))
			err = add(p, fd, (uint32_t)strtoul(e->d_name, NULL, 10), pid ? pid : child);
	closedir(dir);
	return err;
}

int targets_programs(const struct plan_target *t, void (*each)(void *arg, const char *path), void *arg)
{
	DIR *dir = opendir("/proc");
	char path[PATH_MAX];

	if (!dir)
		return -errno;
	for (const struct dirent *e; (e = readdir(dir));) {
		uint32_t pid = (uint32_t)strtoul(e->d_name, NULL, 10);

		if (pid && belongs(t, pid, 0) && read_exe(pid, path))
			each(arg, path);
	}
	closedir(dir);
	return 0;
}

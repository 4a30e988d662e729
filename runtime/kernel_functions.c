// SPDX-License-Identifier: Apache-2.0
#include "runtime/kernel_functions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/tracefs.h"

#define KALLSYMS "/proc/kallsyms"

struct function {
	const char *name, *module; // NULL: the kernel itself
};

struct kernel_functions {
	bool read;
	int error;
	struct str text;
	VEC(struct function) list;
};

struct kernel_functions *kernel_functions_new(void)
{
	return xcalloc(1, sizeof(struct kernel_functions));
}

void kernel_functions_free(struct kernel_functions *k)
{
	if (!k)
		return;
	vec_free(&k->list);
	str_free(&k->text);
	free(k);
}

// Ends the line at `p` and returns the next one.
static char *cut_line(char *p)
{
	char *end = strchr(p, '\n');

	if (!end)
		return p + strlen(p);
	*end = '\0';
	return end + 1;
}

// "NAME [MODULE]" or "NAME\t[MODULE]"
static void add(struct kernel_functions *k, char *line)
{
	char *gap = line + strcspn(line, " \t"), *open = *gap ? strchr(gap + 1, '[') : NULL;
	struct function f = { .name = line };

	*gap = '\0';
	if (open) {
		f.module = open + 1;
		open[strcspn(open, "]")] = '\0';
	}
	if (*f.name)
		vec_push(NULL, &k->list, f);
}

void kernel_functions_parse_filter(struct kernel_functions *k, char *text)
{
	k->read = true;
	for (char *next; *text; text = next) {
		next = cut_line(text);
		add(k, text);
	}
}

static bool is_made_up(const char *name)
{
	static const char *const prefix[] = { "__pfx_", "__cfi_", "__ksymtab", "__bpf_trampoline", "bpf_prog_", "bpf_trampoline_" };

	for (size_t i = 0; i < ARRAY_SIZE(prefix); i++)
		if (strncmp(name, prefix[i], strlen(prefix[i])) == 0)
			return true;
	return strchr(name, '.') && !strstr(name, ".isra.") && !strstr(name, ".constprop.");
}

void kernel_functions_parse_symbols(struct kernel_functions *k, char *text)
{
	k->read = true;
	for (char *next; *text; text = next) {
		next = cut_line(text);
		char *kind = strchr(text, ' ');

		if (!kind || !kind[1] || !strchr("tTwW", kind[1]) || kind[2] != ' ')
			continue;
		add(k, kind + 3);
		if (k->list.n && is_made_up(k->list.v[k->list.n - 1].name))
			k->list.n--;
	}
}

static int read_all(int fd, struct str *out)
{
	char buf[1 << 16];
	ssize_t n;

	while ((n = read(fd, buf, sizeof buf)) > 0)
		str_add(out, buf, (size_t)n);
	return n < 0 ? -errno : 0;
}

static int read_list(struct kernel_functions *k, struct tracefs *t)
{
	int root = tracefs_open(t), rc;
	_close_ int filter = root >= 0 ? openat(root, "available_filter_functions", O_RDONLY | O_CLOEXEC) : -1;

	if (filter >= 0 && read_all(filter, &k->text) == 0 && k->text.n) {
		kernel_functions_parse_filter(k, (char *)str_z(&k->text));
		return 0;
	}
	_close_ int symbols = open(KALLSYMS, O_RDONLY | O_CLOEXEC);
	if (symbols < 0)
		return -errno;
	k->text.n = 0;
	rc = read_all(symbols, &k->text);
	if (rc == 0)
		kernel_functions_parse_symbols(k, (char *)str_z(&k->text));
	return rc;
}

int kernel_functions_read(struct kernel_functions *k, const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : read_all(fd, &k->text);

	if (rc == 0)
		kernel_functions_parse_filter(k, k->text.n ? (char *)str_z(&k->text) : (char[]){ "" });
	return rc;
}

int kernel_functions_each(struct kernel_functions *k, struct tracefs *t, const char *module, const char *name,
			  void (*each)(void *arg, const char *module, const char *name), void *arg)
{
	if (!k->read) {
		k->read = true;
		k->error = read_list(k, t);
	}
	for (size_t i = 0; i < k->list.n; i++) {
		const struct function *f = &k->list.v[i];
		const char *in = f->module ? f->module : "vmlinux";

		if (glob_match(name, f->name) && glob_match(module, in))
			each(arg, in, f->name);
	}
	return k->error;
}

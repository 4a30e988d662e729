// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/needed.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/elf_file.h"
#include "runtime/ld_cache.h"

#define FILES_MOST 256
#define SCRIPTS_MOST 4 // interpreters that are scripts again

struct list {
	VEC(char *) path;
};

static void add(struct list *l, const char *path)
{
	for (size_t i = 0; i < l->path.n; i++)
		if (strcmp(l->path.v[i], path) == 0)
			return;
	if (l->path.n < FILES_MOST)
		vec_push(NULL, &l->path, xstrdup(path));
}

struct search {
	struct list *l;
	bool found;
};

static bool first_only(void *arg, const char *soname, const char *library)
{
	struct search *s = arg;

	add(s->l, library);
	s->found = true;
	return false;
}

// Where the loader looks behind its cache, which a small system may lack. (musl's has none.)
static void add_default(struct list *l, const char *soname)
{
#ifdef __x86_64__
#define MULTIARCH "x86_64-linux-gnu"
#else
#define MULTIARCH "aarch64-linux-gnu"
#endif
	static const char *const folders[] = { "/lib/" MULTIARCH, "/usr/lib/" MULTIARCH, "/lib64", "/usr/lib64", "/lib", "/usr/lib" };
	char path[512];

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if ((size_t)snprintf(path, sizeof path, "%s/%s", folders[i], soname) < sizeof path && access(path, R_OK) == 0) {
			add(l, path);
			return;
		}
}

// In the folders that the file itself names: "$ORIGIN/../lib:/opt/lib", where $ORIGIN is its own folder.
static bool add_from(struct list *l, const char *of, const char *folders, const char *soname)
{
	const char *slash = strrchr(of, '/');
	char path[4096];

	while (*folders) {
		size_t n = strcspn(folders, ":"), skip = strncmp(folders, "$ORIGIN", 7) == 0 ? 7 : strncmp(folders, "${ORIGIN}", 9) == 0 ? 9 : 0;
		int origin = skip && slash ? (int)(slash - of) : 0;

		if (n && skip <= n && (!skip || slash) &&
		    (size_t)snprintf(path, sizeof path, "%.*s%.*s/%s", origin, of, (int)(n - skip), folders + skip, soname) < sizeof path &&
		    access(path, R_OK) == 0) {
			add(l, path);
			return true;
		}
		folders += n + (folders[n] == ':');
	}
	return false;
}

static void add_library(struct list *l, const char *of, const char *folders, const char *soname)
{
	struct search s = { .l = l };

	if (strchr(soname, '/')) {
		add(l, soname);
		return;
	}
	if (folders && add_from(l, of, folders, soname))
		return;
	ld_cache_each("/etc/ld.so.cache", soname, first_only, &s);
	if (!s.found)
		add_default(l, soname);
}

// The string of the dynamic section's entry number i when it has that tag; NULL: it has not, or there are no more.
static const char *dynamic_string(const struct elf_file *f, const struct elf_section *dynamic, const struct elf_section *names, uint64_t i, int64_t tag)
{
	const void *p = elf_file_bytes(f, dynamic->offset + i * sizeof(Elf64_Dyn), sizeof(Elf64_Dyn));
	const char *text = elf_file_bytes(f, names->offset, names->size);
	Elf64_Dyn d;

	if (!p || !text)
		return NULL;
	memcpy(&d, p, sizeof d);
	if (d.d_tag != tag || d.d_un.d_val >= names->size || !memchr(text + d.d_un.d_val, 0, names->size - d.d_un.d_val))
		return NULL;
	return text + d.d_un.d_val;
}

static void add_libraries(struct list *l, const char *path, const struct elf_file *f)
{
	struct elf_section dynamic, names;
	const char *folders = NULL, *s;

	if (!elf_file_section_named(f, ".dynamic", &dynamic) || !elf_file_section_named(f, ".dynstr", &names))
		return;
	uint64_t n = dynamic.size / sizeof(Elf64_Dyn);
	for (uint64_t i = 0; i < n; i++)
		if ((s = dynamic_string(f, &dynamic, &names, i, DT_RUNPATH)) || (s = dynamic_string(f, &dynamic, &names, i, DT_RPATH)))
			folders = s;
	for (uint64_t i = 0; i < n; i++)
		if ((s = dynamic_string(f, &dynamic, &names, i, DT_NEEDED)))
			add_library(l, path, folders, s);
}

static void add_interpreter(struct list *l, const struct elf_file *f)
{
	struct elf_section s;

	if (!elf_file_section_named(f, ".interp", &s))
		return;
	const char *path = elf_file_bytes(f, s.offset, s.size);
	if (path && memchr(path, 0, s.size))
		add(l, path);
}

// "#!/usr/bin/python3 -u": the path.
static bool script_interpreter(const char *program, char *ret, size_t room)
{
	_close_ int fd = open(program, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char line[256];
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	const char *path = line + 2 + strspn(line + 2, " \t");
	size_t len = strcspn(path, " \t\n");
	if (len == 0 || len >= room)
		return false;
	memcpy(ret, path, len);
	ret[len] = '\0';
	return true;
}

void needed_each(const char *program, void (*each)(void *arg, const char *path), void *arg)
{
	struct list l = { 0 };
	char path[256];

	for (int i = 0; i < SCRIPTS_MOST && script_interpreter(program, path, sizeof path); i++)
		program = path;
	add(&l, program);
	for (size_t i = 0; i < l.path.n; i++) {
		struct elf_file *f = NULL;

		if (elf_file_open(l.path.v[i], &f) == 0) {
			add_interpreter(&l, f);
			add_libraries(&l, l.path.v[i], f);
		}
		elf_file_close(f);
	}
	for (size_t i = 0; i < l.path.n; i++) {
		each(arg, l.path.v[i]);
		free(l.path.v[i]);
	}
	free(l.path.v);
}

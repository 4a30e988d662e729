// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/util.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/proc_maps.h"
#include "runtime/symbols/sym_table.h"

#define MAX_VDSO (1u << 20)
#define MAX_OPEN 512 // files kept open; older ones are opened again when they are read

struct root {
	dev_t dev;
	ino_t ino, ns;
	int fd; // -1: ours
	char path[32];
};

struct modules {
	struct arena *arena;
	struct map by_key;
	struct root own;
	VEC(struct root *) roots;
	VEC(struct module *) all;
	size_t parked; // index into `all`
};

struct module_key {
	uint64_t dev, ino, mtime;
	char path[];
};

struct modules *modules_new(void)
{
	struct modules *m = xcalloc(1, sizeof *m);
	struct stat st;

	m->arena = arena_new();
	map_init(&m->by_key, NULL);
	m->own.fd = -1;
	if (stat("/proc/self/ns/mnt", &st) == 0)
		m->own.ns = st.st_ino;
	if (stat("/", &st) == 0) {
		m->own.dev = st.st_dev;
		m->own.ino = st.st_ino;
	}
	return m;
}

void modules_free(struct modules *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->all.n; i++) {
		sym_table_free(m->all.v[i]->table);
		free(m->all.v[i]->debug);
	}
	for (size_t i = 0; i < m->roots.n; i++) {
		close(m->roots.v[i]->fd);
		free(m->roots.v[i]);
	}
	vec_free(&m->roots);
	vec_free(&m->all);
	map_free(&m->by_key);
	arena_free(m->arena);
	free(m);
}

// Roots -------------------------------------------------------------------------------------------------------------------

const char *root_path(const struct root *r)
{
	return r->path;
}

const struct root *modules_own_root(struct modules *m)
{
	return &m->own;
}

static bool is_root(const struct root *r, ino_t ns, const struct stat *dir)
{
	return r->ns == ns && r->dev == dir->st_dev && r->ino == dir->st_ino;
}

const struct root *modules_root(struct modules *m, uint32_t pid)
{
	char path[64];
	struct stat ns, dir;

	snprintf(path, sizeof path, "/proc/%u/ns/mnt", pid);
	if (stat(path, &ns) < 0)
		return NULL;
	snprintf(path, sizeof path, "/proc/%u/root", pid);
	if (stat(path, &dir) < 0)
		return NULL;
	if (is_root(&m->own, ns.st_ino, &dir))
		return &m->own;
	for (size_t i = 0; i < m->roots.n; i++)
		if (is_root(m->roots.v[i], ns.st_ino, &dir))
			return m->roots.v[i];
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	struct root *r = xcalloc(1, sizeof *r);
	*r = (struct root){ .dev = dir.st_dev, .ino = dir.st_ino, .ns = ns.st_ino, .fd = fd };
	snprintf(r->path, sizeof r->path, "/proc/self/fd/%d", fd);
	vec_push(NULL, &m->roots, r);
	return r;
}

// Files -------------------------------------------------------------------------------------------------------------------

static bool is_file(const char *path, uint64_t ino, struct stat *st)
{
	return stat(path, st) == 0 && S_ISREG(st->st_mode) && (!ino || st->st_ino == ino);
}

// Where the mapped file can be opened from here: by its path in the process's root, or, if that is gone or another file by
// now, through the mapping itself, which takes more rights. Some file systems show another inode in maps than stat() has,
// so a path with the wrong one is still better than nothing.
static bool reach(const struct root *root, uint32_t pid, const struct proc_mapping *m, char *path, size_t room, struct stat *st)
{
	size_t n = (size_t)snprintf(path, room, "%s%s", root->path, m->path);

	if (!m->deleted && n < room && is_file(path, m->ino, st))
		return true;
	snprintf(path, room, "/proc/%u/map_files/%lx-%lx", pid, (unsigned long)m->start, (unsigned long)m->end);
	if (is_file(path, 0, st))
		return true;
	snprintf(path, room, "/proc/%u/exe", pid);
	if (m->ino && is_file(path, m->ino, st))
		return true;
	snprintf(path, room, "%s%s", root->path, m->path);
	return !m->deleted && n < room && is_file(path, 0, st);
}

static struct elf_file *open_vdso(uint32_t pid, const struct proc_mapping *m)
{
	uint64_t size = m->end - m->start;
	struct elf_file *f = NULL;
	char path[64];

	snprintf(path, sizeof path, "/proc/%u/mem", pid);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || size > MAX_VDSO)
		return NULL;
	void *bytes = xmalloc(size);
	if (pread(fd, bytes, size, (off_t)m->start) != (ssize_t)size) {
		free(bytes);
		return NULL;
	}
	return elf_file_from_memory(bytes, size, &f) == 0 ? f : NULL;
}

static void take_build_id(struct modules *m, struct module *mod, const struct elf_file *f)
{
	const uint8_t *id;
	size_t n = elf_file_build_id(f, &id);

	if (!n || n > 64)
		return;
	mod->build_id = arena_memdup(m->arena, id, n);
	mod->n_build_id = (uint8_t)n;
}

static struct module *module_new(struct modules *m, const struct root *root, const char *path, struct elf_file *f)
{
	struct module *mod = arena_new_(m->arena, struct module);

	mod->path = arena_strdup(m->arena, path);
	mod->root = root->path;
	if (f) {
		take_build_id(m, mod, f);
		mod->table = sym_table_new(f);
	}
	vec_push(NULL, &m->all, mod);
	if (m->all.n - m->parked > MAX_OPEN) {
		struct module *old = m->all.v[m->parked++];

		if (old->table)
			elf_file_park(sym_table_file(old->table));
	}
	return mod;
}

static struct module *open_module(struct modules *m, const struct root *root, const char *path, const char *name)
{
	struct elf_file *f = NULL;

	if (elf_file_open_at(path, root->path, name, &f) == 0)
		elf_file_debug(f); // its file, too, must be opened while it is there
	return module_new(m, root, name, f);
}

// The vdso is the same for all, and our own can be read at any time.
static struct module *vdso_module(struct modules *m, uint32_t pid, const struct proc_mapping *mapping)
{
	void **at = map_puts(&m->by_key, "[vdso]");

	if (!*at || !((struct module *)*at)->table) {
		struct module *mod = module_new(m, &m->own, "[vdso]", open_vdso(pid, mapping));

		mod->is_vdso = true;
		*at = mod;
	}
	return *at;
}

struct module *modules_get(struct modules *m, const struct root *root, uint32_t pid, const struct proc_mapping *mapping)
{
	size_t n = strlen(mapping->path);
	struct stat st = { 0 };
	char path[4200];
	bool reached;

	if (strcmp(mapping->path, "[vdso]") == 0)
		return vdso_module(m, pid, mapping);
	if (mapping->path[0] != '/')
		return NULL;
	reached = reach(root, pid, mapping, path, sizeof path, &st);
	_free_ struct module_key *key = xcalloc(1, sizeof *key + n);
	key->dev = reached ? st.st_dev : mapping->dev;
	key->ino = reached ? st.st_ino : mapping->ino;
	key->mtime = (uint64_t)st.st_mtim.tv_sec * 1000000000ull + (uint64_t)st.st_mtim.tv_nsec;
	memcpy(key->path, mapping->path, n);
	void **at = map_put(&m->by_key, key, sizeof *key + n);
	if (!*at)
		*at = reached ? open_module(m, root, path, mapping->path) : module_new(m, root, mapping->path, NULL);
	return *at;
}

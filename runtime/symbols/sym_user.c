// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/sym_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/util.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/perf_map.h"
#include "runtime/symbols/proc_maps.h"
#include "runtime/symbols/sym_table.h"

#define MAX_VDSO (1u << 20)
#define MAX_PROCESSES 8192 // remembered at once; the longest known goes first

struct module {
	const char *path;        // as the process sees it
	struct sym_table *table; // NULL: no ELF file, or not to be had
};

struct mapping {
	uint64_t start, end, offset;
	const struct module *module; // NULL: anonymous
};

struct mappings {
	VEC(struct mapping) list; // executable ones, by address
};

struct process {
	uint32_t pid;
	dev_t exe_dev;   // of /proc/PID/exe when the mappings were read
	ino_t exe_ino;
	uint64_t started;
	struct mappings maps;
	struct perf_map perf;
	uint64_t read_at, read_cost; // when the mappings were last read and how long that took, ns
};

struct sym_user {
	struct arena *arena;   // modules and their paths
	struct map modules;    // device, inode, mtime, path -> struct module *
	struct map processes;  // pid -> struct process *
	VEC(struct process *) order; // as they were met
	size_t oldest;         // index into order
	VEC(struct module *) all;
	VEC(struct perf_map) retired; // of processes that are forgotten: names were handed out
};

struct module_key {
	uint64_t dev, ino, mtime;
	char path[];
};

struct sym_user *sym_user_new(void)
{
	struct sym_user *u = xcalloc(1, sizeof *u);

	u->arena = arena_new();
	map_init(&u->modules, NULL);
	map_init(&u->processes, NULL);
	return u;
}

static void retire(struct sym_user *u, struct perf_map *m)
{
	if (m->text)
		vec_push(NULL, &u->retired, *m);
	*m = (struct perf_map){ 0 };
}

static void process_free(struct sym_user *u, struct process *p)
{
	retire(u, &p->perf);
	vec_free(&p->maps.list);
	free(p);
}

void sym_user_free(struct sym_user *u)
{
	if (!u)
		return;
	for (size_t i = u->oldest; i < u->order.n; i++)
		process_free(u, u->order.v[i]);
	for (size_t i = 0; i < u->all.n; i++)
		sym_table_free(u->all.v[i]->table);
	for (size_t i = 0; i < u->retired.n; i++)
		perf_map_free(&u->retired.v[i]);
	vec_free(&u->retired);
	vec_free(&u->order);
	vec_free(&u->all);
	map_free(&u->modules);
	map_free(&u->processes);
	arena_free(u->arena);
	free(u);
}

// Modules -----------------------------------------------------------------------------------------------------------------

static bool is_file(const char *path, uint64_t ino, struct stat *st)
{
	return stat(path, st) == 0 && S_ISREG(st->st_mode) && (!ino || st->st_ino == ino);
}

// Where the mapped file can be opened from here: by its path in the process's root, or, if that is gone or another file by
// now, through the mapping itself, which takes more rights. Some file systems show another inode in maps than stat() has,
// so a path with the wrong one is still better than nothing.
static bool reach(uint32_t pid, const struct proc_mapping *m, char *path, size_t room, struct stat *st)
{
	size_t n = (size_t)snprintf(path, room, "/proc/%u/root%s", pid, m->path);

	if (!m->deleted && n < room && is_file(path, m->ino, st))
		return true;
	snprintf(path, room, "/proc/%u/map_files/%lx-%lx", pid, (unsigned long)m->start, (unsigned long)m->end);
	if (is_file(path, 0, st))
		return true;
	snprintf(path, room, "/proc/%u/exe", pid);
	if (is_file(path, m->ino, st))
		return true;
	snprintf(path, room, "/proc/%u/root%s", pid, m->path);
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

static struct module *module_new(struct sym_user *u, const char *path, struct elf_file *f)
{
	struct module *m = arena_new_(u->arena, struct module);

	m->path = arena_strdup(u->arena, path);
	m->table = f ? sym_table_new(f) : NULL;
	vec_push(NULL, &u->all, m);
	return m;
}

// One per file, however many processes map it. The vdso is the same for all.
static const struct module *module_of(struct sym_user *u, uint32_t pid, const struct proc_mapping *m)
{
	bool vdso = strcmp(m->path, "[vdso]") == 0, reached;
	char path[4200];
	size_t n = strlen(m->path);
	struct elf_file *f = NULL;
	struct stat st = { 0 };

	if (m->path[0] != '/' && !vdso)
		return NULL;
	reached = !vdso && reach(pid, m, path, sizeof path, &st);
	_free_ struct module_key *key = xcalloc(1, sizeof *key + n);
	key->dev = m->dev;
	key->ino = m->ino;
	key->mtime = (uint64_t)st.st_mtim.tv_sec * 1000000000ull + (uint64_t)st.st_mtim.tv_nsec;
	memcpy(key->path, m->path, n);
	void **at = map_put(&u->modules, key, sizeof *key + n);
	if (*at)
		return *at;
	if (vdso)
		f = open_vdso(pid, m);
	else if (reached && elf_file_open(path, &f) == 0)
		elf_file_debug(f); // its file, too, must be opened while it is there
	return *at = module_new(u, m->path, f);
}

// Processes ---------------------------------------------------------------------------------------------------------------

struct reading {
	struct sym_user *user;
	uint32_t pid;
	struct mappings maps;
};

static bool add_mapping(void *arg, const struct proc_mapping *m)
{
	struct reading *r = arg;

	if (m->executable)
		vec_push(NULL, &r->maps.list, (struct mapping){ .start = m->start, .end = m->end, .offset = m->offset,
								.module = module_of(r->user, r->pid, m) });
	return true;
}

static bool overlaps(const struct mappings *maps, const struct mapping *m)
{
	for (size_t i = 0; i < maps->list.n; i++)
		if (m->start < maps->list.v[i].end && maps->list.v[i].start < m->end)
			return true;
	return false;
}

static int compare_mappings(const void *a, const void *b)
{
	const struct mapping *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

// What the process has unmapped is kept where nothing new lies: records of it may still be on their way.
static void keep_old(struct mappings *fresh, const struct mappings *old)
{
	for (size_t i = 0; i < old->list.n; i++)
		if (!overlaps(fresh, &old->list.v[i]))
			vec_push(NULL, &fresh->list, old->list.v[i]);
	if (fresh->list.n)
		qsort(fresh->list.v, fresh->list.n, sizeof *fresh->list.v, compare_mappings);
}

static uint64_t start_time(uint32_t pid)
{
	char path[64], buf[1024];
	ssize_t n;
	char *p;

	snprintf(path, sizeof path, "/proc/%u/stat", pid);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (n = read(fd, buf, sizeof buf - 1)) <= 0)
		return 0;
	buf[n] = '\0';
	p = strrchr(buf, ')'); // the name may hold anything; field 22 is counted from behind it
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p + 1, NULL, 10) : 0;
}

static void forget_oldest(struct sym_user *u)
{
	struct process *p = u->order.v[u->oldest];

	*map_put(&u->processes, &p->pid, sizeof p->pid) = NULL;
	process_free(u, p);
	if (++u->oldest < MAX_PROCESSES)
		return;
	memmove(u->order.v, u->order.v + u->oldest, (u->order.n - u->oldest) * sizeof *u->order.v);
	u->order.n -= u->oldest;
	u->oldest = 0;
}

static struct process *process_of(struct sym_user *u, uint32_t pid)
{
	void **at = map_put(&u->processes, &pid, sizeof pid);
	struct process *p = *at;

	if (p)
		return p;
	p = *at = xcalloc(1, sizeof *p);
	p->pid = pid;
	vec_push(NULL, &u->order, p);
	if (u->order.n - u->oldest > MAX_PROCESSES)
		forget_oldest(u);
	return p;
}

static bool exe_is_same(const struct process *p)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%u/exe", p->pid);
	if (stat(path, &st) < 0)
		return true; // gone, or a kernel thread: nothing to read anew
	return st.st_dev == p->exe_dev && st.st_ino == p->exe_ino;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void read_mappings(struct sym_user *u, struct process *p)
{
	struct reading r = { .user = u, .pid = p->pid };
	uint64_t started = start_time(p->pid);
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%u/exe", p->pid);
	if (stat(path, &st) < 0)
		return;
	if (proc_maps_each(p->pid, add_mapping, &r) < 0 || !r.maps.list.n || started != start_time(p->pid)) {
		vec_free(&r.maps.list);
		return;
	}
	if (p->started == started && p->exe_dev == st.st_dev && p->exe_ino == st.st_ino)
		keep_old(&r.maps, &p->maps);
	else
		retire(u, &p->perf); // another program: its predecessor's code is not its own
	vec_free(&p->maps.list);
	p->maps = r.maps;
	p->started = started;
	p->exe_dev = st.st_dev;
	p->exe_ino = st.st_ino;
}

static void read_process(struct sym_user *u, struct process *p)
{
	p->read_at = now();
	read_mappings(u, p);
	p->read_cost = now() - p->read_at;
}

void sym_user_remember(struct sym_user *u, uint32_t pid)
{
	struct process *p = process_of(u, pid);

	read_process(u, p);
	perf_map_update(&p->perf, pid);
}

// Addresses ---------------------------------------------------------------------------------------------------------------

static const struct mapping *mapping_of(const struct process *p, uint64_t ip)
{
	size_t lo = 0, hi = p->maps.list.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->maps.list.v[mid].start <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && ip < p->maps.list.v[lo - 1].end ? &p->maps.list.v[lo - 1] : NULL;
}

// The newest word on code made at run time; the file is looked at again, once a batch, when it does not know an address.
static void find_jitted(struct process *p, uint64_t ip, bool *looked, struct symbol *ret)
{
	ret->name = perf_map_find(&p->perf, ip, &ret->offset);
	if (ret->name || *looked)
		return;
	*looked = true;
	if (perf_map_update(&p->perf, p->pid))
		ret->name = perf_map_find(&p->perf, ip, &ret->offset);
}

static void find_in_module(const struct mapping *m, uint64_t ip, struct symbol *ret)
{
	uint64_t address, in_file = ip - m->start + m->offset;

	ret->module = m->module->path;
	ret->module_offset = in_file;
	if (!m->module->table || !elf_file_address(sym_table_file(m->module->table), in_file, &address))
		return;
	ret->module_offset = address;
	ret->name = sym_table_find(m->module->table, address, &ret->offset);
}

// Stacks walked by frame pointers hold addresses that are none; looking for those may take a twentieth of the time.
static bool may_read_again(const struct process *p)
{
	return now() - p->read_at > 20 * p->read_cost;
}

static bool all_covered(const struct process *p, const uint64_t *ip, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!mapping_of(p, ip[i]))
			return false;
	return true;
}

void sym_user_find(struct sym_user *u, uint32_t pid, const uint64_t *ip, size_t n, struct symbol *ret)
{
	struct process *p = process_of(u, pid);
	bool looked = false;

	if (!p->maps.list.n || !exe_is_same(p) || (!all_covered(p, ip, n) && may_read_again(p)))
		read_process(u, p);
	for (size_t i = 0; i < n; i++) {
		const struct mapping *m = mapping_of(p, ip[i]);

		ret[i] = (struct symbol){ 0 };
		if (m && m->module)
			find_in_module(m, ip[i], &ret[i]);
		if (!m || !m->module || !m->module->table)
			find_jitted(p, ip[i], &looked, &ret[i]);
	}
}

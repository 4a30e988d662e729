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
#include "runtime/processes.h"
#include "runtime/symbols/jitdump.h"
#include "runtime/symbols/modules.h"
#include "runtime/symbols/perf_map.h"
#include "runtime/symbols/proc_maps.h"
#include "runtime/symbols/space.h"
#include "runtime/symbols/sym_table.h"

#define MAX_PROCESSES 32768 // remembered at once; exited ones go first
#define MAX_GENERATIONS 4   // programs of one pid
#define ANCESTORS 8         // by whose mappings an address is looked for

struct process {
	uint32_t pid, inner_pid; // inner: in its own namespace
	uint32_t parent; // that it has its mappings from, when those were not known yet; else 0
	dev_t exe_dev;   // of /proc/PID/exe when the mappings were read
	ino_t exe_ino;
	uint64_t started;
	bool exited, told; // told: the kernel has reported its mappings from its start on
	struct space *space[MAX_GENERATIONS]; // newest first
	const struct root *root; // NULL: could not be seen
	bool knows_root;         // looked at since it began its program; what is known from before may still be right
	struct perf_map perf, jit;
	uint64_t read_at, read_cost; // when the mappings were last read and how long that took, ns
};

struct sym_user {
	struct modules *modules;
	struct arena *arena;   // names made up for functions without one
	struct map functions;  // module, start -> such a name
	struct map processes;  // pid -> struct process *
	VEC(uint32_t) order;   // pids as they were met
	VEC(uint32_t) gone;    // pids that have exited
	size_t oldest, oldest_gone; // indexes
	size_t count;
	VEC(struct perf_map) retired; // of processes that are forgotten: names were handed out
	struct processes *events;   // NULL: not followed
	struct symbols_loss loss;
	uint32_t only;              // this process and its children; 0: all
};

struct sym_user *sym_user_new(void)
{
	struct sym_user *u = xcalloc(1, sizeof *u);

	u->modules = modules_new();
	u->arena = arena_new();
	map_init(&u->processes, NULL);
	map_init(&u->functions, NULL);
	return u;
}

static void retire(struct sym_user *u, struct perf_map *m)
{
	free(m->at); // only the names
	m->at = NULL;
	if (m->arena)
		vec_push(NULL, &u->retired, *m);
	*m = (struct perf_map){ 0 };
}

static void process_free(struct sym_user *u, struct process *p)
{
	retire(u, &p->perf);
	retire(u, &p->jit);
	for (size_t i = 0; i < MAX_GENERATIONS; i++)
		space_release(p->space[i]);
	free(p);
}

void sym_user_free(struct sym_user *u)
{
	if (!u)
		return;
	processes_close(u->events);
	for (size_t i = 0; i < u->processes.n; i++)
		if (u->processes.at[i].value)
			process_free(u, u->processes.at[i].value);
	for (size_t i = 0; i < u->retired.n; i++)
		perf_map_free(&u->retired.v[i]);
	vec_free(&u->retired);
	vec_free(&u->order);
	vec_free(&u->gone);
	map_free(&u->processes);
	map_free(&u->functions);
	modules_free(u->modules);
	arena_free(u->arena);
	free(u);
}

// Processes ---------------------------------------------------------------------------------------------------------------

static bool forget(struct sym_user *u, uint32_t pid, bool only_exited)
{
	void **at = map_put(&u->processes, &pid, sizeof pid);
	struct process *p = *at;

	if (!p || (only_exited && !p->exited))
		return false;
	process_free(u, p);
	*at = NULL;
	u->count--;
	return true;
}

#define POP(list, at) ({                                                                                  \
	__typeof__(*(list)->v) first_ = (list)->v[(at)++];                                                \
	if ((at) >= MAX_PROCESSES) {                                                                      \
		memmove((list)->v, (list)->v + (at), ((list)->n - (at)) * sizeof *(list)->v);             \
		(list)->n -= (at);                                                                        \
		(at) = 0;                                                                                 \
	}                                                                                                 \
	first_; })

static void forget_one(struct sym_user *u)
{
	u->loss.processes++;
	while (u->oldest_gone < u->gone.n)
		if (forget(u, POP(&u->gone, u->oldest_gone), true))
			return;
	while (u->oldest < u->order.n)
		if (forget(u, POP(&u->order, u->oldest), false))
			return;
}

static struct process *process_of(struct sym_user *u, uint32_t pid)
{
	void **at = map_put(&u->processes, &pid, sizeof pid);
	struct process *p = *at;

	if (p)
		return p;
	p = xcalloc(1, sizeof *p);
	*at = p;
	p->pid = p->inner_pid = pid;
	vec_push(NULL, &u->order, pid);
	if (++u->count > MAX_PROCESSES)
		forget_one(u);
	return p;
}

// Another program in the same pid. Takes the space.
static void begin_generation(struct sym_user *u, struct process *p, struct space *s)
{
	space_release(p->space[MAX_GENERATIONS - 1]);
	memmove(p->space + 1, p->space, (MAX_GENERATIONS - 1) * sizeof *p->space);
	p->space[0] = s;
	retire(u, &p->perf); // its predecessor's code is not its own
	retire(u, &p->jit);
}

static const struct root *root_of(struct sym_user *u, struct process *p)
{
	if (!p->knows_root) {
		const struct root *seen = modules_root(u->modules, p->pid);

		p->knows_root = true;
		p->root = seen ? seen : p->root;
		p->inner_pid = proc_inner_pid(p->pid);
	}
	return p->root ? p->root : modules_own_root(u->modules);
}

// By the kernel's word -----------------------------------------------------------------------------------------------------

static bool is_followed(struct sym_user *u, uint32_t pid)
{
	return !u->only || map_get(&u->processes, &pid, sizeof pid);
}

static void on_mapped(void *arg, uint32_t pid, const struct proc_mapping *m)
{
	struct sym_user *u = arg;
	struct process *p = is_followed(u, pid) ? process_of(u, pid) : NULL;

	if (!p)
		return;
	p->space[0] = space_own(p->space[0]);
	space_add(p->space[0], m, modules_get(u->modules, root_of(u, p), pid, m));
}

// Of one that has begun its program since, or was read when it was asked about, more is known.
static void on_found(void *arg, uint32_t pid, const struct proc_mapping *m)
{
	struct sym_user *u = arg;
	struct process *p = map_get(&u->processes, &pid, sizeof pid);

	if (!p || (!p->told && !p->read_at))
		on_mapped(arg, pid, m);
}

static void on_executed(void *arg, uint32_t pid)
{
	struct sym_user *u = arg;
	struct process *p = is_followed(u, pid) ? process_of(u, pid) : NULL;

	if (!p)
		return;
	begin_generation(u, p, space_new());
	p->parent = 0;
	p->knows_root = false; // a container's first program comes so
	p->told = true;
	p->exited = false;
}

static void on_forked(void *arg, uint32_t pid, uint32_t parent)
{
	struct sym_user *u = arg;
	struct process *from = map_get(&u->processes, &parent, sizeof parent);
	if (u->only && !from)
		return;
	struct space *s = from && from->space[0] ? space_share(from->space[0]) : NULL;
	const struct root *root = from ? root_of(u, from) : NULL;
	bool told = s && from->told;
	struct process *p = process_of(u, pid); // may forget the parent

	begin_generation(u, p, s);
	p->root = root;
	p->knows_root = root != NULL;
	p->parent = s ? 0 : parent;
	p->told = told;
	p->exited = false;
	p->started = 0;
}

static void on_exited(void *arg, uint32_t pid)
{
	struct sym_user *u = arg;
	struct process *p = map_get(&u->processes, &pid, sizeof pid);

	if (!p)
		return;
	p->exited = true;
	vec_push(NULL, &u->gone, pid);
}

// What was lost may have been anybody's: all are read again when an address is not theirs.
static void on_lost(void *arg, uint64_t records)
{
	struct sym_user *u = arg;

	u->loss.records += records;
	for (size_t i = 0; i < u->processes.n; i++)
		if (u->processes.at[i].value)
			((struct process *)u->processes.at[i].value)->told = false;
}

int sym_user_follow(struct sym_user *u, uint32_t pid)
{
	int err = u->events ? 0 : processes_open(pid, &u->events);

	if (err)
		return err;
	u->only = pid;
	if (pid)
		process_of(u, pid);
	return 0;
}

// By /proc -----------------------------------------------------------------------------------------------------------------

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

static bool exe_is_same(const struct process *p)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%u/exe", p->pid);
	if (stat(path, &st) < 0)
		return true; // gone, or a kernel thread: nothing to read anew
	return st.st_dev == p->exe_dev && st.st_ino == p->exe_ino;
}

struct reading {
	struct sym_user *user;
	struct process *process;
	struct space *space;
};

static bool add_mapping(void *arg, const struct proc_mapping *m)
{
	struct reading *r = arg;

	if (m->executable)
		space_add(r->space, m, modules_get(r->user->modules, root_of(r->user, r->process), r->process->pid, m));
	return true;
}

static void read_mappings(struct sym_user *u, struct process *p)
{
	struct reading r = { .user = u, .process = p, .space = space_new() };
	uint64_t started = start_time(p->pid);
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%u/exe", p->pid);
	if (stat(path, &st) < 0 || proc_maps_each(p->pid, add_mapping, &r) < 0 || space_is_empty(r.space) || started != start_time(p->pid)) {
		space_release(r.space);
		return;
	}
	bool same = (p->started == started && p->exe_dev == st.st_dev && p->exe_ino == st.st_ino) || (p->told && p->space[0]);
	if (same && p->space[0]) { // what it has unmapped stays where nothing new lies: records of it may still be on their way
		space_keep(r.space, p->space[0]);
		space_release(p->space[0]);
		p->space[0] = r.space;
	} else {
		begin_generation(u, p, r.space);
	}
	p->started = started;
	p->exe_dev = st.st_dev;
	p->exe_ino = st.st_ino;
}

static void read_process(struct sym_user *u, struct process *p)
{
	p->read_at = clock_ns(CLOCK_MONOTONIC);
	read_mappings(u, p);
	p->read_cost = clock_ns(CLOCK_MONOTONIC) - p->read_at;
}

void sym_user_poll(struct sym_user *u)
{
	static const struct process_listener listener = { on_found, on_mapped, on_executed, on_forked, on_exited, on_lost };

	if (!u->events)
		return;
	processes_poll(u->events, &listener, u);
}

struct symbols_loss sym_user_lost(const struct sym_user *u)
{
	struct symbols_loss loss = u->loss;

	if (u->events)
		loss.records = MAX(loss.records, processes_lost(u->events));
	return loss;
}

void sym_user_remember(struct sym_user *u, uint32_t pid)
{
	struct process *p = process_of(u, pid);

	read_process(u, p);
	perf_map_update(&p->perf, root_path(root_of(u, p)), p->inner_pid);
}

// Addresses ---------------------------------------------------------------------------------------------------------------

static const struct mapping *mapping_of(const struct process *p, uint64_t ip)
{
	const struct mapping *m = NULL;

	for (size_t i = 0; i < MAX_GENERATIONS && !m; i++)
		m = p->space[i] ? space_find(p->space[i], ip) : NULL;
	return m;
}

// Of whom it was forked from before anything was known of them.
static const struct mapping *inherited(struct sym_user *u, const struct process *p, uint64_t ip)
{
	const struct mapping *m = NULL;

	for (int i = 0; i < ANCESTORS && p && p->parent && !m; i++) {
		p = map_get(&u->processes, &p->parent, sizeof p->parent);
		m = p ? mapping_of(p, ip) : NULL;
	}
	return m;
}

// The newest word on code made at run time; the files are looked at again, once a batch, when they do not know an address.
static bool find_jitted(struct sym_user *u, struct process *p, uint64_t ip, bool *looked, struct symbol *ret)
{
	for (;;) {
		const char *dump = p->space[0] ? space_jitdump(p->space[0]) : NULL;

		ret->name = perf_map_find(&p->jit, ip, &ret->offset);
		ret->source = SYMBOL_JITDUMP;
		if (ret->name)
			return true;
		ret->name = perf_map_find(&p->perf, ip, &ret->offset);
		ret->source = SYMBOL_PERF_MAP;
		if (ret->name)
			return true;
		ret->source = SYMBOL_ANONYMOUS;
		if (*looked)
			return false;
		*looked = true;
		const char *root = root_path(root_of(u, p));
		bool fresh = perf_map_update(&p->perf, root, p->inner_pid);
		if (!(dump && jitdump_update(&p->jit, root, dump)) && !fresh)
			return false;
	}
}

// "libfoo.so!sub_1234": where a function begins is known, what it is called is not.
static const char *made_up(struct sym_user *u, const struct module *m, uint64_t start)
{
	struct { const struct module *m; uint64_t start; } key = { m, start };
	void **at = map_put(&u->functions, &key, sizeof key);
	const char *slash = strrchr(m->path, '/');

	if (!*at)
		*at = arena_printf(u->arena, "%s!sub_%lx", slash ? slash + 1 : m->path, (unsigned long)start);
	return *at;
}

static void find_in_module(struct sym_user *u, const struct mapping *m, uint64_t ip, struct symbol *ret, struct user_place *place)
{
	uint64_t in_file = ip - m->start + m->offset;
	struct module *mod = m->module;
	struct sym_found found;

	ret->module = mod->path;
	ret->module_offset = in_file;
	ret->build_id = mod->build_id;
	ret->n_build_id = mod->n_build_id;
	ret->source = SYMBOL_NO_FILE;
	place->module = mod;
	if (!mod->table || !elf_file_address(sym_table_file(mod->table), in_file, &place->address))
		return;
	place->known = true;
	ret->module_offset = place->address;
	found = sym_table_find(mod->table, place->address);
	ret->source = found.source;
	ret->offset = place->address - found.start;
	ret->name = found.source == SYMBOL_FDE ? made_up(u, mod, found.start) : found.name;
	if (mod->is_vdso && found.name)
		ret->source = SYMBOL_VDSO;
}

// Stacks walked by frame pointers hold addresses that are none; looking for those may take a twentieth of the time.
static bool may_read_again(const struct process *p)
{
	return clock_ns(CLOCK_MONOTONIC) - p->read_at > 20 * p->read_cost;
}

static bool all_covered(const struct process *p, const uint64_t *ip, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!mapping_of(p, ip[i]))
			return false;
	return true;
}

static bool must_read(const struct process *p, const uint64_t *ip, size_t n)
{
	if (p->exited)
		return false;
	if (!p->space[0] || space_is_empty(p->space[0]))
		return true;
	if (!p->told && !exe_is_same(p))
		return true;
	return !all_covered(p, ip, n) && may_read_again(p);
}

static void read_parent(struct sym_user *u, const struct process *p)
{
	if (p->space[0] || !p->parent)
		return;
	struct process *from = map_get(&u->processes, &p->parent, sizeof p->parent);
	if (!from && u->count < MAX_PROCESSES) // else it might be p that is forgotten
		from = process_of(u, p->parent);
	if (from && !from->space[0] && !from->exited)
		read_process(u, from);
}

void sym_user_find(struct sym_user *u, uint32_t pid, const uint64_t *ip, size_t n, struct symbol *ret, struct user_place *place)
{
	struct process *p;
	bool looked = false;

	sym_user_poll(u);
	p = process_of(u, pid);
	if (must_read(p, ip, n))
		read_process(u, p);
	read_parent(u, p);
	for (size_t i = 0; i < n; i++) {
		const struct mapping *own = mapping_of(p, ip[i]), *m = own ? own : inherited(u, p, ip[i]);
		struct user_place at = { 0 };

		ret[i] = (struct symbol){ .source = p->space[0] ? SYMBOL_UNMAPPED : SYMBOL_EXITED };
		if (m && m->module)
			find_in_module(u, m, ip[i], &ret[i], &at);
		if (p->space[0] && (!m || !m->module || !m->module->table))
			if (!find_jitted(u, p, ip[i], &looked, &ret[i]) && (!m || m->module))
				ret[i].source = m ? SYMBOL_NO_FILE : SYMBOL_UNMAPPED;
		u->loss.frames += !m && !ret[i].name;
		if (place)
			place[i] = at;
	}
}

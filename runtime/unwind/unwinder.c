// SPDX-License-Identifier: Apache-2.0
#include "runtime/unwind/unwinder.h"

#include <bpf/bpf.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/thread.h"
#include "runtime/unwind/image.h"
#include "runtime/unwind/image_file.h"
#include "runtime/unwind/installed.h"
#include "runtime/unwind/needed.h"
#include "runtime/unwind/table.h"
#include "runtime/unwind/table_cache.h"

#define NICE (-10)
#define POOL_LEAST (4u << 20)
#define POOL_SYSTEM (32u << 20) // two thirds of all that a distribution has under /usr: more where there is memory,
#define POOL_SHARE 512          // this part of it
#define POOL_MOST (128u << 20)
#define SLACK_WORDS 4u // a rule is four words, and begins at a multiple of four

struct ready { // a table built before there are maps
	struct unwind_key key;
	struct unwind_table table;
};

struct unwinder {
	VEC(struct ready) ready;
	uint32_t ready_words;
	struct image_file *file; // the last one read, and its table, of whoever is building: first the caller's thread, then ours
	struct unwind_table table;
	struct installed *installed;
	int cache;             // folder of tables on disk, or -1
	int pool_fd, files_fd; // the caller's
	uint32_t pool_words, next; // words there are, first free one

	pthread_t thread;
	bool running;
	pthread_mutex_t lock; // of what follows
	pthread_cond_t wake;
	VEC(struct unwind_miss) misses;
	bool ending;
	struct unwinder_stats stats;
};

struct unwinder *unwinder_new(void)
{
	struct unwinder *u = xcalloc(1, sizeof *u);

	u->file = image_file_new();
	u->cache = table_cache_open();
	u->installed = installed_new();
	pthread_mutex_init(&u->lock, NULL);
	pthread_cond_init(&u->wake, NULL);
	return u;
}

static void drop_ready(struct unwinder *u)
{
	for (size_t i = 0; i < u->ready.n; i++)
		unwind_table_free(&u->ready.v[i].table);
	free(u->ready.v);
	u->ready.v = NULL;
	u->ready.n = 0;
}

void unwinder_free(struct unwinder *u)
{
	if (!u)
		return;
	if (u->running) {
		pthread_mutex_lock(&u->lock);
		u->ending = true;
		pthread_cond_signal(&u->wake);
		pthread_mutex_unlock(&u->lock);
		pthread_join(u->thread, NULL);
	}
	drop_ready(u);
	image_file_free(u->file);
	unwind_table_free(&u->table);
	installed_free(u->installed);
	if (u->cache >= 0)
		close(u->cache);
	free(u->misses.v);
	pthread_mutex_destroy(&u->lock);
	pthread_cond_destroy(&u->wake);
	free(u);
}

// Files ----------------------------------------------------------------------------------------------------------------

// Into u->table.
static int build(struct unwinder *u, int fd, const struct stat *st)
{
	struct image image;

	if (!S_ISREG(st->st_mode) || st->st_size <= 0)
		return -ENOEXEC;
	uint64_t size = (uint64_t)st->st_size;
	int err = image_file_open(u->file, fd, size, &image);
	if (err)
		return err;
	if (image.build_id_len == TABLE_BUILD_ID && table_cache_find(u->cache, image.build_id, size, &u->table))
		return 0;
	err = image_file_read_frames(u->file, &image);
	if (!err)
		err = unwind_table_of(&image, &u->table);
	if (!err)
		table_cache_keep(u->cache, size, &u->table);
	return err;
}

static void give_memory_back(struct unwinder *u)
{
	image_file_forget(u->file);
	unwind_table_free(&u->table);
}

static void add_ready(struct unwinder *u, const struct unwind_key *key, const struct unwind_table *t)
{
	struct unwind_table copy = *t;

	copy.memory = NULL;
	copy.cap = 0;
	unwind_table_reserve(&copy, t->nwords);
	if (t->nwords)
		memcpy(copy.words, t->words, t->nwords * sizeof *t->words);
	u->ready_words += ALIGN_UP(t->nwords, SLACK_WORDS);
	vec_push(NULL, &u->ready, (struct ready){ *key, copy });
}

static bool is_ready(const struct unwinder *u, const struct unwind_key *key)
{
	for (size_t i = 0; i < u->ready.n; i++)
		if (memcmp(&u->ready.v[i].key, key, sizeof *key) == 0)
			return true;
	return false;
}

void unwinder_add_file(struct unwinder *u, const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return;
	struct unwind_key key = unwind_key_of(&st);
	if (!is_ready(u, &key) && build(u, fd, &st) == 0)
		add_ready(u, &key, &u->table);
}

static void add_needed(void *arg, const char *path)
{
	unwinder_add_file(arg, path);
}

void unwinder_add_program(struct unwinder *u, const char *path)
{
	needed_each(path, add_needed, u);
}

// Each file that a process maps as code, by a path that leads to the file itself, whatever its name is now.
static void each_mapped(pid_t pid, void (*each)(struct unwinder *u, const char *path), struct unwinder *u)
{
	char path[64], line[4096], perms[8];
	unsigned long start, end, offset, inode;
	unsigned major_, minor_;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	_fclose_ FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%lx-%lx %7s %lx %x:%x %lu", &start, &end, perms, &offset, &major_, &minor_, &inode) != 7 || perms[2] != 'x' || !inode)
			continue;
		snprintf(path, sizeof path, "/proc/%d/map_files/%lx-%lx", pid, start, end);
		each(u, path);
	}
}

void unwinder_add_process(struct unwinder *u, pid_t pid)
{
	each_mapped(pid, unwinder_add_file, u);
}

// The vDSO is the same in every process; its key is all zeros.
static void add_vdso(struct unwinder *u)
{
	const Elf64_Ehdr *e = (const void *)getauxval(AT_SYSINFO_EHDR);

	if (!e || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0)
		return;
	if (unwind_table_build(e, e->e_shoff + (size_t)e->e_shnum * e->e_shentsize, &u->table) == 0)
		add_ready(u, &(struct unwind_key){ 0 }, &u->table);
}

uint32_t unwinder_pool_bytes(const struct unwinder *u, bool system)
{
	uint64_t memory = (uint64_t)MAX(sysconf(_SC_PHYS_PAGES), 0l) * (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t want = system ? MAX(memory / POOL_SHARE, (uint64_t)POOL_SYSTEM) : POOL_LEAST;
	uint32_t bytes = POOL_LEAST;

	want = MAX(want, (uint64_t)u->ready_words * 4 * 2);
	while (bytes < want && bytes < POOL_MOST)
		bytes *= 2;
	return bytes;
}

// The maps -------------------------------------------------------------------------------------------------------------

static int write_pool(struct unwinder *u, uint32_t at, const uint32_t *words, uint32_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), from = (size_t)at * 4 / page * page, end = ((size_t)at + n) * 4;
	// mapped for the moment only: the whole of it would count as this process's memory
	uint8_t *p = mmap(NULL, end - from, PROT_READ | PROT_WRITE, MAP_SHARED, u->pool_fd, (off_t)from);

	if (p == MAP_FAILED)
		return -errno;
	memcpy(p + ((size_t)at * 4 - from), words, (size_t)n * 4);
	munmap(p, end - from);
	return 0;
}

static int set_file(struct unwinder *u, const struct unwind_key *key, const struct unwind_file *f)
{
	return bpf_map_update_elem(u->files_fd, key, f, BPF_ANY);
}

static void tell(struct unwinder *u, const struct unwinder_stats *more)
{
	pthread_mutex_lock(&u->lock);
	u->stats.files += more->files;
	u->stats.words += more->words;
	u->stats.refused += more->refused;
	u->stats.vanished += more->vanished;
	pthread_mutex_unlock(&u->lock);
}

static void publish(struct unwinder *u, const struct unwind_key *key, const struct unwind_table *t)
{
	uint32_t at = u->next;
	struct unwind_file f = { .state = UNWIND_READY, .first_page = t->first_page, .npages = t->npages, .pages = at,
				 .rows = at + t->npages + 1, .rules = at + t->rules_at, .build_id_len = t->build_id_len };

	memcpy(f.build_id, t->build_id, sizeof f.build_id);
	if (t->nrows == 0) {
		f.state = UNWIND_WITHOUT;
	} else if (t->nwords > u->pool_words - u->next) {
		f.state = UNWIND_FULL;
		tell(u, &(struct unwinder_stats){ .refused = 1 });
	} else if (write_pool(u, at, t->words, t->nwords)) {
		f.state = UNWIND_WITHOUT;
	} else {
		u->next += ALIGN_UP(t->nwords, SLACK_WORDS);
		u->next = MIN(u->next, u->pool_words);
		tell(u, &(struct unwinder_stats){ .files = 1, .words = u->next - at });
	}
	set_file(u, key, &f);
}

// Is the file that was opened the one that the kernel met? Its numbers may be those of a layer above, its size and time are not.
static bool is_the_same(const struct unwind_key *key, const struct stat *st)
{
	return key->size == (uint64_t)st->st_size && key->mtime == (uint32_t)st->st_mtim.tv_sec;
}

static void publish_file(struct unwinder *u, const struct unwind_key *key, int fd, const struct stat *st)
{
	bool built = build(u, fd, st) == 0;

	publish(u, key, built ? &u->table : &(struct unwind_table){ 0 });
}

// A file that the kernel has not met: its next stack would stop there.
static void publish_unmet(struct unwinder *u, const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || u->next >= u->pool_words / 2)
		return;
	struct unwind_key key = unwind_key_of(&st);
	if (bpf_map_update_elem(u->files_fd, &key, &(struct unwind_file){ .state = UNWIND_ASKED }, BPF_NOEXIST) == 0)
		publish_file(u, &key, fd, &st);
}

static bool is_asked_for(const struct unwinder *u, const struct unwind_key *key)
{
	struct unwind_file f;

	return bpf_map_lookup_elem(u->files_fd, key, &f) || f.state == UNWIND_ASKED;
}

// The file of a miss, by its mapping, or by what it is when its process has ended. -1: it cannot be found.
static int open_missed(struct unwinder *u, const struct unwind_miss *m, struct stat *st)
{
	char path[80];

	snprintf(path, sizeof path, "/proc/%u/map_files/%lx-%lx", m->pid, m->start, m->end);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		const char *usual = installed_find(u->installed, &m->key);

		fd = usual ? open(usual, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	}
	return fd >= 0 && fstat(fd, st) == 0 && is_the_same(&m->key, st) ? TAKE_FD(fd) : -1;
}

// The file that was met, then the others of its process: a stack meets one only when those above it are known.
static void serve(struct unwinder *u, const struct unwind_miss *m)
{
	struct stat st;

	if (!is_asked_for(u, &m->key))
		return;
	_close_ int fd = open_missed(u, m, &st);
	if (fd < 0) {
		bpf_map_delete_elem(u->files_fd, &m->key); // the next process that maps it asks again
		tell(u, &(struct unwinder_stats){ .vanished = 1 });
		return;
	}
	publish_file(u, &m->key, fd, &st);
	struct unwind_key key = unwind_key_of(&st);
	// where stat() tells other numbers than the kernel has, all are to be met; and what may not be needed takes half of the room at the most
	if (memcmp(&key, &m->key, sizeof key) == 0 && u->next < u->pool_words / 2)
		each_mapped((pid_t)m->pid, publish_unmet, u);
}

static void *work(void *arg)
{
	struct unwinder *u = arg;

	// a millisecond for each file that is met, until which its stacks are cut off: not one after all others' turn
	setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	pthread_mutex_lock(&u->lock);
	while (!u->ending) {
		if (u->misses.n == 0) {
			give_memory_back(u);
			pthread_cond_wait(&u->wake, &u->lock);
			continue;
		}
		struct unwind_miss m = u->misses.v[0];
		memmove(u->misses.v, u->misses.v + 1, --u->misses.n * sizeof m);
		pthread_mutex_unlock(&u->lock);
		serve(u, &m);
		pthread_mutex_lock(&u->lock);
	}
	pthread_mutex_unlock(&u->lock);
	return NULL;
}

int unwinder_start(struct unwinder *u, int pool_fd, int files_fd, uint32_t pool_bytes)
{
	u->pool_fd = pool_fd;
	u->files_fd = files_fd;
	u->pool_words = pool_bytes / 4;
	add_vdso(u);
	for (size_t i = 0; i < u->ready.n; i++)
		publish(u, &u->ready.v[i].key, &u->ready.v[i].table);
	drop_ready(u);
	give_memory_back(u);
	int err = thread_start(&u->thread, 0, work, u);
	u->running = err == 0;
	return err;
}

void unwinder_miss(struct unwinder *u, const struct unwind_miss *miss)
{
	pthread_mutex_lock(&u->lock);
	vec_push(NULL, &u->misses, *miss);
	pthread_cond_signal(&u->wake);
	pthread_mutex_unlock(&u->lock);
}

struct unwinder_stats unwinder_stats(struct unwinder *u)
{
	pthread_mutex_lock(&u->lock);
	struct unwinder_stats s = u->stats;
	pthread_mutex_unlock(&u->lock);
	return s;
}

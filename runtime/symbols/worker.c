// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/worker.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/util.h"
#include "runtime/elf_file.h"
#include "runtime/symbols/modules.h"
#include "runtime/symbols/sym_table.h"
#include "runtime/thread.h"

struct job {
	struct job *next;
	struct worker_answer answer;
	int fd; // of the binary; -1: it cannot be opened
	char *root, *name, *debug;
	uint8_t build_id[64];
	uint8_t n_build_id;
};

struct worker {
	pthread_t thread;
	bool started, ending;
	pthread_mutex_t lock;
	pthread_cond_t asked, answered;
	struct job *todo, **todo_end, *done, **done_end;
	size_t waiting; // jobs not answered
	struct map lines; // the thread's: module -> struct lines *, or the worker itself where there is no DWARF
};

static void *no_lines(struct worker *w)
{
	return w;
}

static struct lines *open_lines(const struct job *j)
{
	char path[64];
	struct elf_file *f = NULL;
	struct lines *l = NULL;

	if (j->debug && lines_open_file(j->debug, &l) == 0)
		return l;
	snprintf(path, sizeof path, "/proc/self/fd/%d", j->fd);
	if (j->fd < 0 || elf_file_open_at(path, j->root, j->name, &f) < 0)
		return NULL;
	int err = lines_open(f, &l);
	elf_file_close(f);
	return err ? NULL : l;
}

static void find_lines(struct worker *w, struct job *j)
{
	void **at = map_put(&w->lines, &j->answer.module, sizeof j->answer.module);
	struct line_frames *found = xcalloc(j->answer.n, sizeof *found);

	if (!*at || (*at == no_lines(w) && j->debug)) {
		struct lines *l = open_lines(j);

		*at = l ? l : no_lines(w);
	}
	if (*at != no_lines(w))
		lines_find(*at, j->answer.address, j->answer.n, found);
	j->answer.found = found;
}

// debuginfod.h of elfutils. The library is loaded only when somebody asked for servers to be asked.
static char *fetch(const struct job *j)
{
	void *library = dlopen("libdebuginfod.so.1", RTLD_LAZY | RTLD_LOCAL);
	void *(*begin)(void) = NULL;
	void (*end)(void *) = NULL;
	int (*find)(void *, const unsigned char *, int, char **) = NULL, fd;
	char *path = NULL;
	void *client;

	if (!library)
		return NULL;
	*(void **)&begin = dlsym(library, "debuginfod_begin");
	*(void **)&end = dlsym(library, "debuginfod_end");
	*(void **)&find = dlsym(library, "debuginfod_find_debuginfo");
	client = begin && end && find ? begin() : NULL;
	if (!client)
		return NULL; // and the library stays: it may have started threads
	fd = find(client, j->build_id, j->n_build_id, &path);
	if (fd >= 0)
		close(fd);
	end(client);
	return fd >= 0 ? path : NULL;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct job *j;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->todo && !w->ending)
			pthread_cond_wait(&w->asked, &w->lock);
		if (w->ending)
			break;
		j = w->todo;
		w->todo = j->next;
		if (!w->todo)
			w->todo_end = &w->todo;
		pthread_mutex_unlock(&w->lock);
		if (j->answer.fetched)
			j->answer.path = fetch(j);
		else
			find_lines(w, j);
		pthread_mutex_lock(&w->lock);
		j->next = NULL;
		*w->done_end = j;
		w->done_end = &j->next;
		pthread_cond_signal(&w->answered);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct worker *worker_new(void)
{
	struct worker *w = xcalloc(1, sizeof *w);
	pthread_condattr_t clock;

	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->asked, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&w->answered, &clock);
	pthread_condattr_destroy(&clock);
	w->todo_end = &w->todo;
	w->done_end = &w->done;
	map_init(&w->lines, NULL);
	return w;
}

static void job_free(struct job *j)
{
	if (j->fd >= 0)
		close(j->fd);
	free((void *)j->answer.address);
	free((void *)j->answer.found);
	free(j->answer.path);
	free(j->root);
	free(j->name);
	free(j->debug);
	free(j);
}

static void jobs_free(struct job *j)
{
	for (struct job *next; j; j = next) {
		next = j->next;
		job_free(j);
	}
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->asked);
	pthread_mutex_unlock(&w->lock);
	if (w->started)
		pthread_join(w->thread, NULL);
	jobs_free(w->todo);
	jobs_free(w->done);
	for (size_t i = 0; i < w->lines.n; i++)
		if (w->lines.at[i].value && w->lines.at[i].value != no_lines(w))
			lines_free(w->lines.at[i].value);
	map_free(&w->lines);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->asked);
	pthread_cond_destroy(&w->answered);
	free(w);
}

static bool start(struct worker *w)
{
	w->started = w->started || thread_start(&w->thread, 0, work, w) == 0;
	return w->started;
}

static void ask(struct worker *w, struct job *j)
{
	if (!start(w)) {
		job_free(j);
		return;
	}
	pthread_mutex_lock(&w->lock);
	*w->todo_end = j;
	w->todo_end = &j->next;
	w->waiting++;
	pthread_cond_signal(&w->asked);
	pthread_mutex_unlock(&w->lock);
}

static struct job *job_new(struct module *m)
{
	struct job *j = xcalloc(1, sizeof *j);

	j->answer.module = m;
	j->fd = m->table ? elf_file_descriptor(sym_table_file(m->table)) : -1;
	j->root = xstrdup(m->root);
	j->name = xstrdup(m->path);
	j->debug = m->debug ? xstrdup(m->debug) : NULL;
	memcpy(j->build_id, m->build_id ? m->build_id : (const uint8_t *)"", m->n_build_id);
	j->n_build_id = m->n_build_id;
	return j;
}

void worker_lines(struct worker *w, struct module *m, const uint64_t *address, size_t n)
{
	struct job *j = job_new(m);
	uint64_t *copy = xmalloc(n * sizeof *copy);

	memcpy(copy, address, n * sizeof *copy);
	j->answer.address = copy;
	j->answer.n = n;
	ask(w, j);
}

void worker_fetch(struct worker *w, struct module *m)
{
	struct job *j = job_new(m);

	j->answer.fetched = true;
	ask(w, j);
}

static struct job *take_answer(struct worker *w, const struct timespec *until)
{
	struct job *j;

	pthread_mutex_lock(&w->lock);
	while (!w->done && w->waiting) {
		int rc = until ? pthread_cond_timedwait(&w->answered, &w->lock, until) : pthread_cond_wait(&w->answered, &w->lock);

		if (rc == ETIMEDOUT)
			break;
	}
	j = w->done;
	if (j) {
		w->done = j->next;
		if (!w->done)
			w->done_end = &w->done;
		w->waiting--;
	}
	pthread_mutex_unlock(&w->lock);
	return j;
}

void worker_wait(struct worker *w, int patience_ms, void (*each)(void *arg, const struct worker_answer *a), void *arg)
{
	struct timespec until;
	struct job *j;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(patience_ms % 1000) * 1000000;
	until.tv_sec += patience_ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while ((j = take_answer(w, patience_ms < 0 ? NULL : &until))) {
		each(arg, &j->answer);
		job_free(j);
	}
}

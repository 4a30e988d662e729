// SPDX-License-Identifier: Apache-2.0
#include "runtime/attach/binary.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/util.h"
#include "runtime/attach/attach.h"

static void add_path(void *arg, const char *path)
{
	struct paths *p = arg;

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i], path) == 0)
			return;
	if (p->n == p->cap)
		p->v = vec_grow(p->arena, p->v, p->n, &p->cap, sizeof *p->v);
	p->v[p->n++] = arena_strdup(p->arena, path);
}

bool binary_is_one(const char *name)
{
	return name && !glob_is(name);
}

static bool no_binary(const struct expand *q, const struct attach_point *ap, const char *name, int rc)
{
	if (rc < 0 && rc != -ENOENT)
		return attach_world_error(q, ap, name ? name : "the process", rc);
	if (name && q->pid)
		diag_error(q->diag, ap->span, E_TARGET, "there is no binary '%s': no such file for process %u, on PATH or among the libraries",
			   name, q->pid);
	else if (name)
		diag_error(q->diag, ap->span, E_TARGET, "there is no binary '%s': no such file, also not on PATH or among the libraries", name);
	else
		diag_error(q->diag, ap->span, E_TARGET, "process %u does not exist or maps no executable file", q->pid);
	return false;
}

bool binary_paths(const struct expand *q, const struct attach_point *ap, const char *name, bool quiet, struct paths *ret)
{
	*ret = (struct paths){ .arena = q->arena };
	int rc = q->world->ops->binaries(q->world, name ? name : "*", q->pid, add_path, ret);

	if (rc >= 0 && ret->n)
		return true;
	return quiet ? false : no_binary(q, ap, name, rc);
}

char *binary_open_path(const char *path, uint32_t pid)
{
	_free_ char *other = NULL;
	struct stat ours, theirs;

	if (pid && path[0] == '/' && strncmp(path, "/proc/", 6) != 0) {
		other = xasprintf("/proc/%u/root%s", pid, path);
		if (stat(other, &theirs) == 0 &&
		    (stat(path, &ours) < 0 || ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino))
			return TAKE_PTR(other);
	}
	return xstrdup(path);
}

// SPDX-License-Identifier: Apache-2.0
// container_names.c - the state files are JSON; libcjson is opened when the first one is there.
#include "runtime/container_names.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"

#define MOST_BYTES ((size_t)16 << 20)

struct search {
	bool (*matches)(void *arg, const char *name);
	void *arg;
	const char *root, *id;
	void *library;
	__typeof__(cJSON_ParseWithLength) *parse;
	__typeof__(cJSON_GetObjectItemCaseSensitive) *member;
	__typeof__(cJSON_Delete) *delete;
};

static bool open_library(struct search *s)
{
	if (!s->library)
		s->library = dlopen("libcjson.so.1", RTLD_LAZY | RTLD_LOCAL);
	if (!s->library)
		return false;
	*(void **)&s->parse = dlsym(s->library, "cJSON_ParseWithLength");
	*(void **)&s->member = dlsym(s->library, "cJSON_GetObjectItemCaseSensitive");
	*(void **)&s->delete = dlsym(s->library, "cJSON_Delete");
	return s->parse && s->member && s->delete;
}

// NULL if there is no such file, or no JSON in it.
static cJSON *read_state(struct search *s, const char *path)
{
	_str_ struct str text = { 0 };

	if (str_read_file(&text, path, MOST_BYTES + 1) || text.n > MOST_BYTES || !open_library(s))
		return NULL;
	return s->parse(str_z(&text), text.n);
}

static const char *string_of(const cJSON *item)
{
	return item && (item->type & 0xff) == cJSON_String ? item->valuestring : NULL;
}

static bool is_called(struct search *s, const char *name)
{
	const char *end;

	if (!name || !*name)
		return false;
	if (s->matches(s->arg, name))
		return true;
	if (strncmp(name, "k8s_", 4) != 0 || !(end = strchr(name + 4, '_')))
		return false;
	_free_ char *part = xstrndup(name + 4, (size_t)(end - name) - 4);
	return s->matches(s->arg, part);
}

static bool docker(struct search *s)
{
	_free_ char *path = xasprintf("%s/var/lib/docker/containers/%s/config.v2.json", s->root, s->id);
	cJSON *state = read_state(s, path);
	const char *name = state ? string_of(s->member(state, "Name")) : NULL;
	bool found = is_called(s, name && *name == '/' ? name + 1 : name);

	if (state)
		s->delete(state);
	return found;
}

static bool storage(struct search *s)
{
	_free_ char *path = xasprintf("%s/var/lib/containers/storage/overlay-containers/containers.json", s->root);
	cJSON *state = read_state(s, path);
	bool found = false;

	for (const cJSON *c = state && (state->type & 0xff) == cJSON_Array ? state->child : NULL; c && !found; c = c->next) {
		const char *id = string_of(s->member(c, "id"));
		const cJSON *names = s->member(c, "names");

		if (!id || strcmp(id, s->id) != 0)
			continue;
		for (const cJSON *n = names ? names->child : NULL; n && !found; n = n->next)
			found = is_called(s, string_of(n));
	}
	if (state)
		s->delete(state);
	return found;
}

static bool containerd_task(struct search *s, const char *namespace)
{
	static const char *const keys[] = { "io.kubernetes.cri.container-name", "io.kubernetes.container.name", "nerdctl/name" };
	_free_ char *path = xasprintf("%s/run/containerd/io.containerd.runtime.v2.task/%s/%s/config.json", s->root, namespace, s->id);
	cJSON *state = read_state(s, path);
	const cJSON *annotations = state ? s->member(state, "annotations") : NULL;
	bool found = false;

	for (size_t i = 0; annotations && i < ARRAY_SIZE(keys) && !found; i++)
		found = is_called(s, string_of(s->member(annotations, keys[i])));
	if (state)
		s->delete(state);
	return found;
}

static bool containerd(struct search *s)
{
	_free_ char *path = xasprintf("%s/run/containerd/io.containerd.runtime.v2.task", s->root);
	DIR *d = opendir(path);
	bool found = false;

	for (struct dirent *e; d && !found && (e = readdir(d));)
		found = e->d_name[0] != '.' && containerd_task(s, e->d_name);
	if (d)
		closedir(d);
	return found;
}

bool container_is_named(const char *id, bool (*matches)(void *arg, const char *name), void *arg)
{
	const char *root = getenv("SPILE_CONTAINERS_ROOT"); // for tests, and for a host's files seen from inside of a container
	struct search s = { .matches = matches, .arg = arg, .root = root ? root : "", .id = id };
	bool found = !strchr(id, '/') && (docker(&s) || storage(&s) || containerd(&s));

	if (s.library)
		dlclose(s.library);
	return found;
}

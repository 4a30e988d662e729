// SPDX-License-Identifier: Apache-2.0
#include "cli/shipped.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/near.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

// Heap; NULL if there is none.
static char *library_folder(void)
{
	static const char *const places[] = { "../probes", "../share/spile/probes" };
	const char *named = getenv("SPILE_PROBES");
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *slash;

	if (named && *named)
		return xstrdup(named);
	self[MAX(n, 0)] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < ARRAY_SIZE(places); i++) {
		_free_ char *path = xasprintf("%.*s/%s", (int)(slash - self), self, places[i]);

		if (is_folder(path))
			return realpath(path, NULL);
	}
	return NULL;
}

static int is_theme(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int is_script(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && dot != e->d_name && (!strcmp(dot, ".spile") || !strcmp(dot, ".bt"));
}

static void each_of_theme(const char *folder, const char *theme, void (*each)(void *arg, const struct shipped *s), void *arg)
{
	struct dirent **scripts;
	_free_ char *path = xasprintf("%s/%s", folder, theme);
	int n = is_folder(path) ? scandir(path, &scripts, is_script, alphasort) : -1;

	for (int i = 0; i < n; i++) {
		_free_ char *script = xasprintf("%s/%s", path, scripts[i]->d_name);

		*strrchr(scripts[i]->d_name, '.') = '\0';
		each(arg, &(struct shipped){ theme, scripts[i]->d_name, script });
		free(scripts[i]);
	}
	if (n >= 0)
		free(scripts);
}

bool shipped_each(void (*each)(void *arg, const struct shipped *s), void *arg)
{
	_free_ char *folder = library_folder();
	struct dirent **themes;
	int n = folder ? scandir(folder, &themes, is_theme, alphasort) : -1;

	for (int i = 0; i < n; i++) {
		each_of_theme(folder, themes[i]->d_name, each, arg);
		free(themes[i]);
	}
	if (n >= 0)
		free(themes);
	return n >= 0;
}

// One of them ----------------------------------------------------------------------------------------------------------

struct wanted {
	const char *name;
	char *path;
};

static void take_named(void *arg, const struct shipped *s)
{
	struct wanted *w = arg;

	if (!w->path && !strcmp(s->name, w->name))
		w->path = xstrdup(s->path);
}

char *shipped_path(const char *name)
{
	struct wanted w = { .name = name };

	if (!strchr(name, '/'))
		shipped_each(take_named, &w);
	return w.path;
}

struct offered {
	const char *name;
	struct str *nearest;
};

static void offer(void *arg, const struct shipped *s)
{
	struct offered *o = arg;
	struct near near = near_to(o->name);

	if (o->nearest->n)
		near_offer(&near, o->nearest->p);
	near_offer(&near, s->name);
	if (near.best == s->name) {
		str_clear(o->nearest);
		str_adds(o->nearest, s->name);
	}
}

bool shipped_near(const char *name, struct str *ret)
{
	if (!strchr(name, '/'))
		shipped_each(offer, &(struct offered){ name, ret });
	return ret->n;
}

// spile scripts --------------------------------------------------------------------------------------------------------

void shipped_head(const char *text, size_t n, struct str *out)
{
	const char *end = text + n;
	size_t start = out->n;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t len = stop ? (size_t)(stop - text) : (size_t)(end - text);

		if (len < 2 || memcmp(text, "//", 2))
			break;
		if (out->n > start || !memmem(text, len, "SPDX-License", 12)) {
			str_add(out, text + 2 + (len > 2 && text[2] == ' '), len - 2 - (len > 2 && text[2] == ' '));
			str_addc(out, '\n');
		}
		text += len + 1;
	}
}

struct listing {
	const char *pattern;
	unsigned n;
};

static void purpose_of(const char *path, struct str *head)
{
	_fclose_ FILE *f = fopen(path, "re");
	_str_ struct str text = { 0 };

	if (!f || str_read(&text, fileno(f), 8192))
		return;
	shipped_head(str_z(&text), text.n, head);
	head->n = head->n ? (size_t)(strchrnul(head->p, '\n') - head->p) : 0;
}

static void list(void *arg, const struct shipped *s)
{
	struct listing *l = arg;
	_str_ struct str purpose = { 0 };

	if (!glob_match(l->pattern, s->name) && !glob_match(l->pattern, s->theme))
		return;
	purpose_of(s->path, &purpose);
	printf("%-10s %-16s %.*s\n", s->theme, s->name, (int)purpose.n, str_z(&purpose));
	l->n++;
}

int cmd_scripts(const char *pattern)
{
	struct listing l = { .pattern = pattern ? pattern : "*" };

	if (!shipped_each(list, &l)) {
		fputs("ERROR: the library of scripts is not there: neither beside the executable nor where SPILE_PROBES says\n", stderr);
		return 1;
	}
	if (!l.n)
		fprintf(stderr, "ERROR: no script and no theme of the library is called '%s'\n", l.pattern);
	return fflush(stdout) || !l.n ? 1 : 0;
}

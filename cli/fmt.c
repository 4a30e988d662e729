// SPDX-License-Identifier: Apache-2.0
#include "cli/fmt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "cli/options.h"
#include "cli/script.h"
#include "lang/lang.h"

static bool complain(const char *what, const char *name)
{
	fprintf(stderr, "ERROR: %s '%s': %s\n", what, name, strerror(errno));
	return false;
}

static bool format(const struct script *s, struct str *out)
{
	_str_ struct str said = { 0 };
	struct arena *a = arena_new();
	struct diag d;
	bool good;

	diag_init(&d, a);
	good = lang_format(a, &d, diag_source(&d, s->name, str_z(&s->text), s->text.n), out);
	diag_print(&d, isatty(STDERR_FILENO), &said);
	fputs(str_z(&said), stderr);
	arena_free(a);
	return good;
}

// The new text takes the old one's place at once: a crash or a full disk leaves one of the two, whole. A link stays a
// link, owner and rights stay where this user may say so.
static bool replace(const char *name, const struct str *text)
{
	_free_ char *path = realpath(name, NULL), *temporary = path ? xasprintf("%s.XXXXXX", path) : NULL;
	_close_ int fd = temporary ? mkostemp(temporary, O_CLOEXEC) : -1;
	struct stat st;

	if (fd < 0)
		return complain("cannot write", name);
	if (!stat(path, &st) && !fchmod(fd, st.st_mode & 07777) && (fchown(fd, st.st_uid, st.st_gid) || true) &&
	    !write_all(fd, text->p, text->n) && !fsync(fd) && !rename(temporary, path))
		return true;
	complain("cannot write", name);
	unlink(temporary);
	return false;
}

static bool print(const struct options *o, const struct str *text)
{
	_fclose_ FILE *f = o->output ? fopen(o->output, "we") : NULL;
	FILE *to = o->output ? f : stdout;

	if (to && fwrite(str_z(text), 1, text->n, to) == text->n && !fflush(to))
		return true;
	return complain("cannot write", o->output ? o->output : "standard output");
}

// One script. Where it is not to be written in place: a stream, an inline program, bpftrace's --fmt.
static bool fmt_one(const struct options *all, const char *file, bool in_place)
{
	_str_ struct str why = { 0 }, text = { 0 };
	struct options o = *all;
	struct script s;
	bool good = false;

	o.file = file;
	if (!script_read(&o, &s, &why)) {
		fprintf(stderr, "ERROR: %s\n", str_z(&why));
	} else if (s.object) {
		fprintf(stderr, "ERROR: '%s' is compiled: there is no script to format\n", s.name);
	} else if (format(&s, &text)) {
		bool same = text.n == s.text.n && (!text.n || !memcmp(text.p, s.text.p, text.n));

		good = same;
		if (o.check && !same)
			puts(s.name);
		else if (!o.check)
			good = !in_place ? print(&o, &text) : same || replace(file, &text);
	}
	script_free(&s);
	return good;
}

int cmd_fmt(const struct options *o)
{
	bool good = true;

	if (o->program || o->mode == MODE_FORMAT)
		good = fmt_one(o, o->file, false);
	else if (!o->nparams)
		good = fmt_one(o, "-", false);
	for (size_t i = 0; !o->program && i < o->nparams; i++)
		good &= fmt_one(o, o->params[i], !o->output && strcmp(o->params[i], "-") != 0);
	return fflush(stdout) || !good ? 1 : 0;
}

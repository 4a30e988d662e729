// SPDX-License-Identifier: Apache-2.0
#include "cli/key.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "cli/options.h"
#include "cli/script.h"

bool key_compiler_path(struct str *out)
{
	static const char *const places[] = { "spile-compiler", "../libexec/spile/spile-compiler" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (n <= 0)
		return false;
	self[n] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < ARRAY_SIZE(places); i++) {
		str_clear(out);
		str_printf(out, "%.*s/%s", (int)(slash - self), self, places[i]);
		if (!access(out->p, X_OK))
			return true;
	}
	return false;
}

// The compiler's file stands for its version: a rebuilt one compiles anew.
static void add_compiler(struct str *out)
{
	_str_ struct str path = { 0 };
	struct stat st = { 0 };

	if (key_compiler_path(&path))
		(void)!stat(path.p, &st);
	str_printf(out, "compiler %s %llx:%llx %llu %lld.%09ld\n", SPILE_VERSION, (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
		   (unsigned long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

// Variables that compilation reads: config values, and where binaries and libraries are looked for.
static void add_environment(struct str *out)
{
	static const char *const names[] = { "PATH", "LD_LIBRARY_PATH", "BPFTRACE_BTF", "SPILE_PATH", "SPILE_DEBUGINFO",
		"BPFTRACE_KERNEL_SOURCE", "BPFTRACE_KERNEL_BUILD", "CPATH", "C_INCLUDE_PATH", "SPILE_CLANG",
#define CONFIG(key, kind, init, doc) "BPFTRACE_" #key,
#define CONFIG_OLD(old, key, inverted) "BPFTRACE_" #old,
#include "base/config.def"
	};
	char cwd[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_str_ struct str name = { 0 };
		const char *value;

		for (const char *c = names[i]; *c; c++)
			str_addc(&name, (char)toupper((unsigned char)*c));
		value = getenv(name.p);
		if (value) {
			str_printf(out, "%s ", name.p);
			str_json(out, value, strlen(value));
			str_addc(out, '\n');
		}
	}
	str_adds(out, "cwd ");
	str_adds(out, getcwd(cwd, sizeof cwd) ? cwd : "?"); // relative paths in attach points
	str_addc(out, '\n');
}

// What a kernel that is locked down does not let programs do the compiler leaves out. It may be locked while it runs.
static void add_lockdown(struct str *out)
{
	_close_ int fd = open("/sys/kernel/security/lockdown", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		str_adds(out, "lockdown ");
		str_read(out, fd, 64);
	}
}

static void add_options(const struct options *o, struct str *out)
{
	str_printf(out, "options process=%d unsafe=%d k=%d without=%x traceable=%s quiet-warnings=%d mode=%d\n", o->pid != 0, o->unsafe, o->warnings, o->without,
		   o->traceable ? o->traceable : "", o->no_warnings,
		   (int)o->mode);
	if (o->probe_filter) {
		str_adds(out, "filter ");
		str_json(out, o->probe_filter, strlen(o->probe_filter));
		str_addc(out, '\n');
	}
	if (o->traceable) {
		struct stat st = { 0 };

		(void)!stat(o->traceable, &st);
		str_adds(out, "traceable ");
		str_json(out, o->traceable, strlen(o->traceable));
		str_printf(out, " %llu %lld.%09ld\n", (unsigned long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	}
	if (o->child) {
		str_adds(out, "command ");
		str_json(out, o->child, strlen(o->child));
		str_addc(out, '\n');
	}
	for (size_t i = 0; i < o->nparams; i++) {
		str_printf(out, "$%zu ", i + 1);
		str_json(out, o->params[i], strlen(o->params[i]));
		str_addc(out, '\n');
	}
}

static void add_list(const char *what, const char *const *v, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++) {
		str_printf(out, "%s ", what);
		str_json(out, v[i], strlen(v[i]));
		str_addc(out, '\n');
	}
}

static void add_world(struct world *w, struct str *out)
{
	str_printf(out, "world %s\n", w->ops->identity(w));
}

void key_make(const struct options *o, const struct script *s, struct world *w, struct str *out)
{
	str_printf(out, "script %zu %016llx ", s->text.n, (unsigned long long)hash_bytes(str_z(&s->text), s->text.n, 0));
	str_json(out, s->name, strlen(s->name));
	str_addc(out, '\n');
	add_compiler(out);
	add_world(w, out);
	add_options(o, out);
	add_lockdown(out);
	add_list("named", o->named, o->nnamed, out);
	add_list("case", &o->test_case, o->test_case != NULL, out);
	add_list("-I", o->include_dirs, o->n_include_dirs, out);
	add_list("include", o->include_files, o->n_include_files, out);
	add_environment(out);
}

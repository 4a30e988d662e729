// SPDX-License-Identifier: Apache-2.0
#include "cli/bpf_import.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "cli/compile.h"
#include "cli/files.h"
#include "lang/lang.h"
#include "runtime/bpf_code.h"
#include "runtime/btf.h"

#define COMPLAINTS 3 // of clang's errors that are shown

extern char **environ;

struct compilation {
	const struct bpf_import *b;
	struct arena *a;
	const char *source, *folder, *object, *deps, *says;
	const char **why;
};

// clang --------------------------------------------------------------------------------------------------------------

// A program of that name in PATH, executable; NULL.
static const char *on_path(struct arena *a, const char *name)
{
	const char *at = getenv("PATH");

	if (strchr(name, '/'))
		return access(name, X_OK) ? NULL : name;
	for (; at && *at; at += strcspn(at, ":"), at += *at == ':') {
		const char *path = arena_printf(a, "%.*s/%s", (int)strcspn(at, ":"), at, name);

		if (!access(path, X_OK))
			return path;
	}
	return NULL;
}

static const char *find_clang(struct arena *a)
{
	const char *named = getenv("SPILE_CLANG"), *found;

	if (named && *named)
		return on_path(a, named);
	found = on_path(a, "clang");
	for (int version = 30; !found && version >= 11; version--)
		found = on_path(a, arena_printf(a, "clang-%d", version));
	return found;
}

static int run(struct compilation *c, const char *const *argv)
{
	posix_spawn_file_actions_t files;
	pid_t pid;
	int err, status = 0;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, c->says, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	err = posix_spawn(&pid, argv[0], &files, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

// The first of clang's errors, one behind the other.
static const char *first_errors(struct compilation *c)
{
	_str_ struct str text = { 0 }, kept = { 0 };
	unsigned n = 0;
	char *save = NULL;

	if (str_read_file(&text, c->says, SIZE_MAX))
		return "clang fails and does not say why";
	for (char *line = strtok_r((char *)(uintptr_t)str_z(&text), "\n", &save); line && n < COMPLAINTS; line = strtok_r(NULL, "\n", &save))
		if (strstr(line, "error:"))
			str_printf(&kept, "%s%s", n++ ? "; " : "clang says: ", line);
	return kept.n ? arena_strdup(c->a, str_z(&kept)) : "clang fails and does not say why";
}

// vmlinux.h ------------------------------------------------------------------------------------------------------------

static void write_text(void *arg, const char *fmt, va_list args)
{
	vfprintf(arg, fmt, args);
}

// The kernel's types as C, for a file that includes vmlinux.h and has none: what bpftool makes of BTF.
static int write_types(const char *path)
{
	const char *from = getenv("BPFTRACE_BTF");
	struct btf *btf = btf__parse(from && *from ? from : BTF_KERNEL_PATH, NULL);
	_fclose_ FILE *f = fopen(path, "we");
	struct btf_dump *d = btf && f ? btf_dump__new(btf, write_text, f, NULL) : NULL;
	int err = d ? 0 : -EIO;

	if (d) {
		fputs("#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n", f);
		for (uint32_t i = 1; i < btf__type_cnt(btf) && !err; i++)
			err = btf_dump__dump_type(d, i);
		fputs("#pragma clang attribute pop\n#endif\n", f);
		err = err ? err : fflush(f) ? -EIO : 0;
	}
	btf_dump__free(d);
	btf__free(btf);
	return err;
}

// The compilation ------------------------------------------------------------------------------------------------------

// What clang read: "x.o: a.bpf.c \\\n  b.h".
static void note_headers(struct compilation *c)
{
	_str_ struct str text = { 0 };
	char *save = NULL;

	if (str_read_file(&text, c->deps, SIZE_MAX))
		return;
	for (char *word = strtok_r((char *)(uintptr_t)str_z(&text), " \\\n\t", &save); word; word = strtok_r(NULL, " \\\n\t", &save))
		if (word[strlen(word) - 1] != ':' && strncmp(word, c->folder, strlen(c->folder)) != 0)
			files_note(c->b->files, arena_strdup(c->a, word));
}

static const char *machine_define(const char *identity)
{
	return strncmp(identity, "aarch64", 7) == 0 ? "-D__TARGET_ARCH_arm64" : "-D__TARGET_ARCH_x86";
}

static int compile(struct compilation *c, const char *clang)
{
	struct world *w = c->b->machine->world;
	VEC(const char *) argv = { 0 };
	const char *const first[] = { clang, "--target=bpfel", "-mcpu=v3", "-O2", "-g", "-c", "-fno-color-diagnostics", "-fno-caret-diagnostics", "-Wno-everything",
				      machine_define(w->ops->identity(w)), "-MD", "-MF", c->deps, "-o", c->object };

	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		vec_push(c->a, &argv, first[i]);
	for (size_t i = 0; i < c->b->ndirs; i++)
		vec_push(c->a, &argv, arena_printf(c->a, "-I%s", c->b->dirs[i]));
	vec_push(c->a, &argv, "-idirafter");
	vec_push(c->a, &argv, "/usr/include/x86_64-linux-gnu");
	vec_push(c->a, &argv, "-idirafter");
	vec_push(c->a, &argv, c->folder);
	vec_push(c->a, &argv, c->source);
	vec_push(c->a, &argv, NULL);
	int rc = run(c, argv.v);
	if (rc < 0)
		*c->why = arena_printf(c->a, "%s cannot be run: %s", clang, strerror(-rc));
	else if (rc > 0)
		*c->why = first_errors(c);
	else
		note_headers(c);
	return rc ? -EINVAL : 0;
}

static void remove_all(const struct compilation *c, const char *types)
{
	unlink(c->object);
	unlink(c->deps);
	unlink(c->says);
	unlink(types);
	rmdir(c->folder);
}

static int compile_source(const struct bpf_import *b, const char *path, const char *text, struct str *object, const char **why)
{
	struct arena *a = b->machine->arena;
	const char *tmp = getenv("TMPDIR"), *clang = find_clang(a), *types;
	char *folder = arena_printf(a, "%s/spile-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	int err = 0;

	if (!clang) {
		*why = getenv("SPILE_CLANG") && *getenv("SPILE_CLANG") ? arena_printf(a, "SPILE_CLANG names '%s', which is no program", getenv("SPILE_CLANG"))
			: "no clang is on PATH, which compiles it; a .bpf.o that was compiled elsewhere can be imported without one";
		return -EINVAL;
	}
	if (!mkdtemp(folder)) {
		*why = arena_printf(a, "there is no place for what clang makes of it: %s: %s", folder, strerror(errno));
		return -EINVAL;
	}
	struct compilation c = { .b = b, .a = a, .source = path, .folder = folder, .why = why };
	c.object = arena_printf(a, "%s/out.o", folder);
	c.deps = arena_printf(a, "%s/out.d", folder);
	c.says = arena_printf(a, "%s/errors", folder);
	types = arena_printf(a, "%s/vmlinux.h", folder);
	if (strstr(text, "vmlinux.h"))
		write_types(types); // without it clang says what is missing
	err = compile(&c, clang);
	if (!err && str_read_file(object, c.object, SIZE_MAX)) {
		*why = "what clang made of it cannot be read";
		err = -EINVAL;
	}
	remove_all(&c, types);
	return err;
}

int bpf_import(void *arg, const char *path, const struct lang_file *f, struct bpf_code **ret, const char **why)
{
	const struct bpf_import *b = arg;
	struct machine *m = b->machine;
	size_t n = strlen(path);
	_str_ struct str object = { 0 };

	if (n > 2 && strcmp(path + n - 2, ".c") == 0) {
		int err = compile_source(b, path, f->text, &object, why);

		return err ? err : bpf_code_read(object.p, object.n, path, m->arena, m->types, m->world, ret, why);
	}
	return bpf_code_read(f->text, f->n, path, m->arena, m->types, m->world, ret, why);
}

// SPDX-License-Identifier: Apache-2.0
// golden DIR… [--update] - runs every .case file below the directories, in one process and without a kernel.
//
// A case is a script, then sections of what is to come of it:
//
//	BEGIN { exit() }
//	--- file lib/a.bt  (what the script may import; `--- file lib/a.bt open` if everybody may write to it)
//	--- options        (if any; one a line: param TEXT, named NAME=VALUE, case NAME, pid N, config KEY=VALUE, unsafe, warnings, escaped)
//	--- tokens         --- ast, --- core: by the parser alone
//	--- expanded       (the core without macros and imports) --- types, --- program, --- errors: by the whole front end, on
//	                   the fake world
//
// `escaped` says that the script above is written with \xHH for bytes a text file should not hold, and \\ for a backslash.
// --update rewrites the sections that a case has. A case below errors/ stands for the code of its first diagnostic; every code
// of base/diag.def that the front end can give must have one.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "lang/ast.h"
#include "lang/lang.h"
#include "tests/golden/fake_bpf.h"
#include "tests/golden/fake_world.h"

enum section { OPTIONS, TOKENS, AST, CORE, EXPANDED, TYPES, PROGRAM, ERRORS, SECTIONS };
static const char *const section_names[] = { "options", "tokens", "ast", "core", "expanded", "types", "program", "errors" };
_Static_assert(ARRAY_SIZE(section_names) == SECTIONS, "one name per section");

struct text {
	const char *p;
	size_t n;
	bool present;
};

struct file {
	const char *name;
	struct text text;
	bool open;
};

#define FILES_MOST 16

struct golden {
	const char *path;
	struct arena *arena;
	struct file files[FILES_MOST];
	size_t nfiles;
	struct text script, wanted[SECTIONS];
	struct str got[SECTIONS];
	enum section order[SECTIONS];
	size_t nsections;
};

struct runner {
	bool update;
	unsigned passed, failed;
	bool seen[DIAG_CODES];
	bool any_errors_dir;
};

// Reading ------------------------------------------------------------------------------------------------------------

static int section_of(const char *line, size_t n)
{
	if (n < 4 || memcmp(line, "--- ", 4) != 0)
		return -1;
	for (int i = 0; i < SECTIONS; i++)
		if (strlen(section_names[i]) == n - 4 && memcmp(section_names[i], line + 4, n - 4) == 0)
			return i;
	return -1;
}

// "--- file NAME" or "--- file NAME open": where its text goes, NULL if the line is something else.
static struct text *file_of(struct golden *g, const char *line, size_t n)
{
	static const char head[] = "--- file ", tail[] = " open";
	struct file *f = &g->files[g->nfiles];

	if (n <= strlen(head) || memcmp(line, head, strlen(head)) != 0 || g->nfiles == FILES_MOST)
		return NULL;
	line += strlen(head);
	n -= strlen(head);
	f->open = n > strlen(tail) && memcmp(line + n - strlen(tail), tail, strlen(tail)) == 0;
	f->name = arena_strndup(g->arena, line, f->open ? n - strlen(tail) : n);
	g->nfiles++;
	return &f->text;
}

static void golden_split(struct golden *g, const struct str *file)
{
	struct text *current = &g->script;

	*current = (struct text){ str_z(file), 0, true };
	for (size_t at = 0; at < file->n;) {
		const char *line = file->p + at, *newline = memchr(line, '\n', file->n - at);
		size_t n = newline ? (size_t)(newline - line) : file->n - at;
		int s = section_of(line, n);

		struct text *text = file_of(g, line, n);

		at += n + (newline != NULL);
		if (text) {
			current = text;
			*current = (struct text){ file->p + at, 0, true };
			continue;
		}
		if (s < 0) {
			current->n = (size_t)(file->p + at - current->p);
			continue;
		}
		current = &g->wanted[s];
		if (!current->present)
			g->order[g->nsections++] = (enum section)s;
		*current = (struct text){ file->p + at, 0, true };
	}
}

static void unescape(struct text *script, struct str *out)
{
	for (size_t i = 0; i < script->n; i++) {
		unsigned byte;

		if (script->p[i] == '\\' && i + 3 < script->n && sscanf(script->p + i, "\\x%2x", &byte) == 1) {
			str_addc(out, (char)byte);
			i += 3;
		} else {
			i += script->p[i] == '\\' && i + 1 < script->n && script->p[i + 1] == '\\';
			str_addc(out, script->p[i]);
		}
	}
	script->p = str_z(out);
	script->n = out->n;
}

struct options {
	struct lang_options lang;
	VEC(const char *) params, named, config;
	bool escaped;
};

static bool read_option(struct arena *a, struct options *o, const char *line)
{
	if (strncmp(line, "param ", 6) == 0) {
		vec_push(a, &o->params, line + 6);
	} else if (strncmp(line, "named ", 6) == 0) {
		vec_push(a, &o->named, line + 6);
	} else if (strncmp(line, "config ", 7) == 0 && strchr(line, '=')) {
		const char *equals = strchr(line, '=');

		vec_push(a, &o->config, arena_strndup(a, line + 7, (size_t)(equals - line - 7)));
		vec_push(a, &o->config, equals + 1);
	} else if (strncmp(line, "pid ", 4) == 0) {
		o->lang.pid = (uint32_t)strtoul(line + 4, NULL, 10);
	} else if (strncmp(line, "command ", 8) == 0) {
		o->lang.command = line + 8;
	} else if (strncmp(line, "case ", 5) == 0) {
		o->lang.test_case = line + 5;
	} else if (strcmp(line, "unsafe") == 0) {
		o->lang.unsafe = true;
	} else if (strcmp(line, "warnings") == 0) {
		o->lang.warnings = true;
	} else if (strcmp(line, "escaped") == 0) {
		o->escaped = true;
	} else {
		return *line == '\0';
	}
	return true;
}

static bool read_options(struct arena *a, const struct golden *g, struct options *o)
{
	const struct text *t = &g->wanted[OPTIONS];
	char *copy = arena_strndup(a, t->present ? t->p : "", t->n), *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!read_option(a, o, line)) {
			printf("%s: unknown option '%s'\n", g->path, line);
			return false;
		}
	o->lang.params = o->params.v;
	o->lang.nparams = o->params.n;
	o->lang.named = o->named.v;
	o->lang.nnamed = o->named.n;
	o->lang.config = o->config.v;
	o->lang.nconfig = o->config.n / 2;
	return true;
}

// Files --------------------------------------------------------------------------------------------------------------

static bool is_below(const struct file *f, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(f->name, folder, n) == 0 && f->name[n] == '/' && !strchr(f->name + n + 1, '/');
}

static int read_file(void *arg, struct arena *a, const char *path, struct lang_file *ret)
{
	const struct golden *g = arg;
	VEC(const char *) entries = { 0 };

	for (size_t i = 0; i < g->nfiles; i++) {
		const struct file *f = &g->files[i];

		if (strcmp(f->name, path) == 0) {
			*ret = (struct lang_file){ .text = f->text.p, .n = f->text.n, .identity = f->name, .open_to_all = f->open };
			return 0;
		}
		if (is_below(f, path))
			vec_push(a, &entries, f->name + strlen(path) + 1);
	}
	*ret = (struct lang_file){ .entries = entries.v, .nentries = entries.n, .identity = arena_strdup(a, path) };
	return entries.n ? 0 : -ENOENT;
}

// Running ------------------------------------------------------------------------------------------------------------

static void take_dump(void *arg, enum lang_stage stage, const char *text, size_t n)
{
	struct golden *g = arg;

	str_add(&g->got[stage == LANG_CORE ? EXPANDED : stage == LANG_TYPES ? TYPES : PROGRAM], text, n);
}

static void take_errors(struct golden *g, const struct diag *d)
{
	struct str *out = &g->got[ERRORS];

	str_adds(out, "codes:");
	for (size_t i = 0; i < d->nitems; i++)
		if (d->items[i].severity != SEV_HINT)
			str_printf(out, " %s", diag_code_name(d->items[i].code));
	str_addc(out, '\n');
	diag_print(d, false, out);
}

static void run_parser(struct golden *g, struct arena *a)
{
	struct diag d;
	uint32_t source;
	struct node *script;

	diag_init(&d, a);
	source = diag_source(&d, "stdin", g->script.p, g->script.n);
	lang_tokens(a, &d, source, &g->got[TOKENS]);
	script = lang_parse(a, &d, source);
	if (!script)
		return;
	node_dump(script, false, &g->got[AST]);
	core_print(script, &g->got[CORE]);
}

static enum diag_code run_front_end(struct golden *g, struct arena *a, struct options *o)
{
	struct types *types = types_new(a);
	struct diag d;

	diag_init(&d, a);
	static const char *const search[] = { "path" };

	struct fake_bpf bpf = { a, types };

	o->lang.bpf_code = fake_bpf_code;
	o->lang.bpf_arg = &bpf;
	o->lang.read_file = read_file;
	o->lang.read_arg = g;
	o->lang.search = search;
	o->lang.nsearch = 1;
	o->lang.dump = take_dump;
	o->lang.dump_arg = g;
	o->lang.dump_stages = 1u << LANG_CORE | 1u << LANG_TYPES | 1u << LANG_PROGRAM;
	lang_compile(a, types, fake_world(a, types), &d, diag_source(&d, "stdin", g->script.p, g->script.n), &o->lang);
	take_errors(g, &d);
	return d.nitems ? d.items[0].code : E_NONE;
}

// Comparing ----------------------------------------------------------------------------------------------------------

static size_t line_length(const char *p, size_t n)
{
	const char *newline = memchr(p, '\n', n);

	return newline ? (size_t)(newline - p) + 1 : n;
}

static void print_lines(char mark, const char *p, size_t n, size_t limit)
{
	for (size_t at = 0, line; at < n; at += line) {
		line = line_length(p + at, n - at);
		if (limit-- == 0) {
			printf("%c …\n", mark);
			return;
		}
		printf("%c%.*s%s", mark, (int)line, p + at, p[at + line - 1] == '\n' ? "" : "\n");
	}
}

// What differs, as one hunk between the lines both have at their start and end.
static void print_difference(const struct golden *g, enum section s)
{
	const char *want = g->wanted[s].p, *got = str_z(&g->got[s]);
	size_t nwant = g->wanted[s].n, ngot = g->got[s].n, same = 0, line = 1, context = 0;

	while (same < nwant && same < ngot) {
		size_t n = line_length(want + same, nwant - same);

		if (n > ngot - same || memcmp(want + same, got + same, n) != 0)
			break;
		context = same;
		same += n;
		line++;
	}
	want += same, nwant -= same;
	size_t rest = ngot - same, tail = 0;
	const char *from = got + same;
	while (tail < nwant && tail < rest && want[nwant - tail - 1] == from[rest - tail - 1])
		tail++;
	while (tail > 0 && from[rest - tail] != '\n') // whole lines only
		tail--;
	printf("--- %s, section %s: wanted\n+++ got\n@@ line %zu @@\n", g->path, section_names[s], line);
	print_lines(' ', got + context, same - context, 1);
	print_lines('-', want, nwant - tail, 200);
	print_lines('+', from, rest - tail, 200);
}

static bool golden_compare(const struct golden *g)
{
	bool equal = true;

	for (size_t i = 0; i < g->nsections; i++) {
		enum section s = g->order[i];

		if (s == OPTIONS || (g->wanted[s].n == g->got[s].n && memcmp(g->wanted[s].p, str_z(&g->got[s]), g->got[s].n) == 0))
			continue;
		print_difference(g, s);
		equal = false;
	}
	return equal;
}

static bool golden_write(const struct golden *g, const struct text *script)
{
	_str_ struct str out = { 0 };
	_fclose_ FILE *f = NULL;

	str_add(&out, script->p, script->n);
	for (size_t i = 0; i < g->nfiles; i++) {
		str_printf(&out, "--- file %s%s\n", g->files[i].name, g->files[i].open ? " open" : "");
		str_add(&out, g->files[i].text.p, g->files[i].text.n);
	}
	for (size_t i = 0; i < g->nsections; i++) {
		enum section s = g->order[i];

		str_printf(&out, "--- %s\n", section_names[s]);
		if (s == OPTIONS)
			str_add(&out, g->wanted[s].p, g->wanted[s].n);
		else
			str_add(&out, str_z(&g->got[s]), g->got[s].n);
	}
	f = fopen(g->path, "w");
	return f && fwrite(out.p, 1, out.n, f) == out.n && fflush(f) == 0;
}

static bool wants(const struct golden *g, enum section from, enum section to)
{
	for (int s = from; s <= (int)to; s++)
		if (g->wanted[s].present)
			return true;
	return false;
}

static void golden_run(struct runner *r, struct golden *g, struct arena *a, bool is_error)
{
	_str_ struct str raw = { 0 };
	struct options o = { 0 };
	struct text written = g->script;
	bool good = read_options(a, g, &o) && g->nsections > 0;

	if (g->nsections == 0)
		printf("%s: no section\n", g->path);
	if (o.escaped)
		unescape(&g->script, &raw);
	if (good && wants(g, TOKENS, CORE))
		run_parser(g, a);
	if (good && wants(g, EXPANDED, ERRORS)) {
		enum diag_code first = run_front_end(g, a, &o);

		if (is_error)
			r->seen[first] = true;
	}
	if (good && r->update)
		good = golden_write(g, &written);
	else if (good)
		good = golden_compare(g);
	r->passed += good;
	r->failed += !good;
}

static void run_file(struct runner *r, const char *path)
{
	_str_ struct str file = { 0 };
	struct arena *a = arena_new();
	struct golden g = { .path = path, .arena = a };

	if (str_read_file(&file, path, SIZE_MAX) < 0) {
		printf("%s: cannot be read\n", path);
		r->failed++;
	} else {
		golden_split(&g, &file);
		golden_run(r, &g, a, strstr(path, "/errors/") != NULL);
	}
	for (size_t i = 0; i < SECTIONS; i++)
		str_free(&g.got[i]);
	arena_free(a);
}

static void run_path(struct runner *r, const char *path)
{
	struct dirent **names;
	struct stat st;
	size_t len = strlen(path);
	int n;

	if (stat(path, &st) < 0) {
		printf("%s: %s\n", path, strerror(errno));
		r->failed++;
		return;
	}
	if (!S_ISDIR(st.st_mode)) {
		if (len > 5 && strcmp(path + len - 5, ".case") == 0)
			run_file(r, path);
		return;
	}
	r->any_errors_dir |= len >= 6 && strcmp(path + len - 6, "errors") == 0;
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		_free_ char *below = xasprintf("%s/%s", path, names[i]->d_name);

		if (names[i]->d_name[0] != '.')
			run_path(r, below);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

// Codes that only a running kernel, a file or LLVM gives.
static bool outside_front_end(enum diag_code code)
{
	switch (code) {
	case E_NONE: case E_FEATURE: case E_RIGHTS: case E_LOAD: case E_ATTACH: case E_IO: case E_COMPILE:
		return true;
	default:
		return false;
	}
}

static void check_codes(struct runner *r)
{
	for (int code = 0; code < DIAG_CODES; code++) {
		bool good = r->seen[code] || outside_front_end((enum diag_code)code);

		if (!good)
			printf("no case below errors/ has %s for its first diagnostic\n", diag_code_name((enum diag_code)code));
		r->failed += !good;
	}
}

int main(int argc, char **argv)
{
	struct runner r = { 0 };

	for (int i = 1; i < argc; i++)
		r.update |= strcmp(argv[i], "--update") == 0;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--update") != 0)
			run_path(&r, argv[i]);
	if (r.any_errors_dir)
		check_codes(&r);
	printf("%u passed, %u failed\n", r.passed, r.failed);
	return r.failed || !r.passed;
}

// SPDX-License-Identifier: Apache-2.0
#include "cli/repl.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "cli/compile.h"
#include "cli/complete.h"
#include "cli/options.h"

#define LIBRARY "libreadline.so.8"
#define HISTORY_MOST 1000 // entries

struct readline { // of the library; NULL: it is not there, or not wanted
	char *(*read)(const char *prompt);
	void (*add)(const char *line);
	int (*load)(const char *file);
	int (*save)(const char *file);
	void (*stifle)(int most);
	char **(*matches)(const char *text, char *(*next)(const char *text, int state));
	char **line; // rl_line_buffer
	int *from_completer; // rl_attempted_completion_over: nothing but what we offer
	int *appended; // rl_completion_append_character
};

struct repl {
	const struct options *o;
	struct machine machine;
	struct readline rl;
	char *history; // path; NULL: none is kept
	struct arena *arena; // of one completion
	struct words found;
	size_t given;
};

// readline's callbacks take no argument of ours: this is the one repl of the process.
static struct repl *completing;

static char *next_word(const char *text, int state)
{
	struct repl *r = completing;

	(void)text;
	if (!state)
		r->given = 0;
	return r->given < r->found.list.n ? xstrdup(r->found.list.v[r->given++]) : NULL;
}

static char **on_tab(const char *text, int start, int end)
{
	struct repl *r = completing;
	char *line = xstrndup(*r->rl.line, (size_t)end);
	char **ret;

	*r->rl.from_completer = 1;
	*r->rl.appended = '\0';
	arena_free(r->arena);
	r->arena = arena_new();
	r->found = (struct words){ 0 };
	complete(&r->machine, r->arena, line, (size_t)(end - start), &r->found);
	free(line);
	ret = r->found.list.n ? r->rl.matches(text, next_word) : NULL;
	return ret;
}

static bool open_readline(struct repl *r)
{
	void *lib = dlopen(LIBRARY, RTLD_NOW);
	struct readline *l = &r->rl;

	if (!lib)
		return false;
	*(void **)&l->read = dlsym(lib, "readline");
	*(void **)&l->add = dlsym(lib, "add_history");
	*(void **)&l->load = dlsym(lib, "read_history");
	*(void **)&l->save = dlsym(lib, "write_history");
	*(void **)&l->stifle = dlsym(lib, "stifle_history");
	*(void **)&l->matches = dlsym(lib, "rl_completion_matches");
	l->line = dlsym(lib, "rl_line_buffer");
	l->from_completer = dlsym(lib, "rl_attempted_completion_over");
	l->appended = dlsym(lib, "rl_completion_append_character");
	char ***on = dlsym(lib, "rl_attempted_completion_function");
	const char **breaks = dlsym(lib, "rl_completer_word_break_characters");
	if (!l->read || !l->add || !l->load || !l->save || !l->stifle || !l->matches || !l->line || !l->from_completer || !l->appended || !on || !breaks) {
		l->read = NULL;
		return false;
	}
	*(void **)on = (void *)on_tab;
	*breaks = " \t\n{}()[],;=!<>&|\"'"; // not `:`, `/`, `.`, `-`, `+`, `@`, `$`, `*`: they are parts of attach points, paths and names
	return true;
}

// Lines --------------------------------------------------------------------------------------------------------------

static char *read_line(struct repl *r, const char *prompt)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (r->rl.read)
		return r->rl.read(prompt);
	if (isatty(STDIN_FILENO)) {
		fputs(prompt, stdout);
		fflush(stdout);
	}
	n = getline(&line, &cap, stdin);
	if (n < 0) {
		free(line);
		return NULL;
	}
	if (n && line[n - 1] == '\n')
		line[n - 1] = '\0';
	return line;
}

// Braces that are open behind the text; strings and comments do not count.
static int open_braces(const char *at)
{
	int depth = 0;

	for (; *at; at++) {
		if (*at == '"') {
			for (at++; *at && *at != '"' && *at != '\n'; at++)
				at += *at == '\\' && at[1];
			if (!*at)
				break;
		} else if (at[0] == '/' && at[1] == '/' && (at[2] == ' ' || depth)) { // in an attach point `//` is a path's
			at += strcspn(at, "\n") - 1;
		}
		depth += (*at == '{') - (*at == '}');
	}
	return depth;
}

// One script: a line, and more of them while braces are open. False at the end of input.
static bool read_script(struct repl *r, struct str *text)
{
	bool more = false;

	do {
		char *line = read_line(r, more ? "  ...> " : "spile> ");

		if (!line)
			return more;
		if (more)
			str_addc(text, '\n');
		str_adds(text, line);
		more = text->n && text->p[0] != ':' && open_braces(text->p) > 0;
		free(line);
	} while (more);
	return true;
}

static void remember(struct repl *r, const struct str *text)
{
	if (!r->rl.read || !text->n)
		return;
	char *line = xstrdup(text->p);
	for (char *at = line; !strstr(line, "//") && (at = strchr(at, '\n'));)
		*at = ' ';
	r->rl.add(line);
	free(line);
	if (r->history)
		r->rl.save(r->history);
}

// Running ------------------------------------------------------------------------------------------------------------

static void run(struct repl *r, const char *command, const char *option, const char *text)
{
	const char *args[12] = { "spile" };
	size_t n = 1;
	pid_t pid;
	int status;

	if (command)
		args[n++] = command;
	if (r->o->unsafe)
		args[n++] = "--unsafe";
	if (r->o->quiet)
		args[n++] = "-q";
	if (r->o->verbose)
		args[n++] = "-v";
	if (option)
		args[n++] = option;
	args[n] = text;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		signal(SIGINT, SIG_DFL);
		execv("/proc/self/exe", (char **)args);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

// A text without a block is what a begin probe would do: `print(nsecs)`.
static void run_script_text(struct repl *r, const char *text)
{
	_str_ struct str whole = { 0 };

	if (!strchr(text, '{'))
		str_printf(&whole, "begin { %s%s exit(); }", text, strchr(text, ';') ? "" : ";");
	else
		str_adds(&whole, text);
	run(r, NULL, "-e", whole.p);
}

static void help(void)
{
	puts("A script is run as soon as its braces are closed; Ctrl-C ends it, Tab completes, Ctrl-D leaves.\n"
	     "  tracepoint:raw_syscalls:sys_enter { @[comm] = count() }   what scripts can hold: spile --help\n"
	     "  print(nsecs)                                              without a block: done once\n"
	     "  :explain SCRIPT                                           what it hooks and would cost\n"
	     "  :list PATTERN                                             probes, with their arguments\n"
	     "  :help  :quit");
}

// False when it was :quit.
static bool command(struct repl *r, const char *text)
{
	size_t n = strcspn(text, " \t");
	const char *rest = text + n + strspn(text + n, " \t");

	if (!strncmp(text, ":quit", n) && n > 1)
		return false;
	if (!strncmp(text, ":help", n) && n > 1)
		help();
	else if (!strncmp(text, ":explain", n) && n > 1 && *rest)
		run(r, "explain", "-e", rest);
	else if (!strncmp(text, ":list", n) && n > 1 && *rest)
		run(r, "list", "-v", rest);
	else
		fprintf(stderr, "ERROR: '%s' is no command, or lacks what it is about; there are :explain SCRIPT, :list PATTERN, :help and :quit\n", text);
	return true;
}

static bool make_folder(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		bool made = !mkdir(path, 0700) || errno == EEXIST;
		*at = '/';
		if (!made)
			return false;
	}
	return true;
}

static char *history_path(void)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = state && *state == '/' ? xasprintf("%s/spile/history", state) : home && *home == '/' ? xasprintf("%s/.local/state/spile/history", home) : NULL;

	if (path && make_folder(path))
		return path;
	free(path);
	return NULL;
}

static void greet(struct repl *r)
{
	if (open_readline(r)) {
		r->rl.stifle(HISTORY_MOST);
		r->history = history_path();
		if (r->history)
			r->rl.load(r->history);
	} else {
		fprintf(stderr, "WARNING: %s is not here: no completion and no history\n", LIBRARY);
	}
	if (!r->o->quiet)
		puts("spile v" SPILE_VERSION "; :help says what can be typed, :quit or Ctrl-D leaves");
}

int cmd_repl(const struct options *o)
{
	struct repl r = { .o = o };
	bool go_on = true;

	machine_init(&r.machine, o, NULL);
	completing = &r;
	signal(SIGINT, SIG_IGN); // it is for the script that runs
	if (isatty(STDIN_FILENO))
		greet(&r);
	while (go_on) {
		_str_ struct str text = { 0 };

		if (!read_script(&r, &text))
			break;
		char *at = text.p ? text.p + strspn(text.p, " \t\n") : NULL;
		if (!at || !*at)
			continue;
		remember(&r, &text);
		if (*at == ':')
			go_on = command(&r, at);
		else
			run_script_text(&r, at);
	}
	if (isatty(STDIN_FILENO) && go_on)
		putchar('\n');
	completing = NULL;
	arena_free(r.arena);
	free(r.history);
	machine_free(&r.machine);
	return fflush(stdout) ? 1 : 0;
}

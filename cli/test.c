// SPDX-License-Identifier: Apache-2.0
#include "cli/test.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/util.h"
#include "cli/junit.h"
#include "cli/options.h"
#include "cli/script.h"
#include "lang/lang.h"

struct test {
	const struct options *o;
	char **argv;
	struct junit junit;
	size_t cases, failed; // cases and whole scripts; test probes are counted where they run
	bool none;            // a script had nothing to test
	int worst;
};

struct args {
	VEC(char *) list;
};

static void push(struct args *a, const char *text)
{
	vec_push(NULL, &a->list, (char *)text); // execv() changes none
}

// What the user said in front of the scripts holds for each.
static void push_options(const struct test *t, struct args *a)
{
	for (int i = 2; i < t->o->noptions; i++)
		if (strcmp(t->argv[i], "--") != 0)
			push(a, t->argv[i]);
}

// Runs spile, and forgets the arguments; everything it says goes to `said`. The exit status, or 2.
static int run(struct args *a, struct str *said, uint64_t *ns)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC);
	int ends[2], status = 0;
	pid_t pid;

	vec_push(NULL, &a->list, (char *)NULL);
	fflush(stdout);
	pid = pipe2(ends, O_CLOEXEC) ? -1 : fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execv("/proc/self/exe", a->list.v);
		_exit(127);
	}
	vec_free(&a->list);
	if (pid > 0) {
		close(ends[1]);
		str_read(said, ends[0], SIZE_MAX);
		close(ends[0]);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	*ns = clock_ns(CLOCK_MONOTONIC) - start;
	if (pid > 0 && WIFEXITED(status))
		return WEXITSTATUS(status);
	str_adds(said, "ERROR: it did not come to its end\n");
	return 2;
}

// Output --------------------------------------------------------------------------------------------------------------

// The length of the line that begins at byte `at`, without its end.
static size_t line_at(const struct str *said, size_t at)
{
	const char *stop = memchr(said->p + at, '\n', said->n - at);

	return stop ? (size_t)(stop - said->p) - at : said->n - at;
}

static void print_indented(const struct str *said)
{
	for (size_t at = 0, n; at < said->n; at += n + 1) {
		n = line_at(said, at);
		printf("    %.*s\n", (int)n, said->p + at);
	}
}

static void verdict(struct test *t, const char *script, const char *name, int status, const struct str *said, uint64_t ns)
{
	t->cases++;
	t->failed += status != 0;
	t->worst = MAX(t->worst, status);
	printf("[ %s ] %s (%llu ms)\n", status ? " FAILED " : "      OK", name, (unsigned long long)ns / 1000000);
	if (status || t->o->verbose)
		print_indented(said);
	junit_add(&t->junit, script, name, status ? str_z(said) : NULL, ns);
}

// "[       OK ] name (12 us)", as --test prints it. What stands between two of these belongs to the second.
static void take_line(struct test *t, const char *script, const char *line, size_t n, struct str *between)
{
	_str_ struct str name = { 0 };
	bool good = n > 13 && !memcmp(line, "[       OK ] ", 13), bad = n > 13 && !memcmp(line, "[  FAILED  ] ", 13);
	const char *end = good || bad ? memrchr(line, '(', n) : NULL;

	if (!end || end <= line + 14) {
		str_add(between, line, n);
		str_addc(between, '\n');
		return;
	}
	str_add(&name, line + 13, (size_t)(end - line) - 14);
	junit_add(&t->junit, script, name.p, bad ? str_z(between) : NULL, 0);
	str_clear(between);
}

// Colours, "\033[32m", are for eyes.
static void add_plain(struct str *out, const struct str *said)
{
	for (const char *c = str_z(said), *end = c + said->n; c < end; c++)
		if (*c == '\033')
			c += strcspn(c, "m\n");
		else
			str_addc(out, *c);
}

static void take_test_probes(struct test *t, const char *script, int status, const struct str *said)
{
	_str_ struct str between = { 0 }, plain = { 0 };
	size_t before = t->junit.n;

	fwrite(str_z(said), 1, said->n, stdout);
	t->worst = MAX(t->worst, status);
	add_plain(&plain, said);
	for (size_t at = 0, n; at < plain.n; at += n + 1) {
		n = line_at(&plain, at);
		take_line(t, script, plain.p + at, n, &between);
	}
	if (status && t->junit.n == before) // it did not even compile
		junit_add(&t->junit, script, "test probes", str_z(&plain), 0);
}

// Scripts -------------------------------------------------------------------------------------------------------------

static void run_test_probes(struct test *t, const char *script)
{
	_str_ struct str said = { 0 };
	struct args a = { 0 };
	uint64_t ns;

	push(&a, t->argv[0]);
	push(&a, "--test");
	push_options(t, &a);
	if (script)
		push(&a, script);
	int status = run(&a, &said, &ns);
	take_test_probes(t, script ? script : "-e", status, &said);
}

static void run_case(struct test *t, const char *script, const struct lang_case *c)
{
	_str_ struct str said = { 0 };
	struct args a = { 0 };
	uint64_t ns;

	push(&a, t->argv[0]);
	push_options(t, &a);
	push(&a, "--case");
	push(&a, c->name);
	if (c->run) {
		push(&a, "-c");
		push(&a, c->run);
	}
	push(&a, script);
	push(&a, "--");
	for (size_t i = 0; i < c->nwith; i++)
		push(&a, c->with[i]);
	int status = run(&a, &said, &ns);
	verdict(t, script, c->name, status, &said, ns);
}

static void run_whole(struct test *t, const char *script)
{
	_str_ struct str said = { 0 };
	struct args a = { 0 };
	uint64_t ns;

	push(&a, t->argv[0]);
	push_options(t, &a);
	push(&a, script);
	int status = run(&a, &said, &ns);
	verdict(t, script, script, status, &said, ns);
}

static void run_all(struct test *t, const char *script, const struct lang_tests *tests, bool named)
{
	bool observes = t->o->child || t->o->pid, has_case = false;

	if (!t->o->quiet && (tests->cases.n || tests->probes))
		printf("%s:\n", script);
	for (size_t i = 0; i < tests->cases.n; i++) {
		bool wanted = !t->o->test_case || !strcmp(t->o->test_case, tests->cases.v[i].name);

		if (wanted)
			run_case(t, script, &tests->cases.v[i]);
		has_case |= wanted;
	}
	if (t->o->test_case && !has_case && named) {
		fprintf(stderr, "ERROR: '%s' has no case '%s'\n", script, t->o->test_case);
		t->none = true;
	}
	if (t->o->test_case)
		return;
	if (tests->probes)
		run_test_probes(t, script);
	if (tests->expects && observes && !tests->cases.n)
		run_whole(t, script);
	else if (named && !tests->cases.n && !tests->probes) {
		fprintf(stderr, "ERROR: '%s' has nothing to test: no case, no test probe%s\n", script,
			tests->expects ? "; with -c COMMAND or -p PID what its probes expect is checked" : " and no probe that expects something");
		t->none = true;
	}
}

// named: the user did, and expects that it has something to test.
static void test_script(struct test *t, const char *name, bool named)
{
	struct arena *a = arena_new();
	struct options o = *t->o;
	_str_ struct str why = { 0 }, errors = { 0 };
	struct lang_tests tests;
	struct script s;
	struct diag d;

	o.file = name;
	diag_init(&d, a);
	if (!script_read(&o, &s, &why)) {
		fprintf(stderr, "ERROR: %s\n", str_z(&why));
		t->worst = MAX(t->worst, 1);
	} else if (s.object) {
		fprintf(stderr, "ERROR: '%s' is compiled: its cases are in its source\n", s.name);
		t->worst = MAX(t->worst, 1);
	} else if (lang_tests(a, &d, diag_source(&d, s.name, str_z(&s.text), s.text.n), &tests)) {
		run_all(t, name, &tests, named);
	} else {
		diag_print(&d, false, &errors);
		verdict(t, name, name, 1, &errors, 0);
	}
	script_free(&s);
	arena_free(a);
}

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void test_path(struct test *t, const char *path, bool named)
{
	const char *dot = strrchr(path, '.');
	struct dirent **names;
	struct stat st;
	int n;

	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		if (named || (dot && (!strcmp(dot, ".spile") || !strcmp(dot, ".bt"))))
			test_script(t, path, named);
		return;
	}
	n = scandir(path, &names, is_visible, alphasort);
	for (int i = 0; i < n; i++) {
		_free_ char *below = xasprintf("%s/%s", path, names[i]->d_name);

		test_path(t, below, false);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int cmd_test(const struct options *o, char **argv)
{
	struct test t = { .o = o, .argv = argv };
	int status;

	if (o->program)
		run_test_probes(&t, NULL);
	for (size_t i = 0; !o->program && i < o->nparams; i++)
		test_path(&t, o->params[i], true);
	if (t.cases)
		printf("%zu case%s, %zu failed\n", t.cases, t.cases == 1 ? "" : "s", t.failed);
	if (!t.junit.n && !t.none && !t.worst) {
		fputs("ERROR: there is nothing to test\n", stderr);
		t.none = true;
	}
	status = o->junit ? junit_write(&t.junit, "spile test", o->junit) : 0;
	junit_free(&t.junit);
	return fflush(stdout) || t.none ? MAX(t.worst, 1) : MAX(t.worst, status);
}

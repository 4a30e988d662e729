// SPDX-License-Identifier: Apache-2.0
#include "cli/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "cli/compile.h"
#include "cli/junit.h"
#include "cli/compiled.h"
#include "cli/compiler.h"
#include "cli/options.h"
#include "cli/script.h"
#include "lang/program.h"
#include "runtime/object.h"
#include "runtime/world_file.h"

#define BTF_KERNEL "/sys/kernel/btf/vmlinux"
#define MOST_WORDS (1u << 20) // of what the compiler says of a script

enum verdict { WORKS, LACKS, REFUSED }; // REFUSED: by the verifier of this machine

struct cell {
	enum verdict verdict;
	struct str why;
};

struct check {
	const struct options *o;
	char **argv;
	VEC(char *) worlds; // paths; none: this machine
	VEC(char *) names;  // of the kernels
	VEC(const char *) scripts;
	struct cell *cells; // [script * kernels + kernel]
};

static size_t kernels(const struct check *c)
{
	return MAX(c->worlds.n, (size_t)1);
}

// Kernels --------------------------------------------------------------------------------------------------------------

static int by_version(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static bool add_folder(struct check *c, const char *path)
{
	size_t first = c->worlds.n;
	DIR *dir = opendir(path);

	for (struct dirent *e; dir && (e = readdir(dir));)
		if (e->d_name[0] != '.')
			vec_push(NULL, &c->worlds, xasprintf("%s/%s", path, e->d_name));
	if (dir)
		closedir(dir);
	if (c->worlds.n > first)
		qsort(c->worlds.v + first, c->worlds.n - first, sizeof *c->worlds.v, by_version);
	else
		fprintf(stderr, "ERROR: '%s' holds no kernels\n", path);
	return c->worlds.n > first;
}

static bool add_world(struct check *c, const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		fprintf(stderr, "ERROR: cannot read '%s': %s\n", path, strerror(errno));
		return false;
	}
	if (S_ISDIR(st.st_mode))
		return add_folder(c, path);
	vec_push(NULL, &c->worlds, xstrdup(path));
	return true;
}

// One script on one kernel ---------------------------------------------------------------------------------------------

static void take_diagnostics(struct machine *m, struct cell *cell)
{
	diag_print(&m->diag, false, &cell->why);
	m->diag.nitems = 0;
}

// What the compiler says would come between our own lines: it is kept for the reasons below the table.
static int compile_quietly(char **argv, const struct script *s, struct str *object, struct str *words)
{
	_close_ int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), kept = memfd_create("words", MFD_CLOEXEC);
	int status;

	fflush(stderr);
	if (kept >= 0 && saved >= 0)
		dup2(kept, STDERR_FILENO);
	status = compiler_run(argv, s, LAYOUT_FAST, object);
	if (saved >= 0)
		dup2(saved, STDERR_FILENO);
	if (kept >= 0 && lseek(kept, 0, SEEK_SET) == 0)
		(void)str_read(words, kept, MOST_WORDS);
	return status;
}

// spile build -o - [--world FILE] SCRIPT, with what else was said of compilation
static int compile_one(const struct check *c, const char *world, const char *script, const struct script *s, struct str *object,
		       struct str *words)
{
	_free_ char *pid = c->o->pid ? xasprintf("%u", (unsigned)c->o->pid) : NULL;
	char *args[14] = { c->argv[0], (char *)"build", (char *)"-o", (char *)"-", (char *)(c->o->unsafe ? "--unsafe" : "-q") };
	size_t n = 5;

	if (world) {
		args[n++] = (char *)"--world";
		args[n++] = (char *)world;
	}
	if (c->o->child) { // there is a target `it`
		args[n++] = (char *)"-c";
		args[n++] = (char *)c->o->child;
	}
	if (pid) {
		args[n++] = (char *)"-p";
		args[n++] = pid;
	}
	if (c->o->program)
		args[n++] = (char *)"-e";
	args[n++] = (char *)script;
	return compile_quietly(args, s, object, words);
}

static void check_helpers(const struct compiled *compiled, struct world *w, struct cell *cell)
{
	struct object *o = NULL;
	const char *why;

	if (object_open(compiled->bytes.p, compiled->object_len, &o, &why))
		return;
	for (uint32_t i = 0; i < compiled->plan->n_progs; i++) {
		const struct plan_prog *p = &compiled->plan->progs[i];
		int at = object_find(o, p->section);
		const struct object_section *s = at < 0 ? NULL : object_section_at(o, (size_t)at);
		const struct bpf_insn *in = s ? (const struct bpf_insn *)s->data : NULL;

		for (size_t k = 0; in && k < s->size / sizeof *in; k++)
			if (in[k].code == (BPF_JMP | BPF_CALL) && in[k].src_reg == 0 && in[k].imm != PLAN_CALL_IS_RETURN && !world_file_helper(w, (uint32_t)in[k].imm)) {
				cell->verdict = LACKS;
				str_printf(&cell->why, "ERROR: %s: that kernel has no helper %d, which the program calls\n",
					   p->n_sites ? p->sites[0].name : p->name, in[k].imm);
				break;
			}
	}
	object_close(o);
}

// What the machine that checks has, and the checker's own user may not ask, is no fault of the script.
static bool check_front(const struct check *c, struct machine *m, const char *world, const struct script *s, struct cell *cell, struct world **other)
{
	int err = world ? world_file_open(m->live, world, other) : 0;

	if (err) {
		str_printf(&cell->why, "ERROR: '%s' is no kernel: neither a .world file nor BTF (%s)\n", world, strerror(-err));
		return false;
	}
	if (*other)
		m->world = *other;
	struct options o = *c->o;
	o.params = NULL;
	o.nparams = 0;
	if (compile_script(m, &o, s))
		return true;
	take_diagnostics(m, cell);
	return false;
}

static void check_code(const struct check *c, struct machine *m, const char *world, const char *script, const struct script *s, struct cell *cell)
{
	struct compiled compiled = { 0 };
	_str_ struct str words = { 0 };
	const char *why;
	int status = compile_one(c, world, script, s, &compiled.bytes, &words);

	if (status) {
		cell->verdict = LACKS;
		if (status < 0)
			str_printf(&cell->why, "ERROR: spile-compiler cannot be started: %s\n", strerror(-status));
		else
			str_adds(&cell->why, words.n ? str_z(&words) : "ERROR: code generation fails\n");
	} else if (compiled_open(&compiled, &why)) {
		cell->verdict = LACKS;
		str_printf(&cell->why, "ERROR: %s\n", why);
	} else if (world) {
		check_helpers(&compiled, m->world, cell);
	}
	compiled_free(&compiled);
}

static void check_cell(struct check *c, const char *script, const struct script *s, size_t kernel, struct cell *cell)
{
	const char *path = c->worlds.n ? c->worlds.v[kernel] : NULL;
	struct world *other = NULL;
	struct machine m;

	machine_init(&m, c->o, NULL);
	cell->verdict = LACKS;
	if (check_front(c, &m, path, s, cell, &other)) {
		cell->verdict = WORKS;
		m.diag.nitems = 0;
		check_code(c, &m, path, script, s, cell);
	}
	if (other && !c->names.v[kernel])
		c->names.v[kernel] = xstrdup(strcmp(path, BTF_KERNEL) ? world_file_name(other) : "this machine");
	world_file_close(other);
	machine_free(&m);
}

// The real verifier: everything is loaded and attached, then let go.
static void load_here(const struct check *c, const char *script, struct cell *cell)
{
	_str_ struct str self = { 0 };
	char path[4096], line[1024];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	int pipe_fd[2];

	if (n <= 0 || cell->verdict != WORKS || pipe2(pipe_fd, O_CLOEXEC))
		return;
	path[n] = '\0';
	pid_t pid = fork();
	if (pid == 0) {
		dup2(pipe_fd[1], STDERR_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		const char *args[] = { "spile", "--dry-run", c->o->unsafe ? "--unsafe" : "-q", c->o->program ? "-e" : script, c->o->program ? script : NULL, NULL };
		execv(path, (char **)args);
		_exit(127);
	}
	close(pipe_fd[1]);
	while (pid > 0 && (n = read(pipe_fd[0], line, sizeof line)) > 0)
		str_add(&self, line, (size_t)n);
	close(pipe_fd[0]);
	int status = 1;
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status) {
		cell->verdict = REFUSED;
		str_add(&cell->why, str_z(&self), self.n);
	}
}

static void check_script(struct check *c, size_t i)
{
	struct options o = *c->o;
	_str_ struct str why = { 0 };
	struct script s;

	o.file = c->scripts.v[i];
	bool read = script_read(&o, &s, &why);
	for (size_t k = 0; k < kernels(c); k++) {
		struct cell *cell = &c->cells[i * kernels(c) + k];

		cell->verdict = LACKS;
		if (!read || s.object)
			str_printf(&cell->why, "ERROR: %s\n", read ? "this is compiled already: check takes scripts" : str_z(&why));
		else
			check_cell(c, c->scripts.v[i], &s, k, cell);
		if (c->o->load && !c->worlds.n)
			load_here(c, c->scripts.v[i], cell);
	}
	script_free(&s);
}

// Output ---------------------------------------------------------------------------------------------------------------

static const char *kernel_name(const struct check *c, size_t k)
{
	return c->names.v[k] ? c->names.v[k] : c->worlds.n ? c->worlds.v[k] : "this machine";
}

static const char *shown(const struct check *c, size_t i)
{
	return c->o->program ? "-e" : c->scripts.v[i];
}

static const char *word(const struct cell *cell)
{
	return cell->verdict == WORKS ? "works" : cell->verdict == LACKS ? "FAILS" : "REFUSED";
}

static void print_table(const struct check *c)
{
	size_t wide = 6, *column = xcalloc(kernels(c), sizeof *column);

	for (size_t i = 0; i < c->scripts.n; i++)
		wide = MAX(wide, strlen(shown(c, i)));
	printf("%-*s", (int)wide, "SCRIPT");
	for (size_t k = 0; k < kernels(c); k++) {
		column[k] = MAX(strlen(kernel_name(c, k)), (size_t)7);
		printf("  %-*s", (int)column[k], kernel_name(c, k));
	}
	putchar('\n');
	for (size_t i = 0; i < c->scripts.n; i++) {
		printf("%-*s", (int)wide, shown(c, i));
		for (size_t k = 0; k < kernels(c); k++)
			printf("  %-*s", k + 1 < kernels(c) ? (int)column[k] : 0, word(&c->cells[i * kernels(c) + k]));
		putchar('\n');
	}
	free(column);
}

// Kernels that fail for the same reason are named together.
static void print_reasons(const struct check *c, size_t i)
{
	for (size_t k = 0; k < kernels(c); k++) {
		struct cell *cell = &c->cells[i * kernels(c) + k];
		bool said = false;

		for (size_t j = 0; j < k; j++)
			said |= strcmp(str_z(&c->cells[i * kernels(c) + j].why), str_z(&cell->why)) == 0;
		if (cell->verdict == WORKS || said)
			continue;
		printf("\n%s on", shown(c, i));
		for (size_t j = k, n = 0; j < kernels(c); j++)
			if (strcmp(str_z(&c->cells[i * kernels(c) + j].why), str_z(&cell->why)) == 0)
				printf("%s %s", n++ ? "," : "", kernel_name(c, j));
		printf(":\n%s", str_z(&cell->why));
	}
}

static int write_junit(const struct check *c)
{
	struct junit j = { 0 };

	for (size_t i = 0; i < c->scripts.n * kernels(c); i++)
		junit_add(&j, kernel_name(c, i % kernels(c)), shown(c, i / kernels(c)), c->cells[i].verdict == WORKS ? NULL : str_z(&c->cells[i].why), 0);
	int status = junit_write(&j, "spile check", c->o->junit);
	junit_free(&j);
	return status;
}

static int report(const struct check *c)
{
	size_t failed = 0;
	int status;

	for (size_t i = 0; i < c->scripts.n * kernels(c); i++)
		failed += c->cells[i].verdict != WORKS;
	print_table(c);
	for (size_t i = 0; i < c->scripts.n; i++)
		print_reasons(c, i);
	status = c->o->junit ? write_junit(c) : 0;
	return fflush(stdout) || failed ? 1 : status;
}

static void check_free(struct check *c)
{
	for (size_t i = 0; c->cells && i < c->scripts.n * kernels(c); i++)
		str_free(&c->cells[i].why);
	for (size_t i = 0; i < c->worlds.n; i++)
		free(c->worlds.v[i]);
	for (size_t i = 0; i < c->names.n; i++)
		free(c->names.v[i]);
	free(c->cells);
	vec_free(&c->worlds);
	vec_free(&c->names);
	vec_free(&c->scripts);
}

int cmd_check(const struct options *o, char **argv)
{
	struct check c = { .o = o, .argv = argv };
	bool good = true;
	int status = 1;

	for (size_t i = 0; i < o->nworlds; i++)
		good &= add_world(&c, o->worlds[i]);
	// without rights this kernel cannot be tried, but its types can be read
	if (!c.worlds.n && geteuid() && !access(BTF_KERNEL, R_OK))
		vec_push(NULL, &c.worlds, xstrdup(BTF_KERNEL));
	if (o->program)
		vec_push(NULL, &c.scripts, o->program);
	for (size_t i = 0; !o->program && i < o->nparams; i++)
		vec_push(NULL, &c.scripts, o->params[i]);
	if (good) {
		c.cells = xcalloc(c.scripts.n * kernels(&c), sizeof *c.cells);
		for (size_t k = 0; k < kernels(&c); k++)
			vec_push(NULL, &c.names, (char *)NULL);
		for (size_t i = 0; i < c.scripts.n; i++)
			check_script(&c, i);
		status = report(&c);
	}
	check_free(&c);
	return status;
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/symbols/demangle.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/symbols/rust.h"

#define MAX_NAME 8192 // longer ones are left alone
#define MOST_TEXT (1u << 20) // what a name may become here; one that may become more is read by a child
#define CHILD_MEMORY (256u << 20)
#define CHILD_MS 2000

bool demangle_is_mangled(const char *name)
{
	return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R');
}

static char *call(struct demangler *d, const char *name)
{
	int status = -1;
	char *s = d->cxx(name, NULL, NULL, &status);

	if (status == 0)
		return s;
	free(s);
	return NULL;
}

// A name refers back to parts of itself; each time, what it stands for may double.
static bool may_explode(const char *name)
{
	uint64_t most = strlen(name);

	for (const char *p = name; *p && most <= MOST_TEXT; p++)
		if ((*p == 'S' || *p == 'T') && (p[1] == '_' || isdigit((unsigned char)p[1]) || isupper((unsigned char)p[1])))
			most *= 2;
	return most > MOST_TEXT;
}

static _Noreturn void demangle_in_child(struct demangler *d, const char *name, int out)
{
	const struct rlimit memory = { CHILD_MEMORY, CHILD_MEMORY }, seconds = { 1, 1 }, none = { 0, 0 };
	char *s;

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_DATA, &memory);
	setrlimit(RLIMIT_CPU, &seconds);
	s = call(d, name);
	if (s && write(out, s, MIN(strlen(s), (size_t)MAX_NAME)) < 0)
		_exit(1);
	_exit(0);
}

static void read_text(int fd, struct str *out)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];
	ssize_t n;

	while (out->n < MAX_NAME && poll(&p, 1, CHILD_MS) > 0 && (n = read(fd, buf, sizeof buf)) > 0)
		str_add(out, buf, (size_t)n);
}

// The library knows no bound: such a name is given to a child that has one. NULL: it was too much for it.
static char *demangle_apart(struct demangler *d, const char *name)
{
	_str_ struct str text = { 0 };
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return NULL;
	pid = fork();
	if (pid == 0)
		demangle_in_child(d, name, p[1]);
	close(p[1]);
	if (pid > 0) {
		read_text(p[0], &text);
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(p[0]);
	return text.n ? xstrndup(text.p, text.n) : NULL;
}

static char *demangle_cxx(struct demangler *d, const char *name)
{
	if (!d->looked_for) {
		d->looked_for = true;
		d->library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
		if (d->library)
			*(void **)&d->cxx = dlsym(d->library, "__cxa_demangle");
	}
	if (!d->cxx)
		return NULL;
	return may_explode(name) ? demangle_apart(d, name) : call(d, name);
}

char *demangle(struct demangler *d, const char *name)
{
	_str_ struct str out = { 0 };

	if (!demangle_is_mangled(name) || strnlen(name, MAX_NAME) == MAX_NAME)
		return NULL;
	if (rust_demangle(name, &out))
		return xstrndup(str_z(&out), out.n);
	return name[1] == 'Z' ? demangle_cxx(d, name) : NULL;
}

void demangler_close(struct demangler *d)
{
	if (d->library)
		dlclose(d->library);
	*d = (struct demangler){ 0 };
}

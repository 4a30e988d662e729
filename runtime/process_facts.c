// SPDX-License-Identifier: Apache-2.0
#include "runtime/process_facts.h"

#include <ctype.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/container_names.h"

#define ID_ROOM 72
#define ID_HEX 64

static bool any(const struct plan_choice *c, const char *text)
{
	for (uint32_t i = 0; i < c->n_values; i++)
		if (glob_match(c->values[i].name, text))
			return true;
	return false;
}

static bool read_proc(uint32_t pid, const char *file, struct str *out)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%u/%s", pid, file);
	return !str_read_file(out, path, SIZE_MAX);
}

// Facts ---------------------------------------------------------------------------------------------------------------

bool process_exe(uint32_t pid, char *path)
{
	char link[64];

	snprintf(link, sizeof link, "/proc/%u/exe", pid);
	ssize_t n = readlink(link, path, PATH_MAX - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	char *deleted = strstr(path, " (deleted)");
	if (deleted && !deleted[strlen(" (deleted)")])
		*deleted = '\0';
	return true;
}

// /proc/PID/stat: "PID (name) state parent …"; the name may hold anything.
uint32_t process_parent(uint32_t pid)
{
	_str_ struct str text = { 0 };
	unsigned parent = 0;

	const char *name_end = read_proc(pid, "stat", &text) ? strrchr(str_z(&text), ')') : NULL;
	return name_end && sscanf(name_end, ") %*c %u", &parent) == 1 ? parent : 0;
}

static bool is_exe(uint32_t pid, const struct plan_choice *c)
{
	char path[PATH_MAX];

	return process_exe(pid, path) && any(c, path);
}

// The file's words, joined by blanks; its last newline goes.
static bool is_text(uint32_t pid, const struct plan_choice *c, const char *file)
{
	_str_ struct str text = { 0 };

	if (!read_proc(pid, file, &text))
		return false;
	while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\0'))
		text.n--;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\0')
			text.p[i] = ' ';
	str_adds(&text, "");
	text.p[text.n] = '\0';
	return any(c, text.p);
}

static bool is_comm(uint32_t pid, const struct plan_choice *c)
{
	return is_text(pid, c, "comm");
}

// As one calls a program: by its file, or by what it calls itself.
static bool is_name(uint32_t pid, const struct plan_choice *c)
{
	char path[PATH_MAX];
	const char *slash = process_exe(pid, path) ? strrchr(path, '/') : NULL;

	return (slash && any(c, slash + 1)) || is_comm(pid, c);
}

static bool is_cmdline(uint32_t pid, const struct plan_choice *c)
{
	return is_text(pid, c, "cmdline");
}

static bool is_pid(uint32_t pid, const struct plan_choice *c)
{
	char number[16];

	snprintf(number, sizeof number, "%u", pid);
	return any(c, number);
}

static bool is_user(uint32_t pid, const struct plan_choice *c)
{
	char path[64], number[16];
	struct stat st;

	snprintf(path, sizeof path, "/proc/%u", pid);
	if (stat(path, &st) != 0)
		return false;
	snprintf(number, sizeof number, "%u", st.st_uid);
	const struct passwd *pw = getpwuid(st.st_uid);
	return any(c, number) || (pw && any(c, pw->pw_name));
}

// Cgroups -------------------------------------------------------------------------------------------------------------

// Calls each for the path of every line of /proc/PID/cgroup, "N:controllers:PATH"; stops when it returns true.
static bool each_cgroup(uint32_t pid, bool (*each)(const struct plan_choice *c, const char *path), const struct plan_choice *c)
{
	_str_ struct str text = { 0 };
	bool found = false;

	if (!read_proc(pid, "cgroup", &text))
		return false;
	for (char *line = text.p, *next; line && *line && !found; line = next) {
		char *end = strchr(line, '\n'), *path = strchr(line, ':');

		next = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		path = path ? strchr(path + 1, ':') : NULL;
		found = path && each(c, path + 1);
	}
	return found;
}

static bool is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

// "cri-containerd-<64 hex>.scope", "docker-<64 hex>.scope", "<64 hex>": the last 64 digits behind '-', ':' or nothing.
static bool container_of_part(const char *part, size_t n, char *id)
{
	static const char scope[] = ".scope", monitor[] = "crio-conmon-";

	if (n > sizeof scope - 1 && memcmp(part + n - (sizeof scope - 1), scope, sizeof scope - 1) == 0)
		n -= sizeof scope - 1;
	if (n < ID_HEX || (n > sizeof monitor - 1 && memcmp(part, monitor, sizeof monitor - 1) == 0))
		return false;
	const char *hex = part + n - ID_HEX;
	if (!is_hex(hex, ID_HEX) || (hex > part && hex[-1] != '-' && hex[-1] != ':'))
		return false;
	memcpy(id, hex, ID_HEX);
	id[ID_HEX] = '\0';
	return true;
}

// "pod<uid>" or "kubepods-burstable-pod<uid with _>.slice"
static bool pod_of_part(const char *part, size_t n, char *pod)
{
	const char *p = n > 3 && memcmp(part, "pod", 3) == 0 ? part : memmem(part, n, "-pod", 4);
	size_t len = 0;

	if (!p)
		return false;
	p += *p == '-' ? 4 : 3;
	while (p + len < part + n && (isxdigit((unsigned char)p[len]) || p[len] == '_' || p[len] == '-'))
		len++;
	if (len < 32 || len >= ID_ROOM)
		return false;
	for (size_t i = 0; i < len; i++)
		pod[i] = p[i] == '_' ? '-' : p[i];
	pod[len] = '\0';
	return true;
}

static bool lxc_name(const char *path, char *id)
{
	static const char *const heads[] = { "/lxc.payload.", "/lxc.payload/", "/lxc/" };

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		const char *at = strstr(path, heads[i]);
		size_t n = at ? strcspn(at + strlen(heads[i]), "/") : 0;

		if (n > 0 && n < ID_ROOM) {
			memcpy(id, at + strlen(heads[i]), n);
			id[n] = '\0';
			return true;
		}
	}
	return false;
}

void cgroup_container(const char *path, char *id, char *pod)
{
	id[0] = pod[0] = '\0';
	for (size_t end = strlen(path); end > 0;) { // the last part first
		size_t from = end;

		while (from > 0 && path[from - 1] != '/')
			from--;
		if (!id[0])
			container_of_part(path + from, end - from, id);
		if (!pod[0])
			pod_of_part(path + from, end - from, pod);
		end = from > 0 ? from - 1 : 0;
	}
	if (!id[0])
		lxc_name(path, id);
}

static bool matches_cgroup(const struct plan_choice *c, const char *path)
{
	return any(c, path);
}

static bool any_named(void *c, const char *name)
{
	return any(c, name);
}

// By id, which may be cut as `docker ps` shows it, or by a name.
static bool matches_container(const struct plan_choice *c, const char *path)
{
	char id[ID_ROOM], pod[ID_ROOM];

	cgroup_container(path, id, pod);
	if (!id[0])
		return false;
	for (uint32_t i = 0; i < c->n_values; i++) {
		const char *v = c->values[i].name;

		if (glob_match(v, id) || (strlen(v) >= 12 && is_hex(v, strlen(v)) && strncmp(id, v, strlen(v)) == 0))
			return true;
	}
	return container_is_named(id, any_named, (void *)c);
}

static bool matches_pod(const struct plan_choice *c, const char *path)
{
	char id[ID_ROOM], pod[ID_ROOM];

	cgroup_container(path, id, pod);
	return pod[0] && any(c, pod);
}

static bool is_cgroup(uint32_t pid, const struct plan_choice *c)
{
	return each_cgroup(pid, matches_cgroup, c);
}

static bool is_container(uint32_t pid, const struct plan_choice *c)
{
	return each_cgroup(pid, matches_container, c);
}

static bool is_pod(uint32_t pid, const struct plan_choice *c)
{
	return each_cgroup(pid, matches_pod, c);
}

// Runtimes ------------------------------------------------------------------------------------------------------------

static bool maps_name(uint32_t pid, const char *library)
{
	_str_ struct str maps = { 0 };

	return read_proc(pid, "maps", &maps) && maps.n && memmem(maps.p, maps.n, library, strlen(library));
}

// Go's linker puts its build information into a section of this name, and keeps it when symbols are stripped.
static bool is_go(uint32_t pid)
{
	char path[64];
	Elf64_Ehdr e;
	Elf64_Shdr s, names;

	snprintf(path, sizeof path, "/proc/%u/exe", pid);
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &e, sizeof e, 0) != (ssize_t)sizeof e || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 || e.e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	off_t table = (off_t)e.e_shoff;
	if (pread(fd, &names, sizeof names, table + (off_t)e.e_shstrndx * (off_t)sizeof s) != (ssize_t)sizeof names)
		return false;
	for (unsigned i = 0; i < e.e_shnum; i++) {
		char name[16] = "";

		if (pread(fd, &s, sizeof s, table + (off_t)(i * sizeof s)) != (ssize_t)sizeof s ||
		    pread(fd, name, sizeof name - 1, (off_t)(names.sh_offset + s.sh_name)) <= 0)
			return false;
		if (strcmp(name, ".go.buildinfo") == 0)
			return true;
	}
	return false;
}

static const char *runtime_of(uint32_t pid)
{
	char path[PATH_MAX];

	if (!process_exe(pid, path))
		return "";
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	if (strncmp(name, "python", 6) == 0 || maps_name(pid, "/libpython"))
		return "python";
	if (strncmp(name, "node", 4) == 0)
		return "node";
	if (maps_name(pid, "/libjvm.so"))
		return "jvm";
	return is_go(pid) ? "go" : "native";
}

static bool is_runtime(uint32_t pid, const struct plan_choice *c)
{
	return any(c, runtime_of(pid));
}

// The table -----------------------------------------------------------------------------------------------------------

static const struct fact {
	const char *key;
	bool (*holds)(uint32_t pid, const struct plan_choice *c);
	bool changes;
} facts[] = {
#define TARGET_KEY(key, kind, changes, doc) { #key, is_##key, changes },
#include "base/target.def"
#undef TARGET_KEY
};

static const struct fact *fact(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		if (strcmp(facts[i].key, key) == 0)
			return &facts[i];
	return NULL;
}

bool process_is(uint32_t pid, const struct plan_choice *c)
{
	const struct fact *f = fact(c->key);

	return f && f->holds(pid, c);
}

bool process_fact_changes(const char *key)
{
	const struct fact *f = fact(key);

	return f && f->changes;
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/names.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/util.h"

struct place {
	uint64_t ip;
	uint32_t pid, pad;
};

struct names {
	struct symbols *symbols;
	struct map known;           // place -> index + 1 into `found`
	VEC(struct place) wanted;
	VEC(struct symbol) found;
	struct map users;           // uid -> name
	int cgroup_fd;              // of the unified hierarchy; -1: not looked for, -2: none
	char cgroup_root[256];
	time_t second;              // that `local` is for
	struct tm local;
};

struct names *names_new(struct symbols *s)
{
	struct names *n = xcalloc(1, sizeof *n);

	n->symbols = s;
	n->cgroup_fd = -1;
	map_init(&n->known, NULL);
	map_init(&n->users, NULL);
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->users.n; i++)
		free(n->users.at[i].value);
	map_free(&n->users);
	names_forget(n);
	map_free(&n->known);
	vec_free(&n->wanted);
	vec_free(&n->found);
	if (n->cgroup_fd >= 0)
		close(n->cgroup_fd);
	free(n);
}

// Symbols -------------------------------------------------------------------------------------------------------------

void names_want(struct names *n, uint32_t pid, const uint64_t *ip, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct place p = { .ip = ip[i], .pid = pid };
		void **at = map_put(&n->known, &p, sizeof p);

		if (*at)
			continue;
		*at = (void *)(n->wanted.n + 1);
		vec_push(NULL, &n->wanted, p);
	}
}

static void ask(struct names *n, uint32_t pid, const uint64_t *ip, size_t count, struct symbol *ret)
{
	memset(ret, 0, count * sizeof *ret);
	if (!n->symbols)
		return;
	if (pid)
		symbols_user(n->symbols, pid, ip, count, ret);
	else
		symbols_kernel(n->symbols, ip, count, ret);
}

struct wish {
	struct place place;
	size_t index;
};

static int by_pid(const void *a, const void *b)
{
	const struct wish *x = a, *y = b;

	return (x->place.pid > y->place.pid) - (x->place.pid < y->place.pid);
}

void names_resolve(struct names *n)
{
	size_t count = n->wanted.n;
	_free_ struct wish *w = xcalloc(count, sizeof *w);
	_free_ uint64_t *ip = xcalloc(count, sizeof *ip);
	_free_ struct symbol *sym = xcalloc(count, sizeof *sym);

	for (size_t i = 0; i < count; i++)
		w[i] = (struct wish){ n->wanted.v[i], i };
	qsort(w, count, sizeof *w, by_pid);
	for (size_t i = 0; i < count; i++)
		ip[i] = w[i].place.ip;
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i; end < count && w[end].place.pid == w[i].place.pid;)
			end++;
		ask(n, w[i].place.pid, ip + i, end - i, sym + i);
	}
	while (n->found.n < count)
		vec_push(NULL, &n->found, (struct symbol){ 0 });
	for (size_t i = 0; i < count; i++)
		n->found.v[w[i].index] = sym[i];
}

void names_forget(struct names *n)
{
	map_free(&n->known);
	map_init(&n->known, NULL);
	n->wanted.n = n->found.n = 0;
}

void names_lookup(struct names *n, uint32_t pid, const uint64_t *ip, size_t count, struct symbol *ret)
{
	for (size_t i = 0; i < count; i++) {
		struct place p = { .ip = ip[i], .pid = pid };
		size_t at = n->found.n ? (size_t)map_get(&n->known, &p, sizeof p) : 0;

		if (at == 0 || at > n->found.n) {
			ask(n, pid, ip, count, ret);
			return;
		}
		ret[i] = n->found.v[at - 1];
	}
}

// Users ---------------------------------------------------------------------------------------------------------------

// /etc/passwd and not getpwuid(): that may load plugins and ask a network, in the middle of reading events.
static char *read_user(uint64_t uid)
{
	_fclose_ FILE *f = fopen("/etc/passwd", "re");
	_free_ char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0) {
		char *name_end = strchr(line, ':'), *id = name_end ? strchr(name_end + 1, ':') : NULL, *end;

		if (!id || id[1] == ':')
			continue;
		if (strtoull(id + 1, &end, 10) == uid && *end == ':')
			return xstrndup(line, (size_t)(name_end - line));
	}
	return xstrdup("");
}

void names_user(struct names *n, uint64_t uid, struct str *out)
{
	uint32_t id = (uint32_t)uid;
	void **at = map_put(&n->users, &id, sizeof id);

	if (!*at)
		*at = read_user(id);
	str_adds(out, *at);
}

// Cgroups -------------------------------------------------------------------------------------------------------------

static void open_cgroup2(struct names *n)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mntent *m;

	n->cgroup_fd = -2;
	if (!f)
		return;
	while ((m = getmntent(f)))
		if (strcmp(m->mnt_type, "cgroup2") == 0) {
			snprintf(n->cgroup_root, sizeof n->cgroup_root, "%s", m->mnt_dir);
			int fd = open(m->mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			n->cgroup_fd = fd >= 0 ? fd : -2;
			break;
		}
	endmntent(f);
}

#define FILEID_KERNFS 0xfe // linux/exportfs.h: the handle is the 64-bit id

static bool cgroup_by_handle(struct names *n, uint64_t id, char *path, size_t room)
{
	struct {
		struct file_handle h;
		uint64_t id;
	} handle = { .h = { .handle_bytes = sizeof id, .handle_type = FILEID_KERNFS } };
	char link[64];

	memcpy(handle.h.f_handle, &id, sizeof id);
	_close_ int fd = open_by_handle_at(n->cgroup_fd, &handle.h, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return false;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, path, room - 1);
	if (len < 0)
		return false;
	path[len] = '\0';
	return true;
}

void names_cgroup(struct names *n, uint64_t id, struct str *out)
{
	char path[4096];

	if (n->cgroup_fd == -1)
		open_cgroup2(n);
	if (n->cgroup_fd < 0 || !cgroup_by_handle(n, id, path, sizeof path)) {
		str_u64(out, id);
		return;
	}
	size_t root = strlen(n->cgroup_root);
	const char *below = strncmp(path, n->cgroup_root, root) == 0 ? path + root : path;
	str_printf(out, "unified:%s", *below ? below : "/");
}

// Moments -------------------------------------------------------------------------------------------------------------

// strftime has no room to say "too small" apart from "empty": a byte is put before the text.
static void add_strftime(const char *format, const struct tm *tm, struct str *out)
{
	_free_ char *f = xasprintf("x%s", format);

	for (size_t room = strlen(format) + 64; room < 65536; room *= 2) {
		_free_ char *buf = xmalloc(room);
		size_t n = strftime(buf, room, f, tm);

		if (n > 0) {
			str_add(out, buf + 1, n - 1);
			return;
		}
	}
}

// %f %k %l are fractions of the second here; strftime never sees them.
static void expand_fractions(const char *format, uint64_t ns, struct str *out)
{
	for (; *format; format++) {
		if (format[0] != '%' || !format[1]) {
			str_addc(out, *format);
			continue;
		}
		format++;
		if (*format == 'f')
			str_printf(out, "%06u", (unsigned)(ns / 1000));
		else if (*format == 'k')
			str_printf(out, "%09u", (unsigned)ns);
		else if (*format == 'l')
			str_printf(out, "%03u", (unsigned)(ns / 1000000));
		else
			str_printf(out, "%%%c", *format);
	}
}

void names_moment(struct names *n, const char *format, uint64_t boot_ns, struct str *out)
{
	_str_ struct str f = { 0 };

	if (boot_ns == 0) {
		str_adds(out, "(?)");
		return;
	}
	// the difference is taken anew each time: the wall clock may be set during a run
	uint64_t real = clock_ns(CLOCK_REALTIME), boot = clock_ns(CLOCK_BOOTTIME);
	// a moment of the TAI clock is as large as the time of day, which no time since boot is
	uint64_t wall = boot_ns > real / 2 ? real - clock_ns(CLOCK_TAI) + boot_ns : real - boot + boot_ns;
	time_t second = (time_t)(wall / 1000000000u);
	if (second != n->second) {
		n->second = second;
		localtime_r(&second, &n->local);
	}
	expand_fractions(format, wall % 1000000000u, &f);
	add_strftime(str_z(&f), &n->local, out);
}

void names_now(const char *format, struct str *out)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	add_strftime(format, &tm, out);
}

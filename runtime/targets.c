// SPDX-License-Identifier: Apache-2.0
#include "runtime/targets.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/diag.h"
#include "base/plan.h"
#include "base/util.h"
#include "base/wire.h"
#include "runtime/process_facts.h"

#define RESCAN_NS 1000000000u

struct targets {
	const struct plan *plan;
	int fd;
	uint32_t it;         // the process that a target without choices is
	bool changes;        // some choice can become true or false without an exec
	bool asks_parents;   // the kernel half does not tell what processes start
	uint64_t scanned_ns;
	uint64_t late[WIRE_TARGETS];
	uint64_t unprobed[WIRE_TARGETS];
	char *program[WIRE_TARGETS]; // of the first of these
};

static bool is_chosen(const struct plan_target *t, uint32_t pid)
{
	for (uint32_t i = 0; i < t->n_choices; i++)
		if (!process_is(pid, &t->choices[i]))
			return false;
	return t->n_choices > 0;
}

static uint64_t bits_in_map(const struct targets *t, uint32_t pid)
{
	uint64_t bits = 0;

	return bpf_map_lookup_elem(t->fd, &pid, &bits) == 0 ? bits : 0;
}

// Did the compilation look into the program that a process runs? An object that was built elsewhere knows it by its path.
static bool was_looked_into(const struct plan *p, uint32_t pid, const char *path)
{
	char link[32];
	struct stat st;

	snprintf(link, sizeof link, "/proc/%u/exe", pid);
	if (stat(link, &st) != 0)
		return true; // it is gone
	for (uint32_t i = 0; i < p->n_deps; i++) {
		const struct plan_dep *d = &p->deps[i];

		if ((d->dev == st.st_dev && d->ino == st.st_ino) || (d->path && strcmp(d->path, path) == 0))
			return true;
	}
	return false;
}

static void count_unprobed(struct targets *t, uint32_t pid, uint64_t bits)
{
	char path[PATH_MAX];

	for (uint32_t i = 0; i < t->plan->n_targets && i < WIRE_TARGETS; i++) {
		const struct plan_target *target = &t->plan->targets[i];

		if (!(bits >> i & 1) || !target->probed || !target->n_choices || !process_exe(pid, path) || was_looked_into(t->plan, pid, path))
			continue;
		if (!t->unprobed[i]++)
			t->program[i] = xstrdup(path);
	}
}

// A process that -c's command started stays where it is, when those between them have ended, too.
static bool is_it(const struct targets *t, uint32_t i, uint32_t pid, uint64_t had)
{
	if (t->plan->targets[i].n_choices)
		return false;
	if (pid == t->it || !t->plan->targets[i].children)
		return pid == t->it;
	return (had | (t->asks_parents ? bits_in_map(t, process_parent(pid)) : 0)) >> i & 1;
}

// `had`: what the map says.
static uint64_t bits_of(const struct targets *t, uint32_t pid, uint64_t had)
{
	uint64_t bits = 0;

	for (uint32_t i = 0; i < t->plan->n_targets && i < WIRE_TARGETS; i++)
		bits |= (uint64_t)(is_chosen(&t->plan->targets[i], pid) || is_it(t, i, pid, had)) << i;
	return bits;
}

#define TRIES 8

// What is true of the process now, into the map. Returns the bits that were missing. An exec between the look at the process and
// the look at the map would have what the kernel half just wrote taken back: then both are looked at again.
static uint64_t settle(struct targets *t, uint32_t pid, int *err)
{
	uint64_t had = bits_in_map(t, pid), bits = bits_of(t, pid, had);

	for (int i = 0; i < TRIES && bits_in_map(t, pid) != had; i++) {
		had = bits_in_map(t, pid);
		bits = bits_of(t, pid, had);
	}
	if (bits == had)
		return 0;
	int rc = bits ? bpf_map_update_elem(t->fd, &pid, &bits, 0) : bpf_map_delete_elem(t->fd, &pid);
	if (rc != 0 && errno != ENOENT)
		*err = -errno;
	count_unprobed(t, pid, bits & ~had);
	return bits & ~had;
}

int targets_scan(struct targets *t)
{
	int err = 0;

	if (!t)
		return 0;
	DIR *dir = opendir("/proc");
	if (!dir)
		return -errno;
	for (const struct dirent *e; !err && (e = readdir(dir));)
		if (isdigit((unsigned char)e->d_name[0]))
			settle(t, (uint32_t)strtoul(e->d_name, NULL, 10), &err);
	closedir(dir);
	return err;
}

uint64_t targets_members(const struct targets *t, uint32_t target)
{
	uint32_t pid = 0;
	uint64_t n = 0;

	if (!t || bpf_map_get_next_key(t->fd, NULL, &pid) != 0)
		return 0;
	for (uint32_t i = 0; i < WIRE_TARGET_PIDS; i++) { // one that is gone when its successor is asked for begins the map anew
		n += bits_in_map(t, pid) >> target & 1;
		if (bpf_map_get_next_key(t->fd, &pid, &pid) != 0)
			break;
	}
	return n;
}

int targets_programs(const struct plan_target *t, void (*each)(void *arg, const char *path), void *arg)
{
	DIR *dir = opendir("/proc");
	char path[PATH_MAX];

	if (!dir)
		return -errno;
	for (const struct dirent *e; (e = readdir(dir));) {
		uint32_t pid = (uint32_t)strtoul(e->d_name, NULL, 10);

		if (pid && is_chosen(t, pid) && process_exe(pid, path))
			each(arg, path);
	}
	closedir(dir);
	return 0;
}

bool targets_foreign(const struct plan *p, char *path)
{
	bool found = false;
	DIR *dir = NULL;

	for (uint32_t i = 0; i < p->n_targets && !found; i++) {
		const struct plan_target *t = &p->targets[i];

		if (!t->probed || !t->n_choices || !(dir = opendir("/proc")))
			continue;
		for (const struct dirent *e; !found && (e = readdir(dir));) {
			uint32_t pid = (uint32_t)strtoul(e->d_name, NULL, 10);

			found = pid && is_chosen(t, pid) && process_exe(pid, path) && !was_looked_into(p, pid, path);
		}
		closedir(dir);
	}
	return found;
}

// Those of lang/pass_targets.c; a kernel without typed events has none.
static bool has_own_probes(const struct plan *p)
{
	for (uint32_t i = 0; i < p->n_events; i++)
		if (p->events[i].kind == EVENT_TARGET)
			return true;
	return false;
}

int targets_new(const struct plan *p, int fd, uint32_t pid, uint32_t child, bool renumbered, struct targets **ret)
{
	if (fd < 0)
		return 0;
	struct targets *t = xcalloc(1, sizeof *t);
	*t = (struct targets){ .plan = p, .fd = fd, .it = pid ? pid : child, .asks_parents = renumbered || !has_own_probes(p) };
	for (uint32_t i = 0; i < p->n_targets; i++) {
		t->changes |= p->targets[i].children && t->asks_parents;
		for (uint32_t k = 0; k < p->targets[i].n_choices; k++)
			t->changes |= process_fact_changes(p->targets[i].choices[k].key);
	}
	t->changes |= !has_own_probes(p);
	int err = targets_scan(t);
	if (err) {
		targets_free(t);
		return err;
	}
	*ret = t;
	return 0;
}

void targets_free(struct targets *t)
{
	for (uint32_t i = 0; t && i < WIRE_TARGETS; i++)
		free(t->program[i]);
	free(t);
}

void targets_review(struct targets *t, uint32_t pid)
{
	int err = 0;
	uint64_t late = t ? settle(t, pid, &err) : 0;

	if (t)
		count_unprobed(t, pid, bits_in_map(t, pid) & ~late); // the kernel half added these
	for (; late; late &= late - 1) // `it` was known before it ran; it may have ended by the time we look
		t->late[__builtin_ctzll(late)] += t->plan->targets[__builtin_ctzll(late)].n_choices > 0 || pid != t->it;
}

void targets_tick(struct targets *t, uint64_t now_ns)
{
	if (!t || !t->changes || now_ns - t->scanned_ns < RESCAN_NS)
		return;
	t->scanned_ns = now_ns;
	targets_scan(t);
}

void targets_report(const struct targets *t, struct diag *d, uint32_t first_source)
{
	for (uint32_t i = 0; t && i < t->plan->n_targets && i < WIRE_TARGETS; i++) {
		const struct plan_target *target = &t->plan->targets[i];
		struct span at = { 0 };

		if (target->n_span && target->span[0].source)
			at = (struct span){ .source = first_source + target->span[0].source - 1, .start = target->span[0].start, .end = target->span[0].end };
		if (t->unprobed[i])
			diag_warn(d, at, E_TARGET, "%lu processes of '%s' ran programs that have no probes in them, since the script was compiled without them, as %s: "
				  "start Spile again while they run", t->unprobed[i], target->name, t->program[i]);
		if (t->late[i] == 1)
			diag_warn(d, at, E_TARGET, "a process was found to belong to '%s' only after it had begun to run: what it did before is not in the results", target->name);
		else if (t->late[i])
			diag_warn(d, at, E_TARGET, "%lu processes were found to belong to '%s' only after they had begun to run: what they did before is not in the results",
				  t->late[i], target->name);
	}
}

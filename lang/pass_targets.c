// SPDX-License-Identifier: Apache-2.0
// pass_targets.c - probes that keep the map of targets true while the script runs, written in the core language and added to
// the script where it uses a target.
//
//   fork: a child belongs where its parent does, from its first instruction on
//   exec: the process leaves the targets that its old program put it in; where the path or name of the new one alone decides, the
//         kernel half adds it at once; then the run side looks at all that is known of it, and counts the ones that were in late
//   exit: with its last thread the process leaves
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "lang/declared.h"

#define PATH_BYTES 256 // of the new program's path that are looked at

// Use -----------------------------------------------------------------------------------------------------------------

static bool names_target(const struct lang *l, const char *point)
{
	for (uint32_t i = 0; i < l->plan->n_targets; i++) {
		const char *at = strchr(point, ':');
		size_t n = strlen(l->plan->targets[i].name);

		if (at && strncmp(at + 1, l->plan->targets[i].name, n) == 0 && at[1 + n] == ':')
			return true;
	}
	return false;
}

struct search {
	const struct lang *l;
	bool found;
};

static void find_use(void *arg, struct node **slot)
{
	struct search *s = arg;
	const struct node *n = *slot;

	if ((n->kind == NODE_CALL && strcmp(n->call.name, "in_target") == 0) || (n->kind == NODE_POINT && names_target(s->l, n->point.text)))
		s->found = true;
	node_each_child(*slot, find_use, arg);
}

// Text ----------------------------------------------------------------------------------------------------------------

// A pattern that the kernel half can test: one with no `*`, or one at its end, of what it knows of the new program. That is its
// file's path, as /proc/PID/exe has it, and the name that the process takes from it: the first 15 bytes of what is behind the last slash.
static bool add_test(struct str *s, const char *key, const char *glob)
{
	bool is_path = strcmp(key, "exe") == 0 && strncmp(glob, "*/", 2) != 0;
	const char *name = strcmp(key, "exe") == 0 && !is_path ? glob + 2 : glob, *star = strchr(name, '*');
	size_t n = star ? (size_t)(star - name) : strlen(name), most = is_path ? PATH_BYTES - 1 : WIRE_COMM - 1;

	if (strcmp(glob, "*") == 0)
		return str_adds(s, "true"), true;
	if ((star && star[1]) || !n || (is_path && n >= most) || strpbrk(name, "\"\\") || is_path != (name[0] == '/') || (!is_path && strchr(name, '/')))
		return false;
	if (star || n > most)
		str_printf(s, "strncmp(%s, \"%.*s\", %zu) == 0", is_path ? "$path" : "comm", (int)MIN(n, most), name, MIN(n, most));
	else
		str_printf(s, "%s == \"%s\"", is_path ? "$path" : "comm", name);
	return true;
}

// "if (tests) { $bits |= bit; }" for a target that is chosen by its programs' paths or names alone.
static void add_exe_target(struct str *s, const struct plan_target *t, uint32_t bit)
{
	static const char *const keys[] = { "exe", "comm", "name" };
	_str_ struct str tests = { 0 };
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(keys) && t->n_choices == 1; i++)
		known |= strcmp(t->choices[0].key, keys[i]) == 0;
	if (!known)
		return;
	for (uint32_t i = 0; i < t->choices[0].n_values; i++) {
		size_t before = tests.n;

		str_adds(&tests, before ? " || " : "");
		if (!add_test(&tests, t->choices[0].key, t->choices[0].values[i].name))
			tests.n = before;
	}
	if (tests.n)
		str_printf(s, "\tif (%.*s) { $bits |= (uint64)%llu; }\n", (int)tests.n, tests.p, 1ull << bit);
}

// Is what the target selects by the same before and after an exec?
static bool outlives_exec(const struct plan_target *t)
{
	static const char *const kept[] = { "pid", "user", "cgroup", "container", "pod" };

	for (uint32_t i = 0; i < t->n_choices; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(kept) && strcmp(kept[k], t->choices[i].key) != 0)
			k++;
		if (k == ARRAY_SIZE(kept))
			return false;
	}
	return true;
}

// Can processes come to it while the script runs?
static bool is_dynamic(const struct plan_target *t)
{
	return t->n_choices || t->children;
}

static void add_exec(struct lang *l, struct str *s)
{
	_str_ struct str tests = { 0 };
	unsigned long long keep = 0;

	for (uint32_t i = 0; i < l->plan->n_targets; i++) {
		add_exe_target(&tests, &l->plan->targets[i], i);
		keep |= outlives_exec(&l->plan->targets[i]) ? 1ull << i : 0;
	}
	str_adds(s, "rawtracepoint:sched_process_exec {\n\tlet $bits = (uint64)0;\n");
	if (tests.n && strstr(str_z(&tests), "$path"))
		str_printf(s, "\tlet $path = path(args.bprm.file.f_path, %d);\n", PATH_BYTES);
	str_add(s, str_z(&tests), tests.n);
	str_printf(s, "\ttarget_exec(pid, (uint64)%llu, $bits);\n\ttarget_review(pid);\n}\n", keep);
}

// The process of -p is alone in `it`, the command of -c is there with all that it starts. In a PID namespace of our own the kernel's numbers are not ours: the run side looks then.
static void add_probes(struct lang *l, struct str *s)
{
	unsigned long long mask = 0;

	for (uint32_t i = 0; i < l->plan->n_targets; i++)
		mask |= is_dynamic(&l->plan->targets[i]) ? 1ull << i : 0;
	str_printf(s, "rawtracepoint:sched_process_fork {\n\tif (args.child.pid == args.child.tgid && args.parent.tgid == pid) {\n"
		      "\t\ttarget_inherit(pid, args.child.tgid, (uint64)%llu);\n\t}\n}\n", mask);
	add_exec(l, s);
	str_adds(s, "rawtracepoint:sched_process_exit {\n\tif (args.p.signal.live.counter == 0) { target_forget(pid); }\n}\n");
}

static bool world_has_events(const struct lang *l)
{
	static const char *const events[] = { "sched_process_fork", "sched_process_exec", "sched_process_exit" };
	const struct event_field *f;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (l->world->ops->raw_tracepoint_args(l->world, events[i], &f, &n) != 0)
			return false;
	return true;
}

void pass_targets(struct lang *l)
{
	struct search use = { .l = l };
	_str_ struct str text = { 0 };
	bool dynamic = false;

	for (uint32_t i = 0; i < l->plan->n_targets; i++)
		dynamic |= is_dynamic(&l->plan->targets[i]);
	if (!dynamic)
		return;
	find_use(&use, &l->script);
	if (!use.found)
		return;
	l->scans_targets = !world_has_events(l);
	if (l->scans_targets)
		return;
	add_probes(l, &text);
	const char *kept = arena_strndup(l->arena, text.p, text.n);
	const struct node *added = lang_parse(l->arena, l->diag, diag_source(l->diag, "targets", kept, text.n));
	for (size_t i = 0; added && i < added->script.items.n; i++)
		vec_push(l->arena, &l->script->script.items, added->script.items.v[i]);
}

// Without typed arguments of these events the run side looks at all processes once a second.
void targets_tell(struct lang *l)
{
	struct span at = { 0 };

	if (!l->scans_targets)
		return;
	for (size_t i = 0; i < l->script->script.items.n && !at.source; i++)
		if (l->script->script.items.v[i]->kind == NODE_TARGET)
			at = l->script->script.items.v[i]->span;
	diag_warn(l->diag, at, W_FALLBACK, "the kernel does not describe the types of its own events (BTF), so that processes that come to a target are found by looking once a second: "
		  "what they do before is not in the results, and who lives shorter may never be seen");
}

// SPDX-License-Identifier: Apache-2.0
#include "cli/info.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/probe_type.h"
#include "base/sink.h"
#include "base/str.h"
#include "cli/compile.h"
#include "cli/key.h"
#include "cli/options.h"
#include "cli/rights.h"
#include "runtime/abilities.h"
#include "runtime/features.h"

static void say(const char *name, bool yes)
{
	printf("  %s: %s\n", name, yes ? "yes" : "no");
}

// Entries of a section in two columns, as bpftrace sets them: the first is filled to COLUMN.
enum { COLUMN = 35 };

struct columns {
	char first[80]; // empty: none waits for the second
};

static void columns_end(struct columns *c)
{
	if (*c->first)
		puts(c->first);
	*c->first = '\0';
}

static void columns_say(struct columns *c, const char *name, bool yes)
{
	if (!*c->first) {
		snprintf(c->first, sizeof c->first, "  %s: %s", name, yes ? "yes" : "no");
		return;
	}
	printf("%-*s  %s: %s\n", COLUMN, c->first, name, yes ? "yes" : "no");
	*c->first = '\0';
}

static void system_part(void)
{
	struct utsname u;

	if (!uname(&u))
		printf("System\n  OS: %s %s %s\n  Arch: %s\n\n", u.sysname, u.release, u.version, u.machine);
}

static void build_part(void)
{
	_str_ struct str compiler = { 0 };

	printf("Build\n  version: v%s (bpftrace v0.27.0 compatible)\n", SPILE_VERSION);
	printf("  compiler: %s\n", key_compiler_path(&compiler) ? compiler.p : "missing");
	printf("  LLVM: 19\n");
	say("bfd", false);
	say("libdw (DWARF support)", true); // of our own
	say("libsystemd (systemd notify support)", true); // without the library
	say("blazesym (advanced symbolization)", false);
	say("dwunwind (DWARF stack unwinding)", true); // of our own
	putchar('\n');
}

static void note_line(void *arg, const char *line)
{
	(void)line;
	*(bool *)arg = true;
}

// What doctor finds by trying it, under the name that it has there; what has no row needs nothing but BPF.
static bool works_here(const char *type, struct world *w)
{
	static const struct {
		const char *type, *ability;
	} rows[] = { { "kretprobe", "kprobe" }, { "uretprobe", "uprobe" }, { "fexit", "fentry" }, { "profile", "software" }, { "interval", "software" } };
	_str_ struct str why = { 0 };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].type, type) == 0)
			type = rows[i].ability;
	for (const struct ability *a = abilities(); a->name; a++)
		if (strcmp(a->name, type) == 0)
			return a->is_there(w, &why);
	return true;
}

// Providers that this version knows by name only offer nothing and list nothing.
static bool is_there(const struct probe_type *t, struct world *w)
{
	bool listed = t->offers || t->special;

	if (!listed && t->list)
		(void)t->list(t, w, "*", 0, false, note_line, &listed);
	return listed && works_here(t->name, w);
}

static void kernel_part(struct world *w)
{
	static const struct {
		const char *name;
		enum feature f;
	} features[] = {
		{ "btf", FEATURE_BTF }, { "ring buffer", FEATURE_RINGBUF }, { "attach cookie", FEATURE_ATTACH_COOKIE },
		{ "perf link", FEATURE_PERF_LINK }, { "loop", FEATURE_BPF_LOOP }, { "for_each_map_elem", FEATURE_FOR_EACH_MAP },
	};
	static const struct {
		const char *name;
		int id; // include/uapi/linux/bpf.h
	} helpers[] = {
		{ "probe_read", 4 }, { "get_current_cgroup_id", 80 }, { "send_signal", 109 }, { "override_return", 58 },
		{ "probe_read_user", 112 }, { "probe_read_kernel", 113 }, { "jiffies64", 118 }, { "get_ns_current_pid_tgid", 120 },
		{ "ktime_get_boot_ns", 125 }, { "skboutput", 111 }, { "dpath", 147 }, { "get_func_ip", 173 }, { "loop", 181 },
		{ "lookup_percpu_elem", 195 }, { "get_tai_ns", 208 },
	};
	_str_ struct str why = { 0 };

	struct columns c = { "" };

	puts("Kernel features");
	if (!rights_to_trace(&why))
		printf("  (%s)\n", why.p);
	for (size_t i = 0; i < sizeof features / sizeof *features; i++)
		columns_say(&c, features[i].name, w->ops->feature(w, features[i].f));
	columns_end(&c);
	puts("\nKernel helpers");
	for (size_t i = 0; i < sizeof helpers / sizeof *helpers; i++)
		columns_say(&c, helpers[i].name, features_helper(helpers[i].id));
	columns_end(&c);
	puts("\nProbe types");
	columns_say(&c, "kprobe_session", w->ops->feature(w, FEATURE_KPROBE_SESSION));
	columns_say(&c, "uprobe_multi", w->ops->feature(w, FEATURE_UPROBE_MULTI));
	columns_say(&c, "kprobe_multi", w->ops->feature(w, FEATURE_KPROBE_MULTI));
	columns_say(&c, "tp_btf", w->ops->feature(w, FEATURE_TP_BTF));
	for (const struct probe_type *const *t = w->ops->probe_types(w); *t; t++)
		columns_say(&c, (*t)->name, is_there(*t, w));
	columns_end(&c);
	puts("\nSinks");
	for (const struct sink *const *s = w->ops->sinks(w); *s; s++)
		columns_say(&c, (*s)->name, true);
	columns_end(&c);
}

int cmd_info(const struct options *o)
{
	struct machine m;

	system_part();
	build_part();
	machine_init(&m, o, NULL);
	kernel_part(m.world);
	machine_free(&m);
	return fflush(stdout) ? 1 : 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "cli/profile_script.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "cli/options.h"

#define USUAL_HZ 99 // not 100: in step with nothing that happens a hundred times a second
#define MOST_HZ 100000
#define MOST_SECONDS (10u * 365 * 86400)

#define PROFILE(KIND, symbol, file, title, doc) extern const char symbol[], symbol##_end[];
#include "cli/profile.def"
#undef PROFILE

static const struct profile_row {
	const char *script, *end, *file, *title;
} rows[] = {
#define PROFILE(KIND, symbol, file, title, doc) [PROFILE_##KIND] = { symbol, symbol##_end, file, title },
#include "cli/profile.def"
#undef PROFILE
};

static const struct {
	const char *end, *sink;
} ends[] = {
	{ ".svg", "flamegraph" }, { ".folded", "folded" }, { ".txt", "folded" }, { ".pprof", "pprof" }, { ".pb", "pprof" }, { ".pb.gz", "pprof" },
};

static const char *const target_keys[] = {
#define TARGET_KEY(key, kind, changes, doc) #key,
#include "base/target.def"
#undef TARGET_KEY
};

static const char *sink_of(const char *file)
{
	size_t n = strlen(file);

	if (!strcmp(file, "-"))
		return "folded";
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t m = strlen(ends[i].end);

		if (n > m && !strcmp(file + n - m, ends[i].end))
			return ends[i].sink;
	}
	return NULL;
}

// The request ---------------------------------------------------------------------------------------------------------

static bool number(const char *text, unsigned long most, unsigned long *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*ret = strtoul(text, &end, 10);
	return !*end && *ret >= 1 && *ret <= most;
}

static bool is_digits(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

// A key of targets and a blank: what stands in a target's braces.
static bool is_clauses(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(target_keys); i++) {
		size_t n = strlen(target_keys[i]);

		if (!strncmp(text, target_keys[i], n) && strchr(" \t", text[n]) && text[n])
			return true;
	}
	return false;
}

static bool take_word(const char *word, struct profile_request *q, struct str *why)
{
	if (is_digits(word)) {
		if (q->seconds)
			return str_printf(why, "'%s': how many seconds it is to last was said before", word), false;
		if (!number(word, MOST_SECONDS, &q->seconds))
			return str_printf(why, "a profile lasts 1 to %u seconds, not %s", MOST_SECONDS, word), false;
		return true;
	}
	if (q->target)
		return str_printf(why, "profile takes one TARGET, and '%s' was one: several clauses go into one word, 'user \"www-data\"; exe \"*/python*\"'", q->target), false;
	if (!*word || (!is_clauses(word) && strpbrk(word, "\"\\{}")))
		return str_printf(why, "TARGET is a program's name, or clauses of a target such as 'exe \"/usr/bin/*\"', not '%s'", word), false;
	q->target = word;
	return true;
}

void profile_whose(const struct options *o, const struct profile_request *q, struct str *out)
{
	if (o->pid)
		str_printf(out, "process %d", (int)o->pid);
	else if (o->child)
		str_printf(out, "%s", o->child);
	else
		str_adds(out, q->target ? q->target : "all processes");
}

static unsigned long rate(const struct options *o)
{
	return o->frequency ? strtoul(o->frequency, NULL, 10) : USUAL_HZ;
}

// For people, above the picture.
static char *title_of(const struct options *o, const struct profile_request *q)
{
	struct str title = { 0 };

	str_printf(&title, "%s of ", rows[q->kind].title);
	profile_whose(o, q, &title);
	if (q->kind == PROFILE_CPU)
		str_printf(&title, ", %lu samples a second", rate(o));
	return title.p;
}

bool profile_request_make(const struct options *o, struct profile_request *q, struct str *why)
{
	unsigned long hz;

	*q = (struct profile_request){ .kind = o->lock_wait ? PROFILE_LOCK_WAIT : o->off_cpu ? PROFILE_OFF_CPU : PROFILE_CPU };
	q->file = o->output ? xstrdup(o->output) : xasprintf("%s.svg", rows[q->kind].file);
	if (o->lock_wait && o->off_cpu)
		return str_adds(why, "--off-cpu has what threads wait for in --lock-wait, too: one of them"), false;
	if (!sink_of(q->file))
		return str_printf(why, "'%s' does not say what to write: .svg is a flame graph, .folded is text, .pprof or .pb.gz is for pprof, - is folded text on standard output", q->file), false;
	if (o->frequency && !number(o->frequency, MOST_HZ, &hz))
		return str_printf(why, "-F takes samples a second, 1 to %d, not '%s'", MOST_HZ, o->frequency), false;
	if (o->frequency && q->kind != PROFILE_CPU)
		return str_adds(why, "-F is for processor time, which is sampled; waits are measured one by one"), false;
	for (size_t i = 0; i < o->nparams; i++)
		if (!take_word(o->params[i], q, why))
			return false;
	if (q->target && (o->pid || o->child))
		return str_printf(why, "-p and -c say which process; TARGET ('%s') is a third way", q->target), false;
	q->title = title_of(o, q);
	q->tells = !o->quiet && !o->debug;
	return true;
}

void profile_request_free(struct profile_request *q)
{
	free(q->file);
	free(q->title);
}

// The script ----------------------------------------------------------------------------------------------------------

static void quoted(const char *text, struct str *out)
{
	str_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			str_addc(out, '\\');
		str_addc(out, *text);
	}
	str_addc(out, '"');
}

static void export_line(const struct profile_request *q, struct str *out)
{
	const char *sink = sink_of(q->file);

	str_printf(out, "export profile = %s(\"%s\")\n", sink, strcmp(q->file, "-") ? rows[q->kind].file : "-");
}

// The idle task is nobody's time: 0 is in no target.
static void whose_lines(const struct options *o, const struct profile_request *q, struct str *out)
{
	if (q->target && is_clauses(q->target))
		str_printf(out, "target profiled { %s }\n", q->target);
	if (q->target && !is_clauses(q->target)) {
		str_adds(out, "target profiled { name ");
		quoted(q->target, out);
		str_adds(out, " }\n");
	}
	str_printf(out, "macro profiled() { %s }\n", q->target ? "in_target(\"profiled\")" : o->pid || o->child ? "in_target(\"it\")" : "pid != 0");
}

static void rate_line(const struct options *o, const char *line, size_t n, struct str *out)
{
	static const char usual[] = "profile:hz:99";
	const char *at = memmem(line, n, usual, sizeof usual - 1);
	size_t before = at ? (size_t)(at - line) : n;

	str_add(out, line, before);
	if (at) {
		str_printf(out, "profile:hz:%lu", rate(o));
		str_add(out, at + sizeof usual - 1, n - before - (sizeof usual - 1));
	}
}

static bool line_is(const char *line, const char *head)
{
	return !strncmp(line, head, strlen(head));
}

void profile_script(const struct options *o, const struct profile_request *q, struct str *out)
{
	const struct profile_row *row = &rows[q->kind];
	bool has_export = false, has_whose = false;

	for (const char *line = row->script, *next; line < row->end; line = next) {
		const char *end = memchr(line, '\n', (size_t)(row->end - line));

		next = end ? end + 1 : row->end;
		if (line_is(line, "export profile ")) {
			export_line(q, out);
			has_export = true;
		} else if (line_is(line, "macro profiled()")) {
			whose_lines(o, q, out);
			has_whose = true;
		} else {
			rate_line(o, line, (size_t)(next - line), out);
		}
	}
	if (!has_export || !has_whose)
		BUG("the script of '%s' does not say whose time, or where to", row->title);
}

// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "base/world.h"

#define PID_LIMIT 0x400000 // the kernel's largest possible pid_max

enum {
	OPT_INFO = 256, OPT_UNSAFE, OPT_DRY_RUN, OPT_NO_WARNINGS, OPT_NO_CACHE, OPT_NO_FEATURE, OPT_INCLUDE, OPT_DEBUGINFO,
	OPT_USDT_ACTIVATION, OPT_VERIFY_IR, OPT_TEST, OPT_BENCH, OPT_FMT, OPT_MODE, OPT_PROBE_FILTER, OPT_EMIT_ELF, OPT_EMIT_LLVM, OPT_AOT,
	OPT_LEGACY, OPT_TRACEABLE, OPT_DWARF_PID, OPT_WORLD, OPT_JUNIT, OPT_LOAD, OPT_CHECK, OPT_SECONDS, OPT_OFF_CPU, OPT_LOCK_WAIT, OPT_CASE, OPT_NO_WAIT
};

struct row {
	int letter;
	const char *name, *arg, *help;
};

static const struct row rows[] = {
#define OPTION(letter, name, arg, help) { letter, name, arg, help },
#include "cli/options.def"
#undef OPTION
};

static const struct {
	const char *word, *doc;
} dumps[] = {
#define DUMP(NAME, word, doc) { word, doc },
#include "cli/dump.def"
#undef DUMP
};

static const struct {
	const char *word, *args, *help;
} commands[] = {
#define COMMAND(WORD, word, args, help) [CMD_##WORD] = { word, args, help },
#include "cli/command.def"
#undef COMMAND
};

// getopt's tables, made from the rows. The leading ':' makes it silent: messages are ours.
struct tables {
	char letters[3 * ARRAY_SIZE(rows) + 2];
	struct option names[ARRAY_SIZE(rows) + 1];
};

static void tables_make(struct tables *t)
{
	char *letter = t->letters;
	size_t n = 0;

	*letter++ = ':';
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];

		if (r->letter < 256) {
			*letter++ = (char)r->letter;
			if (*r->arg)
				*letter++ = ':';
		}
		if (*r->name)
			t->names[n++] = (struct option){ r->name, *r->arg ? required_argument : no_argument, NULL, r->letter };
	}
	*letter = '\0';
	t->names[n] = (struct option){ 0 };
}

static bool parse_pid(const char *text, pid_t *ret, struct str *why)
{
	char *end;
	long long v;

	if (!isdigit((unsigned char)*text)) {
		str_printf(why, "Failed to parse pid: invalid integer: %s", text);
		return false;
	}
	errno = 0;
	v = strtoll(text, &end, 0);
	if (*end) {
		str_printf(why, "Failed to parse pid: invalid trailing bytes: %s", text);
		return false;
	}
	if (errno || v < 1 || v > PID_LIMIT) {
		str_printf(why, "Pid out of range: %s", text);
		return false;
	}
	*ret = (pid_t)v;
	return true;
}

// bpftrace's names of our stages.
static const struct {
	const char *word;
	enum dump stage;
} dump_aliases[] = {
	{ "parse", DUMP_TOKENS }, { "codegen", DUMP_IR }, { "codegen-opt", DUMP_IR }, { "dis", DUMP_ASM }, { "libbpf", DUMP_PLAN },
};

static bool is_word(const char *word, const char *at, size_t n)
{
	return strlen(word) == n && !memcmp(word, at, n);
}

static bool take_alias(const char *at, size_t n, unsigned *set)
{
	for (size_t i = 0; i < ARRAY_SIZE(dump_aliases); i++)
		if (is_word(dump_aliases[i].word, at, n)) {
			*set |= 1u << dump_aliases[i].stage;
			return true;
		}
	return false;
}

// "verifier" is no stage of the compiler: the kernel speaks, once the programs are loaded.
static bool parse_dumps(const char *text, unsigned *set, bool *verifier, struct str *why)
{
	for (const char *at = text; ; at++) {
		size_t n = strcspn(at, ","), i = 0;

		while (i < ARRAY_SIZE(dumps) && (strlen(dumps[i].word) != n || memcmp(dumps[i].word, at, n)))
			i++;
		if (i < ARRAY_SIZE(dumps)) {
			*set |= 1u << i;
		} else if (n == 3 && !memcmp(at, "all", 3)) {
			*set |= (1u << DUMPS) - 1;
		} else if (is_word("verifier", at, n)) {
			*verifier = true;
		} else if (!take_alias(at, n, set)) {
			str_printf(why, "invalid option for -d: %.*s\nValid stages: 'all', 'verifier'", (int)n, at);
			for (i = 0; i < ARRAY_SIZE(dumps); i++)
				str_printf(why, ", '%s'", dumps[i].word);
			return false;
		}
		at += n;
		if (!*at && *verifier && *set)
			return str_adds(why, "-d verifier loads the programs, the other stages do not; it goes alone"), false;
		if (!*at)
			return true;
	}
}

static const char *const features[] = {
#define FEATURE(NAME, name, doc, without) [FEATURE_##NAME] = name,
#include "base/feature.def"
#undef FEATURE
};

static bool bad_feature(const char *from, const char *at, size_t n, struct str *why)
{
	str_printf(why, "Invalid feature '%.*s' for %s\nValid features: 'kprobe_session'", (int)n, at, from);
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		str_printf(why, ", '%s'", features[i]);
	return false;
}

static bool parse_features(const char *from, const char *text, struct options *o, struct str *why)
{
	for (const char *at = text; ; at++) {
		size_t n = strcspn(at, ","), i = 0;

		while (i < ARRAY_SIZE(features) && !is_word(features[i], at, n))
			i++;
		if (i < ARRAY_SIZE(features))
			o->without |= 1u << i;
		else if (is_word("home", at, n)) // for tests: no kernel is the one a script was built on
			o->without_home = true;
		else if (!is_word("kprobe_session", at, n)) // which no probe type uses
			return bad_feature(from, at, n, why);
		at += n;
		if (!*at)
			return true;
	}
}

static bool parse_format(const char *text, struct options *o, struct str *why)
{
	o->json = !strcmp(text, "json");
	if (o->json || !strcmp(text, "text"))
		return true;
	str_printf(why, "Invalid output format \"%s\"\nValid formats: 'text', 'json'", text);
	return false;
}

static bool parse_buffering(const char *text, struct options *o, struct str *why)
{
	if (strcmp(text, "line") && strcmp(text, "full") && strcmp(text, "none")) {
		str_adds(why, "-B must be either 'line', 'full', or 'none'.");
		return false;
	}
	o->buffering = text[0];
	return true;
}

static bool set_k(struct options *o, struct str *why)
{
	if (o->warnings)
		str_adds(why, "-kk is no longer supported. Use -k.");
	return !o->warnings && (o->warnings = true);
}

static bool set_mode(struct options *o, enum mode mode, struct str *why)
{
	if (o->mode != MODE_TRACE && o->mode != mode) {
		str_adds(why, "Only one of --mode, --test, --bench and --fmt can be given.");
		return false;
	}
	o->mode = mode;
	return true;
}

static bool set_format(struct options *o, struct str *why)
{
	o->command = CMD_FMT;
	return set_mode(o, MODE_FORMAT, why);
}

static bool parse_mode(const char *text, struct options *o, struct str *why)
{
	static const struct {
		const char *word;
		enum mode mode;
	} modes[] = {
		{ "codegen", MODE_CODEGEN }, { "compiler-bench", MODE_COMPILER_BENCH }, { "bench", MODE_BENCH }, { "test", MODE_TEST },
	};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(text, modes[i].word))
			return set_mode(o, modes[i].mode, why);
	if (!strcmp(text, "format"))
		return set_format(o, why);
	str_printf(why, "--mode must be one of 'codegen', 'compiler-bench', 'bench', 'test' and 'format', not '%s'.", text);
	return false;
}

static bool parse_filter(const char *text, struct options *o, struct str *why)
{
	char said[256];
	regex_t re;
	int err = regcomp(&re, text, REG_EXTENDED | REG_NOSUB);

	if (err) {
		regerror(err, &re, said, sizeof said);
		str_printf(why, "--probe-filter '%s' is no regular expression: %s", text, said);
		return false;
	}
	regfree(&re);
	o->probe_filter = text;
	return true;
}

static bool build_to(const char *file, struct options *o)
{
	o->command = CMD_BUILD;
	o->output = file;
	return true;
}

static bool push_text(const char ***list, size_t *n, const char *text)
{
	*list = xrealloc(*list, (*n + 1) * sizeof **list);
	(*list)[(*n)++] = text;
	return true;
}

static bool option_take(int letter, const char *arg, struct options *o, struct str *why)
{
	switch (letter) {
	case 'e': o->program = arg; return true;
	case 'p': return parse_pid(arg, &o->pid, why);
	case 'c': o->child = arg; return true;
	case 'l': o->command = CMD_LIST; return true;
	case 'o': o->output = arg; return true;
	case 'f': return parse_format(arg, o, why);
	case 'B': return parse_buffering(arg, o, why);
	case 'q': o->quiet = true; return true;
	case 'v': o->verbose = true; return true;
	case 'k': return set_k(o, why);
	case 'd': o->debug = arg; return parse_dumps(arg, &o->dumps, &o->verifier, why);
	case 'F': o->frequency = arg; return true;
	case 'I': return push_text(&o->include_dirs, &o->n_include_dirs, arg);
	case 'V': o->command = CMD_VERSION; return true;
	case 'h': o->command = CMD_HELP; return true;
	case OPT_WORLD: return push_text(&o->worlds, &o->nworlds, arg);
	case OPT_JUNIT: o->junit = arg; return true;
	case OPT_LOAD: o->load = true; return true;
	case OPT_CASE: o->test_case = arg; return true;
	case OPT_SECONDS: o->seconds = arg; return true;
	case OPT_OFF_CPU: o->off_cpu = true; return true;
	case OPT_LOCK_WAIT: o->lock_wait = true; return true;
	case OPT_CHECK: o->check = true; return true;
	case OPT_INFO: o->command = CMD_INFO; return true;
	case OPT_UNSAFE: o->unsafe = true; return true;
	case OPT_NO_WAIT: o->no_wait = true; return true;
	case OPT_DRY_RUN: o->dry_run = true; return true;
	case OPT_NO_WARNINGS: o->no_warnings = true; return true;
	case OPT_NO_CACHE: o->no_cache = true; return true;
	case OPT_NO_FEATURE: return parse_features("--no-feature", arg, o, why);
	case OPT_TEST: return set_mode(o, MODE_TEST, why);
	case OPT_BENCH: return set_mode(o, MODE_BENCH, why);
	case OPT_FMT: return set_format(o, why);
	case OPT_MODE: return parse_mode(arg, o, why);
	case OPT_PROBE_FILTER: return parse_filter(arg, o, why);
	case OPT_EMIT_ELF: case OPT_AOT: return build_to(arg, o);
	case OPT_EMIT_LLVM: o->emit_llvm = arg; o->dumps |= 1u << DUMP_IR; return true;
	case OPT_LEGACY: o->legacy_output = true; return true;
	case OPT_TRACEABLE: o->traceable = arg; return true;
	case OPT_DWARF_PID: return parse_pid(arg, &(pid_t){ 0 }, why);
	case OPT_INCLUDE: return push_text(&o->include_files, &o->n_include_files, arg);
	case OPT_DEBUGINFO: return setenv("SPILE_DEBUGINFO", arg, 1) == 0; // runtime/elf_debug.c
	default: return true; // accepted: -b, --usdt-file-activation, --verify-llvm-ir
	}
}

// Whether the first word is the script, and the others its parameters.
static bool takes_script(const struct options *o)
{
	return o->command == CMD_HELP || o->command == CMD_RUN || o->command == CMD_BUILD || o->command == CMD_EXPLAIN || o->command >= COMMANDS || (o->command == CMD_FMT && o->mode == MODE_FORMAT);
}

// Words behind the options: the script (unless -e gave it) and its parameters.
// Behind a `--`, what begins with -- is a named parameter of the script; in front of it, what is no option of ours.
static void take_words(char **words, size_t n, bool named, struct options *o)
{
	size_t first = 0;

	if (o->command == CMD_LIST && !o->program && n)
		o->pattern = words[first++];
	else if (takes_script(o) && !o->program && n)
		o->file = words[first++];
	o->params = xcalloc(n + 1, sizeof *o->params);
	for (size_t i = first; i < n; i++)
		if (named && !strncmp(words[i], "--", 2) && words[i][2])
			push_text(&o->named, &o->nnamed, words[i] + 2);
		else
			o->params[o->nparams++] = words[i];
}

static enum options_result usage_of(enum command c, struct str *why)
{
	str_printf(why, "USAGE: spile %s %s", commands[c].word, commands[c].args);
	return OPTIONS_BAD;
}

// What is wrong with options that are each right.
static enum options_result check_command(const struct options *o, struct str *why)
{
	switch (o->command) {
	case CMD_CHECK: case CMD_TEST:
		return o->nparams || o->program ? OPTIONS_OK : usage_of(o->command, why);
	case CMD_WORLD:
		return o->nparams == 2 && !strcmp(o->params[0], "save") ? OPTIONS_OK : usage_of(CMD_WORLD, why);
	case CMD_PROFILE:
		if (!o->program)
			return OPTIONS_OK;
		str_adds(why, "USAGE: spile profile [-p PID|-c COMMAND|TARGET] [--off-cpu|--lock-wait|-F HZ] [-o FILE.svg] [SECONDS]");
		return OPTIONS_BAD;
	case CMD_FMT:
		return o->mode != MODE_FORMAT || o->file || o->program ? OPTIONS_OK : usage_of(CMD_FMT, why);
	default:
		return OPTIONS_OK;
	}
}

static enum options_result check_together(const struct options *o, struct str *why)
{
	enum options_result r = check_command(o, why);

	if (r != OPTIONS_OK)
		return r;
	if (o->frequency && o->command != CMD_PROFILE) {
		str_adds(why, "-F is for spile profile; a script's probe says it itself: profile:hz:99");
		return OPTIONS_BAD;
	}
	if ((o->off_cpu || o->lock_wait) && o->command != CMD_PROFILE) {
		str_printf(why, "--%s is for spile profile; the library has the script", o->off_cpu ? "off-cpu" : "lock-wait");
		return OPTIONS_BAD;
	}
	if (o->check && o->command != CMD_FMT) {
		str_adds(why, "--check is for spile fmt; spile check SCRIPT tries whether a script compiles");
		return OPTIONS_BAD;
	}
	if (o->pid && o->child && o->command != CMD_CHECK) {
		str_adds(why, "Cannot use both -c and -p.");
		return OPTIONS_BAD_USAGE;
	}
	if (o->seconds && o->command != CMD_EXPLAIN) {
		str_adds(why, "--seconds is for spile explain; a script ends itself: interval:s:5 { exit() }");
		return OPTIONS_BAD;
	}
	if (o->command != CMD_RUN && o->command != CMD_BUILD && o->command != CMD_EXPLAIN)
		return OPTIONS_OK;
	if (!o->file && !o->program) {
		str_adds(why, "USAGE: filename or -e 'program' required.");
		return OPTIONS_BAD;
	}
	if (o->command == CMD_BUILD && !o->output && !o->dumps) {
		str_adds(why, "build needs to know where to write: spile build -o FILE.spo SCRIPT");
		return OPTIONS_BAD;
	}
	return OPTIONS_OK;
}

static bool take_command(const char *word, enum command *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(word, commands[i].word)) {
			*ret = (enum command)i;
			return true;
		}
	return false;
}

enum options_result options_parse(int argc, char **argv, struct options *o, struct str *why)
{
	const char *taken = NULL; // the last option's argument
	const char *unknown;      // an option that is none of ours: a parameter of the script, if there is one
	struct tables t;
	int letter;

	*o = (struct options){ .command = CMD_RUN, .buffering = 'l' };
	if (argc < 2)
		return OPTIONS_BAD_USAGE;
	const char *without = getenv("SPILE_WITHOUT"); // for tests: as on a kernel that lacks them
	if (without && *without && !parse_features("SPILE_WITHOUT", without, o, why))
		return OPTIONS_BAD;
	bool shifted = take_command(argv[1], &o->command);
	argc -= shifted;
	argv += shifted;
	tables_make(&t);
	optind = 0; // GNU: start anew, also when this is not the first call
	opterr = 0;
	while ((letter = getopt_long(argc, argv, t.letters, t.names, NULL)) != -1) {
		taken = optarg;
		if (letter == '?' || letter == ':') {
			const char *said = argv[optind - 1];

			if (letter == '?' && !optopt && !strncmp(said, "--", 2)) {
				push_text(&o->named, &o->nnamed, said + 2);
				continue;
			}
			if (letter == '?' && optopt >= '0' && optopt <= '9')
				str_printf(why, "unknown option -%c; parameters of the script that begin with - stand behind --", optopt);
			else if (letter == '?' && optopt && optopt < 256)
				str_printf(why, "unknown option -%c", optopt);
			else
				str_printf(why, letter == '?' ? "unknown option %s" : "option %s needs an argument", said);
			return OPTIONS_BAD_USAGE;
		}
		if (!option_take(letter, optarg, o, why))
			return OPTIONS_BAD;
	}
	// words that stood before a `--` lie behind it now, and none of them begins with --
	o->noptions = optind + (int)shifted;
	bool named = optind > 1 && argv[optind - 1] != taken && !strcmp(argv[optind - 1], "--");
	unknown = o->nnamed ? o->named[0] : NULL;
	take_words(argv + optind, (size_t)(argc - optind), named, o);
	if (unknown && !o->file) {
		str_printf(why, "unknown option --%s", unknown);
		return OPTIONS_BAD_USAGE;
	}
	return check_together(o, why);
}

void options_free(struct options *o)
{
	free(o->params);
	free(o->named);
	free(o->include_dirs);
	free(o->include_files);
	free(o->worlds);
	*o = (struct options){ 0 };
}

static void usage_row(const struct row *r, struct str *out)
{
	_str_ struct str left = { 0 };

	if (!*r->help)
		return;
	if (r->letter < 256)
		str_printf(&left, "-%c%s", r->letter, *r->name ? ", " : "");
	else
		str_adds(&left, "    ");
	if (*r->name)
		str_printf(&left, "--%s", r->name);
	if (*r->arg)
		str_printf(&left, " %s", r->arg);
	str_printf(out, "  %-27s %s\n", str_z(&left), r->help);
}

void options_usage(struct str *out)
{
	str_adds(out, "USAGE:\n"
		      "  spile [OPTION...] FILE [PARAMETER...]         run a script ('-': standard input)\n"
		      "  spile [OPTION...] -e PROGRAM [PARAMETER...]   run a one-liner\n"
		      "  spile -l [PATTERN]                            list probes\n"
		      "  spile COMMAND ...\n\nCOMMANDS:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		str_printf(out, "  %-9s%-35s %s\n", commands[i].word, commands[i].args, commands[i].help);
	str_adds(out, "\nOPTIONS:\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		usage_row(&rows[i], out);
	str_adds(out, "\nSTAGES of -d: all");
	for (size_t i = 0; i < ARRAY_SIZE(dumps); i++)
		str_printf(out, "\n  %-27s %s", dumps[i].word, dumps[i].doc);
	str_printf(out, "\n  %-27s %s", "verifier", "the kernel's log of checking the programs; they are loaded, not attached");
	str_adds(out, "\n\nEXAMPLES:\n"
		      "  spile -e 'tracepoint:raw_syscalls:sys_enter { @[comm] = count() }'\n"
		      "        system calls by program, until Ctrl-C\n"
		      "  spile -l 'uprobe:/bin/bash:read*'\n"
		      "        functions of bash that begin with \"read\"\n"
		      "  spile -p 1234 -e 'profile:hz:99 { @[ustack] = count() }'\n"
		      "        where process 1234 spends its time\n");
}

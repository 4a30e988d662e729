// SPDX-License-Identifier: Apache-2.0
#include "cli/manual.h"

#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/attach/probe_types.h"

struct option_row {
	const char *letter; // as the table has it: 'e' in quotes, or a name where there is none
	const char *name, *arg, *help;
};

static const struct option_row options[] = {
#define OPTION(letter, name, arg, help) { #letter, name, arg, help },
#include "cli/options.def"
#undef OPTION
};

static const struct {
	const char *word, *args, *help;
} commands[] = {
#define COMMAND(WORD, word, args, help) { word, args, help },
#include "cli/command.def"
#undef COMMAND
};

static char letter_of(const struct option_row *o)
{
	return o->letter[0] == '\'' ? o->letter[1] : '\0';
}

static bool takes_file(const struct option_row *o)
{
	return strstr(o->arg, "FILE") || strstr(o->arg, "DIR");
}

// The page -----------------------------------------------------------------------------------------------------------

// Text for troff: a backslash, a dash that is one, and no line that looks like a request.
static void roff(const char *text, struct str *out)
{
	for (const char *at = text; *at; at++) {
		if ((*at == '.' || *at == '\'') && (at == text || at[-1] == '\n'))
			str_adds(out, "\\&");
		if (!strncmp(at, "…", 3)) // a terminal may have no such character
			str_adds(out, "..."), at += 2;
		else if (*at == '\\')
			str_adds(out, "\\e");
		else if (*at == '-')
			str_adds(out, "\\-");
		else
			str_addc(out, *at);
	}
}

static void entry(const char *bold, const char *italic, const char *text, struct str *out)
{
	str_adds(out, ".TP\n\\fB");
	roff(bold, out);
	str_adds(out, "\\fR");
	if (*italic) {
		str_adds(out, " \\fI");
		roff(italic, out);
		str_adds(out, "\\fR");
	}
	str_addc(out, '\n');
	roff(text, out);
	str_addc(out, '\n');
}

static void page_options(struct str *out)
{
	str_adds(out, ".SH OPTIONS\n");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option_row *o = &options[i];
		_str_ struct str name = { 0 };

		if (!*o->help)
			continue;
		if (letter_of(o))
			str_printf(&name, "-%c%s", letter_of(o), *o->name ? ", " : "");
		if (*o->name)
			str_printf(&name, "--%s", o->name);
		entry(str_z(&name), o->arg, o->help, out);
	}
}

static void page_language(struct str *out)
{
	str_adds(out, ".SH PROBES\n");
	for (const struct probe_type *const *t = probe_types; *t; t++)
		entry((*t)->name, (*t)->forms ? (*t)->forms : "", (*t)->doc ? (*t)->doc : "", out);
	str_adds(out, ".SH BUILTINS\n");
#define VAR(id, name, type, needs, fn, doc) entry(name, "", doc, out);
#define FUNC(id, name, args, type, needs, flags, event, fn, doc) entry(name "()", "", doc, out);
#include "lang/builtin.def"
#undef VAR
#undef FUNC
	str_adds(out, ".SH SINKS\nWhat a declarative probe may \\fBexport\\fR to; indented, what each can be told.\n");
#define SINK(name, doc) entry(#name, "", doc, out);
#define SINK_OPTION(sink, key, kind, init, doc) str_adds(out, ".RS\n"), entry(#key, "", doc, out), str_adds(out, ".RE\n");
#include "base/sink.def"
#undef SINK
#undef SINK_OPTION
	str_adds(out, ".SH CONFIGURATION\nKeys of \\fBconfig = { KEY = VALUE; }\\fR. The environment's BPFTRACE_KEY wins over the script.\n");
#define CONFIG(key, kind, init, doc) entry(#key, "", doc, out);
#include "base/config.def"
}

void manual_page(struct str *out)
{
	str_adds(out, ".TH SPILE 1 \"\" \"spile " SPILE_VERSION "\"\n.SH NAME\nspile \\- trace programs and the kernel with scripts\n.SH SYNOPSIS\n"
		      ".B spile\n[\\fIOPTION\\fR...] \\fIFILE\\fR [\\fIPARAMETER\\fR...]\n.br\n.B spile\n[\\fIOPTION\\fR...] \\fB\\-e\\fR \\fIPROGRAM\\fR"
		      " [\\fIPARAMETER\\fR...]\n.br\n.B spile\n\\fICOMMAND\\fR ...\n.SH DESCRIPTION\n"
		      "Shows what programs and the kernel do while they run: a script in the language of bpftrace, or one that declares what to observe, "
		      "becomes verified BPF, and real events are printed or exported.\n.SH COMMANDS\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		entry(commands[i].word, commands[i].args, commands[i].help, out);
	page_options(out);
	page_language(out);
	str_adds(out, ".SH EXIT STATUS\n0 at a normal end, or what the script gave to exit(); 1 for what the user can mend before anything is attached; "
		      "2 for a failure of spile itself; 255 when the kernel refused to load or attach.\n.SH FILES\n.TP\n"
		      "$XDG_CACHE_HOME/spile, ~/.cache/spile\ncompiled scripts\n.TP\n$XDG_STATE_HOME/spile/history, ~/.local/state/spile/history\n"
		      "what was typed at spile repl\n");
}

// Completions --------------------------------------------------------------------------------------------------------

static void list_options(bool files, struct str *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option_row *o = &options[i];

		if (!*o->help || (files && !takes_file(o)))
			continue;
		if (letter_of(o))
			str_printf(out, "%s-%c", files ? "|" : " ", letter_of(o));
		if (*o->name)
			str_printf(out, "%s--%s", files ? "|" : " ", o->name);
	}
}

void manual_bash(struct str *out)
{
	_str_ struct str files = { 0 };

	list_options(true, &files);
	str_adds(out, "# bash completion for spile; made from its tables\n_spile()\n{\n\tlocal cur=${COMP_LINE:0:COMP_POINT} prev=${COMP_WORDS[COMP_CWORD-1]} i\n"
		      "\tcur=${cur##* }; cur=${cur#[\\'\\\"]}\n\tCOMPREPLY=()\n\tlocal commands='");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		str_printf(out, "%s%s", i ? " " : "", commands[i].word);
	str_adds(out, "'\n\tlocal options='");
	list_options(false, out);
	str_printf(out, "'\n\tcase $prev in\n\t%s) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n\tesac\n", str_z(&files) + 1);
	str_adds(out, "\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n\t\treturn\n\tfi\n"
		      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tif [[ ${COMP_WORDS[i]} == @(-l|--list|list) ]]; then\n"
		      "\t\t\tlocal IFS=$'\\n'\n\t\t\tif [[ $cur == *:* ]]; then\n\t\t\t\tCOMPREPLY=($(spile -l \"$cur*\" 2>/dev/null | head -n 2000))\n"
		      "\t\t\telse\n\t\t\t\tCOMPREPLY=($(compgen -W $'");
	for (const struct probe_type *const *t = probe_types; *t; t++)
		str_printf(out, "%s%s:", t == probe_types ? "" : "\\n", (*t)->name);
	str_adds(out, "' -- \"$cur\"))\n\t\t\tfi\n\t\t\t# readline replaces what stands behind the last colon\n\t\t\t[[ $COMP_WORDBREAKS != *:* ]] || COMPREPLY=(\"${COMPREPLY[@]#\"${cur%\"${cur##*:}\"}\"}\")\n"
		      "\t\t\treturn\n\t\tfi\n\tdone\n\tif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -W \"$commands\" -- \"$cur\") $(compgen -f -- \"$cur\"))\n"
		      "\telse\n\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n\tfi\n}\ncomplete -o filenames -F _spile spile\n");
}

// In single quotes inside of [ ]: what _arguments would read as its own.
static void zsh_text(const char *text, struct str *out)
{
	for (; *text; text++) {
		if (*text == '\'')
			str_adds(out, "'\\''");
		else if (strchr("[]:\\", *text))
			str_printf(out, "\\%c", *text);
		else
			str_addc(out, *text);
	}
}

static void zsh_option(const struct option_row *o, const char *name, struct str *out)
{
	str_printf(out, "\t\t'*%s[", name);
	zsh_text(o->help, out);
	str_addc(out, ']');
	if (*o->arg) {
		str_addc(out, ':');
		zsh_text(o->arg, out);
		str_adds(out, takes_file(o) ? ":_files" : ":");
	}
	str_adds(out, "' \\\n");
}

void manual_zsh(struct str *out)
{
	str_adds(out, "#compdef spile\n# made from spile's tables\n_spile()\n{\n\tlocal -a commands\n\tcommands=(\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		str_printf(out, "\t\t'%s:", commands[i].word);
		zsh_text(commands[i].help, out);
		str_adds(out, "'\n");
	}
	str_adds(out, "\t)\n\t_arguments -s \\\n");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option_row *o = &options[i];
		char name[64];

		if (!*o->help)
			continue;
		if (letter_of(o)) {
			snprintf(name, sizeof name, "-%c", letter_of(o));
			zsh_option(o, name, out);
		}
		if (*o->name) {
			snprintf(name, sizeof name, "--%s", o->name);
			zsh_option(o, name, out);
		}
	}
	str_adds(out, "\t\t'1: :{_describe command commands; _files}' \\\n\t\t'*: :_files'\n}\n_spile \"$@\"\n");
}

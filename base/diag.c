// SPDX-License-Identifier: Apache-2.0
#include "base/diag.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/type.h"
#include "base/util.h"

static const struct {
	const char *name, *meaning;
} codes[] = {
#define DIAG(code, meaning) [code] = { #code, meaning },
#include "base/diag.def"
#undef DIAG
};
_Static_assert(ARRAY_SIZE(codes) == DIAG_CODES, "one row per code");

const char *diag_code_name(enum diag_code code)
{
	return codes[code].name;
}

const char *diag_code_meaning(enum diag_code code)
{
	return codes[code].meaning;
}

void diag_init(struct diag *d, struct arena *a)
{
	*d = (struct diag){ .arena = a };
	diag_source(d, "", "", 0);
}

uint32_t diag_source(struct diag *d, const char *name, const char *text, size_t len)
{
	if (d->nsources == d->capsources)
		d->sources = vec_grow(d->arena, d->sources, d->nsources, &d->capsources, sizeof *d->sources);
	d->sources[d->nsources] = (struct diag_source){ .name = arena_strdup(d->arena, name), .text = text, .len = len };
	return (uint32_t)d->nsources++;
}

uint32_t diag_expansion(struct diag *d, struct span call)
{
	if (d->nexpansions == d->capexpansions)
		d->expansions = vec_grow(d->arena, d->expansions, d->nexpansions, &d->capexpansions, sizeof *d->expansions);
	d->expansions[d->nexpansions] = call;
	return (uint32_t)++d->nexpansions;
}

bool diag_caller(const struct diag *d, struct span at, struct span *call)
{
	if (!at.via || at.via > d->nexpansions)
		return false;
	*call = d->expansions[at.via - 1];
	return true;
}

// One conversion of the format: copies its flags to `spec`, returns the pointer behind it.
static const char *read_spec(const char *f, char *spec, size_t room)
{
	size_t n = 0;

	spec[n++] = *f++;
	while (*f && strchr("-+ #0123456789.*hlzjt", *f) && n + 2 < room)
		spec[n++] = *f++;
	spec[n++] = *f;
	spec[n] = '\0';
	return *f ? f + 1 : f;
}

static void format_spec(const struct diag *d, struct str *out, const char *spec, va_list *ap)
{
	char conv = spec[strlen(spec) - 1];
	bool star = strchr(spec, '*') != NULL, wide = strstr(spec, "ll") || strchr(spec, 'l') || strchr(spec, 'z');
	int width = star ? va_arg(*ap, int) : 0;

	switch (conv) {
	case '%':
		str_addc(out, '%');
		return;
	case 's':
		if (star)
			str_printf(out, spec, width, va_arg(*ap, const char *));
		else
			str_printf(out, spec, va_arg(*ap, const char *));
		return;
	case 'p':
		str_printf(out, spec, va_arg(*ap, void *));
		return;
	case 'd': case 'i': case 'u': case 'x': case 'X': case 'c':
		if (wide)
			str_printf(out, spec, va_arg(*ap, unsigned long long));
		else
			str_printf(out, spec, va_arg(*ap, int));
		return;
	case 'T':
		type_print(va_arg(*ap, const struct type *), out);
		return;
	default: {
		const void *arg = va_arg(*ap, const void *);

		if (!d->ext || !d->ext(out, conv, arg))
			BUG("diag format '%s'", spec);
	}
	}
}

static void add(struct diag *d, enum severity sev, struct span at, enum diag_code code, const char *fmt, va_list ap)
{
	_str_ struct str out = { 0 };
	char spec[32];
	va_list args;

	if (d->nitems >= DIAG_KEPT) {
		d->errors += sev == SEV_ERROR;
		d->warnings += sev == SEV_WARNING;
		d->left_out += sev != SEV_HINT;
		return;
	}
	va_copy(args, ap);
	while (*fmt) {
		size_t plain = strcspn(fmt, "%");

		str_add(&out, fmt, plain);
		fmt += plain;
		if (*fmt) {
			fmt = read_spec(fmt, spec, sizeof spec);
			format_spec(d, &out, spec, &args);
		}
	}
	va_end(args);
	// the same complaint at the same place, from a body checked once per variant, is one complaint
	for (size_t i = 0; i < d->nitems; i++) {
		const struct diag_item *it = &d->items[i];

		if (it->severity == sev && it->code == code && it->span.source == at.source && it->span.start == at.start &&
		    it->span.end == at.end && strcmp(it->text, str_z(&out)) == 0)
			return;
	}
	if (d->nitems == d->capitems)
		d->items = vec_grow(d->arena, d->items, d->nitems, &d->capitems, sizeof *d->items);
	d->items[d->nitems++] = (struct diag_item){ sev, code, at, arena_strndup(d->arena, str_z(&out), out.n) };
	d->errors += sev == SEV_ERROR;
	d->warnings += sev == SEV_WARNING;
}

void diag_error(struct diag *d, struct span at, enum diag_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, SEV_ERROR, at, code, fmt, ap);
	va_end(ap);
}

void diag_warn(struct diag *d, struct span at, enum diag_code code, const char *fmt, ...)
{
	va_list ap;

	if (d->no_warnings)
		return;
	va_start(ap, fmt);
	add(d, SEV_WARNING, at, code, fmt, ap);
	va_end(ap);
}

void diag_hint(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, SEV_HINT, d->nitems ? d->items[d->nitems - 1].span : (struct span){ 0 }, E_NONE, fmt, ap);
	va_end(ap);
}

static void place(const struct diag_source *s, uint32_t off, unsigned *line, unsigned *col)
{
	const char *start = s->text, *end = s->text + MIN((size_t)off, s->len), *nl;

	*line = 1;
	while ((nl = memchr(start, '\n', (size_t)(end - start)))) {
		(*line)++;
		start = nl + 1;
	}
	*col = (unsigned)(end - start) + 1;
}

void diag_place(const struct diag *d, struct span at, unsigned *line, unsigned *col, unsigned *end_line, unsigned *end_col)
{
	const struct diag_source *s = &d->sources[at.source];

	place(s, at.start, line, col);
	// the end is one past the last byte, but on that byte's line
	place(s, at.end > at.start ? at.end - 1 : at.start, end_line, end_col);
	(*end_col)++;
}

void diag_line(const struct diag *d, struct span at, const char **text, size_t *len)
{
	const struct diag_source *s = &d->sources[at.source];
	size_t from = MIN((size_t)at.start, s->len), to;

	if (from == s->len && from > 0 && s->text[from - 1] == '\n')
		from--; // at the very end: show the last line
	to = from;
	while (from > 0 && s->text[from - 1] != '\n')
		from--;
	while (to < s->len && s->text[to] != '\n')
		to++;
	*text = s->text + from;
	*len = to - from;
}

#define CALLERS_SHOWN 8
#define LINE_SHOWN 400 // a longer line (a script of megabytes in one line) is shown from the error on

static void underline(const struct diag *d, struct span at, unsigned col, unsigned end_col, struct str *out)
{
	const char *text;
	size_t len, skip = 0;

	diag_line(d, at, &text, &len);
	if (len > LINE_SHOWN) {
		skip = col > 100 ? col - 100 : 0;
		skip = MIN(skip, len);
	}
	_str_ struct str marks = { 0 };
	for (size_t i = skip; i < MIN(len, skip + LINE_SHOWN); i++) {
		bool tab = text[i] == '\t', on = i + 1 >= col && i + 1 < end_col;

		if (tab)
			str_adds(out, "    ");
		else
			str_addc(out, text[i] == '\r' || (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i]);
		// a continuation byte of UTF-8 takes no column
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			str_fill(&marks, on ? '~' : ' ', tab ? 4 : 1);
	}
	if (col > len)
		str_addc(&marks, '~'); // the error is at the end of the line
	while (marks.n && marks.p[marks.n - 1] == ' ')
		marks.n--;
	str_addc(out, '\n');
	str_add(out, marks.p, marks.n);
	str_addc(out, '\n');
}

static void print_one(const struct diag *d, enum severity severity, struct span at, const char *text, bool color, struct str *out)
{
	static const char *const label[] = { "ERROR", "WARNING", "HINT" };
	static const char *const paint[] = { "\033[31m", "\033[33m", "" };
	unsigned line, col, end_line, end_col;
	bool located = at.source != 0 && severity != SEV_HINT;

	if (color)
		str_adds(out, paint[severity]);
	if (located) {
		diag_place(d, at, &line, &col, &end_line, &end_col);
		str_adds(out, d->sources[at.source].name);
		if (end_line != line)
			str_printf(out, ":%u-%u: ", line, end_line);
		else
			str_printf(out, ":%u:%u-%u: ", line, col, end_col);
	}
	str_printf(out, "%s: %s", label[severity], text);
	str_adds(out, color && *paint[severity] ? "\033[0m\n" : "\n");
	if (located && end_line == line)
		underline(d, at, col, end_col, out);
}

void diag_print_item(const struct diag *d, const struct diag_item *it, bool color, struct str *out)
{
	struct span at = it->span;
	unsigned callers = 0;

	print_one(d, it->severity, at, it->text, color, out);
	while (it->severity != SEV_HINT && diag_caller(d, at, &at))
		if (callers++ < CALLERS_SHOWN || !at.via) // all but the outermost may be many
			print_one(d, it->severity, at, "expanded from", color, out);
}

void diag_print(const struct diag *d, bool color, struct str *out)
{
	for (int sev = SEV_ERROR; sev <= SEV_WARNING; sev++)
		for (size_t i = 0; i < d->nitems; i++) {
			if ((int)d->items[i].severity != sev)
				continue;
			diag_print_item(d, &d->items[i], color, out);
			for (size_t k = i + 1; k < d->nitems && d->items[k].severity == SEV_HINT; k++)
				diag_print_item(d, &d->items[k], color, out);
		}
	if (d->nitems >= DIAG_KEPT && d->left_out) // whoever empties the list need not know of it
		str_printf(out, "HINT: there are %u more\n", d->left_out);
}

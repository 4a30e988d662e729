// SPDX-License-Identifier: Apache-2.0
// sinks.c - `export` against the rows of base/sink.def, and which stream goes where.
#include <ctype.h>
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "lang/declared.h"
#include "lang/literal.h"

enum option_kind { OPTION_STR, OPTION_UINT, OPTION_BOOL, OPTION_DURATION, OPTION_ENUM, OPTION_FILE, OPTION_ADDRESS, OPTION_URL };

static const struct {
	const char *name, *doc;
} kinds[] = {
#define SINK(name, doc) { #name, doc },
#define SINK_OPTION(sink, key, kind, otherwise, doc)
#include "base/sink.def"
#undef SINK
#undef SINK_OPTION
};

static const struct option_row {
	const char *sink, *key;
	enum option_kind kind;
	const char *otherwise, *doc;
} options[] = {
#define SINK(name, doc)
#define SINK_OPTION(sink, key, kind, otherwise, doc) { #sink, #key, OPTION_##kind, otherwise, doc },
#include "base/sink.def"
#undef SINK
#undef SINK_OPTION
};

static const struct {
	const char *sink;
	unsigned takes;
} takes_rows[] = {
#define TAKES_RECORDS SINK_TAKES_RECORDS
#define TAKES_MEASURES SINK_TAKES_MEASURES
#define TAKES_STACKS SINK_TAKES_STACKS
#define SINK(name, doc)
#define SINK_OPTION(sink, key, kind, otherwise, doc)
#define SINK_TAKES(sink, what) { #sink, what },
#include "base/sink.def"
#undef SINK
#undef SINK_OPTION
#undef SINK_TAKES
};
_Static_assert(ARRAY_SIZE(takes_rows) == ARRAY_SIZE(kinds), "one row per sink");

unsigned sink_takes(const struct plan_sink *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(takes_rows); i++)
		if (strcmp(takes_rows[i].sink, s->kind) == 0)
			return takes_rows[i].takes;
	BUG("sink of kind '%s'", s->kind);
}

static const char *kind_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].name;
	return NULL;
}

static bool is_place(const struct option_row *o)
{
	return o->kind == OPTION_FILE || o->kind == OPTION_ADDRESS || o->kind == OPTION_URL;
}

// Values --------------------------------------------------------------------------------------------------------------

static const char *wanted(struct lang *l, const struct option_row *o)
{
	switch (o->kind) {
	case OPTION_STR: return "a string";
	case OPTION_UINT: return "a number";
	case OPTION_BOOL: return "true or false";
	case OPTION_DURATION: return "a duration, such as 5s";
	case OPTION_ENUM: return o->doc;
	case OPTION_FILE: return "a file's path in quotes";
	case OPTION_ADDRESS: return "an address in quotes, \"HOST:PORT\"";
	case OPTION_URL: return "a URL in quotes, \"http://HOST:PORT\"";
	}
	return "";
}

static bool is_word_of(const char *doc, const char *word)
{
	const char *list = strstr(doc, "one of "), *at;
	size_t n = strlen(word);

	for (at = list ? list + 7 : doc; *at; at += *at == '|') {
		size_t len = strcspn(at, "| ");

		if (len == n && memcmp(at, word, n) == 0)
			return true;
		at += len;
		if (*at != '|')
			break;
	}
	return false;
}

static bool is_address(const char *s)
{
	const char *colon = strrchr(s, ':');
	size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

	return colon && colon > s && digits > 0 && digits < 6 && !colon[1 + digits] && strtoul(colon + 1, NULL, 10) <= 65535;
}

static bool is_url(const char *s)
{
	size_t scheme = strncmp(s, "http://", 7) == 0 ? 7 : strncmp(s, "https://", 8) == 0 ? 8 : 0;

	return scheme && isgraph((unsigned char)s[scheme]) && s[scheme] != '/' && s[scheme] != ':' && !strpbrk(s, " \t\n\"<>");
}

static const char *wrong_text(const struct option_row *o, const char *text)
{
	if (o->kind == OPTION_FILE && !*text)
		return "the path is empty";
	if (o->kind == OPTION_ADDRESS && !is_address(text))
		return "this is no address; write \"HOST:PORT\"";
	if (o->kind == OPTION_URL && !is_url(text))
		return "this is no URL that can be sent to; write \"http://HOST:PORT\"";
	return NULL;
}

static bool is_text(const struct node *v, const struct option_row *o)
{
	return v->kind == NODE_STRING && (o->kind == OPTION_STR || o->kind == OPTION_ENUM || is_place(o));
}

// False: of another type than the option.
static bool take_value(struct lang *l, const struct option_row *o, const struct node *v, struct plan_option *ret)
{
	if (v->kind == NODE_POSITIONAL)
		v = o->kind == OPTION_UINT ? param_node(l, v->positional.number, v->span) : param_string(l, v->positional.number, v->span);
	if (is_text(v, o)) {
		ret->text = v->string.text;
		return o->kind != OPTION_ENUM || is_word_of(o->doc, ret->text);
	}
	if (v->kind == NODE_IDENT && o->kind == OPTION_ENUM) {
		ret->text = v->ident.name;
		return is_word_of(o->doc, ret->text);
	}
	if (v->kind == NODE_BOOL && o->kind == OPTION_BOOL) {
		ret->text = v->bool_.value ? "true" : "false";
		ret->number = v->bool_.value;
		return true;
	}
	if (v->kind != NODE_INT || (o->kind != OPTION_UINT && o->kind != OPTION_DURATION) || v->int_.is_duration != (o->kind == OPTION_DURATION))
		return false;
	ret->number = v->int_.value;
	ret->text = arena_printf(l->arena, "%llu", (unsigned long long)v->int_.value);
	return true;
}

static void take_default(struct lang *l, const struct option_row *o, struct plan_option *ret)
{
	bool is_duration;

	ret->text = o->otherwise;
	if (o->kind == OPTION_UINT || o->kind == OPTION_DURATION)
		literal_number(o->otherwise, strlen(o->otherwise), &ret->number, &is_duration);
	else if (o->kind == OPTION_BOOL)
		ret->number = strcmp(o->otherwise, "true") == 0;
}

// Sinks ---------------------------------------------------------------------------------------------------------------

static const struct node *setting_named(const struct node *sink, const char *key)
{
	for (size_t i = 0; i < sink->sink.settings.n; i++)
		if (strcmp(sink->sink.settings.v[i]->setting.name, key) == 0)
			return sink->sink.settings.v[i];
	return NULL;
}

static const struct option_row *row_named(const char *sink, const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(options[i].sink, sink) == 0 && strcmp(options[i].key, key) == 0)
			return &options[i];
	return NULL;
}

static const struct option_row *place_row(const char *sink)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(options[i].sink, sink) == 0 && is_place(&options[i]))
			return &options[i];
	return NULL;
}

static void unknown_option(struct lang *l, const struct node *setting, const char *kind)
{
	struct near near = near_to(setting->setting.name);
	_str_ struct str all = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(options[i].sink, kind) == 0) {
			near_offer(&near, options[i].key);
			str_printf(&all, "%s%s", all.n ? ", " : "", options[i].key);
		}
	diag_error(l->diag, setting->span, E_UNKNOWN_NAME, "%s has no option '%s'", kind, setting->setting.name);
	if (near.best)
		diag_hint(l->diag, "did you mean '%s'? It has: %s", near.best, str_z(&all));
	else
		diag_hint(l->diag, all.n ? "it has: %s" : "it has no options%s", str_z(&all));
}

static bool check_shape(struct lang *l, const struct node *sink, const char *kind)
{
	const struct option_row *place = place_row(kind);
	unsigned before = l->diag->errors;

	if (sink->sink.args.n && !place)
		diag_error(l->diag, sink->span, E_ARGS, "%s takes nothing in parentheses", kind);
	else if (sink->sink.args.n > 1)
		diag_error(l->diag, sink->sink.args.v[1]->span, E_ARGS, "%s takes one thing in parentheses: %s; all else stands in braces: %s(…) { %s … }", kind,
			   place->doc, kind, place->key);
	for (size_t i = 0; i < sink->sink.settings.n; i++) {
		const struct node *s = sink->sink.settings.v[i];

		if (!row_named(kind, s->setting.name))
			unknown_option(l, s, kind);
		else if (setting_named(sink, s->setting.name) != s || (sink->sink.args.n && place && strcmp(place->key, s->setting.name) == 0))
			diag_error(l->diag, s->span, E_REDEFINED, "%s is given twice", s->setting.name);
		else if (s->setting.values.n != 1)
			diag_error(l->diag, s->span, E_ARGS, "%s takes one value", s->setting.name);
	}
	return l->diag->errors == before;
}

static void take_option(struct lang *l, const struct node *sink, const struct option_row *o, struct plan_sink *ret)
{
	const struct node *setting = setting_named(sink, o->key);
	const struct node *v = setting ? setting->setting.values.v[0] : is_place(o) && sink->sink.args.n ? sink->sink.args.v[0] : NULL;
	struct plan_option row = { .key = o->key, .text = "" };
	const char *why = NULL;

	if (!v && !o->otherwise)
		diag_error(l->diag, sink->span, E_ARGS, "%s needs its %s (%s): %s(\"…\")", o->sink, o->key, o->doc, o->sink);
	else if (!v)
		take_default(l, o, &row);
	else if (!take_value(l, o, v, &row))
		diag_error(l->diag, v->span, E_TYPE, "%s: %s is %s", o->sink, o->key, wanted(l, o));
	else
		why = wrong_text(o, row.text);
	if (why)
		diag_error(l->diag, v->span, E_LITERAL, "%s: %s: %s", o->sink, o->key, why);
	plan_push(l->arena, &ret->options, &ret->n_options, row);
}

static bool same_sink(const struct plan_sink *a, const struct plan_sink *b)
{
	if (strcmp(a->kind, b->kind) != 0 || a->n_options != b->n_options)
		return false;
	for (uint32_t i = 0; i < a->n_options; i++)
		if (strcmp(a->options[i].text, b->options[i].text) != 0)
			return false;
	return true;
}

static bool name_taken(const struct lang *l, const char *name)
{
	for (uint32_t i = 0; i < l->plan->n_sinks; i++)
		if (strcmp(l->plan->sinks[i].name, name) == 0)
			return true;
	return false;
}

static const char *free_name(struct lang *l, const char *kind)
{
	const char *name = kind;

	for (unsigned i = 2; name_taken(l, name); i++)
		name = arena_printf(l->arena, "%s_%u", kind, i);
	return name;
}

static void unknown_sink(struct lang *l, const struct node *sink)
{
	struct near near = near_to(sink->sink.name);
	_str_ struct str all = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		near_offer(&near, kinds[i].name);
		str_printf(&all, "%s%s", i ? ", " : "", kinds[i].name);
	}
	for (uint32_t i = 0; i < l->plan->n_sinks; i++)
		near_offer(&near, l->plan->sinks[i].name);
	diag_error(l->diag, sink->span, E_UNKNOWN_NAME, "there is no sink '%s'", sink->sink.name);
	if (near.best)
		diag_hint(l->diag, "did you mean '%s'? There are: %s; and names declared by `export NAME = …`", near.best, str_z(&all));
	else
		diag_hint(l->diag, "there are: %s; and names declared by `export NAME = …`", str_z(&all));
}

uint32_t sink_declare(struct lang *l, const struct node *sink, const char *name)
{
	struct plan_sink s = { .kind = kind_named(sink->sink.name) };
	unsigned before = l->diag->errors;

	if (!s.kind)
		unknown_sink(l, sink);
	else if (check_shape(l, sink, s.kind))
		for (size_t i = 0; i < ARRAY_SIZE(options); i++)
			if (strcmp(options[i].sink, s.kind) == 0)
				take_option(l, sink, &options[i], &s);
	if (l->diag->errors > before)
		return NO_EVENT;
	for (uint32_t i = 0; !name && i < l->plan->n_sinks; i++)
		if (same_sink(&l->plan->sinks[i], &s))
			return i;
	s.name = name ? name : free_name(l, s.kind);
	plan_push(l->arena, &s.span, &s.n_span, (struct plan_span){ sink->span.source, sink->span.start, sink->span.end });
	return plan_push(l->arena, &l->plan->sinks, &l->plan->n_sinks, s);
}

// By an `export NAME = …` that was complained of.
static bool is_declared(const struct lang *l, const struct node *sink)
{
	for (size_t i = 0; i < l->script->script.items.n; i++) {
		const struct node *item = l->script->script.items.v[i];

		if (item->kind == NODE_EXPORT && strcmp(item->export_.name, sink->sink.name) == 0)
			return true;
	}
	return false;
}

uint32_t sink_named(struct lang *l, const struct node *sink)
{
	for (uint32_t i = 0; i < l->plan->n_sinks && !sink->sink.called && !sink->sink.settings.n; i++)
		if (strcmp(l->plan->sinks[i].name, sink->sink.name) == 0)
			return i;
	return is_declared(l, sink) ? NO_EVENT : sink_declare(l, sink, NULL);
}

// Streams -------------------------------------------------------------------------------------------------------------

struct stream_sink {
	const struct node *node;
	uint32_t sink;
	bool reached;
};

struct stream_item {
	const struct node *item;
	VEC(struct stream_sink) sinks;
	bool used;
};

static bool exports_to(const struct stream_item *s, uint32_t sink)
{
	for (size_t i = 0; i < s->sinks.n; i++)
		if (s->sinks.v[i].sink == sink)
			return true;
	return false;
}

static const struct node *export_clause(const struct node *item)
{
	for (size_t i = 0; i < item->declared.clauses.n; i++) {
		const struct node *c = item->declared.clauses.v[i];

		if (c->clause.id == CLAUSE_EXPORT)
			return c;
	}
	return NULL;
}

void streams_declare(struct lang *l, const struct node *item)
{
	void **at = map_puts(&l->streams, item->declared.name);
	struct stream_item *s = arena_new_(l->arena, struct stream_item);
	const struct node *export = export_clause(item);

	if (*at)
		diag_error(l->diag, item->span, E_REDEFINED, "the stream '%s' is declared twice", item->declared.name);
	for (size_t i = 0; i < item->declared.clauses.n; i++)
		if (item->declared.clauses.v[i] != export)
			diag_error(l->diag, item->declared.clauses.v[i]->span, E_PLACE, "a stream has nothing but an `export` clause");
	*at = s;
	s->item = item;
	for (size_t i = 0; export && i < export->clause.parts.n; i++) {
		const struct node *sink = export->clause.parts.v[i];
		uint32_t index = sink_named(l, sink);

		if (index != NO_EVENT && exports_to(s, index))
			diag_error(l->diag, sink->span, E_REDEFINED, "'%s' is exported there already; each sink gets all of it once", item->declared.name);
		else if (index != NO_EVENT)
			vec_push(l->arena, &s->sinks, (struct stream_sink){ .node = sink, .sink = index });
	}
}

static uint32_t default_sink(struct lang *l, struct span at)
{
	struct node *sink = node_new(l->arena, NODE_SINK, at);

	sink->sink.name = "table";
	return sink_named(l, sink);
}

void stream_sinks(struct lang *l, struct plan_stream *p, bool has_stack)
{
	unsigned offers = (p->n_measures ? SINK_TAKES_MEASURES : SINK_TAKES_RECORDS) | (has_stack ? SINK_TAKES_STACKS : 0);
	struct stream_item *s = map_gets(&l->streams, p->name);
	struct span at = { p->span[0].source, p->span[0].start, p->span[0].end };

	if (s)
		s->used = true;
	if (!s || !s->sinks.n)
		plan_push(l->arena, &p->sinks, &p->n_sinks, (struct plan_ref){ default_sink(l, at) });
	for (size_t i = 0; s && i < s->sinks.n; i++) {
		if (!(sink_takes(&l->plan->sinks[s->sinks.v[i].sink]) & offers))
			continue;
		s->sinks.v[i].reached = true;
		plan_push(l->arena, &p->sinks, &p->n_sinks, (struct plan_ref){ s->sinks.v[i].sink });
	}
}

static void finish(struct lang *l, const char *name, const struct stream_item *s)
{
	for (size_t i = 0; s->used && i < s->sinks.n; i++) {
		const struct plan_sink *p = &l->plan->sinks[s->sinks.v[i].sink];

		if (s->sinks.v[i].reached)
			continue;
		diag_error(l->diag, s->sinks.v[i].node->span, E_ARGS, "%s takes %s, and '%s' has none", p->kind,
			   sink_takes(p) & SINK_TAKES_STACKS ? "stacks" : sink_takes(p) & SINK_TAKES_MEASURES ? "measures" : "records", name);
		if (sink_takes(p) & SINK_TAKES_STACKS)
			diag_hint(l->diag, "capture one, such as stack = ustack, or measure by it: n = count() by ustack");
	}
}

void streams_finish(struct lang *l)
{
	for (size_t i = 0; i < l->streams.n; i++)
		finish(l, ((struct stream_item *)l->streams.at[i].value)->item->declared.name, l->streams.at[i].value);
}

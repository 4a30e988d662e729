// SPDX-License-Identifier: Apache-2.0
// build_declared.c - nodes of targets, declarative probes, exports and the budget, and what the grammar lets through of them.
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/near.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/builtin.h"
#include "lang/parse.h"

struct node *build_setting(struct parser *p, struct span at, const char *name, struct node_list values)
{
	struct node *n = build_node(p, NODE_SETTING, at);

	n->setting.name = name;
	n->setting.values = values;
	return build_done(p, n);
}

struct node *build_setting_of(struct parser *p, struct span at, const char *name, struct node *value)
{
	struct node_list one = { 0 };

	build_push(p, &one, value);
	return build_setting(p, at, name, one);
}

struct node *build_target(struct parser *p, struct span at, const char *name, struct node_list settings)
{
	struct node *n = build_node(p, NODE_TARGET, at);

	n->target.name = name;
	n->target.settings = settings;
	p->seen_probe = true;
	return build_done(p, n);
}

struct node *build_budget(struct parser *p, struct span at, struct node_list settings)
{
	struct node *n = build_node(p, NODE_BUDGET, at);

	n->budget.settings = settings;
	p->seen_probe = true;
	return build_done(p, n);
}

struct node *build_sink(struct parser *p, struct span at, const char *name, bool called, struct node_list args, struct node_list settings)
{
	struct node *n = build_node(p, NODE_SINK, at);

	n->sink.name = name;
	n->sink.called = called;
	n->sink.args = args;
	n->sink.settings = settings;
	return build_done(p, n);
}

struct node *build_param(struct parser *p, struct span at, const char *name, struct node *init, const char *about)
{
	struct node *n = build_node(p, NODE_PARAM, at);

	n->param.name = name;
	n->param.init = init;
	n->param.about = about;
	return build_done(p, n);
}

struct node *build_export(struct parser *p, struct span at, const char *name, struct node *sink)
{
	struct node *n = build_node(p, NODE_EXPORT, at);

	n->export_.name = name;
	n->export_.sink = sink;
	p->seen_probe = true;
	return build_done(p, n);
}

// Amounts -------------------------------------------------------------------------------------------------------------

static struct node *amount(struct parser *p, struct span at)
{
	struct node *n = build_node(p, NODE_AMOUNT, at);

	n->amount.text = map_intern(&p->names, p->lexer.text + at.start, at.end - at.start);
	return build_done(p, n);
}

// "0.25%" in millionths; blanks may stand around the point.
struct node *build_percent(struct parser *p, struct span at)
{
	struct node *n = amount(p, at);
	uint64_t v = 0;
	int decimals = -1;

	for (const char *c = n->amount.text; *c; c++) {
		if (*c == '.')
			decimals = 0;
		if (!isdigit((unsigned char)*c))
			continue;
		if (decimals >= 4 || v > 1000000) {
			parser_error(p, at, E_NUMBER, decimals >= 4 ? "a share has up to four decimals" : "a share is at most 100%%");
			return n;
		}
		v = v * 10 + (uint64_t)(*c - '0');
		decimals += decimals >= 0;
	}
	for (int i = MAX(decimals, 0); i < 4; i++)
		v *= 10;
	if (v == 0 || v > 1000000)
		parser_error(p, at, E_NUMBER, "a share is more than 0%% and at most 100%%");
	n->amount.value = v;
	n->amount.is_percent = true;
	return n;
}

// "50MB" in bytes.
struct node *build_size(struct parser *p, struct span at)
{
	static const struct {
		const char *suffix;
		uint64_t factor;
	} units[] = { { "B", 1 }, { "KB", 1000 }, { "kB", 1000 }, { "MB", 1000000 }, { "GB", 1000000000 }, { "KiB", 1u << 10 }, { "MiB", 1u << 20 }, { "GiB", 1u << 30 } };
	struct node *n = amount(p, at);
	size_t digits = strspn(n->amount.text, "0123456789");
	bool overflow = false, known = false;

	for (size_t i = 0; i < digits; i++) {
		overflow |= __builtin_mul_overflow(n->amount.value, 10, &n->amount.value);
		overflow |= __builtin_add_overflow(n->amount.value, (uint64_t)(n->amount.text[i] - '0'), &n->amount.value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strcmp(n->amount.text + digits, units[i].suffix) == 0) {
			known = true;
			overflow |= __builtin_mul_overflow(n->amount.value, units[i].factor, &n->amount.value);
		}
	if (!known)
		parser_error(p, at, E_NUMBER, "a size ends in B, KB, MB, GB, KiB, MiB or GiB");
	else if (overflow)
		parser_error(p, at, E_NUMBER, "this size does not fit in 64 bits");
	return n;
}

// Clauses -------------------------------------------------------------------------------------------------------------

struct node *build_clause(struct parser *p, struct span at, enum clause id, struct node_list parts)
{
	struct node *n = build_node(p, NODE_CLAUSE, at);

	n->clause.word = clause_word(id);
	n->clause.id = id;
	n->clause.parts = parts;
	return build_done(p, n);
}

struct node *build_clause_of(struct parser *p, struct span at, enum clause id, struct node *part)
{
	struct node_list one = { 0 };

	build_push(p, &one, part);
	return build_clause(p, at, id, one);
}

void build_unknown_clause(struct parser *p, struct span at)
{
	const char *word = map_intern(&p->names, p->lexer.text + at.start, at.end - at.start);
	_str_ struct str all = { 0 };
	struct near near = near_to(word);

	for (int i = 0; i < CLAUSES; i++) {
		str_printf(&all, "%s%s", i ? i == CLAUSES - 1 ? " and " : ", " : "", clause_word((enum clause)i));
		near_offer(&near, clause_word((enum clause)i));
	}
	parser_error(p, at, E_SYNTAX, "'%s' begins no clause", word);
	if (near.best)
		diag_hint(p->diag, "did you mean '%s'? The clauses are %s", near.best, str_z(&all));
	else
		diag_hint(p->diag, "the clauses are %s; what goes on behind a word is joined by a comma or an operator", str_z(&all));
	parser_panic(p);
}

struct node *build_column(struct parser *p, struct span at, const char *name, struct node *value)
{
	struct node *n = build_node(p, NODE_COLUMN, at);

	n->column.name = name;
	n->column.value = value;
	return build_done(p, n);
}

struct node *build_measured(struct parser *p, struct span at, const char *name, struct node *value, struct node *key)
{
	struct node *n = build_node(p, NODE_MEASURED, at);

	n->measured.name = name;
	n->measured.value = value;
	build_push(p, &n->measured.keys, key);
	return build_done(p, n);
}

static bool is_aggregation(const struct node *n)
{
	const struct builtin *b = n->kind == NODE_CALL ? builtin_find(n->call.name, true) : NULL;

	return b && b->flags & BF_AGG;
}

// `a = hist(x) by comm, id = arg1, b = count()`: a part that is no aggregation is one more key of the measure before it.
struct node *build_measures(struct parser *p, struct span at, struct node_list parts)
{
	struct node_list all = { 0 };

	for (size_t i = 0; i < parts.n; i++) {
		struct node *part = parts.v[i], *last = all.n ? all.v[all.n - 1] : NULL;

		if (part->measured.name && (is_aggregation(part->measured.value) || part->measured.keys.n || !last || !last->measured.keys.n)) {
			build_push(p, &all, part);
		} else if (last && last->measured.keys.n) {
			build_push(p, &last->measured.keys, build_column(p, part->span, part->measured.name, part->measured.value));
			last->span.end = part->span.end;
			build_done(p, last);
		} else {
			parser_error(p, part->span, E_SYNTAX, "a measure has a name: latency = hist(duration) by comm");
		}
	}
	return build_clause(p, at, CLAUSE_MEASURE, all);
}

static void wrong_limit(struct parser *p, struct span at, const char *word)
{
	parser_error(p, at, E_SYNTAX, "'%s' is no way to sample; write 1/10, 1/10 by KEY, max 200/s, max 200/s by KEY or cpu 5%%", word);
}

// A number that says too little: `10`, `5%`, `max 200`, `cpu 5`.
static bool incomplete_limit(struct parser *p, const struct node *n, const struct node *number, bool is_share)
{
	const char *word = n->limit.word, *text = number->kind == NODE_AMOUNT ? number->amount.text : number->int_.text;
	bool percent = number->kind == NODE_AMOUNT;

	if (n->limit.unit || is_share || (word && percent))
		return false;
	if (word && strcmp(word, "max") == 0)
		parser_error(p, n->span, E_SYNTAX, "a rate is so many a time: max %s/s, max %s/m or max %s/h", text, text, text);
	else if (word && strcmp(word, "cpu") == 0)
		parser_error(p, n->span, E_SYNTAX, "cpu is a share of one processor: cpu %s%%", text);
	else if (word)
		wrong_limit(p, n->span, word);
	else if (percent)
		parser_error(p, n->span, E_SYNTAX, "%s of the events is written as one of N, such as 1/2 or 1/100; %s of a processor is cpu %s", text, text, text);
	else
		parser_error(p, n->span, E_SYNTAX, "a sample is written 1/10, max 200/s or cpu 5%%; '%s' could be each of them", text);
	return true;
}

struct node *build_limit(struct parser *p, struct span at, const char *word, struct node *number, struct node *of, const char *unit, struct node *key)
{
	static const char *const units[] = { "s", "m", "h" };
	struct node *n = build_node(p, NODE_LIMIT, at);
	bool known = !unit;

	n->limit.word = word;
	n->limit.number = number->kind == NODE_AMOUNT ? number->amount.value : number->int_.value;
	n->limit.of = of ? of->int_.value : 0;
	n->limit.unit = unit;
	n->limit.key = key;
	for (size_t i = 0; unit && i < ARRAY_SIZE(units); i++)
		known |= strcmp(unit, units[i]) == 0;
	if (incomplete_limit(p, n, number, of))
		;
	else if (word && strcmp(word, unit ? "max" : "cpu") != 0)
		wrong_limit(p, at, word);
	else if (!known)
		parser_error(p, at, E_SYNTAX, "'/%s' is no rate; it is /s, /m or /h", unit);
	else if (number->kind == NODE_INT && (number->int_.is_duration || (of && of->int_.is_duration)))
		parser_error(p, at, E_NUMBER, "a sample is made of plain numbers");
	else if (!word && (n->limit.number != 1 || n->limit.of == 0 || n->limit.of > 1u << 30))
		parser_error(p, at, E_NUMBER, "a share is written 1/N, with N from 1 to %u: one of N is taken", 1u << 30);
	else if (unit && (n->limit.number == 0 || n->limit.number > 1000000000))
		parser_error(p, at, E_NUMBER, "a rate is from 1 to 1000000000; without the probe nothing is taken");
	return build_done(p, n);
}

static void check_twice(struct parser *p, const struct node_list *clauses)
{
	static const char *const instead[CLAUSES] = {
		[CLAUSE_RUN] = "a case runs one command", [CLAUSE_WITH] = "one can list several parameters", [CLAUSE_FILTER] = "conditions are joined with && or ||",
		[CLAUSE_CAPTURE] = "one can list several columns", [CLAUSE_MEASURE] = "one can list several measures",
		[CLAUSE_SAMPLE] = "one can list several ways: sample 1/10, max 200/s", [CLAUSE_EVERY] = "measures have one interval",
		[CLAUSE_EXPORT] = "one can list several sinks", [CLAUSE_EXPECT] = "one can list several conditions", [CLAUSE_DO] = "one block holds all statements",
	};
	const struct node *first[CLAUSES] = { 0 };

	for (size_t i = 0; i < clauses->n; i++) {
		const struct node *c = clauses->v[i];
		unsigned line, col, end_line, end_col;

		if (!first[c->clause.id]) {
			first[c->clause.id] = c;
			continue;
		}
		if (c->clause.id == CLAUSE_ON)
			continue;
		diag_place(p->diag, first[c->clause.id]->span, &line, &col, &end_line, &end_col);
		parser_error(p, c->span, E_REDEFINED, "a second `%s`; the first stands in line %u, and %s", c->clause.word, line, instead[c->clause.id]);
	}
}

static bool belongs(enum declared_kind kind, enum clause id)
{
	if (kind == DECLARED_STREAM)
		return true; // lang/sinks.c looks at it, with the others of its kind
	return (kind == DECLARED_CASE) == (id == CLAUSE_RUN || id == CLAUSE_WITH) || id == CLAUSE_EXPECT;
}

static void check_place(struct parser *p, enum declared_kind kind, const struct node_list *clauses)
{
	static const char *const whose[] = {
		[DECLARED_PROBE] = "`run` and `with` are of a case: case NAME { run \"…\" expect … }",
		[DECLARED_CASE] = "`case` takes `run`, `with` and `expect`",
	};

	for (size_t i = 0; i < clauses->n; i++)
		if (!belongs(kind, clauses->v[i]->clause.id))
			parser_error(p, clauses->v[i]->span, E_PLACE, "%s", whose[kind]);
}

static void check_case(struct parser *p, const struct node *n)
{
	bool expects = false;

	for (size_t i = 0; i < n->declared.clauses.n; i++) {
		const struct node *c = n->declared.clauses.v[i];

		expects |= c->clause.id == CLAUSE_EXPECT;
		for (size_t k = 0; k < c->clause.parts.n && c->clause.id != CLAUSE_EXPECT; k++)
			if (c->clause.parts.v[k]->kind != NODE_STRING || (c->clause.id == CLAUSE_RUN && k))
				parser_error(p, c->clause.parts.v[k]->span, E_TYPE, c->clause.id == CLAUSE_RUN ? "`run` takes one command, in quotes" : "`with` takes parameters in quotes: with \"--slow=1ms\", \"5\"");
	}
	if (!expects)
		parser_error(p, n->span, E_ARGS, "the case '%s' expects nothing", n->declared.name);
}

struct node *build_declared(struct parser *p, struct span at, enum declared_kind kind, const char *name, struct node_list clauses)
{
	struct node *n = build_node(p, NODE_DECLARED, at);

	check_twice(p, &clauses);
	n->declared.name = name;
	n->declared.is_stream = kind == DECLARED_STREAM;
	n->declared.is_case = kind == DECLARED_CASE;
	n->declared.clauses = clauses;
	check_place(p, kind, &clauses);
	if (kind == DECLARED_CASE)
		check_case(p, n);
	p->seen_probe = true;
	return build_done(p, n);
}

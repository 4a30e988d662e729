// SPDX-License-Identifier: Apache-2.0
// A tree as source text: what `-d core` shows, without comments. It parses to an equal tree; that decides where parentheses
// and semicolons stand.
#include "lang/lang.h"

#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "lang/ast.h"

enum { PERCENT = 10000 }; // of a limit's millionths
enum { TERNARY_LEVEL = 1, UNARY_LEVEL = 12, POSTFIX_LEVEL = 13, PRIMARY_LEVEL = 14 };

struct printer {
	struct str *out;
	unsigned indent;
};

static void print(struct printer *p, const struct node *n, int level);
static void print_of(struct printer *p, const char *word, const struct node *of);
static void print_block(struct printer *p, const struct node *n, bool is_value);
static void print_if(struct printer *p, const struct node *n, bool is_value);

// Where a whole expression stands, an `if` or block needs no parentheses.
static void print_whole(struct printer *p, const struct node *n)
{
	if (n->kind == NODE_IF)
		print_if(p, n, true);
	else if (n->kind == NODE_BLOCK)
		print_block(p, n, true);
	else
		print(p, n, 0);
}

static int level_of(const struct node *n)
{
	switch (n->kind) {
	case NODE_TERNARY:
		return TERNARY_LEVEL;
	case NODE_BINARY:
		return op_precedence(n->binary.op);
	case NODE_UNARY: case NODE_CAST: case NODE_COMPTIME:
		return UNARY_LEVEL;
	case NODE_INCDEC:
		return n->incdec.prefix ? UNARY_LEVEL : POSTFIX_LEVEL;
	case NODE_FIELD: case NODE_ELEMENT: case NODE_INDEX:
		return POSTFIX_LEVEL;
	case NODE_IF: case NODE_BLOCK:
		return 0;
	default:
		return PRIMARY_LEVEL;
	}
}

static void print_list(struct printer *p, const struct node_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			str_adds(p->out, ", ");
		print_whole(p, list->v[i]);
	}
}

static void print_string(struct printer *p, const char *s, size_t n)
{
	str_addc(p->out, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			str_printf(p->out, "\\%c", c);
		else if (c == '\n' || c == '\t' || c == '\r')
			str_printf(p->out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
		else if (c < 0x20 || c == 0x7f)
			str_printf(p->out, "\\%03o", c);
		else
			str_addc(p->out, (char)c);
	}
	str_addc(p->out, '"');
}

static void print_int(struct printer *p, const struct node *n)
{
	if (n->int_.text)
		str_adds(p->out, n->int_.text);
	else if ((int64_t)n->int_.value < 0 && !n->int_.is_unsigned) // folded
		str_i64(p->out, (int64_t)n->int_.value);
	else
		str_u64(p->out, n->int_.value);
}

static void print_type(struct printer *p, const struct node *n)
{
	if (n->typespec.of) {
		print_of(p, "typeof", n->typespec.of);
		str_addc(p->out, ')');
	} else {
		if (n->typespec.word)
			str_printf(p->out, "%s ", n->typespec.word);
		str_adds(p->out, n->typespec.name);
	}
	if (n->typespec.pointers)
		str_addc(p->out, ' ');
	str_fill(p->out, '*', n->typespec.pointers);
	if (!n->typespec.is_array)
		return;
	str_addc(p->out, '[');
	if (n->typespec.count)
		str_u64(p->out, n->typespec.count);
	str_addc(p->out, ']');
}

// The operand of sizeof and its kin: an expression that begins with a name is put in parentheses, or it would be a type.
static void print_of(struct printer *p, const char *word, const struct node *of)
{
	const struct node *first = of;

	while (first->kind == NODE_FIELD || first->kind == NODE_INDEX || first->kind == NODE_ELEMENT)
		first = first->kind == NODE_FIELD ? first->field.base : first->kind == NODE_INDEX ? first->index.base : first->element.base;
	str_printf(p->out, "%s(", word);
	if (of->kind == NODE_TYPESPEC)
		print_type(p, of);
	else if (first->kind == NODE_IDENT || of->kind == NODE_TYPEOF)
		str_addc(p->out, '('), print(p, of, 0), str_addc(p->out, ')');
	else
		print_whole(p, of);
}

static void print_unary(struct printer *p, const struct node *n)
{
	const struct node *v = n->unary.value;
	enum op inner = v->kind == NODE_UNARY ? v->unary.op : v->kind == NODE_INCDEC && v->incdec.prefix ? v->incdec.op : OP_NONE;

	str_adds(p->out, op_spelling(n->unary.op));
	// `--x` and `&&x` are other tokens than `- -x`
	if (*op_spelling(inner) == *op_spelling(n->unary.op))
		str_addc(p->out, ' ');
	print(p, v, UNARY_LEVEL);
}

static void print_binary(struct printer *p, const struct node *n)
{
	int level = op_precedence(n->binary.op);

	print(p, n->binary.left, level);
	str_printf(p->out, " %s ", op_spelling(n->binary.op));
	print(p, n->binary.right, level + 1);
}

static void print_ternary(struct printer *p, const struct node *n)
{
	print(p, n->ternary.cond, TERNARY_LEVEL + 1);
	if (n->ternary.yes) {
		str_adds(p->out, " ? ");
		print(p, n->ternary.yes, TERNARY_LEVEL);
		str_adds(p->out, " : ");
	} else {
		str_adds(p->out, " ?: ");
	}
	print(p, n->ternary.no, TERNARY_LEVEL);
}

static void print_tuple(struct printer *p, const struct node *n)
{
	str_addc(p->out, '(');
	if (n->kind == NODE_TUPLE)
		print_list(p, &n->tuple.items);
	else
		print_list(p, &n->record.items);
	if (n->kind == NODE_TUPLE && n->tuple.items.n == 1)
		str_addc(p->out, ',');
	str_addc(p->out, ')');
}

static void print_offsetof(struct printer *p, const struct node *n)
{
	print_of(p, "offsetof", n->offsetof_.of);
	for (size_t i = 0; i < n->offsetof_.path.n; i++) {
		str_adds(p->out, i ? "." : ", ");
		print(p, n->offsetof_.path.v[i], 0);
	}
	str_addc(p->out, ')');
}

static void print_postfix(struct printer *p, const struct node *n)
{
	switch (n->kind) {
	case NODE_INDEX:
		// a map's first keys are its own; `(@m)[k]` indexes its value, and is not written
		print(p, n->index.base, POSTFIX_LEVEL);
		str_addc(p->out, '[');
		print_list(p, &n->index.keys);
		str_addc(p->out, ']');
		return;
	case NODE_FIELD:
		print(p, n->field.base, POSTFIX_LEVEL);
		str_adds(p->out, n->field.arrow ? "->" : ".");
		str_adds(p->out, n->field.name);
		return;
	default:
		print(p, n->element.base, POSTFIX_LEVEL);
		str_addc(p->out, '.');
		str_u64(p->out, n->element.number);
	}
}

static void print_incdec(struct printer *p, const struct node *n)
{
	if (n->incdec.prefix)
		str_adds(p->out, op_spelling(n->incdec.op));
	print(p, n->incdec.target, POSTFIX_LEVEL);
	if (!n->incdec.prefix)
		str_adds(p->out, op_spelling(n->incdec.op));
}

static void print_map(struct printer *p, const struct node *n)
{
	str_adds(p->out, n->map.name);
	if (!n->map.keyed)
		return;
	str_addc(p->out, '[');
	print_list(p, &n->map.keys);
	str_addc(p->out, ']');
}

static void print_cast(struct printer *p, const struct node *n)
{
	if (n->cast.to) {
		str_addc(p->out, '(');
		print_type(p, n->cast.to);
		str_addc(p->out, ')');
	}
	print(p, n->cast.value, UNARY_LEVEL);
}

static void print_expression(struct printer *p, const struct node *n)
{
	switch (n->kind) {
	case NODE_INT:
		print_int(p, n);
		return;
	case NODE_BOOL:
		str_adds(p->out, n->bool_.value ? "true" : "false");
		return;
	case NODE_STRING:
		print_string(p, n->string.text, n->string.len);
		return;
	case NODE_POSITIONAL:
		str_addc(p->out, '$');
		if (n->positional.number)
			str_u64(p->out, n->positional.number);
		else
			str_addc(p->out, '#');
		return;
	case NODE_IDENT:
		str_adds(p->out, n->ident.name);
		return;
	case NODE_VAR:
		str_adds(p->out, n->var.name);
		return;
	case NODE_MAP:
		print_map(p, n);
		return;
	case NODE_INDEX: case NODE_FIELD: case NODE_ELEMENT:
		print_postfix(p, n);
		return;
	case NODE_CALL:
		str_printf(p->out, "%s(", n->call.name);
		print_list(p, &n->call.args);
		str_addc(p->out, ')');
		return;
	case NODE_UNARY:
		print_unary(p, n);
		return;
	case NODE_BINARY:
		print_binary(p, n);
		return;
	case NODE_INCDEC:
		print_incdec(p, n);
		return;
	case NODE_TERNARY:
		print_ternary(p, n);
		return;
	case NODE_CAST:
		print_cast(p, n);
		return;
	case NODE_TUPLE: case NODE_RECORD:
		print_tuple(p, n);
		return;
	case NODE_RECORD_ITEM:
		str_printf(p->out, "%s = ", n->record_item.name);
		print_whole(p, n->record_item.value);
		return;
	case NODE_SIZEOF:
		print_of(p, "sizeof", n->sizeof_.of);
		str_addc(p->out, ')');
		return;
	case NODE_TYPEOF:
		print_of(p, "typeof", n->typeof_.of);
		str_addc(p->out, ')');
		return;
	case NODE_TYPEINFO:
		print_of(p, "typeinfo", n->typeinfo.of);
		str_addc(p->out, ')');
		return;
	case NODE_COMPTIME:
		str_adds(p->out, "comptime ");
		print(p, n->comptime.value, UNARY_LEVEL);
		return;
	case NODE_OFFSETOF:
		print_offsetof(p, n);
		return;
	case NODE_TYPESPEC:
		print_type(p, n);
		return;
	case NODE_IF:
		print_if(p, n, true);
		return;
	case NODE_BLOCK:
		print_block(p, n, true);
		return;
	case NODE_EXPR: case NODE_ASSIGN: case NODE_DISCARD: case NODE_LET: case NODE_WHILE: case NODE_UNROLL: case NODE_FOR: case NODE_BREAK:
	case NODE_CONTINUE: case NODE_RETURN: case NODE_SCRIPT: case NODE_PROBE: case NODE_POINT: case NODE_CONFIG: case NODE_CONFIG_ENTRY:
	case NODE_MAPDECL: case NODE_MACRO: case NODE_FN: case NODE_IMPORT: case NODE_C_TEXT: case NODE_FIRST_DECLARATIVE ... NODE_LAST_DECLARATIVE:
	case NODE_KINDS:
		BUG("'%s' is no expression", node_name(n->kind));
	}
}

// Prints in parentheses what binds less than `level`.
static void print(struct printer *p, const struct node *n, int level)
{
	bool wrap = level_of(n) < level || n->kind == NODE_IF || n->kind == NODE_BLOCK;

	if (wrap)
		str_addc(p->out, '(');
	print_expression(p, n);
	if (wrap)
		str_addc(p->out, ')');
}

static void line(struct printer *p)
{
	str_addc(p->out, '\n');
	str_fill(p->out, '\t', p->indent);
}

static void print_if(struct printer *p, const struct node *n, bool is_value)
{
	for (;; n = n->if_.no) {
		str_adds(p->out, n->if_.is_comptime ? "if comptime (" : "if (");
		print_whole(p, n->if_.cond);
		str_adds(p->out, ") ");
		print_block(p, n->if_.yes, is_value);
		if (!n->if_.no)
			return;
		str_adds(p->out, " else ");
		if (n->if_.no->kind == NODE_BLOCK) {
			print_block(p, n->if_.no, is_value);
			return;
		}
	}
}

static void print_loop(struct printer *p, const char *word, const struct node *head, const struct node *body)
{
	str_printf(p->out, "%s (", word);
	print_whole(p, head);
	str_adds(p->out, ") ");
	print_block(p, body, false);
}

static void print_for(struct printer *p, const struct node *n)
{
	str_printf(p->out, "for (%s : ", n->for_.name);
	if (n->for_.map) {
		print(p, n->for_.map, POSTFIX_LEVEL);
	} else {
		print(p, n->for_.start, POSTFIX_LEVEL);
		str_adds(p->out, "..");
		print(p, n->for_.end, POSTFIX_LEVEL);
	}
	str_adds(p->out, ") ");
	print_block(p, n->for_.body, false);
}

static void print_let(struct printer *p, const struct node *n)
{
	str_printf(p->out, "let %s", n->let.name);
	if (n->let.spec) {
		str_adds(p->out, " : ");
		print_type(p, n->let.spec);
	}
	if (n->let.value) {
		str_adds(p->out, " = ");
		print_whole(p, n->let.value);
	}
}

static void print_return(struct printer *p, const struct node *n)
{
	str_adds(p->out, "return");
	if (n->return_.value) {
		str_addc(p->out, ' ');
		print_whole(p, n->return_.value);
	}
}

// True if a `;` belongs behind it.
static bool print_statement(struct printer *p, const struct node *n)
{
	switch (n->kind) {
	case NODE_IF:
		print_if(p, n, false);
		return false;
	case NODE_BLOCK:
		print_block(p, n, false);
		return false;
	case NODE_WHILE:
		print_loop(p, "while", n->while_.cond, n->while_.body);
		return false;
	case NODE_UNROLL:
		print_loop(p, "unroll", n->unroll.count, n->unroll.body);
		return false;
	case NODE_FOR:
		print_for(p, n);
		return false;
	case NODE_LET:
		print_let(p, n);
		return true;
	case NODE_ASSIGN:
		print(p, n->assign.target, 0);
		str_printf(p->out, " %s= ", op_spelling(n->assign.op));
		print_whole(p, n->assign.value);
		return true;
	case NODE_DISCARD:
		str_adds(p->out, "_ = ");
		print_whole(p, n->discard.value);
		return true;
	case NODE_BREAK:
		str_adds(p->out, "break");
		return true;
	case NODE_CONTINUE:
		str_adds(p->out, "continue");
		return true;
	case NODE_RETURN:
		print_return(p, n);
		return true;
	case NODE_IMPORT:
		str_adds(p->out, "import ");
		print_string(p, n->import.path, strlen(n->import.path));
		return true;
	case NODE_EXPR:
		// print() puts an `if` or block in parentheses: bare it would be a statement
		print(p, n->expr.value, 0);
		return true;
	default:
		print(p, n, 0);
		return true;
	}
}

// A block whose value is wanted (is_value), or one where a last `if` is a statement like any other.
static void print_block(struct printer *p, const struct node *n, bool is_value)
{
	const struct node_list *body = &n->block.body;

	str_addc(p->out, '{');
	p->indent++;
	for (size_t i = 0; i < body->n; i++) {
		bool last = i + 1 == body->n && !n->block.value, block = body->v[i]->kind == NODE_IF || body->v[i]->kind == NODE_BLOCK;

		line(p);
		// behind the last `if` a `;` says that it is not the block's value
		if (print_statement(p, body->v[i]) || (is_value && last && block))
			str_addc(p->out, ';');
	}
	if (n->block.value) {
		line(p);
		print_whole(p, n->block.value);
	}
	p->indent--;
	line(p);
	str_addc(p->out, '}');
}

static void print_probe(struct printer *p, const struct node *n)
{
	for (size_t i = 0; i < n->probe.points.n; i++) {
		if (i)
			str_adds(p->out, ",\n");
		str_adds(p->out, n->probe.points.v[i]->point.text);
	}
	if (n->probe.predicate) {
		str_adds(p->out, "\n/");
		print(p, n->probe.predicate, 0);
		str_adds(p->out, "/\n");
	} else {
		str_addc(p->out, ' ');
	}
	print_block(p, n->probe.block, false);
	str_addc(p->out, '\n');
}

static void print_macro(struct printer *p, const struct node *n)
{
	str_printf(p->out, "macro %s(", n->macro.name);
	print_list(p, &n->macro.params);
	str_adds(p->out, ") ");
	print_block(p, n->macro.block, true);
	str_addc(p->out, '\n');
}

static void print_fn(struct printer *p, const struct node *n)
{
	str_printf(p->out, "fn %s(", n->fn.name);
	for (size_t i = 0; i < n->fn.params.n; i++) {
		str_printf(p->out, "%s%s : ", i ? ", " : "", n->fn.params.v[i]->let.name);
		print_type(p, n->fn.params.v[i]->let.spec);
	}
	str_addc(p->out, ')');
	if (n->fn.result) {
		str_adds(p->out, " : ");
		print_type(p, n->fn.result);
	}
	str_addc(p->out, ' ');
	print_block(p, n->fn.block, false);
	str_addc(p->out, '\n');
}

static void print_config(struct printer *p, const struct node *n)
{
	str_adds(p->out, "config = {\n");
	for (size_t i = 0; i < n->config.entries.n; i++) {
		const struct node *e = n->config.entries.v[i];

		str_printf(p->out, "\t%s = ", e->config_entry.name);
		print(p, e->config_entry.value, 0);
		str_adds(p->out, ";\n");
	}
	str_adds(p->out, "}\n");
}

// A target's settings are words and strings; nothing but numbers has a form of its own.
static void print_setting_value(struct printer *p, const struct node *n)
{
	if (n->kind == NODE_AMOUNT)
		str_adds(p->out, n->amount.text);
	else
		print(p, n, 0);
}

static void print_values(struct printer *p, const struct node_list *values)
{
	for (size_t i = 0; i < values->n; i++) {
		if (i)
			str_adds(p->out, ", ");
		print_setting_value(p, values->v[i]);
	}
}

static void print_settings(struct printer *p, const struct node_list *settings)
{
	str_addc(p->out, '{');
	p->indent++;
	for (size_t i = 0; i < settings->n; i++) {
		line(p);
		str_printf(p->out, "%s ", settings->v[i]->setting.name);
		print_values(p, &settings->v[i]->setting.values);
		str_addc(p->out, ';');
	}
	p->indent--;
	line(p);
	str_addc(p->out, '}');
}

static void print_sink(struct printer *p, const struct node *n)
{
	str_adds(p->out, n->sink.name);
	if (n->sink.called) {
		str_addc(p->out, '(');
		print_values(p, &n->sink.args);
		str_addc(p->out, ')');
	}
	if (n->sink.settings.n) {
		str_addc(p->out, ' ');
		print_settings(p, &n->sink.settings);
	}
}

static void print_limit(struct printer *p, const struct node *n)
{
	if (!n->limit.word)
		str_printf(p->out, "%llu/%llu", (unsigned long long)n->limit.number, (unsigned long long)n->limit.of);
	else if (n->limit.unit)
		str_printf(p->out, "%s %llu/%s", n->limit.word, (unsigned long long)n->limit.number, n->limit.unit);
	else
		str_printf(p->out, "%s %llu.%04llu%%", n->limit.word, (unsigned long long)n->limit.number / PERCENT, (unsigned long long)n->limit.number % PERCENT);
	if (!n->limit.key)
		return;
	str_adds(p->out, " by ");
	print_whole(p, n->limit.key);
}

static void print_part(struct printer *p, const struct node *n);

static void print_measured(struct printer *p, const struct node *n)
{
	str_printf(p->out, "%s = ", n->measured.name);
	print(p, n->measured.value, 0);
	if (!n->measured.keys.n)
		return;
	str_adds(p->out, " by ");
	for (size_t i = 0; i < n->measured.keys.n; i++) {
		str_adds(p->out, i ? ", " : "");
		print_part(p, n->measured.keys.v[i]);
	}
}

static void print_part(struct printer *p, const struct node *n)
{
	switch (n->kind) {
	case NODE_POINT: str_adds(p->out, n->point.text); return;
	case NODE_COLUMN:
		if (n->column.name)
			str_printf(p->out, "%s = ", n->column.name);
		print(p, n->column.value, 0);
		return;
	case NODE_MEASURED: print_measured(p, n); return;
	case NODE_LIMIT: print_limit(p, n); return;
	case NODE_SINK: print_sink(p, n); return;
	case NODE_BLOCK: print_block(p, n, false); return;
	default: print(p, n, 0);
	}
}

static void print_declared(struct printer *p, const struct node *n)
{
	str_printf(p->out, "%s %s {", n->declared.is_stream ? "stream" : n->declared.is_case ? "case" : "probe", n->declared.name);
	p->indent++;
	for (size_t i = 0; i < n->declared.clauses.n; i++) {
		const struct node *c = n->declared.clauses.v[i];

		line(p);
		str_printf(p->out, "%s ", c->clause.word);
		for (size_t k = 0; k < c->clause.parts.n; k++) {
			str_adds(p->out, k ? ", " : "");
			print_part(p, c->clause.parts.v[k]);
		}
	}
	p->indent--;
	line(p);
	str_adds(p->out, "}\n");
}

static void print_export(struct printer *p, const struct node *n)
{
	str_printf(p->out, "export %s = ", n->export_.name);
	print_sink(p, n->export_.sink);
	str_adds(p->out, ";\n");
}

static void print_target(struct printer *p, const struct node *n)
{
	if (n->kind == NODE_TARGET)
		str_printf(p->out, "target %s ", n->target.name);
	else
		str_adds(p->out, "budget ");
	print_settings(p, n->kind == NODE_TARGET ? &n->target.settings : &n->budget.settings);
	str_addc(p->out, '\n');
}

static void print_param(struct printer *p, const struct node *n)
{
	str_printf(p->out, "param %s = ", n->param.name);
	print_whole(p, n->param.init);
	if (n->param.about) {
		str_addc(p->out, ' ');
		print_string(p, n->param.about, strlen(n->param.about));
	}
	str_adds(p->out, ";\n");
}

static void print_item(struct printer *p, const struct node *n)
{
	switch (n->kind) {
	case NODE_PROBE: print_probe(p, n); return;
	case NODE_MACRO: print_macro(p, n); return;
	case NODE_FN: print_fn(p, n); return;
	case NODE_CONFIG: print_config(p, n); return;
	case NODE_TARGET: case NODE_BUDGET: print_target(p, n); return;
	case NODE_DECLARED: print_declared(p, n); return;
	case NODE_EXPORT: print_export(p, n); return;
	case NODE_PARAM: print_param(p, n); return;
	case NODE_IMPORT:
		print_statement(p, n);
		str_adds(p->out, ";\n");
		return;
	case NODE_C_TEXT:
		if (!p->out->n && strncmp(n->c_text.text, "#!", 2) == 0)
			str_addc(p->out, '\n'); // on the first line it would name an interpreter
		str_printf(p->out, "%s\n", n->c_text.text);
		return;
	default:
		str_printf(p->out, "let %s = %s(%llu);\n", n->mapdecl.name, n->mapdecl.kind, (unsigned long long)n->mapdecl.size);
	}
}

void core_print_expr(const struct node *n, struct str *out)
{
	struct printer p = { .out = out };

	print_whole(&p, n);
}

void core_print(const struct node *script, struct str *out)
{
	struct printer p = { .out = out };

	for (size_t i = 0; i < script->script.items.n; i++) {
		if (i)
			str_addc(out, '\n');
		print_item(&p, script->script.items.v[i]);
	}
}

// SPDX-License-Identifier: Apache-2.0
#include "lang/parse.h"

#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/literal.h"

struct node *build_node(struct parser *p, enum node_kind kind, struct span at)
{
	return node_new(p->arena, kind, at);
}

static void deepest(void *arg, struct node **slot)
{
	uint32_t *depth = arg;

	*depth = MAX(*depth, (*slot)->depth);
}

struct node *build_done(struct parser *p, struct node *n)
{
	uint32_t depth = 0;

	node_each_child(n, deepest, &depth);
	n->depth = depth + 1;
	if (n->depth > PARSE_MAX_DEPTH && !p->stop) {
		parser_error(p, n->span, E_TOO_DEEP, "this is nested more than %d levels deep; name parts of it with `let`", PARSE_MAX_DEPTH);
		p->stop = true;
	}
	return n;
}

void build_push(struct parser *p, struct node_list *list, struct node *n)
{
	if (n)
		vec_push(p->arena, list, n);
}

static const char *text_at(const struct parser *p, struct span at)
{
	return p->lexer.text + at.start;
}

static const char *intern(struct parser *p, const char *s, size_t n)
{
	return map_intern(&p->names, s, n);
}

struct node *build_int(struct parser *p, struct span at)
{
	struct node *n = build_node(p, NODE_INT, at);
	const char *error = NULL;

	// a character literal, reported already
	if (*text_at(p, at) != '\'')
		error = literal_number(text_at(p, at), at.end - at.start, &n->int_.value, &n->int_.is_duration);
	if (error)
		parser_error(p, at, E_NUMBER, "%s", error);
	n->int_.text = intern(p, text_at(p, at), at.end - at.start);
	n->int_.is_unsigned = n->int_.value > INT64_MAX;
	return build_done(p, n);
}

struct node *build_string(struct parser *p, struct span at)
{
	_str_ struct str bytes = { 0 };
	struct node *n = build_node(p, NODE_STRING, at);
	size_t bad, bad_len;
	const char *error = literal_string(text_at(p, at), at.end - at.start, &bytes, &bad, &bad_len);

	if (error)
		parser_error(p, (struct span){ at.source, at.start + (uint32_t)bad, at.start + (uint32_t)(bad + bad_len) }, E_STRING, "%s", error);
	n->string.text = intern(p, str_z(&bytes), bytes.n);
	n->string.len = bytes.n;
	return build_done(p, n);
}

struct node *build_positional(struct parser *p, struct span at)
{
	struct node *n = build_node(p, NODE_POSITIONAL, at);
	const char *error = literal_positional(text_at(p, at), at.end - at.start, &n->positional.number);

	if (error)
		parser_error(p, at, E_NUMBER, "%s", error);
	return build_done(p, n);
}

// Blanks outside quotes stand only around the `=` of `name = provider:…`, and go.
struct node *build_point(struct parser *p, struct span at)
{
	_str_ struct str text = { 0 };
	struct node *n = build_node(p, NODE_POINT, at);
	const char *s = text_at(p, at);
	bool quoted = false;

	for (uint32_t i = 0; i < at.end - at.start; i++) {
		unsigned char c = (unsigned char)s[i];

		if (!quoted && (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
			continue;
		if (c == '"')
			quoted = !quoted;
		if (c < 0x20 || c == 0x7f)
			parser_error(p, (struct span){ at.source, at.start + i, at.start + i + 1 }, E_ENCODING, "the byte 0x%02x may not stand in an attach point", c);
		str_addc(&text, (char)c);
		if (quoted && c == '\\' && i + 1 < at.end - at.start)
			str_addc(&text, s[++i]);
	}
	n->point.text = intern(p, str_z(&text), text.n);
	return build_done(p, n);
}

struct node *build_bool(struct parser *p, struct span at, bool value)
{
	struct node *n = build_node(p, NODE_BOOL, at);

	n->bool_.value = value;
	return build_done(p, n);
}

struct node *build_ident(struct parser *p, struct span at, const char *name)
{
	struct node *n = build_node(p, NODE_IDENT, at);

	n->ident.name = name;
	return build_done(p, n);
}

struct node *build_var(struct parser *p, struct span at, const char *name)
{
	struct node *n = build_node(p, NODE_VAR, at);

	n->var.name = name;
	return build_done(p, n);
}

struct node *build_map(struct parser *p, struct span at, const char *name, const struct node_list *keys)
{
	struct node *n = build_node(p, NODE_MAP, at);

	n->map.name = name;
	n->map.keyed = keys != NULL;
	if (keys)
		n->map.keys = *keys;
	return build_done(p, n);
}

struct node *build_binary(struct parser *p, struct span at, enum op op, struct node *left, struct node *right)
{
	struct node *n = build_node(p, NODE_BINARY, at);

	n->binary.op = op;
	n->binary.left = left;
	n->binary.right = right;
	return build_done(p, n);
}

static bool is_place(const struct node *n)
{
	return n->kind == NODE_VAR || n->kind == NODE_MAP;
}

struct node *build_unary(struct parser *p, struct span at, enum op op, struct node *value)
{
	struct node *n = build_node(p, NODE_UNARY, at);

	if (op == OP_ADDR && !is_place(value) && value->kind != NODE_FIELD) // path(&args.file.f_path)
		parser_error(p, at, E_SYNTAX, "`&` takes the address of a $variable or an @map, of nothing else");
	n->unary.op = op;
	n->unary.value = value;
	return build_done(p, n);
}

struct node *build_incdec(struct parser *p, struct span at, enum op op, struct node *target, bool prefix)
{
	struct node *n = build_node(p, NODE_INCDEC, at);

	if (!is_place(target))
		parser_error(p, at, E_SYNTAX, "`%s` changes a $variable or an @map; this is neither", op_spelling(op));
	n->incdec.op = op;
	n->incdec.target = target;
	n->incdec.prefix = prefix;
	return build_done(p, n);
}

struct node *build_ternary(struct parser *p, struct span at, struct node *cond, struct node *yes, struct node *no)
{
	struct node *n = build_node(p, NODE_TERNARY, at);

	n->ternary.cond = cond;
	n->ternary.yes = yes;
	n->ternary.no = no;
	return build_done(p, n);
}

struct node *build_field(struct parser *p, struct span at, struct node *base, const char *name, bool arrow)
{
	struct node *n = build_node(p, NODE_FIELD, at);

	n->field.base = base;
	n->field.name = name;
	n->field.arrow = arrow;
	return build_done(p, n);
}

struct node *build_element(struct parser *p, struct span at, struct node *base, const struct node *number)
{
	struct node *n = build_node(p, NODE_ELEMENT, at);

	if (number->int_.text[strspn(number->int_.text, "0123456789")])
		parser_error(p, number->span, E_NUMBER, "an element of a tuple is named by a plain number, like .0");
	n->element.base = base;
	n->element.number = number->int_.value;
	return build_done(p, n);
}

struct node *build_index(struct parser *p, struct span at, struct node *base, struct node_list keys)
{
	struct node *n = build_node(p, NODE_INDEX, at);

	n->index.base = base;
	n->index.keys = keys;
	return build_done(p, n);
}

struct node *build_call(struct parser *p, struct span at, const char *name, struct node_list args)
{
	struct node *n = build_node(p, NODE_CALL, at);

	n->call.name = name;
	n->call.args = args;
	return build_done(p, n);
}

struct node *build_list(struct parser *p, enum node_kind kind, struct span at, struct node_list items)
{
	struct node *n = build_node(p, kind, at);

	switch (kind) {
	case NODE_TUPLE:
		n->tuple.items = items;
		break;
	case NODE_RECORD:
		n->record.items = items;
		break;
	default:
		n->script.items = items;
	}
	return build_done(p, n);
}

struct node *build_record_item(struct parser *p, struct span at, const char *name, struct node *value)
{
	struct node *n = build_node(p, NODE_RECORD_ITEM, at);

	n->record_item.name = name;
	n->record_item.value = value;
	return build_done(p, n);
}

struct node *build_of(struct parser *p, enum node_kind kind, struct span at, struct node *of)
{
	struct node *n = build_node(p, kind, at);

	switch (kind) {
	case NODE_SIZEOF:
		n->sizeof_.of = of;
		break;
	case NODE_OFFSETOF:
		n->offsetof_.of = of;
		break;
	case NODE_TYPEINFO:
		n->typeinfo.of = of;
		break;
	default:
		n->typeof_.of = of;
	}
	return build_done(p, n);
}

struct node *build_cast(struct parser *p, struct span at, struct node *to, struct node *value)
{
	struct node *n = build_node(p, NODE_CAST, at);

	n->cast.to = to;
	n->cast.value = value;
	return build_done(p, n);
}

struct node *build_type(struct parser *p, struct span at, const char *word, const char *name, struct node *of)
{
	struct node *n = build_node(p, NODE_TYPESPEC, at);

	n->typespec.word = word ? intern(p, word, strlen(word)) : NULL;
	n->typespec.name = name;
	n->typespec.of = of;
	return build_done(p, n);
}

// A type with another as its operand: what is added to an array goes on behind it.
static struct node *wrap_type(struct parser *p, struct node *type)
{
	return build_done(p, build_type(p, type->span, NULL, NULL, type));
}

struct node *build_type_pointer(struct parser *p, struct span at, struct node *type)
{
	if (type->typespec.is_array)
		type = wrap_type(p, type);
	type->typespec.pointers++;
	type->span = at;
	return type;
}

struct node *build_dim(struct parser *p, struct span at, const struct node *count)
{
	struct node *n = build_node(p, NODE_INT, at);

	if (count && count->int_.value == 0)
		parser_error(p, count->span, E_NUMBER, "an array has at least one element; `[]` takes its length from the value");
	n->int_.value = count ? count->int_.value : 0;
	return n;
}

static struct node *add_dim(struct parser *p, struct node *type, const struct node *dim)
{
	if (type->typespec.is_array)
		type = wrap_type(p, type);
	type->typespec.is_array = true;
	type->typespec.count = dim->int_.value;
	type->span.end = dim->span.end;
	return type;
}

// int8[2][3] is two arrays of three, as in C; of string[64][3] the first is the capacity.
struct node *build_type_array(struct parser *p, struct span at, struct node *type, struct node_list dims)
{
	const char *name = type->typespec.pointers || type->typespec.word ? NULL : type->typespec.name;
	size_t first = name && (strcmp(name, "string") == 0 || strcmp(name, "buffer") == 0 || strcmp(name, "inet") == 0);

	if (first)
		type = add_dim(p, type, dims.v[0]);
	for (size_t i = dims.n; i > first; i--)
		type = add_dim(p, type, dims.v[i - 1]);
	type->span = at;
	return type;
}

static void check_target(struct parser *p, const struct node *target)
{
	if (is_place(target))
		return;
	if (target->kind == NODE_FIELD || target->kind == NODE_ELEMENT || target->kind == NODE_INDEX)
		parser_error(p, target->span, E_SYNTAX, target->kind == NODE_INDEX && target->index.base->kind == NODE_MAP
			     ? "a map has one pair of brackets: several keys are written @map[a, b]"
			     : "fields and elements are immutable; only a $variable, @map or @map[key] can be assigned to");
	else
		parser_error(p, target->span, E_SYNTAX, "this cannot be assigned to; only a $variable, @map or @map[key] can");
}

struct node *build_value(struct parser *p, enum node_kind kind, struct span at, struct node *value)
{
	struct node *n = build_node(p, kind, at);

	if (kind == NODE_DISCARD)
		n->discard.value = value;
	else if (kind == NODE_RETURN)
		n->return_.value = value;
	else if (kind == NODE_COMPTIME)
		n->comptime.value = value;
	return build_done(p, n);
}

struct node *build_assign(struct parser *p, struct span at, enum op op, struct node *target, struct node *value)
{
	struct node *n;

	if (op == OP_NONE && target->kind == NODE_IDENT && strcmp(target->ident.name, "_") == 0)
		return build_value(p, NODE_DISCARD, at, value);
	check_target(p, target);
	n = build_node(p, NODE_ASSIGN, at);
	n->assign.op = op;
	n->assign.target = target;
	n->assign.value = value;
	return build_done(p, n);
}

struct node *build_expr(struct parser *p, struct node *value)
{
	struct node *n = build_node(p, NODE_EXPR, value->span);

	n->expr.value = value;
	return build_done(p, n);
}

struct node *build_let(struct parser *p, struct span at, const char *name, struct node *spec, struct node *value)
{
	struct node *n = build_node(p, NODE_LET, at);

	n->let.name = name;
	n->let.spec = spec;
	n->let.value = value;
	return build_done(p, n);
}

struct node *build_if(struct parser *p, struct span at, bool comptime, struct node *cond, struct node *yes, struct node *no)
{
	struct node *n = build_node(p, NODE_IF, at);

	n->if_.cond = cond;
	n->if_.yes = yes;
	n->if_.no = no;
	n->if_.is_comptime = comptime;
	return build_done(p, n);
}

// A block's value where nobody asks for one is a statement.
static void degrade(struct parser *p, struct node *n)
{
	if (!n)
		return;
	if (n->kind == NODE_IF) {
		degrade(p, n->if_.yes);
		degrade(p, n->if_.no);
	} else if (n->kind == NODE_BLOCK && n->block.value) {
		struct node *value = n->block.value;

		n->block.value = NULL;
		if (value->kind == NODE_IF || value->kind == NODE_BLOCK)
			degrade(p, value);
		else
			value = build_expr(p, value);
		build_push(p, &n->block.body, value);
	}
}

void statements_close(struct parser *p, struct statements *s)
{
	if (s->open)
		degrade(p, s->list.v[s->list.n - 1]);
	s->open = false;
}

void statements_push(struct parser *p, struct statements *s, struct node *n, bool open)
{
	statements_close(p, s);
	build_push(p, &s->list, n);
	s->open = open && n;
}

struct node *build_block(struct parser *p, struct span at, struct statements *body, struct node *value)
{
	struct node *n = build_node(p, NODE_BLOCK, at);

	if (value)
		statements_close(p, body);
	else if (body->open)
		value = body->list.v[--body->list.n];
	n->block.body = body->list;
	n->block.value = value;
	return build_done(p, n);
}

struct node *build_loop(struct parser *p, enum node_kind kind, struct span at, struct node *head, struct node *body)
{
	struct node *n = build_node(p, kind, at);

	degrade(p, body);
	if (kind == NODE_WHILE) {
		n->while_.cond = head;
		n->while_.body = body;
	} else {
		n->unroll.count = head;
		n->unroll.body = body;
	}
	return build_done(p, n);
}

struct loop_range build_range(struct parser *p, struct span at, struct node *start, struct node *end)
{
	if (end)
		return (struct loop_range){ .start = start, .end = end };
	if (start->kind != NODE_MAP)
		parser_error(p, at, E_SYNTAX, "`for` goes over an @map or over a range like 0..10");
	return (struct loop_range){ .map = start };
}

struct node *build_for(struct parser *p, struct span at, const char *name, struct loop_range range, struct node *body)
{
	struct node *n = build_node(p, NODE_FOR, at);

	degrade(p, body);
	n->for_.name = name;
	n->for_.map = range.map;
	n->for_.start = range.start;
	n->for_.end = range.end;
	n->for_.body = body;
	return build_done(p, n);
}

struct node *build_probe(struct parser *p, struct span at, struct node_list points, struct node *predicate, struct node *block)
{
	struct node *n = build_node(p, NODE_PROBE, at);

	degrade(p, block);
	n->probe.points = points;
	n->probe.predicate = predicate;
	n->probe.block = block;
	p->seen_probe = true;
	return build_done(p, n);
}

struct node *build_config(struct parser *p, struct span at, struct node_list entries)
{
	struct node *n = build_node(p, NODE_CONFIG, at);
	struct span word = { at.source, at.start, at.start + (uint32_t)strlen("config") };

	if (p->seen_config)
		parser_error(p, word, E_ORDER, "a script has one config block; put these entries into the first");
	else if (p->seen_probe)
		parser_error(p, word, E_ORDER, "the config block stands before the probes and map declarations");
	p->seen_config = true;
	n->config.entries = entries;
	return build_done(p, n);
}

struct node *build_config_entry(struct parser *p, struct span at, const char *name, struct node *value)
{
	struct node *n = build_node(p, NODE_CONFIG_ENTRY, at);

	n->config_entry.name = name;
	n->config_entry.value = value;
	return build_done(p, n);
}

struct node *build_mapdecl(struct parser *p, struct span at, const char *name, const char *kind, const struct node *size)
{
	struct node *n = build_node(p, NODE_MAPDECL, at);

	n->mapdecl.name = name;
	n->mapdecl.kind = kind;
	n->mapdecl.size = size->int_.value;
	p->seen_probe = true;
	return build_done(p, n);
}

struct node *build_import(struct parser *p, struct span at, const struct node *path, bool item)
{
	struct node *n = build_node(p, NODE_IMPORT, at);

	if (item && p->seen_probe)
		parser_error(p, at, E_ORDER, "imports stand before the probes, macros and map declarations");
	p->seen_import |= item;
	if (strlen(path->string.text) != path->string.len)
		parser_error(p, path->span, E_STRING, "a path holds no NUL byte");
	n->import.path = path->string.text;
	return build_done(p, n);
}

static bool same_param(const struct node *a, const struct node *b)
{
	return node_equal(a, b) || (a->kind == NODE_LET && b->kind == NODE_LET && strcmp(a->let.name, b->let.name) == 0);
}

static void check_params(struct parser *p, const struct node_list *params)
{
	for (size_t i = 0; i < params->n; i++)
		for (size_t k = 0; k < i; k++)
			if (same_param(params->v[i], params->v[k])) {
				parser_error(p, params->v[i]->span, E_REDEFINED, "two parameters have this name");
				return;
			}
}

struct node *build_macro(struct parser *p, struct span at, const char *name, struct node_list params, struct node *block)
{
	struct node *n = build_node(p, NODE_MACRO, at);

	check_params(p, &params);
	n->macro.name = name;
	n->macro.params = params;
	n->macro.block = block;
	p->seen_probe = true;
	return build_done(p, n);
}

struct node *build_fn(struct parser *p, struct span at, const char *name, struct node_list params, struct node *result, struct node *block)
{
	struct node *n = build_node(p, NODE_FN, at);

	check_params(p, &params);
	degrade(p, block);
	n->fn.name = name;
	n->fn.params = params;
	n->fn.result = result;
	n->fn.block = block;
	p->seen_probe = true;
	return build_done(p, n);
}

struct node *build_c_text(struct parser *p, struct span at)
{
	struct node *n = build_node(p, NODE_C_TEXT, at);
	struct span line = { at.source, at.start, at.start + (uint32_t)strcspn(text_at(p, at), "{\n") };

	if (p->seen_probe || p->seen_config || p->seen_import)
		parser_error(p, line, E_ORDER, "C definitions and preprocessor lines stand before everything else");
	const char *nul = memchr(text_at(p, at), '\0', at.end - at.start);
	if (nul) {
		uint32_t off = at.start + (uint32_t)(nul - text_at(p, at));

		parser_error(p, (struct span){ at.source, off, off + 1 }, E_ENCODING, "the byte 0x00 may not stand in C definitions");
	}
	n->c_text.text = intern(p, text_at(p, at), at.end - at.start);
	return build_done(p, n);
}

// SPDX-License-Identifier: Apache-2.0
// program.c - the checked program as text, and the guarantees of program.h as assertions.
#include "lang/program.h"

#include <string.h>

#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "lang/builtin.h"

// Dump ---------------------------------------------------------------------------------------------------------------

static const char *const event_kinds[] = {
#define EVENT(NAME, func, control) #NAME,
#include "base/event.def"
#undef EVENT
};

static void dump_map(const struct plan_map *m, struct str *out)
{
	static const char *const types[] = { [1] = "hash", [2] = "array", [5] = "percpu_hash", [6] = "percpu_array", [9] = "lru_hash", [10] = "lru_percpu_hash" };

	str_printf(out, "map %s", m->name);
	if (m->key) {
		str_addc(out, '[');
		type_print(m->key, out);
		str_addc(out, ']');
	}
	str_adds(out, " = ");
	type_print(m->value, out);
	str_printf(out, "  %s key %u value %u entries %u%s%s%s\n", types[m->bpf_type], m->key_size, m->value_size, m->max_entries,
		   m->flags & 1 ? " no_prealloc" : "", m->key_is_tuple ? " tuple" : "", m->bucketed ? " bucketed" : "");
}

static void dump_event(const struct plan *p, uint32_t i, struct str *out)
{
	const struct plan_event *e = &p->events[i];

	str_printf(out, "event %u %s", i, event_kinds[e->kind]);
	if (e->kind == EVENT_PRINT_MAP || e->kind == EVENT_PRINT_MAP_VALUE || e->kind == EVENT_CLEAR || e->kind == EVENT_ZERO)
		str_printf(out, " %s", p->maps[e->map].name);
	if (e->text) {
		str_addc(out, ' ');
		str_json(out, e->text, strlen(e->text));
	}
	if (e->takes)
		str_adds(out, e->takes == WIRE_TAKE_LATER ? " and waits for what follows" : e->takes == WIRE_TAKE_ZERO ? " and zeroes it" : " and clears it");
	str_printf(out, " fixed %u", e->fixed_size);
	for (uint32_t k = 0; k < e->n_args; k++) {
		str_addc(out, ' ');
		type_print(e->args[k].type, out);
		str_printf(out, "@%u%s", e->args[k].offset, e->args[k].packed ? "p" : "");
	}
	str_addc(out, '\n');
}

static void dump_body(const struct program *p, const struct body *b, struct str *out)
{
	const struct plan_prog *prog = &p->plan->progs[b->prog];

	str_printf(out, "body %s: %s %s%s%s%s%s\n", b->name, b->type->name, prog_word(b->kind), prog->attach_to ? " to " : "",
		   prog->attach_to ? prog->attach_to : "", b->pid_filter ? ", pid filter" : "", prog->uses_cookie ? ", cookie" : "");
	for (uint32_t i = 0; i < prog->n_sites; i++)
		str_printf(out, "  site %s\n", prog->sites[i].name);
	for (size_t i = 0; i < b->nvars; i++) {
		str_printf(out, "  var %s = ", b->vars[i]->name);
		type_print(b->vars[i]->type, out);
		str_adds(out, b->vars[i]->in_callback ? " in callback\n" : "\n");
	}
	if (b->predicate) {
		str_adds(out, "  predicate\n");
		node_dump(b->predicate, true, out);
	}
	node_dump(b->block, true, out);
}

void program_dump(const struct program *p, struct str *out)
{
	for (uint32_t i = 0; i < p->plan->n_maps; i++)
		dump_map(&p->plan->maps[i], out);
	for (uint32_t i = 0; i < p->plan->n_formats; i++)
		str_printf(out, "format %u %s\n", i, p->plan->formats[i].name);
	for (uint32_t i = 0; i < p->plan->n_events; i++)
		dump_event(p->plan, i, out);
	for (size_t i = 0; i < p->nbodies; i++)
		dump_body(p, &p->bodies[i], out);
	str_printf(out, "ring %u%s\n", p->plan->ring_bytes, p->plan->only_special ? ", ends by itself" : "");
}

// Check --------------------------------------------------------------------------------------------------------------

struct place {
	const struct program *program;
	const struct body *body;
	unsigned loops;
};

static void check_typed(const struct node *n)
{
	if (!n->type)
		BUG("'%s' at %u-%u has no type", node_name(n->kind), n->span.start, n->span.end);
}

static void check_call(const struct place *p, const struct node *n)
{
	const struct plan_event *e;

	check_typed(n);
	if (n->call.callee)
		return;
	if (!n->call.builtin)
		BUG("call of '%s' is not resolved", n->call.name);
	if (!(n->call.builtin->flags & BF_ASYNC) || body_pin(p->body))
		return;
	if (n->call.event >= p->program->plan->n_events)
		BUG("%s() has no event", n->call.name);
	e = &p->program->plan->events[n->call.event];
	if (e->kind == EVENT_JOIN)
		return;
	if (n->call.first + e->n_args != n->call.args.n)
		BUG("%s() has %zu arguments, its event %u from %u", n->call.name, n->call.args.n, e->n_args, n->call.first);
	for (uint32_t i = 0; i < e->n_args; i++)
		if (e->args[i].type != n->call.args.v[n->call.first + i]->type)
			BUG("%s(): argument %u changed its type", n->call.name, i);
}

static void check_binary(const struct node *n)
{
	const struct type *a = n->binary.left->type, *b = n->binary.right->type;

	if (n->binary.op == OP_LAND || n->binary.op == OP_LOR || !type_is_integer(a) || !type_is_integer(b))
		return;
	if (a != b || a->size != 8)
		BUG("operands of '%s' at %u differ", op_spelling(n->binary.op), n->span.start);
}

static void check_node(void *arg, struct node **slot);

static void check_children(struct node *n, const struct place *p, unsigned loops)
{
	struct place inner = { p->program, p->body, p->loops + loops };

	node_each_child(n, check_node, &inner);
}

static void check_node(void *arg, struct node **slot)
{
	const struct place *p = arg;
	struct node *n = *slot;

	switch (n->kind) {
	case NODE_POSITIONAL: case NODE_SIZEOF: case NODE_OFFSETOF: case NODE_TYPEOF: case NODE_TYPESPEC: case NODE_POINT:
	case NODE_SCRIPT: case NODE_PROBE: case NODE_CONFIG: case NODE_CONFIG_ENTRY: case NODE_MAPDECL:
	case NODE_MACRO: case NODE_FN: case NODE_IMPORT: case NODE_C_TEXT: case NODE_FIRST_DECLARATIVE ... NODE_LAST_DECLARATIVE:
	case NODE_COMPTIME: case NODE_TYPEINFO: case NODE_KINDS:
		BUG("a '%s' is left at %u", node_name(n->kind), n->span.start);
	case NODE_IDENT:
		if (!n->ident.builtin)
			BUG("'%s' is not resolved", n->ident.name);
		if (n->ident.builtin->id != BUILTIN_ARGS)
			check_typed(n);
		return;
	case NODE_VAR:
		check_typed(n);
		if (!n->var.sym || !n->var.sym->type)
			BUG("%s is not resolved", n->var.name);
		return;
	case NODE_MAP:
		if (!n->map.sym || !n->map.sym->value)
			BUG("%s is not resolved", n->map.name);
		break;
	case NODE_FIELD:
		check_typed(n);
		if (!n->field.field && !n->field.arg)
			BUG("field '%s' is not resolved", n->field.name);
		break;
	case NODE_CALL: check_call(p, n); break;
	case NODE_BINARY:
		check_typed(n);
		check_binary(n);
		break;
	case NODE_INT: case NODE_BOOL: case NODE_STRING: case NODE_INDEX: case NODE_ELEMENT: case NODE_UNARY: case NODE_INCDEC:
	case NODE_TERNARY: case NODE_CAST: case NODE_TUPLE: case NODE_RECORD:
		check_typed(n);
		break;
	case NODE_LET:
		if (!n->let.sym || !n->let.sym->type)
			BUG("let %s is not resolved", n->let.name);
		break;
	case NODE_BREAK: case NODE_CONTINUE:
		if (!p->loops)
			BUG("%s outside a loop", node_name(n->kind));
		break;
	case NODE_WHILE: case NODE_UNROLL: case NODE_FOR:
		check_children(n, p, 1);
		return;
	case NODE_RECORD_ITEM: case NODE_EXPR: case NODE_ASSIGN: case NODE_DISCARD: case NODE_IF: case NODE_RETURN: case NODE_BLOCK:
		break;
	}
	check_children(n, p, 0);
}

void program_check(const struct program *p)
{
	struct place place = { .program = p };

	for (size_t i = 0; i < p->nbodies; i++) {
		struct body *b = &p->bodies[i];

		if (!b->sites.n || b->prog >= p->plan->n_progs)
			BUG("body %s has no sites or no program", b->name);
		place.body = b;
		if (b->predicate)
			check_node(&place, &b->predicate);
		check_node(&place, &b->block);
	}
}

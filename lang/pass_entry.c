// SPDX-License-Identifier: Apache-2.0
// pass_entry.c - `entry.NAME` and `entry.argN` in probes of returns: arguments as they were when the function was entered.
//
//   uretprobe:./shop:f                      let @entry = lruhash(16384);
//   /entry.fd > 2 && retval < 0/            uretprobe:./shop:f {
//   { print((entry.arg1, retval)); }            if (find(@entry, callid, $entry)) {
//                                                   _ = delete(@entry, callid);
//                                     →             if (retval < 0) { print(($entry.arg1, retval)); }
//                                               }
//                                           }
//                                           uprobe:./shop:f {
//                                               if (args.fd > 2) { @entry[callid] = (arg1 = arg1); } else { _ = delete(@entry, callid); }
//                                           }
//
// Only what is asked for is kept. In a kretprobe and a uretprobe `args` is the same, since these have no arguments of their own; an
// fexit has those of the entry itself. `.` is a part of the argument and kept; what a pointer leads to (`->`, `[]`, str()) is read at
// the return. What of the filter asks for process, thread and arguments alone is tested at the entry, so that calls it leaves out
// are not kept. Points whose arguments are named have a map each, since their types may differ; those of programs always (key_of). The map makes room for new calls by
// itself: threads may end inside of a kernel function. Given up: an event whose entry was not seen; it is counted, if nothing was
// filtered at the entry.
#include <strings.h>
#include <string.h>

#include "lang/sugar.h"

#define OPEN_CALLS 16384

enum point_kind { POINT_OTHER, POINT_KRETPROBE, POINT_URETPROBE, POINT_SYSCALL, POINT_FEXIT, POINT_KINDS };

struct kept {
	const struct node *value; // as the user wrote it
	const char *name;
};

struct entries {
	struct sugar s;
	const struct node *probe;
	enum point_kind kind;
	VEC(struct kept) kept;
	const char *map, *var;
	bool many; // functions, or a pattern of them
	struct span at;
};

// Points --------------------------------------------------------------------------------------------------------------

// Behind "name=": the provider's first letter.
static const char *text_of(const struct node *point)
{
	const char *text = point->point.text, *equals = strchr(text, '='), *colon = strchr(text, ':');

	return equals && (!colon || equals < colon) ? equals + 1 + strspn(equals + 1, " \t") : text;
}

static const char *rest_of(const struct node *point)
{
	const char *colon = strchr(text_of(point), ':');

	return colon ? colon + 1 : "";
}

static enum point_kind kind_of(struct lang *l, const struct node *point)
{
	static const struct {
		const char *type, *rest;
		enum point_kind kind;
	} kinds[] = { { "kretprobe", "", POINT_KRETPROBE }, { "uretprobe", "", POINT_URETPROBE }, { "fexit", "", POINT_FEXIT },
		      { "tracepoint", "syscalls:sys_exit_", POINT_SYSCALL } };
	const char *text = text_of(point);
	const struct probe_type *t = probe_type_find(l->world, arena_strndup(l->arena, text, strcspn(text, ":")));

	for (size_t i = 0; t && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(t->name, kinds[i].type) == 0 && strncmp(rest_of(point), kinds[i].rest, strlen(kinds[i].rest)) == 0)
			return kinds[i].kind;
	return POINT_OTHER;
}

// "shop:ret:f", returns at return instructions, is plain "shop:f" at the entry.
static const char *uprobe_of(struct entries *e, const char *rest)
{
	const char *ret = strstr(rest, ":ret:");

	if (strncmp(rest, "ret:", 4) == 0)
		return arena_printf(e->s.l->arena, "uprobe:%s", rest + 4);
	return ret ? arena_printf(e->s.l->arena, "uprobe:%.*s%s", (int)(ret - rest), rest, ret + 4) : arena_printf(e->s.l->arena, "uprobe:%s", rest);
}

static struct node *entry_point(struct entries *e, const struct node *point)
{
	const char *rest = rest_of(point);

	switch (e->kind) {
	case POINT_KRETPROBE: return make_point(&e->s, arena_printf(e->s.l->arena, "kprobe:%s", rest), point->span);
	case POINT_URETPROBE: return make_point(&e->s, uprobe_of(e, rest), point->span);
	case POINT_SYSCALL:
		return make_point(&e->s, arena_printf(e->s.l->arena, "tracepoint:syscalls:sys_enter_%s", rest + strlen("syscalls:sys_exit_")), point->span);
	case POINT_OTHER: case POINT_FEXIT: case POINT_KINDS: break;
	}
	BUG("no entry of point '%s'", point->point.text);
}

// Values --------------------------------------------------------------------------------------------------------------

static bool is_argn(const char *name)
{
	const struct builtin *b = builtin_find(name, false);

	return b && b->id == BUILTIN_ARGN;
}

// `args` where it is another word for `entry`.
static bool is_args(const struct node *root, enum point_kind kind)
{
	return strcmp(root->ident.name, "args") == 0 && (kind == POINT_KRETPROBE || kind == POINT_URETPROBE);
}

// Members of `entry`, but nothing that lies behind a pointer. The word alone may be a constant's name elsewhere.
static bool is_value(const struct node *n, enum point_kind kind)
{
	const struct node *root = n;

	while (root->kind == NODE_FIELD && !root->field.arrow)
		root = root->field.base;
	if (root->kind != NODE_IDENT)
		return false;
	return strcmp(root->ident.name, "entry") == 0 ? root != n || kind != POINT_OTHER : is_args(root, kind);
}

static bool is_exists(const struct node *n) // asks by the words as they stand
{
	return n->kind == NODE_CALL && strcmp(n->call.name, "exists") == 0;
}

struct question {
	enum point_kind kind;
	bool asked, by_name;
};

static void look(void *arg, struct node **slot)
{
	struct question *q = arg;
	const struct node *n = *slot;

	if (!is_value(n, q->kind)) {
		if (!is_exists(n))
			node_each_child(*slot, look, q);
		return;
	}
	while (n->kind == NODE_FIELD && n->field.base->kind == NODE_FIELD)
		n = n->field.base;
	q->asked = true;
	q->by_name |= n->kind != NODE_FIELD || !is_argn(n->field.name);
}

static struct question asked_of(const struct node *probe, enum point_kind kind)
{
	struct question q = { .kind = kind };
	struct node *root = (struct node *)probe;

	look(&q, &root);
	return q;
}

static void say_args(void *arg, struct node **slot)
{
	struct lang *l = arg;
	struct node *n = *slot, *ident = n->kind == NODE_FIELD ? n->field.base : n;

	if (ident->kind != NODE_IDENT || strcmp(ident->ident.name, "entry") != 0) {
		node_each_child(n, say_args, l);
	} else if (n != ident && is_argn(n->field.name)) {
		*slot = node_new(l->arena, NODE_IDENT, n->span);
		(*slot)->ident.name = n->field.name;
	} else {
		ident->ident.name = "args";
	}
}

void entry_as_args(struct lang *l, struct node **slot)
{
	say_args(l, slot);
}

static struct node *at_entry(struct entries *e, const struct node *n)
{
	struct node *copy = copy_of(&e->s, n);

	entry_as_args(e->s.l, &copy);
	return copy;
}

// entry.a.b is a_b; `entry` itself is args.
static const char *words_of(struct entries *e, const struct node *n)
{
	if (n->kind != NODE_FIELD)
		return "args";
	return n->field.base->kind == NODE_FIELD ? arena_printf(e->s.l->arena, "%s_%s", words_of(e, n->field.base), n->field.name) : n->field.name;
}

static const char *name_of(struct entries *e, const struct node *n)
{
	const char *base = words_of(e, n), *name = base;

	for (unsigned i = 2;; i++) {
		bool taken = false;

		for (size_t k = 0; k < e->kept.n; k++)
			taken |= strcmp(e->kept.v[k].name, name) == 0;
		if (!taken)
			return name;
		name = arena_printf(e->s.l->arena, "%s_%u", base, i);
	}
}

static const char *keep(struct entries *e, const struct node *n)
{
	struct node *value = at_entry(e, n);

	for (size_t i = 0; i < e->kept.n; i++)
		if (node_equal(e->kept.v[i].value, value))
			return e->kept.v[i].name;
	vec_push(e->s.l->arena, &e->kept, (struct kept){ value, name_of(e, n) });
	return e->kept.v[e->kept.n - 1].name;
}

static void at_return(void *arg, struct node **slot)
{
	struct entries *e = arg;
	struct node *n = *slot;

	if (is_value(n, e->kind))
		*slot = make_field(&e->s, make_var(&e->s, e->var, n->span), keep(e, n), n->span);
	else if (!is_exists(n))
		node_each_child(n, at_return, e);
}

// Filter --------------------------------------------------------------------------------------------------------------

static bool is_same_at_both_ends(const struct node *n, enum point_kind kind)
{
	static const char *const words[] = { "pid", "tid", "cpid" };

	if (is_value(n, kind))
		return true;
	switch (n->kind) {
	case NODE_INT: case NODE_BOOL: case NODE_POSITIONAL: return true;
	case NODE_UNARY: return is_same_at_both_ends(n->unary.value, kind) && n->unary.op != OP_DEREF && n->unary.op != OP_ADDR;
	case NODE_BINARY: return is_same_at_both_ends(n->binary.left, kind) && is_same_at_both_ends(n->binary.right, kind);
	case NODE_IDENT:
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (strcmp(n->ident.name, words[i]) == 0)
				return true;
		return false;
	default: return false;
	}
}

static void split_filter(struct entries *e, const struct node *n, struct node **entry, struct node **ret)
{
	struct node *part;

	if (n->kind == NODE_BINARY && n->binary.op == OP_LAND) {
		split_filter(e, n->binary.left, entry, ret);
		split_filter(e, n->binary.right, entry, ret);
	} else if (is_same_at_both_ends(n, e->kind)) {
		*entry = both(&e->s, *entry, at_entry(e, n));
	} else {
		part = copy_of(&e->s, n);
		at_return(e, &part);
		*ret = both(&e->s, *ret, part);
	}
}

// The two halves ------------------------------------------------------------------------------------------------------

// A function that ends in a jump to another leaves it its frame: where both are probed their names tell them apart. (Not in programs,
// where to know the name costs more than all the rest: there each point has a map, and of two functions of one pattern the first is left out.)
static struct node *key_of(struct entries *e)
{
	struct node *callid = make_ident(&e->s, "callid", e->at), *both_words;

	if (!e->many || e->kind != POINT_KRETPROBE)
		return callid;
	both_words = node_new(e->s.l->arena, NODE_TUPLE, e->at);
	vec_push(e->s.l->arena, &both_words->tuple.items, callid);
	vec_push(e->s.l->arena, &both_words->tuple.items, make_ident(&e->s, "func", e->at));
	return both_words;
}

static struct node *forget(struct entries *e)
{
	struct node *n = node_new(e->s.l->arena, NODE_DISCARD, e->at);

	n->discard.value = make_call(&e->s, "delete", e->at, make_map(&e->s, e->map, NULL, e->at), key_of(e), NULL);
	return n;
}

static struct node *store(struct entries *e)
{
	struct node *words = key_of(e);
	struct node_list key = words->kind == NODE_TUPLE ? words->tuple.items : one_of(&e->s, words);
	struct node *record = node_new(e->s.l->arena, NODE_RECORD, e->at);

	for (size_t i = 0; i < e->kept.n; i++)
		vec_push(e->s.l->arena, &record->record.items,
			 make_item(&e->s, e->kept.v[i].name, (struct node *)e->kept.v[i].value, e->kept.v[i].value->span));
	return make_assign(&e->s, make_map(&e->s, e->map, &key, e->at), e->kept.n ? record : make_int(&e->s, 1, e->at), e->at);
}

static void entry_half(struct entries *e, const struct node_list *points, struct node *filter)
{
	struct sugar *s = &e->s;
	struct node *block = make_block(s, e->at), *yes = block, *no = make_block(s, e->at), *n;
	struct node_list entries = { 0 };

	for (size_t i = 0; i < points->n; i++)
		vec_push(s->l->arena, &entries, entry_point(e, points->v[i]));
	if (filter) {
		yes = make_block(s, e->at);
		add_statement(s, no, forget(e));
		n = make_if(s, filter, yes, filter->span);
		n->if_.no = no;
		add_statement(s, block, n);
	}
	add_statement(s, yes, store(e));
	vec_push(s->l->arena, &s->out, make_probe(s, entries, NULL, block, e->probe->span));
}

static struct node *find(struct entries *e)
{
	struct sugar *s = &e->s;

	return make_call(s, "find", e->at, make_map(s, e->map, NULL, e->at), key_of(e), make_var(s, e->var, e->at));
}

// A system call may have begun before there was anything to see it.
static struct node *not_found(struct entries *e, const struct node_list *points)
{
	struct node *block = make_block(&e->s, e->at);
	const char *text = arena_printf(e->s.l->arena, "returns of %s%s whose entry was not seen", text_of(points->v[0]), points->n > 1 ? ", …" : "");

	add_statement(&e->s, block, make_call(&e->s, "left_out", e->at, make_string(&e->s, text, e->at), NULL, NULL));
	return block;
}

static void add_all(struct entries *e, struct node *block, struct node *body)
{
	for (size_t i = 0; i < body->block.body.n; i++)
		vec_push(e->s.l->arena, &block->block.body, body->block.body.v[i]);
	block->block.value = body->block.value;
}

static void return_half(struct entries *e, const struct node_list *points, struct node *body, struct node *filter, bool all)
{
	struct sugar *s = &e->s;
	struct node *found = make_block(s, e->at), *block = make_block(s, e->at), *n = make_if(s, find(e), found, e->at);

	add_statement(s, found, forget(e));
	if (filter)
		add_statement(s, found, make_if(s, filter, body, filter->span));
	else
		add_all(e, found, body);
	if (all && e->kind != POINT_SYSCALL)
		n->if_.no = not_found(e, points);
	add_statement(s, block, n);
	vec_push(s->l->arena, &s->out, make_probe(s, *points, NULL, block, e->probe->span));
}

static void make_room(struct entries *e)
{
	struct node *n = node_new(e->s.l->arena, NODE_MAPDECL, e->at);

	n->mapdecl.name = make_map(&e->s, e->map, NULL, e->at)->map.name;
	n->mapdecl.kind = "lruhash";
	n->mapdecl.size = OPEN_CALLS;
	vec_push(e->s.l->arena, &e->s.out, n);
}

// Names that the script does not use ----------------------------------------------------------------------------------

struct taken {
	const char *name;
	bool found;
};

static void look_var(void *arg, struct node **slot)
{
	struct taken *t = arg;
	const struct node *n = *slot;
	const char *name = n->kind == NODE_VAR ? n->var.name : n->kind == NODE_LET ? n->let.name : n->kind == NODE_FOR ? n->for_.name : NULL;

	t->found |= name && strcmp(name, t->name) == 0;
	node_each_child(*slot, look_var, t);
}

static const char *free_var(struct entries *e)
{
	struct taken t = { .name = "$entry" };
	struct node *root = (struct node *)e->probe;

	for (unsigned i = 2;; i++) {
		t.found = false;
		look_var(&t, &root);
		if (!t.found)
			return t.name;
		t.name = arena_printf(e->s.l->arena, "$entry_%u", i);
	}
}

// Probes --------------------------------------------------------------------------------------------------------------

struct pass {
	struct lang *l;
	struct node_list out;
	VEC(const char *) maps; // made so far
};

static bool is_made(const struct pass *p, const char *map)
{
	for (size_t i = 0; i < p->maps.n; i++)
		if (strcmp(p->maps.v[i], map) == 0)
			return true;
	return false;
}

static const char *another_map(struct pass *p, struct sugar *s)
{
	const char *map = free_map(s, "entry");

	for (unsigned i = 2; is_made(p, map); i++)
		map = free_map(s, arena_printf(p->l->arena, "entry_%u", i));
	vec_push(p->l->arena, &p->maps, map);
	return map;
}

static void take(struct pass *p, const struct entries *e)
{
	for (size_t i = 0; i < e->s.out.n; i++)
		vec_push(p->l->arena, &p->out, e->s.out.v[i]);
}

static void rewrite(struct pass *p, const struct node *probe, enum point_kind kind, const struct node_list *points)
{
	struct entries e = { .s = { .l = p->l, .prefix = "@" }, .probe = probe, .kind = kind, .at = points->v[0]->span };
	struct node *body = copy_of(&e.s, probe->probe.block), *entry = NULL, *ret = NULL;

	e.many = points->n > 1 || glob_is(rest_of(points->v[0]));
	e.map = another_map(p, &e.s);
	e.var = free_var(&e);
	if (probe->probe.predicate)
		split_filter(&e, probe->probe.predicate, &entry, &ret);
	at_return(&e, &body);
	make_room(&e);
	return_half(&e, points, body, ret, !entry); // first: probes of functions are attached in reverse, so no return is without its entry
	entry_half(&e, points, entry);
	forget_at_end(&e.s, e.map, e.at);
	take(p, &e);
}

static void unchanged(struct pass *p, const struct node *probe, const struct node_list *points)
{
	struct node *n = node_clone(p->l->arena, probe);

	n->probe.points = *points;
	vec_push(p->l->arena, &p->out, n);
}

static void no_return(struct pass *p, const struct node_list *points)
{
	for (size_t i = 0; i < points->n; i++) {
		diag_error(p->l->diag, points->v[i]->span, E_PLACE, "entry.NAME is an argument as it was when the function was entered, for probes of its return; '%s' is none",
			   points->v[i]->point.text);
		if (memchr(text_of(points->v[i]), '*', strcspn(text_of(points->v[i]), ":")))
			diag_hint(p->l->diag, "a pattern may stand for probes of entries too: write the provider's whole name");
		else
			diag_hint(p->l->diag, "it exists in: kretprobe, uretprobe, fexit, tracepoint:syscalls:sys_exit_NAME");
	}
}

static void of_fexit(struct pass *p, const struct node *probe, const struct node_list *points)
{
	unchanged(p, probe, points);
	entry_as_args(p->l, &p->out.v[p->out.n - 1]);
}

static void rewrite_points(struct pass *p, const struct node *probe, enum point_kind kind, const struct node_list *points)
{
	struct question q = asked_of(probe, kind);

	if (!q.asked)
		unchanged(p, probe, points);
	else if (kind == POINT_OTHER)
		no_return(p, points);
	else if (kind == POINT_FEXIT)
		of_fexit(p, probe, points);
	else if (!q.by_name && kind != POINT_URETPROBE)
		rewrite(p, probe, kind, points);
	else
		for (size_t i = 0; i < points->n; i++)
			rewrite(p, probe, kind, &(struct node_list){ &points->v[i], 1, 1 });
}

static void rewrite_probe(struct pass *p, const struct node *probe)
{
	struct node_list points[POINT_KINDS] = { 0 };

	for (size_t i = 0; i < probe->probe.points.n; i++) {
		struct node *point = probe->probe.points.v[i];

		vec_push(p->l->arena, &points[kind_of(p->l, point)], point);
	}
	for (enum point_kind kind = 0; kind < POINT_KINDS; kind++)
		if (points[kind].n)
			rewrite_points(p, probe, kind, &points[kind]);
}

static bool asks(struct pass *p, const struct node *probe)
{
	bool found = asked_of(probe, POINT_OTHER).asked;

	for (size_t i = 0; i < probe->probe.points.n && !found; i++)
		found = asked_of(probe, kind_of(p->l, probe->probe.points.v[i])).asked;
	return found;
}

void pass_entry(struct lang *l)
{
	struct pass p = { .l = l };

	for (size_t i = 0; i < l->script->script.items.n; i++) {
		struct node *item = l->script->script.items.v[i];

		if (item->kind == NODE_PROBE && asks(&p, item))
			rewrite_probe(&p, item);
		else
			vec_push(l->arena, &p.out, item);
	}
	l->script->script.items = p.out;
}

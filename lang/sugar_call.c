// SPDX-License-Identifier: Apache-2.0
// sugar_call.c - calls: an entry paired with its return.
//
//   probe slow {                        uprobe:shop:f {
//     on      call:shop:f                   if (arg1 != 0) {
//     filter  duration > 1ms &&                 @slow_open[callid] = (time = nsecs, arg0 = arg0);
//             arg1 != 0             →           return;
//     capture a = arg0,                     }
//             r = retval                    delete(@slow_open, callid);
//   }                                   }
//                                       uretprobe:shop:f {
//                                           if (find(@slow_open, callid, $call)) {
//                                               delete(@slow_open, callid);
//                                               let $duration = nsecs - $call.time;
//                                               if ($duration > 1ms) { emit("slow", (a = $call.arg0, r = retval), …); }
//                                           }
//                                       }
//
// callid is the thread (or goroutine) and the frame, so a call inside a call has an entry of its own, and what a longjmp left behind
// is overwritten by the next call from the same depth. An entry that does not pass deletes what may lie there: else the return
// of this call would take a dead one's values. What a thread that dies, or executes another program, leaves open goes with it and
// is counted.
//
// What a return needs of the entry is saved: the largest expressions made of arguments alone. Stacks are walked at the return, where
// the filter has decided: the function itself is not among the frames. Given up: `do` sees locals of its own only, not the entry's.
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "lang/sugar.h"

static const char *const entry_names[] = { "arg#", "sarg#", "args", NULL };
static const char *const return_names[] = { "retval", "duration", "self", "ustack", "kstack", NULL };

struct saved {
	const struct node *value; // as the user wrote it
	const char *name;
};

struct calls {
	struct sugar *s;
	VEC(struct saved) saved;
	bool is_syscall, has_time;
	bool in_condition;
	const char *call, *duration; // variables
	const char *map;             // suffix of its name
	const char *top, *nested;    // the same of those that nesting needs; NULL: nobody asks
	const char *own;             // variable of duration.self
	struct span at;
};

bool is_call_point(const struct node *point)
{
	return strncmp(point->point.text, "call:", 5) == 0 || strncmp(point->point.text, "syscall:", 8) == 0;
}

// Points --------------------------------------------------------------------------------------------------------------

static bool is_syscall(const struct node *point)
{
	return *point->point.text == 's';
}

// "call:shop:f" behind its first colon.
static const char *rest_of(const struct node *point)
{
	return strchr(point->point.text, ':') + 1;
}

static const char *target_of_syscall(struct sugar *s, const struct node *point, const char **name)
{
	const char *rest = rest_of(point), *colon = strrchr(rest, ':');

	*name = colon ? colon + 1 : rest;
	if (!colon || (colon == rest + 1 && *rest == '*'))
		return NULL;
	return arena_strndup(s->l->arena, rest, (size_t)(colon - rest));
}

// "shop:ret:f", returns at return instructions, is plain "shop:f" at the entry.
static const char *function_point(struct sugar *s, const char *rest, bool entry)
{
	const char *ret = strstr(rest, ":ret:");

	if (!entry)
		return arena_printf(s->l->arena, "uretprobe:%s", rest);
	return ret ? arena_printf(s->l->arena, "uprobe:%.*s%s", (int)(ret - rest), rest, ret + 4) : arena_printf(s->l->arena, "uprobe:%s", rest);
}

static struct node *point_at(struct sugar *s, const struct node *point, bool entry)
{
	const char *name;

	if (!is_syscall(point))
		return make_point(s, function_point(s, rest_of(point), entry), point->span);
	target_of_syscall(s, point, &name);
	return make_point(s, arena_printf(s->l->arena, "tracepoint:syscalls:sys_%s_%s", entry ? "enter" : "exit", name), point->span);
}

// Values --------------------------------------------------------------------------------------------------------------

static void find_changing(void *arg, struct node **slot)
{
	const struct node *n = *slot;
	const struct builtin *b = n->kind == NODE_CALL ? builtin_find(n->call.name, true) : NULL;

	if (n->kind == NODE_VAR || n->kind == NODE_MAP || n->kind == NODE_INCDEC || n->kind == NODE_BLOCK || n->kind == NODE_IF ||
	    (b && b->flags & (BF_ASYNC | BF_AGG | BF_UNSAFE | BF_UNSAFE_CALL)))
		*(bool *)arg = true;
	node_each_child(*slot, find_changing, arg);
}

static bool is_expression(const struct node *n)
{
	switch (n->kind) {
	case NODE_IDENT: case NODE_FIELD: case NODE_ELEMENT: case NODE_INDEX: case NODE_CALL: case NODE_UNARY: case NODE_BINARY: case NODE_TERNARY: case NODE_CAST:
		return true;
	default:
		return false;
	}
}

static bool is_saved_whole(const struct node *n)
{
	struct node *root = (struct node *)n;
	bool changes = false;

	if (!is_expression(n) || mentions(n, return_names) || !mentions(n, entry_names))
		return false;
	find_changing(&changes, &root);
	return !changes;
}

static const char *name_of(struct calls *c, const struct node *n)
{
	const char *base = n->kind == NODE_IDENT ? n->ident.name : n->kind == NODE_FIELD ? n->field.name : "value", *name = base;

	for (unsigned i = 2;; i++) {
		bool taken = strcmp(name, "time") == 0 || strcmp(name, "weight") == 0 || strcmp(name, "up") == 0 || strcmp(name, "depth") == 0;

		for (size_t k = 0; k < c->saved.n; k++)
			taken |= strcmp(c->saved.v[k].name, name) == 0;
		if (!taken)
			return name;
		name = arena_printf(c->s->l->arena, "%s_%u", base, i);
	}
}

static const char *save(struct calls *c, const struct node *n)
{
	for (size_t i = 0; i < c->saved.n; i++)
		if (node_equal(c->saved.v[i].value, n))
			return c->saved.v[i].name;
	vec_push(c->s->l->arena, &c->saved, (struct saved){ copy_of(c->s, n), name_of(c, n) });
	return c->saved.v[c->saved.n - 1].name;
}

static struct node *saved_value(struct calls *c, const struct node *n)
{
	return make_field(c->s, make_var(c->s, c->call, n->span), save(c, n), n->span);
}

// str(args.path) of a system call: at the entry the string may lie in memory that the program has not touched yet, which a probe
// cannot read. The kernel has read it by the return, so what was empty is read again there.
static struct node *string_again(struct calls *c, const struct node *n)
{
	struct node *once = saved_value(c, n), *again = copy_of(c->s, n);

	again->call.args.v[0] = saved_value(c, n->call.args.v[0]);
	return make_ternary(c->s, make_binary(c->s, OP_NE, once, make_string(c->s, "", n->span), n->span), copy_of(c->s, once), again);
}

static bool is_string_of_syscall(const struct calls *c, const struct node *n)
{
	return c->is_syscall && n->kind == NODE_CALL && strcmp(n->call.name, "str") == 0 && n->call.args.n && is_saved_whole(n->call.args.v[0]);
}

// What stands at the return for a value of the call; args.NAME of a system call is the entry's, its own `ret` is retval.
static void at_return(void *arg, struct node **slot)
{
	struct calls *c = arg;
	struct node *n = *slot;

	if (is_saved_whole(n)) {
		*slot = is_string_of_syscall(c, n) ? string_again(c, n) : saved_value(c, n);
		return;
	}
	if (is_self_time(n)) {
		*slot = make_var(c->s, c->own, n->span);
		return;
	}
	if (n->kind == NODE_IDENT && strcmp(n->ident.name, "self") == 0) {
		*slot = make_field(c->s, make_var(c->s, c->call, n->span), "depth", n->span);
		return;
	}
	if (n->kind == NODE_IDENT && strcmp(n->ident.name, "duration") == 0) {
		c->has_time = true;
		*slot = make_var(c->s, c->duration, n->span);
		return;
	}
	if (n->kind == NODE_IDENT && strcmp(n->ident.name, "retval") == 0 && c->is_syscall) {
		*slot = make_field(c->s, make_ident(c->s, "args", n->span), "ret", n->span);
		return;
	}
	node_each_child(n, at_return, c);
}

struct node *value_of(struct sugar *s, const struct node *as_written)
{
	struct node *n = copy_of(s, as_written);

	if (s->call)
		at_return(s->call, &n);
	return n;
}

// Filter --------------------------------------------------------------------------------------------------------------

static void split_filter(struct calls *c, const struct node *n, struct node **entry, struct node **ret)
{
	struct node *part;

	if (n->kind == NODE_BINARY && n->binary.op == OP_LAND) {
		split_filter(c, n->binary.left, entry, ret);
		split_filter(c, n->binary.right, entry, ret);
	} else if (mentions(n, return_names)) {
		part = copy_of(c->s, n);
		at_return(c, &part);
		*ret = both(c->s, *ret, part);
	} else {
		*entry = both(c->s, *entry, copy_of(c->s, n));
	}
}

// The two halves ------------------------------------------------------------------------------------------------------

static struct node *call_map(struct calls *c, struct node_list *keys)
{
	return make_map(c->s, c->map, keys, c->at);
}

static struct node *call_element(struct calls *c)
{
	struct node_list key = one_of(c->s, make_ident(c->s, "callid", c->at));

	return call_map(c, &key);
}

static bool is_record(const struct calls *c)
{
	return c->saved.n > 0 || c->s->entry_weight || c->s->clause[CLAUSE_CAPTURE] || c->top;
}

static struct node *time_of(struct calls *c)
{
	struct node *call = make_var(c->s, c->call, c->at);

	return is_record(c) ? make_field(c->s, call, "time", c->at) : call;
}

// What is kept from the entry to the return.
static struct node *entry_value(struct calls *c)
{
	struct node *record;

	if (!is_record(c))
		return c->has_time ? make_ident(c->s, "nsecs", c->at) : make_int(c->s, 1, c->at);
	record = node_new(c->s->l->arena, NODE_RECORD, c->at);
	if (c->has_time)
		vec_push(c->s->l->arena, &record->record.items, make_item(c->s, "time", make_ident(c->s, "nsecs", c->at), c->at));
	for (size_t i = 0; i < c->saved.n; i++)
		vec_push(c->s->l->arena, &record->record.items, make_item(c->s, c->saved.v[i].name, copy_of(c->s, c->saved.v[i].value), c->saved.v[i].value->span));
	for (size_t i = 0; c->top && i < 2; i++)
		vec_push(c->s->l->arena, &record->record.items, make_item(c->s, i ? "depth" : "up", make_var(c->s, i ? "$depth" : "$up", c->at), c->at));
	if (c->s->entry_weight)
		vec_push(c->s->l->arena, &record->record.items, make_item(c->s, "weight", copy_of(c->s, c->s->entry_weight), c->at));
	return record;
}

// Whether there was one is nobody's business: `_ =` keeps -k and others from saying that there was none.
static struct node *forget(struct calls *c)
{
	struct node *n = node_new(c->s->l->arena, NODE_DISCARD, c->at);

	n->discard.value = make_call(c->s, "delete", c->at, call_map(c, NULL), make_ident(c->s, "callid", c->at), NULL);
	return n;
}

// Nesting -------------------------------------------------------------------------------------------------------------
//
// @P_top[owner] is the frame of its innermost open call; each entry knows the one around it (up, 0: none) and how many there are
// (depth). Frames grow with depth, so what is not smaller than this call's was left by a longjmp. @P_nested[call] is the time that
// calls inside of it took, which each adds to the one around it when it returns.

static struct node *part(struct calls *c, struct node *of, unsigned number)
{
	struct node *n = node_new(c->s->l->arena, NODE_ELEMENT, c->at);

	n->element.base = of;
	n->element.number = number;
	return n;
}

static struct node *this_call(struct calls *c, unsigned number)
{
	return part(c, make_ident(c->s, "callid", c->at), number);
}

static struct node *top_element(struct calls *c)
{
	struct node_list key = one_of(c->s, this_call(c, 0));

	return make_map(c->s, c->top, &key, c->at);
}

// Element of a map by the call that has a frame of this thread.
static struct node *element_of(struct calls *c, const char *map, struct node *frame)
{
	struct node_list key = one_of(c->s, this_call(c, 0));

	vec_push(c->s->l->arena, &key, frame);
	return make_map(c->s, map, &key, c->at);
}

static struct node *forget_element(struct calls *c, const char *map, struct node *key)
{
	struct node *n = node_new(c->s->l->arena, NODE_DISCARD, c->at);

	n->discard.value = make_call(c->s, "delete", c->at, make_map(c->s, map, NULL, c->at), key, NULL);
	return n;
}

static struct node *up(struct calls *c)
{
	return make_var(c->s, "$up", c->at);
}

static void find_enclosing(struct calls *c, struct node *block)
{
	struct sugar *s = c->s;
	struct node *loop = node_new(s->l->arena, NODE_WHILE, c->at), *depth = node_new(s->l->arena, NODE_TERNARY, c->at);

	loop->while_.cond = both(s, make_binary(s, OP_NE, up(c), make_int(s, 0, c->at), c->at), make_binary(s, OP_GE, up(c), this_call(c, 1), c->at));
	loop->while_.body = make_block(s, c->at);
	add_statement(s, loop->while_.body, make_assign(s, up(c), make_field(s, element_of(c, c->map, up(c)), "up", c->at), c->at));
	depth->ternary.cond = make_binary(s, OP_NE, up(c), make_int(s, 0, c->at), c->at);
	depth->ternary.yes = make_binary(s, OP_ADD, make_field(s, element_of(c, c->map, up(c)), "depth", c->at), make_int(s, 1, c->at), c->at);
	depth->ternary.no = make_int(s, 0, c->at);
	add_statement(s, block, make_let(s, "$up", top_element(c), c->at));
	add_statement(s, block, loop);
	add_statement(s, block, make_let(s, "$depth", depth, c->at));
	add_statement(s, block, forget_element(c, c->nested, make_ident(s, "callid", c->at)));
	add_statement(s, block, make_assign(s, top_element(c), this_call(c, 1), c->at));
}

// Behind `let $duration`: the time of its own, and what the enclosing call is to know.
static void leave_nested(struct calls *c, struct node *block)
{
	struct sugar *s = c->s;
	struct node *above = make_field(s, make_var(s, c->call, c->at), "up", c->at), *yes = make_block(s, c->at), *no = make_block(s, c->at), *n, *add;
	struct node_list key = one_of(s, make_ident(s, "callid", c->at));

	add_statement(s, block, make_let(s, c->own, make_binary(s, OP_SUB, make_var(s, c->duration, c->at), make_map(s, c->nested, &key, c->at), c->at), c->at));
	add_statement(s, block, forget_element(c, c->nested, make_ident(s, "callid", c->at)));
	add = make_assign(s, element_of(c, c->nested, above), make_var(s, c->duration, c->at), c->at);
	add->assign.op = OP_ADD;
	add_statement(s, yes, add);
	add_statement(s, yes, make_assign(s, top_element(c), copy_of(s, above), c->at));
	add_statement(s, no, forget_element(c, c->top, this_call(c, 0)));
	n = make_if(s, make_binary(s, OP_NE, copy_of(s, above), make_int(s, 0, c->at), c->at), yes, c->at);
	n->if_.no = no;
	add_statement(s, block, n);
}

static void find_nesting(void *arg, struct node **slot)
{
	if (is_self_time(*slot) || ((*slot)->kind == NODE_IDENT && strcmp((*slot)->ident.name, "self") == 0))
		*(bool *)arg = true;
	node_each_child(*slot, find_nesting, arg);
}

static bool asks_for_nesting(const struct sugar *s)
{
	struct node *root = (struct node *)s->d;
	bool asked = false;

	find_nesting(&asked, &root);
	return asked;
}

// Opened by a filter or a sample, else the block itself; then what does not pass forgets.
static void entry_half(struct calls *c, struct node_list points, struct node *target, struct node *filter, struct node *sampled_in, struct node *block)
{
	struct sugar *s = c->s;
	struct node *inner = sampled_in, *outer = block;

	if (c->top)
		find_enclosing(c, inner);
	add_statement(s, inner, make_assign(s, call_element(c), entry_value(c), c->at));
	if (inner != outer || filter)
		add_statement(s, inner, node_new(s->l->arena, NODE_RETURN, c->at));
	if (filter) {
		outer = make_block(s, c->at);
		add_statement(s, outer, make_if(s, filter, block, filter->span));
	}
	if (outer != inner)
		add_statement(s, outer, forget(c));
	vec_push(s->l->arena, &s->out, make_probe(s, points, target, outer, c->at));
}

static struct node *return_half(struct calls *c, struct node *found)
{
	struct sugar *s = c->s;
	struct node *block = make_block(s, c->at);
	struct node *find = make_call(s, "find", c->at, call_map(c, NULL), make_ident(s, "callid", c->at), make_var(s, c->call, c->at));

	add_statement(s, block, make_if(s, find, found, c->at));
	return block;
}

// Goroutines (bit 31 of the owner) belong to no thread: they go with the process, that is, with its first thread.
static struct node *process_gone(struct calls *c, bool all_threads)
{
	struct sugar *s = c->s;
	struct node *n = node_new(s->l->arena, NODE_TERNARY, c->at), *ones = make_int(s, UINT32_MAX, c->at);

	ones->int_.text = "0xffffffff";
	if (all_threads)
		return make_binary(s, OP_OR, make_var(s, "$gone", c->at), ones, c->at);
	n->ternary.cond = make_binary(s, OP_EQ, make_ident(s, "pid", c->at), make_ident(s, "tid", c->at), c->at);
	n->ternary.yes = make_binary(s, OP_OR, make_var(s, "$gone", c->at), ones, c->at);
	n->ternary.no = make_int(s, 0, c->at);
	return n;
}

static struct node *of_gone_process(struct calls *c, const struct node *owner)
{
	struct sugar *s = c->s;
	struct node *low = make_int(s, INT32_MAX, c->at);

	low->int_.text = "0x7fffffff";
	return make_binary(s, OP_EQ, make_binary(s, OP_OR, copy_of(s, owner), low, c->at), make_var(s, "$process", c->at), c->at);
}

// A system call has the thread and no frame for its key, and one call at a time: there is nothing to look through, which older
// kernels cannot (bpf_for_each_map_elem) and others do at each end of a thread.
static void sweep_syscall(struct calls *c, struct node *block, const char *why)
{
	struct sugar *s = c->s;
	struct node *key = node_new(s->l->arena, NODE_TUPLE, c->at), *gone = make_block(s, c->at);

	vec_push(s->l->arena, &key->tuple.items, make_var(s, "$gone", c->at));
	vec_push(s->l->arena, &key->tuple.items, make_cast(s, "uint64", make_int(s, 0, c->at), c->at));
	add_statement(s, gone, make_call(s, "left_out", c->at, make_string(s, why, c->at), NULL, NULL));
	add_statement(s, block, make_if(s, make_call(s, "delete", c->at, call_map(c, NULL), key, NULL), gone, c->at));
}

// Calls of threads that are no more: callid in these tracepoints is the thread that ends, or its number before execve().
static void sweep(struct calls *c, const char *point, struct node *target, struct node *owner, bool all_threads, const char *why)
{
	struct sugar *s = c->s;
	struct node *block = make_block(s, c->at), *body = make_block(s, c->at), *gone = make_block(s, c->at), *loop = node_new(s->l->arena, NODE_FOR, c->at);
	struct node *kv = make_var(s, "$open", c->at), *key = node_new(s->l->arena, NODE_ELEMENT, c->at), *of = node_new(s->l->arena, NODE_ELEMENT, c->at);

	key->element.base = kv;
	of->element.base = copy_of(s, key);
	add_statement(s, gone, make_call(s, "delete", c->at, call_map(c, NULL), key, NULL));
	if (c->top) {
		add_statement(s, gone, forget_element(c, c->nested, copy_of(s, key)));
		add_statement(s, gone, forget_element(c, c->top, copy_of(s, of)));
	}
	add_statement(s, gone, make_call(s, "left_out", c->at, make_string(s, why, c->at), NULL, NULL));
	add_statement(s, body, make_if(s, make_binary(s, OP_LOR, make_binary(s, OP_EQ, of, make_var(s, "$gone", c->at), c->at), of_gone_process(c, of), c->at), gone, c->at));
	loop->for_.name = "$open";
	loop->for_.map = call_map(c, NULL);
	loop->for_.body = body;
	add_statement(s, block, make_let(s, "$gone", owner, c->at));
	if (c->is_syscall && !c->top) {
		sweep_syscall(c, block, why);
	} else {
		add_statement(s, block, make_let(s, "$process", process_gone(c, all_threads), c->at));
		add_statement(s, block, loop);
	}
	vec_push(s->l->arena, &s->out, make_probe(s, one_of(s, make_point(s, point, c->at)), target, block, c->at));
}

static struct node *owner_now(struct calls *c)
{
	struct node *n = node_new(c->s->l->arena, NODE_ELEMENT, c->at);

	n->element.base = make_ident(c->s, "callid", c->at);
	return n;
}

static struct node *owner_before(struct calls *c)
{
	struct sugar *s = c->s;
	struct node *shift = make_int(s, 32, c->at), *tgid = make_binary(s, OP_SHL, make_binary(s, OP_SHR, owner_now(c), shift, c->at), copy_of(s, shift), c->at);
	struct node *old = node_new(s->l->arena, NODE_CAST, c->at), *t = node_new(s->l->arena, NODE_TYPESPEC, c->at);

	t->typespec.name = "uint64";
	old->cast.to = t;
	old->cast.value = make_field(s, make_ident(s, "args", c->at), "old_pid", c->at);
	return make_binary(s, OP_OR, tgid, old, c->at);
}

// execve() itself returns, to the thread that called it unless that was not the first one.
static struct node *another_thread(struct calls *c)
{
	struct sugar *s = c->s;
	struct node *args = make_ident(s, "args", c->at);

	return make_binary(s, OP_NE, make_field(s, args, "old_pid", c->at), make_field(s, copy_of(s, args), "pid", c->at), c->at);
}

// Where a map cannot be walked (before Linux 5.13), what dead threads leave gives way to newer calls, uncounted.
static void make_room(struct calls *c, const char *suffix)
{
	struct node *n = node_new(c->s->l->arena, NODE_MAPDECL, c->at);

	n->mapdecl.name = make_map(c->s, suffix, NULL, c->at)->map.name;
	n->mapdecl.kind = "lruhash";
	n->mapdecl.size = 16384;
	vec_push(c->s->l->arena, &c->s->out, n);
}

static void sweeps(struct calls *c, struct node *target)
{
	struct sugar *s = c->s;
	const char *const maps[] = { c->map, c->top, c->nested };
	bool walks = (c->is_syscall && !c->top) || has_feature(s, FEATURE_FOR_EACH_MAP);
	const char *why = arena_printf(s->l->arena, "calls of %s whose thread ended before they returned", s->d->declared.name);

	if (walks) {
		sweep(c, "tracepoint:sched:sched_process_exit", target ? copy_of(s, target) : NULL, owner_now(c), false, why);
		sweep(c, "tracepoint:sched:sched_process_exec", both(s, target ? copy_of(s, target) : NULL, c->is_syscall ? another_thread(c) : NULL), owner_before(c),
		      true, arena_printf(s->l->arena, "calls of %s whose process executed another program", s->d->declared.name));
	}
	for (size_t i = 0; i < ARRAY_SIZE(maps) && maps[i]; i++) {
		if (!walks)
			make_room(c, maps[i]);
		forget_at_end(s, maps[i], c->at);
	}
}

// Groups --------------------------------------------------------------------------------------------------------------

// A name that the probe's own statements do not use.
static const char *fresh(struct sugar *s, const char *name)
{
	return s->clause[CLAUSE_DO] ? arena_printf(s->l->arena, "$_%s", name + 1) : name;
}

static struct node *in_target(struct sugar *s, const char *target, struct span at)
{
	return target ? make_call(s, "in_target", at, make_string(s, target, at), NULL, NULL) : NULL;
}

static const char *named_target(struct sugar *s, const struct node *point)
{
	const char *rest = rest_of(point), *colon = strchr(rest, ':');
	size_t n = colon ? (size_t)(colon - rest) : 0;

	for (size_t i = 0; i < s->l->script->script.items.n; i++) {
		const struct node *item = s->l->script->script.items.v[i];

		if (item->kind == NODE_TARGET && strlen(item->target.name) == n && memcmp(item->target.name, rest, n) == 0)
			return item->target.name;
	}
	return n == 2 && memcmp(rest, "it", 2) == 0 ? "it" : NULL;
}

// Points of one kind and one target: they share the map, an entry's key tells the calls apart.
static void rewrite_group(struct sugar *s, const struct node_list *points, bool syscalls, const char *target, unsigned number)
{
	struct calls c = { .s = s, .map = free_map(s, number ? arena_printf(s->l->arena, "open_%u", number + 1) : "open"),
			   .is_syscall = syscalls, .call = fresh(s, "$call"), .duration = fresh(s, "$duration"), .at = points->v[0]->span };
	struct node *entry_filter = NULL, *return_filter = NULL, *found = make_block(s, c.at), *inner = found, *block = make_block(s, c.at), *sampled_in;
	struct node_list entries = { 0 }, returns = { 0 };
	const struct node *filter = s->clause[CLAUSE_FILTER];
	size_t at;

	for (size_t i = 0; i < points->n; i++) {
		vec_push(s->l->arena, &entries, point_at(s, points->v[i], true));
		vec_push(s->l->arena, &returns, point_at(s, points->v[i], false));
	}
	if (asks_for_nesting(s)) {
		c.top = free_map(s, number ? arena_printf(s->l->arena, "top_%u", number + 1) : "top");
		c.nested = free_map(s, number ? arena_printf(s->l->arena, "nested_%u", number + 1) : "nested");
		c.own = fresh(s, "$own");
	}
	c.has_time = s->clause[CLAUSE_CAPTURE] || c.top;
	s->call = &c;
	s->entry_weight = NULL;
	sampled_in = sampled_entry(s, block);
	if (filter)
		split_filter(&c, filter->clause.parts.v[0], &entry_filter, &return_filter);
	count_for_gate(s, found);
	add_statement(s, found, forget(&c));
	at = found->block.body.n;
	if (c.top)
		leave_nested(&c, found);
	if (return_filter) {
		inner = make_block(s, return_filter->span);
		add_statement(s, found, make_if(s, return_filter, inner, return_filter->span));
	}
	deliver(s, inner, (struct delivery){ .time = make_field(s, make_var(s, c.call, c.at), "time", c.at), .duration = make_var(s, c.duration, c.at),
					     .weight = s->entry_weight ? make_field(s, make_var(s, c.call, c.at), "weight", c.at) : NULL });
	if (c.has_time) {
		struct node *let = make_let(s, c.duration, make_binary(s, OP_SUB, make_ident(s, "nsecs", c.at), time_of(&c), c.at), c.at);

		vec_push(s->l->arena, &found->block.body, NULL);
		memmove(&found->block.body.v[at + 1], &found->block.body.v[at], (found->block.body.n - at - 1) * sizeof *found->block.body.v);
		found->block.body.v[at] = let;
	}
	entry_half(&c, entries, syscalls ? in_target(s, target, c.at) : NULL, entry_filter, sampled_in, block);
	vec_push(s->l->arena, &s->out, make_probe(s, returns, NULL, return_half(&c, found), c.at));
	sweeps(&c, in_target(s, target, c.at));
	s->call = NULL;
	s->entry_weight = NULL;
}

static const char *target_of(struct sugar *s, const struct node *point)
{
	const char *name;

	return is_syscall(point) ? target_of_syscall(s, point, &name) : named_target(s, point);
}

static bool same_group(struct sugar *s, const struct node *a, const struct node *b)
{
	const char *ta = target_of(s, a), *tb = target_of(s, b);

	return is_syscall(a) == is_syscall(b) && (ta == tb || (ta && tb && strcmp(ta, tb) == 0));
}

static void unknown_syscall(struct sugar *s, const struct node *point, const char *name)
{
	static const char *const names[] = {
#define SYSCALL(name) #name,
#define SYSCALL_NEW(name, number) #name,
#define SYSCALL_ALIAS(alias, name) #alias,
#include "base/syscalls.def"
#undef SYSCALL
#undef SYSCALL_NEW
#undef SYSCALL_ALIAS
	};
	struct near near = near_to(name);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		near_offer(&near, names[i]);
	diag_error(s->l->diag, point->span, E_NO_MATCH, "there is no system call '%s'", name);
	if (near.best)
		diag_hint(s->l->diag, "did you mean '%s'?", near.best);
}

// Said here, in the words of the call, and not of the probes it becomes.
static bool check_point(struct sugar *s, const struct node *point)
{
	const char *name, *rest = rest_of(point), *colon = strrchr(rest, ':');
	struct world *w = s->l->world;

	if (is_syscall(point)) {
		target_of_syscall(s, point, &name);
		if (*name && (glob_is(name) || !w->ops->syscall_number || w->ops->syscall_number(w, name) >= 0))
			return true;
		if (*name)
			unknown_syscall(s, point, name);
		else
			diag_error(s->l->diag, point->span, E_ATTACH_POINT, "'%s' names no system call; write syscall:TARGET:NAME, or syscall:NAME", point->point.text);
		return false;
	}
	if ((colon && colon > rest && colon[1]) || (!colon && *rest && s->l->options->pid))
		return true;
	diag_error(s->l->diag, point->span, E_ATTACH_POINT, "'%s' names no function of a program; write call:TARGET:FUNCTION, with a target's name or a path",
		   point->point.text);
	return false;
}

static bool check_points(struct sugar *s)
{
	bool good = true;

	for (size_t i = 0; i < s->calls.n; i++)
		good &= check_point(s, s->calls.v[i]);
	return good;
}

void rewrite_calls(struct sugar *s)
{
	bool *done = arena_array(s->l->arena, bool, s->calls.n);
	unsigned groups = 0;

	if (!check_points(s))
		return;
	for (size_t i = 0; i < s->calls.n; i++) {
		struct node_list group = { 0 };

		for (size_t k = i; k < s->calls.n && !done[i]; k++)
			if (!done[k] && same_group(s, s->calls.v[i], s->calls.v[k])) {
				done[k] = k > i;
				vec_push(s->l->arena, &group, s->calls.v[k]);
			}
		if (group.n)
			rewrite_group(s, &group, is_syscall(group.v[0]), target_of(s, group.v[0]), groups++);
	}
}

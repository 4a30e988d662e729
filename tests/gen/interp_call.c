// SPDX-License-Identifier: Apache-2.0
// interp_call.c - functions. What they ask of user space is queued until the program has ended.
#include <string.h>

#include "tests/gen/interp_int.h"

static struct val eval_strncmp(struct interp *in, const struct node *n)
{
	struct val a = interp_eval(in, n->call.args.v[0]), b = interp_eval(in, n->call.args.v[1]);
	uint64_t most = n->call.args.v[2]->int_.value;

	a.len = (uint32_t)MIN((uint64_t)a.len, most);
	b.len = (uint32_t)MIN((uint64_t)b.len, most);
	return val_number(n->type, !val_equal(&a, &b));
}

// str($s, n) of an n that is known at run time: room for n bytes, the NUL included.
static struct val eval_str(struct interp *in, const struct node *n)
{
	struct val s = interp_eval(in, n->call.args.v[0]), room = interp_eval(in, n->call.args.v[1]);

	if (s.t->kind != TYPE_STRING)
		interp_give_up(in, "str() of an address");
	s.len = (uint32_t)MIN((uint64_t)s.len, room.n ? room.n - 1 : 0);
	return s;
}

static struct val eval_concat(struct interp *in, const struct node *n)
{
	struct val a = interp_eval(in, n->call.args.v[0]), b = interp_eval(in, n->call.args.v[1]);
	char *s = arena_array(in->a, char, a.len + b.len + 1);

	memcpy(s, a.s, a.len);
	memcpy(s + a.len, b.s, b.len);
	return (struct val){ .t = n->type, .s = s, .len = MIN(a.len + b.len, n->type->count - 1) };
}

static struct val eval_strstr(struct interp *in, const struct node *n)
{
	struct val h = interp_eval(in, n->call.args.v[0]), s = interp_eval(in, n->call.args.v[1]);
	const char *at = s.len ? memmem(h.s, h.len, s.s, s.len) : h.s;

	return val_number(n->type, at ? (uint64_t)(at - h.s) : UINT64_MAX);
}

static char byte_at(const struct val *v, uint64_t i)
{
	return i < v->len ? v->s[i] : '\0';
}

// What lies behind the end of the shorter type is not compared.
static struct val eval_memcmp(struct interp *in, const struct node *n)
{
	struct val a = interp_eval(in, n->call.args.v[0]), b = interp_eval(in, n->call.args.v[1]), most = interp_eval(in, n->call.args.v[2]);
	uint64_t room = MIN(MIN(a.t->count, b.t->count), most.n);
	int64_t differ = 0;

	for (uint64_t i = 0; i < room && !differ; i++)
		differ = (unsigned char)byte_at(&a, i) - (unsigned char)byte_at(&b, i);
	return val_number(n->type, (uint64_t)differ);
}

static struct val eval_strcontains(struct interp *in, const struct node *n)
{
	struct val h = interp_eval(in, n->call.args.v[0]), s = interp_eval(in, n->call.args.v[1]);

	return val_number(n->type, !s.len || memmem(h.s, h.len, s.s, s.len));
}

static struct val given_key(struct interp *in, const struct imap *m, const struct node *map, const struct node *key)
{
	if (!m->key || map->map.keys.n)
		return interp_key(in, m, &map->map.keys);
	return val_as(in, interp_eval(in, key), m->key);
}

static struct val eval_delete(struct interp *in, const struct node *n)
{
	struct imap *m = interp_map_of(in, n->call.args.v[0]);
	struct val key = given_key(in, m, n->call.args.v[0], n->call.args.n > 1 ? n->call.args.v[1] : NULL);
	const struct element *e = imap_find(m, &key);
	bool was = m->key ? e != NULL : m->set;

	if (!m->key)
		imap_clear(in, m);
	else if (e)
		imap_remove(m, e);
	return val_number(n->type, was);
}

static struct val eval_has_key(struct interp *in, const struct node *n)
{
	struct imap *m = interp_map_of(in, n->call.args.v[0]);
	struct val key = given_key(in, m, n->call.args.v[0], n->call.args.v[1]);

	return val_number(n->type, imap_find(m, &key) != NULL);
}

static void enqueue(struct interp *in, struct action a)
{
	vec_push(in->a, &in->queue, a);
}

static void enqueue_text(struct interp *in, enum event_kind kind, const struct str *s)
{
	enqueue(in, (struct action){ .kind = kind, .text = arena_memdup(in->a, str_z(s), s->n), .n = s->n });
}

static void call_printf(struct interp *in, const struct node *n)
{
	_str_ struct str s = { 0 };
	struct val *args = arena_array(in->a, struct val, n->call.args.n);

	for (size_t i = 1; i < n->call.args.n; i++)
		args[i - 1] = interp_eval(in, n->call.args.v[i]);
	show_format(n->call.args.v[0]->string.text, args, n->call.args.n - 1, &s);
	enqueue_text(in, EVENT_PRINTF, &s);
}

static void call_print(struct interp *in, const struct node *n)
{
	const struct node *a = n->call.args.v[0];
	_str_ struct str s = { 0 };

	if (a->kind == NODE_MAP && !a->map.keys.n && n->call.first == 1) {
		struct action act = { .kind = EVENT_PRINT_MAP, .map = interp_map_of(in, a), .b = 1 };

		act.a = n->call.args.n > 1 ? interp_eval(in, n->call.args.v[1]).n : 0;
		act.b = n->call.args.n > 2 ? interp_eval(in, n->call.args.v[2]).n : 1;
		enqueue(in, act);
		if (n->call.takes == WIRE_TAKE_CLEAR || n->call.takes == WIRE_TAKE_ZERO) // what is behind it is part of it: lang/pass_pair.c
			enqueue(in, (struct action){ .kind = n->call.takes == WIRE_TAKE_CLEAR ? EVENT_CLEAR : EVENT_ZERO, .map = act.map });
		return;
	}
	struct val v = interp_eval(in, a);
	show_value(&v, &s);
	str_addc(&s, '\n');
	enqueue_text(in, EVENT_PRINT_VALUE, &s);
}

struct val interp_call(struct interp *in, const struct node *n)
{
	struct node *const *args = n->call.args.v;
	struct val v;

	switch (n->call.builtin->id) {
	case BUILTIN_PRINTF: call_printf(in, n); break;
	case BUILTIN_PRINT: call_print(in, n); break;
	case BUILTIN_CLEAR: enqueue(in, (struct action){ .kind = EVENT_CLEAR, .map = interp_map_of(in, args[0]) }); break;
	case BUILTIN_ZERO: enqueue(in, (struct action){ .kind = EVENT_ZERO, .map = interp_map_of(in, args[0]) }); break;
	case BUILTIN_EXIT:
		enqueue(in, (struct action){ .kind = EVENT_EXIT, .a = n->call.args.n ? interp_eval(in, args[0]).n : 0 });
		in->flow = LEAVE;
		break;
	case BUILTIN_DELETE: return eval_delete(in, n);
	case BUILTIN_HAS_KEY: return eval_has_key(in, n);
	case BUILTIN_LEN: return val_number(n->type, interp_map_of(in, args[0])->n);
	case BUILTIN_STRNCMP: return eval_strncmp(in, n);
	case BUILTIN_STRCONTAINS: return eval_strcontains(in, n);
	case BUILTIN_STRLEN:
		v = interp_eval(in, args[0]);
		return val_number(n->type, v.len);
	case BUILTIN_STR: return eval_str(in, n);
	case BUILTIN_STR_CONCAT: return eval_concat(in, n);
	case BUILTIN_STRSTR: return eval_strstr(in, n);
	case BUILTIN_MEMCMP: return eval_memcmp(in, n);
	case BUILTIN_BSWAP:
		v = interp_eval(in, args[0]);
		return val_number(n->type, __builtin_bswap64(v.n) >> (64 - 8 * n->type->size));
	default: interp_give_up(in, "function %s", n->call.name);
	}
	return (struct val){ .t = n->type };
}

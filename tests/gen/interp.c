// SPDX-License-Identifier: Apache-2.0
// interp.c - runs a checked program. Operands are evaluated from left to right, the value of an assignment before its keys.
//
// What a program asks of user space (print of a map, clear, exit …) happens when the program has ended: it is queued.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "base/wire.h"
#include "lang/builtin.h"
#include "lang/program.h"
#include "tests/gen/gen.h"

#define FUEL 2000000

enum flow { GO_ON, BREAK, CONTINUE, LEAVE };

struct action {
	enum event_kind kind;
	struct imap *map;
	uint64_t a, b;
	const char *text;
	size_t n;
};

struct interp {
	struct arena *a;
	const struct program *p;
	struct imap *maps;
	struct val *vars;
	VEC(struct action) queue;
	struct str *out;
	uint64_t fuel;
	enum flow flow;
	bool exited, ending;
	int status;
	const char *why; // why it gave up
};

static struct val eval(struct interp *in, const struct node *n);
static void run(struct interp *in, const struct node *n);

static struct val zero(struct interp *in, const struct type *t);

static bool give_up(struct interp *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool give_up(struct interp *in, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (!in->why)
		in->why = arena_strdup(in->a, text);
	in->flow = LEAVE;
	return false;
}

static bool spend(struct interp *in)
{
	if (in->why)
		return false;
	return in->fuel-- > 1 || give_up(in, "it runs for too long");
}

// Values ----------------------------------------------------------------------------------------------------------------

static struct val number(const struct type *t, uint64_t n)
{
	return (struct val){ .t = t, .n = fit(t, n) };
}

static struct val zero(struct interp *in, const struct type *t)
{
	struct val v = { .t = t, .s = "" };

	if (t->nfields && (t->kind == TYPE_TUPLE || t->kind == TYPE_RECORD)) {
		v.m = arena_array(in->a, struct val, t->nfields);
		for (uint32_t i = 0; i < t->nfields; i++)
			v.m[i] = zero(in, t->fields[i].type);
	}
	return v;
}

// As a value of type t: integers keep their low bits, strings what fits in front of the NUL.
static struct val as_type(struct interp *in, struct val v, const struct type *t)
{
	struct val r = v;

	r.t = t;
	if (v.m) {
		r.m = arena_array(in->a, struct val, t->nfields);
		for (uint32_t i = 0; i < t->nfields; i++) {
			uint32_t from = i;

			for (uint32_t k = 0; t->kind == TYPE_RECORD && k < v.t->nfields; k++)
				if (strcmp(v.t->fields[k].name, t->fields[i].name) == 0)
					from = k;
			r.m[i] = as_type(in, v.m[from], t->fields[i].type);
		}
	} else if (t->kind == TYPE_STRING) {
		r.len = MIN(v.len, t->count - 1);
	} else {
		r.n = fit(t, v.n);
	}
	return r;
}

static bool equal(const struct val *a, const struct val *b)
{
	if (a->t->kind == TYPE_STRING)
		return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
	for (uint32_t i = 0; a->m && i < a->t->nfields; i++)
		if (!equal(&a->m[i], &b->m[i]))
			return false;
	return a->n == b->n;
}

static bool truth(const struct val *v)
{
	return v->t->kind == TYPE_STRING ? v->len > 0 : v->n != 0;
}

// Maps ------------------------------------------------------------------------------------------------------------------

static struct imap *map_of(struct interp *in, const struct node *n)
{
	return &in->maps[n->map.sym->index];
}

static struct val key_of(struct interp *in, const struct imap *m, const struct node_list *keys)
{
	struct val v = { .t = m->key };

	if (!m->key)
		return v;
	if (keys->n == 1)
		return as_type(in, eval(in, keys->v[0]), m->key);
	v.m = arena_array(in->a, struct val, keys->n);
	for (size_t i = 0; i < keys->n; i++)
		v.m[i] = as_type(in, eval(in, keys->v[i]), m->key->fields[i].type);
	return v;
}

static struct element *find(struct imap *m, const struct val *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->key || equal(&m->v[i].key, key))
			return &m->v[i];
	return NULL;
}

static struct element *find_or_create(struct interp *in, struct imap *m, const struct val *key)
{
	struct element *e = find(m, key), fresh = { .key = *key, .value = zero(in, m->value) };

	if (!e) {
		if (m->value->kind == TYPE_HIST || m->value->kind == TYPE_LHIST)
			fresh.agg.bucket = arena_array(in->a, uint64_t, m->value->count);
		vec_push(in->a, m, fresh);
		e = &m->v[m->n - 1];
	}
	m->set = true;
	return e;
}

static void remove_at(struct imap *m, const struct element *e)
{
	size_t at = (size_t)(e - m->v);

	m->v[at] = m->v[--m->n];
}

// A scalar map always has its element.
static void clear_map(struct interp *in, struct imap *m)
{
	m->n = 0;
	if (!m->key)
		find_or_create(in, m, &(struct val){ 0 });
	m->set = false;
}

static void zero_map(struct interp *in, struct imap *m)
{
	for (size_t i = 0; i < m->n; i++) {
		m->v[i].value = zero(in, m->value);
		if (m->v[i].agg.bucket)
			memset(m->v[i].agg.bucket, 0, m->value->count * sizeof(uint64_t));
		m->v[i].agg = (struct agg){ .bucket = m->v[i].agg.bucket };
	}
}

static struct val read_map(struct interp *in, const struct node *n)
{
	struct imap *m = map_of(in, n);
	struct val key = key_of(in, m, &n->map.keys);
	const struct element *e = find(m, &key);

	if (!type_is_aggregate(m->value))
		return e ? e->value : zero(in, m->value);
	return (struct val){ .t = m->value, .n = e ? (uint64_t)agg_number(m->value, &e->agg) : 0 };
}

static uint64_t hist_bucket(uint64_t v, unsigned bits, bool is_signed)
{
	unsigned log = 63;

	if (is_signed && (int64_t)v < 0)
		return 0;
	if (v < 1ull << bits)
		return v + 1;
	while (!(v >> log))
		log--;
	return 1 + ((uint64_t)(log - bits) << bits) + (v >> (log - bits));
}

static uint64_t lhist_bucket(const struct type *t, uint64_t v, bool is_signed)
{
	__int128 x = is_signed ? (__int128)(int64_t)v : (__int128)v;

	if (x < t->a)
		return 0;
	if (x >= t->b)
		return t->count - 1;
	return 1 + (uint64_t)((x - t->a) / t->c);
}

static bool is_better(const struct type *t, uint64_t x, uint64_t was)
{
	bool less = t->is_signed ? (int64_t)x < (int64_t)was : x < was;

	return x != was && (t->kind == TYPE_MIN) == less;
}

static void aggregate(struct interp *in, const struct node *target, const struct node *call)
{
	struct imap *m = map_of(in, target);
	const struct type *t = m->value;
	const struct node *arg = call->call.args.n ? call->call.args.v[0] : NULL;
	uint64_t x = arg ? eval(in, arg).n : 0;
	struct val key = key_of(in, m, &target->map.keys);
	struct agg *a = &find_or_create(in, m, &key)->agg;

	switch (t->kind) {
	case TYPE_COUNT: a->value++; break;
	case TYPE_SUM: a->value += x; break;
	case TYPE_MIN: case TYPE_MAX:
		if (!a->set || is_better(t, x, a->value))
			a->value = x;
		break;
	case TYPE_AVG: case TYPE_STATS:
		a->total += x;
		a->count++;
		break;
	case TYPE_HIST: a->bucket[hist_bucket(x, (unsigned)t->a, arg->type->is_signed)]++; break;
	case TYPE_LHIST: a->bucket[lhist_bucket(t, x, arg->type->is_signed)]++; break;
	default: give_up(in, "aggregate of kind %d", (int)t->kind);
	}
	a->set = true;
}

// Operators -------------------------------------------------------------------------------------------------------------

static uint64_t arithmetic(struct interp *in, enum op op, uint64_t a, uint64_t b, bool is_signed)
{
	bool less = is_signed ? (int64_t)a < (int64_t)b : a < b;

	switch (op) {
	case OP_ADD: return a + b;
	case OP_SUB: return a - b;
	case OP_MUL: return a * b;
	case OP_DIV: return b ? a / b : 1;
	case OP_MOD: return b ? a % b : 1;
	case OP_AND: return a & b;
	case OP_OR: return a | b;
	case OP_XOR: return a ^ b;
	case OP_SHL: return a << (b & 63);
	case OP_SHR: return a >> (b & 63);
	case OP_EQ: return a == b;
	case OP_NE: return a != b;
	case OP_LT: return less;
	case OP_LE: return less || a == b;
	case OP_GT: return !less && a != b;
	case OP_GE: return !less;
	default: give_up(in, "operator %s", op_spelling(op)); return 0;
	}
}

static struct val eval_binary(struct interp *in, const struct node *n)
{
	enum op op = n->binary.op;
	struct val a = eval(in, n->binary.left), b;

	if (op == OP_LAND || op == OP_LOR) {
		if (truth(&a) == (op == OP_LOR))
			return number(n->type, op == OP_LOR);
		b = eval(in, n->binary.right);
		return number(n->type, truth(&b));
	}
	b = eval(in, n->binary.right);
	if (a.t->kind == TYPE_STRING || a.m)
		return number(n->type, equal(&a, &b) == (op == OP_EQ));
	return number(n->type, arithmetic(in, op, a.n, b.n, n->binary.left->type->is_signed && n->binary.right->type->is_signed));
}

static struct val eval_unary(struct interp *in, const struct node *n)
{
	struct val v = eval(in, n->unary.value);

	switch (n->unary.op) {
	case OP_NEG: return number(n->type, 0 - v.n);
	case OP_BITNOT: return number(n->type, ~v.n);
	case OP_NOT: return number(n->type, !truth(&v));
	default:
		give_up(in, "operator %s", op_spelling(n->unary.op));
		return zero(in, n->type);
	}
}

static struct val eval_incdec(struct interp *in, const struct node *n)
{
	const struct node *t = n->incdec.target;
	uint64_t delta = n->incdec.op == OP_INC ? 1 : UINT64_MAX;
	struct val *at, was;

	if (t->kind == NODE_MAP) {
		struct imap *m = map_of(in, t);
		struct val key = key_of(in, m, &t->map.keys);

		at = &find_or_create(in, m, &key)->value;
	} else {
		at = &in->vars[t->var.sym->index];
	}
	was = *at;
	at->n = fit(at->t, at->n + delta);
	return n->incdec.prefix ? *at : was;
}

static struct val eval_cast(struct interp *in, const struct node *n)
{
	struct val v = eval(in, n->cast.value);

	if (n->type->kind == TYPE_BOOL)
		return number(n->type, truth(&v));
	return as_type(in, v, n->type);
}

static struct val eval_items(struct interp *in, const struct node *n, const struct node_list *items)
{
	struct val v = { .t = n->type, .m = arena_array(in->a, struct val, items->n + 1) };

	for (size_t i = 0; i < items->n; i++) {
		const struct node *item = items->v[i];

		v.m[i] = as_type(in, eval(in, item->kind == NODE_RECORD_ITEM ? item->record_item.value : item), n->type->fields[i].type);
	}
	return v;
}

static struct val eval_index(struct interp *in, const struct node *n) // of a string
{
	struct val base = eval(in, n->index.base), i = eval(in, n->index.keys.v[0]);
	uint64_t at = i.n < base.t->count ? i.n : 0;

	if (base.t->kind != TYPE_STRING)
		give_up(in, "index of something else than a string");
	return number(n->type, at < base.len ? (uint64_t)(unsigned char)base.s[at] : 0);
}

static struct val eval_field(struct interp *in, const struct node *n)
{
	struct val base = eval(in, n->field.base);

	for (uint32_t i = 0; base.m && i < base.t->nfields; i++)
		if (strcmp(base.t->fields[i].name, n->field.name) == 0)
			return base.m[i];
	give_up(in, "field %s", n->field.name);
	return zero(in, n->type);
}

static struct val eval_ident(struct interp *in, const struct node *n)
{
	char *comm;

	switch (n->ident.builtin->id) {
	case BUILTIN_PID: return number(n->type, (uint64_t)getpid());
	case BUILTIN_TID: return number(n->type, (uint64_t)gettid());
	case BUILTIN_UID: return number(n->type, (uint64_t)getuid());
	case BUILTIN_GID: return number(n->type, (uint64_t)getgid());
	case BUILTIN_COMM:
		comm = arena_array(in->a, char, 16);
		prctl(PR_GET_NAME, comm);
		return (struct val){ .t = n->type, .s = comm, .len = (uint32_t)strlen(comm) };
	default:
		give_up(in, "builtin %s", n->ident.name);
		return zero(in, n->type);
	}
}

// Calls -----------------------------------------------------------------------------------------------------------------

static struct val eval_strncmp(struct interp *in, const struct node *n)
{
	struct val a = eval(in, n->call.args.v[0]), b = eval(in, n->call.args.v[1]);
	uint64_t most = n->call.args.v[2]->int_.value;

	a.len = (uint32_t)MIN((uint64_t)a.len, most);
	b.len = (uint32_t)MIN((uint64_t)b.len, most);
	return number(n->type, !equal(&a, &b));
}

// str($s, n) of an n that is known at run time: room for n bytes, the NUL included.
static struct val eval_str(struct interp *in, const struct node *n)
{
	struct val s = eval(in, n->call.args.v[0]), room = eval(in, n->call.args.v[1]);

	if (s.t->kind != TYPE_STRING)
		give_up(in, "str() of an address");
	s.len = (uint32_t)MIN((uint64_t)s.len, room.n ? room.n - 1 : 0);
	return s;
}

static struct val eval_strcontains(struct interp *in, const struct node *n)
{
	struct val h = eval(in, n->call.args.v[0]), s = eval(in, n->call.args.v[1]);

	return number(n->type, !s.len || memmem(h.s, h.len, s.s, s.len));
}

static struct val given_key(struct interp *in, const struct imap *m, const struct node *map, const struct node *key)
{
	if (!m->key || map->map.keys.n)
		return key_of(in, m, &map->map.keys);
	return as_type(in, eval(in, key), m->key);
}

static struct val eval_delete(struct interp *in, const struct node *n)
{
	struct imap *m = map_of(in, n->call.args.v[0]);
	struct val key = given_key(in, m, n->call.args.v[0], n->call.args.n > 1 ? n->call.args.v[1] : NULL);
	const struct element *e = find(m, &key);
	bool was = m->key ? e != NULL : m->set;

	if (!m->key)
		clear_map(in, m);
	else if (e)
		remove_at(m, e);
	return number(n->type, was);
}

static struct val eval_has_key(struct interp *in, const struct node *n)
{
	struct imap *m = map_of(in, n->call.args.v[0]);
	struct val key = given_key(in, m, n->call.args.v[0], n->call.args.v[1]);

	return number(n->type, find(m, &key) != NULL);
}

static void enqueue(struct interp *in, struct action a)
{
	vec_push(in->a, &in->queue, a);
}

static void enqueue_text(struct interp *in, enum event_kind kind, const struct str *s)
{
	enqueue(in, (struct action){ .kind = kind, .text = arena_strndup(in->a, str_z(s), s->n), .n = s->n });
}

static void call_printf(struct interp *in, const struct node *n)
{
	_str_ struct str s = { 0 };
	struct val *args = arena_array(in->a, struct val, n->call.args.n);

	for (size_t i = 1; i < n->call.args.n; i++)
		args[i - 1] = eval(in, n->call.args.v[i]);
	show_format(n->call.args.v[0]->string.text, args, n->call.args.n - 1, &s);
	enqueue_text(in, EVENT_PRINTF, &s);
}

static void call_print(struct interp *in, const struct node *n)
{
	const struct node *a = n->call.args.v[0];
	_str_ struct str s = { 0 };

	if (a->kind == NODE_MAP && !a->map.keys.n && n->call.first == 1) {
		struct action act = { .kind = EVENT_PRINT_MAP, .map = map_of(in, a), .b = 1 };

		act.a = n->call.args.n > 1 ? eval(in, n->call.args.v[1]).n : 0;
		act.b = n->call.args.n > 2 ? eval(in, n->call.args.v[2]).n : 1;
		enqueue(in, act);
		if (n->call.takes) // the clear() or zero() behind it is part of it: lang/pass_pair.c
			enqueue(in, (struct action){ .kind = n->call.takes == WIRE_TAKE_CLEAR ? EVENT_CLEAR : EVENT_ZERO, .map = act.map });
		return;
	}
	struct val v = eval(in, a);
	show_value(&v, &s);
	str_addc(&s, '\n');
	enqueue_text(in, EVENT_PRINT_VALUE, &s);
}

static struct val eval_call(struct interp *in, const struct node *n)
{
	struct node *const *args = n->call.args.v;
	struct val v;

	switch (n->call.builtin->id) {
	case BUILTIN_PRINTF: call_printf(in, n); break;
	case BUILTIN_PRINT: call_print(in, n); break;
	case BUILTIN_CLEAR: enqueue(in, (struct action){ .kind = EVENT_CLEAR, .map = map_of(in, args[0]) }); break;
	case BUILTIN_ZERO: enqueue(in, (struct action){ .kind = EVENT_ZERO, .map = map_of(in, args[0]) }); break;
	case BUILTIN_EXIT:
		enqueue(in, (struct action){ .kind = EVENT_EXIT, .a = n->call.args.n ? eval(in, args[0]).n : 0 });
		in->flow = LEAVE;
		break;
	case BUILTIN_DELETE: return eval_delete(in, n);
	case BUILTIN_HAS_KEY: return eval_has_key(in, n);
	case BUILTIN_LEN: return number(n->type, map_of(in, args[0])->n);
	case BUILTIN_STRNCMP: return eval_strncmp(in, n);
	case BUILTIN_STRCONTAINS: return eval_strcontains(in, n);
	case BUILTIN_STRLEN:
		v = eval(in, args[0]);
		return number(n->type, v.len);
	case BUILTIN_STR: return eval_str(in, n);
	case BUILTIN_BSWAP:
		v = eval(in, args[0]);
		return number(n->type, __builtin_bswap64(v.n) >> (64 - 8 * n->type->size));
	default: give_up(in, "function %s", n->call.name);
	}
	return (struct val){ .t = n->type };
}

static struct val eval_block(struct interp *in, const struct node *n)
{
	for (size_t i = 0; i < n->block.body.n && in->flow == GO_ON; i++)
		run(in, n->block.body.v[i]);
	if (n->block.value && in->flow == GO_ON)
		return eval(in, n->block.value);
	return zero(in, n->type);
}

static struct val choose(struct interp *in, const struct node *cond, const struct node *yes, const struct node *no)
{
	struct val c = eval(in, cond);

	if (truth(&c))
		return eval(in, yes);
	return no ? eval(in, no) : c;
}

static struct val eval_kind(struct interp *in, const struct node *n)
{
	switch (n->kind) {
	case NODE_INT: return number(n->type, n->int_.value);
	case NODE_BOOL: return number(n->type, n->bool_.value);
	case NODE_STRING: return (struct val){ .t = n->type, .s = n->string.text, .len = (uint32_t)n->string.len };
	case NODE_IDENT: return eval_ident(in, n);
	case NODE_VAR: return in->vars[n->var.sym->index];
	case NODE_MAP: return read_map(in, n);
	case NODE_INDEX: return eval_index(in, n);
	case NODE_FIELD: return eval_field(in, n);
	case NODE_ELEMENT: return eval(in, n->element.base).m[n->element.number];
	case NODE_CALL: return eval_call(in, n);
	case NODE_UNARY: return eval_unary(in, n);
	case NODE_BINARY: return eval_binary(in, n);
	case NODE_INCDEC: return eval_incdec(in, n);
	case NODE_TERNARY: return choose(in, n->ternary.cond, n->ternary.yes, n->ternary.no);
	case NODE_IF: return choose(in, n->if_.cond, n->if_.yes, n->if_.no);
	case NODE_CAST: return eval_cast(in, n);
	case NODE_TUPLE: return eval_items(in, n, &n->tuple.items);
	case NODE_RECORD: return eval_items(in, n, &n->record.items);
	case NODE_BLOCK: return eval_block(in, n);
	default:
		give_up(in, "expression of kind %s", node_name(n->kind));
		return zero(in, n->type);
	}
}

// A value of the node's type; when the program is being left, any.
static struct val eval(struct interp *in, const struct node *n)
{
	if (in->flow == LEAVE || !spend(in))
		return zero(in, n->type);
	struct val v = eval_kind(in, n);
	if (in->flow == LEAVE || !n->type || n->type->kind == TYPE_NONE)
		return zero(in, n->type);
	return v.t == n->type ? v : as_type(in, v, n->type);
}

// Statements ------------------------------------------------------------------------------------------------------------

static bool is_agg_call(const struct node *n)
{
	return n->kind == NODE_CALL && n->call.builtin->flags & BF_AGG;
}

static struct val compound(struct interp *in, const struct node *n, struct val was, struct val by)
{
	return number(was.t, arithmetic(in, n->assign.op, was.n, by.n, was.t->is_signed));
}

static void assign_map(struct interp *in, const struct node *n)
{
	const struct node *t = n->assign.target;
	struct imap *m = map_of(in, t);
	struct val v, key;

	if (is_agg_call(n->assign.value)) {
		aggregate(in, t, n->assign.value);
		return;
	}
	v = eval(in, n->assign.value);
	key = key_of(in, m, &t->map.keys);
	if (in->flow == LEAVE)
		return;
	struct element *e = find_or_create(in, m, &key);
	e->value = n->assign.op == OP_NONE ? as_type(in, v, m->value) : compound(in, n, e->value, v);
}

static void assign_var(struct interp *in, const struct var *sym, const struct node *n)
{
	struct val v = eval(in, n->kind == NODE_LET ? n->let.value : n->assign.value), *at = &in->vars[sym->index];

	if (in->flow == LEAVE)
		return;
	*at = n->kind == NODE_LET || n->assign.op == OP_NONE ? as_type(in, v, sym->type) : compound(in, n, *at, v);
}

// After a round: does the loop go on?
static bool goes_on(struct interp *in)
{
	if (in->flow == CONTINUE)
		in->flow = GO_ON;
	if (in->flow == GO_ON)
		return spend(in);
	if (in->flow == BREAK)
		in->flow = GO_ON;
	return false;
}

static void run_while(struct interp *in, const struct node *n)
{
	do {
		struct val c = eval(in, n->while_.cond);

		if (in->flow != GO_ON || !truth(&c))
			return;
		run(in, n->while_.body);
	} while (goes_on(in));
}

static void run_unroll(struct interp *in, const struct node *n)
{
	uint64_t i = 0;

	do
		run(in, n->unroll.body);
	while (goes_on(in) && ++i < n->unroll.count->int_.value);
}

static struct val pair(struct interp *in, const struct type *t, const struct imap *m, const struct element *e)
{
	struct val v = { .t = t, .m = arena_array(in->a, struct val, 2) };

	v.m[0] = as_type(in, e->key, t->fields[0].type);
	v.m[1] = e->value;
	if (type_is_aggregate(m->value))
		v.m[1] = number(t->fields[1].type, (uint64_t)agg_number(m->value, &e->agg));
	return v;
}

static void run_for_map(struct interp *in, const struct node *n)
{
	const struct imap *m = map_of(in, n->for_.map);
	size_t i = 0, count = m->n;
	const struct element *all = arena_memdup(in->a, m->v, count * sizeof *m->v);

	if (!count)
		return;
	do {
		in->vars[n->for_.sym->index] = pair(in, n->for_.sym->type, m, &all[i]);
		run(in, n->for_.body);
	} while (goes_on(in) && ++i < count);
}

static void run_for(struct interp *in, const struct node *n)
{
	if (n->for_.map) {
		run_for_map(in, n);
		return;
	}
	int64_t i = (int64_t)eval(in, n->for_.start).n, end = (int64_t)eval(in, n->for_.end).n;
	if (in->flow != GO_ON || i >= end)
		return;
	do {
		in->vars[n->for_.sym->index] = number(n->for_.sym->type, (uint64_t)i);
		run(in, n->for_.body);
	} while (goes_on(in) && ++i < end);
}

static void run_if(struct interp *in, const struct node *n)
{
	struct val c = eval(in, n->if_.cond);

	if (in->flow == GO_ON && truth(&c))
		run(in, n->if_.yes);
	else if (in->flow == GO_ON && n->if_.no)
		run(in, n->if_.no);
}

static void run_block(struct interp *in, const struct node *n)
{
	for (size_t i = 0; i < n->block.body.n && in->flow == GO_ON; i++)
		run(in, n->block.body.v[i]);
	if (n->block.value && in->flow == GO_ON)
		run(in, n->block.value);
}

static void run(struct interp *in, const struct node *n)
{
	if (!spend(in))
		return;
	switch (n->kind) {
	case NODE_EXPR:
		if (n->expr.value->kind == NODE_IF || n->expr.value->kind == NODE_BLOCK)
			run(in, n->expr.value);
		else
			eval(in, n->expr.value);
		return;
	case NODE_DISCARD: eval(in, n->discard.value); return;
	case NODE_ASSIGN:
		if (n->assign.target->kind == NODE_MAP)
			assign_map(in, n);
		else
			assign_var(in, n->assign.target->var.sym, n);
		return;
	case NODE_LET:
		if (n->let.value)
			assign_var(in, n->let.sym, n);
		else
			in->vars[n->let.sym->index] = zero(in, n->let.sym->type);
		return;
	case NODE_IF: run_if(in, n); return;
	case NODE_WHILE: run_while(in, n); return;
	case NODE_UNROLL: run_unroll(in, n); return;
	case NODE_FOR: run_for(in, n); return;
	case NODE_BREAK: in->flow = BREAK; return;
	case NODE_CONTINUE: in->flow = CONTINUE; return;
	case NODE_RETURN:
		if (n->return_.value)
			eval(in, n->return_.value);
		in->flow = LEAVE;
		return;
	case NODE_BLOCK: run_block(in, n); return;
	default: eval(in, n);
	}
}

// A whole run -----------------------------------------------------------------------------------------------------------

static void act(struct interp *in, const struct action *a)
{
	if (in->exited && !in->ending)
		return;
	switch (a->kind) {
	case EVENT_PRINT_MAP: show_map(a->map, a->a, a->b, in->out); return;
	case EVENT_CLEAR: clear_map(in, a->map); return;
	case EVENT_ZERO: zero_map(in, a->map); return;
	case EVENT_EXIT:
		in->status = (int)a->a;
		in->exited = true;
		return;
	default: str_add(in->out, a->text, a->n);
	}
}

static void run_body(struct interp *in, const struct body *b)
{
	in->vars = arena_array(in->a, struct val, b->nvars + 1);
	for (size_t i = 0; i < b->nvars; i++)
		in->vars[b->vars[i]->index] = zero(in, b->vars[i]->type);
	in->queue.n = 0;
	in->flow = GO_ON;
	struct val c = b->predicate ? eval(in, b->predicate) : (struct val){ 0 };
	if (!b->predicate || truth(&c))
		run(in, b->block);
	for (size_t i = 0; i < in->queue.n && !in->why; i++)
		act(in, &in->queue.v[i]);
}

static void run_all(struct interp *in, const char *provider)
{
	for (size_t i = 0; i < in->p->nbodies && !(in->exited && !in->ending); i++)
		if (strcmp(in->p->bodies[i].type->name, provider) == 0)
			run_body(in, &in->p->bodies[i]);
}

bool interp_run(struct arena *a, const struct program *p, struct str *out, int *status, const char **why)
{
	struct interp in = { .a = a, .p = p, .out = out, .fuel = FUEL, .maps = arena_array(a, struct imap, p->nmaps + 1) };

	for (size_t i = 0; i < p->nmaps; i++) {
		const struct plan_map *m = &p->plan->maps[i];

		in.maps[i] = (struct imap){ .name = m->name, .key = m->key, .value = m->value, .key_is_tuple = m->key_is_tuple };
		clear_map(&in, &in.maps[i]);
	}
	run_all(&in, "begin");
	in.ending = true;
	run_all(&in, "end");
	str_adds(out, "\n\n");
	for (size_t i = 0; i < p->nmaps; i++) // by name, as they stand in the plan
		if (in.maps[i].key ? in.maps[i].n : in.maps[i].set)
			show_map(&in.maps[i], 0, 1, out);
	*status = in.status;
	*why = in.why;
	return !in.why;
}

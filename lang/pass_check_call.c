// SPDX-License-Identifier: Apache-2.0
// pass_check_call.c - builtins: their arguments by the letters of builtin.def, and what only one of them asks.
#include <string.h>

#include "base/near.h"
#include "base/str.h"
#include "lang/declared.h"
#include "lang/format.h"
#include "lang/lang_int.h"

#define STACK_DEFAULT 127
#define STACK_IN_SHORT_KEY 28 // two stacks, comm and two numbers are a key of less than 512 bytes
#define STACK_LIMIT 1024

static const char *const stack_modes[] = { "bpftrace", "perf", "raw", "build_id" };

static struct node *arg(struct node *n, size_t i)
{
	return i < n->call.args.n ? n->call.args.v[i] : NULL;
}

static const struct type *none(struct lang *l)
{
	return type_basic(l->types, TYPE_NONE);
}

// Formats ------------------------------------------------------------------------------------------------------------

static bool conversion_takes(char conv, const struct type *t)
{
	switch (conv) {
	case 's': return true;
	case 'r': return t->kind == TYPE_BUFFER;
	case 'g': case 'c': return type_is_integer(t);
	default: return type_is_integer(t) || t->kind == TYPE_POINTER;
	}
}

static bool is_characters(const struct type *t)
{
	const struct type *of = t->kind == TYPE_POINTER || t->kind == TYPE_ARRAY ? t->elem : NULL;

	return of && of->kind == TYPE_INT && of->size == 1;
}

void check_format(struct lang *l, const struct node *call)
{
	const struct node *f = call->call.args.v[0];
	size_t at = 0, wanted = 0, given = call->call.args.n - 1;
	struct format_item it;

	while (format_next(f->string.text, f->string.len, &at, &it)) {
		const char *text = f->string.text + it.start;
		int n = (int)(it.end - it.start);

		if (it.conv == '%')
			continue;
		if (!it.conv) {
			complain(l, f->span, E_FORMAT, "unsupported format specifier: %.*s; it can be %%d %%i %%u %%x %%X %%o %%c %%p %%s %%r %%rx %%rh %%gr or %%%%", n, text);
			return;
		}
		if (wanted++ >= given)
			continue;
		const struct node *a = call->call.args.v[wanted];
		if (a->type && it.conv == 's' && a->type->kind == TYPE_POINTER && is_characters(a->type))
			warn(l, a->span, W_ADDRESS, "%%s prints the address; the text at it is str(…)");
		if (a->type && !conversion_takes(it.conv, a->type)) {
			complain(l, a->span, E_FORMAT, "%s(): unsupported format specifier for type '%T': %c", call->call.name, a->type, it.conv);
			advise(l, "%%s prints any value");
		}
	}
	if (wanted > given)
		complain(l, call->span, E_FORMAT, "%s(): not enough arguments for format string (%zu supplied, %zu expected)", call->call.name, given, wanted);
	else if (wanted < given)
		complain(l, call->span, E_FORMAT, "%s(): too many arguments for format string (%zu supplied, %zu expected)", call->call.name, given, wanted);
	if (body_pin(l->body) && call->call.builtin->id == BUILTIN_PRINTF)
		pinned_format(l, call);
	if (given > 127)
		complain(l, call->span, E_LIMIT, "%s() can print up to 127 values; %zu were given", call->call.name, given);
}

// Arguments by letter ------------------------------------------------------------------------------------------------

// What is a number as long as the program runs, though it prints as a text.
static const char *why_no_string(const struct type *t)
{
	switch (t->kind) {
	case TYPE_PROBE: return "the text of `probe` is put in when it is printed; the program can compare it with a literal: probe == \"kprobe:vfs_read\"";
	case TYPE_KSYM: case TYPE_USYM: return "a function's name is looked up when it is printed; the program has its address alone";
	case TYPE_USERNAME: return "a user's name is looked up when it is printed; the program has the number, uid";
	case TYPE_CGROUP_PATH: return "a cgroup's path is looked up when it is printed; the program has its number, cgroup";
	case TYPE_TIMESTAMP: return "a time is written out when it is printed; the program has it in nanoseconds";
	default: return NULL;
	}
}

static void wrong(struct lang *l, const struct node *call, const struct node *a, const char *wants)
{
	const char *why = a->type && strstr(wants, "string") ? why_no_string(a->type) : NULL;

	if (a->type)
		complain(l, a->span, E_ARGS, "%s() expects %s ('%T' provided)", call->call.name, wants, a->type);
	else
		complain(l, a->span, E_ARGS, "%s() expects %s", call->call.name, wants);
	if (l->final && why)
		diag_hint(l->diag, "%s", why);
}

static bool check_literal_string(struct lang *l, struct node *call, struct node *a, const char *what)
{
	if (a->kind != NODE_STRING) {
		complain(l, a->span, E_LITERAL, "%s() expects %s", call->call.name, what);
		return false;
	}
	a->type = type_string(l->types, (uint32_t)a->string.len + 1);
	return true;
}

static bool check_literal_int(struct lang *l, struct node *call, struct node **a)
{
	int64_t v;

	if (!literal_known(l, a, &v)) {
		complain(l, (*a)->span, E_LITERAL, "%s() expects a literal integer", call->call.name);
		return false;
	}
	return check_value(l, a) && coerce_int(l, a);
}

static bool check_address(struct lang *l, struct node *call, struct node **a)
{
	const struct type *t = check_value(l, a);

	if (!t)
		return false;
	if (type_is_integer(t) || t->kind == TYPE_POINTER) {
		if (type_is_integer(t))
			coerce(l, a, t_int(l, 8, false));
		return true;
	}
	if (t->kind == TYPE_ARRAY || t->kind == TYPE_STRING || t->kind == TYPE_BUFFER || t->kind == TYPE_STRUCT || t->kind == TYPE_USYM || t->kind == TYPE_KSYM)
		return true;
	wrong(l, call, *a, "a pointer or an address");
	return false;
}

static bool check_whole_map(struct lang *l, struct node *call, struct node *a)
{
	if (a->kind != NODE_MAP || a->map.keys.n) {
		wrong(l, call, a, "a map, without keys");
		return false;
	}
	if (a->map.sym)
		a->type = lang_map_of(a->map.sym)->value.type;
	return true;
}

static bool check_text(struct lang *l, struct node *call, struct node **a)
{
	const struct type *t = check_value(l, a);

	if (t && is_characters(t)) { // as str() reads them
		struct node *read = node_new(l->arena, NODE_CALL, (*a)->span);

		read->call.name = "str";
		read->call.builtin = builtin_at(BUILTIN_STR);
		read->call.event = NO_EVENT;
		vec_push(l->arena, &read->call.args, *a);
		*a = read;
		t = check_value(l, a);
	}
	if (!t || t->kind == TYPE_STRING)
		return t != NULL;
	wrong(l, call, *a, "a string");
	if (t->kind == TYPE_POINTER || type_is_integer(t))
		advise(l, "the text at an address is read with str(…)");
	return false;
}

static bool check_integer(struct lang *l, struct node *call, struct node **a)
{
	if (!check_value(l, a))
		return false;
	if (coerce_int(l, a))
		return true;
	wrong(l, call, *a, "an integer");
	return false;
}

static bool check_arg(struct lang *l, struct node *call, char letter, size_t i)
{
	struct node **a = &call->call.args.v[i];

	switch (letter) {
	case 'i': return check_integer(l, call, a);
	case 's': return check_text(l, call, a);
	case 'p': return check_address(l, call, a);
	case 'm': return check_whole_map(l, call, *a);
	case 'f': return check_literal_string(l, call, *a, "a format string that is a literal");
	case 'S': return check_literal_string(l, call, *a, "a literal string");
	case 'I': return check_literal_int(l, call, a);
	case 'w': return true;
	default: return check_value(l, a) != NULL;
	}
}

// print, delete, has_key and len look at maps themselves.
static bool own_first_argument(const struct node *n)
{
	enum builtin_id id = n->call.builtin->id;

	return id == BUILTIN_DELETE || id == BUILTIN_HAS_KEY || ((id == BUILTIN_PRINT || id == BUILTIN_LEN) && n->call.args.v[0]->kind == NODE_MAP);
}

static bool check_args(struct lang *l, struct node *n)
{
	const char *p = n->call.builtin->args;
	bool ok = true;
	char last = 'a';

	for (size_t i = 0; i < n->call.args.n; i++) {
		while (*p == '?' || *p == '*')
			p++;
		if (*p)
			last = *p++;
		if (i == 0 && own_first_argument(n))
			continue;
		if (i == 1 && n->call.builtin->id == BUILTIN_DELETE)
			continue;
		if (i == 1 && n->call.builtin->id == BUILTIN_HAS_KEY)
			continue;
		ok &= check_arg(l, n, last, i);
	}
	return ok;
}

// One by one ---------------------------------------------------------------------------------------------------------

// A printed value keeps its type's width, but literals are int64 and what sums over CPUs is read.
static void settle_values(struct lang *l, struct node *n, size_t from)
{
	for (size_t i = from; l->final && i < n->call.args.n; i++)
		settle(l, &n->call.args.v[i]);
}

static const struct type *check_printf(struct lang *l, struct node *n)
{
	if (l->final)
		check_format(l, n);
	settle_values(l, n, 1);
	return none(l);
}

static const struct type *check_print(struct lang *l, struct node *n)
{
	struct node *a = arg(n, 0);

	if (a->kind == NODE_MAP && !a->map.keys.n) {
		const struct type *t = a->map.sym ? lang_map_of(a->map.sym)->value.type : NULL;

		a->type = t;
		if (n->call.args.n > 1 && a->map.sym && !lang_map_of(a->map.sym)->keyed)
			complain(l, a->span, E_ARGS, "print() takes top and div for maps with keys only; %s has none", a->map.name);
		return none(l);
	}
	if (n->call.args.n > 1) {
		complain(l, a->span, E_ARGS, "print() takes top and div for a whole map only: print(@x, 5, 2)");
		return none(l);
	}
	if (a->kind == NODE_MAP && !check_value(l, &n->call.args.v[0]))
		return none(l);
	settle_values(l, n, 0);
	return none(l);
}

static const struct type *check_element(struct lang *l, struct node *n)
{
	struct node *map = arg(n, 0);

	if (map->kind != NODE_MAP) {
		check_value(l, &n->call.args.v[0]);
		wrong(l, n, map, "a map");
		return NULL;
	}
	if (map->map.keys.n) {
		complain(l, map->span, E_ARGS, "%s() takes the map and its key apart: %s(%s, key)", n->call.name, n->call.name, map->map.name);
		return NULL;
	}
	if (map->map.sym)
		check_map_element(l, map, n->call.args.n > 1 ? &n->call.args.v[1] : NULL);
	return type_basic(l->types, TYPE_BOOL);
}

static const struct type *check_len(struct lang *l, struct node *n)
{
	struct node *a = arg(n, 0);

	if (a->kind == NODE_MAP && !a->map.keys.n) {
		a->type = a->map.sym ? lang_map_of(a->map.sym)->value.type : NULL;
		check_walk(l, n->span, "len() of a map");
		return t_int(l, 8, false);
	}
	if (a->kind == NODE_MAP && !check_value(l, &n->call.args.v[0]))
		return NULL;
	a = arg(n, 0);
	if (a->type && !type_is_stack(a->type)) {
		wrong(l, n, a, "a map or a stack");
		if (a->type->kind == TYPE_STRING)
			advise(l, "the length of a string is strlen(…)");
		return NULL;
	}
	return t_int(l, 8, false);
}

// The capacity that str(p, n) or buf(p, n) gets.
static uint32_t capacity(struct lang *l, struct node *n, uint64_t most)
{
	int64_t v;

	if (n->call.args.n < 2 || !literal_known(l, &n->call.args.v[1], &v))
		return (uint32_t)most;
	if (v < 0 && !(arg(n, 1)->kind == NODE_INT && arg(n, 1)->int_.is_unsigned)) {
		complain(l, arg(n, 1)->span, E_LITERAL, "%s() cannot use negative length (%lld)", n->call.name, (long long)v);
		return 1;
	}
	if (v < 0 || (uint64_t)v > most) {
		warn(l, arg(n, 1)->span, W_CLAMP, "%s() length param (%llu) is larger than what max_strlen allows: it is shortened to %llu", n->call.name,
		     (unsigned long long)v, (unsigned long long)most);
		return (uint32_t)most;
	}
	return v ? (uint32_t)v : 1;
}

// A string is a string already; with a length it is cut.
static const struct type *str_of_string(struct lang *l, struct node **slot, uint32_t cap)
{
	struct node *n = *slot, *a = arg(n, 0);
	const struct type *t = n->call.args.n > 1 && cap < a->type->count ? type_string(l->types, cap) : a->type;

	if (l->final)
		*slot = t == a->type ? a : node_cast(l, a, t);
	return t;
}

static const struct type *check_str(struct lang *l, struct node **slot)
{
	struct node *n = *slot, *a = arg(n, 0);
	uint32_t cap = capacity(l, n, l->max_strlen);
	int64_t length;

	if (!a->type)
		return NULL;
	if (a->type->kind == TYPE_STRING && (n->call.args.n < 2 || literal_known(l, &n->call.args.v[1], &length)))
		return str_of_string(l, slot, cap);
	if (a->type->kind == TYPE_STRING) // of a length known at run time
		return a->type;
	if (a->type->kind == TYPE_STRUCT || a->type->kind == TYPE_USYM || a->type->kind == TYPE_KSYM || a->type->kind == TYPE_BUFFER) {
		wrong(l, n, a, "a pointer, an address or an array of characters");
		return NULL;
	}
	if (a->type->kind == TYPE_ARRAY && n->call.args.n < 2 && a->type->size)
		cap = MIN(cap, a->type->size);
	return type_string(l->types, cap);
}

static const struct type *check_buf(struct lang *l, struct node *n)
{
	const struct type *t = arg(n, 0)->type;
	uint64_t most = l->max_strlen > 4 ? l->max_strlen - 4 : 1;
	bool sized = t && (t->kind == TYPE_ARRAY || t->kind == TYPE_STRING || t->kind == TYPE_STRUCT);

	if (!t)
		return NULL;
	if (n->call.args.n < 2 && !sized) {
		complain(l, n->span, E_ARGS, "buf() expects a length argument for a '%T': buf(p, n)", t);
		return NULL;
	}
	return type_buffer(l->types, n->call.args.n < 2 ? (uint32_t)MIN(most, t->size) : capacity(l, n, most));
}

// Index in plan.formats + 1.
static uint32_t format_number(struct lang *l, const char *text)
{
	void **at = map_puts(&l->formats, text);

	if (!*at) {
		plan_push(l->arena, &l->plan->formats, &l->plan->n_formats, (struct plan_name){ .name = text });
		*at = (void *)(uintptr_t)l->plan->n_formats;
	}
	return (uint32_t)(uintptr_t)*at;
}

static const struct type *check_strftime(struct lang *l, struct node *n)
{
	uint32_t format = format_number(l, arg(n, 0)->string.text);
	struct node *ns = arg(n, 1);

	if (is_int_literal(ns) && literal_value(ns) < 0 && !ns->int_.is_unsigned)
		complain(l, ns->span, E_LITERAL, "strftime() can not take a negative time");
	if (ns->kind == NODE_CALL && ns->call.data && strcmp(ns->call.data, "monotonic") == 0)
		complain(l, ns->span, E_ARGS, "strftime() can not take a time of the monotonic clock; use nsecs or nsecs(tai)");
	return type_timestamp(l->types, format - 1);
}

static const struct type *check_address_of_space(struct lang *l, struct node *n, enum space space)
{
	const struct type *t = arg(n, 0)->type;

	if (t && t->kind == TYPE_POINTER)
		return type_pointer(l->types, t->elem, space);
	if (t && !type_is_integer(t)) {
		wrong(l, n, arg(n, 0), "a pointer or an address");
		return NULL;
	}
	return type_pointer(l->types, t_int(l, 8, false), space);
}

static const struct type *check_reg(struct lang *l, struct node *n)
{
	static const char *const names[] = { "r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di", "orig_ax",
					     "ip", "pc", "cs", "flags", "sp", "ss" };
	_str_ struct str all = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], arg(n, 0)->string.text) == 0)
			return t_int(l, 8, false);
		str_printf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	complain(l, arg(n, 0)->span, E_ARGS, "'%s' is not a valid register on this architecture; it can be: %s", arg(n, 0)->string.text, str_z(&all));
	return NULL;
}

static const struct type *check_constant(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	const char *text = arg(n, 0)->string.text;
	bool symbol = n->call.builtin->id == BUILTIN_KADDR;
	uint64_t v = 0;

	if (!l->final)
		return t_int(l, 8, false);
	if (symbol && l->world->ops->kernel_symbol)
		v = l->world->ops->kernel_symbol(l->world, text);
	else if (!symbol && l->world->ops->cgroup_id)
		v = l->world->ops->cgroup_id(l->world, text);
	if (!v && !symbol && l->world->ops->feature && !l->world->ops->feature(l->world, FEATURE_CGROUP2)) {
		complain(l, n->span, E_FEATURE, "there are no control groups of version 2 here, so '%s' has no id: mount -t cgroup2 none DIR", text);
		return NULL;
	}
	if (!v) {
		complain(l, n->span, E_TARGET, symbol ? "Failed to resolve kernel symbol: %s" : "Failed to find the cgroup of path: %s", text);
		return NULL;
	}
	*slot = node_uint(l, v, n->span);
	(*slot)->int_.reloc = reloc_new(l->world, symbol ? RELOC_SYMBOL : RELOC_CGROUP, symbol ? "symbol" : "cgroup", text);
	return t_int(l, 8, false);
}

static const struct type *check_ntop(struct lang *l, struct node *n)
{
	struct node **a = &n->call.args.v[n->call.args.n - 1];
	const struct type *t = (*a)->type;

	if (n->call.args.n == 2 && !coerce_int(l, &n->call.args.v[0])) {
		wrong(l, n, arg(n, 0), "an integer as address family (2 for IPv4, 10 for IPv6)");
		return NULL;
	}
	if (t && t->kind == TYPE_INET && n->call.args.n == 1) // is one already
		return t;
	if (t && type_is_integer(t))
		coerce_int(l, a);
	else if (t && t->kind != TYPE_POINTER && !((t->kind == TYPE_ARRAY || t->kind == TYPE_STRING || t->kind == TYPE_BUFFER || t->kind == TYPE_STRUCT ||
						    t->kind == TYPE_UNION) && (t->size == 4 || t->size == 16 || t->kind == TYPE_BUFFER))) {
		wrong(l, n, *a, "an integer, a pointer, or an array of 4 or 16 bytes");
		return NULL;
	}
	return type_basic(l->types, TYPE_INET);
}

static const struct type *check_macaddr(struct lang *l, struct node *n)
{
	const struct type *t = arg(n, 0)->type;

	if (t && (t->kind == TYPE_ARRAY || t->kind == TYPE_STRING || t->kind == TYPE_BUFFER) && (t->kind == TYPE_BUFFER ? t->count : t->size) < 6) {
		wrong(l, n, arg(n, 0), "at least 6 bytes");
		return NULL;
	}
	return type_basic(l->types, TYPE_MAC);
}

// A literal is as wide as the smallest signed type that holds it.
static uint32_t literal_width(const struct node *n)
{
	int64_t v = literal_value(n);

	if (n->int_.is_unsigned)
		return 8;
	return v == (int8_t)v ? 1 : v == (int16_t)v ? 2 : v == (int32_t)v ? 4 : 8;
}

static const struct type *check_bswap(struct lang *l, struct node *n)
{
	struct node **a = &n->call.args.v[0];
	const struct type *t = (*a)->kind == NODE_CAST && (*a)->cast.implicit ? (*a)->cast.value->type : (*a)->type;

	if (!t)
		return NULL;
	if (is_int_literal(*a))
		return t_int(l, literal_width(*a), false);
	return t_int(l, type_is_integer(t) ? t->size : 8, false);
}

static const struct type *check_signal(struct lang *l, struct node *n)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = { { "HUP", 1 }, { "INT", 2 }, { "QUIT", 3 }, { "ILL", 4 }, { "TRAP", 5 }, { "ABRT", 6 }, { "IOT", 6 }, { "BUS", 7 }, { "FPE", 8 },
			{ "KILL", 9 }, { "USR1", 10 }, { "SEGV", 11 }, { "USR2", 12 }, { "PIPE", 13 }, { "ALRM", 14 }, { "TERM", 15 }, { "STKFLT", 16 },
			{ "CHLD", 17 }, { "CONT", 18 }, { "STOP", 19 }, { "TSTP", 20 }, { "TTIN", 21 }, { "TTOU", 22 }, { "URG", 23 }, { "XCPU", 24 },
			{ "XFSZ", 25 }, { "VTALRM", 26 }, { "PROF", 27 }, { "WINCH", 28 }, { "IO", 29 }, { "POLL", 29 }, { "PWR", 30 }, { "SYS", 31 } };
	struct node **a = &n->call.args.v[0];
	const char *name;

	if ((*a)->type && (*a)->type->kind != TYPE_STRING) {
		if (is_int_literal(*a) && (literal_value(*a) < 1 || literal_value(*a) > 64))
			complain(l, (*a)->span, E_LITERAL, "%lld is not a valid signal, allowed range: [1,64]", (long long)literal_value(*a));
		else if (!coerce_int(l, a))
			wrong(l, n, *a, "a signal's name or number");
		return none(l);
	}
	if ((*a)->kind != NODE_STRING) {
		complain(l, (*a)->span, E_LITERAL, "%s() expects a signal's number, or its name as a literal string", n->call.name);
		return none(l);
	}
	name = strncmp((*a)->string.text, "SIG", 3) == 0 ? (*a)->string.text + 3 : (*a)->string.text;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (strcmp(signals[i].name, name) == 0) {
			if (l->final) {
				*a = node_int(l, signals[i].number, (*a)->span);
				(*a)->type = t_int(l, 8, true);
			}
			return none(l);
		}
	complain(l, (*a)->span, E_ARGS, "'%s' is not a valid signal; names are like SIGKILL or KILL", (*a)->string.text);
	return none(l);
}

// nsecs(boot), pid(init): the word goes to code generation as it stands.
static const struct type *check_word(struct lang *l, struct node *n, const char *words, const struct type *t)
{
	const struct node *w = arg(n, 0);
	const char *found = w && w->kind == NODE_IDENT ? strstr(words, w->ident.name) : NULL;
	size_t len = found ? strlen(w->ident.name) : 0;

	if (!w)
		return t;
	if (!found || (found > words && found[-1] != ' ') || (found[len] && found[len] != ',')) {
		complain(l, w->span, E_ARGS, "%s() can take one of: %s", n->call.name, words);
		return NULL;
	}
	n->call.data = w->ident.name;
	if (l->final)
		n->call.args.n = 0;
	return t;
}

// Stacks -------------------------------------------------------------------------------------------------------------

static enum stack_mode mode_named(const char *name, bool *ok)
{
	for (size_t i = 0; i < ARRAY_SIZE(stack_modes); i++)
		if (strcmp(stack_modes[i], name) == 0) {
			*ok = true;
			return (enum stack_mode)i;
		}
	*ok = false;
	return STACK_BPFTRACE;
}

struct stack_words {
	enum stack_mode mode;
	unsigned flags;
	uint32_t limit;
};

// A bare word: a mode, or, of user stacks, `why` and `fp`.
static bool stack_word(struct lang *l, const struct node *a, enum type_kind kind, struct stack_words *w)
{
	bool user = kind == TYPE_USTACK, ok = false;
	const char *name = a->ident.name;

	if (user && strcmp(name, "why") == 0)
		return w->flags |= STACK_WHY, true;
	if (user && strcmp(name, "fp") == 0)
		return w->flags |= STACK_FP, true;
	enum stack_mode mode = mode_named(name, &ok);
	if (!ok) {
		complain(l, a->span, E_ARGS, "Invalid stack mode '%s'; it can be bpftrace, perf, raw or, for ustack, build_id%s", name,
			 user ? "; beside it, why tells how each frame was found, fp walks along frame pointers only" : "");
		return false;
	}
	if (!user && mode == STACK_BUILD_ID) {
		complain(l, a->span, E_ARGS, "the stack mode build_id is for ustack only: the kernel has no build IDs for its own frames");
		return false;
	}
	w->mode = mode;
	return true;
}

static bool stack_limit_arg(struct lang *l, struct node **a, uint32_t *ret)
{
	int64_t v;

	if (!literal_known(l, a, &v)) {
		complain(l, (*a)->span, E_LITERAL, "the number of stack frames must be a literal integer");
		return false;
	}
	if (v < 1 || v > STACK_LIMIT) {
		complain(l, (*a)->span, E_LIMIT, "a stack can have 1 to %d frames; %lld were asked for", STACK_LIMIT, (long long)v);
		return false;
	}
	*ret = (uint32_t)v;
	return true;
}

static bool stack_words(struct lang *l, enum type_kind kind, struct node *call, struct stack_words *w)
{
	for (size_t i = 0; i < call->call.args.n; i++) {
		bool word = arg(call, i)->kind == NODE_IDENT;

		if (word ? !stack_word(l, arg(call, i), kind, w) : !stack_limit_arg(l, &call->call.args.v[i], &w->limit))
			return false;
	}
	if (w->mode == STACK_BUILD_ID && w->flags & STACK_WHY) {
		complain(l, call->span, E_ARGS, "build_id and why do not go together: a build ID takes the place where a frame says how it was found");
		return false;
	}
	return true;
}

// A kernel whose keys are short gets fewer frames in them, or no map by stack could be made there.
static unsigned default_frames(const struct lang *l)
{
	const struct world_ops *ops = l->world->ops;

	return l->in_key && ops->feature && !ops->feature(l->world, FEATURE_LONG_KEYS) ? STACK_IN_SHORT_KEY : STACK_DEFAULT;
}

// kstack, kstack(3), kstack(perf), kstack(perf, 3); ustack(why), ustack(perf, fp, 3)
const struct type *stack_type(struct lang *l, enum type_kind kind, struct node *call, struct span at)
{
	bool ok;
	struct stack_words w = { .mode = mode_named(config_text(l, "stack_mode"), &ok), .limit = default_frames(l) };

	if (call && !stack_words(l, kind, call, &w))
		return NULL;
	if (kind == TYPE_KSTACK && w.mode == STACK_BUILD_ID) { // from the configuration
		warn(l, at, W_FALLBACK, "the stack mode build_id is for ustack only: kstack uses raw");
		w.mode = STACK_RAW;
	}
	if (l->final && call)
		call->call.args.n = 0;
	return type_stack(l->types, kind, w.mode, w.flags, w.limit);
}

static const struct type *check_in_target(struct lang *l, struct node *n)
{
	if (l->final)
		n->call.first = target_index(l, arg(n, 0)->string.text, arg(n, 0)->span);
	return type_basic(l->types, TYPE_BOOL);
}

// Calls and variables -------------------------------------------------------------------------------------------------

static const struct type *check_by_id(struct lang *l, struct node **slot)
{
	struct node *n = *slot;

	switch (n->call.builtin->id) {
	case BUILTIN_PRINTF: case BUILTIN_ERRORF: case BUILTIN_WARNF: case BUILTIN_SYSTEM: case BUILTIN_CAT: return check_printf(l, n);
	case BUILTIN_PRINT: return check_print(l, n);
	case BUILTIN_DELETE: case BUILTIN_HAS_KEY: return check_element(l, n);
	case BUILTIN_LEN: return check_len(l, n);
	case BUILTIN_STRFTIME: return check_strftime(l, n);
	case BUILTIN_CGROUP_PATH: return type_cgroup_path(l->types, n->call.args.n > 1 ? format_number(l, arg(n, 1)->string.text) : 0);
	case BUILTIN_STR: return check_str(l, slot);
	case BUILTIN_BUF: return check_buf(l, n);
	case BUILTIN_KSTACK_CALL: return stack_type(l, TYPE_KSTACK, n, n->span);
	case BUILTIN_USTACK_CALL: return stack_type(l, TYPE_USTACK, n, n->span);
	case BUILTIN_SIGNAL: case BUILTIN_SIGNAL_THREAD: return check_signal(l, n);
	case BUILTIN_KPTR: return check_address_of_space(l, n, SPACE_KERNEL);
	case BUILTIN_UPTR: return check_address_of_space(l, n, SPACE_USER);
	case BUILTIN_REG: return check_reg(l, n);
	case BUILTIN_KADDR: case BUILTIN_CGROUPID: return check_constant(l, slot);
	case BUILTIN_NTOP: return check_ntop(l, n);
	case BUILTIN_MACADDR: return check_macaddr(l, n);
	case BUILTIN_BSWAP: return check_bswap(l, n);
	case BUILTIN_NS: case BUILTIN_BYTES: return arg(n, 0)->type;
	case BUILTIN_IN_TARGET: return check_in_target(l, n);
	case BUILTIN_NSECS_CALL: return check_word(l, n, "boot, monotonic, tai, sw_tai", t_int(l, 8, false));
	case BUILTIN_PID_CALL: case BUILTIN_TID_CALL: return check_word(l, n, "curr_ns, init", t_int(l, 4, false));
	default: return check_function(l, slot);
	}
}

const struct type *check_call(struct lang *l, struct node **slot)
{
	struct node *n = *slot;

	if (n->call.callee)
		return check_imported(l, n);
	if (!n->call.builtin)
		return NULL;
	if (n->call.builtin->flags & BF_AGG) {
		complain(l, n->span, E_PLACE, "%s() must be assigned directly to a map: @x = %s(…)", n->call.name, n->call.name);
		return NULL;
	}
	if (is_predicate(n->call.builtin) && n->call.args.n == 1)
		return check_predicate(l, slot);
	if (n->call.builtin->id == BUILTIN_EXISTS)
		return type_basic(l->types, TYPE_BOOL);
	if (n->call.builtin->id == BUILTIN_EMIT)
		return check_emit(l, n);
	if (n->call.builtin->id == BUILTIN_PUBLISH)
		return check_publish(l, n);
	if (n->call.builtin->id == BUILTIN_ONE_IN)
		return check_one_in(l, n);
	if (n->call.builtin->id == BUILTIN_AT_MOST)
		return check_at_most(l, n);
	if (n->call.builtin->id == BUILTIN_CPU_GATE)
		return check_cpu_gate(l, n);
	if (!check_args(l, n))
		return l->final || !n->call.builtin->type ? NULL : builtin_type(n->call.builtin, l->types);
	return check_by_id(l, slot);
}

static const struct type *pointer_to(struct lang *l, const char *tag, enum space space)
{
	const struct type *t = l->world->ops->type_named ? l->world->ops->type_named(l->world, TYPE_STRUCT, tag) : NULL;

	return t ? type_pointer(l->types, t, space) : t_int(l, 8, false);
}

static const struct type *context_type(struct lang *l)
{
	const struct probe_type *p = l->body->type;
	const char *tag = p->context ? p->context(p, &l->body->sites.v[0]) : p->offers & PT_REGS ? "pt_regs" : NULL;

	return tag ? pointer_to(l, tag, SPACE_KERNEL) : t_int(l, 8, false);
}

static void advise_names(struct lang *l)
{
	const struct event_field *f;
	_str_ struct str have = { 0 };
	size_t n = 0;

	if (l->final && l->body->type->args && l->body->type->args(l->body->type, l->world, &l->body->sites.v[0], &f, &n))
		for (size_t i = 0; i < n; i++)
			str_printf(&have, "%sargs.%s", i ? ", " : "", f[i].name);
	if (n)
		advise(l, "it has: %s", str_z(&have));
}

static const struct type *argument_type(struct lang *l, struct node *n, bool (*ask)(struct lang *l, const struct node *n, struct arg_loc *ret))
{
	struct arg_loc loc = { 0 };

	if (!ask(l, n, &loc)) {
		complain(l, n->span, E_PLACE, "%s: %s has no such value that could be read", n->ident.name, l->body->sites.v[0].plan.name);
		advise_names(l);
		return NULL;
	}
	return loc.type ? type_decayed(l, loc.type) : t_int(l, 8, false);
}

static bool ask_argn(struct lang *l, const struct node *n, struct arg_loc *ret)
{
	const struct probe_type *p = l->body->type;

	return p->arg && p->arg(p, l->world, &l->body->sites.v[0], n->ident.argn, ret);
}

static bool ask_retval(struct lang *l, const struct node *n, struct arg_loc *ret)
{
	const struct probe_type *p = l->body->type;

	return p->retval && p->retval(p, l->world, &l->body->sites.v[0], ret);
}

const struct type *check_ident(struct lang *l, struct node **slot)
{
	struct node *n = *slot;
	const struct builtin *b = n->ident.builtin;

	if (!b)
		return NULL;
	switch (b->id) {
	case BUILTIN_ARGN: return argument_type(l, n, ask_argn);
	case BUILTIN_RETVAL: return argument_type(l, n, ask_retval);
	case BUILTIN_KSTACK: return stack_type(l, TYPE_KSTACK, NULL, n->span);
	case BUILTIN_USTACK: return stack_type(l, TYPE_USTACK, NULL, n->span);
	case BUILTIN_CALLID: return type_tuple(l->types, (const struct type *[]){ t_int(l, 8, false), t_int(l, 8, false) }, 2);
	case BUILTIN_CTX: return context_type(l);
	case BUILTIN_CURTASK: return pointer_to(l, "task_struct", SPACE_KERNEL);
	case BUILTIN_FUNC: return type_basic(l->types, l->body->type->arg_space == SPACE_USER ? TYPE_USYM : TYPE_KSYM);
	default: return builtin_type(b, l->types);
	}
}

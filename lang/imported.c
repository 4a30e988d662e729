// SPDX-License-Identifier: Apache-2.0
// imported.c - calls of functions that BPF objects bring (base/bpf_code.h): which is meant, and whether the arguments fit its
// prototype. `&$v` and `&@m` hand over the variable's memory and the map itself, so that C can write to them.
#include <string.h>

#include "base/bpf_code.h"
#include "base/near.h"
#include "base/str.h"
#include "lang/resolve.h"

const struct bpf_callee *imported_find(struct lang *l, const char *name)
{
	for (size_t i = 0; i < l->codes.n; i++) {
		const struct bpf_code *c = l->codes.v[i];

		for (size_t k = 0; k < c->nfuncs; k++)
			if (c->funcs[k].exported && strcmp(c->funcs[k].name, name) == 0) {
				struct bpf_callee *callee = arena_new_(l->arena, struct bpf_callee);

				*callee = (struct bpf_callee){ c, (uint32_t)k, &c->funcs[k] };
				return callee;
			}
	}
	return NULL;
}

// Functions of the kernel ------------------------------------------------------------------------------------------------

static bool is_register(const struct type *t)
{
	return t && (type_is_integer(t) || t->kind == TYPE_POINTER);
}

// A function that does nothing but call the kernel's, so that there is one way to call functions.
static struct bpf_code *kernel_code(struct lang *l, const char *name, const struct event_field *f, size_t n, const struct type *ret)
{
	static const uint64_t insns[] = { 0x85, 0x95 }; // call; exit
	struct bpf_func *fn = arena_new_(l->arena, struct bpf_func);
	struct bpf_ref *ref = arena_new_(l->arena, struct bpf_ref);
	struct bpf_code *c = arena_new_(l->arena, struct bpf_code);

	*fn = (struct bpf_func){ .name = name, .n = 2, .exported = true, .ret = ret, .nparams = (unsigned)MIN(n, (size_t)BPF_CODE_PARAMS),
				 .no_call = n > BPF_CODE_PARAMS ? "it has more than five parameters" : NULL };
	if (ret->kind != TYPE_NONE && !is_register(ret))
		fn->no_call = "it returns a struct";
	for (unsigned i = 0; i < fn->nparams; i++) {
		fn->params[i] = (struct bpf_param){ f[i].name, f[i].type };
		if (!is_register(f[i].type))
			fn->no_call = "a parameter of it is a struct";
	}
	*ref = (struct bpf_ref){ .kind = BPF_REF_KFUNC, .name = name };
	*c = (struct bpf_code){ .path = "the kernel", .of_kernel = true, .number = (uint32_t)l->codes.n, .insns = insns, .refs = ref, .funcs = fn, .ninsns = 2, .nrefs = 1, .nfuncs = 1 };
	return c;
}

const struct bpf_callee *imported_kernel(struct lang *l, const char *name)
{
	const struct world_ops *ops = l->world->ops;
	const struct event_field *f = NULL;
	const struct type *ret = NULL;
	const char *in = NULL;
	size_t n = 0;

	if (!ops->kfunc || !ops->kfunc(l->world, name) || ops->function_args(l->world, "vmlinux", name, &f, &n, &ret, &in))
		return NULL;
	vec_push(l->arena, &l->codes, kernel_code(l, arena_strdup(l->arena, name), f, n, ret));
	return imported_find(l, name);
}

static void check_allowed(struct lang *l, const struct node *n)
{
	const struct world_ops *ops = l->world->ops;

	if (n->call.callee->code->of_kernel && ops->kfunc_allowed && !ops->kfunc_allowed(l->world, n->call.name, l->body->kind))
		diag_error(l->diag, n->span, E_FEATURE, "this kernel does not let %s call its function %s()", l->body->sites.v[0].plan.name, n->call.name);
}

// kfunc_exist("f"), kfunc_allowed("f"): known before names are looked at, so that what an `if comptime` leaves out need not be there.
bool imported_asked(struct lang *l, struct node **slot, const struct builtin *b)
{
	struct node *n = *slot, *name = n->call.args.n == 1 ? n->call.args.v[0] : NULL;
	const struct world_ops *ops = l->world->ops;
	struct plan_reloc *r;
	bool yes;

	if ((b->id != BUILTIN_KFUNC_EXIST && b->id != BUILTIN_KFUNC_ALLOWED) || !name || name->kind != NODE_STRING)
		return false;
	r = reloc_new(l->world, RELOC_EXISTS, arena_printf(l->arena, "function %s", name->string.text), "");
	yes = r->value;
	r->fixed = true;
	plan_push(l->arena, &l->plan->relocs, &l->plan->n_relocs, *r);
	if (b->id == BUILTIN_KFUNC_ALLOWED) // without an answer a script takes the way it has for kernels that do not allow the call
		yes = yes && ops->kfunc_allowed && ops->kfunc_allowed(l->world, name->string.text, l->body->kind);
	*slot = node_new(l->arena, NODE_BOOL, n->span);
	(*slot)->bool_.value = yes;
	return true;
}

void imported_offer(const struct lang *l, struct near *near)
{
	for (size_t i = 0; i < l->codes.n; i++)
		for (size_t k = 0; k < l->codes.v[i]->nfuncs; k++)
			if (l->codes.v[i]->funcs[k].exported)
				near_offer(near, l->codes.v[i]->funcs[k].name);
}

// What is linked with it ------------------------------------------------------------------------------------------------

// The reason why function f, or one that it calls, cannot be linked; NULL.
static const char *obstacle(const struct bpf_code *c, uint32_t f, bool *seen, const char **which)
{
	const struct bpf_func *fn = &c->funcs[f];

	if (seen[f])
		return NULL;
	seen[f] = true;
	*which = fn->name;
	if (fn->why_not)
		return fn->why_not;
	for (size_t i = 0; i < c->nrefs; i++) {
		const struct bpf_ref *r = &c->refs[i];
		const char *why = NULL;

		if (r->at >= fn->first && r->at - fn->first < fn->n && (r->kind == BPF_REF_CALL || r->kind == BPF_REF_CALLBACK))
			why = obstacle(c, r->index, seen, which);
		if (why)
			return why;
	}
	return NULL;
}

static void check_linkable(struct lang *l, const struct node *n)
{
	const struct bpf_callee *callee = n->call.callee;
	bool *seen = arena_array(l->arena, bool, callee->code->nfuncs + 1);
	const char *which, *why = obstacle(callee->code, callee->index, seen, &which);

	if (why && strcmp(which, callee->func->name) != 0)
		diag_error(l->diag, n->span, E_IMPORT, "%s() of '%s' cannot be called: it needs %s(), and %s", n->call.name, callee->code->path, which, why);
	else if (why)
		diag_error(l->diag, n->span, E_IMPORT, "%s() of '%s' cannot be called: %s", n->call.name, callee->code->path, why);
	else if (callee->func->no_call)
		diag_error(l->diag, n->span, E_IMPORT, "%s() of '%s' cannot be called: %s", n->call.name, callee->code->path, callee->func->no_call);
}

// Resolve --------------------------------------------------------------------------------------------------------------

bool is_address_of(const struct node *n)
{
	return n->kind == NODE_UNARY && n->unary.op == OP_ADDR && (n->unary.value->kind == NODE_VAR || n->unary.value->kind == NODE_MAP);
}

static void resolve_address(struct lang *l, struct node *n)
{
	struct node *of = n->unary.value;

	if (of->kind == NODE_VAR) {
		resolve_written_variable(l, of);
		if (of->var.sym) {
			of->var.sym->used = true;
			of->var.sym->addressed = true;
		}
	} else if (of->map.keys.n) {
		diag_error(l->diag, n->span, E_ARGS, "a C function takes a map as a whole: &%s; it looks its elements up itself", of->map.name);
	} else {
		struct lang_map *m = resolve_map_whole(l, of);

		map_shape(l, m, of->span, true);
		m->sym.addressed = true;
	}
}

static void prototype(const struct bpf_func *f, struct str *out)
{
	str_printf(out, "%s(", f->name);
	for (unsigned i = 0; i < f->nparams; i++) {
		str_adds(out, i ? ", " : "");
		if (f->params[i].type)
			type_print(f->params[i].type, out);
		str_printf(out, "%s%s", *f->params[i].name ? " " : "", f->params[i].name);
	}
	str_adds(out, ")");
}

void resolve_imported(struct lang *l, struct node *n)
{
	const struct bpf_func *f = n->call.callee->func;
	_str_ struct str proto = { 0 };

	for (size_t i = 0; i < n->call.args.n; i++)
		if (is_address_of(n->call.args.v[i]))
			resolve_address(l, n->call.args.v[i]);
		else
			resolve(l, &n->call.args.v[i]);
	check_linkable(l, n);
	check_allowed(l, n);
	if (f->nparams == n->call.args.n || f->no_call)
		return;
	prototype(f, &proto);
	diag_error(l->diag, n->span, E_ARGS, "%s() requires %s (%zu provided)", f->name,
		   f->nparams == 1 ? "one argument" : f->nparams ? arena_printf(l->arena, "%u arguments", f->nparams) : "no arguments", n->call.args.n);
	diag_hint(l->diag, "it is declared as %s in '%s'", str_z(&proto), n->call.callee->code->path);
}

// Check ----------------------------------------------------------------------------------------------------------------

static bool is_bytes(const struct type *t)
{
	return t->kind == TYPE_STRING || t->kind == TYPE_BUFFER || t->kind == TYPE_ARRAY || t->kind == TYPE_TUPLE || t->kind == TYPE_RECORD;
}

// May C take memory of type `t` for what its pointer points to?
static bool fits(const struct type *t, const struct type *elem)
{
	if (elem->kind == TYPE_NONE || t == elem || (type_is_integer(elem) && elem->size == 1))
		return true;
	if (is_bytes(t)) // C has no type for them, but it knows how long they are
		return (elem->kind == TYPE_STRUCT || elem->kind == TYPE_UNION) && t->kind != TYPE_STRING;
	return (type_is_integer(t) || t->kind == TYPE_POINTER) && (type_is_integer(elem) || elem->kind == TYPE_POINTER) && t->size == elem->size;
}

static void wrong(struct lang *l, const struct node *n, size_t i, const struct type *given)
{
	const struct bpf_param *p = &n->call.callee->func->params[i];

	complain(l, n->call.args.v[i]->span, E_ARGS, "%s() takes '%T' as argument %zu%s%s%s, not '%T'", n->call.name, p->type, i + 1, *p->name ? " (" : "", p->name,
		 *p->name ? ")" : "", given);
}

// A variable that nothing else gives a type, or only literals do, has the type that C writes there.
static const struct type *check_variable_address(struct lang *l, struct node *n, const struct type *param)
{
	struct lang_var *v = lang_var_of(n->unary.value->var.sym);
	const struct type *elem = param->kind == TYPE_POINTER ? param->elem : NULL;
	bool mixed = false;

	if (elem && type_is_integer(elem) && !v->fixed && (v->slot.type ? v->slot.soft == 1 && type_is_integer(v->slot.type) : l->guess))
		slot_add(l, &v->slot, (struct slot){ .type = elem }, &mixed);
	n->unary.value->type = v->slot.type;
	return v->slot.type ? type_pointer(l->types, v->slot.type, SPACE_KERNEL) : NULL;
}

static void check_address(struct lang *l, struct node *call, size_t i)
{
	const struct type *param = call->call.callee->func->params[i].type;
	struct node *n = call->call.args.v[i];
	struct lang_map *m = n->unary.value->kind == NODE_MAP ? lang_map_of(n->unary.value->map.sym) : NULL;

	if (m) {
		n->unary.value->type = m->value.type;
		n->type = type_pointer(l->types, type_basic(l->types, TYPE_NONE), SPACE_KERNEL);
		if (param->kind != TYPE_POINTER || (param->elem->kind != TYPE_NONE && param->elem->kind != TYPE_STRUCT)) {
			wrong(l, call, i, n->type);
			advise(l, "a map is a void * in C");
		}
		return;
	}
	n->type = check_variable_address(l, n, param);
	if (!n->type)
		return;
	if (param->kind != TYPE_POINTER || !fits(n->type->elem, param->elem)) {
		wrong(l, call, i, n->type);
		if (param->kind == TYPE_POINTER && type_is_integer(param->elem) && type_is_integer(n->type->elem))
			advise(l, "let %s: %T = … makes a variable of that size", n->unary.value->var.name, param->elem);
	}
}

static void check_argument(struct lang *l, struct node *call, size_t i)
{
	const struct type *param = call->call.callee->func->params[i].type, *t;
	struct node **a = &call->call.args.v[i];

	if (is_address_of(*a)) {
		check_address(l, call, i);
		return;
	}
	t = check_value(l, a);
	if (!t)
		return;
	if (type_is_integer(param) && type_is_integer(t)) {
		if (l->final)
			coerce(l, a, param);
	} else if (param->kind == TYPE_POINTER && (t->kind == TYPE_POINTER || (type_is_integer(t) && t->size == 8) || is_int_literal(*a))) {
		if (type_is_integer(t) && l->final)
			coerce_int(l, a);
	} else {
		wrong(l, call, i, t);
		if (param->kind == TYPE_POINTER && is_bytes(t))
			advise(l, (*a)->kind == NODE_VAR ? "its address is &%s" : "put it into a variable and pass that one's address%s: &$v", (*a)->kind == NODE_VAR ? (*a)->var.name : "");
	}
}

const struct type *check_imported(struct lang *l, struct node *n)
{
	const struct bpf_func *f = n->call.callee->func;

	for (size_t i = 0; i < n->call.args.n && i < f->nparams; i++)
		check_argument(l, n, i);
	return f->ret;
}

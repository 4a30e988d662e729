// SPDX-License-Identifier: Apache-2.0
// builtin.c - builtin variables. Most are a call of their stdlib function (builtin.def); here are those that need to know
// the probe.
#include <string.h>

#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

#define REG_IP 128 // struct pt_regs of x86-64

static struct value scalar(LLVMValueRef v)
{
	return (struct value){ .v = v };
}

static LLVMValueRef ctx_or_null(struct cg *cg)
{
	return cg->fn->ctx ? cg->fn->ctx : LLVMConstNull(cg->l.ptr);
}

static struct value from_stdlib(struct cg *cg, const struct builtin *b, const struct type *t)
{
	LLVMValueRef args[] = { ctx_or_null(cg), cg_globals(cg), NULL };

	if (type_is_scalar(t))
		return scalar(cg_stdlib(cg, b->fn, cg->l.i64, 2, args, b->name));
	args[2] = cg_temp(cg, t->size, b->name);
	cg_stdlib(cg, b->fn, cg->l.none, 3, args, "");
	return scalar(args[2]);
}

// A value that each site has its own of: known, or looked up by the attach cookie (the site's index in its program).
LLVMValueRef cg_site_value(struct cg *cg, const char *name, const uint64_t *values, size_t n)
{
	bool one = true;
	size_t room = 1; // a power of two, so that a mask keeps the index inside

	for (size_t i = 1; i < n; i++)
		one = one && values[i] == values[0];
	if (one)
		return l_k(&cg->l, values[0]);
	LLVMValueRef arg = ctx_or_null(cg), cookie = l_helper(&cg->l, H_ATTACH_COOKIE, cg->l.i64, 1, &arg, "cookie");
	while (room < n)
		room *= 2;
	_free_ LLVMValueRef *all = xcalloc(room, sizeof *all);
	for (size_t i = 0; i < room; i++)
		all[i] = l_k(&cg->l, i < n ? values[i] : 0);
	LLVMValueRef global = LLVMAddGlobal(cg->l.mod, LLVMArrayType2(cg->l.i64, room), name);
	LLVMSetInitializer(global, LLVMConstArray2(cg->l.i64, all, room));
	LLVMSetSection(global, ".rodata");
	LLVMSetLinkage(global, LLVMInternalLinkage);
	LLVMSetGlobalConstant(global, 1);
	LLVMSetAlignment(global, 8);
	cookie = LLVMBuildAnd(cg->l.b, cookie, l_k(&cg->l, room - 1), "site");
	LLVMValueRef at = l_at(&cg->l, global, LLVMBuildMul(cg->l.b, cookie, l_k(&cg->l, 8), "off"), "value.at");
	return l_load(&cg->l, at, 8, false, name);
}

// The number of the site's name.
LLVMValueRef cg_probe_id(struct cg *cg)
{
	const struct site_list *s = &cg->body->sites;
	_free_ uint64_t *ids = xcalloc(s->n, sizeof *ids);

	for (size_t i = 0; i < s->n; i++)
		ids[i] = s->v[i].plan.name_id;
	return cg_site_value(cg, "site_names", ids, s->n);
}

// Fills a wire_stack: nr, pid, ips; the unused rest is zero. *bytes: how many of it are used.
struct value cg_stack(struct cg *cg, const struct type *t, LLVMValueRef dst, LLVMValueRef *bytes)
{
	bool user = t->kind == TYPE_USTACK;
	LLVMValueRef at = dst ? dst : cg_frame_temp(cg, t->size, "stack");

	if (!dst)
		cg_zero(cg, at, t->size);
	LLVMValueRef args[] = { ctx_or_null(cg), at, l_k(&cg->l, t->count), l_k(&cg->l, user), l_k(&cg->l, type_frame_bytes(t)) }, nr;
	if (user && !(t->b & STACK_FP) && cg_unwinds(cg))
		nr = cg_unwind(cg, t, at);
	else
		nr = cg_stdlib(cg, "stack_get", cg->l.i64, 5, args, "frames");
	if (bytes)
		*bytes = LLVMBuildAdd(cg->l.b, LLVMBuildMul(cg->l.b, nr, l_k(&cg->l, type_frame_bytes(t)), "ips"), l_k(&cg->l, sizeof(struct wire_stack)), "stack.bytes");
	return scalar(at);
}

// Does the kernel tell which function was hit? In kprobes since it has cookies (5.15), but not behind a function's start.
static bool has_func_ip(struct cg *cg)
{
	const struct world *w = cg->p->world;

	if (cg->body->kind == PROG_KPROBE)
		return cg->body->sites.v[0].plan.func_offset == 0 && w->ops->feature((struct world *)w, FEATURE_ATTACH_COOKIE);
	return prog_is(cg->body->kind, PROG_OF_FUNCTION);
}

// A kernel that does not say which function it was: trampolines and kretprobes (attach_return_variant) have a program for each.
static bool is_named_by_site(const struct cg *cg)
{
	struct world *w = cg->p->world;
	enum prog_kind kind = cg->body->kind;
	bool one = prog_is(kind, PROG_OF_FUNCTION) || (kind == PROG_KPROBE && strstr(cg->body->type->name, "ret"));

	return one && cg->body->sites.n == 1 && w->ops->kernel_symbol && w->ops->feature && !w->ops->feature(w, FEATURE_FUNC_IP);
}

#define BREAKPOINT 1 // bytes: a kprobe's program is told that it stands behind one, however it came there

LLVMValueRef cg_traced_address(struct cg *cg)
{
	struct world *w = cg->p->world;
	LLVMValueRef ctx = ctx_or_null(cg);

	if (cg->body->kind == PROG_UPROBE && strstr(cg->body->type->name, "ret") && w->ops->feature && !w->ops->feature(w, FEATURE_FUNC_IP)) {
		diag_error(cg->diag, cg->at, E_FEATURE, "func in a uretprobe needs the helper bpf_get_func_ip, which Linux has from 5.15 on; this kernel "
			   "lacks it. 'probe' names the function too");
		cg->failed = true;
	}
	if (is_named_by_site(cg) && cg->body->sites.v[0].plan.target && strcmp(cg->body->sites.v[0].plan.target, WORLD_BPF) == 0) {
		diag_error(cg->diag, cg->at, E_FEATURE, "func of a BPF program needs the helper bpf_get_func_ip, which Linux has from 5.15 on; this kernel "
			   "lacks it. 'probe' names the function too");
		cg->failed = true;
	}
	if (is_named_by_site(cg))
		return l_k(&cg->l, cg->p->world->ops->kernel_symbol(cg->p->world, cg->body->sites.v[0].plan.func));
	if (strstr(cg->body->type->name, "ret") || has_func_ip(cg))
		return l_helper(&cg->l, H_FUNC_IP, cg->l.i64, 1, &ctx, "func_ip");
	LLVMValueRef ip = l_load(&cg->l, l_atk(&cg->l, ctx, REG_IP, "ip.at"), 8, false, "ip");
	return cg->body->kind == PROG_KPROBE ? LLVMBuildSub(cg->l.b, ip, l_k(&cg->l, BREAKPOINT), "func") : ip;
}

static struct value emit_func(struct cg *cg, const struct type *t)
{
	LLVMValueRef ip = cg_traced_address(cg);

	if (t->kind != TYPE_USYM)
		return scalar(ip);
	LLVMValueRef at = cg_temp(cg, t->size, "func"), args[] = { at, ip };
	cg_stdlib(cg, "usym_fill", cg->l.none, 2, args, "");
	return scalar(at);
}

static LLVMValueRef context(struct cg *cg)
{
	return LLVMBuildPtrToInt(cg->l.b, ctx_or_null(cg), cg->l.i64, "ctx");
}

// 0, and a warning, when no command was started.
static struct value emit_cpid(struct cg *cg, const struct builtin *b, const struct type *t)
{
	struct ll *l = &cg->l;
	struct value v = from_stdlib(cg, b, t);
	LLVMBasicBlockRef none = l_block(l, "cpid.none"), next = l_block(l, "cpid.next");

	l_cond(l, LLVMBuildIsNull(l->b, v.v, "no_child"), none, next);
	l_pos(l, none);
	cg_complain(cg, "cpid has no value: no child process was started with -c. 0 is being used.");
	l_br(l, next);
	l_pos(l, next);
	return v;
}

// Two words: owner and frame.
static struct value emit_callid(struct cg *cg, const struct type *t)
{
	const struct probe_type *p = cg->body->type;
	enum call_key key = p->call_key ? p->call_key(p, &cg->body->sites.v[0]) : CALL_TASK;
	LLVMValueRef at = cg_temp(cg, t->size, "callid"), args[] = { ctx_or_null(cg), at, l_k(&cg->l, key) };

	cg_stdlib(cg, "call_id", cg->l.none, 3, args, "");
	return scalar(at);
}

struct value cg_builtin(struct cg *cg, const struct node *n)
{
	const struct builtin *b = n->ident.builtin;

	if (!b)
		BUG("identifier '%s' is not resolved", n->ident.name);
	if (b->id == BUILTIN_CPID)
		return emit_cpid(cg, b, n->type);
	if (b->fn)
		return from_stdlib(cg, b, n->type);
	switch (b->id) {
	case BUILTIN_ARGN: return cg_argn(cg, n);
	case BUILTIN_RETVAL: return cg_retval(cg, n);
	case BUILTIN_CTX: return scalar(context(cg));
	case BUILTIN_CALLID: return emit_callid(cg, n->type);
	case BUILTIN_FUNC: return emit_func(cg, n->type);
	case BUILTIN_PROBE: return scalar(cg_probe_id(cg));
	case BUILTIN_KSTACK: case BUILTIN_USTACK: return cg_stack(cg, n->type, NULL, NULL);
	default: BUG("builtin '%s' has no emitter", b->name);
	}
}

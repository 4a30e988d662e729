// SPDX-License-Identifier: Apache-2.0
// session.c - a kprobe and a kretprobe of the same functions become one program, where the kernel knows such: it is entered once at
// each end by one hook, in the place of two programs by two.
//
//   main(ctx)   bpf_session_is_return(ctx) ? NAME_return(ctx) : NAME_entry(ctx); return 0
//
// Both bodies stay functions of their own, each with its own part of the stack. What either returns is not the kernel's business:
// 1 of the entry would keep the return from being seen, and nothing of a script says that it may.
#include <string.h>

#include "base/arena.h"
#include "codegen/cg.h"

static bool is_whole(const struct body *b, const char *type, uint32_t mechanism)
{
	for (size_t i = 0; i < b->sites.n; i++)
		if (b->sites.v[i].plan.mechanism != mechanism)
			return false;
	return b->sites.n && b->kind == PROG_KPROBE && strcmp(b->type->name, type) == 0;
}

static bool same_functions(const struct body *a, const struct body *b)
{
	if (a->sites.n != b->sites.n)
		return false;
	for (size_t i = 0; i < a->sites.n; i++)
		if (strcmp(a->sites.v[i].plan.func, b->sites.v[i].plan.func) != 0)
			return false;
	return true;
}

static void join(struct plan *p, uint32_t entry, uint32_t ret)
{
	p->progs[entry].session = ret + 1;
	p->progs[ret].in_session = true;
	p->progs[ret].section = p->progs[entry].section;
	for (uint32_t i = 0; i < p->progs[entry].n_sites; i++)
		p->progs[entry].sites[i].mechanism = p->progs[ret].sites[i].mechanism = MECH_KPROBE_SESSION;
}

static bool kernel_has_them(struct cg *cg)
{
	struct world *w = cg->p->world;

	return w->ops->feature && w->ops->feature(w, FEATURE_KPROBE_MULTI) && w->ops->feature(w, FEATURE_KPROBE_SESSION);
}

// A budget turns programs off one by one: there each is a program of its own.
void cg_sessions(struct cg *cg)
{
	struct program *p = cg->p;

	for (size_t i = 0; i < p->nbodies && !cg->plan->n_gates; i++)
		for (size_t k = 0; k < p->nbodies; k++) {
			const struct body *entry = &p->bodies[i], *ret = &p->bodies[k];
			const struct plan_prog *progs = cg->plan->progs;

			if (is_whole(entry, "kprobe", MECH_KPROBE_MULTI) && is_whole(ret, "kretprobe", MECH_KRETPROBE_MULTI) && same_functions(entry, ret) &&
			    !progs[entry->prog].session && !progs[ret->prog].in_session && kernel_has_them(cg))
				join(cg->plan, entry->prog, ret->prog);
		}
}

static const char *half_name(struct cg *cg, uint32_t prog)
{
	const struct plan_prog *p = &cg->plan->progs[prog];

	return arena_printf(cg->arena, "%s_%s", p->name, p->in_session ? "return" : "entry");
}

static LLVMValueRef half(struct cg *cg, uint32_t prog, LLVMTypeRef type)
{
	const char *name = half_name(cg, prog);
	LLVMValueRef fn = LLVMGetNamedFunction(cg->l.mod, name);

	return fn ? fn : LLVMAddFunction(cg->l.mod, name, type);
}

static void call_half(struct cg *cg, struct fn *f, uint32_t prog, LLVMTypeRef type, LLVMBasicBlockRef at, LLVMBasicBlockRef out)
{
	LLVMValueRef ctx = f->ctx;

	l_pos(&cg->l, at);
	LLVMBuildCall2(cg->l.b, type, half(cg, prog, type), &ctx, 1, "ignored");
	l_br(&cg->l, out);
}

// The program, in front of the body that is its entry.
static void emit_main(struct cg *cg, const struct body *b, LLVMTypeRef type)
{
	const struct plan_prog *p = &cg->plan->progs[b->prog];
	struct ll *l = &cg->l;
	struct fn f;

	cg_fn_begin(cg, &f, p->name, type, FN_MAIN, b->block->span);
	f.ctx = LLVMGetParam(f.fn, 0);
	LLVMBasicBlockRef start = l_block(l, "start"), entry = l_block(l, "entered"), ret = l_block(l, "returns"), out = l_block(l, "out");
	l_pos(l, start);
	LLVMValueRef is_return = l_helper(l, PLAN_CALL_IS_RETURN, l->i64, 1, &f.ctx, "is_return");
	l_cond(l, l_nz(l, LLVMBuildAnd(l->b, is_return, l_k(l, 0xff), "flag"), "is_return"), ret, entry);
	call_half(cg, &f, b->prog, type, entry, out);
	call_half(cg, &f, p->session - 1, type, ret, out);
	l_pos(l, out);
	LLVMBuildRet(l->b, l_k32(l, 0));
	l_pos(l, f.entry);
	l_br(l, start);
	cg_fn_end(cg);
}

struct fn *cg_session_begin(struct cg *cg, struct fn *f, LLVMTypeRef type)
{
	const struct body *b = cg->body;
	const struct plan_prog *p = &cg->plan->progs[b->prog];

	if (!p->session && !p->in_session)
		return NULL;
	if (p->session)
		emit_main(cg, b, type);
	return cg_fn_begin(cg, f, half_name(cg, b->prog), type, FN_LOCAL, b->block->span);
}

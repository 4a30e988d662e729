// SPDX-License-Identifier: Apache-2.0
// reloc.c - marks in the program for what only the kernel it runs on can say (base/reloc.h).
//
// The marks are inline assembly that LLVM knows nothing of but its operands: equal ones are merged, unused ones go, none is
// folded. A direct load from the context must have its offset in the instruction (the verifier takes no other pointer than the
// context itself), so that loads are marked as a whole.
#include "base/reloc.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"
#include "base/world.h"
#include "codegen/cg.h"

static bool is_same(const struct plan_reloc *a, const struct plan_reloc *b)
{
	return a->kind == b->kind && a->fixed == b->fixed && a->layout == b->layout && strcmp(a->type, b->type) == 0 &&
	       strcmp(a->path, b->path) == 0;
}

static uint32_t row(struct cg *cg, const struct plan_reloc *r)
{
	struct plan *p = cg->plan;
	struct plan_reloc fresh = *r;

	for (uint32_t i = 0; i < p->n_relocs; i++)
		if (is_same(&p->relocs[i], r))
			return i;
	if (cg->at.source)
		plan_push(cg->arena, &fresh.span, &fresh.n_span, (struct plan_span){ cg->at.source, cg->at.start, cg->at.end });
	plan_push(cg->arena, &p->relocs, &p->n_relocs, fresh);
	return p->n_relocs - 1;
}

void cg_reloc_same(struct cg *cg, const struct plan_reloc *r)
{
	struct plan_reloc fixed;

	if (!r)
		return;
	fixed = *r;
	fixed.fixed = true;
	row(cg, &fixed);
}

LLVMValueRef cg_reloc(struct cg *cg, const struct plan_reloc *r)
{
	return l_mark(&cg->l, RELOC_MARK_VALUE, row(cg, r), NULL, false);
}

uint64_t cg_kernel_call(struct cg *cg, const char *name)
{
	const struct plan_reloc *r = reloc_new(cg->p->world, RELOC_KFUNC, "kfunc", name);

	if (!r) {
		diag_error(cg->diag, cg->at, E_FEATURE, "this kernel has no function '%s' that programs could call", name);
		cg->failed = true;
		return 0;
	}
	struct bpf_insn in = { .code = BPF_JMP | BPF_CALL, .src_reg = RELOC_MARK_KFUNC, .imm = (int32_t)row(cg, r) };
	uint64_t raw;
	memcpy(&raw, &in, sizeof raw);
	return raw;
}

LLVMValueRef cg_reloc_load(struct cg *cg, const struct plan_reloc *r, LLVMValueRef base)
{
	return l_mark(&cg->l, RELOC_MARK_LOAD, row(cg, r), base, r->kind == RELOC_VALUE);
}

const struct plan_reloc *cg_reloc_of(struct cg *cg, enum reloc_kind kind, const struct type *s, const char *member)
{
	bool bound = false;
	const struct plan_reloc *r = s->kind == TYPE_STRUCT || s->kind == TYPE_UNION ? reloc_of(cg->p->world, kind, s, member, &bound) : NULL;

	cg->plan->bound |= bound;
	return r;
}

LLVMValueRef cg_member_offset(struct cg *cg, const struct type *s, const struct field *f)
{
	const struct plan_reloc *r = f->name ? cg_reloc_of(cg, RELOC_OFFSET, s, f->name) : NULL;

	return r ? cg_reloc(cg, r) : l_k(&cg->l, f->offset);
}

LLVMValueRef cg_type_size(struct cg *cg, const struct type *t, enum reloc_kind kind)
{
	const struct plan_reloc *r = cg_reloc_of(cg, kind, t, NULL);

	return r ? cg_reloc(cg, r) : l_k(&cg->l, MAX(t->size, 1u));
}

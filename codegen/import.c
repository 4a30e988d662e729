// SPDX-License-Identifier: Apache-2.0
// import.c - functions of imported BPF objects (base/bpf_code.h), put into the program that calls them.
//
//   define internal i64 @probe_0_begin_hash(i64 %0, i64 %1) naked noinline section "spile/begin" {
//     call void asm sideeffect ".quad 0x…; call $0; …", "s"(ptr @probe_0_begin_hash_step)
//     unreachable
//   }
//
// The instructions are those of the object, as numbers, but where they refer to something: LLVM's assembler then sees a name, and
// makes of it what it makes for our own functions, and for maps the plan's index stands there as everywhere. A naked function
// has no code but this, and nothing is concluded from its body. A program has a copy of each function that it needs; variables
// are sections of the object, one for all programs.
#include <inttypes.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/arena.h"
#include "base/bpf_code.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "codegen/cg.h"

struct import_fn { // of the body's program
	struct import_fn *next;
	const struct bpf_code *code;
	uint32_t index;
	LLVMValueRef fn;
};

struct import_map {
	struct import_map *next;
	const struct bpf_code *code;
	uint32_t index, plan;
};

static uint32_t map_of(struct cg *cg, const struct bpf_code *c, uint32_t index)
{
	const struct bpf_map *m = &c->maps[index];
	struct import_map *made;

	for (struct import_map *at = cg->import_maps; at; at = at->next)
		if (at->code == c && at->index == index)
			return at->plan;
	made = arena_new_(cg->arena, struct import_map);
	*made = (struct import_map){ cg->import_maps, c, index, cg->plan->n_maps };
	cg->import_maps = made;
	plan_push(cg->arena, &cg->plan->maps, &cg->plan->n_maps,
		  (struct plan_map){ .name = m->name, .role = MAP_IMPORTED, .bpf_type = m->type, .key_size = m->key_size, .value_size = m->value_size,
				     .max_entries = m->max_entries, .flags = m->flags });
	return made->plan;
}

// A section of variables, as one global of ours in a section of the same kind.
static LLVMValueRef data_of(struct cg *cg, const struct bpf_code *c, uint32_t index)
{
	const struct bpf_data *d = &c->data[index];
	const char *name = arena_printf(cg->arena, "import_%u_data_%u", c->number, index);
	LLVMValueRef g = LLVMGetNamedGlobal(cg->l.mod, name);
	LLVMTypeRef type = LLVMArrayType2(cg->l.i8, d->n);

	if (g)
		return g;
	g = LLVMAddGlobal(cg->l.mod, type, name);
	LLVMSetInitializer(g, d->bytes ? LLVMConstStringInContext2(cg->l.ctx, (const char *)d->bytes, d->n, 1) : LLVMConstNull(type));
	LLVMSetSection(g, arena_printf(cg->arena, "%.*s.import.%u.%u", (int)strcspn(d->name + 1, ".") + 1, d->name, c->number, index));
	LLVMSetGlobalConstant(g, strncmp(d->name, ".rodata", 7) == 0);
	LLVMSetAlignment(g, 64);
	return g;
}

struct text { // of a function, and what it refers to
	struct str code;
	struct str constraints;
	VEC(LLVMValueRef) operands;
};

static size_t operand(struct cg *cg, struct text *t, LLVMValueRef v)
{
	str_adds(&t->constraints, t->operands.n ? ",s" : "s");
	vec_push(cg->arena, &t->operands, v);
	return t->operands.n - 1;
}

static void put(struct text *t, uint64_t insn)
{
	str_printf(&t->code, ".quad 0x%016" PRIx64 "\n", insn);
}

static void put_wide(struct text *t, uint64_t first, uint32_t low, uint32_t high)
{
	struct bpf_insn in;

	memcpy(&in, &first, sizeof in);
	in.src_reg = BPF_PSEUDO_MAP_FD;
	in.imm = (int32_t)low;
	in.off = 0;
	uint64_t raw, second = (uint64_t)high << 32;
	memcpy(&raw, &in, sizeof raw);
	put(t, raw);
	put(t, second);
}

static LLVMValueRef define(struct cg *cg, const struct bpf_code *c, uint32_t index);

// How many instructions it took.
static uint32_t put_ref(struct cg *cg, struct text *t, const struct bpf_code *c, const struct bpf_ref *r)
{
	unsigned dst = c->insns[r->at] >> 8 & 15;

	switch (r->kind) {
	case BPF_REF_MAP:
		put_wide(t, c->insns[r->at], map_of(cg, c, r->index), 0);
		return 2;
	case BPF_REF_DATA:
		str_printf(&t->code, "r%u = $%zu+%" PRIu64 " ll\n", dst, operand(cg, t, data_of(cg, c, r->index)), r->offset);
		return 2;
	case BPF_REF_CALLBACK:
		str_printf(&t->code, "r%u = $%zu ll\n", dst, operand(cg, t, define(cg, c, r->index)));
		return 2;
	case BPF_REF_CALL:
		str_printf(&t->code, "call $%zu\n", operand(cg, t, define(cg, c, r->index)));
		return 1;
	case BPF_REF_KFUNC:
		put(t, cg_kernel_call(cg, r->name));
		return 1;
	}
	BUG("a reference of kind %d", (int)r->kind);
}

static void write_function(struct cg *cg, const struct bpf_code *c, const struct bpf_func *f, struct text *t)
{
	size_t next = 0;

	while (next < c->nrefs && c->refs[next].at < f->first)
		next++;
	for (uint32_t i = f->first; i < f->first + f->n;) {
		if (next < c->nrefs && c->refs[next].at == i)
			i += put_ref(cg, t, c, &c->refs[next++]);
		else
			put(t, c->insns[i++]);
	}
}

static void fill(struct cg *cg, LLVMValueRef fn, struct text *t)
{
	struct ll *l = &cg->l;
	LLVMTypeRef types[256], type;

	if (t->operands.n > ARRAY_SIZE(types)) {
		diag_error(cg->diag, cg->at, E_LIMIT, "an imported function refers to more than %zu others", ARRAY_SIZE(types));
		cg->failed = true;
		return;
	}
	for (size_t i = 0; i < t->operands.n; i++)
		types[i] = LLVMTypeOf(t->operands.v[i]);
	type = LLVMFunctionType(l->none, types, (unsigned)t->operands.n, 0);
	LLVMValueRef code = LLVMGetInlineAsm(type, str_z(&t->code), t->code.n, str_z(&t->constraints), t->constraints.n, 1, 0, LLVMInlineAsmDialectATT, 0);
	LLVMBuildCall2(l->b, type, code, t->operands.v, (unsigned)t->operands.n, "");
	LLVMBuildUnreachable(l->b);
}

static LLVMValueRef define(struct cg *cg, const struct bpf_code *c, uint32_t index)
{
	struct ll *l = &cg->l;
	const struct bpf_func *f = &c->funcs[index];
	LLVMTypeRef params[BPF_CODE_PARAMS] = { l->i64, l->i64, l->i64, l->i64, l->i64 };
	LLVMBasicBlockRef caller = LLVMGetInsertBlock(l->b);
	struct span at = cg->at;
	struct text t = { 0 };
	struct fn frame = { .up = cg->fn };

	for (struct import_fn *i = cg->import_fns; i; i = i->next)
		if (i->code == c && i->index == index)
			return i->fn;
	const char *name = arena_printf(cg->arena, "%s_import%u_%s", cg->plan->progs[cg->body->prog].name, c->number, f->name);
	LLVMValueRef fn = LLVMAddFunction(l->mod, name, LLVMFunctionType(l->i64, params, f->no_call ? 0 : f->nparams, 0));
	struct import_fn *made = arena_new_(cg->arena, struct import_fn);
	*made = (struct import_fn){ cg->import_fns, c, index, fn };
	cg->import_fns = made;
	LLVMSetSection(fn, cg->plan->progs[cg->body->prog].section);
	LLVMSetLinkage(fn, LLVMInternalLinkage);
	l_attr(l, fn, "naked");
	l_attr(l, fn, "noinline");
	l_attr(l, fn, "nounwind");
	frame.fn = fn;
	cg->fn = &frame;
	l_pos(l, LLVMAppendBasicBlockInContext(l->ctx, fn, "entry"));
	cg_debug_function(cg, fn, name, LLVMCountParams(fn), FN_LOCAL, at);
	write_function(cg, c, f, &t);
	l_pos(l, LLVMGetEntryBasicBlock(fn));
	cg_debug_at(cg, at);
	fill(cg, fn, &t);
	str_free(&t.code);
	str_free(&t.constraints);
	cg->fn = frame.up;
	l_pos(l, caller);
	cg_debug_at(cg, at);
	return fn;
}

// Calls ----------------------------------------------------------------------------------------------------------------

static LLVMValueRef address_of(struct cg *cg, const struct node *n)
{
	const struct node *of = n->unary.value;

	if (of->kind == NODE_MAP)
		return LLVMBuildPtrToInt(cg->l.b, cg_map_ptr(cg, of->map.sym->index), cg->l.i64, "map");
	return LLVMBuildPtrToInt(cg->l.b, cg_var_ptr(cg, of->var.sym), cg->l.i64, "address");
}

struct value cg_call_import(struct cg *cg, const struct node *n)
{
	const struct bpf_callee *callee = n->call.callee;
	LLVMValueRef args[BPF_CODE_PARAMS];
	unsigned count = (unsigned)n->call.args.n;

	for (unsigned i = 0; i < count; i++)
		args[i] = n->call.args.v[i]->kind == NODE_UNARY && n->call.args.v[i]->unary.op == OP_ADDR ? address_of(cg, n->call.args.v[i])
													  : cg_int(cg, n->call.args.v[i]);
	cg->plan->bound |= callee->code->bound;
	LLVMValueRef fn = define(cg, callee->code, callee->index);
	LLVMValueRef v = LLVMBuildCall2(cg->l.b, LLVMGlobalGetValueType(fn), fn, args, count, n->call.name);
	return (struct value){ .v = cg_resize(cg, v, n->type) };
}

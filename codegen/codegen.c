// SPDX-License-Identifier: Apache-2.0
// codegen.c - the door: begin, one function per body, finish the plan, link stdlib, optimise, object.
#include "codegen/codegen.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/unwind.h"
#include "base/util.h"
#include "base/wire.h"
#include "base/world.h"
#include "codegen/cg.h"
#include "codegen/object.h"

#define NO_MAP UINT32_MAX

static const struct {
	const char *name;
	uint32_t bpf_type, key_size;
} internal[] = {
	[MAP_RING] = { "ring", BPF_MAP_TYPE_RINGBUF, 0 },
	[MAP_SCRATCH] = { "scratch", BPF_MAP_TYPE_ARRAY, 4 },
	[MAP_LOST] = { "lost", BPF_MAP_TYPE_PERCPU_ARRAY, 4 },
	[MAP_GLOBALS] = { "globals", BPF_MAP_TYPE_ARRAY, 4 },
	[MAP_CONTROL] = { "control", BPF_MAP_TYPE_RINGBUF, 0 },
	[MAP_UNWIND_POOL] = { "unwind_pool", BPF_MAP_TYPE_ARRAY, 4 },
	[MAP_UNWIND_FILES] = { "unwind_files", BPF_MAP_TYPE_HASH, sizeof(struct unwind_key) },
	[MAP_UNWIND_COUNTS] = { "unwind_counts", BPF_MAP_TYPE_PERCPU_ARRAY, 4 },
	[MAP_UNWIND_KNOWN] = { "unwind_known", BPF_MAP_TYPE_ARRAY, 4 },
	[MAP_TARGETS] = { "targets", BPF_MAP_TYPE_HASH, 4 },
};

uint32_t cg_map(struct cg *cg, enum map_role role)
{
	uint32_t *at = role == MAP_RING ? &cg->map_ring : role == MAP_SCRATCH ? &cg->map_scratch : role == MAP_LOST ? &cg->map_lost :
		       role == MAP_CONTROL ? &cg->map_control : role == MAP_TARGETS ? &cg->map_targets :
		       role >= MAP_UNWIND_POOL && role <= MAP_UNWIND_KNOWN ? &cg->map_unwind[role - MAP_UNWIND_POOL] : &cg->map_globals;

	if (*at == NO_MAP) {
		struct plan_map m = { .name = internal[role].name, .role = role, .bpf_type = internal[role].bpf_type, .key_size = internal[role].key_size };

		*at = cg->plan->n_maps;
		if (m.bpf_type == BPF_MAP_TYPE_RINGBUF && cg->perf) {
			m.bpf_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY;
			m.key_size = m.value_size = 4;
		}
		plan_push(cg->arena, &cg->plan->maps, &cg->plan->n_maps, m);
	}
	return *at;
}

LLVMValueRef cg_map_ptr(struct cg *cg, uint32_t map)
{
	return l_pseudo(&cg->l, BPF_PSEUDO_MAP_FD, map, cg->plan->maps[map].name);
}

LLVMValueRef cg_map_value(struct cg *cg, uint32_t map, uint32_t off)
{
	// the intrinsic carries 32 bits: the offset is added behind it
	return l_atk(&cg->l, l_pseudo(&cg->l, BPF_PSEUDO_MAP_VALUE, map, cg->plan->maps[map].name), off, cg->plan->maps[map].name);
}

LLVMValueRef cg_globals(struct cg *cg)
{
	return cg_map_value(cg, cg_map(cg, MAP_GLOBALS), 0);
}

uint32_t cg_loss(struct cg *cg, enum loss_kind kind, uint32_t index, struct span at)
{
	struct plan *p = cg->plan;
	struct plan_loss loss = { .kind = kind, .prog = cg->body->prog, .index = index };

	for (uint32_t i = 0; i < p->n_losses; i++)
		if (p->losses[i].kind == kind && p->losses[i].prog == loss.prog && p->losses[i].index == index)
			return i;
	if (at.source)
		plan_push(cg->arena, &loss.span, &loss.n_span, (struct plan_span){ at.source, at.start, at.end });
	plan_push(cg->arena, &p->losses, &p->n_losses, loss);
	return p->n_losses - 1;
}

void cg_count_loss(struct cg *cg, uint32_t loss)
{
	LLVMValueRef args[] = { cg_map_ptr(cg, cg_map(cg, MAP_LOST)), l_k(&cg->l, loss) };

	cg_stdlib(cg, "loss_count", cg->l.none, 2, args, "");
}

// Counters of the same text are one, whichever program counts.
void cg_left_out(struct cg *cg, const char *text, LLVMValueRef by, struct span at)
{
	struct plan *p = cg->plan;
	struct plan_loss loss = { .kind = LOSS_LEFT_OUT, .prog = cg->body->prog, .text = text };
	uint32_t i = 0;

	while (i < p->n_losses && !(p->losses[i].kind == LOSS_LEFT_OUT && strcmp(p->losses[i].text, text) == 0))
		i++;
	if (i == p->n_losses) {
		plan_push(cg->arena, &loss.span, &loss.n_span, (struct plan_span){ at.source, at.start, at.end });
		plan_push(cg->arena, &p->losses, &p->n_losses, loss);
	}
	LLVMValueRef args[] = { cg_map_ptr(cg, cg_map(cg, MAP_LOST)), l_k(&cg->l, i), by };

	cg_stdlib(cg, "left_out", cg->l.none, 3, args, "");
}

static uint32_t config_number(const struct cg *cg, const char *key, uint32_t otherwise)
{
	for (uint32_t i = 0; i < cg->plan->n_config; i++)
		if (strcmp(cg->plan->config[i].key, key) == 0)
			return (uint32_t)cg->plan->config[i].number;
	return otherwise;
}

static const char *config_text(const struct cg *cg, const char *key, const char *otherwise)
{
	for (uint32_t i = 0; i < cg->plan->n_config; i++)
		if (strcmp(cg->plan->config[i].key, key) == 0 && cg->plan->config[i].text)
			return cg->plan->config[i].text;
	return otherwise;
}

// For the stdlib's loops over CPUs, inlined into them once linked: a number that the verifier knows, not LLVM.
static LLVMValueRef define_cpus(struct cg *cg)
{
	LLVMValueRef fn = LLVMAddFunction(cg->l.mod, "max_cpus", LLVMFunctionType(cg->l.i64, NULL, 0, 0));
	LLVMBasicBlockRef entry = LLVMAppendBasicBlockInContext(cg->l.ctx, fn, "entry");

	l_pos(&cg->l, entry);
	LLVMBuildRet(cg->l.b, cg_reloc(cg, reloc_new(cg->p->world, RELOC_CPUS, "cpus", "")));
	l_attr(&cg->l, fn, "alwaysinline");
	return fn;
}

static bool has_feature(const struct cg *cg, enum feature f)
{
	struct world *w = cg->p->world;

	return !w->ops->feature || w->ops->feature(w, f);
}

// For the stdlib, folded into it once linked.
static LLVMValueRef define_flag(struct cg *cg, const char *name, bool value)
{
	LLVMValueRef g = LLVMAddGlobal(cg->l.mod, cg->l.i32, name);

	LLVMSetInitializer(g, l_k32(&cg->l, value));
	LLVMSetGlobalConstant(g, 1);
	return g;
}

static void begin(struct cg *cg)
{
	cg->map_ring = cg->map_scratch = cg->map_lost = cg->map_globals = cg->map_control = cg->map_targets = NO_MAP;
	cg->map_unwind[0] = cg->map_unwind[1] = cg->map_unwind[2] = cg->map_unwind[3] = NO_MAP;
	cg->on_stack_limit = MIN(config_number(cg, "on_stack_limit", 32), 128u);
	cg->may_goto = cg->p->world->ops->feature && cg->p->world->ops->feature(cg->p->world, FEATURE_MAY_GOTO);
	cg->perf = !has_feature(cg, FEATURE_RINGBUF);
	cg->global_funcs = has_feature(cg, FEATURE_GLOBAL_FUNCS);
	cg->may_read = has_feature(cg, FEATURE_READ_KERNEL);
	cg->machine = object_machine();
	ll_init(&cg->l, "spile");
	object_target(cg);
	cg->max_cpus = define_cpus(cg);
	cg->has_xchg = define_flag(cg, "has_xchg", has_feature(cg, FEATURE_ATOMICS));
	cg->has_read = define_flag(cg, "has_read", cg->may_read);
	cg_debug_begin(cg);
}

// What the bodies turned out to need: sizes of the internal maps.
static void finish_plan(struct cg *cg, const struct codegen_options *o)
{
	struct plan *p = cg->plan;

	p->key = o->key;
	p->layout = cg->split ? LAYOUT_SPLIT : cg->frugal ? LAYOUT_FRUGAL : LAYOUT_FAST;
	p->kernel = cg->p->world->ops->identity(cg->p->world);
	p->machine = arena_strndup(cg->arena, p->kernel, strcspn(p->kernel, " "));
	p->locked = !cg->may_read;
	p->needs |= o->needs ? *o->needs : 0;
	p->compiler = o->compiler;
	p->scratch_bytes = cg->map_scratch == NO_MAP ? 0 : (uint32_t)sizeof(struct wire_scratch) + cg->frame_max;
	for (uint32_t i = 0; i < p->n_maps; i++) {
		struct plan_map *m = &p->maps[i];

		if (m->role == MAP_RING) {
			m->max_entries = p->ring_bytes;
		} else if (m->role == MAP_CONTROL) {
			m->max_entries = 65536; // the loader decides
		} else if (m->role == MAP_SCRATCH) { // the loader multiplies by the machine's CPUs
			m->value_size = p->scratch_bytes;
			m->max_entries = WIRE_SCRATCH_SLOTS;
		} else if (m->role == MAP_TARGETS) {
			m->value_size = 8;
			m->max_entries = WIRE_TARGET_PIDS;
			m->flags = BPF_F_NO_PREALLOC;
		} else if (m->role == MAP_UNWIND_POOL) { // the loader decides how large, or how many
			m->value_size = cg_unwind_pool_bytes(cg);
			m->max_entries = 1;
			m->flags = BPF_F_MMAPABLE;
		} else if (m->role == MAP_UNWIND_FILES) {
			m->value_size = sizeof(struct unwind_file);
			m->max_entries = UNWIND_FILES_MOST;
		} else if (m->role == MAP_UNWIND_COUNTS) {
			m->value_size = 8;
			m->max_entries = UNWIND_COUNTS;
		} else if (m->role == MAP_UNWIND_KNOWN) {
			m->value_size = UNWIND_KNOWN_BYTES;
			m->max_entries = 1;
		} else if (m->role == MAP_LOST) {
			m->value_size = 8;
			m->max_entries = MAX(p->n_losses, 1u);
		} else if (m->role == MAP_GLOBALS) {
			m->value_size = sizeof(struct wire_globals);
			m->max_entries = 1;
			m->flags = BPF_F_MMAPABLE;
		}
	}
}

static void add_section(struct cg *cg, const char *name, const void *bytes, size_t n, const char *section)
{
	LLVMValueRef init = LLVMConstStringInContext2(cg->l.ctx, bytes, n, 1), g = LLVMAddGlobal(cg->l.mod, LLVMTypeOf(init), name);

	LLVMSetInitializer(g, init);
	LLVMSetSection(g, section);
	LLVMSetGlobalConstant(g, 1);
	LLVMSetAlignment(g, 8);
}

static void dump(struct cg *cg, const struct codegen_options *o, enum codegen_stage stage, const char *text, size_t n)
{
	if (o->dump && (o->dump_stages & 1u << stage))
		o->dump(o->dump_arg, stage, text, n);
}

static void dump_ir(struct cg *cg, const struct codegen_options *o)
{
	if (!o->dump || !(o->dump_stages & 1u << CODEGEN_IR))
		return;
	char *ir = LLVMPrintModuleToString(cg->l.mod);
	dump(cg, o, CODEGEN_IR, ir, strlen(ir));
	LLVMDisposeMessage(ir);
}

static void dump_rest(struct cg *cg, const struct codegen_options *o)
{
	_str_ struct str text = { 0 };

	if (!o->dump)
		return;
	if (o->dump_stages & 1u << CODEGEN_ASM) {
		object_assembly(cg, &text);
		dump(cg, o, CODEGEN_ASM, str_z(&text), text.n);
		str_clear(&text);
	}
	if (o->dump_stages & 1u << CODEGEN_PLAN) {
		plan_dump(cg->plan, &text);
		dump(cg, o, CODEGEN_PLAN, str_z(&text), text.n);
	}
}

static void check_module(struct cg *cg)
{
	char *why = NULL;

	if (LLVMVerifyModule(cg->l.mod, LLVMReturnStatusAction, &why))
		BUG("the emitted module is not well-formed: %s", why);
	LLVMDisposeMessage(why);
}

// 0; -EINVAL with a diagnostic; -ENOSPC, without one, when the stack was too small and there is another layout.
static int generate(struct program *p, const struct codegen_options *o, enum plan_layout layout, struct str *object)
{
	struct cg cg = { .p = p, .plan = p->plan, .diag = p->diag, .arena = p->arena, .frugal = layout != LAYOUT_FAST, .split = layout == LAYOUT_SPLIT };
	_str_ struct str plan = { 0 };
	int rc;

	begin(&cg);
	cg_sessions(&cg);
	for (size_t i = 0; i < 2 * p->nbodies; i++) { // a session's return behind the program that calls it, wherever the script has it
		struct body *b = &p->bodies[i % p->nbodies];

		if (cg.plan->progs[b->prog].in_session == (i >= p->nbodies))
			cg_body(&cg, b);
	}
	cg_unwind_define(&cg);
	finish_plan(&cg, o);
	plan_write(cg.plan, p->types, &plan);
	add_section(&cg, "spile_plan", str_z(&plan), plan.n, PLAN_SECTION);
	const char *license = config_text(&cg, "license", "GPL");
	add_section(&cg, "LICENSE", license, strlen(license) + 1, "license");
	cg_debug_end(&cg);
	cg_stdlib_link(&cg);
	LLVMSetLinkage(cg.has_xchg, LLVMInternalLinkage);
	LLVMSetLinkage(cg.has_read, LLVMInternalLinkage);
	check_module(&cg);
	rc = object_optimise(&cg);
	dump_ir(&cg, o);
	dump_rest(&cg, o);
	cg_stack_ask(&cg);
	if (rc == 0)
		rc = object_emit(&cg, object);
	if (rc == 0 && !cg.split && !cg_stack_fits(&cg))
		cg.stack_full = true;
	ll_free(&cg.l);
	LLVMDisposeTargetMachine(cg.machine);
	return cg.stack_full ? -ENOSPC : rc;
}

int codegen_program(struct program *p, const struct codegen_options *o, struct str *object)
{
	struct plan before = *p->plan;
	size_t n = object->n;
	int rc = -ENOSPC;

	for (uint32_t layout = o->layout; rc == -ENOSPC && layout < LAYOUTS; layout++) {
		*p->plan = before;
		object->n = n;
		rc = generate(p, o, layout, object);
	}
	return rc;
}

void codegen_on_fatal(void (*handler)(const char *why))
{
	LLVMInstallFatalErrorHandler(handler);
}

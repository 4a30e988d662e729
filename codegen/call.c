// SPDX-License-Identifier: Apache-2.0
// call.c - functions that need compile-time knowledge: one emitter each, named by builtin.def's id.
#include <string.h>

#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

static struct value scalar(LLVMValueRef v)
{
	return (struct value){ .v = v };
}

static const struct node *arg(const struct node *n, size_t i)
{
	return i < n->call.args.n ? n->call.args.v[i] : NULL;
}

// Opaque, so that what is compared is what is used: of `c ? a : 128` LLVM would compare c, and the verifier not see a's bound.
static LLVMValueRef clamp(struct cg *cg, LLVMValueRef v, uint64_t most)
{
	v = l_opaque(&cg->l, v);
	LLVMValueRef over = LLVMBuildICmp(cg->l.b, LLVMIntUGT, v, l_k(&cg->l, most), "over");

	return LLVMBuildSelect(cg->l.b, over, l_k(&cg->l, most), v, "clamped");
}

// How much str(p, n) and buf(p, n) read. An n that folding made a literal came too late to be the capacity.
static LLVMValueRef length(struct cg *cg, const struct node *n, uint32_t cap)
{
	const struct node *given = arg(n, 1);

	if (!given)
		return l_k(&cg->l, cap);
	return given->kind == NODE_INT ? l_k(&cg->l, MIN(given->int_.value, (uint64_t)cap)) : clamp(cg, cg_int(cg, given), cap);
}

static struct value emit_str(struct cg *cg, const struct node *n)
{
	uint32_t cap = n->type->count;
	const struct node *from = arg(n, 0);
	LLVMValueRef tmp = cg_temp(cg, cap, "str"), addr = cg_address(cg, from), size = length(cg, n, cap);

	cg_zero(cg, tmp, cap);
	cg_read_str(cg, cg_address_space(cg, from), tmp, size, addr);
	return scalar(tmp);
}

static struct value emit_buf(struct cg *cg, const struct node *n)
{
	uint32_t cap = n->type->count;
	const struct node *from = arg(n, 0);
	LLVMValueRef tmp = cg_temp(cg, n->type->size, "buf"), addr = cg_address(cg, from), size = length(cg, n, cap);

	cg_zero(cg, tmp, n->type->size);
	l_store(&cg->l, size, tmp, 4);
	cg_read(cg, cg_address_space(cg, from), l_atk(&cg->l, tmp, 4, "data"), size, addr);
	return scalar(tmp);
}

static struct value emit_usym(struct cg *cg, const struct node *n)
{
	LLVMValueRef at = cg_temp(cg, n->type->size, "usym"), args[] = { at, cg_int(cg, arg(n, 0)) };

	cg_stdlib(cg, "usym_fill", cg->l.none, 2, args, "");
	return scalar(at);
}

static struct value emit_strncmp(struct cg *cg, const struct node *n)
{
	LLVMValueRef same = cg_string_equal(cg, arg(n, 0), arg(n, 1), arg(n, 2)->int_.value);

	return scalar(l_bool(&cg->l, LLVMBuildNot(cg->l.b, same, "differ"), "strncmp"));
}

static struct value emit_strlen(struct cg *cg, const struct node *n)
{
	return scalar(cg_string_length(cg, arg(n, 0)));
}

static struct value emit_strcontains(struct cg *cg, const struct node *n)
{
	LLVMValueRef at = cg_string_find(cg, arg(n, 0), arg(n, 1));

	return scalar(l_bool(&cg->l, LLVMBuildICmp(cg->l.b, LLVMIntSGE, at, l_k(&cg->l, 0), "found"), "contains"));
}

// A function of stdlib on integers.
static struct value emit_stdlib(struct cg *cg, const struct node *n)
{
	LLVMValueRef args[8];

	if (n->call.args.n > ARRAY_SIZE(args))
		BUG("%s() with %zu arguments", n->call.name, n->call.args.n);
	for (size_t i = 0; i < n->call.args.n; i++)
		args[i] = cg_int(cg, arg(n, i));
	return scalar(cg_stdlib(cg, n->call.builtin->fn, cg->l.i64, (unsigned)n->call.args.n, args, n->call.name));
}

static struct value emit_len(struct cg *cg, const struct node *n)
{
	const struct node *m = arg(n, 0);

	if (m->kind == NODE_MAP && m->map.keys.n == 0 && m->map.sym->key)
		return scalar(cg_map_count(cg, m->map.sym, n));
	if (type_is_stack(m->type))
		return scalar(l_load(&cg->l, cg_local(cg, m), 4, false, "len"));
	BUG("len() of %s", node_name(m->kind));
}

static const struct { const char *name; int offset; } registers[] = { // struct pt_regs of x86-64
	{ "r15", 0 }, { "r14", 8 }, { "r13", 16 }, { "r12", 24 }, { "bp", 32 }, { "bx", 40 }, { "r11", 48 }, { "r10", 56 }, { "r9", 64 },
	{ "r8", 72 }, { "ax", 80 }, { "cx", 88 }, { "dx", 96 }, { "si", 104 }, { "di", 112 }, { "orig_ax", 120 }, { "ip", 128 }, { "pc", 128 },
	{ "cs", 136 }, { "flags", 144 }, { "sp", 152 }, { "ss", 160 },
};

static struct value emit_reg(struct cg *cg, const struct node *n)
{
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (strcmp(registers[i].name, arg(n, 0)->string.text) == 0)
			return scalar(l_load(&cg->l, l_atk(&cg->l, cg_context(cg), (uint64_t)registers[i].offset, "reg.at"), 8, false, "reg"));
	BUG("register '%s' was not checked", arg(n, 0)->string.text);
}

static struct value emit_bswap(struct cg *cg, const struct node *n)
{
	LLVMValueRef v = cg_int(cg, arg(n, 0));
	LLVMTypeRef t = l_int(&cg->l, n->type->size);

	if (n->type->size == 1)
		return scalar(LLVMBuildAnd(cg->l.b, v, l_k(&cg->l, 0xff), "bswap"));
	unsigned id = LLVMLookupIntrinsicID("llvm.bswap", 10);
	LLVMValueRef cut = n->type->size < 8 ? LLVMBuildTrunc(cg->l.b, v, t, "") : v;
	LLVMValueRef swapped = LLVMBuildCall2(cg->l.b, LLVMIntrinsicGetType(cg->l.ctx, id, &t, 1),
					      LLVMGetIntrinsicDeclaration(cg->l.mod, id, &t, 1), &cut, 1, "swapped");
	return scalar(n->type->size < 8 ? LLVMBuildZExt(cg->l.b, swapped, cg->l.i64, "bswap") : swapped);
}

static struct value emit_ntop(struct cg *cg, const struct node *n)
{
	const struct node *a = n->call.args.v[n->call.args.n - 1];

	if (a->type->kind == TYPE_INET)
		return cg_expr(cg, a);
	LLVMValueRef at = cg_temp(cg, n->type->size, "inet"), data = l_atk(&cg->l, at, 4, "inet.addr");
	bool is_buffer = a->type->kind == TYPE_BUFFER;
	uint32_t bytes = is_buffer ? a->type->count : a->type->size;
	bool v6 = !type_is_scalar(a->type) && bytes == 16;
	LLVMValueRef family = n->call.args.n > 1 ? cg_int(cg, arg(n, 0)) : l_k(&cg->l, v6 ? 10 : 2);

	cg_zero(cg, at, n->type->size);
	l_store(&cg->l, family, at, 4);
	struct value v = cg_expr(cg, a);
	if (type_is_scalar(a->type) && a->type->kind != TYPE_POINTER)
		l_store(&cg->l, v.v, data, 4);
	else if (v.remote || a->type->kind == TYPE_POINTER)
		cg_read(cg, v.remote ? v.space : cg_space(cg, a->type), data, l_k(&cg->l, MIN(a->type->kind == TYPE_POINTER ? 16u : a->type->size, 16u)), v.v);
	else
		cg_copy(cg, data, is_buffer ? l_atk(&cg->l, v.v, sizeof(struct wire_buffer), "bytes") : v.v, MIN(bytes, 16u));
	return scalar(at);
}

static struct value emit_macaddr(struct cg *cg, const struct node *n)
{
	LLVMValueRef at = cg_temp(cg, 8, "mac");

	cg_zero(cg, at, 8);
	LLVMValueRef from = cg_address(cg, arg(n, 0));
	if (arg(n, 0)->type->kind == TYPE_BUFFER)
		from = LLVMBuildAdd(cg->l.b, from, l_k(&cg->l, sizeof(struct wire_buffer)), "bytes");
	cg_read(cg, cg_address_space(cg, arg(n, 0)), at, l_k(&cg->l, 6), from);
	return scalar(at);
}

static struct value emit_signal(struct cg *cg, const struct node *n, const char *fn)
{
	LLVMValueRef args[] = { cg_int(cg, arg(n, 0)) };

	cg_stdlib(cg, fn, cg->l.i64, 1, args, "sent");
	return scalar(l_k(&cg->l, 0));
}

static struct value emit_clock(struct cg *cg, const struct node *n)
{
	const char *word = n->call.data ? n->call.data : "boot";
	const char *fn = strcmp(word, "monotonic") == 0 ? "clock_monotonic" : strcmp(word, "tai") == 0 || strcmp(word, "sw_tai") == 0 ? "clock_tai" : "clock_boot";

	return scalar(cg_stdlib(cg, fn, cg->l.i64, 0, NULL, "nsecs"));
}

static struct value emit_id(struct cg *cg, const struct node *n, bool is_pid)
{
	bool init = n->call.data && strcmp(n->call.data, "init") == 0;
	LLVMValueRef args[] = { LLVMConstNull(cg->l.ptr), cg_globals(cg) };
	const char *fn = init ? (is_pid ? "pid_init" : "tid_init") : (is_pid ? "builtin_pid" : "builtin_tid");

	return scalar(cg_stdlib(cg, fn, cg->l.i64, 2, args, "id"));
}

static struct value emit_event(struct cg *cg, const struct node *n)
{
	const struct plan_event *e = &cg->plan->events[n->call.event];

	cg->weight = n->call.weight ? cg_int(cg, n->call.weight) : NULL;
	cg_event(cg, n->call.event, (const struct node *const *)n->call.args.v + n->call.first, e->n_args);
	cg->weight = NULL;
	if (e->kind == EVENT_EXIT)
		cg_return(cg, NULL);
	return scalar(l_k(&cg->l, 0));
}

// join(p, sep): up to 16 strings, the array's element pointers read in the kernel; the first NULL ends it.
static struct value emit_join(struct cg *cg, const struct node *n)
{
	const struct plan_event *e = &cg->plan->events[n->call.event];
	const struct node *list = arg(n, 0);
	enum space space = cg_address_space(cg, list);
	uint32_t most = e->fixed_size + e->n_args * 1024;
	LLVMValueRef base = cg_address(cg, list), rec = cg_frame_temp(cg, most, "join");
	LLVMValueRef args[] = { rec, l_k(&cg->l, e->fixed_size), l_k(&cg->l, e->n_args ? e->args[0].offset : 8), base, l_k(&cg->l, space == SPACE_USER) };
	LLVMValueRef len = cg_stdlib(cg, "join_fill", cg->l.i64, 5, args, "join.len");

	l_store(&cg->l, l_k(&cg->l, n->call.event | 1ull << 32), rec, 8);
	LLVMBasicBlockRef full = l_block(&cg->l, "join.full"), next = l_block(&cg->l, "join.next");
	cg_channel_write(cg, rec, len, most, full);
	l_br(&cg->l, next);
	l_pos(&cg->l, full);
	cg_count_loss(cg, cg_loss(cg, LOSS_EVENT, n->call.event, n->span));
	l_br(&cg->l, next);
	l_pos(&cg->l, next);
	return scalar(l_k(&cg->l, 0));
}

static struct value emit_left_out(struct cg *cg, const struct node *n)
{
	LLVMValueRef by = n->call.args.n > 1 ? cg_int(cg, arg(n, 1)) : l_k(&cg->l, 1);

	cg_left_out(cg, arg(n, 0)->string.text, by, n->span);
	return scalar(l_k(&cg->l, 0));
}

LLVMValueRef cg_in_target(struct cg *cg, uint32_t target)
{
	LLVMValueRef args[] = { cg_map_ptr(cg, cg_map(cg, MAP_TARGETS)), l_k(&cg->l, target), cg_globals(cg) };

	return l_opaque(&cg->l, cg_stdlib(cg, "in_target", cg->l.i64, 3, args, "in_target"));
}

// target_inherit and its kin: the map, then the integers.
static struct value emit_target(struct cg *cg, const struct node *n)
{
	LLVMValueRef args[4] = { cg_map_ptr(cg, cg_map(cg, MAP_TARGETS)) };

	for (unsigned i = 0; i < n->call.args.n && i < 3; i++)
		args[i + 1] = cg_int(cg, arg(n, i));
	return scalar(cg_stdlib(cg, n->call.name, cg->l.i64, (unsigned)n->call.args.n + 1, args, n->call.name));
}

struct value cg_call(struct cg *cg, const struct node *n)
{
	const struct builtin *b = n->call.builtin;

	if (n->call.callee)
		return cg_call_import(cg, n);
	if (!b)
		BUG("call of '%s' is not resolved", n->call.name);
	switch (b->id) {
	case BUILTIN_STR: return emit_str(cg, n);
	case BUILTIN_BUF: return emit_buf(cg, n);
	case BUILTIN_USYM: return emit_usym(cg, n);
	case BUILTIN_EXISTS: return scalar(cg_reloc(cg, n->call.data));
	case BUILTIN_KSYM: case BUILTIN_KPTR: case BUILTIN_UPTR: case BUILTIN_CGROUP_PATH: return cg_expr(cg, arg(n, 0));
	case BUILTIN_STRFTIME: return cg_expr(cg, arg(n, 1));
	case BUILTIN_KSTACK_CALL: case BUILTIN_USTACK_CALL: return cg_stack(cg, n->type, NULL, NULL);
	case BUILTIN_STRNCMP: return emit_strncmp(cg, n);
	case BUILTIN_STRLEN: return emit_strlen(cg, n);
	case BUILTIN_STRCONTAINS: return emit_strcontains(cg, n);
	case BUILTIN_LEN: return emit_len(cg, n);
	case BUILTIN_REG: return emit_reg(cg, n);
	case BUILTIN_BSWAP: return emit_bswap(cg, n);
	case BUILTIN_NTOP: return emit_ntop(cg, n);
	case BUILTIN_MACADDR: return emit_macaddr(cg, n);
	case BUILTIN_SIGNAL: case BUILTIN_SIGNAL_THREAD: return emit_signal(cg, n, b->fn);
	case BUILTIN_NSECS_CALL: return emit_clock(cg, n);
	case BUILTIN_PID_CALL: return emit_id(cg, n, true);
	case BUILTIN_TID_CALL: return emit_id(cg, n, false);
	case BUILTIN_DELETE: return cg_map_delete(cg, arg(n, 0), arg(n, 1));
	case BUILTIN_HAS_KEY: return scalar(cg_map_has(cg, arg(n, 0), arg(n, 1)));
	case BUILTIN_JOIN: return emit_join(cg, n);
	case BUILTIN_NS: case BUILTIN_BYTES: return cg_expr(cg, arg(n, 0));
	case BUILTIN_ONE_IN: case BUILTIN_AT_MOST: case BUILTIN_CPU_GATE: return cg_sample(cg, n);
	case BUILTIN_LEFT_OUT: return emit_left_out(cg, n);
	case BUILTIN_IN_TARGET: return scalar(cg_in_target(cg, n->call.first));
	case BUILTIN_TARGET_INHERIT: case BUILTIN_TARGET_EXEC: case BUILTIN_TARGET_FORGET: return emit_target(cg, n);
	case BUILTIN_STACK_LEN: return emit_len(cg, n);
	case BUILTIN_STRERROR: case BUILTIN_SIGNAL_NAME: case BUILTIN_SYSCALL_NAME: return cg_table_text(cg, n);
	default:
		if (b->flags & BF_ASYNC && body_pin(cg->body))
			return cg_seq_printf(cg, n), scalar(l_k(&cg->l, 0));
		if (b->flags & BF_ASYNC)
			return emit_event(cg, n);
		return b->fn ? emit_stdlib(cg, n) : cg_call_bytes(cg, n);
	}
}

// SPDX-License-Identifier: Apache-2.0
// call_bytes.c - functions on strings and bytes, and those that hand bytes to the kernel.
#include <string.h>

#include "base/util.h"
#include "base/wire.h"
#include "codegen/cg.h"

#define TASK_FIND_STATE 40 // struct task_find of stdlib/tasks.bpf.c
#define TASK_FIND_COMM 24
#define TASK_FIND_ROUNDS 65536 // processes looked at, at the most

#define PATH_STATE 640 // struct path_walk of stdlib/paths.bpf.c
#define PATH_OFFSETS 9
#define PATH_NAME 264   // the longest name and what is before and behind it
#define PATH_ROUNDS 256 // directories and mounts, up and down

enum { H_TRACE_PRINTK = 6, H_WRITE_USER = 36, H_OVERRIDE = 58 };

static struct value scalar(LLVMValueRef v)
{
	return (struct value){ .v = v };
}

static const struct node *arg(const struct node *n, size_t i)
{
	return i < n->call.args.n ? n->call.args.v[i] : NULL;
}

LLVMValueRef cg_address(struct cg *cg, const struct node *n)
{
	struct value v = cg_expr(cg, n);

	if (v.remote || type_is_scalar(n->type))
		return v.v;
	return LLVMBuildPtrToInt(cg->l.b, v.v, cg->l.i64, "address");
}

enum space cg_address_space(struct cg *cg, const struct node *n)
{
	if (n->type->kind == TYPE_STRING || n->type->kind == TYPE_BUFFER)
		return SPACE_KERNEL; // held by the program itself
	return cg_space(cg, n->type);
}

// str_concat(a, b): a's bytes, then b's behind its last one; room for both, of which the result's capacity counts.
static struct value emit_concat(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	const struct node *a = arg(n, 0), *b = arg(n, 1);
	uint32_t cap = n->type->count, more = MIN(b->type->count, cap);
	LLVMValueRef pa = cg_local(cg, a), pb = cg_local(cg, b), dst = cg_frame_temp(cg, cap + more, "concat");

	cg_zero(cg, dst, cap);
	LLVMValueRef first[] = { dst, l_k(l, MIN(a->type->count, cap)), pa };
	LLVMValueRef used = cg_stdlib(cg, "pack_string", l->i64, 3, first, "used");
	LLVMValueRef second[] = { l_at(l, dst, used, "end"), l_k(l, more), pb };
	cg_stdlib(cg, "pack_string", l->i64, 3, second, "more");
	l_store(l, l_k(l, 0), l_atk(l, dst, cap - 1, "last"), 1);
	return scalar(dst);
}

static struct value emit_strstr(struct cg *cg, const struct node *n)
{
	return scalar(cg_string_find(cg, arg(n, 0), arg(n, 1)));
}

static uint32_t bytes_of(const struct type *t, uint32_t otherwise)
{
	if (t->kind == TYPE_BUFFER)
		return t->count;
	return t->kind == TYPE_POINTER || !t->size ? otherwise : t->size;
}

// n bytes of an operand that stands at `at` (n: a register, or known and then `room`) in memory of the program's own, zero up to a multiple of 8.
static LLVMValueRef fetch(struct cg *cg, const struct node *a, LLVMValueRef at, LLVMValueRef n, uint32_t room)
{
	room = ALIGN_UP(room, 8u);
	LLVMValueRef dst = cg_temp(cg, room, "bytes");
	bool held = a->type->kind == TYPE_STRING || a->type->kind == TYPE_BUFFER;

	if (a->type->kind == TYPE_BUFFER)
		at = LLVMBuildAdd(cg->l.b, at, l_k(&cg->l, sizeof(struct wire_buffer)), "data");
	cg_zero(cg, dst, room);
	cg_read(cg, held ? SPACE_KERNEL : cg_address_space(cg, a), dst, n, at);
	return dst;
}

static LLVMValueRef limited(struct cg *cg, LLVMValueRef v, uint32_t most)
{
	v = l_opaque(&cg->l, v); // what is compared must be what is used
	LLVMValueRef over = LLVMBuildICmp(cg->l.b, LLVMIntUGT, v, l_k(&cg->l, most), "over");

	return LLVMBuildSelect(cg->l.b, over, l_k(&cg->l, most), v, "limited");
}

static struct value emit_memcmp(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	const struct node *a = arg(n, 0), *b = arg(n, 1), *count = arg(n, 2);
	bool known = count->kind == NODE_INT;
	uint32_t most = (uint32_t)plan_config(cg->plan, "max_strlen")->number;
	uint32_t room = MIN(bytes_of(a->type, most), bytes_of(b->type, most));

	if (known)
		room = (uint32_t)MIN((uint64_t)room, count->int_.value);
	if (room == 0) {
		(void)cg_expr(cg, a);
		(void)cg_expr(cg, b);
		return scalar(l_k(l, 0));
	}
	LLVMValueRef at_a = cg_address(cg, a), at_b = cg_address(cg, b); // in the order in which they are written
	LLVMValueRef size = known ? l_k(l, room) : limited(cg, cg_int(cg, count), room);
	LLVMValueRef pa = fetch(cg, a, at_a, size, room), pb = fetch(cg, b, at_b, size, room);

	return scalar(cg_memory_compare(cg, pa, pb, ALIGN_UP(room, 8u)));
}

static struct value emit_pton(struct cg *cg, const struct node *n)
{
	const uint8_t *bytes = n->call.data;
	LLVMValueRef dst = cg_temp(cg, n->type->size, "pton");

	for (uint32_t at = 0; at < n->type->size; at += 4) {
		uint32_t v;

		memcpy(&v, bytes + at, sizeof v);
		l_store(&cg->l, l_k(&cg->l, v), l_atk(&cg->l, dst, at, "pton.at"), 4);
	}
	return scalar(dst);
}

static struct value emit_override(struct cg *cg, const struct node *n)
{
	LLVMValueRef args[] = { cg->fn->ctx, cg_int(cg, arg(n, 0)) };

	l_helper(&cg->l, H_OVERRIDE, cg->l.i64, 2, args, "overridden");
	return scalar(l_k(&cg->l, 0));
}

static struct value emit_write_user(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	const struct node *from = arg(n, 1), *count = arg(n, 2);
	uint32_t room = MIN(bytes_of(from->type, (uint32_t)plan_config(cg->plan, "max_strlen")->number), 65536u);
	bool known = count->kind == NODE_INT;

	if (known)
		room = (uint32_t)MIN((uint64_t)room, count->int_.value);
	LLVMValueRef dst = LLVMBuildIntToPtr(l->b, cg_int(cg, arg(n, 0)), l->ptr, "dst"), at = cg_address(cg, from);
	LLVMValueRef size = known ? l_k(l, room) : limited(cg, cg_int(cg, count), room), src = fetch(cg, from, at, size, room);
	LLVMValueRef args[] = { dst, src, LLVMBuildTrunc(l->b, size, l->i32, "") };
	LLVMValueRef rc = l_helper(l, H_WRITE_USER, l->i64, 3, args, "written");
	return scalar(l_bool(l, LLVMBuildIsNull(l->b, rc, "ok"), "written"));
}

static LLVMValueRef format_text(struct cg *cg, const struct node *f)
{
	LLVMValueRef init = LLVMConstStringInContext2(cg->l.ctx, f->string.text, f->string.len, 0), g = LLVMAddGlobal(cg->l.mod, LLVMTypeOf(init), "debug_format");

	LLVMSetInitializer(g, init);
	LLVMSetSection(g, ".rodata");
	LLVMSetLinkage(g, LLVMInternalLinkage);
	LLVMSetGlobalConstant(g, 1);
	return g;
}

static struct value emit_debugf(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	const struct node *f = arg(n, 0);
	LLVMValueRef args[5] = { format_text(cg, f), l_k32(l, (uint32_t)f->string.len + 1) };
	unsigned used = 2;

	for (size_t i = 1; i < n->call.args.n && used < ARRAY_SIZE(args); i++) {
		const struct node *a = arg(n, i);

		if (type_is_scalar(a->type))
			args[used++] = cg_int(cg, a);
		else
			args[used++] = LLVMBuildPtrToInt(l->b, cg_local(cg, a), l->i64, "text");
	}
	l_helper(l, H_TRACE_PRINTK, l->i64, used, args, "printed");
	return scalar(l_k(l, 0));
}

// percpu_kaddr("x"): x + __per_cpu_offset[cpu]; of a processor there is not, 0.
static struct value emit_percpu(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	const struct plan_reloc *const *symbol = n->call.data;
	LLVMValueRef cpu = arg(n, 1) ? cg_int(cg, arg(n, 1)) : LLVMBuildZExt(l->b, l_helper(l, H_SMP_ID, l->i32, 0, NULL, "cpu"), l->i64, "cpu");
	LLVMValueRef held = cg_temp(cg, 8, "offset"), at = LLVMBuildAdd(l->b, cg_reloc(cg, symbol[1]), LLVMBuildMul(l->b, cpu, l_k(l, 8), ""), "offset.at");

	l_store(l, l_k(l, 0), held, 8);
	cg_read(cg, SPACE_KERNEL, held, l_k(l, 8), at);
	LLVMValueRef sum = LLVMBuildAdd(l->b, l_load(l, held, 8, false, "offset"), cg_reloc(cg, symbol[0]), "percpu");
	if (!arg(n, 1))
		return scalar(sum);
	LLVMValueRef cpus = l_load(l, l_atk(l, cg_globals(cg), offsetof(struct wire_globals, ncpus), "ncpus"), 4, false, "ncpus");
	return scalar(LLVMBuildSelect(l->b, LLVMBuildICmp(l->b, LLVMIntULT, cpu, cpus, "exists"), sum, l_k(l, 0), "percpu"));
}

// comm(pid): from the current process around the kernel's list of them.
static struct value emit_comm(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	const struct member_place *at = n->call.data;
	LLVMValueRef pid = cg_int(cg, arg(n, 0));
	struct cg_const consts[3];
	const uint32_t size = TASK_FIND_STATE;

	for (unsigned i = 0; i < ARRAY_SIZE(consts); i++)
		consts[i] = (struct cg_const){ at[i].f->offset, cg_reloc_of(cg, RELOC_OFFSET, at[i].s, at[i].f->name) };

	struct repeat *r = cg_repeat_of(cg, "task_find_step", &size, 1, consts, ARRAY_SIZE(consts));
	LLVMValueRef comm = cg_temp(cg, WIRE_COMM, "comm"), find = cg_frame_at(cg, r->places[0], "find");
	LLVMValueRef begin[] = { find, pid, cg_member_offset(cg, at[0].s, at[0].f), cg_member_offset(cg, at[3].s, at[3].f) };
	cg_stdlib(cg, "task_find_begin", l->none, 4, begin, "");
	cg_repeat(cg, r, TASK_FIND_ROUNDS);
	cg_copy(cg, comm, l_atk(l, cg_frame_at(cg, r->places[0], "find"), TASK_FIND_COMM, "found"), WIRE_COMM);
	return scalar(comm);
}

// path(): up from the entry to the root, noting names; then the names from the last one on; then the end that fits.
static struct value emit_path(struct cg *cg, const struct node *n)
{
	struct ll *l = &cg->l;
	const struct member_place *at = n->call.data;
	uint32_t most = (uint32_t)plan_config(cg->plan, "max_strlen")->number, cap = n->type->count;
	LLVMValueRef from = cg_address(cg, arg(n, 0));
	const uint32_t sizes[] = { PATH_STATE, most + PATH_NAME };
	const struct cg_const consts[] = { { .v = most } };
	struct repeat *r = cg_repeat_of(cg, "path_step", sizes, 2, consts, 1);
	LLVMValueRef walk = cg_frame_at(cg, r->places[0], "walk");

	cg_zero(cg, cg_frame_at(cg, r->places[1], "full"), most + PATH_NAME);
	for (uint32_t i = 0; i < PATH_OFFSETS; i++)
		l_store(l, cg_member_offset(cg, at[i].s, at[i].f), l_atk(l, walk, i * 8, "offset"), 8);
	LLVMValueRef begin[] = { walk, from };
	cg_stdlib(cg, "path_begin", l->none, 2, begin, "");
	cg_repeat(cg, r, PATH_ROUNDS);
	LLVMValueRef dst = cg_temp(cg, cap, "path");
	cg_zero(cg, dst, cap);
	LLVMValueRef end[] = { cg_frame_at(cg, r->places[0], "walk"), cg_frame_at(cg, r->places[1], "full"), l_k(l, most), dst, l_k(l, cap) };
	cg_stdlib(cg, "path_end", l->none, 5, end, "");
	return scalar(dst);
}

static struct value emit_uaddr(struct cg *cg, const struct node *n)
{
	LLVMValueRef far = cg_site_value(cg, "site_distances", n->call.data, cg->body->sites.n);

	return scalar(LLVMBuildAdd(cg->l.b, cg_traced_address(cg), far, "uaddr"));
}

struct value cg_call_bytes(struct cg *cg, const struct node *n)
{
	switch (n->call.builtin->id) {
	case BUILTIN_STR_CONCAT: return emit_concat(cg, n);
	case BUILTIN_STRSTR: return emit_strstr(cg, n);
	case BUILTIN_MEMCMP: return emit_memcmp(cg, n);
	case BUILTIN_PTON: return emit_pton(cg, n);
	case BUILTIN_OVERRIDE: return emit_override(cg, n);
	case BUILTIN_WRITE_USER: return emit_write_user(cg, n);
	case BUILTIN_DEBUGF: return emit_debugf(cg, n);
	case BUILTIN_PERCPU_KADDR: return emit_percpu(cg, n);
	case BUILTIN_COMM_CALL: return emit_comm(cg, n);
	case BUILTIN_PATH: return emit_path(cg, n);
	case BUILTIN_UADDR: return emit_uaddr(cg, n);
	case BUILTIN_UNWATCH: (void)cg_int(cg, arg(n, 0)); return scalar(l_k(&cg->l, 0));
	case BUILTIN_FAIL: case BUILTIN_STATIC_ASSERT: return scalar(l_k(&cg->l, 0)); // said by lang when it is so
	default: BUG("function '%s' has no emitter", n->call.builtin->name);
	}
}

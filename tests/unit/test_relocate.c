// SPDX-License-Identifier: Apache-2.0
// Relocations: a plan of one kernel on another whose struct is laid out otherwise; what is missing; marks of a hostile file.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/plan.h"
#include "base/reloc.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/relocate.h"

// A kernel with one struct, one enumerator and one function.
struct kernel {
	struct world world;
	struct type *thing;
	int64_t red;
	const char *name;
	uint32_t slot; // of the function's argument `count`, in bytes
};

static const struct type *type_named(struct world *w, enum type_kind kind, const char *name)
{
	struct kernel *k = (struct kernel *)w;

	return kind == TYPE_STRUCT && strcmp(name, "thing") == 0 ? k->thing : NULL;
}

static int complete(struct world *w, const struct type *s)
{
	return s->complete ? 0 : -1;
}

static bool constant(struct world *w, const char *name, int64_t *v, const struct type **t)
{
	*v = ((struct kernel *)w)->red;
	*t = NULL;
	return strcmp(name, "RED") == 0;
}

static const char *identity(struct world *w)
{
	return ((struct kernel *)w)->name;
}

static const char *type_root(struct world *w, const struct type *s, const char **path)
{
	*path = "";
	return "struct thing";
}

static unsigned cpus(struct world *w)
{
	return 7;
}

static int function_args(struct world *w, const char *module, const char *name, const struct event_field **f, size_t *n, const struct type **ret, const char **in)
{
	struct event_field count = { "count", type_int(w->types, 8, false), ((struct kernel *)w)->slot, 8, false, false };

	*f = arena_memdup(w->arena, &count, sizeof count);
	*n = 1;
	*ret = type_int(w->types, 4, true);
	*in = "vmlinux";
	return strcmp(name, "act") == 0 ? 0 : -1;
}

static const struct world_ops ops = { .function_args = function_args, .type_named = type_named, .complete = complete, .constant = constant, .identity = identity,
				      .type_root = type_root, .cpus = cpus };

static struct kernel *kernel_new(struct arena *a, const char *name, const struct field *f, size_t n, uint32_t size, int64_t red)
{
	struct kernel *k = arena_new_(a, struct kernel);

	*k = (struct kernel){ .world = { .ops = &ops, .arena = a, .types = types_new(a) }, .red = red, .name = name };
	k->thing = type_struct(k->world.types, TYPE_STRUCT, "thing");
	type_set_fields(k->world.types, k->thing, size, f, n);
	return k;
}

static struct kernel *old_kernel(struct arena *a, struct types *t)
{
	const struct field f[] = { { .name = "id", .type = type_int(t, 4, true), .offset = 8 }, { .name = "gone", .type = type_int(t, 8, false), .offset = 16 },
				   { .name = "comm", .type = type_string(t, 16), .offset = 24 } };

	return kernel_new(a, "x86_64 old", f, 3, 40, 1);
}

static struct kernel *new_kernel(struct arena *a, struct types *t)
{
	const struct field f[] = { { .name = "comm", .type = type_string(t, 8), .offset = 8 },
				   { .name = "id", .type = type_int(t, 4, false), .offset = 20, .bit_offset = 3, .bit_size = 5 } };

	return kernel_new(a, "x86_64 new", f, 2, 24, 9);
}

struct fixture {
	struct arena *a;
	struct kernel *old, *new;
	struct plan plan;
	struct diag diag;
};

static void add(struct fixture *f, enum reloc_kind kind, const char *type, const char *path)
{
	struct plan_reloc *r = reloc_new(&f->old->world, kind, type, path);

	assert_non_null(r);
	plan_push(f->a, &f->plan.relocs, &f->plan.n_relocs, *r);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	f->a = arena_new();
	f->old = old_kernel(f->a, types_new(f->a));
	f->new = new_kernel(f->a, types_new(f->a));
	f->plan.kernel = "x86_64 old";
	diag_init(&f->diag, f->a);
	add(f, RELOC_OFFSET, "struct thing", "id");
	add(f, RELOC_BYTES, "struct thing", "id");
	add(f, RELOC_VALUE, "struct thing", "id");
	add(f, RELOC_OFFSET, "struct thing", "gone");
	add(f, RELOC_STRING, "struct thing", "comm");
	add(f, RELOC_SIZE, "struct thing", "");
	add(f, RELOC_WHOLE, "struct thing", "");
	add(f, RELOC_CONSTANT, "constant", "RED");
	add(f, RELOC_EXISTS, "struct thing", "gone");
	add(f, RELOC_CPUS, "cpus", "");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->a);
	free(f);
	return 0;
}

static void at_home(void **state)
{
	struct fixture *f = *state;
	struct relocated r;

	assert_int_equal(relocate_plan(&f->plan, &f->old->world, &f->diag, 1, &r), 0);
	assert_int_equal(r.rows[0].value, 8);
	assert_int_equal(r.rows[2].shl, 32); // a signed int
	assert_int_equal(r.rows[4].value, 16);
	assert_int_equal(r.rows[9].value, 7);
	relocated_free(&r);
}

static void elsewhere(void **state)
{
	struct fixture *f = *state;
	struct relocated r;

	assert_int_equal(relocate_plan(&f->plan, &f->new->world, &f->diag, 1, &r), 0);
	assert_int_equal(r.rows[0].value, 20);
	assert_int_equal(r.rows[1].value, 4);
	assert_int_equal(r.rows[2].shl, 64 - 3 - 5); // a bitfield now
	assert_int_equal(r.rows[2].shr, 64 - 5);
	assert_non_null(strstr(r.missing[3], "struct thing has no member 'gone'"));
	assert_int_equal(r.rows[4].value, 8);
	assert_int_equal(r.rows[5].value, 24);
	assert_non_null(strstr(r.missing[6], "another layout"));
	assert_int_equal(r.rows[7].value, 9);
	assert_int_equal(r.rows[8].value, 0);
	relocated_free(&r);
}

static void fixed(void **state)
{
	struct fixture *f = *state;
	_str_ struct str text = { 0 };
	struct relocated r;

	f->plan.relocs[7].fixed = true;
	assert_int_not_equal(relocate_plan(&f->plan, &f->new->world, &f->diag, 1, &r), 0);
	diag_print(&f->diag, false, &text);
	assert_non_null(strstr(str_z(&text), "RED is 9, not 1"));
	relocated_free(&r);
}

// An argument in a register: where it is another one in order, the program cannot run.
static void argument(void **state)
{
	struct fixture *f = *state;
	_str_ struct str text = { 0 };
	struct relocated r;

	f->old->slot = f->new->slot = 16;
	add(f, RELOC_SLOT, "function vmlinux:act", "count");
	f->plan.relocs[10].fixed = true;
	assert_int_equal(relocate_plan(&f->plan, &f->new->world, &f->diag, 1, &r), 0);
	relocated_free(&r);
	f->new->slot = 8;
	assert_int_not_equal(relocate_plan(&f->plan, &f->new->world, &f->diag, 1, &r), 0);
	diag_print(&f->diag, false, &text);
	assert_non_null(strstr(str_z(&text), "argument 'count' of function vmlinux:act is another one in order"));
	relocated_free(&r);
}

#define WIDE(dst, src, row) { .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = dst, .src_reg = src, .imm = row }, { 0 }
#define LOAD(dst, base, row)                                                                                     \
	WIDE(dst, RELOC_MARK_LOAD, row), { .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = dst, .src_reg = base },  \
		{ .code = BPF_ALU64 | BPF_LSH | BPF_K, .dst_reg = dst }, { .code = BPF_ALU64 | BPF_ARSH | BPF_K, .dst_reg = dst }

static void code(void **state)
{
	struct fixture *f = *state;
	struct bpf_insn in[] = { WIDE(3, RELOC_MARK_VALUE, 0), LOAD(2, 6, 2), WIDE(1, RELOC_MARK_VALUE, 3), WIDE(1, 1, 5) };
	struct relocated r;
	char log[] = "12: (85) call unknown#195887107\ninvalid func unknown#195887107\n"; // 0x0bad0003

	relocate_plan(&f->plan, &f->new->world, &f->diag, 1, &r);
	assert_int_equal(relocate_code(&r, in, ARRAY_SIZE(in)), 0);
	assert_int_equal(in[0].src_reg, 0);
	assert_int_equal(in[0].imm, 20);
	assert_int_equal(in[2].code, BPF_JMP | BPF_JA);
	assert_int_equal(in[4].code, BPF_LDX | BPF_MEM | BPF_W);
	assert_int_equal(in[5].imm, 56);
	assert_int_equal(in[6].code, BPF_ALU64 | BPF_RSH | BPF_K); // unsigned
	assert_int_equal(in[7].code, BPF_JMP | BPF_CALL);
	assert_int_equal(in[7].imm, 0x0bad0003);
	assert_int_equal(in[9].src_reg, 1); // a map, not ours
	assert_int_equal(relocate_missing(&r, log), 3);
	assert_int_equal(relocate_missing(&r, "invalid func unknown#181"), SIZE_MAX);
	relocated_free(&r);
}

// A stranger's code: rows that do not exist, loads cut short or of another shape.
static void hostile(void **state)
{
	struct fixture *f = *state;
	struct bpf_insn row[] = { WIDE(3, RELOC_MARK_VALUE, 99) }, negative[] = { WIDE(3, RELOC_MARK_VALUE, -1) }, cut[] = { WIDE(3, RELOC_MARK_LOAD, 2) };
	struct bpf_insn other[] = { LOAD(2, 6, 2) };
	struct relocated r;

	other[3].dst_reg = 1;
	relocate_plan(&f->plan, &f->new->world, &f->diag, 1, &r);
	assert_int_not_equal(relocate_code(&r, row, ARRAY_SIZE(row)), 0);
	assert_int_not_equal(relocate_code(&r, negative, ARRAY_SIZE(negative)), 0);
	assert_int_not_equal(relocate_code(&r, cut, ARRAY_SIZE(cut)), 0);
	assert_int_not_equal(relocate_code(&r, other, ARRAY_SIZE(other)), 0);
	assert_int_equal(relocate_code(&r, row, 1), 0); // half an instruction is none
	relocated_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(at_home, setup, teardown), cmocka_unit_test_setup_teardown(elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(fixed, setup, teardown),   cmocka_unit_test_setup_teardown(code, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile, setup, teardown), cmocka_unit_test_setup_teardown(argument, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/fake_bpf.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/bpf_code.h"
#include "base/type.h"
#include "base/util.h"
#include "lang/lang.h"

// int add(int a, int b);  void put(int *p, char *s);  long look(void *map, unsigned char key);  and some that cannot be called
int fake_bpf_code(void *arg, const char *path, const struct lang_file *f, struct bpf_code **ret, const char **why)
{
	const struct fake_bpf *fake = arg;
	struct types *t = fake->types;
	const struct type *i32 = type_int(t, 4, true), *i8 = type_int(t, 1, true), *none = type_basic(t, TYPE_NONE);
	static const uint64_t insns[] = { 0xb7, 0x95, 0xb7, 0x95, 0xb7, 0x95, 0x85, 0x95, 0xb7, 0x95, 0xb7, 0x95, 0xb7, 0x95 };
	static const struct bpf_ref refs[] = { { .at = 6, .kind = BPF_REF_CALL, .index = 4 } };
	struct bpf_func funcs[] = {
		{ .name = "add", .first = 0, .n = 2, .exported = true, .ret = i32, .params = { { "a", i32 }, { "b", i32 } }, .nparams = 2 },
		{ .name = "put", .first = 2, .n = 2, .exported = true, .ret = none,
		  .params = { { "p", type_pointer(t, i32, SPACE_KERNEL) }, { "s", type_pointer(t, i8, SPACE_KERNEL) } }, .nparams = 2 },
		{ .name = "look", .first = 4, .n = 2, .exported = true, .ret = type_int(t, 8, true),
		  .params = { { "map", type_pointer(t, none, SPACE_KERNEL) }, { "", type_int(t, 1, false) } }, .nparams = 2 },
		{ .name = "far", .first = 6, .n = 2, .exported = true, .ret = i32 },
		{ .name = "inner", .first = 8, .n = 2, .ret = i32, .why_not = "it uses the map 'm', and it is pinned" },
		{ .name = "whole", .first = 10, .n = 2, .exported = true, .ret = none, .no_call = "it returns a struct" },
		{ .name = "strlen", .first = 12, .n = 2, .exported = true, .ret = i32 },
	};
	struct bpf_code *c = arena_new_(fake->arena, struct bpf_code);

	if (f->n >= 6 && memcmp(f->text, "broken", 6) == 0) {
		*why = "it is no BPF object file";
		return -EINVAL;
	}
	*c = (struct bpf_code){ .path = arena_strdup(fake->arena, path), .insns = insns, .ninsns = ARRAY_SIZE(insns), .refs = refs, .nrefs = ARRAY_SIZE(refs),
				.funcs = arena_memdup(fake->arena, funcs, sizeof funcs), .nfuncs = ARRAY_SIZE(funcs) };
	*ret = c;
	return 0;
}

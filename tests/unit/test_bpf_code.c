// SPDX-License-Identifier: Apache-2.0
// BPF objects as imports: prototypes, references, CO-RE on a world whose struct is laid out otherwise; and hostile bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/bpf_code.h"
#include "base/str.h"
#include "base/util.h"
#include "base/world.h"
#include "runtime/bpf_code.h"

struct kernel { // with struct thing { long before; int red; }
	struct world world;
	struct type *thing;
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

static struct world *world_new(struct arena *a, struct types *t)
{
	static const struct world_ops ops = { .type_named = type_named, .complete = complete };
	struct kernel *k = arena_new_(a, struct kernel);
	struct field fields[] = { { "before", type_int(t, 8, true), .offset = 0 }, { "red", type_int(t, 4, true), .offset = 8 } };

	k->world = (struct world){ .ops = &ops, .arena = a, .types = t, .impl = k };
	k->thing = type_struct(t, TYPE_STRUCT, "thing");
	type_set_fields(t, k->thing, 16, fields, ARRAY_SIZE(fields));
	return &k->world;
}

static void read_object(struct str *out)
{
	assert_int_equal(str_read_file(out, IMPORTED_OBJECT, SIZE_MAX), 0);
}

static const struct bpf_func *function(const struct bpf_code *c, const char *name)
{
	for (size_t i = 0; i < c->nfuncs; i++)
		if (strcmp(c->funcs[i].name, name) == 0)
			return &c->funcs[i];
	return NULL;
}

static const struct bpf_ref *reference(const struct bpf_code *c, const struct bpf_func *f, enum bpf_ref_kind kind)
{
	for (size_t i = 0; i < c->nrefs; i++)
		if (c->refs[i].kind == kind && c->refs[i].at >= f->first && c->refs[i].at < f->first + f->n)
			return &c->refs[i];
	return NULL;
}

static struct bpf_code *read_code(struct arena *a, struct types *types, struct world *w)
{
	_str_ struct str bytes = { 0 };
	struct bpf_code *c = NULL;
	const char *why = "";

	read_object(&bytes);
	assert_int_equal(bpf_code_read(bytes.p, bytes.n, "x.bpf.o", a, types, w, &c, &why), 0);
	return c;
}

static void prototypes(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	const struct bpf_code *c = read_code(a, t, world_new(a, t));
	const struct bpf_func *f = function(c, "add");

	(void)state;
	assert_non_null(f);
	assert_true(f->exported);
	assert_int_equal(f->nparams, 2);
	assert_ptr_equal(f->ret, type_int(t, 4, true));
	assert_ptr_equal(f->params[1].type, type_int(t, 1, false));
	assert_string_equal(f->params[1].name, "b");
	f = function(c, "nested");
	assert_int_equal(f->ret->kind, TYPE_BOOL);
	assert_int_equal(f->params[1].type->kind, TYPE_POINTER);
	assert_string_equal(f->params[1].type->elem->name, "thing");
	assert_ptr_equal(f->params[2].type->elem, type_int(t, 1, true));
	assert_int_equal(function(c, "look")->params[0].type->elem->kind, TYPE_NONE);
	assert_int_equal(function(c, "five")->nparams, 5);
	assert_null(function(c, "not_for_scripts"));
	assert_false(function(c, "inner")->exported);
	arena_free(a);
}

static void references(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	const struct bpf_code *c = read_code(a, t, world_new(a, t));
	const struct bpf_ref *r = reference(c, function(c, "look"), BPF_REF_MAP);

	(void)state;
	assert_non_null(r);
	assert_string_equal(c->maps[r->index].name, "plain");
	assert_int_equal(c->maps[r->index].type, 1);
	assert_int_equal(c->maps[r->index].key_size, 4);
	assert_int_equal(c->maps[r->index].value_size, 8);
	assert_int_equal(c->maps[r->index].max_entries, 7);
	assert_non_null(strstr(function(c, "look_pinned")->why_not, "it is pinned"));
	assert_null(function(c, "look")->why_not);
	r = reference(c, function(c, "nested"), BPF_REF_CALL);
	assert_string_equal(c->funcs[r->index].name, "inner");
	r = reference(c, function(c, "inner"), BPF_REF_DATA);
	assert_string_equal(c->data[r->index].name, ".data");
	assert_int_equal(c->data[r->index].bytes[r->offset], 3);
	assert_string_equal(reference(c, function(c, "kernel"), BPF_REF_KFUNC)->name, "kernel_thing");
	arena_free(a);
}

static uint32_t first_number(const struct bpf_code *c, const char *name, unsigned i)
{
	return (uint32_t)(c->insns[function(c, name)->first + i] >> 32);
}

static void core(void **state)
{
	struct arena *a = arena_new();
	struct types *t = types_new(a);
	const struct bpf_code *c = read_code(a, t, world_new(a, t));
	const struct bpf_func *red = function(c, "red");
	bool offset = false, size = false;

	(void)state;
	assert_true(c->bound);
	for (uint32_t i = 0; i < red->n; i++) { // of `red`: 8, as the kernel has it, and 4 bytes
		offset |= first_number(c, "red", i) == 8;
		size |= first_number(c, "red", i) == 4;
	}
	assert_true(offset && size);
	assert_int_equal(first_number(c, "has", 0), 0); // exists: no
	arena_free(a);
}

// Every byte may be anything: nothing is read outside, and what is given back can be walked.
static void hostile(void **state)
{
	_str_ struct str bytes = { 0 };
	uint32_t seed = 1;

	(void)state;
	read_object(&bytes);
	for (unsigned round = 0; round < 3000; round++) {
		struct arena *a = arena_new();
		struct types *t = types_new(a);
		_free_ char *copy = xmalloc(bytes.n);
		struct bpf_code *c = NULL;
		const char *why = NULL;
		size_t n = bytes.n, sum = 0;

		memcpy(copy, bytes.p, n);
		for (unsigned k = 0; k < 1 + round % 8; k++) {
			seed = seed * 1664525u + 1013904223u;
			copy[(seed >> 8) % n] = (char)(round % 3 ? seed >> 24 : 0xff);
		}
		if (round % 16 == 0)
			n = (seed >> 8) % n;
		if (bpf_code_read(copy, n, "x.bpf.o", a, t, world_new(a, t), &c, &why) == 0) {
			for (size_t i = 0; i < c->nfuncs; i++)
				for (uint32_t k = 0; k < c->funcs[i].n; k++)
					sum += c->insns[c->funcs[i].first + k];
			for (size_t i = 0; i < c->nrefs; i++) {
				const struct bpf_ref *r = &c->refs[i];

				assert_true(r->at < c->ninsns);
				assert_true(r->kind != BPF_REF_MAP || r->index < c->nmaps);
				assert_true(r->kind != BPF_REF_DATA || (r->index < c->ndata && r->offset < c->data[r->index].n));
				assert_true((r->kind != BPF_REF_CALL && r->kind != BPF_REF_CALLBACK) || r->index < c->nfuncs);
			}
		} else {
			assert_non_null(why);
			sum += strlen(why);
		}
		assert_true(sum != 1);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(prototypes), cmocka_unit_test(references), cmocka_unit_test(core), cmocka_unit_test(hostile) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

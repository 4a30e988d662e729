// SPDX-License-Identifier: Apache-2.0
// BTF made here by hand: what it is translated to, and that no broken file is believed. Then the running kernel's.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/util.h"
#include "runtime/btf_types.h"

struct maker {
	struct str types, strings;
	uint32_t n;
};

static uint32_t string(struct maker *m, const char *s)
{
	uint32_t at = (uint32_t)m->strings.n;

	if (!*s)
		return 0;
	char *known = memmem(m->strings.p, m->strings.n, s, strlen(s) + 1);
	if (known && known[-1] == '\0')
		return (uint32_t)(known - m->strings.p);
	str_add(&m->strings, s, strlen(s) + 1);
	return at;
}

static void word(struct maker *m, uint32_t v)
{
	str_add(&m->types, &v, sizeof v);
}

static uint32_t add(struct maker *m, const char *name, unsigned kind, unsigned vlen, bool kflag, uint32_t size_or_type)
{
	word(m, string(m, name));
	word(m, kind << 24 | vlen | (uint32_t)kflag << 31);
	word(m, size_or_type);
	return ++m->n;
}

static uint32_t add_int(struct maker *m, const char *name, uint32_t size, uint32_t encoding)
{
	uint32_t id = add(m, name, BTF_KIND_INT, 0, false, size);

	word(m, encoding << 24 | size * 8);
	return id;
}

static void member(struct maker *m, const char *name, uint32_t type, uint32_t bit, uint32_t bits)
{
	word(m, string(m, name));
	word(m, type);
	word(m, bits << 24 | bit);
}

static void finish(struct maker *m, struct str *file)
{
	struct btf_header h = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof h, .type_len = (uint32_t)m->types.n,
				.str_off = (uint32_t)m->types.n, .str_len = (uint32_t)m->strings.n };

	str_add(file, &h, sizeof h);
	str_add(file, m->types.p, m->types.n);
	str_add(file, m->strings.p, m->strings.n);
	str_free(&m->types);
	str_free(&m->strings);
}

enum { INT = 1, CHAR, BOOL, ANON, PTR_TASK, TASK, NAMES, TYPEDEF, CONST, COLOR, PROTO, PTR_PROTO, BTF_TRACE, STUB, PTR_VOID, FLOAT, LOOP, BYTES };

// struct task { int pid; unsigned a:3, b:5; char comm[16]; union { int u; struct { char c; bool d; }; }; const task_t *next;
//		 enum color color; void (*fn)(…); unsigned char bytes[4]; };
static void make(struct str *file)
{
	struct maker m = { 0 };

	str_addc(&m.strings, '\0');
	add_int(&m, "int", 4, BTF_INT_SIGNED);
	add_int(&m, "char", 1, BTF_INT_SIGNED);
	add_int(&m, "_Bool", 1, BTF_INT_BOOL);
	add(&m, "", BTF_KIND_UNION, 2, false, 4); // ANON
	member(&m, "u", INT, 0, 0);
	member(&m, "", 19, 0, 0);
	add(&m, "", BTF_KIND_PTR, 0, false, CONST);
	add(&m, "task", BTF_KIND_STRUCT, 9, true, 64); // TASK
	member(&m, "pid", INT, 0, 0);
	member(&m, "a", INT, 32, 3);
	member(&m, "b", INT, 35, 5);
	member(&m, "comm", NAMES, 64, 0);
	member(&m, "", ANON, 192, 0);
	member(&m, "next", PTR_TASK, 256, 0);
	member(&m, "color", COLOR, 320, 0);
	member(&m, "fn", PTR_PROTO, 384, 0);
	member(&m, "bytes", BYTES, 448, 0);
	add(&m, "", BTF_KIND_ARRAY, 0, false, 0); // NAMES
	word(&m, CHAR), word(&m, INT), word(&m, 16);
	add(&m, "task_t", BTF_KIND_TYPEDEF, 0, false, TASK);
	add(&m, "", BTF_KIND_CONST, 0, false, TYPEDEF);
	add(&m, "color", BTF_KIND_ENUM, 2, true, 4); // COLOR
	word(&m, string(&m, "RED")), word(&m, 7), word(&m, string(&m, "BLUE")), word(&m, (uint32_t)-1);
	add(&m, "", BTF_KIND_FUNC_PROTO, 3, false, 0); // PROTO
	word(&m, 0), word(&m, PTR_VOID), word(&m, 0), word(&m, INT), word(&m, 0), word(&m, PTR_TASK);
	add(&m, "", BTF_KIND_PTR, 0, false, PROTO);
	add(&m, "btf_trace_wake", BTF_KIND_TYPEDEF, 0, false, PTR_PROTO);
	add(&m, "__probestub_wake", BTF_KIND_FUNC, 0, false, 20); // STUB
	add(&m, "", BTF_KIND_PTR, 0, false, 0);
	add(&m, "double", BTF_KIND_FLOAT, 0, false, 8);
	add(&m, "loop", BTF_KIND_TYPEDEF, 0, false, LOOP);
	add(&m, "", BTF_KIND_ARRAY, 0, false, 0); // BYTES
	word(&m, BOOL), word(&m, INT), word(&m, 4);
	add(&m, "", BTF_KIND_STRUCT, 2, false, 2); // 19
	member(&m, "c", CHAR, 0, 0);
	member(&m, "d", BOOL, 8, 0);
	add(&m, "", BTF_KIND_FUNC_PROTO, 3, false, 0); // 20
	word(&m, string(&m, "__data")), word(&m, PTR_VOID), word(&m, string(&m, "success")), word(&m, INT);
	word(&m, string(&m, "p")), word(&m, PTR_TASK);
	add(&m, "wide", BTF_KIND_ENUM64, 1, false, 8);
	word(&m, string(&m, "HUGE_ONE")), word(&m, 1), word(&m, 0x80000000u);
	add(&m, "task", BTF_KIND_STRUCT, 0, false, 3); // another of that name
	finish(&m, file);
}

static int open_bytes(const void *p, size_t n, const struct btf_file *base, struct btf_file **ret)
{
	char path[] = "/tmp/spile-btf-XXXXXX";
	int fd = mkstemp(path), err;

	assert_int_equal(write(fd, p, n), n);
	close(fd);
	err = btf_file_open(path, base, ret);
	unlink(path);
	return err;
}

struct fixture {
	struct arena *arena;
	struct types *types;
	struct btf_file *file;
	struct btf_types *b;
};

static void open_made(struct fixture *f)
{
	_str_ struct str bytes = { 0 };

	make(&bytes);
	f->arena = arena_new();
	f->types = types_new(f->arena);
	assert_int_equal(open_bytes(bytes.p, bytes.n, NULL, &f->file), 0);
	f->b = btf_types_new(f->arena, f->types, f->file);
}

static void close_made(struct fixture *f)
{
	btf_types_free(f->b);
	btf_file_close(f->file);
	arena_free(f->arena);
}

static void check_field(const struct type *t, const char *name, const char *type, uint32_t offset, unsigned bit, unsigned bits)
{
	const struct field *f = type_field(t, name);
	_str_ struct str s = { 0 };

	assert_non_null(f);
	type_print(f->type, &s);
	assert_string_equal(str_z(&s), type);
	assert_int_equal(f->offset, offset);
	assert_int_equal(f->bit_offset, bit);
	assert_int_equal(f->bit_size, bits);
}

static void structs_are_translated(void **state)
{
	struct fixture f;
	open_made(&f);
	const struct type *t = btf_types_named(f.b, TYPE_STRUCT, "task");

	assert_non_null(t);
	assert_false(t->complete);
	assert_int_equal(t->size, 64);
	assert_int_equal(btf_types_complete(f.b, t), 0);
	assert_true(t->complete);
	check_field(t, "pid", "int32", 0, 0, 0);
	check_field(t, "a", "int32", 4, 0, 3);
	check_field(t, "b", "int32", 4, 3, 5);
	check_field(t, "comm", "string[16]", 8, 0, 0);
	check_field(t, "u", "int32", 24, 0, 0);
	check_field(t, "c", "int8", 24, 0, 0);
	check_field(t, "d", "bool", 25, 0, 0);
	check_field(t, "next", "struct task *", 32, 0, 0);
	check_field(t, "color", "enum color", 40, 0, 0);
	check_field(t, "fn", "void *", 48, 0, 0);
	check_field(t, "bytes", "bool[4]", 56, 0, 0);
	assert_int_equal(type_field(t, "next")->type->space, SPACE_KERNEL);
	assert_ptr_equal(type_field(t, "next")->type->elem, t);
	close_made(&f);
}

static void names_are_found(void **state)
{
	struct fixture f;
	int64_t v;
	uint32_t id;
	open_made(&f);

	assert_int_equal(btf_file_find(f.file, BTF_KIND_STRUCT, "task"), TASK);
	assert_int_equal(btf_file_find(f.file, BTF_KIND_UNION, "task"), 0);
	assert_int_equal(btf_file_find(f.file, BTF_KIND_STRUCT, ""), 0);
	assert_int_equal(btf_file_find(f.file, BTF_KIND_STRUCT, "tas"), 0);
	assert_ptr_equal(btf_types_typedef(f.b, "task_t"), btf_types_named(f.b, TYPE_STRUCT, "task"));
	assert_int_equal(btf_types_typedef(f.b, "loop")->kind, TYPE_NONE);
	assert_int_equal(btf_types_get(f.b, FLOAT)->kind, TYPE_NONE);
	assert_int_equal(btf_types_get(f.b, 9999)->kind, TYPE_NONE);
	assert_string_equal(btf_types_get(f.b, 22)->name, "task~22");
	assert_true(btf_file_enumerator(f.file, "BLUE", &id, &v));
	assert_int_equal(v, -1);
	assert_int_equal(id, COLOR);
	assert_true(btf_file_enumerator(f.file, "HUGE_ONE", &id, &v));
	assert_true(v == INT64_MIN + 1);
	assert_false(btf_file_enumerator(f.file, "GREEN", &id, &v));
	close_made(&f);
}

static void raw_tracepoints_have_arguments(void **state)
{
	const struct event_field *f;
	struct fixture x;
	size_t n;
	open_made(&x);

	assert_int_equal(btf_types_raw_tracepoint(x.b, "wake", &f, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(f[0].name, "success");
	assert_string_equal(f[1].name, "p");
	assert_int_equal(f[1].offset, 8);
	assert_int_equal(f[1].type->kind, TYPE_POINTER);
	assert_int_equal(btf_types_raw_tracepoint(x.b, "sleep", &f, &n), -ENOENT);
	close_made(&x);
}

// A module's file: its ids and strings go on where its base's end.
static void split_files_see_their_base(void **state)
{
	_str_ struct str bytes = { 0 };
	struct btf_file *split;
	struct maker m = { 0 };
	struct fixture f;
	open_made(&f);

	str_addc(&m.strings, '\0');
	add(&m, "", BTF_KIND_STRUCT, 1, false, 8);
	member(&m, "", PTR_TASK, 0, 0);
	finish(&m, &bytes);
	assert_int_equal(open_bytes(bytes.p, bytes.n, f.file, &split), 0);
	assert_int_equal(btf_file_first(split), btf_file_end(f.file));
	assert_int_equal(btf_file_find(split, BTF_KIND_STRUCT, "task"), TASK);
	assert_ptr_equal(btf_file_type(split, TASK), btf_file_type(f.file, TASK));
	assert_non_null(btf_file_type(split, btf_file_first(split)));
	btf_file_close(split);
	close_made(&f);
}

static void use_everything(struct btf_file *file)
{
	struct arena *a = arena_new();
	struct types *types = types_new(a);
	struct btf_types *b = btf_types_new(a, types, file);
	const struct event_field *f;
	int64_t v;
	uint32_t id;
	size_t n;

	for (id = 0; id <= btf_file_end(file); id++) {
		const struct type *t = btf_types_get(b, id);

		if (t->kind == TYPE_STRUCT || t->kind == TYPE_UNION)
			btf_types_complete(b, t);
	}
	btf_types_raw_tracepoint(b, "wake", &f, &n);
	btf_file_enumerator(file, "BLUE", &id, &v);
	btf_types_free(b);
	arena_free(a);
}

static void broken_files_do_no_harm(void **state)
{
	_str_ struct str good = { 0 };
	struct btf_file *file;

	make(&good);
	for (size_t n = 0; n < good.n; n++)
		if (open_bytes(good.p, n, NULL, &file) == 0)
			btf_file_close(file);
	for (size_t i = 0; i < good.n; i++) {
		static const uint8_t values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
		char was = good.p[i];

		for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
			good.p[i] = (char)values[k];
			if (open_bytes(good.p, good.n, NULL, &file) < 0)
				continue;
			use_everything(file);
			btf_file_close(file);
		}
		good.p[i] = was;
	}
	assert_int_equal(btf_file_open("/nonexistent", NULL, &file), -ENOENT);
	assert_int_equal(open_bytes("no BTF at all, but long enough to be", 36, NULL, &file), -EINVAL);
}

// Twenty structs of three anonymous members, each of the next struct: a thousand bytes for three thousand million members.
static void exploding_structs_end(void **state)
{
	enum { DEEP = 20 };
	_str_ struct str bytes = { 0 };
	struct maker m = { 0 };
	struct fixture f = { .arena = arena_new() };
	uint64_t sum = 0;

	str_addc(&m.strings, '\0');
	add_int(&m, "int", 4, BTF_INT_SIGNED);
	for (uint32_t i = 0; i < DEEP; i++) {
		uint32_t id = add(&m, "deep", BTF_KIND_UNION, 3, false, 4);

		for (unsigned k = 0; k < 3; k++)
			member(&m, i + 1 < DEEP ? "" : "leaf", i + 1 < DEEP ? id + 1 : INT, 0, 0);
	}
	finish(&m, &bytes);
	f.types = types_new(f.arena);
	assert_int_equal(open_bytes(bytes.p, bytes.n, NULL, &f.file), 0);
	f.b = btf_types_new(f.arena, f.types, f.file);
	for (uint32_t id = 2; id < btf_file_end(f.file); id++) {
		const struct type *t = btf_types_get(f.b, id);

		assert_int_equal(btf_types_complete(f.b, t), 0);
		assert_true(t->nfields <= 1 << 16);
		sum += t->nfields;
	}
	assert_true(sum > 3);
	close_made(&f);
}

// Each struct's tag depends on which is the first of its name: found without a look at all that have the name.
static void many_of_one_name_are_told_apart(void **state)
{
	enum { MANY = 100000 };
	_str_ struct str bytes = { 0 };
	struct maker m = { 0 };
	struct fixture f = { .arena = arena_new() };

	str_addc(&m.strings, '\0');
	add_int(&m, "int", 4, BTF_INT_SIGNED);
	for (uint32_t i = 0; i < MANY; i++)
		add(&m, "same", BTF_KIND_TYPEDEF, 0, false, INT);
	for (uint32_t i = 0; i < MANY; i++)
		add(&m, "same", BTF_KIND_STRUCT, 0, false, 0);
	finish(&m, &bytes);
	f.types = types_new(f.arena);
	assert_int_equal(open_bytes(bytes.p, bytes.n, NULL, &f.file), 0);
	f.b = btf_types_new(f.arena, f.types, f.file);
	for (uint32_t i = 0; i < MANY; i++) {
		const struct type *t = btf_types_get(f.b, 2 + MANY + i);

		assert_int_equal(t->kind, TYPE_STRUCT);
		assert_true((strcmp(t->name, "same") == 0) == (i == 0));
	}
	close_made(&f);
}

static void the_kernel_is_read(void **state)
{
	struct arena *a = arena_new();
	struct types *types = types_new(a);
	struct btf_file *file;
	const struct field *f;

	if (btf_file_open(BTF_KERNEL_PATH, NULL, &file) < 0) {
		arena_free(a);
		skip();
	}
	struct btf_types *b = btf_types_new(a, types, file);
	const struct type *t = btf_types_named(b, TYPE_STRUCT, "task_struct");
	assert_non_null(t);
	assert_int_equal(btf_types_complete(b, t), 0);
	assert_non_null(type_field(t, "pid"));
	f = type_field(t, "comm");
	assert_non_null(f);
	assert_int_equal(f->type->kind, TYPE_STRING);
	assert_int_equal(f->type->count, 16);
	f = type_field(t, "real_parent");
	assert_non_null(f);
	assert_ptr_equal(f->type->elem, t);
	assert_true(btf_file_raw_tracepoint(file, "sched_switch") != 0);
	btf_types_free(b);
	btf_file_close(file);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structs_are_translated),
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(raw_tracepoints_have_arguments),
		cmocka_unit_test(split_files_see_their_base),
		cmocka_unit_test(broken_files_do_no_harm),
		cmocka_unit_test(exploding_structs_end), cmocka_unit_test(many_of_one_name_are_told_apart), cmocka_unit_test(the_kernel_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

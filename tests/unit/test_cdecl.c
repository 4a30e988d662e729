// SPDX-License-Identifier: Apache-2.0
// The parser of C definitions: layouts are compared with those of the compiler that compiles this test.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "base/world.h"
#include "lang/cdecl.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

// A piece of C that is compiled here and parsed by us.
#define BOTH(name, ...)                                                                                                 \
	static const char name##_text[] = #__VA_ARGS__;                                                                 \
	__VA_ARGS__

struct fixture {
	struct arena *a;
	struct types *t;
	struct diag d;
	struct cdecl *c;
	struct world world;
	struct world_ops ops;
};

static const struct type *world_type(struct world *w, enum type_kind kind, const char *name)
{
	struct type *t;

	if (kind != TYPE_STRUCT || strcmp(name, "list_head") != 0)
		return NULL;
	t = type_struct(w->types, TYPE_STRUCT, "list_head");
	if (!t->size)
		t->size = 16;
	return t;
}

static const struct type *world_typedef(struct world *w, const char *name)
{
	if (strcmp(name, "pid_t") == 0)
		return type_int(w->types, 4, true);
	return strcmp(name, "list_t") == 0 ? world_type(w, TYPE_STRUCT, "list_head") : NULL;
}

static int world_complete(struct world *w, const struct type *s)
{
	const struct type *p = type_pointer(w->types, s, SPACE_KERNEL);

	if (strcmp(s->name, "list_head") != 0)
		return -1;
	type_set_fields(w->types, (struct type *)s, 16, (struct field[]){ { .name = "next", .type = p }, { .name = "prev", .type = p, .offset = 8 } }, 2);
	return 0;
}

static bool world_constant(struct world *w, const char *name, int64_t *value, const struct type **type)
{
	*value = 11;
	*type = type_int(w->types, 4, false);
	return strcmp(name, "WORLD_ELEVEN") == 0;
}

static void start_with(struct fixture *f, const struct cdecl_options *o)
{
	f->a = arena_new();
	f->t = types_new(f->a);
	diag_init(&f->d, f->a);
	f->ops = (struct world_ops){ .type_named = world_type, .typedef_named = world_typedef, .complete = world_complete, .constant = world_constant };
	f->world = (struct world){ .ops = &f->ops, .arena = f->a, .types = f->t };
	f->c = cdecl_new(f->a, f->t, &f->world, &f->d, o);
}

static void parse(struct fixture *f, const char *text)
{
	cdecl_parse(f->c, text, strlen(text), diag_source(&f->d, "x.spile", text, strlen(text)), 0);
}

static void start(struct fixture *f, const char *text)
{
	_str_ struct str out = { 0 };

	start_with(f, &(struct cdecl_options){ .have_btf = true });
	parse(f, text);
	diag_print(&f->d, false, &out);
	assert_string_equal(str_z(&out), "");
}

static void end(struct fixture *f)
{
	arena_free(f->a);
}

static const struct type *get(struct fixture *f, enum type_kind kind, const char *tag)
{
	const struct type *t = cdecl_type(f->c, kind, tag);

	assert_non_null(t);
	return t;
}

static void expect_field(const struct type *s, const char *name, size_t offset, const char *type)
{
	const struct field *f = type_field(s, name);
	_str_ struct str out = { 0 };

	if (!f)
		print_message("no field %s\n", name);
	assert_non_null(f);
	type_print(f->type, &out);
	assert_string_equal(str_z(&out), type);
	assert_int_equal(f->offset, offset);
}

#define expect(s, tag, member, type) expect_field((s), #member, offsetof(tag, member), (type))

static void expect_size(const struct type *s, size_t size, size_t align)
{
	assert_true(s->complete);
	assert_int_equal(s->size, size);
	assert_int_equal(s->align, align);
}

// A bitfield must be exactly the bits that the compiler sets in `bytes` when the field is all ones.
static void expect_bits(const struct type *s, const char *name, const void *bytes)
{
	const struct field *f = type_field(s, name);
	uint8_t want[256] = { 0 };
	unsigned n;

	if (!f)
		print_message("no field %s\n", name);
	assert_non_null(f);
	n = f->bit_size ? f->bit_size : f->type->size * 8;
	assert_true(f->bit_offset + n <= f->type->size * 8 || (f->type->size == 8 && f->bit_offset < 8 && n <= 64));
	for (unsigned i = 0; i < n; i++) {
		unsigned bit = f->offset * 8 + f->bit_offset + i;

		want[bit / 8] |= (uint8_t)(1 << bit % 8);
	}
	if (memcmp(want, bytes, s->size) != 0)
		print_message("bits of %s differ\n", name);
	assert_memory_equal(want, bytes, s->size);
}

#define bits(s, tag, member, ones)                                                                                      \
	do {                                                                                                            \
		tag v_;                                                                                                 \
		memset(&v_, 0, sizeof v_);                                                                              \
		v_.member = (ones);                                                                                     \
		expect_bits((s), #member, &v_);                                                                         \
	} while (0)

// Layouts ------------------------------------------------------------------------------------------------------------

BOTH(plain, struct plain {
	char c; signed char sc; unsigned char uc; short s; unsigned short int us; int i; unsigned u; long l; unsigned long ul;
	long long int ll; long unsigned int long ull; _Bool b; u8 a8; u64 a64; uint32_t b32; size_t n; void *p; const char *name;
	float f; double d; long double ld; __int128 big; char comm[16]; unsigned char raw[6]; int (*fn)(int, char *); int (*fns[3])(void);
	int m[2][3]; char lines[4][8]; struct plain *next; struct plain **list; int (*row)[5]; char tail;
};)

static void plain_members(void **state)
{
	struct fixture f;

	start(&f, plain_text);
	const struct type *s = get(&f, TYPE_STRUCT, "plain");
	expect_size(s, sizeof(struct plain), _Alignof(struct plain));
	expect(s, struct plain, c, "int8");
	expect(s, struct plain, sc, "int8");
	expect(s, struct plain, uc, "uint8");
	expect(s, struct plain, s, "int16");
	expect(s, struct plain, us, "uint16");
	expect(s, struct plain, i, "int32");
	expect(s, struct plain, u, "uint32");
	expect(s, struct plain, l, "int64");
	expect(s, struct plain, ul, "uint64");
	expect(s, struct plain, ll, "int64");
	expect(s, struct plain, ull, "uint64");
	expect(s, struct plain, b, "bool");
	expect(s, struct plain, a8, "uint8");
	expect(s, struct plain, a64, "uint64");
	expect(s, struct plain, b32, "uint32");
	expect(s, struct plain, n, "uint64");
	expect(s, struct plain, p, "void *");
	expect(s, struct plain, name, "int8 *");
	expect(s, struct plain, f, "none");
	expect(s, struct plain, d, "none");
	expect(s, struct plain, ld, "none");
	expect(s, struct plain, big, "uint64[2]");
	expect(s, struct plain, comm, "string[16]");
	expect(s, struct plain, raw, "uint8[6]");
	expect(s, struct plain, fn, "void *");
	expect(s, struct plain, fns, "void *[3]");
	expect(s, struct plain, m, "int32[3][2]");
	expect(s, struct plain, lines, "string[8][4]");
	expect(s, struct plain, next, "struct plain *");
	expect(s, struct plain, list, "struct plain **");
	expect(s, struct plain, row, "int32[5] *");
	expect(s, struct plain, tail, "int8");
	assert_int_equal(type_field(s, "p")->type->space, SPACE_NONE);
	end(&f);
}

BOTH(nested, enum color { RED, GREEN = 7, BLUE }; struct point { short x, y; };
union either { char c; struct point p; long l; };
struct nested {
	char first;
	struct { int a; union { char b; long c; struct point at; }; };
	union { u16 half; u32 whole; };
	struct { char x; int y; } named;
	struct inner { u8 z; } in[3];
	enum color color; union either e; struct point *to; struct unknown *opaque;
	int flexible[];
};)

static void nested_members(void **state)
{
	struct fixture f;

	start(&f, nested_text);
	const struct type *s = get(&f, TYPE_STRUCT, "nested");
	expect_size(s, sizeof(struct nested), _Alignof(struct nested));
	expect(s, struct nested, a, "int32");
	expect(s, struct nested, b, "int8");
	expect(s, struct nested, c, "int64");
	expect(s, struct nested, at, "struct point");
	expect(s, struct nested, half, "uint16");
	expect(s, struct nested, whole, "uint32");
	expect(s, struct nested, in, "struct inner[3]");
	expect(s, struct nested, color, "enum color");
	expect(s, struct nested, e, "union either");
	expect(s, struct nested, to, "struct point *");
	expect(s, struct nested, opaque, "struct unknown *");
	expect(s, struct nested, flexible, "int32[0]");
	assert_int_equal(type_field(s, "named")->offset, offsetof(struct nested, named));
	assert_int_equal(type_field(type_field(s, "named")->type, "y")->offset, 4);
	expect_size(get(&f, TYPE_STRUCT, "inner"), 1, 1);
	expect_size(get(&f, TYPE_UNION, "either"), sizeof(union either), 8);
	assert_false(get(&f, TYPE_STRUCT, "unknown")->complete);
	assert_null(cdecl_type(f.c, TYPE_UNION, "nested"));
	end(&f);
}

BOTH(attributes, struct __attribute__((packed)) pa { char c; int i; long l; };
struct pb { char c; int i; } __attribute__((__packed__));
struct pc { char c; struct pb b; int i __attribute__((packed)); long l; } __attribute__((aligned(32)));
struct pd { char c; int i __attribute__((aligned(16))); char d; } __attribute__((packed));
typedef int wide_int __attribute__((aligned(16))); typedef int loose_int __attribute__((aligned(1)));
struct pe { char c; wide_int w; char d; loose_int l; _Alignas(8) char e; };
struct pf { char c; wide_int w; } __attribute__((packed, aligned(2)));
typedef struct { char c; double d; } __attribute__((packed)) typed;
union pg { int i; char c[5]; } __attribute__((packed));
struct ph { char c; typed t[2]; union pg g; char end __attribute__((aligned)); };)

static void attributes(void **state)
{
	struct fixture f;

	start(&f, attributes_text);
	expect_size(get(&f, TYPE_STRUCT, "pa"), sizeof(struct pa), 1);
	expect(get(&f, TYPE_STRUCT, "pa"), struct pa, l, "int64");
	expect_size(get(&f, TYPE_STRUCT, "pb"), sizeof(struct pb), 1);
	expect_size(get(&f, TYPE_STRUCT, "pc"), sizeof(struct pc), 32);
	expect(get(&f, TYPE_STRUCT, "pc"), struct pc, i, "int32");
	expect(get(&f, TYPE_STRUCT, "pc"), struct pc, l, "int64");
	expect_size(get(&f, TYPE_STRUCT, "pd"), sizeof(struct pd), _Alignof(struct pd));
	expect(get(&f, TYPE_STRUCT, "pd"), struct pd, i, "int32");
	expect_size(get(&f, TYPE_STRUCT, "pe"), sizeof(struct pe), _Alignof(struct pe));
	expect(get(&f, TYPE_STRUCT, "pe"), struct pe, w, "int32");
	expect(get(&f, TYPE_STRUCT, "pe"), struct pe, l, "int32");
	expect(get(&f, TYPE_STRUCT, "pe"), struct pe, e, "int8");
	expect_size(get(&f, TYPE_STRUCT, "pf"), sizeof(struct pf), _Alignof(struct pf));
	expect(get(&f, TYPE_STRUCT, "pf"), struct pf, w, "int32");
	expect_size(cdecl_typedef(f.c, "typed"), sizeof(typed), 1);
	expect_size(get(&f, TYPE_UNION, "pg"), sizeof(union pg), 1);
	expect_size(get(&f, TYPE_STRUCT, "ph"), sizeof(struct ph), _Alignof(struct ph));
	expect(get(&f, TYPE_STRUCT, "ph"), struct ph, g, "union pg");
	expect(get(&f, TYPE_STRUCT, "ph"), struct ph, end, "int8");
	end(&f);
}

#pragma pack(push, 2)
struct pragma_two { char c; long l; short s; int bit : 20; int more : 20; };
#pragma pack(pop)
struct pragma_none { char c; long l; };

static void pragma_pack(void **state)
{
	struct fixture f;

	start(&f, "#pragma pack(push, 2)\nstruct pragma_two { char c; long l; short s; int bit : 20; int more : 20; };\n"
		  "#pragma pack(pop)\n#pragma once\nstruct pragma_none { char c; long l; };\n");
	const struct type *s = get(&f, TYPE_STRUCT, "pragma_two");
	expect_size(s, sizeof(struct pragma_two), _Alignof(struct pragma_two));
	expect(s, struct pragma_two, l, "int64");
	bits(s, struct pragma_two, bit, -1);
	bits(s, struct pragma_two, more, -1);
	expect_size(get(&f, TYPE_STRUCT, "pragma_none"), sizeof(struct pragma_none), 8);
	end(&f);
}

BOTH(bitfields, struct ba { unsigned a : 3, b : 5, c : 25; u8 d : 4; u8 e : 5; _Bool f : 1; char g; long h : 40; int i : 7; int : 0; int j : 2; };
struct bb { char c; int : 3; short s : 9; u64 wide : 60; unsigned : 30; unsigned last : 4; };
struct bc { int a : 7; int b : 30; char c; u64 d : 33; u16 e : 16; } __attribute__((packed));
struct bd { char c; u8 : 0; char d; int : 0; char e; };
union be { int a : 3; u64 b : 50; };
struct bf { char x; struct { unsigned lo : 4, hi : 12; }; unsigned : 2; unsigned z : 3; };
struct bg { u8 a : 7; u8 b : 4 __attribute__((packed)); int c : 8 __attribute__((aligned(8))); };)

static void bitfields(void **state)
{
	struct fixture f;

	start(&f, bitfields_text);
	const struct type *s = get(&f, TYPE_STRUCT, "ba");
	expect_size(s, sizeof(struct ba), _Alignof(struct ba));
	bits(s, struct ba, a, 7);
	bits(s, struct ba, b, 31);
	bits(s, struct ba, c, 0x1ffffff);
	bits(s, struct ba, d, 15);
	bits(s, struct ba, e, 31);
	bits(s, struct ba, f, 1);
	bits(s, struct ba, g, -1);
	bits(s, struct ba, h, -1);
	bits(s, struct ba, i, -1);
	bits(s, struct ba, j, -1);
	assert_true(type_field(s, "h")->type->is_signed);
	assert_false(type_field(s, "c")->type->is_signed);
	s = get(&f, TYPE_STRUCT, "bb");
	expect_size(s, sizeof(struct bb), _Alignof(struct bb));
	bits(s, struct bb, s, -1);
	bits(s, struct bb, wide, 0xfffffffffffffff);
	bits(s, struct bb, last, 15);
	s = get(&f, TYPE_STRUCT, "bc");
	expect_size(s, sizeof(struct bc), _Alignof(struct bc));
	bits(s, struct bc, a, -1);
	bits(s, struct bc, b, -1);
	bits(s, struct bc, c, -1);
	bits(s, struct bc, d, 0x1ffffffff);
	bits(s, struct bc, e, 0xffff);
	s = get(&f, TYPE_STRUCT, "bd");
	expect_size(s, sizeof(struct bd), _Alignof(struct bd));
	expect(s, struct bd, e, "int8");
	expect_size(get(&f, TYPE_UNION, "be"), sizeof(union be), _Alignof(union be));
	s = get(&f, TYPE_STRUCT, "bf");
	expect_size(s, sizeof(struct bf), _Alignof(struct bf));
	bits(s, struct bf, hi, 0xfff);
	bits(s, struct bf, z, 7);
	s = get(&f, TYPE_STRUCT, "bg");
	expect_size(s, sizeof(struct bg), _Alignof(struct bg));
	bits(s, struct bg, b, 15);
	bits(s, struct bg, c, -1);
	end(&f);
}

static void world_types(void **state)
{
	struct fixture f;

	start(&f, "struct mine { char c; struct list_head list; pid_t pid; list_t *l; struct task_struct *task; int n[WORLD_ELEVEN]; };\n"
		  "typedef pid_t my_pid;");
	const struct type *s = get(&f, TYPE_STRUCT, "mine");
	expect_field(s, "list", 8, "struct list_head");
	expect_field(s, "pid", 24, "int32");
	expect_field(s, "l", 32, "struct list_head *");
	expect_field(s, "task", 40, "struct task_struct *");
	expect_field(s, "n", 48, "int32[11]");
	assert_ptr_equal(cdecl_typedef(f.c, "my_pid"), type_int(f.t, 4, true));
	end(&f);
}

static void typedefs(void **state)
{
	struct fixture f;

	start(&f, "typedef unsigned long my_long, *my_pointer, my_array[4]; typedef char name_t[32]; typedef struct later later_t;\n"
		  "typedef void (*callback)(int); struct later { my_array a; name_t n; callback f; my_pointer p; later_t *l; int my_long; };\n"
		  "typedef unsigned long my_long; extern int printf(const char *, ...); static inline int f(void) { return 1; } int x = 3, y[] = { 1, 2 };\n"
		  "typedef __typeof__(unsigned short) us; typedef enum { ONE = 1 } one_t;");
	assert_ptr_equal(cdecl_typedef(f.c, "my_long"), type_int(f.t, 8, false));
	const struct type *s = cdecl_typedef(f.c, "later_t");
	assert_true(s->complete);
	expect_field(s, "a", 0, "uint64[4]");
	expect_field(s, "n", 32, "string[32]");
	expect_field(s, "f", 64, "void *");
	expect_field(s, "p", 72, "uint64 *");
	expect_field(s, "l", 80, "struct later *");
	expect_field(s, "my_long", 88, "int32");
	assert_ptr_equal(cdecl_typedef(f.c, "us"), type_int(f.t, 2, false));
	assert_int_equal(cdecl_typedef(f.c, "one_t")->kind, TYPE_ENUM);
	assert_null(cdecl_typedef(f.c, "nothing"));
	end(&f);
}

// bpftrace takes a body without a `;` behind it.
static void missing_semicolons(void **state)
{
	struct fixture f;

	start(&f, "struct a { int x; }\nstruct b { struct a a; }\n#define N 3\nunion c { int x[N]; }\nenum d { D }");
	expect_size(get(&f, TYPE_STRUCT, "b"), 4, 4);
	expect_size(get(&f, TYPE_UNION, "c"), 12, 4);
	assert_int_equal(get(&f, TYPE_ENUM, "d")->nenums, 1);
	end(&f);
}

// Constants ----------------------------------------------------------------------------------------------------------

static void expect_constant(struct fixture *f, const char *name, int64_t value, const char *type)
{
	_str_ struct str out = { 0 };
	const struct type *t;
	int64_t v;

	if (!cdecl_constant(f->c, name, &v, &t))
		fail_msg("%s: %s", name, cdecl_why_not(f->c, name));
	type_print(t, &out);
	if (v != value || strcmp(str_z(&out), type) != 0)
		fail_msg("%s is %lld of %s", name, (long long)v, str_z(&out));
}

static void enums(void **state)
{
	struct fixture f;

	start(&f, "enum a { A0, A5 = 5, A6, };\nenum b { NEG = -1, B0 };\nenum c { BIG = 0x100000000, C1 = BIG + 1 };\n"
		  "enum d { D = 1ULL << 63 };\nenum e { E = sizeof(struct { char c; int i; }), E1 = E * 2 + A6, E2 = -A6 };\n"
		  "enum { ANON = 'a', T = true };\nenum __attribute__((packed)) small { S = 200 }; enum most { U = 0xffffffff };");
	expect_constant(&f, "A6", 6, "enum a");
	expect_constant(&f, "B0", 0, "enum b");
	expect_constant(&f, "NEG", -1, "enum b");
	expect_constant(&f, "C1", 0x100000001, "enum c");
	expect_constant(&f, "D", INT64_MIN, "enum d");
	expect_constant(&f, "E1", 22, "enum e");
	expect_constant(&f, "E2", -6, "enum e");
	assert_int_equal(get(&f, TYPE_ENUM, "a")->size, 4);
	assert_false(get(&f, TYPE_ENUM, "a")->is_signed);
	assert_true(get(&f, TYPE_ENUM, "b")->is_signed);
	assert_int_equal(get(&f, TYPE_ENUM, "c")->size, 8);
	assert_int_equal(get(&f, TYPE_ENUM, "small")->size, 1);
	assert_int_equal(get(&f, TYPE_ENUM, "most")->size, 4);
	assert_string_equal(get(&f, TYPE_ENUM, "a")->enums[1].name, "A5");
	end(&f);
}

#define MATH                                                                                                            \
	X(M0, 1 + 2 * 3 - 4 / 2 % 3)                                                                                    \
	X(M1, -1) X(M2, -1U) X(M3, ~0) X(M4, ~0UL) X(M5, 1 << 4 | 3) X(M6, 1UL << 40) X(M7, 0x80000000) X(M8, 2147483648)   \
	X(M9, -2147483647 - 1) X(M10, 5 > 3 ? 10 : 20) X(M11, -1 < 0U) X(M12, -8 >> 1) X(M13, -8 / 3) X(M14, -8 % 3)        \
	X(M15, 0 && 1 / 0) X(M16, 1 || 1 / 0) X(M17, (unsigned char)300) X(M18, (char)200) X(M19, (short)-1)               \
	X(M20, (unsigned long)-1) X(M21, sizeof(long) * 2) X(M22, sizeof(int[10])) X(M23, 'a' + '\n') X(M24, 0777)          \
	X(M25, 0xffffffffffffffff) X(M26, !5 + !0) X(M27, (1 ? -1 : 0U) > 0) X(M28, 7 & 3 ^ 1) X(M29, 100ull)              \
	X(M30, (_Bool)77) X(M31, (u16)~0) X(M32, '\xff') X(M33, 1 == 1 != 0) X(M34, (0x7fffffffL + 1)) X(M35, 'ab')        \
	X(M36, 3 ?: 4) X(M37, -5L % 3) X(M38, (int)sizeof(char *) - 9) X(M39, _Alignof(double)) X(M40, 0b101)

#pragma GCC diagnostic ignored "-Wmultichar"
#pragma GCC diagnostic ignored "-Wdiv-by-zero"
#pragma GCC diagnostic ignored "-Wparentheses"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wlogical-op"
#pragma GCC diagnostic ignored "-Wpedantic"

static void expressions_are_the_compilers(void **state)
{
	struct fixture f;

	start(&f, ""
#define X(name, expr) "#define " #name " " #expr "\n"
	      MATH
#undef X
	);
#define TYPE_OF(e) _Generic((e), int: "int32", unsigned: "uint32", long: "int64", unsigned long: "uint64", \
			    unsigned char: "int32", char: "int32", short: "int32", _Bool: "int32", u16: "int32", long long: "int64", unsigned long long: "uint64")
#define X(name, expr) expect_constant(&f, #name, (int64_t)(expr), TYPE_OF(expr));
	MATH
#undef X
	end(&f);
}

BOTH(nine, struct nine { u64 a : 3; u64 wide : 64; long minus : 62; unsigned five : 30; int less : 31; u64 last : 64; } __attribute__((packed));)

BOTH(of, struct of_in { char c; short s[3]; struct { long l; } in; char name[12]; struct of_in *next; unsigned u; int bit : 3; };
extern unsigned short declared; extern struct of_in many[4]; enum of_enum { OF_ONE = 1 };
struct of {
	__typeof__(((struct of_in *)0)->s) a; __typeof__(((struct of_in *)0)->s[1]) b; __typeof__(((struct of_in *)0)->in) c;
	__typeof__(((struct of_in *)0)->in.l) d; __typeof__(((struct of_in *)0)->name) e; __typeof__(((struct of_in *)0)->next->next->c) f;
	__typeof__(declared) g; __typeof__(declared + 1) h; __typeof__(&declared) i; __typeof__(many) j; __typeof__(*many) k; __typeof__(many[1].u) l;
	__typeof__(1ul) m; __typeof__('c') n; __typeof__(1 + 2u) o; __typeof__((char)3) p; __typeof__(OF_ONE) q; __typeof__(sizeof(int)) r;
	__typeof__(&many[2]) s; __typeof__(&many[2] - many) t; __typeof__(1 ? 2 : 3l) u; __typeof__(!declared) v; __typeof__(-declared) w;
	__typeof__(1 ? (struct of_in *)0 : (void *)0) x[2]; __typeof__(((struct of_in *)0)->c) y[5]; __typeof__(many->u << 3l) z;
};)
BOTH(modes, typedef int m8 __attribute__((mode(QI))); typedef unsigned m16 __attribute__((__mode__(__HI__)));
struct modes { m8 a; m16 b; int c __attribute__((mode(DI))); unsigned __attribute__((mode(word))) d; int e __attribute__((mode(byte)));
	void *p __attribute__((mode(pointer))); int big __attribute__((mode(TI))); } __attribute__((may_alias, scalar_storage_order("little-endian")));
typedef union { int *i; long *l; } either __attribute__((transparent_union)); struct has_either { char c; either e; };)

static void types_of_expressions(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, of_text);
	const struct type *s = get(&f, TYPE_STRUCT, "of");
	expect_size(s, sizeof(struct of), _Alignof(struct of));
	expect(s, struct of, a, "int16[3]");
	expect(s, struct of, b, "int16");
	expect(s, struct of, d, "int64");
	expect(s, struct of, e, "string[12]");
	expect(s, struct of, f, "int8");
	expect(s, struct of, g, "uint16");
	expect(s, struct of, h, "int32");
	expect(s, struct of, i, "uint16 *");
	expect(s, struct of, k, "struct of_in");
	expect(s, struct of, l, "uint32");
	expect(s, struct of, m, "uint64");
	expect(s, struct of, n, "int32");
	expect(s, struct of, o, "uint32");
	expect(s, struct of, p, "int8");
	expect(s, struct of, q, "int32");
	expect(s, struct of, r, "uint64");
	expect(s, struct of, s, "struct of_in *");
	expect(s, struct of, t, "int64");
	expect(s, struct of, u, "int64");
	expect(s, struct of, v, "int32");
	expect(s, struct of, w, "int32");
	expect(s, struct of, x, "struct of_in *[2]");
	expect(s, struct of, y, "string[5]");
	expect(s, struct of, z, "uint32");
	end(&f);
}

static void machine_modes(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, modes_text);
	const struct type *s = get(&f, TYPE_STRUCT, "modes");
	expect_size(s, sizeof(struct modes), _Alignof(struct modes));
	expect(s, struct modes, a, "int8");
	expect(s, struct modes, b, "uint16");
	expect(s, struct modes, c, "int64");
	expect(s, struct modes, d, "uint64");
	expect(s, struct modes, e, "int8");
	expect(s, struct modes, p, "void *");
	expect_size(get(&f, TYPE_STRUCT, "has_either"), sizeof(struct has_either), _Alignof(struct has_either));
	end(&f);
}

static void nine_bytes(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, nine_text);
	const struct type *s = get(&f, TYPE_STRUCT, "nine");
	expect_size(s, sizeof(struct nine), _Alignof(struct nine));
	bits(s, struct nine, a, 7);
	bits(s, struct nine, wide, UINT64_MAX);
	bits(s, struct nine, minus, -1);
	bits(s, struct nine, five, (1u << 30) - 1);
	bits(s, struct nine, less, -1);
	bits(s, struct nine, last, UINT64_MAX);
	assert_true(field_is_split(s, type_field(s, "wide")));
	assert_int_equal(field_bytes(type_field(s, "wide")), 9);
	end(&f);
	start(&f, "struct five { unsigned long a : 7; unsigned long b : 30; } __attribute__((packed));");
	s = get(&f, TYPE_STRUCT, "five");
	assert_int_equal(s->size, 5);
	assert_true(field_is_split(s, type_field(s, "b"))); // eight bytes would reach behind the end
	assert_int_equal(field_bytes(type_field(s, "b")), 5);
	end(&f);
}

static void macros(void **state)
{
	struct fixture f;
	const char *text;
	size_t n;

	start(&f, "#define ONE 1 // the first\n#define TWO (ONE + /* really */ ONE)\n#define LONG_ONE 1 + \\\n 2\n"
		  "#define NAME \"a\\tb\" \"c\"\n#define PAREN (\"x\")\n#define EMPTY\n#define F(x, y) ((x) * y + ONE)\n#define USES F(TWO, (3, 4) - 1)\n"
		  "#define NESTED F(F(1, 2), 3)\n#define U32 unsigned int\n#define GONE 3\n#undef GONE\n#define SELF SELF\nenum { SELF = 9 };\n"
		  "#define FIELDS int a; int b;\nstruct s { U32 x[TWO]; FIELDS char c[F(1, 2)]; };\n#define NOT_C foo->bar\n#define STRUCT(n) struct n { int x; };\nSTRUCT(made)\n");
	expect_constant(&f, "TWO", 2, "int32");
	expect_constant(&f, "LONG_ONE", 3, "int32");
	expect_constant(&f, "NESTED", 10, "int32");
	expect_constant(&f, "SELF", 9, "enum (anonymous c1)");
	assert_true(cdecl_string_macro(f.c, "NAME", &text, &n));
	assert_string_equal(text, "a\tbc");
	assert_int_equal(n, 4);
	assert_true(cdecl_string_macro(f.c, "PAREN", &text, &n));
	assert_false(cdecl_string_macro(f.c, "ONE", &text, &n));
	assert_null(cdecl_why_not(f.c, "GONE"));
	assert_null(cdecl_why_not(f.c, "ONE"));
	assert_non_null(cdecl_why_not(f.c, "F"));
	assert_non_null(cdecl_why_not(f.c, "EMPTY"));
	assert_non_null(cdecl_why_not(f.c, "NOT_C"));
	assert_non_null(cdecl_why_not(f.c, "USES")); // (3, 4) is no constant
	expect_field(get(&f, TYPE_STRUCT, "s"), "b", 12, "int32");
	expect_field(get(&f, TYPE_STRUCT, "s"), "c", 16, "string[3]");
	expect_size(get(&f, TYPE_STRUCT, "made"), 4, 4);
	expect_constant(&f, "BPFTRACE_HAVE_BTF", 1, "int32");
	end(&f);
}

// The first of them are the examples of C17 6.10.3.5, the others what GCC makes of GNU's forms, of space and of names that are painted.
static void pasted_and_quoted(void **state)
{
	static const char text[] =
		"#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\n#define g f\n#define z z[0]\n#define m(a) a(w)\n#define w 0,1\n"
		"#define t(a) a\n#define p() int\n#define q(x) x\n#define r(x,y) x ## y\n#define str(x) # x\n"
		"#define xstr(...) str_(__VA_ARGS__)\n#define str_(...) #__VA_ARGS__\n"
		"#define debug(s, t) printf(\"x\" # s \"= %d, x\" # t \"= %s\", \\\n x ## s, x ## t)\n"
		"#define glue(a, b) a ## b\n#define xglue(a, b) glue(a, b)\n#define HIGHLOW \"hello\"\n#define LOW LOW \", world\"\n"
		"#define t2(x,y,z) x ## y ## z\n#define hash_hash # ## #\n#define mkstr(a) # a\n#define in_between(a) mkstr(a)\n"
		"#define join(c, d) in_between(c hash_hash d)\n#define showlist(...) puts(#__VA_ARGS__)\n"
		"#define report(test, ...) ((test)?puts(#test): printf(__VA_ARGS__))\n"
		"#define std(fmt, ...) P(fmt, ## __VA_ARGS__)\n#define gnu(fmt, args...) P(fmt , ##args)\n#define one(args...) P(1,##args)\n"
		"#define foo foo(2)\n#define EMPTY\n#define V 1.2\n#define neg(x) -x\n#define AA BB\n#define BB AA\n"
		"#define CAT(a, ...) a ## __VA_ARGS__\n#define three(a,b) a##b##a b##b\n#define ff(a) a*gg\n#define gg(a) ff(a)\n"
		"#define NARG(...) NARG_(__VA_ARGS__, 5, 4, 3, 2, 1, 0)\n#define NARG_(a, b, c, d, e, n, ...) n\n";
	static const struct {
		const char *use, *is;
	} cases[] = {
		{ "xstr(f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);)", "f(2 * (y+1)) + f(2 * (f(2 * (z[0])))) % f(2 * (0)) + t(1);" },
		{ "xstr(g(x+(3,4)-w) & m\n(f)^m(m);)", "f(2 * (2+(3,4)-0,1)) & f(2 * (0,1))^m(0,1);" },
		{ "xstr(p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };)", "int i[] = { 1, 23, 4, 5, };" },
		{ "xstr(char c[2][6] = { str(hello), str() };)", "char c[2][6] = { \"hello\", \"\" };" },
		{ "xstr(debug(1, 2);)", "printf(\"x\" \"1\" \"= %d, x\" \"2\" \"= %s\", x1, x2);" },
		{ "str(strncmp(\"abc\\0d\", \"abc\", '\\4') == 0) str(: @\\n)", "strncmp(\"abc\\0d\", \"abc\", '\\4') == 0: @\n" },
		{ "glue(HIGH, LOW)", "hello" },
		{ "xglue(HIGH, LOW)", "hello, world" },
		{ "xstr(int j[] = { t2(1,2,3), t2(,4,5), t2(6,,7), t2(8,9,), t2(10,,), t2(,11,), t2(,,12), t2(,,) };)",
		  "int j[] = { 123, 45, 67, 89, 10, 11, 12, };" },
		{ "join(v, y)", "v ## y" },
		{ "xstr(showlist(The first,  second, and /* the */ third items.);)", "puts(\"The first, second, and third items.\");" },
		{ "xstr(report(x>y, \"x is %d but y is %d\", x, y);)", "((2>y)?puts(\"x>y\"): printf(\"x is %d but y is %d\", 2, y));" },
		{ "xstr(std(1) std(1,) std(1,2) std(1,2, 3) gnu(1) gnu(1,2) gnu(1 , x , x) one() one(x))",
		  "P(1) P(1,) P(1,2) P(1,2, 3) P(1) P(1 ,2) P(1 , 2 , 2) P(1) P(1,2)" },
		{ "xstr(t(foo)) xstr(t(t(foo)))", "foo(2)foo(2)" },
		{ "xstr(a EMPTY+b a+EMPTY b EMPTY EMPTY c) ", "a +b a+ b c" },
		{ "xstr(A+V A.V -A- - V)", "A+1.2 A.1.2 -A- - 1.2" },
		{ "xstr(neg(-1)neg(neg(1)) a neg(b))", "--1--1 a -b" },
		{ "xstr(AA BB t(AA))", "AA BB AA" },
		{ "xstr(CAT(x, y) CAT(f,oo) CAT(,x) CAT(x) CAT(x,) CAT(1,2,3))", "xy foo(2) 2 2 2 12,3" },
		{ "xstr(t(f)(1) t(t)(t)(t)(1))", "f(2 * (1)) t(t)(t)(1)" },
		{ "xstr(t(ff(2)) (9))", "2*9*gg" },
		{ "xstr(three(x,y) three(,x))", "xyx yy 2 xx" },
		{ "xstr(NARG(a, b, c) NARG((a, b), c))", "3 2" },
	};
	struct fixture f;
	const char *value;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_str_ struct str all = { 0 };

		str_printf(&all, "%s#define VALUE ", text);
		for (const char *p = cases[i].use; *p; p++)
			str_adds(&all, *p == '\n' ? "\\\n" : (char[]){ *p, '\0' });
		start(&f, str_z(&all));
		if (!cdecl_string_macro(f.c, "VALUE", &value, &n))
			fail_msg("%s: %s", cases[i].use, cdecl_why_not(f.c, "VALUE"));
		assert_string_equal(value, cases[i].is);
		end(&f);
	}
	(void)state;
}

static void pasted_declarations(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, "#define JOIN(a, b) a ## b\n#define N JOIN(1, 2)\n#define HEX 0x ## f ## f\n#define FIELD(type, n) type f_ ## n[n];\n"
		  "#define EACH(X, ...) X(int, 3) X(char, 4) __VA_ARGS__\nstruct s { EACH(FIELD, long tail, more;) int a[N]; };\n"
		  "#define ENUM(name, list...) enum name { name ## _ ## list }\nENUM(e, A, B = 7, C);\n"
		  "#if JOIN(1, 0) == 10\n#define TEN 10\n#endif\n");
	expect_constant(&f, "HEX", 255, "int32");
	expect_constant(&f, "N", 12, "int32");
	expect_constant(&f, "e_A", 0, "enum e");
	expect_constant(&f, "C", 8, "enum e");
	expect_constant(&f, "TEN", 10, "int32");
	assert_non_null(cdecl_type(f.c, TYPE_STRUCT, "s"));
	assert_int_equal(cdecl_type(f.c, TYPE_STRUCT, "s")->size, 80);
	end(&f);
}

static void conditions(void **state)
{
	struct fixture f;

	start(&f, "#define V 5\n#if V > 3 && defined(V) && !defined NOPE\n#define A 1\n#else\n#error wrong\n#endif\n"
		  "#ifdef BPFTRACE_HAVE_BTF\n#ifndef V\nthis is 'no C /* at all */\n#elif 1\n#define B 2\n#elif 1\n#error no\n#endif\n#else\n#include <x.h>\n#endif\n"
		  "#if 0\n#if 1\n#error no\n#else\n#endif\n# /* \n#endif\n */ \"#endif\n#elif UNKNOWN\n#else // yes\n#define C (V - 6)\n#endif\n"
		  "#if -1 > 0u\n#define D 1\n#endif\n#if (2147483647 + 1) / 2 == 1073741824\n#define E 1\n#endif\n#pragma weird (\n#\n");
	expect_constant(&f, "A", 1, "int32");
	expect_constant(&f, "B", 2, "int32");
	expect_constant(&f, "C", -1, "int32");
	expect_constant(&f, "D", 1, "int32");
	expect_constant(&f, "E", 1, "int32");
	end(&f);
}

// Errors -------------------------------------------------------------------------------------------------------------

static void errors_have_places(void **state)
{
	static const struct {
		const char *text, *want; // part of what is printed
	} cases[] = {
		{ "struct a { int x }", "1:18-19: ERROR: `}` stands where `;` behind the member is expected" },
		{ "struct a { int x; int x; };", "1:23-24: ERROR: the member `x` exists already" },
		{ "struct a { struct a self; };", "1:21-25: ERROR: the size of the member `self` is not known; its type is the one being defined" },
		{ "struct a { struct nope n; };", "neither defined before nor known" },
		{ "struct a { void v; };", "its type is void" },
		{ "struct a { nope_t n; };", "1:12-18: ERROR: `nope_t` is no type" },
		{ "struct a { int x[-1]; };", "an array cannot have -1 elements" },
		{ "struct a { long x[1 << 30]; };", "an array is at most 2147483647 bytes large" },
		{ "struct a { long x[0xffffffffffffffff]; };", "an array is at most" },
		{ "struct a { char x[1 << 30]; char y[1 << 30]; char z[2]; };", "a struct is at most" },
		{ "struct a { int x : 33; };", "0 to 32 bits wide" },
		{ "struct a { int x : 0; };", "cannot have a name" },
		{ "struct a { int *x : 3; };", "a bitfield has an integer type" },
		{ "struct a { int x[]; int y; };", "nothing may follow a member without a length" },
		{ "struct a { int f(void); };", "a pointer to one" },
		{ "struct a { int x[N]; };", "`N` is no constant" },
		{ "struct a { int x[1 / 0]; };", "divides by zero" },
		{ "struct a { int x; };\nstruct a { int y; };", "2:8-9: ERROR: `a` is defined already" },
		{ "struct a { int x; }; union a *p;", "`a` is the name of a struct already" },
		{ "enum a { X }; enum b { X };", "the enumerator `X` exists already" },
		{ "unsigned float x;", "these words together name no type" },
		{ "struct a { int x; ", "the C definitions end where" },
		{ "#if 1\nint x;", "1:1-6: ERROR: this condition has no #endif" },
		{ "#endif", "#endif without an #if" },
		{ "#error this is \"wrong\"\n", "#error this is \"wrong\"" },
		{ "#nonsense", "this is no preprocessor line" },
		{ "int x; /* open", "this comment is not closed" },
		{ "#define S \"open\nint x[3 + S];", "this string is not closed" },
		{ "_Static_assert(sizeof(int) == 5, \"no\");", "this assertion does not hold" },
		{ "#include <linux/sched.h>\n", "1:1-25: ERROR: #include belongs to the language" },
		{ "struct a { int x __attribute__((aligned(3))); };", "an alignment is a power of two" },
		{ "typedef int t; typedef long t;", "the type `t` is defined already" },
		{ "enum e { A = 99999999999999999999 };", "this number does not fit in 64 bits" },
		{ "enum e { A = 1.5 };", "`1.5` is no whole number" },
		{ "enum e { };", "an enum has at least one enumerator" },
		{ "\x01 int x;", "these bytes are no token of C" },
		{ "#define F(x) x\nint a[F];", "the macro `F` takes arguments" },
		{ "#define F(x) x\nint a[F(1, 2)];", "the macro `F` takes 1 argument" },
		{ "#define F(x) x##+\nint a[F(1)];", "the macro `F` makes `1+`, which is no token of C" },
		{ "#define F(x) \"x\" ## x\nint a[F(1)];", "makes `\"x\"1`, which is no token" },
		{ "#define N 1 ## /", "makes `1/`, which is no token" },
		{ "int fn(int); typeof(fn(1)) x;", "what a function returns is not kept" },
		{ "typeof(({ 1; })) x;", "statements between parentheses" },
		{ "typeof(\"x\") x;", "a string is no value" },
		{ "struct { int a; } v; typeof(v + 1) x;", "takes whole numbers" },
		{ "struct { int a; } v; typeof(-v) x;", "takes a whole number" },
		{ "void *v; typeof(*v) x;", "only a pointer to a type with a size" },
		{ "struct nowhere *v; typeof(v->a) x;", "only a struct or union that is known" },
		{ "int v __attribute__((mode(XX)));", "the machine modes of integers" },
		{ "#define F(x) ##x", "has a `##` that does not stand between two tokens" },
		{ "#define F(x) x## // nothing", "has a `##` that does not stand between two tokens" },
		{ "#define F(x) x ## ## x", "has a `##` that does not stand between two tokens" },
		{ "#define N ##", "has a `##` that does not stand between two tokens" },
		{ "#define F(x) #y", "has a `#` in front of what is none of its parameters" },
		{ "#define F(..., x) x", "the last of which may be `...`" },
		{ "#define F(x, ) x", "the parameters of a macro are names" },
		{ "#define F(x, y, ...) x\nint a[F(1)];", "the macro `F` takes at least 2 arguments" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_str_ struct str out = { 0 };
		struct fixture f;

		start_with(&f, NULL);
		parse(&f, cases[i].text);
		diag_print(&f.d, false, &out);
		if (f.d.errors != 1 || !strstr(str_z(&out), cases[i].want))
			fail_msg("%s\n%u errors:\n%s", cases[i].text, f.d.errors, str_z(&out));
		end(&f);
	}
}

static void errors_do_not_stop_it(void **state)
{
	struct fixture f;

	start_with(&f, NULL);
	parse(&f, "struct a { nope x; int (y; int z; };\nenum { Q = , R };\nstruct ok { int x; };\nstruct b { struct a a; foo bar; };\nint [ ;\nstruct ok2 { long l; };\n");
	assert_int_equal(f.d.errors, 5);
	expect_size(get(&f, TYPE_STRUCT, "ok"), 4, 4);
	expect_size(get(&f, TYPE_STRUCT, "ok2"), 8, 8);
	assert_false(get(&f, TYPE_STRUCT, "a")->complete);
	end(&f);
}

static void repeat(struct str *s, const char *what, size_t n)
{
	while (n--)
		str_adds(s, what);
}

static void hostile_text_ends(void **state)
{
	static const struct {
		const char *head, *again, *tail;
	} cases[] = {
		{ "", "struct {", "" }, { "int ", "(", "x;" }, { "int x[", "(", "1];" }, { "int x[", "-", "1];" }, { "int x[1", "?1:1", "];" },
		{ "int ", "*", "p;" }, { "int x", "[1]", ";" }, { "", "#if 1\n", "" }, { "", "}", "" }, { "", "@", "" }, { "int x[1", "+1", "];" },
		{ "int x[", "sizeof(int[", "" }, { "", "/*", "" }, { "", "struct a { int x; } ", "" }, { "", "__attribute__((", "" }, { "", "int x[~", "" },
		{ "int x[", "(int)", "1];" }, { "int x[", "sizeof ", "1];" }, { "typeof(", "(int)", "1) x;" }, { "typeof(", "*", "x) y;" }, { "", "typeof(", "" },
		{ "typeof(", "1?", "" }, { "int v; typeof(v", "[v", "" }, { "#define F(x) x\nint x[", "F(", "1];" }, { "#define F(...) #__VA_ARGS__ F\n", "F(1)", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct str text = { 0 };
		struct fixture f;

		start_with(&f, NULL);
		str_adds(&text, cases[i].head);
		repeat(&text, cases[i].again, 100000);
		str_adds(&text, cases[i].tail);
		parse(&f, text.p);
		assert_true(f.d.errors <= 21);
		end(&f);
		str_free(&text);
	}
}

static void macros_cannot_explode(void **state)
{
	_str_ struct str text = { 0 };
	struct fixture f;

	str_adds(&text, "#define X0 1+1\n");
	for (int i = 1; i < 60; i++)
		str_printf(&text, "#define X%d X%d + X%d\n#define F%d(x) F%d(x x)\n", i, i - 1, i - 1, i, i - 1);
	str_adds(&text, "int a[X59]; int b[F59(1)];\n");
	start_with(&f, NULL);
	parse(&f, text.p);
	assert_int_equal(f.d.errors, 1);
	for (int i = 0; i < 20000; i++) // each alone is bounded, and so are all together
		assert_non_null(strstr(cdecl_why_not(f.c, i % 2 ? "X59" : "X40"), "too large"));
	end(&f);
}

static void pasting_cannot_explode(void **state)
{
	static const char *const growing[] = {
		"#define F%d(x) F%d(x##x)\n", "#define F%d(x) F%d(#x #x)\n", "#define F%d(...) F%d(__VA_ARGS__, ##__VA_ARGS__)\n",
		"#define F%d(x, y...) F%d(x y, x) x\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(growing); i++) {
		_str_ struct str text = { 0 }, out = { 0 };
		struct fixture f;

		for (int k = 1; k < 60; k++)
			str_printf(&text, growing[i], k, k - 1);
		str_adds(&text, "int a[F59(1)];");
		start(&f, "");
		parse(&f, text.p);
		diag_print(&f.d, false, &out);
		assert_non_null(strstr(str_z(&out), "too large"));
		end(&f);
	}
	(void)state;
}

// Headers ------------------------------------------------------------------------------------------------------------

static int fake_include(void *arg, const struct cdecl_headers *h)
{
	(*(int *)arg)++;
	assert_int_equal(h->n, strlen("#include <a.h>\n#include <b.h>\nstruct s { struct from_header h; };\n"));
	str_adds(h->out, "struct from_header { int x; }; int broken broken; typedef short half;\n#define HEADER_SIX (HALF * 2)\n#define HALF 3\n");
	return 0;
}

static int failing_include(void *arg, const struct cdecl_headers *h)
{
	h->error(h->arg, 0, 14, "'a.h' is not found");
	return -2;
}

static void headers_come_through_the_hook(void **state)
{
	_str_ struct str out = { 0 };
	struct fixture f;
	int asked = 0;

	start_with(&f, &(struct cdecl_options){ .include = fake_include, .include_arg = &asked });
	parse(&f, "#include <a.h>\n#include <b.h>\nstruct s { struct from_header h; };\n");
	assert_int_equal(f.d.errors, 0);
	assert_int_equal(asked, 1);
	expect_size(get(&f, TYPE_STRUCT, "s"), 4, 4);
	expect_constant(&f, "HEADER_SIX", 6, "int32");
	assert_non_null(cdecl_typedef(f.c, "half"));
	end(&f);
	start_with(&f, &(struct cdecl_options){ .include = failing_include });
	parse(&f, "#include <a.h>\nint x;");
	diag_print(&f.d, false, &out);
	assert_non_null(strstr(str_z(&out), "x.spile:1:1-15: ERROR: 'a.h' is not found"));
	end(&f);
}

static void collect(void *arg, const char *name)
{
	str_adds(arg, name);
	str_addc(arg, ' ');
}

static void names_for_suggestions(void **state)
{
	_str_ struct str out = { 0 };
	struct fixture f;

	start_with(&f, NULL);
	parse(&f, "struct s { struct { int x; } y; struct w *p; }; typedef int t; enum { E }; ");
	cdecl_each_name(f.c, collect, &out);
	assert_non_null(strstr(out.p, "s t E "));
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_members), cmocka_unit_test(nested_members), cmocka_unit_test(attributes), cmocka_unit_test(pragma_pack),
		cmocka_unit_test(bitfields), cmocka_unit_test(world_types), cmocka_unit_test(typedefs), cmocka_unit_test(missing_semicolons),
		cmocka_unit_test(enums), cmocka_unit_test(expressions_are_the_compilers), cmocka_unit_test(macros), cmocka_unit_test(conditions), cmocka_unit_test(nine_bytes),
		cmocka_unit_test(types_of_expressions), cmocka_unit_test(machine_modes),
		cmocka_unit_test(pasted_and_quoted), cmocka_unit_test(pasted_declarations), cmocka_unit_test(pasting_cannot_explode),
		cmocka_unit_test(errors_have_places), cmocka_unit_test(errors_do_not_stop_it), cmocka_unit_test(hostile_text_ends),
		cmocka_unit_test(macros_cannot_explode), cmocka_unit_test(headers_come_through_the_hook), cmocka_unit_test(names_for_suggestions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

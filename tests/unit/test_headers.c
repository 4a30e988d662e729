// SPDX-License-Identifier: Apache-2.0
// Headers through libclang: what they declare has the layout and the values that this test's compiler sees.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/type.h"
#include "base/util.h"
#include "codegen/headers.h"
#include "lang/cdecl.h"

struct fixture {
	struct arena *a;
	struct types *t;
	struct diag d;
	struct cdecl *c;
	int answer;
};

static int ask(void *arg, const struct cdecl_headers *h)
{
	struct fixture *f = arg;

	return f->answer = headers_include(NULL, h);
}

static void read_text(struct fixture *f, const char *text)
{
	f->a = arena_new();
	f->t = types_new(f->a);
	diag_init(&f->d, f->a);
	f->c = cdecl_new(f->a, f->t, NULL, &f->d, &(struct cdecl_options){ .include = ask, .include_arg = f });
	cdecl_parse(f->c, text, strlen(text), diag_source(&f->d, "x.spile", text, strlen(text)), 0);
	if (f->answer == -ENOPKG) {
		arena_free(f->a);
		skip(); // no libclang here
	}
}

static void expect_field(const struct type *s, const char *name, size_t offset)
{
	const struct field *f = type_field(s, name);

	assert_non_null(f);
	assert_int_equal(f->offset, offset);
}

static void system_headers(void **state)
{
	struct fixture f = { 0 };
	const struct type *s, *type;
	int64_t v;

	read_text(&f, "#include <netinet/in.h>\n#include <sys/socket.h>\n#include <sys/stat.h>\n#include <sys/resource.h>\n"
		      "struct mine { char c; struct sockaddr_in6 at; struct stat st; sa_family_t family; };\n");
	assert_int_equal(f.d.errors, 0);
	s = cdecl_type(f.c, TYPE_STRUCT, "stat");
	assert_true(s && s->complete);
	assert_int_equal(s->size, sizeof(struct stat));
	expect_field(s, "st_mode", offsetof(struct stat, st_mode));
	expect_field(s, "st_mtim", offsetof(struct stat, st_mtim));
	s = cdecl_type(f.c, TYPE_STRUCT, "sockaddr_in6");
	assert_true(s && s->complete);
	assert_int_equal(s->size, sizeof(struct sockaddr_in6));
	expect_field(s, "sin6_scope_id", offsetof(struct sockaddr_in6, sin6_scope_id));
	expect_field(cdecl_type(f.c, TYPE_STRUCT, "mine"), "at", 4);
	assert_true(cdecl_constant(f.c, "AF_INET6", &v, &type));
	assert_int_equal(v, AF_INET6);
	assert_true(cdecl_constant(f.c, "S_IFMT", &v, &type));
	assert_int_equal(v, S_IFMT);
	assert_true(cdecl_constant(f.c, "SOCK_STREAM", &v, &type));
	assert_int_equal(v, SOCK_STREAM);
	assert_true(cdecl_constant(f.c, "RLIM_INFINITY", &v, &type));
	assert_int_equal(v, (int64_t)RLIM_INFINITY);
	assert_ptr_equal(cdecl_typedef(f.c, "in_port_t"), type_int(f.t, 2, false));
	arena_free(f.a);
}

static void missing_header(void **state)
{
	_str_ struct str out = { 0 };
	struct fixture f = { 0 };

	read_text(&f, "struct a { int x; };\n#include <there/is/no/such.h>\nstruct b { struct a a; };\n");
	diag_print(&f.d, false, &out);
	assert_int_equal(f.answer, -ENOENT);
	assert_int_equal(f.d.errors, 1);
	assert_non_null(strstr(str_z(&out), "x.spile:2:"));
	assert_non_null(strstr(str_z(&out), "there/is/no/such.h"));
	assert_true(cdecl_type(f.c, TYPE_STRUCT, "b")->complete);
	arena_free(f.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(system_headers), cmocka_unit_test(missing_header) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

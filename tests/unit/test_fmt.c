// SPDX-License-Identifier: Apache-2.0
// spile fmt: what it makes of small scripts; every script of the tree means the same when it is laid out (lang_format()
// itself compares the trees), keeps its comments, and stays as it is when it is laid out again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"
#include "base/util.h"
#include "lang/lang.h"
#include "tests/unit/scripts.h"

static bool format(const char *text, size_t n, struct str *out)
{
	struct arena *a = arena_new();
	struct diag d;
	bool good;

	diag_init(&d, a);
	good = lang_format(a, &d, diag_source(&d, "test", text, n), out);
	arena_free(a);
	return good;
}

// What is no white space, in order: code and comments.
static void squeeze(const char *text, size_t n, struct str *out)
{
	for (size_t i = text[0] == '\xef' ? 3 : 0; i < n; i++)
		if (!strchr(" \t\r\n", text[i]) || !text[i])
			str_addc(out, text[i]);
}

static bool survives(const char *name, const char *text, size_t n)
{
	_str_ struct str once = { 0 }, twice = { 0 }, was = { 0 }, is = { 0 };

	if (!format(text, n, &once))
		return false;
	squeeze(text, n, &was);
	squeeze(str_z(&once), once.n, &is);
	if (was.n != is.n || (is.n && memcmp(was.p, is.p, is.n)))
		fail_msg("%s: something is lost:\n%s", name, str_z(&once));
	assert_true(format(str_z(&once), once.n, &twice));
	if (strcmp(str_z(&once), str_z(&twice)))
		fail_msg("%s: laid out again it is another:\n%s\n---\n%s", name, str_z(&once), str_z(&twice));
	for (const char *at = str_z(&once); (at = strchr(at, '\n')); at++)
		if (at > once.p && strchr(" \t", at[-1]) && !memmem(text, n, "/*", 2) && !memmem(text, n, "#", 1) && !memmem(text, n, "struct", 6))
			fail_msg("%s: white space at a line's end:\n%s", name, str_z(&once));
	return true;
}

static void scripts_survive(void **state)
{
	assert_true(scripts_each("tests/golden", survives) > 100);
	assert_true(scripts_each("probes", survives) > 20);
	assert_true(scripts_each("examples", survives) >= 2);
	assert_true(scripts_each("stdlib", survives) >= 1);
}

// The one-liners and listings of the documents.
static void survive_of_document(const char *path, unsigned *count)
{
	_str_ struct str text = { 0 };

	assert_int_equal(str_read_file(&text, path, SIZE_MAX), 0);
	for (const char *at = str_z(&text); (at = strstr(at, "\n```")); ) {
		const char *start = strchr(at + 1, '\n'), *end = start ? strstr(start, "\n```") : NULL;

		if (!end)
			break;
		*count += survives(path, start + 1, (size_t)(end - start));
		at = end + 4;
	}
	for (const char *at = str_z(&text); (at = strstr(at, "-e '")); at++) {
		const char *end = strchr(at + 4, '\'');

		if (end)
			*count += survives(path, at + 4, (size_t)(end - at - 4));
	}
}

static void documents_survive(void **state)
{
	unsigned count = 0;

	survive_of_document("docs/language.md", &count);
	survive_of_document("docs/probes.md", &count);
	survive_of_document("docs/hooks.md", &count);
	survive_of_document("README.md", &count);
	assert_true(count > 2);
}

static void becomes(const char *text, const char *wanted)
{
	_str_ struct str out = { 0 };

	if (!format(text, strlen(text), &out))
		fail_msg("does not parse: %s", text);
	assert_string_equal(str_z(&out), wanted);
	assert_true(survives("test", text, strlen(text)));
}

static void code_is_laid_out(void **state)
{
	becomes("BEGIN{@a=1;@b[1,2]++}", "BEGIN { @a = 1; @b[1, 2]++ }\n");
	becomes("BEGIN\n{\n@a=-1;if(@a==-1){exit()}else if !@a{@b=(int8)-3}\n}", "BEGIN {\n\t@a = -1;\n\tif (@a == -1) { exit() } else if !@a { @b = (int8)-3 }\n}\n");
	becomes("k:f\n/pid==1/\n{\nprint(1);}k:g{}", "k:f /pid == 1/ {\n\tprint(1);\n}\nk:g { }\n");
	becomes("begin { for($i:0..5){print(($i,))} }", "begin { for ($i : 0..5) { print(($i,)) } }\n");
	becomes("begin { let $x:struct s** =(struct s**)arg0;$y=$x->a.b * *$x }", "begin { let $x : struct s ** = (struct s **)arg0; $y = $x->a.b * *$x }\n");
	assert_true(survives("test", "begin=  { @a = 1 }", 18));
	assert_true(survives("test", " #!x\nbegin { }", 14));
	becomes("k:f / *arg0 / { }", "k:f / *arg0/ { }\n");
	becomes("begin { $a = - -1; $b = 1 - -1; ++@c; @c--; $d = @c?1:2; $e = @c ?: 2 }",
		"begin { $a = - -1; $b = 1 - -1; ++@c; @c--; $d = @c ? 1 : 2; $e = @c ?: 2 }\n");
	becomes("begin { print({ let $a = 1; $a }) }", "begin { print({ let $a = 1; $a }) }\n");
}

static void lines_and_comments_stay(void **state)
{
	becomes("#!/usr/bin/spile\n\n\n\n// a\n\n\n// b\nbegin { // c\n\n  @a = 1; // d\n\n\n  @bcd = 2;   // e\n @b=3;//f\n\n}\n// g",
		"#!/usr/bin/spile\n\n// a\n\n// b\nbegin { // c\n\t@a = 1; // d\n\n\t@bcd = 2; // e\n\t@b = 3;   //f\n}\n// g\n");
	becomes("begin {\n  printf(\"%d\",\n 1, /* one */ 2\n);\n /* a\n  b */ exit() }", "begin {\n\tprintf(\"%d\",\n\t\t1, /* one */ 2\n\t);\n\t/* a\n  b */\n\texit()\n}\n");
	becomes("struct a {\n   int  b;\n};\nbegin{}", "struct a {\n   int  b;\n};\nbegin { }\n");
	becomes("begin {\n\tif 1 {\n\t\texit() // why\n\t}\n\t// not\n\telse { print(1) }\n}",
		"begin {\n\tif 1 {\n\t\texit() // why\n\t}\n\t// not\n\telse { print(1) }\n}\n");
}

static void long_lines_are_broken(void **state)
{
	becomes("tracepoint:syscalls:sys_enter_setuid, tracepoint:syscalls:sys_enter_setresuid, tracepoint:syscalls:sys_enter_setfsuid /pid/ { exit() }",
		"tracepoint:syscalls:sys_enter_setuid,\ntracepoint:syscalls:sys_enter_setresuid,\ntracepoint:syscalls:sys_enter_setfsuid\n/pid/\n{ exit() }\n");
	becomes("begin { @aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = 1; @bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb = 2; if 1 { exit() }; @ccccccccccccc = 3 }",
		"begin {\n\t@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = 1;\n\t@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb = 2;\n\tif 1 { exit() };\n\t@ccccccccccccc = 3\n}\n");
}

static void declarations_are_laid_out(void **state)
{
	becomes("target a{exe \"x\" , \"y\"}probe p{on call:it:f filter duration>10ms capture a=str(arg0,10),pid sample 1 / 2 by tid,max 200 /s export table,otlp(\"http://x\"){timeout 3s}}budget{cpu 0.5%;memory 200MB}",
		"target a { exe \"x\", \"y\" }\nprobe p {\n\ton      call:it:f\n\tfilter  duration > 10ms\n\tcapture a = str(arg0, 10), pid\n\tsample  1/2 by tid, max 200/s\n"
		"\texport  table, otlp(\"http://x\") { timeout 3s }\n}\nbudget { cpu 0.5%; memory 200MB }\n");
	becomes("target a{\nexe \"x\" container \"y\"}", "target a {\n\texe       \"x\"\n\tcontainer \"y\"\n}\n");
	becomes("config={max_map_keys=3;}import \"stdlib/bits\";let @x=lruhash(10)\nmacro f(x){x+1}", "config = { max_map_keys = 3; }\nimport \"stdlib/bits\";\nlet @x = lruhash(10)\nmacro f(x) { x + 1 }\n");
}

static void errors_are_said(void **state)
{
	_str_ struct str out = { 0 };

	assert_false(format("begin { 1 + }", 13, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_is_laid_out),
		cmocka_unit_test(lines_and_comments_stay),
		cmocka_unit_test(long_lines_are_broken),
		cmocka_unit_test(declarations_are_laid_out),
		cmocka_unit_test(errors_are_said),
		cmocka_unit_test(scripts_survive),
		cmocka_unit_test(documents_survive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// The command line and the compile cache: what a user, or somebody else on the machine, may hand us.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/plan.h"
#include "base/str.h"
#include "base/util.h"
#include "cli/cache.h"
#include "cli/compiled.h"
#include "cli/options.h"
#include "cli/script.h"

#define PARSE(o, why, ...) parse((char *[]){ (char *)"spile", __VA_ARGS__, NULL }, o, why)

static enum options_result parse(char **argv, struct options *o, struct str *why)
{
	int n = 0;

	while (argv[n])
		n++;
	str_clear(why);
	return options_parse(n, argv, o, why);
}

static void expect_bad(char *word, char *value, const char *message)
{
	struct options o;
	_str_ struct str why = { 0 };

	assert_int_not_equal(PARSE(&o, &why, word, value, (char *)"-e", (char *)"x"), OPTIONS_OK);
	assert_non_null(strstr(str_z(&why), message));
	options_free(&o);
}

static void options_of_a_run(void **state)
{
	struct options o;
	_str_ struct str why = { 0 };

	assert_int_equal(PARSE(&o, &why, (char *)"-e", (char *)"a", (char *)"-e", (char *)"b", (char *)"-p", (char *)"1", (char *)"-f",
			       (char *)"json", (char *)"-B", (char *)"none", (char *)"one", (char *)"--", (char *)"-2"), OPTIONS_OK);
	assert_string_equal(o.program, "b"); // the last one wins
	assert_int_equal(o.pid, 1);
	assert_true(o.json);
	assert_int_equal(o.buffering, 'n');
	assert_int_equal(o.nparams, 2);
	assert_string_equal(o.params[0], "one");
	assert_string_equal(o.params[1], "-2");
	options_free(&o);
	assert_int_equal(PARSE(&o, &why, (char *)"build.spile", (char *)"build"), OPTIONS_OK);
	assert_int_equal(o.command, CMD_RUN); // an unknown word is a file
	assert_string_equal(o.file, "build.spile");
	options_free(&o);
	assert_int_equal(PARSE(&o, &why, (char *)"build", (char *)"-o", (char *)"x.spo", (char *)"x.spile"), OPTIONS_OK);
	assert_int_equal(o.command, CMD_BUILD);
	options_free(&o);
}

static void options_modes(void **state)
{
	struct options o;
	_str_ struct str why = { 0 };

	assert_int_equal(PARSE(&o, &why, (char *)"--mode", (char *)"bench", (char *)"--bench", (char *)"x"), OPTIONS_OK);
	assert_int_equal(o.mode, MODE_BENCH);
	options_free(&o);
	assert_int_equal(PARSE(&o, &why, (char *)"--aot", (char *)"a.spo", (char *)"x"), OPTIONS_OK);
	assert_int_equal(o.command, CMD_BUILD);
	assert_string_equal(o.output, "a.spo");
	options_free(&o);
	expect_bad((char *)"--mode", (char *)"odd", "'compiler-bench'");
	expect_bad((char *)"--test", (char *)"--fmt", "Only one of");
	assert_int_equal(PARSE(&o, &why, (char *)"--mode", (char *)"format", (char *)"x.bt"), OPTIONS_OK);
	assert_true(o.command == CMD_FMT && o.mode == MODE_FORMAT && !strcmp(o.file, "x.bt"));
	options_free(&o);
	assert_int_equal(PARSE(&o, &why, (char *)"fmt", (char *)"--check", (char *)"a.bt", (char *)"b.bt"), OPTIONS_OK);
	assert_true(o.command == CMD_FMT && o.check && o.nparams == 2);
	options_free(&o);
	expect_bad((char *)"--probe-filter", (char *)"(", "is no regular expression");
	expect_bad((char *)"--dwarf-pid", (char *)"x1", "invalid integer: x1");
	assert_int_not_equal(PARSE(&o, &why, (char *)"--test", (char *)"--mode", (char *)"bench", (char *)"x"), OPTIONS_OK);
	assert_non_null(strstr(why.p, "Only one of --mode"));
	options_free(&o);
}

static void options_dumps(void **state)
{
	struct options o;
	_str_ struct str why = { 0 };

	assert_int_equal(PARSE(&o, &why, (char *)"-d", (char *)"tokens,plan", (char *)"-d", (char *)"ir", (char *)"x"), OPTIONS_OK);
	assert_int_equal(o.dumps, 1u << DUMP_TOKENS | 1u << DUMP_PLAN | 1u << DUMP_IR);
	options_free(&o);
	assert_int_equal(PARSE(&o, &why, (char *)"-d", (char *)"all", (char *)"x"), OPTIONS_OK);
	assert_int_equal(o.dumps, (1u << DUMPS) - 1);
	options_free(&o);
}

static void options_refused(void **state)
{
	expect_bad((char *)"-p", (char *)"a1111", "Failed to parse pid: invalid integer: a1111");
	expect_bad((char *)"-p", (char *)"111a1", "Failed to parse pid: invalid trailing bytes: 111a1");
	expect_bad((char *)"-p", (char *)"5000000", "Pid out of range: 5000000");
	expect_bad((char *)"-p", (char *)"0", "Pid out of range: 0");
	expect_bad((char *)"-p", (char *)"-3", "invalid integer: -3");
	expect_bad((char *)"-f", (char *)"jsonx", "Invalid output format \"jsonx\"\nValid formats: 'text', 'json'");
	expect_bad((char *)"-B", (char *)"maybe", "-B must be either 'line', 'full', or 'none'.");
	expect_bad((char *)"-d", (char *)"x", "invalid option for -d: x");
	expect_bad((char *)"-d", (char *)"ir,", "invalid option for -d: ");
	expect_bad((char *)"-d", (char *)"", "invalid option for -d: ");
	expect_bad((char *)"--no-feature", (char *)"everything", "Invalid feature 'everything'");
	expect_bad((char *)"-k", (char *)"-k", "-kk is no longer supported");
	expect_bad((char *)"--nonsense", (char *)"1", "unknown option --nonsense");
	expect_bad((char *)"-Z", (char *)"1", "unknown option -Z");
	expect_bad((char *)"-7", (char *)"1", "unknown option -7; parameters of the script that begin with - stand behind --");
}

static void options_together(void **state)
{
	struct options o;
	_str_ struct str why = { 0 };

	assert_int_not_equal(PARSE(&o, &why, (char *)"-c", (char *)"true", (char *)"-p", (char *)"1", (char *)"x"), OPTIONS_OK);
	assert_string_equal(why.p, "Cannot use both -c and -p.");
	options_free(&o);
	assert_int_not_equal(PARSE(&o, &why, (char *)"-v"), OPTIONS_OK);
	assert_string_equal(why.p, "USAGE: filename or -e 'program' required.");
	options_free(&o);
	assert_int_equal(PARSE(&o, &why, (char *)"x", (char *)"-o"), OPTIONS_BAD_USAGE);
	assert_string_equal(why.p, "option -o needs an argument");
}

static void options_usage_names_all(void **state)
{
	_str_ struct str text = { 0 };

	options_usage(&text);
	for (const char *const *word = (const char *const[]){ "-e", "--pid", "--list", "--dry-run", "program", "build -o", NULL }; *word; word++)
		assert_non_null(strstr(text.p, *word));
}

static void compiled_seal_notices_damage(void **state)
{
	struct compiled c = { 0 };
	const char *why;

	str_adds(&c.bytes, "not an object, but sealed");
	compiled_seal(&c.bytes);
	assert_true(compiled_open(&c, &why) < 0); // the seal holds, the object does not
	compiled_free(&c);
	for (size_t n = 0; n < 40; n++) {
		str_fill(&c.bytes, 'x', n);
		assert_true(compiled_open(&c, &why) < 0);
		assert_true(strlen(why) > 0);
		compiled_free(&c);
	}
}

static char *folder_make(void)
{
	char *path = xstrdup("/tmp/spile-test-XXXXXX");

	assert_non_null(mkdtemp(path));
	setenv("SPILE_CACHE_DIR", path, 1);
	return path;
}

static void cache_refuses_what_others_may_write(void **state)
{
	_free_ char *path = folder_make();
	struct cache c;

	assert_return_code(chmod(path, 0777), 0);
	cache_open(&c);
	assert_int_equal(c.folder, -1);
	assert_non_null(strstr(c.note.p, "others may write"));
	cache_close(&c);
	assert_return_code(chmod(path, 0700), 0);
	cache_open(&c);
	assert_true(c.folder >= 0);
	cache_close(&c);
	rmdir(path);
}

static void cache_survives_garbage(void **state)
{
	_free_ char *path = folder_make();
	struct script s = { .name = "x" };
	struct compiled found = { 0 };
	struct cache c;
	_str_ struct str bytes = { 0 };
	_free_ char *command = xasprintf("rm -rf '%s'", path);

	str_adds(&s.text, "begin { }");
	str_adds(&bytes, "garbage");
	cache_open(&c);
	assert_false(cache_find(&c, "key", &s, 0, &found)); // empty
	cache_keep(&c, "key", &bytes);
	assert_non_null(strstr(c.note.p, "kept"));
	assert_false(cache_find(&c, "key", &s, 0, &found));
	assert_non_null(strstr(c.note.p, "damaged"));
	for (int i = 0; i < 300; i++) {
		char key[16];

		snprintf(key, sizeof key, "key%d", i);
		cache_keep(&c, key, &bytes);
	}
	cache_close(&c);
	struct stat st;
	assert_return_code(stat(path, &st), 0);
	_free_ char *count = xasprintf("test $(ls -A '%s' | wc -l) = 256", path);
	assert_int_equal(system(count), 0); // the oldest are gone, nothing written aside is left
	assert_int_equal(system(command), 0);
	script_free(&s);
}

static void cache_follows_no_links(void **state)
{
	_free_ char *path = folder_make();
	_free_ char *command = xasprintf("cd '%s' && f=$(ls) && mv \"$f\" ../spile-test-elsewhere && ln -s ../spile-test-elsewhere \"$f\"", path);
	_free_ char *clean = xasprintf("rm -rf '%s' /tmp/spile-test-elsewhere", path);
	struct script s = { .name = "x" };
	struct compiled found = { 0 };
	struct cache c;
	_str_ struct str bytes = { 0 };

	str_adds(&bytes, "garbage");
	cache_open(&c);
	cache_keep(&c, "key", &bytes);
	assert_int_equal(system(command), 0);
	assert_false(cache_find(&c, "key", &s, 0, &found));
	assert_non_null(strstr(c.note.p, "cannot be read"));
	cache_close(&c);
	assert_int_equal(system(clean), 0);
}

static void scripts_that_cannot_be_read(void **state)
{
	struct options o = { .file = "/nonexistent/x" };
	struct script s;
	_str_ struct str why = { 0 };

	assert_false(script_read(&o, &s, &why));
	assert_string_equal(why.p, "failed to open file '/nonexistent/x': No such file or directory");
	str_clear(&why);
	o.file = "/tmp";
	assert_false(script_read(&o, &s, &why));
	assert_string_equal(why.p, "failed to open file '/tmp': Is a directory");
	str_clear(&why);
	o.file = "/dev/zero";
	assert_false(script_read(&o, &s, &why));
	assert_non_null(strstr(why.p, "is larger than"));
	script_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_of_a_run), cmocka_unit_test(options_modes), cmocka_unit_test(options_dumps), cmocka_unit_test(options_refused),
		cmocka_unit_test(options_together), cmocka_unit_test(options_usage_names_all),
		cmocka_unit_test(compiled_seal_notices_damage), cmocka_unit_test(cache_refuses_what_others_may_write),
		cmocka_unit_test(cache_survives_garbage), cmocka_unit_test(cache_follows_no_links),
		cmocka_unit_test(scripts_that_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

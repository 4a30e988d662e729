// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/util.h"
#include "runtime/kernel_functions.h"

static void collect(void *arg, const char *module, const char *name)
{
	str_printf(arg, "%s:%s ", module, name);
}

static void list_is(struct kernel_functions *k, const char *module, const char *name, const char *want)
{
	_str_ struct str got = { 0 };

	kernel_functions_each(k, NULL, module, name, collect, &got);
	assert_string_equal(str_z(&got), want);
}

static void filter_list(void **state)
{
	struct kernel_functions *k = kernel_functions_new();
	char text[] = "vfs_read\nvfs_readv\next4_read [ext4]\n\nodd.isra.0\ntorn [mod";

	kernel_functions_parse_filter(k, text);
	list_is(k, "*", "vfs_*", "vmlinux:vfs_read vmlinux:vfs_readv ");
	list_is(k, "ext4", "*", "ext4:ext4_read ");
	list_is(k, "*", "odd*", "vmlinux:odd.isra.0 ");
	list_is(k, "mod", "*", "mod:torn ");
	kernel_functions_free(k);
}

static void symbol_list(void **state)
{
	struct kernel_functions *k = kernel_functions_new();
	char text[] = "ffffffff81000000 T start\n0000000000000000 t hidden\nffffffff81000010 D data\nffffffff81000020 t __pfx_start\n"
		      "ffffffff81000030 t start.cold\nffffffff81000040 t f.constprop.0\nffffffffc0000000 t in_module\t[mod]\n"
		      "ffffffffc0000000 t bpf_prog_12 [bpf]\nbroken\n x\n T\n";

	kernel_functions_parse_symbols(k, text);
	list_is(k, "*", "*", "vmlinux:start vmlinux:hidden vmlinux:f.constprop.0 mod:in_module ");
	kernel_functions_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(filter_list), cmocka_unit_test(symbol_list) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

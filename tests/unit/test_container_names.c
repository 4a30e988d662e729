// SPDX-License-Identifier: Apache-2.0
// Names of containers from the state files of docker, podman, CRI-O and containerd; damaged ones are as if they were not there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/util.h"
#include "runtime/container_names.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

struct fixture {
	char root[64];
};

static void put(const struct fixture *f, const char *path, const char *text)
{
	_free_ char *whole = xasprintf("%s/%s", f->root, path);

	for (char *slash = strchr(whole + strlen(f->root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(whole, 0700);
		*slash = '/';
	}
	_fclose_ FILE *file = fopen(whole, "w");
	assert_non_null(file);
	fputs(text, file);
}

static bool equal(void *arg, const char *name)
{
	return strcmp(arg, name) == 0;
}

static bool is(const char *id, const char *name)
{
	return container_is_named(id, equal, (void *)name);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);

	strcpy(f->root, "/tmp/spile-containers.XXXXXX");
	assert_non_null(mkdtemp(f->root));
	setenv("SPILE_CONTAINERS_ROOT", f->root, 1);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	_free_ char *command = xasprintf("rm -r '%s'", f->root);

	unsetenv("SPILE_CONTAINERS_ROOT");
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

static void names_of_docker(void **state)
{
	put(*state, "var/lib/docker/containers/" ID "/config.v2.json", "{ \"State\": { \"Pid\": 1 }, \"Name\": \"/shop-web\", \"Config\": {} }");
	assert_true(is(ID, "shop-web"));
	assert_false(is(ID, "/shop-web"));
	assert_false(is(ID, "shop"));
	assert_false(is(OTHER, "shop-web"));
}

static void names_of_podman_and_crio(void **state)
{
	put(*state, "var/lib/containers/storage/overlay-containers/containers.json",
	    "[ { \"id\": \"" OTHER "\", \"names\": [\"db\"] }, { \"id\": \"" ID "\", \"names\": [\"k8s_cart_cart-7d9_shop_11-22_0\", \"second\"] } ]");
	assert_true(is(ID, "cart"));
	assert_true(is(ID, "k8s_cart_cart-7d9_shop_11-22_0"));
	assert_true(is(ID, "second"));
	assert_false(is(ID, "db"));
	assert_true(is(OTHER, "db"));
}

static void names_of_containerd(void **state)
{
	put(*state, "run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
	    "{ \"hostname\": \"x\", \"annotations\": { \"io.kubernetes.cri.container-name\": \"prices\" } }");
	put(*state, "run/containerd/io.containerd.runtime.v2.task/default/" OTHER "/config.json", "{ \"annotations\": { \"nerdctl/name\": \"tool\" } }");
	assert_true(is(ID, "prices"));
	assert_true(is(OTHER, "tool"));
	assert_false(is(OTHER, "prices"));
}

static void damaged_files_name_nothing(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "3", "{ \"Name\": 3 }", "{ \"Name\": [\"a\"] }", "[ 3, null, { \"id\": 3, \"names\": 4 }, { \"id\": \"" ID "\", \"names\": { \"a\": { } } } ]",
		"{ \"annotations\": \"a\" }", "{ \"annotations\": [ { \"nerdctl/name\": \"a\" } ] }", "\xff\xfe{\"Name\":\"/a\"}" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		put(*state, "var/lib/docker/containers/" ID "/config.v2.json", texts[i]);
		put(*state, "var/lib/containers/storage/overlay-containers/containers.json", texts[i]);
		put(*state, "run/containerd/io.containerd.runtime.v2.task/default/" ID "/config.json", texts[i]);
		assert_false(is(ID, "a"));
	}
	assert_false(is("../../etc", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_of_docker, setup, teardown),
		cmocka_unit_test_setup_teardown(names_of_podman_and_crio, setup, teardown),
		cmocka_unit_test_setup_teardown(names_of_containerd, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_files_name_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "codegen/libclang.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#include "base/util.h"

static void *open_any(void)
{
	static const char *const names[] = {
		"libclang-19.so.1", "libclang-19.so.19", "libclang.so.19", "libclang-20.so.1", "libclang.so.20", "libclang-18.so.1", "libclang.so.18",
		"libclang-17.so.1", "libclang.so.17", "libclang-16.so.1", "libclang.so.16", "libclang-15.so.1", "libclang.so.15", "libclang-14.so.1", "libclang.so",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		void *handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);

		if (handle)
			return handle;
	}
	return NULL;
}

int libclang_open(struct libclang *l)
{
	*l = (struct libclang){ .handle = open_any() };
	if (!l->handle)
		return -ENOENT;
#define F(ret, name, args)                                                                                              \
	*(void **)&l->name = dlsym(l->handle, "clang_" #name);                                                          \
	if (!l->name)                                                                                                   \
		return -ENOENT;
	LIBCLANG(F)
#undef F
	return 0;
}
